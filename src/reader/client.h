#pragma once
// The other end of a card seam: a reader for cards that listen. docs/card-seams.md
#include "reader/server.h"

namespace halyard::reader {

/// A card behind a TCP or Unix socket, as if it were here. It connects when it is given power, and waits for
/// answers.
class SeamClient final : public CardPort {
  public:
    /// tcp (host may be a name) or local. `patience`: for each answer, and for connecting, there at most 10
    /// s.
    explicit SeamClient(Seam seam, std::chrono::milliseconds patience = std::chrono::seconds(60));
    SeamClient(const SeamClient&) = delete;
    ~SeamClient() override;

    /// Empty when the card is not there.
    Bytes atr() override;
    /// Error: unreachable "card"; the card has lost its power then, and power() connects anew.
    Result<Answer> transmit(Bytes apdu) override;
    /// on, reset: error unreachable "card", when nobody answers within the time, or another client has the
    /// card.
    Ok power(Power) override;

  private:
    Ok connect();
    Ok send(Bytes message);
    Result<OwnedBytes> receive();
    void drop();
    Result<OwnedBytes> ask_atr();

    Seam seam_;
    std::chrono::milliseconds patience_;
    int socket_ = -1;
    OwnedBytes atr_;
};

} // namespace halyard::reader
