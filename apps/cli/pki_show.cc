#include "apps/cli/commands.h"
#include "apps/cli/pki_parts.h"
#include <algorithm>
#include <CLI/CLI.hpp>
#include <cstdio>

namespace halyard::cli {
using nlohmann::ordered_json;

namespace {
constexpr size_t kShown = 1000; // entries of a list

// The variants whose certificates of this role look like this one: by role identifier, and by who issued it.
const char* generation(const crypto::Certificate& c, const rsp::Recognised& r) {
    const bool both = std::string_view(rsp::policy_oid(r.role, rsp::RoleOids::v2)) ==
                      rsp::policy_oid(r.role, rsp::RoleOids::v3);
    if (both || c.policies.empty()) return "O, Ov3, A, B, C";
    if (r.oids == rsp::RoleOids::v2) return "O";
    if (r.role == rsp::Role::ci_sub) return "B, C";
    return r.role == rsp::Role::eum_sub || r.role == rsp::Role::dp_sub || r.role == rsp::Role::ds_sub
               ? "A, C"
               : "Ov3, A, B, C";
}

Ok show(const std::string& path, bool json) {
    ordered_json all = ordered_json::array();
    const auto files = TRY(files_in(path, {".der", ".crl"}));
    if (files.empty()) return fail(Errc::not_found, "certificates");
    const auto add = [&](ordered_json one, const std::string& file) {
        if (!json) print_fields(file, one);
        one["file"] = file;
        all.push_back(std::move(one));
    };
    for (const auto& file : files) {
        const OwnedBytes content = TRY(app::read_file(file));
        const auto certificates = crypto::Certificate::parse_file(content);
        if (certificates) {
            for (const auto& c : *certificates) add(describe(c), file.string());
            continue;
        }
        const auto crls = rsp::Crl::parse_file(content);
        const bool list =
            file.extension() == ".crl" || text_of(content).find("BEGIN X509 CRL") != std::string_view::npos;
        if (!crls && list) return tl::unexpected<Error>(crls.error());
        if (!crls) return tl::unexpected<Error>(certificates.error());
        for (const auto& crl : *crls) add(describe(crl), file.string());
    }
    if (json) std::printf("%s\n", all.dump().c_str());
    return {};
}
} // namespace

ordered_json describe(const crypto::Certificate& c) {
    ordered_json out;
    const auto recognised = rsp::recognise(c);
    if (recognised) {
        out["role"] = rsp::name(recognised->role);
        out["variants"] = generation(c, *recognised);
    }
    out["common_name"] = c.subject_common_name;
    if (!c.subject_organization.empty()) out["organization"] = c.subject_organization;
    if (!c.subject_serial_number.empty()) out["serial_number"] = c.subject_serial_number;
    if (recognised && recognised->role == rsp::Role::euicc)
        if (const auto eid = rsp::eid_of(c)) out["eid"] = describe_eid(*eid);
    out["certificate_serial"] = hex(c.serial);
    out["curve"] = c.public_key ? crypto::name(c.public_key->curve) : "unsupported";
    out["not_before"] = time_text(c.not_before);
    out["not_after"] = time_text(c.not_after);
    if (c.subject_key_id) out["subject_key_id"] = hex(*c.subject_key_id);
    if (c.authority_key_id) out["authority_key_id"] = hex(*c.authority_key_id);
    if (!c.san_registered_ids.empty()) out["registered_id"] = c.san_registered_ids.front();
    if (!c.san_dns_names.empty()) out["dns_names"] = c.san_dns_names;
    if (c.path_length) out["path_length"] = *c.path_length;
    if (c.has_name_constraints) out["permitted_organization"] = c.permitted_organization;
    if (!c.permitted_serial_prefix.empty()) out["eid_prefix"] = c.permitted_serial_prefix;
    if (!c.permitted_eins.empty()) out["permitted_eins"] = c.permitted_eins;
    if (!c.crl_uris.empty()) out["crl"] = c.crl_uris;
    return out;
}

ordered_json describe(const rsp::Crl& crl) {
    ordered_json out{{"crl_number", hex(crl.number())},
                     {"this_update", time_text(crl.this_update)},
                     {"next_update", time_text(crl.next_update)},
                     {"authority_key_id", hex(crl.authority_key_id())}};
    if (crl.only_user_certificates) out["only"] = "user certificates";
    if (crl.only_cas) out["only"] = "CA certificates";
    if (!crl.uris.empty()) out["distribution_point"] = crl.uris;
    if (crl.parts > 0) out["part"] = std::to_string(crl.part) + " of " + std::to_string(crl.parts);
    out["entries"] = crl.size();
    auto& list = out["revoked_certificates"] = ordered_json::array();
    for (const rsp::CrlEntry& e : crl.entries(kShown)) {
        ordered_json one{{"serial", hex(e.serial)}, {"date", time_text(e.date)}};
        if (e.reason) one["reason"] = rsp::name(*e.reason);
        if (e.expires) one["expires"] = time_text(*e.expires);
        list.push_back(one);
    }
    return out;
}

void print_fields(const std::string& title, const ordered_json& fields) {
    std::printf("%s\n", title.c_str());
    for (const auto& [key, value] : fields.items()) {
        if (value.is_array() && !value.empty() && value[0].is_object()) {
            for (const auto& one : value) std::printf("  %-22s %s\n", key.c_str(), one.dump().c_str());
            continue;
        }
        std::printf("  %-22s %s\n",
                    key.c_str(),
                    (value.is_string() ? value.get<std::string>() : value.dump()).c_str());
    }
}

void add_pki_show(CLI::App& pki, int& exit_code) {
    auto path = std::make_shared<std::string>();
    auto json = std::make_shared<bool>(false);
    CLI::App* c =
        pki.add_subcommand("show", "Print certificates and revocation lists of a file or directory");
    c->add_option("path", *path, "File (DER or PEM) or directory")->required();
    c->add_flag("--json", *json, "Print a JSON array");
    c->callback([path, json, &exit_code] {
        if (const auto ok = show(*path, *json); !ok) exit_code = report(ok.error(), *path, *json);
    });
}

} // namespace halyard::cli
