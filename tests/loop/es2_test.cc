// ES2+ over the core: every code of the four functions, what is repeated, who sees what. SGP.22 §5.3
#include "smdp/es2.h"
#include "tests/loop/handset.h"
#include <doctest/doctest.h>
#include <set>

using namespace halyard;
using namespace halyard::loop;
using enum smdp::OrderState;

namespace {
constexpr const char *kSmds = "smds.loop.test", *kGone = "gone.loop.test";
const Eid kEid = *eid_from_text("89049032000000000000000000000033");
const Eid kOther = *eid_from_text("89049032000000000000000000000044");

struct Bench {
    SeededRandom random{21};
    Pki pki{random};
    Smdp smdp{pki, random};
    smdp::Es2 es2{smdp.config, *smdp.store, random};
    smdp::Caller alpha{"alpha", {}}, beta{"beta", {}}, narrow{"alpha", {"voice"}};
    smdp::Caller who = alpha;
    int calls = 0;
    Time now = kBegin;
    std::set<std::string> seen; // "downloadOrder 8.2.1/3.9"

    Bench() {
        smdp.config.smds = {kSmds};
        for (unsigned n = 1; n <= 3; ++n) smdp.stock(iccid_text(n), "data", "alpha", kBegin);
        smdp.stock(iccid_text(4), "data", "beta", kBegin);
    }
    rsp::RequestHeader header() { return {"2.999.77", "call-" + std::to_string(++calls)}; }
    std::string code(const char* function, const Result<smdp::Es2Answer>& a) {
        REQUIRE(a);
        if (!a->failed) return "";
        const std::string text = a->failed->subject + "/" + a->failed->reason;
        seen.insert(function + (" " + text));
        return text;
    }
    std::string order(rsp::DownloadOrderRequest r) {
        r.header = header();
        return code("downloadOrder", es2.download_order(who, r, bytes_of("d"), now));
    }
    std::string order(unsigned n, std::optional<Eid> eid = {}) {
        return order({.eid = eid, .iccid = iccid(iccid_text(n))});
    }
    std::string confirm(rsp::ConfirmOrderRequest r) {
        r.header = header();
        r.iccid = r.iccid == Iccid{} ? iccid(iccid_text(1)) : r.iccid;
        return code("confirmOrder", es2.confirm_order(who, r, bytes_of("c"), now));
    }
    std::string release(unsigned n = 1) {
        return code("releaseProfile",
                    es2.release_profile(who, {header(), iccid(iccid_text(n))}, bytes_of("r"), now));
    }
    std::string cancel(rsp::CancelOrderRequest r) {
        r.header = header();
        r.iccid = r.iccid == Iccid{} ? iccid(iccid_text(1)) : r.iccid;
        return code("cancelOrder", es2.cancel_order(who, r, bytes_of("x"), now));
    }
    smdp::Order at(unsigned n = 1) { return smdp.find(iccid_text(n)); }
    std::vector<smdp::Outgoing> due(const char* target) {
        return *smdp.store->due(target, now + Time(kDay), 100);
    }
    /// The SM-DS answered the oldest event message.
    void smds_said(smdp::EventState state) {
        const auto waiting = due(kSmds);
        REQUIRE(waiting.size() == 1);
        REQUIRE(smdp.store->delivered(waiting[0], state));
    }
};
constexpr auto kAvailable = rsp::FinalProfileStatus::available;
constexpr auto kUnavailable = rsp::FinalProfileStatus::unavailable;
} // namespace

