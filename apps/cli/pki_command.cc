#include "apps/cli/commands.h"
#include "apps/common/pki_files.h"
#include "crypto/hash.h"
#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace halyard::cli {
namespace {
using app::PkiDirectory, nlohmann::ordered_json, pki::Credential, pki::Request, rsp::Role;

// Object identifiers of the kind that SGP.26 gives its CI and EUM: under 2.999, for examples.
constexpr const char *kCiOid = "2.999.1", *kEumOid = "2.999.5";

struct InitArguments {
    std::string dir, curve, ci_key, ci_cert, smdp_host = "smdp.halyard.test", eim_host = "eim.halyard.test";
    std::string smdp_oid = "2.999.10", eim_oid = "2.999.20", eum_prefix = "89049032",
                organization = "Halyard Test";
    std::string not_before, not_after, crl;
    unsigned euiccs = 1;
    uint64_t first_euicc = 1;
    bool force = false, json = false;
};

Result<pki::Validity> validity(const InitArguments& a) {
    constexpr int64_t kYear = 365 * 86400;
    const int64_t now = app::now_ms() / 1000;
    const int64_t from =
        a.not_before.empty() ? now - 86400 : TRY(app::seconds_from_text(a.not_before, "not-before"));
    const int64_t to =
        a.not_after.empty() ? now + 30 * kYear : TRY(app::seconds_from_text(a.not_after, "not-after"));
    if (to <= from) return fail(Errc::bad_value, "not-after");
    return pki::Validity{std::chrono::duration_cast<Time>(Seconds(from)),
                         std::chrono::duration_cast<Time>(Seconds(to))};
}

Result<Credential> load_ci(const InitArguments& a) {
    Credential ci;
    const SecretBytes key = TRY(app::read_secret(a.ci_key, 1u << 16, "ci-key"));
    ci.key = TRY(crypto::PrivateKey::from_pem(key.reveal(), "ci-key"));
    const OwnedBytes certificate = TRY(app::read_file(a.ci_cert, 1u << 16, "ci-cert"));
    ci.certificate = TRY(crypto::Certificate::parse_file(certificate, "ci-cert")).front();
    if (!ci.certificate.public_key || !(*ci.certificate.public_key == ci.key.public_key()))
        return fail(Errc::unverified, "ci-key and ci-cert");
    TRY(rsp::check_ci(ci.certificate, std::nullopt));
    return ci;
}

// What an earlier `pki init` left here: certificates of two CIs side by side would be taken for one PKI.
Ok clear(const PkiDirectory& dir) {
    std::error_code failed;
    for (const char* name : {"ci", "eum", "smdp-auth", "smdp-pb", "smdp-tls", "eim-sign", "eim-tls"})
        for (const char* kind : {".der", ".pem", ".key"}) {
            std::filesystem::remove(dir.path / (std::string(name) + kind), failed);
            if (failed) return fail(Errc::storage, name);
        }
    for (const Eid& eid : TRY(dir.eids()))
        for (const char* kind : {".key", ".pem", ".der"}) { // .der last: it is what eids() finds
            std::filesystem::remove(dir.path / "euicc" / (to_text(eid) + kind), failed);
            if (failed) return fail(Errc::storage, "euicc");
        }
    return {};
}

Request request(
    const InitArguments& a, const pki::Validity& valid, Role role, const char* country, std::string name) {
    Request r{.role = role, .validity = valid};
    if (role != Role::euicc && role != Role::eim) r.crl_uri = a.crl; // SGP.26: those two carry none
    r.curve = a.curve == "brainpool" ? crypto::Curve::brainpool256 : crypto::Curve::p256;
    r.subject = {.country = country, .organization = a.organization, .common_name = std::move(name)};
    return r;
}

Ok mint_eum(const InitArguments& a,
            const pki::Validity& valid,
            const Credential& ci,
            Random& random,
            ordered_json& out) {
    const PkiDirectory dir{a.dir};
    Request eum_request = request(a, valid, Role::eum, "DE", "Halyard Test EUM");
    eum_request.registered_id = kEumOid;
    eum_request.eid_prefix = a.eum_prefix;
    eum_request.permitted_organization = a.organization;
    const Credential eum = TRY(pki::mint(eum_request, ci, random));
    TRY(dir.store("eum", eum));
    auto& eids = out["eids"] = ordered_json::array();
    for (unsigned i = 0; i < a.euiccs; ++i) {
        const Eid eid = TRY(pki::make_eid(a.eum_prefix, a.first_euicc + i));
        Request r = request(a, valid, Role::euicc, "DE", "Halyard Test eUICC");
        r.subject.serial_number = to_text(eid);
        TRY(dir.store("euicc/" + to_text(eid), TRY(pki::mint(r, eum, random))));
        eids.push_back(to_text(eid));
    }
    return {};
}

Ok mint_servers(const InitArguments& a, const pki::Validity& valid, const Credential& ci, Random& random) {
    struct Leaf {
        const char* file;
        Role role;
        const std::string& name;
        bool host, oid, eim_tls;
    };
    const Leaf leaves[] = {{"smdp-auth", Role::dp_auth, a.smdp_host, false, true, false},
                           {"smdp-pb", Role::dp_pb, a.smdp_host, false, true, false},
                           {"smdp-tls", Role::dp_tls, a.smdp_host, true, true, false},
                           {"eim-sign", Role::eim, a.eim_host, false, false, false},
                           {"eim-tls", Role::eim, a.eim_host, true, true, true}};
    for (const Leaf& leaf : leaves) {
        Request r = request(a, valid, leaf.role, leaf.role == Role::eim ? "DE" : "", leaf.name);
        if (leaf.host) r.dns_names = {leaf.name};
        if (leaf.oid) r.registered_id = leaf.role == Role::eim ? a.eim_oid : a.smdp_oid;
        TRY(PkiDirectory{a.dir}.store(
            leaf.file, leaf.eim_tls ? TRY(pki::mint_eim_tls(r, ci, random)) : TRY(pki::mint(r, ci, random))));
    }
    return {};
}

Ok init(const InitArguments& a, ordered_json& out) {
    const PkiDirectory dir{a.dir};
    if (std::filesystem::exists(dir.path / "ci.der") && !a.force) return fail(Errc::conflict, "dir");
    crypto::SystemRandom random;
    auto valid = TRY(validity(a));
    if (a.ci_key.empty() != a.ci_cert.empty())
        return fail(Errc::missing_field, a.ci_key.empty() ? "ci-key" : "ci-cert");
    const bool given = !a.ci_key.empty();
    Credential ci;
    if (given) {
        ci = TRY(load_ci(a));
        // Everything under a CI is on its curve: a session uses one.
        const bool brainpool = ci.key.curve() == crypto::Curve::brainpool256;
        if (!a.curve.empty() && brainpool != (a.curve == "brainpool")) return fail(Errc::conflict, "curve");
    } else {
        Request r = request(a, valid, Role::ci, "DE", "Halyard Test CI");
        r.registered_id = kCiOid;
        ci = TRY(pki::mint_ci(r, random));
    }
    // Unless asked for, nothing outlives the CI it hangs under.
    if (a.not_after.empty()) valid.to = std::min(valid.to, ci.certificate.not_after);
    TRY(app::make_directory(dir.path));
    TRY(clear(dir));
    if (given) // somebody else's key stays where it is
        TRY(dir.store("ci", {{}, ci.certificate}));
    else
        TRY(dir.store("ci", ci));
    TRY(mint_eum(a, valid, ci, random, out));
    TRY(mint_servers(a, valid, ci, random));
    out["dir"] = a.dir;
    out["ci_key_id"] = hex(*ci.certificate.subject_key_id);
    return {};
}

ordered_json describe(const crypto::Certificate& c) {
    ordered_json out;
    for (unsigned r = 0; r <= static_cast<unsigned>(Role::eim); ++r) {
        const char* oid = rsp::policy_oid(static_cast<Role>(r));
        if (*oid && std::find(c.policies.begin(), c.policies.end(), oid) != c.policies.end())
            out["role"] = rsp::name(static_cast<Role>(r));
    }
    out["common_name"] = c.subject_common_name;
    if (!c.subject_organization.empty()) out["organization"] = c.subject_organization;
    if (!c.subject_serial_number.empty()) out["serial_number"] = c.subject_serial_number;
    out["curve"] = c.public_key ? crypto::name(c.public_key->curve) : "unsupported";
    out["not_before"] = app::text_from_seconds(std::chrono::duration_cast<Seconds>(c.not_before).count());
    out["not_after"] = app::text_from_seconds(std::chrono::duration_cast<Seconds>(c.not_after).count());
    if (c.subject_key_id) out["subject_key_id"] = hex(*c.subject_key_id);
    if (c.authority_key_id) out["authority_key_id"] = hex(*c.authority_key_id);
    if (!c.san_registered_ids.empty()) out["registered_id"] = c.san_registered_ids.front();
    if (!c.san_dns_names.empty()) out["dns_names"] = c.san_dns_names;
    if (c.has_name_constraints) out["eid_prefix"] = c.permitted_serial_prefix;
    return out;
}

void print(const std::string& title, const ordered_json& fields) {
    std::printf("%s\n", title.c_str());
    for (const auto& [key, value] : fields.items())
        std::printf("  %-17s %s\n",
                    key.c_str(),
                    (value.is_string() ? value.get<std::string>() : value.dump()).c_str());
}

Result<std::vector<std::filesystem::path>> certificate_files(const std::string& path) {
    std::vector<std::filesystem::path> out;
    if (!std::filesystem::is_directory(path)) return std::vector<std::filesystem::path>{path};
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path))
        if (entry.path().extension() == ".der") out.push_back(entry.path());
    std::sort(out.begin(), out.end());
    if (out.empty()) return fail(Errc::not_found, "certificates");
    return out;
}

