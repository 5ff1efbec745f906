#pragma once
#include "rsp/es9p.h"
#include "rsp/status_code.h"

namespace halyard::smdp {
/// The answer of a function that fails.
Result<rsp::Es9Answer>
refused(rsp::Es9Function, const char* subject, const char* reason, const char* message);
} // namespace halyard::smdp
