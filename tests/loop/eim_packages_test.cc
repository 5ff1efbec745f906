// What packages do and what their results say: several commands, rollback, replays, eIM commands. SGP.32
// §3.3, §3.4, §3.5
#include "tests/loop/eim_kit.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::loop;

TEST_CASE("when a package fails at a command, the first error is the reason and the view has what was done") {
    Fleet f;
    const auto id =
        f.order(psmos({list(), disable(f.bootstrap), enable(iccid_text(77)), remove(f.spare)}), true);
    f.serve();
    CHECK(f.state(id) == eim::State::failed);
    CHECK(f.why(id).find("command 3: enable") != std::string::npos);
    CHECK(f.w.eim.operation(id).counter == f.d.card->isdr().state().eims.at(0).counter);
    const auto view = f.device();
    REQUIRE(view.find(iccid(f.bootstrap)));
    CHECK_FALSE(view.find(iccid(f.bootstrap))->enabled);
    CHECK(view.find(iccid(f.spare)));
}

TEST_CASE("when a package lists and then changes, the view is the one after the change") {
    Fleet f;
    const auto id = f.order(psmos({list(), enable(f.spare)}), true);
    f.serve();
    CHECK(f.state(id) == eim::State::succeeded);
    CHECK(f.device().find(iccid(f.spare))->enabled);
    CHECK_FALSE(f.device().find(iccid(f.bootstrap))->enabled);
}

TEST_CASE("when the device rolls back, the enable has failed and the view is asked for anew") {
    Fleet f;
    const auto id = f.order(psmos({enable(f.spare)}));
    OwnedBytes request = f.poll();
    while (f.w.eim.operation(id).state == eim::State::queued) { // certificates and audit come first
        (void)f.provide(f.execute(request));
        request = f.poll();
    }
    const OwnedBytes lost = f.execute(request);
    CHECK(f.d.card_iccid() == f.spare);
    const OwnedBytes answer = f.d.es10(*from_hex("BF58038001FF"));
    REQUIRE(f.d.card->reset());
    const auto rollback = asn1::decode<rsp::ProfileRollbackResponse>(answer);
    REQUIRE(rollback);
    CHECK(f.d.card_iccid() == f.bootstrap);
    // The new result is inside, behind cmdResult.
    const auto code = *asn1::read_tlv(asn1::read_tlv(answer)->content);
    const OwnedBytes result = owned(code.rest);
    CHECK(f.provide(result).size() == 1);
    CHECK(f.state(id) == eim::State::failed);
    CHECK(f.why(id).find("rolled back") != std::string::npos);
    CHECK_FALSE(f.device().profiles_known);
    CHECK(f.provide(lost).size() == 1); // the result it replaces changes nothing any more
    CHECK(f.state(id) == eim::State::failed);
}

TEST_CASE("when a success was reported and the device rolls back all the same, the rollback counts") {
    Fleet f;
    f.w.eim.audit(f.eid);
    f.serve();
    const auto id = f.order(psmos({enable(f.spare)}));
    (void)f.provide(f.execute(f.poll())); // the acknowledgement never reaches the device
    CHECK(f.state(id) == eim::State::succeeded);
    const OwnedBytes answer = f.d.es10(*from_hex("BF58038001FF"));
    REQUIRE(f.d.card->reset());
    const auto code = *asn1::read_tlv(asn1::read_tlv(answer)->content);
    CHECK(f.provide(code.rest).size() == 1);
    CHECK(f.state(id) == eim::State::failed);
    const auto again = f.order(psmos({enable(f.spare)}));
    f.serve();
    CHECK(f.state(again) == eim::State::succeeded);
}

TEST_CASE("when a replay is reported for a change, an audit decides and no second package repeats it") {
    Fleet f;
    f.w.eim.audit(f.eid);
    f.serve();
    const auto id = f.order(psmos({enable(f.spare)}));
    const OwnedBytes request = f.poll();
    (void)f.execute(request); // ran, and the result is lost
    CHECK(f.provide(f.execute(request)).empty());
    CHECK(f.state(id) == eim::State::unknown);
    f.serve();
    CHECK(f.state(id) == eim::State::succeeded);
    CHECK(f.w.eim.operation(id).attempts == 1);
    CHECK(f.d.card_iccid() == f.spare);
}

