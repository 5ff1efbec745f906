// The tree that walk() makes, against decode(). Octets by hand.
#include "asn1/walk.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::asn1;

namespace {
enum class Colour : uint8_t { red = 1 };
constexpr auto asn1_names(Colour) { return std::array<NamedValue, 1>{{{1, "red"}}}; }

struct Inner {
    uint64_t number = 0;
    template <int = 0> static constexpr auto asn1() {
        return sequence("Inner", 0x30, field<&Inner::number>("number", 0x80));
    }
};
struct Which {
    std::variant<Inner, Colour> is;
    template <int = 0> static constexpr auto asn1() {
        return choice("Which",
                      0,
                      alternative<&Which::is, 0>("inner", 0xA1),
                      alternative<&Which::is, 1>("colour", 0x82));
    }
};
struct Outer {
    Exact<Inner> kept{};
    std::optional<Bytes> name{};
    Which which{};
    std::optional<Which> boxed{};
    List<Inner> list{};
    std::optional<Raw> key{};
    template <int = 0> static constexpr auto asn1() {
        using T = Outer;
        return sequence("Outer",
                        0xBF51,
                        field<&T::kept>("kept"),
                        field<&T::name>("name", 0x84, Size{1, 4}),
                        field<&T::which>("which"),
                        field<&T::boxed>("boxed", 0xA5),
                        field<&T::list>("list", 0xA6),
                        field<&T::key>("key", 0xA7));
    }
};
OwnedBytes octets(std::string_view text) { return *from_hex(text); }

// kept { 7 }, name, which inner { 5 }, boxed colour red, list of two, key
const char* const kWhole =
    "BF5126 3003800107 8402A1B2 A103800105 A503820101 A60A 3003800101 3003800102 A705 3003020105";

// Same verdict as decode, at the same place.
void check_same(Bytes der) {
    CAPTURE(hex(der));
    const auto value = decode<Outer>(der, {.tally = false});
    const Walk w = walk(Map<Outer>::type, der);
    CHECK(value.has_value() == !w.error.has_value());
    if (value || !w.error) return;
    CHECK(w.error->code == value.error().code);
    CHECK(std::string_view(w.error->where) == value.error().where);
    CHECK(w.error->offset == value.error().offset);
    CHECK(w.error->detail == value.error().detail);
}
} // namespace

TEST_CASE("when a message is walked, every TLV has its member, place and octets") {
    const OwnedBytes der = octets(kWhole);
    const Walk w = walk(Map<Outer>::type, der);
    REQUIRE_FALSE(w.error);
    const Node& root = w.root;
    CHECK(root.tag == 0xBF51);
    CHECK(root.complete);
    REQUIRE(root.children.size() == 6);
    const Node& kept = root.children[0];
    CHECK(kept.exact);
    CHECK(std::string_view(kept.type->name) == "Inner");
    CHECK(kept.offset == 3);
    CHECK(hex(kept.whole) == "3003800107");
    CHECK(std::string_view(kept.children[0].field->name) == "number");
    CHECK(hex(root.children[1].content) == "A1B2");
    const Node& which = root.children[2]; // no tag of its own
    CHECK_FALSE(which.own);
    REQUIRE(which.children.size() == 1);
    CHECK(which.children[0].tag == 0xA1);
    CHECK(which.children[0].offset == which.offset);
    const Node& boxed = root.children[3];
    CHECK(boxed.own);
    CHECK(boxed.children[0].tag == 0x82);
    CHECK(root.children[4].children.size() == 2);
    CHECK(root.children[4].children[1].field == nullptr);
    CHECK(hex(root.children[5].content) == "3003020105");
}

TEST_CASE("when a message is cut, or any octet of it is another, walk and decode say the same") {
    const OwnedBytes der = octets(kWhole);
    for (size_t n = 0; n <= der.size(); ++n) check_same(Bytes(der).first(n));
    for (size_t at = 0; at < der.size(); ++at)
        for (size_t value = 0; value < 256; value += at % 3 + 1) {
            OwnedBytes changed = der;
            changed[at] = static_cast<uint8_t>(value);
            check_same(changed);
        }
    // a component to come, a header that was kept, a tag twice, members in the wrong order
    for (const char* hex : {"BF510F 3003800107 A103800105 A600 9F7E00",
                            "BF5113 3003800107 A103800105 A600 A705 3003300100",
                            "BF5113 3003800107 A103800105 A505A503820101 A600",
                            "BF5110 3003800107 A103800105 8402A1B2 A600",
                            "BF5111 3003800107 A103800105 A600 A103800105"})
        check_same(octets(hex));
}

TEST_CASE("when something else was expected, the description says what") {
    const auto names = [](const char* hex) {
        const OwnedBytes der = octets(hex);
        const Walk w = walk(Map<Outer>::type, der);
        REQUIRE(w.error);
        std::string out;
        for (const Expected& e : w.expected) out += std::string(e.name) + (e.required ? "! " : " ");
        return out;
    };
    CHECK(names("BF5100") == "kept! ");
    // behind kept: name, or an alternative of the CHOICE without a tag
    CHECK(names("BF5107 3003800107 A600") == "name inner! colour! ");
    CHECK(names("BF5111 3003800107 A103800105 A505 A303020101") == "inner! colour! ");
    CHECK(names("BF5112 3003800107 A103800105 A606 A00480020101") == "Inner! ");
}

TEST_CASE("when a value is refused, its type and the sizes it may have are told, and the tree leads to it") {
    const OwnedBytes der = octets("BF5113 3003800107 8405A1A2A3A4A5 A103800105 A600");
    const Walk w = walk(Map<Outer>::type, der);
    REQUIRE(w.error);
    CHECK(w.error->code == Errc::bad_length);
    REQUIRE(w.type);
    CHECK(w.type->kind == Kind::octets);
    CHECK(w.size.min == 1);
    CHECK(w.size.max == 4);
    CHECK_FALSE(w.root.complete);
    CHECK(std::string_view(w.root.children.back().field->name) == "name");
    CHECK_FALSE(w.root.children.back().complete);
    CHECK(w.root.children.front().complete);
}

TEST_CASE("when the range of an INTEGER is asked for, it is that of its C++ type") {
    CHECK(range_of(Map<uint64_t>::type).min == 0);
    CHECK(range_of(Map<uint64_t>::type).max == INT64_MAX);
    CHECK(range_of(Map<int64_t>::type).min == INT64_MIN);
    CHECK(range_of(Map<Colour>::type).max == 255);
    CHECK(range_of(Map<int8_t>::type).min == -128);
    CHECK(range_of(Map<int8_t>::type).max == 127);
}
