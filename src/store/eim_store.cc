#include "store/eim_store.h"
#include "store/eim_rows.h"
#include "store/eim_schema.h"

namespace halyard::store {
namespace {
using eim::Device, eim::Operation, eim::Evidence, eim::Forward;

Ok put_forward(Connection& c, const Forward& f) {
    auto q = TRY(c.prepare("INSERT INTO forwards(eid, address, number, digest, message, delivered, attempts, "
                           "due) VALUES(?,?,?,?,?,0,0,?) ON CONFLICT(eid, address, digest) DO NOTHING"));
    q.bind(Bytes(f.eid)).bind(f.address).bind(static_cast<int64_t>(f.number)).bind(Bytes(f.digest));
    return q.bind(Bytes(f.message)).bind(f.due.count()).run();
}
Ok put_evidence(Connection& c, const Evidence& e) {
    auto q = TRY(c.prepare("INSERT INTO evidence(operation, eid, received, what, octets) VALUES(?,?,?,?,?)"));
    q.bind(e.operation).bind(Bytes(e.eid)).bind(e.received.count()).bind(e.what);
    TRY(q.bind(Bytes(e.octets)).run());
    // Nobody fills the disk with what proves nothing.
    auto d = TRY(c.prepare("DELETE FROM evidence WHERE operation=?1 AND eid=?2 AND id NOT IN (SELECT id FROM "
                           "evidence WHERE operation=?1 AND eid=?2 ORDER BY id DESC LIMIT 16)"));
    return d.bind(e.operation).bind(Bytes(e.eid)).run();
}
void bind_one(Statement& q, std::string_view v) { q.bind(v); }
void bind_one(Statement& q, Bytes v) { q.bind(v); }
void bind_one(Statement& q, const Eid& v) { q.bind(Bytes(v)); }
void bind_one(Statement& q, int64_t v) { q.bind(v); }
} // namespace

Result<std::unique_ptr<EimStore>> EimStore::open(const std::filesystem::path& file) {
    auto database = TRY(open_sqlite(file, kEim));
    return std::unique_ptr<EimStore>(new EimStore(std::move(database)));
}
Result<std::unique_ptr<EimStore>> EimStore::open_in_memory() {
    auto database = TRY(open_sqlite_in_memory(kEim));
    return std::unique_ptr<EimStore>(new EimStore(std::move(database)));
}

Ok EimStore::commit(const eim::Change& change) {
    return db_->write([&](Connection& c) -> Ok {
        for (const Device& d : change.devices) TRY(put_device(c, d));
        for (const Operation& o : change.operations) TRY(put_operation(c, o));
        if (change.session) TRY(put_session(c, *change.session));
        for (const Forward& f : change.forwards) TRY(put_forward(c, f));
        for (const Evidence& e : change.evidence) TRY(put_evidence(c, e));
        return {};
    });
}

template <class... Args> Result<std::vector<Operation>> EimStore::list(const char* sql, const Args&... args) {
    std::vector<Operation> out;
    TRY(db_->read([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare(sql));
        (bind_one(q, args), ...);
        while (TRY(q.step())) out.push_back(TRY(operation_of(q)));
        return {};
    }));
    return out;
}
template <class... Args>
Result<std::optional<Operation>> EimStore::one(const char* sql, const Args&... args) {
    auto all = TRY(list(sql, args...));
    return all.empty() ? std::optional<Operation>() : std::optional<Operation>(std::move(all.front()));
}

