// What a card is told to forbid and to allow: revocation lists and the rules authorisation table. SGP.22
// §5.7.12, §2.9.2
#include "pki/mint_crl.h"
#include "tests/loop/hand.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::loop;

namespace {
struct List {
    uint64_t number = 1;
    std::vector<const crypto::Certificate*> revoked{};
    uint32_t part = 0, parts = 0;
};
OwnedBytes crl(const List& list, const pki::Credential& issuer) {
    pki::CrlRequest r{.this_update = kBegin - Time(kDay), .next_update = kBegin + Time(30 * kDay)};
    r.number = list.number;
    r.part = list.part;
    r.parts = list.parts;
    std::vector<rsp::CrlEntry> entries;
    for (const auto* c : list.revoked) entries.push_back({.serial = c->serial, .date = kBegin - Time(kDay)});
    r.revoked = entries;
    return *pki::mint_crl(r, issuer);
}
// BF35 { A0 { content of the CertificateList } }
OwnedBytes load_of(Bytes list) { return tlv(0xBF35, {tlv(0xA0, {asn1::read_tlv(list)->content})}); }
std::string load(Bench& b, const List& list) { return hex(b.es10(load_of(crl(list, b.world.pki.ci)))); }
// Errors of a session with the SM-DP+: -1 when there is none.
int authenticate(Bench& b) { return session_error(HandServer(b).authenticate()); }
int prepare(Bench& b) {
    HandServer s(b);
    REQUIRE(session_error(s.authenticate()) == -1);
    return session_error(s.prepare());
}
const std::string kLoaded = "BF3502A000";
std::string refused(const char* code) { return std::string("BF350381010") + code; }
} // namespace

TEST_CASE("a server whose certificate is on a loaded list is refused, after a reset too") {
    for (const auto curve : {crypto::Curve::p256, crypto::Curve::brainpool256}) {
        Bench b(curve);
        const auto& pki = b.world.pki;
        CHECK(load(b, {.number = 1, .revoked = {&pki.eum.certificate}}) == kLoaded); // somebody else
        CHECK(authenticate(b) == -1);
        CHECK(load(b, {.number = 2, .revoked = {&pki.dp_pb.certificate}}) == kLoaded);
        CHECK(prepare(b) == 1); // invalidCertificate
        CHECK(load(b, {.number = 3, .revoked = {&pki.dp_auth.certificate}}) == kLoaded);
        CHECK(authenticate(b) == 1);
        REQUIRE(b.card.card->reset());
        CHECK(authenticate(b) == 1);
        CHECK(load(b, {.number = 4}) == kLoaded); // a fresher list takes the place of the one before
        CHECK(prepare(b) == -1);
    }
}

TEST_CASE("a card announces that it takes lists") {
    Bench b;
    // EUICCInfo2: 88 rspCapability, bits 0 additionalProfile, 1 crlSupport, 3 testProfileSupport, 4
    // deviceInfoExtensibilitySupport, 5 serviceSpecificDataSupport: 1101 1100
    CHECK(hex(b.es10(*from_hex("BF2200"))).find("880202DC") != std::string::npos);
}

TEST_CASE("LoadCRL: what is refused, with its code, changes nothing") {
    Bench b;
    const OwnedBytes list = load_of(crl({.number = 0x0200}, b.world.pki.ci));
    CHECK(hex(b.es10(list)) == kLoaded);
    const OwnedBytes before = b.state_octets();
    const auto& pki = b.world.pki;
    // 1 invalidSignature: one octet of the signature changed
    OwnedBytes damaged = crl({.number = 0x0300}, pki.ci);
    damaged.back() ^= 1;
    CHECK(hex(b.es10(load_of(damaged))) == refused("1"));
    // 2 invalidCRLFormat
    CHECK(hex(b.es10(*from_hex("BF3504A0020500"))) == refused("2"));
    // 4 verificationKeyNotFound: a list of the EUM, and one of another CI
    CHECK(hex(b.es10(load_of(crl({.number = 0x0300}, pki.eum)))) == refused("4"));
    World foreign(99);
    CHECK(hex(b.es10(load_of(crl({.number = 0x0300}, foreign.pki.ci)))) == refused("4"));
    // 5 fresherCrlAlreadyLoaded: numbers are compared as numbers, not octet by octet
    CHECK(load(b, {.number = 0x01FF}) == refused("5"));
    CHECK(load(b, {.number = 3}) == refused("5"));
    // 3 notEnoughMemorySpace
    b.card.identity.memory = static_cast<uint32_t>(b.state().used_memory());
    CHECK(load(b, {.number = 0x0300, .revoked = {&pki.eum.certificate}}) == refused("3"));
    CHECK(b.state_octets() == before);
    // The same list once more is no fresher one.
    CHECK(hex(b.es10(list)) == kLoaded);
    CHECK(b.state_octets() == before);
}

