#include "asn1/tlv.h"

namespace halyard::asn1 {

OwnedBytes tlv_head(Tag tag, size_t length) {
    OwnedBytes out;
    for (int shift = 24; shift >= 0; shift -= 8)
        if (tag >> shift) out.push_back(static_cast<uint8_t>(tag >> shift));
    if (length < 0x80) {
        out.push_back(static_cast<uint8_t>(length));
        return out;
    }
    uint8_t octets = 1;
    for (size_t rest = length >> 8; rest; rest >>= 8) ++octets;
    out.push_back(static_cast<uint8_t>(0x80 | octets));
    for (int n = octets - 1; n >= 0; --n) out.push_back(static_cast<uint8_t>(length >> 8 * n));
    return out;
}

OwnedBytes tlv(Tag tag, Bytes content) {
    OwnedBytes out = tlv_head(tag, content.size());
    append(out, content);
    return out;
}

} // namespace halyard::asn1
