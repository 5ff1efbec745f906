#include "base/octets.h"
#include "crypto/keccak.h"
#include <doctest/doctest.h>
#include <openssl/evp.h>

using namespace halyard;

namespace {
// The sponge of FIPS 202 §4 over our permutation; `suffix` tells SHA-3 from SHAKE (§6.1, §6.2).
OwnedBytes sponge(Bytes message, size_t rate, uint8_t suffix, size_t length) {
    crypto::KeccakState state{};
    size_t at = 0;
    for (const uint8_t octet : message) {
        state[at++] ^= octet;
        if (at == rate) {
            crypto::keccak_f1600(state);
            at = 0;
        }
    }
    state[at] ^= suffix;
    state[rate - 1] ^= 0x80;
    OwnedBytes out;
    while (out.size() < length) {
        crypto::keccak_f1600(state);
        out.insert(out.end(), state.begin(), state.begin() + static_cast<std::ptrdiff_t>(rate));
    }
    out.resize(length);
    return out;
}
OwnedBytes openssl(const EVP_MD* kind, Bytes message, size_t length, bool extendable) {
    OwnedBytes out(length);
    EVP_MD_CTX* const context = EVP_MD_CTX_new();
    REQUIRE(EVP_DigestInit_ex(context, kind, nullptr) == 1);
    REQUIRE(EVP_DigestUpdate(context, message.data(), message.size()) == 1);
    if (extendable)
        REQUIRE(EVP_DigestFinalXOF(context, out.data(), out.size()) == 1);
    else
        REQUIRE(EVP_DigestFinal_ex(context, out.data(), nullptr) == 1);
    EVP_MD_CTX_free(context);
    return out;
}
OwnedBytes message(size_t size) {
    OwnedBytes out(size);
    for (size_t i = 0; i < size; ++i) out[i] = static_cast<uint8_t>(i * 167 + size);
    return out;
}
} // namespace

TEST_CASE("when SHA-3 and SHAKE are built on the permutation, they give what OpenSSL gives") {
    for (const size_t size : {0u, 1u, 7u, 71u, 72u, 73u, 135u, 136u, 137u, 168u, 200u, 1000u}) {
        CAPTURE(size);
        const OwnedBytes in = message(size);
        CHECK(sponge(in, 136, 0x06, 32) == openssl(EVP_sha3_256(), in, 32, false));
        CHECK(sponge(in, 72, 0x06, 64) == openssl(EVP_sha3_512(), in, 64, false));
        CHECK(sponge(in, 168, 0x1F, 500) == openssl(EVP_shake128(), in, 500, true));
        CHECK(sponge(in, 136, 0x1F, 300) == openssl(EVP_shake256(), in, 300, true));
    }
}

TEST_CASE("when the published SHA3-256 of nothing is made, it is that of FIPS 202") {
    CHECK(hex(sponge({}, 136, 0x06, 32)) ==
          "A7FFC6F8BF1ED76651C14756A061D662F580FF4DE43B49FA82D80A4B80F8434A");
}
