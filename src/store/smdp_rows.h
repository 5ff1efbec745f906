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
Ok insert_order(Connection&, const smdp::Order&, const smdp::Sealed&);
/// Errors: conflict when the version is not the one read.
Ok update_order(Connection&, const smdp::Order&);

Ok put_session(Connection&, const smdp::Session&);
Result<std::optional<smdp::Session>> session_of(Connection&, Bytes transaction_id);

Ok insert_outgoing(Connection&, const smdp::Outgoing&);
Ok insert_call(Connection&, const smdp::Call&);

/// Pools whose level fell below their mark, to be told when that is on disk.
using Fallen = std::vector<smdp::Level>;
struct LevelChange {
    std::string_view operator_id, type;
    int64_t by = 0;
    bool added = false; // a profile that was not there: its type is known from now on
};
/// Before the order is written: what it will do to its pool's level.
Result<LevelChange> level_change(Connection&, const smdp::Order& next);
Ok change_level(Connection&, const LevelChange&, Fallen&);
void tell(const Fallen&);

} // namespace halyard::store
