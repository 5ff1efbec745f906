// Events registered over ES12 and ES15, and passed on to the root. SGP.22 §3.6.1, §3.6.3, §5.9, §5.10
#include "tests/loop/smds_kit.h"
#include <set>

using namespace halyard;
using namespace halyard::loop;
using Bench = SmdsBench;

TEST_CASE("when the caller is not whom its header or its function says, nothing is registered or deleted") {
    Bench b;
    const auto add = [&](const smds::Caller& by, const char* oid, ServerFunction f) {
        return Smds::said(b.ds.server.register_event(
            f, by, {{oid, "c"}, b.phone.eid, "smdp.loop.test", "E", false}, kBegin));
    };
    const auto es12 = ServerFunction::register_event, es15 = ServerFunction::register_event_at_root;
    CHECK(add({"", rsp::Role::dp_tls}, "2.999.10", es12) == "1.1/1.1");
    CHECK(add(kSmdp, "2.999.11", es12) == "1.1/1.2");
    CHECK(add(kSmdp, "2.999.10", es15) == "1.1/1.2");
    CHECK(add(kSmds, "2.999.16", es12) == "1.1/1.2");
    CHECK(add({"2.999.20", rsp::Role::eim_tls}, "2.999.20", es12) == "1.1/1.2");
    CHECK(add({"2.999.20", std::nullopt}, "2.999.20", es12) == "1.1/1.2");
    CHECK(ask(b.phone) == "");
    CHECK(add(kSmds, "2.999.16", es15) == "");
    CHECK(add(kSmdp, "2.999.10", es12) == "8.9.5/3.3"); // a call of its own, the same event id
}

TEST_CASE("who calls is what the certificate says: its registeredID and its role") {
    Bench b;
    const auto caller = [&](rsp::Role role, const char* oid) {
        auto request = b.pki.request(role, "caller.loop.test");
        request.registered_id = oid;
        if (role == rsp::Role::dp_tls || role == rsp::Role::ds_tls) request.dns_names = {"caller.loop.test"};
        const auto made = pki::mint(request, b.pki.ci, b.random);
        REQUIRE(made);
        const auto out = smds::caller_of(made->certificate.der);
        REQUIRE(out);
        return *out;
    };
    const auto dp = caller(rsp::Role::dp_tls, "2.999.77"), ds = caller(rsp::Role::ds_tls, "2.999.78");
    CHECK(dp.oid == "2.999.77");
    CHECK(dp.role == rsp::Role::dp_tls);
    CHECK(ds.role == rsp::Role::ds_tls);
    const auto euicc = smds::caller_of(b.phone.euicc_certificate);
    REQUIRE(euicc);
    CHECK(euicc->oid == "");
    CHECK(euicc->role == rsp::Role::euicc);
    CHECK_FALSE(smds::caller_of({}));
}

TEST_CASE("when a call is repeated it is answered alike, and what it asked happens once") {
    Bench b;
    CHECK(b.ds.add(b.phone.eid, "E", "c1") == "");
    CHECK(b.ds.add(b.phone.eid, "E", "c1") == "");
    CHECK(ask(b.phone) == "E@smdp.loop.test");
    CHECK(b.ds.add(b.phone.eid, "E", "c2") == "8.9.5/3.3");
    // The identifier again for something else
    CHECK(b.ds.add(b.phone.eid, "F", "c1") == "1.6/2.1");
    CHECK(b.ds.add(b.phone.eid, "E", "c1", true) == "1.6/2.1");
    CHECK(b.ds.add(b.phone.eid, "E", "c1", false, kSmdp, "dp2.loop.test") == "1.6/2.1");
    CHECK(b.ds.drop(b.phone.eid, "E", "c1") == "1.6/2.1");
    // but another requester's identifiers are its own.
    CHECK(b.ds.add(b.phone.eid, "F", "c1", false, kOther) == "");

    CHECK(b.ds.drop(b.phone.eid, "E", "d1") == "");
    CHECK(b.ds.drop(b.phone.eid, "E", "d1") == "");
    CHECK(b.ds.drop(b.phone.eid, "E", "d2") == "8.9.5/3.9");
    CHECK(ask(b.phone) == "F@smdp.loop.test");
    // A registration that was answered long ago does not bring the event back.
    CHECK(b.ds.add(b.phone.eid, "E", "c1") == "");
    CHECK(ask(b.phone) == "F@smdp.loop.test");
    // Refused calls leave nothing: the same call may succeed later.
    CHECK(b.ds.add(b.phone.eid, "E", "c2") == "");
}

TEST_CASE("when somebody else wants to delete an event, it is unknown to him") {
    Bench b;
    Handset other = b.ds.handset(b.pki, 2);
    CHECK(b.ds.add(b.phone.eid, "E", "c1") == "");
    CHECK(b.ds.drop(b.phone.eid, "E", "d1", kOther) == "8.9.5/3.9");
    CHECK(b.ds.drop(other.eid, "E", "d2") == "8.9.5/3.9");
    CHECK(ask(b.phone) == "E@smdp.loop.test");
    CHECK(b.ds.drop(b.phone.eid, "E", "d3") == "");
    CHECK(ask(b.phone) == "");
}

