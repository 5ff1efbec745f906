#pragma once
// One client at the card: what its messages mean, and what its leaving does. docs/card-seams.md
#include "reader/card_port.h"

namespace halyard::reader {

class CardSession {
  public:
    /// vpcd's control octets.
    enum : uint8_t { kOff = 0, kOn = 1, kReset = 2, kAtr = 4 };

    struct Reply {
        std::optional<OwnedBytes> message;  // to the client, without its length
        std::chrono::microseconds delay{0}; // to wait before it is sent
        const char* close = nullptr;        // why the connection ends here; then there is no message
        const char* note = nullptr;         // something worth a line in the log
    };

    /// The card has no power until the client gives it some.
    explicit CardSession(CardPort& card) : card_(card) {}
    CardSession(const CardSession&) = delete;
    /// The client is gone: the card loses power.
    ~CardSession();

    Reply message(Bytes payload);
    uint64_t apdus() const { return apdus_; }

  private:
    Reply control(uint8_t octet);
    Reply power(Power);

    CardPort& card_;
    bool powered_ = false;
    uint64_t apdus_ = 0;
};

} // namespace halyard::reader
