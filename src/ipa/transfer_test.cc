#include "ipa/testing.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::ipa;
using namespace halyard::ipa::testing;

namespace {
struct Pushed : World {
    explicit Pushed(int count = 1) {
        for (int i = 1; i <= count; ++i) add_eim("eim" + std::to_string(i));
        HALYARD_ASSERT(run());
        for (auto& [address, eim] : eims) eim.received.clear();
    }
    /// The answer to it, as hex; the name of the error when it is not taken.
    std::string push(const OwnedBytes& message, std::string_view eim = "eim1") {
        transferred.reset();
        const auto taken = engine->transfer(eim, message, now);
        if (!taken) return std::string(name(taken.error().code)) + " " + taken.error().where;
        for (int i = 0; i < 100 && !transferred; ++i) step();
        return transferred ? hex(*transferred) : "nothing";
    }
    std::string push(std::string_view message, std::string_view eim = "eim1") {
        return push(h(message), eim);
    }
};
OwnedBytes list_profiles() { return tlv(0xA0, {h("A600")}); }
OwnedBytes trigger(std::string_view tid) {
    return tlv(0xBF4E, {tlv(0xBF54, {tlv(0xA0, {utf8(0x80, "1$smdp.example$ABC")}), tlv(0x82, {h(tid)})})});
}
} // namespace

TEST_CASE("when what is sent to the device is no package, the answer has the code") {
    Pushed world;
    for (const char* broken : {"",
                               "BF4E",
                               "BF4E00",
                               "BF4E02BF51",
                               "BF4E0101",
                               "BF4E03BF5100FF",
                               "BF4E05BF5300BF53",
                               "BF4E05BF53028001",
                               "BF4E06BF5303810107"}) {
        CAPTURE(broken);
        CHECK(world.push(broken) == "BF4E03020101"); // invalidPackageFormat
    }
    for (const char* unknown : {"BF4F00", "BF4E03020101", "BF4E020500", "BF4E03BF6000"}) {
        CAPTURE(unknown);
        CHECK(world.push(unknown) == "BF4E03020102"); // unknownPackage
    }
    CHECK(world.card.commands.back()[1] != 0x51);
    REQUIRE(world.run());
    CHECK(world.eims["eim1.example"].received.empty());
}

TEST_CASE("when a package is sent to the device, it answers with the card's own octets") {
    Pushed world;
    const OwnedBytes sent = package("eim1", 7, list_profiles());
    CHECK(world.push(tlv(0xBF4E, {sent})) == hex(tlv(0xBF4E, {result("eim1", 7, 5, h("A600"))})));
    CHECK(world.card.commands.back() == sent);
    // The card keeps it until the eIM says that it has it: BF53 {80 05}.
    CHECK(world.card.results.size() == 1);
    CHECK(world.push("BF4E06BF5303800105") == "BF4E020500");
    CHECK(world.card.results.empty());
    REQUIRE(world.run());
    CHECK(world.eims["eim1.example"].received.empty());
    CHECK_FALSE(world.engine->context().state.package.active);
}

TEST_CASE("when the acknowledgement does not come, the result is delivered as any other") {
    Pushed world;
    (void)world.push(tlv(0xBF4E, {package("eim1", 7, list_profiles())}));
    world.now += Time{60'000};
    REQUIRE(world.run());
    CHECK(world.eims["eim1.example"].results.size() == 1);
    CHECK(world.card.results.empty());
}

TEST_CASE("when one eIM acknowledges another's result, it stays") {
    Pushed world(2);
    (void)world.push(tlv(0xBF4E, {package("eim1", 7, list_profiles())}), "eim1"); // 5
    (void)world.push(tlv(0xBF4E, {package("eim2", 3, list_profiles())}), "eim2"); // 6
    CHECK(world.push("BF4E09BF5306800105800106", "eim2") == "BF4E020500");
    REQUIRE(world.card.results.size() == 1);
    CHECK(world.card.results[0].number == 5);
    // Nor a notification that it was never offered.
    world.card.notifications.push_back({9, other_notification(9, "smdp.example")});
    CHECK(world.push("BF4E06BF5303800109", "eim2") == "BF4E020500");
    CHECK(world.card.notifications.size() == 1);
}

TEST_CASE("when the eIM is none of this eUICC's, or the device is busy, nothing is taken") {
    Pushed world;
    const OwnedBytes message = tlv(0xBF4E, {package("eim1", 7, list_profiles())});
    CHECK(world.push(message, "eim9") == "not found eimId");
    CHECK(world.push(message, "") == "not found eimId");
    world.boot();
    CHECK(world.push(message) == "conflict busy"); // not started
    world.step();
    CHECK(world.push(message) == "conflict busy"); // starting
    REQUIRE(world.run());
    CHECK(world.push(OwnedBytes(70'000, 0)) == "no space transferEimPackageRequest");
    CHECK(world.push(message).starts_with("BF4E"));
    size_t executed = 0;
    for (const auto& command : world.card.commands) executed += starts_with(command, "BF51");
    CHECK(executed == 1);
}

TEST_CASE("when the card refuses a package, its error is the answer and nobody is told twice") {
    Pushed world;
    (void)world.push(tlv(0xBF4E, {package("eim1", 7, list_profiles())}));
    (void)world.push("BF4E06BF5303800105");
    REQUIRE(world.run());
    const std::string answer = world.push(tlv(0xBF4E, {package("eim1", 7, list_profiles())}));
    CAPTURE(answer);
    CHECK(answer.find("BF51") == 6);
    CHECK(answer.find("A1") != std::string::npos); // replayError, signed
    world.now += Time{60'000};
    REQUIRE(world.run());
    CHECK(world.eims["eim1.example"].results.empty());
}

TEST_CASE("when a download waits, another one is refused and the first one is done") {
    Pushed world;
    CHECK(world.push(trigger("0101")) == "BF4E020500");
    CHECK(world.push(trigger("0202")) == "BF4E0302017F");
    CHECK(world.push(trigger("0101")) == "BF4E020500");
    REQUIRE(world.run());
    CHECK(world.card.installations == 1);
    REQUIRE(world.eims["eim1.example"].results.size() == 1);
    CHECK(contains(world.eims["eim1.example"].results[0], h("82020101")));
    CHECK(world.push(trigger("0202")) == "BF4E020500");
}

TEST_CASE("when a trigger cannot be saved, it is refused and leads to nothing") {
    Pushed world;
    world.store_fails = true;
    CHECK(world.push(trigger("0101")) == "BF4E0302017F");
    CHECK(world.push(tlv(0xBF4E, {package("eim1", 7, list_profiles())})) == "BF4E0302017F");
    world.store_fails = false;
    REQUIRE(world.run());
    size_t executed = 0;
    for (const auto& command : world.card.commands) executed += starts_with(command, "BF51");
    CHECK(executed == 0);
    CHECK(world.card.installations == 0);
}

TEST_CASE("when the card is lost meanwhile, a package is reported later and a data request refused") {
    Pushed world;
    world.card.intercept = [&](Bytes command) -> std::optional<OwnedBytes> {
        if (!starts_with(command, "BF51")) return std::nullopt;
        world.card.dead = true;
        return h("6F00");
    };
    world.card.dead = true;
    CHECK(world.push("BF4E08BF52055C03BF22A8") == "BF4E0302017F");
    world.card.dead = false;
    world.now += Time{3'600'000};
    REQUIRE(world.run());
    world.card.dead = true;
    CHECK(world.push(tlv(0xBF4E, {package("eim1", 7, list_profiles())})) == "BF4E020500");
}
