// Peers that cannot be reached for a while, or not at all over a new profile. SGP.32 §3.3.2, RR-11
#include "tests/loop/world.h"
#include <algorithm>
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::loop;

namespace {

/// A device with a second profile, installed and ready to be enabled.
struct Ready {
    explicit Ready(uint64_t seed = 4) : world(seed), device(world.add_device()) {
        REQUIRE(world.run());
        bootstrap = device.card_iccid();
        world.eim.download(eid(), world.smdp.order(number, "001011000000001", world.now));
        REQUIRE(world.poll());
        REQUIRE(device.card->isdr().state().profiles.size() == 2);
    }
    const Eid& eid() const { return device.identity.eid; }
    /// Nothing goes to the eIM while the new profile serves.
    void new_profile_has_no_network() {
        world.lose = [this](ipa::Peer to, bool, Bytes) {
            const bool lost = to == ipa::Peer::eim && device.card_iccid() == number;
            attempts += lost;
            return lost;
        };
    }
    size_t events(std::string_view name) const {
        return static_cast<size_t>(std::count(device.events.begin(), device.events.end(), name));
    }

    World world;
    Device& device;
    std::string bootstrap, number = iccid_text(1);
    uint32_t attempts = 0;
};
} // namespace

TEST_CASE("when the eIM is not reached over a new profile, the old one returns and the eIM learns it by a "
          "signed result") {
    Ready r;
    r.new_profile_has_no_network();
    const Time begin = r.world.now;
    const auto enable = r.world.eim.enable(r.eid(), r.number);
    REQUIRE(r.world.poll());
    CHECK(r.device.card_iccid() == r.bootstrap);
    CHECK(r.world.now - begin >= r.device.config.rollback.over);
    CHECK(r.attempts >= r.device.config.rollback.attempts);
    const auto operation = r.world.eim.operation(enable);
    CHECK(operation.state == eim::State::failed);
    CHECK(operation.reason.find("rolled back") != std::string::npos);
    CHECK(r.device.card->isdr().state().results.empty());
    CHECK_FALSE(r.device.card->isdr().state().rollback);
    CHECK(r.events("rolled back") == 1);
}

TEST_CASE("when the power fails at any action of a rollback, the old profile returns and the eIM learns it") {
    for (const bool carried : {false, true}) {
        for (int n = 0;; ++n) {
            INFO("action " << n << std::string(carried ? ", carried" : ", not carried"));
            Ready r;
            r.new_profile_has_no_network();
            const auto enable = r.world.eim.enable(r.eid(), r.number);
            r.device.engine->poll_now();
            bool cut = false;
            for (int i = 0; i < 3000; ++i) {
                if (i == n) cut = r.world.cut(r.device, carried);
                if (!r.world.step(r.device)) break;
            }
            REQUIRE(r.world.poll());
            CHECK(r.device.card_iccid() == r.bootstrap);
            CHECK(r.world.eim.operation(enable).state == eim::State::failed);
            CHECK(r.device.card->isdr().state().results.empty());
            if (!cut) break;
        }
    }
}

TEST_CASE("when the eIM comes back before the patience is over, the new profile stays") {
    Ready r;
    const auto enable = r.world.eim.enable(r.eid(), r.number);
    uint32_t lost = 0;
    r.world.lose = [&](ipa::Peer to, bool, Bytes) {
        const bool lose = to == ipa::Peer::eim && r.device.card_iccid() == r.number && lost < 2;
        lost += lose;
        return lose;
    };
    REQUIRE(r.world.poll());
    CHECK(lost == 2);
    CHECK(r.device.card_iccid() == r.number);
    CHECK(r.world.eim.operation(enable).state == eim::State::succeeded);
    CHECK(r.events("rolled back") == 0);
}

TEST_CASE("when the enable has no rollback flag, a lost eIM changes no profile back") {
    Ready r;
    r.new_profile_has_no_network();
    const auto enable = r.world.eim.enable(r.eid(), r.number, false);
    r.device.engine->poll_now();
    const Time end = r.world.now + Time(kDay);
    while (r.world.now < end && r.world.step(r.device)) {
    }
    CHECK(r.device.card_iccid() == r.number);
    CHECK(r.attempts > 3);
    r.world.lose = nullptr;
    REQUIRE(r.world.poll());
    CHECK(r.world.eim.operation(enable).state == eim::State::succeeded);
}

TEST_CASE(
    "when the eIM is down from any exchange on and comes back an hour later, the order ends confirmed") {
    for (int n = 0;; ++n) {
        INFO("exchange " << n);
        Ready r;
        const auto enable = r.world.eim.enable(r.eid(), r.number, false);
        int exchange = 0;
        bool was_down = false;
        Time back{0};
        r.world.lose = [&](ipa::Peer to, bool answer, Bytes) {
            if (to != ipa::Peer::eim) return false;
            if (!answer && exchange++ == n) back = r.world.now + Time(3'600'000);
            const bool down = r.world.now < back;
            was_down |= down;
            return down;
        };
        REQUIRE(r.world.poll());
        REQUIRE(r.world.poll());
        CHECK(r.world.eim.operation(enable).state == eim::State::succeeded);
        CHECK(r.device.card_iccid() == r.number);
        CHECK(r.device.card->isdr().state().results.empty());
        if (!was_down) break;
    }
}

TEST_CASE("when the SM-DP+ is down for an hour from any exchange of a download on, the profile is installed "
          "without a human") {
    for (int n = 0;; ++n) {
        INFO("exchange " << n);
        World w(6);
        Device& d = w.add_device();
        REQUIRE(w.run());
        d.config.retry_first = Time(30'000); // as devices in the field have it
        const std::string number = iccid_text(1);
        const auto download = w.eim.download(d.identity.eid, w.smdp.order(number, "001011000000001", w.now));
        int exchange = 0;
        bool was_down = false;
        Time back{0};
        w.lose = [&](ipa::Peer to, bool answer, Bytes) {
            if (to != ipa::Peer::smdp) return false;
            if (!answer && exchange++ == n) back = w.now + Time(3'600'000);
            const bool down = w.now < back;
            was_down |= down;
            return down;
        };
        REQUIRE(w.poll());
        REQUIRE(w.poll());
        const auto operation = w.eim.operation(download);
        CHECK(operation.state == eim::State::succeeded);
        CHECK_FALSE(operation.held);
        CHECK(operation.unsigned_errors < w.eim.config.hold_after);
        CHECK(d.card->isdr().state().profiles.size() == 2);
        CHECK(d.card->isdr().state().notifications.empty());
        CHECK(w.smdp.find(number).state == smdp::OrderState::installed);
        if (!was_down) break;
    }
}

TEST_CASE("when an answer of the SM-DP+ to a notification is lost, the same octets are sent again until one "
          "is answered") {
    Ready r;
    std::vector<OwnedBytes> sent;
    r.world.tap = [&](ipa::Peer to, bool answer, OwnedBytes& m) {
        if (!answer && to == ipa::Peer::smdp && m[0] == 0xBF && m[1] == 0x3D) sent.push_back(m);
    };
    int lost = 0;
    r.world.lose = [&](ipa::Peer to, bool answer, Bytes) {
        return to == ipa::Peer::smdp && answer && sent.size() == 1 && lost++ == 0;
    };
    r.world.eim.enable(r.eid(), r.number);
    REQUIRE(r.world.poll());
    REQUIRE(sent.size() == 2);
    CHECK(sent[0] == sent[1]);
    CHECK(r.device.card->isdr().state().notifications.empty());
}
