#include "ipa/testing.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::ipa;
using namespace halyard::ipa::testing;

namespace {
Config indirect() {
    Config config;
    config.download = Config::Download::indirect;
    return config;
}
OwnedBytes sent(uint64_t seq, std::string_view address) {
    return tlv(0xA0, {other_notification(seq, address)});
}
} // namespace

TEST_CASE("when notifications are pending at start, they go out in rising order and are then removed") {
    World world;
    world.add_eim("eim1");
    for (const uint64_t seq : {9, 3, 200})
        world.card.notifications.push_back({seq, other_notification(seq, "smdp.example")});
    REQUIRE(world.run());
    REQUIRE(world.smdp.notifications.size() == 3);
    CHECK(world.smdp.notifications[0] == sent(3, "smdp.example"));
    CHECK(world.smdp.notifications[1] == sent(9, "smdp.example"));
    CHECK(world.smdp.notifications[2] == sent(200, "smdp.example"));
    CHECK(world.card.notifications.empty());
    // 200 needs a leading zero octet
    CHECK(hex(world.card.removed_numbers.back()) == "00C8");
}

TEST_CASE("when one SM-DP+ is away, its notifications wait in order and the others go out") {
    World world;
    world.add_eim("eim1");
    world.card.notifications = {{1, other_notification(1, "away.example")},
                                {2, other_notification(2, "smdp.example")},
                                {3, other_notification(3, "away.example")}};
    bool away = true;
    world.lose = [&](const Action& action) {
        return action.to == Peer::smdp && action.address == "away.example" && away;
    };
    world.smdp.intercept = nullptr;
    CHECK_FALSE(world.run(300));
    REQUIRE(world.card.notifications.size() == 2);
    CHECK(world.card.notifications[0].number == 1);
    away = false;
    REQUIRE(world.run());
    CHECK(world.card.notifications.empty());
    CHECK(hex(world.card.removed_numbers.at(0)) == "02");
    CHECK(hex(world.card.removed_numbers.at(1)) == "01");
    CHECK(hex(world.card.removed_numbers.at(2)) == "03");
}

TEST_CASE("when the confirmation is lost, the notification is sent again, and removed only then") {
    World world;
    world.add_eim("eim1");
    world.card.notifications = {{1, other_notification(1, "smdp.example")}};
    int lost = 0;
    world.lose = [&](const Action& action) { return action.to == Peer::smdp && lost++ == 0; };
    REQUIRE(world.run());
    CHECK(world.smdp.notifications.size() == 2);
    CHECK(world.card.removed_numbers.size() == 1);
}

TEST_CASE("when the device is indirect, notifications go through the eIM that relays") {
    World world(indirect());
    auto& plain = world.add_eim("eim1", false);
    auto& relay = world.add_eim("eim2", true);
    world.card.notifications = {{1, other_notification(1, "smdp.example")}};
    REQUIRE(world.run());
    CHECK(plain.notifications.empty());
    REQUIRE(relay.notifications.size() == 1);
    CHECK(relay.notifications[0] == sent(1, "smdp.example"));
    CHECK(world.smdp.received.empty());
    CHECK(world.card.notifications.empty());
}

TEST_CASE("when the eIM refuses a notification, it stays on the card") {
    World world(indirect());
    auto& eim = world.add_eim("eim1", true);
    world.card.notifications = {{1, other_notification(1, "smdp.example")}};
    bool refuse = true;
    world.lose = [&](const Action& action) {
        return refuse && action.to == Peer::eim && starts_with(action.message, "BF3D");
    };
    CHECK_FALSE(world.run(200));
    CHECK(world.card.notifications.size() == 1);
    refuse = false;
    REQUIRE(world.run());
    CHECK(world.card.notifications.empty());
    CHECK(eim.notifications.size() >= 2);
}

TEST_CASE("when the eIM is away but the SM-DP+ is not, the installation result reaches both and goes once "
          "both have it") {
    World world;
    auto& eim = world.add_eim("eim1");
    eim.queue.push_back(tlv(0xBF54, {tlv(0xA0, {utf8(0x80, "1$smdp.example$M")}), h("82027788")}));
    bool away = true;
    world.lose = [&](const Action& action) {
        return away && action.to == Peer::eim && starts_with(action.message, "BF50");
    };
    CHECK_FALSE(world.run(300));
    CHECK(world.smdp.notifications.size() == 1);
    CHECK(world.card.notifications.size() == 1); // kept for the eIM
    away = false;
    world.boot();
    REQUIRE(world.run());
    CHECK(world.smdp.notifications.size() == 1);
    CHECK(starts_with(eim.results.back(), "BF54"));
    CHECK(contains(eim.results.back(), installation_result(5, "0A0B0C0D")));
    CHECK(world.card.notifications.empty());
}

TEST_CASE("when the card's list holds something unreadable, the rest is still delivered") {
    World world;
    world.add_eim("eim1");
    world.card.notifications = {{1, h("300430020500")}, {2, other_notification(2, "smdp.example")}};
    REQUIRE(world.run());
    CHECK(world.smdp.notifications.size() == 1);
    CHECK(world.card.notifications.size() == 1);
}
