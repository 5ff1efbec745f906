// What is PostgreSQL's alone: what it is refused for, lost connections, and commits of unknown outcome.
#include "store/postgres.h"
#include "store/smdp_schema.h"
#include "tests/stores/places.h"
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace halyard;
using namespace halyard::stores;
using std::chrono::milliseconds;

namespace {
std::string refusal(const std::string& where) {
    const auto opened = store::SmdpStore::open({}, where);
    return opened ? "" : std::string(name(opened.error().code)) + " at " + opened.error().where;
}
Errc error_of(const Ok& done) { return done ? Errc::internal : done.error().code; }

// Looks again until it is so, for half a minute.
template <class F> bool comes_true(F&& is_so) {
    for (int i = 0; i < 600; ++i) {
        if (is_so()) return true;
        std::this_thread::sleep_for(milliseconds(50));
    }
    return false;
}
constexpr const char* kKillOurs =
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name='halyard'";
} // namespace

TEST_CASE("when a URI for PostgreSQL holds a password, or the environment does, it is refused") {
    const std::string refused =
        "rejected at store: no password here; PGPASSFILE, passfile or a service file has it";
    CHECK(refusal("postgresql://halyard:secret@localhost/db") == refused);
    CHECK(refusal("postgresql://localhost/db?password=secret") == refused);
    CHECK(refusal("host=localhost password=secret") == refused);
    CHECK(refusal("host=localhost sslpassword=secret") == refused);
    REQUIRE(::setenv("PGPASSWORD", "secret", 1) == 0);
    const std::string seen = refusal("postgresql://localhost/db");
    ::unsetenv("PGPASSWORD");
    CHECK(seen.starts_with("rejected at PGPASSWORD"));
    CHECK(refusal("smdp.db") == "bad value at store: postgresql://… or keyword=value is expected");
    CHECK(refusal("postgresql://localhost/db?colour=blue") == "bad value at store");
}

TEST_CASE("when a PostgreSQL is on another machine, nothing but verified TLS will do") {
    const std::string refused =
        "rejected at store: sslmode; a server on another machine needs verify-full or verify-ca";
    for (const char* mode : {"disable", "allow", "require"}) {
        CHECK(refusal(std::string("postgresql://192.0.2.1/db?connect_timeout=2&sslmode=") + mode) == refused);
        CHECK(refusal(std::string("postgresql://localhost,192.0.2.1/db?sslmode=") + mode) == refused);
        REQUIRE(::setenv("PGSSLMODE", mode, 1) == 0);
        CHECK(refusal("postgresql://192.0.2.1/db") == refused);
        ::unsetenv("PGSSLMODE");
    }
    // By default it is verify-full, which fails here before anything is sent: there is no root certificate.
    CHECK(refusal("postgresql://192.0.2.1/db?connect_timeout=2&sslrootcert=/nonexistent") ==
          "unreachable at postgresql");
}

TEST_CASE(
    "when a PostgreSQL may lose what it acknowledged, or keeps text in another encoding, it is refused") {
    PLACE(Postgres, place);
    CHECK(refusal(place.url) == "");
    const std::string name = place.server->sql(place.url, "SELECT current_database()");
    const auto with = [&](const std::string& setting, const std::string& wanted) {
        place.server->admin("ALTER DATABASE " + name + " SET " + setting);
        CHECK(refusal(place.url) == wanted);
        place.server->admin("ALTER DATABASE " + name + " RESET ALL");
    };
    with("synchronous_commit=off", "rejected at store: synchronous_commit is off");
    with("synchronous_commit=local", "");
    with("default_transaction_read_only=on", "unreachable at postgresql"); // no primary
    CHECK(refusal(place.url + "&options=-csynchronous_commit%3Doff") ==
          "rejected at store: synchronous_commit is off");
    place.server->admin("CREATE DATABASE ascii ENCODING SQL_ASCII TEMPLATE template0 LOCALE 'C'");
    CHECK(refusal(place.server->url("ascii")) == "rejected at store: the database's encoding is not UTF8");
    CHECK(refusal(place.server->url("nowhere")) == "unreachable at postgresql");
    // Made by a later Halyard.
    place.server->sql(place.url, "UPDATE halyard_smdp.schema_version SET version=77");
    CHECK(refusal(place.url) == "unsupported at database version");
}

