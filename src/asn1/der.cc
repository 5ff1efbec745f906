#include "asn1/asn1.h"
#include "base/tolerated.h"
#include <cstring>

namespace halyard::asn1 {

struct DecodeContext {
    const uint8_t* begin;
    DecodeOptions options;
    const char* message = ""; // the type at the root
    uint32_t elements = 0;

    uint32_t offset(const uint8_t* at) const {
        // An empty tail may come from a default span; it then stands for the start.
        return at && at >= begin ? static_cast<uint32_t>(at - begin) : 0;
    }
    Ok note(Deviation deviation, const char* where, const uint8_t* at) {
        const bool extension = deviation == Deviation::unknown_field; // EXTENSIBILITY IMPLIED allows it
        if (!extension && (options.strict || (options.tally && PeerScope::is_strict())))
            return fail(Errc::bad_value, where, static_cast<uint32_t>(deviation), offset(at));
        if (options.seen) {
            ++options.seen->counts[static_cast<size_t>(deviation)];
            options.seen->last_where = where;
            options.seen->last_offset = offset(at);
        }
        if (options.noted) options.noted->push_back({deviation, where, offset(at)});
        if (options.tally) count_tolerated(name(deviation), where, message, offset(at));
        return {};
    }
};

Result<Tlv> read_tlv(Bytes in, const char* where) {
    size_t i = 0;
    if (in.empty()) return fail(Errc::truncated, where);
    Tag tag = in[i++];
    if ((tag & 0x1F) == 0x1F) {
        do {
            if (i >= in.size()) return fail(Errc::truncated, where, tag, static_cast<uint32_t>(i));
            if (tag > 0xFFFF) return fail(Errc::bad_tag, where, tag, static_cast<uint32_t>(i));
            tag = tag << 8 | in[i];
        } while (in[i++] & 0x80);
    }
    if (i >= in.size()) return fail(Errc::truncated, where, tag, static_cast<uint32_t>(i));
    size_t length = in[i++];
    bool long_length = false;
    if (length > 0x80 && length <= 0x84) {
        size_t n = length & 0x7F;
        if (in.size() - i < n) return fail(Errc::truncated, where, tag, static_cast<uint32_t>(i));
        const uint8_t first = in[i];
        for (length = 0; n; --n) length = length << 8 | in[i++];
        long_length = first == 0 || length < 0x80;
    } else if (length >= 0x80) {
        return fail(Errc::bad_length, where, tag, static_cast<uint32_t>(i - 1));
    }
    if (in.size() - i < length) return fail(Errc::truncated, where, tag, static_cast<uint32_t>(i));
    return Tlv{tag, in.subspan(i, length), in.first(i + length), in.subspan(i + length), long_length};
}

namespace {

Tag tag_of(const Field& f) { return f.tag ? f.tag : f.type->tag; }

// An untagged CHOICE has no tag of its own: any alternative's tag selects it. ANY takes whatever comes.
bool selects(const Field& f, Tag tag) {
    if (tag_of(f)) return tag_of(f) == tag || (f.other_tag && f.other_tag == tag);
    const Type* type = f.type;
    while (type->kind == Kind::exact) type = type->item;
    if (type->kind == Kind::any) return true;
    for (const Field& alternative : type->fields)
        if (selects(alternative, tag)) return true;
    return false;
}

// The only element of a SEQUENCE OF without the list's header.
bool is_bare_item(const Field& f, Tag tag) {
    return f.other_tag && f.other_tag == tag && (f.type->kind == Kind::view || f.type->kind == Kind::list);
}

Result<Tlv> next_tlv(Bytes in, const char* where, DecodeContext& c) {
    auto tlv = read_tlv(in, where);
    if (!tlv) {
        tlv.error().offset += c.offset(in.data());
        return tlv;
    }
    if (++c.elements > c.options.max_elements)
        return fail(Errc::limit, "elements", c.options.max_elements, c.offset(in.data()));
    if (tlv->long_length) TRY(c.note(Deviation::long_length, where, in.data()));
    return tlv;
}

Ok decode_content(const Type&, void* out, const Tlv&, bool tagged, const Field&, DecodeContext&, int depth);

Ok decode_choice(
    const Type& type, void* out, const Tlv& tlv, const char* where, DecodeContext& c, int depth) {
    for (const Field& f : type.fields) {
        if (!selects(f, tlv.tag)) continue;
        return decode_content(*f.type, f.make(out), tlv, tag_of(f) != 0, f, c, depth);
    }
    return fail(Errc::bad_tag, where, tlv.tag, c.offset(tlv.whole.data()));
}

// Behind the last known field: later editions may have added something; what an earlier field should have
// been is a defect (twice, out of order, or a second alternative of a CHOICE without a tag).
Ok skip_unknown(const Type& type, Bytes content, DecodeContext& c) {
    while (!content.empty()) {
        const Tlv tlv = TRY(next_tlv(content, type.name, c));
        const bool universal = !(tlv.whole[0] & 0xC0);
        for (const Field& f : type.fields) // an open type has no tag to know it by
            if (!universal && f.type->kind != Kind::any && selects(f, tlv.tag))
                return fail(Errc::bad_tag, f.name, tlv.tag, c.offset(content.data()));
        TRY(c.note(Deviation::unknown_field, type.name, content.data()));
        content = tlv.rest;
    }
    return {};
}

Ok decode_sequence(const Type& type, void* out, Bytes content, DecodeContext& c, int depth) {
    const uint8_t* const end = content.data() + content.size();
    Tlv tlv;
    bool have = false;
    for (const Field& f : type.fields) {
        if (!have) {
            if (content.empty()) {
                if (f.required) return fail(Errc::missing_field, f.name, 0, c.offset(end));
                continue;
            }
            tlv = TRY(next_tlv(content, f.name, c));
            have = true;
        }
        if (!selects(f, tlv.tag)) {
            if (f.required) return fail(Errc::missing_field, f.name, tlv.tag, c.offset(content.data()));
            continue;
        }
        if (f.other_tag && tlv.tag == f.other_tag)
            TRY(c.note(Deviation::other_tag, f.name, tlv.whole.data()));
        if (is_bare_item(f, tlv.tag)) tlv.content = tlv.whole;
        TRY(decode_content(*f.type, f.make(out), tlv, tag_of(f) != 0, f, c, depth));
        // Present, yet found absent: it equals its DEFAULT.
        if (!f.required && !f.find(out)) TRY(c.note(Deviation::default_value, f.name, tlv.whole.data()));
        content = tlv.rest;
        have = false;
    }
    return skip_unknown(type, content, c);
}

Ok decode_list(const Type& type, void* out, Bytes content, DecodeContext& c, int depth) {
    while (!content.empty()) TRY(take_item(*type.item, type.grow(out), content, c, depth));
    return {};
}

Ok check_leaf(const Type& type, const Tlv& tlv, const Field& f, DecodeContext& c) {
    const size_t n = tlv.content.size();
    const bool sized = type.kind == Kind::octets || type.kind == Kind::utf8;
    if (sized && (n < f.size.min || n > f.size.max || n < type.size.min || n > type.size.max))
        return fail(Errc::bad_length, f.name, static_cast<uint32_t>(n), c.offset(tlv.whole.data()));
    if (type.kind == Kind::boolean && n == 1 && tlv.content[0] != 0 && tlv.content[0] != 0xFF)
        return c.note(Deviation::boolean_value, f.name, tlv.whole.data());
    if (type.kind == Kind::integer && n > 1 &&
        ((tlv.content[0] == 0 && !(tlv.content[1] & 0x80)) ||
         (tlv.content[0] == 0xFF && (tlv.content[1] & 0x80))))
        return c.note(Deviation::long_integer, f.name, tlv.whole.data());
    // The last bit that counts must be 1, those behind it 0. X.690 §11.2
    if (type.kind == Kind::bits && n > 1 && tlv.content[0] < 8 &&
        (tlv.content[n - 1] & ((2 << tlv.content[0]) - 1)) != 1 << tlv.content[0])
        return c.note(Deviation::long_bits, f.name, tlv.whole.data());
    return {};
}

// The tag encloses one alternative. Some stacks write the tag of a CHOICE twice where it is a field under
// that very tag; it is taken once more unless it is an alternative's.
Ok decode_tagged_choice(
    const Type& type, void* out, const Tlv& tlv, const char* where, DecodeContext& c, int depth) {
    Tlv inner = TRY(next_tlv(tlv.content, where, c));
    const auto known = [&] {
        return std::any_of(
            type.fields.begin(), type.fields.end(), [&](const Field& f) { return selects(f, inner.tag); });
    };
    if (inner.tag == tlv.tag && inner.rest.empty() && !known()) {
        TRY(c.note(Deviation::repeated_tag, where, inner.whole.data()));
        inner = TRY(next_tlv(inner.content, where, c));
    }
    if (known() && !inner.rest.empty())
        return fail(
            Errc::bad_length, where, static_cast<uint32_t>(inner.rest.size()), c.offset(inner.rest.data()));
    return decode_choice(type, out, inner, where, c, depth);
}

// An implicit tag replaces the 30 of a certificate or key; some stacks keep it inside. No certificate or key
// has a single component, so a 30 that fills the value, begins with a 30 and has more behind that is that
// header.
Result<Bytes> raw_content(const Tlv& tlv, const Field& f, DecodeContext& c) {
    constexpr Tag kSequence = 0x30;
    if (tlv.tag == kSequence) return tlv.content;
    const auto inner = read_tlv(tlv.content, f.name);
    if (!inner || inner->tag != kSequence || !inner->rest.empty()) return tlv.content;
    const auto first = read_tlv(inner->content, f.name);
    if (!first || first->tag != kSequence || first->rest.empty()) return tlv.content;
    TRY(c.note(Deviation::kept_header, f.name, inner->whole.data()));
    return inner->content;
}

// `tagged`: the TLV's tag belongs to this type, so its content is the type's content. Otherwise (an untagged
// CHOICE) the TLV is that of the chosen alternative.
Ok decode_content(
    const Type& type, void* out, const Tlv& tlv, bool tagged, const Field& f, DecodeContext& c, int depth) {
    if (depth > c.options.max_depth)
        return fail(Errc::limit, "depth", c.options.max_depth, c.offset(tlv.whole.data()));
    switch (type.kind) {
    case Kind::sequence: return decode_sequence(type, out, tlv.content, c, depth + 1);
    case Kind::choice:
        if (!tagged) return decode_choice(type, out, tlv, f.name, c, depth);
        return decode_tagged_choice(type, out, tlv, f.name, c, depth + 1);
    case Kind::list: return decode_list(type, out, tlv.content, c, depth + 1);
    case Kind::view: type.load(out, tlv.content); return type.check(tlv.content, c, depth + 1);
    case Kind::exact:
        type.load(out, tlv.whole);
        return decode_content(*type.item, type.grow(out), tlv, tagged, f, c, depth);
    case Kind::any: type.load(out, tlv.whole); return {};
    case Kind::raw: type.load(out, TRY(raw_content(tlv, f, c))); return {};
    default: break;
    }
    TRY(check_leaf(type, tlv, f, c));
    if (!type.load(out, tlv.content)) return fail(Errc::bad_value, f.name, 0, c.offset(tlv.whole.data()));
    return {};
}

// Writes from the end of the buffer towards the front, so every length is known when it is written.
class BackWriter {
  public:
    explicit BackWriter(Buffer buffer) : buffer_(buffer), begin_(buffer.size()) {}
    size_t mark() const { return begin_; }
    Bytes written() const { return buffer_.subspan(begin_); }
    const std::optional<Error>& error() const { return error_; }
    void refuse(Errc code, const char* where, uint32_t detail = 0) {
        if (!error_) error_ = Error{code, where, detail};
    }
    void put(Bytes b) {
        if (b.size() > begin_) return refuse(Errc::no_space, "buffer", static_cast<uint32_t>(buffer_.size()));
        begin_ -= b.size();
        if (!b.empty()) std::memcpy(&buffer_[begin_], b.data(), b.size());
    }
    void put(uint8_t byte) { put(Bytes(&byte, 1)); }
    void header(Tag tag, size_t mark) {
        const size_t length = mark - begin_;
        put(static_cast<uint8_t>(length));
        if (length > 0x7F) {
            uint8_t n = 1;
            for (size_t rest = length >> 8; rest; rest >>= 8, ++n) put(static_cast<uint8_t>(rest));
            put(static_cast<uint8_t>(0x80 | n));
        }
        do put(static_cast<uint8_t>(tag));
        while (tag >>= 8);
    }

