#pragma once
#include "base/octets.h"
#include <memory>
#include <optional>
#include <string>

namespace halyard::ipad {

/// A card that answers APDUs.
struct CardLink {
    virtual ~CardLink() = default;
    /// The response with its status word. unreachable when the card is gone.
    virtual Result<OwnedBytes> transmit(Bytes apdu) = 0;
    /// Cold reset; the ATR.
    virtual Result<OwnedBytes> reset() = 0;
};

/// "sim:DIR": the software eUICC in DIR, in this process. "unix:PATH", "tcp:HOST:PORT": a card of `halyard
/// euicc serve`. unsupported for another kind.
Result<std::unique_ptr<CardLink>> open_card(const std::string& description);

/// The profile enabled now, asked over a channel of its own; nothing when none is. For
/// --lab-network-down-iccid.
Result<std::optional<Iccid>> enabled_profile(CardLink&);

} // namespace halyard::ipad
