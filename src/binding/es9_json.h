#pragma once
// JSON binding of ES9+ against its ASN.1 form (rsp/es9p.h), in both directions. SGP.22 §6.5
#include "base/octets.h"
#include "rsp/status_code.h"
#include <string_view>

namespace halyard::binding {
using rsp::Es9Answer, rsp::Es9Function, rsp::StatusCode;

/// "/gsma/rsp2/es9plus/initiateAuthentication"
const char* path(Es9Function);
/// not_found "path".
Result<Es9Function> function_of_path(std::string_view path);
/// By the outer tag of the ASN.1 form: BF39, BF3B, BF3A, BF41, BF3D. bad_tag for others.
Result<Es9Function> function_of_message(Bytes der);

/// Errors name the JSON member: missing_field, bad_value; limit for more than 1 MiB or 32 levels.
Result<OwnedBytes> request_from_json(Es9Function, std::string_view json);
Result<std::string> request_to_json(Es9Function, Bytes der);
Result<std::string> answer_to_json(Es9Function, const Es9Answer&);
/// Judges what servers in the field send: rejected "http status" with the status, bad_value "content type" or
/// "body", limit for more than 4 MiB. A failed function is no error: see Es9Answer::failed.
Result<Es9Answer> answer_from_json(Es9Function, int http_status, std::string_view body);

} // namespace halyard::binding
