// Orders through their life: repeated requests, retries, results, notifications. SGP.22 §3.1.3, §3.1.6,
// §5.6.4
#include "profile/package.h"
#include "tests/loop/handset.h"
#include <doctest/doctest.h>
#include <set>

using namespace halyard;
using namespace halyard::loop;

namespace {
struct Bench {
    SeededRandom random{12};
    Pki pki{random};
    Smdp smdp{pki, random};
    Handset phone{pki, smdp, random};
    Bench() { phone.matching_id = matching_id_of(smdp.order(iccid_text(1), "001010000000001", kBegin)); }
    smdp::Order order() { return smdp.find(iccid_text(1)); }
    size_t notifications() { return smdp.store->notifications(iccid(iccid_text(1)))->size(); }
};
// A0 … of a bound profile package: what follows the InitialiseSecureChannelRequest.
OwnedBytes tail_of(Bytes bound) {
    const auto whole = asn1::read_tlv(bound);
    const auto channel = asn1::read_tlv(whole->content);
    REQUIRE(channel->tag == 0xBF23);
    return owned(channel->rest);
}
using enum smdp::OrderState;
} // namespace

TEST_CASE("when a request is repeated, the answer is the same octets") {
    Bench b;
    REQUIRE(codes(b.phone.initiate()) == "");
    const OwnedBytes client = b.phone.client_message();
    const auto first = b.phone.send(client);
    REQUIRE(codes(first) == "");
    CHECK(b.phone.send(client).der == first.der);
    CHECK(b.order().attempts == 1);

    // The handset learns what it needs from its own, separately sent, second session.
    REQUIRE(b.phone.download());
    const OwnedBytes again = b.phone.client_message();
    (void)again;
    b.phone.new_otpk = false;
    const OwnedBytes request = b.phone.package_message();
    const auto one = b.phone.send(request), two = b.phone.send(request);
    REQUIRE(codes(one) == "");
    CHECK(one.der == two.der);
    CHECK(b.order().state == downloaded);
}

TEST_CASE(
    "when authenticateClient arrives a second time after the package left, the first answer is repeated") {
    Bench b;
    REQUIRE(codes(b.phone.initiate()) == "");
    const OwnedBytes client = b.phone.client_message();
    const auto first = b.phone.send(client);
    const auto ok = asn1::decode<rsp::AuthenticateClientResponseEs9>(first.der);
    b.phone.smdp_signature2 = owned(std::get<rsp::AuthenticateClientOk>(ok->is).smdp_signature2);
    REQUIRE(codes(b.phone.package()) == "");
    CHECK(b.phone.send(client).der == first.der);
    CHECK(b.order().state == downloaded);
}

TEST_CASE("when a download is retried with the same one-time key, the bound octets are the same") {
    Bench b;
    REQUIRE(b.phone.download());
    const OwnedBytes first = b.phone.bound;
    CHECK(b.phone.offered_otpk.empty());
    b.phone.new_otpk = false;
    const OwnedBytes transaction = b.phone.transaction_id;
    REQUIRE(b.phone.download());
    CHECK(b.phone.transaction_id != transaction);
    CHECK(b.phone.offered_otpk == owned(b.phone.otsk.public_key().point)); // bppEuiccOtpk
    CHECK(tail_of(b.phone.bound) == tail_of(first));
    CHECK(b.phone.bound != first); // the secure channel names the new transaction
}

TEST_CASE("when a download is retried with a new one-time key, everything is bound anew") {
    Bench b;
    REQUIRE(b.phone.download());
    const OwnedBytes first = tail_of(b.phone.bound);
    REQUIRE(b.phone.download());
    const OwnedBytes second = tail_of(b.phone.bound);
    CHECK(first.size() == second.size());
    // A1 is in the clear; A0 and A3 must have nothing in common.
    const auto element = [](Bytes tail, asn1::Tag tag) {
        for (;;) {
            const auto t = asn1::read_tlv(tail);
            if (t->tag == tag) return owned(t->content);
            tail = t->rest;
        }
    };
    for (const asn1::Tag tag : {0xA0u, 0xA3u}) CHECK(element(first, tag) != element(second, tag));
}

TEST_CASE("when installation succeeds, the order is finished and stays so") {
    Bench b;
    REQUIRE(b.phone.download());
    CHECK(b.order().state == downloaded);
    const OwnedBytes result = b.phone.installation_message(1, iccid_text(1));
    b.phone.send(result);
    CHECK(b.order().state == installed);
    CHECK(b.notifications() == 1);
    b.phone.send(result); // delivered twice
    CHECK(b.notifications() == 1);
    // A failure told later, of the same session, takes nothing back.
    b.phone.send(b.phone.installation_message(2, iccid_text(1), 11));
    CHECK(b.order().state == installed);
    CHECK_FALSE(b.smdp.server.cancel(b.phone.matching_id, kBegin));
}

