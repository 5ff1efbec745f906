// What smdp::FactoryStore promises, on SQLite and on PostgreSQL: templates, levels, data keys.
#include "base/log.h"
#include "smdp/server.h"
#include "tests/stores/places.h"

using namespace halyard;
using namespace halyard::stores;
using store::SmdpStore;

namespace {
std::vector<std::string> told;
struct Log {
    Log() {
        told.clear();
        set_log_sink([](LogLevel level, std::string_view line) {
            if (level == LogLevel::warning) told.emplace_back(line);
        });
    }
    ~Log() { set_log_sink(nullptr); }
};

smdp::Stocked stocked(unsigned n, std::string operator_id = "alpha") {
    smdp::Stocked s;
    s.order.iccid[8] = static_cast<uint8_t>(n >> 8);
    s.order.iccid[9] = static_cast<uint8_t>(n);
    s.order.state = smdp::OrderState::available;
    s.order.operator_id = std::move(operator_id);
    s.order.type = "data";
    s.sealed = {.octets = {1, 2, 3}, .key = 7, .template_version = 4, .size = 999};
    return s;
}
void take(SmdpStore& store, smdp::OrderState to) {
    auto order = *store.available("alpha", "data", 0);
    REQUIRE(order);
    order->state = to;
    REQUIRE(store.commit({.order = &*order}));
}
smdp::Level level(SmdpStore& store, const std::string& operator_id = "alpha") {
    const auto levels = store.levels();
    REQUIRE(levels);
    for (const auto& l : *levels)
        if (l.operator_id == operator_id) return l;
    return {};
}
} // namespace

TEST_CASE_TEMPLATE("when profiles come and go, the level is what counting would say, and low is told once",
                   Place,
                   Sqlite,
                   Postgres) {
    PLACE(Place, place);
    const Log log;
    const auto store = *place.smdp();
    std::vector<smdp::Stocked> rows;
    for (unsigned n = 0; n < 5; ++n) rows.push_back(stocked(n));
    rows.push_back(stocked(100, "beta"));
    const auto put = store->put_in_stock(rows);
    REQUIRE(put);
    CHECK(*put == std::vector<bool>(6, true));
    CHECK(level(*store).available == 5);
    CHECK(level(*store, "beta").available == 1);
    REQUIRE(store->set_low_water("alpha", "data", 4));
    CHECK_FALSE(level(*store).low);
    CHECK(told.empty());

    take(*store, smdp::OrderState::allocated); // 4: at the mark is not below it
    CHECK(told.empty());
    take(*store, smdp::OrderState::allocated);
    CHECK(level(*store).available == 3);
    CHECK(level(*store).low);
    REQUIRE(told.size() == 1);
    CHECK(told[0] == "pool of operator alpha, type data is low: 3 available, low-water mark 4");
    take(*store, smdp::OrderState::unavailable);
    CHECK(told.size() == 1); // it was said

    // The same file again, with more of it: what is there is left alone.
    rows.push_back(stocked(5));
    rows.push_back(stocked(6));
    const auto more = store->put_in_stock(rows);
    CHECK(*more == std::vector<bool>{false, false, false, false, false, false, true, true});
    CHECK(level(*store).available == 4);
    CHECK_FALSE(level(*store).low);
    take(*store, smdp::OrderState::linked);
    CHECK(told.size() == 2); // it fell a second time

    // Back into stock by cancelOrder.
    auto order = *store->order(stocked(0).order.iccid);
    REQUIRE(order->state != smdp::OrderState::available);
    order->state = smdp::OrderState::available;
    REQUIRE(store->commit({.order = &*order}));
    CHECK(level(*store).available == 4);
    // A change that is not made does not count.
    REQUIRE_FALSE(store->commit({.order = &*order}));
    order->state = smdp::OrderState::error;
    REQUIRE_FALSE(store->commit({.order = &*order}));
    CHECK(level(*store).available == 4);
    uint64_t counted = 0;
    const auto pools = *store->pools();
    for (const auto& p : pools)
        if (p.operator_id == "alpha" && p.state == smdp::OrderState::available) counted += p.count;
    CHECK(counted == 4);
    REQUIRE(store->set_low_water("beta", "data", 2)); // below from the start
    CHECK(told.size() == 3);
}

