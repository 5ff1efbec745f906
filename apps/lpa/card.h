#pragma once
// ES10 to a card: whole commands in, whole answers out, over a channel of the ISD-R. SGP.22 §5.7
#include "apps/ipad/card_link.h"
#include "asn1/asn1.h"
#include "ipa/apdu.h"

namespace halyard::lpa {

class Card {
  public:
    /// `description` as ipad::open_card. Errors: its, and not_found "ISD-R".
    static Result<Card> open(const std::string& description);
    ~Card();
    Card(Card&&) = default;

    /// One command and its answer, without status word. Errors: unreachable, rejected "status word", no_space
    /// for more than 512 KiB.
    Result<OwnedBytes> exchange(Bytes command);
    template <class Request> Result<OwnedBytes> ask(const Request& request) {
        return exchange(TRY(asn1::encode(request)));
    }
    /// Power off and on, and a new channel: what a terminal does after a REFRESH.
    Ok restart();

    Result<Eid> eid();
    /// EuiccConfiguredAddressesResponse. SGP.22 §5.7.3
    Result<OwnedBytes> addresses();

  private:
    explicit Card(std::unique_ptr<ipad::CardLink> link) : link_(std::move(link)) {}
    Ok open_channel();
    Ok run();
    std::unique_ptr<ipad::CardLink> link_;
    ipa::CardChannel channel_;
};

} // namespace halyard::lpa
