#pragma once
#include "ipa/context.h"

namespace halyard::ipa {
struct Agenda {
    Duty duty = Duty::none;
    Time until{0}; // with Duty::none: when something becomes due
    bool idle = false;
};
/// The most urgent duty, and whom it is for (Context::eim). Order: rollback, results, reports, notifications,
/// downloads, a look at what others may have changed, polls; nobody is asked before its time.
Agenda plan(Context&);
} // namespace halyard::ipa