TEST_CASE_TEMPLATE("when keys are added, the newest seals, and none goes that something lies under",
                   Place,
                   Sqlite,
                   Postgres) {
    PLACE(Place, place);
    const auto store = *place.smdp();
    REQUIRE(store->add_data_key({.operator_id = "alpha", .id = 7, .wrapped = {1}, .created = Time(5)}));
    CHECK(store->add_data_key({.operator_id = "alpha", .id = 7, .wrapped = {2}}).error().code ==
          Errc::conflict);
    REQUIRE(store->add_data_key({.operator_id = "beta", .id = 1, .wrapped = {3}}));
    REQUIRE(store->put_in_stock(std::vector{stocked(1), stocked(2)}));
    REQUIRE(store->add_data_key({.operator_id = "alpha", .id = 8, .wrapped = {4}}));
    const auto keys = store->data_keys("alpha");
    REQUIRE(keys);
    REQUIRE(keys->size() == 2);
    CHECK((*keys)[0].id == 8);
    CHECK((*keys)[0].current);
    CHECK_FALSE((*keys)[1].current);
    CHECK((*keys)[1].created == Time(5));
    CHECK(store->data_keys(std::nullopt)->size() == 3);

    using Of = smdp::Resealed::Of;
    const auto found = store->outdated(Of::package, {}, 1);
    REQUIRE(found);
    REQUIRE(found->rows.size() == 1);
    CHECK(found->rows[0].sealed.key == 7);
    CHECK(found->rows[0].sealed.template_version == 4);
    REQUIRE(found->last);
    const auto rest = store->outdated(Of::package, found->last, 5);
    REQUIRE(rest->rows.size() == 1);
    CHECK_FALSE(rest->last);

    CHECK(*store->drop_idle_keys() == 0);
    auto before = found->rows;
    before.push_back(rest->rows[0]);
    auto after = before;
    for (auto& r : after) r.sealed = {.octets = {9}, .key = 8};
    REQUIRE(store->reseal(before, after));
    CHECK(store->outdated(Of::package, {}, 5)->rows.empty());
    const auto sealed = store->sealed_package(before[0].iccid);
    CHECK(hex(sealed->octets) == "09");
    CHECK(sealed->template_version == 4); // what it is stays
    CHECK(sealed->size == 999);
    CHECK(*store->drop_idle_keys() == 1);
    CHECK(store->data_keys("alpha")->size() == 1);

    auto all = *store->data_keys(std::nullopt);
    for (auto& k : all) k.wrapped = {0x55};
    REQUIRE(store->rewrap(all));
    CHECK(hex(store->data_keys("beta")->front().wrapped) == "55");
    all.pop_back();
    CHECK(store->rewrap(all).error().code == Errc::conflict);
}