TEST_CASE("when installation fails, the reason decides whether the order stays open") {
    struct Row {
        int reason;
        smdp::OrderState state;
    };
    // 10 no memory, 11 interrupted: again. 9 ICCID is there, 12 the package, 13 its data: never.
    const Row rows[] = {{10, released}, {11, released}, {9, error}, {12, error}, {13, error}};
    for (const Row& row : rows) {
        INFO(row.reason);
        Bench b;
        REQUIRE(b.phone.download());
        b.phone.send(b.phone.installation_message(1, iccid_text(1), row.reason));
        CHECK(b.order().state == row.state);
        CHECK(b.order().reason == "installation failed, reason " + std::to_string(row.reason));
        if (row.state == released) {
            REQUIRE(b.phone.download());
            b.phone.send(b.phone.installation_message(2, iccid_text(1)));
            CHECK(b.order().state == installed);
            CHECK(b.order().reason.empty());
        }
    }
}

TEST_CASE("when an old failure arrives late, a withdrawn or failed order is not opened again") {
    Bench b;
    REQUIRE(b.phone.download());
    const OwnedBytes interrupted = b.phone.installation_message(1, iccid_text(1), 11);
    REQUIRE(b.phone.download());
    b.phone.send(b.phone.installation_message(2, iccid_text(1), 12));
    REQUIRE(b.order().state == error);
    b.phone.send(interrupted);
    CHECK(b.order().state == error);
    REQUIRE(b.smdp.server.cancel(b.phone.matching_id, kBegin));
    b.phone.send(b.phone.installation_message(3, iccid_text(1), 10));
    CHECK(b.order().state == unavailable);
}

TEST_CASE("when a device cancels, the reason decides whether the order stays open") {
    using Reason = rsp::CancelSessionReason;
    struct Row {
        Reason reason;
        smdp::OrderState state;
    };
    const Row rows[] = {{Reason::postponed, released},
                        {Reason::timeout, released},
                        {Reason::end_user_rejection, error},
                        {Reason::ppr_not_allowed, error}};
    for (const Row& row : rows) {
        INFO(static_cast<int>(row.reason));
        Bench b;
        REQUIRE(codes(b.phone.initiate()) == "");
        REQUIRE(codes(b.phone.authenticate()) == "");
        const OwnedBytes cancel = b.phone.cancel_message(row.reason);
        CHECK(codes(b.phone.send(cancel)) == "");
        CHECK(b.order().state == row.state);
        CHECK(codes(b.phone.send(cancel)) == ""); // repeated
        CHECK(b.order().state == row.state);
    }
    Bench b;
    REQUIRE(codes(b.phone.initiate()) == "");
    REQUIRE(codes(b.phone.authenticate()) == "");
    REQUIRE(b.smdp.server.cancel(b.phone.matching_id, kBegin));
    CHECK(codes(b.phone.send(b.phone.cancel_message(Reason::end_user_rejection))) == "");
    CHECK(b.order().state == unavailable); // what the operator did stands
}

TEST_CASE("when a result does not verify, nothing is believed and the sender hears the same as ever") {
    Bench b;
    REQUIRE(codes(b.phone.initiate()) == "");
    REQUIRE(codes(b.phone.authenticate()) == "");
    const auto sent_in_vain = [&](Bytes message) {
        const auto answer = b.phone.send(message);
        CHECK_FALSE(answer.failed);
        CHECK(answer.der.empty());
        return b.notifications() == 0 && b.order().state != installed && b.order().last_event.empty();
    };
    CHECK(sent_in_vain(b.phone.installation_message(1, iccid_text(1)))); // nothing was handed out yet
    REQUIRE(codes(b.phone.package()) == "");
    CHECK(sent_in_vain(b.phone.installation_message(1, iccid_text(2)))); // another ICCID
    b.phone.smdp_oid = {0x88, 0x37, 0x0B};
    CHECK(sent_in_vain(b.phone.installation_message(1, iccid_text(1)))); // for another SM-DP+
    b.phone.smdp_oid = b.smdp.config.oid_der;
    Handset other(b.pki, b.smdp, b.random, 2);
    other.transaction_id = b.phone.transaction_id;
    CHECK(sent_in_vain(other.installation_message(1, iccid_text(1)))); // another device's signature
    other.transaction_id.assign(16, 9);
    CHECK(sent_in_vain(other.installation_message(1, iccid_text(1))));
    const OwnedBytes good = b.phone.installation_message(1, iccid_text(1));
    // Everything behind the wrapping tags and lengths is signed, or is the signature.
    const auto inside = asn1::read_tlv(asn1::read_tlv(asn1::read_tlv(good)->content)->content);
    const size_t head = static_cast<size_t>(inside->content.data() - good.data());
    for (size_t bit = head * 8; bit < good.size() * 8; ++bit) {
        const auto answer = b.smdp.exchange(flipped(good, bit), b.phone.now);
        CHECK((answer && answer->der.empty()));
    }
    CHECK(b.notifications() == 0);
    CHECK(b.order().state == downloaded);
    b.phone.send(good);
    CHECK(b.order().state == installed);
}

