#pragma once
#include "base/result.h"
#include <array>

namespace halyard {
/// Where a core gets its dice from. Programs pass the system's generator, tests and the simulator a seeded
/// one.
struct Random {
    virtual ~Random() = default;
    virtual Ok fill(Buffer out) = 0;
    template <size_t N> Result<std::array<uint8_t, N>> draw() {
        std::array<uint8_t, N> out{};
        TRY(fill(out));
        return out;
    }
};
} // namespace halyard
