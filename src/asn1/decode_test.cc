#include "asn1/asn1.h"
#include <doctest/doctest.h>

using namespace halyard;
using asn1::alternative, asn1::choice, asn1::Deviation, asn1::Exact, asn1::field, asn1::field_default,
    asn1::List, asn1::sequence;

namespace {
OwnedBytes octets(std::string_view text) { return *from_hex(text); }

enum class Color : uint8_t { red = 1, green = 2 };
enum class Flag : uint8_t { first = 0, second = 1, third = 2 };
struct Either {
    std::variant<uint8_t, std::string_view> is;
    template <int = 0> static constexpr auto asn1() {
        using T = Either;
        return choice("Either", 0, alternative<&T::is, 0>("number"), alternative<&T::is, 1>("text"));
    }
};
struct Point {
    uint8_t x = 0, y = 0;
    template <int = 0> static constexpr auto asn1() {
        using T = Point;
        return sequence("Point", 0x30, field<&T::x>("x", 0x80), field<&T::y>("y", 0x81));
    }
};
struct All {
    Either either, tagged;
    std::vector<Either> many;
    List<uint8_t> lazy;
    bool flag = false;
    uint64_t count = 0;
    std::optional<asn1::Null> mark;
    std::array<uint8_t, 3> version{};
    Color color{};
    asn1::BitSet<Flag> flags;
    asn1::Oid oid;
    uint8_t level = 5;
    Bytes bytes;
    std::optional<std::string_view> text;
    Exact<Point> exact;
    asn1::Raw raw;
    template <int = 0> static constexpr auto asn1() {
        using T = All;
        return sequence("All",
                        0xBF20,
                        field<&T::either>("either"),
                        field<&T::tagged>("tagged", 0xA0),
                        field<&T::many>("many", 0xA1),
                        field<&T::lazy>("lazy", 0xA2),
                        field<&T::flag>("flag", 0x83),
                        field<&T::count>("count", 0x84),
                        field<&T::mark>("mark", 0x85),
                        field<&T::version>("version", 0x86),
                        field<&T::color>("color", 0x87),
                        field<&T::flags>("flags", 0x88),
                        field<&T::oid>("oid", 0x89),
                        field_default<&T::level, uint8_t{5}>("level", 0x8A),
                        field<&T::bytes>("bytes", 0x8B, asn1::Size{1, 4}),
                        field<&T::text>("text", 0x8C, asn1::Size{0, 3}),
                        field<&T::exact>("exact", 0xAD),
                        field<&T::raw>("raw", 0xAE));
    }
};

// All, by hand from the list above: one line, one field.
struct Piece {
    const char* field;
    const char* hex;
    bool required = true;
};
const Piece kPieces[] = {
    {"either", "0C026869"},        // text "hi"
    {"tagged", "A003020107"},      // number 7; the tag encloses the alternative
    {"many", "A106020200C80C00"},  // 200, ""
    {"lazy", "A206020101020102"},  // 1, 2
    {"flag", "8301FF"},            //
    {"count", "840201FF"},         // 511
    {"mark", "8500", false},       //
    {"version", "8603020300"},     //
    {"color", "870102"},           //
    {"flags", "880205A0"},         // bits 0 and 2 of 101: five unused
    {"oid", "89042B060104"},       // 1.3.6.1.4
    {"level", "8A0107", false},    // 7, not the default
    {"bytes", "8B020A0B"},         //
    {"text", "8C0178", false},     //
    {"exact", "AD06800101810102"}, //
    {"raw", "AE03020109"},         //
};
// Every message here is shorter than 128 octets.
OwnedBytes wrapped(Bytes content) {
    REQUIRE(content.size() < 128);
    OwnedBytes out = {0xBF, 0x20, static_cast<uint8_t>(content.size())};
    append(out, content);
    return out;
}
/// The message with one field's octets replaced; "" leaves the field out.
OwnedBytes with(std::string_view name, std::string_view replacement) {
    OwnedBytes content;
    bool found = name.empty();
    for (const Piece& p : kPieces) {
        found |= name == p.field;
        append(content, octets(name == p.field ? replacement : p.hex));
    }
    REQUIRE(found);
    return wrapped(content);
}
OwnedBytes message() { return with("", ""); }
Result<All> decode(const OwnedBytes& der, const asn1::DecodeOptions& options = {}) {
    return asn1::decode<All>(Bytes(der), options);
}
} // namespace