Ok show(const std::string& path, bool json) {
    ordered_json all = ordered_json::array();
    for (const auto& file : TRY(certificate_files(path))) {
        const OwnedBytes content = TRY(app::read_file(file));
        for (const auto& c : TRY(crypto::Certificate::parse_file(content))) {
            ordered_json one = describe(c);
            if (!json) print(file.string(), one);
            one["file"] = file.string();
            all.push_back(one);
        }
    }
    if (json) std::printf("%s\n", all.dump().c_str());
    return {};
}

// Judges a directory of `pki init`: every certificate in its role, under the CI in it.
Ok verify(const std::string& path, const std::string& at, bool json, int& exit_code) {
    const PkiDirectory dir{path};
    const int64_t now = at.empty() ? app::now_ms() / 1000 : TRY(app::seconds_from_text(at, "at"));
    const Time time = std::chrono::duration_cast<Time>(Seconds(now));
    const auto ci = TRY(dir.certificate("ci"));
    const auto anchor = TRY(rsp::TrustAnchor::from(ci));
    ordered_json all = ordered_json::array();
    const auto judge = [&](const std::string& name, const Ok& ok) {
        ordered_json one{{"certificate", name}, {"ok", ok.has_value()}};
        if (!ok) {
            one["rule"] = ok.error().where;
            exit_code = 1;
        }
        if (!json) std::printf("%-44s %s\n", name.c_str(), ok ? "ok" : ok.error().where);
        all.push_back(one);
    };
    judge("ci", rsp::check_ci(ci, time));
    const auto eum = TRY(dir.certificate("eum"));
    judge("eum", rsp::check_under_anchor(eum, Role::eum, anchor, time));
    for (const Eid& eid : TRY(dir.eids())) {
        const std::string name = "euicc/" + to_text(eid);
        judge(name, rsp::check_euicc(TRY(dir.certificate(name)), eum, time));
    }
    const std::pair<const char*, Role> leaves[] = {{"smdp-auth", Role::dp_auth},
                                                   {"smdp-pb", Role::dp_pb},
                                                   {"smdp-tls", Role::dp_tls},
                                                   {"eim-sign", Role::eim},
                                                   {"eim-tls", Role::eim}};
    for (const auto& [name, role] : leaves)
        judge(name, rsp::check_under_anchor(TRY(dir.certificate(name)), role, anchor, time));
    if (json) std::printf("%s\n", all.dump().c_str());
    return {};
}
} // namespace

