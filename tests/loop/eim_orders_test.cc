// Life of an operation: order, hand out, cancel, expire, decide. RR-04, RR-12; SGP.32 §3.4, §3.5
#include "tests/loop/eim_kit.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::loop;

TEST_CASE("when an operation is queued, cancelling ends it at once and again changes nothing") {
    Fleet f;
    const auto id = f.order(psmos({enable(f.spare)}));
    REQUIRE(f.w.eim.server.cancel(id, f.w.now));
    CHECK(f.state(id) == eim::State::cancelled);
    const auto version = f.w.eim.operation(id).version;
    REQUIRE(f.w.eim.server.cancel(id, f.w.now));
    CHECK(f.w.eim.operation(id).version == version);
    f.serve();
    CHECK(f.d.card_iccid() == f.bootstrap);
    const auto done = f.w.eim.audit(f.eid);
    f.serve();
    const auto refused = f.w.eim.server.cancel(done, f.w.now);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::conflict);
    CHECK(f.w.eim.server.cancel("op_nothing", f.w.now).error().code == Errc::not_found);
}

TEST_CASE("when an operation is out and cancelled, an audit decides that it has not run") {
    Fleet f;
    f.w.eim.audit(f.eid);
    f.serve();
    const auto id = f.order(psmos({enable(f.spare)}));
    REQUIRE_FALSE(f.poll().empty()); // the device fetches it and dies
    REQUIRE(f.w.eim.server.cancel(id, f.w.now));
    CHECK(f.state(id) == eim::State::unknown);
    const auto next = f.order(psmos({remove(f.spare)}));
    f.serve();
    CHECK(f.state(id) == eim::State::cancelled);
    CHECK(f.why(id).find("audit") != std::string::npos);
    CHECK(f.state(next) == eim::State::succeeded); // waited until it was decided
}

TEST_CASE("when an operation is out and cancelled but has run, the audit says so") {
    Fleet f;
    f.w.eim.audit(f.eid);
    f.serve();
    const auto id = f.order(psmos({enable(f.spare)}));
    const OwnedBytes late = f.execute(f.poll());
    REQUIRE(f.w.eim.server.cancel(id, f.w.now));
    f.serve();
    CHECK(f.state(id) == eim::State::succeeded);
    CHECK(f.provide(late).size() == 1); // its own result, at last
    CHECK(f.state(id) == eim::State::succeeded);
    CHECK_FALSE(f.w.eim.operation(id).result.empty());
}

TEST_CASE("when the audit that is to decide is cancelled, another one does") {
    Fleet f;
    f.w.eim.audit(f.eid);
    f.serve();
    const auto id = f.order(psmos({enable(f.spare)}));
    REQUIRE_FALSE(f.poll().empty());
    REQUIRE(f.w.eim.server.cancel(id, f.w.now));
    REQUIRE_FALSE(f.poll().empty());
    const auto open = *f.w.eim.store->open_operations(f.eid);
    for (const auto& o : open)
        if (o.resolves == id) REQUIRE(f.w.eim.server.cancel(o.id, f.w.now));
    CHECK(f.state(id) == eim::State::unknown);
    f.serve();
    CHECK(f.state(id) == eim::State::cancelled);
}

TEST_CASE("when an operation expires before it is handed out, it is expired; afterwards, unknown") {
    Fleet f;
    f.w.eim.audit(f.eid);
    f.serve();
    const eim::NewOperation wanted{
        .eid = f.eid, .package = psmos({enable(f.spare)}), .expires = f.w.now + Time(1000)};
    const auto early = f.w.eim.create(wanted);
    REQUIRE_FALSE(f.poll().empty());
    const auto queued = f.w.eim.create(wanted);
    CHECK(f.w.eim.server.create({{.eid = f.eid, .package = psmos({list()}), .expires = f.w.now}}, f.w.now)
              .error()
              .code == Errc::bad_value);
    CHECK(*f.w.eim.server.sweep(f.w.now + Time(1000)) == 0);
    f.w.now += Time(1001);
    CHECK(*f.w.eim.server.sweep(f.w.now) == 2);
    CHECK(f.state(early) == eim::State::unknown);
    CHECK(f.state(queued) == eim::State::expired);
    CHECK(*f.w.eim.server.sweep(f.w.now) == 0);
    f.serve();
    CHECK(f.state(early) == eim::State::failed);
}

