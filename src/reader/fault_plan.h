#pragma once
// What shall go wrong with a card, and when: a plan in text. docs/card-seams.md#fault-plans
#include "base/octets.h"
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace halyard::reader {

struct FaultRule {
    enum class When : uint8_t { apdu, every, ins, tag, random, always, commit };
    enum class What : uint8_t {
        cut_before, // power is lost before the command reaches the card
        cut_after,  // power is lost when the command has taken effect, before its answer
        lose,       // it takes effect, the answer is lost, the card keeps its power
        status,     // the card answers this and does nothing
        corrupt,    // the first signature (5F37) of the answer has a wrong bit
        stick,      // it takes effect, but sequence numbers and eIM counters are afterwards what they were
        slow,       // it takes longer
        fail,       // commit: the storage refuses
        cut         // commit: power is lost instead of it
    };
    When when = When::apdu;
    What what = What::cut_before;
    uint64_t first = 1, last = 1; // apdu, commit, and occurrences of ins and tag (0: each of them)
    uint32_t number = 0;          // every N; random 1/N; INS; tag
    uint16_t status = 0x6F00;
    std::chrono::nanoseconds each{0}, per_octet{0};
    uint32_t line = 0;
};

struct FaultPlan {
    uint64_t seed = 1;
    std::vector<FaultRule> rules;
};

/// Why a plan is refused.
struct PlanFault {
    uint32_t line;
    std::string what;
};
struct PlanText {
    FaultPlan plan;
    std::vector<PlanFault> faults; // when there is one, the plan is not to be used
};
PlanText read_fault_plan(std::string_view text);

} // namespace halyard::reader
