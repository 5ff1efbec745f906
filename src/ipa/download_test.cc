#include "ipa/testing.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::ipa;
using namespace halyard::ipa::testing;

namespace {
OwnedBytes trigger(std::string_view code = "1$smdp.example$MATCH-1", std::string_view tid = "7788") {
    return tlv(0xBF54, {tlv(0xA0, {utf8(0x80, code)}), tid.empty() ? OwnedBytes{} : tlv(0x82, {h(tid)})});
}
Config indirect() {
    Config config;
    config.download = Config::Download::indirect;
    return config;
}
OwnedBytes failure_report(std::string_view error_hex = "") {
    const OwnedBytes response = error_hex.empty() ? OwnedBytes{} : tlv(0x04, {h(error_hex)});
    return tlv(0xBF54, {h("82027788"), tlv(0x30, {h("80017F"), response})});
}
const OwnedBytes kInstalled = tlv(0xBF54, {h("82027788"), installation_result(5, "0A0B0C0D")});
} // namespace

TEST_CASE(
    "when a download is triggered directly, the profile is installed, the eIM and the SM-DP+ are told") {
    World world;
    auto& eim = world.add_eim("eim1");
    eim.queue.push_back(trigger());
    REQUIRE(world.run());
    CHECK(world.card.installations == 1);
    REQUIRE(eim.results.size() == 1);
    CHECK(hex(eim.results[0]) == hex(kInstalled));
    REQUIRE(world.smdp.notifications.size() == 1);
    CHECK(hex(world.smdp.notifications[0]) == hex(tlv(0xA0, {installation_result(5, "0A0B0C0D")})));
    CHECK(world.card.notifications.empty());
    CHECK(world.card.removed_numbers.size() == 1);
    CHECK(world.engine->context().state.outbox_count == 0);
}

TEST_CASE(
    "when the download is direct, the SM-DP+ gets the four messages of the ladder, as derived by hand") {
    World world;
    world.config.device.tac = {0x35, 0x29, 0x06, 0x11};
    world.add_eim("eim1").queue.push_back(trigger());
    REQUIRE(world.run());
    const auto& got = world.smdp.received;
    REQUIRE(got.size() == 4);
    CHECK(hex(got[0]) == "BF39"
                         "2F"
                         "811000112233445566778899AABBCCDDEEFF"
                         "830C736D64702E6578616D706C65"
                         "BF200C8203020500A903040101AA00");
    CHECK(starts_with(got[1], "BF3B5780040A0B0C0DBF384EA04C"));
    CHECK(starts_with(got[2], "BF3A5380040A0B0C0DBF214AA048"));
    CHECK(starts_with(got[3], "BF3D"));
    // AuthenticateServer ends with ctxParams1: A0 {80 matchingId, A1 {80 tac, A1 {}}}
    size_t authenticated = 0;
    for (const auto& command : world.card.commands)
        authenticated += starts_with(command, "BF38") && contains(command,
                                                                  h("A013"
                                                                    "80074D415443482D31"
                                                                    "A108800435290611A100"));
    CHECK(authenticated == 1);
}

TEST_CASE("when a download goes through the eIM, the SM-DP+ is never contacted by the device") {
    World world(indirect());
    auto& eim = world.add_eim("eim1", true);
    eim.queue.push_back(trigger());
    REQUIRE(world.run());
    CHECK(world.card.installations == 1);
    CHECK(world.smdp.notifications.empty());
    REQUIRE(eim.notifications.size() == 1); // BF3D {A0 {BF37}}
    CHECK(hex(eim.notifications[0]) == hex(tlv(0xA0, {installation_result(5, "0A0B0C0D")})));
    REQUIRE(eim.results.size() == 1);
    CHECK(hex(eim.results[0]) == hex(kInstalled));
    CHECK(world.card.notifications.empty());
    // eimTransactionId is echoed in InitiateAuthentication
    CHECK(contains(eim.received[1], h("82027788")));
}

TEST_CASE("when the eIM does not relay, a device set to indirect downloads directly") {
    World world(indirect());
    world.add_eim("eim1", false).queue.push_back(trigger());
    REQUIRE(world.run());
    CHECK(world.card.installations == 1);
    CHECK(world.smdp.received.size() >= 3);
}

TEST_CASE(
    "when the server's address is another than the one asked, no session is opened and the eIM is told") {
    World world;
    world.smdp.address = "evil.example";
    auto& eim = world.add_eim("eim1");
    eim.queue.push_back(trigger());
    REQUIRE(world.run());
    CHECK(world.card.installations == 0);
    CHECK(world.smdp.received.size() == 1);
    REQUIRE(eim.results.size() == 1);
    CHECK(hex(eim.results[0]) == hex(failure_report()));
}