TEST_CASE("when a hand-made message is decoded strictly, every field has its value and no deviation counts") {
    const OwnedBytes der = message();
    asn1::Deviations seen;
    const auto all = decode(der, {.strict = true, .seen = &seen});
    REQUIRE(all);
    CHECK_FALSE(seen.any());
    CHECK(std::get<std::string_view>(all->either.is) == "hi");
    CHECK(std::get<uint8_t>(all->tagged.is) == 7);
    REQUIRE(all->many.size() == 2);
    CHECK(std::get<uint8_t>(all->many[0].is) == 200);
    CHECK(std::get<std::string_view>(all->many[1].is).empty());
    CHECK(*all->lazy.count() == 2);
    CHECK(all->flag);
    CHECK(all->count == 511);
    CHECK(all->mark);
    CHECK(all->version == std::array<uint8_t, 3>{2, 3, 0});
    CHECK(all->color == Color::green);
    CHECK(all->flags == asn1::BitSet<Flag>{Flag::first, Flag::third});
    CHECK(all->oid.text() == "1.3.6.1.4");
    CHECK(all->level == 7);
    CHECK(hex(all->bytes) == "0A0B");
    CHECK(all->text == "x");
    CHECK(hex(all->exact.der) == "AD06800101810102");
    CHECK(all->exact.value.y == 2);
    CHECK(hex(all->raw.content) == "020109");
    CHECK(hex(all->raw.der()) == "3003020109");
    CHECK(*asn1::encode(*all) == der);
}

TEST_CASE("when a message is cut at any octet, it is truncated") {
    const OwnedBytes der = message();
    for (size_t n = 0; n < der.size(); ++n) {
        const auto all = asn1::decode<All>(Bytes(der).first(n));
        REQUIRE_FALSE(all);
        CHECK(all.error().code == Errc::truncated);
    }
}

TEST_CASE("when the content is cut and its length says so, a field is missing or truncated") {
    const OwnedBytes der = message();
    for (size_t n = 0; n + 3 < der.size(); ++n) {
        const auto all = decode(wrapped(Bytes(der).subspan(3, n)));
        REQUIRE_FALSE(all);
        CHECK((all.error().code == Errc::truncated || all.error().code == Errc::missing_field));
        CHECK(all.error().offset <= n + 3);
    }
}

TEST_CASE("when a field is left out, a required one is named with its place, an optional one is absent") {
    uint32_t at = 3; // behind BF20 and the length
    for (size_t i = 0; i < std::size(kPieces); ++i) {
        const Piece& p = kPieces[i];
        CAPTURE(p.field);
        const OwnedBytes der = with(p.field, "");
        const auto all = decode(der, {.strict = true});
        CHECK(all.has_value() == !p.required);
        if (!all) {
            CHECK(all.error().code == Errc::missing_field);
            CHECK(std::string_view(all.error().where) == p.field);
            const bool last = i + 1 == std::size(kPieces);
            CHECK(all.error().detail == (last ? 0 : octets(kPieces[i + 1].hex)[0]));
            CHECK(all.error().offset == at);
        } else {
            CHECK(*asn1::encode(*all) == der);
        }
        at += static_cast<uint32_t>(octets(p.hex).size());
    }
}

TEST_CASE("when a field comes twice or too late, it is named") {
    const auto twice = decode(with("raw", "AE03020109840101"));
    REQUIRE_FALSE(twice);
    CHECK(twice.error().code == Errc::bad_tag);
    CHECK(std::string_view(twice.error().where) == "count");
    CHECK(twice.error().detail == 0x84);
    CHECK(decode(with("mark", "")).has_value());
    const auto late = decode(with("version", "86030203008500"));
    REQUIRE_FALSE(late); // count mark version mark: color was expected
    CHECK(std::string_view(late.error().where) == "color");
}

TEST_CASE("when something unknown trails, it is counted and skipped, strictly too") {
    const OwnedBytes der = with("raw", "AE03020109BF7F02050090011102010F");
    for (const bool strict : {false, true}) {
        asn1::Deviations seen;
        const auto all = decode(der, {.strict = strict, .seen = &seen});
        REQUIRE(all);
        CHECK(seen.counts[static_cast<size_t>(Deviation::unknown_field)] == 3);
        CHECK(std::string_view(seen.last_where) == "All");
        CHECK(seen.last_offset == der.size() - 3);
        CHECK(*asn1::encode(*all) == message());
    }
    CHECK(decode(with("raw", "AE03020109BF7F0205")).error().code == Errc::truncated);
}

