#pragma once
// A trace of APDUs as the messages it carried.
#include "binding/card_trace.h"
#include <string>

namespace halyard::app {

struct TraceView {
    std::string text;     // for people
    std::string messages; // of it, what the card was told and said, without the lines about APDUs
    std::string
        json; // {"messages":…,"exchanges":…,"faults":…}: the messages as decode prints them, with their lines
    bool good = true; // no fault in the trace, every message could be read
};
/// The trace that text is; nothing for what holds no APDU.
std::optional<binding::TraceText> trace_of(Bytes content);
/// Its messages one behind the other, commands and answers, without those that are not whole.
OwnedBytes messages_of(const binding::TraceText&);
/// `strict`: only DER is read. `explained`: each message as explain() shows it.
TraceView view_trace(const binding::TraceText&, bool strict = false, bool explained = false);

} // namespace halyard::app
