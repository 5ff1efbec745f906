#pragma once
#include <chrono>
#include <cstdint>

namespace halyard {
/// Milliseconds since 1970-01-01T00:00Z; handed in by the caller, no core ever asks a clock.
/// 64 bits: certificates in the field run to the year 9999.
using Time = std::chrono::duration<int64_t, std::milli>;
using Seconds = std::chrono::duration<int64_t>;
} // namespace halyard
