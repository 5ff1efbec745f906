#pragma once
// How much of a server one source may have. SR-20, SR-21, SR-50 to SR-54
#include "apps/ops/settings.h"
#include "net/https_server.h"
#include "net/rate_limit.h"

namespace halyard::ops {

/// Rates of 0 are no limit.
struct LimitOptions {
    std::vector<net::Network> exempt{*net::Network::parse("127.0.0.0/8"), *net::Network::parse("::1")};
    size_t connections = 4096, connections_per_network = 1024, handshakes = 512;
    unsigned connections_per_second = 50, connections_burst = 500; // of one source
    unsigned requests_per_second = 100, requests_burst = 1000;     // of one source
    unsigned costly_per_second = 30, costly_burst = 300;           // those that sign, verify or bind
    unsigned guesses_per_minute = 6, guesses_burst = 30;           // wrong matching ids of one source
    unsigned all_guesses_per_minute = 600, all_guesses_burst = 600;
    unsigned codes_per_minute = 2, codes_burst = 10; // wrong confirmation codes of one source
    size_t body_octets = 1024 * 1024;
    size_t body_octets_per_second = 256; // slower is cut off after `body`
    std::chrono::milliseconds handshake{10'000}, header{10'000}, body{30'000}, idle{60'000};
    // Requests handled at a time, and waiting. Many wait for the disk together: those share a commit.
    size_t workers = 32, queue = 256;
};
void add_limit_settings(Settings&, LimitOptions&);
/// Those that listeners keep themselves.
void set_limits(net::HttpsServer::Options&, const LimitOptions&);

/// Those that depend on what is asked and answered. Thread-safe.
class Limiter {
  public:
    using Clock = net::RateLimit::Clock;
    explicit Limiter(const LimitOptions&);

    /// Before anything is read of a request: the name of the limit it is beyond, or nullptr.
    const char* arrives(std::string_view peer, Clock::time_point now);
    /// Once its function is known. SGP.22's names.
    const char* begins(std::string_view peer, std::string_view function, Clock::time_point now);
    /// What became of it: wrong matching ids (8.2.6/3.8, 8.1.1/3.8; at an SM-DS 8.9.5/3.9) and wrong
    /// confirmation codes (8.2.7) are counted.
    void
    ends(std::string_view peer, std::string_view function, std::string_view outcome, Clock::time_point now);
    /// 429, and when to come back.
    net::Response refusal(const char* limit) const;

  private:
    std::string source(std::string_view peer) const;
    const std::vector<net::Network> exempt_;
    net::RateLimit requests_, costly_, guesses_, all_guesses_, codes_;
};

} // namespace halyard::ops
