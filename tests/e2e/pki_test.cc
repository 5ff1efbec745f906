// What `halyard pki` mints, judged by the openssl program.
#include "tests/e2e/run.h"
#include <sys/stat.h>

using namespace halyard;
using namespace halyard::e2e;

namespace {
Ran verify_by_openssl(const std::string& ca,
                      const std::string& certificate,
                      const std::string& options = {}) {
    return shell("openssl verify -x509_strict -CAfile " + ca + " " + options + " " + certificate);
}
std::string text_of_certificate(const std::string& file) {
    return shell("openssl x509 -noout -text -in " + file).out;
}
const char* kLeaves[] = {"smdp-auth", "smdp-pb", "smdp-tls", "eim-sign", "eim-tls"};

void check_by_openssl(const std::string& dir, const std::string& ca) {
    for (const std::string leaf : kLeaves) {
        CAPTURE(leaf);
        const Ran ran = verify_by_openssl(ca, dir + "/" + leaf + ".pem");
        INFO(ran);
        CHECK(ran.status == 0);
    }
    CHECK(verify_by_openssl(ca, dir + "/eum.pem").status == 0);
    const std::string server = "-purpose sslserver -verify_hostname ";
    CHECK(verify_by_openssl(ca, dir + "/smdp-tls.pem", server + "smdp.halyard.test").status == 0);
    CHECK(verify_by_openssl(ca, dir + "/eim-tls.pem", server + "eim.halyard.test").status == 0);
    CHECK(verify_by_openssl(ca, dir + "/eim-tls.pem", server + "smdp.halyard.test").status != 0);
}
} // namespace

TEST_CASE("when a PKI is minted, openssl verifies every certificate and reads what SGP.26 asks for") {
    const Directory d;
    const std::string dir = d / "pki";
    REQUIRE(cli({"pki",
                 "init",
                 "--dir",
                 dir,
                 "--not-before",
                 "2026-01-02",
                 "--not-after",
                 "2031-03-04T05:06:07Z"})
                .status == 0);
    check_by_openssl(dir, dir + "/ci.pem");
    // SGP.26: the role in certificatePolicies, the SM-DP+ in a registeredID.
    const std::string auth = text_of_certificate(dir + "/smdp-auth.pem");
    CHECK(contains(auth, "Policy: 2.23.146.1.2.1.4"));
    CHECK(contains(auth, "Registered ID:2.999.10"));
    CHECK(contains(auth, "Not Before: Jan  2 00:00:00 2026 GMT"));
    CHECK(contains(auth, "Not After : Mar  4 05:06:07 2031 GMT"));
    CHECK(contains(auth, "ecdsa-with-SHA256"));
    CHECK(contains(text_of_certificate(dir + "/smdp-pb.pem"), "Policy: 2.23.146.1.2.1.5"));
    const std::string tls = text_of_certificate(dir + "/smdp-tls.pem");
    CHECK(contains(tls, "Policy: 2.23.146.1.2.1.3"));
    CHECK(contains(tls, "DNS:smdp.halyard.test"));
    CHECK(contains(tls, "TLS Web Server Authentication"));
    CHECK(contains(text_of_certificate(dir + "/eum.pem"), "Policy: 2.23.146.1.2.1.2"));
    CHECK(contains(text_of_certificate(dir + "/ci.pem"), "Policy: 2.23.146.1.2.1.0"));
}

TEST_CASE(
    "when an eUICC certificate is minted, its EID is in it and openssl finds the EUM's signature good") {
    const Directory d;
    const std::string dir = d / "pki";
    const Ran made = cli({"pki", "init", "--dir", dir, "--json"});
    REQUIRE(made.status == 0);
    const std::string eid = made.json()["eids"][0];
    const std::string file = dir + "/euicc/" + eid + ".pem", text = text_of_certificate(file);
    CHECK(contains(text, "serialNumber = " + eid));
    CHECK(contains(text, "Policy: 2.23.146.1.2.1.1"));
    // A general validator reads the EUM's name constraint otherwise than SGP.26 means it: that one complaint
    // (47) and no other.
    const Ran ran = shell("openssl verify -CAfile " + dir + "/ci.pem -untrusted " + dir + "/eum.pem " + file);
    INFO(ran);
    CHECK(contains(ran.all(), "error 47 at 0 depth lookup: permitted subtree violation"));
    CHECK(!contains(ran.all(), "signature"));
}

TEST_CASE("when keys are written, only their owner can read them") {
    const Directory d;
    REQUIRE(cli({"pki", "init", "--dir", d / "pki"}).status == 0);
    size_t keys = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(d / "pki")) {
        if (entry.path().extension() != ".key") continue;
        ++keys;
        struct stat info {};
        REQUIRE(::stat(entry.path().c_str(), &info) == 0);
        CHECK((info.st_mode & 0777) == 0600);
    }
    CHECK(keys == 10); // CI, EUM, eUICC and seven leaves
}

TEST_CASE("when the curve is brainpool, openssl says so of every key and verifies every certificate") {
    const Directory d;
    const std::string dir = d / "pki";
    REQUIRE(cli({"pki", "init", "--dir", dir, "--curve", "brainpool"}).status == 0);
    check_by_openssl(dir, dir + "/ci.pem");
    for (const char* name : {"ci", "eum", "smdp-auth", "smdp-pb", "smdp-tls", "eim-sign", "eim-tls"})
        CHECK(contains(text_of_certificate(dir + "/" + name + ".pem"), "brainpoolP256r1"));
}

