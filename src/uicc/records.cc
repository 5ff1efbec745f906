// Files of records. ETSI TS 102 221 §11.1.5 to §11.1.8
#include "uicc/uicc.h"

namespace halyard::uicc {
namespace {
enum Mode : uint8_t { next = 2, previous = 3, absolute = 4 };
constexpr unsigned kNoSfi = 0x1F; // reserved

Bytes record_at(const Node& n, uint32_t number) {
    return Bytes(n.content).subspan((number - 1) * n.record_size, n.record_size);
}

// As many as one octet can number. ISO/IEC 7816-4
uint32_t count_of(const Node& n) { return static_cast<uint32_t>(std::min<size_t>(n.records(), 254)); }

// The record that P1 and the mode mean, 0 when there is none. Cyclic files have no end.
uint32_t meant(const Node& n, const Channel& c, const Apdu& a) {
    const uint32_t count = count_of(n);
    const bool cyclic = n.kind == FileKind::cyclic;
    uint32_t record = 0;
    switch (a.p2 & 7) {
    case absolute: record = a.p1 ? a.p1 : c.record; break;
    case next: record = cyclic && c.record == count ? 1 : c.record + 1; break;
    case previous: record = c.record > 1 ? c.record - 1 : c.record == 0 || cyclic ? count : 0; break;
    default: break;
    }
    return record <= count ? record : 0;
}

bool valid_mode(const Apdu& a) {
    const unsigned mode = a.p2 & 7;
    if (a.p2 >> 3 == kNoSfi) return false;
    return mode == absolute || ((mode == next || mode == previous) && a.p1 == 0);
}

// The content with a new record 1, the oldest one gone.
OwnedBytes pushed(const Node& n, Bytes record) {
    OwnedBytes out = owned(record);
    append(out, Bytes(n.content).first(n.content.size() - n.record_size));
    return out;
}
} // namespace

OwnedBytes Uicc::read_record(Channel& c, const Apdu& a, Backing&) {
    if (!valid_mode(a)) return sw(0x6A86);
    if (!a.data.empty()) return sw(0x6700);
    const Target t = target(c, a.p2 >> 3, Wanted::records, a, Access::read);
    if (t.refusal) return sw(t.refusal);
    const uint32_t record = meant(*t.data, c, a);
    if (record == 0) return sw(0x6A83);
    const unsigned size = t.data->record_size;
    if (a.le && *a.le != size && *a.le != 256) return sw(0x6C00 | (size & 0xFF));
    if ((a.p2 & 7) != absolute) c.record = record;
    OwnedBytes out = owned(record_at(*t.data, record).first(std::min(size, 256u)));
    append(out, sw(0x9000));
    return out;
}

OwnedBytes Uicc::update_record(Channel& c, const Apdu& a, Backing& backing) {
    if (!valid_mode(a)) return sw(0x6A86);
    if (a.data.empty()) return sw(0x6700);
    const Target t = target(c, a.p2 >> 3, Wanted::records, a, Access::update);
    if (t.refusal) return sw(t.refusal);
    Node& n = *t.data;
    const bool cyclic = n.kind == FileKind::cyclic;
    if (cyclic && (a.p2 & 7) != previous) return sw(0x6981);
    const uint32_t record = cyclic ? 1 : meant(n, c, a);
    if (record == 0 || n.records() == 0) return sw(0x6A83);
    if (a.data.size() != n.record_size) return sw(0x6700);
    OwnedBytes content;
    if (cyclic) {
        content = pushed(n, a.data);
    } else {
        content = n.content;
        std::copy(a.data.begin(),
                  a.data.end(),
                  content.begin() + static_cast<std::ptrdiff_t>((record - 1) * n.record_size));
    }
    if (!commit(backing, n, std::move(content))) return sw(0x6581);
    if ((a.p2 & 7) != absolute) c.record = record;
    return sw(0x9000);
}

// Value and increment are numbers, the most significant octet first. ETSI TS 102 221 §11.1.8
OwnedBytes Uicc::increase(Channel& c, const Apdu& a, Backing& backing) {
    const unsigned sfi = a.p1 & 0x1F;
    if (a.p2 || (a.p1 && ((a.p1 & 0xE0) != 0x80 || sfi == 0 || sfi == kNoSfi))) return sw(0x6A86);
    if (a.data.empty() || a.data.size() > 0x7F) return sw(0x6700);
    const Target t = target(c, a.p1 ? sfi : 0, Wanted::cyclic, a, Access::none);
    if (t.refusal) return sw(t.refusal);
    Node& n = *t.data;
    if (n.records() == 0) return sw(0x6A83);
    if (a.data.size() > n.record_size) return sw(0x6700);
    OwnedBytes value = owned(record_at(n, 1));
    unsigned carry = 0;
    for (size_t i = 0; i < value.size(); ++i) {
        const size_t at = value.size() - 1 - i;
        const unsigned sum = value[at] + carry + (i < a.data.size() ? a.data[a.data.size() - 1 - i] : 0u);
        value[at] = static_cast<uint8_t>(sum);
        carry = sum >> 8;
    }
    if (carry) return sw(0x9850);
    if (!commit(backing, n, pushed(n, value))) return sw(0x6581);
    c.record = 1;
    append(value, a.data);
    return answer(a, std::move(value));
}

namespace {
// P2 b3b2b1 of SEARCH RECORD, and of the first octet of an enhanced search indication.
struct Search {
    unsigned word = 0; // refusal
    bool backward = false;
    uint32_t start = 0;
    size_t offset = 0;            // in a record
    std::optional<uint8_t> after; // or behind the first of this octet
    Bytes pattern;
};

Search simple_search(const Apdu& a, const Channel& c) {
    return {.backward = (a.p2 & 1) != 0, .start = a.p1 ? a.p1 : c.record, .pattern = a.data};
}

Search enhanced_search(const Apdu& a, const Channel& c, const Node& n) {
    if (a.data.size() < 3) return {.word = 0x6700};
    const uint8_t kind = a.data[0];
    if (kind & 0xF0 || !(kind & 0x04)) return {.word = 0x6A80};
    Search s = simple_search(a, c);
    s.backward = kind & 1;
    if (kind & 2) // from the next or the previous record, whatever P1 says
        s.start = !s.backward ? c.record + 1 : c.record == 0 ? count_of(n) : c.record - 1;
    if (kind & 0x08)
        s.after = a.data[1];
    else
        s.offset = a.data[1];
    s.pattern = a.data.subspan(2);
    return s;
}

bool contains(Bytes record, const Search& s) {
    size_t from = s.offset;
    if (s.after) {
        const auto at = std::find(record.begin(), record.end(), *s.after);
        if (at == record.end()) return false;
        from = static_cast<size_t>(at - record.begin()) + 1;
    }
    if (from >= record.size()) return false;
    const Bytes rest = record.subspan(from);
    return std::search(rest.begin(), rest.end(), s.pattern.begin(), s.pattern.end()) != rest.end();
}
} // namespace

OwnedBytes Uicc::search_record(Channel& c, const Apdu& a, Backing&) {
    const unsigned mode = a.p2 & 7;
    if (mode < 4 || mode == 7 || a.p2 >> 3 == kNoSfi) return sw(0x6A86); // 7: of the manufacturer's own
    if (a.data.empty()) return sw(0x6700);
    const Target t = target(c, a.p2 >> 3, Wanted::records, a, Access::read);
    if (t.refusal) return sw(t.refusal);
    const Node& n = *t.data;
    const Search s = mode == 6 ? enhanced_search(a, c, n) : simple_search(a, c);
    if (s.word) return sw(s.word);
    if (s.pattern.size() > n.record_size) return sw(0x6700);
    if (s.start == 0 || s.start > count_of(n)) return sw(0x6A83);
    OwnedBytes found;
    const uint32_t last = s.backward ? 1 : count_of(n);
    for (uint32_t i = s.start;; i = s.backward ? i - 1 : i + 1) {
        if (contains(record_at(n, i), s)) found.push_back(static_cast<uint8_t>(i));
        if (i == last) break;
    }
    if (found.empty()) return sw(0x6282);
    c.record = found.front();
    return answer(a, std::move(found));
}

} // namespace halyard::uicc
