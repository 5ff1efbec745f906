#pragma once
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace halyard::net {

/// Token buckets, one for each key (a source address, say): `burst` at once, then `per_second`. Thread-safe;
/// memory is bounded: sources beyond `max_keys` share one bucket. SR-52
class RateLimit {
  public:
    using Clock = std::chrono::steady_clock;
    struct Options {
        double per_second = 0; // 0: no limit, and nothing is remembered
        double burst = 1;
        size_t max_keys = 65'536;
    };

    explicit RateLimit(Options options) : options_(options) {}

    bool is_on() const { return options_.per_second > 0; }
    /// Takes a token; false when there is none.
    bool take(std::string_view key, Clock::time_point now);
    /// Whether there is one; takes nothing.
    bool has(std::string_view key, Clock::time_point now);
    /// Whether the key has used tokens that have not come back yet.
    bool has_used(std::string_view key, Clock::time_point now);
    /// What to say in Retry-After: whole seconds until a token comes, at least 1.
    unsigned retry_after() const;
    size_t keys() const;

  private:
    struct Bucket {
        double tokens;
        Clock::time_point seen;
    };
    Bucket& bucket(std::string_view key, Clock::time_point now);
    void refill(Bucket&, Clock::time_point now) const;
    void sweep(Clock::time_point now);

    const Options options_;
    mutable std::mutex mutex_;
    std::unordered_map<std::string, Bucket> buckets_;
    Clock::time_point swept_{};
};

} // namespace halyard::net
