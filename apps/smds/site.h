#pragma once
// The directory of one SM-DS: database and settings.
#include "apps/common/pki_files.h"
#include "apps/common/store_at.h"
#include "crypto/hash.h"
#include "smds/server.h"
#include "store/smds_store.h"
#include <map>

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

struct ServeOptions {
    std::filesystem::path state;
    std::string store; // PostgreSQL; empty: SQLite in `state`
    app::PkiDirectory pki;
    std::vector<app::PkiDirectory> more_pki; // this SM-DS under further CIs; TLS is that of `pki`
    std::vector<std::string> crls;           // files
    std::string address;                     // host[:port]; empty: the name in smds-tls
    std::string bind = "127.0.0.1";
    uint16_t port = 0, es12_port = 0;
    std::string client_ca;                      // PEM; empty: the CI of `pki`
    std::string parent;                         // "host[:port]" of the parent's ES15; empty: this is a root
    std::map<std::string, std::string> resolve; // "host[:port]" → "address:port"
    bool lab = false;                           // test CIs
    bool strict = false;                        // refuse every deviation of a peer
};
/// Serves ES11, and on a port of its own ES12 and ES15 over mutual TLS, until SIGTERM or SIGINT; tells the
/// parent what it must know. Prints {"listening":"https://…","es12":"https://…"} on stdout when ready. Exit
/// status: 0, or 3 when the database broke and only a restart helps.
Result<int> serve(const ServeOptions&);

} // namespace halyard::smds_app
