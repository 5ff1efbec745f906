#pragma once
// Parts of `halyard euicc`. Each adds its commands under `top`.
#include "reader/fault_plan.h"
#include <string>

namespace CLI {
class App;
}

namespace halyard::cli {

/// A fault plan, or 1 with every bad line told on stderr, or as one JSON error on stdout.
int read_plan(std::string_view text, const std::string& where, bool json, reader::PlanText& out);

void add_euicc_show(CLI::App& top, int& exit_code);
void add_euicc_apdu(CLI::App& top, int& exit_code);
void add_euicc_serve(CLI::App& top, int& exit_code);
void add_euicc_trace(CLI::App& top, int& exit_code); // and replay
void add_euicc_fs(CLI::App& top, int& exit_code);

} // namespace halyard::cli
