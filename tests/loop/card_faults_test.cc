// A real card under a fault plan: what a power cut, a failed write and a lost answer leave behind.
#include "profile/package.h"
#include "reader/faulty_card.h"
#include "reader/session.h"
#include "tests/loop/hand.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::reader;

namespace {
constexpr const char* kSelectIsdr = "00A4040C10A0000005591010FFFFFFFF8900000100";

// A card with two profiles, neither enabled, and no eIM: ES10c is allowed. SGP.32 §5.9.13
struct Setting {
    euicc::Identity identity{.eid = *eid_from_text("89049032123451234512345678901235")};
    euicc::MemoryStore memory;
    loop::SeededRandom random;
    std::shared_ptr<FaultClock> clock;
    std::unique_ptr<FaultyStore> store;
    std::optional<euicc::Card> card;
    std::optional<SoftPort> soft;
    std::optional<FaultyCard> port;
    std::vector<Iccid> iccids;

    explicit Setting(std::string_view plan) {
        auto made = euicc::Card::open(identity, memory, random);
        REQUIRE(made);
        for (const char* digits : {"89001010000000000101", "89001010000000000102"}) {
            iccids.push_back(*iccid_from_text(digits));
            const auto package =
                profile::sample_operational({.iccid = iccids.back(), .imsi = "001010000000007"});
            REQUIRE(package);
            OwnedBytes metadata = *from_hex("BF25135A0A");
            append(metadata, iccids.back());
            append(metadata, *from_hex("91015092024E31"));
            REQUIRE(made->isdr().preload(package->reveal(), metadata, false));
        }
        const PlanText text = read_fault_plan(plan);
        REQUIRE(text.faults.empty());
        clock = std::make_shared<FaultClock>(text.plan);
        store = std::make_unique<FaultyStore>(memory, clock);
        auto opened = euicc::Card::open(identity, *store, random);
        REQUIRE(opened);
        card = std::move(*opened);
        soft.emplace(*card);
        port.emplace(*soft, clock);
    }
    std::string operator()(const std::string& apdu) {
        const auto answer = port->transmit(*from_hex(apdu));
        return answer ? hex(answer->octets) : answer.error().where;
    }
    // ES10c.EnableProfile: BF31 { A0 { 5A }, refreshFlag }. SGP.22 §5.7.16
    std::string enable(size_t which) {
        (*this)(kSelectIsdr);
        return (*this)("80E2910014BF3111A00C5A0A" + hex(iccids[which]) +
                       "810100"
                       "06");
    }
    // As the card itself has it, and as one would that is opened anew from what was written.
    std::string enabled() {
        const auto of = [](const euicc::Card& c) {
            const auto* p = c.isdr().state().enabled();
            return p ? to_text(p->iccid) : std::string("none");
        };
        auto again = euicc::Card::open(identity, memory, random);
        REQUIRE(again);
        CHECK(of(*again) == of(*card));
        return of(*card);
    }
};
} // namespace

TEST_CASE("when power is cut before a switch it has not happened, after it it has") {
    Setting before("tag BF31: cut before");
    CHECK(before.enable(0) == "power cut");
    CHECK(before.enabled() == "none");
    Setting after("tag BF31: cut after");
    CHECK(after.enable(0) == "power cut");
    CHECK(after.enabled() == "89001010000000000101");
    Setting lost("tag BF31: lose");
    CHECK(lost.enable(0) == "response lost");
    CHECK(lost.enabled() == "89001010000000000101");
    // a card that was not told to forget its channels still has the ISD-R selected: the answer alone was lost
    CHECK(lost("80E2910003BF2D00").substr(0, 2) == "61");
}

TEST_CASE("when the write of a switch fails, the card answers 6581 and is as before; the next try succeeds") {
    Setting failing("commit 1: fail");
    CHECK(failing.enable(0) == "6581");
    CHECK(failing.enabled() == "none");
    CHECK(failing.enable(0) == "BF31038001009000");
    CHECK(failing.enabled() == "89001010000000000101");
    Setting cut("commit 1: cut");
    CHECK(cut.enable(1) == "power cut");
    CHECK(cut.enabled() == "none");
    CHECK(cut.enable(1) == "BF31038001009000");
}

// SGP.32 §5.9.1: a package whose counter is not higher than the last is a replay, for a card that keeps its
// counter.
TEST_CASE("when a card's counters stick by plan, it takes a package twice and numbers both results alike") {
    loop::Bench b;
    SoftPort soft(*b.card.card);
    const auto clock = std::make_shared<FaultClock>(read_fault_plan("tag BF51 #2: stick").plan);
    FaultyCard port(soft, clock);
    const auto send = [&](const OwnedBytes& package) {
        REQUIRE(package.size() < 256);
        OwnedBytes apdu = *from_hex("80E29100");
        apdu.push_back(static_cast<uint8_t>(package.size()));
        append(apdu, package);
        OwnedBytes out;
        for (OwnedBytes answer = port.transmit(apdu)->octets;;
             answer = port.transmit(*from_hex("00C0000000"))->octets) {
            append(out, Bytes(answer).first(answer.size() - 2));
            if (answer[answer.size() - 2] != 0x61) return loop::read_answer(out);
        }
    };
    REQUIRE(port.transmit(*from_hex(kSelectIsdr)));
    const auto package = [&] { return b.eim.package(loop::psmo({loop::kListProfiles})); };
    const auto first = send(package());
    const OwnedBytes again = package();
    const auto second = send(again), third = send(again), fourth = send(again);
    CHECK(first.tag == 0xA0);
    CHECK(second.tag == 0xA0);
    CHECK(third.tag == 0xA0); // a card that is well would say replayError
    CHECK(*second.sequence == *first.sequence + 1);
    CHECK(*third.sequence == *second.sequence);
    CHECK(fourth.tag == 0xA1);
    CHECK(fourth.code == 4); // replayError
}

TEST_CASE("when a card is told no memory by plan, its state does not move") {
    Setting s("tag BF31 #1: status 6A84");
    CHECK(s.enable(0) == "6A84");
    CHECK(s.enabled() == "none");
    CHECK(s.enable(0) == "BF31038001009000");
}

TEST_CASE(
    "when a thousand switches meet random faults, what is on disk is always what was told last, or before") {
    Setting s("seed 2026\nrandom 1/7: cut after\nrandom 1/7: cut before\nrandom 1/9: lose\nrandom 1/11: "
              "status 6F00\n"
              "commit 5..6: fail\ncommit 20: cut\ncommit 40..44: cut\n");
    unsigned faults = 0, done = 0;
    std::string state = "none";
    for (unsigned i = 0; i < 1000; ++i) {
        const size_t which = state == to_text(s.iccids[0]) ? 1 : 0;
        const std::string answer = s.enable(which);
        const std::string now = s.enabled();
        const bool switched = now == to_text(s.iccids[which]);
        if (answer == "BF31038001009000") {
            CHECK(switched);
            ++done;
        } else {
            CHECK((switched || now == state)); // never something in between
            ++faults;
        }
        state = now;
        REQUIRE(s.card->reset()); // the terminal does it after a switch
    }
    CHECK(done > 100);
    CHECK(faults > 100);
}
