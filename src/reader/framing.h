#pragma once
// The messages of the virtual reader vpcd: two octets of length, big-endian, then that many.
// docs/card-seams.md
#include "base/octets.h"
#include <optional>

namespace halyard::reader {

/// The message with its length in front, to be written at once. Error: limit "message" above 65,535 octets.
Result<OwnedBytes> frame(Bytes payload);

/// Puts messages together from octets as they come. Holds at most one message and what came behind it.
class FrameReader {
  public:
    void feed(Bytes octets) { append(buffer_, octets); }
    /// The next whole message, which may be empty; nothing when more octets are needed.
    std::optional<OwnedBytes> next();
    /// Octets of a message that is not whole.
    size_t pending() const { return buffer_.size(); }

  private:
    OwnedBytes buffer_;
};

} // namespace halyard::reader
