// Data keys, and what is sealed under them.
#include "smdp/server.h"
#include "store/smdp_rows.h"
#include "store/smdp_store.h"

namespace halyard::store {
namespace {
using smdp::DataKey, smdp::Outdated, smdp::Resealed;

Result<Outdated> outdated_packages(Connection& c, Bytes after, size_t limit) {
    auto q = TRY(c.prepare(
        "SELECT packages.iccid, sealed, sealed_as, key_id, template_version, size, orders.operator_id, type "
        "FROM packages JOIN orders ON orders.iccid=packages.iccid LEFT JOIN data_keys ON "
        "data_keys.operator_id=orders.operator_id AND data_keys.is_current=1 WHERE packages.iccid>? AND "
        "(data_keys.id IS NULL OR data_keys.id<>key_id) ORDER BY packages.iccid LIMIT ?"));
    q.bind(after).bind(static_cast<int64_t>(limit));
    Outdated out;
    while (TRY(q.step())) {
        Resealed r{.of = Resealed::Of::package, .operator_id = q.text(6), .type = q.text(7)};
        r.iccid = TRY(fixed<Iccid>(q.octets(0), "packages.iccid"));
        r.template_version = static_cast<uint32_t>(q.integer(4));
        r.sealed = {q.octets(1),
                    q.text(2),
                    static_cast<uint32_t>(q.integer(3)),
                    r.template_version,
                    static_cast<uint64_t>(q.integer(5))};
        out.rows.push_back(std::move(r));
    }
    if (out.rows.size() == limit) out.last = out.rows.back().iccid;
    return out;
}

Result<uint32_t> current_key(Connection& c, std::string_view operator_id) {
    auto q = TRY(c.prepare("SELECT id FROM data_keys WHERE operator_id=? AND is_current=1"));
    return TRY(q.bind(operator_id).step()) ? static_cast<uint32_t>(q.integer(0)) : 0u;
}

// The number of a code's key is in its first octets: which are outdated is not for SQL to say.
Result<Outdated> outdated_codes(Connection& c, Bytes after, size_t limit) {
    auto q = TRY(c.prepare("SELECT iccid, code, operator_id FROM orders WHERE iccid>? AND length(code)>0 "
                           "ORDER BY iccid LIMIT ?"));
    q.bind(after).bind(static_cast<int64_t>(limit));
    Outdated out;
    size_t seen = 0;
    Iccid last{};
    while (TRY(q.step())) {
        ++seen;
        smdp::Order o{.iccid = TRY(fixed<Iccid>(q.octets(0), "orders.iccid")), .operator_id = q.text(2)};
        o.code = q.octets(1);
        last = o.iccid;
        Resealed r{.of = Resealed::Of::code, .iccid = o.iccid, .operator_id = o.operator_id};
        r.sealed = smdp::sealed_code(o);
        if (const uint32_t now = TRY(current_key(c, o.operator_id)); !now || r.sealed.key != now)
            out.rows.push_back(std::move(r));
    }
    if (seen == limit) out.last = last;
    return out;
}

Result<Outdated> outdated_templates(Connection& c) {
    auto q = TRY(c.prepare(
        "SELECT templates.operator_id, type, version, sealed, key_id FROM templates LEFT JOIN data_keys ON "
        "data_keys.operator_id=templates.operator_id AND data_keys.is_current=1 WHERE data_keys.id IS NULL "
        "OR data_keys.id<>key_id"));
    Outdated out;
    while (TRY(q.step())) {
        Resealed r{.of = Resealed::Of::profile_template, .operator_id = q.text(0), .type = q.text(1)};
        r.version = static_cast<uint32_t>(q.integer(2));
        r.sealed = {.octets = q.octets(3), .key = static_cast<uint32_t>(q.integer(4))};
        out.rows.push_back(std::move(r));
    }
    return out;
}

Ok put_back(Connection& c, const Resealed& before, const Resealed& after) {
    const smdp::Sealed& s = after.sealed;
    switch (after.of) {
    case Resealed::Of::package: {
        auto q = TRY(c.prepare("UPDATE packages SET sealed=?, sealed_as=?, key_id=? WHERE iccid=? AND "
                               "key_id=?"));
        q.bind(Bytes(s.octets)).bind(s.as).bind(s.key).bind(Bytes(after.iccid));
        return q.bind(before.sealed.key).run();
    }
    case Resealed::Of::code: {
        auto q = TRY(c.prepare("UPDATE orders SET code=?, version=version+1 WHERE iccid=? AND code=?"));
        const OwnedBytes old =
            before.sealed.key ? smdp::stored_code(before.sealed) : OwnedBytes(before.sealed.octets);
        return q.bind(Bytes(smdp::stored_code(s))).bind(Bytes(after.iccid)).bind(Bytes(old)).run();
    }
    case Resealed::Of::profile_template: {
        auto q = TRY(c.prepare("UPDATE templates SET sealed=?, key_id=? WHERE operator_id=? AND type=? AND "
                               "version=? AND key_id=?"));
        q.bind(Bytes(s.octets)).bind(s.key).bind(after.operator_id).bind(after.type).bind(after.version);
        return q.bind(before.sealed.key).run();
    }
    }
    return {};
}

Result<bool> seals_something(Connection& c, const DataKey& k) {
    auto packages = TRY(c.prepare("SELECT 1 FROM packages JOIN orders ON orders.iccid=packages.iccid WHERE "
                                  "orders.operator_id=? AND packages.key_id=? LIMIT 1"));
    if (TRY(packages.bind(k.operator_id).bind(k.id).step())) return true;
    auto templates = TRY(c.prepare("SELECT 1 FROM templates WHERE operator_id=? AND key_id=? LIMIT 1"));
    if (TRY(templates.bind(k.operator_id).bind(k.id).step())) return true;
    auto codes = TRY(c.prepare("SELECT iccid, code FROM orders WHERE operator_id=? AND length(code)>0"));
    codes.bind(k.operator_id);
    while (TRY(codes.step()))
        if (smdp::sealed_code({.code = codes.octets(1)}).key == k.id) return true;
    return false;
}

Result<std::vector<DataKey>> keys_of(Connection& c, std::optional<std::string_view> operator_id) {
    auto q = TRY(c.prepare(operator_id ? "SELECT operator_id, id, wrapped, is_current, created FROM "
                                         "data_keys WHERE operator_id=? ORDER BY id DESC"
                                       : "SELECT operator_id, id, wrapped, is_current, created FROM "
                                         "data_keys ORDER BY operator_id, id DESC"));
    if (operator_id) q.bind(*operator_id);
    std::vector<DataKey> out;
    while (TRY(q.step()))
        out.push_back({q.text(0),
                       static_cast<uint32_t>(q.integer(1)),
                       q.octets(2),
                       q.integer(3) != 0,
                       Time(q.integer(4))});
    return out;
}
} // namespace

Result<std::vector<DataKey>> SmdpStore::data_keys(std::optional<std::string_view> operator_id) {
    std::vector<DataKey> out;
    TRY(db_->read([&](Connection& c) -> Ok {
        out = TRY(keys_of(c, operator_id));
        return {};
    }));
    return out;
}

Ok SmdpStore::add_data_key(const DataKey& k) {
    return db_->write([&](Connection& c) -> Ok {
        auto former = TRY(c.prepare("UPDATE data_keys SET is_current=0 WHERE operator_id=?"));
        TRY(former.bind(k.operator_id).run());
        auto q = TRY(c.prepare("INSERT INTO data_keys(operator_id, id, wrapped, is_current, created) "
                               "VALUES(?,?,?,1,?)"));
        return q.bind(k.operator_id).bind(k.id).bind(Bytes(k.wrapped)).bind(k.created.count()).run();
    });
}

Ok SmdpStore::rewrap(std::span<const DataKey> all) {
    return db_->write([&](Connection& c) -> Ok {
        if (TRY(keys_of(c, std::nullopt)).size() != all.size()) return fail(Errc::conflict, "data keys");
        for (const DataKey& k : all) {
            auto q = TRY(c.prepare("UPDATE data_keys SET wrapped=? WHERE operator_id=? AND id=?"));
            TRY(q.bind(Bytes(k.wrapped)).bind(k.operator_id).bind(k.id).run());
            if (c.changes() != 1) return fail(Errc::conflict, "data keys");
        }
        return {};
    });
}

Result<size_t> SmdpStore::drop_idle_keys() {
    size_t dropped = 0;
    TRY(db_->write([&](Connection& c) -> Ok {
        dropped = 0;
        for (const DataKey& k : TRY(keys_of(c, std::nullopt))) {
            if (k.current || TRY(seals_something(c, k))) continue;
            auto q = TRY(c.prepare("DELETE FROM data_keys WHERE operator_id=? AND id=?"));
            TRY(q.bind(k.operator_id).bind(k.id).run());
            ++dropped;
        }
        return {};
    }));
    return dropped;
}

Result<Outdated> SmdpStore::outdated(Resealed::Of of, std::optional<Iccid> after, size_t limit) {
    Outdated out;
    TRY(db_->read([&](Connection& c) -> Ok {
        const Bytes behind = after ? Bytes(*after) : Bytes();
        switch (of) {
        case Resealed::Of::package: out = TRY(outdated_packages(c, behind, limit)); break;
        case Resealed::Of::code: out = TRY(outdated_codes(c, behind, limit)); break;
        case Resealed::Of::profile_template: out = TRY(outdated_templates(c)); break;
        }
        return {};
    }));
    return out;
}

Ok SmdpStore::reseal(std::span<const Resealed> before, std::span<const Resealed> after) {
    return db_->write([&](Connection& c) -> Ok {
        for (size_t i = 0; i < after.size(); ++i) TRY(put_back(c, before[i], after[i]));
        return {};
    });
}

} // namespace halyard::store
