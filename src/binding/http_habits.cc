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
Ok judge_protocol(std::string_view header, Majors known) {
    constexpr const char* kName = "X-Admin-Protocol";
    if (header.empty()) return tolerate("header is missing", kName);
    const auto version = protocol_from_text(header);
    if (!version) return tolerate("header cannot be read", kName);
    const auto major = version->front();
    return major < known.first || major > known.last ? tolerate("version that is not supported", kName)
                                                     : Ok{};
}
Ok judge_media(std::string_view header, std::string_view media_type) {
    if (header.empty()) return tolerate("header is missing", "Content-Type");
    return is_media(header, media_type) ? Ok{} : tolerate("media type of something else", "Content-Type");
}
} // namespace

Ok judge_headers(const RequestHeaders& headers,
                 std::string_view media_type,
                 std::span<const std::string_view> agents) {
    TRY(judge_protocol(headers.protocol, {0, 999}));
    TRY(judge_media(headers.content_type, media_type));
    if (agents.empty()) return {};
    if (headers.user_agent.empty()) TRY(tolerate("header is missing", "User-Agent"));
    const bool known = std::any_of(agents.begin(), agents.end(), [&](std::string_view agent) {
        return begins_with(headers.user_agent, agent);
    });
    if (!headers.user_agent.empty() && !known) TRY(tolerate("agent of no known kind", "User-Agent"));
    return {};
}

Ok judge_answer(const AnswerHeaders& answer, std::string_view media_type, Majors known, bool has_answer) {
    TRY(judge_protocol(answer.protocol, known));
    if (answer.status != (has_answer ? 200 : 204))
        TRY(tolerate(has_answer             ? "status other than 200"
                     : answer.status == 200 ? "200 where 204 is specified"
                                            : "status other than 204",
                     "HTTP status"));
    if (answer.body) return judge_media(answer.content_type, media_type);
    // Nothing has no type. RFC 9110 §8.3
    return answer.status == 204 && !answer.content_type.empty()
               ? tolerate("header without a body", "Content-Type")
               : Ok{};
}

} // namespace halyard::binding
