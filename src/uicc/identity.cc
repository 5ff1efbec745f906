// GET IDENTITY: the SUCI, made on the card. 3GPP TS 31.102 §7.5
#include "asn1/tlv.h"
#include "uicc/suci.h"
#include "uicc/uicc.h"

namespace halyard::uicc {
namespace {
constexpr uint8_t kSuci = 0x01;
constexpr size_t kSuciService = 124, kByUsim = 125, kSupiNai = 130; // of EF.UST
constexpr asn1::Tag kSuciTlv = 0xA1;

struct Dice : Random {
    Backing& backing;
    explicit Dice(Backing& b) : backing(b) {}
    Ok fill(Buffer out) override { return backing.random(out); }
};
} // namespace

OwnedBytes Uicc::get_identity(Channel& c, const Apdu& a, Backing& backing) {
    if (a.p1 || a.p2 != kSuci) return sw(0x6A86);
    if (!a.data.empty()) return sw(0x6700);
    if (c.applet || !c.application) return sw(0x6985);
    const uint32_t usim = *c.application;
    const auto has = [&](size_t service) { return has_service(image_, usim, service); };
    if (!image_.nodes[usim].is_usim() || !has(kSuciService) || !has(kByUsim) || has(kSupiNai))
        return sw(0x6985);
    if (!application_pin_satisfied(usim)) return sw(0x6982);
    Dice dice(backing);
    const auto value = suci(image_, usim, dice);
    if (!value) return sw(value.error().code == Errc::internal ? 0x6F00 : 0x6985);
    return answer(a, asn1::tlv(kSuciTlv, *value));
}

} // namespace halyard::uicc
