// `halyard pki` beyond `init`: variants, single certificates right and wrong, revocation, EIDs, several CIs.
// Judged by the openssl program and with the certificates of SGP.26.
#include "tests/e2e/run.h"
#include <sys/stat.h>

using namespace halyard;
using namespace halyard::e2e;

namespace {
Words operator+(Words a, const Words& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}
Ran pki(const Words& arguments) { return cli(Words{"pki"} + arguments); }
/// What `pki verify --json` says of each certificate: "ok A", or the rule.
std::map<std::string, std::string> verdicts(const Words& arguments) {
    const Ran ran = pki(Words{"verify", "--json"} + arguments);
    std::map<std::string, std::string> out;
    bool bad = false;
    const Json list = ran.json();
    INFO(ran);
    REQUIRE(list.is_array());
    for (const Json& one : list) {
        const bool ok = one.value("ok", false);
        bad |= !ok;
        out[one.value("certificate", "")] = ok ? "ok " + one.value("variant", "-") : one.value("rule", "");
    }
    CHECK(ran.status == (bad ? 1 : 0));
    return out;
}
void must(const Ran& ran) {
    INFO(ran);
    REQUIRE(ran.status == 0);
}
unsigned mode_of(const std::string& file) {
    struct stat info {};
    REQUIRE(::stat(file.c_str(), &info) == 0);
    return info.st_mode & 0777;
}
std::string error_of(const Ran& ran) {
    CHECK(ran.status == 1);
    return ran.json()["error"].value("code", "") + " " + ran.json()["error"].value("where", "");
}
} // namespace

TEST_CASE("when a PKI of each variant is made, verify finds that variant and openssl agrees on its servers") {
    for (const std::string variant : {"O", "Ov3", "A", "B", "C"})
        for (const std::string curve : {"nist", "brp"}) {
            CAPTURE(variant + curve);
            const Directory d;
            const std::string dir = d / "pki";
            must(pki({"init",
                      "--dir",
                      dir,
                      "--variant",
                      variant,
                      "--curve",
                      curve,
                      "--crl",
                      "http://a.test/1.crl"}));
            const auto found = verdicts({dir});
            CHECK(found.size() == (variant == "B" ? 11u : variant == "A" ? 13u : variant == "C" ? 14u : 10u));
            for (const auto& [name, verdict] : found) {
                CAPTURE(name);
                CHECK(verdict.starts_with("ok"));
                if (name.starts_with("euicc/") || name.starts_with("smdp-a"))
                    CHECK(verdict == "ok " + variant);
            }
            const std::string between = dir + "/between.pem";
            must(shell("cd " + dir + " && cat ci.pem $(ls | grep -- -sub.pem) >between.pem"));
            for (const char* leaf :
                 {"smdp-auth", "smdp-pb", "smdp-tls", "smds-auth", "smds-tls", "eim-tls"}) {
                const Ran ran = shell("openssl verify -x509_strict -CAfile " + dir + "/ci.pem -untrusted " +
                                      between + " " + dir + "/" + leaf + ".pem");
                INFO(ran);
                CHECK(ran.status == 0);
            }
            const Ran shown = pki({"show", dir});
            CHECK(shown.status == 0);
            CHECK(contains(shown.out, "check_digits"));
        }
}

