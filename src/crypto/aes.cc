#include "crypto/aes.h"
#include <memory>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>

namespace halyard::crypto {
namespace {
template <auto Free> struct Deleter {
    template <class T> void operator()(T* p) const { Free(p); }
};
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, Deleter<EVP_CIPHER_CTX_free>>;
using Mac = std::unique_ptr<EVP_MAC, Deleter<EVP_MAC_free>>;
using MacContext = std::unique_ptr<EVP_MAC_CTX, Deleter<EVP_MAC_CTX_free>>;

Ok run(const EVP_CIPHER* kind, bool encrypt, const AesKey& key, const uint8_t* icv, Bytes in, uint8_t* out) {
    const Cipher c(EVP_CIPHER_CTX_new());
    int size = 0;
    if (!c || EVP_CipherInit_ex(c.get(), kind, nullptr, key.reveal().data(), icv, encrypt) != 1 ||
        EVP_CIPHER_CTX_set_padding(c.get(), 0) != 1 ||
        EVP_CipherUpdate(c.get(), out, &size, in.data(), static_cast<int>(in.size())) != 1 ||
        static_cast<size_t>(size) != in.size())
        return fail(Errc::internal, "AES");
    return {};
}
} // namespace

Result<OwnedBytes> aes128_cbc_encrypt(const AesKey& key, const Block& icv, Bytes plain) {
    if (plain.size() % 16) return fail(Errc::bad_length, "AES-CBC", static_cast<uint32_t>(plain.size()));
    OwnedBytes out(plain.size());
    if (plain.empty()) return out;
    TRY(run(EVP_aes_128_cbc(), true, key, icv.data(), plain, out.data()));
    return out;
}

Result<SecretBytes> aes128_cbc_decrypt(const AesKey& key, const Block& icv, Bytes cipher) {
    if (cipher.size() % 16) return fail(Errc::bad_length, "AES-CBC", static_cast<uint32_t>(cipher.size()));
    SecretBytes out(cipher.size());
    if (cipher.empty()) return out;
    TRY(run(EVP_aes_128_cbc(), false, key, icv.data(), cipher, out.writable().data()));
    return out;
}

Result<OwnedBytes> aes128_ctr(const AesKey& key, const Block& counter, Bytes in) {
    OwnedBytes out(in.size());
    if (!in.empty()) TRY(run(EVP_aes_128_ctr(), true, key, counter.data(), in, out.data()));
    return out;
}

Result<Block> aes128_encrypt_block(const AesKey& key, const Block& in) {
    Block out{};
    TRY(run(EVP_aes_128_ecb(), true, key, nullptr, in, out.data()));
    return out;
}

Result<Block> aes_cmac(const AesKey& key, std::initializer_list<Bytes> parts) {
    static const Mac mac(EVP_MAC_fetch(nullptr, "CMAC", nullptr));
    const MacContext c(EVP_MAC_CTX_new(mac.get()));
    char cipher[] = "AES-128-CBC";
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, cipher, 0),
                                 OSSL_PARAM_construct_end()};
    Block out{};
    size_t size = 0;
    if (!c || EVP_MAC_init(c.get(), key.reveal().data(), 16, params) != 1)
        return fail(Errc::internal, "CMAC");
    for (Bytes part : parts)
        if (EVP_MAC_update(c.get(), part.data(), part.size()) != 1) return fail(Errc::internal, "CMAC");
    if (EVP_MAC_final(c.get(), out.data(), &size, out.size()) != 1 || size != 16)
        return fail(Errc::internal, "CMAC");
    return out;
}

Result<OwnedBytes>
seal(const Secret<32>& key, const std::array<uint8_t, 12>& nonce, Bytes plain, Bytes context) {
    const Cipher c(EVP_CIPHER_CTX_new());
    OwnedBytes out(12 + plain.size() + 16);
    std::copy(nonce.begin(), nonce.end(), out.begin());
    int size = 0;
    if (!c ||
        EVP_EncryptInit_ex(c.get(), EVP_aes_256_gcm(), nullptr, key.reveal().data(), nonce.data()) != 1 ||
        EVP_EncryptUpdate(c.get(), nullptr, &size, context.data(), static_cast<int>(context.size())) != 1 ||
        EVP_EncryptUpdate(c.get(), out.data() + 12, &size, plain.data(), static_cast<int>(plain.size())) !=
            1 ||
        EVP_EncryptFinal_ex(c.get(), out.data() + 12 + plain.size(), &size) != 1 ||
        EVP_CIPHER_CTX_ctrl(c.get(), EVP_CTRL_GCM_GET_TAG, 16, out.data() + 12 + plain.size()) != 1)
        return fail(Errc::internal, "AES-GCM");
    return out;
}

Result<SecretBytes> open(const Secret<32>& key, Bytes sealed, Bytes context) {
    if (sealed.size() < 28) return fail(Errc::unverified, "sealed", static_cast<uint32_t>(sealed.size()));
    const Bytes cipher = sealed.subspan(12, sealed.size() - 28);
    std::array<uint8_t, 16> tag{};
    std::copy_n(sealed.end() - 16, 16, tag.begin());
    const Cipher c(EVP_CIPHER_CTX_new());
    SecretBytes out(cipher.size());
    int size = 0;
    uint8_t end[16];
    if (!c ||
        EVP_DecryptInit_ex(c.get(), EVP_aes_256_gcm(), nullptr, key.reveal().data(), sealed.data()) != 1 ||
        EVP_DecryptUpdate(c.get(), nullptr, &size, context.data(), static_cast<int>(context.size())) != 1 ||
        EVP_DecryptUpdate(
            c.get(), out.writable().data(), &size, cipher.data(), static_cast<int>(cipher.size())) != 1 ||
        EVP_CIPHER_CTX_ctrl(c.get(), EVP_CTRL_GCM_SET_TAG, 16, tag.data()) != 1)
        return fail(Errc::internal, "AES-GCM");
    if (EVP_DecryptFinal_ex(c.get(), end, &size) != 1) {
        ERR_clear_error();
        return fail(Errc::unverified, "sealed");
    }
    return out;
}

} // namespace halyard::crypto
