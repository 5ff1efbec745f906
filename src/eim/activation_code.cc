#include "eim/activation_code.h"
#include <algorithm>

namespace halyard::eim {
namespace {
bool is_alphanumeric(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}
// It becomes the host of a URL: a name, or an IP address, with or without a port (SR-49).
bool is_address(std::string_view text) {
    return text.size() <= 255 && std::all_of(text.begin(), text.end(), [](char c) {
               return is_alphanumeric(c) || c == '-' || c == '.' || c == ':' || c == '[' || c == ']';
           });
}
} // namespace

Result<ActivationCode> parse_activation_code(std::string_view text) {
    if (text.starts_with("LPA:")) text.remove_prefix(4);
    std::array<std::string_view, 5> parts{};
    size_t n = 0;
    for (;; ++n) {
        if (n == parts.size()) return fail(Errc::bad_value, "activationCode");
        const size_t end = text.find('$');
        parts[n] = text.substr(0, end);
        if (end == std::string_view::npos) break;
        text.remove_prefix(end + 1);
    }
    if (n < 2 || parts[0] != "1" || parts[1].empty()) return fail(Errc::bad_value, "activationCode");
    if (!is_address(parts[1])) return fail(Errc::bad_value, "activationCode: address");
    for (char c : parts[2])
        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '-'))
            return fail(Errc::bad_value, "activationCode: matchingId");
    for (char c : parts[3])
        if (!((c >= '0' && c <= '9') || c == '.')) return fail(Errc::bad_value, "activationCode: OID");
    if (!parts[4].empty() && parts[4] != "1")
        return fail(Errc::bad_value, "activationCode: confirmation code flag");
    return ActivationCode{
        std::string(parts[1]), std::string(parts[2]), std::string(parts[3]), parts[4] == "1"};
}

Result<DownloadSource> parse_source(std::string_view text) {
    using Kind = DownloadSource::Kind;
    if (text == kDefaultSmdp) return DownloadSource{.kind = Kind::default_smdp};
    if (!text.starts_with(kSmds))
        return DownloadSource{Kind::activation_code, TRY(parse_activation_code(text))};
    text.remove_prefix(kSmds.size());
    if (!is_address(text)) return fail(Errc::bad_value, "smds");
    return DownloadSource{Kind::smds, ActivationCode{.address = std::string(text)}};
}

} // namespace halyard::eim