TEST_CASE("when certificates are issued one by one, every role of every variant is right, and nothing is "
          "overwritten") {
    const Directory d;
    const std::string dir = d / "pki";
    must(pki({"issue", "ci", "--dir", dir}));
    must(pki({"issue", "ci-subca", "--dir", dir, "--variant", "C"}));
    for (const char* role : {"eum",
                             "eum-subca",
                             "dp-subca",
                             "ds-subca",
                             "dp-auth",
                             "dp-pb",
                             "dp-tls",
                             "ds-auth",
                             "ds-tls",
                             "eim",
                             "eim-tls"})
        must(pki({"issue", role, "--dir", dir, "--variant", "C"}));
    const std::string eid = "89049032123451234512345678901235";
    must(pki({"issue",
              "euicc",
              "--dir",
              dir,
              "--variant",
              "C",
              "--eid",
              eid,
              "--serial",
              "020000000000000001",
              "--not-after",
              "9999-12-31T23:59:59Z"}));
    const auto found = verdicts({dir});
    CHECK(found.size() == 14);
    for (const auto& [name, verdict] : found)
        CHECK_MESSAGE(verdict.starts_with("ok"), name << " " << verdict);
    const Ran again = pki({"issue", "dp-auth", "--dir", dir, "--variant", "C", "--json"});
    CHECK(error_of(again) == "conflict name");
    const std::string before = read_text(dir + "/smdp-auth.der");
    must(pki({"issue", "dp-auth", "--dir", dir, "--variant", "C", "--force"}));
    CHECK(read_text(dir + "/smdp-auth.der") != before);
    CHECK(mode_of(dir + "/smdp-auth.key") == 0600);
    CHECK(mode_of(dir + "/euicc/" + eid + ".key") == 0600);
    const std::string text = shell("openssl x509 -noout -text -in " + dir + "/euicc/" + eid + ".pem").out;
    CHECK(contains(text, "02:00:00:00:00:00:00:00:01"));
    CHECK(contains(text, "Not After : Dec 31 23:59:59 9999 GMT"));
    CHECK(contains(text, "serialNumber = " + eid));
    // What cannot be.
    CHECK(error_of(pki({"issue", "dp-subca", "--dir", dir, "--force", "--json"})) ==
          "unsupported role: this variant has none");
    CHECK(error_of(pki({"issue", "euicc", "--dir", dir, "--json"})) == "missing field eid");
    CHECK(error_of(pki({"issue", "dp-auth", "--dir", dir, "--curve", "brp", "--name", "x", "--json"})) ==
          "conflict curve");
    CHECK(pki({"issue", "nobody", "--dir", dir}).status == 2);
}

TEST_CASE("when a certificate is issued invalid on purpose, verify names what SGP.26 calls it, and only of "
          "that one") {
    const Directory d;
    const std::string dir = d / "pki";
    must(pki({"init", "--dir", dir}));
    const struct {
        const char *role, *kind, *rule;
    } rows[] = {{"dp-auth", "signature", "certificate signature"},
                {"dp-auth", "curve", "certificate curve"},
                {"dp-tls", "curve", "certificate curve"},
                {"dp-pb", "policy", "certificate role"},
                {"dp-auth", "critical-extension", "certificate key usage missing"},
                {"dp-auth", "key-usage", "certificate key usage"},
                {"dp-tls", "extended-key-usage", "certificate extended key usage"},
                {"eim-tls", "extended-key-usage", "certificate extended key usage"},
                {"eum", "key-usage", "certificate key usage"}};
    for (const auto& row : rows) {
        CAPTURE(std::string(row.role) + " " + row.kind);
        must(pki({"issue", row.role, "--dir", dir, "--name", "bad", "--invalid", row.kind, "--force"}));
        const auto found = verdicts({dir + "/bad.der", "--ca", dir + "/ci.der", "--role", row.role});
        CHECK(found.begin()->second == row.rule);
        CHECK(mode_of(dir + "/bad.key") == 0600);
    }
    must(pki({"issue", "dp-tls", "--dir", dir, "--name", "bad", "--invalid", "curve", "--force"}));
    const std::string text = shell("openssl x509 -noout -text -in " + dir + "/bad.pem").out;
    CHECK(contains(text, "secp384r1"));
    CHECK(shell("openssl pkey -noout -check -in " + dir + "/bad.key").status == 0);
    must(pki({"issue", "dp-tls", "--dir", dir, "--name", "bad", "--expired", "--force"}));
    CHECK(verdicts({dir + "/bad.der", "--ca", dir + "/ci.der"}).begin()->second == "certificate expired");
    const Ran openssl = shell("openssl verify -CAfile " + dir + "/ci.pem " + dir + "/bad.pem");
    CHECK(contains(openssl.all(), "certificate has expired"));
}

