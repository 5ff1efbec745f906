#pragma once
// A second reader: says whether octets are strict DER of a type. Written from X.690 and docs/wire.md over the
// same lists of fields (which tools/check-wire compares with the tag tables), and slow on purpose: no state,
// no tolerance, no shortcuts.
#include "asn1/asn1.h"

namespace halyard::vectors {

/// A leaf, or a list, that the octets have.
struct Found {
    const asn1::Type* type;
    const char* name;
    asn1::Size size; // both limits taken together
    Bytes content;
};
struct Walk {
    uint32_t tlvs = 0; // read
    int depth = 0;     // deepest
    std::vector<Found>* found = nullptr;
};
bool is_strict_der(const asn1::Type&, Bytes der, Walk&);

} // namespace halyard::vectors
