#include "apps/cli/store_option.h"
#include <CLI/CLI.hpp>

namespace halyard::cli {
namespace {
constexpr const char* kStore =
    "PostgreSQL instead of SQLite: postgresql://[USER@]HOST/DATABASE, without password (PGPASSFILE)";
}

void add_smdp_store(CLI::App& c, StoreOptions& o) {
    c.add_option("--state", o.state, "Directory of this SM-DP+")->required();
    c.add_option("--store", o.store, kStore);
}
void add_smds_store(CLI::App& c, StoreOptions& o) {
    CLI::App* where = c.add_option_group("State", "One of them");
    where->add_option("--state", o.state, "Directory of this SM-DS");
    where->add_option("--store", o.store, kStore);
    where->require_option(1);
}

} // namespace halyard::cli
