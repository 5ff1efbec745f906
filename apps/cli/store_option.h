#pragma once
// Where the commands of a server find its state.
#include "apps/common/store_at.h"

namespace CLI {
class App;
}

namespace halyard::cli {

struct StoreOptions {
    std::string state, store;
    app::StoreAt at() const { return {state, store}; }
};
/// --state and --store of an SM-DP+. The directory is needed with PostgreSQL too: it has the storage key.
void add_smdp_store(CLI::App&, StoreOptions&);
/// --state or --store of an SM-DS.
void add_smds_store(CLI::App&, StoreOptions&);

} // namespace halyard::cli