TEST_CASE(
    "when certificates are revoked, openssl and verify both find them on the list, with date and reason") {
    const Directory d;
    const std::string dir = d / "pki";
    must(pki({"init", "--dir", dir, "--variant", "A", "--euiccs", "2"}));
    must(pki({"crl", "--dir", dir, "--json"}));
    must(pki(
        {"revoke", "smdp-auth", "--dir", dir, "--reason", "keyCompromise", "--at", "2026-02-03T04:05:06Z"}));
    must(pki({"revoke", dir + "/eum.der", "--dir", dir}));
    const Ran ci = pki({"show", dir + "/ci.crl", "--json"});
    CHECK(ci.json()[0].value("crl_number", "") == "02");
    CHECK(ci.json()[0].value("entries", 0) == 1);
    CHECK(error_of(pki({"revoke", "eum", "--dir", dir, "--json"})) == "conflict revoked already");
    // openssl.
    for (const std::string ca : {"ci", "smdp-sub"}) {
        const Ran ran = shell("openssl crl -inform DER -in " + dir + "/" + ca + ".crl -out " + dir + "/" +
                              ca + ".crl.pem && openssl crl -in " + dir + "/" + ca +
                              ".crl.pem -noout -text -verify -CAfile " + dir + "/" + ca + ".pem");
        INFO(ran);
        CHECK(ran.status == 0);
        CHECK(contains(ran.all(), "verify OK"));
        CHECK(contains(ran.out, "Key Compromise") == (ca == "smdp-sub"));
        CHECK(contains(ran.out, "Feb  3 04:05:06 2026 GMT") == (ca == "smdp-sub"));
    }
    const auto by_openssl = [&](const std::string& leaf) {
        return shell("openssl verify -crl_check -CAfile " + dir + "/ci.pem -untrusted " + dir +
                     "/smdp-sub.pem -CRLfile " + dir + "/smdp-sub.crl.pem " + dir + "/" + leaf + ".pem");
    };
    CHECK(contains(by_openssl("smdp-auth").all(), "certificate revoked"));
    CHECK(by_openssl("smdp-pb").status == 0);
    // verify: the lists in the directory count; whoever stands under a revoked CA falls with it.
    auto found = verdicts({dir});
    for (const auto& [name, verdict] : found) {
        CAPTURE(name);
        const bool falls = name == "smdp-auth" || name.starts_with("eu");
        CHECK((verdict == "certificate revoked") == falls);
    }
    const Ran ran = pki({"verify", dir, "--json"});
    const Json verdict_list = ran.json();
    for (const Json& one : verdict_list)
        if (one.value("certificate", "") == "smdp-auth") {
            CHECK(one["revoked"].value("date", "") == "2026-02-03T04:05:06Z");
            CHECK(one["revoked"].value("reason", "") == "keyCompromise");
            CHECK(one["revoked"].value("serial", "") + "\n" ==
                  shell("openssl x509 -noout -serial -in " + dir + "/smdp-auth.pem | cut -d= -f2").out);
        } else if (one.value("certificate", "").starts_with("euicc/")) {
            CHECK(one.value("at", "") == "eum");
        }
    // Later than the list is good for.
    must(pki({"crl", "--dir", dir, "--issuer", "smdp-sub", "--days", "10", "--parts", "2"}));
    found = verdicts({dir + "/smdp-pb.der",
                      "--ca",
                      dir + "/ci.der",
                      "--chain",
                      dir + "/smdp-sub.der",
                      "--crl",
                      dir + "/smdp-sub.crl",
                      "--at",
                      "2040-01-01"});
    CHECK(found.begin()->second == "CRL out of date");
    const Words leaf{dir + "/smdp-pb.der", "--ca", dir + "/ci.der", "--chain", dir + "/smdp-sub.der"};
    CHECK(verdicts(leaf + Words{"--crl-required"}).begin()->second == "CRL missing");
    const Words parts{"--crl", dir + "/smdp-sub.part1.crl"};
    CHECK(verdicts(leaf + parts).begin()->second == "CRL part missing");
    CHECK(verdicts(leaf + parts + Words{"--crl", dir + "/smdp-sub.part2.crl"}).begin()->second == "ok A");
    CHECK(error_of(pki({"verify", dir, "--crl", dir + "/ci.pem", "--json"})) != " ");
}

