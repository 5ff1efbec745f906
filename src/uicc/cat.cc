// The transport of the toolkit: there is no applet that would use it, only the card's own REFRESH. ETSI TS
// 102 221 §11.2, TS 102 223
#include "asn1/asn1.h"
#include "asn1/tlv.h"
#include "uicc/uicc.h"

namespace halyard::uicc {
namespace {
constexpr uint8_t kRefresh = TerminalResponse::kRefresh, kCommandDetails = 0x01, kResult = 0x03,
                  kComprehension = 0x80;
constexpr uint8_t kLastNumber = 0xFE;

// Where command details stand in the proactive commands made here: D0 L 81 03 number type qualifier.
Bytes details_of(Bytes command) { return command.subspan(4, 3); }
} // namespace

// Third octet b8, thirty-fourth octet b6. ETSI TS 102 223 §5.2
bool Uicc::terminal_knows_refresh() const { return profile_.size() >= 3 && profile_[2] & 0x80; }
bool Uicc::terminal_knows_profile_change() const {
    return terminal_knows_refresh() && profile_.size() >= 34 && profile_[33] & 0x20;
}

// UICC to terminal.
void Uicc::queue_refresh(uint8_t mode) {
    last_number_ = static_cast<uint8_t>(last_number_ == kLastNumber ? 1 : last_number_ + 1);
    proactive_.push_back({0xD0, 0x09, 0x81, 0x03, last_number_, kRefresh, mode, 0x82, 0x02, 0x81, 0x82});
}

OwnedBytes Uicc::terminal_profile(Channel&, const Apdu& a, Backing&) {
    if (a.p1 || a.p2) return sw(0x6A86);
    if (a.data.empty()) return sw(0x6700);
    profile_ = owned(a.data);
    return sw(0x9000);
}

// Nobody wants the event, the message or the menu choice.
OwnedBytes Uicc::envelope(Channel&, const Apdu& a, Backing&) {
    if (a.p1 || a.p2) return sw(0x6A86);
    if (a.data.empty()) return sw(0x6700);
    const auto tlv = asn1::read_tlv(a.data);
    if (!tlv || !tlv->rest.empty() || (tlv->tag & ~0x0Fu) != 0xD0) return sw(0x6A80);
    return sw(0x9000);
}

OwnedBytes Uicc::fetch(Channel&, const Apdu& a, Backing&) {
    if (a.p1 || a.p2) return sw(0x6A86);
    if (!a.data.empty()) return sw(0x6700);
    if (proactive_.empty() || profile_.empty()) return sw(0x6F00);
    const OwnedBytes& command = proactive_.front();
    if (a.le && *a.le != 256 && *a.le != command.size())
        return sw(0x6C00 | static_cast<unsigned>(command.size()));
    fetched_ = true; // until it is answered the same one is fetched again
    return exactly(a, command);
}

OwnedBytes Uicc::take_terminal_response(Channel&, const Apdu& a, Backing&) {
    if (a.p1 || a.p2) return sw(0x6A86);
    if (a.data.empty()) return sw(0x6700);
    if (!fetched_) return sw(0x6F00);
    std::optional<Bytes> details, result;
    for (Bytes rest = a.data; !rest.empty();) {
        const auto tlv = asn1::read_tlv(rest);
        if (!tlv) return sw(0x6A80);
        const uint32_t tag = tlv->tag & ~static_cast<uint32_t>(kComprehension);
        if (tag == kCommandDetails && !details) details = tlv->content;
        if (tag == kResult && !result) result = tlv->content;
        rest = tlv->rest;
    }
    const Bytes asked = details_of(proactive_.front());
    if (!details || !result || result->empty() || !same(*details, asked)) return sw(0x6A80);
    terminal_response_ = {.type = asked[1], .qualifier = asked[2], .result = (*result)[0]};
    proactive_.pop_front();
    fetched_ = false;
    return sw(0x9000);
}

} // namespace halyard::uicc