TEST_CASE("when a call is wrong in one point, its code says which; together they are all codes of ES2+") {
    std::set<std::string> seen;
    const auto part = [&](auto body) {
        Bench b;
        body(b);
        seen.insert(b.seen.begin(), b.seen.end());
    };
    part([](Bench& b) { // downloadOrder
        CHECK(b.order(9) == "8.2.1/3.9");
        CHECK(b.order(4) == "8.2.1/3.9"); // another operator's: nobody learns that it exists
        b.who = b.narrow;
        CHECK(b.order(1) == "8.2.1/1.2");
        CHECK(b.order({.profile_type = "data"}) == "8.2.5/1.2");
        CHECK(b.order({.profile_type = "voice"}) == "8.2.5/3.9");
        b.who = b.alpha;
        CHECK(b.order({.iccid = iccid(iccid_text(1)), .profile_type = "voice"}) == "8.2.5/3.8");
        CHECK(b.order(rsp::DownloadOrderRequest{}) == "1.6/2.3");
        CHECK(b.order(1, kEid) == "");
        CHECK(b.order(1, kOther) == "8.1.1/3.10");
        CHECK(b.order(1) == "8.2.1/3.3");
        CHECK(b.order(2) == "");
        CHECK(b.order(2, kEid) == "8.2.1/3.3");
        CHECK(b.order({.profile_type = "data"}) == "");
        CHECK(b.at(3).state == allocated);
        CHECK(b.order({.profile_type = "data"}) == "8.2.5/3.7");
    });
    part([](Bench& b) { // confirmOrder
        CHECK(b.confirm({.iccid = iccid(iccid_text(4))}) == "8.2.1/3.9");
        CHECK(b.confirm({}) == "8.2.1/3.3"); // nobody ordered it
        REQUIRE(b.order(1, kEid) == "");
        b.who = b.narrow;
        CHECK(b.confirm({}) == "8.2.1/1.2");
        b.who = b.alpha;
        CHECK(b.confirm({.matching_id = ""}) == "8.1.1/2.2");
        CHECK(b.confirm({.smds_address = kSmds}) == "8.1.1/2.2");
        CHECK(b.confirm({.eid = kOther}) == "8.1.1/3.10");
        CHECK(b.confirm({.eid = kEid, .smds_address = kGone}) == "8.9/5.1");
        CHECK(b.at().state == linked);
        CHECK(b.confirm({.eid = kEid, .matching_id = "ONE", .smds_address = kSmds, .release_flag = true}) ==
              "");
        CHECK(b.confirm({.eid = kOther, .matching_id = "ONE", .release_flag = true}) == "8.2.1/3.10");
        CHECK(b.confirm({.eid = kEid, .matching_id = "TWO", .release_flag = true}) == "8.2.6/3.10");
        REQUIRE(b.order(2) == "");
        CHECK(b.confirm({.iccid = iccid(iccid_text(2)), .matching_id = "ONE"}) == "8.2.6/3.3");
        b.smds_said(smdp::EventState::refused);
        CHECK(b.confirm({.eid = kEid, .matching_id = "ONE", .smds_address = kSmds, .release_flag = true}) ==
              "8.9/4.2");
    });
    part([](Bench& b) { // releaseProfile
        CHECK(b.release(4) == "8.2.1/3.9");
        CHECK(b.release() == "8.2.1/3.5");
        REQUIRE(b.order(1, kEid) == "");
        CHECK(b.release() == "8.2.1/3.5");
        REQUIRE(b.confirm({.eid = kEid, .smds_address = kSmds}) == "");
        b.who = b.narrow;
        CHECK(b.release() == "8.2.1/1.2");
        b.who = b.alpha;
        b.smdp.config.smds.clear();
        CHECK(b.release() == "8.9/5.1");
        b.smdp.config.smds = {kSmds};
        CHECK(b.due(kSmds).empty()); // registered at release, not before
        CHECK(b.release() == "");
        CHECK(b.release() == "");
        b.smds_said(smdp::EventState::refused);
        CHECK(b.release() == "8.9/4.2");
    });
    part([](Bench& b) { // cancelOrder
        CHECK(b.cancel({.iccid = iccid(iccid_text(4))}) == "8.2.1/3.9");
        REQUIRE(b.order(1, kEid) == "");
        REQUIRE(b.confirm({.eid = kEid, .matching_id = "ONE", .smds_address = kSmds, .release_flag = true}) ==
                "");
        b.who = b.narrow;
        CHECK(b.cancel({.eid = kEid}) == "8.2.1/1.2");
        b.who = b.alpha;
        CHECK(b.cancel({}) == "8.1.1/2.2");
        CHECK(b.cancel({.eid = kOther}) == "8.1.1/3.10");
        CHECK(b.cancel({.eid = kEid, .matching_id = "TWO"}) == "8.2.6/3.10");
        b.smdp.config.smds.clear();
        CHECK(b.cancel({.eid = kEid}) == "8.9/5.1");
        b.smdp.config.smds = {kSmds};
        CHECK(b.cancel({.eid = kEid, .matching_id = "ONE", .final_profile_status_indicator = kUnavailable}) ==
              "");
        CHECK(b.cancel({.eid = kEid, .final_profile_status_indicator = kAvailable}) == "8.2.1/3.3");
    });
    std::set<std::string> all;
    for (const rsp::FunctionCode& c : rsp::function_codes())
        if (std::string(rsp::row(c.function).interface) == "ES2+")
            all.insert(rsp::row(c.function).name + (" " + std::string(c.subject)) + "/" + c.reason);
    for (const std::string& one : all) CHECK_MESSAGE(seen.count(one) == 1, one);
}

