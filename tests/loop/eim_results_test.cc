// What may end an operation and what may not. SGP.32 §3.3.1, §5.14.6; SR-14, SR-18, INV-3, INV-6
#include "rsp/token.h"
#include "tests/loop/eim_kit.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::loop;
using Code = rsp::EuiccPackageErrorCode;
using Numbers = std::vector<uint64_t>;

namespace {
constexpr uint8_t kListOk[] = {0xBF, 0x2D, 0x02, 0xA0, 0x00};

// Every bit turned, one at a time; each must be refused and leave the operation as it is.
void refuse_every_flip(Desk& desk, const std::string& id, const OwnedBytes& good) {
    const auto before = desk.w.eim.operation(id);
    REQUIRE(before.state == eim::State::offered);
    size_t ended = 0, acknowledged = 0;
    for (size_t bit = 0; bit < good.size() * 8; ++bit) {
        const OwnedBytes bad = flipped(good, bit);
        const OwnedBytes eid = wrap(0x5A, {desk.eid});
        const auto answer = desk.w.eim.server.esipa(wrap(0xBF50, {eid, bad}), desk.w.now);
        if (answer && hex(*answer) != "BF50023000") ++acknowledged;
        const auto now = desk.w.eim.operation(id);
        if (now.state != eim::State::offered || !now.result.empty() || now.counter != before.counter) ++ended;
    }
    CHECK(ended == 0);
    CHECK(acknowledged == 0);
    CHECK_FALSE(desk.evidence(id).empty());
    CHECK(desk.evidence(id).size() <= 16);
}
} // namespace

TEST_CASE("when any single bit of a signed result is turned, nothing ends and nothing is acknowledged") {
    Desk desk;
    const auto out = desk.audit_out();
    refuse_every_flip(desk, out.id, out.result);
    CHECK(desk.provide(out.result).size() == 1); // and the real one still counts, held or not
    CHECK(desk.state(out.id) == eim::State::succeeded);
}

TEST_CASE("when any single bit of a signed error is turned, nothing ends") {
    Desk desk;
    const auto out = desk.audit_out();
    const auto error = desk.signed_error(desk.w.eim.operation(out.id), Code::invalid_eid);
    refuse_every_flip(desk, out.id, error);
    CHECK(desk.provide(error).empty());
    CHECK(desk.state(out.id) == eim::State::failed);
}

TEST_CASE("when a result comes again, it is acknowledged again and processed once") {
    Desk desk;
    const auto out = desk.audit_out();
    const Numbers first = desk.provide(out.result);
    const auto after = desk.w.eim.operation(out.id);
    const auto view = desk.device();
    CHECK(desk.provide(out.result) == first);
    CHECK(desk.w.eim.operation(out.id).version == after.version);
    CHECK(desk.device().profiles_as_of == view.profiles_as_of);
}

TEST_CASE("when an old result is sent for a newer operation, the newer one stays open") {
    Desk desk;
    const auto old = desk.audit_out();
    (void)desk.provide(old.result);
    const auto out = desk.audit_out();
    CHECK(desk.provide(old.result).size() == 1); // genuine, so the card may forget it
    CHECK(desk.state(out.id) == eim::State::offered);
    CHECK(desk.provide(out.result).size() == 1);
    CHECK(desk.state(out.id) == eim::State::succeeded);
}

TEST_CASE("when a result carries the transaction of one operation and the counter of another, none ends") {
    Desk desk;
    const auto out = desk.audit_out();
    auto mixed = desk.w.eim.operation(out.id);
    --mixed.counter;
    CHECK(desk.provide(desk.signed_result(mixed, 500, kListOk)) == Numbers{500});
    CHECK(desk.state(out.id) == eim::State::offered);
    CHECK_FALSE(desk.evidence().empty());
}

TEST_CASE("when a result comes under another EID, it ends nothing and the device it names is untouched") {
    Desk desk;
    Device& other = desk.w.add_device();
    REQUIRE(desk.w.run());
    const auto theirs = desk.w.eim.audit(other.identity.eid);
    REQUIRE(desk.w.poll());
    REQUIRE(desk.state(theirs) == eim::State::succeeded);
    const auto out = desk.audit_out();
    CHECK(desk.provide(other.identity.eid, out.result).empty());
    CHECK(desk.state(out.id) == eim::State::offered);
    CHECK(desk.provide(out.result).size() == 1);
    CHECK(desk.state(out.id) == eim::State::succeeded);
}

TEST_CASE("when the EID is unknown, malformed or missing, the code says which") {
    Desk desk;
    const auto out = desk.audit_out();
    const Eid unknown = with_check_digits(*eid_from_text("89049032000000000000000000009900"));
    CHECK(hex(desk.ask(wrap(0xBF50, {wrap(0x5A, {unknown}), out.result}))) == "BF5003020102");
    const OwnedBytes half(8, 0x89);
    CHECK(hex(desk.ask(wrap(0xBF50, {wrap(0x5A, {half}), out.result}))) == "BF5003020103");
    auto stranger = desk.w.eim.operation(out.id);
    stranger.transaction_id.assign(16, 0xEE);
    CHECK(hex(desk.ask(wrap(0xBF50, {desk.signed_result(stranger, 1, kListOk)}))) == "BF5003020104");
    // Left out, but the transaction is ours. SGP.32 §5.14.6
    CHECK(hex(desk.ask(wrap(0xBF50, {out.result}))).starts_with("BF50"));
    CHECK(desk.state(out.id) == eim::State::succeeded);
}

