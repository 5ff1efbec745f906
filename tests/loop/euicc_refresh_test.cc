// A refused REFRESH behind packages, fallback, emergency and rollback: what is taken back, and what was
// signed and stays. SGP.32 §3.3.1, §5.9.16, §5.9.20 to §5.9.22
#include "tests/loop/hand.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::loop;

namespace {
// A terminal that fetches REFRESH and answers it.
struct Terminal {
    Bench& b;
    unsigned number = 0;
    explicit Terminal(Bench& bench) : b(bench) {
        CHECK(apdu(b, "8010000003FFFFFF") == "9000");
        CHECK(apdu(b, "00A4040C10A0000005591010FFFFFFFF8900000100") == "9000");
    }
    std::string order(Bytes command) {
        OwnedBytes answer, chain = owned(command);
        for (size_t at = 0, block = 0; at < chain.size(); at += 255, ++block) {
            const Bytes now = Bytes(chain).subspan(at, std::min<size_t>(255, chain.size() - at));
            const bool last = at + now.size() == chain.size();
            OwnedBytes a{0x80, 0xE2, static_cast<uint8_t>(last ? 0x91 : 0x11), static_cast<uint8_t>(block)};
            a.push_back(static_cast<uint8_t>(now.size()));
            append(a, now);
            if (last) a.push_back(0x00);
            answer = b.card.card->transmit(a);
        }
        return hex(answer);
    }
    void answer(const char* result) {
        const std::string n = "0" + std::to_string(++number);
        CHECK(apdu(b, "801200000B") == "D0098103" + n + "0104820281829000");
        CHECK(apdu(b, ("801400000C8103" + n + "0104820282818301" + result).c_str()) == "9000");
    }
};
const OwnedBytes kRollback{0xBF, 0x58, 0x03, 0x80, 0x01, 0xFF};
} // namespace

TEST_CASE(
    "a refused REFRESH behind a package: profile and notifications as before, result and counter stay") {
    Bench b;
    const Iccid one = b.add_profile(1, kNotify);
    Terminal t(b);
    CHECK(t.order(b.eim.package(psmo({enable(one, true)}))).ends_with("910B"));
    CHECK(events(b).size() == 1);
    const uint64_t next = b.state().next_seq;
    t.answer("20");
    CHECK(b.enabled_iccid() == to_text(b.bootstrap()));
    CHECK(events(b).empty());
    CHECK(b.state().results.size() == 1);
    CHECK(b.state().eims.front().counter == 6);
    CHECK(b.state().next_seq == next);               // numbers never return
    CHECK(hex(b.es10(kRollback)) == "BF5803020101"); // there is nothing to undo
    CHECK(t.order(b.eim.package(psmo({enable(one)}))).ends_with("910B"));
    t.answer("00");
    CHECK(b.enabled_iccid() == to_text(one));
    CHECK(events(b) == std::vector<std::string>{"enable " + to_text(one)});
}

TEST_CASE("a refused REFRESH behind fallback, return and emergency: as before, rights included") {
    Bench b;
    const Iccid one = b.add_profile(1, kFallbackAllowed), two = b.add_profile(2);
    b.add_profile(3, kEmergency);
    CHECK(b.order({set_fallback(one)}).results == "8D0100");
    CHECK(b.order({enable(two, true)}).results == "830100");
    Terminal t(b);
    const auto refused = [&](const char* command) {
        const OwnedBytes before = b.state_octets();
        CHECK(t.order(*from_hex(command)).ends_with("910B"));
        t.answer("30");
        CHECK(b.state_octets() == before);
    };
    refused("BF5D038001FF"); // ExecuteFallbackMechanism
    refused("BF5B038001FF"); // EnableEmergencyProfile
    CHECK(hex(b.es10(*from_hex("BF5D03800100"))) == "BF5D03800100");
    refused("BF5E038001FF"); // ReturnFromFallback: it can be tried again
    CHECK(hex(b.es10(*from_hex("BF5B03800100"))) == "BF5B03800100");
    refused("BF5C038001FF"); // DisableEmergencyProfile: the emergency goes on
    CHECK(b.state().emergency_active);
    CHECK(hex(b.es10(*from_hex("BF5C03800100"))) == "BF5C03800100");
    CHECK(hex(b.es10(*from_hex("BF5E03800100"))) == "BF5E03800100");
    CHECK(b.enabled_iccid() == to_text(two));
}

TEST_CASE("a refused REFRESH behind ProfileRollback or a memory reset changes nothing: both are final") {
    Bench b;
    const Iccid one = b.add_profile(1);
    CHECK(b.order({enable(one, true)}).results == "830100");
    Terminal t(b);
    CHECK(t.order(kRollback).ends_with("910B"));
    t.answer("20");
    CHECK(b.enabled_iccid() == to_text(b.bootstrap()));
    CHECK(t.order(*from_hex("BF640482020308")).ends_with("910B")); // the provisioning profile goes
    t.answer("20");
    CHECK(b.enabled_iccid().empty());
    CHECK(b.state().profiles.size() == 1);
}
