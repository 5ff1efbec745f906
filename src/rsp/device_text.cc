#include "rsp/device_text.h"
#include <algorithm>

namespace halyard::rsp {

Result<Plmn> plmn_from_text(std::string_view text, const char* where) {
    const bool shape = (text.size() == 6 || text.size() == 7) && text[3] == '-';
    if (!shape) return fail(Errc::bad_value, where);
    std::array<uint8_t, 6> digits{0, 0, 0, 0, 0, 0x0F}; // MCC, MNC, filler
    size_t count = 0;
    for (size_t i = 0; i < text.size(); ++i) {
        if (i == 3) continue;
        if (text[i] < '0' || text[i] > '9') return fail(Errc::bad_value, where);
        digits[count++] = static_cast<uint8_t>(text[i] - '0');
    }
    const auto pair = [](uint8_t high, uint8_t low) { return static_cast<uint8_t>(high << 4 | low); };
    return Plmn{pair(digits[1], digits[0]), pair(digits[5], digits[2]), pair(digits[4], digits[3])};
}

std::string to_text(const Plmn& plmn) {
    const uint8_t digits[] = {static_cast<uint8_t>(plmn[0] & 0x0F),
                              static_cast<uint8_t>(plmn[0] >> 4),
                              static_cast<uint8_t>(plmn[1] & 0x0F),
                              static_cast<uint8_t>(plmn[2] & 0x0F),
                              static_cast<uint8_t>(plmn[2] >> 4),
                              static_cast<uint8_t>(plmn[1] >> 4)};
    const size_t count = digits[5] == 0x0F ? 5 : 6;
    if (std::any_of(digits, digits + count, [](uint8_t d) { return d > 9; })) return hex(plmn);
    std::string text;
    for (size_t i = 0; i < count; ++i) {
        if (i == 3) text += '-';
        text += static_cast<char>('0' + digits[i]);
    }
    return text;
}

Result<std::array<uint8_t, 8>> imei_from_text(std::string_view digits, const char* where) {
    const bool all = std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!all || digits.size() != 15) return fail(Errc::bad_value, where);
    std::array<uint8_t, 8> imei{};
    for (size_t i = 0; i < 14; i += 2)
        imei[i / 2] = static_cast<uint8_t>((digits[i + 1] - '0') << 4 | (digits[i] - '0'));
    imei[7] = static_cast<uint8_t>((digits[14] - '0') << 4 | 0x0F);
    return imei;
}

} // namespace halyard::rsp
