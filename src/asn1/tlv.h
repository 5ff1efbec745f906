#pragma once
// Single TLVs put together by hand, where no struct describes them.
#include "asn1/asn1.h"

namespace halyard::asn1 {

/// Tag and length of a TLV with so many octets of content.
OwnedBytes tlv_head(Tag tag, size_t length);
/// Tag, length, content.
OwnedBytes tlv(Tag tag, Bytes content);

} // namespace halyard::asn1
