#pragma once
// Members of a JSON object against the TLVs of the ASN.1 form they stand for: what the bindings of ES9+ and
// ESipa share. SGP.22 §6.5, SGP.32 §6.4
#include "asn1/asn1.h"
#include "rsp/status_code.h"
#include <nlohmann/json.hpp>

namespace halyard::binding {
using Json = nlohmann::ordered_json;

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
};
struct Member {
    const char* name;
    asn1::Tag tag;
    Form form;
    bool required = true;
    uint8_t bare = 0;             // octets of the content that Form::value tolerates without header
    const Member* item = nullptr; // what each object of Form::list holds
    uint8_t items = 0;
};

/// Tag, length, content.
OwnedBytes tlv(asn1::Tag tag, Bytes content);
/// An object of at most `limit` octets and 32 levels. Errors: limit, bad_value "body"; bad_value "duplicate
/// member" for what could be read in two ways, then `*twice` is its name.
Result<Json> parse_object(std::string_view text, size_t limit, std::string* twice = nullptr);
/// The TLVs of the members present, in order. Errors name the member: missing_field, bad_value, bad_tag,
/// bad_length.
Result<OwnedBytes> to_content(std::span<const Member>, const Json&);
/// The TLV of the one member that is present; missing_field "one of" when there is none, bad_value for two.
Result<OwnedBytes> one_to_content(std::span<const Member>, const Json&);
/// The other way round. Unknown trailing TLVs are left out.
Ok from_content(std::span<const Member>, Bytes content, Json&);
Ok one_from_content(std::span<const Member>, Bytes content, Json&);

/// {"functionExecutionStatus":{"status":…}}, the "header" of every answer. SGP.22 §6.5.1.4
Json status_header(const std::optional<rsp::StatusCode>& failed);
struct Execution {
    bool success = false;
    rsp::StatusCode code; // empty texts when the peer gave none
};
/// Errors: missing_field "header", "functionExecutionStatus".
Result<Execution> execution_of(const Json& answer);

} // namespace halyard::binding
