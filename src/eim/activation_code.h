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

/// Where a device is sent for a profile. SGP.32 §2.11.1.3
struct DownloadSource {
    enum class Kind : uint8_t { activation_code, default_smdp, smds };
    Kind kind = Kind::activation_code;
    ActivationCode code; // smds: its address, empty for the root SM-DS that the eUICC knows
};
/// Operation::activation_code where it is none: "default$", "smds$" and "smds$address".
inline constexpr std::string_view kDefaultSmdp = "default$", kSmds = "smds$";
/// An activation code or one of these. bad_value "activationCode…", "smds".
Result<DownloadSource> parse_source(std::string_view text);
using rsp::same_address;
} // namespace halyard::eim
