#pragma once
// Text that card readers and device assistants write about APDUs, read back: scriptor, pcscd, OpenSC, lpac,
// and whoever puts "C-APDU:" or an arrow in front of hex.
#include "base/octets.h"
#include <string>
#include <vector>

namespace halyard::binding {

struct TraceApdu {
    bool command = false; // else a response, status word included
    OwnedBytes octets;
    uint32_t first = 0, last = 0; // lines, from 1
};
/// Something in a trace that is not as it should be.
struct TraceFault {
    uint32_t line;
    std::string what;
};
struct TraceText {
    std::vector<TraceApdu> apdus;
    std::vector<TraceFault> faults; // lines that announce an APDU and hold none
};

/// Lines that are no APDU are passed over. A channel that lpac opened is the SELECT it stands for.
TraceText read_trace(std::string_view text);

} // namespace halyard::binding
