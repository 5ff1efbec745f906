// INTEGER, BIT STRING, BOOLEAN and OBJECT IDENTIFIER by themselves: content octets by hand from X.690 §8.
#include "asn1/asn1.h"
#include <doctest/doctest.h>

using namespace halyard;
using asn1::Deviation;

namespace {
OwnedBytes octets(std::string_view text) { return *from_hex(text); }
enum class Signed : int8_t { minus = -1, none = 0, most = 127 };
constexpr auto asn1_names(Signed) {
    return std::array<asn1::NamedValue, 3>{{{-1, "minus"}, {0, "none"}, {127, "most"}}};
}
} // namespace

TEST_CASE("when integers are coded, they are as short as they can be, both ways") {
    const struct {
        int64_t value;
        const char* der;
    } rows[] = {{0, "020100"},
                {1, "020101"},
                {127, "02017F"},
                {128, "02020080"},
                {255, "020200FF"},
                {256, "02020100"},
                {8388607, "02037FFFFF"}, // the highest counter a card must take
                {8388608, "020400800000"},
                {-1, "0201FF"},
                {-128, "020180"},
                {-129, "0202FF7F"},
                {INT64_MAX, "02087FFFFFFFFFFFFFFF"},
                {INT64_MIN, "02088000000000000000"}};
    for (const auto& row : rows) {
        CAPTURE(row.value);
        const OwnedBytes der = octets(row.der);
        CHECK(*asn1::encode(row.value) == der);
        const auto back = asn1::decode<int64_t>(Bytes(der), {.strict = true});
        REQUIRE(back);
        CHECK(*back == row.value);
    }
}

TEST_CASE("when an integer does not fit its type, it is refused, never cut") {
    const auto fits = [](const char* hex, auto zero) {
        const OwnedBytes der = octets(hex);
        return asn1::decode<decltype(zero)>(Bytes(der)).has_value();
    };
    CHECK(fits("020200FF", uint8_t{}));
    CHECK_FALSE(fits("02020100", uint8_t{}));
    CHECK_FALSE(fits("0201FF", uint8_t{}));
    CHECK(fits("020180", int8_t{}));
    CHECK_FALSE(fits("02020080", int8_t{}));
    CHECK(fits("0203007FFF", uint16_t{}));
    CHECK_FALSE(fits("0203010000", uint16_t{}));
    CHECK(fits("020500FFFFFFFF", uint32_t{}));
    CHECK_FALSE(fits("02050100000000", uint32_t{}));
    CHECK_FALSE(fits("0201FF", uint64_t{}));
    CHECK_FALSE(fits("020900FFFFFFFFFFFFFFFF", int64_t{})); // 2^64 - 1
    CHECK_FALSE(fits("0200", int64_t{}));
    CHECK(fits("02097FFFFFFFFFFFFFFF", int64_t{}) == false); // cut
    CHECK(fits("020A00000000000000000007", uint8_t{}));      // superfluous octets, a clear value
    CHECK(fits("0209FFFFFFFFFFFFFFFFFF", int8_t{}));
}

TEST_CASE("when an enumerated value is unknown, it is kept; when it does not fit, it is refused") {
    const OwnedBytes unknown = octets("020105"), wide = octets("02020080"), minus = octets("0201FF");
    CHECK(static_cast<int>(*asn1::decode<Signed>(Bytes(unknown))) == 5);
    CHECK(asn1::decode<Signed>(Bytes(wide)).error().code == Errc::bad_value);
    CHECK(*asn1::decode<Signed>(Bytes(minus)) == Signed::minus);
    CHECK(*asn1::encode(Signed::minus) == minus);
}

TEST_CASE("when bits are coded, trailing zeros are left out; bit 0 is the first on the wire") {
    const struct {
        uint64_t mask;
        const char* der;
    } rows[] = {{0, "030100"},
                {1, "03020780"},        // bit 0
                {2, "03020640"},        // bit 1
                {0b101, "030205A0"},    // bits 0 and 2
                {0xFF, "030200FF"},     // bits 0 to 7
                {1 << 7, "03020001"},   // bit 7
                {1 << 8, "0303070080"}, // bit 8
                {0x8001, "0303008001"}, // bits 0 and 15
                {uint64_t{1} << 63, "0309000000000000000001"}};
    for (const auto& row : rows) {
        CAPTURE(row.mask);
        const OwnedBytes der = octets(row.der);
        CHECK(*asn1::encode(asn1::Bits{row.mask}) == der);
        const auto back = asn1::decode<asn1::Bits>(Bytes(der), {.strict = true});
        REQUIRE(back);
        CHECK(back->mask == row.mask);
    }
    CHECK(asn1::bit(5).has(5));
    CHECK_FALSE(asn1::bit(5).has(4));
}