TEST_CASE("when a result is another eIM's, it is neither acknowledged nor kept") {
    Desk desk;
    const auto out = desk.audit_out();
    const auto o = desk.w.eim.operation(out.id);
    CHECK(desk.provide(desk.signed_result(o, 7, kListOk, "other.example")).empty());
    CHECK(desk.provide(desk.signed_error(o, Code::invalid_eid, "other.example")).empty());
    CHECK(desk.state(out.id) == eim::State::offered);
}

TEST_CASE("when errors are unsigned, the operation stays open and is held after five") {
    Desk desk;
    const auto out = desk.audit_out();
    for (int i = 1; i <= 5; ++i) {
        CHECK_FALSE(desk.w.eim.operation(out.id).held);
        CHECK(desk.provide(desk.unsigned_error(desk.w.eim.operation(out.id))).empty());
        CHECK(desk.state(out.id) == eim::State::offered);
        CHECK(desk.w.eim.operation(out.id).unsigned_errors == static_cast<uint32_t>(i));
    }
    CHECK(desk.w.eim.operation(out.id).held);
    CHECK(desk.poll().empty()); // nothing overtakes what may still run
    CHECK(desk.poll(true).empty());
    CHECK(desk.evidence(out.id).size() == 5);

    REQUIRE(desk.w.eim.server.release(out.id, desk.w.now));
    CHECK(hex(desk.poll()) == hex(out.request)); // the very same octets (RR-06)
    CHECK(desk.provide(out.result).size() == 1);
    CHECK(desk.state(out.id) == eim::State::succeeded);
}

TEST_CASE("when an operation is held, the device may still be asked about itself") {
    Desk desk;
    const auto out = desk.audit_out();
    for (int i = 0; i < 5; ++i) (void)desk.provide(desk.unsigned_error(desk.w.eim.operation(out.id)));
    desk.w.eim.create({.eid = desk.eid, .kind = eim::Kind::data, .tag_list = {0x84}});
    const OwnedBytes request = desk.poll();
    REQUIRE(request.size() > 2);
    CHECK(request[1] == 0x52);
}

TEST_CASE("when the IPA refuses a package or sends rubbish of its own, that is evidence only") {
    Desk desk;
    const auto out = desk.audit_out();
    const auto tid = desk.w.eim.operation(out.id).transaction_id;
    const OwnedBytes code = *from_hex("020102");
    CHECK(desk.provide(wrap(0xA0, {wrap(0x80, {tid}), code})).empty()); // unknownPackage
    CHECK(desk.state(out.id) == eim::State::offered);
    CHECK(desk.w.eim.operation(out.id).reason.find("code 2") != std::string::npos);
    CHECK_FALSE(desk.w.eim.server.esipa(*from_hex("BF50023000FF"), desk.w.now));
    CHECK_FALSE(desk.w.eim.server.esipa(*from_hex("BF77020000"), desk.w.now));
}

TEST_CASE("when the eUICC says that an emergency call is active, the same octets go out again later") {
    Desk desk;
    const auto out = desk.audit_out();
    CHECK(desk.provide(desk.signed_error(desk.w.eim.operation(out.id), Code::ecall_active)).empty());
    CHECK(desk.state(out.id) == eim::State::offered);
    CHECK(hex(desk.poll()) == hex(out.request));
}

TEST_CASE("when the eUICC reports a replay of something harmless, it is signed anew further ahead, once") {
    Desk desk;
    const auto out = desk.audit_out();
    const auto error = desk.signed_error(desk.w.eim.operation(out.id), Code::replay_error);
    const uint64_t counter = desk.device().counter;
    CHECK(desk.provide(error).empty());
    CHECK(desk.device().counter == counter + 16);
    CHECK(desk.provide(error).empty()); // the same again moves nothing
    CHECK(desk.device().counter == counter + 16);
    const OwnedBytes again = desk.poll();
    CHECK(hex(again) != hex(out.request));
    CHECK(desk.w.eim.operation(out.id).counter == counter + 17);
    CHECK(desk.provide(desk.execute(again)).size() == 1);
    CHECK(desk.state(out.id) == eim::State::succeeded);
}

TEST_CASE("when a genuine result comes after a signed error, what was executed is what counts") {
    Desk desk;
    const auto out = desk.audit_out();
    (void)desk.provide(desk.signed_error(desk.w.eim.operation(out.id), Code::undefined_error));
    CHECK(desk.state(out.id) == eim::State::failed);
    CHECK(desk.provide(out.result).size() == 1);
    CHECK(desk.state(out.id) == eim::State::succeeded);
}