TEST_CASE("when a value is no DER but clear, it is counted by name and place; strictly it is refused") {
    const struct {
        Deviation deviation;
        const char *field, *hex;
    } rows[] = {{Deviation::long_length, "count", "84810201FF"},
                {Deviation::long_length, "exact", "AD820006800101810102"},
                {Deviation::long_integer, "count", "84030001FF"},
                {Deviation::long_integer, "color", "87020002"},
                {Deviation::boolean_value, "flag", "830101"},
                {Deviation::long_bits, "flags", "880204A0"},   // a trailing zero bit
                {Deviation::long_bits, "flags", "880205BF"},   // dirty padding
                {Deviation::long_bits, "flags", "880300A000"}, // a whole octet of zeros
                {Deviation::default_value, "level", "8A0105"}};
    for (const auto& row : rows) {
        const OwnedBytes der = with(row.field, row.hex);
        CAPTURE(hex(der));
        asn1::Deviations seen;
        const auto all = decode(der, {.seen = &seen});
        REQUIRE(all);
        for (size_t i = 0; i < seen.counts.size(); ++i)
            CHECK(seen.counts[i] == (i == static_cast<size_t>(row.deviation) ? 1 : 0));
        CHECK(seen.any());
        CHECK(std::string_view(seen.last_where) == row.field);
        CHECK(decode(der)); // nobody has to count
        const auto strict = decode(der, {.strict = true});
        REQUIRE_FALSE(strict);
        CHECK(strict.error().code == Errc::bad_value);
        CHECK(std::string_view(strict.error().where) == row.field);
        CHECK(strict.error().offset == seen.last_offset);
    }
    CHECK(decode(with("count", "84030001FF"))->count == 511);
    CHECK(decode(with("flags", "880205BF"))->flags == asn1::BitSet<Flag>{Flag::first, Flag::third});
    CHECK(decode(with("level", "8A0105"))->level == 5);
}

TEST_CASE("when a value is wrong, the field is named") {
    const struct {
        const char *field, *hex;
        Errc code;
        const char* where;
    } rows[] = {
        {"tagged", "A000", Errc::truncated, "tagged"},              // no alternative inside
        {"tagged", "A00404020506", Errc::bad_tag, "tagged"},        // one nobody knows
        {"tagged", "A006020107020108", Errc::bad_length, "tagged"}, // two
        {"many", "A10404020506", Errc::bad_tag, "Either"},
        {"many", "A10302020001", Errc::truncated, "Either"}, // the item reaches beyond the list
        {"many", "A10402020100", Errc::bad_value, "number"}, // 256 in an octet
        {"lazy", "A203020207", Errc::truncated, "INTEGER"},
        {"lazy", "A203800107", Errc::bad_tag, "INTEGER"},
        {"flag", "8300", Errc::bad_value, "flag"},
        {"flag", "8302FF00", Errc::bad_value, "flag"},
        {"count", "8400", Errc::bad_value, "count"},
        {"count", "8401FF", Errc::bad_value, "count"}, // negative
        {"count", "8409010000000000000000", Errc::bad_value, "count"},
        {"mark", "850100", Errc::bad_value, "mark"},
        {"version", "86020203", Errc::bad_length, "version"},
        {"version", "860402030000", Errc::bad_length, "version"},
        {"color", "87020100", Errc::bad_value, "color"}, // 256 in an octet
        {"flags", "8800", Errc::bad_value, "flags"},
        {"flags", "880108", Errc::bad_value, "flags"},
        {"flags", "880101", Errc::bad_value, "flags"}, // an unused bit of nothing
        {"flags", "880208A0", Errc::bad_value, "flags"},
        {"flags", "880A07000000000000000080", Errc::bad_value, "flags"}, // bit 64 cannot be kept
        {"oid", "8900", Errc::bad_value, "oid"},
        {"oid", "89022B86", Errc::bad_value, "oid"},   // ends within an arc
        {"oid", "89032B8001", Errc::bad_value, "oid"}, // an arc beginning with 80
        {"bytes", "8B00", Errc::bad_length, "bytes"},
        {"bytes", "8B050102030405", Errc::bad_length, "bytes"},
        {"text", "8C0431323334", Errc::bad_length, "text"},
        {"exact", "AD03800101", Errc::missing_field, "y"},
        {"exact", "AD0780020101810102", Errc::bad_value, "x"}, // 257
        {"exact", "AD058001018101", Errc::truncated, "y"},
    };
    for (const auto& row : rows) {
        CAPTURE(std::string(row.hex));
        const auto all = decode(with(row.field, row.hex));
        REQUIRE_FALSE(all);
        CHECK(all.error().code == row.code);
        CHECK(std::string_view(all.error().where) == row.where);
    }
}

