#include "euicc/card.h"

// The file system of the enabled profile, as far as reading goes. ETSI TS 102 221 §11.1
namespace halyard::euicc {
namespace {
using profile::FileKind, profile::Node;
constexpr uint16_t kMf = 0x3F00, kCurrentAdf = 0x7FFF;
uint16_t fid_at(Bytes b, size_t i) { return static_cast<uint16_t>(b[i] << 8 | b[i + 1]); }
} // namespace

const Node& Card::content_of(uint32_t node) const {
    const Node* n = &files_.nodes[node];
    for (int hops = 0; !n->link.empty() && hops < 4; ++hops) {
        uint32_t at = 0;
        for (size_t i = 0; i + 1 < n->link.size(); i += 2) {
            const auto next = files_.child(at, fid_at(n->link, i));
            if (!next) return *n;
            at = *next;
        }
        n = &files_.nodes[at];
    }
    return *n;
}

OwnedBytes Card::fcp(uint32_t index) const {
    const Node& n = files_.nodes[index];
    const Node& data = content_of(index);
    OwnedBytes c;
    const auto put = [&](uint8_t tag, Bytes value) {
        c.push_back(tag);
        c.push_back(static_cast<uint8_t>(value.size()));
        append(c, value);
    };
    if (n.is_directory()) {
        put(0x82, std::array<uint8_t, 2>{0x78, 0x21});
    } else if (data.record_size) {
        put(0x82,
            std::array<uint8_t, 5>{static_cast<uint8_t>(data.kind == FileKind::cyclic ? 0x46 : 0x42),
                                   0x21,
                                   static_cast<uint8_t>(data.record_size >> 8),
                                   static_cast<uint8_t>(data.record_size),
                                   static_cast<uint8_t>(data.records())});
    } else {
        put(0x82,
            std::array<uint8_t, 2>{static_cast<uint8_t>(data.kind == FileKind::ber_tlv ? 0x79 : 0x41), 0x21});
    }
    put(0x83, std::array<uint8_t, 2>{static_cast<uint8_t>(n.fid >> 8), static_cast<uint8_t>(n.fid)});
    if (!n.aid.empty()) put(0x84, n.aid);
    // MF: 87 01 01 asks the terminal for TERMINAL CAPABILITY before the ISD-R is used. SGP.22 §3.4.2
    if (index == 0) put(0xA5, std::array<uint8_t, 6>{0x80, 0x01, 0x71, 0x87, 0x01, 0x01});
    put(0x8A, std::array<uint8_t, 1>{0x05});
    if (n.security.size() == 1) {
        const uint16_t arr = n.parent == 0 ? 0x2F06 : 0x6F06;
        put(0x8B,
            std::array<uint8_t, 3>{static_cast<uint8_t>(arr >> 8), static_cast<uint8_t>(arr), n.security[0]});
    } else if (!n.security.empty()) {
        put(0x8B, n.security);
    }
    if (!n.is_directory()) {
        const size_t size = data.content.size();
        put(0x80, std::array<uint8_t, 2>{static_cast<uint8_t>(size >> 8), static_cast<uint8_t>(size)});
        if (n.sfi) put(0x88, std::array<uint8_t, 1>{static_cast<uint8_t>(n.sfi << 3)});
    } else if (!n.pins.empty()) {
        put(0xC6, n.pins);
    }
    OwnedBytes out = asn1::Raw{c}.der();
    out[0] = 0x62;
    return out;
}

OwnedBytes Card::select_found(Channel& c, const Apdu& a, uint32_t node) {
    const Node& n = files_.nodes[node];
    if (n.is_directory()) {
        c.directory = node;
        c.file.reset();
        if (n.kind == FileKind::application) c.application = node;
    } else {
        c.directory = n.parent;
        c.file = node;
    }
    c.record = 0;
    c.selected = Selected::files;
    if ((a.p2 & 0x0C) == 0x0C) return sw(0x9000);
    return answer(c, a, fcp(node));
}

OwnedBytes Card::select(Channel& c, const Apdu& a) {
    if (a.p1 == 0x04) return select_application(c, a);
    if (files_.nodes.empty()) return sw(0x6A82); // no profile, no files. SGP.22 §3.2.1
    if (a.p1 == 0x00 && (a.data.empty() || (a.data.size() == 2 && fid_at(a.data, 0) == kMf)))
        return select_found(c, a, 0);
    if (a.p1 == 0x00) {
        if (a.data.size() != 2) return sw(0x6700);
        const uint16_t fid = fid_at(a.data, 0);
        if (fid == kCurrentAdf) return c.application ? select_found(c, a, *c.application) : sw(0x6A82);
        // Child, self, parent, sibling directory: TS 102 221 §8.4.1
        const Node& here = files_.nodes[c.directory];
        if (const auto child = files_.child(c.directory, fid)) return select_found(c, a, *child);
        if (here.fid == fid) return select_found(c, a, c.directory);
        if (files_.nodes[here.parent].fid == fid) return select_found(c, a, here.parent);
        const auto sibling = files_.child(here.parent, fid);
        if (sibling && files_.nodes[*sibling].is_directory()) return select_found(c, a, *sibling);
        return sw(0x6A82);
    }
    if (a.p1 == 0x08 || a.p1 == 0x09) {
        if (a.data.empty() || a.data.size() % 2) return sw(0x6A87);
        uint32_t at = a.p1 == 0x08 ? 0 : c.directory;
        for (size_t i = 0; i < a.data.size(); i += 2) {
            const uint16_t fid = fid_at(a.data, i);
            if (i == 0 && fid == kCurrentAdf && a.p1 == 0x08) {
                if (!c.application) return sw(0x6A82);
                at = *c.application;
                continue;
            }
            const auto next = files_.child(at, fid);
            if (!next) return sw(0x6A82);
            at = *next;
        }
        return select_found(c, a, at);
    }
    if (a.p1 == 0x01) {
        const auto child = a.data.size() == 2 ? files_.child(c.directory, fid_at(a.data, 0)) : std::nullopt;
        return child && files_.nodes[*child].is_directory() ? select_found(c, a, *child) : sw(0x6A82);
    }
    if (a.p1 == 0x03) return select_found(c, a, files_.nodes[c.directory].parent);
    return sw(0x6A86);
}

std::optional<uint32_t> Card::by_sfi(const Channel& c, unsigned sfi) const {
    for (uint32_t i = 1; i < files_.nodes.size(); ++i)
        if (files_.nodes[i].parent == c.directory && files_.nodes[i].sfi == sfi &&
            !files_.nodes[i].is_directory())
            return i;
    return std::nullopt;
}

OwnedBytes Card::read_binary(Channel& c, const Apdu& a) {
    if (c.selected != Selected::files || files_.nodes.empty()) return sw(0x6985);
    size_t offset = static_cast<size_t>(a.p1) << 8 | a.p2;
    if (a.p1 & 0x80) {
        const auto file = by_sfi(c, a.p1 & 0x1F);
        if (!file) return sw(0x6A82);
        c.file = file;
        offset = a.p2;
    }
    if (!c.file) return sw(0x6986);
    const Node& n = content_of(*c.file);
    if (n.kind != FileKind::transparent) return sw(0x6981);
    if (offset >= n.content.size()) return sw(0x6B00);
    const size_t left = n.content.size() - offset;
    const size_t wanted = a.le.value_or(256);
    if (wanted > left && wanted != 256) return sw(0x6C00 | static_cast<unsigned>(left));
    const size_t size = std::min(wanted, left);
    OwnedBytes out(n.content.begin() + static_cast<std::ptrdiff_t>(offset),
                   n.content.begin() + static_cast<std::ptrdiff_t>(offset + size));
    append(out, sw(0x9000));
    return out;
}

OwnedBytes Card::read_record(Channel& c, const Apdu& a) {
    if (c.selected != Selected::files || files_.nodes.empty()) return sw(0x6985);
    if (const unsigned sfi = a.p2 >> 3) {
        const auto file = by_sfi(c, sfi);
        if (!file) return sw(0x6A82);
        c.file = file;
        c.record = 0;
    }
    if (!c.file) return sw(0x6986);
    const Node& n = content_of(*c.file);
    if (!n.record_size) return sw(0x6981);
    uint32_t record = a.p1;
    switch (a.p2 & 7) {
    case 4: record = a.p1 ? a.p1 : c.record; break;
    case 2: record = c.record + 1; break;
    case 3: record = c.record ? c.record - 1 : static_cast<uint32_t>(n.records()); break;
    default: return sw(0x6A86);
    }
    if (record == 0 || record > n.records()) return sw(0x6A83);
    if ((a.p2 & 7) != 4) c.record = record;
    if (a.le && *a.le != n.record_size && *a.le != 256) return sw(0x6C00 | n.record_size);
    const auto begin = n.content.begin() + static_cast<std::ptrdiff_t>((record - 1) * n.record_size);
    OwnedBytes out(begin, begin + n.record_size);
    append(out, sw(0x9000));
    return out;
}

OwnedBytes Card::status(Channel& c, const Apdu& a) {
    if ((a.p2 & 0x0F) == 0x0C) return sw(0x9000);
    if (files_.nodes.empty()) return sw(0x6A82);
    return answer(c, a, fcp(c.directory));
}

} // namespace halyard::euicc
