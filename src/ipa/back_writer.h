#pragma once
#include "asn1/asn1.h"

namespace halyard::ipa {

/// Wraps octets that must travel as received into new tags, from the end of a buffer to its front, so that
/// nothing signed is ever re-encoded. Errors stick and come out of finish().
class BackWriter {
  public:
    explicit BackWriter(Buffer buffer) : buffer_(buffer), at_(buffer.size()) {}
    /// Octets written so far; hand it to header() to open a shorter tail later.
    size_t mark() const { return buffer_.size() - at_; }
    BackWriter& bytes(Bytes octets);
    /// Tag and length in front of everything written since `since`.
    BackWriter& header(asn1::Tag tag, size_t since = 0);
    BackWriter& tlv(asn1::Tag tag, Bytes content);
    /// The same, left out when there is no content.
    BackWriter& optional(asn1::Tag tag, Bytes content) { return content.empty() ? *this : tlv(tag, content); }
    BackWriter& integer(asn1::Tag tag, uint64_t value);
    /// no_space when the buffer was too small.
    Result<Bytes> finish(const char* where) const;

  private:
    Buffer buffer_;
    size_t at_;
    bool overflow_ = false;
};

} // namespace halyard::ipa
