// What an idle software eUICC costs: the growth of the process by a thousand cards with two profiles each.
#include "bench/bench.h"
#include <fstream>
#include <malloc.h>
#include <unistd.h>

namespace halyard::bench {
namespace {

size_t resident() { // octets, from the kernel
    std::ifstream statm("/proc/self/statm");
    size_t total = 0, pages = 0;
    statm >> total >> pages;
    return pages * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

struct Idle {
    euicc::MemoryStore store; // stands for the disk: counted apart
    std::optional<euicc::Card> card;
};

void idle_cards(benchmark::State& state) {
    const Samples& s = samples();
    loop::SeededRandom random;
    constexpr size_t kCards = 1000;
    double each = 0;
    for (auto _ : state) {
        malloc_trim(0);
        std::vector<Idle> cards(kCards);
        for (Idle& one : cards) one.store.snapshot = s.device.memory.snapshot;
        const size_t before = resident();
        for (Idle& one : cards) one.card = must(euicc::Card::open(s.device.identity, one.store, random));
        each = static_cast<double>(resident() - before) / kCards;
        benchmark::DoNotOptimize(cards.data());
    }
    state.counters["octets_per_card"] = each;
    state.counters["snapshot_octets"] = static_cast<double>(s.device.memory.snapshot.size());
}

BENCHMARK(idle_cards)->Name("memory/idle_euicc")->Iterations(1)->Unit(benchmark::kMillisecond);

} // namespace
} // namespace halyard::bench
