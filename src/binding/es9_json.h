#pragma once
// JSON binding of ES9+ and ES11 against their ASN.1 form (rsp/es9p.h), in both directions. SGP.22 §6.5
#include "binding/members.h"
#include "rsp/status_code.h"
#include <string_view>

namespace halyard::binding {
using rsp::Es9Answer, rsp::Es9Function, rsp::Interface, rsp::StatusCode;

/// "/gsma/rsp2/es9plus/initiateAuthentication", at an SM-DS too.
const char* path(Es9Function);
/// "initiateAuthentication"
const char* name(Es9Function);
/// not_found "path".
Result<Es9Function> function_of_path(std::string_view path, Interface = Interface::es9p);
/// By the outer tag of a request's ASN.1 form: BF39, BF3B, BF3A, BF41, BF3D. bad_tag for others.
Result<Es9Function> function_of_message(Bytes der, Interface = Interface::es9p);
/// ES11 has initiateAuthentication, authenticateClient and cancelSession.
bool has(Interface, Es9Function);
/// Of an answer's ASN.1 form: as the request's, but BF40 for authenticateClient of ES11.
asn1::Tag answer_tag(Es9Function, Interface);
/// The error alternative that the codes stand for: BFxx 03 81 01 error. The function has to have an answer.
OwnedBytes error_answer(Es9Function, const StatusCode&, Interface);

/// What the function's bodies hold, and its tags. Of a function that the interface does not have, the
/// request.
const Bodies& bodies(Es9Function, Interface = Interface::es9p);

/// Requests of ES11 are those of ES9+; smdpAddress then is the SM-DS's.
/// Errors name the JSON member: missing_field, bad_value; limit for more than 1 MiB or 32 levels.
Result<OwnedBytes> request_from_json(Es9Function, std::string_view json);
Result<std::string> request_to_json(Es9Function, Bytes der);
/// unsupported "function" for one that the interface does not have.
Result<std::string> answer_to_json(Es9Function, const Es9Answer&, Interface = Interface::es9p);
/// Judges what servers in the field send: rejected "http status" with the status, bad_value "body", limit for
/// more than 4 MiB. A failed function is no error: see Es9Answer::failed.
Result<Es9Answer>
answer_from_json(Es9Function, int http_status, std::string_view body, Interface = Interface::es9p);

} // namespace halyard::binding