TEST_CASE(
    "when the package's metadata is not what was announced, the session is cancelled with metadataMismatch") {
    World world;
    world.smdp.metadata_bound = metadata("Another");
    auto& eim = world.add_eim("eim1");
    eim.queue.push_back(trigger());
    REQUIRE(world.run());
    CHECK(world.card.installations == 0);
    CHECK(world.smdp.cancelled == 1);
    bool cancelled = false;
    for (const auto& command : world.card.commands) cancelled |= hex(command) == "BF410980040A0B0C0D810104";
    CHECK(cancelled);
    CHECK(hex(eim.results.at(0)) == hex(failure_report()));
    // the server's message holds the card's answer: BF41 {80 transactionId, A1 {A0 ...}}
    CHECK(starts_with(world.smdp.received.back(), "BF415280040A0B0C0DA14AA048"));
}

TEST_CASE("when the profile carries a rule that the RAT does not allow, the session is cancelled with "
          "pprNotAllowed") {
    World world;
    world.smdp.metadata_announced = world.smdp.metadata_bound = metadata("Profile", "99020640");
    world.add_eim("eim1").queue.push_back(trigger());
    REQUIRE(world.run());
    CHECK(world.card.installations == 0);
    bool cancelled = false;
    for (const auto& command : world.card.commands) cancelled |= hex(command) == "BF410980040A0B0C0D810103";
    CHECK(cancelled);
}

TEST_CASE("when a confirmation code is needed and nobody has one, the session is cancelled") {
    World world;
    world.smdp.confirmation_code = true;
    world.add_eim("eim1").queue.push_back(trigger());
    REQUIRE(world.run());
    CHECK(world.card.installations == 0);
    CHECK(world.smdp.cancelled == 1);
}

TEST_CASE("when the eIM supplies the hash of the confirmation code, it goes into PrepareDownload") {
    World world(indirect());
    world.smdp.confirmation_code = true;
    world.add_eim("eim1", true).queue.push_back(trigger());
    REQUIRE(world.run());
    CHECK(world.card.installations == 1);
    bool hashed = false;
    for (const auto& command : world.card.commands)
        hashed |= starts_with(command, "BF21") && contains(command, tlv(0x04, {OwnedBytes(32, 0x99)}));
    CHECK(hashed);
}

TEST_CASE("when the SM-DP+ refuses, its error travels to the eIM in errorResponse") {
    struct Refusal {
        uint32_t function;
        const char* answer;
        bool session;
    };
    const Refusal refusals[] = {
        {0xBF39, "BF3903810101", false}, {0xBF3B, "BF3B03810106", true}, {0xBF3A, "BF3A03810105", true}};
    for (const auto& refusal : refusals) {
        World world;
        auto& eim = world.add_eim("eim1");
        eim.queue.push_back(trigger());
        world.smdp.intercept = [&](Bytes message) -> std::optional<OwnedBytes> {
            return asn1::read_tlv(message)->tag == refusal.function ? std::optional(h(refusal.answer))
                                                                    : std::nullopt;
        };
        REQUIRE(world.run());
        CHECK(hex(eim.results.at(0)) == hex(failure_report(refusal.answer)));
        CHECK((world.smdp.cancelled == 1) == refusal.session);
    }
}

TEST_CASE("when the eIM refuses by policy, the session is cancelled with exactly its reason") {
    for (const auto& [function, answer, reason] :
         {std::tuple{0xBF3Bu, "BF3B03820132", "03"}, {0xBF3Au, "BF3A03810132", "04"}}) {
        World world(indirect());
        auto& eim = world.add_eim("eim1", true);
        eim.queue.push_back(trigger());
        eim.intercept = [&](Bytes message) -> std::optional<OwnedBytes> {
            return asn1::read_tlv(message)->tag == function ? std::optional(h(answer)) : std::nullopt;
        };
        REQUIRE(world.run());
        bool cancelled = false;
        for (const auto& command : world.card.commands)
            cancelled |= hex(command) == std::string("BF410980040A0B0C0D8101") + reason;
        CHECK(cancelled);
        CHECK(world.card.installations == 0);
    }
}

TEST_CASE("when an answer of the SM-DP+ is lost, the same octets are sent again and the download goes on") {
    for (const uint32_t function : {0xBF39u, 0xBF3Bu, 0xBF3Au}) {
        World world;
        world.add_eim("eim1").queue.push_back(trigger());
        int seen = 0;
        world.lose = [&](const Action& action) {
            return action.to == Peer::smdp && asn1::read_tlv(action.message)->tag == function && seen++ == 0;
        };
        REQUIRE(world.run());
        CHECK(world.card.installations == 1);
        std::vector<OwnedBytes> sent;
        for (const auto& message : world.smdp.received)
            if (asn1::read_tlv(message)->tag == function) sent.push_back(message);
        REQUIRE(sent.size() == 2);
        CHECK(sent[0] == sent[1]);
    }
}

