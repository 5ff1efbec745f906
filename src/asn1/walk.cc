#include "asn1/walk.h"

namespace halyard::asn1 {
namespace {

const Type& plain(const Type& type) {
    const Type* t = &type;
    while (t->kind == Kind::exact) t = t->item;
    return *t;
}

bool selects(const Field& f, Tag tag) {
    if (tag_of(f)) return tag_of(f) == tag || (f.other_tag && f.other_tag == tag);
    const Type& type = plain(*f.type);
    if (type.kind == Kind::any) return true;
    return std::any_of(
        type.fields.begin(), type.fields.end(), [&](const Field& a) { return selects(a, tag); });
}

class Walker {
  public:
    Walker(Walk& out, Bytes der, const DecodeOptions& options)
        : out_(out), begin_(der.data()), options_(options) {}

    Ok item(const Type& type, Node& node, Bytes& rest, int depth) {
        const Field only{type.name, 0, true, &type, nullptr, nullptr};
        const Tlv tlv = TRY(next(rest, type.name));
        if (!selects(only, tlv.tag)) {
            expect(only);
            return fail(Errc::bad_tag, type.name, tlv.tag, offset(rest.data()));
        }
        rest = tlv.rest;
        return value(type, node, tlv, type.tag != 0, only, depth);
    }

  private:
    uint32_t offset(const uint8_t* at) const {
        return at && at >= begin_ ? static_cast<uint32_t>(at - begin_) : 0;
    }

    Result<Tlv> next(Bytes in, const char* where) {
        auto tlv = read_tlv(in, where);
        if (!tlv) {
            tlv.error().offset += offset(in.data());
            return tlv;
        }
        if (++elements_ > options_.max_elements)
            return fail(Errc::limit, "elements", options_.max_elements, offset(in.data()));
        return tlv;
    }

    void expect(const Field& f) {
        if (tag_of(f) || plain(*f.type).kind == Kind::any)
            return out_.expected.push_back({f.name, tag_of(f), f.type, f.required, f.size});
        for (const Field& alternative : plain(*f.type).fields) expect(alternative);
    }
    Error refuse(const Error& error, const Type& type, Size size = {}) {
        out_.type = &type;
        out_.size = {std::max(size.min, type.size.min), std::min(size.max, type.size.max)};
        return error;
    }

    Node& add(Node& parent, const Field* field, const Tlv& tlv) {
        Node& child = parent.children.emplace_back();
        child.field = field;
        place(child, tlv);
        return child;
    }
    void place(Node& node, const Tlv& tlv) const {
        node.tag = tlv.tag;
        node.whole = tlv.whole;
        node.content = tlv.content;
        node.offset = offset(tlv.whole.data());
    }

    Ok choice(const Type& type, Node& node, const Tlv& tlv, const char* where, int depth) {
        for (const Field& f : type.fields)
            if (selects(f, tlv.tag)) return value(*f.type, add(node, &f, tlv), tlv, tag_of(f) != 0, f, depth);
        for (const Field& f : type.fields) expect(f);
        return fail(Errc::bad_tag, where, tlv.tag, offset(tlv.whole.data()));
    }

    Ok tagged_choice(const Type& type, Node& node, const Tlv& tlv, const char* where, int depth) {
        Tlv inner = TRY(next(tlv.content, where));
        const auto known = [&] {
            return std::any_of(type.fields.begin(), type.fields.end(), [&](const Field& f) {
                return selects(f, inner.tag);
            });
        };
        if (inner.tag == tlv.tag && inner.rest.empty() && !known()) inner = TRY(next(inner.content, where));
        if (known() && !inner.rest.empty())
            return fail(
                Errc::bad_length, where, static_cast<uint32_t>(inner.rest.size()), offset(inner.rest.data()));
        return choice(type, node, inner, where, depth);
    }

    Ok unknown(const Type& type, Node& node, Bytes content) {
        while (!content.empty()) {
            const Tlv tlv = TRY(next(content, type.name));
            const bool universal = !(tlv.whole[0] & 0xC0);
            for (const Field& f : type.fields)
                if (!universal && f.type->kind != Kind::any && selects(f, tlv.tag))
                    return fail(Errc::bad_tag, f.name, tlv.tag, offset(content.data()));
            add(node, nullptr, tlv).complete = true;
            content = tlv.rest;
        }
        return {};
    }

    // Members behind the last one that was there, up to the one that must be.
    void expect_members(const Type& type, size_t from, size_t to) {
        for (size_t i = from; i <= to; ++i) expect(type.fields[i]);
    }

