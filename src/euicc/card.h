#pragma once
// The card as a reader sees it: ATR, logical channels, files of the enabled profile, and STORE DATA to the
// ISD-R.
#include "euicc/isdr.h"

namespace halyard::euicc {

/// ETSI TS 102 221 and SGP.22 §5.7.2. T=0 habits: a response that was not asked for with the right Le is
/// announced by 61xx and fetched with GET RESPONSE.
class Card {
  public:
    /// Errors: those of Isdr::open.
    static Result<Card> open(const Identity&, CardStore&, Random&);

    /// Command APDU in; response data and status word out, always at least two octets.
    OwnedBytes transmit(Bytes apdu);
    /// Power cycle or warm reset: sessions end, channels close, and the files become those of the profile
    /// enabled by now.
    Ok reset();
    static Bytes atr();
    /// A profile was switched since the last reset: the terminal should reset the card, as REFRESH would make
    /// it do.
    bool wants_reset() const;

    const Isdr& isdr() const { return isdr_; }
    Isdr& isdr() { return isdr_; }

  private:
    enum class Selected : uint8_t { files, isdr, ecasd };
    struct Channel {
        bool open = false;
        Selected selected = Selected::files;
        uint32_t directory = 0;
        std::optional<uint32_t> file, application;
        uint32_t record = 0;
        OwnedBytes chain; // STORE DATA blocks so far
        uint8_t next_block = 0;
        OwnedBytes response; // what GET RESPONSE has still to give
    };
    struct Apdu {
        uint8_t cla, ins, p1, p2;
        unsigned channel;
        Bytes data;
        std::optional<unsigned> le; // absent: case 1 or 3
    };

    explicit Card(Isdr isdr) : isdr_(std::move(isdr)) {}
    OwnedBytes run(const Apdu&, Channel&);
    bool isdr_selected() const;
    static void drop_chain(Channel&);
    OwnedBytes answer(Channel&, const Apdu&, OwnedBytes data);
    OwnedBytes get_response(Channel&, const Apdu&);
    OwnedBytes manage_channel(const Apdu&);
    OwnedBytes store_data(Channel&, const Apdu&);
    OwnedBytes get_data(Channel&, const Apdu&);
    // files.cc
    OwnedBytes select(Channel&, const Apdu&);
    OwnedBytes select_application(Channel&, const Apdu&);
    OwnedBytes select_found(Channel&, const Apdu&, uint32_t node);
    OwnedBytes read_binary(Channel&, const Apdu&);
    OwnedBytes read_record(Channel&, const Apdu&);
    OwnedBytes status(Channel&, const Apdu&);
    std::optional<uint32_t> by_sfi(const Channel&, unsigned sfi) const;
    const profile::Node& content_of(uint32_t node) const;
    OwnedBytes fcp(uint32_t node) const;

    Isdr isdr_;
    profile::Image files_; // of the profile that was enabled at the last reset
    std::optional<Iccid> mounted_;
    std::array<Channel, 20> channels_;
};

/// A status word as octets.
OwnedBytes sw(unsigned value);

} // namespace halyard::euicc
