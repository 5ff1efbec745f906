// Counts the library calls of an order by standing between us and libcrypto: the linker prefers the program's
// own symbol, which hands the call on. The products themselves know nothing of it.
#include "bench/bench.h"
#include <dlfcn.h>
#include <openssl/evp.h>

namespace halyard::bench {
Calls& calls() {
    static Calls counted;
    return counted;
}
void count_calls(benchmark::State& state, const Calls& sum) {
    const auto each = [&](uint64_t n) {
        return static_cast<double>(n) / static_cast<double>(state.iterations());
    };
    state.counters["sign"] = each(sum.sign);
    state.counters["verify"] = each(sum.verify);
    state.counters["derive"] = each(sum.derive);
    state.counters["generate"] = each(sum.generate);
}
namespace {
template <class F> F* next(F*, const char* name) {
    void* const symbol = dlsym(RTLD_NEXT, name);
    HALYARD_ASSERT(symbol);
    return reinterpret_cast<F*>(symbol);
}
} // namespace
} // namespace halyard::bench

using halyard::bench::calls, halyard::bench::next;

extern "C" {
int EVP_PKEY_sign(
    EVP_PKEY_CTX* ctx, unsigned char* sig, size_t* siglen, const unsigned char* tbs, size_t tbslen) {
    static auto* const real = next(&EVP_PKEY_sign, "EVP_PKEY_sign");
    ++calls().sign;
    return real(ctx, sig, siglen, tbs, tbslen);
}
int EVP_PKEY_verify(
    EVP_PKEY_CTX* ctx, const unsigned char* sig, size_t siglen, const unsigned char* tbs, size_t tbslen) {
    static auto* const real = next(&EVP_PKEY_verify, "EVP_PKEY_verify");
    ++calls().verify;
    return real(ctx, sig, siglen, tbs, tbslen);
}
int EVP_PKEY_derive(EVP_PKEY_CTX* ctx, unsigned char* key, size_t* length) {
    static auto* const real = next(&EVP_PKEY_derive, "EVP_PKEY_derive");
    ++calls().derive;
    return real(ctx, key, length);
}
// A key made of a fresh scalar: how one-time keys come about (src/crypto/keys.cc).
int EVP_PKEY_fromdata(EVP_PKEY_CTX* ctx, EVP_PKEY** key, int selection, OSSL_PARAM params[]) {
    static auto* const real = next(&EVP_PKEY_fromdata, "EVP_PKEY_fromdata");
    calls().generate += selection == EVP_PKEY_KEYPAIR;
    return real(ctx, key, selection, params);
}
}