    Ok sequence(const Type& type, Node& node, Bytes content, int depth) {
        const uint8_t* const end = content.data() + content.size();
        Tlv tlv;
        bool have = false;
        size_t behind = 0;
        for (size_t i = 0; i < type.fields.size(); ++i) {
            const Field& f = type.fields[i];
            if (!have) {
                if (content.empty()) {
                    if (!f.required) continue;
                    expect_members(type, behind, i);
                    return fail(Errc::missing_field, f.name, 0, offset(end));
                }
                tlv = TRY(next(content, f.name));
                have = true;
            }
            if (!selects(f, tlv.tag)) {
                if (!f.required) continue;
                expect_members(type, behind, i);
                return fail(Errc::missing_field, f.name, tlv.tag, offset(content.data()));
            }
            const bool bare =
                f.other_tag == tlv.tag && (f.type->kind == Kind::view || f.type->kind == Kind::list);
            if (f.other_tag && bare) tlv.content = tlv.whole; // see is_bare_item in der.cc
            TRY(value(*f.type, add(node, &f, tlv), tlv, tag_of(f) != 0, f, depth));
            content = tlv.rest;
            have = false;
            behind = i + 1;
        }
        return unknown(type, node, content);
    }

    Ok leaf(const Type& type, const Tlv& tlv, const Field& f) {
        const size_t n = tlv.content.size();
        const bool sized = type.kind == Kind::octets || type.kind == Kind::utf8;
        const auto at = offset(tlv.whole.data());
        if (sized && (n < f.size.min || n > f.size.max || n < type.size.min || n > type.size.max))
            return tl::unexpected<Error>(
                refuse({Errc::bad_length, f.name, static_cast<uint32_t>(n), at}, type, f.size));
        if (!loads(type, tlv.content))
            return tl::unexpected<Error>(refuse({Errc::bad_value, f.name, 0, at}, type));
        return {};
    }

    // See raw_content in der.cc: an implicit tag replaces the 30, some stacks keep it inside.
    static Bytes raw(const Tlv& tlv) {
        if (tlv.tag == 0x30) return tlv.content;
        const auto inner = read_tlv(tlv.content);
        const bool kept = inner && inner->tag == 0x30 && inner->rest.empty() && !inner->content.empty() &&
                          inner->content[0] == 0x30;
        return kept ? inner->content : tlv.content;
    }

    Ok value(const Type& type, Node& node, const Tlv& tlv, bool tagged, const Field& f, int depth) {
        place(node, tlv);
        node.type = &plain(type);
        node.exact = type.kind == Kind::exact;
        if (depth > options_.max_depth)
            return fail(Errc::limit, "depth", options_.max_depth, offset(tlv.whole.data()));
        TRY(inside(*node.type, node, tlv, tagged, f, depth));
        node.complete = true;
        return {};
    }

    Ok inside(const Type& type, Node& node, const Tlv& tlv, bool tagged, const Field& f, int depth) {
        switch (type.kind) {
        case Kind::sequence: return sequence(type, node, tlv.content, depth + 1);
        case Kind::choice:
            node.own = tagged;
            if (!tagged) return choice(type, node, tlv, f.name, depth);
            return tagged_choice(type, node, tlv, f.name, depth + 1);
        case Kind::list:
        case Kind::view:
            for (Bytes rest = tlv.content; !rest.empty();)
                TRY(item(*type.item, node.children.emplace_back(), rest, depth + 1));
            return {};
        case Kind::raw: node.content = raw(tlv); return {};
        case Kind::any:
        case Kind::exact: return {};
        default: return leaf(type, tlv, f);
        }
    }

    Walk& out_;
    const uint8_t* begin_;
    DecodeOptions options_;
    uint32_t elements_ = 0;
};

} // namespace

bool loads(const Type& type, Bytes content) {
    switch (type.kind) {
    case Kind::integer:
    case Kind::boolean:
    case Kind::null:
    case Kind::bits:
    case Kind::oid: {
        // Numbers, masks and an Oid's span: nothing of these kinds is larger or has a destructor.
        alignas(std::max_align_t) std::array<std::byte, 32> room{};
        static_assert(sizeof(Oid) <= sizeof room && sizeof(Bits) <= sizeof room);
        return type.load(room.data(), content);
    }
    default: return true;
    }
}

Range range_of(const Type& integer) {
    constexpr int64_t kMax[] = {INT64_MAX, UINT32_MAX, INT32_MAX, UINT16_MAX, INT16_MAX, UINT8_MAX, INT8_MAX};
    constexpr int64_t kMin[] = {INT64_MIN, INT32_MIN, INT16_MIN, INT8_MIN};
    Range out{0, 0};
    Scratch scratch;
    for (const int64_t v : kMax)
        if (!out.max && loads(integer, save_integer(v, scratch))) out.max = v;
    for (const int64_t v : kMin)
        if (!out.min && loads(integer, save_integer(v, scratch))) out.min = v;
    return out;
}

Walk walk(const Type& type, Bytes der, const DecodeOptions& options) {
    Walk out;
    if (der.size() > options.max_size) {
        out.error =
            Error{Errc::limit, type.name, static_cast<uint32_t>(std::min<size_t>(der.size(), 0xFFFFFFFF))};
        return out;
    }
    Walker walker(out, der, options);
    out.root.type = &type;
    Bytes rest = der;
    if (const Ok ok = walker.item(type, out.root, rest, 1); !ok)
        out.error = ok.error();
    else if (!rest.empty())
        out.error = Error{Errc::bad_length,
                          type.name,
                          static_cast<uint32_t>(rest.size()),
                          static_cast<uint32_t>(rest.data() - der.data())};
    return out;
}

} // namespace halyard::asn1
