// A server before the card: AuthenticateServer, PrepareDownload, CancelSession. SGP.22 §5.7.5, §5.7.13,
// §5.7.14
#include "tests/loop/hand.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::loop;

namespace {
// The codes of AuthenticateServer and PrepareDownload, which agree but for two.
constexpr int kCertificate = 1, kSignature = 2, kNoSession = 4, kOid = 5, kTransaction = 5, kChallenge = 6,
              kCi = 7;
pki::Request server_request(const Bench& b, rsp::Role role, const char* oid = "2.999.10") {
    auto r = b.world.pki.request(role, kSmdpAddress);
    r.registered_id = oid;
    if (role == rsp::Role::dp_tls) r.dns_names = {kSmdpAddress};
    return r;
}
} // namespace

TEST_CASE("when everything is right, the card signs what it was given and copies ctxParams1") {
    for (const auto curve : {crypto::Curve::p256, crypto::Curve::brainpool256}) {
        Bench b(curve);
        HandServer s(b);
        const OwnedBytes answer = s.authenticate();
        const OwnedBytes ok = whole_part(answer, 0);
        REQUIRE(ok[0] == 0xA0);
        const OwnedBytes signed1 = whole_part(ok, 0);
        CHECK(crypto::verify(b.card_key(), {signed1}, part(ok, 1)));
        CHECK(hex(part(signed1, 0)) == hex(s.transaction_id));
        CHECK(text_of(part(signed1, 1)) == kSmdpAddress);
        CHECK(hex(whole_part(signed1, 4)) == "A00AA108800435290611A100");
        CHECK(hex(whole_part(ok, 2)) == hex(b.card.identity.keys.front().euicc_certificate));
        CHECK(hex(whole_part(ok, 3)) == hex(b.world.pki.eum.certificate.der));
        const OwnedBytes prepared = whole_part(s.prepare(), 0);
        REQUIRE(prepared[0] == 0xA0);
        CHECK(s.card_otpk.size() == 65);
        CHECK(part(prepared, 1).size() == 64);
    }
}

TEST_CASE("AuthenticateServer: each error, in the order of its checks") {
    Bench b;
    auto& random = b.world.random;
    const auto try_with = [&](auto&& change) {
        HandServer s(b);
        change(s);
        return session_error(s.authenticate());
    };
    // Without a challenge there is no session; in one that is authenticated there is no second time.
    HandServer first(b);
    CHECK(session_error(first.authenticate()) == -1);
    CHECK(session_error(b.es10(first.authenticate_command)) == kNoSession);
    REQUIRE(b.card.card->reset());
    CHECK(session_error(b.es10(first.authenticate_command)) == kNoSession);
    CHECK(session_error(first.prepare()) == kNoSession);

    CHECK(try_with([](HandServer& s) { s.ci_key_id = OwnedBytes(20, 0xAB); }) == kCi);
    // A CI that this card does not know
    World foreign(99);
    CHECK(try_with([&](HandServer& s) { s.auth = &foreign.pki.dp_auth; }) == kCi);
    // Its name and identifier, but not its signature
    auto forged_ci = *pki::mint_ci(b.world.pki.request(rsp::Role::ci, "Loop CI"), random);
    forged_ci.certificate.subject_key_id = b.world.pki.ci.certificate.subject_key_id;
    const auto forged = *pki::mint(server_request(b, rsp::Role::dp_auth), forged_ci, random);
    CHECK(try_with([&](HandServer& s) { s.auth = &forged; }) == kCertificate);
    // Another role
    for (const auto role : {rsp::Role::dp_pb, rsp::Role::dp_tls}) {
        const auto wrong = *pki::mint(server_request(b, role), b.world.pki.ci, random);
        CHECK(try_with([&](HandServer& s) { s.auth = &wrong; }) == kCertificate);
    }
    CHECK(try_with([&](HandServer& s) { s.auth = &b.world.pki.eum; }) == kCertificate);
    // No registeredID
    auto request = server_request(b, rsp::Role::dp_auth);
    request.registered_id.clear();
    const auto nameless = pki::mint(request, b.world.pki.ci, random);
    REQUIRE(nameless);
    CHECK(try_with([&](HandServer& s) { s.auth = &*nameless; }) == kOid);
    CHECK(try_with([](HandServer& s) { s.damage_signature1 = true; }) == kSignature);
    CHECK(try_with([](HandServer& s) { s.challenge = OwnedBytes(16, 1); }) == kChallenge);
    // The signature is judged before the challenge.
    CHECK(try_with([](HandServer& s) {
              s.damage_signature1 = true;
              s.challenge = OwnedBytes(16, 1);
          }) == kSignature);
    CHECK(try_with([](HandServer&) {}) == -1);
}

TEST_CASE("when a certificate has expired, the card takes it: it has no clock, the IPA and the eIM have") {
    Bench b;
    auto request = server_request(b, rsp::Role::dp_auth);
    request.validity = {Time(0), Time(kDay)}; // 1970
    const auto expired = *pki::mint(request, b.world.pki.ci, b.world.random);
    HandServer s(b);
    s.auth = &expired;
    CHECK(session_error(s.authenticate()) == -1);
    CHECK(rsp::check_under_anchor(expired.certificate, rsp::Role::dp_auth, b.world.pki.anchor, kBegin)
              .error()
              .code == Errc::expired);
}

TEST_CASE("when the server is an SM-DS, it is authenticated, but nothing can be downloaded from it") {
    Bench b;
    const auto ds = *pki::mint(server_request(b, rsp::Role::ds_auth), b.world.pki.ci, b.world.random);
    HandServer s(b);
    s.auth = &ds;
    CHECK(session_error(s.authenticate()) == -1);
    CHECK(session_error(s.prepare()) == kNoSession);
}

