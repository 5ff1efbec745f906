#include "apps/cli/commands.h"
#include "apps/cli/pki_parts.h"
#include "crypto/hash.h"
#include "pki/eid.h"
#include <CLI/CLI.hpp>
#include <cstdio>

namespace halyard::cli {
namespace {
using app::PkiDirectory, nlohmann::ordered_json, pki::Credential, rsp::Role;

struct Arguments {
    std::string dir, name, curve, variant = "O", ci_key, ci_cert, not_before, not_after;
    PkiNames names;
    unsigned euiccs = 1;
    uint64_t first_euicc = 1;
    bool force = false, json = false, production = false;
    std::filesystem::path target() const {
        return name.empty() ? std::filesystem::path(dir) : std::filesystem::path(dir) / name;
    }
};

Result<Credential> load_ci(const Arguments& a) {
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
    for (const RoleWord& word : role_words())
        for (const char* kind : {".der", ".pem", ".key", ".crl"}) {
            std::filesystem::remove(dir.path / (std::string(word.file) + kind), failed);
            if (failed) return fail(Errc::storage, word.file);
        }
    for (const Eid& eid : TRY(dir.eids()))
        for (const char* kind : {".key", ".pem", ".der"}) { // .der last: it is what eids() finds
            std::filesystem::remove(dir.path / "euicc" / (to_text(eid) + kind), failed);
            if (failed) return fail(Errc::storage, "euicc");
        }
    return {};
}

/// One PKI being made: every role below the CI, each by the issuer its variant wants.
struct Making {
    const PkiNames& names;
    pki::Validity valid;
    PkiDirectory dir;
    crypto::SystemRandom random;
    std::map<Role, Credential> cas;

