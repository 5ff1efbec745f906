#include "uicc/fcp.h"
#include "asn1/tlv.h"

namespace halyard::uicc {
namespace {
void put(OwnedBytes& out, uint8_t tag, Bytes value) { append(out, asn1::tlv(tag, value)); }
OwnedBytes two(size_t value) { return {static_cast<uint8_t>(value >> 8), static_cast<uint8_t>(value)}; }

OwnedBytes descriptor(const Node& n, const Node& data) {
    const uint8_t shared = n.shareable ? 0x40 : 0x00;
    const auto with = [&](unsigned kind) { return OwnedBytes{static_cast<uint8_t>(kind | shared), 0x21}; };
    if (n.is_directory()) return {0x78, 0x21};
    if (data.kind == FileKind::ber_tlv) return with(0x39);
    if (data.kind != FileKind::linear && data.kind != FileKind::cyclic) return with(0x01);
    OwnedBytes out = with(data.kind == FileKind::cyclic ? 0x06 : 0x02);
    append(out, two(data.record_size));
    out.push_back(static_cast<uint8_t>(data.records()));
    return out;
}

// PS_DO 90: one bit for each key reference that follows, from the left; 1: it has to be verified.
OwnedBytes pin_status(const Image& image, uint32_t directory) {
    const Bytes references = image.nodes[directory].pins;
    OwnedBytes bits((references.size() + 7) / 8);
    for (size_t i = 0; i < references.size(); ++i) {
        const auto pin = pin_of(image, references[i], directory);
        if (pin && (image.pins[*pin].attributes & 0x01))
            bits[i / 8] = static_cast<uint8_t>(bits[i / 8] | 0x80 >> i % 8);
    }
    OwnedBytes out;
    put(out, 0x90, bits);
    for (const uint8_t reference : references) {
        // Usage qualifier of the universal PIN: it replaces no other here. ETSI TS 102 221 §9.5.2
        if (reference == 0x11) put(out, 0x95, std::array<uint8_t, 1>{0x00});
        put(out, 0x83, std::array<uint8_t, 1>{reference});
    }
    return out;
}

// As the image has it, a lone record number with the FID it stands for.
OwnedBytes reference_to_rule(const Node& n) {
    if (n.security.size() != 1) return owned(n.security);
    OwnedBytes out = two(n.parent == 0 ? 0x2F06 : 0x6F06);
    out.push_back(n.security[0]);
    return out;
}
} // namespace

OwnedBytes fcp(const Image& image, uint32_t file) {
    const Node& n = image.nodes[file];
    const Node& data = image.nodes[content_of(image, file)];
    OwnedBytes c;
    put(c, 0x82, descriptor(n, data));
    if (n.kind == FileKind::application)
        put(c, 0x84, n.aid);
    else
        put(c, 0x83, two(n.fid));
    OwnedBytes own;
    if (n.is_directory()) {
        // Clock may be stopped, supply voltage classes A to C. MF: TERMINAL CAPABILITY is wanted before the
        // ISD-R is used. SGP.22 §3.4.2
        put(own, 0x80, std::array<uint8_t, 1>{0x71});
        if (file == 0) put(own, 0x87, std::array<uint8_t, 1>{0x01});
    } else {
        put(own, 0xC0, std::array<uint8_t, 1>{n.special});
    }
    put(c, 0xA5, own);
    put(c, 0x8A, std::array<uint8_t, 1>{n.life});
    if (const OwnedBytes rule = reference_to_rule(n); !rule.empty()) put(c, 0x8B, rule);
    if (!n.is_directory()) {
        put(c, 0x80, two(data.content.size()));
        // Empty: no SFI. Left out it would mean the low bits of the FID. ETSI TS 102 221 §11.1.1.4.8
        const auto sfi = static_cast<uint8_t>(n.sfi << 3);
        put(c, 0x88, n.sfi ? Bytes(&sfi, 1) : Bytes());
    } else if (!n.pins.empty()) {
        put(c, 0xC6, pin_status(image, file));
    }
    return asn1::tlv(0x62, c);
}

} // namespace halyard::uicc
