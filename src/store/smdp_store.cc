#include "store/smdp_store.h"
#include "store/deviations.h"

namespace halyard::store {
namespace {
using smdp::Order, smdp::Session, smdp::Binding, smdp::Notification;

constexpr int kVersion = 3;
constexpr Migration kMigrations[] = {{2, DEVIATIONS_SCHEMA}};
constexpr const char* kSchema = R"(
CREATE TABLE orders(
  matching_id TEXT PRIMARY KEY, iccid BLOB NOT NULL UNIQUE, eid BLOB, state INTEGER NOT NULL, name TEXT NOT NULL,
  attempts INTEGER NOT NULL, created INTEGER NOT NULL, changed INTEGER NOT NULL, expires INTEGER NOT NULL,
  reason TEXT NOT NULL, last_event TEXT NOT NULL, metadata BLOB NOT NULL, version INTEGER NOT NULL) STRICT;
CREATE TABLE packages(
  matching_id TEXT PRIMARY KEY REFERENCES orders(matching_id), sealed BLOB NOT NULL) STRICT;
CREATE TABLE bindings(
  matching_id TEXT PRIMARY KEY REFERENCES orders(matching_id), euicc_otpk BLOB NOT NULL, smdp_otpk BLOB NOT NULL,
  tail BLOB NOT NULL) STRICT;
CREATE TABLE sessions(
  transaction_id BLOB PRIMARY KEY, euicc_challenge BLOB NOT NULL, server_challenge BLOB NOT NULL,
  state INTEGER NOT NULL, created INTEGER NOT NULL, ci_key_id BLOB NOT NULL, matching_id TEXT NOT NULL,
  eid BLOB NOT NULL, euicc_key BLOB NOT NULL, smdp_signature2 BLOB NOT NULL,
  secure_channel BLOB NOT NULL, request BLOB NOT NULL, answer BLOB NOT NULL, version INTEGER NOT NULL) STRICT;
CREATE INDEX sessions_by_age ON sessions(state, created);
CREATE TABLE notifications(
  eid BLOB NOT NULL, sequence INTEGER NOT NULL, event TEXT NOT NULL, iccid BLOB, success INTEGER NOT NULL,
  received INTEGER NOT NULL, der BLOB NOT NULL, PRIMARY KEY(eid, sequence, event)) STRICT;
CREATE INDEX notifications_by_iccid ON notifications(iccid);
)" DEVIATIONS_SCHEMA;
constexpr const char* kOrderByMatchingId =
    "SELECT matching_id, iccid, eid, state, name, attempts, created, changed, expires, reason, last_event, "
    "metadata, version FROM orders WHERE matching_id=?";
constexpr const char* kOrderByIccid =
    "SELECT matching_id, iccid, eid, state, name, attempts, created, changed, expires, reason, last_event, "
    "metadata, version FROM orders WHERE iccid=?";
constexpr const char* kOrders =
    "SELECT matching_id, iccid, eid, state, name, attempts, created, changed, expires, reason, last_event, "
    "metadata, version FROM orders ORDER BY created DESC, matching_id LIMIT ?";

Result<Order> order_of(const Statement& q) {
    Order o;
    o.matching_id = q.text(0);
    o.iccid = TRY(fixed<Iccid>(q.octets(1), "orders.iccid"));
    if (!q.is_null(2)) o.eid = TRY(fixed<Eid>(q.octets(2), "orders.eid"));
    o.state = static_cast<smdp::OrderState>(q.integer(3));
    o.name = q.text(4);
    o.attempts = static_cast<uint32_t>(q.integer(5));
    o.created = Time(q.integer(6));
    o.changed = Time(q.integer(7));
    o.expires = Time(q.integer(8));
    o.reason = q.text(9);
    o.last_event = q.text(10);
    o.metadata = q.octets(11);
    o.version = static_cast<uint64_t>(q.integer(12));
    return o;
}

Ok insert_order(Connection& c, const Order& o, Bytes sealed) {
    auto q = TRY(c.prepare("INSERT INTO orders VALUES(?,?,?,?,?,?,?,?,?,?,?,?,1)"));
    q.bind(o.matching_id).bind(Bytes(o.iccid)).bind_optional(o.eid).bind(static_cast<int64_t>(o.state));
    q.bind(o.name).bind(o.attempts).bind(o.created.count()).bind(o.changed.count()).bind(o.expires.count());
    TRY(q.bind(o.reason).bind(o.last_event).bind(Bytes(o.metadata)).run());
    auto p = TRY(c.prepare("INSERT INTO packages VALUES(?,?)"));
    return p.bind(o.matching_id).bind(sealed).run();
}

Ok update_order(Connection& c, const Order& o) {
    auto q = TRY(c.prepare("UPDATE orders SET eid=?, state=?, attempts=?, changed=?, reason=?, last_event=?, "
                           "version=version+1 WHERE matching_id=? AND version=?"));
    q.bind_optional(o.eid).bind(static_cast<int64_t>(o.state)).bind(o.attempts).bind(o.changed.count());
    TRY(q.bind(o.reason).bind(o.last_event).bind(o.matching_id).bind(static_cast<int64_t>(o.version)).run());
    return c.changes() == 1 ? Ok{} : fail(Errc::conflict, "order");
}

Ok put_session(Connection& c, const Session& s) {
    if (s.version == 0) {
        auto q = TRY(c.prepare("INSERT INTO sessions VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,1)"));
        q.bind(Bytes(s.transaction_id)).bind(Bytes(s.euicc_challenge)).bind(Bytes(s.server_challenge));
        q.bind(static_cast<int64_t>(s.state)).bind(s.created.count()).bind(Bytes(s.ci_key_id));
        q.bind(s.matching_id).bind(Bytes(s.eid)).bind(Bytes(s.euicc_key)).bind(Bytes(s.smdp_signature2));
        return q.bind(Bytes(s.secure_channel)).bind(Bytes(s.request)).bind(Bytes(s.answer)).run();
    }
    auto q = TRY(c.prepare(
        "UPDATE sessions SET state=?, matching_id=?, eid=?, euicc_key=?, smdp_signature2=?, "
        "secure_channel=?, request=?, answer=?, version=version+1 WHERE transaction_id=? AND version=?"));
    q.bind(static_cast<int64_t>(s.state)).bind(s.matching_id).bind(Bytes(s.eid)).bind(Bytes(s.euicc_key));
    q.bind(Bytes(s.smdp_signature2)).bind(Bytes(s.secure_channel)).bind(Bytes(s.request));
    q.bind(Bytes(s.answer));
    TRY(q.bind(Bytes(s.transaction_id)).bind(static_cast<int64_t>(s.version)).run());
    return c.changes() == 1 ? Ok{} : fail(Errc::conflict, "session");
}

Ok put_binding(Connection& c, std::string_view matching_id, const Binding& b) {
    auto q =
        TRY(c.prepare("INSERT INTO bindings VALUES(?,?,?,?) ON CONFLICT(matching_id) DO UPDATE SET "
                      "euicc_otpk=excluded.euicc_otpk, smdp_otpk=excluded.smdp_otpk, tail=excluded.tail"));
    return q.bind(matching_id).bind(Bytes(b.euicc_otpk)).bind(Bytes(b.smdp_otpk)).bind(Bytes(b.tail)).run();
}

Ok insert_notification(Connection& c, const Notification& n) {
    auto q = TRY(c.prepare("INSERT INTO notifications VALUES(?,?,?,?,?,?,?)"));
    q.bind(Bytes(n.eid)).bind(static_cast<int64_t>(n.sequence)).bind(n.event).bind_optional(n.iccid);
    return q.bind(n.success ? 1 : 0).bind(n.received.count()).bind(Bytes(n.der)).run();
}
} // namespace

