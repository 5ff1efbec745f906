// Notifications through the eIM: verified, once, in order, and never lost. SGP.32 §3.7, §5.14.7; SR-19, INV-9
#include "tests/loop/eim_kit.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::loop;

namespace {
struct Office : Desk {
    Office() {
        const auto out = audit_out();
        (void)provide(out.result);
        w.eim.config.forward_to = {kSmdpAddress};
    }
    std::vector<eim::Forward> waiting() { return *w.eim.store->due_forwards(w.now + Time(kDay), 100); }
    size_t count() { return *w.eim.store->waiting_forwards(eid); }
};
} // namespace

TEST_CASE("when a notification is genuine, it is kept for its SM-DP+ and the IPA may forget it") {
    Office o;
    const auto answer = o.notify(o.notification(50, kSmdpAddress));
    REQUIRE(answer);
    CHECK(answer->empty());
    REQUIRE(o.waiting().size() == 1);
    CHECK(o.waiting()[0].number == 50);
}

TEST_CASE("when any bit of a notification is turned, it is refused and the real one still gets through") {
    Office o;
    const OwnedBytes good = o.notification(50, kSmdpAddress);
    const auto tbs = *asn1::read_tlv(asn1::read_tlv(good)->content);
    const size_t from = static_cast<size_t>(tbs.whole.data() - good.data());
    size_t taken = 0; // what is signed, and the signature
    for (size_t bit = from * 8; bit < (from + tbs.whole.size() + 67) * 8; ++bit)
        if (o.notify(flipped(good, bit))) ++taken;
    CHECK(taken == 0);
    CHECK(o.count() == 0);
    REQUIRE(o.notify(good));
    CHECK(o.count() == 1);
}

TEST_CASE("when a notification is signed by another eUICC, it is refused") {
    Office o;
    Device& other = o.w.add_device();
    OwnedBytes forged;
    {
        // The certificates of this device around what the other one signed.
        const OwnedBytes mine = o.notification(50, kSmdpAddress);
        const auto tbs = asn1::read_tlv(asn1::read_tlv(mine)->content)->whole;
        const auto signature = *crypto::sign(other.identity.keys[0].key, {tbs});
        const auto& keys = o.d.identity.keys[0];
        forged = wrap(0x30, {tbs, wrap(0x5F37, {signature}), keys.euicc_certificate, keys.eum_certificate});
    }
    CHECK_FALSE(o.notify(forged));
    CHECK(o.count() == 0);
}

TEST_CASE("when a notification comes again, it is acknowledged again and forwarded once") {
    Office o;
    const OwnedBytes n = o.notification(50, kSmdpAddress);
    for (int i = 0; i < 3; ++i) REQUIRE(o.notify(n));
    REQUIRE(o.waiting().size() == 1);
    REQUIRE(o.w.eim.store->forward_done(o.waiting()[0].id));
    REQUIRE(o.notify(n)); // its acknowledgement was lost
    CHECK(o.count() == 0);
}

TEST_CASE("when notifications come along with a result, exactly those taken over are acknowledged") {
    Office o;
    const auto out = o.audit_out();
    const OwnedBytes list = wrap(0xA0,
                                 {o.notification(60, kSmdpAddress),
                                  o.notification(61, "evil.example"),
                                  flipped(o.notification(62, kSmdpAddress), 35 * 8),
                                  o.notification(63, "SMDP.loop.TEST")});
    auto numbers = o.provide(wrap(0x30, {out.result, list}));
    REQUIRE(numbers.size() == 3); // the result's own, 60 and 63
    CHECK(numbers[1] == 60);
    CHECK(numbers[2] == 63);
    CHECK(o.state(out.id) == eim::State::succeeded);
    CHECK(o.count() == 2);
}

TEST_CASE("when a receiver is nobody's, the notification is refused so that the card keeps it") {
    Office o;
    for (const char* address : {"evil.example", "127.0.0.1", ""}) {
        const auto answer = o.notify(o.notification(50, address));
        REQUIRE_FALSE(answer);
        CHECK(answer.error().code == Errc::rejected);
    }
    o.w.eim.config.forward_to.clear();
    CHECK_FALSE(o.notify(o.notification(50, kSmdpAddress)));
    // An order is what points there.
    o.w.eim.download(o.eid, std::string("1$") + kSmdpAddress + "$ABC");
    CHECK(o.notify(o.notification(50, kSmdpAddress)));
}

TEST_CASE("when the certificates come from a foreign CI, the notification is refused") {
    Office o;
    Desk theirs(77); // the same EID in another world
    REQUIRE(theirs.eid == o.eid);
    CHECK_FALSE(o.notify(theirs.notification(1, kSmdpAddress)));
    CHECK(o.count() == 0);
}

TEST_CASE("when one notification waits for its retry, later ones for that receiver do not overtake it") {
    Office o;
    REQUIRE(o.notify(o.notification(72, kSmdpAddress)));
    REQUIRE(o.notify(o.notification(71, kSmdpAddress)));
    auto due = *o.w.eim.store->due_forwards(o.w.now, 10);
    REQUIRE(due.size() == 1);
    CHECK(due[0].number == 71);
    REQUIRE(o.w.eim.store->forward_later(due[0].id, o.w.now + Time(5000)));
    CHECK(o.w.eim.store->due_forwards(o.w.now, 10)->empty());
    due = *o.w.eim.store->due_forwards(o.w.now + Time(5000), 10);
    REQUIRE(due.size() == 1);
    CHECK(due[0].attempts == 1);
    REQUIRE(o.w.eim.store->forward_done(due[0].id));
    due = *o.w.eim.store->due_forwards(o.w.now, 10);
    REQUIRE(due.size() == 1);
    CHECK(due[0].number == 72);
}

TEST_CASE("when too many notifications wait, further ones stay on the card") {
    Office o;
    size_t taken = 0;
    for (uint64_t n = 100; n < 180; ++n)
        if (o.notify(o.notification(n, kSmdpAddress))) ++taken;
    CHECK(taken == 64);
    CHECK(o.count() == 64);
}