TEST_CASE("when an eUICC has as many events as an answer may hold, no more are taken, others' are") {
    Bench b;
    Handset other = b.ds.handset(b.pki, 2);
    b.ds.config.events_per_eid = 2;
    CHECK(b.ds.add(b.phone.eid, "E1", "c1") == "");
    CHECK(b.ds.add(b.phone.eid, "E2", "c2") == "");
    CHECK(b.ds.add(b.phone.eid, "E3", "c3") == "1.2/4.2");
    CHECK(b.ds.add(other.eid, "E3", "c4") == "");
    CHECK(b.ds.drop(b.phone.eid, "E1", "d1") == "");
    CHECK(b.ds.add(b.phone.eid, "E3", "c3") == "");
}

TEST_CASE("when an event goes on to the root, the eUICC comes from there to the SM-DP+ in two steps") {
    Bench b;
    Smds alternative(b.pki, b.random, kAlternative, "2.999.16", true);
    CHECK(alternative.add(b.phone.eid, "EVENT-1", "c1", true) == "");
    CHECK(alternative.add(b.phone.eid, "EVENT-2", "c2") == ""); // stays
    CHECK(ask(b.phone) == "");
    CHECK((*alternative.store->events(b.phone.eid))[0].waits_for_parent);
    CHECK(alternative.forward_to(b.ds) == 1);
    CHECK_FALSE((*alternative.store->events(b.phone.eid))[0].waits_for_parent);

    const std::string at_root = ask(b.phone);
    REQUIRE(at_root.ends_with("@alt.loop.test"));
    const std::string id = at_root.substr(0, at_root.find('@'));
    CHECK(id != "EVENT-1");
    CHECK(id.size() >= 32); // 128 random bits
    Handset next = alternative.handset(b.pki);
    CHECK(ask(next, id) == "EVENT-1@smdp.loop.test");
    CHECK(ask(next) == "EVENT-1@smdp.loop.test EVENT-2@smdp.loop.test");

    CHECK(alternative.drop(b.phone.eid, "EVENT-1", "d1") == "");
    CHECK(ask(next, id) == "8.9.5/3.9");
    CHECK(ask(b.phone) == at_root); // until the root was told
    CHECK(alternative.forward_to(b.ds) == 1);
    CHECK(ask(b.phone) == "");
}

TEST_CASE("when the root does not answer, nothing is lost, repeated or overtaken") {
    Bench b;
    Smds alternative(b.pki, b.random, kAlternative, "2.999.16", true);
    CHECK(alternative.add(b.phone.eid, "E", "c1", true) == "");
    CHECK(alternative.add(b.phone.eid, "E", "c1", true) == ""); // repeated: one message
    const auto first = (*alternative.store->due(kBegin, 10));
    REQUIRE(first.size() == 1);
    // The root took it, but its answer was lost; the event is deleted meanwhile.
    const auto request = smds::registration(first[0], alternative.config, kSmds.oid);
    REQUIRE(b.ds.server.register_event(ServerFunction::register_event_at_root, kSmds, request, kBegin));
    auto later = first[0];
    later.tries = 1;
    later.due = kBegin + Time(1000);
    REQUIRE(alternative.store->postpone(later));
    CHECK(alternative.drop(b.phone.eid, "E", "d1") == "");
    CHECK(alternative.store->due(kBegin + Time(999), 10)->empty()); // the deletion waits for it
    alternative.now = kBegin + Time(1000);
    CHECK(alternative.store->due(alternative.now, 10)->front().tries == 1);
    CHECK(alternative.forward_to(b.ds) == 1);
    CHECK(ask(b.phone).ends_with("@alt.loop.test"));
    CHECK(alternative.forward_to(b.ds) == 1);
    CHECK(ask(b.phone) == "");
    CHECK(alternative.store->due(alternative.now, 10)->empty());
}

TEST_CASE("when the root answers that it knows already, a message is settled, otherwise it stays") {
    smds::Forward add{}, remove{.remove = true};
    const auto failed = [](const char* s, const char* r) {
        return rsp::ExecutionStatus::failure({s, r, ""});
    };
    CHECK(smds::settles(add, {}));
    CHECK(smds::settles(add, failed("8.9.5", "3.3")));
    CHECK_FALSE(smds::settles(add, failed("8.9.5", "3.9")));
    CHECK(smds::settles(remove, failed("8.9.5", "3.9")));
    CHECK_FALSE(smds::settles(remove, failed("8.9.5", "3.3")));
    CHECK_FALSE(smds::settles(remove, failed("1.1", "1.2")));
    CHECK_FALSE(smds::settles(add, {.status = rsp::ExecutionStatus::Status::failed}));
}

TEST_CASE("when a message is tried again and again, the waits grow to five minutes and differ") {
    SeededRandom random;
    std::set<int64_t> seen;
    for (uint32_t tries = 0; tries < 40; ++tries) {
        const int64_t limit = tries < 9 ? int64_t{1000} << tries : 300'000;
        const int64_t wait = (*smds::next_try(tries, kBegin, random) - kBegin).count();
        CHECK(wait >= limit / 2);
        CHECK(wait <= limit);
        seen.insert(wait);
    }
    CHECK(seen.size() > 35);
}

TEST_CASE("when who runs the SM-DS deletes an event, its owner need not ask, and the root is told") {
    Bench b;
    Smds alternative(b.pki, b.random, kAlternative, "2.999.16", true);
    CHECK(alternative.add(b.phone.eid, "E", "c1", true) == "");
    CHECK(alternative.forward_to(b.ds) == 1);
    REQUIRE(alternative.server.withdraw(b.phone.eid, "E", kBegin));
    CHECK(alternative.server.withdraw(b.phone.eid, "E", kBegin).error().code == Errc::not_found);
    CHECK(alternative.forward_to(b.ds) == 1);
    CHECK(ask(b.phone) == "");
}
