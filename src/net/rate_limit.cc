#include "net/rate_limit.h"
#include <algorithm>
#include <cmath>

namespace halyard::net {
namespace {
constexpr std::chrono::seconds kSweepPause{1};
const std::string kOthers = "others"; // no address is written so
} // namespace

void RateLimit::refill(Bucket& b, Clock::time_point now) const {
    const double passed = std::chrono::duration<double>(now - b.seen).count();
    if (passed <= 0) return;
    b.tokens = std::min(options_.burst, b.tokens + passed * options_.per_second);
    b.seen = now;
}

// A bucket that is full again says no more than one that was never there.
void RateLimit::sweep(Clock::time_point now) {
    if (now - swept_ < kSweepPause) return;
    swept_ = now;
    std::erase_if(buckets_, [&](const auto& entry) {
        Bucket b = entry.second;
        refill(b, now);
        return b.tokens >= options_.burst;
    });
}

RateLimit::Bucket& RateLimit::bucket(std::string_view key, Clock::time_point now) {
    const std::string name(key);
    auto found = buckets_.find(name);
    if (found == buckets_.end()) {
        if (buckets_.size() >= options_.max_keys) sweep(now);
        const bool room = buckets_.size() < options_.max_keys;
        found = buckets_.try_emplace(room ? name : kOthers, Bucket{options_.burst, now}).first;
    }
    refill(found->second, now);
    return found->second;
}

bool RateLimit::take(std::string_view key, Clock::time_point now) {
    if (!is_on()) return true;
    const std::lock_guard lock(mutex_);
    Bucket& b = bucket(key, now);
    if (b.tokens < 1) return false;
    b.tokens -= 1;
    return true;
}

bool RateLimit::has(std::string_view key, Clock::time_point now) {
    if (!is_on()) return true;
    const std::lock_guard lock(mutex_);
    const auto found = buckets_.find(std::string(key));
    if (found == buckets_.end()) return true;
    refill(found->second, now);
    return found->second.tokens >= 1;
}

bool RateLimit::has_used(std::string_view key, Clock::time_point now) {
    if (!is_on()) return false;
    const std::lock_guard lock(mutex_);
    const auto found = buckets_.find(std::string(key));
    if (found == buckets_.end()) return false;
    refill(found->second, now);
    return found->second.tokens < options_.burst;
}

unsigned RateLimit::retry_after() const {
    if (!is_on()) return 1;
    return static_cast<unsigned>(std::clamp(std::ceil(1 / options_.per_second), 1.0, 3600.0));
}

size_t RateLimit::keys() const {
    const std::lock_guard lock(mutex_);
    return buckets_.size();
}

} // namespace halyard::net
