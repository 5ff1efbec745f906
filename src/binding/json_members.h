#pragma once
// Members of a JSON object against the TLVs of the ASN.1 form they stand for: what the bindings of ES9+ and
// ESipa share. SGP.22 §6.5, SGP.32 §6.4
#include "binding/json_view.h"
#include "binding/members.h"
#include "rsp/status_code.h"
#include <nlohmann/json.hpp>

namespace halyard::binding {
using Json = nlohmann::ordered_json; // for writing; what strangers send is read as JsonView

/// Tag, length, content.
OwnedBytes tlv(asn1::Tag tag, Bytes content);
/// Puts tag and length before what stands in `out` from `start` on.
void enclose(asn1::Tag tag, OwnedBytes& out, size_t start = 0);

/// Appends the TLVs of the members present, in order. Errors name the member: missing_field, bad_value,
/// bad_tag, bad_length. Beside `out` this takes at most 1.75 times the longest string.
Ok put_members(std::span<const Member>, JsonView object, OwnedBytes& out);
/// Appends the TLV of the one member that is present; missing_field for the first when there is none,
/// bad_value for two.
Ok put_one(std::span<const Member>, JsonView object, OwnedBytes& out);
/// The other way round. Unknown trailing TLVs are left out.
Ok from_content(std::span<const Member>, Bytes content, Json&);
Ok one_from_content(std::span<const Member>, Bytes content, Json&);

/// For a message that is made of a text: with room for as much, so that it never has to move while it grows.
OwnedBytes room_for(std::string_view text);
/// Gives back the room that was not needed.
OwnedBytes fitted(OwnedBytes&&);

/// The text of a body. Long strings of base64 or hex are copied once, into room that was asked for once; what
/// is no UTF-8 in others is replaced.
std::string written(const Json& object);

/// {"functionExecutionStatus":{"status":…}}, the "header" of every answer. SGP.22 §6.5.1.4
Json status_header(const std::optional<rsp::StatusCode>& failed);
struct Execution {
    bool success = false;
    rsp::StatusCode code; // empty texts when the peer gave none
};
/// Errors: missing_field "header", "functionExecutionStatus".
Result<Execution> execution_of(JsonView answer);

} // namespace halyard::binding
