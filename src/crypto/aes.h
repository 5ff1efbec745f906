#pragma once
#include "base/octets.h"
#include "base/secret.h"
#include <initializer_list>

namespace halyard::crypto {

using AesKey = Secret<16>;
using Block = std::array<uint8_t, 16>;

/// No padding: bad_length unless a multiple of 16.
Result<OwnedBytes> aes128_cbc_encrypt(const AesKey&, const Block& icv, Bytes plain);
Result<SecretBytes> aes128_cbc_decrypt(const AesKey&, const Block& icv, Bytes cipher);
/// Counter mode from this first counter block on: the same call in both directions, any length.
Result<OwnedBytes> aes128_ctr(const AesKey&, const Block& counter, Bytes in);
/// One block, ECB: what the segment ICV is made with.
Result<Block> aes128_encrypt_block(const AesKey&, const Block&);
/// AES-CMAC over the concatenation of the parts. RFC 4493
Result<Block> aes_cmac(const AesKey&, std::initializer_list<Bytes> parts);

/// AES-256-GCM for secrets at rest (SR-42): nonce(12) ‖ ciphertext ‖ tag(16). `context` is authenticated, not
/// stored: pass the record's identity, so that a swapped row does not decrypt.
Result<OwnedBytes>
seal(const Secret<32>& key, const std::array<uint8_t, 12>& nonce, Bytes plain, Bytes context);
/// Error: unverified.
Result<SecretBytes> open(const Secret<32>& key, Bytes sealed, Bytes context);

} // namespace halyard::crypto
