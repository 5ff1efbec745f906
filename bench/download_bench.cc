// A complete download as a card sees it: challenge, AuthenticateServer, PrepareDownload, the bound package.
// The server's side is played by hand (tests/loop/hand.h), and its cryptography counts as well.
#define DOCTEST_CONFIG_IMPLEMENT
#include "bench/bench.h"
#include "profile/image.h"
#include "tests/loop/hand.h"
#include <doctest/doctest.h>
#include <malloc.h>

namespace halyard::bench {
namespace {

// What is asserted in tests/loop/hand.cc ends the program here.
struct Asserts {
    doctest::Context context;
    Asserts() {
        context.setAsDefaultForAssertsOutOfTestCases();
        context.setAssertHandler([](const doctest::AssertData& a) { HALYARD_ASSERT(!a.m_failed); });
    }
};

Iccid iccid_of(Bytes package) { return must(profile::facts(package)).iccid; }

void download(benchmark::State& state, bool published) {
    static Asserts asserts;
    std::optional<OwnedBytes> package = published ? published_profile() : loop::sample(1);
    if (!package) return state.SkipWithError("no TS.48 profile here (../shared/data)");
    const Iccid iccid = iccid_of(*package);
    OwnedBytes remove{0xBF, 0x33, 0x0C, 0x5A, 0x0A};
    append(remove, iccid);
    loop::Bench bench;
    bench.card.identity.memory = 4 << 20;
    HALYARD_ASSERT(bench.configure({}).tag != 0);
    Calls sum;
    size_t most = 0;
    for (auto _ : state) {
        loop::HandServer server(bench);
        calls() = {};
        server.open();
        const auto units = server.bind(*package, loop::metadata_of(iccid));
        state.PauseTiming();
        const size_t before = mallinfo2().uordblks;
        state.ResumeTiming();
        OwnedBytes answer;
        for (const OwnedBytes& unit : units) {
            answer = bench.es10(unit);
            most = std::max<size_t>(most, mallinfo2().uordblks - before);
        }
        state.PauseTiming();
        HALYARD_ASSERT(loop::read_installation(bench, answer).success);
        sum.sign += calls().sign;
        sum.verify += calls().verify - 1; // that of read_installation
        sum.derive += calls().derive;
        sum.generate += calls().generate;
        HALYARD_ASSERT(bench.order({loop::remove(iccid)}).tag == 0xA0);
        state.ResumeTiming();
    }
    count_calls(state, sum);
    state.counters["heap_octets"] = static_cast<double>(most);
    state.counters["package_octets"] = static_cast<double>(package->size());
}

// Elements into a file system, without anything of RSP around it.
void install(benchmark::State& state, bool published) {
    const auto package = published ? published_profile() : samples().profile;
    if (!package) return state.SkipWithError("no TS.48 profile here (../shared/data)");
    for (auto _ : state) benchmark::DoNotOptimize(must(profile::install(*package)));
    state.SetBytesProcessed(static_cast<int64_t>(package->size()) * state.iterations());
}
void walk(benchmark::State& state) {
    const auto package = published_profile();
    if (!package) return state.SkipWithError("no TS.48 profile here (../shared/data)");
    for (auto _ : state) {
        size_t tlvs = 0;
        for (Bytes rest = *package; !rest.empty();) {
            const auto one = must(asn1::read_tlv(rest, "element"));
            tlvs += openssl_walk(rest.first(rest.size() - one.rest.size()));
            rest = one.rest;
        }
        benchmark::DoNotOptimize(tlvs);
    }
}

BENCHMARK_CAPTURE(download, sample, false)->Name("download/sample")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(download, published, true)->Name("download/TS.48")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(install, sample, false)->Name("install/sample")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(install, published, true)->Name("install/TS.48")->Unit(benchmark::kMicrosecond);
BENCHMARK(walk)->Name("install/TS.48/walk:openssl")->Unit(benchmark::kMicrosecond);

} // namespace
} // namespace halyard::bench
