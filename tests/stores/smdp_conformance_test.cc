// What smdp::Store promises, on SQLite and on PostgreSQL. RR-07
#include "tests/stores/places.h"
#include <set>

using namespace halyard;
using namespace halyard::stores;
using smdp::OrderState;

namespace {
Errc error_of(const Ok& done) { return done ? Errc::internal : done.error().code; }
template <class T> Errc error_of(const Result<T>& r) { return r ? Errc::internal : r.error().code; }

smdp::Order full_order() {
    smdp::Order o{.matching_id = "A-1", .iccid = iccid(1), .eid = eid(1), .state = OrderState::confirmed};
    o.operator_id = "alpha";
    o.type = "data";
    o.eid_ordered = o.default_dp = true;
    o.code = {7, 0, 7};
    o.code_tries = 2;
    o.smds = "smds.example.com";
    o.event_id = "E-1";
    o.event = smdp::EventState::refused;
    o.name = "Näme \"quoted\" 'twice' ?1 $1";
    o.attempts = 4'000'000'000;
    o.created = Time(1);
    o.changed = Time(1'764'000'000'123);
    o.expires = Time(INT64_MAX);
    o.reason = "why";
    o.last_event = "enabled";
    o.metadata = OwnedBytes(70'000, 0xBF);
    return o;
}
void check_same(const smdp::Order& a, const smdp::Order& b) {
    CHECK(a.matching_id == b.matching_id);
    CHECK(a.iccid == b.iccid);
    CHECK(a.eid == b.eid);
    CHECK(a.state == b.state);
    CHECK(a.operator_id == b.operator_id);
    CHECK(a.type == b.type);
    CHECK(a.eid_ordered == b.eid_ordered);
    CHECK(a.default_dp == b.default_dp);
    CHECK(a.code == b.code);
    CHECK(a.code_tries == b.code_tries);
    CHECK(a.smds == b.smds);
    CHECK(a.event_id == b.event_id);
    CHECK(a.event == b.event);
    CHECK(a.name == b.name);
    CHECK(a.attempts == b.attempts);
    CHECK(a.created == b.created);
    CHECK(a.changed == b.changed);
    CHECK(a.expires == b.expires);
    CHECK(a.reason == b.reason);
    CHECK(a.last_event == b.last_event);
    CHECK(a.metadata == b.metadata);
}
smdp::Session session(uint8_t n) {
    return {.transaction_id = {n}, .euicc_challenge = {2}, .server_challenge = {3}, .created = Time(n)};
}
} // namespace

TEST_CASE_TEMPLATE("when an order was committed, another process finds all of it", Kind, Sqlite, Postgres) {
    PLACE(Kind, place);
    const smdp::Order o = full_order();
    {
        const auto store = *place.smdp();
        REQUIRE(
            store->commit({.insert_order = &o,
                           .sealed_package = {.octets = OwnedBytes(300'000, 0x5A), .as = to_text(o.iccid)}}));
    }
    const auto store = *place.smdp();
    const auto found = *store->order(o.iccid);
    REQUIRE(found);
    check_same(*found, o);
    CHECK(found->version == 1);
    CHECK((*store->order("A-1"))->iccid == o.iccid);
    CHECK_FALSE(*store->order("A-2"));
    CHECK_FALSE(*store->order(""));
    CHECK_FALSE(*store->order(iccid(2)));
    const auto sealed = store->sealed_package(o.iccid);
    CHECK(sealed->octets == OwnedBytes(300'000, 0x5A));
    CHECK(sealed->as == to_text(o.iccid));
    CHECK(error_of(store->sealed_package(iccid(2))) == Errc::not_found);
    // What may change, changes; the rest is as it was put there.
    smdp::Order later = *found;
    later.eid.reset();
    later.state = OrderState::released;
    later.code.clear();
    later.matching_id = "B-1";
    later.event = smdp::EventState::none;
    later.eid_ordered = later.default_dp = false;
    REQUIRE(store->commit({.order = &later}));
    const auto changed = *store->order("B-1");
    REQUIRE(changed);
    check_same(*changed, later);
    CHECK(changed->version == 2);
    CHECK_FALSE(*store->order("A-1"));
}

TEST_CASE_TEMPLATE("when a download goes on, its session, binding and notifications are kept",
                   Kind,
                   Sqlite,
                   Postgres) {
    PLACE(Kind, place);
    const auto store = *place.smdp();
    const smdp::Order placed = order(1);
    REQUIRE(store->commit(inserted(placed)));
    smdp::Order o = **store->order(iccid(1));
    smdp::Session s = session(1);
    s.ci_key_id = {0xAA};
    s.request = Sha256{9};
    REQUIRE(store->commit({.session = &s}));
    s = **store->session(s.transaction_id);
    CHECK(s.version == 1);
    CHECK_FALSE(s.iccid);
    s.state = smdp::SessionState::delivered;
    s.iccid = iccid(1);
    s.matching_id = "ID-1";
    s.eid = eid(1);
    s.euicc_key = {1};
    s.smdp_signature2 = {2};
    s.secure_channel = {3};
    s.answer = {4};
    s.wrong_code = Sha256{8};
    const smdp::Binding b{{5}, {6}, OwnedBytes(100'000, 7)};
    const smdp::Notification n{.eid = eid(1),
                               .sequence = 1ull << 40,
                               .event = "installed",
                               .iccid = iccid(1),
                               .success = false,
                               .received = Time(77),
                               .der = {0xBF}};
    REQUIRE(store->commit({.order = &o, .session = &s, .binding = &b, .notification = &n}));
    const smdp::Session found = **store->session(s.transaction_id);
    CHECK(found.euicc_challenge == s.euicc_challenge);
    CHECK(found.server_challenge == s.server_challenge);
    CHECK(found.state == smdp::SessionState::delivered);
    CHECK(found.created == Time(1));
    CHECK(found.ci_key_id == OwnedBytes{0xAA});
    CHECK(found.iccid == iccid(1));
    CHECK(found.matching_id == "ID-1");
    CHECK(found.eid == eid(1));
    CHECK(found.euicc_key == OwnedBytes{1});
    CHECK(found.smdp_signature2 == OwnedBytes{2});
    CHECK(found.secure_channel == OwnedBytes{3});
    CHECK(found.request == Sha256{9});
    CHECK(found.answer == OwnedBytes{4});
    CHECK(found.wrong_code == Sha256{8});
    CHECK(found.version == 2);
    CHECK((*store->binding(iccid(1)))->tail == b.tail);
    const auto told = *store->notifications(iccid(1));
    REQUIRE(told.size() == 1);
    CHECK(told[0].sequence == 1ull << 40);
    CHECK(told[0].event == "installed");
    CHECK_FALSE(told[0].success);
    CHECK(told[0].received == Time(77));
    CHECK(told[0].der == OwnedBytes{0xBF});
    // A new binding replaces the old one, and may go.
    o = **store->order(iccid(1));
    const smdp::Binding second{{8}, {9}, {}};
    REQUIRE(store->commit({.order = &o, .binding = &second}));
    CHECK((*store->binding(iccid(1)))->tail.empty());
    o = **store->order(iccid(1));
    REQUIRE(store->commit({.order = &o, .drop_binding = true}));
    CHECK_FALSE(*store->binding(iccid(1)));
}

TEST_CASE_TEMPLATE("when one part of a change cannot be, it is a conflict and none of it is there",
                   Kind,
                   Sqlite,
                   Postgres) {
    PLACE(Kind, place);
    const auto store = *place.smdp();
    const smdp::Order first = order(1), other = order(2);
    const smdp::Call call{"alpha", "1", Sha256{1}, {}, Time(5)};
    const smdp::Notification n{.eid = eid(1), .sequence = 3, .event = "installed", .iccid = iccid(1)};
    smdp::Session s = session(1);
    REQUIRE(store->commit({.insert_order = &first, .session = &s, .notification = &n, .call = &call}));
    const smdp::Session fresh = session(2);
    const auto refused = [&](smdp::Change change) {
        change.session = &fresh;
        CHECK(error_of(store->commit(change)) == Errc::conflict);
        CHECK_FALSE(*store->session(fresh.transaction_id));
    };
    smdp::Order same_id = other;
    same_id.matching_id = "ID-1";
    refused({.insert_order = &first});
    refused({.insert_order = &same_id});
    refused({.call = &call});
    refused({.notification = &n});
    smdp::Order read = **store->order(iccid(1));
    REQUIRE(store->commit({.order = &read}));
    refused({.order = &read}); // the version is another now
    smdp::Order nobody = other;
    nobody.version = 1;
    refused({.order = &nobody});
    REQUIRE(store->commit(inserted(other)));
    smdp::Order taken = **store->order(iccid(2));
    taken.matching_id = "ID-1";
    refused({.order = &taken});
    // Session versions.
    smdp::Session a = **store->session(s.transaction_id), b = a;
    REQUIRE(store->commit({.session = &a}));
    CHECK(error_of(store->commit({.session = &b})) == Errc::conflict);
    CHECK(error_of(store->commit({.session = &s})) == Errc::conflict); // new, and there already
    // Nothing of it hurt: further orders can be placed.
    const smdp::Order third = order(3);
    CHECK(store->commit({.insert_order = &third, .session = &fresh}));
}

TEST_CASE_TEMPLATE("when orders are looked for, those that fit are found", Kind, Sqlite, Postgres) {
    PLACE(Kind, place);
    const auto store = *place.smdp();
    for (uint32_t n = 1; n <= 3; ++n) REQUIRE(store->commit(inserted(order(n))));
    for (uint32_t n = 11; n <= 30; ++n) REQUIRE(store->commit(inserted(stock(n))));
    smdp::Order elsewhere = stock(40, "voice");
    elsewhere.operator_id = "alpha";
    REQUIRE(store->commit(inserted(elsewhere)));
    CHECK(store->orders(0)->size() == 24);
    CHECK(store->orders(2)->front().iccid == iccid(40)); // newest first
    CHECK(store->orders(2)->size() == 2);

    CHECK(*store->has_type("default", "data"));
    CHECK_FALSE(*store->has_type("default", "voice"));
    CHECK(*store->has_type("alpha", "voice"));
    CHECK_FALSE(*store->available("alpha", "data", 0));
    CHECK((*store->available("alpha", "voice", 200))->iccid == iccid(40));
    std::set<Iccid> picked;
    for (int dice = 0; dice < 256; ++dice)
        picked.insert((*store->available("default", "data", static_cast<uint8_t>(dice)))->iccid);
    CHECK(picked.size() == 16);

    std::string pools;
    const auto counted = *store->pools();
    for (const auto& p : counted)
        pools +=
            p.operator_id + "/" + p.type + "/" + smdp::name(p.state) + "=" + std::to_string(p.count) + " ";
    CHECK(e2e::contains(pools, "default/data/available=20"));
    CHECK(e2e::contains(pools, "default//released=3"));
    CHECK(e2e::contains(pools, "alpha/voice/available=1"));

    // By EID: one that may be downloaded comes before a confirmed one.
    CHECK_FALSE(*store->default_order(eid(5)));
    const auto by_eid = [&](uint32_t n, OrderState state) {
        smdp::Order o = **store->order(iccid(n));
        o.eid = eid(5);
        o.default_dp = true;
        o.state = state;
        REQUIRE(store->commit({.order = &o}));
    };
    by_eid(11, OrderState::confirmed);
    CHECK((*store->default_order(eid(5)))->iccid == iccid(11));
    by_eid(30, OrderState::released);
    CHECK((*store->default_order(eid(5)))->iccid == iccid(30));
    by_eid(30, OrderState::installed);
    CHECK((*store->default_order(eid(5)))->iccid == iccid(11));
}

TEST_CASE_TEMPLATE("when calls and sessions are old, they are forgotten, younger ones stay",
                   Kind,
                   Sqlite,
                   Postgres) {
    PLACE(Kind, place);
    const auto store = *place.smdp();
    smdp::Call call{"alpha", "1", Sha256{1}, {}, Time(5)};
    call.answer.failed = rsp::StatusCode{"8.2.1", "3.9", "unknown"};
    REQUIRE(store->commit({.call = &call}));
    smdp::Call second{"alpha", "2", Sha256{2}, {}, Time(6)};
    second.answer = {.iccid = iccid(1), .eid = eid(1), .matching_id = "M"};
    REQUIRE(store->commit({.call = &second}));
    const auto first = *store->call("alpha", "1");
    REQUIRE(first);
    CHECK(first->request == Sha256{1});
    CHECK(first->answer.failed->subject == "8.2.1");
    CHECK(first->answer.failed->reason == "3.9");
    CHECK(first->answer.failed->message == "unknown");
    CHECK_FALSE(first->answer.iccid);
    CHECK((*store->call("alpha", "2"))->answer.iccid == iccid(1));
    CHECK((*store->call("alpha", "2"))->answer.eid == eid(1));
    CHECK((*store->call("alpha", "2"))->answer.matching_id == "M");
    CHECK_FALSE(*store->call("beta", "1"));
    REQUIRE(store->forget_calls(Time(6)));
    CHECK_FALSE(*store->call("alpha", "1"));
    CHECK(*store->call("alpha", "2"));

    for (uint8_t n = 1; n <= 4; ++n) {
        smdp::Session s = session(n);
        REQUIRE(store->commit({.session = &s}));
    }
    smdp::Session delivered = **store->session(session(1).transaction_id);
    delivered.state = smdp::SessionState::delivered;
    REQUIRE(store->commit({.session = &delivered}));
    REQUIRE(store->forget_sessions(Time(4)));
    CHECK(*store->session(session(1).transaction_id)); // a package went out
    CHECK_FALSE(*store->session(session(2).transaction_id));
    CHECK_FALSE(*store->session(session(3).transaction_id));
    CHECK(*store->session(session(4).transaction_id));
}

TEST_CASE_TEMPLATE("when text is strange, it is kept, or refused and nothing breaks",
                   Kind,
                   Sqlite,
                   Postgres) {
    PLACE(Kind, place);
    const auto store = *place.smdp();
    const std::string nul("A\0B", 3), no_utf8 = "A\xC3(", surrogate = "\xED\xA0\x80",
                                      longest = "\xF0\x90\x80\x80";
    for (const std::string& id : {nul, no_utf8, surrogate, longest}) CHECK_FALSE(*store->order(id));
    smdp::Order o = order(1);
    o.name = longest + "\n\\x41 %s";
    REQUIRE(store->commit(inserted(o)));
    CHECK((*store->order(iccid(1)))->name == o.name);
    smdp::Call call{"alpha", nul, {}, {}, Time(5)};
    (void)store->commit({.call = &call}); // SQLite keeps it
    const auto found = store->call("alpha", nul);
    CHECK((found || error_of(found) == Errc::bad_value));
    CHECK_FALSE(store->database().broken());
    CHECK(*store->order(iccid(1)));
}

TEST_CASE_TEMPLATE("when a row is damaged, that is told, and the others are served", Kind, Sqlite, Postgres) {
    PLACE(Kind, place);
    const auto store = *place.smdp();
    const smdp::Outgoing out{.target = "alpha", .call_id = "1", .iccid = iccid(1)};
    const smdp::Order first = order(1), second = order(2);
    REQUIRE(store->commit({.insert_order = &first, .outbox = {out}}));
    REQUIRE(store->commit(inserted(second)));
    smdp::Session s = session(1);
    REQUIRE(store->commit({.session = &s}));
    REQUIRE(store->database().write([](store::Connection& c) -> Ok {
        TRY(c.execute("UPDATE orders SET eid=x'0102' WHERE matching_id='ID-1'"));
        TRY(c.execute("UPDATE sessions SET euicc_challenge=x''"));
        return c.execute("UPDATE outbox SET iccid=x'00'");
    }));
    CHECK(error_of(store->order("ID-1")) == Errc::storage);
    CHECK(error_of(store->session(s.transaction_id)) == Errc::storage);
    CHECK(error_of(store->due("alpha", Time(1), 10)) == Errc::storage);
    CHECK(error_of(store->claim("alpha", Time(1), Time(9), 10)) == Errc::storage);
    CHECK(*store->order("ID-2"));
    CHECK_FALSE(store->database().broken());
}
