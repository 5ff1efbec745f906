#pragma once
// A card for tests, and the profiles to put into it.
#include "euicc/card.h"
#include "profile/package.h"
#include <doctest/doctest.h>

namespace halyard::euicc {

/// 01, 02, 03 …
struct CountingRandom : Random {
    uint8_t n = 0;
    Ok fill(Buffer out) override {
        for (uint8_t& b : out) b = ++n;
        return {};
    }
};
/// ICCID of the n-th test profile.
inline Iccid numbered(unsigned n) {
    std::string digits = "89001010000000000" + std::to_string(100 + n);
    return *iccid_from_text(digits.substr(0, 20));
}
/// A card without keys: what needs none is tested here, the rest in tests/loop.
struct Bare {
    Identity identity{.eid = *eid_from_text("89049032123451234512345678901235")};
    MemoryStore memory;
    CountingRandom random;
    std::optional<Card> card;
    Bare() {
        auto opened = Card::open(identity, memory, random);
        REQUIRE(opened);
        card = std::move(*opened);
    }
    /// The sample profile under that ICCID, put in at manufacture; the card is reset.
    Iccid add(unsigned n, bool enabled) {
        const Iccid i = put(n, enabled);
        REQUIRE(card->reset());
        return i;
    }
    /// The same, and the card is not reset.
    Iccid put(unsigned n, bool enabled) {
        const Iccid i = numbered(n);
        const auto package = profile::sample_operational({.iccid = i, .imsi = "001010000000007"});
        REQUIRE(package);
        OwnedBytes metadata = *from_hex("BF2513"
                                        "5A0A");
        append(metadata, i);
        append(metadata,
               *from_hex("910150"
                         "92024E31"));
        REQUIRE(card->isdr().preload(package->reveal(), metadata, enabled));
        return i;
    }
    /// APDU and response in hex.
    std::string operator()(const char* apdu) { return hex(card->transmit(*from_hex(apdu))); }
};
inline std::string octet(size_t n) {
    const auto b = static_cast<uint8_t>(n);
    return hex(Bytes(&b, 1));
}
inline constexpr const char* kSelectIsdr = "00A4040010A0000005591010FFFFFFFF890000010000";

} // namespace halyard::euicc
