#pragma once
// Members of a JSON object against the TLVs of the ASN.1 form they stand for: what the bindings of ES9+ and
// ESipa share. SGP.22 §6.5, SGP.32 §6.4
#include "binding/members.h"
#include "rsp/status_code.h"
#include <nlohmann/json.hpp>

namespace halyard::binding {
using Json = nlohmann::ordered_json;

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
