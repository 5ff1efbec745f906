#pragma once
#include "base/octets.h"
#include "base/random.h"
#include "base/secret.h"
#include <initializer_list>

namespace halyard::crypto {

/// The two curves RSP uses here (SR-06); everything else is refused.
enum class Curve : uint8_t { p256, brainpool256 };
const char* name(Curve);

/// An uncompressed point, 04 ‖ X ‖ Y, known to lie on its curve.
struct PublicKey {
    Curve curve = Curve::p256;
    std::array<uint8_t, 65> point{};
    bool operator==(const PublicKey&) const = default;
};
/// Errors: bad_length, bad_value (not uncompressed, not on the curve, infinity).
Result<PublicKey> public_key_from_point(Curve, Bytes point, const char* where = "publicKey");
/// From 02 or 03 ‖ X, and back. SEC 1 §2.3. Errors: bad_length, bad_value.
Result<PublicKey> public_key_from_compressed(Curve, Bytes point, const char* where = "publicKey");
std::array<uint8_t, 33> compressed(const PublicKey&);
/// From a complete DER SubjectPublicKeyInfo. Named curves only; unsupported for other curves, explicit
/// parameters and RSA.
Result<PublicKey> public_key_from_spki(Bytes der, const char* where = "subjectPublicKeyInfo");
OwnedBytes to_spki(const PublicKey&);
/// SHA-1 of the point: the SubjectKeyIdentifier as RSP certificates carry it. SGP.26
std::array<uint8_t, 20> key_identifier(const PublicKey&);

/// r ‖ s, 32 octets each, as carried in 5F37. BSI TR-03111
using Signature = std::array<uint8_t, 64>;

/// A private key on one of the curves. The scalar wipes itself; the key cannot be printed or copied by
/// accident.
class PrivateKey {
  public:
    PrivateKey();
    ~PrivateKey();
    PrivateKey(PrivateKey&&) noexcept;
    PrivateKey& operator=(PrivateKey&&) noexcept;

    static Result<PrivateKey> generate(Curve, Random&);
    /// 32 octets, big-endian, 1 … n-1. Errors: bad_length, bad_value.
    static Result<PrivateKey> from_scalar(Curve, Bytes scalar, const char* where = "privateKey");
    /// PEM (SEC1 or PKCS#8, an EC PARAMETERS block in front is skipped) without a passphrase.
    static Result<PrivateKey> from_pem(Bytes pem, const char* where = "privateKey");
    SecretBytes to_pem() const; // PKCS#8
    PrivateKey clone() const;

    bool valid() const { return key_ != nullptr; }
    Curve curve() const { return public_.curve; }
    const PublicKey& public_key() const { return public_; }
    /// 32 octets, big-endian: for encrypted stores only.
    std::span<const uint8_t, 32> scalar() const { return scalar_.reveal(); }
    /// The library's own handle (EVP_PKEY), for the files of this layer.
    void* handle() const { return key_; }

  private:
    void* key_ = nullptr;
    Secret<32> scalar_;
    PublicKey public_;
};

/// ECDSA with SHA-256 over the concatenation of the parts.
Result<Signature> sign(const PrivateKey&, std::initializer_list<Bytes> parts);
/// `signature` is r ‖ s, 64 octets. Error: unverified, with `where` as given; also for wrong lengths and r or
/// s out of range.
Ok verify(const PublicKey&,
          std::initializer_list<Bytes> parts,
          Bytes signature,
          const char* where = "signature");
/// Also takes a DER-coded ECDSA-Sig-Value, which some peers send: counted as tolerated under `where`, and
/// `*was_der` tells the caller.
Ok verify_tolerant(const PublicKey&,
                   std::initializer_list<Bytes> parts,
                   Bytes signature,
                   bool* was_der,
                   const char* where = "signature");
/// X.509 style: DER signature over one message.
Ok verify_der(const PublicKey&, Bytes message, Bytes der_signature, const char* where = "signature");
Result<OwnedBytes> sign_der(const PrivateKey&, Bytes message);

/// The shared secret: x-coordinate of the ECDH point, 32 octets big-endian. Curves must match. BSI TR-03111
/// §4.3
Result<Secret<32>> ecka(const PrivateKey& own, const PublicKey& peer);

} // namespace halyard::crypto