TEST_CASE("when an association token is proven, an IPA's word alone does not change it") {
    Desk desk;
    (void)desk.audit_out();
    desk.serve();
    const auto token = desk.device().token;
    REQUIRE(token == desk.token());
    REQUIRE(desk.device().token_proven);
    // Nobody asked.
    const OwnedBytes forged = wrap(0xBF52, {wrap(0xA0, {*from_hex("84024321")})});
    CHECK(desk.provide(forged).empty());
    CHECK(desk.device().token == token);
    CHECK_FALSE(desk.evidence().empty());
    // The owner asked: then the answer counts, until a signature proves it or not.
    const auto id = desk.w.eim.create({.eid = desk.eid, .kind = eim::Kind::data, .tag_list = {0x84}});
    (void)desk.poll();
    const auto tid = desk.w.eim.operation(id).transaction_id;
    CHECK(desk.provide(wrap(0xBF52, {wrap(0xA0, {*from_hex("84024321"), wrap(0x87, {tid})})})).empty());
    CHECK(desk.device().token == 0x4321);
    CHECK_FALSE(desk.device().token_proven);
}

TEST_CASE("when the token changes while a package is out, its result is verified with the token it was "
          "signed with") {
    Desk desk;
    const auto out = desk.audit_out();
    auto device = desk.device();
    device.token = 0x4321;
    REQUIRE(desk.w.eim.store->commit({.devices = {device}}));
    CHECK(desk.provide(out.result).size() == 1);
    CHECK(desk.state(out.id) == eim::State::succeeded);
    // A result made under the token of another association proves nothing.
    const auto next = desk.w.eim.audit(desk.eid);
    (void)desk.poll();
    CHECK(desk.provide(desk.signed_result(desk.w.eim.operation(next), 900, kListOk)).empty());
    CHECK(desk.state(next) == eim::State::offered);
}

TEST_CASE("when a device is imported with its token, unsigned data does not replace it") {
    Desk desk;
    const Eid eid = with_check_digits(*eid_from_text("89049032000000000000000000007700"));
    REQUIRE(desk.w.eim.server.add_devices({eim::Device{.eid = eid, .token = 5}}, desk.w.now));
    CHECK((*desk.w.eim.store->device(eid))->token_proven);
}

TEST_CASE("when an installation result is older than the order, the order stays open") {
    Desk desk;
    const auto out = desk.audit_out();
    const Numbers seen = desk.provide(out.result); // a number of the card under a signature
    REQUIRE(seen.size() == 1);
    const auto id = desk.w.eim.download(desk.eid, "1$smdp.loop.test$ABC");
    REQUIRE(desk.poll()[1] == 0x54);
    const auto o = desk.w.eim.operation(id);
    CHECK(desk.provide(desk.installation(o, seen[0], iccid_text(1))).empty());
    CHECK(desk.state(id) == eim::State::offered);
    const auto fresh = desk.installation(o, seen[0] + 1, iccid_text(1));
    CHECK(desk.provide(fresh).empty()); // the SM-DP+ has to acknowledge it
    CHECK(desk.state(id) == eim::State::succeeded);
    // The same proof again, for the next order.
    const auto next = desk.w.eim.download(desk.eid, "1$smdp.loop.test$DEF");
    REQUIRE(desk.poll()[1] == 0x54);
    auto replay = desk.w.eim.operation(next);
    CHECK(desk.provide(desk.installation(replay, seen[0] + 1, iccid_text(1))).empty());
    CHECK(desk.state(next) == eim::State::offered);
}

TEST_CASE("when any bit of an installation result's signed part is turned, the order stays open") {
    Desk desk;
    (void)desk.audit_out();
    desk.serve();
    const auto id = desk.w.eim.download(desk.eid, "1$smdp.loop.test$ABC");
    REQUIRE(desk.poll()[1] == 0x54);
    const OwnedBytes good = desk.installation(desk.w.eim.operation(id), 40, iccid_text(1));
    size_t from = 0; // BF37 ends the message
    while (!(good[from] == 0xBF && good[from + 1] == 0x37)) ++from;
    for (size_t bit = from * 8; bit < good.size() * 8; ++bit) {
        const OwnedBytes eid = wrap(0x5A, {desk.eid});
        const OwnedBytes bad = flipped(good, bit);
        (void)desk.w.eim.server.esipa(wrap(0xBF50, {eid, bad}), desk.w.now);
        if (desk.state(id) != eim::State::offered) FAIL("bit " << bit);
    }
    CHECK(desk.provide(good).empty());
    CHECK(desk.state(id) == eim::State::succeeded);
}

TEST_CASE("when the installed profile is not the expected one, the order has failed and the view has it") {
    Desk desk;
    (void)desk.audit_out();
    desk.serve();
    const auto id = desk.w.eim.create({.eid = desk.eid,
                                       .kind = eim::Kind::download,
                                       .activation_code = "1$smdp.loop.test$ABC",
                                       .iccid = iccid(iccid_text(1))});
    REQUIRE(desk.poll()[1] == 0x54);
    (void)desk.provide(desk.installation(desk.w.eim.operation(id), 40, iccid_text(2)));
    CHECK(desk.state(id) == eim::State::failed);
    CHECK(desk.device().find(iccid(iccid_text(2))));
}
