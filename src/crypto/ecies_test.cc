// The test data of 3GPP TS 33.501 annex C.4.
#include "crypto/aes.h"
#include "crypto/ecies.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::crypto;

namespace {
/// Gives out the ephemeral private key that the test data have.
struct Given : Random {
    OwnedBytes octets;
    explicit Given(const char* hex) : octets(*from_hex(hex)) {}
    Ok fill(Buffer out) override {
        HALYARD_ASSERT(out.size() == octets.size());
        std::copy(octets.begin(), octets.end(), out.begin());
        return {};
    }
};
constexpr const char* kHomeA = "5A8D38864820197C3394B92613B20B91633CBD897119273BF8E4A6F4EEC0A650";
constexpr const char* kHomeB = "0272DA71976234CE833A6907425867B82E074D44EF907DFB4B3E21C1C2256EBCD1";
constexpr const char* kHomeBWhole = "0472DA71976234CE833A6907425867B82E074D44EF907DFB4B3E21C1C2256EBCD1"
                                    "5A7DED52FCBB097A4ED250E036C7B9C8C7004C4EEDC4F068CD7BF8D3F900E3B4";
const OwnedBytes kMsin = *from_hex("00012080F6"); // 001002086
} // namespace

TEST_CASE("profile A conceals an MSIN and a user name as TS 33.501 annex C.4.3 does") {
    Given imsi("C80949F13EBE61AF4EBDBD293EA4F942696B9E815D7E8F0096BBF6ED7DE62256");
    CHECK(hex(*conceal(Ecies::profile_a, *from_hex(kHomeA), kMsin, imsi)) ==
          "B2E92F836055A255837DEBF850B528997CE0201CB82ADFE4BE1F587D07D8457D"
          "CB02352410"
          "CDDD9E730EF3FA87");
    Given nai("BE9EFF3E9F22A4B42A3D236E7A6C500B3F2E7E0C7449988BA800D664BF4FCD97");
    CHECK(hex(*conceal(Ecies::profile_a, *from_hex(kHomeA), bytes_of("verylongusername1"), nai)) ==
          "977D8B2FDAA7B64AA700D04227D5B440630EA4EC50F9082273A26BB678C92222"
          "8E358A1582ADB15322C10E515141D2039A"
          "12E1D7783A97F1AC");
}

TEST_CASE("profile B conceals an MSIN as TS 33.501 annex C.4.4 does, the home key compressed or not") {
    for (const char* home : {kHomeB, kHomeBWhole}) {
        Given random("99798858A1DC6A2C68637149A4B1DBFD1FDFF5ADDD62A2142F06699ED7602529");
        CHECK(hex(*conceal(Ecies::profile_b, *from_hex(home), kMsin, random)) ==
              "039AAB8376597021E855679A9778EA0B67396E68C66DF32C0F41E9ACCA2DA9B9D1"
              "46A33FC271"
              "6AC7DAE96AA30A4D");
    }
}

TEST_CASE("a home network's key that is none is refused") {
    Given random("99798858A1DC6A2C68637149A4B1DBFD1FDFF5ADDD62A2142F06699ED7602529");
    const auto refused = [&](Ecies scheme, const OwnedBytes& key) {
        const auto r = conceal(scheme, key, kMsin, random);
        return !r ? r.error().code : Errc::internal;
    };
    CHECK(refused(Ecies::profile_a, OwnedBytes(31, 9)) == Errc::bad_length);
    CHECK(refused(Ecies::profile_a, OwnedBytes(32, 0)) == Errc::bad_value); // of small order
    CHECK(refused(Ecies::profile_b, *from_hex(kHomeA)) == Errc::bad_length);
    OwnedBytes key = *from_hex(kHomeB);
    key[0] = 0x04;
    CHECK(refused(Ecies::profile_b, key) == Errc::bad_value);
    key = OwnedBytes(33, 0xFF); // X above the field's prime
    key[0] = 0x02;
    CHECK(refused(Ecies::profile_b, key) == Errc::bad_value);
    key = *from_hex(kHomeBWhole);
    key[64] ^= 1;
    CHECK(refused(Ecies::profile_b, key) == Errc::bad_value); // beside the curve
}

// NIST SP 800-38A F.5.1, and cut within a block
TEST_CASE("AES-128 in counter mode") {
    const OwnedBytes octets = *from_hex("2B7E151628AED2A6ABF7158809CF4F3C");
    const AesKey key(std::span<const uint8_t, 16>(octets.data(), 16));
    Block counter{};
    const OwnedBytes first = *from_hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF");
    std::copy(first.begin(), first.end(), counter.begin());
    const OwnedBytes plain = *from_hex("6BC1BEE22E409F96E93D7E117393172AAE2D8A571E03AC9C9EB76FAC45AF8E51");
    CHECK(hex(*aes128_ctr(key, counter, plain)) ==
          "874D6191B620E3261BEF6864990DB6CE9806F66B7970FDFF8617187BB9FFFDFF");
    CHECK(hex(*aes128_ctr(key, counter, Bytes(plain).first(5))) == "874D6191B6");
    CHECK(aes128_ctr(key, counter, {})->empty());
}