TEST_CASE("when the counter is used up, operations are held and say why") {
    Fleet f;
    f.w.eim.audit(f.eid);
    f.serve();
    auto device = f.device();
    device.counter = 8'388'606;
    REQUIRE(f.w.eim.store->commit({.devices = {device}}));
    const auto last = f.w.eim.audit(f.eid);
    f.serve();
    CHECK(f.state(last) == eim::State::succeeded);
    CHECK(f.w.eim.operation(last).counter == 8'388'607);
    const auto id = f.w.eim.audit(f.eid);
    CHECK(f.poll().empty());
    CHECK(f.poll().empty());
    CHECK(f.w.eim.operation(id).held);
    CHECK(f.w.eim.operation(id).unsigned_errors == 0);
    CHECK(f.why(id).find("counterValue is used up") != std::string::npos);
    CHECK(f.state(id) == eim::State::queued);
}

TEST_CASE("when an eIM is added, updated and deleted, the results say so") {
    Fleet f;
    Eim other(f.w.pki, f.w.smdp, f.w.random, "other.loop.test");
    const OwnedBytes initial = *other.server.configuration({}, true, false);
    const auto request = *asn1::decode<rsp::AddInitialEimRequest>(initial);
    rsp::EimConfigurationData data;
    REQUIRE(request.eim_configuration_data_list.for_each([&](const auto& one) { data = one; }));
    rsp::Eco add;
    add.is.emplace<0>(data);
    const auto added = f.order(ecos({add, {rsp::ListEim{}}}));
    f.serve();
    CHECK(f.state(added) == eim::State::succeeded);
    CHECK(f.d.card->isdr().state().eims.size() == 2);

    rsp::EimConfigurationData fqdn{.eim_id = "other.loop.test",
                                   .eim_fqdn = std::string_view("new.loop.test")};
    rsp::Eco update;
    update.is.emplace<2>(fqdn);
    const auto updated = f.order(ecos({update}));
    const auto again = f.order(ecos({add, {rsp::ListEim{}}}));
    f.serve();
    CHECK(f.state(updated) == eim::State::succeeded);
    CHECK(f.state(again) == eim::State::failed);
    CHECK(f.why(again).find("command 1: addEim") != std::string::npos);

    const auto removed = f.order(ecos({{rsp::DeleteEim{.eim_id = "other.loop.test"}}}));
    f.serve();
    CHECK(f.state(removed) == eim::State::succeeded);
    // The last one deletes itself: lastEimDeleted is a success, signed under the former token.
    const auto last = f.order(ecos({{rsp::DeleteEim{.eim_id = kEimAddress}}}));
    const OwnedBytes result = f.execute(f.poll());
    CHECK(f.d.card->isdr().state().eims.empty());
    CHECK(f.provide(result).size() == 1);
    CHECK(f.state(last) == eim::State::succeeded);
}

TEST_CASE("when the outcome of an eCO is unknown, a list of eIMs decides; what it cannot tell is held") {
    Fleet f;
    f.w.eim.audit(f.eid);
    f.serve();
    const auto id = f.order(ecos({{rsp::DeleteEim{.eim_id = "nobody.loop.test"}}}));
    REQUIRE_FALSE(f.poll().empty());
    REQUIRE(f.w.eim.server.cancel(id, f.w.now));
    f.serve();
    CHECK(f.state(id) == eim::State::succeeded); // it is not there
    rsp::Eco update;
    update.is.emplace<2>(
        rsp::EimConfigurationData{.eim_id = kEimAddress, .eim_fqdn = std::string_view("new.loop.test")});
    const auto changed = f.order(ecos({update}));
    REQUIRE_FALSE(f.poll().empty());
    REQUIRE(f.w.eim.server.cancel(changed, f.w.now));
    f.serve();
    CHECK(f.state(changed) == eim::State::unknown);
    CHECK(f.w.eim.operation(changed).held);
}
