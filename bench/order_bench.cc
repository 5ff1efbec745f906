// A whole order, core to core in one process: download, enable, audit. The number of signatures,
// verifications, key agreements and one-time keys it takes is counted, not assumed.
#include "bench/bench.h"

namespace halyard::bench {
namespace {

void order(benchmark::State& state, ipa::Config::Download mode) {
    Calls sum;
    const auto w =
        std::make_unique<loop::World>(5); // servers that have been up for a while, a new device each
    unsigned ordered = 0;
    for (auto _ : state) {
        state.PauseTiming();
        loop::Device& d = w->add_device(mode);
        HALYARD_ASSERT(w->run());
        const std::string number = loop::iccid_text(++ordered);
        const std::string code = w->smdp.order(number, "001011000000001", w->now);
        calls() = {};
        state.ResumeTiming();

        w->eim.download(d.identity.eid, code);
        HALYARD_ASSERT(w->poll());
        w->eim.enable(d.identity.eid, number);
        HALYARD_ASSERT(w->poll());
        const std::string audit = w->eim.audit(d.identity.eid);
        HALYARD_ASSERT(w->poll());

        state.PauseTiming();
        HALYARD_ASSERT(w->eim.operation(audit).state == eim::State::succeeded);
        HALYARD_ASSERT(d.card_iccid() == number);
        sum.sign += calls().sign;
        sum.verify += calls().verify;
        sum.derive += calls().derive;
        sum.generate += calls().generate;
        w->devices.pop_back();
        state.ResumeTiming();
    }
    count_calls(state, sum);
}

BENCHMARK_CAPTURE(order, direct, ipa::Config::Download::direct)
    ->Name("order/direct")
    ->Unit(benchmark::kMicrosecond)
    ->MeasureProcessCPUTime()
    ->MinTime(2);
BENCHMARK_CAPTURE(order, indirect, ipa::Config::Download::indirect)
    ->Name("order/indirect")
    ->Unit(benchmark::kMicrosecond)
    ->MeasureProcessCPUTime()
    ->MinTime(2);

} // namespace
} // namespace halyard::bench
