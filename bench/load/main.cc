// What an SM-DP+ carries: complete downloads, sessions begun, octets on the air. The server is the program as
// an operator runs it; the clients are on the same cores and their work counts. docs/bench.md
#include "bench/bench.h"
#include "bench/load/field.h"
#include "bench/load/proxy.h"
#include "crypto/hash.h"
#include <CLI/CLI.hpp>
#include <cstdio>
#include <ctime>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <thread>

namespace halyard::bench {
namespace {
using Clock = std::chrono::steady_clock;
using binding::Es9Form;

double since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }
double thread_seconds() {
    timespec t{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}
// Processor seconds of one call.
template <class F> double cost(F&& call) {
    size_t n = 0;
    const double begin = thread_seconds();
    for (; n < 20 || thread_seconds() - begin < 0.3; ++n) call();
    return (thread_seconds() - begin) / static_cast<double>(n);
}

/// The calls of one download, counted on both sides of it in this process.
Calls count_one() {
    crypto::SystemRandom random;
    const loop::Pki pki(random);
    loop::Smdp smdp(pki, random);
    loop::Handset phone(pki, smdp, random);
    for (unsigned n = 1; n <= 2; ++n) { // what is read once has been read then
        phone.matching_id =
            loop::matching_id_of(smdp.order(loop::iccid_text(n), "001010000000001", loop::kBegin));
        calls() = {};
        HALYARD_ASSERT(phone.download());
        HALYARD_ASSERT(!phone.send(phone.installation_message(n, loop::iccid_text(n))).failed);
    }
    return calls();
}

/// The same calls with nothing around them: processor seconds.
double bare(const Calls& c) {
    crypto::SystemRandom random;
    const auto key = need(crypto::PrivateKey::generate(crypto::Curve::p256, random), "key");
    const auto peer = need(crypto::PrivateKey::generate(crypto::Curve::p256, random), "key");
    auto* const handle = static_cast<EVP_PKEY*>(key.handle());
    const OwnedBytes octets(200, 7);
    const OwnedBytes signature = need(crypto::sign_der(key, octets), "signature");
    EVP_MD_CTX* const context = EVP_MD_CTX_new();
    std::array<uint8_t, 80> out{};
    const double sign = cost([&] {
        size_t size = out.size();
        EVP_MD_CTX_reset(context);
        HALYARD_ASSERT(EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, handle) == 1);
        HALYARD_ASSERT(EVP_DigestSign(context, out.data(), &size, octets.data(), octets.size()) == 1);
    });
    const double verify = cost([&] {
        EVP_MD_CTX_reset(context);
        HALYARD_ASSERT(EVP_DigestVerifyInit(context, nullptr, EVP_sha256(), nullptr, handle) == 1);
        HALYARD_ASSERT(
            EVP_DigestVerify(context, signature.data(), signature.size(), octets.data(), octets.size()) == 1);
    });
    const double derive = cost([&] {
        size_t size = out.size();
        EVP_PKEY_CTX* const agreement = EVP_PKEY_CTX_new(handle, nullptr);
        HALYARD_ASSERT(EVP_PKEY_derive_init(agreement) == 1 &&
                       EVP_PKEY_derive_set_peer(agreement, static_cast<EVP_PKEY*>(peer.handle())) == 1);
        HALYARD_ASSERT(EVP_PKEY_derive(agreement, out.data(), &size) == 1);
        EVP_PKEY_CTX_free(agreement);
    });
    EVP_MD_CTX_free(context);
    const double generate = cost([&] { EVP_PKEY_free(EVP_EC_gen("P-256")); });
    return static_cast<double>(c.sign) * sign + static_cast<double>(c.verify) * verify +
           static_cast<double>(c.derive) * derive + static_cast<double>(c.generate) * generate;
}

/// `work(handset, n)` for n below `count`, by as many clients as there are; wall seconds.
template <class F> double by_clients(const Field& field, unsigned clients, unsigned count, F&& work) {
    std::atomic<unsigned> next = 0;
    std::vector<std::thread> threads;
    const auto begin = Clock::now();
    for (unsigned i = 0; i < clients; ++i)
        threads.emplace_back([&, i] {
            crypto::SystemRandom random;
            auto client = field.client(Es9Form::json);
            const auto phone = field.handset(client, i, random);
            for (unsigned n = next++; n < count; n = next++) work(*phone, n);
        });
    for (std::thread& t : threads) t.join();
    return since(begin);
}

void downloads(const Field& field, const FieldOptions& o) {
    const Calls counted = count_one();
    const double before = bare(counted), server = cpu_seconds(field.server()), own = cpu_seconds(-1);
    const double wall = by_clients(field, o.clients, o.orders, [](loop::Handset& phone, unsigned n) {
        phone.matching_id = Field::matching_id(n);
        HALYARD_ASSERT(phone.download());
        HALYARD_ASSERT(!phone.send(phone.installation_message(n + 1, loop::iccid_text(n + 1))).failed);
    });
    const double there = cpu_seconds(field.server()) - server, here = cpu_seconds(-1) - own;
    const double reference = (before + bare(counted)) / 2, n = o.orders;
    std::printf("one download: %llu sign, %llu verify, %llu ECDH, %llu one-time keys: %.0f us of processor\n",
                static_cast<unsigned long long>(counted.sign),
                static_cast<unsigned long long>(counted.verify),
                static_cast<unsigned long long>(counted.derive),
                static_cast<unsigned long long>(counted.generate),
                reference * 1e6);
    std::printf("complete downloads: %.0f in %.2f s, %.0f a second by %u clients; limit of two cores %.0f\n",
                n,
                wall,
                n / wall,
                o.clients,
                2 / reference);
    std::printf(
        "  processor: server %.0f us, clients %.0f us a download; ratio of the sum %.2f, by the clock %.2f\n",
        there / n * 1e6,
        here / n * 1e6,
        reference * n / (there + here),
        n / wall * reference / 2);
}

void sessions(const Field& field, unsigned clients, unsigned count) {
    const double before = resident(field.server()), server = cpu_seconds(field.server());
    const double wall = by_clients(field, clients, count, [](loop::Handset& phone, unsigned) {
        HALYARD_ASSERT(!phone.initiate().failed);
    });
    std::printf(
        "initiateAuthentication: %.0f a second, server %.0f us of processor; %u sessions left open: %.0f "
        "octets of memory each\n",
        count / wall,
        (cpu_seconds(field.server()) - server) / count * 1e6,
        count,
        (resident(field.server()) - before) / count);
}

void octets(const Field& field, Es9Form form, unsigned first) {
    CountingProxy proxy(field.endpoint());
    crypto::SystemRandom random;
    auto client = field.client(form, proxy.endpoint());
    const auto phone = field.handset(client, 0, random);
    const char* const kinds[] = {"new connection", "kept connection"};
    for (unsigned i = 0; i < 2; ++i) {
        const uint64_t up = proxy.up(), down = proxy.down();
        phone->matching_id = Field::matching_id(first + i);
        HALYARD_ASSERT(phone->download());
        HALYARD_ASSERT(
            !phone->send(phone->installation_message(1000 + first + i, loop::iccid_text(first + i + 1)))
                 .failed);
        const uint64_t sent = proxy.up() - up, got = proxy.down() - down;
        std::printf("%s, %s: %llu up, %llu down, %lld over and above the package of %zu\n",
                    form == Es9Form::json ? "JSON" : "ASN.1",
                    kinds[i],
                    static_cast<unsigned long long>(sent),
                    static_cast<unsigned long long>(got),
                    static_cast<long long>(sent + got) - static_cast<long long>(field.package_octets()),
                    field.package_octets());
    }
}

int run(FieldOptions options, unsigned open) {
    const unsigned measured = options.orders;
    options.orders += 4; // two for each binding
    const Field field(options);
    options.orders = measured;
    downloads(field, options);
    sessions(field, options.clients, open);
    octets(field, Es9Form::json, measured);
    octets(field, Es9Form::asn1, measured + 2);
    return 0;
}
} // namespace
} // namespace halyard::bench

int main(int argc, char** argv) {
    CLI::App app{"Load on an SM-DP+: halyard smdp serve beside its clients on this machine"};
    halyard::bench::FieldOptions options{.orders = 2000};
    unsigned open = 20'000;
    app.add_option("--downloads", options.orders, "Complete downloads, each of an order of its own");
    app.add_option("--clients", options.clients, "Clients, each with a kept connection and an eUICC");
    app.add_option("--sessions", open, "Sessions to begin and leave open");
    app.add_option("--profile", options.profile, "Profile package; default our sample");
    app.add_option("--serve", options.serve, "Further words for `halyard smdp serve`")->allow_extra_args();
    app.add_option("--store", options.store, "Further words for every `halyard smdp` command, as --store=…");
    CLI11_PARSE(app, argc, argv);
    return halyard::bench::run(options, open);
}