    Ok add_ca(Role role) {
        const auto issuer = rsp::issuer_of(role, names.variant);
        if (!issuer) return {}; // this variant has none
        Credential made = TRY(pki::mint(request_for(role, names, valid), cas.at(*issuer), random));
        TRY(dir.store(role_word(role).file, made));
        cas.emplace(role, std::move(made));
        return {};
    }
    Ok add_leaf(Role role) {
        const Credential& issuer = cas.at(*rsp::issuer_of(role, names.variant));
        return dir.store(role_word(role).file,
                         TRY(pki::mint(request_for(role, names, valid), issuer, random)));
    }
    Ok add_euicc(const Eid& eid) {
        pki::Request r = request_for(Role::euicc, names, valid);
        r.subject.serial_number = to_text(eid);
        const Credential& issuer = cas.at(*rsp::issuer_of(Role::euicc, names.variant));
        return dir.store("euicc/" + to_text(eid), TRY(pki::mint(r, issuer, random)));
    }
};

// Numbered ones; below another PKI the same eUICCs as there, so that cards can be made that know both CIs.
Result<std::vector<Eid>> eids_for(const Arguments& a) {
    std::vector<Eid> out;
    if (!a.name.empty() && std::filesystem::is_directory(a.dir)) out = TRY(PkiDirectory{a.dir}.eids());
    if (!out.empty()) return out;
    for (unsigned i = 0; i < a.euiccs; ++i)
        out.push_back(TRY(pki::make_eid(a.names.eum_prefix, a.first_euicc + i)));
    return out;
}

Ok init(const Arguments& a, ordered_json& out) {
    const PkiDirectory dir{a.target()};
    if (std::filesystem::exists(dir.path / "ci.der") && !a.force) return fail(Errc::conflict, "dir");
    if (a.ci_key.empty() != a.ci_cert.empty())
        return fail(Errc::missing_field, a.ci_key.empty() ? "ci-key" : "ci-cert");
    const bool given = !a.ci_key.empty();
    Making making{.names = a.names, .valid = TRY(validity_from(a.not_before, a.not_after)), .dir = dir};
    Credential ci;
    if (given) {
        ci = TRY(load_ci(a));
        // Everything under a CI is on its curve: a session uses one.
        if (!a.curve.empty() && ci.key.curve() != TRY(curve_from(a.curve)))
            return fail(Errc::conflict, "curve");
    } else {
        pki::Request r = request_for(Role::ci, a.names, making.valid);
        if (!a.curve.empty()) r.curve = TRY(curve_from(a.curve));
        ci = TRY(pki::mint_ci(r, making.random));
    }
    // Unless asked for, nothing outlives the CI it hangs under.
    if (a.not_after.empty()) making.valid.to = std::min(making.valid.to, ci.certificate.not_after);
    const std::vector<Eid> eids = TRY(eids_for(a));
    TRY(app::make_directory(dir.path));
    TRY(clear(dir));
    if (given) // somebody else's key stays where it is
        TRY(dir.store("ci", {{}, ci.certificate}));
    else
        TRY(dir.store("ci", ci));
    const std::string key_id = hex(*ci.certificate.subject_key_id);
    making.cas.emplace(Role::ci, std::move(ci));
    for (const Role role : {Role::ci_sub, Role::eum, Role::eum_sub, Role::dp_sub, Role::ds_sub})
        TRY(making.add_ca(role));
    auto& list = out["eids"] = ordered_json::array();
    for (const Eid& eid : eids) {
        TRY(making.add_euicc(eid));
        list.push_back(to_text(eid));
    }
    for (const Role role :
         {Role::dp_auth, Role::dp_pb, Role::dp_tls, Role::ds_auth, Role::ds_tls, Role::eim, Role::eim_tls})
        TRY(making.add_leaf(role));
    out["dir"] = dir.path.string();
    out["variant"] = rsp::name(a.names.variant);
    out["ci_key_id"] = key_id;
    return {};
}

void run(Arguments& a, int& exit_code) {
    ordered_json out;
    const auto whole = [&]() -> Ok {
        a.names.variant = TRY(rsp::variant_from(a.variant));
        a.names.label = a.name;
        a.names.test = !a.production;
        return init(a, out);
    };
    if (const auto ok = whole(); !ok) {
        exit_code = report(ok.error(), "pki init", a.json);
        return;
    }
    if (a.json)
        std::printf("%s\n", out.dump().c_str());
    else
        std::printf("%s: CI %s, %zu eUICCs, SM-DP+ %s, eIM %s\n",
                    a.target().c_str(),
                    out["ci_key_id"].get<std::string>().c_str(),
                    out["eids"].size(),
                    a.names.smdp_host.c_str(),
                    a.names.eim_host.c_str());
}
} // namespace

void add_pki_init(CLI::App& pki, int& exit_code) {
    auto a = std::make_shared<Arguments>();
    CLI::App* c = pki.add_subcommand("init", "Mint a CI (or use a given one) and everything under it");
    c->add_option("--dir", a->dir, "Where to write")->required();
    c->add_option("--name", a->name, "A further CI: into DIR/NAME, with the same eUICCs as DIR")
        ->check([](const std::string& text) {
            const bool fits =
                !text.empty() && text.find('/') == text.npos && text[0] != '.' && text != "euicc";
            return fits ? std::string() : "one word, not \"euicc\"";
        });
    c->add_option("--variant", a->variant, "O (what SGP.32 v1.2 peers speak), Ov3, A, B or C");
    c->add_option("--curve", a->curve, "p256 or brainpool (nist, brp); default that of --ci-key, else p256")
        ->check(CLI::IsMember({"p256", "brainpool", "nist", "brp"}));
    c->add_option("--ci-key", a->ci_key, "PEM key of an existing CI (stays where it is)");
    c->add_option("--ci-cert", a->ci_cert, "Its certificate, PEM or DER");
    c->add_option("--smdp-host", a->names.smdp_host, "Name of the SM-DP+");
    c->add_option("--smds-host", a->names.smds_host, "Name of the SM-DS");
    c->add_option("--eim-host", a->names.eim_host, "Name of the eIM, also its eimId");
    c->add_option("--smdp-oid", a->names.smdp_oid, "Object identifier of the SM-DP+");
    c->add_option("--smds-oid", a->names.smds_oid, "Object identifier of the SM-DS");
    c->add_option("--eim-oid", a->names.eim_oid, "Object identifier of the eIM");
    c->add_option("--euiccs", a->euiccs, "How many eUICC identities")->check(CLI::Range(0u, 1000000u));
    c->add_option("--first-euicc", a->first_euicc, "Number of the first one");
    c->add_option("--eum-prefix", a->names.eum_prefix, "Digits every EID of this EUM starts with");
    c->add_option("--organization", a->names.organization, "O of every subject");
    c->add_option("--not-before", a->not_before, "2026-01-01 or 2026-01-01T00:00:00Z; default yesterday");
    c->add_option("--not-after", a->not_after, "Up to 9999-12-31T23:59:59Z; default in 30 years");
    c->add_option("--crl", a->names.crls, "URI for cRLDistributionPoints; may be repeated");
    c->add_flag("--production",
                a->production,
                "The CI does not say OU=TESTCERT: servers take it without --lab. Its key is a file here");
    c->add_flag("--force", a->force, "Replace all of what is there");
    c->add_flag("--json", a->json, "Print one JSON object");
    c->callback([a, &exit_code] { run(*a, exit_code); });
}

} // namespace halyard::cli
