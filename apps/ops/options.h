#pragma once
// What `smdp serve` and `smds serve` have in common.
#include "apps/common/pki_files.h"
#include "apps/ops/limits.h"
#include "apps/ops/lists.h"
#include "apps/ops/log_sink.h"
#include "apps/ops/settings.h"

namespace halyard::ops {

struct ServeOptions {
    std::filesystem::path state;
    std::string store; // PostgreSQL; empty: SQLite in `state`
    app::PkiDirectory pki;
    std::vector<app::PkiDirectory> more_pki; // the server under further CIs; TLS is that of `pki`
    std::string address;                     // host[:port], what devices are told
    std::string bind = "127.0.0.1";
    uint16_t port = 0;
    std::map<std::string, std::string> resolve; // "host[:port]" → "address:port", for calls to others
    bool lab = false;                           // test CIs, and profiles taken with --lab (SR-10)
    bool strict = false;                        // refuse every deviation of a peer
    std::string metrics;                        // "[address:]port" of metrics and health; empty: none
    LogOptions log;
    bool log_requests = false;
    LimitOptions limits;
    ListOptions lists;
    std::chrono::milliseconds drain{30'000}; // what the end grants requests that have begun
};

/// The keeper of a server's lists, loaded; nothing is fetched before start(). The first error is logged with
/// the file it is about. `own`: names of certificates whose distribution points count.
Result<std::unique_ptr<ListKeeper>> open_lists(const ServeOptions&, const std::vector<std::string>& own);

/// "9464", "0.0.0.0:9464" or "[::1]:9464". Errors: bad_value "metrics".
struct MetricsAddress {
    std::string bind = "127.0.0.1";
    uint16_t port = 0;
};
Result<MetricsAddress> metrics_address(std::string_view text);
/// `port_key`: "es9.port", "es11.port".
void add_common_settings(Settings&, ServeOptions&, const std::string& port_key);

} // namespace halyard::ops
