#include "ipa/testing.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::ipa;
using namespace halyard::ipa::testing;

namespace {
OwnedBytes list_profiles() { return tlv(0xA0, {h("A600")}); }
} // namespace

TEST_CASE("when there are several eIMs, each is polled and only the owner of a result gets it") {
    World world;
    auto& one = world.add_eim("eim1");
    auto& two = world.add_eim("eim2");
    one.queue.push_back(package("eim1", 7, list_profiles()));
    two.queue.push_back(package("eim2", 1, enable(kNewIccid, false)));
    REQUIRE(world.run());
    CHECK(one.results.size() == 1);
    CHECK(two.results.size() == 1);
    // the change made by eim2 is told to eim1: 80 00, cause otherEim 81 01 00
    bool told = false;
    for (const auto& message : one.received) told |= contains(message, h("8000810100"));
    CHECK(told);
    for (const auto& message : two.received) CHECK_FALSE(contains(message, h("8000810100")));
}

TEST_CASE("when one eIM cannot be reached, the other is served all the same") {
    World world;
    auto& one = world.add_eim("eim1");
    auto& two = world.add_eim("eim2");
    one.down = true;
    two.queue.push_back(package("eim2", 1, list_profiles()));
    (void)world.run(200);
    CHECK(two.results.size() == 1);
    CHECK(world.card.results.empty());
}

TEST_CASE("when an eIM deletes itself, it still gets its result, also after a power cut anywhere") {
    for (int at = -1;; ++at) {
        World world;
        auto& eim = world.add_eim("eim1");
        eim.queue.push_back(package("eim1", 7, tlv(0xA1, {tlv(0xA9, {utf8(0x80, "eim1")})})));
        bool forgotten = false; // a host may do that when it is neither listed nor owed anything
        world.on_eims = [&](Bytes list, std::string_view owed) {
            forgotten = !contains(list, utf8(0x80, "eim1")) && owed != "eim1";
            if (forgotten) CHECK(eim.results.size() >= 1);
        };
        int n = 0;
        bool cut = at < 0;
        world.power = [&](const Action&, bool after) {
            if (!after || n++ != at) return true;
            cut = true;
            return false;
        };
        CAPTURE(at);
        REQUIRE(world.run());
        if (!cut) break;
        CHECK(eim.results.size() >= 1);
        CHECK(world.card.results.empty());
        CHECK(world.card.eims.empty());
        world.boot();
        REQUIRE(world.run());
        CHECK(forgotten); // with the next list at the latest
    }
}

TEST_CASE("when no eIM is associated, the initial configuration is added once") {
    Config config;
    const auto initial = tlv(0xBF57, {tlv(0xA0, {eim_data("eim1", "eim1.example")})});
    config.initial_eim = initial;
    World world(config);
    world.eims["eim1.example"].id = "eim1";
    REQUIRE(world.run());
    CHECK(world.card.eims.size() == 1);
    CHECK(world.happened("initial eim added"));
    CHECK(world.eims["eim1.example"].received.size() == 1);
    // a card that lost its eIMs later is not given them again without a deliberate act
    world.card.eims.clear();
    world.boot();
    REQUIRE(world.run());
    CHECK(world.card.eims.empty());
    CHECK(world.happened("initial eim refused"));
    world.config.reopen_initial_eim = true;
    world.boot();
    REQUIRE(world.run());
    CHECK(world.card.eims.size() == 1);
}

TEST_CASE("when an eIM is associated, the initial configuration is not offered to the card") {
    Config config;
    const auto initial = tlv(0xBF57, {tlv(0xA0, {eim_data("eim9", "eim9.example")})});
    config.initial_eim = initial;
    World world(config);
    world.add_eim("eim1");
    REQUIRE(world.run());
    for (const auto& command : world.card.commands) CHECK_FALSE(starts_with(command, "BF57"));
}

TEST_CASE("when a result is owed to an eIM that is gone, it is dropped and the engine comes to rest") {
    World world;
    auto& eim = world.add_eim("eim1");
    eim.intercept = [](Bytes message) -> std::optional<OwnedBytes> {
        return starts_with(message, "BF4F") ? std::optional(h("BF4F03810101")) : std::nullopt;
    };
    world.power = [&](const Action& action, bool) {
        return action.to != Peer::eim || !starts_with(action.message, "BF50");
    };
    for (int i = 0; i < 40 && !world.engine->context().state.outbox_count; ++i) world.step();
    REQUIRE(world.engine->context().state.outbox_count == 1);
    world.card.eims.clear();
    world.power = nullptr;
    world.boot();
    REQUIRE(world.run());
    CHECK(world.happened("result dropped"));
    CHECK(world.engine->context().state.outbox_count == 0);
}

TEST_CASE("when one eIM's entry cannot be read, the others are served") {
    World world;
    world.card.eims.push_back(h("3003800100"));        // a good one first: its address is its id
    world.card.eims.push_back(tlv(0x30, {h("8200")})); // no eimId
    world.card.eims.push_back(eim_data("eim8", std::string(300, 'x'))); // an address beyond every limit
    auto& eim = world.add_eim("eim1");
    eim.queue.push_back(package("eim1", 7, list_profiles()));
    (void)world.run(300);
    CHECK(eim.results.size() == 1);
    CHECK(world.count("eim ignored") >= 2);
}

TEST_CASE("when an eIM made ctxParams1, its octets go to the card unchanged") {
    Config config;
    config.download = Config::Download::indirect;
    World world(config);
    using Features = rsp::IpaCapabilities::IpaFeatures;
    world.config.capabilities.ipa_features = {Features::eim_download_data_handling,
                                              Features::eim_ctx_params1_generation};
    auto& eim = world.add_eim("eim1", true);
    eim.queue.push_back(tlv(0xBF54, {h("82027788")}));
    // with a component at its end that this edition does not know
    const OwnedBytes ctx = h("A014"
                             "80024D31"
                             "A10A800435290611A1008500"
                             "85020102");
    eim.intercept = [&](Bytes message) -> std::optional<OwnedBytes> {
        if (!starts_with(message, "BF39")) return std::nullopt;
        const auto plain = *world.smdp.exchange(message);
        const auto ok = asn1::read_tlv(asn1::read_tlv(plain)->content);
        return tlv(0xBF39, {tlv(0xA0, {owned(ok->content), tlv(0xA2, {ctx})})});
    };
    REQUIRE(world.run());
    bool unchanged = false;
    for (const auto& command : world.card.commands)
        unchanged |= starts_with(command, "BF38") && contains(command, ctx);
    CHECK(unchanged);
    CHECK(world.card.installations == 1);
    // the address was not told: the eIM knows it
    for (const auto& message : eim.received)
        if (starts_with(message, "BF39")) CHECK_FALSE(contains(message, utf8(0x83, "smdp.example")));
}