TEST_CASE("when the certificates of SGP.26 are shown and verified, each role is recognised and each chain is "
          "good") {
    const auto data = shared_data("sgp26/CertificateIssuer");
    if (!data) return;
    const std::string root = *data + "/../";
    const struct {
        std::string file, role, variant;
    } rows[] = {{"CertificateIssuer/CERT_CI_ECDSA_", "CI", "-"},
                {"EUM/CERT_EUM_ECDSA_", "EUM", "O"},
                {"eUICC/CERT_EUICC_ECDSA_", "eUICC", "O"},
                {"DPauth/CERT_S_SM_DPauth_ECDSA_", "SM-DP+ auth", "O"},
                {"DPauth/CERT_S_SM_DP2auth_ECDSA_", "SM-DP+ auth", "O"},
                {"DPpb/CERT_S_SM_DPpb_ECDSA_", "SM-DP+ pb", "O"},
                {"DPpb/CERT_S_SM_DP2pb_ECDSA_", "SM-DP+ pb", "O"},
                {"DPtls/CERT_S_SM_DP_VARO_TLS_", "SM-DP+ TLS", "O"}};
    for (const std::string curve : {"NIST", "BRP"})
        for (const auto& row : rows) {
            const std::string file = root + row.file + curve + ".der";
            CAPTURE(file);
            const Ran shown = pki({"show", file, "--json"});
            REQUIRE(shown.status == 0);
            CHECK(shown.json()[0].value("role", "") == row.role);
            const Words at{"--at",
                           "2026-09-01",
                           "--ca",
                           root + "CertificateIssuer/CERT_CI_ECDSA_" + curve + ".der",
                           "--chain",
                           root + "EUM/CERT_EUM_ECDSA_" + curve + ".der"};
            CHECK(verdicts(Words{file} + at).begin()->second == "ok " + row.variant);
            // Beyond all of theirs but the eUICC's, whose issuers end.
            CHECK(pki(Words{"verify", file, "--at", "2056-01-01"} + Words(at.begin() + 2, at.end())).status ==
                  1);
        }
    const Ran euicc = pki({"show", root + "eUICC/CERT_EUICC_ECDSA_NIST.der", "--json"});
    CHECK(euicc.json()[0].value("not_after", "") == "7496-01-24T09:48:58Z");
    CHECK(euicc.json()[0]["eid"].value("valid", false));
    CHECK(pki({"show", root + "EUM/CERT_EUM_ECDSA_NIST.der", "--json"}).json()[0].value("eid_prefix", "") ==
          "89049032");
}

TEST_CASE("when EIDs are checked or made, check digits and prefix are judged and a wrong one is explained") {
    const Ran good = pki({"eid", "check", "89049032123451234512345678901235", "--ein", "89049032", "--json"});
    CHECK(good.status == 0);
    CHECK(good.json().value("valid", false));
    CHECK(good.json().value("ein", "") == "89049032");
    const Ran wrong = pki({"eid", "check", "89049032123451234512345678901335"});
    CHECK(wrong.status == 1);
    CHECK(contains(wrong.out, "modulo 97 must be 1: with check digits 32"));
    CHECK(pki({"eid", "check", "89049032123451234512345678901235", "--ein", "89049033"}).status == 1);
    CHECK(error_of(pki({"eid", "check", "8904903212345123451234567890123", "--json"})) == "bad length eid");
    CHECK(error_of(pki({"eid", "check", "8904903212345123451234567890123X", "--json"})) == "bad value eid");
    CHECK(pki({"eid", "make", "12345"}).out == "12345000000000000000000000000186\n");
    const Ran some = pki({"eid", "make", "89049032", "--number", "9", "--count", "3", "--json"});
    REQUIRE(some.json().size() == 3);
    const Json list = some.json();
    for (const Json& eid : list) {
        int rest = 0;
        for (const char digit : eid.get<std::string>()) rest = (rest * 10 + (digit - '0')) % 97;
        CHECK(rest == 1); // ISO 7064 MOD 97-10
    }
    CHECK(error_of(pki({"eid", "make", "8904903x", "--json"})) == "bad value eidPrefix");
}

