#include "store/smdp_store.h"
#include "store/postgres.h"
#include "store/smdp_rows.h"
#include "store/smdp_schema.h"

namespace halyard::store {
namespace {
using smdp::Order, smdp::Session, smdp::Binding, smdp::Notification;

Ok put_binding(Connection& c, const Iccid& iccid, const Binding& b) {
    auto q =
        TRY(c.prepare("INSERT INTO bindings VALUES(?,?,?,?) ON CONFLICT(iccid) DO UPDATE SET "
                      "euicc_otpk=excluded.euicc_otpk, smdp_otpk=excluded.smdp_otpk, tail=excluded.tail"));
    return q.bind(Bytes(iccid)).bind(Bytes(b.euicc_otpk)).bind(Bytes(b.smdp_otpk)).bind(Bytes(b.tail)).run();
}

Ok drop_binding(Connection& c, const Iccid& iccid) {
    return TRY(c.prepare("DELETE FROM bindings WHERE iccid=?")).bind(Bytes(iccid)).run();
}

Ok insert_notification(Connection& c, const Notification& n) {
    auto q = TRY(c.prepare("INSERT INTO notifications VALUES(?,?,?,?,?,?,?)"));
    q.bind(Bytes(n.eid)).bind(static_cast<int64_t>(n.sequence)).bind(n.event).bind_optional(n.iccid);
    return q.bind(n.success ? 1 : 0).bind(n.received.count()).bind(Bytes(n.der)).run();
}

// The order of a query, if there is one. `sql` is a literal.
Result<std::optional<Order>> one(Database& db, const char* sql, const std::function<void(Statement&)>& bind) {
    std::optional<Order> out;
    TRY(db.read([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare(sql));
        bind(q);
        if (TRY(q.step())) out = TRY(order_of(q));
        return {};
    }));
    return out;
}
} // namespace

Result<std::unique_ptr<SmdpStore>> SmdpStore::open(const std::filesystem::path& file) {
    return open(file, "");
}
Result<std::unique_ptr<SmdpStore>> SmdpStore::open(const std::filesystem::path& file,
                                                   const std::string& postgres) {
    auto database = TRY(postgres.empty() ? open_sqlite(file, kSmdp) : open_postgres(postgres, kSmdp));
    return std::unique_ptr<SmdpStore>(new SmdpStore(std::move(database)));
}
Result<std::unique_ptr<SmdpStore>> SmdpStore::open_in_memory() {
    auto database = TRY(open_sqlite_in_memory(kSmdp));
    return std::unique_ptr<SmdpStore>(new SmdpStore(std::move(database)));
}

Ok SmdpStore::commit(const smdp::Change& change) {
    Fallen fallen;
    TRY(db_->write([&](Connection& c) -> Ok {
        fallen.clear();
        std::vector<LevelChange> levels;
        if (change.insert_order) {
            levels.push_back(TRY(level_change(c, *change.insert_order)));
            TRY(insert_order(c, *change.insert_order, change.sealed_package));
        }
        if (change.order) {
            levels.push_back(TRY(level_change(c, *change.order)));
            TRY(update_order(c, *change.order));
        }
        if (change.session) TRY(put_session(c, *change.session));
        if (change.binding) TRY(put_binding(c, change.order->iccid, *change.binding));
        if (change.drop_binding) TRY(drop_binding(c, change.order->iccid));
        if (change.notification) TRY(insert_notification(c, *change.notification));
        for (const smdp::Outgoing& o : change.outbox) TRY(insert_outgoing(c, o));
        if (change.call) TRY(insert_call(c, *change.call));
        for (const LevelChange& l : levels) TRY(change_level(c, l, fallen)); // last: all of a type meet there
        return {};
    }));
    tell(fallen);
    return {};
}

