#pragma once
// What `smdp serve` and `smds serve` have in common.
#include "apps/common/pki_files.h"
#include "apps/ops/log_sink.h"
#include "apps/ops/settings.h"

namespace halyard::ops {

struct ServeOptions {
    std::filesystem::path state;
    app::PkiDirectory pki;
    std::vector<app::PkiDirectory> more_pki; // the server under further CIs; TLS is that of `pki`
    std::vector<std::string> crls;           // files
    std::string address;                     // host[:port], what devices are told
    std::string bind = "127.0.0.1";
    uint16_t port = 0;
    std::map<std::string, std::string> resolve; // "host[:port]" → "address:port", for calls to others
    bool strict = false;                        // refuse every deviation of a peer
    std::string metrics;                        // "[address:]port" of metrics and health; empty: none
    LogOptions log;
    bool log_requests = false;
    std::chrono::milliseconds drain{30'000}; // what the end grants requests that have begun
};

/// `port_key`: "es9.port", "es11.port".
/// "9464", "0.0.0.0:9464" or "[::1]:9464". Errors: bad_value "metrics".
struct MetricsAddress {
    std::string bind = "127.0.0.1";
    uint16_t port = 0;
};
Result<MetricsAddress> metrics_address(std::string_view text);
void add_common_settings(Settings&, ServeOptions&, const std::string& port_key);

} // namespace halyard::ops