TEST_CASE("when a profile's life is told, only its own eUICC is believed, and the newest word counts") {
    Bench b;
    using Event = rsp::NotificationEvent;
    const std::string number = iccid_text(1);
    // Nobody has the profile yet.
    b.phone.send(b.phone.notification_message(1, number, Event::notification_enable));
    CHECK(b.notifications() == 0);
    REQUIRE(b.phone.download());
    b.phone.send(b.phone.installation_message(2, number));

    Handset other(b.pki, b.smdp, b.random, 2);
    other.send(other.notification_message(3, number, Event::notification_delete));
    CHECK(b.order().last_event == "installed");
    const OwnedBytes enabled = b.phone.notification_message(3, number, Event::notification_enable);
    const OwnedBytes disabled = b.phone.notification_message(4, number, Event::notification_disable);
    b.phone.send(disabled);
    b.phone.send(enabled); // weeks late
    b.phone.send(disabled);
    CHECK(b.order().last_event == "disabled");
    CHECK(b.notifications() == 3);

    const Pki foreign(b.random);
    Handset liar(foreign, b.smdp, b.random, 1); // the same EID under another CI
    REQUIRE(liar.eid == b.phone.eid);
    liar.send(liar.notification_message(9, number, Event::notification_delete));
    b.phone.euicc.key = b.pki.eum.key.clone();
    b.phone.send(b.phone.notification_message(9, number, Event::notification_delete));
    CHECK(b.order().last_event == "disabled");
    CHECK(b.notifications() == 3);
}

TEST_CASE("when a notification cannot be read at all, it is dropped with the usual answer") {
    Bench b;
    for (const char* message : {"BF3D00", "BF3D05A003BF3700", "BF3D04A0020500", "BF3D06A004BF370101"}) {
        const auto answer =
            b.smdp.server.handle(rsp::Es9Function::handle_notification, *from_hex(message), kBegin);
        REQUIRE(answer);
        CHECK_FALSE(answer->failed);
        CHECK(answer->der.empty());
    }
}

TEST_CASE("when orders are placed, matching ids are 128 random bits and ICCID and id are taken once") {
    Bench b;
    std::set<std::string> ids;
    for (unsigned n = 2; n < 66; ++n) {
        const auto id = matching_id_of(b.smdp.order(iccid_text(n), "001010000000001", kBegin));
        CHECK(id.size() == 32);
        CHECK(id.find_first_not_of("0123456789ABCDEF") == std::string::npos);
        ids.insert(id);
    }
    CHECK(ids.size() == 64);
    const auto package =
        profile::sample_operational({.iccid = iccid(iccid_text(1)), .imsi = "001010000000009"});
    rsp::StoreMetadataRequest m{
        .iccid = iccid(iccid_text(1)), .service_provider_name = "L", .profile_name = "L"};
    smdp::NewOrder again{.package = owned(package->reveal()), .metadata = *asn1::encode(m)};
    const auto refusal = [&] { return std::string(b.smdp.server.place(again, kBegin).error().where); };
    CHECK(refusal() == "iccid");
    const auto other =
        profile::sample_operational({.iccid = iccid(iccid_text(99)), .imsi = "001010000000009"});
    again.package = owned(other->reveal());
    CHECK(refusal() == "iccid"); // package and metadata differ
    m.iccid = iccid(iccid_text(99));
    again.metadata = *asn1::encode(m);
    again.matching_id = b.phone.matching_id;
    CHECK(refusal() == "matchingId");
    again.matching_id = "lower";
    CHECK(refusal() == "matchingId");
    again.matching_id = std::string(256, 'A');
    CHECK(refusal() == "matchingId");
    again.matching_id = "A-1";
    CHECK(b.smdp.server.place(again, kBegin));
}
