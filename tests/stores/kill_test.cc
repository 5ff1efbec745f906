// SIGKILL at any moment: what a process had acknowledged, to somebody outside of it, is there. RR-01, INV-7
#include "tests/stores/places.h"
#include <csignal>
#include <random>
#include <set>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace halyard;
using namespace halyard::stores;

namespace {
// Places orders from `first` on and tells `to` the number of each one that was acknowledged; never returns.
template <class Kind> [[noreturn]] void place_orders(Kind& place, uint32_t first, int to) {
    const auto store = place.smdp();
    if (!store) ::_exit(1);
    for (uint32_t n = first;; ++n) {
        const smdp::Order mine = order(n);
        smdp::Change change = inserted(mine);
        change.outbox = {{.target = "alpha", .call_id = std::to_string(n), .iccid = mine.iccid}};
        if (!(*store)->commit(change)) ::_exit(2);
        if (::write(to, &n, sizeof n) != sizeof n) ::_exit(3);
    }
}
} // namespace

TEST_CASE_TEMPLATE(
    "when a process is killed while it places orders, all it acknowledged are there and none in part",
    Kind,
    Sqlite,
    Postgres) {
    PLACE(Kind, place);
    REQUIRE(place.smdp());
    std::mt19937 random(5);
    std::set<uint32_t> acknowledged;
    constexpr uint32_t kKills = 25;
    for (uint32_t kill = 0; kill < kKills; ++kill) {
        int ends[2];
        REQUIRE(::pipe(ends) == 0);
        const pid_t child = ::fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            ::close(ends[0]);
            place_orders(place, 100'000 * (kill + 1), ends[1]);
        }
        ::close(ends[1]);
        // Killed some time after its first acknowledgement, so that each one is at work.
        uint32_t n = 0;
        REQUIRE(::read(ends[0], &n, sizeof n) == sizeof n);
        acknowledged.insert(n);
        std::this_thread::sleep_for(std::chrono::microseconds(random() % 30'000));
        REQUIRE(::kill(child, SIGKILL) == 0);
        while (::read(ends[0], &n, sizeof n) == sizeof n) acknowledged.insert(n);
        ::close(ends[0]);
        int status = 0;
        REQUIRE(::waitpid(child, &status, 0) == child);
        CHECK(WIFSIGNALED(status)); // it did not give up before
    }
    const auto store = *place.smdp();
    const auto all = *store->orders(0);
    CHECK(acknowledged.size() > kKills);
    CHECK(all.size() >= acknowledged.size());
    CHECK(all.size() <= acknowledged.size() + kKills); // at most the one that each was about to acknowledge
    std::set<std::string> told;
    const auto waiting = *store->due("alpha", Time(1), 1'000'000);
    for (const auto& o : waiting) told.insert(o.call_id);
    CHECK(told.size() == all.size());
    std::set<Iccid> there;
    for (const smdp::Order& o : all) {
        there.insert(o.iccid);
        CHECK(store->sealed_package(o.iccid));
    }
    for (const uint32_t n : acknowledged) CHECK(there.contains(iccid(n)));
    MESSAGE(acknowledged.size() << " acknowledged, " << all.size() << " there after " << kKills << " kills");
}
