#pragma once
// What the `halyard smdp` commands share.
#include "apps/cli/store_option.h"
#include "apps/smdp/site.h"
#include <memory>
#include <nlohmann/json.hpp>

namespace CLI {
class App;
}

namespace halyard::cli {
/// An order for people and programs.
nlohmann::ordered_json describe(const smdp_app::Site&, const smdp::Order&);
/// One line.
void print_order(const nlohmann::ordered_json&, bool json);
/// What every command takes: the directory, its address; for those that take packages, what may come in.
struct SiteArguments {
    StoreOptions at;
    std::string address, storage_key, lint = "refuse";
    bool lab = false;
    std::vector<std::string> ignored;
};
void add_site_options(CLI::App*, SiteArguments&);
void add_gate_options(CLI::App*, SiteArguments&);
Result<std::unique_ptr<smdp_app::Site>> open_site(const SiteArguments&);

/// type, load.
void add_smdp_factory_commands(CLI::App& smdp, int& exit_code);
/// keys, rekey.
void add_smdp_key_commands(CLI::App& smdp, int& exit_code);
/// confirm, release, pool.
void add_smdp_stock_commands(CLI::App& smdp, int& exit_code);
} // namespace halyard::cli
