#pragma once
// What stands under which name in a JSON body, and for which TLV of the ASN.1 form: read off the description
// of the message (src/rsp), with a few exceptions of the JSON binding. SGP.22 §6.5.2, SGP.32 §6.4.1
#include "asn1/asn1.h"

namespace halyard::binding {

enum class Form : uint8_t {
    tlv,            // base64 of the whole TLV, tag included
    octets,         // base64 of the content octets
    text,           // a string
    transaction_id, // hex, 1 to 16 octets
    eid,            // 32 decimal digits
    integer,        // a number
    flag,           // true for a NULL that is present
    enclosed,       // base64 of the CHOICE that the tag encloses, which has a tag of its own or none
    any,            // base64 of a TLV with any tag
    list,           // an array of objects; the tag encloses one TLV of items for each
    object,         // an object; the tag encloses the items
};
struct Member {
    const char* name = "";
    asn1::Tag tag = 0;
    Form form = Form::tlv;
    bool required = true;
    uint8_t bare = 0;            // octets of content that Form::tlv tolerates without tag and length
    asn1::Tag own = 0;           // of the enclosed CHOICE, which stands in JSON only; of each item of a list
    std::vector<Member> items{}; // of the object, or of each object of the list
};
using Members = std::vector<Member>;

/// The members of a SEQUENCE, or the alternatives of a CHOICE, as a JSON body holds them. By its type a
/// component is
/// - text when it is a UTF8String, a number when INTEGER, a flag when NULL,
/// - hex when it is an OCTET STRING of 1 to 16 octets, a TransactionId,
/// - base64 of its octets when it is any other OCTET STRING under a context tag,
/// - base64 of a CHOICE's own TLV when it is a CHOICE under another tag, of the one alternative when it has
///   no tag at all,
/// - base64 of the whole TLV when it is anything else;
/// but the exceptions listed in members.cc go before.
Members members_of(const asn1::Type&);

/// A function of ES9+, ES11 or ESipa in its two forms, read off the types of its messages.
struct Bodies {
    asn1::Tag request_tag = 0, answer_tag = 0; // outermost; 0: no answer
    asn1::Tag ok = 0; // around the members of a successful answer; 0: one of the alternatives is the answer
    asn1::Tag error = 0; // of the alternative that is an error code
    asn1::Tag smds = 0;  // as `ok`, of the alternative that only an SM-DS has
    bool one_of = false; // the request is one of its members
    Members request{}, answer{}, answer_of_smds{};
};
/// `answer` may be nullptr.
Bodies bodies_of(const asn1::Type& request, const asn1::Type* answer);

} // namespace halyard::binding
