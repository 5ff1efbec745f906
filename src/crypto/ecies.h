#pragma once
#include "base/octets.h"
#include "base/random.h"
#include "base/result.h"

namespace halyard::crypto {

/// The protection schemes that conceal a subscriber's number, with their identifiers. 3GPP TS 33.501 annex
/// C.3
enum class Ecies : uint8_t {
    profile_a = 0x01, // X25519
    profile_b = 0x02, // P-256
};
/// The scheme output: ephemeral public key (32 octets, or 33 compressed) ‖ ciphertext, as long as `plain` ‖
/// MAC tag (8). `home_key`: the home network's public key, 32 octets for profile A; compressed (33) or not
/// (65) for profile B. The ephemeral key is drawn from `random`. Errors: bad_length, bad_value (no point of
/// the curve, or one of small order), and those of `random`.
Result<OwnedBytes> conceal(Ecies, Bytes home_key, Bytes plain, Random& random);

} // namespace halyard::crypto
