// What smds::Store promises, on SQLite and on PostgreSQL. RR-07
#include "store/deviations.h"
#include "tests/stores/places.h"
#include <atomic>
#include <thread>

using namespace halyard;
using namespace halyard::stores;

namespace {
smds::Event event(uint8_t of, const char* id, const char* forwarded = "") {
    return {.eid = eid(of),
            .event_id = id,
            .rsp_server_address = "smdp.example.com",
            .forwarding_indicator = true,
            .owner = "2.999.10",
            .forwarded_id = forwarded,
            .registered = Time(7)};
}
smds::Forward forward(const char* event_id, const char* call, Time due, bool remove = false) {
    return {.remove = remove, .eid = eid(1), .event_id = event_id, .call_id = call, .due = due};
}
Errc error_of(const Ok& done) { return done ? Errc::internal : done.error().code; }
std::string calls(const Result<std::vector<smds::Forward>>& all) {
    REQUIRE(all);
    std::string out;
    for (const smds::Forward& f : *all) out += f.call_id + " ";
    return out;
}
} // namespace

TEST_CASE_TEMPLATE("when an SM-DS committed a change, another process finds all of it",
                   Kind,
                   Sqlite,
                   Postgres) {
    PLACE(Kind, place);
    const smds::Event e = event(1, "E", "F");
    const smds::Forward f = forward("F", "C", Time(3));
    const smds::Call call{"2.999.10", "call-1", Sha256{9}, Time(5)};
    smds::Session s{
        .transaction_id = {1}, .euicc_challenge = {2}, .server_challenge = {3}, .created = Time(4)};
    s.ci_key_id = {0xAA};
    {
        const auto store = *place.smds();
        REQUIRE(store->commit({.insert_event = &e, .insert_forward = &f, .call = &call, .session = &s}));
    }
    const auto store = *place.smds();
    const auto found = *store->events(eid(1));
    REQUIRE(found.size() == 1);
    CHECK(found[0].event_id == "E");
    CHECK(found[0].rsp_server_address == "smdp.example.com");
    CHECK(found[0].forwarding_indicator);
    CHECK(found[0].owner == "2.999.10");
    CHECK(found[0].forwarded_id == "F");
    CHECK(found[0].registered == Time(7));
    CHECK(found[0].waits_for_parent);
    CHECK((*store->call("2.999.10", "call-1"))->request == Sha256{9});
    CHECK((*store->call("2.999.10", "call-1"))->at == Time(5));
    CHECK_FALSE(*store->call("2.999.11", "call-1"));
    smds::Session read = **store->session(s.transaction_id);
    CHECK(read.euicc_challenge == s.euicc_challenge);
    CHECK(read.server_challenge == s.server_challenge);
    CHECK(read.created == Time(4));
    CHECK(read.ci_key_id == OwnedBytes{0xAA});
    CHECK(read.version == 1);
    read.state = smds::SessionState::answered;
    read.eid = eid(2);
    read.euicc_key = {4};
    read.request = Sha256{8};
    read.answer = {5};
    const smds::Session old = read;
    REQUIRE(store->commit({.session = &read}));
    CHECK(error_of(store->commit({.session = &old})) == Errc::conflict);
    read = **store->session(s.transaction_id);
    CHECK(read.state == smds::SessionState::answered);
    CHECK(read.eid == eid(2));
    CHECK(read.euicc_key == OwnedBytes{4});
    CHECK(read.request == Sha256{8});
    CHECK(read.answer == OwnedBytes{5});
    CHECK(read.version == 2);
}

TEST_CASE_TEMPLATE("when one part of an SM-DS's change cannot be, none of it happens",
                   Kind,
                   Sqlite,
                   Postgres) {
    PLACE(Kind, place);
    const auto store = *place.smds();
    const smds::Event e = event(1, "E"), other = event(2, "E");
    const smds::Call call{"2.999.10", "call-1", {}, Time(5)}, second{"2.999.10", "call-2", {}, Time(5)};
    REQUIRE(store->commit({.insert_event = &e, .call = &call}));
    CHECK(error_of(store->commit({.insert_event = &other, .call = &call})) == Errc::conflict);
    CHECK(store->events(eid(2))->empty());
    CHECK(error_of(store->commit({.insert_event = &e, .call = &second})) == Errc::conflict);
    CHECK_FALSE(*store->call("2.999.10", "call-2"));
    const smds::Event there = store->events(eid(1))->front();
    REQUIRE(store->commit({.remove_event = &there}));
    CHECK(error_of(store->commit({.remove_event = &there, .call = &second})) == Errc::conflict);
    CHECK_FALSE(*store->call("2.999.10", "call-2"));
    // Events are listed in the order of their registration, page by page; numbers are not used again.
    for (const char* id : {"A", "B", "C"}) {
        const smds::Event one = event(1, id);
        REQUIRE(store->commit({.insert_event = &one}));
    }
    const auto first = *store->events(uint64_t{0}, 2), rest = *store->events(first.back().number, 2);
    CHECK(first.size() == 2);
    REQUIRE(rest.size() == 1);
    CHECK(rest[0].event_id == "C");
    CHECK(rest[0].number > there.number);
    REQUIRE(store->forget(Time(1), Time(6)));
    CHECK_FALSE(*store->call("2.999.10", "call-1"));
}

