#pragma once
// What the `halyard smdp` commands share.
#include "apps/smdp/site.h"
#include <nlohmann/json.hpp>

namespace CLI {
class App;
}

namespace halyard::cli {
/// An order for people and programs.
nlohmann::ordered_json describe(const smdp_app::Site&, const smdp::Order&);
/// One line.
void print_order(const nlohmann::ordered_json&, bool json);
/// confirm, release, pool.
void add_smdp_stock_commands(CLI::App& smdp, int& exit_code);
} // namespace halyard::cli
