#pragma once
// The card as a reader sees it: a UICC with the enabled profile's files, and the ISD-R and ECASD beside them.
#include "euicc/isdr.h"
#include "uicc/uicc.h"

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
    const uicc::Uicc& uicc() const { return uicc_; }

  private:
    enum Applet : uint8_t { files, isd_r, ecasd };
    class Backing;

    Card(Isdr isdr, Random& random) : isdr_(std::move(isdr)), random_(&random) {}
    OwnedBytes run(const uicc::Apdu&);
    Result<profile::Image> mount();
    OwnedBytes refreshed(OwnedBytes answer);
    std::optional<OwnedBytes> select_own(const uicc::Apdu&);
    OwnedBytes isdr_information() const;
    OwnedBytes store_data(uicc::Channel&, const uicc::Apdu&);
    OwnedBytes get_data(uicc::Channel&, const uicc::Apdu&);

    Isdr isdr_;
    Random* random_;
    uicc::Uicc uicc_;                 // with the files of the profile that was enabled at the last reset
    std::optional<uint16_t> mounted_; // number of its ISD-P
};

} // namespace halyard::euicc
