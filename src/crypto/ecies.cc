// ECIES as 3GPP TS 33.501 annex C.3 has it: X9.63 with SHA-256, AES-128 in counter mode, HMAC-SHA-256 cut to
// 8 octets; the ephemeral public key is the first shared information, there is no second.
#include "crypto/ecies.h"
#include "base/secret.h"
#include "crypto/aes.h"
#include "crypto/hash.h"
#include "crypto/keys.h"
#include <memory>
#include <openssl/err.h>
#include <openssl/evp.h>

namespace halyard::crypto {
namespace {
constexpr size_t kTag = 8;

/// What the two curves differ in.
struct Agreement {
    OwnedBytes ephemeral; // public key, as it is sent
    Secret<32> shared;
};

struct Free {
    void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
    void operator()(EVP_PKEY_CTX* p) const { EVP_PKEY_CTX_free(p); }
};
template <class T> using Held = std::unique_ptr<T, Free>;

Result<Agreement> agree_x25519(Bytes home_key, Random& random) {
    if (home_key.size() != 32)
        return fail(Errc::bad_length, "homeNetworkPublicKey", static_cast<uint32_t>(home_key.size()));
    Secret<32> scalar;
    TRY(random.fill(scalar.writable()));
    const Held<EVP_PKEY> own(
        EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, scalar.reveal().data(), 32));
    const Held<EVP_PKEY> home(EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, home_key.data(), 32));
    const Held<EVP_PKEY_CTX> context(own ? EVP_PKEY_CTX_new(own.get(), nullptr) : nullptr);
    Agreement out{OwnedBytes(32), {}};
    size_t point = 32, secret = 32;
    // A point of small order makes an all-zero secret, which the library refuses. RFC 7748 §6.1
    const bool ok =
        home && context && EVP_PKEY_get_raw_public_key(own.get(), out.ephemeral.data(), &point) == 1 &&
        EVP_PKEY_derive_init(context.get()) == 1 &&
        EVP_PKEY_derive_set_peer(context.get(), home.get()) == 1 &&
        EVP_PKEY_derive(context.get(), out.shared.writable().data(), &secret) == 1 && secret == 32;
    ERR_clear_error();
    if (!ok) return fail(Errc::bad_value, "homeNetworkPublicKey");
    return out;
}

Result<Agreement> agree_p256(Bytes home_key, Random& random) {
    const char* const where = "homeNetworkPublicKey";
    const PublicKey home =
        TRY(home_key.size() == 33 ? public_key_from_compressed(Curve::p256, home_key, where)
                                  : public_key_from_point(Curve::p256, home_key, where));
    const PrivateKey own = TRY(PrivateKey::generate(Curve::p256, random));
    Agreement out;
    const auto point = compressed(own.public_key());
    out.ephemeral.assign(point.begin(), point.end());
    out.shared = TRY(ecka(own, home));
    return out;
}
} // namespace

Result<OwnedBytes> conceal(Ecies scheme, Bytes home_key, Bytes plain, Random& random) {
    const Agreement agreed =
        TRY(scheme == Ecies::profile_a ? agree_x25519(home_key, random) : agree_p256(home_key, random));
    // Encryption key(16) ‖ initial counter block(16) ‖ MAC key(32)
    Secret<64> keys;
    x963_kdf(agreed.shared.reveal(), agreed.ephemeral, keys.writable());
    const AesKey encryption(keys.reveal().first<16>());
    Block counter;
    std::ranges::copy(keys.reveal().subspan<16, 16>(), counter.begin());
    const OwnedBytes cipher = TRY(aes128_ctr(encryption, counter, plain));
    const Sha256 tag = hmac_sha256(keys.reveal().subspan<32, 32>(), {cipher});
    OwnedBytes out = agreed.ephemeral;
    append(out, cipher);
    append(out, Bytes(tag).first(kTag));
    return out;
}

} // namespace halyard::crypto
