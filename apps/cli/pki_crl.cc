#include "apps/cli/commands.h"
#include "apps/cli/pki_parts.h"
#include "pki/mint_crl.h"
#include <CLI/CLI.hpp>
#include <cstdio>

namespace halyard::cli {
namespace {
using app::PkiDirectory, nlohmann::ordered_json, pki::Credential;

struct Arguments {
    std::string dir, issuer = "ci", reason, at, this_update, next_update, only;
    std::vector<std::string> certificates, uris;
    uint32_t days = 1095, parts = 0; // days as SGP.26 has them
    bool json = false;
};

Time time_of(int64_t seconds) { return std::chrono::duration_cast<Time>(Seconds(seconds)); }
Result<Time> time_from(const std::string& text, const char* where) {
    return time_of(text.empty() ? app::now_ms() / 1000 : TRY(app::seconds_from_text(text, where)));
}

// The list itself is what the directory remembers of revocations: NAME.crl beside NAME.der.
std::filesystem::path list_path(const Arguments& a, const std::string& issuer) {
    return std::filesystem::path(a.dir) / (issuer + ".crl");
}
Result<std::optional<rsp::Crl>> current(const std::filesystem::path& path, const Credential& issuer) {
    if (!std::filesystem::exists(path)) return std::optional<rsp::Crl>{};
    auto crl = TRY(rsp::Crl::parse(TRY(app::read_file(path, rsp::Crl::kMaxSize, "crl"))));
    TRY(crypto::verify_der(issuer.key.public_key(), crl.tbs(), crl.signature(), "crl of another issuer"));
    return std::optional<rsp::Crl>(std::move(crl));
}

Result<uint64_t> next_number(const std::optional<rsp::Crl>& before) {
    uint64_t n = 0;
    if (!before) return uint64_t{1};
    if (before->number().size() > 8) return fail(Errc::limit, "cRLNumber");
    for (const uint8_t octet : before->number()) n = n << 8 | octet;
    if (n == UINT64_MAX) return fail(Errc::limit, "cRLNumber");
    return n + 1;
}

// Parts beside the whole list, of the same number: NAME.part1.crl …
Ok write_parts(const Arguments& a, const std::string& name, pki::CrlRequest r, const Credential& issuer) {
    const std::span<const rsp::CrlEntry> all = r.revoked;
    const size_t each = (all.size() + a.parts - 1) / a.parts;
    r.parts = a.parts;
    for (r.part = 1; r.part <= a.parts; ++r.part) {
        const size_t from = std::min(all.size(), each * (r.part - 1));
        r.revoked = all.subspan(from, std::min(each, all.size() - from));
        TRY(app::write_file(list_path(a, name + ".part" + std::to_string(r.part)),
                            TRY(pki::mint_crl(r, issuer))));
    }
    return {};
}

/// Signs the next list of an issuer: all that was revoked before, and `more`.
Ok sign_next(const Arguments& a, const std::string& name, const rsp::CrlEntry* more, ordered_json& out) {
    const Credential issuer = TRY(PkiDirectory{a.dir}.credential(name));
    const auto path = list_path(a, name);
    const auto before = TRY(current(path, issuer));
    if (more && before && before->find(more->serial)) return fail(Errc::conflict, "revoked already");
    auto entries = before ? before->entries(SIZE_MAX) : std::vector<rsp::CrlEntry>{};
    if (more) entries.push_back(*more);
    pki::CrlRequest r{.number = TRY(next_number(before)), .revoked = entries, .uris = a.uris};
    r.this_update = TRY(time_from(a.this_update, "this-update"));
    r.next_update = a.next_update.empty() ? r.this_update + std::chrono::hours(24) * a.days
                                          : TRY(time_from(a.next_update, "next-update"));
    // What is not said anew stays as it was.
    r.only_user_certificates = a.only.empty() ? before && before->only_user_certificates : a.only == "user";
    r.only_cas = a.only.empty() ? before && before->only_cas : a.only == "ca";
    if (r.uris.empty() && before) r.uris = before->uris;
    const OwnedBytes der = TRY(pki::mint_crl(r, issuer));
    TRY(app::write_file(path, der));
    if (a.parts > 0) TRY(write_parts(a, name, r, issuer));
    out = describe(TRY(rsp::Crl::parse(der)));
    out["file"] = path.string();
    return {};
}

// Who in the directory has signed this certificate, by key identifier and signature.
Result<std::string> issuer_name(const Arguments& a, const crypto::Certificate& c) {
    const PkiDirectory dir{a.dir};
    for (const RoleWord& word : role_words()) {
        if (!rsp::is_ca(word.role) || !std::filesystem::exists(dir.path / (std::string(word.file) + ".der")))
            continue;
        const auto ca = TRY(dir.certificate(word.file));
        if (ca.public_key && ca.subject_key_id && c.authority_key_id &&
            same(*ca.subject_key_id, *c.authority_key_id) && c.signed_by(*ca.public_key))
            return std::string(word.file);
    }
    return fail(Errc::not_found, "issuer");
}

Ok revoke(const Arguments& a, ordered_json& all) {
    rsp::CrlEntry entry{.date = TRY(time_from(a.at, "at"))};
    if (!a.reason.empty()) entry.reason = TRY(rsp::revocation_reason(a.reason));
    for (const std::string& name : a.certificates) {
        std::filesystem::path path = std::filesystem::path(a.dir) / (name + ".der");
        if (!std::filesystem::exists(path)) path = name;
        const auto c =
            TRY(crypto::Certificate::parse_file(TRY(app::read_file(path, 1u << 20, "certificate")))).front();
        entry.serial = c.serial;
        ordered_json one;
        TRY(sign_next(a, TRY(issuer_name(a, c)), &entry, one));
        one["revoked"] = ordered_json{{"certificate", path.string()}, {"serial", hex(c.serial)}};
        all.push_back(one);
    }
    return {};
}

void show(const ordered_json& list, bool json) {
    if (json) {
        std::printf("%s\n", list.dump().c_str());
        return;
    }
    for (const auto& one : list.is_array() ? list : ordered_json::array({list}))
        print_fields(one["file"], one);
}
} // namespace

void add_pki_crl(CLI::App& pki, int& exit_code) {
    auto a = std::make_shared<Arguments>();
    const auto common = [a](CLI::App* c) {
        c->add_option("--dir", a->dir, "PKI directory; the list is ISSUER.crl there")->required();
        c->add_option("--days", a->days, "From thisUpdate to nextUpdate")->check(CLI::Range(1u, 36500u));
        c->add_option("--this-update", a->this_update, "Default now");
        c->add_option("--next-update", a->next_update, "Instead of --days");
        c->add_flag("--json", a->json, "Print JSON");
    };
    CLI::App* r =
        pki.add_subcommand("revoke", "Put certificates on their issuers' lists and sign these anew");
    r->add_option("certificates", a->certificates, "Names in the directory, or files")->required();
    r->add_option("--reason", a->reason, "keyCompromise, superseded, cessationOfOperation, … (RFC 5280)");
    r->add_option("--at", a->at, "Moment of the revocation; default now");
    common(r);
    r->callback([a, &exit_code] {
        ordered_json all = ordered_json::array();
        if (const auto ok = revoke(*a, all); !ok)
            exit_code = report(ok.error(), "pki revoke", a->json);
        else
            show(all, a->json);
    });
    CLI::App* c =
        pki.add_subcommand("crl", "Sign the next revocation list of a CA: the same entries, a new number");
    c->add_option("--issuer", a->issuer, "Name of the CA in the directory");
    c->add_option("--only", a->only, "The list is for user or ca certificates only; default both")
        ->check(CLI::IsMember({"user", "ca"}));
    c->add_option("--uri", a->uris, "distributionPoint of the list; may be repeated");
    c->add_option("--parts", a->parts, "Also in so many parts: ISSUER.part1.crl … (SGP.22 v2)")
        ->check(CLI::Range(1u, rsp::Crl::kMaxParts));
    common(c);
    c->callback([a, &exit_code] {
        ordered_json one;
        if (const auto ok = sign_next(*a, a->issuer, nullptr, one); !ok)
            exit_code = report(ok.error(), "pki crl", a->json);
        else
            show(one, a->json);
    });
}

} // namespace halyard::cli
