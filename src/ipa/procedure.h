#pragma once
#include "ipa/context.h"

namespace halyard::ipa {

/// What an answer leads to.
enum class Next : uint8_t { advance, repeat, finish };

/// One line of a ladder diagram. `ask` makes the message, in `out` or as a slice of what was received before;
/// no octets mean that the step is not needed. `answer` may keep slices of the reply until the next reply
/// comes; what must live longer goes to Context::keep.
struct Step {
    const char* name; // as the specification calls it; appears in events
    const char* spec;
    Peer peer;
    Result<Bytes> (*ask)(Context&, Buffer out);
    Result<Next> (*answer)(Context&, Bytes reply);
    uint8_t tries = 1; // of the same octets when the peer cannot be reached
};

/// A table of steps with what happens at its end. Undoing is another table, named by Context::follow.
struct Procedure {
    const char* name;
    std::span<const Step> steps;
    void (*done)(Context&);
    void (*failed)(Context&, const Step&, const Error&);
};

extern const Procedure kStart;
extern const Procedure kLook;
extern const Procedure kPoll;
extern const Procedure kPackage;
extern const Procedure kData;
extern const Procedure kDeliver;
extern const Procedure kAcknowledge;
extern const Procedure kReport;
extern const Procedure kNotify;
extern const Procedure kDownload;
extern const Procedure kCancel;
extern const Procedure kRollback;

const Procedure& procedure_of(Duty);

} // namespace halyard::ipa
