#pragma once
// How log lines leave the program: as text, or as one JSON object a line. SR-58
#include "base/log.h"
#include <initializer_list>
#include <string>

namespace halyard::ops {

struct LogOptions {
    std::string format = "text"; // "json"
    std::string level;           // empty: as it is
    bool whole_identifiers = false;
};
/// From now on. stderr, one line an entry, whatever the entry holds.
void set_log(const LogOptions&);

/// An entry with fields: {"event":"denied","eid":…}, or "denied: eid=…" in text. Names are literals; values
/// may be anything.
using LogField = std::pair<const char*, std::string>;
void log_event(LogLevel, const char* event, std::initializer_list<LogField> fields);

/// Digits of ICCIDs, EIDs and IMSIs replaced in their middle: "890010******0010". What looks like key octets
/// (32 hexadecimal digits or more) keeps four.
std::string masked(std::string_view text);
/// Without control characters and broken UTF-8, so that an entry stays one line.
std::string one_line(std::string_view text);
/// An entry as JSON, without line break; "event: text" is told apart.
std::string json_line(LogLevel, std::string_view line, std::string_view time, bool mask);

} // namespace halyard::ops
