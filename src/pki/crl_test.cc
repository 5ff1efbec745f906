// Revocation lists: those that the openssl program makes, read here; those made here, read by it; and chains
// judged with them.
#include "pki/testing.h"
#include <functional>
#include <malloc.h>

using namespace halyard;
using namespace halyard::pki::testing;
using pki::CrlRequest, rsp::ChainRule, rsp::Crl, rsp::CrlEntry, rsp::Revocation, rsp::RevocationReason,
    rsp::Role, rsp::Variant;

namespace {
constexpr int64_t kDay = 86400;

/// A CA directory in which `openssl ca` signs lists.
struct OpensslCa : Scratch {
    OpensslCa() {
        write("ext",
              "basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign,cRLSign\n"
              "subjectKeyIdentifier=hash\n");
        write("config", "[req]\ndistinguished_name=dn\nprompt=no\n[dn]\nCN=unused\n");
        REQUIRE(
            run("openssl req -new -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -keyout ci.key "
                "-out "
                "ci.csr -config config -subj /CN=CI && openssl x509 -req -in ci.csr -signkey ci.key -sha256 "
                "-days 40 -set_serial 1 -extfile ext -out ci.pem") == 0);
        ci = crypto::Certificate::parse_file(read("ci.pem"))->front();
    }
    /// `index` as openssl keeps it: R, expiry, revocation[,reason], serial, file, subject.
    OwnedBytes
    sign(const std::string& extensions, const std::string& index = "", const char* digest = "sha256") {
        write("index.txt", index);
        write("number", "07E8"); // 2024, which is SGP.26's
        write("ca",
              "[ca]\ndefault_ca=me\n[me]\ndatabase=index.txt\ncertificate=ci.pem\nprivate_key=ci."
              "key\ndefault_md=" +
                  std::string(digest) + "\n" +
                  (extensions.empty() ? "" : "crl_extensions=ext\ncrlnumber=number\n") + // without: v1
                  "[ext]\n" + extensions + "\n[idp]\nfullname=URI:http://ci.test.example.com/CRL-1.crl\n" +
                  "[user]\nonlyuser=TRUE\n[cas]\nonlyCA=TRUE\n[aa]\nonlyAA=TRUE\n[indirect]\nindirectCRL="
                  "TRUE\n" +
                  "[reasons]\nonlysomereasons=keyCompromise\n");
        const int status = run("openssl ca -config ca -gencrl -crldays 30 -out list.pem && "
                               "openssl crl -in list.pem -outform DER -out list.der");
        REQUIRE_MESSAGE(status == 0, said);
        return read("list.der");
    }
    crypto::Certificate ci;
};
const std::string kAki = "authorityKeyIdentifier=keyid:always\n";

/// A PKI with lists of its CAs.
struct World : Pki {
    using Pki::Pki;
    Crl list(Role issuer, const CrlRequest& r) {
        const auto der = pki::mint_crl(r, by_role.at(issuer));
        REQUIRE(der);
        auto crl = Crl::parse(*der);
        REQUIRE(crl);
        return std::move(*crl);
    }
    CrlRequest request(uint64_t number = 1) const {
        return {.this_update = kNow - Time(kDay * 1000),
                .next_update = kNow + Time(kDay * 1000),
                .number = number};
    }
    CrlEntry entry(Role role, std::optional<RevocationReason> reason = {}) const {
        return {.serial = certificate(role).serial, .date = at(1'790'000'000), .reason = reason};
    }
    ChainRule
    judge(Role leaf, const Revocation& revocation, Time now = kNow, rsp::ChainFinding* found = nullptr) {
        return rule(rsp::check_chain(path(leaf), leaf, anchors, now, &revocation, found));
    }
};
Revocation only(Crl crl) {
    Revocation out;
    out.crls.push_back(std::move(crl));
    return out;
}
} // namespace

TEST_CASE("when openssl signs a list, we read what it put in, and verify it") {
    OpensslCa ca;
    const OwnedBytes der =
        ca.sign(kAki + "issuingDistributionPoint=critical,@idp\n",
                "R\t351231235959Z\t260102030405Z,keyCompromise\t0102\tunknown\t/CN=a\n"
                "R\t491231235959Z\t490102030405Z,superseded\tB874F3ABFA6C44D3\tunknown\t/CN=b\n"
                "R\t351231235959Z\t260102030405Z\t7F\tunknown\t/CN=c\n"
                "V\t351231235959Z\t\t11\tunknown\t/CN=d\n");
    const auto crl = Crl::parse(der);
    REQUIRE_MESSAGE(crl, (crl ? "" : crl.error().where));
    CHECK(hex(crl->number()) == "07E8");
    CHECK(crl->size() == 3);
    CHECK(hex(crl->authority_key_id()) == hex(*ca.ci.subject_key_id));
    CHECK(same(crl->issuer(), ca.ci.subject));
    CHECK(crl->uris == std::vector<std::string>{"http://ci.test.example.com/CRL-1.crl"});
    CHECK(crl->next_update - crl->this_update == std::chrono::hours(24 * 30));
    CHECK(crl->ecdsa_sha256);
    CHECK(crypto::verify_der(*ca.ci.public_key, crl->tbs(), crl->signature()));
    const auto one = crl->find(*from_hex("0102")), two = crl->find(*from_hex("B874F3ABFA6C44D3")),
               three = crl->find(*from_hex("7F"));
    REQUIRE((one && two && three));
    CHECK(one->reason == RevocationReason::key_compromise);
    CHECK(one->date == at(1'767'323'045)); // date -d 2026-01-02T03:04:05Z +%s
    CHECK(two->reason == RevocationReason::superseded);
    CHECK(two->date == at(2'493'169'445)); // the same in 2049
    CHECK(!three->reason);
    CHECK(!crl->find(*from_hex("11")));
    // PEM, and two lists in one file.
    OwnedBytes pem = ca.read("list.pem");
    append(pem, Bytes(ca.read("list.pem")));
    const auto both = Crl::parse_file(pem);
    REQUIRE(both);
    CHECK(both->size() == 2);
    CHECK(same(both->back().der(), der));
}

TEST_CASE("when a list is of a kind that RSP does not use, it is refused by name") {
    OpensslCa ca;
    const auto refusal = [&](const std::string& extensions) {
        const auto crl = Crl::parse(ca.sign(extensions));
        return crl ? std::string("none") : std::string(name(crl.error().code)) + " " + crl.error().where;
    };
    CHECK(refusal(kAki) == "none");
    CHECK(refusal(kAki + "issuingDistributionPoint=critical,@user\n") == "none");
    CHECK(refusal(kAki + "issuingDistributionPoint=critical,@aa\n") ==
          "unsupported issuingDistributionPoint");
    CHECK(refusal(kAki + "issuingDistributionPoint=critical,@indirect\n") ==
          "unsupported issuingDistributionPoint");
    CHECK(refusal(kAki + "issuingDistributionPoint=critical,@reasons\n") ==
          "unsupported issuingDistributionPoint");
    CHECK(refusal(kAki + "2.5.29.27=critical,ASN1:INTEGER:1\n") == "unsupported deltaCRLIndicator");
    CHECK(refusal(kAki + "2.999.7=critical,DER:0500\n") == "unsupported CRL critical extension");
    CHECK(refusal(kAki + "2.999.7=DER:0500\n") == "none");
    CHECK(refusal(kAki + "2.23.146.1.2.0.2=ASN1:INTEGER:2\n2.23.146.1.2.0.3=ASN1:INTEGER:3\n") ==
          "bad value partialCrlNumber");
    CHECK(refusal(kAki + "2.23.146.1.2.0.2=ASN1:INTEGER:5000\n2.23.146.1.2.0.3=ASN1:INTEGER:3\n") ==
          "limit exceeded totalPartialCrlNumber");
    CHECK(refusal(kAki + "2.23.146.1.2.0.2=ASN1:INTEGER:2\n2.23.146.1.2.0.3=ASN1:INTEGER:2\n") == "none");
    const auto v1 = Crl::parse(ca.sign(""));
    REQUIRE(!v1);
    CHECK(v1.error().code == Errc::unsupported);
    CHECK(std::string_view(v1.error().where) == "CRL version");
    // Another hash: read, but not believed.
    const auto sha384 = Crl::parse(ca.sign(kAki, "", "sha384"));
    REQUIRE(sha384);
    CHECK(!sha384->ecdsa_sha256);
    CHECK(!Crl::parse({}));
    CHECK(!Crl::parse(*from_hex("3000")));
    OwnedBytes longer = ca.sign(kAki);
    longer.push_back(0);
    CHECK(!Crl::parse(longer));
}

TEST_CASE("when we sign a list, openssl reads the same, verifies it and refuses the certificates on it") {
    for (const auto curve : {crypto::Curve::p256, crypto::Curve::brainpool256}) {
        World w(Variant::o, curve);
        CrlRequest r = w.request(0x8000);
        const std::vector<CrlEntry> revoked{w.entry(Role::dp_auth, RevocationReason::key_compromise),
                                            w.entry(Role::dp_pb)};
        r.revoked = revoked;
        Scratch s;
        s.write("list.der", w.list(Role::ci, r).der());
        s.write("ci.pem", w.certificate(Role::ci).to_pem());
        REQUIRE(s.run("openssl crl -inform DER -in list.der -out list.pem") == 0);
        CHECK(s.run("openssl crl -in list.pem -noout -verify -CAfile ci.pem -text") == 0);
        CHECK(s.says("verify OK"));
        CHECK(s.says("Version 2 (0x1)"));
        CHECK(s.says("X509v3 CRL Number: \n                32768"));
        CHECK(s.says("Key Compromise"));
        CHECK(s.says("Serial Number: " + hex(w.certificate(Role::dp_auth).serial)));
        CHECK(s.says("Last Update: Jan 14 08:00:00 2027 GMT"));
        CHECK(s.says("Next Update: Jan 16 08:00:00 2027 GMT"));
        for (const Role role : {Role::dp_auth, Role::dp_pb, Role::dp_tls, Role::eim, Role::eum}) {
            const bool listed = role == Role::dp_auth || role == Role::dp_pb;
            s.write("leaf.pem", w.certificate(role).to_pem());
            const int status =
                s.run("openssl verify -x509_strict -crl_check -attime 1800000000 -CAfile ci.pem "
                      "-CRLfile list.pem leaf.pem");
            CHECK_MESSAGE((status == 0) == !listed, s.said);
            CHECK(s.says("certificate revoked") == listed);
        }
        // Scope and parts, as openssl words them.
        r.only_cas = true;
        r.uris = {"http://ci.test.example.com/CRL-1.crl", "http://ci.test.example.com/CRL-2.crl"};
        r.parts = 3;
        r.part = 2;
        s.write("list.der", w.list(Role::ci, r).der());
        CHECK(s.run("openssl crl -inform DER -in list.der -noout -text -CAfile ci.pem") == 0);
        CHECK(s.says("Only CA Certificates"));
        CHECK(s.says("URI:http://ci.test.example.com/CRL-2.crl"));
        CHECK(s.says("2.23.146.1.2.0.2: critical"));
        CHECK(s.says("verify OK"));
    }
}

TEST_CASE("when a certificate of a chain is revoked, the refusal tells which, when and why") {
    World w(Variant::c);
    const struct {
        Role issuer, revoked, leaf;
        size_t position;
    } rows[] = {{Role::ci, Role::ci_sub, Role::euicc, 3},
                {Role::ci_sub, Role::eum, Role::euicc, 2},
                {Role::eum, Role::eum_sub, Role::euicc, 1},
                {Role::eum_sub, Role::euicc, Role::euicc, 0},
                {Role::ci_sub, Role::dp_sub, Role::dp_auth, 1},
                {Role::dp_sub, Role::dp_auth, Role::dp_auth, 0},
                {Role::ci, Role::eim, Role::eim, 0}};
    for (const auto& row : rows) {
        CAPTURE(rsp::name(row.revoked));
        CrlRequest r = w.request();
        const std::vector<CrlEntry> revoked{w.entry(row.revoked, RevocationReason::superseded)};
        r.revoked = revoked;
        const Revocation revocation = only(w.list(row.issuer, r));
        rsp::ChainFinding found;
        CHECK(w.judge(row.leaf, revocation, kNow, &found) == ChainRule::revoked);
        CHECK(found.position == row.position);
        REQUIRE(found.revoked);
        CHECK(same(found.revoked->serial, w.certificate(row.revoked).serial));
        CHECK(found.revoked->date == at(1'790'000'000));
        CHECK(found.revoked->reason == RevocationReason::superseded);
        CHECK(w.judge(Role::ds_auth, revocation) ==
              (row.revoked == Role::ci_sub ? ChainRule::revoked : ChainRule::none));
        // A card has no clock, but can read a list.
        CHECK(rule(rsp::check_chain(w.path(row.leaf), row.leaf, w.anchors, std::nullopt, &revocation)) ==
              ChainRule::revoked);
    }
}

TEST_CASE("when lists of an issuer differ, the newest that covers the certificate decides") {
    World w(Variant::o);
    const std::vector<CrlEntry> revoked{w.entry(Role::dp_auth)};
    const auto signed_list =
        [&](uint64_t number, bool with_entry, const std::function<void(CrlRequest&)>& change) {
            CrlRequest r = w.request(number);
            if (with_entry) r.revoked = revoked;
            change(r);
            return w.list(Role::ci, r);
        };
    const auto unchanged = [](CrlRequest&) {};
    Revocation two = only(signed_list(0xFF, true, unchanged));
    two.crls.push_back(signed_list(0x100, false, unchanged));
    CHECK(w.judge(Role::dp_auth, two) == ChainRule::none); // taken off: it was on hold
    std::swap(two.crls[0], two.crls[1]);
    CHECK(w.judge(Role::dp_auth, two) == ChainRule::none);
    two.crls.push_back(signed_list(0x101, true, unchanged));
    CHECK(w.judge(Role::dp_auth, two) == ChainRule::revoked);
    // Scopes.
    const auto ca_only = only(signed_list(1, true, [](CrlRequest& r) { r.only_cas = true; }));
    CHECK(w.judge(Role::dp_auth, ca_only) == ChainRule::none);
    const auto users = only(signed_list(1, true, [](CrlRequest& r) { r.only_user_certificates = true; }));
    CHECK(w.judge(Role::dp_auth, users) == ChainRule::revoked);
    Revocation strict = only(signed_list(1, false, [](CrlRequest& r) { r.only_cas = true; }));
    strict.required = true;
    CHECK(w.judge(Role::dp_auth, strict) == ChainRule::crl_missing);
    CHECK(rule(rsp::check_under_anchor(w.certificate(Role::eum), Role::eum, w.anchors[0], kNow, &strict)) ==
          ChainRule::none);
    // A distribution point that the certificate does not name.
    pki::Request r = request(Role::dp_auth, w.oids);
    r.crl_uris = {"http://a.example.com/1", "http://a.example.com/2"};
    const auto c =
        *pki::certify(r, w.by_role.at(Role::dp_auth).key.public_key(), w.by_role.at(Role::ci), w.random);
    const std::vector<CrlEntry> listed{{.serial = c.serial, .date = kNow}};
    for (const char* uri : {"http://a.example.com/2", "http://a.example.com/3"}) {
        CrlRequest q = w.request();
        q.revoked = listed;
        q.uris = {uri};
        const auto revocation = only(w.list(Role::ci, q));
        CHECK(rule(rsp::check_chain(std::vector{c}, Role::dp_auth, w.anchors, kNow, &revocation)) ==
              (std::string_view(uri).ends_with("2") ? ChainRule::revoked : ChainRule::none));
    }
}

TEST_CASE("when a list is late, from the future, forged, in parts or missing, that is named") {
    World w(Variant::o);
    CrlRequest r = w.request();
    Revocation list = only(w.list(Role::ci, r));
    const Time next = r.next_update, tick(1000);
    rsp::ChainFinding found;
    CHECK(w.judge(Role::dp_auth, list, next, &found) == ChainRule::none);
    CHECK(!found.stale_crl);
    CHECK(w.judge(Role::dp_auth, list, next + list.grace, &found) == ChainRule::none); // a week. SR-09
    CHECK(found.stale_crl);
    CHECK(w.judge(Role::dp_auth, list, next + list.grace + tick) == ChainRule::crl_out_of_date);
    list.grace = Time(0);
    CHECK(w.judge(Role::dp_auth, list, next + tick) == ChainRule::crl_out_of_date);
    CHECK(w.judge(Role::dp_auth, list, r.this_update - tick) == ChainRule::crl_out_of_date);
    CHECK(w.judge(Role::dp_auth, {}) == ChainRule::none);
    Revocation none;
    none.required = true;
    CHECK(w.judge(Role::dp_auth, none) == ChainRule::crl_missing);
    list.required = true;
    CHECK(w.judge(Role::dp_auth, list) == ChainRule::none);
    CHECK(w.judge(Role::euicc, list) == ChainRule::crl_missing); // of the EUM

    // In the CI's name, by another key.
    World other(Variant::o);
    auto forger = pki::Credential{other.by_role.at(Role::ci).key.clone(), w.certificate(Role::ci)};
    const auto forged = only(*Crl::parse(*pki::mint_crl(r, forger)));
    CHECK(w.judge(Role::dp_auth, forged) == ChainRule::crl_signature);
    // Of a CA that may not sign lists.

    auto eum = pki::Credential{w.by_role.at(Role::eum).key.clone(), w.certificate(Role::eum)};
    eum.certificate.key_usage = crypto::key_cert_sign;
    CHECK(pki::mint_crl(r, eum).error().code == Errc::unverified);
    const auto of_eum = only(w.list(Role::eum, r));
    CHECK(rule(rsp::check_euicc(w.certificate(Role::euicc), w.certificate(Role::eum), kNow, &of_eum)) ==
          ChainRule::none);
    CHECK(rule(rsp::check_euicc(w.certificate(Role::euicc), eum.certificate, kNow, &of_eum)) ==
          ChainRule::crl_signature);

    // Parts: all of one number, or nothing is known of what none of them names.
    const std::vector<CrlEntry> revoked{w.entry(Role::dp_pb)};
    Revocation parts;
    r.parts = 2;
    for (r.part = 1; r.part <= 2; ++r.part) {
        if (r.part == 2) r.revoked = revoked;
        parts.crls.push_back(w.list(Role::ci, r));
    }
    CHECK(w.judge(Role::dp_auth, parts) == ChainRule::none);
    CHECK(w.judge(Role::dp_pb, parts) == ChainRule::revoked);
    std::swap(parts.crls[0], parts.crls[1]);
    CHECK(w.judge(Role::dp_pb, parts) == ChainRule::revoked);
    const Crl first = parts.crls[1];
    parts.crls.pop_back();
    CHECK(w.judge(Role::dp_auth, parts) == ChainRule::crl_incomplete);
    CHECK(w.judge(Role::dp_pb, parts) == ChainRule::revoked);
    r.number = 2;
    r.part = 2;
    parts.crls = {first, w.list(Role::ci, r)};
    CHECK(w.judge(Role::dp_auth, parts) == ChainRule::crl_incomplete);
}

TEST_CASE("when any bit of a list is flipped, it lets nobody through") {
    World w(Variant::o);
    CrlRequest r = w.request();
    const std::vector<CrlEntry> revoked{w.entry(Role::dp_auth, RevocationReason::key_compromise)};
    r.revoked = revoked;
    r.only_user_certificates = true;
    const Crl good = w.list(Role::ci, r);
    const auto path = w.path(Role::dp_pb);
    Revocation list = only(good);
    list.required = true;
    REQUIRE(rsp::check_chain(path, Role::dp_pb, w.anchors, kNow, &list));
    for (size_t bit = 0; bit < good.der().size() * 8; ++bit) {
        OwnedBytes bad = owned(good.der());
        bad[bit / 8] = static_cast<uint8_t>(bad[bit / 8] ^ 1 << bit % 8);
        auto crl = Crl::parse(bad);
        if (!crl) continue;
        list.crls[0] = std::move(*crl);
        if (rsp::check_chain(path, Role::dp_pb, w.anchors, kNow, &list)) FAIL("bit " << bit);
    }
}

TEST_CASE("when a list is as large as may be, it costs little more memory than its octets; a larger one is "
          "refused") {
    World w(Variant::o);
    std::vector<OwnedBytes> serials;
    std::vector<CrlEntry> entries;
    for (uint32_t i = 0; i < 280'000; ++i)
        serials.push_back(
            {0x40, static_cast<uint8_t>(i >> 16), static_cast<uint8_t>(i >> 8), static_cast<uint8_t>(i)});
    for (const auto& serial : serials)
        entries.push_back({.serial = serial, .date = kNow, .reason = RevocationReason::superseded});
    CrlRequest r = w.request();
    r.revoked = entries;
    const OwnedBytes der = *pki::mint_crl(r, w.by_role.at(Role::ci));
    REQUIRE(der.size() > 9'500'000);
    REQUIRE(der.size() <= Crl::kMaxSize);
    const auto used = [] {
        const auto info = ::mallinfo2();
        return info.uordblks + info.hblkhd;
    };
    const size_t before = used();
    const auto crl = Crl::parse(der);
    REQUIRE(crl);
    CHECK(used() - before < der.size() * 2); // SR-48 allows 4 with the input
    CHECK(crl->size() == entries.size());
    CHECK(crl->find(serials.back())->reason == RevocationReason::superseded);
    CHECK(!crl->find(*from_hex("41000000")));
    const OwnedBytes larger(Crl::kMaxSize + 1, 0x30);
    CHECK(Crl::parse(larger).error().code == Errc::limit);
}
