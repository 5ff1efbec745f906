#include "apps/ops/log_sink.h"
#include <algorithm>
#include <atomic>
#include <chrono>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

namespace halyard::ops {
namespace {
using nlohmann::ordered_json;

struct Mode {
    std::atomic<bool> json{false}, mask{true};
};
Mode mode;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

constexpr size_t kImsi = 15, kIccid = 18, kKey = 32;

std::string mask_run(std::string_view run) {
    const bool decimal = std::ranges::all_of(run, is_digit);
    const size_t first = !decimal ? 4 : run.size() >= kIccid ? 6 : 5;
    const size_t last = !decimal ? 0 : run.size() >= kIccid ? 4 : 2;
    std::string out(run);
    std::fill(out.begin() + static_cast<ptrdiff_t>(first), out.end() - static_cast<ptrdiff_t>(last), '*');
    return out;
}

spdlog::level::level_enum level_of(LogLevel level) {
    switch (level) {
    case LogLevel::debug: return spdlog::level::debug;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::warning: return spdlog::level::warn;
    case LogLevel::error: break;
    }
    return spdlog::level::err;
}
const char* name_of(LogLevel level) {
    switch (level) {
    case LogLevel::debug: return "debug";
    case LogLevel::info: return "info";
    case LogLevel::warning: return "warning";
    case LogLevel::error: break;
    }
    return "error";
}

std::string now_text() {
    const auto now = std::chrono::system_clock::now();
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
    const std::time_t seconds = static_cast<std::time_t>(ms / 1000);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    char day[32], out[48];
    std::strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &parts);
    std::snprintf(out, sizeof out, "%s.%03dZ", day, static_cast<int>(ms % 1000));
    return out;
}

ordered_json head(LogLevel level, std::string_view time, std::string_view event) {
    return {{"time", time}, {"level", name_of(level)}, {"event", event}};
}
std::string dumped(const ordered_json& entry) {
    return entry.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}
std::string shown(std::string_view text, bool mask) { return mask ? masked(text) : std::string(text); }

// "net: text" is an event "net"; a colon further on, or behind spaces, is only a colon.
size_t event_size(std::string_view line) {
    const size_t colon = line.find(": ");
    if (colon == line.npos || colon == 0 || colon > 48) return 0;
    const auto plain = [](char c) {
        return is_hex(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '/' || c == '-' ||
               c == '_';
    };
    return std::ranges::all_of(line.substr(0, colon), plain) ? colon : 0;
}

void sink(LogLevel level, std::string_view line) {
    const auto l = level_of(level);
    if (!spdlog::should_log(l)) return;
    if (mode.json)
        spdlog::log(l, "{}", json_line(level, line, now_text(), mode.mask));
    else
        spdlog::log(l, "{}", one_line(shown(line, mode.mask)));
}
} // namespace

std::string masked(std::string_view text) {
    std::string out;
    for (size_t at = 0; at < text.size();) {
        size_t end = at;
        while (end < text.size() && is_hex(text[end])) ++end;
        const std::string_view run = text.substr(at, end - at);
        size_t digits = 0;
        while (digits < run.size() && is_digit(run[digits])) ++digits;
        const bool whole = run.size() >= kKey || (digits == run.size() && digits >= kImsi);
        if (whole) out += mask_run(run);
        // "…19 digits" that letters follow, as in "iccid8900…beef", still are digits.
        else if (digits >= kImsi)
            out += mask_run(run.substr(0, digits)) + std::string(run.substr(digits));
        else
            out += run;
        at = end;
        if (run.empty()) out += text[at++];
    }
    return out;
}

std::string one_line(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const auto octet = static_cast<unsigned char>(c);
        if (octet >= 0x20 && octet != 0x7F && octet < 0x80) {
            out += c;
            continue;
        }
        char code[8];
        std::snprintf(code, sizeof code, "\\x%02x", octet);
        out += code;
    }
    return out;
}

std::string json_line(LogLevel level, std::string_view line, std::string_view time, bool mask) {
    const size_t event = event_size(line);
    ordered_json entry = head(level, time, event ? line.substr(0, event) : "message");
    entry["text"] = shown(event ? line.substr(event + 2) : line, mask);
    return dumped(entry);
}

void log_event(LogLevel level, const char* event, std::initializer_list<LogField> fields) {
    if (!mode.json) {
        std::string line = std::string(event) + ":";
        for (const auto& [name, value] : fields) line += std::string(" ") + name + "=" + value;
        return log(level, line);
    }
    if (!spdlog::should_log(level_of(level))) return;
    ordered_json entry = head(level, now_text(), event);
    for (const auto& [name, value] : fields) entry[name] = shown(value, mode.mask);
    spdlog::log(level_of(level), "{}", dumped(entry));
}

void set_log(const LogOptions& o) {
    mode.json = o.format == "json";
    mode.mask = !o.whole_identifiers;
    spdlog::set_pattern(mode.json ? "%v" : "[%Y-%m-%d %H:%M:%S.%e] [%n] [%l] %v");
    if (!o.level.empty()) spdlog::set_level(spdlog::level::from_str(o.level));
    set_log_sink(sink);
}

} // namespace halyard::ops
