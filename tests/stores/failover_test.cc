// The primary is lost for good: what was acknowledged is at its synchronous standby. RR-27
#include "tests/stores/places.h"
#include <atomic>
#include <thread>

using namespace halyard;
using namespace halyard::stores;
using std::chrono::milliseconds;

TEST_CASE(
    "when PostgreSQL's primary is lost, its synchronous standby has every order that was acknowledged") {
    const auto server = PostgresServer::another();
    if (!server) return;
    const std::string url = server->database();
    server->add_standby();
    const auto store = *store::SmdpStore::open({}, server->url_of_both(url));
    std::atomic<uint32_t> acknowledged{0}, failed{0};
    std::atomic<bool> end = false;
    std::thread writer([&] {
        for (uint32_t n = 0; !end; ++n) {
            const smdp::Order mine = order(n);
            for (bool repeated = false; !end; repeated = true) { // as a caller that is told "later"
                const auto done = store->commit(inserted(mine));
                if (done || (repeated && done.error().code == Errc::conflict)) {
                    acknowledged = n + 1;
                    break;
                }
                CHECK(done.error().code == Errc::storage);
                ++failed;
                std::this_thread::sleep_for(milliseconds(20));
            }
        }
    });
    const auto reaches = [&](uint32_t wanted) {
        for (int i = 0; i < 600 && acknowledged < wanted; ++i) std::this_thread::sleep_for(milliseconds(50));
        return acknowledged >= wanted;
    };
    CHECK(reaches(20));
    server->fail_over();
    CHECK(reaches(acknowledged + 20));
    end = true;
    writer.join();
    CHECK(failed > 0);
    for (uint32_t n = 0; n < acknowledged; ++n) CHECK(*store->order(iccid(n)));
    CHECK(store->orders(0)->size() == acknowledged);
}
