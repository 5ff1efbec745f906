// A million profiles in SQLite and in PostgreSQL: put in stock, ordered, confirmed, released, looked up; and
// whether the look-ups go by indexes. `./do stores [PROFILES]`, docs/bench.md.
#include "crypto/hash.h"
#include "smdp/es2.h"
#include "store/smdp_rows.h"
#include "tests/stores/places.h"
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <thread>

using namespace halyard;
using namespace halyard::stores;
using Clock = std::chrono::steady_clock;

namespace {
constexpr size_t kPackage = 2000; // octets of a sealed package
constexpr uint32_t kTypes = 20;

uint32_t profiles() {
    const char* n = std::getenv("HALYARD_PROFILES");
    return n ? static_cast<uint32_t>(std::strtoul(n, nullptr, 10)) : 1'000'000;
}
std::string type(uint32_t n) { return "type-" + std::to_string(n % kTypes); }

// Row by row of the table at the end, a column for each kind of store.
std::map<std::string, std::map<std::string, std::string>> table;
std::vector<std::string> rows;
void note(const char* store, const std::string& row, double value, const char* unit) {
    if (!table.contains(row)) rows.push_back(row);
    char text[64];
    std::snprintf(text, sizeof text, "%.*f %s", value < 10 ? 2 : 0, value, unit);
    table[row][store] = text;
}

template <class F> double seconds(F&& work) {
    const auto begin = Clock::now();
    work();
    return std::chrono::duration<double>(Clock::now() - begin).count();
}
// `count` times in `threads` threads: job(number, thread). Calls per second.
template <class F> double rate(unsigned threads, uint32_t count, F&& job) {
    std::atomic<uint32_t> next{0}, failed{0};
    const double took = seconds([&] {
        std::vector<std::thread> all;
        for (unsigned t = 0; t < threads; ++t)
            all.emplace_back([&, t] {
                for (uint32_t n = next++; n < count; n = next++)
                    if (!job(n, t)) ++failed;
            });
        for (std::thread& t : all) t.join();
    });
    REQUIRE(failed == 0);
    return count / took;
}

struct Names {
    static constexpr const char* of(const Sqlite*) { return "SQLite"; }
    static constexpr const char* of(const Postgres*) { return "PostgreSQL"; }
    // Threads that write: SQLite groups what waits into one commit, PostgreSQL has so many connections.
    static constexpr unsigned writers(const Sqlite*) { return 64; }
    static constexpr unsigned writers(const Postgres*) { return 16; }
};

// The plans of look-ups, as the database tells them.
void explain(const char* store, store::SmdpStore& smdp) {
    const bool sqlite = std::string(store) == "SQLite";
    const auto plan = [&](const char* sql, int parameters) {
        std::string out;
        REQUIRE(smdp.database().read([&](store::Connection& c) -> Ok {
            auto q = TRY(c.prepare(sql));
            for (int i = 0; sqlite && i < parameters; ++i) q.bind_null();
            while (TRY(q.step())) out += q.text(sqlite ? 3 : 0) + "; ";
            return {};
        }));
        std::printf("%-10s %s\n", store, out.c_str());
        CHECK_FALSE(e2e::contains(out, "SCAN orders"));
        CHECK_FALSE(e2e::contains(out, "Seq Scan on orders"));
    };
    if (sqlite) {
        plan("EXPLAIN QUERY PLAN " SMDP_ORDER "WHERE iccid=?", 1);
        plan("EXPLAIN QUERY PLAN " SMDP_ORDER "WHERE matching_id=? AND matching_id<>''", 1);
        plan("EXPLAIN QUERY PLAN " SMDP_ORDER "WHERE default_dp=1 AND eid=? AND state IN (0, 1, 8)", 1);
        plan("EXPLAIN QUERY PLAN SELECT iccid FROM orders WHERE operator_id=? AND type=? AND state=5 ORDER "
             "BY iccid LIMIT 16",
             2);
        return;
    }
    plan("EXPLAIN " SMDP_ORDER "WHERE iccid=x'9800100000000000002A'", 0);
    plan("EXPLAIN " SMDP_ORDER "WHERE matching_id='ID-1' AND matching_id<>''", 0);
    plan("EXPLAIN " SMDP_ORDER "WHERE default_dp=1 AND eid=x'89' AND state IN (0, 1, 8)", 0);
    plan("EXPLAIN SELECT iccid FROM orders WHERE operator_id='default' AND type='type-1' AND state=5 ORDER "
         "BY iccid LIMIT 16",
         0);
}

// PostgreSQL counts them: of the statements themselves, whatever was restated above.
std::string scans(Postgres& place) {
    place.server->sql(place.url, "SELECT pg_stat_clear_snapshot()");
    return place.server->sql(
        place.url,
        "SELECT seq_scan FROM pg_stat_user_tables WHERE schemaname='halyard_smdp' AND relname='orders'");
}
std::string scans(Sqlite&) { return ""; }
void settle(Postgres& place) { place.server->sql(place.url, "VACUUM ANALYZE"); }
void settle(Sqlite&) {}
double gigabytes(Postgres& place) {
    return std::stod(place.server->sql(place.url, "SELECT pg_database_size(current_database())")) / 1e9;
}
double gigabytes(Sqlite& place) {
    return static_cast<double>(std::filesystem::file_size(place.directory / "smdp.db")) / 1e9;
}

// ES2+ as an operator's calls come to it, four at a time; the ICCIDs that were ordered.
std::vector<Iccid> order_and_release(const char* name, store::SmdpStore& smdp, uint32_t count) {
    constexpr unsigned kCallers = 4;
    smdp::Config config;
    std::vector<std::unique_ptr<crypto::SystemRandom>> dice;
    std::vector<std::unique_ptr<smdp::Es2>> es2;
    for (unsigned t = 0; t < kCallers; ++t) {
        dice.push_back(std::make_unique<crypto::SystemRandom>());
        es2.push_back(std::make_unique<smdp::Es2>(config, smdp, *dice.back()));
    }
    const smdp::Caller who{"default", {}};
    std::vector<Iccid> ordered(count);
    const auto good = [](const auto& answer) { return answer && !answer->failed; };
    note(name,
         "downloadOrder by type, 4 callers",
         rate(kCallers,
              count,
              [&](uint32_t n, unsigned t) {
                  rsp::DownloadOrderRequest r;
                  r.header.function_call_identifier = "d" + std::to_string(n);
                  r.profile_type = type(n);
                  const auto answer = es2[t]->download_order(who, r, {}, Time(1000));
                  if (good(answer)) ordered[n] = *answer->iccid;
                  return good(answer);
              }),
         "/s");
    note(name,
         "confirmOrder, 4 callers",
         rate(kCallers,
              count,
              [&](uint32_t n, unsigned t) {
                  rsp::ConfirmOrderRequest r;
                  r.header.function_call_identifier = "c" + std::to_string(n);
                  r.iccid = ordered[n];
                  return good(es2[t]->confirm_order(who, r, {}, Time(1000)));
              }),
         "/s");
    note(name,
         "releaseProfile, 4 callers",
         rate(kCallers,
              count,
              [&](uint32_t n, unsigned t) {
                  rsp::ReleaseProfileRequest r;
                  r.header.function_call_identifier = "r" + std::to_string(n);
                  r.iccid = ordered[n];
                  return good(es2[t]->release_profile(who, r, {}, Time(1000)));
              }),
         "/s");
    return ordered;
}
} // namespace

