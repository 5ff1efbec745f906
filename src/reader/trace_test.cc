// Recordings: written, read back by the reader of everybody's traces, played again.
#include "binding/card_trace.h"
#include "reader/testing.h"
#include "reader/trace.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::reader;
using std::chrono::microseconds;

namespace {
struct Recorder {
    ToldCard card;
    std::string text;
    int64_t now = 0;
    TracedCard traced{card,
                      [this](std::string_view line) { text += line; },
                      [this] { return microseconds(now += 100); },
                      "89049032 of a test"};
    std::string send(const char* apdu) {
        const auto answer = traced.transmit(*from_hex(apdu));
        return answer ? hex(answer->octets) : answer.error().where;
    }
};
} // namespace

TEST_CASE("when a card is traced, commands, answers and power stand there with their times") {
    Recorder r;
    r.card.answers = {"611A", "6A88", ""};
    REQUIRE(r.traced.power(Power::on));
    r.send("01A4040010A0000005591010FFFFFFFF8900000100");
    r.send("81E2910003BF2E00");
    r.now = 12'345'600;
    r.send("80F2000C");
    REQUIRE(r.traced.power(Power::off));
    CHECK(r.text == "# card trace 1: 89049032 of a test\n"
                    "    0.000100 * on 3B00\n"
                    "    0.000200 > 01A4040010A0000005591010FFFFFFFF8900000100  # SELECT ISD-R (1)\n"
                    "    0.000300 < 611A  # more octets to fetch\n"
                    "    0.000400 > 81E2910003BF2E00  # STORE DATA (1) GetEuiccChallengeRequest\n"
                    "    0.000500 < 6A88  # referenced data not found: function not supported\n"
                    "   12.345700 > 80F2000C  # STATUS\n"
                    "   12.345800 * lost response lost\n"
                    "   12.345900 * off\n");
}

TEST_CASE("when a recording is read as any trace, its APDUs are there and nothing is odd") {
    Recorder r;
    r.card.answers = {"6105", "BF2E00 9000", std::string(512, 'A') + "9000"};
    REQUIRE(r.traced.power(Power::reset));
    r.send("80E2910003BF2E00");
    r.send("00C0000005");
    r.send("00B0000000");
    const auto read = binding::read_trace(r.text);
    CHECK(read.faults.empty());
    REQUIRE(read.apdus.size() == 6);
    CHECK(hex(read.apdus[3].octets) == "BF2E009000");
    CHECK(read.apdus[5].octets.size() == 258);
    const auto trace = binding::reassemble(read.apdus);
    CHECK(trace.faults.empty());
    REQUIRE(trace.exchanges.size() == 2);
    CHECK(hex(trace.exchanges[0].answer) == "BF2E00");
}

TEST_CASE("when a recording is read for replay, power events keep their places") {
    const auto r = read_recording("# card trace 1: x\n"
                                  "    0.000100 * on 3B00\n"
                                  "    0.000200 > 80F2000C  # STATUS\n"
                                  "    0.000300 < 9000\n"
                                  "    0.000400 * reset 3B00\n"
                                  "    0.000500 > 80F2000D\n"
                                  "    0.000600 * lost power cut\n"
                                  "    0.000700 * off\n");
    CHECK(r.faults.empty());
    REQUIRE(r.steps.size() == 5);
    CHECK(r.steps[0].power == Power::on);
    CHECK(hex(r.steps[1].command) == "80F2000C");
    CHECK(hex(r.steps[1].answer) == "9000");
    CHECK(r.steps[2].power == Power::reset);
    CHECK(r.steps[3].answer.empty());
    CHECK(r.steps[3].line == 6);
    CHECK(r.steps[4].power == Power::off);
    // another program's trace; and one with a response too many
    CHECK(read_recording("Outgoing APDU: 00 A4 00 0C 02 3F 00\nIncoming APDU: 90 00\n").steps.size() == 1);
    const auto odd = read_recording("> 80F2000C\n< 9000\n< 9000\n> xyz\n");
    REQUIRE(odd.faults.size() == 1);
    CHECK(odd.faults[0].line == 3);
}

TEST_CASE(
    "when a recording is played to a card that answers as then, nothing differs; else the line is told") {
    Recorder r;
    r.card.answers = {"019000", "6A82", "9000"};
    REQUIRE(r.traced.power(Power::on));
    r.send("0070000001");
    r.send("00A4000C022FE2");
    r.send("80F2000C");
    const Recording recording = read_recording(r.text);

    ToldCard same_card;
    same_card.answers = {"019000", "6A82", "9000"};
    const auto same = replay(recording, same_card);
    REQUIRE(same);
    CHECK(same->commands == 3);
    CHECK(same->same == 3);
    CHECK(same_card.all() == "on 0070000001 00A4000C022FE2 80F2000C");

    ToldCard other;
    other.answers = {"029000", "6A82", ""};
    const auto differs = replay(recording, other);
    REQUIRE(differs);
    CHECK(differs->same == 1);
    REQUIRE(differs->differences.size() == 2);
    CHECK(differs->differences[0].line == 3);
    CHECK(hex(differs->differences[0].recorded) == "019000");
    CHECK(hex(differs->differences[0].now) == "029000");
    CHECK(differs->differences[1].line == 7);
    CHECK(differs->differences[1].reason == "response lost");

    ToldCard dead;
    dead.starts = false;
    CHECK_FALSE(replay(recording, dead));
}