TEST_CASE_TEMPLATE("when messages wait for the parent, one process claims them, in the order of each event",
                   Kind,
                   Sqlite,
                   Postgres) {
    PLACE(Kind, place);
    const auto one = *place.smds(), other = *place.smds();
    for (const smds::Forward& f : {forward("F", "1", Time(10)),
                                   forward("F", "2", Time(1), true),
                                   forward("G", "3", Time(2)),
                                   forward("H", "4", Time(3))})
        REQUIRE(one->commit({.insert_forward = &f}));
    CHECK(calls(one->due(Time(9), 10)) == "3 4 ");
    const auto claimed = *one->claim(Time(9), Time(20), 1);
    CHECK(calls(claimed) == "3 ");
    CHECK(calls(other->claim(Time(9), Time(20), 9)) == "4 ");
    const auto again = *other->claim(Time(20), Time(40), 9); // "2" waits behind "1"
    CHECK(calls(again) == "3 4 1 ");
    CHECK(error_of(one->acknowledged(claimed[0])) == Errc::conflict);
    smds::Forward late = claimed[0];
    late.due = Time(1000);
    CHECK(error_of(one->postpone(late)) == Errc::conflict);
    CHECK(error_of(one->give_up(late)) == Errc::conflict);
    REQUIRE(other->acknowledged(again[2]));
    auto rest = *one->claim(Time(20), Time(40), 9);
    CHECK(calls(rest) == "2 ");
    CHECK(rest[0].remove);
    rest[0].tries = 4;
    rest[0].due = Time(50);
    REQUIRE(one->postpone(rest[0]));
    REQUIRE(other->give_up(again[0]));
    CHECK(calls(one->claim(Time(21), Time(41), 9)) == "3 ");
    CHECK(one->due(Time(50), 10)->back().tries == 4);
}

TEST_CASE_TEMPLATE("when many register the same events at two processes, each is there once",
                   Kind,
                   Sqlite,
                   Postgres) {
    PLACE(Kind, place);
    const std::unique_ptr<store::SmdsStore> stores[] = {*place.smds(), *place.smds()};
    std::atomic<int> done{0}, conflicts{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
            for (int i = 0; i < 30; ++i) {
                const smds::Event e = event(1, std::to_string(i).c_str());
                const auto ok = stores[t % 2]->commit({.insert_event = &e});
                if (ok)
                    ++done;
                else if (ok.error().code == Errc::conflict)
                    ++conflicts;
            }
        });
    for (std::thread& t : threads) t.join();
    CHECK(done == 30);
    CHECK(conflicts == 90);
    CHECK(stores[0]->events(eid(1))->size() == 30);
}

TEST_CASE_TEMPLATE(
    "when two processes count deviations of one peer, the higher count and the wider span stay",
    Kind,
    Sqlite,
    Postgres) {
    PLACE(Kind, place);
    const auto one = *place.smds(), other = *place.smds();
    REQUIRE(store::put_deviations(
        one->database(),
        {{"p", "what", "a", 5, Time(10), Time(20)}, {"p", "what", "b", 1, Time(1), Time(1)}}));
    REQUIRE(store::put_deviations(other->database(), {{"p", "what", "a", 3, Time(5), Time(30)}}));
    const auto all = *store::deviations(one->database(), 10);
    REQUIRE(all.size() == 2);
    CHECK(all[0] == store::Deviation{"p", "what", "a", 5, Time(5), Time(30)});
    CHECK(store::deviations(one->database(), 10, all[0])->front().where == "b");
    CHECK(store::deviations(one->database(), 10, all[1])->empty());
}
