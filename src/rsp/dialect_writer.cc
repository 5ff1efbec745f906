#include "rsp/dialect_writer.h"

namespace halyard::rsp::dialect {

void Writer::close(asn1::Tag tag, size_t mark) {
    std::array<uint8_t, 8> header;
    size_t n = header.size();
    const size_t length = size_ - mark;
    for (size_t rest = length, octets = 0;; rest >>= 8) {
        if (rest == 0 && octets > 0) {
            if (length > 0x7F) header[--n] = static_cast<uint8_t>(0x80 | octets);
            break;
        }
        header[--n] = static_cast<uint8_t>(rest);
        ++octets;
    }
    do header[--n] = static_cast<uint8_t>(tag);
    while (tag >>= 8);
    const Bytes written = Bytes(header).subspan(n);
    if (full_ || written.size() > buffer_.size() - size_) {
        full_ = true;
        return;
    }
    if (length) std::memmove(&buffer_[mark + written.size()], &buffer_[mark], length);
    std::memcpy(&buffer_[mark], written.data(), written.size());
    size_ += written.size();
}

Result<asn1::Tlv> Translation::next(Bytes rest, const char* where) const {
    auto tlv = asn1::read_tlv(rest, where);
    if (!tlv && !rest.empty()) tlv.error().offset += static_cast<uint32_t>(rest.data() - in.data());
    return tlv;
}

Result<asn1::Tlv> Translation::only(Bytes content, const char* where) const {
    if (content.empty()) return fail(Errc::missing_field, where);
    const asn1::Tlv tlv = TRY(next(content, where));
    if (!tlv.rest.empty()) return refuse(Errc::bad_length, where, tlv);
    return tlv;
}

Result<std::optional<asn1::Tlv>> Translation::find(Bytes content, asn1::Tag tag, const char* where) const {
    std::optional<asn1::Tlv> found;
    TRY(each(content, where, [&](const asn1::Tlv& tlv) -> Ok {
        if (tlv.tag == tag && !found) found = tlv;
        return {};
    }));
    return found;
}

void Translation::saw(Edition e) {
    if (seen && (*seen == Edition::v1_0) != (e == Edition::v1_0)) mixed = true;
    if (!seen || *seen == Edition::v1_2) seen = e; // "not v1.0" says least
}

} // namespace halyard::rsp::dialect