TEST_CASE("when a call is repeated, the answer is the same; its identifier with another body is refused") {
    Bench b;
    const rsp::DownloadOrderRequest r{.header = {"2.999.77", "once"}, .profile_type = "data"};
    const auto first = b.es2.download_order(b.alpha, r, bytes_of("body"), b.now);
    REQUIRE(first);
    REQUIRE(first->iccid);
    const auto again = b.es2.download_order(b.alpha, r, bytes_of("body"), b.now + Time(1000));
    CHECK(again->iccid == first->iccid); // and not the next of the pool
    CHECK(b.code("", b.es2.download_order(b.alpha, r, bytes_of("other"), b.now)) == "1.6/2.1");
    const auto theirs = b.es2.download_order(b.beta, r, bytes_of("body"), b.now);
    CHECK(theirs->iccid == iccid(iccid_text(4))); // identifiers belong to their operator
    const auto next_day = b.es2.download_order(b.alpha, r, bytes_of("body"), b.now + Time(kDay + 1));
    CHECK(next_day->iccid != first->iccid);
}

TEST_CASE("when an order is repeated under a new identifier, nothing happens twice") {
    Bench b;
    CHECK(b.order(1, kEid) == "");
    const uint64_t version = b.at().version;
    CHECK(b.order(1, kEid) == "");
    const rsp::ConfirmOrderRequest terms{.matching_id = "ONE", .confirmation_code = "1234"};
    CHECK(b.at().version == version);
    CHECK(b.confirm(terms) == "");
    CHECK(b.confirm(terms) == "");
    CHECK(b.at().version == version + 1);
    CHECK(b.confirm({.matching_id = "ONE", .confirmation_code = "1235"}) == "8.2.1/3.3");
    CHECK(b.confirm({.matching_id = "ONE"}) == "8.2.1/3.3");
    CHECK(b.release() == "");
    CHECK(b.release() == "");
    CHECK(b.at().version == version + 2);
    const rsp::CancelOrderRequest back{.eid = kEid, .final_profile_status_indicator = kAvailable};
    CHECK(b.cancel(back) == "");
    CHECK(b.cancel(back) == "");
    CHECK(b.at().state == available);
    CHECK(b.at().matching_id.empty());
    CHECK_FALSE(b.at().eid);
    CHECK(b.at().code.empty());
}

TEST_CASE("when a profile left for a device, it does not go back into stock") {
    Bench b;
    Handset phone(b.pki, b.smdp, b.random);
    REQUIRE(b.order(1) == "");
    REQUIRE(b.confirm({.matching_id = "ONE", .release_flag = true}) == "");
    phone.matching_id = "ONE";
    REQUIRE(phone.download());
    CHECK(b.cancel({.final_profile_status_indicator = kAvailable}) == "8.2.1/3.3");
    CHECK(b.at().state == downloaded);
    CHECK(b.cancel({.final_profile_status_indicator = kUnavailable}) == "");
    CHECK(b.at().state == unavailable);
}

TEST_CASE("when an order is cancelled and placed anew, a session of the former one gets nothing") {
    Bench b;
    Handset phone(b.pki, b.smdp, b.random);
    phone.matching_id = "ONE";
    REQUIRE(b.order(1) == "");
    REQUIRE(b.confirm({.matching_id = "ONE", .release_flag = true}) == "");
    REQUIRE(codes(phone.initiate()) == "");
    REQUIRE(codes(phone.authenticate()) == "");
    REQUIRE(b.cancel({.final_profile_status_indicator = kAvailable}) == "");
    REQUIRE(b.order(1) == "");
    REQUIRE(b.confirm({.matching_id = "TWO", .release_flag = true}) == "");
    CHECK(codes(phone.package()) == "8.10.1/3.9");
    CHECK(b.at().state == released);
}

