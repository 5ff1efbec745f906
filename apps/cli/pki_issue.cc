#include "apps/cli/commands.h"
#include "apps/cli/pki_parts.h"
#include "crypto/hash.h"
#include <CLI/CLI.hpp>
#include <cstdio>

namespace halyard::cli {
namespace {
using app::PkiDirectory, nlohmann::ordered_json, pki::Credential, pki::Flaw, rsp::Role;

struct Arguments {
    std::string role, dir, name, variant = "O", curve, issuer, not_before, not_after, serial, invalid, cn,
                                 oid, host, eid, country;
    std::vector<std::string> more_eins;
    PkiNames names;
    std::optional<uint32_t> path_length;
    bool expired = false, force = false, json = false;
};

// The invalid cases of SGP.26; "curve" is a matter of the key.
constexpr std::pair<const char*, Flaw> kFlaws[] = {{"signature", Flaw::signature},
                                                   {"curve", Flaw::none},
                                                   {"policy", Flaw::policy},
                                                   {"critical-extension", Flaw::critical_extension},
                                                   {"key-usage", Flaw::key_usage},
                                                   {"extended-key-usage", Flaw::extended_key_usage}};

Result<pki::Validity> dates(const Arguments& a) {
    if (!a.expired) return validity_from(a.not_before, a.not_after);
    if (!a.not_after.empty()) return fail(Errc::conflict, "expired and not-after");
    // To yesterday, so that it is over in every time zone.
    const int64_t yesterday = app::now_ms() / 1000 - 86400;
    return validity_from(a.not_before.empty() ? app::text_from_seconds(yesterday - 365 * 86400)
                                              : a.not_before,
                         app::text_from_seconds(yesterday));
}

Result<pki::Request> request_from(const Arguments& a, Role role) {
    pki::Request r = request_for(role, a.names, TRY(dates(a)));
    if (!a.curve.empty()) r.curve = TRY(curve_from(a.curve));
    if (!a.serial.empty()) r.serial = TRY(from_hex(a.serial, "serial"));
    if (!a.cn.empty()) r.subject.common_name = a.cn;
    if (!a.country.empty()) r.subject.country = a.country;
    if (!a.oid.empty()) r.registered_id = a.oid;
    if (!a.host.empty()) {
        if (r.dns_names.empty()) return fail(Errc::unsupported, "host: TLS roles only");
        r.dns_names = {a.host};
        if (a.cn.empty()) r.subject.common_name = a.host;
    }
    if (role == Role::euicc) {
        if (a.eid.empty()) return fail(Errc::missing_field, "eid");
        TRY(eid_from_text(a.eid));
        r.subject.serial_number = a.eid;
    } else if (!a.eid.empty()) {
        return fail(Errc::unsupported, "eid: eUICCs only");
    }
    if (!a.more_eins.empty() && (role != Role::eum || a.names.oids() == rsp::RoleOids::v2))
        return fail(Errc::unsupported, "more-ein: EUMs of v3 only");
    r.more_eins = a.more_eins;
    r.path_length = a.path_length;
    for (const auto& [word, flaw] : kFlaws)
        if (a.invalid == word) r.flaw = flaw;
    return r;
}

// Without --issuer the one that the variant wants, out of the same directory.
Result<Credential> issuer_from(const Arguments& a, Role role) {
    if (!a.issuer.empty()) {
        std::filesystem::path path = a.issuer;
        if (!std::filesystem::exists(path.string() + ".der")) path = std::filesystem::path(a.dir) / a.issuer;
        return PkiDirectory{path.parent_path()}.credential(path.filename().string());
    }
    const auto wanted = rsp::issuer_of(role, a.names.variant);
    if (!wanted) return fail(Errc::unsupported, "role: this variant has none");
    return PkiDirectory{a.dir}.credential(role_word(*wanted).file);
}

// SGP.26 takes the 192-bit curve of the same family; TLS stacks know none of those, so P-384 there.
const char* foreign_curve(Role role, crypto::Curve curve) {
    if (role == Role::dp_tls || role == Role::ds_tls || role == Role::eim_tls) return "secp384r1";
    return curve == crypto::Curve::p256 ? "prime192v1" : "brainpoolP192r1";
}

Ok store(const Arguments& a, const std::string& name, const pki::Request& r) {
    const PkiDirectory dir{a.dir};
    crypto::SystemRandom random;
    if (r.role == Role::ci) {
        if (a.invalid == "curve") return fail(Errc::unsupported, "curve: a CI's is chosen by --curve");
        return dir.store(name, TRY(pki::mint_ci(r, random)));
    }
    const Credential issuer = TRY(issuer_from(a, r.role));
    if (!a.curve.empty() && r.curve != issuer.key.curve()) return fail(Errc::conflict, "curve");
    if (a.invalid != "curve") return dir.store(name, TRY(pki::mint(r, issuer, random)));
    const auto key = TRY(crypto::ForeignKey::generate(foreign_curve(r.role, issuer.key.curve())));
    Credential made{{}, TRY(pki::certify(r, key, issuer, random))};
    TRY(dir.store(name, made));
    return app::write_secret(dir.key(name), key.pem.reveal());
}

Ok issue(Arguments& a, ordered_json& out) {
    a.names.variant = TRY(rsp::variant_from(a.variant));
    const auto word = std::find_if(
        role_words().begin(), role_words().end(), [&](const RoleWord& w) { return a.role == w.word; });
    if (word == role_words().end()) return fail(Errc::bad_value, "role");
    const pki::Request r = TRY(request_from(a, word->role));
    const std::string name = !a.name.empty()             ? a.name
                             : word->role == Role::euicc ? "euicc/" + a.eid
                                                         : word->file;
    const PkiDirectory dir{a.dir};
    for (const char* kind : {".der", ".pem", ".key"})
        if (!a.force && std::filesystem::exists(a.dir + "/" + name + kind))
            return fail(Errc::conflict, "name");
    TRY(store(a, name, r));
    out = describe(TRY(dir.certificate(name)));
    out["file"] = (dir.path / (name + ".der")).string();
    if (!a.invalid.empty()) out["invalid"] = a.invalid;
    return {};
}
} // namespace

void add_pki_issue(CLI::App& pki, int& exit_code) {
    auto a = std::make_shared<Arguments>();
    CLI::App* c = pki.add_subcommand("issue", "Mint one certificate of any role, right or wrong on purpose");
    std::vector<std::string> roles, flaws;
    for (const RoleWord& w : role_words()) roles.emplace_back(w.word);
    for (const auto& flaw : kFlaws) flaws.emplace_back(flaw.first);
    c->add_option("role", a->role, "ci, ci-subca, eum, eum-subca, euicc, dp-subca, dp-auth, …")
        ->required()
        ->check(CLI::IsMember(roles));
    c->add_option("--dir", a->dir, "PKI directory to write to, and to find the issuer in")->required();
    c->add_option("--name", a->name, "Instead of the role's own file name there, without ending");
    c->add_option("--issuer", a->issuer, "Name in the directory, or path without ending; default by variant");
    c->add_option("--variant", a->variant, "O, Ov3, A, B or C: role identifiers and issuer");
    c->add_option("--curve", a->curve, "Of a CI: nist or brp; all others have their issuer's")
        ->check(CLI::IsMember({"p256", "brainpool", "nist", "brp"}));
    c->add_option("--not-before", a->not_before, "Default yesterday");
    c->add_option("--not-after", a->not_after, "Up to 9999-12-31T23:59:59Z; default in 30 years");
    c->add_flag("--expired", a->expired, "Valid until yesterday");
    c->add_option("--serial", a->serial, "Hex, up to 20 octets; default random");
    c->add_option("--invalid", a->invalid, "One of the invalid cases of SGP.26")->check(CLI::IsMember(flaws));
    c->add_option("--cn", a->cn, "commonName");
    c->add_option("--country", a->country, "countryName");
    c->add_option("--organization", a->names.organization, "O of the subject; EUM: of its eUICCs, too");
    c->add_option("--oid", a->oid, "registeredID");
    c->add_option("--host", a->host, "TLS roles: dNSName and commonName");
    c->add_option("--eid", a->eid, "eUICC: 32 digits");
    c->add_option("--eum-prefix", a->names.eum_prefix, "EUM: digits every EID starts with (EIN)");
    c->add_option("--more-ein", a->more_eins, "EUM of v3: a further EIN; may be repeated");
    c->add_option("--path-length", a->path_length, "CAs: pathLenConstraint");
    c->add_option("--crl", a->names.crls, "URI for cRLDistributionPoints; may be repeated");
    c->add_flag("--force", a->force, "Replace what is there");
    c->add_flag("--json", a->json, "Print one JSON object");
    c->callback([a, &exit_code] {
        ordered_json out;
        if (const auto ok = issue(*a, out); !ok)
            exit_code = report(ok.error(), "pki issue", a->json);
        else if (a->json)
            std::printf("%s\n", out.dump().c_str());
        else
            print_fields(out["file"], out);
    });
}

} // namespace halyard::cli