TEST_CASE("when a challenge is used twice, or an older one, the server is refused") {
    Bench b;
    HandServer s(b);
    const OwnedBytes older = part(b.es10(*from_hex("BF2E00")), 0);
    s.challenge = older;
    CHECK(session_error(s.authenticate()) == kChallenge); // which asked for a newer one
    HandServer again(b);
    again.open();
    CHECK(part(b.es10(*from_hex("BF2E00")), 0).size() == 16);
    CHECK(session_error(again.prepare()) == kNoSession); // a new challenge ended the session
}

TEST_CASE("PrepareDownload: each error, in the order of its checks") {
    Bench b;
    const auto try_with = [&](auto&& change) {
        HandServer s(b);
        REQUIRE(session_error(s.authenticate()) == -1);
        change(s);
        return session_error(s.prepare());
    };
    const auto wrong_role = *pki::mint(server_request(b, rsp::Role::dp_auth), b.world.pki.ci, b.world.random);
    CHECK(try_with([&](HandServer& s) { s.pb = &wrong_role; }) == kCertificate);
    const auto other_server =
        *pki::mint(server_request(b, rsp::Role::dp_pb, "2.999.11"), b.world.pki.ci, b.world.random);
    CHECK(try_with([&](HandServer& s) { s.pb = &other_server; }) == kCertificate);
    World foreign(98);
    CHECK(try_with([&](HandServer& s) { s.pb = &foreign.pki.dp_pb; }) == kCertificate);
    CHECK(try_with([](HandServer& s) { s.damage_signature2 = true; }) == kSignature);
    CHECK(try_with([](HandServer& s) { s.euicc_signature1[10] ^= 1; }) == kSignature);
    CHECK(try_with([](HandServer& s) { s.transaction_id2 = OwnedBytes(16, 9); }) == kTransaction);
    CHECK(try_with([](HandServer& s) {
              s.damage_signature2 = true;
              s.transaction_id2 = OwnedBytes(16, 9);
          }) == kSignature);
    CHECK(try_with([](HandServer&) {}) == -1);
}

TEST_CASE("when the SM-DP+ offers a one-time key that was not used, the card takes the same pair again") {
    Bench b;
    HandServer first(b);
    first.open();
    HandServer second(b);
    second.offered_otpk = first.card_otpk;
    second.open();
    CHECK(second.card_otpk == first.card_otpk);
    HandServer third(b);
    third.offered_otpk = OwnedBytes(65, 4); // never ours
    third.open();
    CHECK(third.card_otpk != first.card_otpk);
    // Another SM-DP+ does not get it.
    const auto auth =
        *pki::mint(server_request(b, rsp::Role::dp_auth, "2.999.12"), b.world.pki.ci, b.world.random);
    const auto pb =
        *pki::mint(server_request(b, rsp::Role::dp_pb, "2.999.12"), b.world.pki.ci, b.world.random);
    HandServer other(b);
    other.auth = &auth;
    other.pb = &pb;
    other.offered_otpk = first.card_otpk;
    other.open();
    CHECK(other.card_otpk != first.card_otpk);
}

TEST_CASE("CancelSession: signed with the server's OID and the reason, and the session is gone") {
    Bench b;
    HandServer s(b);
    s.open();
    const auto cancel = [&](Bytes id) { return b.es10(tlv(0xBF41, {tlv(0x80, {id}), *from_hex("810101")})); };
    CHECK(hex(cancel(OwnedBytes(16, 9))) == "BF4103810105");
    const OwnedBytes ok = whole_part(cancel(s.transaction_id), 0);
    REQUIRE(ok[0] == 0xA0);
    // 30 { 80 transactionId, 81 2.999.10, 82 postponed }
    CHECK(hex(whole_part(ok, 0)) == "301A8010" + hex(s.transaction_id) + "810388370A820101");
    CHECK(crypto::verify(b.card_key(), {whole_part(ok, 0)}, part(ok, 1)));
    CHECK(hex(cancel(s.transaction_id)) == "BF4103810105");
    CHECK(session_error(s.prepare()) == kNoSession);
}

TEST_CASE("GetCerts by CI, GetEID, GetRAT, IpaeActivation and functions the card does not know") {
    Bench b;
    const auto& keys = b.card.identity.keys.front();
    const OwnedBytes certs = whole_part(b.es10(tlv(0xBF56, {tlv(0x80, {keys.ci_key_id})})), 0);
    REQUIRE(certs[0] == 0xA0);
    OwnedBytes card = whole_part(certs, 1);
    REQUIRE(card[0] == 0xA6);
    card[0] = 0x30; // the implicit tag took the place of the SEQUENCE's
    CHECK(hex(card) == hex(keys.euicc_certificate));
    CHECK(b.es10(*from_hex("BF5600")) == b.es10(tlv(0xBF56, {tlv(0x80, {keys.ci_key_id})})));
    CHECK(hex(b.es10(tlv(0xBF56, {tlv(0x80, {OwnedBytes(20, 1)})}))) == "BF5603810101");
    CHECK(hex(b.es10(*from_hex("BF3E035C015A"))) == "BF3E125A10" + hex(b.eim.eid));
    CHECK(hex(b.es10(*from_hex("BF4300"))) == "BF4302A000");
    CHECK(hex(b.es10(*from_hex("BF420480020780"))) == "BF4203800101"); // notSupported
    const auto unknown = b.card.card->isdr().handle(*from_hex("BF7000"));
    REQUIRE_FALSE(unknown);
    CHECK(unknown.error().code == Errc::not_found);
}
