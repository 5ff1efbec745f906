// The eIM between a device and its SM-DP+: only the order says who is called, and the order is what must be
// met. SGP.32 §3.2.3.2, §5.14.1 to §5.14.3, §5.14.8; SR-15, SR-19
#include "tests/loop/eim_kit.h"
#include <algorithm>
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::loop;

namespace {
/// A download that is out, to be relayed by hand.
struct Session : Desk {
    explicit Session(const std::string& oid = {}) {
        const auto first = audit_out();
        (void)provide(first.result);
        const std::string code = w.smdp.order(iccid_text(1), "001011000000001", w.now);
        id = w.eim.download(eid, oid.empty() ? code : code + "$" + oid);
        HALYARD_ASSERT(poll()[1] == 0x54);
    }
    OwnedBytes initiate(Bytes transaction, std::string_view address = {}, bool info = true) {
        const OwnedBytes challenge = d.es10(*from_hex("BF2E00"));
        const auto inside = asn1::read_tlv(challenge)->content; // 80 10 …
        const OwnedBytes info1 = info ? d.es10(*from_hex("BF2000")) : OwnedBytes{};
        const OwnedBytes name = address.empty() ? OwnedBytes{} : wrap(0x83, {bytes_of(address)});
        const OwnedBytes tid = transaction.empty() ? OwnedBytes{} : wrap(0x82, {transaction});
        return wrap(0xBF39, {wrap(0x81, {inside.subspan(2)}), name, info1, tid});
    }
    OwnedBytes tid() { return w.eim.operation(id).transaction_id; }
    std::string id;
};

/// An SM-DP+ that signs for another address.
struct OtherAddress : eim::SmdpLink {
    explicit OtherAddress(Session& s) : session(s) {}
    Result<rsp::Es9Answer> exchange(std::string_view, Bytes message, rsp::Interface) override {
        auto answer = TRY(session.w.smdp.exchange(message, session.w.now));
        const Bytes name = bytes_of(kSmdpAddress);
        const auto at = std::search(answer.der.begin(), answer.der.end(), name.begin(), name.end());
        if (at != answer.der.end()) *at = 'X';
        return answer;
    }
    Session& session;
};
} // namespace

TEST_CASE("when a session is begun for no order that is out, the code is 52") {
    Session s;
    CHECK(hex(s.ask(s.initiate(OwnedBytes(16, 7)))) == "BF3903810134");
    CHECK(hex(s.ask(s.initiate({}))) == "BF3903810134");
    const OwnedBytes good = s.initiate(s.tid());
    REQUIRE(s.w.eim.server.cancel(s.id, s.w.now));
    CHECK(hex(s.ask(good)) == "BF3903810134");
}

TEST_CASE("when the device names another SM-DP+ than the order, the code is 50; case does not matter") {
    Session s;
    CHECK(hex(s.ask(s.initiate(s.tid(), "evil.example"))) == "BF3903810132");
    CHECK(s.state(s.id) == eim::State::offered);
    CHECK(hex(s.ask(s.initiate(s.tid(), "SMDP.Loop.Test"))).starts_with("BF3982"));
    CHECK(s.state(s.id) == eim::State::executing);
    CHECK(hex(s.ask(s.initiate(s.tid()))).starts_with("BF3982")); // begun anew
}

TEST_CASE("when the SM-DP+ signs for another address, the code is 50 and no session begins") {
    Session s;
    OtherAddress link(s);
    eim::Server server(s.w.eim.config, *s.w.eim.store, link, s.w.random);
    const auto answer = server.esipa(s.initiate(s.tid()), s.w.now);
    REQUIRE(answer);
    CHECK(hex(*answer) == "BF3903810132");
    CHECK(s.state(s.id) == eim::State::offered);
}

TEST_CASE("when the SM-DP+'s OID is not the one of the activation code, the code is 51") {
    Session wrong("2.999.77");
    CHECK(hex(wrong.ask(wrong.initiate(wrong.tid()))) == "BF3903810133");
    Session right("2.999.10");
    CHECK(hex(right.ask(right.initiate(right.tid()))).starts_with("BF3982"));
}

