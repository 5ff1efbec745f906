#include "asn1/asn1.h"
#include <charconv>

namespace halyard::asn1 {

bool Map<Oid>::load(void* p, Bytes b) {
    if (b.empty() || b.back() & 0x80) return false;
    bool start = true; // an arc must not begin with 80
    for (uint8_t octet : b) {
        if (start && octet == 0x80) return false;
        start = !(octet & 0x80);
    }
    static_cast<Oid*>(p)->der = b;
    return true;
}

std::string Oid::text() const {
    std::string out;
    uint64_t arc = 0;
    bool first = true;
    for (uint8_t octet : der) {
        if (arc >> 57) return hex(der); // too large for us: better no text than another OID's
        arc = arc << 7 | (octet & 0x7F);
        if (octet & 0x80) continue;
        if (first) {
            const uint64_t root = arc < 80 ? arc / 40 : 2;
            out = std::to_string(root) + '.' + std::to_string(arc - root * 40);
            first = false;
        } else {
            out += '.' + std::to_string(arc);
        }
        arc = 0;
    }
    return out;
}

Result<OwnedBytes> oid_from_text(std::string_view dotted, const char* where) {
    std::vector<uint64_t> arcs;
    for (const char *p = dotted.data(), *end = p + dotted.size();;) {
        uint64_t arc = 0;
        const auto [next, error] = std::from_chars(p, end, arc);
        if (error != std::errc{} || arc > 0xFFFFFFFFFFFFFF) return fail(Errc::bad_value, where);
        arcs.push_back(arc);
        if (next == end) break;
        if (*next != '.') return fail(Errc::bad_value, where);
        p = next + 1;
    }
    if (arcs.size() < 2 || arcs[0] > 2 || (arcs[0] < 2 && arcs[1] > 39)) return fail(Errc::bad_value, where);
    arcs[1] += arcs[0] * 40;
    OwnedBytes out;
    for (size_t i = 1; i < arcs.size(); ++i) {
        int shift = 0;
        while (shift < 56 && arcs[i] >> (shift + 7)) shift += 7;
        for (; shift >= 0; shift -= 7)
            out.push_back(static_cast<uint8_t>((arcs[i] >> shift & 0x7F) | (shift ? 0x80 : 0)));
    }
    return out;
}

} // namespace halyard::asn1
