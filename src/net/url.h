#pragma once
#include "base/result.h"
#include <string>
#include <string_view>

namespace halyard::net {

/// Where an HTTPS request goes. Only https exists here: a plain-text scheme is refused by parse_url.
struct Url {
    std::string host; // lower case; an IPv6 literal stands here without brackets
    uint16_t port = 443;
    std::string path = "/"; // origin form: path and query

    /// True when the host is an IPv4 or IPv6 literal, so that certificates are matched on iPAddress.
    bool is_address_literal() const;
    /// "host" or "host:port", brackets around IPv6, as Host and connect_to want it; 443 is left out.
    std::string authority() const;
    std::string text() const;
};

/// "https://host[:port][/path]". User information, fragments, other schemes and characters outside the URI
/// set are refused as bad_value. `where` names the field in the error.
Result<Url> parse_url(std::string_view text, const char* where = "url");

/// "host[:port]" as in activation codes, eimFqdn and smdpAddress: a name, an IPv4 literal, or an IPv6 literal
/// in brackets (bare as well, then without a port). SGP.22 §4.1, SGP.32 §2.11.1.1.2
Result<Url> parse_address(std::string_view text, const char* where = "address");

} // namespace halyard::net