TEST_CASE("parts of a list: those missing are named, and the older list counts until all are there") {
    Bench b;
    const auto& pki = b.world.pki;
    CHECK(load(b, {.number = 1, .revoked = {&pki.dp_auth.certificate}}) == kLoaded);
    // A0 { A0 { 02 01 01, 02 01 03 } }: parts 1 and 3 of 3 are missing
    CHECK(load(b, {.number = 2, .part = 2, .parts = 3}) == "BF350AA008A006020101020103");
    CHECK(authenticate(b) == 1);
    CHECK(load(b, {.number = 2, .revoked = {&pki.dp_pb.certificate}, .part = 3, .parts = 3}) ==
          "BF3507A005A003020101");
    CHECK(authenticate(b) == 1);
    CHECK(load(b, {.number = 2, .part = 1, .parts = 3}) == kLoaded);
    CHECK(prepare(b) == 1); // the first list is gone, the third part is not
    CHECK(b.state().crls->size() == 3);
    CHECK(load(b, {.number = 3}) == kLoaded);
    CHECK(b.state().crls->size() == 1);
    CHECK(prepare(b) == -1);
}

TEST_CASE("a list that could not be stored was not taken") {
    Bench b;
    b.card.memory.fail_after = 0;
    CHECK(b.es10(load_of(crl({.revoked = {&b.world.pki.dp_auth.certificate}}, b.world.pki.ci))).empty());
    b.card.memory.fail_after = -1;
    CHECK_FALSE(b.state().crls);
    CHECK(authenticate(b) == -1);
}

// 30 { 80 pprIds, A1 { 30 { 80 mccMnc, … } … }, 82 consentRequired }. Profiles here belong to 001 01: 00F110.
TEST_CASE("a policy rule is allowed to the operators that the table names") {
    struct Case {
        const char *owner, *rules, *rat;
        bool installed;
    };
    const char *const ppr1 = "99020640", *const ppr2 = "99020520", *const own = "B705800300F110";
    const Case cases[] = {
        {own, ppr2, "", false},
        {own, ppr2, "BF4302A000", false},
        // any operator, rule 2
        {own, ppr2, "BF4315A013301180020520A10730058003EEEEEE82020780", true},
        {own, ppr1, "BF4315A013301180020520A10730058003EEEEEE82020780", false},
        {"", ppr2, "BF4315A013301180020520A10730058003EEEEEE82020780", false}, // nobody's
        // this one, 001 01; 001 02; MCC 001 with whatever MNC
        {own, ppr2, "BF4315A013301180020520A1073005800300F11082020780", true},
        {own, ppr2, "BF4315A013301180020520A1073005800300F12082020780", false},
        {own, ppr2, "BF4315A013301180020520A1073005800300E1EE82020780", true},
        // with GID1 A1, which the profile's owner does not have; with any GID1
        {own, ppr2, "BF4318A016301480020520A10A3008800300F1108101A182020780", false},
        {own, ppr2, "BF4317A015301380020520A1093007800300F110810082020780", true},
        // two operators in one rule; rules 1 and 2 in two
        {own, ppr2, "BF431CA01A301880020520A10E3005800300F1203005800300F11082020780", true},
    };
    for (const Case& c : cases) {
        CAPTURE(std::string(c.rat));
        Bench b;
        b.card.identity.rat = *from_hex(c.rat);
        const OwnedBytes more = *from_hex(std::string(c.owner) + c.rules);
        const auto done = install(b, 1, more);
        CHECK(done.success == c.installed);
        if (!c.installed) CHECK(done.reason == 15); // pprNotAllowed
    }
}

TEST_CASE("PPR1 needs a card without an operational profile") {
    // rule 1 and 2 for everybody: pprIds 05 60: bits 1 and 2, five unused
    const OwnedBytes rat = *from_hex("BF4315A013301180020560A10730058003EEEEEE82020780");
    const OwnedBytes tied = *from_hex("B705800300F11099020640");
    Bench b; // its bootstrap is a provisioning profile
    b.card.identity.rat = rat;
    CHECK(install(b, 1, tied).success);
    CHECK(install(b, 2, tied).reason == 15); // now there is one
    CHECK(install(b, 3).success);
}

TEST_CASE("the table is shown as it was put in, to the assistant and to the eIM") {
    Bench b;
    CHECK(hex(b.es10(*from_hex("BF4300"))) == "BF4302A000");
    CHECK(b.order({kGetRat}).results == "A600");
    const std::string entry = "301180020560A10730058003EEEEEE82020780";
    b.card.identity.rat = *from_hex("BF4315A013" + entry);
    CHECK(hex(b.es10(*from_hex("BF4300"))) == "BF4315A013" + entry);
    CHECK(b.order({kGetRat}).results == "A613" + entry);
}
