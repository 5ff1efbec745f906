#include "apps/ops/limits.h"
#include <algorithm>
#include <iterator>

namespace halyard::ops {
namespace {
using net::RateLimit;

constexpr std::string_view kCostly[] = {
    "initiateAuthentication", "authenticateClient", "getBoundProfilePackage"};
constexpr const char* kRequests = "requests";
constexpr const char* kCostlyRequests = "costly";
constexpr const char* kGuesses = "guesses";
constexpr const char* kAllGuesses = "all_guesses";
constexpr const char* kCodes = "codes";

RateLimit::Options per_second(unsigned rate, unsigned burst) {
    return {.per_second = static_cast<double>(rate), .burst = static_cast<double>(std::max(burst, 1u))};
}
RateLimit::Options per_minute(unsigned rate, unsigned burst) {
    return {.per_second = rate / 60.0, .burst = static_cast<double>(std::max(burst, 1u))};
}

std::optional<std::string> take_networks(const std::vector<std::string>& texts,
                                         std::vector<net::Network>& out) {
    std::vector<net::Network> read;
    for (const std::string& text : texts) {
        auto network = net::Network::parse(text);
        if (!network) return "no network: " + text;
        read.push_back(*std::move(network));
    }
    out = std::move(read);
    return std::nullopt;
}

void add_time_limits(Settings& s, LimitOptions& o) {
    s.seconds("limits.handshake_seconds", "", o.handshake, 1, 600, "For a TLS handshake; cards need 60");
    s.seconds("limits.header_seconds", "", o.header, 1, 600, "For a request's header");
    s.seconds("limits.body_seconds", "", o.body, 1, 3600, "For a body, longer while it keeps the least rate");
    s.seconds("limits.idle_seconds", "", o.idle, 1, 3600, "Between requests of a connection");
    s.number("limits.body_octets_per_second", "", o.body_octets_per_second, 1, 1 << 20, "The least rate");
    s.number("limits.body_octets", "", o.body_octets, 1024, 1 << 26, "Of a request's body; beyond: 413");
}
} // namespace

void add_limit_settings(Settings& s, LimitOptions& o) {
    s.add({"limits.exempt",
           "",
           "Networks that limits per source do not count",
           Kind::texts,
           false,
           [&o](const std::vector<std::string>& v) { return take_networks(v, o.exempt); }});
    constexpr int64_t kMost = 1'000'000;
    const auto number = [&](const char* key, auto& to, int64_t least, const char* help) {
        s.number(std::string("limits.") + key, "", to, least, kMost, help);
    };
    number("connections", o.connections, 1, "Connections at a time");
    number("connections_per_network", o.connections_per_network, 1, "Of one IPv4 /24 or IPv6 /56");
    number("handshakes", o.handshakes, 1, "TLS handshakes under way; beyond, a connection is closed");
    number(
        "connections_per_second", o.connections_per_second, 0, "New connections of one source; 0: no limit");
    number("connections_burst", o.connections_burst, 1, "At once");
    number("requests_per_second", o.requests_per_second, 0, "Requests of one source; 0: no limit");
    number("requests_burst", o.requests_burst, 1, "At once");
    number("costly_per_second", o.costly_per_second, 0, "Those that sign, verify or bind; 0: no limit");
    number("costly_burst", o.costly_burst, 1, "At once");
    number("guesses_per_minute", o.guesses_per_minute, 0, "Wrong matching ids of one source; 0: no limit");
    number("guesses_burst", o.guesses_burst, 1, "At once");
    number("all_guesses_per_minute", o.all_guesses_per_minute, 0, "Of all sources together; 0: no limit");
    number("all_guesses_burst", o.all_guesses_burst, 1, "At once");
    number("codes_per_minute", o.codes_per_minute, 0, "Wrong confirmation codes of one source; 0: no limit");
    number("codes_burst", o.codes_burst, 1, "At once");
    number("workers", o.workers, 1, "Requests handled at a time");
    number("queue", o.queue, 0, "Requests that wait for that; beyond: 503");
    add_time_limits(s, o);
}

void set_limits(net::HttpsServer::Options& to, const LimitOptions& o) {
    to.exempt = o.exempt;
    to.max_connections = o.connections;
    to.max_connections_per_network = std::min(o.connections, o.connections_per_network);
    to.max_handshakes = o.handshakes;
    to.connections_per_second = o.connections_per_second;
    to.connections_burst = std::max(o.connections_burst, 1u);
    to.max_body = o.body_octets;
    to.min_body_rate = o.body_octets_per_second;
    to.handshake_timeout = o.handshake;
    to.header_timeout = o.header;
    to.body_timeout = o.body;
    to.idle_timeout = o.idle;
    to.workers = o.workers;
    to.max_queue = o.queue;
}

Limiter::Limiter(const LimitOptions& o)
    : exempt_(o.exempt), requests_(per_second(o.requests_per_second, o.requests_burst)),
      costly_(per_second(o.costly_per_second, o.costly_burst)),
      guesses_(per_minute(o.guesses_per_minute, o.guesses_burst)),
      all_guesses_(per_minute(o.all_guesses_per_minute, o.all_guesses_burst)),
      codes_(per_minute(o.codes_per_minute, o.codes_burst)) {}

// Empty: not limited.
std::string Limiter::source(std::string_view peer) const {
    const auto source = net::Source::parse(peer);
    if (!source) return {};
    const auto holds = [&](const net::Network& n) { return n.contains(*source); };
    return std::ranges::any_of(exempt_, holds) ? std::string() : source->key();
}

const char* Limiter::arrives(std::string_view peer, Clock::time_point now) {
    if (!requests_.is_on()) return nullptr;
    const std::string from = source(peer);
    return from.empty() || requests_.take(from, now) ? nullptr : kRequests;
}

const char* Limiter::begins(std::string_view peer, std::string_view function, Clock::time_point now) {
    if (std::ranges::find(kCostly, function) == std::end(kCostly)) return nullptr;
    const std::string from = source(peer);
    if (from.empty()) return nullptr;
    if (function == "authenticateClient") {
        if (!guesses_.has(from, now)) return kGuesses;
        // Whoever has guessed nothing wrong lately is served, however many others guess.
        if (!all_guesses_.has("", now) && (!guesses_.is_on() || guesses_.has_used(from, now)))
            return kAllGuesses;
    }
    if (function == "getBoundProfilePackage" && !codes_.has(from, now)) return kCodes;
    return costly_.take(from, now) ? nullptr : kCostlyRequests;
}

void Limiter::ends(std::string_view peer,
                   std::string_view function,
                   std::string_view outcome,
                   Clock::time_point now) {
    constexpr std::string_view kWrongId[] = {"8.2.6/3.8", "8.1.1/3.8", "8.9.5/3.9"};
    const bool guess =
        function == "authenticateClient" && std::ranges::find(kWrongId, outcome) != std::end(kWrongId);
    const bool code = outcome == "8.2.7/3.8" || outcome == "8.2.7/6.4";
    if (!guess && !code) return;
    const std::string from = source(peer);
    if (from.empty()) return;
    if (code) {
        (void)codes_.take(from, now);
        return;
    }
    (void)guesses_.take(from, now);
    (void)all_guesses_.take("", now);
}

net::Response Limiter::refusal(const char* limit) const {
    const std::pair<std::string_view, const RateLimit*> all[] = {{kRequests, &requests_},
                                                                 {kCostlyRequests, &costly_},
                                                                 {kGuesses, &guesses_},
                                                                 {kAllGuesses, &all_guesses_},
                                                                 {kCodes, &codes_}};
    net::Response r = net::plain(429, "too many requests");
    for (const auto& [name, rate] : all)
        if (name == limit) r.headers.add("Retry-After", std::to_string(rate->retry_after()));
    return r;
}

} // namespace halyard::ops
