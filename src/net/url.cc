#include "net/url.h"
#include <arpa/inet.h>
#include <charconv>

namespace halyard::net {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_literal(const std::string& host, int family) {
    unsigned char address[16];
    if (host.find('\0') != std::string::npos) return false; // where inet_pton would stop reading
    return inet_pton(family, host.c_str(), address) == 1;
}

/// Letters, digits, hyphens and underscores between dots, 63 per label, 253 in all. RFC 1123 §2.1
bool is_name(std::string_view host) {
    if (host.empty() || host.size() > 253) return false;
    size_t label = 0;
    for (char c : host) {
        if (c == '.') {
            if (label == 0) return false;
            label = 0;
            continue;
        }
        if (!is_letter(c) && !is_digit(c) && c != '-' && c != '_') return false;
        if (++label > 63) return false;
    }
    return label != 0;
}

Result<uint16_t> parse_port(std::string_view text, const char* where) {
    uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size())
        return fail(Errc::bad_value, where);
    if (port == 0) return fail(Errc::bad_value, where);
    return port;
}

Result<std::string> parse_host(std::string_view text, const char* where) {
    std::string host(text);
    if (!host.empty() && host.back() == '.') host.pop_back(); // the DNS root; certificates never spell it
    for (char& c : host)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    const bool dotted = host.find_first_not_of("0123456789.") == std::string::npos;
    if (dotted ? !is_literal(host, AF_INET) : !is_name(host)) return fail(Errc::bad_value, where);
    return host;
}

Result<std::string> parse_ipv6(std::string_view text, const char* where) {
    std::string host(text);
    for (char& c : host)
        if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
    if (!is_literal(host, AF_INET6)) return fail(Errc::bad_value, where);
    return host;
}

bool is_path_octet(char c) {
    return c > ' ' && c < 0x7F && std::string_view("\"<>\\^`{|}#").find(c) == std::string_view::npos;
}

} // namespace

bool Url::is_address_literal() const { return is_literal(host, AF_INET) || is_literal(host, AF_INET6); }

std::string Url::authority() const {
    std::string out = host.find(':') == std::string::npos ? host : "[" + host + "]";
    if (port != 443) out += ":" + std::to_string(port);
    return out;
}

std::string Url::text() const { return "https://" + authority() + path; }

Result<Url> parse_address(std::string_view text, const char* where) {
    Url url;
    std::string_view port;
    if (text.starts_with('[')) {
        const size_t close = text.find(']');
        if (close == std::string_view::npos) return fail(Errc::bad_value, where);
        url.host = TRY(parse_ipv6(text.substr(1, close - 1), where));
        port = text.substr(close + 1);
    } else if (const size_t colon = text.find(':'); colon != text.rfind(':')) {
        url.host = TRY(parse_ipv6(text, where));
    } else {
        url.host = TRY(parse_host(text.substr(0, colon), where));
        if (colon != std::string_view::npos) port = text.substr(colon);
    }
    if (port.empty()) return url;
    if (port.front() != ':') return fail(Errc::bad_value, where);
    url.port = TRY(parse_port(port.substr(1), where));
    return url;
}

Result<Url> parse_url(std::string_view text, const char* where) {
    constexpr std::string_view kScheme = "https://";
    if (text.size() < kScheme.size()) return fail(Errc::bad_value, where);
    for (size_t i = 0; i < kScheme.size(); ++i) {
        const char lower = is_letter(text[i]) ? static_cast<char>(text[i] | 0x20) : text[i];
        if (lower != kScheme[i]) return fail(Errc::bad_value, where, 0, static_cast<uint32_t>(i));
    }
    text.remove_prefix(kScheme.size());
    const size_t slash = text.find_first_of("/?#");
    Url url = TRY(parse_address(text.substr(0, slash), where));
    if (slash == std::string_view::npos) return url;
    url.path = text[slash] == '/' ? "" : "/";
    url.path += text.substr(slash);
    for (char c : url.path)
        if (!is_path_octet(c)) return fail(Errc::bad_value, where);
    return url;
}

} // namespace halyard::net
