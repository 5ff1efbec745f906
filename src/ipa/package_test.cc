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

TEST_CASE("when a package cannot be read, the eIM gets the code the specification gives") {
    struct Row {
        const char* answer;
        const char* report;
    };
    const Row rows[] = {
        {"BF4F05BF51023000", "A003020101"},                 // no signature
        {"BF4F08BF5205830201020500", "A00780020102020101"}, // data request without tagList
        {"BF4F0ABF5107800101820201 02", "A003020101"},      // BF51 of other content
        {"BF4F0ABF54078200000000 0500", "A003020101"},      // transaction id of no octets
        {"BF4F05BF60020500", "A003020102"},                 // unknown alternative
        {"BF4F03810101", "A003020102"},                     // unknown alternative
        {"BF4F03BF51FF", "A003020101"},                     // length that cannot be
        {"3003020101", "A003020102"},                       // another message altogether
    };
    for (const Row& row : rows) {
        CAPTURE(row.answer);
        World world;
        auto& eim = world.add_eim("eim1");
        bool once = true;
        eim.intercept = [&](Bytes message) -> std::optional<OwnedBytes> {
            if (!starts_with(message, "BF4F") || !once) return std::nullopt;
            once = false;
            return h(row.answer);
        };
        REQUIRE(world.run());
        REQUIRE(eim.results.size() == 1);
        CHECK(hex(eim.results[0]) == row.report);
    }
}

TEST_CASE("when an eIM sends nonsense for ever, it is asked less and less often") {
    World world;
    auto& eim = world.add_eim("eim1");
    eim.intercept = [&](Bytes message) -> std::optional<OwnedBytes> {
        return starts_with(message, "BF4F") ? std::optional(h("BF4F03810101")) : std::nullopt;
    };
    const Time begin = world.now;
    CHECK_FALSE(world.run(200));
    CHECK(world.now - begin >= Time{3'600'000});
}

TEST_CASE("when answers of the eIM are garbage, nothing is lost and the engine backs off") {
    for (const char* garbage : {"", "00", "FF", "3C68746D6C3E", "BF4F84FFFFFFFF", "BF50"}) {
        CAPTURE(garbage);
        World world;
        auto& eim = world.add_eim("eim1");
        eim.queue.push_back(package("eim1", 7, list_profiles()));
        int bad = 6;
        eim.intercept = [&](Bytes) -> std::optional<OwnedBytes> {
            return bad-- > 0 ? std::optional(h(garbage)) : std::nullopt;
        };
        REQUIRE(world.run());
        CHECK(world.card.results.empty());
        bool delivered = false;
        for (const auto& item : eim.results) delivered |= starts_with(item, "BF51");
        CHECK(delivered);
    }
}

TEST_CASE("when the eIM says eidNotFound, it is asked again only the next day") {
    World world;
    auto& eim = world.add_eim("eim1");
    eim.intercept = [](Bytes) -> std::optional<OwnedBytes> { return h("BF4F03020102"); };
    REQUIRE(world.run());
    const auto action = world.engine->next(world.now);
    CHECK(action.kind == Action::Kind::wait);
    CHECK(action.idle);
    CHECK(world.engine->context().eims[0].poll.delay == Time{86'400'000});
}

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

TEST_CASE("when a result belongs to an eIM that is not associated, it is left alone") {
    World world;
    world.add_eim("eim1");
    world.card.results.push_back({4, result("stranger", 1, 4, h("830100"))});
    REQUIRE(world.run());
    CHECK(world.card.results.size() == 1);
    CHECK(world.card.removed_numbers.empty());
}

