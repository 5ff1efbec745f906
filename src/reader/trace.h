#pragma once
// What a card was told and what it answered, as text that people, `halyard asn1 decode` and replay() read.
// docs/card-seams.md#traces
#include "reader/card_port.h"
#include <functional>
#include <string>

namespace halyard::reader {

/// Where a line goes, line break included.
using Lines = std::function<void(std::string_view)>;
/// Time since some start.
using Clock = std::function<std::chrono::microseconds()>;
/// Since this call.
Clock steady_clock();

/// Records what passes to and from another card.
class TracedCard final : public CardPort {
  public:
    /// `title`: a comment in the first line. With `names`, comments say what commands and status words are.
    TracedCard(CardPort& card, Lines lines, Clock clock, std::string_view title, bool names = true);
    Bytes atr() override { return card_.atr(); }
    Result<Answer> transmit(Bytes apdu) override;
    Ok power(Power) override;

  private:
    void line(std::chrono::microseconds at, std::string_view what);

    CardPort& card_;
    Lines lines_;
    Clock clock_;
    bool names_;
};

/// An exchange or a change of power in a trace.
struct Step {
    std::optional<Power> power; // else a command
    OwnedBytes command, answer; // without an answer: it was lost, or the trace does not have it
    uint32_t line = 0;          // of the command, from 1
};
struct Recording {
    std::vector<Step> steps;
    struct Fault {
        uint32_t line;
        std::string what;
    };
    std::vector<Fault> faults; // what was no APDU though announced as one
};
/// Of this format, and of every other that binding::read_trace knows.
Recording read_recording(std::string_view text);

struct Difference {
    uint32_t line; // of the command in the recording
    OwnedBytes command, recorded, now;
    std::string reason; // why there is no answer now; else empty
};
struct Replayed {
    uint64_t commands = 0, same = 0;
    std::vector<Difference> differences;
};
/// Powers the card on, unless the recording begins so, and tells it all again. A GET RESPONSE of the
/// recording is sent as it was. Delays are not waited for. Error: the card does not start.
Result<Replayed> replay(const Recording&, CardPort&);

} // namespace halyard::reader
