#pragma once
// The editions of SGP.32 that peers speak. docs/adr/0007-dialects.md
#include "base/result.h"
#include <string_view>

namespace halyard::rsp {

/// v1_0 stands for v1.0.1, the repaired release; v1.0 itself had wrong tags and is not in the field.
enum class Edition : uint8_t { v1_0, v1_1, v1_2, v1_3 };

/// "v1.0"
constexpr const char* name(Edition e) {
    constexpr const char* kNames[] = {"v1.0", "v1.1", "v1.2", "v1.3"};
    return kNames[static_cast<uint8_t>(e)];
}
/// "v1.2" or "1.2"; bad_value "dialect" for others.
constexpr Result<Edition> edition_from(std::string_view text) {
    if (text.starts_with('v')) text.remove_prefix(1);
    for (uint8_t i = 0; i < 4; ++i)
        if (std::string_view(name(static_cast<Edition>(i))).substr(1) == text) return static_cast<Edition>(i);
    return fail(Errc::bad_value, "dialect");
}

} // namespace halyard::rsp
