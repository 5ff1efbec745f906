#include "tests/vectors/reference.h"

namespace halyard::vectors {
namespace {
using asn1::Field, asn1::Kind, asn1::Size, asn1::Tag, asn1::Type;

struct Part {
    Tag tag;
    Bytes content, rest;
};

// Identifier of one to three octets, length of one to five and no longer than needed. X.690 §8.1.2, §10.1
std::optional<Part> first_part(Bytes in) {
    size_t tag_octets = 1;
    if (in.empty()) return std::nullopt;
    if ((in[0] & 0x1F) == 0x1F) {
        do {
            if (++tag_octets > 3 || tag_octets > in.size()) return std::nullopt;
        } while (in[tag_octets - 1] & 0x80);
    }
    Tag tag = 0;
    for (size_t i = 0; i < tag_octets; ++i) tag = tag << 8 | in[i];
    Bytes rest = in.subspan(tag_octets);
    if (rest.empty()) return std::nullopt;
    size_t length = rest[0];
    size_t length_octets = 1;
    if (length >= 0x80) {
        const size_t more = length - 0x80;
        if (more < 1 || more > 4 || rest.size() < 1 + more) return std::nullopt;
        length = 0;
        for (size_t i = 1; i <= more; ++i) length = length * 256 + rest[i];
        size_t needed = 1;
        for (size_t n = length; n > 0xFF; n /= 256) ++needed;
        if (length < 0x80 || needed != more) return std::nullopt;
        length_octets += more;
    }
    rest = rest.subspan(length_octets);
    if (rest.size() < length) return std::nullopt;
    return Part{tag, rest.first(length), rest.subspan(length)};
}

const Type& bare(const Type& type) { return type.kind == Kind::exact ? bare(*type.item) : type; }

bool may_begin(const Field& f, Tag tag) {
    if (f.tag || bare(*f.type).tag)
        return tag == (f.tag ? f.tag : bare(*f.type).tag) || (f.other_tag && tag == f.other_tag);
    for (const Field& alternative : bare(*f.type).fields)
        if (may_begin(alternative, tag)) return true;
    return false;
}

// DEFAULT values, by the tag tables: what must not be written. X.690 §11.5
bool is_default(const Type& owner, const Field& f, Bytes content) {
    struct {
        std::string_view type, field;
        uint8_t value;
    } constexpr kDefaults[] = {{"ProfileInfo", "fallbackAttribute", 0},
                               {"StoreMetadataRequest", "profileClass", 2},
                               {"CompactProfileInstallationResultData", "iccidPresent", 0xFF}};
    for (const auto& d : kDefaults)
        if (d.type == owner.name && d.field == f.name) return content.size() == 1 && content[0] == d.value;
    return false;
}

bool leaf(const Type& type, Size size, Bytes c) {
    switch (type.kind) {
    case Kind::boolean: return c.size() == 1 && (c[0] == 0x00 || c[0] == 0xFF);
    case Kind::null: return c.empty();
    case Kind::octets:
    case Kind::utf8: return c.size() >= size.min && c.size() <= size.max;
    case Kind::integer: {
        if (c.empty()) return false;
        if (c.size() > 1 && (c[0] == 0x00 ? c[1] < 0x80 : c[0] == 0xFF && c[1] >= 0x80)) return false;
        alignas(16) std::array<uint8_t, 16> room; // its range is that of the C++ type
        return c.size() <= 8 && type.load(room.data(), c);
    }
    case Kind::bits: {
        if (c.empty() || c[0] > 7) return false;
        if (c.size() == 1) return c[0] == 0;
        const size_t count = (c.size() - 1) * 8 - c[0];
        const auto bit = [&](size_t n) { return c[1 + n / 8] >> (7 - n % 8) & 1; };
        for (size_t n = count; n < (c.size() - 1) * 8; ++n)
            if (bit(n)) return false;
        for (size_t n = 64; n < count; ++n)
            if (bit(n)) return false; // more than this program keeps
        return bit(count - 1);
    }
    case Kind::oid: {
        if (c.empty() || c.back() >= 0x80) return false;
        for (size_t i = 0; i < c.size(); ++i)
            if (c[i] == 0x80 && (i == 0 || c[i - 1] < 0x80)) return false;
        return true;
    }
    default: return false;
    }
}

struct Reader {
    Walk& walk;