TEST_CASE(
    "when a second CI is made beside the first, cards have both in order and the SM-DP+ serves under both") {
    const Directory d;
    const std::string dir = d / "pki", second = dir + "/second";
    must(pki({"init", "--dir", dir, "--euiccs", "2"}));
    const Ran made = pki({"init", "--dir", dir, "--name", "second", "--curve", "brp", "--json"});
    must(made);
    const Json eids = made.json()["eids"];
    REQUIRE(eids.size() == 2);
    CHECK(error_of(pki({"init", "--dir", dir, "--name", "second", "--json"})) == "conflict dir");
    for (const auto& [name, verdict] : verdicts({dir}))
        CHECK_MESSAGE(verdict.starts_with("ok"), name << verdict);
    CHECK(verdicts({dir}).size() == 22);
    CHECK(contains(shell("openssl x509 -noout -subject -in " + second + "/ci.pem").out,
                   "Halyard Test CI second"));
    const auto key_id = [](const std::string& ci) {
        std::string id =
            shell("openssl x509 -noout -ext subjectKeyIdentifier -in " + ci + " | tail -1 | tr -d ' :'").out;
        REQUIRE(id.size() == 41);
        id.pop_back(); // the line's end
        return id;
    };
    const std::string one = key_id(dir + "/ci.pem"), two = key_id(second + "/ci.pem");
    const auto info1 = [&](const std::string& card, const Words& pkis) {
        Words command{"euicc", "create", d / card, "--eid", eids[0]};
        for (const std::string& p : pkis) command = command + Words{"--pki", p};
        must(cli(command));
        const Ran ran = cli({"euicc",
                             "apdu",
                             d / card,
                             "00A4040010A0000005591010FFFFFFFF8900000100",
                             "80E2910003BF2000",
                             "00C0000000"});
        INFO(ran);
        REQUIRE(ran.status == 0);
        return ran.out;
    };
    // A9 and AA list both identifiers, the preferred one first. SGP.22 §5.7.8
    const std::string both = "A92C0414" + one + "0414" + two + "AA2C0414" + one + "0414" + two;
    CHECK(contains(info1("a", {dir, second}), both));
    CHECK(contains(info1("b", {second, dir}), "A92C0414" + two + "0414" + one));
    CHECK(contains(info1("c", {second}), "A9160414" + two));

    auto serving = app::Process::start(
        {{program("halyard"), "smdp", "serve", "--lab", "--state", d / "smdp", "--pki", dir, "--pki", second},
         d / "log"});
    REQUIRE(serving);
    const auto line = serving->line(std::chrono::seconds(30));
    INFO(read_text(d / "log"));
    REQUIRE(line);
    CHECK(contains(*line, "listening"));
    serving->stop(std::chrono::seconds(5));
    const auto refused = [&](const std::string& other) {
        const Ran ran = cli({"smdp", "serve", "--lab", "--state", d / "smdp", "--pki", dir, "--pki", other},
                            std::chrono::seconds(30));
        CHECK(ran.status == 1);
        return ran.err;
    };
    CHECK(contains(refused(dir), "conflict at ci"));
    must(pki({"init", "--dir", d / "other", "--smdp-oid", "2.999.11"}));
    CHECK(contains(refused(d / "other"), "conflict at registeredID"));
}
