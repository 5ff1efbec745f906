#include "reader/session.h"

namespace halyard::reader {

CardSession::~CardSession() {
    if (powered_)
        static_cast<void>(card_.power(Power::off)); // a card that cannot start is found by the next client
}

CardSession::Reply CardSession::message(Bytes payload) {
    if (payload.empty()) return {.close = "empty message"};
    if (payload.size() == 1) return control(payload[0]);
    if (!powered_)
        if (Reply on = power(Power::on); on.close) return on; // clients that know of no power
    ++apdus_;
    auto answer = card_.transmit(payload);
    if (!answer) return {.close = answer.error().where};
    return {.message = std::move(answer->octets), .delay = answer->delay};
}

CardSession::Reply CardSession::power(Power what) {
    powered_ = what != Power::off;
    if (!card_.power(what)) return {.close = "the card does not start"};
    return {};
}

CardSession::Reply CardSession::control(uint8_t octet) {
    switch (octet) {
    case kOff: return powered_ ? power(Power::off) : Reply{};
    case kOn: return power(Power::on);
    case kReset: return power(Power::reset);
    case kAtr: break;
    default: return {.note = "unknown control octet"};
    }
    const Bytes atr = card_.atr(); // asked for between APDUs too, to see whether the card is there
    if (atr.empty()) return {.close = "mute card"};
    return {.message = owned(atr)};
}

} // namespace halyard::reader
