#pragma once
// Two messages compared by what they mean.
#include "apps/common/message_view.h"

namespace halyard::app {

struct Difference {
    std::string path;          // "euiccPackageSigned.euiccPackage.psmoList[0].enable.iccid"
    std::string before, after; // as JSON; empty: not there
    bool unknown = false;      // of a component that this edition does not know
    bool signed_part = false;  // covered by a signature beside it
};
struct Comparison {
    const rsp::Message* type = nullptr;
    std::vector<Difference> differences;
    bool same_octets = false;
    bool has_signed = false;                // either has a part that a signature beside it covers
    bool signed_octets_differ = false;      // a covered part is not octet for octet the same
    std::vector<asn1::Noted> before, after; // what is not DER in either
    bool only_unknown() const;
};
/// Both read without error, as the same type.
Comparison compare(const rsp::Message&, Bytes before, Bytes after);

} // namespace halyard::app
