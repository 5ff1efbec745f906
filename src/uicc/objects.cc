// BER-TLV files: objects one behind the other, filler up to the file's size. ETSI TS 102 221 §11.3
#include "asn1/tlv.h"
#include "uicc/uicc.h"

namespace halyard::uicc {
namespace {
constexpr uint8_t kFirst = 0x80, kNext = 0x00; // P2

// Tag and length of an object of which perhaps not all octets are there yet.
struct Head {
    bool valid = true;
    size_t tag = 0;   // octets of the tag; 0: not all there
    size_t total = 0; // octets of the object; 0: the length is not all there
    explicit Head(Bytes in) {
        if (in.empty()) return;
        valid = in[0] != 0x00 && in[0] != 0xFF;
        size_t at = 1;
        if ((in[0] & 0x1F) == 0x1F)
            for (bool more = true; more && valid; ++at) {
                if (at >= in.size()) return;
                if (at > 2) valid = false; // three octets are the most
                more = in[at] & 0x80;
            }
        if (!valid) return;
        tag = at;
        if (at >= in.size()) return;
        const uint8_t first = in[at++];
        size_t length = first;
        if (first >= 0x80) {
            const size_t octets = first & 0x7F;
            if (octets == 0 || octets > 3) {
                valid = false;
                return;
            }
            if (at + octets > in.size()) return;
            length = 0;
            for (size_t i = 0; i < octets; ++i) length = length << 8 | in[at++];
        }
        total = at + length;
    }
};

// Calls with each object of the file; the octets behind the last one are filler.
template <class F> void each_object(Bytes content, F&& f) {
    while (!content.empty()) {
        const Head head(content);
        if (!head.valid || head.total == 0 || head.total > content.size()) return;
        f(content.first(head.tag), content.first(head.total));
        content = content.subspan(head.total);
    }
}

// P1: the current EF or an SFI. False: neither.
bool sfi_of(const Apdu& a, unsigned& sfi) {
    sfi = a.p1 & 0x1F;
    return a.p1 == 0 || ((a.p1 & 0xE0) == 0x80 && sfi != 0 && sfi != 0x1F);
}
} // namespace

// The object with a tag, in as many blocks as it takes; tag 5C asks for the tags there are.
OwnedBytes Uicc::retrieve_data(Channel& c, const Apdu& a, Backing&) {
    unsigned sfi = 0;
    if (!sfi_of(a, sfi) || (a.p2 != kFirst && a.p2 != kNext)) return sw(0x6A86);
    const bool first = a.p2 == kFirst;
    if (first) c.drop_chain();
    const Target t = target(c, first ? sfi : 0, Wanted::ber_tlv, a, Access::read);
    if (t.refusal) return sw(t.refusal);
    if (first) {
        if (a.data.empty()) return sw(0x6700);
        const Head asked(a.data);
        if (!asked.valid || asked.tag != a.data.size()) return sw(0x6A80);
        OwnedBytes found;
        const bool list = a.data[0] == 0x5C;
        each_object(t.data->content, [&](Bytes tag, Bytes object) {
            if (list)
                append(found, tag);
            else if (same(tag, a.data))
                found = owned(object);
        });
        if (list) found = asn1::tlv(0x5C, found);
        if (found.empty()) return sw(0x6A88);
        c.chain = std::move(found);
        c.chain_ins = a.ins;
    } else {
        if (!a.data.empty()) return sw(0x6700);
        if (c.chain.empty()) return sw(0x6985);
    }
    const size_t n = std::min<size_t>(a.le.value_or(256), c.chain.size());
    OwnedBytes block = owned(Bytes(c.chain).first(n));
    c.chain.erase(c.chain.begin(), c.chain.begin() + static_cast<std::ptrdiff_t>(n));
    const bool more = !c.chain.empty();
    if (!more) c.drop_chain();
    return answer(a, std::move(block), more ? 0x62F1 : 0x9000);
}

// An object in place of the one with the same tag; a tag alone takes it away.
OwnedBytes Uicc::set_data(Channel& c, const Apdu& a, Backing& backing) {
    unsigned sfi = 0;
    if (!sfi_of(a, sfi) || (a.p2 != kFirst && a.p2 != kNext)) return sw(0x6A86);
    const bool first = a.p2 == kFirst;
    if (first) c.drop_chain();
    if (a.data.empty()) return sw(0x6700);
    const Target t = target(c, first ? sfi : 0, Wanted::ber_tlv, a, Access::update);
    if (t.refusal) return sw(t.refusal);
    if (!first && c.chain.empty()) return sw(0x6985);
    append(c.chain, a.data);
    c.chain_ins = a.ins;
    const Head head(c.chain);
    const size_t room = t.data->content.size();
    const bool removal = first && head.valid && head.tag == c.chain.size();
    if (!head.valid || (head.total && c.chain.size() > head.total) || head.total > room) {
        const unsigned word = head.valid && head.total > room ? 0x6A84 : 0x6A80;
        c.drop_chain();
        return sw(word);
    }
    if (!removal && (head.total == 0 || c.chain.size() < head.total)) return sw(0x63F1);
    const OwnedBytes object = std::move(c.chain);
    c.drop_chain();
    OwnedBytes next;
    bool known = false;
    each_object(t.data->content, [&](Bytes tag, Bytes old) {
        if (same(tag, Bytes(object).first(head.tag)))
            known = true;
        else
            append(next, old);
    });
    if (removal && !known) return sw(0x6A88);
    if (!removal) append(next, object);
    if (next.size() > room) return sw(0x6A84);
    next.resize(room, 0xFF);
    return sw(commit(backing, *t.data, std::move(next)) ? 0x9000 : 0x6581);
}

} // namespace halyard::uicc