TEST_CASE("when an overdue operation is met by a poll, it is not handed out") {
    Fleet f;
    f.w.eim.audit(f.eid);
    f.serve();
    const auto id =
        f.w.eim.create({.eid = f.eid, .package = psmos({enable(f.spare)}), .expires = f.w.now + Time(1000)});
    f.w.now += Time(1001);
    CHECK(f.poll().empty());
    CHECK(f.state(id) == eim::State::expired);
}

TEST_CASE("when a download is unknown and no profile was expected, no audit guesses and a human ends it") {
    Fleet f;
    f.w.eim.audit(f.eid);
    f.serve();
    const auto id = f.w.eim.download(f.eid, "1$smdp.loop.test$ABC");
    REQUIRE(f.poll()[1] == 0x54);
    REQUIRE(f.w.eim.server.cancel(id, f.w.now));
    const auto change = f.order(psmos({remove(f.spare)}));
    const OwnedBytes audit = f.poll();
    (void)f.provide(f.execute(audit));
    CHECK(f.state(id) == eim::State::unknown);
    CHECK(f.w.eim.operation(id).held);
    CHECK(f.poll().empty()); // neither audits for ever, nor a change meanwhile
    CHECK(f.state(change) == eim::State::queued);
    REQUIRE(f.w.eim.server.cancel(id, f.w.now));
    CHECK(f.state(id) == eim::State::cancelled);
    f.serve();
    CHECK(f.state(change) == eim::State::succeeded);
    // The eUICC's own word comes after all, and is stronger.
    (void)f.provide(f.installation(f.w.eim.operation(id), 400, iccid_text(9)));
    CHECK(f.state(id) == eim::State::succeeded);
    CHECK_FALSE(f.device().profiles_known);
}

TEST_CASE("when preconditions do not hold, the operation fails with the reason and is never handed out") {
    Fleet f;
    const auto gone = f.order(psmos({enable(iccid_text(77))}));
    const auto on = f.order(psmos({enable(f.bootstrap)}));
    const auto off = f.order(psmos({disable(f.spare)}));
    const auto dark = f.order(psmos({disable(f.bootstrap)}));
    const auto live = f.order(psmos({remove(f.bootstrap)}));
    const auto twice = f.w.eim.create({.eid = f.eid,
                                       .kind = eim::Kind::download,
                                       .activation_code = "1$smdp.loop.test$ABC",
                                       .iccid = iccid(f.spare)});
    f.serve();
    for (const auto& id : {gone, on, off, dark, live, twice}) {
        CHECK(f.state(id) == eim::State::failed);
        CHECK(f.why(id).starts_with("precondition: "));
        CHECK(f.w.eim.operation(id).offers == 0);
        CHECK(f.w.eim.operation(id).counter == 0);
    }
    CHECK(f.d.card_iccid() == f.bootstrap);
    // With an override the eUICC is the one to refuse.
    const auto forced = f.order(psmos({enable(f.bootstrap)}), true);
    f.serve();
    CHECK(f.state(forced) == eim::State::failed);
    CHECK(f.w.eim.operation(forced).offers == 1);
}

TEST_CASE("when an operation waits for another one, it falls with it or follows it") {
    Fleet f;
    const auto bad = f.order(psmos({enable(iccid_text(77))}));
    const auto after_bad = f.w.eim.create({.eid = f.eid, .package = psmos({list()}), .after = bad});
    const auto made = *f.w.eim.server.create(
        {{.eid = f.eid, .package = psmos({enable(f.spare)})},
         {.eid = f.eid, .package = psmos({disable(f.spare), enable(f.bootstrap)}), .after = "@0"}},
        f.w.now);
    CHECK(made[1].after == made[0].id);
    f.serve();
    CHECK(f.state(after_bad) == eim::State::cancelled);
    CHECK(f.state(made[0].id) == eim::State::succeeded);
    CHECK(f.state(made[1].id) == eim::State::succeeded);
    for (const char* after : {"@0", "@", "@x", "@99999999999999999999"})
        CHECK(f.w.eim.server.create({{.eid = f.eid, .package = psmos({list()}), .after = after}}, f.w.now)
                  .error()
                  .code == Errc::bad_value);
    CHECK(f.w.eim.server.create({{.eid = f.eid, .package = psmos({list()}), .after = "op_x"}}, f.w.now)
              .error()
              .code == Errc::not_found);
}

