#pragma once
// The line protocol of lpac's stdio APDU driver, from the card's end. docs/card-seams.md
#include "reader/card_port.h"
#include <string>

namespace halyard::reader {

/// Each line of lpac is one JSON object {"type", "payload"}; each answer likewise. Binary is hex.
class LpacSession {
  public:
    explicit LpacSession(CardPort& card) : card_(card) {}
    LpacSession(const LpacSession&) = delete;
    ~LpacSession();

    struct Reply {
        std::string line;                   // to lpac, without its line break; empty: nothing to say
        std::chrono::microseconds delay{0}; // to wait before
        std::string aside;                  // for people: a result of lpac, or what was wrong
    };
    Reply line(std::string_view text);
    uint64_t apdus() const { return apdus_; }

  private:
    Reply apdu(std::string_view function, std::optional<Bytes> parameter);
    Reply open_channel(Bytes aid);
    Reply transmit(Bytes command);
    Result<OwnedBytes> exchange(Bytes command, std::chrono::microseconds& delay);

    CardPort& card_;
    bool powered_ = false;
    uint64_t apdus_ = 0;
};

} // namespace halyard::reader
