#pragma once
// The directory of one SM-DS: database and settings.
#include "apps/common/store_at.h"
#include "apps/ops/options.h"
#include "crypto/hash.h"
#include "smds/server.h"
#include "store/smds_store.h"

namespace halyard::smds_app {

/// What `halyard smds` commands share.
struct Site {
    smds::Config config;
    std::string oid; // dotted
    std::unique_ptr<store::SmdsStore> store;
    crypto::SystemRandom random;
    bool lab = false; // test CIs may serve

    /// Makes the directory when it is needed and not there. Errors: storage, and those of
    /// store::open_postgres().
    static Result<std::unique_ptr<Site>> open(const app::StoreAt&);
    /// Credentials for serving under one CI; call it once for each. Errors: conflict when the directories
    /// name different SM-DS or the same CI twice; the rule that smds-auth breaks;
    /// rejected "ci" for a test CI without `lab` (SR-10).
    Ok load_credentials(const app::PkiDirectory&);
    smds::Server server() { return {config, *store, random}; }
};

struct ServeOptions : ops::ServeOptions { // `address` empty: the name in smds-tls; `port` is ES11's
    uint16_t es12_port = 0;
    std::string client_ca; // PEM; empty: the CI of `pki`
    std::string parent;    // "host[:port]" of the parent's ES15; empty: this is a root
};
/// Every setting of `smds serve`, pointing into the options.
void add_settings(ops::Settings&, ServeOptions&);
/// What is wrong with the files that the options name.
std::vector<ops::Problem> check_files(const ServeOptions&);
/// Serves ES11, and on a port of its own ES12 and ES15 over mutual TLS, until SIGTERM or SIGINT; tells the
/// parent what it must know. Prints {"listening":"https://…","es12":"https://…"} on stdout when ready. Exit
/// status: 0, or 3 when the database broke and only a restart helps.
Result<int> serve(const ServeOptions&);

} // namespace halyard::smds_app
