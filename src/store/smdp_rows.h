#pragma once
// Rows of an SM-DP+'s database as what they mean.
#include "smdp/store.h"
#include "store/database.h"

namespace halyard::store {

#define SMDP_ORDER                                                                                           \
    "SELECT iccid, matching_id, eid, state, operator_id, type, eid_ordered, default_dp, code, code_tries, "  \
    "smds, event_id, event, name, attempts, created, changed, expires, reason, last_event, metadata, "       \
    "version FROM orders "
/// Of the columns above.
Result<smdp::Order> order_of(const Statement&);
Ok insert_order(Connection&, const smdp::Order&, Bytes sealed);
/// Errors: conflict when the version is not the one read.
Ok update_order(Connection&, const smdp::Order&);

Ok put_session(Connection&, const smdp::Session&);
Result<std::optional<smdp::Session>> session_of(Connection&, Bytes transaction_id);

Ok insert_outgoing(Connection&, const smdp::Outgoing&);
Ok insert_call(Connection&, const smdp::Call&);

} // namespace halyard::store
