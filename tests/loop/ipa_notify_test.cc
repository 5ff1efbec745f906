// Notifications of profiles that did not come through the eIM. SGP.32 §3.7
#include "tests/loop/world.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::loop;

TEST_CASE("when the eIM relays no downloads, an IPA that would use it delivers its notifications itself") {
    World w;
    Device& d = w.add_device(); // its eIM does not announce indirectProfileDownload
    d.config.download = ipa::Config::Download::indirect;
    REQUIRE(w.run());
    const auto id = w.eim.download(d.identity.eid, w.smdp.order(iccid_text(1), "001011000000001", w.now));
    REQUIRE(w.poll());
    CHECK(w.eim.operation(id).state == eim::State::succeeded);
    CHECK(w.smdp.find(iccid_text(1)).state == smdp::OrderState::installed);
    CHECK(d.card->isdr().state().notifications.empty());
}

TEST_CASE("when the relaying eIM does not know a download, its notification goes to the SM-DP+ directly") {
    World w;
    Device& d = w.add_device(ipa::Config::Download::indirect);
    REQUIRE(w.run());
    const auto id = w.eim.download(d.identity.eid, w.smdp.order(iccid_text(1), "001011000000001", w.now));
    d.config.download = ipa::Config::Download::direct; // as another eIM's order would be run
    w.lose = [&](ipa::Peer to, bool, Bytes message) {
        return to == ipa::Peer::smdp && hex(message).starts_with("BF3D"); // not yet
    };
    d.engine->poll_now();
    CHECK_FALSE(w.run(500)); // it keeps trying
    REQUIRE(d.card->isdr().state().profiles.size() == 2);
    REQUIRE(d.card->isdr().state().notifications.size() == 1);
    d.config.download = ipa::Config::Download::indirect;
    w.lose = nullptr;
    w.now += Time(kDay);
    REQUIRE(w.poll());
    CHECK(w.eim.operation(id).state == eim::State::succeeded);
    CHECK(w.smdp.find(iccid_text(1)).state == smdp::OrderState::installed);
    CHECK(d.card->isdr().state().notifications.empty());
}
