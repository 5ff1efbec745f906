#include "profile/capability.h"
#include "profile/elements.h"
#include <algorithm>

namespace halyard::profile {
namespace {
constexpr uint8_t kBit[] = {0,  1, 2, 3,  4,  6,  5,  10, 11, 12, 13, 14, 15, 16, 17,
                            18, 7, 8, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30};
static_assert(std::size(kBit) == ServicesList::kCount);
} // namespace

std::optional<unsigned> capability_bit(size_t service) {
    if (service >= std::size(kBit)) return std::nullopt;
    return kBit[service];
}

uint64_t capabilities(std::span<const std::string> services) {
    uint64_t mask = 0;
    for (size_t i = 0; i < ServicesList::kCount; ++i)
        if (std::find(services.begin(), services.end(), ServicesList::kNames[i]) != services.end())
            mask |= uint64_t{1} << kBit[i];
    return mask;
}

} // namespace halyard::profile
