#include "asn1/asn1.h"
#include <doctest/doctest.h>

using namespace halyard;
using asn1::alternative, asn1::choice, asn1::field, asn1::field_default, asn1::List, asn1::sequence;

namespace {
OwnedBytes octets(std::string_view text) { return *from_hex(text); }

enum class Color : uint8_t { red = 1, green = 2 };
constexpr auto asn1_names(Color) { return std::array<asn1::NamedValue, 2>{{{1, "red"}, {2, "green"}}}; }
enum class Flag : uint8_t { first = 0, second = 1 };
constexpr auto asn1_names(Flag) { return std::array<asn1::NamedValue, 2>{{{0, "first"}, {1, "second"}}}; }
struct Either {
    std::variant<uint8_t, std::string_view> is;
    template <int = 0> static constexpr auto asn1() {
        using T = Either;
        return choice("Either", 0, alternative<&T::is, 0>("number"), alternative<&T::is, 1>("text"));
    }
};
struct Body {
    Either either, tagged;
    std::vector<Either> many;
    List<Either> lazy;
    bool flag = false;
    Color color = Color::red;
    asn1::BitSet<Flag> flags;
    asn1::Oid oid;
    uint8_t level = 5;
    std::optional<asn1::Null> mark;
    Bytes bytes;
    std::optional<std::string_view> text;
    asn1::Raw raw;
    template <int = 0> static constexpr auto asn1() {
        using T = Body;
        return sequence("Body",
                        0x30,
                        field<&T::either>("either"),
                        field<&T::tagged>("tagged", 0xA0),
                        field<&T::many>("many", 0xA1),
                        field<&T::lazy>("lazy", 0xA2),
                        field<&T::flag>("flag", 0x83),
                        field<&T::color>("color", 0x84),
                        field<&T::flags>("flags", 0x85),
                        field<&T::oid>("oid", 0x86),
                        field_default<&T::level, uint8_t{5}>("level", 0x87),
                        field<&T::mark>("mark", 0x88),
                        field<&T::bytes>("bytes", 0x89, asn1::Size{1, 4}),
                        field<&T::text>("text", 0x8A, asn1::Size{0, 8}),
                        field<&T::raw>("raw", 0xAB));
    }
};

const Either kLazy[] = {{uint8_t{7}}, {std::string_view("x")}};
const uint8_t kOid[] = {0x2B, 0x06, 0x01};
const uint8_t kBytes[] = {0x0A, 0x0B};
const uint8_t kRaw[] = {0x02, 0x01, 0x09};
const Body kBody{.either = {std::string_view("hi")},
                 .tagged = {uint8_t{1}},
                 .many = {{uint8_t{200}}, {std::string_view("")}},
                 .lazy = {.items = kLazy},
                 .flag = true,
                 .color = Color::green,
                 .flags = {Flag::second},
                 .oid = {kOid},
                 .level = 6,
                 .mark = asn1::Null{},
                 .bytes = kBytes,
                 .text = "a\"\\\n",
                 .raw = {kRaw}};
// By hand from the list above.
const char* const kDer = "303C"             // 4+5+8+8+3+3+4+5+3+2+4+6+5 = 60
                         "0C026869"         // either: text "hi"
                         "A003020101"       // tagged: the tag encloses the alternative
                         "A106020200C80C00" // many
                         "A2060201070C0178" // lazy
                         "8301FF840102"     // flag, color
                         "85020640"         // flags: bit 1 of 01: six unused
                         "86032B0601"       // oid 1.3.6.1
                         "870106"           // level: not the default
                         "8800"             // mark
                         "89020A0B"         // bytes
                         "8A046122 5C0A"    // text: a " \ line feed
                         "AB03020109";      // raw
} // namespace

TEST_CASE("when a value is encoded, the octets are the ones made by hand") {
    CHECK(hex(*asn1::encode(kBody)) == hex(octets(kDer)));
    Body other = kBody;
    other.level = 5; // the DEFAULT is left out: two tags and lengths less
    other.mark.reset();
    other.text.reset();
    CHECK(asn1::encode(other)->size() == octets(kDer).size() - 3 - 2 - 6);
}

TEST_CASE("when a value is written as JSON, members are in order and texts are escaped") {
    CHECK(asn1::to_json(kBody) ==
          R"({"either":{"text":"hi"},"tagged":{"number":1},"many":[{"number":200},{"text":""}],)"
          R"("lazy":[{"number":7},{"text":"x"}],"flag":true,"color":2,"flags":["second"],"oid":"1.3.6.1",)"
          R"("level":6,"mark":null,"bytes":"0A0B","text":"a\"\\\u000A","raw":"3003020109"})");
    const OwnedBytes der = octets(kDer);
    const auto back = asn1::decode<Body>(Bytes(der), {.strict = true});
    REQUIRE(back);
    CHECK(asn1::to_json(*back) == asn1::to_json(kBody));
    CHECK(asn1::print(*back) == asn1::print(kBody));
}

