// rsp/chain.h against certificates that the openssl program makes: one thing wrong, one rule named.
#include "crypto/hash.h"
#include "rsp/chain.h"
#include <cstdlib>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <set>

using namespace halyard;
using crypto::Certificate, rsp::ChainRule, rsp::Role, rsp::TrustAnchor;

namespace {
// openssl dates what it makes from the moment it does: an hour from now is within.
Time now() {
    const auto at = std::chrono::system_clock::now().time_since_epoch() + std::chrono::hours(1);
    return std::chrono::duration_cast<Time>(at);
}
constexpr auto kDay = std::chrono::hours(24);

/// A directory in which the openssl program mints; names are files there.
struct Mint {
    std::filesystem::path dir;
    int serial = 0;
    Mint() {
        std::string name = (std::filesystem::temp_directory_path() / "halyard-chain-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()));
        dir = name;
        write("config", "[req]\ndistinguished_name=dn\nprompt=no\n[dn]\nCN=unused\n");
        request("server", "/CN=server");
        ci("ci", "/CN=CI", kCi);
    }
    ~Mint() { std::filesystem::remove_all(dir); }

    static constexpr const char* kCi =
        "basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign,cRLSign\n"
        "certificatePolicies=critical,2.23.146.1.2.1.0\n"
        "subjectKeyIdentifier=hash\n";

    void write(const std::string& name, std::string_view content) const {
        std::ofstream(dir / name, std::ios::binary) << content;
    }
    void run(const std::string& command) const {
        INFO(command);
        REQUIRE(std::system(("cd " + dir.string() + " && ( " + command + " ) >/dev/null 2>&1").c_str()) == 0);
    }
    void
    request(const std::string& name, const std::string& subject, const char* curve = "prime256v1") const {
        run(std::string("openssl req -new -nodes -newkey ec -pkeyopt ec_paramgen_curve:") + curve +
            " -keyout " + name + ".key -out " + name + ".csr -config config -subj '" + subject + "'");
    }
    Certificate read(const std::string& name) const {
        std::ifstream in(dir / (name + ".pem"), std::ios::binary);
        const std::string content((std::istreambuf_iterator<char>(in)), {});
        const auto c = Certificate::parse_file(bytes_of(content));
        REQUIRE(c);
        return c->front();
    }
    /// A self-signed root; with `key` it gets the key of another one.
    Certificate ci(const std::string& name,
                   const std::string& subject,
                   const std::string& extensions,
                   const std::string& key = "") {
        if (key.empty())
            request(name, subject);
        else
            run("cp " + key + ".key " + name + ".key && openssl req -new -key " + key + ".key -out " + name +
                ".csr -config config -subj '" + subject + "'");
        write("ext", extensions);
        run("openssl x509 -req -in " + name + ".csr -signkey " + name +
            ".key -sha256 -days 40 -set_serial 1 " + (extensions.empty() ? "" : "-extfile ext ") + "-out " +
            name + ".pem");
        return read(name);
    }
    Certificate issue(const std::string& name,
                      const std::string& extensions,
                      const std::string& issuer = "ci",
                      const std::string& digest = "-sha256") {
        write("ext", extensions);
        run("openssl x509 -req -in " + name + ".csr -CA " + issuer + ".pem -CAkey " + issuer +
            ".key -set_serial " + std::to_string(++serial + 100) + " -days 30 " + digest +
            (extensions.empty() ? "" : " -extfile ext") + " -out " + name + ".pem");
        return read(name);
    }
};

using Lines = std::vector<std::string>; // of an extension file
const Lines kAuth = {"authorityKeyIdentifier=keyid:always",
                     "subjectKeyIdentifier=hash",
                     "keyUsage=critical,digitalSignature",
                     "certificatePolicies=critical,2.23.146.1.2.1.4",
                     "subjectAltName=RID:2.999.10"};
const Lines kTls = {"authorityKeyIdentifier=keyid:always",
                    "subjectKeyIdentifier=hash",
                    "keyUsage=critical,digitalSignature",
                    "certificatePolicies=2.23.146.1.2.1.3",
                    "extendedKeyUsage=critical,serverAuth,clientAuth",
                    "subjectAltName=DNS:a.example.com,RID:2.999.10"};
const Lines kEum = {"authorityKeyIdentifier=keyid:always",
                    "subjectKeyIdentifier=hash",
                    "keyUsage=critical,keyCertSign",
                    "certificatePolicies=critical,2.23.146.1.2.1.2",
                    "basicConstraints=critical,CA:true,pathlen:0",
                    "nameConstraints=critical,permitted;dirName:permitted"};
const Lines kEuicc = {"authorityKeyIdentifier=keyid:always",
                      "subjectKeyIdentifier=hash",
                      "keyUsage=critical,digitalSignature",
                      "certificatePolicies=critical,2.23.146.1.2.1.1"};
const char* const kPermitted = "[permitted]\nO=Maker\nserialNumber=89049032\n";

/// The line that starts with `start` replaced; by "" left out; "" as `start` adds one.
std::string with(Lines lines, std::string_view start, const std::string& replacement) {
    std::string out;
    for (const std::string& line : lines)
        if (start.empty() || !line.starts_with(start)) out += line + "\n";
    return out + replacement + "\n" + kPermitted;
}
std::string text(const Lines& lines) { return with(lines, "", ""); }

ChainRule rule_of(const Ok& ok) {
    if (ok) return ChainRule::none;
    const auto rule = static_cast<ChainRule>(ok.error().detail);
    CHECK(std::string_view(ok.error().where) == rsp::rule_name(rule));
    const bool time = rule == ChainRule::expired || rule == ChainRule::not_yet_valid;
    CHECK(ok.error().code == (time ? Errc::expired : Errc::unverified));
    return rule;
}
ChainRule rule_of(const Result<Eid>& eid) {
    return eid ? ChainRule::none : rule_of(Ok(tl::unexpected<Error>(eid.error())));
}
} // namespace

TEST_CASE("when a certificate of a server or EUM has one thing wrong, that rule is named") {
    Mint mint;
    mint.request("p384", "/CN=server", "secp384r1");
    mint.request("brainpool", "/CN=server", "brainpoolP256r1");
    const auto anchor = *TrustAnchor::from(mint.read("ci"));
    const struct {
        ChainRule rule;
        Role role;
        std::string extensions;
        const char* request = "server";
        const char* digest = "-sha256";
    } rows[] = {
        {ChainRule::none, Role::dp_auth, text(kAuth)},
        {ChainRule::none, Role::dp_tls, text(kTls)},
        {ChainRule::none, Role::eum, text(kEum)},
        {ChainRule::none, Role::eim, with(kAuth, "certificatePolicies", "")},
        {ChainRule::version, Role::dp_auth, ""},
        {ChainRule::algorithm, Role::dp_auth, text(kAuth), "server", "-sha384"},
        {ChainRule::curve, Role::dp_auth, text(kAuth), "p384"},
        {ChainRule::curve_mix, Role::dp_auth, text(kAuth), "brainpool"},
        {ChainRule::authority_key,
         Role::dp_auth,
         with(kAuth, "authorityKeyIdentifier", "authorityKeyIdentifier=none")},
        {ChainRule::role, Role::dp_pb, text(kAuth)},
        {ChainRule::role, Role::dp_auth, with(kAuth, "certificatePolicies", "")},
        {ChainRule::policies_not_critical,
         Role::dp_auth,
         with(kAuth, "certificatePolicies", "certificatePolicies=2.23.146.1.2.1.4")},
        {ChainRule::key_usage_missing, Role::dp_auth, with(kAuth, "keyUsage", "")},
        {ChainRule::key_usage_missing, Role::dp_auth, with(kAuth, "keyUsage", "keyUsage=digitalSignature")},
        {ChainRule::key_usage, Role::dp_auth, with(kAuth, "keyUsage", "keyUsage=critical,keyAgreement")},
        {ChainRule::key_usage, Role::eum, with(kEum, "keyUsage", "keyUsage=critical,cRLSign")},
        {ChainRule::ca_flag, Role::dp_auth, with(kAuth, "", "basicConstraints=critical,CA:true")},
        {ChainRule::ca_flag, Role::eum, with(kEum, "basicConstraints", "")},
        {ChainRule::ca_flag, Role::eum, with(kEum, "basicConstraints", "basicConstraints=CA:true")},
        {ChainRule::extended_key_usage, Role::dp_tls, with(kTls, "extendedKeyUsage", "")},
        {ChainRule::extended_key_usage,
         Role::dp_tls,
         with(kTls, "extendedKeyUsage", "extendedKeyUsage=clientAuth")},
        {ChainRule::subject_alt_name, Role::dp_auth, with(kAuth, "subjectAltName", "")},
        {ChainRule::subject_alt_name,
         Role::dp_tls,
         with(kTls, "subjectAltName", "subjectAltName=DNS:a.example.com")},
        {ChainRule::subject_key,
         Role::dp_auth,
         with(kAuth, "subjectKeyIdentifier", "subjectKeyIdentifier=none")},
        {ChainRule::unknown_critical, Role::dp_auth, with(kAuth, "", "2.999.7=critical,DER:0500")},
        {ChainRule::none, Role::dp_auth, with(kAuth, "", "2.999.7=DER:0500")},
        {ChainRule::name_constraint, Role::eum, with(kEum, "nameConstraints", "")},
    };
    for (const auto& row : rows) {
        INFO(std::string(rsp::rule_name(row.rule)));
        INFO(row.extensions);
        const Certificate c = mint.issue(row.request, row.extensions, "ci", row.digest);
        CHECK(rule_of(rsp::check_under_anchor(c, row.role, anchor, now())) == row.rule);
    }
}

TEST_CASE("when time is before, within or behind the validity, only within is valid; a card does not ask") {
    Mint mint;
    const auto anchor = *TrustAnchor::from(mint.read("ci"));
    const Certificate c = mint.issue("server", text(kAuth));
    const auto at = [&](std::optional<Time> when) {
        return rule_of(rsp::check_under_anchor(c, Role::dp_auth, anchor, when));
    };
    const Time tick(1);
    CHECK(at(c.not_before - tick) == ChainRule::not_yet_valid);
    CHECK(at(c.not_before) == ChainRule::none);
    CHECK(at(c.not_after) == ChainRule::none);
    CHECK(at(c.not_after + tick) == ChainRule::expired);
    CHECK(at(c.not_before + 400 * kDay) == ChainRule::expired);
    CHECK(at(std::nullopt) == ChainRule::none);
}

TEST_CASE("when the issuer is not the one it should be, the rule is named") {
    Mint mint;
    const auto anchor = *TrustAnchor::from(mint.read("ci"));
    // The same key under another name: same key identifier, same signature, other issuer.
    mint.ci("renamed", "/CN=Other", Mint::kCi, "ci");
    const Certificate other_name = mint.issue("server", text(kAuth), "renamed");
    CHECK(rule_of(rsp::check_under_anchor(other_name, Role::dp_auth, anchor, now())) ==
          ChainRule::issuer_name);
    TrustAnchor card = anchor; // which keeps no name
    card.subject.clear();
    CHECK(rule_of(rsp::check_under_anchor(other_name, Role::dp_auth, card, now())) == ChainRule::none);

    // The same name with another key.
    const auto double_ci = mint.ci("double", "/CN=CI", Mint::kCi);
    const Certificate forged = mint.issue("server", text(kAuth), "double");
    CHECK(rule_of(rsp::check_under_anchor(forged, Role::dp_auth, anchor, now())) == ChainRule::authority_key);
    TrustAnchor confused = anchor;
    confused.key_id = *double_ci.subject_key_id;
    CHECK(rule_of(rsp::check_under_anchor(forged, Role::dp_auth, confused, now())) == ChainRule::signature);

    // A root that allows no CA below it may certify servers, not EUMs.
    const auto narrow =
        *TrustAnchor::from(mint.ci("narrow",
                                   "/CN=Narrow",
                                   "basicConstraints=critical,CA:true,pathlen:0\n" +
                                       std::string(Mint::kCi).substr(std::string(Mint::kCi).find('\n') + 1)));
    CHECK(rule_of(rsp::check_under_anchor(
              mint.issue("server", text(kEum), "narrow"), Role::eum, narrow, now())) ==
          ChainRule::path_length);
    CHECK(rule_of(rsp::check_under_anchor(
              mint.issue("server", text(kAuth), "narrow"), Role::dp_auth, narrow, now())) == ChainRule::none);
}

TEST_CASE("when an eUICC certificate or what is above it has one thing wrong, that rule is named") {
    Mint mint;
    const char* const eid = "89049032123451234512345678901235";
    mint.request("eum", "/O=Maker/CN=EUM");
    const Certificate eum = mint.issue("eum", text(kEum));
    const TrustAnchor anchors[] = {*TrustAnchor::from(mint.read("ci"))};
    const struct {
        ChainRule rule;
        std::string subject;
        std::string extensions;
        const char* issuer = "eum";
    } rows[] = {
        {ChainRule::none, std::string("/O=Maker/serialNumber=") + eid + "/CN=card", text(kEuicc)},
        {ChainRule::eid, "/O=Maker/CN=card", text(kEuicc)},
        {ChainRule::eid, "/O=Maker/serialNumber=8904903212345123451234567890123/CN=card", text(kEuicc)},
        {ChainRule::name_constraint, std::string("/O=Other/serialNumber=") + eid + "/CN=card", text(kEuicc)},
        {ChainRule::name_constraint,
         "/O=Maker/serialNumber=89049033123451234512345678901235/CN=card",
         text(kEuicc)},
        {ChainRule::authority_key,
         std::string("/O=Maker/serialNumber=") + eid + "/CN=card",
         text(kEuicc),
         "ci"}, // by the CI itself
        {ChainRule::role, std::string("/O=Maker/serialNumber=") + eid + "/CN=card", text(kAuth)},
        {ChainRule::ca_flag,
         std::string("/O=Maker/serialNumber=") + eid + "/CN=card",
         with(kEuicc, "", "basicConstraints=critical,CA:true")},
        {ChainRule::version, std::string("/O=Maker/serialNumber=") + eid + "/CN=card", ""},
    };
    for (const auto& row : rows) {
        INFO(std::string(rsp::rule_name(row.rule)));
        INFO(row.subject);
        mint.request("card", row.subject);
        const Certificate card = mint.issue("card", row.extensions, row.issuer);
        const auto found = rsp::check_euicc_chain(card, eum, anchors, now());
        CHECK(rule_of(found) == row.rule);
        if (found) CHECK(to_text(*found) == eid);
    }

    // Below a server's certificate, which is no CA.
    mint.request("card", std::string("/O=Maker/serialNumber=") + eid + "/CN=card");
    const Certificate server = mint.issue("server", text(kAuth));
    const Certificate below = mint.issue("card", text(kEuicc), "server");
    CHECK(rule_of(rsp::check_euicc(below, server, now())) == ChainRule::issuer_not_ca);
    CHECK(rule_of(rsp::check_euicc_chain(below, server, anchors, now())) == ChainRule::role);

    // Below an EUM that nobody trusts, or whose own certificate has run out.
    const TrustAnchor others[] = {*TrustAnchor::from(mint.ci("other", "/CN=Other", Mint::kCi))};
    const Certificate card = mint.issue("card", text(kEuicc), "eum");
    CHECK(rule_of(rsp::check_euicc_chain(card, eum, others, now())) == ChainRule::not_trusted);
    CHECK(rule_of(rsp::check_euicc_chain(card, eum, {}, now())) == ChainRule::not_trusted);
    CHECK(rule_of(rsp::check_euicc_chain(card, eum, anchors, now() + 35 * kDay)) == ChainRule::expired);
}

TEST_CASE("when a root is judged by itself, form, usage, validity and its own signature decide") {
    Mint mint;
    const std::string good = Mint::kCi;
    const auto judged = [&](const std::string& extensions) {
        return rule_of(rsp::check_ci(mint.ci("root", "/CN=Root", extensions), now()));
    };
    CHECK(judged(good) == ChainRule::none);
    CHECK(judged("") == ChainRule::version);
    CHECK(judged("keyUsage=critical,keyCertSign\ncertificatePolicies=critical,2.23.146.1.2.1.0\n") ==
          ChainRule::ca_flag);
    CHECK(judged(text(kEum)) == ChainRule::role);
    Certificate root = mint.ci("root", "/CN=Root", good);
    CHECK(rule_of(rsp::check_ci(root, now() + 50 * kDay)) == ChainRule::expired);
    root.public_key = mint.read("ci").public_key;
    CHECK(rule_of(rsp::check_ci(root, now())) == ChainRule::signature);
    root.public_key.reset();
    CHECK(static_cast<ChainRule>(TrustAnchor::from(root).error().detail) == ChainRule::curve);
    root = mint.ci("root", "/CN=Root", good);
    root.subject_key_id.reset();
    CHECK(static_cast<ChainRule>(TrustAnchor::from(root).error().detail) == ChainRule::subject_key);
}

TEST_CASE("when two server certificates carry different or no identity, they are not of one server") {
    Mint mint;
    const Certificate auth = mint.issue("server", text(kAuth));
    const Certificate same_server = mint.issue("server", text(kTls));
    const Certificate other =
        mint.issue("server", with(kAuth, "subjectAltName", "subjectAltName=RID:2.999.11"));
    const Certificate nobody = mint.issue("server", with(kAuth, "subjectAltName", ""));
    CHECK(*rsp::server_oid(auth) == "2.999.10");
    CHECK(rule_of(rsp::check_same_server(auth, same_server)) == ChainRule::none);
    CHECK(rule_of(rsp::check_same_server(auth, other)) == ChainRule::oid_mismatch);
    CHECK(rule_of(rsp::check_same_server(auth, nobody)) == ChainRule::subject_alt_name);
    CHECK(rule_of(rsp::check_same_server(nobody, nobody)) == ChainRule::subject_alt_name);
}

TEST_CASE("when rules and roles are named, each has a name of its own") {
    std::set<std::string_view> names;
    for (uint32_t i = 0; i < static_cast<uint32_t>(ChainRule::count_); ++i)
        names.insert(rsp::rule_name(static_cast<ChainRule>(i)));
    CHECK(names.size() == static_cast<size_t>(ChainRule::count_));
    std::set<std::string_view> roles, policies;
    for (uint8_t i = 0; i < static_cast<uint8_t>(Role::count_); ++i) {
        const auto role = static_cast<Role>(i);
        roles.insert(rsp::name(role));
        for (const auto oids : {rsp::RoleOids::v2, rsp::RoleOids::v3})
            policies.insert(rsp::policy_oid(role, oids));
    }
    CHECK(roles.size() == 14);
    CHECK(policies.size() == 8 + 12 - 1 + 1); // those of v2, those of v3, the CI in both, and none
}

TEST_CASE("when SGP.26 certificates are put together wrongly, the rule is named") {
    const char* shared = std::getenv("HALYARD_SHARED");
    const std::filesystem::path dir = std::filesystem::path(shared ? shared : "../shared") / "data/sgp26";
    if (!std::filesystem::exists(dir)) {
        MESSAGE("SKIPPED: no SGP.26 set at " << dir.string());
        return;
    }
    const auto load = [&](const std::string& path) {
        std::ifstream in(dir / path, std::ios::binary);
        const std::string content((std::istreambuf_iterator<char>(in)), {});
        const auto c = Certificate::parse_file(bytes_of(content));
        REQUIRE_MESSAGE(c, path);
        return c->front();
    };
    const Time in_2026 = std::chrono::duration_cast<Time>(Seconds(1'793'000'000)); // October 2026
    const auto nist = *TrustAnchor::from(load("CertificateIssuer/CERT_CI_ECDSA_NIST.der"));
    const auto brainpool = *TrustAnchor::from(load("CertificateIssuer/CERT_CI_ECDSA_BRP.der"));
    const auto auth = load("DPauth/CERT_S_SM_DPauth_ECDSA_NIST.der");
    const auto pb = load("DPpb/CERT_S_SM_DPpb_ECDSA_NIST.der");
    const auto auth2 = load("DPauth/CERT_S_SM_DP2auth_ECDSA_NIST.der");
    const auto pb2 = load("DPpb/CERT_S_SM_DP2pb_ECDSA_NIST.der");
    const auto judge = [&](const Certificate& c, Role role, const TrustAnchor& anchor) {
        return rule_of(rsp::check_under_anchor(c, role, anchor, in_2026));
    };
    CHECK(judge(auth2, Role::dp_auth, nist) == ChainRule::none);
    CHECK(judge(pb2, Role::dp_pb, nist) == ChainRule::none);
    CHECK(rsp::check_same_server(auth2, pb2));
    CHECK(rule_of(rsp::check_same_server(auth, pb2)) == ChainRule::oid_mismatch);
    CHECK(judge(auth, Role::dp_pb, nist) == ChainRule::role);
    CHECK(judge(pb, Role::dp_auth, nist) == ChainRule::role);
    CHECK(judge(auth, Role::dp_auth, brainpool) == ChainRule::curve_mix);
    CHECK(judge(load("EUM/CERT_EUM_ECDSA_NIST.der"), Role::dp_auth, nist) == ChainRule::role);
    CHECK(judge(load("DPtls/CERT_S_SM_DP_VARO_TLS_NIST.der"), Role::dp_tls, nist) == ChainRule::none);
    CHECK(judge(load("DPtls/CERT_S_SM_DP_VARO_TLS_BRP.der"), Role::dp_tls, brainpool) == ChainRule::none);
    for (const char* ended : {"2", "4", "8"})
        CHECK(judge(load(std::string("DPtls/CERT_S_SM_DP") + ended + "_TLS.der"), Role::dp_tls, nist) ==
              ChainRule::expired);
    const auto euicc = load("eUICC/CERT_EUICC_ECDSA_NIST.der"), eum = load("EUM/CERT_EUM_ECDSA_NIST.der");
    CHECK(rule_of(rsp::check_euicc_chain(euicc, eum, {&nist, 1}, in_2026)) == ChainRule::none);
    CHECK(rule_of(rsp::check_euicc_chain(euicc, eum, {&brainpool, 1}, in_2026)) == ChainRule::not_trusted);
    const auto brainpool_eum = load("EUM/CERT_EUM_ECDSA_BRP.der");
    CHECK(rule_of(rsp::check_euicc_chain(euicc, brainpool_eum, {&brainpool, 1}, in_2026)) ==
          ChainRule::curve_mix);
}
