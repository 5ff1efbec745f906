#pragma once
#include "rsp/esipa.h"
#include <string>

namespace halyard::eim {
/// "installFailedDueToInterruption"
std::string reason_name(rsp::ErrorReason);
/// errorResponse of a ProfileDownloadError, where it is an ES9+ answer: ": AuthenticateClient
/// matchingIdRefused".
std::string describe_failure(Bytes error_response);
} // namespace halyard::eim
