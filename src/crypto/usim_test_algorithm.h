#pragma once
#include "crypto/aka_functions.h"

namespace halyard::crypto {

/// The algorithm of test USIMs: no protection whatever. 3GPP TS 34.108 §8.1.2. MAC has 8 octets, RES 4 to 16,
/// CK and IK 16.
class UsimTestAlgorithm : public AkaFunctions {
  public:
    explicit UsimTestAlgorithm(std::span<const uint8_t, 16> k) : k_(k) {}
    Ok f1(const AkaRand&, const AkaSqn&, const AkaAmf&, Buffer mac) const override;
    /// The same as f1.
    Ok f1_star(const AkaRand&, const AkaSqn&, const AkaAmf&, Buffer mac) const override;
    Ok f2345(const AkaRand&, Buffer res, Buffer ck, Buffer ik, Buffer ak) const override;
    /// The same as f5.
    Ok f5_star(const AkaRand&, Buffer ak) const override;

  private:
    Secret<16> k_;
};

} // namespace halyard::crypto