TEST_CASE("when tables of PostgreSQL are of an older version, they are brought to ours, all steps or none") {
    PLACE(Postgres, place);
    constexpr const char* kFirst = "CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT NOT NULL) STRICT";
    const auto data = [&] { return place.server->sql(place.url, "SELECT * FROM s.t"); };
    {
        const auto db = store::open_postgres(place.url, {"s", kFirst, 3});
        REQUIRE(db);
        REQUIRE((*db)->write([](store::Connection& c) { return c.execute("INSERT INTO t VALUES(1, 'x')"); }));
    }
    const store::Migration bad[] = {{3, "ALTER TABLE t ADD COLUMN c BLOB NOT NULL DEFAULT x'AA'"},
                                    {4, "ALTER TABLE no SET x"}};
    CHECK_FALSE(store::open_postgres(place.url, {"s", "", 5, bad}));
    CHECK(data() == "1|x");
    const store::Migration steps[] = {{2, "this is SQLite's alone"},
                                      {3, "ALTER TABLE t ADD COLUMN c BLOB NOT NULL DEFAULT x'AA'"},
                                      {4, "CREATE TABLE u(a INTEGER) STRICT", [](store::Connection& c) -> Ok {
                                           auto q = TRY(c.prepare("UPDATE t SET b=?"));
                                           return q.bind(std::string_view("y")).run();
                                       }}};
    for (int opened = 0; opened < 2; ++opened) {
        REQUIRE(store::open_postgres(place.url, {"s", "", 5, steps}));
        CHECK(data() == "1|y|\\xaa");
    }
    CHECK_FALSE(store::open_postgres(place.url, {"s", "", 4, steps})); // N-1 knows nothing of version 5
}

TEST_CASE("when an SM-DP+ and an SM-DS share a PostgreSQL database, each has tables of its own") {
    PLACE(Postgres, place);
    const auto smdp = place.smdp();
    const auto smds = place.smds();
    REQUIRE(smdp);
    REQUIRE(smds);
    CHECK((*smdp)->commit(inserted(order(1))));
    const smds::Call call{"2.999.10", "call-1", Sha256{9}, Time(5)};
    CHECK((*smds)->commit({.call = &call}));
    CHECK(place.server->sql(place.url, "SELECT count(*) FROM halyard_smds.calls") == "1");
    CHECK(place.server->sql(place.url, "SELECT count(*) FROM halyard_smdp.calls") == "0");
}

TEST_CASE("when PostgreSQL closed the connections, the next calls are served over new ones") {
    PLACE(Postgres, place);
    const auto store = *place.smdp();
    for (uint32_t n = 0; n < 5; ++n) {
        REQUIRE(store->commit(inserted(order(n))));
        place.server->sql(place.url, kKillOurs);
        CHECK((*store->order(iccid(n)))->version == 1);
    }
}

TEST_CASE("when PostgreSQL crashes, calls fail until it is back, and all it acknowledged is there") {
    PLACE(Postgres, place);
    const auto store = *place.smdp();
    std::atomic<bool> end = false;
    std::vector<uint32_t> acknowledged;
    uint32_t failed = 0;
    std::thread writer([&] {
        for (uint32_t n = 0; !end; ++n) {
            const auto done = store->commit(inserted(order(n)));
            if (done) {
                acknowledged.push_back(n);
                continue;
            }
            CHECK(done.error().code == Errc::storage);
            ++failed;
            std::this_thread::sleep_for(milliseconds(20)); // as a client that is told "later"
        }
    });
    for (int i = 0; i < 3; ++i) {
        const std::string before = place.server->sql(place.url, "SELECT count(*) FROM halyard_smdp.orders");
        CHECK(comes_true([&] {
            return place.server->sql(place.url, "SELECT count(*) FROM halyard_smdp.orders") != before;
        }));
        place.server->crash();
        place.server->start();
    }
    CHECK(comes_true([&] { return bool(store->order(iccid(0))); }));
    end = true;
    writer.join();
    CHECK(failed > 0);
    CHECK_FALSE(store->database().broken());
    for (const uint32_t n : acknowledged) CHECK(*store->order(iccid(n)));
    MESSAGE(acknowledged.size() << " acknowledged, " << failed << " failed over 3 crashes of PostgreSQL");
}

