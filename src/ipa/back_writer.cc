#include "ipa/back_writer.h"

namespace halyard::ipa {

BackWriter& BackWriter::bytes(Bytes octets) {
    if (overflow_ || octets.size() > at_) {
        overflow_ = true;
        return *this;
    }
    at_ -= octets.size();
    if (!octets.empty()) std::memmove(buffer_.data() + at_, octets.data(), octets.size());
    return *this;
}

BackWriter& BackWriter::header(asn1::Tag tag, size_t since) {
    std::array<uint8_t, 9> head{};
    size_t used = 0;
    const auto front = [&](size_t octet) { head[head.size() - ++used] = static_cast<uint8_t>(octet); };
    const size_t length = mark() - since;
    for (size_t rest = length; used == 0 || rest; rest >>= 8) front(rest & 0xFF);
    if (length > 0x7F) front(0x80 | used);
    for (asn1::Tag rest = tag; rest; rest >>= 8) front(rest & 0xFF);
    return bytes(Bytes(head).last(used));
}

BackWriter& BackWriter::tlv(asn1::Tag tag, Bytes content) {
    const size_t since = mark();
    return bytes(content).header(tag, since);
}

BackWriter& BackWriter::integer(asn1::Tag tag, uint64_t value) {
    asn1::Scratch scratch;
    return tlv(tag, asn1::save_integer(static_cast<int64_t>(value), scratch));
}

Result<Bytes> BackWriter::finish(const char* where) const {
    if (overflow_) return fail(Errc::no_space, where, static_cast<uint32_t>(buffer_.size()));
    return Bytes(buffer_).subspan(at_);
}

} // namespace halyard::ipa
