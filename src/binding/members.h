#pragma once
// What stands under which name in a JSON body, and for which TLV of the ASN.1 form. SGP.22 §6.5, SGP.32 §6.4
#include "asn1/asn1.h"

namespace halyard::binding {

enum class Form : uint8_t {
    tlv,            // base64 of the whole TLV, tag included
    value,          // the same; `bare` content octets without tag and length are tolerated
    octets,         // base64 of the content octets
    text,           // a string
    transaction_id, // hex, 1 to 16 octets
    eid,            // 32 decimal digits
    integer,        // a number
    flag,           // true for a NULL that is present
    enclosed,       // base64 of the TLV that the tag encloses
    cancellation,   // base64 of BF41 …, which is A1 … in the ASN.1 form
    any,            // base64 of a TLV with any tag
    list,           // an array of objects; the tag encloses one 30 { item members } for each
    object,         // an object; the tag encloses the members
};
struct Member {
    const char* name;
    asn1::Tag tag;
    Form form;
    bool required = true;
    uint8_t bare = 0;             // octets of the content that Form::value tolerates without header
    const Member* item = nullptr; // what an object of Form::list or Form::object holds
    uint8_t items = 0;
};

/// Which body of a function.
enum class Body : uint8_t { request, answer, answer_of_smds };

} // namespace halyard::binding
