#include "ipa/bpp_segments.h"

namespace halyard::ipa {
namespace {
using asn1::read_tlv, asn1::Tag, asn1::Tlv;

size_t header_size(const Tlv& tlv) { return tlv.whole.size() - tlv.content.size(); }

/// A sequence of elements that all carry `item`, at least one of them.
Ok check_sequence(Bytes content, Tag item, const char* where) {
    if (content.empty()) return fail(Errc::missing_field, where);
    while (!content.empty()) {
        const Tlv tlv = TRY(read_tlv(content, where));
        if (tlv.tag != item) return fail(Errc::bad_tag, where, tlv.tag);
        content = tlv.rest;
    }
    return {};
}

Result<Bytes> expect(Bytes in, Tag tag, Tag item, const char* where) {
    if (in.empty()) return fail(Errc::missing_field, where);
    const Tlv tlv = TRY(read_tlv(in, where));
    if (tlv.tag != tag) return fail(Errc::bad_tag, where, tlv.tag);
    if (item) TRY(check_sequence(tlv.content, item, where));
    return tlv.rest;
}
} // namespace

Result<BppSegments> BppSegments::open(Bytes package) {
    const Tlv outer = TRY(read_tlv(package, "boundProfilePackage"));
    if (outer.tag != 0xBF36) return fail(Errc::bad_tag, "boundProfilePackage", outer.tag);
    if (!outer.rest.empty()) return fail(Errc::bad_length, "boundProfilePackage");
    Bytes rest = TRY(expect(outer.content, 0xBF23, 0, "initialiseSecureChannelRequest"));
    rest = TRY(expect(rest, 0xA0, 0x87, "firstSequenceOf87"));
    rest = TRY(expect(rest, 0xA1, 0x88, "sequenceOf88"));
    if (!rest.empty() && rest[0] == 0xA2) rest = TRY(expect(rest, 0xA2, 0x87, "secondSequenceOf87"));
    rest = TRY(expect(rest, 0xA3, 0x86, "sequenceOf86"));
    if (!rest.empty()) return fail(Errc::bad_tag, "boundProfilePackage", rest[0]);
    return BppSegments(package);
}

std::optional<Bytes> BppSegments::next() {
    if (done()) return std::nullopt;
    const Bytes rest = package_.subspan(at_);
    const auto tlv = read_tlv(rest);
    HALYARD_ASSERT(tlv); // open() has walked all of it
    size_t size = tlv->whole.size();
    if (tlv->tag == 0xBF36 || tlv->tag == 0xA0 || tlv->tag == 0xA2) { // header with its first element
        const auto first = read_tlv(tlv->content);
        HALYARD_ASSERT(first);
        size = header_size(*tlv) + first->whole.size();
    }
    if (tlv->tag == 0xA1 || tlv->tag == 0xA3) size = header_size(*tlv);
    at_ += size;
    return rest.first(size);
}

} // namespace halyard::ipa