TEST_CASE(
    "when PostgreSQL committed but its answer was lost, the change is not acknowledged and may be repeated") {
    PLACE(Postgres, place);
    const auto store = *place.smdp();
    REQUIRE(store->commit(inserted(order(1))));
    smdp::Order read = **store->order(iccid(1));
    read.reason = "changed";
    const smdp::Call call{"alpha", "1", Sha256{1}, {}, Time(5)};
    // With a standby that does not exist, COMMIT is on this disk and waits for the other one.
    const auto standby = [&](const std::string& name) {
        place.server->admin("ALTER SYSTEM SET synchronous_standby_names='" + name + "'");
        place.server->admin("SELECT pg_reload_conf()");
        const std::string local = "SET synchronous_commit=local; ";
        CHECK(comes_true(
            [&] { return place.server->admin(local + "SHOW synchronous_standby_names") == name; }));
    };
    const auto while_waiting = [&](const std::string& then) {
        Ok done;
        std::thread committing([&] { done = store->commit({.order = &read, .call = &call}); });
        CHECK(comes_true([&] {
            return place.server->admin("SELECT count(*) FROM pg_stat_activity WHERE wait_event='SyncRep'") ==
                   "1";
        }));
        place.server->admin(then);
        committing.join();
        return done;
    };
    standby("ghost");
    const Ok killed = while_waiting(kKillOurs);
    standby("");
    REQUIRE_FALSE(killed);
    CHECK(killed.error().code == Errc::storage);
    CHECK(std::string(killed.error().where) == "postgresql: outcome of commit unknown");
    // It had been committed; the caller finds its call, and the same change again is a conflict.
    CHECK((*store->order(iccid(1)))->reason == "changed");
    CHECK(*store->call("alpha", "1"));
    CHECK(error_of(store->commit({.order = &read, .call = &call})) == Errc::conflict);
    CHECK((*store->order(iccid(1)))->version == 2);

    // The wait for the standby was ended, by somebody or by a time limit: PostgreSQL calls that a success.
    read = **store->order(iccid(1));
    const smdp::Call second{"alpha", "2", Sha256{1}, {}, Time(5)};
    standby("ghost");
    Ok cancelled;
    std::thread committing([&] { cancelled = store->commit({.order = &read, .call = &second}); });
    CHECK(comes_true([&] {
        return place.server->admin("SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE "
                                   "wait_event='SyncRep'") == "1";
    }));
    committing.join();
    standby("");
    REQUIRE_FALSE(cancelled);
    CHECK(std::string(cancelled.error().where) == "postgresql: outcome of commit unknown");
}

TEST_CASE("when PostgreSQL's backend dies in COMMIT before it is done, nothing of the change is there") {
    PLACE(Postgres, place);
    const auto store = *place.smdp();
    REQUIRE(store->commit(inserted(order(1))));
    // What is deferred to COMMIT takes a while there.
    place.server->sql(
        place.url,
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); "
        "RETURN NULL; END'; CREATE CONSTRAINT TRIGGER slow AFTER UPDATE ON halyard_smdp.orders "
        "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()");
    smdp::Order read = **store->order(iccid(1));
    read.reason = "changed";
    Ok done;
    std::thread committing([&] { done = store->commit({.order = &read}); });
    CHECK(comes_true([&] {
        return place.server->admin("SELECT count(*) FROM pg_stat_activity WHERE query='COMMIT' AND "
                                   "wait_event='PgSleep'") == "1";
    }));
    place.server->admin(kKillOurs);
    committing.join();
    REQUIRE_FALSE(done);
    CHECK(std::string(done.error().where) == "postgresql: outcome of commit unknown");
    place.server->sql(place.url, "DROP TRIGGER slow ON halyard_smdp.orders");
    CHECK((*store->order(iccid(1)))->version == 1);
    REQUIRE(store->commit({.order = &read})); // the repetition
    CHECK((*store->order(iccid(1)))->reason == "changed");
    CHECK((*store->order(iccid(1)))->version == 2);
}

