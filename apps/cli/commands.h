#pragma once
// Every command of `halyard`. Exit status: 0 done, 1 refused or failed, 2 wrong command line.
#include "base/result.h"
#include <string>

namespace CLI {
class App;
}

namespace halyard::cli {

void add_asn1_commands(CLI::App& app, int& exit_code);
void add_pki_commands(CLI::App& app, int& exit_code);
void add_profile_commands(CLI::App& app, int& exit_code);
void add_euicc_commands(CLI::App& app, int& exit_code);
void add_smdp_commands(CLI::App& app, int& exit_code);
void add_smds_commands(CLI::App& app, int& exit_code);
void add_lpa_commands(CLI::App& app, int& exit_code);
void add_eim_commands(CLI::App& app, int& exit_code);
void add_lab_commands(CLI::App& app, int& exit_code);

/// "what: bad value at iccid (detail 5, octet 17)" on stderr, or as {"error":…} on stdout with --json.
/// Returns 1.
int report(const Error& error, const std::string& what, bool json);

} // namespace halyard::cli
