#pragma once
#include "base/result.h"
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace halyard::net {

/// An address without its port, IPv4 as IPv6-mapped. What limits count by.
class Source {
  public:
    /// "192.0.2.1", "2001:db8::1", with or without a port as in Request::peer. nullopt: none of these.
    static std::optional<Source> parse(std::string_view text);

    /// The one client that limits are for: an IPv4 address, or an IPv6 /64 (one subscriber's).
    std::string key() const { return prefix(is_v4() ? 128 : 64); }
    /// Loopback, link-local, private, shared (RFC 6598), multicast, documentation, or no address at all:
    /// nothing a public service answers at. SR-19
    bool is_private() const;
    bool is_v4() const;
    /// The first octets, the last of them cut to the bit.
    std::string prefix(unsigned bits) const;

  private:
    std::array<uint8_t, 16> octets_{};
};

/// "192.0.2.0/24", "2001:db8::/32" or a single address.
class Network {
  public:
    /// Errors: bad_value "network".
    static Result<Network> parse(std::string_view text);
    bool contains(const Source& s) const { return s.prefix(bits_) == prefix_; }

  private:
    std::string prefix_;
    unsigned bits_ = 128;
};

} // namespace halyard::net
