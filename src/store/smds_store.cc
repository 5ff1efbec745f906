#include "store/smds_store.h"
#include "store/deviations.h"
#include "store/postgres.h"

namespace halyard::store {
namespace {
using smds::Call, smds::Event, smds::Forward, smds::Session;

constexpr int kVersion = 2;
// What came after version 1, in words that PostgreSQL understands too: there it all begins with version 2.
#define STEP_2                                                                                               \
    "ALTER TABLE outbox ADD COLUMN lease INTEGER NOT NULL DEFAULT 0; "                                       \
    "ALTER TABLE outbox ADD COLUMN fence INTEGER NOT NULL DEFAULT 0"
constexpr const char* kSchema = R"(
CREATE TABLE events(
  number INTEGER PRIMARY KEY AUTOINCREMENT, eid BLOB NOT NULL, event_id TEXT NOT NULL, address TEXT NOT NULL,
  forwarding INTEGER NOT NULL, owner TEXT NOT NULL, forwarded_id TEXT NOT NULL, registered INTEGER NOT NULL,
  UNIQUE(eid, event_id)) STRICT;
CREATE TABLE calls(
  requester TEXT NOT NULL, id TEXT NOT NULL, request BLOB NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY(requester, id)) STRICT;
CREATE INDEX calls_by_age ON calls(at);
CREATE TABLE outbox(
  number INTEGER PRIMARY KEY AUTOINCREMENT, remove INTEGER NOT NULL, eid BLOB NOT NULL, event_id TEXT NOT NULL,
  call_id TEXT NOT NULL, tries INTEGER NOT NULL, due INTEGER NOT NULL) STRICT;
CREATE INDEX outbox_by_event ON outbox(event_id, number);
CREATE INDEX outbox_by_due ON outbox(due, number);
CREATE TABLE sessions(
  transaction_id BLOB PRIMARY KEY, euicc_challenge BLOB NOT NULL, server_challenge BLOB NOT NULL,
  state INTEGER NOT NULL, created INTEGER NOT NULL, ci_key_id BLOB NOT NULL, eid BLOB NOT NULL,
  euicc_key BLOB NOT NULL, request BLOB NOT NULL, answer BLOB NOT NULL, version INTEGER NOT NULL) STRICT;
CREATE INDEX sessions_by_age ON sessions(created);
)" DEVIATIONS_SCHEMA ";" STEP_2;
constexpr Migration kMigrations[] = {{1, STEP_2}};
constexpr Schema kSmds{"halyard_smds", kSchema, kVersion, kMigrations};

#define EVENT_COLUMNS                                                                                        \
    "SELECT number, eid, event_id, address, forwarding, owner, forwarded_id, registered, "                   \
    "EXISTS(SELECT 1 FROM outbox o WHERE o.event_id=forwarded_id) FROM events "
constexpr const char* kEventsOfEid = EVENT_COLUMNS "WHERE eid=? ORDER BY number";
constexpr const char* kEvents = EVENT_COLUMNS "WHERE number>? ORDER BY number LIMIT ?";
#define FORWARD "number, remove, eid, event_id, call_id, tries, due, fence"
// Nobody's at the moment; of one event the oldest message goes first: a deleteEvent never overtakes its
// registerEvent.
#define DUE                                                                                                  \
    "FROM outbox m WHERE due<=? AND lease<=? AND NOT EXISTS(SELECT 1 FROM outbox o WHERE "                   \
    "o.event_id=m.event_id AND o.number<m.number) ORDER BY due, number LIMIT ?"
constexpr const char* kDue = "SELECT " FORWARD " " DUE;
constexpr const char* kClaim =
    "WITH mine AS MATERIALIZED (SELECT number " DUE " /*postgresql FOR UPDATE OF m SKIP LOCKED*/) "
    "UPDATE outbox SET lease=?, fence=fence+1 WHERE number IN (SELECT number FROM mine) RETURNING " FORWARD;

Result<Event> event_of(const Statement& q) {
    Event e;
    e.number = static_cast<uint64_t>(q.integer(0));
    e.eid = TRY(fixed<Eid>(q.octets(1), "events.eid"));
    e.event_id = q.text(2);
    e.rsp_server_address = q.text(3);
    e.forwarding_indicator = q.integer(4) != 0;
    e.owner = q.text(5);
    e.forwarded_id = q.text(6);
    e.registered = Time(q.integer(7));
    e.waits_for_parent = q.integer(8) != 0;
    return e;
}

Result<Forward> forward_of(const Statement& q) {
    Forward f;
    f.number = static_cast<uint64_t>(q.integer(0));
    f.remove = q.integer(1) != 0;
    f.eid = TRY(fixed<Eid>(q.octets(2), "outbox.eid"));
    f.event_id = q.text(3);
    f.call_id = q.text(4);
    f.tries = static_cast<uint32_t>(q.integer(5));
    f.due = Time(q.integer(6));
    f.fence = q.integer(7);
    return f;
}

Ok insert_event(Connection& c, const Event& e) {
    auto q = TRY(c.prepare("INSERT INTO events(eid, event_id, address, forwarding, owner, forwarded_id, "
                           "registered) VALUES(?,?,?,?,?,?,?)"));
    q.bind(Bytes(e.eid)).bind(e.event_id).bind(e.rsp_server_address).bind(e.forwarding_indicator ? 1 : 0);
    return q.bind(e.owner).bind(e.forwarded_id).bind(e.registered.count()).run();
}

Ok remove_event(Connection& c, const Event& e) {
    auto q = TRY(c.prepare("DELETE FROM events WHERE number=?"));
    TRY(q.bind(static_cast<int64_t>(e.number)).run());
    return c.changes() == 1 ? Ok{} : fail(Errc::conflict, "event");
}

Ok insert_forward(Connection& c, const Forward& f) {
    auto q = TRY(c.prepare("INSERT INTO outbox(remove, eid, event_id, call_id, tries, due) "
                           "VALUES(?,?,?,?,?,?)"));
    q.bind(f.remove ? 1 : 0).bind(Bytes(f.eid)).bind(f.event_id).bind(f.call_id);
    return q.bind(f.tries).bind(f.due.count()).run();
}

Ok insert_call(Connection& c, const Call& call) {
    auto q = TRY(c.prepare("INSERT INTO calls VALUES(?,?,?,?)"));
    return q.bind(call.requester).bind(call.id).bind(Bytes(call.request)).bind(call.at.count()).run();
}

Ok put_session(Connection& c, const Session& s) {
    if (s.version == 0) {
        auto q = TRY(c.prepare("INSERT INTO sessions VALUES(?,?,?,?,?,?,?,?,?,?,1)"));
        q.bind(Bytes(s.transaction_id)).bind(Bytes(s.euicc_challenge)).bind(Bytes(s.server_challenge));
        q.bind(static_cast<int64_t>(s.state)).bind(s.created.count()).bind(Bytes(s.ci_key_id));
        return q.bind(Bytes(s.eid))
            .bind(Bytes(s.euicc_key))
            .bind(Bytes(s.request))
            .bind(Bytes(s.answer))
            .run();
    }
    auto q = TRY(c.prepare("UPDATE sessions SET state=?, eid=?, euicc_key=?, request=?, answer=?, "
                           "version=version+1 WHERE transaction_id=? AND version=?"));
    q.bind(static_cast<int64_t>(s.state)).bind(Bytes(s.eid)).bind(Bytes(s.euicc_key));
    q.bind(Bytes(s.request)).bind(Bytes(s.answer));
    TRY(q.bind(Bytes(s.transaction_id)).bind(static_cast<int64_t>(s.version)).run());
    return c.changes() == 1 ? Ok{} : fail(Errc::conflict, "session");
}
} // namespace

