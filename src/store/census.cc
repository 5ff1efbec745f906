// How full the stores of SM-DP+ and SM-DS are.
#include "store/smdp_store.h"
#include "store/smds_store.h"

namespace halyard::store {
namespace {
Result<uint64_t> count(Connection& c, const char* sql) {
    auto q = TRY(c.prepare(sql));
    TRY(q.step());
    return static_cast<uint64_t>(q.integer(0));
}
} // namespace

Result<smdp::Census> SmdpStore::census() {
    smdp::Census out;
    TRY(db_->read([&](Connection& c) -> Ok {
        out.sessions = TRY(count(c, "SELECT count(*) FROM sessions WHERE state IN (0, 1)"));
        out.waiting = TRY(count(c, "SELECT count(*) FROM outbox"));
        auto q = TRY(c.prepare("SELECT created FROM outbox ORDER BY id LIMIT 1"));
        if (TRY(q.step())) out.oldest = Time(q.integer(0));
        return {};
    }));
    return out;
}

Result<smds::Census> SmdsStore::census() {
    smds::Census out;
    TRY(db_->read([&](Connection& c) -> Ok {
        out.sessions = TRY(count(c, "SELECT count(*) FROM sessions WHERE state=0"));
        out.events = TRY(count(c, "SELECT count(*) FROM events"));
        out.waiting = TRY(count(c, "SELECT count(*) FROM outbox"));
        // The first message that tells of an event still there; deletions have no date.
        auto q = TRY(c.prepare("SELECT e.registered FROM outbox o JOIN events e ON e.eid=o.eid AND "
                               "e.forwarded_id=o.event_id ORDER BY o.number LIMIT 1"));
        if (TRY(q.step())) out.oldest = Time(q.integer(0));
        return {};
    }));
    return out;
}

} // namespace halyard::store
