#pragma once
// What a card was told and what it answered, put together from the APDUs of a trace: STORE DATA chains, GET
// RESPONSE, logical channels, bound profile packages. SGP.22 §5.7.2, §2.5.5
#include "binding/apdu_trace.h"
#include <optional>
#include <span>

namespace halyard::binding {

struct Lines {
    uint32_t first = 0, last = 0;
};
struct CardExchange {
    enum class Kind : uint8_t { store_data, select, other };
    Kind kind = Kind::other;
    uint8_t channel = 0;
    std::string name;   // "STORE DATA", "SELECT ISD-R", "TERMINAL CAPABILITY"
    OwnedBytes command; // the data of all its APDUs, without their headers
    OwnedBytes answer;  // without status words
    Lines command_lines, answer_lines;
    std::optional<uint16_t> status; // the last one; none when the trace has no response
    uint32_t chains = 1;            // more for a bound profile package
    bool whole = true;              // false: a fault tells what is missing
};
struct CardTrace {
    std::vector<CardExchange> exchanges;
    std::vector<TraceFault> faults;
};
CardTrace reassemble(std::span<const TraceApdu>);

/// One APDU by itself in a few words: "STORE DATA GetEuiccDataRequest", "SELECT ISD-R", "STORE DATA block
/// 01", "no command APDU". A block that begins a message but does not hold all of it is named by its tag.
std::string describe_command(Bytes apdu);

/// Neither done, nor more to fetch, nor a proactive command waiting.
bool is_error(uint16_t status);
/// "6A88, referenced data not found": what ISO 7816-4, TS 102 221 and SGP.22 §5.7.1 call it.
std::string status_text(uint16_t status);

} // namespace halyard::binding
