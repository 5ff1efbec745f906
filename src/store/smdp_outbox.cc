// What others must be told, and what they asked: the outbox and the calls of an SM-DP+'s store.
#include "store/smdp_rows.h"
#include "store/smdp_store.h"

namespace halyard::store {
using smdp::Call, smdp::Outgoing;

Ok insert_outgoing(Connection& c, const Outgoing& o) {
    const rsp::StatusCode code = o.failed.value_or(rsp::StatusCode{});
    auto q = TRY(c.prepare("INSERT INTO outbox(kind, target, call_id, iccid, eid, type, event_id, point, "
                           "subject, reason, message, created, next, tries, result) "
                           "VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"));
    q.bind(static_cast<int64_t>(o.kind)).bind(o.target).bind(o.call_id).bind(Bytes(o.iccid));
    q.bind_optional(o.eid).bind(o.type).bind(o.event_id).bind(o.point).bind(code.subject).bind(code.reason);
    q.bind(code.message).bind(o.created.count()).bind(o.next.count()).bind(o.tries);
    return q.bind(Bytes(o.result)).run();
}

Ok insert_call(Connection& c, const Call& call) {
    const rsp::StatusCode code = call.answer.failed.value_or(rsp::StatusCode{});
    auto q = TRY(c.prepare("INSERT INTO calls VALUES(?,?,?,?,?,?,?,?,?,?)"));
    q.bind(call.operator_id).bind(call.call_id).bind(Bytes(call.request)).bind(code.subject);
    q.bind(code.reason).bind(code.message).bind_optional(call.answer.iccid).bind_optional(call.answer.eid);
    return q.bind(call.answer.matching_id).bind(call.created.count()).run();
}

Result<std::optional<Call>> SmdpStore::call(std::string_view operator_id, std::string_view call_id) {
    std::optional<Call> out;
    TRY(db_->read([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare("SELECT request, subject, reason, message, iccid, eid, matching_id, created "
                               "FROM calls WHERE operator_id=? AND call_id=?"));
        if (!TRY(q.bind(operator_id).bind(call_id).step())) return {};
        Call found{.operator_id = std::string(operator_id), .call_id = std::string(call_id)};
        found.request = TRY(fixed<Sha256>(q.octets(0), "calls.request"));
        if (const std::string subject = q.text(1); !subject.empty())
            found.answer.failed = rsp::StatusCode{subject, q.text(2), q.text(3)};
        if (!q.is_null(4)) found.answer.iccid = TRY(fixed<Iccid>(q.octets(4), "calls.iccid"));
        if (!q.is_null(5)) found.answer.eid = TRY(fixed<Eid>(q.octets(5), "calls.eid"));
        found.answer.matching_id = q.text(6);
        found.created = Time(q.integer(7));
        out = std::move(found);
        return {};
    }));
    return out;
}

Ok SmdpStore::forget_calls(Time before) {
    return db_->write([&](Connection& c) -> Ok {
        return TRY(c.prepare("DELETE FROM calls WHERE created < ?")).bind(before.count()).run();
    });
}

namespace {
#define OUTGOING                                                                                             \
    "id, kind, target, call_id, iccid, eid, type, event_id, point, subject, reason, message, created, "      \
    "next, "                                                                                                 \
    "tries, result, fence"
// Nobody's at the moment; of one profile the oldest message goes first.
#define DUE                                                                                                  \
    "FROM outbox o WHERE target=? AND next<=? AND lease<=? AND NOT EXISTS(SELECT 1 FROM outbox e WHERE "     \
    "e.target=o.target AND e.iccid=o.iccid AND e.id<o.id) ORDER BY id LIMIT ?"

// Of the columns above.
Result<Outgoing> outgoing_of(const Statement& q) {
    Outgoing o{.id = q.integer(0), .kind = static_cast<Outgoing::Kind>(q.integer(1))};
    o.target = q.text(2);
    o.call_id = q.text(3);
    o.iccid = TRY(fixed<Iccid>(q.octets(4), "outbox.iccid"));
    if (!q.is_null(5)) o.eid = TRY(fixed<Eid>(q.octets(5), "outbox.eid"));
    o.type = q.text(6);
    o.event_id = q.text(7);
    o.point = static_cast<uint32_t>(q.integer(8));
    if (const std::string subject = q.text(9); !subject.empty())
        o.failed = rsp::StatusCode{subject, q.text(10), q.text(11)};
    o.created = Time(q.integer(12));
    o.next = Time(q.integer(13));
    o.tries = static_cast<uint32_t>(q.integer(14));
    o.result = q.octets(15);
    o.fence = q.integer(16);
    return o;
}
} // namespace

