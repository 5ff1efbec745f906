#pragma once
#include "base/result.h"
#include <array>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace halyard {

/// Bytes that own themselves, where a server or a store keeps them.
using OwnedBytes = std::vector<uint8_t>;

/// A fixed run of octets with a meaning of its own: two of them never convert into each other.
template <size_t N, class Name> struct Octets : std::array<uint8_t, N> {};

/// eUICC identifier: 32 decimal digits as 16 octets of BCD in natural order. SGP.29
using Eid = Octets<16, struct EidName>;
/// Profile identifier: 10 octets of BCD, nibbles swapped as in EF.ICCID.
using Iccid = Octets<10, struct IccidName>;
using Sha256 = std::array<uint8_t, 32>;

/// Bytes that outlive the message they came from, up to a limit fixed at compile time.
template <size_t Capacity> class Kept {
  public:
    Ok assign(Bytes bytes) {
        if (bytes.size() > Capacity) return fail(Errc::no_space, "Kept", static_cast<uint32_t>(bytes.size()));
        if (!bytes.empty()) std::memcpy(data_.data(), bytes.data(), bytes.size());
        size_ = bytes.size();
        return {};
    }
    void clear() { size_ = 0; }
    bool empty() const { return size_ == 0; }
    Bytes bytes() const { return Bytes(data_).first(size_); }

  private:
    std::array<uint8_t, Capacity> data_{};
    size_t size_ = 0;
};

inline OwnedBytes owned(Bytes bytes) { return {bytes.begin(), bytes.end()}; }
inline Bytes bytes_of(std::string_view text) {
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
inline std::string_view text_of(Bytes bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline void append(OwnedBytes& to, Bytes more) { to.insert(to.end(), more.begin(), more.end()); }
/// Not constant-time: for identifiers, never for MACs or secrets (crypto::equal is for those).
bool same(Bytes a, Bytes b);

/// Upper-case hex without separators.
std::string hex(Bytes);
/// Hex digits, either case; spaces, line breaks and colons are skipped. Anything else: bad_value; an odd
/// count: truncated.
Result<OwnedBytes> from_hex(std::string_view text, const char* where = "hex");
/// Standard alphabet with padding, no line breaks. RFC 4648 §4
std::string base64(Bytes);
/// Strict but for white space, which is skipped.
Result<OwnedBytes> from_base64(std::string_view text, const char* where = "base64");

/// "89049032…", 32 digits.
std::string to_text(const Eid&);
/// Digits in reading order, without a trailing filler.
std::string to_text(const Iccid&);
/// 32 decimal digits. Check digits are not enforced here, see valid_check_digits.
Result<Eid> eid_from_text(std::string_view text, const char* where = "eid");
/// 18 to 20 digits; 19 may be followed by F.
Result<Iccid> iccid_from_text(std::string_view text, const char* where = "iccid");
/// ISO 7064 MOD 97-10 over the 32 digits. SGP.29
bool valid_check_digits(const Eid&);
/// Replaces the last two digits so that valid_check_digits holds.
Eid with_check_digits(Eid);

} // namespace halyard
