#pragma once
#include "base/octets.h"

namespace halyard::eim {
/// "1$address$matchingId[$OID[$1]]", with or without "LPA:". SGP.22 §4.1
struct ActivationCode {
    std::string address, matching_id, oid;
    bool confirmation_code = false;
};
/// bad_value "activationCode…".
Result<ActivationCode> parse_activation_code(std::string_view text);
/// SM-DP+ addresses are compared without regard to case, as host names are.
bool same_address(std::string_view, std::string_view);
} // namespace halyard::eim
