#pragma once
// What people have of a message: DER, hex, base64, PEM, JSON, a trace; in a file, on a pipe or on the command
// line.
#include "base/octets.h"
#include <string>

namespace halyard::app {

/// DER as people keep it: the octets themselves, hex (spaces, colons, commas, 0x and line breaks as they
/// like), base64, or PEM of any label. Errors: bad_value for text that is neither; truncated when there is
/// nothing, or half a hex octet.
Result<OwnedBytes> der_of(Bytes content, const char* where = "input");
/// Only printable characters and white space: DER of a message never is.
bool is_text(Bytes content);

/// The content of an argument: "-" is standard input, what exists as a file is one, anything else is the
/// message itself when it can be one. Errors: those of read_file, "stdin" for the pipe.
Result<OwnedBytes> read_argument(const std::string& argument);

} // namespace halyard::app
