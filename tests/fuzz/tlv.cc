#include "tests/fuzz/target.h"

namespace halyard::fuzz {

OwnedBytes tlv(asn1::Tag tag, std::initializer_list<Bytes> parts) {
    OwnedBytes content;
    for (Bytes part : parts) append(content, part);
    OwnedBytes out;
    for (int shift = 24; shift >= 0; shift -= 8)
        if (tag >> shift || !shift) out.push_back(static_cast<uint8_t>(tag >> shift));
    if (content.size() > 0xFFFF) {
        out.insert(out.end(), {0x83, static_cast<uint8_t>(content.size() >> 16)});
        out.push_back(static_cast<uint8_t>(content.size() >> 8));
    } else if (content.size() > 0xFF) {
        out.insert(out.end(), {0x82, static_cast<uint8_t>(content.size() >> 8)});
    } else if (content.size() > 0x7F) {
        out.push_back(0x81);
    }
    out.push_back(static_cast<uint8_t>(content.size()));
    append(out, content);
    return out;
}

} // namespace halyard::fuzz
