#include "crypto/hash.h"
#include "rsp/bsp.h"
#include <doctest/doctest.h>

using namespace halyard;
using rsp::Bsp;

namespace {
OwnedBytes octets(const char* text) { return *from_hex(text); }

// Session keys published with pySim's unit tests; the segments below are protected with them, in this order.
Bsp published() {
    const OwnedBytes z = octets("c9a993dd4879a8f7161f2085410edd4f9652f1df37be097ba96ba2ca6be528fe");
    const OwnedBytes host = octets("8080808080808080");
    Secret<32> secret{std::span<const uint8_t, 32>(z.data(), 32)};
    return Bsp::derive(secret, host, *eid_from_text("89049032123451234512345678901235"));
}
const char* const kConfigureIsdp = "8718f6fe031e4b9cfe87c8e1e62f3fde85c49412d7722a6a2d89";
const char* const kMetadata =
    "bf252d5a0a98001032547698103214910947534d415f54455354921147534d415f544553545f50524f46494c45950100";
const char* const kReplaceKeys = "8748a14c800a001992351cd46ad2945654674369701d82b7b46567652bc8fbed234939fc57f"
                                 "ba748015525fd6c651e9d3d1330652d42a0"
                                 "cfad950e912122af4ec5362d3c0bc535729c40";
} // namespace

TEST_CASE("when keys are agreed, they are the published ones") {
    const auto own = crypto::PrivateKey::from_scalar(
        crypto::Curve::p256, octets("fb68a38ccedb69e15cbe03c256228998ac398587e5dc7117f948145c839d61a4"));
    REQUIRE(own);
    const auto peer =
        crypto::public_key_from_point(crypto::Curve::p256,
                                      octets("0400f7b8d71403f21d84b00cd9e561178d737d3f4d065e62fee279271298dd4"
                                             "f074794ab791b9939d4461296efe388aa26731064"
                                             "263af988b7d2c4d77da44801b5"));
    REQUIRE(peer);
    const auto bsp = Bsp::derive(
        *own, *peer, octets("8080808080808080"), *eid_from_text("89049032123451234512345678901235"));
    REQUIRE(bsp);
    CHECK(hex(bsp->chaining_value()) == "406D507B448A699E7A36A38494DEBBDE");
}

TEST_CASE("when segments are protected, they are the published octets") {
    Bsp bsp = published();
    CHECK(*bsp.protect(0x87, octets("bf2400")) == octets(kConfigureIsdp));
    const auto metadata = bsp.authenticate(0x88, octets(kMetadata));
    REQUIRE(metadata);
    CHECK(hex(*metadata) == hex(octets("8838")) + hex(octets(kMetadata)) + "8A62CC9ADBB5CCBC");
    const auto replace =
        bsp.protect(0x87,
                    octets("bf26368010000102030405060708090a0b0c0d0e0f8110010102030405060708090a0b0c0d0e0f"
                           "8210020102030405060708090a0b0c0d0e0f"));
    REQUIRE(replace);
    CHECK(*replace == octets(kReplaceKeys));
    auto ppk = Bsp::from_keys(octets("000102030405060708090a0b0c0d0e0f"),
                              octets("010102030405060708090a0b0c0d0e0f"),
                              octets("020102030405060708090a0b0c0d0e0f"));
    REQUIRE(ppk);
    CHECK(*ppk->protect(0x86, octets("aa07a005800081011f")) ==
          octets("8618f90ac04622b0ab210715b8e853f1de20a47acebf7456f476"));
    CHECK(hex(ppk->chaining_value()) == "A47ACEBF7456F4768C60CC79D03B02E1");
}

TEST_CASE("when no keys are replaced, the counter runs on") {
    Bsp bsp = published();
    REQUIRE(bsp.protect(0x87, octets("bf2400")));
    REQUIRE(bsp.authenticate(0x88, octets(kMetadata)));
    CHECK(*bsp.protect(0x86, octets("aa07a005800081011f")) ==
          octets("861896a022c5a53b658649891f35039ef412aa41a8c2ced6ec79"));
}

TEST_CASE("when published segments arrive, they open in order") {
    Bsp bsp = published();
    const auto configure = bsp.unprotect(0x87, octets(kConfigureIsdp));
    REQUIRE(configure);
    CHECK(hex(configure->reveal()) == "BF2400");
    OwnedBytes segment = octets("8838");
    append(segment, octets(kMetadata));
    append(segment, octets("8a62cc9adbb5ccbc"));
    const auto metadata = bsp.check(0x88, segment);
    REQUIRE(metadata);
    CHECK(same(*metadata, octets(kMetadata)));
    const auto replace = bsp.unprotect(0x87, octets(kReplaceKeys));
    REQUIRE(replace);
    CHECK(replace->size() == 57);
}

TEST_CASE("when any bit of a segment is flipped, it is refused and the good one still opens") {
    const OwnedBytes good = octets(kConfigureIsdp);
    Bsp bsp = published();
    for (size_t bit = 0; bit < good.size() * 8; ++bit) {
        OwnedBytes bad = good;
        bad[bit / 8] = static_cast<uint8_t>(bad[bit / 8] ^ 1 << bit % 8);
        CHECK_FALSE(bsp.unprotect(0x87, bad));
    }
    CHECK(bsp.unprotect(0x87, good));
}

TEST_CASE("when a segment is cut, replayed or out of order, it is refused") {
    const OwnedBytes good = octets(kConfigureIsdp);
    Bsp bsp = published();
    for (size_t n = 0; n < good.size(); ++n) CHECK_FALSE(bsp.unprotect(0x87, Bytes(good).first(n)));
    CHECK_FALSE(bsp.unprotect(0x87, octets(kReplaceKeys)));
    REQUIRE(bsp.unprotect(0x87, good));
    const auto again = bsp.unprotect(0x87, good);
    REQUIRE_FALSE(again);
    CHECK(again.error().code == Errc::unverified);
}

TEST_CASE("when the plaintext has the largest size, the segment has 1020 octets; one more is refused") {
    Bsp bsp = published();
    const auto largest = bsp.protect(0x86, OwnedBytes(1007));
    REQUIRE(largest);
    CHECK(largest->size() == 1020);
    CHECK(hex(Bytes(*largest).first(4)) == "868203F8");
    CHECK(bsp.protect(0x86, OwnedBytes(1008)).error().code == Errc::bad_length);
}
