// The factory's tables: templates of profile types, and how much of each type is available.
#include "base/log.h"
#include "store/smdp_rows.h"
#include "store/smdp_store.h"
#include <map>

namespace halyard::store {
namespace {
using smdp::Level, smdp::Template;

constexpr auto kAvailable = smdp::OrderState::available;

#define SMDP_TEMPLATE                                                                                        \
    "SELECT operator_id, type, version, is_current, name, profile_class, created, size, key_id"

Template template_of(const Statement& q) {
    Template t{.operator_id = q.text(0),
               .type = q.text(1),
               .version = static_cast<uint32_t>(q.integer(2)),
               .current = q.integer(3) != 0,
               .name = q.text(4),
               .profile_class = q.text(5),
               .created = Time(q.integer(6)),
               .size = static_cast<uint64_t>(q.integer(7))};
    t.sealed.key = static_cast<uint32_t>(q.integer(8));
    return t;
}

Result<Level> level_of(Connection& c, std::string_view operator_id, std::string_view type) {
    auto q = TRY(c.prepare("SELECT available, low_water, low FROM levels WHERE operator_id=? AND type=?"));
    Level out{.operator_id = std::string(operator_id), .type = std::string(type)};
    if (!TRY(q.bind(operator_id).bind(type).step())) return out;
    out.available = static_cast<uint64_t>(std::max<int64_t>(0, q.integer(0)));
    out.low_water = static_cast<uint64_t>(q.integer(1));
    out.low = q.integer(2) != 0;
    return out;
}

// Whether it is below the mark by now is told once for each time it falls.
Ok judge_level(Connection& c, std::string_view operator_id, std::string_view type, Fallen& fallen) {
    auto up = TRY(c.prepare("UPDATE levels SET low=0 WHERE operator_id=? AND type=? AND low=1 AND "
                            "available>=low_water"));
    TRY(up.bind(operator_id).bind(type).run());
    auto down = TRY(c.prepare("UPDATE levels SET low=1 WHERE operator_id=? AND type=? AND low=0 AND "
                              "available<low_water"));
    TRY(down.bind(operator_id).bind(type).run());
    if (c.changes() == 1) fallen.push_back(TRY(level_of(c, operator_id, type)));
    return {};
}
} // namespace

Ok change_level(Connection& c, const LevelChange& l, Fallen& fallen) {
    if (!l.by && !l.added) return {};
    auto q = TRY(c.prepare("INSERT INTO levels(operator_id, type, available, low_water, low) "
                           "VALUES(?,?,?,0,0) ON CONFLICT(operator_id, type) DO UPDATE SET "
                           "available=levels.available+excluded.available"));
    TRY(q.bind(l.operator_id).bind(l.type).bind(l.by).run());
    return l.by ? judge_level(c, l.operator_id, l.type, fallen) : Ok{};
}

Result<LevelChange> level_change(Connection& c, const smdp::Order& next) {
    LevelChange out{next.operator_id, next.type, next.state == kAvailable ? 1 : 0, false};
    auto q = TRY(c.prepare("SELECT state FROM orders WHERE iccid=?"));
    out.added = !TRY(q.bind(Bytes(next.iccid)).step());
    if (!out.added && q.integer(0) == static_cast<int64_t>(kAvailable)) --out.by;
    return out;
}

void tell(const Fallen& fallen) {
    for (const Level& l : fallen)
        log(LogLevel::warning,
            "pool of operator " + l.operator_id + ", type " + l.type + " is low: " +
                std::to_string(l.available) + " available, low-water mark " + std::to_string(l.low_water));
}

Ok SmdpStore::add_template(const Template& t, uint64_t low_water) {
    TRY(db_->write([&](Connection& c) -> Ok {
        auto former = TRY(c.prepare("UPDATE templates SET is_current=0 WHERE operator_id=? AND type=?"));
        TRY(former.bind(t.operator_id).bind(t.type).run());
        auto q = TRY(c.prepare("INSERT INTO templates(operator_id, type, version, is_current, name, "
                               "profile_class, created, size, sealed, key_id) VALUES(?,?,?,1,?,?,?,?,?,?)"));
        q.bind(t.operator_id).bind(t.type).bind(t.version).bind(t.name).bind(t.profile_class);
        q.bind(t.created.count()).bind(static_cast<int64_t>(t.size)).bind(Bytes(t.sealed.octets));
        const Ok done = q.bind(t.sealed.key).run();
        if (!done && done.error().code == Errc::conflict) return fail(Errc::conflict, "version");
        return done;
    }));
    return set_low_water(t.operator_id, t.type, low_water);
}

Result<std::optional<Template>>
SmdpStore::profile_template(std::string_view operator_id, std::string_view type, uint32_t version) {
    std::optional<Template> out;
    TRY(db_->read([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare(version ? SMDP_TEMPLATE ", sealed FROM templates WHERE operator_id=? AND "
                                                       "type=? AND version=?"
                                       : SMDP_TEMPLATE ", sealed FROM templates WHERE operator_id=? AND "
                                                       "type=? AND is_current=1"));
        q.bind(operator_id).bind(type);
        if (version) q.bind(version);
        if (!TRY(q.step())) return {};
        out = template_of(q);
        out->sealed.octets = q.octets(9);
        return {};
    }));
    return out;
}

