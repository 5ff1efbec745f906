// APDUs at the card itself and behind what `euicc serve` puts around it, without a socket; tools/card-speed
// has the sockets.
#include "bench/bench.h"
#include "reader/faulty_card.h"
#include "reader/session.h"
#include "reader/trace.h"

namespace halyard::bench {
namespace {

struct Asked {
    std::vector<OwnedBytes> before;
    OwnedBytes apdu;
};
Asked status() { return {{}, *from_hex("80F2000C")}; }
Asked read_iccid() {
    return {{*from_hex("00A4000C023F00"), *from_hex("00A4000C022FE2")}, *from_hex("00B000000A")};
}
// With Le: the EID in one APDU.
Asked eid() {
    return {{*from_hex("00A4040C10A0000005591010FFFFFFFF8900000100")}, *from_hex("80E2910006BF3E035C015A15")};
}

void card(benchmark::State& state, Asked asked) {
    euicc::Card& c = *samples().device.card;
    HALYARD_ASSERT(c.reset());
    for (const OwnedBytes& b : asked.before) HALYARD_ASSERT(c.transmit(b).size() >= 2);
    for (auto _ : state) {
        const OwnedBytes answer = c.transmit(asked.apdu);
        HALYARD_ASSERT(answer[answer.size() - 2] == 0x90);
    }
    state.SetItemsProcessed(state.iterations());
}

// As a client's message, with a fault plan that hits nothing and a recording to nowhere.
void session(benchmark::State& state, bool decorated) {
    euicc::Card& c = *samples().device.card;
    reader::SoftPort soft(c);
    const auto clock = std::make_shared<reader::FaultClock>(
        reader::read_fault_plan("apdu 4000000000: lose\nrandom 1/4000000000: lose\n").plan);
    reader::FaultyCard faulty(soft, clock);
    size_t written = 0;
    reader::TracedCard traced(
        faulty, [&](std::string_view line) { written += line.size(); }, reader::steady_clock(), "bench");
    reader::CardPort& port = decorated ? static_cast<reader::CardPort&>(traced) : soft;
    reader::CardSession client(port);
    const Asked asked = read_iccid();
    for (const OwnedBytes& b : asked.before) HALYARD_ASSERT(client.message(b).message);
    for (auto _ : state) HALYARD_ASSERT(client.message(asked.apdu).message->size() == 12);
    benchmark::DoNotOptimize(written);
    state.SetItemsProcessed(state.iterations());
}

BENCHMARK_CAPTURE(card, status, status())->Name("card/STATUS");
BENCHMARK_CAPTURE(card, read_binary, read_iccid())->Name("card/READ BINARY");
BENCHMARK_CAPTURE(card, eid, eid())->Name("card/EID");
BENCHMARK_CAPTURE(session, plain, false)->Name("card/session READ BINARY");
BENCHMARK_CAPTURE(session, decorated, true)->Name("card/session READ BINARY, faults and recording");

} // namespace
} // namespace halyard::bench
