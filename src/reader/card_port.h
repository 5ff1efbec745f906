#pragma once
// A card as a reader has it in its slot: power, ATR, APDUs. Seams talk to this, decorators are this.
#include "euicc/card.h"
#include <chrono>

namespace halyard::reader {

enum class Power : uint8_t { off, on, reset }; // on: cold reset; reset: warm
const char* name(Power);

struct Answer {
    OwnedBytes octets;                  // response data and status word
    std::chrono::microseconds delay{0}; // how long the card takes; whoever serves it waits, the card does not
};

struct CardPort {
    virtual ~CardPort() = default;
    /// Empty: the card is mute. ISO 7816-3 §8
    virtual Bytes atr() = 0;
    /// Errors: unreachable "power cut" (the card has lost power), "response lost" (it has not).
    virtual Result<Answer> transmit(Bytes apdu) = 0;
    /// Each of them ends sessions and closes channels. Error: the card cannot start, it stays mute.
    virtual Ok power(Power) = 0;
    /// nullopt: nobody can look into this card.
    virtual std::optional<euicc::Counters> counters() { return std::nullopt; }
    /// Error: unsupported, storage.
    virtual Ok set_counters(const euicc::Counters&) { return fail(Errc::unsupported, "counters"); }
};

/// A card of src/euicc, which must outlive it.
class SoftPort final : public CardPort {
  public:
    explicit SoftPort(euicc::Card& card) : card_(card) {}
    Bytes atr() override { return mute_ ? Bytes() : euicc::Card::atr(); }
    Result<Answer> transmit(Bytes apdu) override;
    Ok power(Power) override;
    std::optional<euicc::Counters> counters() override { return card_.isdr().counters(); }
    Ok set_counters(const euicc::Counters& to) override { return card_.isdr().set_counters(to); }

  private:
    euicc::Card& card_;
    bool mute_ = false;
};

} // namespace halyard::reader
