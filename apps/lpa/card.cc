#include "apps/lpa/card.h"
#include "rsp/es10.h"
#include <algorithm>

namespace halyard::lpa {

Result<Card> Card::open(const std::string& description) {
    Card card(TRY(ipad::open_card(description)));
    TRY(card.link_->reset());
    TRY(card.open_channel());
    return card;
}

Card::~Card() {
    if (!link_ || !channel_.is_open() || !channel_.channel()) return;
    const uint8_t close[] = {0x00, 0x70, 0x80, channel_.channel()};
    (void)link_->transmit(close);
}

Ok Card::run() {
    for (bool complete = false; !complete;)
        complete = TRY(channel_.reply(TRY(link_->transmit(channel_.next()))));
    return {};
}

Ok Card::open_channel() {
    channel_.forget();
    channel_.open();
    return run();
}

Ok Card::restart() {
    TRY(link_->reset());
    return open_channel();
}

Result<OwnedBytes> Card::exchange(Bytes command) {
    OwnedBytes answer(512 * 1024);
    TRY(channel_.begin(command, answer));
    TRY(run());
    return owned(channel_.answer());
}

Result<Eid> Card::eid() {
    static constexpr uint8_t kTag[] = {0x5A};
    rsp::GetEuiccDataRequest request;
    request.tag_list = {kTag[0]};
    const OwnedBytes answer = TRY(ask(request));
    return Eid{TRY(asn1::decode<rsp::GetEuiccDataResponse>(answer)).eid_value};
}

Result<OwnedBytes> Card::addresses() { return ask(rsp::EuiccConfiguredAddressesRequest{}); }

} // namespace halyard::lpa