Result<std::vector<Outgoing>> SmdpStore::due(std::string_view target, Time now, size_t limit) {
    std::vector<Outgoing> out;
    TRY(db_->read([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare("SELECT " OUTGOING " " DUE));
        q.bind(target).bind(now.count()).bind(now.count()).bind(static_cast<int64_t>(limit));
        while (TRY(q.step())) out.push_back(TRY(outgoing_of(q)));
        return {};
    }));
    return out;
}

Result<std::vector<Outgoing>> SmdpStore::claim(std::string_view target, Time now, Time until, size_t limit) {
    std::vector<Outgoing> out;
    if (TRY(due(target, now, 1)).empty()) return out; // most of the time: nothing is written
    TRY(db_->write([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare("WITH mine AS MATERIALIZED (SELECT id " DUE
                               " /*postgresql FOR UPDATE OF o SKIP LOCKED*/) "
                               "UPDATE outbox SET lease=?, fence=fence+1 WHERE id IN (SELECT id FROM mine) "
                               "RETURNING " OUTGOING));
        q.bind(target).bind(now.count()).bind(now.count()).bind(static_cast<int64_t>(limit));
        q.bind(until.count());
        while (TRY(q.step())) out.push_back(TRY(outgoing_of(q)));
        return {};
    }));
    std::sort(out.begin(), out.end(), [](const Outgoing& a, const Outgoing& b) { return a.id < b.id; });
    return out;
}

Ok SmdpStore::give_up(const Outgoing& o) {
    return db_->write([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare("UPDATE outbox SET lease=0 WHERE id=? AND fence=?"));
        TRY(q.bind(o.id).bind(o.fence).run());
        return c.changes() == 1 ? Ok{} : fail(Errc::conflict, "outbox");
    });
}

Result<std::vector<std::string>> SmdpStore::event_targets() {
    std::vector<std::string> out;
    TRY(db_->read([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare("SELECT DISTINCT target FROM outbox WHERE kind<>0 ORDER BY target"));
        while (TRY(q.step())) out.push_back(q.text(0));
        return {};
    }));
    return out;
}

Ok SmdpStore::delivered(const Outgoing& o, std::optional<smdp::EventState> event) {
    return db_->write([&](Connection& c) -> Ok {
        if (event) { // order before outbox (RR-08)
            auto q = TRY(c.prepare("UPDATE orders SET event=?, version=version+1 WHERE iccid=? AND "
                                   "event_id=? AND smds=? AND event=1"));
            q.bind(static_cast<int64_t>(*event)).bind(Bytes(o.iccid)).bind(o.event_id);
            TRY(q.bind(o.target).run());
        }
        auto q = TRY(c.prepare("DELETE FROM outbox WHERE id=? AND fence=?"));
        TRY(q.bind(o.id).bind(o.fence).run());
        return c.changes() == 1 ? Ok{} : fail(Errc::conflict, "outbox");
    });
}

Ok SmdpStore::postpone(const Outgoing& o) {
    return db_->write([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare("UPDATE outbox SET next=?, tries=?, lease=0 WHERE id=? AND fence=?"));
        TRY(q.bind(o.next.count()).bind(o.tries).bind(o.id).bind(o.fence).run());
        return c.changes() == 1 ? Ok{} : fail(Errc::conflict, "outbox");
    });
}

} // namespace halyard::store