Result<std::unique_ptr<SmdsStore>> SmdsStore::open(const std::filesystem::path& file) {
    return open(file, "");
}
Result<std::unique_ptr<SmdsStore>> SmdsStore::open(const std::filesystem::path& file,
                                                   const std::string& postgres) {
    auto database = TRY(postgres.empty() ? open_sqlite(file, kSmds) : open_postgres(postgres, kSmds));
    return std::unique_ptr<SmdsStore>(new SmdsStore(std::move(database)));
}
Result<std::unique_ptr<SmdsStore>> SmdsStore::open_in_memory() {
    auto database = TRY(open_sqlite_in_memory(kSmds));
    return std::unique_ptr<SmdsStore>(new SmdsStore(std::move(database)));
}

Ok SmdsStore::commit(const smds::Change& change) {
    return db_->write([&](Connection& c) -> Ok {
        if (change.insert_event) TRY(insert_event(c, *change.insert_event));
        if (change.remove_event) TRY(remove_event(c, *change.remove_event));
        if (change.insert_forward) TRY(insert_forward(c, *change.insert_forward));
        if (change.call) TRY(insert_call(c, *change.call));
        if (change.session) TRY(put_session(c, *change.session));
        return {};
    });
}

Result<std::vector<Event>> SmdsStore::events(const Eid& eid) {
    std::vector<Event> out;
    TRY(db_->read([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare(kEventsOfEid));
        q.bind(Bytes(eid));
        while (TRY(q.step())) out.push_back(TRY(event_of(q)));
        return {};
    }));
    return out;
}
Result<std::vector<Event>> SmdsStore::events(uint64_t after, size_t limit) {
    std::vector<Event> out;
    TRY(db_->read([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare(kEvents));
        q.bind(static_cast<int64_t>(after)).bind(static_cast<int64_t>(limit));
        while (TRY(q.step())) out.push_back(TRY(event_of(q)));
        return {};
    }));
    return out;
}

