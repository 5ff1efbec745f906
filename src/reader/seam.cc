#include "reader/server.h"
#include <charconv>

namespace halyard::reader {

std::string to_text(const Seam& seam) {
    if (seam.kind == Seam::Kind::local) return "unix " + seam.path;
    const bool v6 = seam.host.find(':') != std::string::npos;
    return (seam.kind == Seam::Kind::vpcd ? "vpcd " : "tcp ") + (v6 ? "[" + seam.host + "]" : seam.host) +
           ":" + std::to_string(seam.port);
}

Result<Seam>
seam_from(Seam::Kind kind, std::string_view text, std::string_view default_host, uint16_t default_port) {
    Seam out{.kind = kind, .host = std::string(default_host), .port = default_port};
    const auto port = [&](std::string_view digits) -> Ok {
        const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), out.port);
        if (digits.empty() || read.ec != std::errc() || read.ptr != digits.data() + digits.size())
            return fail(Errc::bad_value, "endpoint");
        return {};
    };
    if (text.empty()) return out;
    if (text.front() == '[') {
        const size_t end = text.find(']');
        if (end == std::string_view::npos) return fail(Errc::bad_value, "endpoint");
        out.host = text.substr(1, end - 1);
        text.remove_prefix(end + 1);
        if (text.empty()) return out;
        if (text.front() != ':') return fail(Errc::bad_value, "endpoint");
        TRY(port(text.substr(1)));
        return out;
    }
    const size_t colon = text.rfind(':');
    if (colon != std::string_view::npos && text.find(':') != colon) return fail(Errc::bad_value, "endpoint");
    const bool digits = text.find_first_not_of("0123456789") == std::string_view::npos;
    if (colon == std::string_view::npos && !digits) {
        out.host = text;
        return out;
    }
    if (colon != std::string_view::npos && colon > 0) out.host = text.substr(0, colon);
    TRY(port(colon == std::string_view::npos ? text : text.substr(colon + 1)));
    return out;
}

const char* name(Event::Kind kind) {
    switch (kind) {
    case Event::Kind::serving: return "serving";
    case Event::Kind::connected: return "connected";
    case Event::Kind::lost: return "lost";
    case Event::Kind::busy: return "busy";
    case Event::Kind::unreachable: return "unreachable";
    case Event::Kind::note: return "note";
    }
    return "";
}

} // namespace halyard::reader