  private:
    Buffer buffer_;
    size_t begin_;
    std::optional<Error> error_;
};

void encode_as(const Type&, Tag, const void*, const Field&, BackWriter&);

void encode_item(const Type& item, const void* in, BackWriter& w) {
    const Field only{item.name, 0, true, &item, nullptr, nullptr};
    encode_as(item, item.tag, in, only, w);
}

void encode_leaf(const Type& type, const void* in, const Field& f, BackWriter& w) {
    Scratch scratch;
    const Bytes content = type.save(in, scratch);
    const size_t n = content.size();
    if (n < f.size.min || n > f.size.max || n < type.size.min || n > type.size.max)
        w.refuse(Errc::bad_length, f.name, static_cast<uint32_t>(n));
    if (type.kind == Kind::oid && n == 0) w.refuse(Errc::missing_field, f.name);
    w.put(content);
}

void encode_as(const Type& type, Tag tag, const void* in, const Field& field, BackWriter& w) {
    const size_t mark = w.mark();
    Scratch scratch;
    switch (type.kind) {
    case Kind::sequence:
    case Kind::choice:
        for (size_t i = type.fields.size(); i--;) {
            const Field& f = type.fields[i];
            if (const void* member = f.find(in)) encode_as(*f.type, tag_of(f), member, f, w);
        }
        break;
    case Kind::list:
        for (size_t i = type.count(in); i--;) encode_item(*type.item, type.at(in, i), w);
        break;
    case Kind::view:
        for (size_t i = type.count(in); i--;) encode_item(*type.item, type.at(in, i), w);
        w.put(type.save(in, scratch));
        break;
    case Kind::exact: // what was signed goes out as it came in
        if (Bytes der = type.save(in, scratch); !der.empty()) return w.put(der);
        return encode_as(*type.item, tag, type.at(in, 0), field, w);
    case Kind::any:
        if (type.save(in, scratch).empty()) return w.refuse(Errc::missing_field, field.name);
        return w.put(type.save(in, scratch));
    default: encode_leaf(type, in, field, w);
    }
    if (tag) w.header(tag, mark);
}

} // namespace

OwnedBytes Raw::der() const {
    std::array<uint8_t, 8> room;
    BackWriter w(room);
    OwnedBytes out;
    size_t length = content.size();
    if (length > 0x7F) {
        uint8_t n = 0;
        for (; length; length >>= 8, ++n) w.put(static_cast<uint8_t>(length));
        // put() writes backwards: least significant octet first is right
        w.put(static_cast<uint8_t>(0x80 | n));
    } else {
        w.put(static_cast<uint8_t>(length));
    }
    w.put(uint8_t{0x30});
    append(out, w.written());
    append(out, content);
    return out;
}

Result<Raw> Raw::from(Bytes der, const char* where) {
    const Tlv tlv = TRY(read_tlv(der, where));
    if (tlv.tag != 0x30) return fail(Errc::bad_tag, where, tlv.tag);
    if (!tlv.rest.empty()) return fail(Errc::bad_length, where, static_cast<uint32_t>(tlv.rest.size()));
    return Raw{tlv.content};
}

Ok take_item(const Type& item, void* out, Bytes& rest, DecodeContext& c, int depth) {
    const Field only{item.name, 0, true, &item, nullptr, nullptr};
    const Tlv tlv = TRY(next_tlv(rest, item.name, c));
    if (!selects(only, tlv.tag)) return fail(Errc::bad_tag, item.name, tlv.tag, c.offset(rest.data()));
    rest = tlv.rest;
    return decode_content(item, out, tlv, item.tag != 0, only, c, depth);
}

// Walking what was decoded before: its deviations have been counted.
Ok take_item(const Type& item, void* out, Bytes& rest) {
    DecodeContext c{rest.data(), {.tally = false}, item.name};
    return take_item(item, out, rest, c, 1);
}

Ok decode(const Type& type, void* out, Bytes der, const DecodeOptions& options) {
    if (der.size() > options.max_size)
        return fail(Errc::limit, type.name, static_cast<uint32_t>(std::min<size_t>(der.size(), 0xFFFFFFFF)));
    DecodeContext c{der.data(), options, type.name};
    TRY(take_item(type, out, der, c, 1));
    if (!der.empty())
        return fail(Errc::bad_length, type.name, static_cast<uint32_t>(der.size()), c.offset(der.data()));
    return {};
}

Result<Bytes> encode(const Type& type, const void* in, Buffer buffer) {
    BackWriter w(buffer);
    encode_item(type, in, w);
    if (w.error()) return tl::unexpected<Error>(*w.error());
    return w.written();
}

Result<OwnedBytes> encode_owned(const Type& type, const void* in) {
    for (size_t size = 1024;; size *= 8) {
        OwnedBytes buffer(size);
        const auto der = encode(type, in, buffer);
        if (!der && der.error().code == Errc::no_space && size < (size_t{16} << 20)) continue;
        if (!der) return tl::unexpected<Error>(der.error());
        return OwnedBytes(der->begin(), der->end());
    }
}

} // namespace halyard::asn1
