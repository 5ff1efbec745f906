#include "ipa/testing.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::ipa;
using namespace halyard::ipa::testing;

namespace {
OwnedBytes list_profiles() { return tlv(0xA0, {h("A600")}); }
} // namespace

TEST_CASE("when nothing is waiting, the poll carries the EID and the engine rests") {
    World world;
    auto& eim = world.add_eim("eim1");
    REQUIRE(world.run());
    REQUIRE(eim.received.size() == 1);
    // BF4F {5A EID}
    CHECK(hex(eim.received[0]) == "BF4F125A1089049032123451234512345678901235");
    CHECK(world.happened("nothing to do"));
}

TEST_CASE("when a package is waiting, its result is delivered and removed, and the eIM is polled again") {
    World world;
    auto& eim = world.add_eim("eim1");
    eim.queue.push_back(package("eim1", 7, list_profiles()));
    REQUIRE(world.run());
    REQUIRE(eim.results.size() == 1);
    CHECK(hex(eim.results[0]) == hex(result("eim1", 7, 5, h("A600"))));
    // BF50 {5A EID, BF51}: the octets of the card untouched
    CHECK(starts_with(eim.received[1], "BF50"));
    CHECK(contains(eim.received[1], h("5A1089049032123451234512345678901235BF51")));
    CHECK(world.card.results.empty());
    CHECK(eim.received.size() == 3);
    CHECK_FALSE(world.engine->context().state.package.active);
}

TEST_CASE("when the package reaches the card, its octets are those of the eIM") {
    World world;
    auto& eim = world.add_eim("eim1");
    const auto sent = package("eim1", 7, list_profiles());
    eim.queue.push_back(sent);
    REQUIRE(world.run());
    size_t seen = 0;
    for (const auto& command : world.card.commands) seen += command == sent;
    CHECK(seen == 1);
}

TEST_CASE("when a profile is enabled, the card is reset before anybody is told") {
    World world;
    auto& eim = world.add_eim("eim1");
    eim.queue.push_back(package("eim1", 7, enable(kNewIccid, false)));
    std::string order;
    world.power = [&](const Action& action, bool after) {
        if (!after && action.kind == Action::Kind::reset_card) order += "R";
        if (!after && action.to == Peer::eim && starts_with(action.message, "BF50")) order += "P";
        return true;
    };
    REQUIRE(world.run());
    CHECK(order == "RP");
    CHECK(world.card.enabled == kNewIccid);
    // the notification of the enabled profile went to its SM-DP+, and only then was it removed
    REQUIRE(world.smdp.notifications.size() == 1);
    CHECK(world.card.notifications.empty());
}

TEST_CASE("when the device is indirect, notifications travel with the result and go only when acknowledged") {
    Config config;
    config.download = Config::Download::indirect;
    World world(config);
    auto& eim = world.add_eim("eim1", true);
    world.card.notifications.push_back({3, other_notification(3, "smdp.example")});
    eim.queue.push_back(package("eim1", 7, list_profiles()));
    world.card.notifications.push_back({4, other_notification(4, "smdp.example")});
    eim.intercept = [&](Bytes message) -> std::optional<OwnedBytes> {
        return starts_with(message, "BF3D") ? std::optional(h("")) : std::nullopt;
    };
    REQUIRE(world.run());
    CHECK(world.card.notifications.empty());
    CHECK(world.card.results.empty());
    CHECK(world.smdp.received.empty());
}

TEST_CASE("when the eIM acknowledges numbers it was not given, they are not removed") {
    World world;
    world.card.notifications.push_back({9, other_notification(9, "other.example")});
    world.smdp.down = true;
    auto& eim = world.add_eim("eim1");
    eim.extra_acknowledgements = h("800109800163");
    eim.queue.push_back(package("eim1", 7, list_profiles()));
    world.run(300);
    CHECK(world.happened("foreign acknowledgement"));
    CHECK(world.card.results.empty());
    REQUIRE(world.card.notifications.size() == 1);
    REQUIRE(world.card.removed_numbers.size() == 1);
    CHECK(hex(world.card.removed_numbers[0]) == "05");
}

TEST_CASE("when the eIM acknowledges nothing, the result stays on the card and is offered again later") {
    World world;
    auto& eim = world.add_eim("eim1");
    eim.acknowledge = false;
    eim.queue.push_back(package("eim1", 7, list_profiles()));
    CHECK_FALSE(world.run(400));
    CHECK(world.card.results.size() == 1);
    CHECK(eim.results.size() >= 3);
    eim.acknowledge = true;
    REQUIRE(world.run());
    CHECK(world.card.results.empty());
}

TEST_CASE("when the answer to a result is lost, the same octets are sent again") {
    World world;
    auto& eim = world.add_eim("eim1");
    eim.queue.push_back(package("eim1", 7, list_profiles()));
    int lost = 0;
    world.lose = [&](const Action& action) {
        return action.to == Peer::eim && starts_with(action.message, "BF50") && lost++ == 0;
    };
    REQUIRE(world.run());
    REQUIRE(eim.results.size() == 2);
    CHECK(eim.results[0] == eim.results[1]);
    CHECK(world.card.results.empty());
}

TEST_CASE("when a package is offered twice, the card's signed error answers the second") {
    World world;
    auto& eim = world.add_eim("eim1");
    eim.queue.push_back(package("eim1", 7, list_profiles()));
    eim.queue.push_back(package("eim1", 7, list_profiles()));
    REQUIRE(world.run());
    REQUIRE(eim.results.size() == 2);
    CHECK(contains(eim.results[1], h("020104")));
    CHECK(world.engine->context().state.outbox_count == 0);
}

TEST_CASE("when a result belongs to an eIM that is not associated, it is left alone") {
    World world;
    world.add_eim("eim1");
    world.card.results.push_back({4, result("stranger", 1, 4, h("830100"))});
    REQUIRE(world.run());
    CHECK(world.card.results.size() == 1);
    CHECK(world.card.removed_numbers.empty());
}

TEST_CASE("when power is cut before or after any action, the package runs once and its result arrives") {
    for (const bool after : {false, true})
        for (int at = 0;; ++at) {
            World world;
            auto& eim = world.add_eim("eim1");
            eim.queue.push_back(package("eim1", 7, enable(kNewIccid, false)));
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
            CHECK(world.card.enabled == kNewIccid);
            REQUIRE(eim.results.size() >= 1);
            CHECK(hex(eim.results[0]) == hex(result("eim1", 7, 5, h("830100"))));
            CHECK(world.card.results.empty());
            CHECK(world.card.notifications.empty());
            CHECK(world.smdp.notifications.size() >= 1);
        }
}

TEST_CASE("when the state cannot be saved, no package reaches the card") {
    World world;
    auto& eim = world.add_eim("eim1");
    eim.queue.push_back(package("eim1", 7, list_profiles()));
    world.store_fails = true;
    (void)world.run(50);
    for (const auto& command : world.card.commands) CHECK_FALSE(starts_with(command, "BF51"));
    world.store_fails = false;
    REQUIRE(world.run());
    CHECK(eim.results.size() == 1);
}
