// Messages to others, claimed by one process at a time; and stock that several take from. RR-28
#include "base/random.h"
#include "smdp/es2.h"
#include "store/settings.h"
#include "tests/loop/world.h"
#include "tests/stores/places.h"
#include <atomic>
#include <set>
#include <thread>

using namespace halyard;
using namespace halyard::stores;

namespace {
smdp::Outgoing message(uint32_t profile, const char* call, Time next = Time(0)) {
    return {.target = "alpha", .call_id = call, .iccid = iccid(profile), .next = next};
}
std::string calls(const Result<std::vector<smdp::Outgoing>>& all) {
    REQUIRE(all);
    std::string out;
    for (const smdp::Outgoing& o : *all) out += o.call_id + " ";
    return out;
}
Errc error_of(const Ok& done) { return done ? Errc::internal : done.error().code; }
} // namespace

TEST_CASE_TEMPLATE("when messages wait, those of one profile go in their order and all members are kept",
                   Kind,
                   Sqlite,
                   Postgres) {
    PLACE(Kind, place);
    const auto store = *place.smdp();
    smdp::Outgoing full = message(1, "a");
    full.kind = smdp::Outgoing::Kind::register_event;
    full.eid = eid(9);
    full.type = "data";
    full.event_id = "E";
    full.point = 4;
    full.failed = rsp::StatusCode{"8.2.7", "3.8", "wrong"};
    full.created = Time(11);
    full.tries = 2;
    full.result = {1, 2, 3};
    smdp::Outgoing elsewhere = message(4, "x");
    elsewhere.target = "beta";
    REQUIRE(store->commit(
        {.outbox = {full, message(1, "b"), message(2, "c", Time(50)), message(3, "d"), elsewhere}}));
    CHECK(calls(store->due("alpha", Time(10), 10)) == "a d ");
    CHECK(calls(store->due("alpha", Time(50), 10)) == "a c d ");
    CHECK(calls(store->due("alpha", Time(50), 2)) == "a c ");
    const auto first = store->due("alpha", Time(10), 1)->front();
    CHECK(first.kind == full.kind);
    CHECK(first.target == "alpha");
    CHECK(first.iccid == iccid(1));
    CHECK(first.eid == eid(9));
    CHECK(first.type == "data");
    CHECK(first.event_id == "E");
    CHECK(first.point == 4);
    CHECK(first.failed->subject == "8.2.7");
    CHECK(first.failed->reason == "3.8");
    CHECK(first.failed->message == "wrong");
    CHECK(first.created == Time(11));
    CHECK(first.tries == 2);
    CHECK(first.result == OwnedBytes{1, 2, 3});
    CHECK(*store->event_targets() == std::vector<std::string>{"alpha"});
    smdp::Outgoing later = first;
    later.next = Time(99);
    later.tries = 3;
    REQUIRE(store->postpone(later));
    CHECK(calls(store->due("alpha", Time(98), 10)) == "c d "); // "b" waits behind it
    CHECK(store->due("alpha", Time(99), 1)->front().tries == 3);
    REQUIRE(store->delivered(store->due("alpha", Time(99), 1)->front(), {}));
    CHECK(calls(store->due("alpha", Time(98), 10)) == "b c d ");
    CHECK(store->event_targets()->empty());
}

TEST_CASE_TEMPLATE("when a process claimed messages, no other one gets them before the claim is over",
                   Kind,
                   Sqlite,
                   Postgres) {
    PLACE(Kind, place);
    const auto one = *place.smdp(), other = *place.smdp();
    REQUIRE(one->commit({.outbox = {message(1, "a"), message(1, "b"), message(2, "c"), message(3, "d")}}));
    const auto claimed = *one->claim("alpha", Time(10), Time(25), 2);
    CHECK(calls(claimed) == "a c ");
    CHECK(calls(other->claim("alpha", Time(10), Time(25), 9)) == "d "); // "b" waits behind "a"
    CHECK(calls(other->claim("alpha", Time(24), Time(40), 9)) == "");
    // The first process hangs, or is dead: what it claimed comes back.
    const auto again = *other->claim("alpha", Time(25), Time(40), 9);
    CHECK(calls(again) == "a c d ");
    // It wakes up: what it has to say is refused, and changes nothing.
    CHECK(error_of(one->delivered(claimed[0], {})) == Errc::conflict);
    smdp::Outgoing late = claimed[1];
    late.next = Time(1'000'000);
    CHECK(error_of(one->postpone(late)) == Errc::conflict);
    CHECK(error_of(one->give_up(late)) == Errc::conflict);
    REQUIRE(other->delivered(again[0], {}));
    CHECK(error_of(other->delivered(again[0], {})) == Errc::conflict);
    CHECK(error_of(one->delivered(claimed[0], {})) == Errc::conflict);
    CHECK(calls(one->claim("alpha", Time(26), Time(40), 9)) == "b ");
    // Given up: at once for others.
    REQUIRE(other->give_up(again[1]));
    CHECK(calls(one->claim("alpha", Time(26), Time(40), 9)) == "c ");
}

