// Timestamps of the JSON binding. SGP.22 §6.5.2
#include "base/tolerated.h"
#include "binding/server_json.h"
#include <cstdio>

namespace halyard::binding {
namespace {
using std::chrono::day, std::chrono::month, std::chrono::year;

// Takes that many digits from the front; -1 when there are none.
int digits(std::string_view& text, size_t count) {
    int value = 0;
    if (text.size() < count) return -1;
    for (const char c : text.substr(0, count)) {
        if (c < '0' || c > '9') return -1;
        value = value * 10 + (c - '0');
    }
    text.remove_prefix(count);
    return value;
}
bool skip(std::string_view& text, char c) {
    if (!text.starts_with(c)) return false;
    text.remove_prefix(1);
    return true;
}
// Minutes east of UTC.
Result<int> offset(std::string_view text, const char* where) {
    if (text == "Z") return 0;
    const bool west = text.starts_with('-');
    if (!west && !text.starts_with('+')) return fail(Errc::bad_value, where);
    text.remove_prefix(1);
    const int hours = digits(text, 2);
    const bool colon = skip(text, ':');
    const int minutes = digits(text, 2);
    if (!colon || hours < 0 || hours > 14 || minutes < 0 || minutes > 59 || !text.empty())
        return fail(Errc::bad_value, where);
    return (west ? -1 : 1) * (hours * 60 + minutes);
}
} // namespace

Result<Time> time_from_text(std::string_view text, const char* where) {
    constexpr char kBehind[] = {'-', '-', 'T', ':', ':', 0};
    int part[6];
    for (size_t i = 0; i < 6; ++i) {
        part[i] = digits(text, i == 0 ? 4u : 2u);
        if (part[i] < 0 || (kBehind[i] && !skip(text, kBehind[i]))) return fail(Errc::bad_value, where);
    }
    const auto [y, mo, d, h, mi, s] = part;
    const std::chrono::year_month_day date{
        year(y), month(static_cast<unsigned>(mo)), day(static_cast<unsigned>(d))};
    if (!date.ok() || h > 23 || mi > 59 || s > 59) return fail(Errc::bad_value, where);
    if (skip(text, '.')) {
        const size_t count = std::min(text.find_first_not_of("0123456789"), text.size());
        if (count == 0) return fail(Errc::bad_value, where);
        TRY(tolerate("fraction of a second", where));
        text.remove_prefix(count);
    }
    const int east = TRY(offset(text, where));
    const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
    return Time(((days * 24 + h) * 60 + mi - east) * 60'000 + s * 1000);
}

Result<std::string> text_from_time(Time time, const char* where) {
    const auto days = std::chrono::floor<std::chrono::days>(time);
    const auto rest = std::chrono::floor<std::chrono::seconds>(time - days).count();
    if (days.count() < -719'528 || days.count() > 2'932'896)
        return fail(Errc::bad_value, where); // years 0, 9999
    const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(days.count()))};
    char text[32];
    std::snprintf(text,
                  sizeof text,
                  "%04d-%02u-%02uT%02d:%02d:%02dZ",
                  static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()),
                  static_cast<unsigned>(date.day()),
                  static_cast<int>(rest / 3600),
                  static_cast<int>(rest / 60 % 60),
                  static_cast<int>(rest % 60));
    return std::string(text);
}

} // namespace halyard::binding
