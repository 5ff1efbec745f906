#include "profile/package.h"
#include "asn1/tlv.h"

namespace halyard::profile {
namespace {

// The elements that are plain described types; the others are made of template files.
struct Kind {
    ElementKind is;
    Ok (*check)(Bytes der);
    Result<OwnedBytes> (*again)(Bytes der);
    std::optional<PeHeader> (*header)(Bytes der);
};

template <class T> Ok check(Bytes der) {
    TRY(asn1::decode<T>(der));
    return {};
}
template <class T> Result<OwnedBytes> again(Bytes der) { return asn1::encode(TRY(asn1::decode<T>(der))); }
template <class T> std::optional<PeHeader> header(Bytes der) {
    if constexpr (requires(T t) { t.header; })
        if (const auto t = asn1::decode<T>(der)) return t->header;
    return std::nullopt;
}
template <class T> constexpr Kind kind(asn1::Tag tag, const char* name) {
    return {{tag, name, &asn1::Map<T>::type}, check<T>, again<T>, header<T>};
}

constexpr Kind kKinds[] = {
    kind<ProfileHeader>(0xA0, "header"),
    kind<GenericFileManagement>(0xA1, "genericFileManagement"),
    kind<PinCodes>(0xA2, "pinCodes"),
    kind<PukCodes>(0xA3, "pukCodes"),
    kind<AkaParameter>(0xA4, "akaParameter"),
    kind<CdmaParameter>(0xA5, "cdmaParameter"),
    kind<SecurityDomain>(0xA6, "securityDomain"),
    kind<Rfm>(0xA7, "rfm"),
    kind<Application>(0xA8, "application"),
    kind<NonStandard>(0xA9, "nonStandard"),
    kind<End>(0xAA, "end"),
    kind<asn1::Tagged<Dummy, 0xAB>>(0xAB, "rfu1"),
    kind<asn1::Tagged<Dummy, 0xAC>>(0xAC, "rfu2"),
    kind<asn1::Tagged<Dummy, 0xAD>>(0xAD, "rfu3"),
    kind<asn1::Tagged<Dummy, 0xAE>>(0xAE, "rfu4"),
    kind<asn1::Tagged<Dummy, 0xAF>>(0xAF, "rfu5"),
};

const Kind* kind_of(asn1::Tag tag) {
    for (const Kind& k : kKinds)
        if (k.is.tag == tag) return &k;
    return nullptr;
}

// What the tag at the front announces, for errors about an element that is not all there.
const char* name_of_front(Bytes stream) {
    if (stream.empty()) return "ProfileElement";
    asn1::Tag tag = stream[0];
    if ((tag & 0x1F) == 0x1F && stream.size() > 1) tag = tag << 8 | stream[1];
    if (const Kind* k = kind_of(tag)) return k->is.name;
    if (const Template* t = template_of(tag)) return t->name;
    return "ProfileElement";
}

template <class T> auto at_offset(Result<T> result, uint32_t offset) {
    if (!result) result.error().offset += offset;
    return result;
}

Ok describe(Element& e) {
    if (const Kind* k = kind_of(e.tag)) {
        e.name = k->is.name;
        e.known = true;
        TRY(k->check(e.der));
        e.header = k->header(e.der);
        return {};
    }
    if (const Template* t = template_of(e.tag)) {
        e.name = t->name;
        e.known = true;
        e.header = TRY(take_apart(e)).header;
        return {};
    }
    e.name = "unknown";
    const asn1::Tlv tlv = TRY(asn1::read_tlv(e.der, "ProfileElement"));
    if (!asn1::is_constructed(e.tag)) return fail(Errc::bad_tag, "ProfileElement", e.tag);
    const asn1::Tlv first = TRY(asn1::read_tlv(tlv.content, "PEHeader"));
    if (first.tag != 0xA0) return fail(Errc::missing_field, "PEHeader", first.tag);
    e.header = TRY(asn1::decode<asn1::Tagged<PeHeader, 0xA0>>(first.whole)).value;
    return {};
}

} // namespace

Result<std::optional<Element>> next_element(Bytes stream, uint32_t offset) {
    const auto tlv = asn1::read_tlv(stream, "ProfileElement");
    if (!tlv) {
        // Cut inside the header or content: more may come. Anything else will not get better.
        if (tlv.error().code == Errc::truncated) return std::optional<Element>{};
        Error e = tlv.error();
        e.offset += offset;
        return tl::unexpected<Error>(e);
    }
    Element e{.tag = tlv->tag, .der = tlv->whole, .offset = offset};
    TRY(at_offset(describe(e), offset));
    return std::optional<Element>(e);
}

Result<std::vector<Element>> parse(Bytes package) {
    constexpr size_t kMaxElements = 1000;
    std::vector<Element> out;
    uint32_t offset = 0;
    for (Bytes rest = package; !rest.empty();) {
        const auto e = TRY(next_element(rest, offset));
        if (!e) return fail(Errc::truncated, name_of_front(rest), 0, offset);
        if (out.empty() && e->tag != 0xA0) return fail(Errc::bad_tag, "header", e->tag, offset);
        if (!out.empty() && out.back().tag == 0xAA) return fail(Errc::bad_length, "end", e->tag, offset);
        if (out.size() == kMaxElements) return fail(Errc::limit, "ProfileElement", kMaxElements, offset);
        out.push_back(*e);
        offset += static_cast<uint32_t>(e->der.size());
        rest = rest.subspan(e->der.size());
    }
    if (out.empty()) return fail(Errc::truncated, "header");
    if (out.back().tag != 0xAA) return fail(Errc::missing_field, "end", out.back().tag, offset);
    return out;
}

Result<TemplateElement> take_apart(const Element& e) {
    const Template* const kind = template_of(e.tag);
    if (!kind) return fail(Errc::bad_tag, "template", e.tag);
    const asn1::Tlv pe = TRY(asn1::read_tlv(e.der, kind->name));
    const auto head = static_cast<uint32_t>(e.der.size() - pe.content.size());
    TemplateElement out;
    const asn1::Tlv header_tlv = TRY(at_offset(asn1::read_tlv(pe.content, "PEHeader"), head));
    if (header_tlv.tag != 0xA0) return fail(Errc::missing_field, "PEHeader", header_tlv.tag, head);
    out.header = TRY(at_offset(asn1::decode<asn1::Tagged<PeHeader, 0xA0>>(header_tlv.whole), head)).value;
    const auto at = [&](Bytes rest) { return static_cast<uint32_t>(e.der.size() - rest.size()); };
    const asn1::Tlv oid = TRY(at_offset(asn1::read_tlv(header_tlv.rest, "templateID"), at(header_tlv.rest)));
    if (oid.tag != 0x81) return fail(Errc::missing_field, "templateID", oid.tag, at(header_tlv.rest));
    if (!asn1::Map<Oid>::load(&out.template_id, oid.content))
        return fail(Errc::bad_value, "templateID", 0, at(header_tlv.rest));
    for (Bytes rest = oid.rest; !rest.empty();) {
        const asn1::Tlv member = TRY(at_offset(asn1::read_tlv(rest, kind->name), at(rest)));
        // 00 is no tag: it belongs to the indefinite form, which DER has not. X.690 §8.1.5
        if (!member.tag) return fail(Errc::bad_tag, kind->name, 0, at(rest));
        const TemplateFile* file = kind->find(member.tag);
        if (!out.members.empty() && out.members.back().tag == member.tag)
            return fail(Errc::bad_tag, file ? file->name : kind->name, member.tag, at(rest));
        out.members.push_back({member.tag, file, File{.content = member.content}});
        TRY(at_offset(out.members.back().commands.for_each([](const FileCommand&) {}), at(rest)));
        rest = member.rest;
    }
    for (const TemplateFile& f : kind->files) {
        const bool there = std::any_of(out.members.begin(), out.members.end(), [&](const TemplateMember& m) {
            return m.tag == f.member;
        });
        if (f.required && !there) return fail(Errc::missing_field, f.name);
    }
    return out;
}

OwnedBytes tlv_head(asn1::Tag tag, size_t length) { return asn1::tlv_head(tag, length); }

const ElementKind* plain_element(asn1::Tag tag) {
    const Kind* const k = kind_of(tag);
    return k ? &k->is : nullptr;
}

const ElementKind* plain_element(std::string_view name) {
    for (const Kind& k : kKinds)
        if (k.is.name == name) return &k.is;
    return nullptr;
}

Result<OwnedBytes> encode(const Template& kind, const TemplateElement& e) {
    OwnedBytes content = TRY(asn1::encode(asn1::Tagged<PeHeader, 0xA0>{e.header}));
    append(content, asn1::tlv(0x81, e.template_id.der));
    for (const TemplateMember& m : e.members) {
        OwnedBytes file;
        TRY(m.commands.for_each([&](const FileCommand& command) -> Ok {
            append(file, TRY(asn1::encode(command)));
            return {};
        }));
        append(content, asn1::tlv(m.tag, file));
    }
    return asn1::tlv(kind.pe, content);
}

Result<OwnedBytes> reencode(const Element& e) {
    if (const Kind* k = kind_of(e.tag)) return k->again(e.der);
    if (const Template* t = template_of(e.tag)) return encode(*t, TRY(take_apart(e)));
    return owned(e.der);
}

std::array<uint8_t, 10> to_header_order(const Iccid& iccid) {
    std::array<uint8_t, 10> out{};
    for (size_t i = 0; i < 10; ++i) out[i] = static_cast<uint8_t>(iccid[i] << 4 | iccid[i] >> 4);
    return out;
}
Iccid from_header_order(const std::array<uint8_t, 10>& header) {
    Iccid out;
    for (size_t i = 0; i < 10; ++i) out[i] = static_cast<uint8_t>(header[i] << 4 | header[i] >> 4);
    return out;
}

Result<std::array<uint8_t, 9>> imsi_to_ef(std::string_view digits, const char* where) {
    if (digits.size() < 6 || digits.size() > 15)
        return fail(Errc::bad_length, where, static_cast<uint32_t>(digits.size()));
    std::array<uint8_t, 9> out;
    out.fill(0xFF);
    std::array<uint8_t, 16> nibbles;
    nibbles.fill(0x0F);
    nibbles[0] = digits.size() % 2 ? 9 : 1; // parity and type of identity
    for (size_t i = 0; i < digits.size(); ++i) {
        if (digits[i] < '0' || digits[i] > '9')
            return fail(Errc::bad_value, where, 0, static_cast<uint32_t>(i));
        nibbles[i + 1] = static_cast<uint8_t>(digits[i] - '0');
    }
    out[0] = static_cast<uint8_t>(digits.size() / 2 + 1);
    for (size_t i = 0; i < 8; ++i)
        out[i + 1] = static_cast<uint8_t>(nibbles[2 * i] | nibbles[2 * i + 1] << 4);
    return out;
}

std::string imsi_from_ef(Bytes ef) {
    std::string out;
    if (ef.size() < 2 || ef[0] == 0 || ef[0] > 8 || ef.size() < 1u + ef[0]) return out;
    for (size_t i = 1; i <= ef[0]; ++i) {
        if (i > 1) {
            if ((ef[i] & 15) > 9) break;
            out += static_cast<char>('0' + (ef[i] & 15));
        }
        if (ef[i] >> 4 > 9) break;
        out += static_cast<char>('0' + (ef[i] >> 4));
    }
    return out;
}

} // namespace halyard::profile
