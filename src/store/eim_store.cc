#include "store/eim_store.h"
#include "asn1/asn1.h"

namespace halyard::store {
namespace {
using eim::Device, eim::Operation, eim::KnownProfile, eim::Evidence, eim::Forward, eim::RelaySession;

constexpr int kVersion = 1;
constexpr const char* kSchema = R"(
CREATE TABLE devices(
  eid BLOB PRIMARY KEY, name TEXT NOT NULL, counter INTEGER NOT NULL, token INTEGER, euicc_certificate BLOB NOT NULL,
  eum_certificate BLOB NOT NULL, euicc_key BLOB NOT NULL, euicc_info2 BLOB NOT NULL, ipa_features INTEGER NOT NULL,
  device_info BLOB NOT NULL, profiles_known INTEGER NOT NULL, profiles BLOB NOT NULL, profiles_as_of INTEGER NOT NULL,
  profiles_evidence TEXT NOT NULL, created INTEGER NOT NULL, last_seen INTEGER NOT NULL, version INTEGER NOT NULL) STRICT;
CREATE TABLE operations(
  sequence INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, eid BLOB NOT NULL REFERENCES devices(eid),
  kind INTEGER NOT NULL, state INTEGER NOT NULL, package BLOB NOT NULL, activation_code TEXT NOT NULL,
  tag_list BLOB NOT NULL, after TEXT NOT NULL, resolves TEXT NOT NULL, automatic INTEGER NOT NULL,
  force INTEGER NOT NULL, held INTEGER NOT NULL, cancel_requested INTEGER NOT NULL, created_by TEXT NOT NULL,
  created INTEGER NOT NULL, changed INTEGER NOT NULL, expires INTEGER NOT NULL, transaction_id BLOB NOT NULL UNIQUE,
  counter INTEGER NOT NULL, request BLOB NOT NULL, offers INTEGER NOT NULL, attempts INTEGER NOT NULL,
  unsigned_errors INTEGER NOT NULL, result BLOB NOT NULL, iccid BLOB, reason TEXT NOT NULL,
  idempotency_key TEXT UNIQUE, request_hash BLOB NOT NULL, version INTEGER NOT NULL) STRICT;
CREATE INDEX operations_open ON operations(eid, sequence) WHERE state IN (0, 1, 2, 7);
CREATE INDEX operations_by_eid ON operations(eid, sequence);
CREATE INDEX operations_by_counter ON operations(eid, counter);
CREATE INDEX operations_by_state ON operations(state, sequence);
CREATE INDEX operations_expiring ON operations(expires) WHERE state IN (0, 1, 2) AND expires > 0;
CREATE TABLE sessions(
  transaction_id BLOB PRIMARY KEY, operation TEXT NOT NULL, address TEXT NOT NULL, eid BLOB NOT NULL,
  created INTEGER NOT NULL) STRICT;
CREATE TABLE addresses(eid BLOB NOT NULL, address TEXT NOT NULL, PRIMARY KEY(eid, address)) STRICT, WITHOUT ROWID;
CREATE TABLE forwards(
  id INTEGER PRIMARY KEY AUTOINCREMENT, eid BLOB NOT NULL, address TEXT NOT NULL, message BLOB NOT NULL,
  attempts INTEGER NOT NULL, due INTEGER NOT NULL) STRICT;
CREATE INDEX forwards_due ON forwards(due);
CREATE TABLE evidence(
  id INTEGER PRIMARY KEY AUTOINCREMENT, operation TEXT NOT NULL, eid BLOB NOT NULL, received INTEGER NOT NULL,
  what TEXT NOT NULL, octets BLOB NOT NULL) STRICT;
CREATE INDEX evidence_by_operation ON evidence(operation);
CREATE TABLE tokens(
  name TEXT PRIMARY KEY, prefix TEXT NOT NULL, hash BLOB NOT NULL UNIQUE, created INTEGER NOT NULL,
  expires INTEGER NOT NULL, revoked INTEGER NOT NULL) STRICT;
)";
#define OPERATION_COLUMNS                                                                                    \
    "sequence, id, eid, kind, state, package, activation_code, tag_list, after, resolves, automatic, "       \
    "force, held, cancel_requested, created_by, created, changed, expires, transaction_id, counter, "        \
    "request, offers, attempts, unsigned_errors, result, iccid, reason, idempotency_key, "                   \
    "request_hash, version"
#define DEVICE_COLUMNS                                                                                       \
    "eid, name, counter, token, euicc_certificate, eum_certificate, euicc_key, euicc_info2, "                \
    "ipa_features, device_info, profiles_known, profiles, profiles_as_of, profiles_evidence, "               \
    "created, last_seen, version"

struct StoredProfile {
    std::array<uint8_t, 10> iccid{};
    uint64_t flags = 0; // 1 enabled, 2 fallback
    std::string name, provider;
    static constexpr auto asn1() {
        using T = StoredProfile;
        return asn1::sequence("StoredProfile",
                              0x30,
                              asn1::field<&T::iccid>("iccid", 0x5A),
                              asn1::field<&T::flags>("flags", 0x80),
                              asn1::field<&T::name>("name", 0x81),
                              asn1::field<&T::provider>("provider", 0x82));
    }
};

OwnedBytes encode_profiles(const std::vector<KnownProfile>& profiles) {
    std::vector<StoredProfile> stored;
    for (const KnownProfile& p : profiles)
        stored.push_back({p.iccid, (p.enabled ? 1u : 0u) | (p.fallback ? 2u : 0u), p.name, p.provider});
    return std::move(*asn1::encode(stored));
}
Result<std::vector<KnownProfile>> decode_profiles(Bytes der) {
    std::vector<KnownProfile> out;
    if (der.empty()) return out;
    for (const StoredProfile& p : TRY(asn1::decode<std::vector<StoredProfile>>(der))) {
        KnownProfile k{.enabled = (p.flags & 1) != 0,
                       .fallback = (p.flags & 2) != 0,
                       .name = p.name,
                       .provider = p.provider};
        std::copy(p.iccid.begin(), p.iccid.end(), k.iccid.begin());
        out.push_back(std::move(k));
    }
    return out;
}

template <class A> Result<A> fixed(const OwnedBytes& octets, const char* where) {
    A out{};
    if (octets.size() != out.size()) return fail(Errc::storage, where);
    std::copy(octets.begin(), octets.end(), out.begin());
    return out;
}

Result<Device> device_of(const Statement& q) {
    Device d;
    d.eid = TRY(fixed<Eid>(q.octets(0), "devices.eid"));
    d.name = q.text(1);
    d.counter = static_cast<uint64_t>(q.integer(2));
    if (!q.is_null(3)) d.token = q.integer(3);
    d.euicc_certificate = q.octets(4);
    d.eum_certificate = q.octets(5);
    d.euicc_key = q.octets(6);
    d.euicc_info2 = q.octets(7);
    d.ipa_features = static_cast<uint64_t>(q.integer(8));
    d.device_info = q.octets(9);
    d.profiles_known = q.integer(10) != 0;
    d.profiles = TRY(decode_profiles(q.octets(11)));
    d.profiles_as_of = Time(q.integer(12));
    d.profiles_evidence = q.text(13);
    d.created = Time(q.integer(14));
    d.last_seen = Time(q.integer(15));
    d.version = static_cast<uint64_t>(q.integer(16));
    return d;
}
void bind_device(Statement& q, const Device& d) {
    q.bind(d.name).bind(static_cast<int64_t>(d.counter));
    if (d.token)
        q.bind(*d.token);
    else
        q.bind_null();
    q.bind(Bytes(d.euicc_certificate)).bind(Bytes(d.eum_certificate)).bind(Bytes(d.euicc_key));
    q.bind(Bytes(d.euicc_info2)).bind(static_cast<int64_t>(d.ipa_features)).bind(Bytes(d.device_info));
    q.bind(d.profiles_known ? 1 : 0).bind(Bytes(encode_profiles(d.profiles))).bind(d.profiles_as_of.count());
    q.bind(d.profiles_evidence).bind(d.created.count()).bind(d.last_seen.count());
}
Ok put_device(Connection& c, const Device& d) {
    if (d.version == 0) {
        auto q = TRY(c.prepare("INSERT INTO devices VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,1)"));
        q.bind(Bytes(d.eid));
        bind_device(q, d);
        return q.run();
    }
    auto q = TRY(
        c.prepare("UPDATE devices SET name=?, counter=?, token=?, euicc_certificate=?, eum_certificate=?, "
                  "euicc_key=?, euicc_info2=?, ipa_features=?, device_info=?, profiles_known=?, profiles=?, "
                  "profiles_as_of=?, profiles_evidence=?, created=?, last_seen=?, version=version+1 "
                  "WHERE eid=? AND version=?"));
    bind_device(q, d);
    TRY(q.bind(Bytes(d.eid)).bind(static_cast<int64_t>(d.version)).run());
    return c.changes() == 1 ? Ok{} : fail(Errc::conflict, "device");
}

Result<Operation> operation_of(const Statement& q) {
    Operation o;
    o.sequence = static_cast<uint64_t>(q.integer(0));
    o.id = q.text(1);
    o.eid = TRY(fixed<Eid>(q.octets(2), "operations.eid"));
    o.kind = static_cast<eim::Kind>(q.integer(3));
    o.state = static_cast<eim::State>(q.integer(4));
    o.package = q.octets(5);
    o.activation_code = q.text(6);
    o.tag_list = q.octets(7);
    o.after = q.text(8);
    o.resolves = q.text(9);
    o.automatic = q.integer(10) != 0;
    o.force = q.integer(11) != 0;
    o.held = q.integer(12) != 0;
    o.cancel_requested = q.integer(13) != 0;
    o.created_by = q.text(14);
    o.created = Time(q.integer(15));
    o.changed = Time(q.integer(16));
    o.expires = Time(q.integer(17));
    o.transaction_id = q.octets(18);
    o.counter = static_cast<uint64_t>(q.integer(19));
    o.request = q.octets(20);
    o.offers = static_cast<uint32_t>(q.integer(21));
    o.attempts = static_cast<uint32_t>(q.integer(22));
    o.unsigned_errors = static_cast<uint32_t>(q.integer(23));
    o.result = q.octets(24);
    if (!q.is_null(25)) o.iccid = TRY(fixed<Iccid>(q.octets(25), "operations.iccid"));
    o.reason = q.text(26);
    o.idempotency_key = q.text(27);
    o.request_hash = TRY(fixed<Sha256>(q.octets(28), "operations.request_hash"));
    o.version = static_cast<uint64_t>(q.integer(29));
    return o;
}
Ok put_operation(Connection& c, const Operation& o) {
    const auto changing = [&](Statement& q) {
        q.bind(static_cast<int64_t>(o.state)).bind(o.held ? 1 : 0).bind(o.cancel_requested ? 1 : 0);
        q.bind(o.changed.count()).bind(Bytes(o.transaction_id)).bind(static_cast<int64_t>(o.counter));
        q.bind(Bytes(o.request))
            .bind(o.offers)
            .bind(o.attempts)
            .bind(o.unsigned_errors)
            .bind(Bytes(o.result));
        q.bind_optional(o.iccid).bind(o.reason);
    };
    if (o.version == 0) {
        auto q = TRY(c.prepare("INSERT INTO operations(state, held, cancel_requested, changed, "
                               "transaction_id, counter, request, offers, "
                               "attempts, unsigned_errors, result, iccid, reason, id, eid, kind, package, "
                               "activation_code, tag_list, "
                               "after, resolves, automatic, force, created_by, created, expires, "
                               "idempotency_key, request_hash, version) "
                               "VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,1)"));
        changing(q);
        q.bind(o.id).bind(Bytes(o.eid)).bind(static_cast<int64_t>(o.kind)).bind(Bytes(o.package));
        q.bind(o.activation_code).bind(Bytes(o.tag_list)).bind(o.after).bind(o.resolves);
        q.bind(o.automatic ? 1 : 0).bind(o.force ? 1 : 0).bind(o.created_by).bind(o.created.count());
        q.bind(o.expires.count());
        if (o.idempotency_key.empty())
            q.bind_null();
        else
            q.bind(o.idempotency_key);
        TRY(q.bind(Bytes(o.request_hash)).run());
        if (o.kind != eim::Kind::download) return {};
        // "1$address$…": where this device's notifications may be forwarded to.
        const std::string& code = o.activation_code;
        const size_t from = code.find('$'), to = code.find('$', from + 1);
        if (from == std::string::npos || to == std::string::npos) return {};
        auto a = TRY(c.prepare("INSERT OR IGNORE INTO addresses VALUES(?,?)"));
        return a.bind(Bytes(o.eid)).bind(std::string_view(code).substr(from + 1, to - from - 1)).run();
    }
    auto q = TRY(
        c.prepare("UPDATE operations SET state=?, held=?, cancel_requested=?, changed=?, transaction_id=?, "
                  "counter=?, request=?, offers=?, attempts=?, unsigned_errors=?, result=?, iccid=?, "
                  "reason=?, version=version+1 WHERE id=? AND version=?"));
    changing(q);
    TRY(q.bind(o.id).bind(static_cast<int64_t>(o.version)).run());
    return c.changes() == 1 ? Ok{} : fail(Errc::conflict, "operation");
}
void bind_one(Statement& q, std::string_view v) { q.bind(v); }
void bind_one(Statement& q, Bytes v) { q.bind(v); }
void bind_one(Statement& q, const Eid& v) { q.bind(Bytes(v)); }
void bind_one(Statement& q, int64_t v) { q.bind(v); }
} // namespace

