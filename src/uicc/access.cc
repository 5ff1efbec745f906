#include "uicc/access.h"
#include "asn1/asn1.h"
#include <bit>

namespace halyard::uicc {
namespace {
// A condition that this card does not know stays unknown under NOT.
enum class Truth : uint8_t { no, yes, unknown };
constexpr int kMaxDepth = 8;

bool is_access_mode(uint32_t tag) { return (tag >= 0x80 && tag <= 0x8F) || tag == 0x9C; }

// 80: bits. 81 to 8F: the low bits tell which octets of the command header are listed, in the order CLA, INS,
// P1, P2.
bool is_for(uint32_t tag, Bytes value, const Attempt& a) {
    if (tag == 0x80)
        return value.size() == 1 && !(value[0] & 0x80) && (value[0] & static_cast<uint8_t>(a.access)) != 0;
    if (tag == 0x9C) return false; // a state machine of somebody else's
    const auto which = static_cast<uint8_t>(tag & 0x0F);
    const auto group = static_cast<size_t>(std::popcount(which));
    if (value.empty() || value.size() % group) return false;
    const uint8_t header[] = {a.cla, a.ins, a.p1, a.p2};
    for (size_t at = 0; at < value.size(); at += group) {
        bool same_header = true;
        size_t next = at;
        for (size_t i = 0; i < 4; ++i)
            if (which & (0x08 >> i)) same_header &= value[next++] == header[i];
        if (same_header) return true;
    }
    return false;
}

// A4 { 83 key reference, 95 08 user authentication, knowledge based }
Truth authentication(Bytes template_, const Verifier& v) {
    std::optional<uint8_t> reference;
    bool knowledge = false;
    while (!template_.empty()) {
        const auto tlv = asn1::read_tlv(template_);
        if (!tlv || tlv->content.size() != 1) return Truth::unknown;
        if (tlv->tag == 0x83 && !reference)
            reference = tlv->content[0];
        else if (tlv->tag == 0x95)
            knowledge = tlv->content[0] == 0x08;
        else
            return Truth::unknown;
        template_ = tlv->rest;
    }
    if (!reference || !knowledge) return Truth::unknown;
    return v.satisfied(*reference) ? Truth::yes : Truth::no;
}

Truth condition(uint32_t tag, Bytes content, const Verifier& v, int depth);

// All of them, or one of them.
Truth combine(Bytes list, bool all, const Verifier& v, int depth) {
    if (list.empty()) return Truth::unknown;
    const Truth decides = all ? Truth::no : Truth::yes;
    bool unknown = false;
    while (!list.empty()) {
        const auto tlv = asn1::read_tlv(list);
        if (!tlv) return Truth::unknown;
        const Truth one = condition(tlv->tag, tlv->content, v, depth);
        if (one == decides) return decides;
        unknown |= one == Truth::unknown;
        list = tlv->rest;
    }
    if (unknown) return Truth::unknown;
    return all ? Truth::yes : Truth::no;
}

Truth condition(uint32_t tag, Bytes content, const Verifier& v, int depth) {
    if (depth > kMaxDepth) return Truth::unknown;
    switch (tag) {
    case 0x90: return content.empty() ? Truth::yes : Truth::unknown;
    case 0x97: return content.empty() ? Truth::no : Truth::unknown;
    case 0xA4: return authentication(content, v);
    case 0xA0: return combine(content, false, v, depth + 1);
    case 0xAF: return combine(content, true, v, depth + 1);
    case 0xA7: {
        const Truth inner = combine(content, true, v, depth + 1);
        return inner == Truth::unknown ? inner : inner == Truth::yes ? Truth::no : Truth::yes;
    }
    default: return Truth::unknown; // secure messaging and what else there may be
    }
}
} // namespace

bool allowed(Bytes rest, const Attempt& attempt, const Verifier& v) {
    while (!rest.empty() && rest[0] != 0xFF && rest[0] != 0x00) { // filler behind the rules
        const auto mode = asn1::read_tlv(rest);
        if (!mode || !is_access_mode(mode->tag)) return false;
        rest = mode->rest;
        // Several conditions behind one access mode must all hold.
        size_t length = 0;
        for (Bytes more = rest; !more.empty() && more[0] != 0xFF && more[0] != 0x00;) {
            const auto tlv = asn1::read_tlv(more);
            if (!tlv) return false;
            if (is_access_mode(tlv->tag)) break;
            length = rest.size() - tlv->rest.size();
            more = tlv->rest;
        }
        const bool mine = is_for(mode->tag, mode->content, attempt);
        if (mine && combine(rest.first(length), true, v, 0) == Truth::yes) return true;
        rest = rest.subspan(length);
    }
    return false;
}

} // namespace halyard::uicc