Result<std::optional<Call>> SmdsStore::call(std::string_view requester, std::string_view id) {
    std::optional<Call> out;
    TRY(db_->read([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare("SELECT request, at FROM calls WHERE requester=? AND id=?"));
        if (!TRY(q.bind(requester).bind(id).step())) return {};
        const auto request = TRY(fixed<Sha256>(q.octets(0), "calls.request"));
        out = Call{std::string(requester), std::string(id), request, Time(q.integer(1))};
        return {};
    }));
    return out;
}

Result<std::optional<Session>> SmdsStore::session(Bytes transaction_id) {
    std::optional<Session> out;
    TRY(db_->read([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare("SELECT transaction_id, euicc_challenge, server_challenge, state, created, "
                               "ci_key_id, eid, euicc_key, request, answer, version FROM sessions WHERE "
                               "transaction_id=?"));
        if (!TRY(q.bind(transaction_id).step())) return {};
        using Sixteen = std::array<uint8_t, 16>;
        Session s;
        s.transaction_id = TRY(fixed<Sixteen>(q.octets(0), "sessions.transaction_id"));
        s.euicc_challenge = TRY(fixed<Sixteen>(q.octets(1), "sessions.euicc_challenge"));
        s.server_challenge = TRY(fixed<Sixteen>(q.octets(2), "sessions.server_challenge"));
        s.state = static_cast<smds::SessionState>(q.integer(3));
        s.created = Time(q.integer(4));
        s.ci_key_id = q.octets(5);
        s.eid = TRY(fixed<Eid>(q.octets(6), "sessions.eid"));
        s.euicc_key = q.octets(7);
        s.request = TRY(fixed<Sha256>(q.octets(8), "sessions.request"));
        s.answer = q.octets(9);
        s.version = static_cast<uint64_t>(q.integer(10));
        out = std::move(s);
        return {};
    }));
    return out;
}

Result<std::vector<Forward>> SmdsStore::due(Time now, size_t limit) {
    std::vector<Forward> out;
    TRY(db_->read([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare(kDue));
        q.bind(now.count()).bind(now.count()).bind(static_cast<int64_t>(limit));
        while (TRY(q.step())) out.push_back(TRY(forward_of(q)));
        return {};
    }));
    return out;
}
Result<std::vector<Forward>> SmdsStore::claim(Time now, Time until, size_t limit) {
    std::vector<Forward> out;
    if (TRY(due(now, 1)).empty()) return out; // most of the time: nothing is written
    TRY(db_->write([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare(kClaim));
        q.bind(now.count()).bind(now.count()).bind(static_cast<int64_t>(limit)).bind(until.count());
        while (TRY(q.step())) out.push_back(TRY(forward_of(q)));
        return {};
    }));
    std::sort(out.begin(), out.end(), [](const Forward& a, const Forward& b) {
        return std::pair(a.due, a.number) < std::pair(b.due, b.number);
    });
    return out;
}
Ok SmdsStore::give_up(const Forward& f) {
    return db_->write([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare("UPDATE outbox SET lease=0 WHERE number=? AND fence=?"));
        TRY(q.bind(static_cast<int64_t>(f.number)).bind(f.fence).run());
        return c.changes() == 1 ? Ok{} : fail(Errc::conflict, "outbox");
    });
}
Ok SmdsStore::postpone(const Forward& f) {
    return db_->write([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare("UPDATE outbox SET tries=?, due=?, lease=0 WHERE number=? AND fence=?"));
        q.bind(f.tries).bind(f.due.count());
        TRY(q.bind(static_cast<int64_t>(f.number)).bind(f.fence).run());
        return c.changes() == 1 ? Ok{} : fail(Errc::conflict, "outbox");
    });
}
Ok SmdsStore::acknowledged(const Forward& f) {
    return db_->write([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare("DELETE FROM outbox WHERE number=? AND fence=?"));
        TRY(q.bind(static_cast<int64_t>(f.number)).bind(f.fence).run());
        return c.changes() == 1 ? Ok{} : fail(Errc::conflict, "outbox");
    });
}

Ok SmdsStore::forget(Time sessions_before, Time calls_before) {
    return db_->write([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare("DELETE FROM sessions WHERE created<?"));
        TRY(q.bind(sessions_before.count()).run());
        auto calls = TRY(c.prepare("DELETE FROM calls WHERE at<?"));
        return calls.bind(calls_before.count()).run();
    });
}

} // namespace halyard::store