Result<std::unique_ptr<EimStore>> EimStore::open(const std::filesystem::path& file) {
    return std::unique_ptr<EimStore>(new EimStore(TRY(Database::open(file, kSchema, kVersion))));
}
Result<std::unique_ptr<EimStore>> EimStore::open_in_memory() {
    return std::unique_ptr<EimStore>(new EimStore(TRY(Database::open_in_memory(kSchema, kVersion))));
}

Ok EimStore::commit(const eim::Change& change) {
    return db_->write([&](Connection& c) -> Ok {
        for (const Device& d : change.devices) TRY(put_device(c, d));
        for (const Operation& o : change.operations) TRY(put_operation(c, o));
        if (change.session) {
            auto q = TRY(c.prepare("INSERT INTO sessions VALUES(?,?,?,?,?)"));
            const RelaySession& s = *change.session;
            TRY(q.bind(Bytes(s.transaction_id))
                    .bind(s.operation)
                    .bind(s.address)
                    .bind(Bytes(s.eid))
                    .bind(s.created.count())
                    .run());
        }
        for (const Forward& f : change.forwards) {
            auto q = TRY(
                c.prepare("INSERT INTO forwards(eid, address, message, attempts, due) VALUES(?,?,?,0,?)"));
            TRY(q.bind(Bytes(f.eid)).bind(f.address).bind(Bytes(f.message)).bind(f.due.count()).run());
        }
        for (const Evidence& e : change.evidence) {
            auto q = TRY(
                c.prepare("INSERT INTO evidence(operation, eid, received, what, octets) VALUES(?,?,?,?,?)"));
            TRY(q.bind(e.operation)
                    .bind(Bytes(e.eid))
                    .bind(e.received.count())
                    .bind(e.what)
                    .bind(Bytes(e.octets))
                    .run());
            // Nobody fills the disk with what proves nothing: the newest 16 pieces are kept.
            auto d = TRY(
                c.prepare("DELETE FROM evidence WHERE operation=?1 AND eid=?2 AND id NOT IN (SELECT id FROM "
                          "evidence WHERE operation=?1 AND eid=?2 ORDER BY id DESC LIMIT 16)"));
            TRY(d.bind(e.operation).bind(Bytes(e.eid)).run());
        }
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
        auto q = TRY(c.prepare("SELECT " DEVICE_COLUMNS " FROM devices WHERE eid=?"));
        if (TRY(q.bind(Bytes(eid)).step())) out = TRY(device_of(q));
        return {};
    }));
    return out;
}
Result<std::vector<Device>> EimStore::devices(const std::optional<Eid>& after, size_t limit) {
    std::vector<Device> out;
    TRY(db_->read([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare("SELECT " DEVICE_COLUMNS " FROM devices WHERE eid > ? ORDER BY eid LIMIT ?"));
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
Result<std::optional<RelaySession>> EimStore::session(Bytes transaction_id) {
    std::optional<RelaySession> out;
    TRY(db_->read([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare(
            "SELECT transaction_id, operation, address, eid, created FROM sessions WHERE transaction_id=?"));
        if (TRY(q.bind(transaction_id).step()))
            out = RelaySession{q.octets(0),
                               q.text(1),
                               q.text(2),
                               TRY(fixed<Eid>(q.octets(3), "sessions.eid")),
                               Time(q.integer(4))};
        return {};
    }));
    return out;
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
        auto q = TRY(c.prepare("SELECT id, eid, address, message, attempts, due FROM forwards WHERE due <= ? "
                               "ORDER BY id LIMIT ?"));
        q.bind(now.count()).bind(static_cast<int64_t>(limit));
        while (TRY(q.step()))
            out.push_back({q.integer(0),
                           TRY(fixed<Eid>(q.octets(1), "forwards.eid")),
                           q.text(2),
                           q.octets(3),
                           static_cast<uint32_t>(q.integer(4)),
                           Time(q.integer(5))});
        return {};
    }));
    return out;
}
Ok EimStore::forward_done(int64_t id) {
    return db_->write([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare("DELETE FROM forwards WHERE id=?"));
        return q.bind(id).run();
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

Ok EimStore::add_token(const ApiToken& t) {
    return db_->write([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare("INSERT INTO tokens VALUES(?,?,?,?,?,?)"));
        return q.bind(t.name)
            .bind(t.prefix)
            .bind(Bytes(t.hash))
            .bind(t.created.count())
            .bind(t.expires.count())
            .bind(0)
            .run();
    });
}
namespace {
Result<ApiToken> token_of(const Statement& q) {
    return ApiToken{q.text(0),
                    q.text(1),
                    TRY(fixed<Sha256>(q.octets(2), "tokens.hash")),
                    Time(q.integer(3)),
                    Time(q.integer(4)),
                    q.integer(5) != 0};
}
} // namespace
Result<std::optional<ApiToken>> EimStore::token(const Sha256& hash) {
    std::optional<ApiToken> out;
    TRY(db_->read([&](Connection& c) -> Ok {
        auto q =
            TRY(c.prepare("SELECT name, prefix, hash, created, expires, revoked FROM tokens WHERE hash=?"));
        if (TRY(q.bind(Bytes(hash)).step())) out = TRY(token_of(q));
        return {};
    }));
    return out;
}
Result<std::vector<ApiToken>> EimStore::tokens() {
    std::vector<ApiToken> out;
    TRY(db_->read([&](Connection& c) -> Ok {
        auto q =
            TRY(c.prepare("SELECT name, prefix, hash, created, expires, revoked FROM tokens ORDER BY name"));
        while (TRY(q.step())) out.push_back(TRY(token_of(q)));
        return {};
    }));
    return out;
}
Ok EimStore::revoke_token(std::string_view name) {
    return db_->write([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare("UPDATE tokens SET revoked=1 WHERE name=?"));
        TRY(q.bind(name).run());
        return c.changes() ? Ok{} : fail(Errc::not_found, "token");
    });
}

} // namespace halyard::store
