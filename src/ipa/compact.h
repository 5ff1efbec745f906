#pragma once
// Compact forms of what the card signed, towards an eIM that can put the rest back. SGP.32 §3.2.3.2
#include "ipa/context.h"
#include "ipa/procedure.h"

namespace halyard::ipa {

/// minimizeEsipaBytes is one of our features and the eIM being served has been told so.
bool may_compact(const Context&);

// The form to send: compact when the eIM has everything else and what it will rebuild is `full` octet for
// octet, else `full`. A compact form sets DownloadRun::compacted, and Context::result becomes a copy of the
// full one that outlives the eIM's answer.
Bytes authenticate_to_send(Context&, Bytes full);
Bytes prepare_to_send(Context&, Bytes full);
/// `full` is the content of BF41.
Bytes cancel_to_send(Context&, Bytes full);
/// Leaves Context::result and the flag alone.
Bytes notification_to_send(Context&, Bytes full);

/// The eIM took a data answer: what it can put back from now on.
Ok remember_told(Context&, const rsp::IpaEuiccData&);
/// It could not: full forms until it has been told anew.
Ok forget_told(Context&);
/// The step again, in full, after its compact form was refused.
Result<Next> again_in_full(Context&);

} // namespace halyard::ipa