TEST_CASE("when a value is printed for people, each member has a line and known numbers have names") {
    CHECK(asn1::print(kBody) == R"(either:
  text: "hi"
tagged:
  number: 1
many:
  - Either
    number: 200
  - Either
    text: ""
lazy:
  - Either
    number: 7
  - Either
    text: "x"
flag: true
color: 2 (green)
flags: ["second"]
oid: "1.3.6.1"
level: 6
mark: null
bytes: "0A0B"
text: "a\"\\\u000A"
raw: "3003020109"
)");
    Body odd = kBody;
    odd.color = static_cast<Color>(9);
    odd.flags.mask = 1 << 7 | 1;
    CHECK(asn1::print(odd).find("color: 9\n") != std::string::npos);
    CHECK(asn1::print(odd).find("flags: [\"first\", \"bit7\"]\n") != std::string::npos);
}

TEST_CASE("when text is no UTF-8, its octets are shown in hex") {
    const struct {
        const char *hex, *json;
    } rows[] = {{"C3A9", "\"\xC3\xA9\""},             // é
                {"E282AC", "\"\xE2\x82\xAC\""},       // €
                {"F09F9880", "\"\xF0\x9F\x98\x80\""}, // an emoji
                {"7F1B", R"("\u007F\u001B")"},
                {"80", R"("80")"},
                {"C3", R"("C3")"},
                {"C080", R"("C080")"},         // overlong NUL
                {"E08080", R"("E08080")"},     // overlong NUL
                {"F0808080", R"("F0808080")"}, // overlong NUL
                {"EDA080", R"("EDA080")"},     // half a surrogate pair
                {"F4908080", R"("F4908080")"}, // beyond 10FFFF
                {"F5808080", R"("F5808080")"},
                {"E28241", R"("E28241")"},
                {"61FF", R"("61FF")"}};
    for (const auto& row : rows) {
        const OwnedBytes text = octets(row.hex);
        CHECK(asn1::to_json(text_of(text)) == row.json);
    }
}

TEST_CASE("when a value cannot be encoded, the field is named") {
    const auto refused = [](auto&& change) {
        Body body = kBody;
        change(body);
        const auto der = asn1::encode(body);
        REQUIRE_FALSE(der);
        return der.error();
    };
    const uint8_t five[5] = {};
    const Error empty = refused([](Body& b) { b.bytes = {}; });
    CHECK(empty.code == Errc::bad_length);
    CHECK(std::string_view(empty.where) == "bytes");
    CHECK(empty.detail == 0);
    const Error large = refused([&](Body& b) { b.bytes = five; });
    CHECK(large.code == Errc::bad_length);
    CHECK(std::string_view(large.where) == "bytes");
    CHECK(large.detail == 5);
    const Error text = refused([](Body& b) { b.text = "123456789"; });
    CHECK(text.code == Errc::bad_length);
    CHECK(std::string_view(text.where) == "text");
    const Error oid = refused([](Body& b) { b.oid = {}; });
    CHECK(oid.code == Errc::missing_field);
    CHECK(std::string_view(oid.where) == "oid");
}

TEST_CASE(
    "when the buffer is too small by any number of octets, encoding says so; exactly enough is enough") {
    const size_t size = octets(kDer).size();
    for (size_t n = 0; n < size; ++n) {
        OwnedBytes buffer(n);
        const auto der = asn1::encode(kBody, buffer);
        REQUIRE_FALSE(der);
        CHECK(der.error().code == Errc::no_space);
    }
    OwnedBytes buffer(size);
    CHECK(same(*asn1::encode(kBody, buffer), octets(kDer)));
    buffer.resize(size + 9); // written to the end
    const auto der = asn1::encode(kBody, buffer);
    REQUIRE(der);
    CHECK(der->data() == buffer.data() + 9);
}

TEST_CASE("when a value is long, its length takes as many octets as it needs") {
    const struct {
        size_t size;
        const char* head;
    } rows[] = {{127, "047F"},
                {128, "048180"},
                {255, "0481FF"},
                {256, "04820100"},
                {65535, "0482FFFF"},
                {65536, "0483010000"},
                {1 << 20, "0483100000"}};
    for (const auto& row : rows) {
        const OwnedBytes content(row.size, 0x55), head = octets(row.head);
        const auto der = asn1::encode(Bytes(content));
        REQUIRE(der);
        REQUIRE(der->size() == head.size() + row.size);
        CHECK(same(Bytes(*der).first(head.size()), head));
        const auto back = asn1::decode<Bytes>(Bytes(*der), {.strict = true});
        REQUIRE(back);
        CHECK(same(*back, content));
    }
}

TEST_CASE("when a list holds received and own items, the received go first") {
    const OwnedBytes received = octets("020101020102");
    const uint8_t own[] = {3, 4};
    const List<uint8_t> list{received, own};
    CHECK(hex(*asn1::encode(list)) == "300C020101020102020103020104");
    CHECK(*list.count() == 4);
    CHECK(asn1::to_json(list) == "[1,2,3,4]");
}
