#include "store/smds_store.h"
#include "store/sqlite.h"
#include <doctest/doctest.h>
#include <filesystem>

using namespace halyard;
using namespace halyard::store;

namespace {
Eid eid(uint8_t last) {
    Eid out{0x89, 0x04, 0x90, 0x32};
    out.back() = last;
    return out;
}
smds::Event event(uint8_t of, const char* id, const char* forwarded_id = "") {
    return {.eid = eid(of),
            .event_id = id,
            .rsp_server_address = "smdp.example.com",
            .forwarding_indicator = true,
            .owner = "2.999.10",
            .forwarded_id = forwarded_id,
            .registered = Time(7)};
}
struct Scratch {
    Scratch() {
        std::string name = (std::filesystem::temp_directory_path() / "smds_XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()));
        path = name;
    }
    ~Scratch() { std::filesystem::remove_all(path); }
    std::filesystem::path path;
};
} // namespace

TEST_CASE("when an SM-DS ends after a commit, everything of it is there again") {
    const Scratch scratch;
    const smds::Event e = event(1, "E", "F");
    const smds::Forward f{.eid = eid(1), .event_id = "F", .call_id = "C", .due = Time(3)};
    const smds::Call call{"2.999.10", "call-1", Sha256{9}, Time(5)};
    smds::Session s{
        .transaction_id = {1}, .euicc_challenge = {2}, .server_challenge = {3}, .created = Time(4)};
    s.ci_key_id = {0xAA};
    {
        const auto store = *SmdsStore::open(scratch.path / "smds.db");
        REQUIRE(store->commit({.insert_event = &e, .insert_forward = &f, .call = &call, .session = &s}));
    }
    const auto store = *SmdsStore::open(scratch.path / "smds.db");
    const auto found = *store->events(eid(1));
    REQUIRE(found.size() == 1);
    CHECK(found[0].event_id == "E");
    CHECK(found[0].rsp_server_address == "smdp.example.com");
    CHECK(found[0].forwarding_indicator);
    CHECK(found[0].owner == "2.999.10");
    CHECK(found[0].forwarded_id == "F");
    CHECK(found[0].registered == Time(7));
    CHECK(found[0].waits_for_parent);
    const auto again = *store->call("2.999.10", "call-1");
    REQUIRE(again);
    CHECK(again->request == call.request);
    CHECK_FALSE(*store->call("2.999.11", "call-1"));
    const auto due = *store->due(Time(3), 10);
    REQUIRE(due.size() == 1);
    CHECK(due[0].call_id == "C");
    auto session = *store->session(s.transaction_id);
    REQUIRE(session);
    CHECK(session->server_challenge == s.server_challenge);
    CHECK(session->ci_key_id == OwnedBytes{0xAA});
    CHECK(session->version == 1);
}

TEST_CASE("when one part of a change cannot be, none of it happens") {
    const auto store = *SmdsStore::open_in_memory();
    const smds::Event e = event(1, "E"), other = event(2, "E");
    const smds::Call call{"2.999.10", "call-1", {}, Time(5)};
    REQUIRE(store->commit({.insert_event = &e, .call = &call}));
    CHECK(store->commit({.insert_event = &other, .call = &call}).error().code == Errc::conflict); // the call
    CHECK(store->events(eid(2))->empty());
    const smds::Call second{"2.999.10", "call-2", {}, Time(5)};
    CHECK(store->commit({.insert_event = &e, .call = &second}).error().code == Errc::conflict); // the event
    CHECK_FALSE(*store->call("2.999.10", "call-2"));
    const smds::Event there = store->events(eid(1))->front();
    REQUIRE(store->commit({.remove_event = &there}));
    CHECK(store->commit({.remove_event = &there, .call = &second}).error().code == Errc::conflict);
    CHECK_FALSE(*store->call("2.999.10", "call-2"));
}

TEST_CASE("when a session was changed by another request, the older version is refused") {
    const auto store = *SmdsStore::open_in_memory();
    smds::Session s{.transaction_id = {1}};
    REQUIRE(store->commit({.session = &s}));
    s = **store->session(s.transaction_id);
    s.state = smds::SessionState::answered;
    s.answer = {1, 2};
    REQUIRE(store->commit({.session = &s}));
    CHECK(store->commit({.session = &s}).error().code == Errc::conflict);
    CHECK((*store->session(s.transaction_id))->answer == OwnedBytes{1, 2});
}

TEST_CASE("when events are listed page by page, none is missing or twice; numbers are not used again") {
    const auto store = *SmdsStore::open_in_memory();
    for (const char* id : {"A", "B", "C"}) {
        const smds::Event e = event(1, id);
        REQUIRE(store->commit({.insert_event = &e}));
    }
    const auto first = *store->events(uint64_t{0}, 2), rest = *store->events(first.back().number, 2);
    CHECK(first.size() == 2);
    REQUIRE(rest.size() == 1);
    CHECK(rest[0].event_id == "C");
    REQUIRE(store->commit({.remove_event = &rest[0]}));
    const smds::Event e = event(1, "D");
    REQUIRE(store->commit({.insert_event = &e}));
    CHECK(store->events(rest[0].number, 2)->size() == 1);
}

TEST_CASE("when messages wait for the parent, those of one event go in their order, others pass them") {
    const auto store = *SmdsStore::open_in_memory();
    const smds::Forward add{.eid = eid(1), .event_id = "F", .call_id = "1", .due = Time(10)};
    const smds::Forward remove{
        .remove = true, .eid = eid(1), .event_id = "F", .call_id = "2", .due = Time(1)};
    const smds::Forward other{.eid = eid(1), .event_id = "G", .call_id = "3", .due = Time(2)};
    for (const auto* f : {&add, &remove, &other}) REQUIRE(store->commit({.insert_forward = f}));
    auto due = *store->due(Time(9), 10);
    REQUIRE(due.size() == 1);
    CHECK(due[0].call_id == "3");
    REQUIRE(store->acknowledged(due[0]));
    due = *store->due(Time(10), 10);
    REQUIRE(due.size() == 1);
    CHECK(due[0].call_id == "1");
    CHECK_FALSE(due[0].remove);
    REQUIRE(store->acknowledged(due[0]));
    due = *store->due(Time(10), 10);
    REQUIRE(due.size() == 1);
    CHECK(due[0].remove);
    due[0].tries = 4;
    due[0].due = Time(50);
    REQUIRE(store->postpone(due[0]));
    CHECK(store->due(Time(49), 10)->empty());
    CHECK(store->due(Time(50), 10)->front().tries == 4);
}

TEST_CASE("when old sessions and calls are forgotten, younger ones and events stay") {
    const auto store = *SmdsStore::open_in_memory();
    const smds::Event e = event(1, "E");
    const smds::Call old{"2.999.10", "old", {}, Time(5)}, young{"2.999.10", "young", {}, Time(6)};
    const smds::Session first{.transaction_id = {1}, .created = Time(1)},
        second{.transaction_id = {2}, .created = Time(2)};
    REQUIRE(store->commit({.insert_event = &e, .call = &old, .session = &first}));
    REQUIRE(store->commit({.call = &young, .session = &second}));
    REQUIRE(store->forget(Time(2), Time(6)));
    CHECK_FALSE(*store->call("2.999.10", "old"));
    CHECK(*store->call("2.999.10", "young"));
    CHECK_FALSE(*store->session(first.transaction_id));
    CHECK(*store->session(second.transaction_id));
    CHECK(store->events(eid(1))->size() == 1);
}

TEST_CASE("when a database of an SM-DS of schema 1 is opened, what waits for the parent can be claimed") {
    const Scratch scratch;
    {
        const auto c = *SqliteConnection::open((scratch.path / "smds.db").string(), false);
        REQUIRE(c->execute(R"(
CREATE TABLE events(
  number INTEGER PRIMARY KEY AUTOINCREMENT, eid BLOB NOT NULL, event_id TEXT NOT NULL, address TEXT NOT NULL,
  forwarding INTEGER NOT NULL, owner TEXT NOT NULL, forwarded_id TEXT NOT NULL, registered INTEGER NOT NULL,
  UNIQUE(eid, event_id)) STRICT;
CREATE TABLE calls(
  requester TEXT NOT NULL, id TEXT NOT NULL, request BLOB NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY(requester, id)) STRICT;
CREATE TABLE outbox(
  number INTEGER PRIMARY KEY AUTOINCREMENT, remove INTEGER NOT NULL, eid BLOB NOT NULL, event_id TEXT NOT NULL,
  call_id TEXT NOT NULL, tries INTEGER NOT NULL, due INTEGER NOT NULL) STRICT;
CREATE TABLE sessions(
  transaction_id BLOB PRIMARY KEY, euicc_challenge BLOB NOT NULL, server_challenge BLOB NOT NULL,
  state INTEGER NOT NULL, created INTEGER NOT NULL, ci_key_id BLOB NOT NULL, eid BLOB NOT NULL,
  euicc_key BLOB NOT NULL, request BLOB NOT NULL, answer BLOB NOT NULL, version INTEGER NOT NULL) STRICT;
INSERT INTO events VALUES(4, x'89049032000000000000000000000001', 'E', 'smdp.example.com', 1, '2.999.10', 'F', 7);
INSERT INTO outbox VALUES(9, 1, x'89049032000000000000000000000001', 'F', 'call', 3, 5);
PRAGMA user_version=1)"));
    }
    const auto store = *SmdsStore::open(scratch.path / "smds.db");
    CHECK(store->events(eid(1))->front().waits_for_parent);
    const auto claimed = *store->claim(Time(5), Time(9), 10);
    REQUIRE(claimed.size() == 1);
    CHECK(claimed[0].number == 9);
    CHECK(claimed[0].remove);
    CHECK(claimed[0].tries == 3);
    CHECK(claimed[0].fence == 1);
    CHECK(store->acknowledged(claimed[0]));
}