TEST_CASE(
    "when euiccInfo1 is missing, it is taken from the euiccInfo2 on file; without one the code is 127") {
    Session s;
    OwnedBytes sent;
    s.w.eim.relayed = [&](Bytes message) { sent = owned(message); };
    CHECK(hex(s.ask(s.initiate(s.tid(), {}, false))).starts_with("BF3982"));
    const auto request = *asn1::decode<rsp::InitiateAuthenticationRequest>(sent);
    CHECK(hex(request.euicc_info1.der) == hex(s.d.es10(*from_hex("BF2000"))));
}

TEST_CASE("when euiccInfo1 is missing and no euiccInfo2 is on file, the code is 127") {
    Session s;
    auto device = s.device();
    device.euicc_info2.clear();
    REQUIRE(s.w.eim.store->commit({.devices = {device}}));
    CHECK(hex(s.ask(s.initiate(s.tid(), {}, false))) == "BF390381017F");
    CHECK(s.state(s.id) == eim::State::offered);
}

TEST_CASE("when the SM-DP+ cannot be reached, nothing is refused: the device is to come again") {
    Session s;
    s.w.smdp.down = true;
    const auto answer = s.w.eim.server.esipa(s.initiate(s.tid()), s.w.now);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == Errc::unreachable);
    CHECK(s.state(s.id) == eim::State::offered);
    s.w.smdp.down = false;
    CHECK(hex(s.ask(s.initiate(s.tid()))).starts_with("BF3982"));
}

TEST_CASE("when a relayed message belongs to no session, each function has its code") {
    Session s;
    const OwnedBytes unknown = wrap(0x80, {OwnedBytes(16, 9)});
    const OwnedBytes error = *from_hex("02017F");
    const OwnedBytes tid = wrap(0x80, {OwnedBytes(16, 9)});
    const OwnedBytes authenticate = wrap(0xBF38, {wrap(0xA1, {tid, error})});
    CHECK(hex(s.ask(wrap(0xBF3B, {unknown, authenticate}))) == "BF3B0382010A");
    const OwnedBytes prepare = wrap(0xBF21, {wrap(0xA1, {tid, error})});
    CHECK(hex(s.ask(wrap(0xBF3A, {unknown, prepare}))) == "BF3A0381015F");
}

TEST_CASE("when an order is cancelled during its session, the next step is refused") {
    World w;
    Device& d = w.add_device(ipa::Config::Download::indirect);
    REQUIRE(w.run());
    const auto id = w.eim.download(d.identity.eid, w.smdp.order(iccid_text(1), "001011000000001", w.now));
    bool cancelled = false;
    w.tap = [&](ipa::Peer, bool answer, OwnedBytes& message) {
        if (answer || cancelled || hex(message).substr(0, 4) != "BF3B") return;
        cancelled = true;
        REQUIRE(w.eim.server.cancel(id, w.now));
    };
    REQUIRE(w.poll());
    CHECK(cancelled);
    CHECK(d.card->isdr().state().profiles.size() == 1);
    CHECK(w.smdp.find(iccid_text(1)).state != smdp::OrderState::installed);
    CHECK(w.eim.operation(id).state != eim::State::succeeded);
}

TEST_CASE("when the SM-DP+ offers another profile than the expected one, it is not installed") {
    World w;
    Device& d = w.add_device(ipa::Config::Download::indirect);
    REQUIRE(w.run());
    const auto id = w.eim.create({.eid = d.identity.eid,
                                  .kind = eim::Kind::download,
                                  .activation_code = w.smdp.order(iccid_text(1), "001011000000001", w.now),
                                  .iccid = iccid(iccid_text(2))});
    REQUIRE(w.poll());
    CHECK(d.card->isdr().state().profiles.size() == 1);
    CHECK_FALSE(eim::is_final(w.eim.operation(id).state));
    const auto evidence = *w.eim.store->evidence(id);
    CHECK(std::any_of(evidence.begin(), evidence.end(), [](const eim::Evidence& e) {
        return e.what.find("another profile than the expected") != std::string::npos;
    }));
}
