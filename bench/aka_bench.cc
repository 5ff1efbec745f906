// AUTHENTICATE of a USIM, beside the AES or Keccak that its algorithm cannot do without.
#include "bench/bench.h"
#include "crypto/milenage.h"
#include "crypto/tuak.h"
#include "uicc/aka.h"
#include <openssl/evp.h>

namespace halyard::bench {
namespace {

// A USIM with one akaParameter and the challenge of a network that knows its key.
struct Usim {
    std::optional<uicc::Aka> aka;
    uicc::AkaCommand command;
};
Usim usim(profile::AkaAlgorithm algorithm, const crypto::AkaFunctions& network, Bytes key, Bytes opc) {
    profile::AkaParameter element;
    element.configuration.is =
        profile::AlgoParameter{.algorithm = algorithm, .options = {1}, .key = key, .opc = opc};
    profile::Image image;
    image.nodes.push_back({.fid = 0x3F00, .kind = profile::FileKind::directory});
    image.nodes.push_back({.fid = 0x7FD0, .kind = profile::FileKind::application});
    image.akas.push_back({1, must(asn1::encode(element))});
    Usim out{must(uicc::Aka::open(image, 1)), {.context = uicc::AkaCommand::Context::umts}};
    std::array<uint8_t, 8> res;
    std::array<uint8_t, 16> ck, ik;
    std::array<uint8_t, 6> sqn = {0, 0, 0, 0, 0, 0x20};
    const Buffer autn = out.command.autn;
    HALYARD_ASSERT(network.f1(out.command.rand, sqn, {0x80}, autn.subspan(8)));
    HALYARD_ASSERT(network.f2345(out.command.rand, res, ck, ik, autn.first(6)));
    for (size_t i = 0; i < 6; ++i) autn[i] ^= sqn[i];
    autn[6] = 0x80;
    return out;
}

void run(benchmark::State& state, const Usim& usim) {
    const uicc::SqnState before;
    for (auto _ : state) {
        const auto answer = usim.aka->authenticate(usim.command, before, {.gsm_access = true});
        HALYARD_ASSERT(answer.keep);
    }
    state.SetItemsProcessed(state.iterations());
}
void milenage(benchmark::State& state) {
    const std::array<uint8_t, 16> key = {1, 2, 3}, opc = {4, 5, 6};
    const auto network = must(crypto::Milenage::make(crypto::AesKey(key), opc));
    run(state, usim(profile::AkaAlgorithm::milenage, *network, key, opc));
}
void tuak(benchmark::State& state) {
    const std::array<uint8_t, 32> key = {1, 2, 3}, topc = {4, 5, 6};
    const auto network = must(crypto::Tuak::make(key, topc));
    run(state, usim(profile::AkaAlgorithm::tuak, *network, key, topc));
}

// TEMP and OUT1 to OUT4: five blocks, of which four can be made at once.
void openssl_aes(benchmark::State& state) {
    const std::array<uint8_t, 16> key = {1, 2, 3};
    std::array<uint8_t, 64> blocks{};
    EVP_CIPHER_CTX* const context = EVP_CIPHER_CTX_new();
    HALYARD_ASSERT(EVP_EncryptInit_ex(context, EVP_aes_128_ecb(), nullptr, key.data(), nullptr) == 1);
    EVP_CIPHER_CTX_set_padding(context, 0);
    for (auto _ : state) {
        int size = 0;
        HALYARD_ASSERT(EVP_EncryptUpdate(context, blocks.data(), &size, blocks.data(), 16) == 1);
        HALYARD_ASSERT(EVP_EncryptUpdate(context, blocks.data(), &size, blocks.data(), 64) == 1);
        benchmark::DoNotOptimize(blocks);
    }
    EVP_CIPHER_CTX_free(context);
}
// f1 and f2 to f5: two permutations, as in two digests of one block.
void openssl_sha3(benchmark::State& state) {
    const std::array<uint8_t, 100> in{};
    std::array<uint8_t, 32> out{};
    EVP_MD_CTX* const context = EVP_MD_CTX_new();
    for (auto _ : state)
        for (int i = 0; i < 2; ++i) {
            HALYARD_ASSERT(EVP_DigestInit_ex(context, EVP_sha3_256(), nullptr) == 1);
            HALYARD_ASSERT(EVP_DigestUpdate(context, in.data(), in.size()) == 1);
            HALYARD_ASSERT(EVP_DigestFinal_ex(context, out.data(), nullptr) == 1);
        }
    EVP_MD_CTX_free(context);
}

BENCHMARK(milenage)->Name("aka/milenage");
BENCHMARK(tuak)->Name("aka/tuak");
BENCHMARK(openssl_aes)->Name("aka/aes:openssl");
BENCHMARK(openssl_sha3)->Name("aka/sha3:openssl");

} // namespace
} // namespace halyard::bench
