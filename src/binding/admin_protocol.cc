#include "binding/admin_protocol.h"
#include "base/log.h"
#include "base/tolerated.h"
#include <map>
#include <mutex>

namespace halyard::binding {
namespace {
constexpr std::string_view kPrefix = "gsma/rsp/v";
constexpr const char* kName = "X-Admin-Protocol";
constexpr size_t kPeers = 1024; // remembered at most; then it begins anew

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}
} // namespace

Result<AdminProtocol> protocol_from_text(std::string_view header) {
    std::string_view text = trimmed(header);
    if (text.size() < kPrefix.size()) return fail(Errc::bad_value, kName);
    for (size_t i = 0; i < kPrefix.size(); ++i)
        if (lower(text[i]) != kPrefix[i]) return fail(Errc::bad_value, kName, 0, static_cast<uint32_t>(i));
    text.remove_prefix(kPrefix.size());
    AdminProtocol out{};
    for (size_t n = 0; n < out.size(); ++n) {
        const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
        if (digits == 0 || digits > 3) return fail(Errc::bad_value, kName);
        for (const char c : text.substr(0, digits)) out[n] = static_cast<uint16_t>(out[n] * 10 + (c - '0'));
        text.remove_prefix(digits);
        const bool last = n + 1 == out.size();
        if (last != text.empty() || (!last && text[0] != '.')) return fail(Errc::bad_value, kName);
        if (!last) text.remove_prefix(1);
    }
    return out;
}

std::string to_text(const AdminProtocol& p) {
    return std::string(kPrefix) + std::to_string(p[0]) + '.' + std::to_string(p[1]) + '.' +
           std::to_string(p[2]);
}

std::string
answered_protocol(std::string_view theirs, const AdminProtocol& ours, const AdminProtocol& highest) {
    const auto read = protocol_from_text(theirs);
    return to_text(read && *read <= highest ? *read : ours);
}

void note_protocol(std::string_view peer, std::string_view header) {
    static std::mutex mutex;
    static std::map<std::string, std::string, std::less<>> seen;
    const auto read = protocol_from_text(header);
    if (!read) count_tolerated(header.empty() ? "no version" : "version that cannot be read", kName);
    const std::string said = read ? to_text(*read) : header.empty() ? "none" : "unreadable";
    const std::string_view address = peer.substr(0, peer.rfind(':'));
    {
        const std::lock_guard lock(mutex);
        const auto found = seen.find(address);
        if (found != seen.end() && found->second == said) return;
        if (found == seen.end() && seen.size() >= kPeers) seen.clear();
        seen[std::string(address)] = said;
    }
    log(LogLevel::info, std::string(kName) + " of " + std::string(address) + ": " + said);
}

} // namespace halyard::binding
