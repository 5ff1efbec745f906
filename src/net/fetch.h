#pragma once
#include "base/octets.h"
#include <chrono>
#include <map>
#include <string>

namespace halyard::net {

struct FetchOptions {
    size_t max_body = 10u << 20;
    std::chrono::milliseconds timeout{30'000};     // of everything
    bool allow_private = false;                    // addresses of Source::is_private too (SR-19)
    std::string ca_file;                           // PEM, what https servers are judged by; empty: no https
    std::map<std::string, std::string> connect_to; // "host[:port]" → "address:port"
};

/// GET of what is signed anyway: "http://…" or "https://…". Redirects are not followed, the address that is
/// connected to is the one that was judged. Errors: bad_value "url"; unsupported "https" without a CA file;
/// rejected "private address", "http status" (the status as detail); unreachable, limit and bad_value as
/// HttpsClient's.
Result<OwnedBytes> fetch(const std::string& url, const FetchOptions&);

} // namespace halyard::net
