// Where a channel stands: SELECT and STATUS. ETSI TS 102 221 §11.1.1, §11.1.2
#include "asn1/tlv.h"
#include "uicc/fcp.h"
#include "uicc/uicc.h"

namespace halyard::uicc {
namespace {
constexpr uint8_t kNoData = 0x0C, kTerminate = 0x40;

// P2: b8, b6 and b5 are 0; b7 ends an application; b4b3 are 01 for FCP, 11 for nothing, and 00, which
// terminals send for FCP too; b2b1 is the occurrence of an AID.
bool valid_p2(uint8_t p2, bool by_name) {
    if (p2 & 0xB0 || (p2 & kNoData) == 0x08) return false;
    return by_name || !(p2 & 0x43);
}
} // namespace

// False: the file is another channel's alone. ETSI TS 102 221 §8.7
bool Uicc::enter(Channel& c, Found found) {
    const Node& n = image_.nodes[found.file];
    if (n.is_directory()) {
        c.directory = found.file;
        c.file.reset();
        if (n.kind == FileKind::application) c.application = found.file;
    } else {
        if (!n.shareable)
            for (const Channel& other : channels_)
                if (&other != &c && other.open && other.file == found.file) return false;
        c.directory = found.directory;
        c.file = found.file;
    }
    c.record = 0;
    c.applet = 0;
    return true;
}

// The session of the channel's application ends. Its own PINs have to be verified anew, unless another
// channel has the application active too. ETSI TS 102 221 §8.5
void Uicc::leave_application(Channel& c) {
    const auto application = std::exchange(c.application, std::nullopt);
    if (!application) return;
    for (const Channel& other : channels_)
        if (other.open && other.application == application) return;
    for (size_t i = 0; i < image_.pins.size(); ++i)
        if (image_.pins[i].reference >= 0x80 &&
            application_of(image_, image_.pins[i].directory) == application)
            verified_[i] = false;
}

OwnedBytes Uicc::select_file(Channel& c, const Apdu& a, Found found) {
    if (!enter(c, found)) return sw(0x6985);
    const Node& n = image_.nodes[found.file];
    const unsigned word = is_terminated(n) ? 0x6285 : is_deactivated(n) ? 0x6283 : 0x9000;
    if ((a.p2 & kNoData) == kNoData) return sw(word);
    return answer(a, fcp(image_, found.file), word);
}

// MF and the current ADF from everywhere; then child, the directory itself, its parent, and directories
// beside it. ETSI TS 102 221 §8.4.1
std::optional<Uicc::Found> Uicc::by_fid(const Channel& c, uint16_t fid) const {
    if (fid == kMf) return Found{};
    if (fid == kCurrentAdf) return c.application ? std::optional(Found{*c.application}) : std::nullopt;
    const uint32_t parent = image_.nodes[c.directory].parent;
    const auto is = [&](uint32_t directory) {
        const Node& n = image_.nodes[directory];
        return n.fid == fid && n.kind != FileKind::application;
    };
    if (const auto child = child_of(image_, c.directory, fid)) return Found{*child, c.directory};
    if (is(c.directory)) return Found{c.directory};
    if (is(parent)) return Found{parent};
    const auto sibling = child_of(image_, parent, fid);
    if (sibling && image_.nodes[*sibling].is_directory()) return Found{*sibling};
    return std::nullopt;
}

std::optional<Uicc::Found> Uicc::by_path(const Channel& c, Bytes path, bool from_mf) const {
    Found at{from_mf ? 0 : c.directory};
    for (size_t i = 0; i < path.size(); i += 2) {
        const uint16_t fid = fid_at(path, i);
        const bool adf = i == 0 && from_mf && fid == kCurrentAdf;
        const auto next = adf ? c.application : child_of(image_, at.file, fid);
        if (!next) return std::nullopt;
        at = {*next, at.file};
    }
    return at;
}

OwnedBytes Uicc::select(Channel& c, const Apdu& a, Backing&) {
    if (!valid_p2(a.p2, a.p1 == 0x04)) return sw(0x6A86);
    std::optional<Found> found;
    switch (a.p1) {
    case 0x00: // by FID; without one the MF
        if (!a.data.empty() && a.data.size() != 2) return sw(0x6700);
        found = by_fid(c, a.data.empty() ? kMf : fid_at(a.data, 0));
        break;
    case 0x01: // child directory
        if (a.data.size() != 2) return sw(0x6700);
        if (const auto child = child_of(image_, c.directory, fid_at(a.data, 0)))
            if (image_.nodes[*child].is_directory()) found = Found{*child};
        break;
    case 0x03: // parent directory
        if (!a.data.empty()) return sw(0x6A87);
        if (c.directory != 0) found = Found{image_.nodes[c.directory].parent};
        break;
    case 0x04: return select_application(c, a);
    case 0x08: // path from the MF
    case 0x09: // path from the current directory
        if (a.data.empty() || a.data.size() % 2) return sw(0x6A87);
        found = by_path(c, a.data, a.p1 == 0x08);
        break;
    default: return sw(0x6A86);
    }
    return found ? select_file(c, a, *found) : sw(0x6A82);
}

// By AID, whole or cut off on the right; which of several that fit, b2b1 of P2 says: 0 the first, 1 the last,
// 2 and 3 the next and the previous one as seen from the current application. ETSI TS 102 221 §8.5
OwnedBytes Uicc::select_application(Channel& c, const Apdu& a) {
    std::vector<uint32_t> fit;
    for (uint32_t i = 1; i < image_.nodes.size() && !a.data.empty(); ++i) {
        const Node& n = image_.nodes[i];
        if (n.kind == FileKind::application && n.aid.size() >= a.data.size() &&
            same(Bytes(n.aid).first(a.data.size()), a.data))
            fit.push_back(i);
    }
    if (fit.empty()) return sw(0x6A82);
    std::optional<uint32_t> found;
    switch (a.p2 & 0x03) {
    case 0: found = fit.front(); break;
    case 1: found = fit.back(); break;
    case 2:
        for (auto i = fit.rbegin(); i != fit.rend(); ++i)
            if (!c.application || *i > *c.application) found = *i;
        break;
    default:
        for (const uint32_t i : fit)
            if (!c.application || i < *c.application) found = i;
        break;
    }
    if (!found) return sw(0x6A82);
    if (a.p2 & kTerminate) {
        if (c.application != found) return sw(0x6985);
        leave_application(c);
        (void)enter(c, {});
        return sw(0x9000);
    }
    if (c.application != found) leave_application(c);
    return select_file(c, a, {*found});
}

OwnedBytes Uicc::status(Channel& c, const Apdu& a, Backing&) {
    if (!a.data.empty()) return sw(0x6700);
    if (a.p1 > 0x02) return sw(0x6A86);
    switch (a.p2) {
    case 0x00: return exactly(a, fcp(image_, c.directory));
    case 0x01:
        if (!c.application) return sw(0x6A88);
        return exactly(a, asn1::tlv(0x84, image_.nodes[*c.application].aid));
    case 0x0C: return sw(0x9000);
    default: return sw(0x6A86);
    }
}

} // namespace halyard::uicc
