#pragma once
#include "apps/ipad/card_link.h"
#include "apps/ipad/event_log.h"
#include "apps/ipad/links.h"
#include "apps/ipad/options.h"

namespace halyard::ipad {

/// Runs until SIGTERM, or until nothing is left to do with --once. The value is the exit status: 0, or 3 when
/// --max-idle passed.
Result<int> run(const Options&);
/// What the state folder says, as JSON text. not_found when there is none.
Result<std::string> status(const std::string& folder);

} // namespace halyard::ipad