TEST_CASE_TEMPLATE("when a type has versions, one is current, and those without profiles go with the type",
                   Place,
                   Sqlite,
                   Postgres) {
    PLACE(Place, place);
    const auto store = *place.smdp();
    smdp::Template t{.operator_id = "alpha", .type = "data", .name = "Data", .profile_class = "operational"};
    for (uint32_t version = 3; version <= 5; ++version) {
        t.version = version;
        t.size = 100 * version;
        t.sealed = {.octets = {static_cast<uint8_t>(version)}, .key = 2};
        REQUIRE(store->add_template(t, 10 * version));
    }
    CHECK(store->add_template(t, 0).error().code == Errc::conflict);
    const auto current = *store->profile_template("alpha", "data", 0);
    REQUIRE(current);
    CHECK(current->version == 5);
    CHECK(current->name == "Data");
    CHECK(current->profile_class == "operational");
    CHECK(current->size == 500);
    CHECK(hex(current->sealed.octets) == "05");
    CHECK(current->sealed.key == 2);
    const auto former = *store->profile_template("alpha", "data", 4);
    REQUIRE(former);
    CHECK_FALSE(former->current);
    CHECK_FALSE(*store->profile_template("alpha", "voice", 0));
    CHECK_FALSE(*store->profile_template("beta", "data", 0));
    CHECK(level(*store).low_water == 50);
    CHECK(level(*store).low); // nothing is available

    // Rows of version 4 keep it.
    REQUIRE(store->put_in_stock(std::vector{stocked(1)}));
    CHECK(*store->has_type("alpha", "data"));
    REQUIRE(store->remove_type("alpha", "data"));
    const auto left = *store->templates();
    REQUIRE(left.size() == 1);
    CHECK(left[0].version == 4);
    CHECK_FALSE(*store->profile_template("alpha", "data", 0));
    CHECK(level(*store).low_water == 0);
    CHECK_FALSE(level(*store).low);
    CHECK(store->remove_type("alpha", "voice").error().code == Errc::not_found);
    using Of = smdp::Resealed::Of;
    const auto outdated = *store->outdated(Of::profile_template, {}, 1);
    REQUIRE(outdated.rows.size() == 1);
    CHECK(outdated.rows[0].version == 4);
    auto after = outdated.rows;
    after[0].sealed = {.octets = {0x77}, .key = 9};
    REQUIRE(store->reseal(outdated.rows, after));
    CHECK(hex((*store->profile_template("alpha", "data", 4))->sealed.octets) == "77");
}

TEST_CASE_TEMPLATE("when codes lie under former keys, they are found a few at a time, and put back once",
                   Place,
                   Sqlite,
                   Postgres) {
    PLACE(Place, place);
    const auto store = *place.smdp();
    REQUIRE(store->add_data_key({.operator_id = "default", .id = 3, .wrapped = {1}}));
    for (uint32_t n = 1; n <= 5; ++n) {
        smdp::Order o = order(n);
        if (n == 2) o.code = OwnedBytes(60, 0x22); // of before keys had numbers
        if (n == 4) o.code = smdp::stored_code({.octets = OwnedBytes(60, 4), .key = 3}); // today's
        if (n == 5) o.code = smdp::stored_code({.octets = OwnedBytes(60, 5), .key = 2});
        REQUIRE(store->commit(inserted(o)));
    }
    using Of = smdp::Resealed::Of;
    std::vector<smdp::Resealed> found;
    std::optional<Iccid> after;
    size_t calls = 0;
    do {
        const auto some = *store->outdated(Of::code, after, 2);
        found.insert(found.end(), some.rows.begin(), some.rows.end());
        after = some.last;
    } while (after && ++calls < 10);
    REQUIRE(found.size() == 2);
    CHECK(found[0].iccid == iccid(2));
    CHECK(found[0].sealed.key == 0);
    CHECK(found[0].sealed.as == "confirmation code " + to_text(iccid(2)));
    CHECK(found[1].sealed.key == 2);
    auto anew = found;
    for (auto& r : anew) r.sealed = {.octets = OwnedBytes(60, 9), .key = 3};
    auto meanwhile = **store->order(iccid(5)); // another code by now: it stays
    meanwhile.code = smdp::stored_code({.octets = OwnedBytes(60, 6), .key = 3});
    REQUIRE(store->commit({.order = &meanwhile}));
    REQUIRE(store->reseal(found, anew));
    CHECK((*store->order(iccid(2)))->code == smdp::stored_code({.octets = OwnedBytes(60, 9), .key = 3}));
    CHECK((*store->order(iccid(5)))->code == meanwhile.code);
}
