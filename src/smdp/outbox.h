#pragma once
// What an SM-DP+ has to tell others: made with the change it tells of, sent later. SGP.22 §5.3.5, §5.9
#include "base/random.h"
#include "smdp/model.h"
#include <functional>

namespace halyard::smdp {

/// Points of a download that the operator hears of. SGP.22 §5.3.5
enum class Point : uint32_t {
    eligibility = 1,
    confirmation = 2,
    download = 3,
    installation = 4,
    enabled = 101, // of our own choice: the profile's later life
    disabled = 102,
    deleted = 103,
};
inline bool is_later_life(uint32_t point) { return point >= static_cast<uint32_t>(Point::enabled); }

struct Config;
/// Adds a handleDownloadProgressInfo to the list when the order's operator wants them. `failed` empty:
/// success; `result` is a PendingNotification. What comes after the installation goes to followers only.
/// Errors: those of the dice.
Ok tell_operator(const Config&,
                 std::vector<Outgoing>&,
                 const Order&,
                 Point,
                 std::optional<rsp::StatusCode> failed,
                 Random&,
                 Time now,
                 Bytes result = {});
/// Adds what the order's SM-DS must be told now that it is released (registerEvent), and marks the order.
Ok want_event(std::vector<Outgoing>&, Order&, Random&, Time now);
/// Adds deleteEvent when the SM-DS holds, or may come to hold, an event.
Ok drop_event(std::vector<Outgoing>&, Order&, Random&, Time now);

/// When to try again after `tries` failures: at random within a span that doubles from one second up to one
/// hour (full jitter). RR-16
Result<Time> next_attempt(Time now, uint32_t tries, Random&);

/// How one message was taken.
enum class Taken : uint8_t { yes, refused, not_now };
/// Sends a registerEvent or deleteEvent to the SM-DS `target`: a client of ES12 fills this. "refused" is the
/// SM-DS's last word (the event exists, is unknown); "not_now" is tried again.
using EventSender = std::function<Taken(const Outgoing&)>;

} // namespace halyard::smdp