TEST_CASE("when a length is indefinite, reserved or too long, it is refused at root and inside") {
    for (const char* length : {"80", "85", "8500000000FF", "FF"}) {
        const auto root = decode(octets(std::string("BF20") + length + "0000"));
        REQUIRE_FALSE(root);
        CHECK(root.error().code == Errc::bad_length);
        CHECK(root.error().detail == 0xBF20);
        const auto inside = decode(with("exact", std::string("AD") + length + "0000"));
        REQUIRE_FALSE(inside);
        CHECK(inside.error().code == Errc::bad_length);
        CHECK(std::string_view(inside.error().where) == "exact");
    }
    CHECK(decode(octets("BF2084FFFFFFFF00")).error().code == Errc::truncated);
}

TEST_CASE("when the tag is another or something follows, the whole message is refused") {
    OwnedBytes der = message();
    der[1] = 0x21;
    const auto other = decode(der);
    REQUIRE_FALSE(other);
    CHECK(other.error().code == Errc::bad_tag);
    CHECK(other.error().detail == 0xBF21);
    CHECK(std::string_view(other.error().where) == "All");
    der = message();
    der.push_back(0x00);
    const auto longer = decode(der);
    REQUIRE_FALSE(longer);
    CHECK(longer.error().code == Errc::bad_length);
    CHECK(longer.error().detail == 1);
    CHECK(longer.error().offset == der.size() - 1);
}

// All { many { number }, exact { x } }: the items inside stand three deep.
TEST_CASE("when a cap on depth, elements or size is reached the message passes, beyond it the cap is named") {
    const OwnedBytes der = message();
    // One outer TLV, 16 fields, the inner one of tagged, two each of many, lazy and exact; raw is not opened.
    const uint32_t elements = 1 + 16 + 1 + 2 + 2 + 2;
    CHECK(decode(der, {.max_elements = elements}));
    const auto many = decode(der, {.max_elements = elements - 1});
    REQUIRE_FALSE(many);
    CHECK(many.error().code == Errc::limit);
    CHECK(std::string_view(many.error().where) == "elements");
    CHECK(decode(der, {.max_depth = 3}));
    const auto deep = decode(der, {.max_depth = 2});
    REQUIRE_FALSE(deep);
    CHECK(deep.error().code == Errc::limit);
    CHECK(std::string_view(deep.error().where) == "depth");
    CHECK(decode(der, {.max_size = static_cast<uint32_t>(der.size())}));
    const auto big = decode(der, {.max_size = static_cast<uint32_t>(der.size()) - 1});
    REQUIRE_FALSE(big);
    CHECK(big.error().code == Errc::limit);
    CHECK(big.error().detail == der.size());
}

TEST_CASE("when nobody sets caps, 4 MiB and ten thousand elements are the end") {
    OwnedBytes big = octets("0483400000"); // 4 MiB of content, five octets too many
    big.resize(big.size() + (4u << 20));
    CHECK(asn1::decode<Bytes>(Bytes(big)).error().code == Errc::limit);
    big = octets("04833FFFFB");
    big.resize(4u << 20);
    REQUIRE(asn1::decode<Bytes>(Bytes(big)));
    CHECK(asn1::decode<Bytes>(Bytes(big))->size() == (4u << 20) - 5);

    const auto list_of = [](size_t count) { // SEQUENCE OF NULL: two octets each
        OwnedBytes der = {0x30, 0x82, static_cast<uint8_t>(count * 2 >> 8), static_cast<uint8_t>(count * 2)};
        for (size_t i = 0; i < count; ++i) append(der, octets("0500"));
        return der;
    };
    const OwnedBytes fits = list_of(9999), beyond = list_of(10000);
    CHECK(asn1::decode<List<asn1::Null>>(Bytes(fits)));
    CHECK(asn1::decode<std::vector<asn1::Null>>(Bytes(fits))->size() == 9999);
    CHECK(asn1::decode<List<asn1::Null>>(Bytes(beyond)).error().code == Errc::limit);
    CHECK(asn1::decode<std::vector<asn1::Null>>(Bytes(beyond)).error().code == Errc::limit);
}