TEST_CASE("when PostgreSQL's backends are killed at any time, repeating what failed makes each change once") {
    PLACE(Postgres, place);
    const auto store = *place.smdp();
    constexpr uint32_t kThreads = 4, kEach = 60;
    std::atomic<uint32_t> running{kThreads}, repeated{0}, found_done{0};
    std::vector<std::thread> threads;
    for (uint32_t t = 0; t < kThreads; ++t)
        threads.emplace_back([&, t] {
            for (uint32_t i = 0; i < kEach; ++i) {
                const uint32_t n = t * 1000 + i;
                const smdp::Order mine = order(n);
                smdp::Change change = inserted(mine);
                change.outbox = {{.target = "alpha", .call_id = std::to_string(n), .iccid = mine.iccid}};
                bool unknown = false;
                for (;;) {
                    const auto done = store->commit(change);
                    if (done) break;
                    if (done.error().code == Errc::conflict) { // there already: then the outcome was unknown
                        CHECK(unknown);
                        ++found_done;
                        break;
                    }
                    CHECK(done.error().code == Errc::storage);
                    unknown |=
                        std::string_view(done.error().where) == "postgresql: outcome of commit unknown";
                    ++repeated;
                    std::this_thread::sleep_for(milliseconds(5));
                }
            }
            --running;
        });
    while (running) place.server->admin(kKillOurs);
    for (std::thread& t : threads) t.join();
    CHECK(repeated > 0);
    CHECK(place.server->sql(place.url, "SELECT count(*) FROM halyard_smdp.orders") ==
          std::to_string(kThreads * kEach));
    CHECK(place.server->sql(place.url, "SELECT count(*), count(DISTINCT call_id) FROM halyard_smdp.outbox") ==
          std::to_string(kThreads * kEach) + "|" + std::to_string(kThreads * kEach));
    MESSAGE(repeated.load() << " repeated, " << found_done.load() << " of them had been committed");
}

TEST_CASE("when two transactions of PostgreSQL wait for each other, one is a conflict and may begin again") {
    PLACE(Postgres, place);
    const auto store = *place.smdp();
    REQUIRE(store->commit(inserted(order(1))));
    REQUIRE(store->commit(inserted(order(2))));
    std::atomic<int> inside{0}, conflicts{0}, done{0};
    const auto both = [&](uint32_t first, uint32_t second) {
        const Ok result = store->database().write([&](store::Connection& c) -> Ok {
            const auto touch = [&](uint32_t n) -> Ok {
                auto q = TRY(c.prepare("UPDATE orders SET attempts=attempts+1 WHERE iccid=?"));
                return q.bind(Bytes(iccid(n))).run();
            };
            TRY(touch(first));
            ++inside;
            CHECK(comes_true([&] { return inside >= 2; }));
            return touch(second);
        });
        ++(result ? done : conflicts);
        if (!result) CHECK(result.error().code == Errc::conflict);
    };
    std::thread one([&] { both(1, 2); }), two([&] { both(2, 1); });
    one.join();
    two.join();
    CHECK(done == 1);
    CHECK(conflicts == 1);
    CHECK((*store->order(iccid(1)))->attempts == 1);
    CHECK((*store->order(iccid(2)))->attempts == 1);
}

TEST_CASE("when a lock is held too long in PostgreSQL, the writer is told in time") {
    PLACE(Postgres, place);
    place.url += "&options=-clock_timeout%3D300";
    const auto store = *place.smdp();
    REQUIRE(store->commit(inserted(order(1))));
    const smdp::Order read = **store->order(iccid(1));
    const Ok outer = store->database().write([&](store::Connection& c) -> Ok {
        TRY(c.execute("UPDATE orders SET attempts=7"));
        CHECK(error_of(store->commit({.order = &read})) == Errc::storage);
        return {};
    });
    CHECK(outer);
    CHECK((*store->order(iccid(1)))->attempts == 7);
}
