#include "reader/faulty_card.h"
#include "reader/testing.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::reader;

namespace {
std::string refusals(std::string_view text) {
    std::string out;
    for (const PlanFault& f : read_fault_plan(text).faults)
        out += std::to_string(f.line) + ": " + f.what + "\n";
    return out;
}
std::shared_ptr<FaultClock> clock_of(std::string_view text, uint32_t card = 0) {
    CHECK(refusals(text) == "");
    return std::make_shared<FaultClock>(read_fault_plan(text).plan, card);
}
struct Run {
    ToldCard card;
    FaultyCard faulty;
    explicit Run(std::string_view plan, uint32_t number = 0) : faulty(card, clock_of(plan, number)) {}
    std::string operator()(const char* apdu = "80F2000C") {
        const auto answer = faulty.transmit(*from_hex(apdu));
        return answer ? hex(answer->octets) : answer.error().where;
    }
};
} // namespace

TEST_CASE("when a plan is good, comments and empty lines do not matter") {
    const auto t =
        read_fault_plan("# a plan\n\nseed 42\n  apdu 3: cut before  # here\nins E2 #2..3: status 6A84\r\n"
                        "tag BF2D: lose\nrandom 1/10: cut after\nalways: slow 1.5ms 62.3us/octet\n"
                        "commit 2: cut\nevery 7: corrupt signature");
    CHECK(t.faults.empty());
    CHECK(t.plan.seed == 42);
    REQUIRE(t.plan.rules.size() == 7);
    CHECK(t.plan.rules[1].first == 2);
    CHECK(t.plan.rules[1].last == 3);
    CHECK(t.plan.rules[1].status == 0x6A84);
    CHECK(t.plan.rules[4].each == std::chrono::microseconds(1500));
    CHECK(t.plan.rules[4].per_octet == std::chrono::nanoseconds(62300));
    CHECK(t.plan.rules[6].line == 10);
}

TEST_CASE("when a line of a plan is bad, it is named with the reason") {
    CHECK(refusals("seed\n") == "1: expected seed NUMBER\n");
    CHECK(refusals("seed 1x\n") == "1: expected seed NUMBER\n");
    CHECK(refusals("\n\ncut after\n") == "3: expected CONDITION: FAULT\n");
    CHECK(refusals(": lose") == "1: nothing says when\n");
    CHECK(refusals("apdu 1:") == "1: nothing says what happens\n");
    CHECK(refusals("apdu 0: lose") == "1: expected a number from 1, or a range such as 3..5\n");
    CHECK(refusals("apdu 5..3: lose") == "1: expected a number from 1, or a range such as 3..5\n");
    CHECK(refusals("apdu x: lose") == "1: expected a number from 1, or a range such as 3..5\n");
    CHECK(refusals("apdu 1 2: lose") == "1: too many words before the colon\n");
    CHECK(refusals("apdu: lose") == "1: unknown condition, or its number is missing\n");
    CHECK(refusals("moon full: lose") == "1: unknown condition\n");
    CHECK(refusals("ins E: lose") == "1: expected an INS of two hex digits\n");
    CHECK(refusals("tag BF2: lose") == "1: expected a tag of two or four hex digits\n");
    CHECK(refusals("tag BF2D 2: lose") == "1: expected #N, which one of them\n");
    CHECK(refusals("random 10: lose") == "1: expected a probability such as 1/50\n");
    CHECK(refusals("random 1/0: lose") == "1: expected a probability such as 1/50\n");
    CHECK(refusals("every 0: lose") == "1: expected a number from 1\n");
    CHECK(refusals("always 3: lose") == "1: nothing follows always\n");
    CHECK(refusals("apdu 1: explode") == "1: unknown fault\n");
    CHECK(refusals("apdu 1: lose it") == "1: nothing follows lose or stick\n");
    CHECK(refusals("apdu 1: cut") == "1: cut before or cut after\n");
    CHECK(refusals("apdu 1: status 12") == "1: expected a status word such as 6F00\n");
    CHECK(refusals("apdu 1: status 0000") == "1: expected a status word such as 6F00\n");
    CHECK(refusals("apdu 1: corrupt") == "1: expected: corrupt signature\n");
    CHECK(refusals("always: slow 3") == "1: expected a time such as 1070us, 3ms or 1s\n");
    CHECK(refusals("always: slow 1h") == "1: expected a time such as 1070us, 3ms or 1s\n");
    CHECK(refusals("always: slow 61s") == "1: expected a time such as 1070us, 3ms or 1s\n");
    CHECK(refusals("always: slow 1ms 2ms") == "1: expected a time for each octet, such as 62.3us/octet\n");
    CHECK(refusals("commit 1: lose") == "1: a commit can fail or cut\n");
    CHECK(refusals("apdu 1: fail") == "1: only a commit can fail\n");
    CHECK(refusals("apdu 1: x\nins E2: lose\nmoon 1: y\n") == "1: unknown fault\n3: unknown condition\n");
}

