// Changes that the eIM did not order, told with their cause. SGP.32 §3.1.1.1, §5.14.5;
// TC_IPA_ESipa_GetEimPackage
#include "tests/loop/eim_kit.h"
#include <algorithm>
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::loop;

namespace {
struct Watched {
    Watched() : d(w.add_device()) {
        w.tap = [this](ipa::Peer to, bool answer, OwnedBytes& message) {
            if (to != ipa::Peer::eim || answer || !hex(message).starts_with("BF4F")) return;
            const auto poll = *asn1::decode<rsp::GetEimPackageRequest>(message);
            if (poll.notify_state_change) causes.push_back(static_cast<int>(poll.state_change_cause.value()));
        };
        REQUIRE(w.run());
    }
    void install(unsigned n, rsp::StoreMetadataRequest more = {}) {
        const auto id =
            w.eim.download(d.identity.eid, w.smdp.order(iccid_text(n), "001011000000001", w.now, more));
        REQUIRE(w.poll());
        REQUIRE(w.eim.operation(id).state == eim::State::succeeded);
    }
    /// Power off and on, and everything that follows.
    void restart() {
        d.boot(OwnedBytes(d.initial_eim));
        w.eim.now = w.now;
        REQUIRE(w.run());
        REQUIRE(w.poll());
    }
    /// The same while no package is executed: the eIM's look at the profiles stays out.
    void restart_in_emergency() {
        d.boot(OwnedBytes(d.initial_eim));
        CHECK_FALSE(w.run(300));
    }
    std::vector<int> take() { return std::exchange(causes, {}); }
    eim::Device device() { return **w.eim.store->device(d.identity.eid); }
    std::string es10(const char* command) { return hex(d.es10(*from_hex(command))); }

    World w;
    Device& d;
    std::vector<int> causes;
};
using Causes = std::vector<int>;
} // namespace

TEST_CASE("when the emergency profile was switched on or off meanwhile, the cause is 2") {
    Watched t;
    t.install(1, {.ecall_indication = true});
    t.restart();
    CHECK(t.take().empty());
    REQUIRE(t.es10("BF5B038001FF") == "BF5B03800100"); // EnableEmergencyProfile
    t.restart_in_emergency();
    CHECK(t.take() == Causes{2});
    CHECK(t.device().state_change == 2);
    CHECK(t.device().state_changed.count() > 0);
    REQUIRE(t.es10("BF5C038001FF") == "BF5C03800100");
    t.restart();
    CHECK(t.take() == Causes{2});
    t.restart();
    CHECK(t.take().empty());
}

TEST_CASE("when the fallback mechanism was used meanwhile, or left, the cause is 1") {
    Watched t;
    t.install(1, {.fallback_allowed = true});
    rsp::Psmo set;
    set.is = rsp::SetFallbackAttribute{.iccid = iccid(iccid_text(1))};
    t.w.eim.create({.eid = t.d.identity.eid, .package = psmos({set}), .force = true});
    REQUIRE(t.w.poll());
    REQUIRE(t.es10("BF5D038001FF") == "BF5D03800100"); // ExecuteFallbackMechanism
    t.restart();
    CHECK(t.take() == Causes{1});
    REQUIRE(t.es10("BF5E038001FF") == "BF5E03800100");
    t.restart();
    CHECK(t.take() == Causes{1});
}

TEST_CASE("when the eUICC memory was reset by somebody else, the cause is 4 and the eIM looks again") {
    Watched t;
    t.install(1);
    REQUIRE(t.device().profiles_known == false); // a download alone proves no list
    t.w.eim.audit(t.d.identity.eid);
    REQUIRE(t.w.poll());
    REQUIRE(t.device().profiles.size() == 2);
    REQUIRE(t.es10("BF640482020780") == "BF6403800100"); // deleteOperationalProfiles
    t.restart();
    CHECK(t.take() == Causes{4});
    CHECK(t.device().state_change == 4);
    CHECK(t.device().profiles_known);
    CHECK(t.device().profiles.size() == 1);
}

TEST_CASE("when the card sits in another device, the cause is 6, once") {
    Watched t;
    t.d.config.device.imei = {0x53, 0x93, 0x81, 0x50, 0, 0, 0, 0x8F};
    t.restart();
    CHECK(t.take() == Causes{6});
    t.restart();
    CHECK(t.take().empty());
    t.d.config.device.tac = {0x53, 0x93, 0x81, 0x51};
    t.restart();
    CHECK(t.take() == Causes{6});
}

TEST_CASE("what this eIM ordered itself is no change of state, whenever the power fails") {
    for (const bool carried : {false, true})
        for (int n = 0;; n += 3) {
            Watched t;
            t.install(1);
            const auto enable = t.w.eim.enable(t.d.identity.eid, iccid_text(1));
            t.d.engine->poll_now();
            bool busy = true;
            for (int i = 0; i < n && busy; ++i) busy = t.w.step(t.d);
            if (!busy) break;
            CAPTURE(n);
            t.w.cut(t.d, carried);
            t.restart();
            CHECK(t.w.eim.operation(enable).state == eim::State::succeeded);
            const auto erase = t.w.eim.create(
                {.eid = t.d.identity.eid, .package = psmos({disable(iccid_text(1))}), .force = true});
            t.restart();
            CHECK(t.w.eim.operation(erase).state == eim::State::succeeded);
            t.restart();
            CHECK(t.take().empty());
        }
}

TEST_CASE("a change is told again until the eIM has answered, and outlives a power cut") {
    Watched t;
    t.install(1);
    REQUIRE(t.es10("BF640482020780") == "BF6403800100");
    t.d.boot(OwnedBytes(t.d.initial_eim));
    int lost = 0;
    t.w.lose = [&](ipa::Peer to, bool answer, Bytes message) {
        return to == ipa::Peer::eim && !answer && hex(message).starts_with("BF4F") && ++lost <= 2;
    };
    for (int i = 0; i < 500 && lost < 1; ++i) t.w.step(t.d);
    REQUIRE(lost == 1);
    t.restart(); // the profiles are as they were left now, but the eIM has not heard
    CHECK(t.take() == Causes{4});
    CHECK(lost >= 2);
}

TEST_CASE("the network that a device names is kept until it names another") {
    Watched t;
    CHECK_FALSE(t.device().rplmn.has_value());
    t.d.config.rplmn = {0x62, 0xF2, 0x10};
    REQUIRE(t.w.poll());
    CHECK(hex(t.device().rplmn.value()) == "62F210");
    t.d.config.rplmn.reset();
    REQUIRE(t.w.poll());
    CHECK(hex(t.device().rplmn.value()) == "62F210");
    t.d.config.rplmn = {0x13, 0x00, 0x14};
    REQUIRE(t.w.poll());
    CHECK(hex(t.device().rplmn.value()) == "130014");
    CHECK(t.causes.empty());
}
