#include "apps/cli/commands.h"
#include "apps/cli/pki_parts.h"
#include <algorithm>
#include <CLI/CLI.hpp>
#include <cstdio>

namespace halyard::cli {
namespace {
using crypto::Certificate, nlohmann::ordered_json, rsp::Role;

struct Arguments {
    std::vector<std::string> paths, cas, chain, crls;
    std::string at, role;
    uint32_t grace_days = 7;
    bool crl_required = false, json = false;
};

struct Named {
    std::string name;
    Certificate certificate;
    std::optional<Role> role; // its file's, or --role
};

/// All that was given: what to judge, what may stand between, what is trusted.
struct Judge {
    std::vector<Named> subjects, between;
    std::vector<rsp::TrustAnchor> anchors;
    rsp::Revocation revocation;
    Time now{};

    Ok trust(const Certificate& ci) {
        anchors.push_back(TRY(rsp::TrustAnchor::from(ci)));
        return {};
    }

    // The issuer among all certificates; of several with one key, one that is valid now.
    const Named* issuer_of(const Certificate& c) const {
        const Named* found = nullptr;
        for (const auto* list : {&between, &subjects})
            for (const Named& n : *list) {
                const Certificate& ca = n.certificate;
                if (!c.authority_key_id || !ca.subject_key_id ||
                    !same(*c.authority_key_id, *ca.subject_key_id) || !same(c.issuer, ca.subject))
                    continue;
                if (ca.not_before <= now && now <= ca.not_after) return &n;
                found = &n;
            }
        return found;
    }

    // Leaf first. Ends at a root, at who is not there, and in a ring.
    std::vector<const Named*> path_of(const Named& leaf) const {
        std::vector<const Named*> path{&leaf};
        while (path.size() < 8) {
            const Named* up = issuer_of(path.back()->certificate);
            if (!up || up == path.back() || same(up->certificate.der, path.back()->certificate.der)) break;
            path.push_back(up);
        }
        return path;
    }

