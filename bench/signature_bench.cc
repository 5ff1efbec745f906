// A package signed and a result verified, beside OpenSSL doing nothing but that with the same key and octets.
#include "bench/bench.h"
#include "rsp/eim_package.h"
#include "rsp/token.h"
#include <openssl/ec.h>
#include <openssl/evp.h>

namespace halyard::bench {
namespace {

std::optional<int64_t> token() {
    return must(samples().world.eim.store->device(samples().device.identity.eid))->token;
}

// What the eIM does once it has reserved a counter: encode the part to be signed, sign, encode the request.
void sign_package(benchmark::State& state) {
    const Samples& s = samples();
    const auto request = must(asn1::decode<rsp::EuiccPackageRequest>(Bytes(s.package)));
    const OwnedBytes token_octets = rsp::token_tlv(token());
    for (auto _ : state) {
        const auto tbs = asn1::encode(request.euicc_package_signed.value);
        const auto signature = crypto::sign(s.world.eim.config.key, {*tbs, token_octets});
        rsp::EuiccPackageRequest out;
        out.euicc_package_signed.der = *tbs;
        out.eim_signature = *signature;
        benchmark::DoNotOptimize(asn1::encode(out));
    }
}
// What the eIM does with a result: decode it, verify the octets received under the eUICC's key.
void verify_result(benchmark::State& state) {
    const Samples& s = samples();
    const OwnedBytes spki = must(s.world.eim.store->device(s.device.identity.eid))->identities.front().key;
    const OwnedBytes token_octets = rsp::token_tlv(token());
    for (auto _ : state) {
        const auto result = asn1::decode<rsp::EuiccPackageResult>(Bytes(s.result));
        const auto& is = std::get<0>(result->is);
        const auto key = crypto::public_key_from_spki(spki);
        const Ok ok = crypto::verify_tolerant(
            *key, {is.euicc_package_result_data_signed.der, token_octets}, is.euicc_sign_epr, nullptr);
        HALYARD_ASSERT(ok);
    }
}

void openssl_sign(benchmark::State& state) {
    auto* const key = static_cast<EVP_PKEY*>(samples().world.eim.config.key.handle());
    const OwnedBytes& octets = samples().package;
    std::array<uint8_t, 80> out;
    EVP_MD_CTX* const context = EVP_MD_CTX_new();
    for (auto _ : state) {
        size_t size = out.size();
        HALYARD_ASSERT(EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, key) == 1);
        HALYARD_ASSERT(EVP_DigestSign(context, out.data(), &size, octets.data(), octets.size()) == 1);
        EVP_MD_CTX_reset(context);
    }
    EVP_MD_CTX_free(context);
}
void openssl_verify(benchmark::State& state) {
    const crypto::PrivateKey& own = samples().device.identity.keys.front().key;
    auto* const key = static_cast<EVP_PKEY*>(own.handle());
    const OwnedBytes& octets = samples().result;
    const OwnedBytes signature = must(crypto::sign_der(own, octets));
    EVP_MD_CTX* const context = EVP_MD_CTX_new();
    for (auto _ : state) {
        HALYARD_ASSERT(EVP_DigestVerifyInit(context, nullptr, EVP_sha256(), nullptr, key) == 1);
        HALYARD_ASSERT(
            EVP_DigestVerify(context, signature.data(), signature.size(), octets.data(), octets.size()) == 1);
        EVP_MD_CTX_reset(context);
    }
    EVP_MD_CTX_free(context);
}
void openssl_derive(benchmark::State& state) {
    auto* const own = static_cast<EVP_PKEY*>(samples().world.eim.config.key.handle());
    auto* const peer = static_cast<EVP_PKEY*>(samples().device.identity.keys.front().key.handle());
    std::array<uint8_t, 32> out;
    for (auto _ : state) {
        size_t size = out.size();
        EVP_PKEY_CTX* const context = EVP_PKEY_CTX_new(own, nullptr);
        HALYARD_ASSERT(EVP_PKEY_derive_init(context) == 1 && EVP_PKEY_derive_set_peer(context, peer) == 1);
        HALYARD_ASSERT(EVP_PKEY_derive(context, out.data(), &size) == 1);
        EVP_PKEY_CTX_free(context);
    }
}
void openssl_generate(benchmark::State& state) {
    for (auto _ : state) {
        EVP_PKEY* const key = EVP_EC_gen("P-256");
        HALYARD_ASSERT(key);
        EVP_PKEY_free(key);
    }
}

BENCHMARK(sign_package)->Name("package/sign");
BENCHMARK(verify_result)->Name("result/verify");
BENCHMARK(openssl_sign)->Name("openssl/sign");
BENCHMARK(openssl_verify)->Name("openssl/verify");
BENCHMARK(openssl_derive)->Name("openssl/derive");
BENCHMARK(openssl_generate)->Name("openssl/generate");

} // namespace
} // namespace halyard::bench
