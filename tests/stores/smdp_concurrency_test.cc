// Several processes and threads at one smdp::Store, on SQLite and on PostgreSQL. RR-07
#include "tests/stores/places.h"
#include <atomic>
#include <thread>

using namespace halyard;
using namespace halyard::stores;

TEST_CASE_TEMPLATE("when two processes change one order at the same time, exactly one of them wins",
                   Kind,
                   Sqlite,
                   Postgres) {
    PLACE(Kind, place);
    const std::unique_ptr<store::SmdpStore> stores[] = {*place.smdp(), *place.smdp()};
    REQUIRE(stores[0]->commit(inserted(order(1))));
    constexpr int kRounds = 40;
    for (int round = 0; round < kRounds; ++round) {
        const smdp::Order read = **stores[0]->order(iccid(1));
        CHECK(read.version == static_cast<uint64_t>(round) + 1);
        std::atomic<int> won{0}, lost{0};
        std::vector<std::thread> threads;
        for (int t = 0; t < 4; ++t)
            threads.emplace_back([&, t] {
                smdp::Order mine = read;
                mine.reason = std::to_string(t);
                const smdp::Outgoing out{.target = mine.reason, .call_id = "1", .iccid = iccid(1)};
                const auto done = stores[t % 2]->commit({.order = &mine, .outbox = {out}});
                if (done)
                    ++won;
                else if (done.error().code == Errc::conflict)
                    ++lost;
            });
        for (std::thread& t : threads) t.join();
        CHECK(won == 1);
        CHECK(lost == 3);
    }
    size_t told = 0; // of the losers nothing is left
    for (const char* target : {"0", "1", "2", "3"})
        for (auto waiting = *stores[0]->due(target, Time(1), 100); !waiting.empty();
             waiting = *stores[0]->due(target, Time(1), 100), ++told)
            REQUIRE(stores[1]->delivered(waiting[0], {}));
    CHECK(told == kRounds);
}

TEST_CASE_TEMPLATE(
    "when many write at once, everything acknowledged is there and a refused one undoes only itself",
    Kind,
    Sqlite,
    Postgres) {
    PLACE(Kind, place);
    const std::unique_ptr<store::SmdpStore> stores[] = {*place.smdp(), *place.smdp()};
    constexpr uint32_t kThreads = 8, kEach = 25;
    std::atomic<uint32_t> placed{0}, refused{0};
    std::vector<std::thread> threads;
    for (uint32_t t = 0; t < kThreads; ++t)
        threads.emplace_back([&, t] {
            for (uint32_t i = 0; i < kEach; ++i) {
                const smdp::Order mine = order(1000 * (t + 1) + i), everybody = order(i);
                if (stores[t % 2]->commit(inserted(mine))) ++placed;
                const auto second = stores[t % 2]->commit(inserted(everybody));
                if (second)
                    ++placed;
                else if (second.error().code == Errc::conflict)
                    ++refused;
            }
        });
    for (std::thread& t : threads) t.join();
    CHECK(placed == kThreads * kEach + kEach);
    CHECK(refused == (kThreads - 1) * kEach);
    CHECK(stores[0]->orders(0)->size() == placed);
    for (uint32_t i = 0; i < kEach; ++i) CHECK(*stores[1]->order(iccid(i)));
}

TEST_CASE_TEMPLATE("when several processes begin at once with nothing there, all of them come up",
                   Kind,
                   Sqlite,
                   Postgres) {
    PLACE(Kind, place);
    std::atomic<int> opened{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t)
        threads.emplace_back([&] {
            const auto store = place.smdp();
            if (store && (*store)->orders(0)) ++opened;
        });
    for (std::thread& t : threads) t.join();
    CHECK(opened == 8);
    const auto store = *place.smdp();
    CHECK(store->commit(inserted(order(1))));
    CHECK(store->orders(0)->size() == 1);
}
