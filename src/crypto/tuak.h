#pragma once
#include "crypto/aka_functions.h"
#include "crypto/keccak.h"
#include <memory>

namespace halyard::crypto {

/// TUAK: f1 to f5* over Keccak-f[1600]. 3GPP TS 35.231. MAC has 8, 16 or 32 octets, RES 4, 8, 16 or 32, CK
/// and IK 16 or 32.
class Tuak : public AkaFunctions {
  public:
    /// `iterations` of the permutation, 1 upwards (TS 35.231 §7.2). Errors: bad_length "key" unless 16 or 32
    /// octets, bad_value "numberOfKeccak" for 0.
    static Result<std::unique_ptr<Tuak>>
    make(Bytes k, std::span<const uint8_t, 32> topc, uint8_t iterations = 1);
    /// TOPc of an operator's TOP under a subscriber's key. TS 35.231 §6.1. Errors as make().
    static Result<Secret<32>> topc(Bytes k, std::span<const uint8_t, 32> top, uint8_t iterations = 1);

    Ok f1(const AkaRand&, const AkaSqn&, const AkaAmf&, Buffer mac) const override;
    Ok f1_star(const AkaRand&, const AkaSqn&, const AkaAmf&, Buffer mac) const override;
    Ok f2345(const AkaRand&, Buffer res, Buffer ck, Buffer ik, Buffer ak) const override;
    Ok f5_star(const AkaRand&, Buffer ak) const override;

  private:
    Tuak() = default;
    struct State;
    void run(State&, uint8_t instance, const AkaRand&, const AkaSqn&, const AkaAmf&) const;
    Ok mac(uint8_t base, const AkaRand&, const AkaSqn&, const AkaAmf&, Buffer out) const;

    SecretBytes k_;
    Secret<32> topc_;
    uint8_t iterations_ = 1;
};

} // namespace halyard::crypto
