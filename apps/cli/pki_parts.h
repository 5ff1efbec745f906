#pragma once
// What the commands of `halyard pki` share: words for roles, requests for their certificates, output.
#include "apps/common/pki_files.h"
#include <nlohmann/json.hpp>

namespace CLI {
class App;
}

namespace halyard::cli {

/// A role as the command line words it, and the file `pki init` keeps it in; an eUICC's is euicc/<EID>.
struct RoleWord {
    const char* word;
    const char* file;
    rsp::Role role;
};
std::span<const RoleWord> role_words();
const RoleWord& role_word(rsp::Role);

/// Names and numbers that certificates of one PKI carry.
struct PkiNames {
    std::string smdp_host = "smdp.halyard.test", smds_host = "smds.halyard.test",
                eim_host = "eim.halyard.test";
    std::string smdp_oid = "2.999.10", smds_oid = "2.999.15", eim_oid = "2.999.20";
    std::string eum_prefix = "89049032", organization = "Halyard Test", label; // label: after the CI's name
    bool test = true; // the CI says that it is for laboratories
    std::vector<std::string> crls;
    rsp::Variant variant = rsp::Variant::o;
    rsp::RoleOids oids() const { return variant == rsp::Variant::o ? rsp::RoleOids::v2 : rsp::RoleOids::v3; }
};
/// The certificate of `role` as `pki init` has it made; an eUICC's serialNumber is left to the caller.
pki::Request request_for(rsp::Role, const PkiNames&, const pki::Validity&);
/// Default: from yesterday for 30 years. Errors: bad_value "not-before", "not-after".
Result<pki::Validity> validity_from(const std::string& not_before, const std::string& not_after);
/// "p256", "nist", "brainpool", "brp"
Result<crypto::Curve> curve_from(const std::string& text);

/// All that `show` prints of a certificate or a list.
nlohmann::ordered_json describe(const crypto::Certificate&);
nlohmann::ordered_json describe(const rsp::Crl&);
/// What an EID tells, with "check_digits" and, when they are wrong, "check_digits_should_be".
nlohmann::ordered_json describe_eid(const Eid&);
/// A title and a line for each member.
void print_fields(const std::string& title, const nlohmann::ordered_json& fields);
/// Files with one of these endings in a directory, or the file itself; sorted.
Result<std::vector<std::filesystem::path>> files_in(const std::string& path,
                                                    std::initializer_list<const char*> endings);
std::string time_text(Time);

// Each adds its commands below `pki`.
void add_pki_init(CLI::App& pki, int& exit_code);
void add_pki_issue(CLI::App& pki, int& exit_code);
void add_pki_crl(CLI::App& pki, int& exit_code);
void add_pki_show(CLI::App& pki, int& exit_code);
void add_pki_verify(CLI::App& pki, int& exit_code);
void add_pki_eid(CLI::App& pki, int& exit_code);

} // namespace halyard::cli
