#include "net/source.h"
#include <algorithm>
#include <arpa/inet.h>
#include <charconv>

namespace halyard::net {
namespace {
constexpr std::array<uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

// RFC 6890 and what came after it: not for traffic between strangers.
constexpr const char* kPrivate[] = {
    "0.0.0.0/8",    "10.0.0.0/8",   "100.64.0.0/10",  "127.0.0.0/8",    "169.254.0.0/16",  "172.16.0.0/12",
    "192.0.0.0/24", "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15",  "198.51.100.0/24", "203.0.113.0/24",
    "224.0.0.0/3",  "::/128",       "::1/128",        "64:ff9b:1::/48", "100::/64",        "2001:db8::/32",
    "fc00::/7",     "fe80::/10",    "ff00::/8"};

// "address:port" and "[address]:port" without the port; a bare IPv6 literal stays.
std::string_view without_port(std::string_view text) {
    const size_t bracket = text.find(']');
    if (text.starts_with('[')) return bracket == text.npos ? "" : text.substr(1, bracket - 1);
    const size_t colon = text.find(':');
    if (colon != text.npos && text.find(':', colon + 1) == text.npos) return text.substr(0, colon);
    return text;
}
} // namespace

std::optional<Source> Source::parse(std::string_view text) {
    const std::string address(without_port(text));
    Source out;
    std::copy(kMapped.begin(), kMapped.end(), out.octets_.begin());
    if (::inet_pton(AF_INET, address.c_str(), out.octets_.data() + 12) == 1) return out;
    if (::inet_pton(AF_INET6, address.c_str(), out.octets_.data()) == 1) return out;
    return std::nullopt;
}

bool Source::is_v4() const { return std::equal(kMapped.begin(), kMapped.end(), octets_.begin()); }

std::string Source::prefix(unsigned bits) const {
    std::string out(octets_.begin(), octets_.begin() + (bits + 7) / 8);
    if (bits % 8) out.back() = static_cast<char>(static_cast<uint8_t>(out.back()) & (0xFF00u >> bits % 8));
    return out;
}

bool Source::is_private() const {
    static const std::vector<Network> networks = [] {
        std::vector<Network> out;
        for (const char* text : kPrivate) out.push_back(*Network::parse(text));
        return out;
    }();
    return std::ranges::any_of(networks, [&](const Network& n) { return n.contains(*this); });
}

Result<Network> Network::parse(std::string_view text) {
    const size_t slash = text.find('/');
    const auto address = Source::parse(text.substr(0, slash));
    if (!address || text.substr(0, slash).find_first_of("[]") != text.npos)
        return fail(Errc::bad_value, "network");
    Network out;
    if (slash != text.npos) {
        const std::string_view digits = text.substr(slash + 1);
        const auto end = digits.data() + digits.size();
        const auto [at, error] = std::from_chars(digits.data(), end, out.bits_);
        const unsigned most = address->is_v4() ? 32 : 128;
        if (error != std::errc() || at != end || out.bits_ > most) return fail(Errc::bad_value, "network");
        if (address->is_v4()) out.bits_ += 96;
    }
    out.prefix_ = address->prefix(out.bits_);
    return out;
}

} // namespace halyard::net
