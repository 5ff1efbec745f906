// Every bit of everything an eUICC signs, turned once: nothing of it is believed, and the order stays as it
// is. SR-13, SR-14
#include "tests/loop/handset.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::loop;

namespace {
struct Bench {
    SeededRandom random{17};
    Pki pki{random};
    Smdp smdp{pki, random};
    Handset phone{pki, smdp, random};
    Bench() { phone.matching_id = matching_id_of(smdp.order(iccid_text(1), "001010000000001", kBegin)); }
    smdp::Order order() { return smdp.find(iccid_text(1)); }
    size_t notifications() { return smdp.store->notifications(iccid(iccid_text(1)))->size(); }
    bool refused(Bytes message) {
        const auto answer = smdp.exchange(message, phone.now);
        return !answer || answer->failed;
    }
};
/// Octets of `message` from the content of its n-th nested TLV on: what is left out are tags and lengths.
size_t offset_of(Bytes message, Bytes part) {
    const auto at = std::search(message.begin(), message.end(), part.begin(), part.end());
    REQUIRE(at != message.end());
    return static_cast<size_t>(at - message.begin());
}
} // namespace

TEST_CASE("when any bit of authenticateClient is turned, it is refused, and no attempt is counted") {
    Bench b;
    REQUIRE(codes(b.phone.initiate()) == "");
    const OwnedBytes good = b.phone.client_message();
    for (size_t bit = 0; bit < good.size() * 8; ++bit)
        if (!b.refused(flipped(good, bit))) FAIL("taken with bit " << bit << " turned");
    CHECK(b.order().attempts == 0);
    CHECK_FALSE(b.order().eid);
    CHECK(codes(b.phone.send(good)) == "");
    CHECK(b.order().attempts == 1);
}

TEST_CASE("when any bit of getBoundProfilePackage is turned, it is refused, and nothing is bound") {
    Bench b;
    REQUIRE(codes(b.phone.initiate()) == "");
    REQUIRE(codes(b.phone.authenticate()) == "");
    b.phone.confirmation_code = "1"; // hashCc is signed as well
    const OwnedBytes good = b.phone.package_message();
    for (size_t bit = 0; bit < good.size() * 8; ++bit)
        if (!b.refused(flipped(good, bit))) FAIL("taken with bit " << bit << " turned");
    CHECK(b.order().state == smdp::OrderState::released);
    CHECK_FALSE(b.smdp.store->binding(iccid(iccid_text(1)))->has_value());
    CHECK(codes(b.phone.send(good)) == "");
}

TEST_CASE("when any bit of cancelSession is turned, it is refused, and the order stays open") {
    Bench b;
    REQUIRE(codes(b.phone.initiate()) == "");
    REQUIRE(codes(b.phone.authenticate()) == "");
    const OwnedBytes good = b.phone.cancel_message(rsp::CancelSessionReason::end_user_rejection);
    for (size_t bit = 0; bit < good.size() * 8; ++bit)
        if (!b.refused(flipped(good, bit))) FAIL("taken with bit " << bit << " turned");
    CHECK(b.order().state == smdp::OrderState::released);
    CHECK(codes(b.phone.send(good)) == "");
    CHECK(b.order().state == smdp::OrderState::error);
}

TEST_CASE("when any bit of a signed notification is turned, nothing is recorded") {
    Bench b;
    REQUIRE(b.phone.download());
    const OwnedBytes result = b.phone.installation_message(1, iccid_text(1));
    // BF3D { A0 { BF37 …: the two outer headers are the message's, the rest is signed or the signature.
    const size_t head = offset_of(result, *from_hex("BF37"));
    for (size_t bit = head * 8; bit < result.size() * 8; ++bit) {
        const auto answer = b.smdp.exchange(flipped(result, bit), b.phone.now);
        CHECK((!answer || answer->der.empty()));
    }
    CHECK(b.notifications() == 0);
    CHECK(b.order().state == smdp::OrderState::downloaded);
    b.phone.send(result);
    REQUIRE(b.order().state == smdp::OrderState::installed);

    const OwnedBytes enabled =
        b.phone.notification_message(2, iccid_text(1), rsp::NotificationEvent::notification_enable);
    for (size_t bit = offset_of(enabled, *from_hex("BF2F")) * 8; bit < enabled.size() * 8; ++bit)
        (void)b.smdp.exchange(flipped(enabled, bit), b.phone.now);
    CHECK(b.notifications() == 1);
    CHECK(b.order().last_event == "installed");
    b.phone.send(enabled);
    CHECK(b.order().last_event == "enabled");
}