TEST_CASE("when an eIM deletes itself, it still gets its result, also after a power cut anywhere") {
    for (int at = -1;; ++at) {
        World world;
        auto& eim = world.add_eim("eim1");
        eim.queue.push_back(package("eim1", 7, tlv(0xA1, {tlv(0xA9, {utf8(0x80, "eim1")})})));
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

TEST_CASE("when the card dies for a while, the engine opens it again and goes on") {
    World world;
    auto& eim = world.add_eim("eim1");
    eim.queue.push_back(package("eim1", 7, list_profiles()));
    for (int i = 0; i < 12; ++i) world.step();
    world.card.dead = true;
    for (int i = 0; i < 20; ++i) world.step();
    world.card.dead = false;
    REQUIRE(world.run());
    CHECK(eim.results.size() == 1);
    CHECK(world.card.results.empty());
}

TEST_CASE("when the card refuses the package by a status word, the eIM is told undefinedError") {
    World world;
    auto& eim = world.add_eim("eim1");
    eim.queue.push_back(package("eim1", 7, list_profiles()));
    world.card.intercept = [](Bytes command) -> std::optional<OwnedBytes> {
        return starts_with(command, "BF51") ? std::optional(h("6A88")) : std::nullopt;
    };
    REQUIRE(world.run());
    CHECK(hex(eim.results.at(0)) == "A0078002010202017F");
}

TEST_CASE("when an answer is larger than the memory given, it is refused and not written") {
    World world;
    auto& eim = world.add_eim("eim1");
    bool once = true;
    eim.intercept = [&](Bytes) -> std::optional<OwnedBytes> {
        if (!std::exchange(once, false)) return std::nullopt;
        return OwnedBytes(world.in.size() + 1, 0xBF);
    };
    REQUIRE(world.run());
    CHECK(world.happened("eim not reached"));
}

TEST_CASE(
    "when the card's list of results cannot be read, it is asked less and less often, and the poll goes on") {
    for (const char* garbage : {"00", "BF2B03810 17F", "BF2B02A100", "6A88", "BF2B84FFFFFFFF"}) {
        CAPTURE(garbage);
        World world;
        auto& eim = world.add_eim("eim1");
        eim.queue.push_back(package("eim1", 7, list_profiles()));
        bool bad = true;
        world.card.intercept = [&](Bytes command) -> std::optional<OwnedBytes> {
            const bool stored = hex(command) == "BF2B04A0028200" && !world.card.results.empty();
            return bad && stored ? std::optional(h(garbage)) : std::nullopt;
        };
        const Time begin = world.now;
        CHECK_FALSE(world.run(300));
        CHECK(world.now - begin > Time{600'000});
        bad = false;
        REQUIRE(world.run());
        CHECK(world.card.results.empty());
    }
}

TEST_CASE("when any answer of the card is garbage for a while, nothing is lost") {
    const char* const functions[] = {"BF3E", "BF55", "BF2B", "BF30", "BF20", "BF2E", "BF43"};
    for (const char* function : functions)
        for (const char* garbage : {"", "00", "BF3E", "3003020100", "FFFFFFFF"}) {
            CAPTURE(function);
            CAPTURE(garbage);
            World world;
            auto& eim = world.add_eim("eim1");
            eim.queue.push_back(package("eim1", 7, enable(kNewIccid, false)));
            int bad = 3;
            world.card.intercept = [&](Bytes command) -> std::optional<OwnedBytes> {
                if (!starts_with(command, function) || bad-- <= 0) return std::nullopt;
                return h(garbage);
            };
            REQUIRE(world.run());
            CHECK(world.card.enabled == kNewIccid);
            CHECK(world.card.results.empty());
            CHECK(world.card.notifications.empty());
            CHECK(eim.results.size() >= 1);
        }
}

TEST_CASE("when the host repeats an answer, the second is ignored") {
    World world;
    auto& eim = world.add_eim("eim1");
    eim.queue.push_back(package("eim1", 7, list_profiles()));
    for (int i = 0; i < 400; ++i) {
        const Action action = world.engine->next(world.now);
        if (action.kind == Action::Kind::wait) break;
        OwnedBytes answer;
        if (action.kind == Action::Kind::send && action.to == Peer::card)
            answer = *world.card.transmit(action.message);
        if (action.kind == Action::Kind::send && action.to == Peer::eim)
            answer = *eim.exchange(action.message);
        world.engine->reply(Bytes(answer), world.now);
        if (!(action.to == Peer::card && !answer.empty() &&
              answer.size() == 2)) // a chain goes on: not a repetition
            world.engine->reply(Bytes(answer), world.now);
    }
    CHECK(eim.results.size() == 1);
    CHECK(world.card.results.empty());
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