    std::optional<Part> next(Bytes in) {
        auto part = first_part(in);
        if (part) ++walk.tlvs;
        return part;
    }

    // `tagged`: the part's tag is this value's own, so its content is the type's.
    bool value(const Type& type, const Field& f, const Part& p, bool tagged, int depth) {
        walk.depth = std::max(walk.depth, depth);
        switch (type.kind) {
        case Kind::exact: return value(*type.item, f, p, tagged, depth);
        case Kind::any: return true;
        case Kind::sequence: return members(type, p.content, depth + 1);
        case Kind::choice: {
            if (!tagged) return alternative(type, p, depth);
            const auto inner = next(p.content);
            return inner && inner->rest.empty() && alternative(type, *inner, depth + 1);
        }
        case Kind::list:
        case Kind::view:
            note(type, f, p.content);
            for (Bytes rest = p.content; !rest.empty();) {
                const auto part = element(*type.item, rest, depth + 1);
                if (!part) return false;
                rest = part->rest;
            }
            return true;
        case Kind::raw: { // a 30 that an implicit tag should have replaced
            const auto inner = asn1::read_tlv(p.content);
            if (p.tag == 0x30 || !inner || inner->tag != 0x30 || !inner->rest.empty()) return true;
            const auto first = asn1::read_tlv(inner->content);
            return !first || first->tag != 0x30 || first->rest.empty();
        }
        default: break;
        }
        note(type, f, p.content);
        return leaf(type, limits(type, f), p.content);
    }

    static Size limits(const Type& type, const Field& f) {
        return {std::max(type.size.min, f.size.min), std::min(type.size.max, f.size.max)};
    }
    void note(const Type& type, const Field& f, Bytes content) const {
        if (walk.found) walk.found->push_back({&type, f.name, limits(type, f), content});
    }

    bool alternative(const Type& type, const Part& p, int depth) {
        for (const Field& f : type.fields)
            if (may_begin(f, p.tag)) return value(*f.type, f, p, f.tag || bare(*f.type).tag, depth);
        return false;
    }

    std::optional<Part> element(const Type& type, Bytes in, int depth) {
        const Field only{type.name, 0, true, &type, nullptr, nullptr};
        const auto part = next(in);
        if (!part || !may_begin(only, part->tag) || !value(type, only, *part, bare(type).tag, depth))
            return std::nullopt;
        return part;
    }

    bool members(const Type& type, Bytes content, int depth) {
        size_t at = 0; // the next field that may come
        while (!content.empty()) {
            const auto part = next(content);
            if (!part) return false;
            size_t i = at;
            while (i < type.fields.size() && !may_begin(type.fields[i], part->tag) &&
                   !type.fields[i].required)
                ++i;
            if (i == type.fields.size() || !may_begin(type.fields[i], part->tag)) {
                if (i < type.fields.size()) return false; // a required one should stand here
                return trailing(type, content, *part);
            }
            const Field& f = type.fields[i];
            if (f.other_tag && part->tag == f.other_tag) return false;
            if (!value(*f.type, f, *part, f.tag || bare(*f.type).tag, depth)) return false;
            if (is_default(type, f, part->content)) return false;
            at = i + 1;
            content = part->rest;
        }
        for (; at < type.fields.size(); ++at)
            if (type.fields[at].required) return false;
        return true;
    }

    // EXTENSIBILITY IMPLIED: components of a later edition, whose tags are none of the known ones. Universal
    // tags may come again, for they are nobody's own.
    bool trailing(const Type& type, Bytes content, Part first) {
        for (std::optional<Part> part = first;; part = next(content)) {
            if (!part) return false;
            for (const Field& f : type.fields)
                if ((content[0] & 0xC0) && may_begin(f, part->tag)) return false;
            content = part->rest;
            if (content.empty()) return true;
        }
    }
};
} // namespace

bool is_strict_der(const Type& type, Bytes der, Walk& walk) {
    const auto part = Reader{walk}.element(type, der, 1);
    return part && part->rest.empty();
}

} // namespace halyard::vectors