Result<std::vector<Template>> SmdpStore::templates() {
    std::vector<Template> out;
    TRY(db_->read([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare(SMDP_TEMPLATE " FROM templates ORDER BY operator_id, type, version"));
        while (TRY(q.step())) out.push_back(template_of(q));
        return {};
    }));
    return out;
}

Ok SmdpStore::remove_type(std::string_view operator_id, std::string_view type) {
    return db_->write([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare("UPDATE templates SET is_current=0 WHERE operator_id=? AND type=?"));
        TRY(q.bind(operator_id).bind(type).run());
        if (c.changes() == 0) return fail(Errc::not_found, "type");
        auto unused = TRY(c.prepare(
            "DELETE FROM templates WHERE operator_id=? AND type=? AND NOT EXISTS (SELECT 1 FROM orders "
            "JOIN packages ON packages.iccid=orders.iccid WHERE orders.operator_id=templates.operator_id "
            "AND orders.type=templates.type AND packages.template_version=templates.version)"));
        TRY(unused.bind(operator_id).bind(type).run());
        auto level = TRY(c.prepare("UPDATE levels SET low_water=0, low=0 WHERE operator_id=? AND type=?"));
        return level.bind(operator_id).bind(type).run();
    });
}

Ok SmdpStore::set_low_water(std::string_view operator_id, std::string_view type, uint64_t low_water) {
    Fallen fallen;
    TRY(db_->write([&](Connection& c) -> Ok {
        fallen.clear();
        TRY(change_level(c, {operator_id, type, 0, true}, fallen));
        auto q = TRY(c.prepare("UPDATE levels SET low_water=? WHERE operator_id=? AND type=?"));
        TRY(q.bind(static_cast<int64_t>(low_water)).bind(operator_id).bind(type).run());
        return judge_level(c, operator_id, type, fallen);
    }));
    tell(fallen);
    return {};
}

Result<std::vector<Level>> SmdpStore::levels() {
    std::vector<Level> out;
    TRY(db_->read([&](Connection& c) -> Ok {
        auto q = TRY(c.prepare("SELECT operator_id, type, available, low_water, low FROM levels "
                               "ORDER BY operator_id, type"));
        while (TRY(q.step()))
            out.push_back({q.text(0),
                           q.text(1),
                           static_cast<uint64_t>(std::max<int64_t>(0, q.integer(2))),
                           static_cast<uint64_t>(q.integer(3)),
                           q.integer(4) != 0});
        return {};
    }));
    return out;
}

Result<std::vector<bool>> SmdpStore::put_in_stock(std::span<const smdp::Stocked> all) {
    std::vector<bool> out;
    Fallen fallen;
    TRY(db_->write([&](Connection& c) -> Ok {
        out.assign(all.size(), false);
        fallen.clear();
        std::map<std::pair<std::string, std::string>, int64_t> more;
        for (size_t i = 0; i < all.size(); ++i) {
            const smdp::Order& o = all[i].order;
            auto known = TRY(c.prepare("SELECT 1 FROM orders WHERE iccid=?"));
            if (TRY(known.bind(Bytes(o.iccid)).step())) continue;
            TRY(insert_order(c, o, all[i].sealed));
            out[i] = true;
            more[{o.operator_id, o.type}] += o.state == kAvailable ? 1 : 0;
        }
        for (const auto& [pool, by] : more) TRY(change_level(c, {pool.first, pool.second, by, true}, fallen));
        return {};
    }));
    tell(fallen);
    return out;
}

} // namespace halyard::store
