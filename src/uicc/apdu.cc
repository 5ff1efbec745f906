#include "uicc/apdu.h"

namespace halyard::uicc {

unsigned parse(Bytes in, Apdu& a) {
    if (in.size() < 4) return 0x6700;
    a = {.cla = in[0], .ins = in[1], .p1 = in[2], .p2 = in[3]};
    // Case 1 to 4. Extended lengths are not announced by the ATR.
    if (in.size() == 5) {
        a.le = in[4] ? in[4] : 256u;
    } else if (in.size() > 5) {
        const size_t lc = in[4];
        if (lc == 0 || (in.size() != 5 + lc && in.size() != 6 + lc)) return 0x6700;
        a.data = in.subspan(5, lc);
        if (in.size() == 6 + lc) a.le = in[5 + lc] ? in[5 + lc] : 256u;
    }
    // 0X and 8X: channels 0 to 3, and secure messaging, which there is none of; 4X and CX: channels 4 to 19.
    const uint8_t high = a.cla & 0xF0;
    if (high == 0x00 || high == 0x80) {
        if (a.cla & 0x0C) return 0x6882;
        a.channel = a.cla & 0x03u;
    } else if (high == 0x40 || high == 0xC0) {
        a.channel = 4u + (a.cla & 0x0Fu);
    } else {
        return 0x6E00;
    }
    a.proprietary = a.cla & 0x80;
    return 0;
}

OwnedBytes sw(unsigned word) { return {static_cast<uint8_t>(word >> 8), static_cast<uint8_t>(word)}; }

unsigned word_of(Bytes response) {
    if (response.size() < 2) return 0;
    return static_cast<unsigned>(response[response.size() - 2] << 8 | response[response.size() - 1]);
}

} // namespace halyard::uicc