TEST_CASE("when an order has a confirmation code, three wrong ones end it, and a repeated one counts once") {
    Bench b;
    Handset phone(b.pki, b.smdp, b.random);
    phone.matching_id = "ONE";
    b.smdp.config.callbacks = {"alpha"};
    REQUIRE(b.order(1) == "");
    REQUIRE(b.confirm({.matching_id = "ONE", .confirmation_code = "27182818", .release_flag = true}) == "");
    REQUIRE(codes(phone.initiate()) == "");
    REQUIRE(codes(phone.authenticate()) == "");
    CHECK(phone.code_required);
    CHECK(codes(phone.package()) == "8.2.7/2.2");
    CHECK(b.at().code_tries == 0);
    phone.confirmation_code = "00000000";
    const OwnedBytes wrong = phone.package_message();
    CHECK(codes(phone.send(wrong)) == "8.2.7/3.8");
    CHECK(codes(phone.send(wrong)) == "8.2.7/3.8"); // the answer was lost
    CHECK(b.at().code_tries == 1);
    CHECK(codes(phone.package()) == "8.2.7/3.8");
    SUBCASE("the right one in time") {
        phone.confirmation_code = "27182818";
        CHECK(codes(phone.package()) == "");
        CHECK(b.at().state == downloaded);
    }
    SUBCASE("a third wrong one") {
        CHECK(codes(phone.package()) == "8.2.7/6.4");
        CHECK(b.at().state == error);
        phone.confirmation_code = "27182818";
        CHECK(codes(phone.package()) == "8.2.7/6.4");
        REQUIRE(codes(phone.initiate()) == "");
        CHECK(codes(phone.authenticate()) == "8.2.6/3.8");
    }
}

TEST_CASE("when a matching id is confirmed but not released, its device hears 8.2/1.2; others 8.1.1/3.8") {
    Bench b;
    Handset phone(b.pki, b.smdp, b.random), stranger(b.pki, b.smdp, b.random, 2);
    phone.matching_id = stranger.matching_id = "ONE";
    REQUIRE(b.order(1, phone.eid) == "");
    REQUIRE(b.confirm({.matching_id = "ONE"}) == "");
    REQUIRE(codes(phone.initiate()) == "");
    CHECK(codes(phone.authenticate()) == "8.2/1.2");
    REQUIRE(codes(stranger.initiate()) == "");
    CHECK(codes(stranger.authenticate()) == "8.1.1/3.8");
    CHECK(b.at().attempts == 0);
    REQUIRE(b.release() == "");
    CHECK(phone.download());
}

TEST_CASE("when an order is for a default SM-DP+, its EID alone finds it") {
    Bench b;
    Handset phone(b.pki, b.smdp, b.random), stranger(b.pki, b.smdp, b.random, 2);
    REQUIRE(b.order(1, phone.eid) == "");
    REQUIRE(b.confirm({.eid = phone.eid, .matching_id = ""}) == "");
    REQUIRE(codes(phone.initiate()) == "");
    CHECK(codes(phone.authenticate()) == "8.2/1.2");
    REQUIRE(b.release() == "");
    REQUIRE(codes(stranger.initiate()) == "");
    CHECK(codes(stranger.authenticate()) == "8.1.1/3.8");
    CHECK(phone.download());
    CHECK(phone.download()); // a retry
    phone.send(phone.installation_message(1, iccid_text(1)));
    CHECK(b.at().state == installed);
    REQUIRE(codes(phone.initiate()) == "");
    CHECK(codes(phone.authenticate()) == "8.1.1/3.8");
}

TEST_CASE("when a download goes on, its operator is told each point in turn, and nobody else") {
    Bench b;
    b.smdp.config.callbacks = {"alpha"};
    Handset phone(b.pki, b.smdp, b.random);
    phone.matching_id = "ONE";
    phone.confirmation_code = "1";
    REQUIRE(b.order(1) == "");
    REQUIRE(b.confirm({.matching_id = "ONE", .confirmation_code = "2", .release_flag = true}) == "");
    REQUIRE(codes(phone.initiate()) == "");
    REQUIRE(codes(phone.authenticate()) == "");
    REQUIRE(codes(phone.package()) == "8.2.7/3.8");
    phone.confirmation_code = "2";
    REQUIRE(codes(phone.package()) == "");
    phone.send(phone.installation_message(1, iccid_text(1)));
    std::string told;
    for (auto waiting = b.due("alpha"); !waiting.empty(); waiting = b.due("alpha")) {
        REQUIRE(waiting.size() == 1); // of one profile, one after the other
        told += std::to_string(waiting[0].point) + (waiting[0].failed ? "- " : "+ ");
        CHECK(waiting[0].type == "data");
        CHECK(waiting[0].eid == phone.eid);
        CHECK(waiting[0].result.empty() == (waiting[0].point != 4));
        REQUIRE(b.smdp.store->delivered(waiting[0], {}));
    }
    CHECK(told == "1+ 2- 3+ 4+ ");
    CHECK(b.due("beta").empty());
}