TEST_CASE("when power is cut before or after an APDU, the card has seen it or not, and then has no power") {
    Run run("apdu 2: cut before\napdu 4: cut after\n");
    CHECK(run("80F20001") == "9000");
    CHECK(run("80F20002") == "power cut");
    CHECK(run("80F20003") == "9000");
    CHECK(run("80F20004") == "power cut");
    CHECK(run.card.all() == "80F20001 off 80F20003 80F20004 off");
}

TEST_CASE("when an answer is lost, the card has done it and keeps its power") {
    Run run("apdu 1: lose");
    CHECK(run("80F20001") == "response lost");
    CHECK(run.card.all() == "80F20001");
}

TEST_CASE("when a status word is planned for an INS or a tag, the card does not see that command") {
    Run run("ins B0 #2: status 6F00\ntag BF2D: status 6A84\n");
    CHECK(run("00B0000001") == "9000");
    CHECK(run("00B0000002") == "6F00");
    CHECK(run("00B0000003") == "9000");
    CHECK(run("80E2910003BF2D00") == "6A84");
    // in two blocks: the last one is where it would take effect
    CHECK(run("80E2110003BF2D02") == "9000");
    CHECK(run("80E29101025C00") == "6A84");
    CHECK(run("80E2910003BF3E00") == "9000");
    CHECK(run.card.all() == "00B0000001 00B0000003 80E2110003BF2D02 80E2910003BF3E00");
}

TEST_CASE("when rules meet at one APDU, the first decides, and slowness adds up") {
    Run run("always: slow 1ms 2us/octet\napdu 1: status 6F00\napdu 1: lose\nevery 1: slow 1us\n");
    const auto answer = run.faulty.transmit(*from_hex("80F2000C"));
    REQUIRE(answer);
    CHECK(hex(answer->octets) == "6F00");
    CHECK(answer->delay == std::chrono::microseconds(1000 + 1 + 2 * (4 + 2)));
}

TEST_CASE("when a signature is corrupted, one bit of it is wrong, wherever its pieces lie") {
    // 30 44 { 02 01 07, 5F37 40 AA… }, cut at every octet into two pieces
    const std::string whole = "3046020107"
                              "5F3740" +
                              std::string(128, 'A');
    for (size_t cut = 0; cut <= whole.size() / 2; ++cut) {
        CAPTURE(cut);
        Run run("apdu 2: corrupt signature");
        run.card.answers = {
            "9000", whole.substr(0, cut * 2) + "6100", whole.substr(cut * 2) + "9000", whole + "9000"};
        run();
        std::string got = run("80E2910003BF5100");
        got = got.substr(0, got.size() - 4) + run("00C0000000");
        got.resize(got.size() - 4);
        std::string expected = whole;
        expected[17] = 'B'; // AA becomes AB
        CHECK(got == expected);
        CHECK(run("80E2910003BF5100") == whole + "9000"); // only that once
    }
    Run none("always: corrupt signature");
    none.card.answers = {"5F379000", "9000"};
    CHECK(none() == "5F379000");
    CHECK(none() == "9000");
}

TEST_CASE("when the seed is the same, so are the faults; another seed or card has others") {
    const auto pattern = [](const char* plan, uint32_t card) {
        Run run(plan, card);
        std::string out;
        for (int i = 0; i < 400; ++i) out += run() == "9000" ? '.' : 'x';
        return out;
    };
    const std::string first = pattern("seed 7\nrandom 1/10: lose", 0);
    CHECK(first == pattern("seed 7\nrandom 1/10: lose", 0));
    CHECK(first != pattern("seed 8\nrandom 1/10: lose", 0));
    CHECK(first != pattern("seed 7\nrandom 1/10: lose", 1));
    // a rule in front leaves the dice of this one alone
    CHECK(pattern("seed 7\nrandom 1/10: lose\nrandom 1/10: slow 1us", 0) == first);
    const auto hits = std::count(first.begin(), first.end(), 'x');
    CHECK(hits > 15); // 40 expected; below 15 or above 80 is less likely than one in a million
    CHECK(hits < 80);
}

TEST_CASE("when storage fails by plan, that commit is refused, and a cut takes the power with it") {
    const auto clock = clock_of("commit 2: fail\ncommit 3: cut\n");
    euicc::MemoryStore memory;
    FaultyStore store(memory, clock);
    const OwnedBytes state{1, 2, 3};
    const euicc::CardWrite write{euicc::CardWrite::What::state, 0, state};
    CHECK(store.commit({&write, 1}));
    CHECK(*store.load() == state);
    const Ok second = store.commit({});
    REQUIRE_FALSE(second);
    CHECK(second.error().code == Errc::storage);
    CHECK(memory.content.state == state);
    CHECK_FALSE(clock->power_lost);
    CHECK_FALSE(store.commit({}));
    CHECK(clock->power_lost);
    ToldCard card;
    FaultyCard faulty(card, clock);
    const auto answer = faulty.transmit(*from_hex("80F2000C"));
    REQUIRE_FALSE(answer);
    CHECK(std::string(answer.error().where) == "power cut");
    CHECK(card.all() == "80F2000C off");
    CHECK(store.commit({}));
}
