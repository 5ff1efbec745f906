#pragma once
// Protection of a bound profile package: SCP03t in SGP.22 v2, "BSP" in v3, the same octets. SGP.22 §2.5.3,
// §2.5.4
#include "base/octets.h"
#include "crypto/aes.h"
#include "crypto/keys.h"

namespace halyard::rsp {

/// Largest plaintext of one segment: 1020 octets with tag, length and MAC. SGP.22 §2.5.3
inline constexpr size_t kMaxSegmentPlain = 1007;
/// The key type and length of the control reference template: AES-128. SGP.22 §2.5.4
inline constexpr uint8_t kKeyType = 0x88, kKeyLength = 0x10;

/// One direction of protection: keys, MAC chaining value and counter. Both ends go through the same states,
/// so a replayed, re-ordered or missing segment fails the MAC.
class Bsp {
  public:
    /// Keys agreed by ECKA: Z and SharedInfo = 88 ‖ 10 ‖ len hostId ‖ len EID. SGP.22 §2.5.4, Annex G
    static Result<Bsp> derive(const crypto::PrivateKey& own_one_time,
                              const crypto::PublicKey& peer_one_time,
                              Bytes host_id,
                              const Eid&);
    /// From the agreed secret itself.
    static Bsp derive(const Secret<32>& z, Bytes host_id, const Eid&);
    /// ReplaceSessionKeys: profile protection keys, a new chaining value, counter 1. All 16 octets, else
    /// bad_length.
    static Result<Bsp> from_keys(Bytes mcv, Bytes encryption, Bytes mac);

    /// Tag 87 or 86: `plain` (at most kMaxSegmentPlain) encrypted and MACed; the complete TLV.
    Result<OwnedBytes> protect(uint8_t tag, Bytes plain);
    /// Tag 88: MACed only.
    Result<OwnedBytes> authenticate(uint8_t tag, Bytes data);
    /// Complete TLV of tag 87 or 86 → plaintext. Errors: truncated, bad_tag, bad_length (structure);
    /// unverified (MAC or padding). After an error the state is unchanged, yet the session must end.
    Result<SecretBytes> unprotect(uint8_t tag, Bytes tlv);
    /// Complete TLV of tag 88 → data without MAC; borrows from `tlv`.
    Result<Bytes> check(uint8_t tag, Bytes tlv);

    /// The last full CMAC.
    const crypto::Block& chaining_value() const { return mcv_; }
    uint32_t counter() const { return counter_; }
    Bsp clone() const;

  private:
    Result<crypto::Block> icv() const;
    crypto::AesKey encryption_, mac_;
    crypto::Block mcv_{};
    uint32_t counter_ = 1;
};

} // namespace halyard::rsp
