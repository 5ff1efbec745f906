// Decoding and encoding by family: every distinct valid vector of an interface, once each, per iteration.
// Beside a bare walk over the same TLVs by OpenSSL.
#include "bench/bench.h"
#include "profile/package.h"
#include "smdp/bind.h"
#include "tests/vectors/load.h"
#include <chrono>
#include <map>

namespace halyard::bench {
namespace {
using vectors::Vector;

struct Item {
    const rsp::Message* message;
    Bytes der;
};
using Family = std::vector<Item>;

// Each interface of the vectors, in the order of its name.
const std::map<std::string, Family>& families() {
    static const auto all = [] {
        std::map<std::string, Family> out;
        for (const Vector* v : vectors::distinct_valid())
            if (v->is_plain() && v->message()) out[v->interface].push_back({v->message(), v->der});
        return out;
    }();
    return all;
}

void count(benchmark::State& state, const Family& family) {
    size_t octets = 0;
    for (const Item& i : family) octets += i.der.size();
    state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * family.size()));
    state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * octets));
}

void decode(benchmark::State& state, const Family& family) {
    for (auto _ : state)
        for (const Item& i : family)
            (void)i.message->read(
                i.der, {}, nullptr, [](void*, const void* value) { benchmark::DoNotOptimize(value); });
    count(state, family);
}
void walk(benchmark::State& state, const Family& family) {
    for (auto _ : state)
        for (const Item& i : family) benchmark::DoNotOptimize(openssl_walk(i.der));
    count(state, family);
}
// The value is decoded once; only the encoding is timed.
void encode(benchmark::State& state, const Family& family) {
    struct Timed {
        const asn1::Type* type;
        OwnedBytes buffer;
        std::chrono::nanoseconds spent{0};
    };
    static constexpr int kRepeat = 64; // one look at the clock for so many
    OwnedBytes buffer(1u << 16);
    for (auto _ : state) {
        std::chrono::nanoseconds all{0};
        for (const Item& i : family) {
            Timed timed{i.message->type, std::move(buffer)};
            (void)i.message->read(i.der, {}, &timed, [](void* context, const void* value) {
                auto& t = *static_cast<Timed*>(context);
                const auto begin = std::chrono::steady_clock::now();
                for (int n = 0; n < kRepeat; ++n)
                    benchmark::DoNotOptimize(asn1::encode(*t.type, value, t.buffer));
                t.spent = (std::chrono::steady_clock::now() - begin) / kRepeat;
            });
            all += timed.spent;
            buffer = std::move(timed.buffer);
        }
        state.SetIterationTime(std::chrono::duration<double>(all).count());
    }
    count(state, family);
}

// An operational profile with a file of 90 kB beside its own: about 100 kB in all.
const OwnedBytes& large_profile() {
    static const OwnedBytes package = [] {
        const OwnedBytes& sample = samples().profile;
        const auto elements = must(profile::parse(sample));
        // GenericFileManagement A1 { A0 { 81 id }, A1 { 30 { 62 { 82 4121, 83 6F7x, 80 size }, 81 content … }
        // } }: the same file as five of 18000 octets, as cards have limits.
        OwnedBytes out;
        for (const auto& e : elements) {
            if (e.tag == 0xAA)
                for (uint8_t n = 0; n < 5; ++n) {
                    const OwnedBytes file = *from_hex("6211 8202 4121 8302 6F7" + std::string(1, "01234"[n]) +
                                                      "8B03 6F0601 8002 4650");
                    OwnedBytes commands = file;
                    append(commands, smdp::tlv(0x81, OwnedBytes(18000, n)));
                    OwnedBytes body = *from_hex("A0068000810200" + std::string("9") + "12345"[n]);
                    append(body, smdp::tlv(0xA1, smdp::tlv(0x30, commands)));
                    append(out, smdp::tlv(0xA1, body));
                }
            append(out, e.der);
        }
        return out;
    }();
    return package;
}
void decode_profile(benchmark::State& state) {
    const OwnedBytes& package = large_profile();
    for (auto _ : state) benchmark::DoNotOptimize(profile::parse(package));
    state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * package.size()));
}
void encode_profile(benchmark::State& state) {
    const OwnedBytes& package = large_profile();
    const auto elements = must(profile::parse(package));
    for (auto _ : state)
        for (const auto& e : elements) benchmark::DoNotOptimize(profile::reencode(e));
    state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * package.size()));
}
void walk_profile(benchmark::State& state) {
    const OwnedBytes& package = large_profile();
    for (auto _ : state) benchmark::DoNotOptimize(openssl_walk(package));
    state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * package.size()));
}

const bool registered = [] {
    for (const auto& [name, family] : families()) {
        benchmark::RegisterBenchmark(("family/" + name + "/decode").c_str(),
                                     [&family = family](benchmark::State& s) { decode(s, family); });
        benchmark::RegisterBenchmark(("family/" + name + "/encode").c_str(),
                                     [&family = family](benchmark::State& s) { encode(s, family); })
            ->UseManualTime();
        benchmark::RegisterBenchmark(("family/" + name + "/walk:openssl").c_str(),
                                     [&family = family](benchmark::State& s) { walk(s, family); });
    }
    return true;
}();
BENCHMARK(decode_profile)->Name("profile/100kB/decode");
BENCHMARK(encode_profile)->Name("profile/100kB/encode");
BENCHMARK(walk_profile)->Name("profile/100kB/walk:openssl");

} // namespace
} // namespace halyard::bench