Result<std::optional<Order>> SmdpStore::order(std::string_view matching_id) {
    const auto printable = [](char c) { return c >= ' ' && c <= '~'; };
    if (matching_id.empty() || !std::all_of(matching_id.begin(), matching_id.end(), printable))
        return std::optional<Order>{}; // many have none; and what devices send need not be text
    return one(*db_, SMDP_ORDER "WHERE matching_id=? AND matching_id<>''", [&](Statement& q) {
        q.bind(matching_id);
    });
}
Result<std::optional<Order>> SmdpStore::order(const Iccid& iccid) {
    return one(*db_, SMDP_ORDER "WHERE iccid=?", [&](Statement& q) { q.bind(Bytes(iccid)); });
}
Result<std::optional<Order>> SmdpStore::default_order(const Eid& eid) {
    // 0 released, 1 downloaded, 8 confirmed
    return one(*db_,
               SMDP_ORDER "WHERE default_dp=1 AND eid=? AND state IN (0, 1, 8) "
                          "ORDER BY state=8, created, iccid LIMIT 1",
               [&](Statement& q) { q.bind(Bytes(eid)); });
}
Result<std::optional<Order>>
SmdpStore::available(std::string_view operator_id, std::string_view type, uint8_t dice) {
    std::optional<Order> out;
    TRY(db_->read([&](Connection& c) -> Ok {
        for (;;) {
            std::vector<OwnedBytes> first;
            // The order keeps PostgreSQL to the index: reading on from the first row until it has sixteen
            // looks cheap to it, and is not where all of those are taken.
            auto q = TRY(c.prepare("SELECT iccid FROM orders WHERE operator_id=? AND type=? AND state=5 "
                                   "ORDER BY iccid LIMIT 16"));
            q.bind(operator_id).bind(type);
            while (TRY(q.step())) first.push_back(q.octets(0));
            if (first.empty()) return {};
            // Between the two another one may have taken it.
            auto one = TRY(c.prepare(SMDP_ORDER "WHERE iccid=? AND state=5"));
            if (TRY(one.bind(Bytes(first[dice % first.size()])).step())) {
                out = TRY(order_of(one));
                return {};
            }
        }
    }));
    return out;
}
Result<bool> SmdpStore::has_type(std::string_view operator_id, std::string_view type) {
    bool yes = false;
    TRY(db_->read([&](Connection& c) -> Ok {
        auto q =
            TRY(c.prepare("SELECT state FROM orders WHERE operator_id=? AND type=? ORDER BY state LIMIT 1"));
        yes = TRY(q.bind(operator_id).bind(type).step());
        return {};
    }));
    return yes;
}
Result<std::vector<smdp::Pool>> SmdpStore::pools() {
    std::vector<smdp::Pool> out;
    TRY(db_->read([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare("SELECT operator_id, type, state, COUNT(*) FROM orders GROUP BY 1, 2, 3"));
        while (TRY(q.step()))
            out.push_back({q.text(0),
                           q.text(1),
                           static_cast<smdp::OrderState>(q.integer(2)),
                           static_cast<uint64_t>(q.integer(3))});
        return {};
    }));
    return out;
}
Result<std::vector<Order>> SmdpStore::orders(size_t limit) {
    std::vector<Order> out;
    TRY(db_->read([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare(SMDP_ORDER "ORDER BY created DESC, matching_id LIMIT ?"));
        q.bind(limit ? static_cast<int64_t>(limit) : INT64_MAX);
        while (TRY(q.step())) out.push_back(TRY(order_of(q)));
        return {};
    }));
    return out;
}
Result<smdp::Sealed> SmdpStore::sealed_package(const Iccid& iccid) {
    smdp::Sealed out;
    TRY(db_->read([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare(
            "SELECT sealed, sealed_as, key_id, template_version, size FROM packages WHERE iccid=?"));
        if (!TRY(q.bind(Bytes(iccid)).step())) return fail(Errc::not_found, "package");
        out = {q.octets(0),
               q.text(1),
               static_cast<uint32_t>(q.integer(2)),
               static_cast<uint32_t>(q.integer(3)),
               static_cast<uint64_t>(q.integer(4))};
        return {};
    }));
    return out;
}
Result<std::optional<Binding>> SmdpStore::binding(const Iccid& iccid) {
    std::optional<Binding> out;
    TRY(db_->read([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare("SELECT euicc_otpk, smdp_otpk, tail FROM bindings WHERE iccid=?"));
        if (TRY(q.bind(Bytes(iccid)).step())) out = Binding{q.octets(0), q.octets(1), q.octets(2)};
        return {};
    }));
    return out;
}
Result<std::optional<Session>> SmdpStore::session(Bytes transaction_id) {
    std::optional<Session> out;
    TRY(db_->read([&](Connection& c) -> Ok {
        out = TRY(session_of(c, transaction_id));
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