TEST_CASE("when the CI is the one of SGP.26, everything hangs under it and its key stays where it is") {
    const auto data = shared_data("sgp26/CertificateIssuer");
    if (!data) return;
    struct Curve {
        std::string file, option, key_id;
    };
    // subjectKeyIdentifiers as SGP.26 prints them.
    for (const Curve& c : {Curve{"NIST", "p256", "F54172BDF98A95D65CBEB88A38A1C11D800A85C3"},
                           Curve{"BRP", "brainpool", "C0BC70BA36929D43B467FF57570530E57AB8FCD8"}})
        for (const char* form : {".der", ".pem"}) {
            CAPTURE(c.file);
            const Directory d;
            const std::string base = *data + "/CERT_CI_ECDSA_" + c.file, dir = d / "pki";
            const Ran made = cli({"pki",
                                  "init",
                                  "--dir",
                                  dir,
                                  "--curve",
                                  c.option,
                                  "--ci-key",
                                  *data + "/SK_CI_ECDSA_" + c.file + ".pem",
                                  "--ci-cert",
                                  base + form,
                                  "--json"});
            INFO(made);
            REQUIRE(made.status == 0);
            CHECK(made.json().value("ci_key_id", "") == c.key_id);
            CHECK(!std::filesystem::exists(dir + "/ci.key"));
            check_by_openssl(dir, base + ".pem");
            CHECK(cli({"pki", "verify", dir}).status == 0);
            CHECK(cli({"pki", "verify", dir, "--at", "2019-01-01"}).status == 1); // before this CI
        }
}

TEST_CASE("when a CI's key and certificate do not match, or one is missing, nothing is minted") {
    const Directory d;
    REQUIRE(cli({"pki", "init", "--dir", d / "a"}).status == 0);
    REQUIRE(cli({"pki", "init", "--dir", d / "b"}).status == 0);
    const auto refused = [&](const Words& options) {
        Words all{"pki", "init", "--dir", d / "c", "--json"};
        all.insert(all.end(), options.begin(), options.end());
        const Ran ran = cli(all);
        INFO(ran);
        CHECK(ran.status == 1);
        CHECK(!std::filesystem::exists(d / "c/ci.der"));
        return ran.json()["error"].value("code", "") + " " + ran.json()["error"].value("where", "");
    };
    CHECK(refused({"--ci-key", d / "a/ci.key", "--ci-cert", d / "b/ci.der"}) ==
          "unverified ci-key and ci-cert");
    CHECK(refused({"--ci-key", d / "a/ci.key"}) == "missing field ci-cert");
    CHECK(refused({"--ci-cert", d / "a/ci.der"}) == "missing field ci-key");
    CHECK(refused({"--ci-key", d / "none", "--ci-cert", d / "a/ci.der"}) == "not found ci-key");
    CHECK(refused({"--ci-key", d / "a/ci.key", "--ci-cert", d / "none"}) == "not found ci-cert");
    // A leaf is no CI.
    CHECK(refused({"--ci-key", d / "a/smdp-tls.key", "--ci-cert", d / "a/smdp-tls.der"}) ==
          "unverified certificate signature");
}

TEST_CASE("when certificates are shown, roles, names and dates are those openssl reads") {
    const Directory d;
    const std::string dir = d / "pki";
    REQUIRE(cli({"pki", "init", "--dir", dir, "--not-after", "2040-06-07"}).status == 0);
    const Ran ran = cli({"pki", "show", dir, "--json"});
    INFO(ran);
    REQUIRE(ran.status == 0);
    std::map<std::string, Json> by_name;
    const Json list = ran.json();
    for (const Json& one : list) by_name[std::filesystem::path(one.value("file", "")).stem().string()] = one;
    CHECK(by_name.size() == 10);
    CHECK(by_name["smdp-auth"].value("role", "") == "SM-DP+ auth");
    CHECK(by_name["smdp-pb"].value("role", "") == "SM-DP+ pb");
    CHECK(by_name["eum"].value("eid_prefix", "") == "89049032");
    CHECK(by_name["eim-tls"]["dns_names"] == Json::array({"eim.halyard.test"}));
    CHECK(by_name["ci"].value("not_after", "") == "2040-06-07T00:00:00Z");
    std::string ski =
        shell("openssl x509 -noout -ext subjectKeyIdentifier -in " + dir + "/ci.pem | tail -1 | tr -d ' :'")
            .out;
    CHECK(by_name["ci"].value("subject_key_id", "") + "\n" == ski);
    const Ran people = cli({"pki", "show", dir + "/smdp-tls.pem"});
    CHECK(people.status == 0);
    CHECK(contains(people.out, "smdp.halyard.test"));
}

TEST_CASE("when a certificate in a directory is bad, verify exits 1 and names certificate and rule") {
    const Directory d;
    const std::string dir = d / "pki";
    REQUIRE(cli({"pki", "init", "--dir", dir, "--not-after", "2040-01-01"}).status == 0);
    const auto rules = [&](const Words& more) {
        Words all{"pki", "verify", dir, "--json"};
        all.insert(all.end(), more.begin(), more.end());
        const Ran ran = cli(all);
        std::map<std::string, std::string> out;
        const Json list = ran.json();
        for (const Json& one : list)
            if (!one.value("ok", false)) out[one.value("certificate", "")] = one.value("rule", "");
        CHECK(ran.status == (out.empty() ? 0 : 1));
        return out;
    };
    CHECK(rules({}).empty());
    const auto late = rules({"--at", "2040-01-02"});
    CHECK(late.size() == 10);
    for (const auto& [name, rule] : late) CHECK(rule == "certificate expired");
    for (const auto& [name, rule] : rules({"--at", "2001-01-02"})) CHECK(rule == "certificate not yet valid");
    std::filesystem::copy_file(
        dir + "/smdp-pb.der", dir + "/smdp-auth.der", std::filesystem::copy_options::overwrite_existing);
    CHECK(rules({}) == std::map<std::string, std::string>{{"smdp-auth", "certificate role"}});
}
