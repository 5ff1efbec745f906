#include "apps/cli/commands.h"
#include "apps/cli/pki_parts.h"
#include "apps/common/test_ci.h"
#include <algorithm>
#include <CLI/CLI.hpp>

namespace halyard::cli {
namespace {
using rsp::Role;

constexpr RoleWord kWords[] = {{"ci", "ci", Role::ci},
                               {"ci-subca", "ci-sub", Role::ci_sub},
                               {"eum", "eum", Role::eum},
                               {"eum-subca", "eum-sub", Role::eum_sub},
                               {"euicc", "euicc", Role::euicc},
                               {"dp-subca", "smdp-sub", Role::dp_sub},
                               {"dp-auth", "smdp-auth", Role::dp_auth},
                               {"dp-pb", "smdp-pb", Role::dp_pb},
                               {"dp-tls", "smdp-tls", Role::dp_tls},
                               {"ds-subca", "smds-sub", Role::ds_sub},
                               {"ds-auth", "smds-auth", Role::ds_auth},
                               {"ds-tls", "smds-tls", Role::ds_tls},
                               {"eim", "eim-sign", Role::eim},
                               {"eim-tls", "eim-tls", Role::eim_tls}};
static_assert(std::size(kWords) == static_cast<size_t>(Role::count_));
} // namespace

std::span<const RoleWord> role_words() { return kWords; }
const RoleWord& role_word(Role role) {
    return *std::find_if(
        std::begin(kWords), std::end(kWords), [&](const RoleWord& w) { return w.role == role; });
}

pki::Request request_for(Role role, const PkiNames& names, const pki::Validity& valid) {
    const bool v3 = names.oids() == rsp::RoleOids::v3;
    // Country, name, registeredID and host. Those under 2.999 are for examples, of the kind that SGP.26 uses.
    struct Row {
        Role role;
        const char* country;
        std::string name, oid;
        bool host;
    };
    const Row rows[] = {{Role::ci,
                         "DE",
                         "Halyard Test CI" + (names.label.empty() ? "" : " " + names.label),
                         "2.999.1",
                         false},
                        {Role::ci_sub, "DE", "Halyard Test CI SubCA", "", false},
                        {Role::eum, "DE", "Halyard Test EUM", v3 ? "2.999.101" : "2.999.5", false},
                        {Role::eum_sub, "DE", "Halyard Test EUM SubCA", "", false},
                        {Role::euicc, "DE", "Halyard Test eUICC", "", false},
                        {Role::dp_sub, "DE", "Halyard Test SM-DP+ SubCA", "2.999.221", false},
                        {Role::dp_auth, "", names.smdp_host, names.smdp_oid, false},
                        {Role::dp_pb, "", names.smdp_host, names.smdp_oid, false},
                        {Role::dp_tls, "", names.smdp_host, names.smdp_oid, true},
                        {Role::ds_sub, "DE", "Halyard Test SM-DS SubCA", "2.999.321", false},
                        {Role::ds_auth, "", names.smds_host, names.smds_oid, false},
                        {Role::ds_tls, "", names.smds_host, names.smds_oid, true},
                        {Role::eim, "DE", names.eim_host, "", false},
                        {Role::eim_tls, "DE", names.eim_host, names.eim_oid, true}};
    const Row& row =
        *std::find_if(std::begin(rows), std::end(rows), [&](const Row& r) { return r.role == role; });
    pki::Request out{.role = role, .oids = names.oids(), .validity = valid, .registered_id = row.oid};
    out.subject = {.country = row.country, .organization = names.organization, .common_name = row.name};
    if (role == Role::ci && names.test) out.subject.organizational_unit = app::kTestUnit;
    if (row.host) out.dns_names = {row.name};
    if (role != Role::euicc && role != Role::eim) out.crl_uris = names.crls; // SGP.26: those two carry none
    if (role == Role::eum) out.eid_prefix = names.eum_prefix;
    if (role == Role::eum || role == Role::eum_sub) out.permitted_organization = names.organization;
    return out;
}

Result<pki::Validity> validity_from(const std::string& not_before, const std::string& not_after) {
    constexpr int64_t kYear = 365 * 86400;
    const int64_t now = app::now_ms() / 1000;
    const int64_t from =
        not_before.empty() ? now - 86400 : TRY(app::seconds_from_text(not_before, "not-before"));
    const int64_t to = not_after.empty() ? std::max(now, from) + 30 * kYear
                                         : TRY(app::seconds_from_text(not_after, "not-after"));
    if (to <= from) return fail(Errc::bad_value, "not-after");
    return pki::Validity{std::chrono::duration_cast<Time>(Seconds(from)),
                         std::chrono::duration_cast<Time>(Seconds(to))};
}

Result<crypto::Curve> curve_from(const std::string& text) {
    if (text == "p256" || text == "nist") return crypto::Curve::p256;
    if (text == "brainpool" || text == "brp") return crypto::Curve::brainpool256;
    return fail(Errc::bad_value, "curve");
}

std::string time_text(Time t) {
    return app::text_from_seconds(std::chrono::duration_cast<Seconds>(t).count());
}

Result<std::vector<std::filesystem::path>> files_in(const std::string& path,
                                                    std::initializer_list<const char*> endings) {
    std::vector<std::filesystem::path> out;
    if (!std::filesystem::is_directory(path)) return std::vector<std::filesystem::path>{path};
    std::error_code failed;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path, failed))
        if (std::find(endings.begin(), endings.end(), entry.path().extension()) != endings.end())
            out.push_back(entry.path());
    if (failed) return fail(Errc::not_found, "directory");
    std::sort(out.begin(), out.end());
    return out;
}

void add_pki_commands(CLI::App& app, int& exit_code) {
    CLI::App* pki =
        app.add_subcommand("pki", "Certificates of a test PKI: mint, revoke, show and judge them");
    pki->require_subcommand(1);
    add_pki_init(*pki, exit_code);
    add_pki_issue(*pki, exit_code);
    add_pki_crl(*pki, exit_code);
    add_pki_show(*pki, exit_code);
    add_pki_verify(*pki, exit_code);
    add_pki_eid(*pki, exit_code);
}

} // namespace halyard::cli
