#include "ipa/testing.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::ipa;
using namespace halyard::ipa::testing;

namespace {
/// The network of the new profile leads nowhere.
struct DeadProfile : World {
    testing::Eim& eim;
    explicit DeadProfile(bool flag = true) : eim(add_eim("eim1")) {
        eim.queue.push_back(package("eim1", 7, enable(kNewIccid, flag)));
        network = [this] { return card.enabled != kNewIccid; };
    }
};
const OwnedBytes kRolledBack = result("eim1", 7, 7, h("8C0100"));
} // namespace

TEST_CASE("when the new profile leads nowhere, the old one comes back and reports it") {
    DeadProfile world;
    REQUIRE(world.run());
    CHECK(world.card.enabled == kOldIccid);
    REQUIRE(world.eim.results.size() == 1);
    CHECK(contains(world.eim.results[0], h("8C0100")));
    CHECK(world.happened("rollback armed"));
    CHECK(world.happened("rolled back"));
    CHECK(world.card.results.empty());
    CHECK(world.engine->context().state.rollback.phase == RollbackDuty::Phase::none);
}

TEST_CASE("when the package had no rollbackFlag, the profile stays and delivery goes on for ever") {
    DeadProfile world(false);
    CHECK_FALSE(world.run(500));
    CHECK(world.card.enabled == kNewIccid);
    CHECK_FALSE(world.happened("rolled back"));
    world.network = [] { return true; };
    REQUIRE(world.run());
    CHECK(world.eim.results.size() == 1);
}

TEST_CASE("when attempts and time are both needed, neither alone leads to a rollback") {
    struct Row {
        uint32_t attempts;
        int64_t over_ms;
    };
    for (const Row row : {Row{1, 0}, Row{3, 1'000}, Row{3, 420'000}, Row{10, 60'000}, Row{2, 900'000}}) {
        CAPTURE(row.attempts);
        CAPTURE(row.over_ms);
        DeadProfile world;
        world.config.rollback = {row.attempts, Time{row.over_ms}};
        Time armed{0};
        uint32_t failed = 0;
        Time rolled{0};
        for (int i = 0; i < 5000 && !world.happened("rolled back"); ++i) {
            world.step();
            if (!armed.count() && world.happened("rollback armed")) armed = world.now;
            failed = static_cast<uint32_t>(world.count("eim not reached"));
            rolled = world.now;
        }
        REQUIRE(world.happened("rolled back"));
        CHECK(failed >= row.attempts);
        CHECK((rolled - armed).count() >= row.over_ms);
        CHECK((rolled - armed).count() <= row.over_ms + 120'000);
    }
}

TEST_CASE("when the network returns before the decision, the profile stays") {
    for (int failures = 1; failures <= 2; ++failures) {
        DeadProfile world;
        int seen = 0;
        world.network = [&] { return world.card.enabled != kNewIccid || seen++ >= failures; };
        REQUIRE(world.run());
        CHECK(world.card.enabled == kNewIccid);
        CHECK(world.happened("rollback not needed"));
        CHECK_FALSE(world.happened("rolled back"));
        CHECK(world.eim.results.size() == 1);
    }
}

TEST_CASE("when there is IP but what answers is no eIM, it counts as not reached") {
    for (const char* garbage : {"", "48544D4C", "BF50", "BF5003810101", "3082FFFF", "BF5302800101"}) {
        CAPTURE(garbage);
        DeadProfile world;
        world.network = [] { return true; };
        world.eim.intercept = [&](Bytes) -> std::optional<OwnedBytes> {
            return world.card.enabled == kNewIccid ? std::optional(h(garbage)) : std::nullopt;
        };
        REQUIRE(world.run());
        CHECK(world.card.enabled == kOldIccid);
        CHECK(world.happened("rolled back"));
    }
}

TEST_CASE("when the eIM answers readably but refuses, it has been reached: no rollback") {
    DeadProfile world;
    world.network = [] { return true; };
    int refusals = 0;
    world.eim.intercept = [&](Bytes message) -> std::optional<OwnedBytes> {
        if (starts_with(message, "BF50") && refusals++ < 3) return h("BF500302017F");
        return std::nullopt;
    };
    REQUIRE(world.run());
    CHECK(world.card.enabled == kNewIccid);
    CHECK_FALSE(world.happened("rolled back"));
    CHECK(world.eim.results.size() == 1);
}

TEST_CASE("when the card no longer grants the rollback, the duty ends and delivery goes on") {
    DeadProfile world;
    world.card.intercept = [](Bytes command) -> std::optional<OwnedBytes> {
        return starts_with(command, "BF58") ? std::optional(h("BF5803020101")) : std::nullopt;
    };
    CHECK_FALSE(world.run(400));
    CHECK(world.happened("rollback refused"));
    CHECK(world.card.enabled == kNewIccid);
    world.network = [] { return true; };
    REQUIRE(world.run());
    CHECK(world.eim.results.size() == 1);
}

TEST_CASE("when the card is busy, the rollback is tried again") {
    DeadProfile world;
    int busy = 3;
    world.card.intercept = [&](Bytes command) -> std::optional<OwnedBytes> {
        return starts_with(command, "BF58") && busy-- > 0 ? std::optional(h("BF5803020105")) : std::nullopt;
    };
    REQUIRE(world.run());
    CHECK(world.card.enabled == kOldIccid);
}

TEST_CASE("when the clock jumps by ten years either way, the decision still takes its time") {
    for (const int64_t years : {-10, 10}) {
        DeadProfile world;
        bool jumped = false;
        Time elapsed{0};
        for (int i = 0; i < 5000 && !world.happened("rolled back"); ++i) {
            const Time before = world.now;
            world.step();
            if (world.happened("rollback armed")) elapsed += world.now - before;
            if (!jumped && world.count("eim not reached") == 1) {
                world.now += Time{years * 365 * 86'400'000};
                jumped = true;
            }
        }
        REQUIRE(world.happened("rolled back"));
        CHECK(world.count("eim not reached") >= 3);
        CHECK(elapsed >= Time{20'000}); // ten minutes at most are credited for a jump forward
    }
}

TEST_CASE("when power is cut before or after any action, the device ends on a profile that reaches the eIM") {
    for (const bool after : {false, true})
        for (int at = 0;; ++at) {
            DeadProfile world;
            int n = 0;
            bool cut = false;
            world.power = [&](const Action&, bool is_after) {
                if (is_after != after || n++ != at) return true;
                cut = true;
                return false;
            };
            CAPTURE(after);
            CAPTURE(at);
            REQUIRE(world.run());
            if (!cut) break;
            CAPTURE(world.last_step);
            CHECK(world.card.enabled == kOldIccid);
            REQUIRE(world.eim.results.size() >= 1);
            CHECK(contains(world.eim.results.back(), h("8C0100")));
            CHECK(world.card.results.empty());
            CHECK(world.engine->context().state.rollback.phase == RollbackDuty::Phase::none);
        }
}

TEST_CASE("when power is cut at any two actions, the device still ends on a profile that reaches the eIM") {
    for (int first = 0; first < 70; first += 3)
        for (int second = 1; second < 40; second += 3) {
            DeadProfile world;
            int n = 0;
            world.power = [&](const Action&, bool is_after) {
                const int now = n++;
                return !(is_after && (now == 2 * first + 1 || now == 2 * (first + second) + 1));
            };
            CAPTURE(first);
            CAPTURE(second);
            REQUIRE(world.run());
            CHECK(world.card.enabled == kOldIccid);
            CHECK(world.card.results.empty());
        }
}