TEST_CASE_TEMPLATE("when an SM-DS took an event, the order knows, unless it moved on or the claim was over",
                   Kind,
                   Sqlite,
                   Postgres) {
    PLACE(Kind, place);
    const auto store = *place.smdp();
    smdp::Order o = order(1);
    o.smds = "smds.example.com";
    o.event_id = "E";
    o.event = smdp::EventState::wanted;
    smdp::Outgoing m = message(1, "a");
    m.target = o.smds;
    m.event_id = "E";
    m.kind = smdp::Outgoing::Kind::register_event;
    REQUIRE(store->commit({.insert_order = &o, .outbox = {m}}));
    const auto first = *store->claim(o.smds, Time(1), Time(5), 1),
               second = *store->claim(o.smds, Time(5), Time(9), 1);
    CHECK(error_of(store->delivered(first[0], smdp::EventState::refused)) == Errc::conflict);
    CHECK((*store->order("ID-1"))->event == smdp::EventState::wanted); // of a refused change nothing is left
    REQUIRE(store->delivered(second[0], smdp::EventState::registered));
    CHECK((*store->order("ID-1"))->event == smdp::EventState::registered);
    CHECK((*store->order("ID-1"))->version == 2);
}

TEST_CASE_TEMPLATE("when two processes empty the outbox, every message goes to one of them",
                   Kind,
                   Sqlite,
                   Postgres) {
    PLACE(Kind, place);
    const std::unique_ptr<store::SmdpStore> stores[] = {*place.smdp(), *place.smdp()};
    constexpr uint32_t kMessages = 120;
    for (uint32_t i = 0; i < kMessages; i += 4) {
        smdp::Change change;
        for (uint32_t n = i; n < i + 4; ++n)
            change.outbox.push_back(message(n / 2, std::to_string(n).c_str()));
        REQUIRE(stores[0]->commit(change));
    }
    std::mutex mutex;
    std::multiset<std::string> told;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
            for (int empty = 0; empty < 3;) {
                const auto mine = stores[t % 2]->claim("alpha", Time(1), Time(100), 5);
                if (!mine || mine->empty()) ++empty;
                if (!mine) continue;
                for (const smdp::Outgoing& o : *mine) {
                    if (!stores[t % 2]->delivered(o, {})) continue;
                    const std::lock_guard lock(mutex);
                    told.insert(o.call_id);
                    empty = 0;
                }
            }
        });
    for (std::thread& t : threads) t.join();
    CHECK(told.size() == kMessages);
    CHECK(std::set<std::string>(told.begin(), told.end()).size() == kMessages);
    CHECK(stores[0]->due("alpha", Time(1), 10)->empty());
}

TEST_CASE_TEMPLATE("when many order from one stock, each gets a profile of its own and nobody a conflict",
                   Kind,
                   Sqlite,
                   Postgres) {
    PLACE(Kind, place);
    const std::unique_ptr<store::SmdpStore> stores[] = {*place.smdp(), *place.smdp()};
    constexpr uint32_t kProfiles = 60, kThreads = 6;
    for (uint32_t n = 0; n < kProfiles; ++n) REQUIRE(stores[0]->commit(inserted(stock(n))));
    smdp::Config config;
    std::mutex mutex;
    std::multiset<Iccid> taken;
    std::atomic<int> failed{0}, refused{0};
    std::vector<std::thread> threads;
    for (uint32_t t = 0; t < kThreads; ++t)
        threads.emplace_back([&, t] {
            loop::SeededRandom random{t};
            smdp::Es2 es2(config, *stores[t % 2], random);
            // Two more each than there are: the end of the stock is where they meet most.
            for (uint32_t i = 0; i < kProfiles / kThreads + 2; ++i) {
                rsp::DownloadOrderRequest r;
                r.header.function_call_identifier = std::to_string(t) + "-" + std::to_string(i);
                r.profile_type = "data";
                const auto answer = es2.download_order({"default", {}}, r, {}, Time(1000));
                if (!answer) {
                    ++failed;
                } else if (answer->failed) {
                    CHECK(answer->failed->subject == "8.2.5");
                    CHECK(answer->failed->reason == "3.7");
                    ++refused;
                } else {
                    const std::lock_guard lock(mutex);
                    taken.insert(*answer->iccid);
                }
            }
        });
    for (std::thread& t : threads) t.join();
    CHECK(failed == 0);
    CHECK(refused == 2 * kThreads);
    CHECK(taken.size() == kProfiles);
    CHECK(std::set<Iccid>(taken.begin(), taken.end()).size() == kProfiles);
}

TEST_CASE_TEMPLATE("when several processes settle what is one for all, one comes first and all hear the same",
                   Kind,
                   Sqlite,
                   Postgres) {
    PLACE(Kind, place);
    const std::unique_ptr<store::SmdpStore> stores[] = {*place.smdp(), *place.smdp()};
    CHECK_FALSE(*store::setting(stores[0]->database(), "address"));
    std::mutex mutex;
    std::set<OwnedBytes> heard;
    std::vector<std::thread> threads;
    for (uint8_t t = 0; t < 6; ++t)
        threads.emplace_back([&, t] {
            const OwnedBytes wanted{t};
            const auto kept = store::settle(stores[t % 2]->database(), "address", wanted);
            const std::lock_guard lock(mutex);
            heard.insert(kept ? *kept : OwnedBytes{0xFF});
        });
    for (std::thread& t : threads) t.join();
    REQUIRE(heard.size() == 1);
    CHECK(**store::setting(stores[1]->database(), "address") == *heard.begin());
    CHECK(*heard.begin() != OwnedBytes{0xFF});
    CHECK_FALSE(*store::setting(stores[0]->database(), "other"));
}