TEST_CASE("when a device reports a change of state, the view is history and an audit comes first") {
    Fleet f;
    f.w.eim.audit(f.eid);
    f.serve();
    CHECK(f.device().profiles_known);
    (void)f.provide(f.execute(f.poll(true)));
    CHECK(f.device().profiles_known);
    const auto id = f.order(psmos({enable(f.spare)}));
    (void)f.provide(f.execute(f.poll(true))); // in front of the queue
    CHECK(f.state(id) == eim::State::queued);
    f.serve();
    CHECK(f.state(id) == eim::State::succeeded);
}

TEST_CASE("when a device unknown so far reports a change of state, its certificates are asked for first") {
    Desk desk;
    REQUIRE(desk.device().identities.empty());
    CHECK(desk.poll(true)[1] == 0x52);
    CHECK(desk.poll()[1] == 0x52);
}

TEST_CASE("when a device does not send the certificates, nothing is signed for it") {
    Desk desk;
    const auto id = desk.w.eim.audit(desk.eid);
    for (int i = 0; i < 5; ++i) {
        const OwnedBytes request = desk.poll();
        REQUIRE(request[1] == 0x52);
        const auto asked = *asn1::decode<rsp::IpaEuiccDataRequest>(request);
        (void)desk.provide(wrap(0xBF52, {wrap(0xA0, {wrap(0x87, {*asked.eim_transaction_id})})}));
    }
    CHECK(desk.poll().empty()); // held
    CHECK(desk.state(id) == eim::State::queued);
    CHECK(desk.device().counter == 0);
}

TEST_CASE("when a call comes again under its idempotency key, the operations made first are the answer") {
    Fleet f;
    const auto body = [](uint8_t n) {
        Sha256 h{};
        h[0] = n;
        return h;
    };
    eim::NewOperation one{
        .eid = f.eid, .package = psmos({list()}), .idempotency_key = "k", .request_hash = body(1)};
    const auto first = *f.w.eim.server.create({one, one}, f.w.now);
    REQUIRE(first.size() == 2);
    const auto again = *f.w.eim.server.create({one, one}, f.w.now + Time(kDay));
    CHECK(again[0].id == first[0].id);
    CHECK(again[1].id == first[1].id);
    eim::NewOperation other = one;
    other.request_hash = body(2);
    for (const auto& wanted :
         {std::vector{other}, std::vector{other, other}, std::vector{other, other, other}}) {
        const auto refused = f.w.eim.server.create(wanted, f.w.now);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == Errc::conflict);
        CHECK(std::string_view(refused.error().where) == "idempotency-key");
    }
    CHECK(f.w.eim.store->open_operations(f.eid)->size() == 2);
}

TEST_CASE("when one operation of a batch is bad, none is made") {
    Fleet f;
    const size_t before = f.w.eim.store->operations({})->size();
    const eim::NewOperation good{.eid = f.eid, .package = psmos({list()})};
    eim::NewOperation bad = good;
    bad.package = psmos({enable(f.spare), enable(f.bootstrap)});
    CHECK_FALSE(f.w.eim.server.create({good, bad}, f.w.now));
    bad = good;
    bad.eid = Eid{};
    CHECK(f.w.eim.server.create({good, bad}, f.w.now).error().code == Errc::not_found);
    bad = good;
    bad.package.assign(70'000, 0);
    CHECK(f.w.eim.server.create({good, bad}, f.w.now).error().code == Errc::limit);
    CHECK(f.w.eim.store->operations({})->size() == before);
}

TEST_CASE("when the polling EID is unknown or malformed, the code says which") {
    Desk desk;
    CHECK(desk.poll_error(with_check_digits(*eid_from_text("89049032000000000000000000009900"))) == 2);
    CHECK(desk.poll_error(*eid_from_text("89049032000000000000000000009900")) == 3);
    CHECK(hex(desk.ask(*from_hex("BF4F045A020102"))) == "BF4F03020103");
    CHECK(hex(desk.ask(*from_hex("BF4F00"))) == "BF4F03020104");
    CHECK(desk.poll_error(desk.eid) == 1);
}
