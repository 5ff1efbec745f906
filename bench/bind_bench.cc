// Binding a profile package to one eUICC, beside AES-CBC and CMAC over the same octets and the elliptic curve
// operations it cannot do without.
#include "bench/bench.h"
#include "smdp/bind.h"
#include <openssl/core_names.h>
#include <openssl/evp.h>

namespace halyard::bench {
namespace {

constexpr uint8_t kHost[] = {0x2A, 0x03};

void bind(benchmark::State& state, size_t octets) {
    loop::SeededRandom random;
    const auto one_time = must(crypto::PrivateKey::generate(crypto::Curve::p256, random));
    const OwnedBytes package = octets ? OwnedBytes(octets, 0x5A) : samples().profile;
    const OwnedBytes metadata(60, 0x33), oid{0x88, 0x37, 0x0A}, transaction(16, 1);
    const smdp::BindInput in{.host_id = kHost,
                             .eid = samples().device.identity.eid,
                             .smdp_oid = oid,
                             .metadata = metadata,
                             .package = package};
    for (auto _ : state) {
        const auto bound = smdp::bind(in, one_time.public_key(), random);
        OwnedBytes content = *smdp::secure_channel(samples().world.pki.dp_pb.key,
                                                   transaction,
                                                   kHost,
                                                   bound->smdp_otpk.point,
                                                   one_time.public_key().point);
        append(content, bound->tail);
        benchmark::DoNotOptimize(smdp::tlv(0xBF36, content));
    }
    state.SetItemsProcessed(static_cast<int64_t>(state.iterations()));
    state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * static_cast<int64_t>(package.size()));
}

// One cipher and one MAC context, keyed once: the least AES work for these octets.
void aes_and_cmac(benchmark::State& state, size_t octets) {
    const OwnedBytes package = octets ? OwnedBytes(octets, 0x5A) : samples().profile;
    const std::array<uint8_t, 16> key{1}, icv{2};
    std::array<uint8_t, 1024> cipher;
    EVP_CIPHER_CTX* const c = EVP_CIPHER_CTX_new();
    EVP_MAC* const kind = EVP_MAC_fetch(nullptr, "CMAC", nullptr);
    EVP_MAC_CTX* const mac = EVP_MAC_CTX_new(kind);
    char name[] = "AES-128-CBC";
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, name, 0),
                                 OSSL_PARAM_construct_end()};
    HALYARD_ASSERT(EVP_EncryptInit_ex(c, EVP_aes_128_cbc(), nullptr, key.data(), icv.data()) == 1);
    HALYARD_ASSERT(EVP_MAC_init(mac, key.data(), key.size(), params) == 1);
    for (auto _ : state) {
        for (size_t at = 0; at < package.size(); at += rsp::kMaxSegmentPlain) {
            const size_t n = std::min(rsp::kMaxSegmentPlain, package.size() - at);
            int size = 0;
            size_t mac_size = 0;
            std::array<uint8_t, 16> tag;
            HALYARD_ASSERT(EVP_EncryptUpdate(c, cipher.data(), &size, &package[at], static_cast<int>(n)) ==
                           1);
            HALYARD_ASSERT(EVP_MAC_update(mac, cipher.data(), static_cast<size_t>(size)) == 1);
            HALYARD_ASSERT(EVP_MAC_final(mac, tag.data(), &mac_size, tag.size()) == 1);
            HALYARD_ASSERT(EVP_MAC_init(mac, nullptr, 0, nullptr) == 1);
        }
    }
    EVP_MAC_CTX_free(mac);
    EVP_MAC_free(kind);
    EVP_CIPHER_CTX_free(c);
    state.SetItemsProcessed(static_cast<int64_t>(state.iterations()));
    state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * static_cast<int64_t>(package.size()));
}

BENCHMARK_CAPTURE(bind, sample, 0)->Name("bind/sample");
BENCHMARK_CAPTURE(aes_and_cmac, sample, 0)->Name("bind/sample:aes+cmac");
BENCHMARK_CAPTURE(bind, large, 256 * 1024)->Name("bind/256KiB");
BENCHMARK_CAPTURE(aes_and_cmac, large, 256 * 1024)->Name("bind/256KiB:aes+cmac");

} // namespace
} // namespace halyard::bench
