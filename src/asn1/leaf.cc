#include "asn1/asn1.h"

namespace halyard::asn1 {

bool load_integer(int64_t& v, Bytes c) {
    // 8388607 and the like are small, but a superfluous 00 (or FF) in front must not make us lose the value.
    while (c.size() > 8 && ((c[0] == 0 && !(c[1] & 0x80)) || (c[0] == 0xFF && (c[1] & 0x80))))
        c = c.subspan(1);
    if (c.empty() || c.size() > 8) return false;
    uint64_t u = c[0] & 0x80 ? ~uint64_t{0} : 0;
    for (uint8_t b : c) u = u << 8 | b;
    v = static_cast<int64_t>(u);
    return true;
}
Bytes save_integer(int64_t v, Scratch& s) {
    size_t i = s.size();
    const uint8_t fill = v < 0 ? 0xFF : 0;
    auto u = static_cast<uint64_t>(v);
    for (int n = 0; n < 8; ++n, u >>= 8) s[--i] = static_cast<uint8_t>(u);
    while (i + 1 < s.size() && s[i] == fill && (s[i + 1] & 0x80) == (fill & 0x80)) ++i;
    return Bytes(s).subspan(i);
}

bool load_bits(uint64_t& mask, Bytes c) {
    if (c.empty() || c[0] > 7 || (c.size() == 1 && c[0])) return false;
    mask = 0;
    const size_t bits = (c.size() - 1) * 8 - c[0];
    for (size_t n = 0; n < bits; ++n) {
        if (!(c[1 + n / 8] >> (7 - n % 8) & 1)) continue;
        if (n >= 64) return false; // a set bit we could not keep
        mask |= uint64_t{1} << n;
    }
    return true;
}
Bytes save_bits(uint64_t mask, Scratch& s) {
    s.fill(0);
    size_t bits = 0; // trailing zero bits are left out: X.690 §11.2.2
    for (size_t n = 0; n < 64; ++n) {
        if (!(mask >> n & 1)) continue;
        s[1 + n / 8] = static_cast<uint8_t>(s[1 + n / 8] | 0x80 >> n % 8);
        bits = n + 1;
    }
    const size_t octets = (bits + 7) / 8;
    s[0] = static_cast<uint8_t>(octets * 8 - bits);
    return Bytes(s).first(1 + octets);
}

const char* name(Deviation d) {
    switch (d) {
    case Deviation::long_length: return "length in more octets than needed";
    case Deviation::long_integer: return "INTEGER with a superfluous octet";
    case Deviation::boolean_value: return "BOOLEAN TRUE not coded FF";
    case Deviation::long_bits: return "BIT STRING with trailing zeros or dirty padding";
    case Deviation::unknown_field: return "component unknown to this edition";
    case Deviation::default_value: return "DEFAULT written out";
    case Deviation::other_tag: return "tag of another stack";
    case Deviation::repeated_tag: return "tag of a CHOICE written twice";
    case Deviation::kept_header: return "SEQUENCE header kept inside an implicit tag";
    case Deviation::count_: break;
    }
    return "none";
}

} // namespace halyard::asn1