TEST_CASE("when a TLV is read by itself, tag, content, whole and rest are told apart") {
    const struct {
        const char* hex;
        asn1::Tag tag;
        size_t content, whole;
        bool long_length;
    } rows[] = {{"0500", 0x05, 0, 2, false},
                {"0401AA0500", 0x04, 1, 3, false},
                {"5F370199", 0x5F37, 1, 4, false},
                {"BF200100", 0xBF20, 1, 4, false},
                {"BF81370100", 0xBF8137, 1, 5, false},
                {"048101AA", 0x04, 1, 4, true},
                {"04820001AA", 0x04, 1, 5, true},
                {"0484000000010A", 0x04, 1, 7, true}};
    for (const auto& row : rows) {
        CAPTURE(std::string(row.hex));
        const OwnedBytes in = octets(row.hex);
        const auto tlv = asn1::read_tlv(in);
        REQUIRE(tlv);
        CHECK(tlv->tag == row.tag);
        CHECK(tlv->content.size() == row.content);
        CHECK(tlv->whole.size() == row.whole);
        CHECK(tlv->rest.size() == in.size() - row.whole);
        CHECK(tlv->long_length == row.long_length);
    }
    OwnedBytes minimal = octets("048180"); // 128 octets need the 81
    minimal.resize(3 + 128);
    CHECK_FALSE(asn1::read_tlv(minimal)->long_length);
    CHECK(asn1::read_tlv(octets("BF8181010100"), "tag").error().code == Errc::bad_tag); // four octets
    for (const char* cut : {"", "30", "BF", "BF81", "0401", "0481", "0482", "048200", "5F37"})
        CHECK(asn1::read_tlv(octets(cut)).error().code == Errc::truncated);
}

TEST_CASE("when a signed part is no DER or has unknown fields, its octets are kept and sent as they came") {
    const OwnedBytes der = with("exact", "AD810980010181010282010F");
    const auto all = decode(der);
    REQUIRE(all);
    CHECK(hex(all->exact.der) == "AD810980010181010282010F");
    CHECK(all->exact.value.x == 1);
    All changed = *all;
    changed.exact.value.x = 99; // what was signed is not what we think of it
    CHECK(*asn1::encode(changed) == der);
    changed.exact.der = {};
    CHECK(*asn1::encode(changed) == with("exact", "AD06800163810102"));
}

TEST_CASE("when a list is walked, items come in order until one says stop") {
    const OwnedBytes der = octets("300C02010102010202010302010A");
    const auto list = asn1::decode<List<uint8_t>>(Bytes(der));
    REQUIRE(list);
    CHECK(*list->count() == 4);
    std::vector<int> seen;
    CHECK(list->for_each([&](uint8_t n) { seen.push_back(n); }));
    CHECK(seen == std::vector<int>{1, 2, 3, 10});
    seen.clear();
    const Ok stopped = list->for_each([&](uint8_t n) -> Ok {
        seen.push_back(n);
        return n == 2 ? Ok(fail(Errc::rejected, "two")) : Ok{};
    });
    REQUIRE_FALSE(stopped);
    CHECK(std::string_view(stopped.error().where) == "two");
    CHECK(seen == std::vector<int>{1, 2});
    const OwnedBytes empty_der = octets("3000");
    CHECK(asn1::decode<List<uint8_t>>(Bytes(empty_der))->empty());
}

TEST_CASE("when elements of a list carry a tag of their own, only that tag is taken") {
    using Number = asn1::Tagged<uint64_t, 0x80>;
    const OwnedBytes der = octets("3006800105800106");
    const auto list = asn1::decode<std::vector<Number>>(Bytes(der));
    REQUIRE(list);
    REQUIRE(list->size() == 2);
    CHECK((*list)[1] == 6u);
    CHECK(*asn1::encode(*list) == der);
    const OwnedBytes plain = octets("3003020105");
    CHECK(asn1::decode<std::vector<Number>>(Bytes(plain)).error().code == Errc::bad_tag);
}

TEST_CASE("when deviations are named, each has a name of its own") {
    std::vector<std::string_view> names;
    for (size_t i = 0; i <= static_cast<size_t>(Deviation::count_); ++i)
        names.emplace_back(asn1::name(static_cast<Deviation>(i)));
    CHECK(names.back() == "none");
    std::ranges::sort(names);
    CHECK(std::ranges::adjacent_find(names) == names.end());
}