TEST_CASE("when a profile lives on, those operators hear of it that follow it, and each word once") {
    for (const bool follows : {true, false}) {
        INFO(follows);
        Bench b;
        b.smdp.config.callbacks = {"alpha"};
        if (follows) b.smdp.config.followers = {"alpha"};
        Handset phone(b.pki, b.smdp, b.random);
        phone.matching_id = "ONE";
        REQUIRE(b.order(1) == "");
        REQUIRE(b.confirm({.matching_id = "ONE", .release_flag = true}) == "");
        REQUIRE(phone.download());
        phone.send(phone.installation_message(1, iccid_text(1)));
        using Event = rsp::NotificationEvent;
        const OwnedBytes enabled = phone.notification_message(2, iccid_text(1), Event::notification_enable);
        phone.send(enabled);
        phone.send(enabled); // the answer was lost
        phone.send(phone.notification_message(3, iccid_text(1), Event::notification_disable));
        phone.send(phone.notification_message(4, iccid_text(1), Event::notification_delete));
        Handset other(b.pki, b.smdp, b.random, 2); // a stranger tells of the same profile
        other.send(other.notification_message(5, iccid_text(1), Event::notification_delete));
        std::string told;
        for (auto waiting = b.due("alpha"); !waiting.empty(); waiting = b.due("alpha")) {
            told += std::to_string(waiting[0].point) + " ";
            CHECK(waiting[0].result.empty() == (waiting[0].point < 4));
            REQUIRE(b.smdp.store->delivered(waiting[0], {}));
        }
        CHECK(told == (follows ? "1 3 4 101 102 103 " : "1 3 4 "));
        CHECK(b.smdp.store->event_targets()->empty()); // nothing of it is an SM-DS's
        CHECK(b.at().last_event == "deleted");
    }
}

TEST_CASE("when an order with an SM-DS ends, its event is deleted after it was registered") {
    Bench b;
    Handset phone(b.pki, b.smdp, b.random);
    phone.matching_id = "ONE";
    REQUIRE(b.order(1, phone.eid) == "");
    REQUIRE(b.confirm(
                {.eid = phone.eid, .matching_id = "ONE", .smds_address = kSmds, .release_flag = true}) == "");
    REQUIRE(phone.download());
    phone.send(phone.installation_message(1, iccid_text(1)));
    auto waiting = b.due(kSmds);
    REQUIRE(waiting.size() == 1);
    CHECK(waiting[0].kind == smdp::Outgoing::Kind::register_event);
    CHECK(waiting[0].event_id == "ONE");
    REQUIRE(b.smdp.store->delivered(waiting[0], smdp::EventState::registered));
    CHECK(b.at().event == smdp::EventState::none); // what came later counts
    waiting = b.due(kSmds);
    REQUIRE(waiting.size() == 1);
    CHECK(waiting[0].kind == smdp::Outgoing::Kind::delete_event);
}

TEST_CASE("when sending fails again and again, the wait is random within a span that doubles up to an hour") {
    SeededRandom random{3};
    for (uint32_t tries : {0u, 1u, 5u, 11u, 12u, 1000u}) {
        const int64_t span = std::min<int64_t>(3'600'000, int64_t{1000} << std::min(tries, 12u));
        int64_t least = span, most = 0;
        for (int i = 0; i < 2000; ++i) {
            const int64_t wait = (*smdp::next_attempt(kBegin, tries, random) - kBegin).count();
            least = std::min(least, wait);
            most = std::max(most, wait);
        }
        CHECK(least >= 1);
        CHECK(most <= span);
        CHECK(least < span / 100 + 2);
        CHECK(most > span - span / 100);
    }
}