TEST_CASE("when an SM-DP+ that no event led to answers like an SM-DS, it sends the device nowhere") {
    World world;
    auto& eim = world.add_eim("eim1");
    eim.queue.push_back(trigger());
    world.smdp.intercept = [&](Bytes message) -> std::optional<OwnedBytes> {
        if (asn1::read_tlv(message)->tag != 0xBF3B) return std::nullopt;
        const OwnedBytes event = tlv(0x30, {utf8(0x80, "E-1"), utf8(0x81, "evil.example")});
        return tlv(0xBF40, {tlv(0xA0, {h("80040A0B0C0D"), tlv(0xA1, {event})})});
    };
    REQUIRE(world.run());
    CHECK(world.card.installations == 0);
    CHECK(world.smdp.cancelled == 1);
    CHECK(hex(eim.results.at(0)) == hex(failure_report()));
    CHECK_FALSE(world.happened("event found"));
}

TEST_CASE("when the SM-DP+ stays away, the session is cancelled on the card and the eIM is told") {
    for (const uint32_t function : {0xBF39u, 0xBF3Bu, 0xBF3Au}) {
        World world;
        auto& eim = world.add_eim("eim1");
        eim.queue.push_back(trigger());
        world.lose = [&](const Action& action) {
            return action.to == Peer::smdp && asn1::read_tlv(action.message)->tag == function;
        };
        REQUIRE(world.run());
        CHECK(world.card.installations == 0);
        CHECK(hex(eim.results.at(0)) == hex(failure_report()));
        CHECK((world.smdp.cancelled == 1) == (function != 0xBF39));
    }
}

TEST_CASE("when the card refuses the package, its result is reported and delivered like a success") {
    World world;
    world.card.fail_installation = true;
    auto& eim = world.add_eim("eim1");
    eim.queue.push_back(trigger());
    REQUIRE(world.run());
    CHECK(world.card.installations == 0);
    CHECK(hex(eim.results.at(0)) ==
          hex(tlv(0xBF54, {h("82027788"), installation_result(5, "0A0B0C0D", false)})));
    CHECK(world.smdp.notifications.size() == 1);
    CHECK(world.smdp.cancelled == -1);
}

TEST_CASE(
    "when the card says nothing after the last segment, the session is cancelled and the card is asked") {
    World world;
    world.card.silent_installation = true;
    auto& eim = world.add_eim("eim1");
    eim.queue.push_back(trigger());
    REQUIRE(world.run());
    CHECK(world.smdp.cancelled == 1);
    CHECK(hex(eim.results.at(0)) == hex(failure_report()));
}

TEST_CASE("when the activation code cannot be read, the trigger is refused as invalidPackageFormat") {
    for (const char* code : {"",
                             "2$smdp.example$X",
                             "1$$X",
                             "1$smdp.example$X$notanoid",
                             "1$smdp.example$X$$2",
                             "1$smdp example$X"}) {
        World world;
        auto& eim = world.add_eim("eim1");
        eim.queue.push_back(trigger(code));
        REQUIRE(world.run());
        CHECK(hex(eim.results.at(0)) == "A00780027788020101");
    }
}

TEST_CASE("when the default SM-DP+ is to be used, its address comes from the card") {
    World world;
    auto& eim = world.add_eim("eim1");
    eim.queue.push_back(tlv(0xBF54, {tlv(0xA0, {h("8100")}), h("82027788")}));
    REQUIRE(world.run());
    CHECK(world.card.installations == 1);
    CHECK(contains(world.smdp.received[0], utf8(0x83, "smdp.example")));
}

TEST_CASE("when an SM-DS is to be contacted directly, the eIM is told that this device does not do it") {
    World world;
    auto& eim = world.add_eim("eim1");
    eim.queue.push_back(tlv(0xBF54, {tlv(0xA0, {h("A200")}), h("82027788")}));
    REQUIRE(world.run());
    CHECK(hex(eim.results.at(0)) == hex(failure_report()));
}

TEST_CASE("when power is cut before or after any action of a download, the profile ends up installed once "
          "and reported") {
    for (const bool through_eim : {false, true})
        for (const bool after : {false, true})
            for (int at = 0;; ++at) {
                World world(through_eim ? indirect() : Config{});
                auto& eim = world.add_eim("eim1", through_eim);
                eim.queue.push_back(trigger());
                int n = 0;
                bool cut = false;
                world.power = [&](const Action&, bool is_after) {
                    if (is_after != after || n++ != at) return true;
                    cut = true;
                    return false;
                };
                CAPTURE(through_eim);
                CAPTURE(after);
                CAPTURE(at);
                REQUIRE(world.run());
                if (!cut) break;
                CAPTURE(world.last_step);
                CHECK(eim.queue.empty());
                CHECK(eim.results.size() >= 1);
                CHECK(world.card.notifications.empty());
                CHECK(world.card.installations <= 2);
                CHECK(world.engine->context().state.outbox_count == 0);
                CHECK(world.engine->context().state.download.phase == DownloadDuty::Phase::none);
                // whatever was installed is known to the server
                const size_t told = world.smdp.notifications.size() + eim.notifications.size();
                CHECK(told >= static_cast<size_t>(world.card.installations));
            }
}
