#pragma once
#include "base/result.h"
#include <array>

namespace halyard::crypto {

/// State of Keccak-f[1600] as octets, lane after lane, each with its least significant octet first.
/// FIPS 202 §3.1.2
using KeccakState = std::array<uint8_t, 200>;

/// The permutation Keccak-f[1600], 24 rounds, in place. Runs in the same time for every state; what it keeps
/// of the state while it works is wiped. FIPS 202 §3.3. Checked in the tests with SHA-3 and SHAKE of OpenSSL,
/// which does not offer the bare permutation.
void keccak_f1600(KeccakState&);

} // namespace halyard::crypto
