// Transparent files, and the life cycle of all EFs. ETSI TS 102 221 §11.1.3, §11.1.4, §11.1.14, §11.1.15
#include "uicc/uicc.h"

namespace halyard::uicc {
namespace {
// P1P2: 15 bits of offset, or an SFI and 8 bits.
struct Place {
    bool valid = true;
    unsigned sfi = 0;
    size_t offset = 0;
    explicit Place(const Apdu& a) : offset(static_cast<size_t>(a.p1) << 8 | a.p2) {
        if (!(a.p1 & 0x80)) return;
        sfi = a.p1 & 0x1F;
        offset = a.p2;
        valid = !(a.p1 & 0x60) && sfi != 0 && sfi != 0x1F;
    }
};
} // namespace

OwnedBytes Uicc::read_binary(Channel& c, const Apdu& a, Backing&) {
    const Place place(a);
    if (!place.valid) return sw(0x6A86);
    if (!a.data.empty()) return sw(0x6700);
    const Target t = target(c, place.sfi, Wanted::transparent, a, Access::read);
    if (t.refusal) return sw(t.refusal);
    const OwnedBytes& content = t.data->content;
    if (place.offset >= content.size()) return sw(0x6B00);
    const size_t left = content.size() - place.offset;
    const size_t wanted = a.le.value_or(256);
    if (wanted > left && wanted != 256) return sw(0x6C00 | static_cast<unsigned>(left));
    OwnedBytes out = owned(Bytes(content).subspan(place.offset, std::min(wanted, left)));
    append(out, sw(0x9000));
    return out;
}

OwnedBytes Uicc::update_binary(Channel& c, const Apdu& a, Backing& backing) {
    const Place place(a);
    if (!place.valid) return sw(0x6A86);
    if (a.data.empty()) return sw(0x6700);
    const Target t = target(c, place.sfi, Wanted::transparent, a, Access::update);
    if (t.refusal) return sw(t.refusal);
    OwnedBytes next = t.data->content;
    if (place.offset >= next.size()) return sw(0x6B00);
    if (a.data.size() > next.size() - place.offset) return sw(0x6700);
    std::copy(a.data.begin(), a.data.end(), next.begin() + static_cast<std::ptrdiff_t>(place.offset));
    return sw(commit(backing, *t.data, std::move(next)) ? 0x9000 : 0x6581);
}

// DEACTIVATE FILE (04) and ACTIVATE FILE (44) of an EF: the current one, or by FID or path, which then
// becomes the current one.
OwnedBytes Uicc::change_life(Channel& c, const Apdu& a, Backing& backing) {
    if (a.p2 || (a.p1 != 0x00 && a.p1 != 0x08 && a.p1 != 0x09)) return sw(0x6A86);
    if (c.applet) return sw(0x6985);
    if (a.p1 == 0x00 && !a.data.empty() && a.data.size() != 2) return sw(0x6700);
    if (a.p1 != 0x00 && (a.data.empty() || a.data.size() % 2)) return sw(0x6A87);
    std::optional<Found> found;
    if (a.p1 != 0x00)
        found = by_path(c, a.data, a.p1 == 0x08);
    else if (!a.data.empty())
        found = by_fid(c, fid_at(a.data, 0));
    else if (c.file)
        found = Found{*c.file, c.directory};
    if (!found) return sw(a.data.empty() ? 0x6986 : 0x6A82);
    Node& n = image_.nodes[found->file];
    if (n.is_directory()) return sw(0x6981);
    if (is_terminated(n)) return sw(0x6985);
    const bool off = a.ins == 0x04;
    if (!permitted(found->file, a, off ? Access::deactivate : Access::activate)) return sw(0x6982);
    if (!enter(c, *found)) return sw(0x6985);
    const uint8_t before = n.life, after = off ? 0x04 : 0x05;
    if (before == after) return sw(0x9000);
    n.life = after;
    if (commit(backing, {changed(n)})) return sw(0x9000);
    n.life = before;
    return sw(0x6581);
}

} // namespace halyard::uicc
