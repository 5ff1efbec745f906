// What software eUICCs cost that nobody talks to: awake, parked, and starting a hundred thousand of them.
#include "bench/bench.h"
#include "euicc/rack.h"
#include "profile/image.h"
#include "profile/package.h"
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

// Cards that were made alike: one content, keys and EID of their own. Their keys are made when they wake up,
// from their number, so that nothing is kept for those that sleep.
struct Batch : euicc::CardSource {
    euicc::CardContent common;
    std::vector<euicc::SharedStore::Own> own;
    const euicc::Identity& pattern;

    Batch(const loop::Device& device, size_t cards) : own(cards), pattern(device.identity) {
        common = device.memory.content;
    }
    Result<euicc::Identity> identity(uint32_t card) override {
        euicc::Identity out;
        out.eid = pattern.eid;
        for (size_t i = 0; i < 4; ++i) out.eid[10 + i] = static_cast<uint8_t>(card >> (24 - 8 * i));
        loop::SeededRandom dice(card + 1);
        const euicc::KeySet& k = pattern.keys.front();
        euicc::KeySet set{.ci_key_id = k.ci_key_id, .ci_key = k.ci_key};
        set.key = TRY(crypto::PrivateKey::generate(k.ci_key.curve, dice));
        set.euicc_certificate = k.euicc_certificate; // of as many octets as its own would have
        set.eum_certificate = k.eum_certificate;
        out.keys.push_back(std::move(set));
        return out;
    }
    Result<std::unique_ptr<euicc::CardStore>> store(uint32_t card) override {
        return std::make_unique<euicc::SharedStore>(common, own[card]);
    }
};

// A device with an eIM and two profiles, the second one TS.48's, where that is on this machine.
struct Pattern {
    loop::World world{11};
    loop::Device& device = world.add_device();
    bool published = false;
    Pattern() {
        device.identity.memory = 4 << 20;
        HALYARD_ASSERT(world.run());
        const auto package = published_profile();
        published = package.has_value();
        if (!published) return;
        OwnedBytes metadata = *from_hex("BF25135A0A");
        append(metadata, must(profile::facts(*package)).iccid);
        append(metadata, *from_hex("91015092024E31"));
        HALYARD_ASSERT(device.card->isdr().preload(*package, metadata, false));
        must(device.card->isdr().image(device.card->isdr().state().profiles.back().number));
    }
};

// With TS.48's profile enabled, which is what an idle card has mounted.
euicc::CardContent with_last_enabled(const loop::Device& device) {
    euicc::CardContent out = device.memory.content;
    euicc::State state = must(euicc::decode_state(out.state));
    for (euicc::StoredProfile& p : state.profiles) p.enabled = &p == &state.profiles.back();
    out.state = must(euicc::encode_state(state));
    return out;
}

void awake(benchmark::State& state, bool published) {
    Pattern pattern;
    if (published && !pattern.published) return state.SkipWithError("no TS.48 profile here (../shared/data)");
    loop::SeededRandom random;
    constexpr uint32_t kCards = 1000;
    double each = 0;
    for (auto _ : state) {
        malloc_trim(0);
        Batch batch(pattern.device, kCards);
        if (published) batch.common = with_last_enabled(pattern.device);
        euicc::Rack rack(batch, random, kCards);
        const size_t before = resident();
        for (uint32_t i = 0; i < kCards; ++i) must(rack.wake(i));
        each = static_cast<double>(resident() - before) / kCards;
    }
    state.counters["octets_per_card"] = each;
}

// Cards that were used once each (a file written, EID read) and sleep now.
void parked(benchmark::State& state) {
    Pattern pattern;
    loop::SeededRandom random;
    constexpr uint32_t kCards = 100'000;
    const OwnedBytes select = *from_hex("00A4040C07A0000000871002"), loci = *from_hex("00A4000C026F7E"),
                     reset = *from_hex("80F2000C");
    double each = 0;
    for (auto _ : state) {
        malloc_trim(0);
        Batch batch(pattern.device, kCards);
        if (pattern.published) batch.common = with_last_enabled(pattern.device);
        euicc::Rack rack(batch, random, 64);
        const size_t before = resident();
        for (uint32_t i = 0; i < kCards; ++i) {
            euicc::Card& card = *must(rack.wake(i));
            card.transmit(select);
            card.transmit(loci);
            const OwnedBytes written = card.transmit(*from_hex("00D60000041122334" + std::to_string(i % 10)));
            HALYARD_ASSERT(written[0] == 0x90);
        }
        malloc_trim(0);
        each = static_cast<double>(resident() - before) / kCards;
    }
    state.counters["octets_per_card"] = each;
    state.counters["cards_per_second"] =
        benchmark::Counter(kCards, benchmark::Counter::kIsIterationInvariantRate);
}

BENCHMARK_CAPTURE(awake, sample, false)->Name("memory/awake")->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(awake, published, true)
    ->Name("memory/awake TS.48")
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);
BENCHMARK(parked)->Name("memory/parked")->Iterations(1)->Unit(benchmark::kMillisecond);

} // namespace
} // namespace halyard::bench
