#pragma once
#include "crypto/aes.h"
#include "crypto/aka_functions.h"
#include <memory>

namespace halyard::crypto {

/// Rotations r1 to r5 in bits (0 to 127, to the left) and constants c1 to c5. 3GPP TS 35.206 §4.1; the
/// defaults are those of the example set.
struct MilenageConstants {
    std::array<uint8_t, 5> r = {64, 0, 32, 64, 96};
    std::array<Block, 5> c = {Block{},
                              Block{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1},
                              Block{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2},
                              Block{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4},
                              Block{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8}};
};

/// OPc of an operator's OP under a subscriber's key. 3GPP TS 35.206 §4.1
Result<Block> milenage_opc(const AesKey& k, const Block& op);

/// MILENAGE with AES-128. 3GPP TS 35.206. MAC and RES have 8 octets, CK and IK 16.
class Milenage : public AkaFunctions {
  public:
    /// Errors: bad_value "rotationConstants" for a rotation above 127.
    static Result<std::unique_ptr<Milenage>>
    make(const AesKey& k, std::span<const uint8_t, 16> opc, const MilenageConstants& = {});
    ~Milenage() override;

    Ok f1(const AkaRand&, const AkaSqn&, const AkaAmf&, Buffer mac) const override;
    Ok f1_star(const AkaRand&, const AkaSqn&, const AkaAmf&, Buffer mac) const override;
    Ok f2345(const AkaRand&, Buffer res, Buffer ck, Buffer ik, Buffer ak) const override;
    Ok f5_star(const AkaRand&, Buffer ak) const override;

  private:
    Milenage() = default;
    Ok encrypt(Buffer blocks) const;
    Ok out1(const AkaRand&, const AkaSqn&, const AkaAmf&, Block& out) const;
    Ok outputs(const AkaRand&, size_t first, Buffer out) const;

    void* cipher_ = nullptr; // holds the key schedule, and wipes it when freed
    Secret<16> opc_;
    MilenageConstants constants_;
};

} // namespace halyard::crypto
