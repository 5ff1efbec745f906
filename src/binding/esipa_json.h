#pragma once
// JSON binding of ESipa against its ASN.1 form (rsp/esipa.h), in both directions. SGP.32 §6.4.1
#include "binding/members.h"
#include <string>
#include <string_view>

namespace halyard::binding {

enum class EsipaFunction : uint8_t {
    initiate_authentication,
    authenticate_client,
    get_bound_profile_package,
    cancel_session,
    handle_notification,
    get_eim_package,
    provide_eim_package_result,
    transfer_eim_package, // the eIM asks, the IPA answers
};

/// "/gsma/rsp2/esipa/getEimPackage"
const char* path(EsipaFunction);
/// not_found "path".
Result<EsipaFunction> esipa_function_of_path(std::string_view path);
/// By the outer tag of the ASN.1 form; bad_tag for others.
Result<EsipaFunction> esipa_function_of_message(Bytes der);

/// What the function's bodies hold, and its tags. SGP.32 §6.4.1
const Bodies& bodies(EsipaFunction);

/// Errors name the JSON member: missing_field, bad_value, bad_tag; limit for more than 1 MiB or 32 levels.
Result<OwnedBytes> esipa_request_from_json(EsipaFunction, std::string_view json);
Result<std::string> esipa_request_to_json(EsipaFunction, Bytes der);
/// `der` is the answer in its ASN.1 form, error alternatives included; empty for handleNotification, whose
/// answer has no body at all.
Result<std::string> esipa_answer_to_json(EsipaFunction, Bytes der);
/// Errors: bad_value or missing_field for what is no answer; limit for more than 4 MiB. A function that
/// failed is an answer: its error alternative.
Result<OwnedBytes> esipa_answer_from_json(EsipaFunction, std::string_view body);

} // namespace halyard::binding
