// Seeded faults everywhere, then peace: nothing may be lost, nothing done twice, and the engine comes to
// rest.
#include "ipa/epr.h"
#include "ipa/testing.h"
#include <cstdlib>
#include <doctest/doctest.h>
#include <random>
#include <set>

using namespace halyard;
using namespace halyard::ipa;
using namespace halyard::ipa::testing;

namespace {
struct Chaos {
    std::mt19937 dice;
    World world;
    bool peace = false;
    int faults = 0;

    static Config config(unsigned seed) {
        Config config;
        config.download = seed % 2 ? Config::Download::indirect : Config::Download::direct;
        return config;
    }
    bool chance(unsigned percent) { return !peace && dice() % 100 < percent && ++faults; }
    OwnedBytes noise() {
        OwnedBytes bytes(dice() % 40);
        for (auto& octet : bytes) octet = static_cast<uint8_t>(dice());
        if (bytes.size() > 2 && dice() % 2)
            bytes[0] = 0xBF, bytes[1] = static_cast<uint8_t>(0x20 + dice() % 0x40);
        return bytes;
    }

    explicit Chaos(unsigned seed) : dice(seed), world(config(seed)) {
        auto& one = world.add_eim("eim1", true);
        auto& two = world.add_eim("eim2", true);
        one.queue.push_back(package("eim1", 1, tlv(0xA0, {h("A600")})));
        one.queue.push_back(tlv(0xBF52, {h("5C03A0A281")}));
        one.queue.push_back(tlv(0xBF54, {tlv(0xA0, {utf8(0x80, "1$smdp.example$M")}), h("82027788")}));
        one.queue.push_back(package("eim1", 2, enable(kNewIccid, true)));
        two.queue.push_back(package("eim2", 5, tlv(0xA0, {h("A600")})));
        world.power = [this](const Action&, bool) { return !chance(2); };
        world.lose = [this](const Action& action) { return action.to != Peer::card && chance(8); };
        // (not to HandleNotification: there any answer is a confirmation)
        const auto garbage = [this](Bytes message) {
            return !starts_with(message, "BF3D") && chance(4) ? std::optional(noise()) : std::nullopt;
        };
        one.intercept = two.intercept = world.smdp.intercept = garbage;
        world.card.intercept = [this](Bytes command) -> std::optional<OwnedBytes> {
            // a refusing card: only where nothing is changed by it
            const bool reading =
                starts_with(command, "BF2B") || starts_with(command, "BF55") || starts_with(command, "BF20");
            return reading && chance(3) ? std::optional(h("6985")) : std::nullopt;
        };
    }

    /// Every notification that was removed had reached somebody who confirmed it.
    bool removals_were_earned() {
        std::set<uint64_t> delivered;
        const auto collect = [&](Bytes bytes) {
            for (uint64_t seq = 0; seq < 128; ++seq)
                if (contains(bytes, number(0x80, seq)) || contains(bytes, number(0x83, seq)))
                    delivered.insert(seq);
        };
        for (const auto& item : world.smdp.notifications) collect(item);
        for (const auto& [address, eim] : world.eims) {
            for (const auto& item : eim.notifications) collect(item);
            for (const auto& item : eim.results) collect(item);
        }
        for (const auto& removed : world.card.removed_numbers)
            if (removed.size() == 1 && !delivered.count(removed[0])) return false;
        return true;
    }
};
} // namespace

TEST_CASE("when faults of every kind stop, whatever they did, each duty has ended and nothing is lost") {
    const char* wanted = std::getenv("HALYARD_SEEDS");
    const unsigned seeds = wanted ? static_cast<unsigned>(std::atoi(wanted)) : 400;
    int faults = 0;
    for (unsigned seed = 0; seed < seeds; ++seed) {
        CAPTURE(seed);
        Chaos chaos(seed);
        World& world = chaos.world;
        (void)world.run(600);
        chaos.peace = true;
        faults += chaos.faults;
        REQUIRE(world.run(6000));
        for (const auto& [address, eim] : world.eims) {
            CAPTURE(address);
            CHECK(eim.queue.empty());
        }
        CHECK(world.card.results.empty());
        CHECK(world.card.notifications.empty());
        CHECK(world.card.counters["eim1"] == 2);
        CHECK(world.card.counters["eim2"] == 5);
        CHECK(chaos.removals_were_earned());
        const State& state = world.engine->context().state;
        CHECK(state.outbox_count == 0);
        CHECK(state.rollback.phase == RollbackDuty::Phase::none);
        CHECK(state.download.phase == DownloadDuty::Phase::none);
        CHECK_FALSE(state.package.active);
    }
    MESSAGE(seeds << " seeds, " << faults << " faults");
}

TEST_CASE("when the same seed runs twice, the same things happen") {
    for (unsigned seed = 1; seed < 6; ++seed) {
        Chaos first(seed);
        Chaos second(seed);
        (void)first.world.run(600);
        (void)second.world.run(600);
        CHECK(first.world.events == second.world.events);
        CHECK(first.world.card.commands == second.world.card.commands);
        CHECK(first.world.saved == second.world.saved);
    }
}
