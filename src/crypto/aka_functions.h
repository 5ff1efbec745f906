#pragma once
#include "base/secret.h"

namespace halyard::crypto {

/// Random challenge, sequence number and authentication management field. 3GPP TS 33.102 §6.3.2
using AkaRand = std::array<uint8_t, 16>;
using AkaSqn = std::array<uint8_t, 6>;
using AkaAmf = std::array<uint8_t, 2>;

/// The functions f1 to f5* of an authentication algorithm under one subscriber's key. 3GPP TS 33.102 §6.3.3.
/// The length of each result is that of the buffer given for it; what the algorithm does not make in that
/// length is refused with bad_length, naming the result. Errors otherwise: internal, when the cryptographic
/// library fails. An object must not be used by two threads at once.
class AkaFunctions {
  public:
    virtual ~AkaFunctions() = default;
    AkaFunctions() = default;
    AkaFunctions(const AkaFunctions&) = delete;
    AkaFunctions& operator=(const AkaFunctions&) = delete;

    /// MAC-A, which proves the network.
    virtual Ok f1(const AkaRand&, const AkaSqn&, const AkaAmf&, Buffer mac) const = 0;
    /// MAC-S, which proves the USIM when sequence numbers are brought together again.
    virtual Ok f1_star(const AkaRand&, const AkaSqn&, const AkaAmf&, Buffer mac) const = 0;
    /// RES, CK, IK and AK (6 octets).
    virtual Ok f2345(const AkaRand&, Buffer res, Buffer ck, Buffer ik, Buffer ak) const = 0;
    /// AK of resynchronisation (6 octets).
    virtual Ok f5_star(const AkaRand&, Buffer ak) const = 0;
};

} // namespace halyard::crypto
