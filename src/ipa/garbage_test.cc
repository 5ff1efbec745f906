#include "base/tolerated.h"
#include "ipa/testing.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::ipa;
using namespace halyard::ipa::testing;

namespace {
OwnedBytes list_profiles() { return tlv(0xA0, {h("A600")}); }
} // namespace

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

TEST_CASE(
    "when an eIM writes the tag of its answer twice, the answer is understood; three times is nonsense") {
    const size_t before = tolerated("tag of a CHOICE written twice", "getEimPackageResponse");
    for (const bool thrice : {false, true}) {
        World world;
        auto& eim = world.add_eim("eim1");
        bool once = true;
        eim.intercept = [&](Bytes message) -> std::optional<OwnedBytes> {
            if (!starts_with(message, "BF4F") || !once) return std::nullopt;
            once = false;
            return h(thrice ? "BF4F09BF4F06BF4F03020101" : "BF4F06BF4F03020101"); // noEimPackageAvailable
        };
        REQUIRE(world.run());
        CHECK(eim.results.size() == (thrice ? 1 : 0)); // nothing to report
    }
    CHECK(tolerated("tag of a CHOICE written twice", "getEimPackageResponse") == before + 2);
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
