#include "base/octets.h"
#include "base/secret.h"
#include <doctest/doctest.h>

using namespace halyard;

TEST_CASE("when hex has separators, they are skipped; when it has other characters, the offset is named") {
    const auto octets = from_hex("bf 20:0A\n");
    REQUIRE(octets);
    CHECK(*octets == OwnedBytes{0xBF, 0x20, 0x0A});
    const auto bad = from_hex("BFG0", "field");
    REQUIRE_FALSE(bad);
    CHECK(bad.error().code == Errc::bad_value);
    CHECK(std::string(bad.error().where) == "field");
    CHECK(bad.error().offset == 2);
    CHECK(from_hex("BF2").error().code == Errc::truncated);
    CHECK(hex(Bytes(*octets)) == "BF200A");
}

TEST_CASE("when base64 is coded, it matches the vectors of RFC 4648 section 10") {
    const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                           {"f", "Zg=="},
                                                           {"fo", "Zm8="},
                                                           {"foo", "Zm9v"},
                                                           {"foob", "Zm9vYg=="},
                                                           {"fooba", "Zm9vYmE="},
                                                           {"foobar", "Zm9vYmFy"}};
    for (const auto& [plain, coded] : vectors) {
        CHECK(base64(bytes_of(plain)) == coded);
        const auto back = from_base64(coded);
        REQUIRE(back);
        CHECK(text_of(*back) == plain);
    }
}

TEST_CASE("when base64 is malformed, it is refused") {
    CHECK_FALSE(from_base64("Zg"));    // padding missing
    CHECK_FALSE(from_base64("Zg="));   // padding short
    CHECK_FALSE(from_base64("Zh=="));  // bits left over
    CHECK_FALSE(from_base64("Zg==Z")); // data after padding
    CHECK_FALSE(from_base64("Z*=="));
    CHECK_FALSE(from_base64("Z"));
}

TEST_CASE("when an EID carries check digits, MOD 97-10 decides") {
    // SGP.29's published examples
    for (const char* text : {"89049032123451234512345678901235",
                             "89001012012341234012345678901224",
                             "89044045930000000000001492294428",
                             "12345000000000000000000000000186"}) {
        const auto eid = eid_from_text(text);
        REQUIRE(eid);
        CHECK(valid_check_digits(*eid));
        CHECK(to_text(*eid) == text);
        Eid blank = *eid;
        blank[15] = 0x99;
        CHECK(to_text(with_check_digits(blank)) == text);
    }
    for (const char* text : {"89049032123451234512345678901335", "12345000000000000000000000000133"})
        CHECK_FALSE(valid_check_digits(*eid_from_text(text)));
}

TEST_CASE("when an EID or ICCID is no number of the right length, the field is named") {
    CHECK(eid_from_text("8904903212345123451234567890123").error().code == Errc::bad_length);
    CHECK(eid_from_text("8904903212345123451234567890123A").error().offset == 31);
    CHECK(iccid_from_text("89001", "iccid").error().code == Errc::bad_length);
    CHECK(iccid_from_text("8900012345678901234X").error().code == Errc::bad_value);
}

TEST_CASE("when an ICCID is coded, nibbles are swapped and 19 digits are filled with F") {
    const auto twenty = iccid_from_text("89000123456789012341");
    REQUIRE(twenty);
    CHECK(hex(*twenty) == "98001032547698103214");
    CHECK(to_text(*twenty) == "89000123456789012341");
    const auto nineteen = iccid_from_text("8900012345678901234F");
    REQUIRE(nineteen);
    CHECK(hex(*nineteen) == "980010325476981032F4");
    CHECK(to_text(*nineteen) == "8900012345678901234");
}

TEST_CASE("when a secret is moved from, nothing stays behind") {
    const std::array<uint8_t, 4> key{1, 2, 3, 4};
    Secret<4> a{std::span<const uint8_t, 4>(key)};
    const Secret<4> b(std::move(a));
    CHECK(same(b.reveal(), key));
    CHECK(same(a.reveal(), std::array<uint8_t, 4>{})); // NOLINT(bugprone-use-after-move): that is the point
}

TEST_CASE("when kept bytes exceed their capacity, they are refused and the old ones stay") {
    Kept<2> kept;
    const uint8_t two[] = {1, 2}, three[] = {1, 2, 3};
    REQUIRE(kept.assign(two));
    CHECK(kept.assign(three).error().code == Errc::no_space);
    CHECK(kept.bytes().size() == 2);
}
