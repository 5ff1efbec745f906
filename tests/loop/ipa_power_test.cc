// The power fails at every point of an order, with the real card, eIM and SM-DP+: the device must end
// confirmed, and nothing may have been done twice. RR-10
#include "tests/loop/world.h"
#include <algorithm>
#include <doctest/doctest.h>
#include <set>

using namespace halyard;
using namespace halyard::loop;

namespace {

/// One device under orders to download a profile, to enable it and to be audited, and what was seen on the
/// way.
struct Order {
    explicit Order(ipa::Config::Download mode) : world(3), device(world.add_device(mode)) {
        REQUIRE(world.run());
        world.tap = [this](ipa::Peer to, bool answer, OwnedBytes& m) {
            if (!answer && to == ipa::Peer::smdp && m[0] == 0xBF && m[1] == 0x3D) notifications.push_back(m);
        };
        const Eid& eid = device.identity.eid;
        download = world.eim.download(eid, world.smdp.order(number, "001011000000001", world.now));
        rsp::Psmo one;
        one.is = rsp::Enable{.iccid = iccid(number), .rollback_flag = asn1::Null{}};
        enable = package(one, download);
        one.is = rsp::ProfileInfoListRequest{};
        audit = package(one, enable);
        device.engine->poll_now();
    }
    std::string package(const rsp::Psmo& one, const std::string& after) {
        const rsp::Psmo list[] = {one};
        rsp::EuiccPackage package;
        package.is = asn1::List<rsp::Psmo>{.items = list};
        const auto der = asn1::encode(package);
        REQUIRE(der);
        return world.eim.create({.eid = device.identity.eid, .package = *der, .after = after, .force = true});
    }
    /// Runs to the end. The power fails at action `at`, counted from 0; false when there were not so many.
    bool run(int at, bool carried) {
        bool failed = false;
        for (int n = 0; n < 5000; ++n) {
            if (n == at && !failed) failed = world.cut(device, carried);
            if (world.step(device)) continue;
            world.eim.forward();
            if (all_final()) return failed;
            device.engine->poll_now(); // the next poll, without waiting for its hour
        }
        FAIL("no end");
        return false;
    }
    eim::State state(const std::string& id) { return world.eim.operation(id).state; }
    bool all_final() {
        return eim::is_final(state(download)) && eim::is_final(state(enable)) && eim::is_final(state(audit));
    }
    void check_confirmed() {
        REQUIRE(world.run());
        CHECK(state(download) == eim::State::succeeded);
        CHECK(state(enable) == eim::State::succeeded);
        CHECK(state(audit) == eim::State::succeeded);
        CHECK(device.card_iccid() == number);
        const euicc::State& card = device.card->isdr().state();
        CHECK(card.profiles.size() == 2);
        CHECK(card.results.empty());
        CHECK(card.notifications.empty());
        CHECK(world.smdp.find(number).state == smdp::OrderState::installed);
        // Two packages, each accepted once: a third or a repeated one would have moved the counter or left an
        // operation of the eIM's own.
        REQUIRE(card.eims.size() == 1);
        CHECK(card.eims[0].counter == 2);
        const auto known = world.eim.store->device(device.identity.eid);
        REQUIRE(known);
        CHECK((*known)->counter == 2);
        const auto operations = world.eim.store->operations({.eid = device.identity.eid});
        REQUIRE(operations);
        CHECK(std::ranges::count(*operations, eim::Kind::package, &eim::Operation::kind) == 2);
        CHECK(std::ranges::count(*operations, eim::Kind::download, &eim::Operation::kind) == 1);
    }

    World world;
    Device& device;
    std::string number = iccid_text(1);
    std::string download, enable, audit;
    std::vector<OwnedBytes> notifications; // that went to the SM-DP+ itself
};

void cut_everywhere(ipa::Config::Download mode, bool carried) {
    for (int n = 0;; ++n) {
        INFO("action " << n << std::string(carried ? ", carried" : ", not carried"));
        Order order(mode);
        const bool failed = order.run(n, carried);
        order.check_confirmed();
        // What is told twice is the same octets, which the SM-DP+ knows by their sequence number.
        const std::set<OwnedBytes> distinct(order.notifications.begin(), order.notifications.end());
        CHECK(order.notifications.size() <= distinct.size() + 1);
        if (!failed) {
            CHECK(n > 60); // the whole order went by
            return;
        }
    }
}
} // namespace

TEST_CASE("when nothing fails, an order ends confirmed and each notification reaches the SM-DP+ once") {
    Order order(ipa::Config::Download::direct);
    CHECK_FALSE(order.run(-1, false));
    order.check_confirmed();
    const std::set<OwnedBytes> distinct(order.notifications.begin(), order.notifications.end());
    CHECK(distinct.size() == 2); // installed, enabled
    CHECK(order.notifications.size() == 2);
}
TEST_CASE("when the power fails before any action of a direct order, the device ends confirmed") {
    cut_everywhere(ipa::Config::Download::direct, false);
}
TEST_CASE("when the power fails after any action of a direct order, the device ends confirmed") {
    cut_everywhere(ipa::Config::Download::direct, true);
}
TEST_CASE("when the power fails before any action of an indirect order, the device ends confirmed") {
    cut_everywhere(ipa::Config::Download::indirect, false);
}
TEST_CASE("when the power fails after any action of an indirect order, the device ends confirmed") {
    cut_everywhere(ipa::Config::Download::indirect, true);
}