TEST_CASE("when bits have trailing zeros or more than 64 places, only set bits matter") {
    const OwnedBytes zeros = octets("030B0080000000000000000000"),
                     beyond = octets("030A07800000000000000080");
    asn1::Deviations seen;
    const auto bits = asn1::decode<asn1::Bits>(Bytes(zeros), {.seen = &seen});
    REQUIRE(bits);
    CHECK(bits->mask == 1);
    CHECK(seen.counts[static_cast<size_t>(Deviation::long_bits)] == 1);
    CHECK(asn1::decode<asn1::Bits>(Bytes(beyond)).error().code == Errc::bad_value);
}

TEST_CASE("when booleans and NULL are coded, TRUE is FF and NULL is empty") {
    CHECK(hex(*asn1::encode(true)) == "0101FF");
    CHECK(hex(*asn1::encode(false)) == "010100");
    CHECK(hex(*asn1::encode(asn1::Null{})) == "0500");
    const OwnedBytes yes = octets("010101"), no = octets("010100");
    CHECK(*asn1::decode<bool>(Bytes(yes)));
    CHECK_FALSE(*asn1::decode<bool>(Bytes(no)));
}

TEST_CASE("when object identifiers are written as text, the octets are the known ones, both ways") {
    const struct {
        const char *text, *hex;
    } rows[] = {{"0.0", "00"},
                {"0.39", "27"},
                {"1.0", "28"},
                {"2.0", "50"},
                {"2.5.29.15", "551D0F"},                     // keyUsage
                {"2.23.146.1.2.1.4", "67811201020104"},      // id-rspRole-dp-auth
                {"1.2.840.10045.4.3.2", "2A8648CE3D040302"}, // ecdsa-with-SHA256
                {"1.3.6.1.4.1.31746", "2B0601040181F802"},
                {"2.999.10", "88370A"}}; // 80 + 999 = 8 * 128 + 55
    for (const auto& row : rows) {
        const auto der = asn1::oid_from_text(row.text);
        REQUIRE(der);
        CHECK(hex(*der) == row.hex);
        CHECK(asn1::Oid{*der}.text() == row.text);
    }
}

TEST_CASE("when text is no object identifier, it is refused under the given name") {
    for (const char* text : {"",
                             "1",
                             ".",
                             "1.",
                             ".1",
                             "1..2",
                             "3.1",
                             "0.40",
                             "1.40",
                             "1.2.x",
                             "1.2 ",
                             " 1.2",
                             "1.-2",
                             "+1.2",
                             "1,2",
                             "1.2.99999999999999999999999"}) {
        CAPTURE(std::string(text));
        const auto der = asn1::oid_from_text(text, "smdpOid");
        REQUIRE_FALSE(der);
        CHECK(der.error().code == Errc::bad_value);
        CHECK(std::string_view(der.error().where) == "smdpOid");
    }
}

// X.667: 2.25 and a UUID as one number, F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6; in base 128 it takes 19 octets.
TEST_CASE("when an arc is larger than 64 bits, its text is no other identifier's") {
    const OwnedBytes der = octets("69 83F09DA7EBCFDEE0C7A1A7B2C0948CC8F9D776");
    CHECK(asn1::Oid{der}.text() == hex(der));
}

TEST_CASE("when an open type is decoded, the whole TLV is kept") {
    const OwnedBytes der = octets("BF7F020500");
    const auto any = asn1::decode<asn1::Any>(Bytes(der));
    REQUIRE(any);
    CHECK(same(any->der, der));
    CHECK(*asn1::encode(*any) == der);
    CHECK(asn1::encode(asn1::Any{}).error().code == Errc::missing_field);
}

TEST_CASE("when a raw SEQUENCE is taken from its octets, only a whole one is") {
    const OwnedBytes der = octets("3003020109");
    const auto raw = asn1::Raw::from(der, "certificate");
    REQUIRE(raw);
    CHECK(hex(raw->content) == "020109");
    CHECK(raw->der() == der);
    CHECK(asn1::Raw::from(octets("3103020109")).error().code == Errc::bad_tag);
    CHECK(asn1::Raw::from(octets("300302010900")).error().code == Errc::bad_length);
    CHECK(asn1::Raw::from(octets("30030201")).error().code == Errc::truncated);
    CHECK(asn1::Raw::from({}).error().code == Errc::truncated);
    for (const auto& [size, header] : {std::pair<size_t, const char*>{0, "3000"},
                                       {127, "307F"},
                                       {128, "308180"},
                                       {255, "3081FF"},
                                       {256, "30820100"},
                                       {65536, "3083010000"}}) {
        const OwnedBytes content(size, 0x55), whole = asn1::Raw{content}.der();
        const OwnedBytes head = octets(header);
        REQUIRE(whole.size() == head.size() + size);
        CHECK(same(Bytes(whole).first(head.size()), head));
    }
}
