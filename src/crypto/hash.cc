#include "crypto/hash.h"
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

namespace halyard::crypto {

Sha256Stream::Sha256Stream() : context_(EVP_MD_CTX_new()) {
    HALYARD_ASSERT(context_ &&
                   EVP_DigestInit_ex(static_cast<EVP_MD_CTX*>(context_), EVP_sha256(), nullptr) == 1);
}
Sha256Stream::~Sha256Stream() { EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context_)); }
void Sha256Stream::update(Bytes b) {
    HALYARD_ASSERT(EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(context_), b.data(), b.size()) == 1);
}
Sha256 Sha256Stream::finish() {
    Sha256 out{};
    HALYARD_ASSERT(EVP_DigestFinal_ex(static_cast<EVP_MD_CTX*>(context_), out.data(), nullptr) == 1);
    return out;
}

Sha256 sha256(std::initializer_list<Bytes> parts) {
    Sha256Stream stream;
    for (Bytes part : parts) stream.update(part);
    return stream.finish();
}

std::array<uint8_t, 20> sha1(Bytes in) {
    std::array<uint8_t, 20> out{};
    HALYARD_ASSERT(EVP_Digest(in.data(), in.size(), out.data(), nullptr, EVP_sha1(), nullptr) == 1);
    return out;
}

Sha256 hmac_sha256(Bytes key, std::initializer_list<Bytes> parts) {
    SecretBytes all;
    for (Bytes part : parts) all.append(part);
    Sha256 out{};
    unsigned size = 0;
    HALYARD_ASSERT(HMAC(EVP_sha256(),
                        key.data(),
                        static_cast<int>(key.size()),
                        all.reveal().data(),
                        all.size(),
                        out.data(),
                        &size) != nullptr);
    return out;
}

void x963_kdf(Bytes z, Bytes info, Buffer out) {
    for (uint32_t i = 1; !out.empty(); ++i) {
        const uint8_t counter[] = {static_cast<uint8_t>(i >> 24),
                                   static_cast<uint8_t>(i >> 16),
                                   static_cast<uint8_t>(i >> 8),
                                   static_cast<uint8_t>(i)};
        Sha256 k = sha256({z, counter, info});
        const size_t n = std::min(out.size(), k.size());
        std::copy_n(k.begin(), n, out.begin());
        out = out.subspan(n);
        wipe(k);
    }
}

bool equal(Bytes a, Bytes b) {
    return a.size() == b.size() && (a.empty() || CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0);
}

Ok SystemRandom::fill(Buffer out) {
    if (!out.empty() && RAND_bytes(out.data(), static_cast<int>(out.size())) != 1)
        return fail(Errc::internal, "random");
    return {};
}

Ok SeededRandom::fill(Buffer out) {
    while (!out.empty()) {
        uint8_t input[16];
        for (size_t i = 0; i < 8; ++i) {
            input[i] = static_cast<uint8_t>(seed_ >> (56 - 8 * i));
            input[8 + i] = static_cast<uint8_t>(counter_ >> (56 - 8 * i));
        }
        ++counter_;
        const Sha256 block = sha256({input});
        const size_t n = std::min(out.size(), block.size());
        std::copy_n(block.begin(), n, out.begin());
        out = out.subspan(n);
    }
    return {};
}

} // namespace halyard::crypto
