#pragma once
#include "base/octets.h"
#include "base/secret.h"

namespace halyard::crypto {

/// A key pair on a curve that RSP does not use: only for certificates that peers must refuse.
struct ForeignKey {
    OwnedBytes spki;  // DER SubjectPublicKeyInfo
    OwnedBytes point; // content of its BIT STRING
    SecretBytes pem;  // PKCS#8
    /// `curve` as OpenSSL names it: "prime192v1", "brainpoolP192r1", "secp384r1". Error: unsupported "curve".
    static Result<ForeignKey> generate(const char* curve);
};

} // namespace halyard::crypto
