// Undoing and switching without a package: rollback, local functions, memory reset. SGP.32 §5.9.5, §5.9.16
#include "tests/loop/hand.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::loop;

static const OwnedBytes kRollback{0xBF, 0x58, 0x03, 0x80, 0x01, 0xFF};

TEST_CASE("rollback: back to the former profile, one new signed result in place of the old, once") {
    Bench b;
    const Iccid one = b.add_profile(1, kNotify);
    CHECK(hex(b.es10(kRollback)) == "BF5803020101"); // nothing to undo
    const auto granted = b.order({enable(one, true)});
    CHECK(granted.results == "830100");
    CHECK(events(b).size() == 1);
    REQUIRE(b.card.card->reset()); // which the switch itself brings about
    const OwnedBytes answer = b.es10(kRollback);
    CHECK(hex(whole_part(answer, 0)) == "020100");
    const auto rolled = read_answer(whole_part(answer, 1));
    CHECK(rolled.tag == 0xA0);
    CHECK(rolled.results == "8C0100");
    CHECK(*rolled.sequence > *granted.sequence);
    CHECK(crypto::verify(b.card_key(), {rolled.signed_part, *from_hex("840100")}, rolled.signature));
    // Of the same package: eimId, counterValue, eimTransactionId
    for (size_t i : {0, 1, 2}) CHECK(part(rolled.signed_part, i) == part(granted.signed_part, i));
    CHECK(b.enabled_iccid() == to_text(b.bootstrap()));
    CHECK(events(b).empty()); // as if it had never been
    REQUIRE(b.state().results.size() == 1);
    CHECK(b.state().results.front().der == rolled.der);
    CHECK(hex(b.es10(kRollback)) == "BF5803020101");
}

TEST_CASE("the right to roll back ends: acknowledged, next package, fallback, emergency, memory reset") {
    const auto lapses = [&](auto&& event, bool refused = true) {
        Bench b;
        const Iccid one = b.add_profile(1), two = b.add_profile(2, kFallbackAllowed);
        b.add_profile(3, kEmergency);
        CHECK(b.order({set_fallback(two)}).results == "8D0100");
        const auto granted = b.order({enable(one, true)});
        event(b, granted);
        CHECK((hex(b.es10(kRollback)) == "BF5803020101") == refused);
    };
    using A = PackageAnswer;
    lapses([](Bench&, const A&) {}, false);
    lapses([](Bench& b, const A& g) { b.es10(tlv(0xBF30, {integer(0x80, *g.sequence)})); });
    lapses([](Bench& b, const A&) { b.order({kListProfiles}); });
    lapses([](Bench& b, const A&) { b.es10(*from_hex("BF5D038001FF")); });
    lapses([](Bench& b, const A&) {
        b.es10(*from_hex("BF5B038001FF"));
        b.es10(*from_hex("BF5C038001FF"));
    });
    lapses([](Bench& b, const A&) { b.es10(*from_hex("BF640482020780")); });
    // A package that is refused changes nothing.
    lapses([](Bench& b, const A&) { b.send(b.eim.sign(b.eim.to_sign(psmo({kGetRat}), 1))); }, false);
}

TEST_CASE("what cannot be returned to gives no right to roll back, and its target cannot be deleted") {
    Bench b;
    const Iccid one = b.add_profile(1), two = b.add_profile(2);
    CHECK(b.order({enable(one, true), remove(b.bootstrap())}).results == "830100850114");
    CHECK(b.order({disable(one), remove(one), enable(two, true)}).results == "840100850100830114");
    CHECK(b.enabled_iccid().empty());
    CHECK(b.order({enable(two, true)}).results == "830114"); // nothing enabled to return to
    CHECK(b.order({enable(two)}).results == "830100");
    CHECK(hex(b.es10(kRollback)) == "BF5803020101");           // no flag, no right
    CHECK(hex(b.es10(*from_hex("BF5800"))) == "BF5803020107"); // commandError
}

TEST_CASE("while an eIM is associated, ES10c switches and deletes nothing; without one it does") {
    Bench b;
    const Iccid one = b.add_profile(1, kNotify);
    const OwnedBytes by = tlv(0x5A, {one});
    const auto enable_local = tlv(0xBF31, {tlv(0xA0, {by}), *from_hex("8101FF")});
    const auto disable_local = tlv(0xBF32, {tlv(0xA0, {by}), *from_hex("8101FF")});
    const auto delete_local = tlv(0xBF33, {by});
    const OwnedBytes before = b.state_octets();
    CHECK(hex(b.es10(enable_local)) == "BF3103800103");
    CHECK(hex(b.es10(disable_local)) == "BF3203800103");
    CHECK(hex(b.es10(delete_local)) == "BF3303800103");
    CHECK(b.state_octets() == before);
    CHECK(b.configure({tlv(0xA9, {*from_hex("800165")})}).results == "890102");
    CHECK(hex(b.es10(disable_local)) == "BF3203800102");
    CHECK(hex(b.es10(enable_local)) == "BF3103800100");
    CHECK(hex(b.es10(enable_local)) == "BF3103800102");
    CHECK(hex(b.es10(delete_local)) == "BF3303800102");
    CHECK(hex(b.es10(disable_local)) == "BF3203800100");
    CHECK(hex(b.es10(delete_local)) == "BF3303800100");
    CHECK(hex(b.es10(delete_local)) == "BF3303800101");
    CHECK(events(b).size() == 3);
}

TEST_CASE("memory reset: each bit, whatever the policy rules; counters, tokens and numbers go on") {
    Bench b(crypto::Curve::p256, *from_hex("8401FF"));
    b.add_profile(1, joined({kNotify, *from_hex("99020560")}));
    b.order({*from_hex("BF65058003612E62"), *from_hex("A7028000")});
    const uint64_t next = b.state().next_seq;
    const auto reset = [&](const char* bits) {
        return hex(b.es10(*from_hex(std::string("BF64048202") + bits)));
    };
    CHECK(reset("0640") == "BF6403800101"); // no field-loaded test profile: nothingToDelete
    CHECK(reset("0780") == "BF6403800100"); // operational
    CHECK(b.state().profiles.size() == 1);
    CHECK(reset("0520") == "BF6403800100"); // default SM-DP+
    CHECK(b.state().default_smdp.empty());
    CHECK(reset("0308") == "BF6403800100"); // provisioning, though it is enabled
    CHECK(b.state().profiles.empty());
    CHECK(reset("0106") == "BF6409800101810100820100"); // eIMs and immediate enable
    CHECK(b.state().eims.empty());
    CHECK_FALSE(b.state().immediate_enable.flag);
    CHECK(b.state().next_seq > next);
    CHECK(hex(b.es10(tlv(0xBF57, {tlv(0xA0, {b.eim.configuration(*from_hex("8401FF"))})}))) ==
          "BF5705A003840102");
    CHECK(hex(b.es10(*from_hex("BF340482020780"))) == "BF3403800101"); // the function of SGP.22
}