Result<std::unique_ptr<SmdpStore>> SmdpStore::open(const std::filesystem::path& file) {
    auto database = TRY(Database::open(file, kSchema, kVersion, kMigrations));
    return std::unique_ptr<SmdpStore>(new SmdpStore(std::move(database)));
}
Result<std::unique_ptr<SmdpStore>> SmdpStore::open_in_memory() {
    auto database = TRY(Database::open_in_memory(kSchema, kVersion));
    return std::unique_ptr<SmdpStore>(new SmdpStore(std::move(database)));
}

Ok SmdpStore::commit(const smdp::Change& change) {
    return db_->write([&](Connection& c) -> Ok {
        if (change.insert_order) TRY(insert_order(c, *change.insert_order, change.sealed_package));
        if (change.order) TRY(update_order(c, *change.order));
        if (change.session) TRY(put_session(c, *change.session));
        if (change.binding) TRY(put_binding(c, change.order->matching_id, *change.binding));
        if (change.notification) TRY(insert_notification(c, *change.notification));
        return {};
    });
}

Result<std::optional<Order>> SmdpStore::order(std::string_view matching_id) {
    std::optional<Order> out;
    TRY(db_->read([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare(kOrderByMatchingId));
        if (TRY(q.bind(matching_id).step())) out = TRY(order_of(q));
        return {};
    }));
    return out;
}
Result<std::optional<Order>> SmdpStore::order(const Iccid& iccid) {
    std::optional<Order> out;
    TRY(db_->read([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare(kOrderByIccid));
        if (TRY(q.bind(Bytes(iccid)).step())) out = TRY(order_of(q));
        return {};
    }));
    return out;
}
Result<std::vector<Order>> SmdpStore::orders(size_t limit) {
    std::vector<Order> out;
    TRY(db_->read([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare(kOrders));
        q.bind(limit ? static_cast<int64_t>(limit) : -1);
        while (TRY(q.step())) out.push_back(TRY(order_of(q)));
        return {};
    }));
    return out;
}
Result<OwnedBytes> SmdpStore::sealed_package(std::string_view matching_id) {
    OwnedBytes out;
    TRY(db_->read([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare("SELECT sealed FROM packages WHERE matching_id=?"));
        if (!TRY(q.bind(matching_id).step())) return fail(Errc::not_found, "package");
        out = q.octets(0);
        return {};
    }));
    return out;
}
Result<std::optional<Binding>> SmdpStore::binding(std::string_view matching_id) {
    std::optional<Binding> out;
    TRY(db_->read([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare("SELECT euicc_otpk, smdp_otpk, tail FROM bindings WHERE matching_id=?"));
        if (TRY(q.bind(matching_id).step())) out = Binding{q.octets(0), q.octets(1), q.octets(2)};
        return {};
    }));
    return out;
}
Result<std::optional<Session>> SmdpStore::session(Bytes transaction_id) {
    std::optional<Session> out;
    TRY(db_->read([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare("SELECT transaction_id, euicc_challenge, server_challenge, state, created, "
                               "ci_key_id, matching_id, eid, euicc_key, smdp_signature2, secure_channel, "
                               "request, answer, version FROM sessions WHERE transaction_id=?"));
        if (!TRY(q.bind(transaction_id).step())) return {};
        using Sixteen = std::array<uint8_t, 16>;
        Session s;
        s.transaction_id = TRY(fixed<Sixteen>(q.octets(0), "sessions.transaction_id"));
        s.euicc_challenge = TRY(fixed<Sixteen>(q.octets(1), "sessions.euicc_challenge"));
        s.server_challenge = TRY(fixed<Sixteen>(q.octets(2), "sessions.server_challenge"));
        s.state = static_cast<smdp::SessionState>(q.integer(3));
        s.created = Time(q.integer(4));
        s.ci_key_id = q.octets(5);
        s.matching_id = q.text(6);
        s.eid = TRY(fixed<Eid>(q.octets(7), "sessions.eid"));
        s.euicc_key = q.octets(8);
        s.smdp_signature2 = q.octets(9);
        s.secure_channel = q.octets(10);
        s.request = TRY(fixed<Sha256>(q.octets(11), "sessions.request"));
        s.answer = q.octets(12);
        s.version = static_cast<uint64_t>(q.integer(13));
        out = std::move(s);
        return {};
    }));
    return out;
}
Result<std::vector<Notification>> SmdpStore::notifications(const Iccid& iccid) {
    std::vector<Notification> out;
    TRY(db_->read([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare("SELECT eid, sequence, event, success, received, der FROM notifications WHERE "
                               "iccid=? ORDER BY received, sequence"));
        q.bind(Bytes(iccid));
        while (TRY(q.step())) {
            Notification n;
            n.eid = TRY(fixed<Eid>(q.octets(0), "notifications.eid"));
            n.sequence = static_cast<uint64_t>(q.integer(1));
            n.event = q.text(2);
            n.iccid = iccid;
            n.success = q.integer(3) != 0;
            n.received = Time(q.integer(4));
            n.der = q.octets(5);
            out.push_back(std::move(n));
        }
        return {};
    }));
    return out;
}
Ok SmdpStore::forget_sessions(Time before) {
    return db_->write([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare("DELETE FROM sessions WHERE state IN (0, 1, 4) AND created < ?"));
        return q.bind(before.count()).run();
    });
}

} // namespace halyard::store