TEST_CASE_TEMPLATE("a million profiles", Kind, Sqlite, Postgres) {
    PLACE(Kind, place);
    const char* name = Names::of(&place);
    const uint32_t all = profiles(), some = std::max(1u, std::min(20'000u, all / kTypes / 2)),
                   looks = some * 5;
    {
        const auto smdp = *place.smdp();
        crypto::SystemRandom random;
        OwnedBytes package(kPackage);
        REQUIRE(random.fill(package));
        const double inserts = rate(Names::writers(&place), all, [&](uint32_t n, unsigned) {
            smdp::Order o = stock(n, type(n).c_str());
            o.metadata.resize(100);
            OwnedBytes sealed = package;
            for (size_t i = 0; i < 4; ++i) sealed[i * 400] = static_cast<uint8_t>(n >> (8 * i));
            return bool(smdp->commit({.insert_order = &o, .sealed_package = std::move(sealed)}));
        });
        note(name, "into stock, a commit each", inserts, "/s");
        settle(place);
    }
    std::unique_ptr<store::SmdpStore> smdp;
    note(name, "open", seconds([&] { smdp = std::move(*place.smdp()); }), "s");
    note(name, "on disk", gigabytes(place), "GB");
    const auto ordered = order_and_release(name, *smdp, some);
    std::vector<std::string> ids(some);
    for (uint32_t n = 0; n < some; ++n) ids[n] = (*smdp->order(ordered[n]))->matching_id;
    settle(place);
    const std::string before = scans(place);
    for (const unsigned threads : {1u, 4u}) {
        const std::string by = threads == 1 ? ", 1 thread" : ", 4 threads";
        note(name,
             "by ICCID" + by,
             rate(threads,
                  looks,
                  [&](uint32_t n, unsigned) {
                      const auto o = smdp->order(iccid(static_cast<uint32_t>(n * 2654435761ull % all)));
                      return o && *o;
                  }),
             "/s");
        note(name,
             "by matching id" + by,
             rate(threads,
                  looks,
                  [&](uint32_t n, unsigned) {
                      const auto o = smdp->order(ids[n % some]);
                      return o && *o;
                  }),
             "/s");
        note(name,
             "any available of a type" + by,
             rate(threads,
                  looks,
                  [&](uint32_t n, unsigned) {
                      const auto o = smdp->available("default", type(n), static_cast<uint8_t>(n));
                      return o && *o;
                  }),
             "/s");
        note(name,
             "by EID, none there" + by,
             rate(threads,
                  looks,
                  [&](uint32_t n, unsigned) {
                      return bool(smdp->default_order(eid(static_cast<uint8_t>(n))));
                  }),
             "/s");
    }
    note(name, "count of all pools", seconds([&] { REQUIRE(smdp->pools()); }), "s");
    explain(name, *smdp);
    smdp.reset(); // PostgreSQL's sessions tell what they scanned when they end
    if (!before.empty()) {
        // The one of pools(), which reads everything, may be among them; none of the look-ups.
        CHECK(std::stol(scans(place)) - std::stol(before) <= 8);
    }
    std::printf("\n%-36s %16s %16s\n", "", "SQLite", "PostgreSQL");
    for (const std::string& row : rows)
        std::printf(
            "%-36s %16s %16s\n", row.c_str(), table[row]["SQLite"].c_str(), table[row]["PostgreSQL"].c_str());
    std::fflush(stdout);
}
