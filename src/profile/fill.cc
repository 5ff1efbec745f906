// What stands in a file where nothing was written.
#include "profile/templates.h"

namespace halyard::profile {

bool fill_default(OwnedBytes& content, size_t unit, const char* pattern) {
    const std::string_view text(pattern);
    if (text.starts_with('*')) {
        const auto again = from_hex(text.substr(1));
        if (!again || again->empty()) return false;
        fill_pattern(content, unit, *again, true);
        return true;
    }
    const size_t tilde = text.find('~');
    const auto prefix = from_hex(text.substr(0, tilde));
    if (!prefix) return false;
    OwnedBytes repeat{0xFF}, suffix;
    if (tilde != std::string_view::npos) {
        const auto r = from_hex(text.substr(tilde + 1, 2));
        const auto s = from_hex(text.substr(tilde + 3));
        if (!r || !s) return false;
        repeat = *r;
        suffix = *s;
    }
    for (size_t start = 0; unit && start + unit <= content.size(); start += unit)
        for (size_t i = 0; i < unit; ++i) {
            const size_t from_end = unit - i;
            content[start + i] = from_end <= suffix.size() ? suffix[suffix.size() - from_end]
                                 : i < prefix->size()      ? (*prefix)[i]
                                                           : repeat[0];
        }
    return true;
}

void fill_pattern(OwnedBytes& content, size_t unit, Bytes pattern, bool repeat) {
    for (size_t start = 0; unit && start + unit <= content.size(); start += unit)
        for (size_t i = 0; i < unit; ++i)
            content[start + i] =
                repeat ? pattern[i % pattern.size()] : pattern[std::min(i, pattern.size() - 1)];
}

} // namespace halyard::profile
