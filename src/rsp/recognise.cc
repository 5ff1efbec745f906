#include "rsp/registry.h"

namespace halyard::rsp {
namespace {

// Numbers and bits without a name in their type: a sign that the octets are another message.
uint32_t unnamed(const asn1::Type& type, const void* in);

struct ItemContext {
    const asn1::Type& item;
    uint32_t count;
};

uint32_t unnamed_leaf(const asn1::Type& type, const void* in) {
    if (type.names.empty()) return 0;
    asn1::Scratch scratch;
    const Bytes content = type.save(in, scratch);
    const auto known = [&](int64_t value) {
        return std::any_of(type.names.begin(), type.names.end(), [&](auto& n) { return n.value == value; });
    };
    if (type.kind == asn1::Kind::integer) {
        int64_t value = 0;
        return asn1::load_integer(value, content) && known(value) ? 0 : 1;
    }
    uint64_t mask = 0;
    uint32_t count = 0;
    if (type.kind != asn1::Kind::bits || !asn1::load_bits(mask, content)) return 0;
    for (int n = 0; n < 64; ++n)
        if ((mask >> n & 1) && !known(n)) ++count;
    return count;
}

uint32_t unnamed(const asn1::Type& type, const void* in) {
    uint32_t count = 0;
    switch (type.kind) {
    case asn1::Kind::sequence:
    case asn1::Kind::choice:
        for (const asn1::Field& f : type.fields)
            if (const void* member = f.find(in)) count += unnamed(*f.type, member);
        return count;
    case asn1::Kind::list:
        for (size_t i = 0; i < type.count(in); ++i) count += unnamed(*type.item, type.at(in, i));
        return count;
    case asn1::Kind::view: {
        ItemContext context{*type.item, 0};
        type.each(in, &context, [](void* p, const void* item) {
            auto& c = *static_cast<ItemContext*>(p);
            c.count += unnamed(c.item, item);
        });
        return context.count;
    }
    case asn1::Kind::exact: return unnamed(*type.item, type.at(in, 0));
    default: return unnamed_leaf(type, in);
    }
}

struct Try {
    const asn1::Type* type;
    uint32_t unnamed = 0;
};

/// Deviations and unnamed values with which `m` reads the octets.
Result<uint32_t> doubts(const Message& m, Bytes tlv, asn1::DecodeOptions options) {
    asn1::Deviations seen;
    options.seen = &seen;
    options.noted = nullptr;
    options.tally = false; // an attempt, not a message taken
    Try attempt{m.type};
    TRY(m.read(tlv, options, &attempt, [](void* context, const void* value) {
        auto& a = *static_cast<Try*>(context);
        a.unnamed = unnamed(*a.type, value);
    }));
    uint32_t sum = attempt.unnamed;
    for (const uint32_t n : seen.counts) sum += n;
    return sum;
}

// How far a type came: by octets, and at the same octet further when it was not the tag that stopped it.
size_t progress(const Error& e) {
    return e.offset * size_t{2} + (e.code != Errc::bad_tag && e.code != Errc::missing_field);
}

bool distinctive(asn1::Tag tag) { return tag > 0xFF || tag >> 6 == 3; } // BF51, E3; not 30, A0

// What no type of v1.2 reads, or none without doubt while a form of v1.0 does: the form of v1.0 that reads it
// best.
void try_older(Bytes tlv, asn1::Tag tag, const asn1::DecodeOptions& options, Recognition& out) {
    uint32_t best = out.message ? 1 : 0xFFFFFFFF;
    for (const Message& m : messages()) {
        if (m.edition == Edition::v1_2 || m.type->tag != tag) continue;
        const auto score = doubts(m, tlv, options);
        if (!score || *score >= best) continue;
        if (out.message) out.others.insert(out.others.begin(), out.message);
        best = *score;
        out.message = &m;
    }
}
} // namespace

Recognition recognise(Bytes tlv, const asn1::DecodeOptions& options) {
    Recognition out;
    const auto head = asn1::read_tlv(tlv, "message");
    if (!head) {
        out.error = head.error();
        return out;
    }
    uint32_t best = 0xFFFFFFFF;
    for (const Message& m : messages()) {
        if (m.edition != Edition::v1_2) continue;
        // Under a tag that is no message's own, any component may be meant; but then it has to fit exactly.
        if (distinctive(head->tag) ? m.type->tag != head->tag : m.type->tag && m.type->tag != head->tag)
            continue;
        const auto score = doubts(m, tlv, options);
        if (!score) {
            if (out.error && progress(*out.error) >= progress(score.error())) continue;
            out.nearest = &m;
            out.error = score.error();
            continue;
        }
        if (*score > 0 && !distinctive(head->tag)) continue;
        if (*score < best && out.message) out.others.insert(out.others.begin(), out.message);
        if (*score < best) {
            best = *score;
            out.message = &m;
        } else {
            out.others.push_back(&m);
        }
    }
    if (best > 0 && distinctive(head->tag)) try_older(tlv, head->tag, options, out);
    if (out.message && !distinctive(head->tag) && !out.others.empty()) {
        out.others.insert(out.others.begin(), out.message);
        out.message = nullptr;
    }
    if (out.message) {
        out.nearest = nullptr;
        out.error.reset();
    } else if (!distinctive(head->tag) || !out.nearest) {
        out.nearest = nullptr;
        out.error = Error{out.others.empty() ? Errc::bad_tag : Errc::conflict, "message", head->tag};
    }
    return out;
}

} // namespace halyard::rsp