Result<std::optional<Device>> EimStore::device(const Eid& eid) {
    std::optional<Device> out;
    TRY(db_->read([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare("SELECT " DEVICE_COLUMNS " FROM " DEVICE_TABLES " WHERE eid=?"));
        if (TRY(q.bind(Bytes(eid)).step())) out = TRY(device_of(q));
        return {};
    }));
    return out;
}
Result<std::vector<Device>> EimStore::devices(const std::optional<Eid>& after, size_t limit) {
    std::vector<Device> out;
    TRY(db_->read([&](Connection& c) -> Ok {
        auto q = TRY(
            c.prepare("SELECT " DEVICE_COLUMNS " FROM " DEVICE_TABLES " WHERE eid > ? ORDER BY eid LIMIT ?"));
        if (after)
            q.bind(Bytes(*after));
        else
            q.bind(Bytes());
        q.bind(static_cast<int64_t>(limit));
        while (TRY(q.step())) out.push_back(TRY(device_of(q)));
        return {};
    }));
    return out;
}
Result<std::optional<Operation>> EimStore::operation(std::string_view id) {
    return one("SELECT " OPERATION_COLUMNS " FROM operations WHERE id=?", id);
}
Result<std::optional<Operation>> EimStore::by_transaction(Bytes id) {
    return one("SELECT " OPERATION_COLUMNS " FROM operations WHERE transaction_id=?", id);
}
Result<std::optional<Operation>> EimStore::by_counter(const Eid& eid, uint64_t counter) {
    return one("SELECT " OPERATION_COLUMNS " FROM operations WHERE eid=? AND counter=?",
               eid,
               static_cast<int64_t>(counter));
}
Result<std::optional<Operation>> EimStore::by_idempotency_key(std::string_view key) {
    return one("SELECT " OPERATION_COLUMNS " FROM operations WHERE idempotency_key=?", key);
}
Result<std::vector<Operation>> EimStore::open_operations(const Eid& eid) {
    return list("SELECT " OPERATION_COLUMNS
                " FROM operations WHERE eid=? AND state IN (0, 1, 2, 7) ORDER BY sequence",
                eid);
}
Result<std::vector<Operation>> EimStore::operations(const eim::OperationFilter& f) {
    const auto after = static_cast<int64_t>(f.after_sequence), limit = static_cast<int64_t>(f.limit);
    if (f.eid && f.state)
        return list("SELECT " OPERATION_COLUMNS
                    " FROM operations WHERE eid=? AND state=? AND sequence > ? ORDER BY sequence LIMIT ?",
                    *f.eid,
                    static_cast<int64_t>(*f.state),
                    after,
                    limit);
    if (f.eid)
        return list("SELECT " OPERATION_COLUMNS
                    " FROM operations WHERE eid=? AND sequence > ? ORDER BY sequence LIMIT ?",
                    *f.eid,
                    after,
                    limit);
    if (f.state)
        return list("SELECT " OPERATION_COLUMNS
                    " FROM operations WHERE state=? AND sequence > ? ORDER BY sequence LIMIT ?",
                    static_cast<int64_t>(*f.state),
                    after,
                    limit);
    return list("SELECT " OPERATION_COLUMNS " FROM operations WHERE sequence > ? ORDER BY sequence LIMIT ?",
                after,
                limit);
}
Result<std::vector<Operation>> EimStore::overdue(Time now, size_t limit) {
    return list(
        "SELECT " OPERATION_COLUMNS
        " FROM operations WHERE state IN (0, 1, 2) AND expires > 0 AND expires < ? ORDER BY expires LIMIT ?",
        static_cast<int64_t>(now.count()),
        static_cast<int64_t>(limit));
}
Result<bool> EimStore::knows_address(const Eid& eid, std::string_view address) {
    bool yes = false;
    TRY(db_->read([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare("SELECT 1 FROM addresses WHERE eid=? AND address=?"));
        yes = TRY(q.bind(Bytes(eid)).bind(address).step());
        return {};
    }));
    return yes;
}
Result<std::vector<Forward>> EimStore::due_forwards(Time now, size_t limit) {
    std::vector<Forward> out;
    TRY(db_->read([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare(
            "SELECT id, eid, address, number, digest, message, attempts, due FROM forwards AS f WHERE "
            "delivered=0 AND due <= ? AND NOT EXISTS (SELECT 1 FROM forwards AS g WHERE g.delivered=0 AND "
            "g.eid=f.eid AND g.address=f.address AND (g.number, g.id) < (f.number, f.id)) ORDER BY due, id "
            "LIMIT ?"));
        q.bind(now.count()).bind(static_cast<int64_t>(limit));
        while (TRY(q.step()))
            out.push_back({q.integer(0),
                           TRY(fixed<Eid>(q.octets(1), "forwards.eid")),
                           q.text(2),
                           static_cast<uint64_t>(q.integer(3)),
                           TRY(fixed<Sha256>(q.octets(4), "forwards.digest")),
                           q.octets(5),
                           static_cast<uint32_t>(q.integer(6)),
                           Time(q.integer(7))});
        return {};
    }));
    return out;
}
Result<size_t> EimStore::waiting_forwards(const Eid& eid) {
    size_t n = 0;
    TRY(db_->read([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare("SELECT count(*) FROM forwards WHERE eid=? AND delivered=0"));
        if (TRY(q.bind(Bytes(eid)).step())) n = static_cast<size_t>(q.integer(0));
        return {};
    }));
    return n;
}
Ok EimStore::forward_done(int64_t id) {
    return db_->write([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare("UPDATE forwards SET delivered=1, message=x'' WHERE id=?"));
        TRY(q.bind(id).run());
        auto d =
            TRY(c.prepare("DELETE FROM forwards WHERE delivered=1 AND eid=(SELECT eid FROM forwards WHERE "
                          "id=?1) AND id NOT IN (SELECT id FROM forwards WHERE delivered=1 AND "
                          "eid=(SELECT eid FROM forwards WHERE id=?1) ORDER BY id DESC LIMIT 64)"));
        return d.bind(id).run();
    });
}
Ok EimStore::forward_later(int64_t id, Time due) {
    return db_->write([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare("UPDATE forwards SET due=?, attempts=attempts+1 WHERE id=?"));
        return q.bind(due.count()).bind(id).run();
    });
}
Result<std::vector<Evidence>> EimStore::evidence(std::string_view operation) {
    std::vector<Evidence> out;
    TRY(db_->read([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare(
            "SELECT operation, eid, received, what, octets FROM evidence WHERE operation=? ORDER BY id"));
        q.bind(operation);
        while (TRY(q.step()))
            out.push_back({q.text(0),
                           TRY(fixed<Eid>(q.octets(1), "evidence.eid")),
                           Time(q.integer(2)),
                           q.text(3),
                           q.octets(4)});
        return {};
    }));
    return out;
}

} // namespace halyard::store
