#include "crypto/foreign_key.h"
#include <memory>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

namespace halyard::crypto {
namespace {
struct Free {
    void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
    void operator()(X509_PUBKEY* p) const { X509_PUBKEY_free(p); }
    void operator()(BIO* p) const { BIO_free(p); }
};
template <class T> using Held = std::unique_ptr<T, Free>;
} // namespace

Result<ForeignKey> ForeignKey::generate(const char* curve) {
    const Held<EVP_PKEY> key(EVP_EC_gen(curve));
    ERR_clear_error();
    if (!key) return fail(Errc::unsupported, "curve");
    ForeignKey out;
    uint8_t* der = nullptr;
    const int size = i2d_PUBKEY(key.get(), &der);
    if (size <= 0) return fail(Errc::internal, "curve");
    out.spki.assign(der, der + size);
    OPENSSL_free(der);
    const uint8_t* p = out.spki.data();
    const Held<X509_PUBKEY> parsed(d2i_X509_PUBKEY(nullptr, &p, size));
    const uint8_t* point = nullptr;
    int length = 0;
    if (!parsed || X509_PUBKEY_get0_param(nullptr, &point, &length, nullptr, parsed.get()) != 1)
        return fail(Errc::internal, "curve");
    out.point.assign(point, point + length);
    const Held<BIO> bio(BIO_new(BIO_s_secmem()));
    if (!bio ||
        PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
        return fail(Errc::internal, "curve");
    char* text = nullptr;
    const long written = BIO_get_mem_data(bio.get(), &text);
    out.pem = SecretBytes(Bytes(reinterpret_cast<const uint8_t*>(text), static_cast<size_t>(written)));
    return out;
}

} // namespace halyard::crypto
