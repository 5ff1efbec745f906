#pragma once
#include "rsp/mutual_authentication.h"

namespace halyard::eim {
/// "1$address$matchingId[$OID[$1]]", with or without "LPA:". SGP.22 §4.1
struct ActivationCode {
    std::string address, matching_id, oid;
    bool confirmation_code = false;
};
/// bad_value "activationCode…".
Result<ActivationCode> parse_activation_code(std::string_view text);
using rsp::same_address;
} // namespace halyard::eim
