#include "binding/http_habits.h"
#include "base/tolerated.h"
#include "binding/admin_protocol.h"
#include <algorithm>

namespace halyard::binding {
namespace {
bool same_letter(char a, char b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return lower(a) == lower(b);
}
bool begins_with(std::string_view text, std::string_view with) {
    return text.size() >= with.size() && std::equal(with.begin(), with.end(), text.begin(), same_letter);
}
// "application/json;charset=UTF-8", with or without the parameter.
bool is_media(std::string_view header, std::string_view media) {
    if (!begins_with(header, media)) return false;
    header.remove_prefix(media.size());
    const size_t next = header.find_first_not_of(' ');
    return next == std::string_view::npos || header[next] == ';';
}
} // namespace

Ok judge_headers(const RequestHeaders& headers,
                 std::string_view media_type,
                 std::span<const std::string_view> agents) {
    if (headers.protocol.empty()) TRY(tolerate("header is missing", "X-Admin-Protocol"));
    if (!headers.protocol.empty() && !protocol_from_text(headers.protocol))
        TRY(tolerate("header cannot be read", "X-Admin-Protocol"));
    if (headers.content_type.empty()) TRY(tolerate("header is missing", "Content-Type"));
    if (!headers.content_type.empty() && !is_media(headers.content_type, media_type))
        TRY(tolerate("media type of something else", "Content-Type"));
    if (headers.user_agent.empty()) TRY(tolerate("header is missing", "User-Agent"));
    const bool known = std::any_of(agents.begin(), agents.end(), [&](std::string_view agent) {
        return begins_with(headers.user_agent, agent);
    });
    if (!headers.user_agent.empty() && !known) TRY(tolerate("agent of no known kind", "User-Agent"));
    return {};
}

} // namespace halyard::binding
