#pragma once
// ASN.1 binding of ES9+ and ES11: one path, every message inside A2. SGP.22 §6.6
#include "binding/es9_json.h"
#include "binding/http_habits.h"

namespace halyard::binding {

/// How messages are written on the wire.
enum class Es9Form : uint8_t { json, asn1 };

struct Es9Request {
    Es9Function function;
    Bytes message; // without the A2, within the body
};
/// A message without the A2 is taken too, and counted. Errors: bad_tag for what is no request of the
/// interface, bad_length "body" for octets behind it.
Result<Es9Request> request_from_asn1(Bytes body, Interface = Interface::es9p);
OwnedBytes request_to_asn1(Bytes message);

/// Empty for handleNotification, whose answer has no body. A failure that has no octets of its own becomes
/// the integer of its codes. Errors: bad_tag, bad_length "ES9+ answer"; unsupported "function".
Result<OwnedBytes> answer_to_asn1(Es9Function, const Es9Answer&, Interface = Interface::es9p);
/// Errors as answer_from_json; bad_tag "body" for another message, unsupported "answer" for an alternative
/// that version 2.5 does not have. An error integer is an answer; its codes are empty where it has none.
Result<Es9Answer> answer_from_asn1(Es9Function, int http_status, Bytes body, Interface = Interface::es9p);

/// Whichever of the two forms the body has, whatever its Content-Type says; the one that was not asked for is
/// counted. What is neither: bad_value "body: empty", "body: HTML page", "body".
Result<Es9Answer>
answer_from_body(Es9Function, int http_status, Bytes body, Es9Form asked, Interface = Interface::es9p);

} // namespace halyard::binding