void add_pki_commands(CLI::App& app, int& exit_code) {
    CLI::App* pki = app.add_subcommand("pki", "Certificates of a test PKI: CI, EUM, eUICCs, SM-DP+, eIM");
    pki->require_subcommand(1);

    auto a = std::make_shared<InitArguments>();
    CLI::App* init_command =
        pki->add_subcommand("init", "Mint a CI (or use a given one) and everything under it");
    init_command->add_option("--dir", a->dir, "Where to write")->required();
    init_command->add_option("--curve", a->curve, "p256 or brainpool; default that of --ci-key, else p256")
        ->check(CLI::IsMember({"p256", "brainpool"}));
    init_command->add_option("--ci-key", a->ci_key, "PEM key of an existing CI (stays where it is)");
    init_command->add_option("--ci-cert", a->ci_cert, "Its certificate, PEM or DER");
    init_command->add_option("--smdp-host", a->smdp_host, "Name of the SM-DP+");
    init_command->add_option("--eim-host", a->eim_host, "Name of the eIM, also its eimId");
    init_command->add_option("--smdp-oid", a->smdp_oid, "Object identifier of the SM-DP+");
    init_command->add_option("--eim-oid", a->eim_oid, "Object identifier of the eIM");
    init_command->add_option("--euiccs", a->euiccs, "How many eUICC identities")
        ->check(CLI::Range(0u, 1000000u));
    init_command->add_option("--first-euicc", a->first_euicc, "Number of the first one");
    init_command->add_option("--eum-prefix", a->eum_prefix, "Digits every EID of this EUM starts with");
    init_command->add_option("--organization", a->organization, "O of every subject");
    init_command->add_option(
        "--not-before", a->not_before, "2026-01-01 or 2026-01-01T00:00:00Z; default yesterday");
    init_command->add_option("--not-after", a->not_after, "Up to 9999-12-31T23:59:59Z; default in 30 years");
    init_command->add_option("--crl", a->crl, "URI for cRLDistributionPoints");
    init_command->add_flag("--force", a->force, "Replace all of what is there");
    init_command->add_flag("--json", a->json, "Print one JSON object");
    init_command->callback([a, &exit_code] {
        ordered_json out;
        if (const auto ok = init(*a, out); !ok) {
            exit_code = report(ok.error(), "pki init", a->json);
            return;
        }
        if (a->json)
            std::printf("%s\n", out.dump().c_str());
        else
            std::printf("%s: CI %s, %zu eUICCs, SM-DP+ %s, eIM %s\n",
                        a->dir.c_str(),
                        out["ci_key_id"].get<std::string>().c_str(),
                        out["eids"].size(),
                        a->smdp_host.c_str(),
                        a->eim_host.c_str());
    });

    auto path = std::make_shared<std::string>();
    auto at = std::make_shared<std::string>();
    auto json = std::make_shared<bool>(false);
    CLI::App* show_command = pki->add_subcommand("show", "Print certificates of a file or directory");
    show_command->add_option("path", *path, "File (DER or PEM) or directory")->required();
    show_command->add_flag("--json", *json, "Print a JSON array");
    show_command->callback([path, json, &exit_code] {
        if (const auto ok = show(*path, *json); !ok) exit_code = report(ok.error(), *path, *json);
    });
    CLI::App* verify_command =
        pki->add_subcommand("verify", "Judge a directory by the RSP rules; exit 1 when one fails");
    verify_command->add_option("path", *path, "Directory of `pki init`")->required();
    verify_command->add_option("--at", *at, "Moment to judge for; default now");
    verify_command->add_flag("--json", *json, "Print a JSON array");
    verify_command->callback([path, at, json, &exit_code] {
        if (const auto ok = verify(*path, *at, *json, exit_code); !ok)
            exit_code = report(ok.error(), *path, *json);
    });
}

} // namespace halyard::cli
