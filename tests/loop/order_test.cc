// The order of SGP.32's main story, core to core. SGP.32 §3.1, §3.2, §3.3
#include "tests/loop/world.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::loop;

static void run_the_loop(ipa::Config::Download mode, crypto::Curve curve) {
    World w(7, curve);
    Device& d = w.add_device(mode);
    REQUIRE(w.run());
    const std::string bootstrap = d.card_iccid();
    const std::string number = iccid_text(1);
    const Eid eid = d.identity.eid;

    const auto download = w.eim.download(eid, w.smdp.order(number, "001011000000001", w.now));
    REQUIRE(w.poll());
    CHECK(w.eim.operation(download).state == eim::State::succeeded);
    CHECK(w.smdp.find(number).state == smdp::OrderState::installed);
    CHECK(d.card_iccid() == bootstrap);

    const auto enable = w.eim.enable(eid, number);
    REQUIRE(w.poll());
    CHECK(w.eim.operation(enable).state == eim::State::succeeded);
    CHECK(d.card_iccid() == number);

    const auto audit = w.eim.audit(eid);
    REQUIRE(w.poll());
    CHECK(w.eim.operation(audit).state == eim::State::succeeded);
    const auto device = w.eim.store->device(eid);
    REQUIRE(device);
    REQUIRE((*device)->profiles.size() == 2);
    CHECK((*device)->find(iccid(number))->enabled);
    CHECK_FALSE((*device)->find(iccid(bootstrap))->enabled);
    CHECK(d.card->isdr().state().results.empty());       // acknowledged
    CHECK(d.card->isdr().state().notifications.empty()); // delivered
}

TEST_CASE("a profile is downloaded by the device itself, enabled and audited") {
    run_the_loop(ipa::Config::Download::direct, crypto::Curve::p256);
}
TEST_CASE("a profile is downloaded through the eIM, enabled and audited") {
    run_the_loop(ipa::Config::Download::indirect, crypto::Curve::p256);
}
TEST_CASE("the whole order works on brainpoolP256r1") {
    run_the_loop(ipa::Config::Download::direct, crypto::Curve::brainpool256);
    run_the_loop(ipa::Config::Download::indirect, crypto::Curve::brainpool256);
}