    ordered_json judge(const Named& subject) const {
        const Certificate& c = subject.certificate;
        const auto said = rsp::recognise(c);
        ordered_json out{{"certificate", subject.name}};
        if (!subject.role && !said) return refused(std::move(out), rsp::rule_name(rsp::ChainRule::role));
        const Role role = subject.role ? *subject.role : said->role;
        out["role"] = rsp::name(role);
        if (role == Role::ci) {
            const auto ok = rsp::check_ci(c, now);
            if (!ok) return refused(std::move(out), ok.error().where);
            out["ok"] = true;
            return out;
        }
        const auto path = path_of(subject);
        std::vector<Certificate> certificates;
        for (const Named* n : path) certificates.push_back(n->certificate);
        rsp::ChainFinding found;
        const auto variant = rsp::check_chain(certificates, role, anchors, now, &revocation, &found);
        if (found.stale_crl) out["crl"] = "past its nextUpdate";
        if (variant) {
            out["ok"] = true;
            out["variant"] = rsp::name(*variant);
            return out;
        }
        out = refused(std::move(out), variant.error().where);
        if (found.position > 0) out["at"] = path[found.position]->name;
        if (found.revoked) {
            out["revoked"] = ordered_json{
                {"serial", hex(found.revoked->serial)},
                {"date", time_text(found.revoked->date)},
                {"reason", rsp::name(found.revoked->reason.value_or(rsp::RevocationReason::unspecified))}};
        }
        return out;
    }
    static ordered_json refused(ordered_json out, const char* rule) {
        out["ok"] = false;
        out["rule"] = rule;
        return out;
    }
};

std::optional<Role> role_of_file(const std::filesystem::path& file) {
    if (file.parent_path().filename() == "euicc") return Role::euicc;
    for (const RoleWord& w : role_words())
        if (file.stem() == w.file) return w.role;
    return std::nullopt;
}

Ok read(const std::string& path, const Arguments& a, Judge& judge) {
    const bool directory = std::filesystem::is_directory(path);
    const size_t leaf = judge.subjects.size();
    const auto files = TRY(files_in(path, {".der", ".crl"}));
    if (files.empty()) return fail(Errc::not_found, "certificates");
    for (const auto& file : files) {
        const OwnedBytes content = TRY(app::read_file(file));
        if (directory && file.extension() == ".crl") {
            for (auto& crl : TRY(rsp::Crl::parse_file(content)))
                judge.revocation.crls.push_back(std::move(crl));
            continue;
        }
        auto name = directory ? std::filesystem::relative(file, path).replace_extension() : file;
        for (auto& c : TRY(Certificate::parse_file(content)))
            judge.subjects.push_back(
                {name.string(), std::move(c), directory ? role_of_file(file) : std::nullopt});
    }
    if (!directory && !a.role.empty())
        for (const RoleWord& w : role_words())
            if (a.role == w.word) judge.subjects[leaf].role = w.role; // leaf first
    // The CIs of a directory are trusted; those of a file only with --ca.
    for (const Named& n : judge.subjects)
        if (directory && n.role == Role::ci) TRY(judge.trust(n.certificate));
    return {};
}

// DPauth and DPpb of a directory must be one SM-DP+'s. Said of the latter.
void check_pairs(const Judge& judge, ordered_json& all) {
    for (size_t i = 0; i < judge.subjects.size(); ++i) {
        const Named& pb = judge.subjects[i];
        if (pb.role != Role::dp_pb || !all[i]["ok"]) continue;
        for (const Named& auth : judge.subjects) {
            if (auth.role != Role::dp_auth || std::filesystem::path(auth.name).parent_path() !=
                                                  std::filesystem::path(pb.name).parent_path())
                continue;
            const auto ok = rsp::check_same_server(auth.certificate, pb.certificate);
            if (!ok) all[i] = Judge::refused(std::move(all[i]), ok.error().where);
        }
    }
}

void print(const ordered_json& one) {
    std::string line = one.contains("rule") ? one["rule"].get<std::string>() : "ok";
    if (one.contains("at")) line += " (of " + one["at"].get<std::string>() + ")";
    if (one.contains("revoked"))
        line += ": serial " + one["revoked"]["serial"].get<std::string>() + ", " +
                one["revoked"]["date"].get<std::string>() + ", " +
                one["revoked"]["reason"].get<std::string>();
    if (one.contains("crl")) line += "  (CRL " + one["crl"].get<std::string>() + ")";
    std::printf("%-44s %-4s %s\n",
                one["certificate"].get<std::string>().c_str(),
                one.value("variant", "-").c_str(),
                line.c_str());
}

Ok verify(const Arguments& a, int& exit_code) {
    Judge judge;
    const int64_t now = a.at.empty() ? app::now_ms() / 1000 : TRY(app::seconds_from_text(a.at, "at"));
    judge.now = std::chrono::duration_cast<Time>(Seconds(now));
    judge.revocation = TRY(app::load_crls(a.crls, judge.now));
    judge.revocation.required = a.crl_required;
    judge.revocation.grace = std::chrono::hours(24) * a.grace_days;
    for (const std::string& path : a.paths) TRY(read(path, a, judge));
    for (const std::string& file : a.cas)
        for (const auto& ci : TRY(Certificate::parse_file(TRY(app::read_file(file, 1u << 20, "ca")), "ca"))) {
            TRY(rsp::check_ci(ci, std::nullopt));
            TRY(judge.trust(ci));
        }
    for (const std::string& file : a.chain)
        for (auto& c : TRY(Certificate::parse_file(TRY(app::read_file(file, 1u << 20, "chain")), "chain")))
            judge.between.push_back({file, std::move(c), std::nullopt});
    ordered_json all = ordered_json::array();
    for (const Named& subject : judge.subjects) all.push_back(judge.judge(subject));
    check_pairs(judge, all);
    for (const auto& one : all) {
        if (!one["ok"]) exit_code = 1;
        if (!a.json) print(one);
    }
    if (a.json) std::printf("%s\n", all.dump().c_str());
    return {};
}
} // namespace

void add_pki_verify(CLI::App& pki, int& exit_code) {
    auto a = std::make_shared<Arguments>();
    CLI::App* c = pki.add_subcommand(
        "verify",
        "Judge certificates and their chains, of any variant, by the RSP rules; exit 1 when one fails");
    std::vector<std::string> roles;
    for (const RoleWord& w : role_words()) roles.emplace_back(w.word);
    c->add_option(
         "paths", a->paths, "Directories of `pki init` (their CIs trusted, their lists used) or files")
        ->required();
    c->add_option("--ca", a->cas, "A trusted CI; may be repeated");
    c->add_option("--chain", a->chain, "What may stand between; may be repeated");
    c->add_option("--crl", a->crls, "Revocation list, DER or PEM; may be repeated");
    c->add_flag("--crl-required", a->crl_required, "Refuse certificates whose issuer has no list here");
    c->add_option("--grace-days", a->grace_days, "How long a list counts after its nextUpdate")
        ->check(CLI::Range(0u, 36500u));
    c->add_option("--role", a->role, "What the certificate of a file must be; default what it says")
        ->check(CLI::IsMember(roles));
    c->add_option("--at", a->at, "Moment to judge for; default now");
    c->add_flag("--json", a->json, "Print a JSON array");
    c->callback([a, &exit_code] {
        if (const auto ok = verify(*a, exit_code); !ok) exit_code = report(ok.error(), "pki verify", a->json);
    });
}

} // namespace halyard::cli
