// Packages that the eIM sends to the device: the same orders, the same judges, no poll. SGP.32 §3.1.1.2,
// §5.14.4; TC_IPA_ESipa_TransferEimPackage, TC_eIM_ESipa_TransferEimPackage
#include "tests/loop/eim_kit.h"
#include <algorithm>
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::loop;

namespace {
const OwnedBytes kReceived = *from_hex("BF4E020500");

struct Push {
    explicit Push(ipa::Config::Download mode = ipa::Config::Download::direct) : d(w.add_device(mode)) {
        REQUIRE(w.run());
        w.eim.audit(eid()); // certificates are asked for
        REQUIRE(w.poll());
        w.eim.now = w.now;
        w.tap = [this](ipa::Peer to, bool answer, OwnedBytes& message) {
            if (to == ipa::Peer::eim && !answer) sent.push_back(hex(message).substr(0, 4));
        };
    }
    const Eid& eid() const { return d.identity.eid; }
    eim::State state(const std::string& id) { return w.eim.operation(id).state; }
    OwnedBytes request() {
        auto made = *w.eim.server.transfer_request(eid(), w.now);
        REQUIRE(made);
        return *made;
    }
    /// Into the device and back out.
    OwnedBytes into_device(Bytes message) {
        d.transferred.reset();
        bool taken = false; // a device in the middle of something says "busy": later
        for (int i = 0; i < 100 && !taken; ++i) {
            taken = d.engine->transfer(w.eim.config.eim_id, message, w.now).has_value();
            if (!taken) w.step(d);
        }
        REQUIRE(taken);
        for (int i = 0; i < 500 && !d.transferred; ++i) w.step(d);
        REQUIRE(d.transferred);
        return *d.transferred;
    }
    eim::Transferred into_eim(Bytes asked, Bytes answer) {
        return *w.eim.server.transfer_answer(eid(), asked, answer, w.now);
    }
    /// One package, with the acknowledgement that belongs to it.
    eim::Transferred push() {
        const OwnedBytes asked = request();
        auto done = into_eim(asked, into_device(asked));
        if (!done.acknowledgement.empty()) CHECK(into_device(done.acknowledgement) == kReceived);
        return done;
    }
    size_t events(std::string_view name) const {
        return static_cast<size_t>(std::count(d.events.begin(), d.events.end(), name));
    }

    World w;
    Device& d;
    std::vector<std::string> sent; // ESipa messages of the device itself
};
using End = eim::Transferred::End;
} // namespace

TEST_CASE("when a package changes no profile, its result comes with the answer and is acknowledged at once") {
    Push p;
    const auto id = p.w.eim.audit(p.eid());
    const auto done = p.push();
    CHECK(done.end == End::done);
    CHECK(done.acknowledged.size() == 1);
    CHECK(p.state(id) == eim::State::succeeded);
    CHECK(p.d.card->isdr().state().results.empty());
    REQUIRE(p.w.run());
    CHECK(p.sent.empty()); // the device has said nothing by itself
    CHECK_FALSE((*p.w.eim.server.transfer_request(p.eid(), p.w.now)).has_value());
}

TEST_CASE("when a package enables a profile, the result comes over the new profile") {
    Push p;
    const auto download =
        p.w.eim.download(p.eid(), p.w.smdp.order(iccid_text(1), "001011000000001", p.w.now));
    REQUIRE(p.w.poll());
    REQUIRE(p.state(download) == eim::State::succeeded);
    p.sent.clear();
    const auto id = p.w.eim.enable(p.eid(), iccid_text(1));
    while (p.w.eim.operation(id).state == eim::State::queued) // an audit goes first
        if (p.push().end == End::later) break;
    CHECK(p.state(id) == eim::State::offered);
    CHECK(p.d.engine->context().state.rollback.phase == ipa::RollbackDuty::Phase::armed);
    CHECK(p.sent.empty());
    REQUIRE(p.w.run());
    CHECK(p.d.card_iccid() == iccid_text(1));
    CHECK(p.state(id) == eim::State::succeeded);
    CHECK(p.d.engine->context().state.rollback.phase == ipa::RollbackDuty::Phase::none);
    CHECK(p.sent.front() == "BF50");
}

TEST_CASE("when a data request is sent, the data come with the answer") {
    Push p;
    const auto id =
        p.w.eim.create({.eid = p.eid(), .kind = eim::Kind::data, .tag_list = *from_hex("BF22A8")});
    CHECK(p.push().end == End::done);
    CHECK(p.state(id) == eim::State::succeeded);
    CHECK(p.sent.empty());
}

TEST_CASE("when a data request cannot be answered, its error comes with the answer") {
    Push p;
    // tagList with 5A, which is no member of IpaEuiccData: incorrectTagList (1).
    CHECK(hex(p.into_device(*from_hex("BF4E06BF52035C015A"))) == "BF4E08BF5205A103020101");
    REQUIRE(p.w.run());
    CHECK(p.sent.empty());
}

TEST_CASE("when a download is triggered, it is received at once and done once, however often it is sent") {
    for (const auto mode : {ipa::Config::Download::direct, ipa::Config::Download::indirect}) {
        Push p(mode);
        const auto id = p.w.eim.download(p.eid(), p.w.smdp.order(iccid_text(1), "001011000000001", p.w.now));
        const OwnedBytes asked = p.request();
        CHECK(p.into_device(asked) == kReceived);
        CHECK(p.into_eim(asked, kReceived).end == End::later);
        CHECK(p.into_device(asked) == kReceived);
        // While the download is under way the engine takes nothing else in.
        while (p.d.card->isdr().state().profiles.size() < 2) REQUIRE(p.w.step(p.d));
        const auto busy = p.d.engine->transfer(p.w.eim.config.eim_id, asked, p.w.now);
        REQUIRE_FALSE(busy);
        CHECK(busy.error().code == Errc::conflict);
        REQUIRE(p.w.run());
        CHECK(p.state(id) == eim::State::succeeded);
        CHECK(p.d.card->isdr().state().profiles.size() == 2);
        CHECK(p.events("download started") == 1);
        CHECK(p.events("package offered again") == 1);
    }
}

TEST_CASE("when a package goes out on a poll and by injection, it is one package") {
    Push p;
    const auto id = p.w.eim.audit(p.eid());
    const OwnedBytes asked = p.request();
    const OwnedBytes again = p.request();
    CHECK(asked == again);
    const auto polled = *p.w.eim.server.esipa(wrap(0xBF4F, {wrap(0x5A, {p.eid()})}), p.w.now);
    CHECK(hex(asn1::read_tlv(polled)->content) == hex(asn1::read_tlv(asked)->content));
    CHECK(p.w.eim.operation(id).offers == 3);
    CHECK(p.w.eim.operation(id).attempts == 1);
    // Executed, its answer lost: sent again it is received, not executed, and the result comes by itself.
    (void)p.into_device(asked);
    const auto counter = p.w.eim.operation(id).counter;
    CHECK(p.into_device(asked) == kReceived);
    CHECK(p.events("package executed") == 2); // this one and the one before it
    p.w.now += Time(kDay);
    REQUIRE(p.w.run());
    CHECK(p.state(id) == eim::State::succeeded);
    CHECK(p.w.eim.operation(id).counter == counter);
    CHECK(p.d.card->isdr().state().results.empty());
}

TEST_CASE("when the eIM ends between storing and sending, the same octets go out") {
    Push p;
    FaultyStore store(*p.w.eim.store);
    p.w.eim.restart(store);
    const auto id = p.w.eim.audit(p.eid());
    // Each commit may be the last one that happens.
    std::optional<OwnedBytes> first;
    for (size_t allowed = 0; !first; ++allowed) {
        const size_t before = store.commits;
        store.fails = [&](const eim::Change&) { return store.commits - before > allowed; };
        auto made = p.w.eim.server.transfer_request(p.eid(), p.w.now);
        if (made) first = **made;
        const auto operation = p.w.eim.operation(id);
        if (!made) CHECK(operation.state == eim::State::queued); // what is not stored was not sent
        store.fails = nullptr;
        p.w.eim.restart(store);
        REQUIRE(allowed < 5);
    }
    CHECK(p.request() == *first);
    CHECK(p.push().end == End::done);
    CHECK(p.state(id) == eim::State::succeeded);
}

TEST_CASE(
    "when the power fails at any action of an injected package, it is executed once and its result comes") {
    for (const bool carried : {false, true})
        for (int n = 0;; ++n) {
            Push p;
            const auto id = p.w.eim.audit(p.eid());
            const OwnedBytes asked = p.request();
            const auto number = p.d.card->isdr().state().next_seq;
            REQUIRE(p.d.engine->transfer(p.w.eim.config.eim_id, asked, p.w.now));
            p.d.transferred.reset();
            for (int i = 0; i < n && !p.d.transferred; ++i) p.w.step(p.d);
            if (p.d.transferred) break;
            CAPTURE(n);
            p.w.cut(p.d, carried);
            REQUIRE(p.w.run()); // it polls after a start, and may get the package so
            REQUIRE(p.w.poll());
            CHECK(p.state(id) == eim::State::succeeded);
            CHECK(p.d.card->isdr().state().results.empty());
            CHECK(p.d.card->isdr().state().next_seq == number + 1);
        }
}

TEST_CASE("when any bit of an injected package's answer is turned, nothing is decided by it") {
    Push p;
    const auto id = p.w.eim.audit(p.eid());
    const OwnedBytes asked = p.request(), answer = p.into_device(asked);
    for (size_t bit = 0; bit < answer.size() * 8; ++bit) {
        const auto done = p.w.eim.server.transfer_answer(p.eid(), asked, flipped(answer, bit), p.w.now);
        if (done) CHECK(done->acknowledged.empty());
    }
    CHECK_FALSE(eim::is_final(p.state(id)));
    CHECK(p.into_eim(asked, answer).acknowledged.size() == 1);
    CHECK(p.state(id) == eim::State::succeeded);
}

TEST_CASE("when the device refuses a package, that is evidence of the operation and ends nothing") {
    Push p;
    const auto id = p.w.eim.audit(p.eid());
    for (int i = 0; i < 5; ++i) {
        const OwnedBytes asked = p.request();
        const auto done = p.into_eim(asked, *from_hex("BF4E0302017F"));
        CHECK(done.end == End::refused);
        CHECK(done.code == 127);
        CHECK(done.acknowledgement.empty());
    }
    CHECK(p.state(id) == eim::State::offered);
    CHECK(p.w.eim.operation(id).held);
    CHECK(p.w.eim.store->evidence(id)->size() == 5);
    CHECK_FALSE((*p.w.eim.server.transfer_request(p.eid(), p.w.now)).has_value());
    Eid nobody{};
    CHECK(p.w.eim.server.transfer_request(nobody, p.w.now).error().code == Errc::not_found);
}

TEST_CASE(
    "when notifications come with injected data, the eIM's acknowledgement removes them from the card") {
    Push p;
    const auto download =
        p.w.eim.download(p.eid(), p.w.smdp.order(iccid_text(1), "001011000000001", p.w.now));
    p.w.lose = [](ipa::Peer to, bool, Bytes message) {
        return to == ipa::Peer::smdp && hex(message).starts_with("BF3D");
    };
    p.d.engine->poll_now();
    (void)p.w.run(300);
    REQUIRE(p.state(download) == eim::State::succeeded);
    REQUIRE(p.d.card->isdr().state().notifications.size() == 1);
    p.w.eim.create({.eid = p.eid(), .kind = eim::Kind::data, .tag_list = *from_hex("A0")});
    const auto done = p.push();
    CHECK(done.acknowledged.size() == 1);
    CHECK(p.d.card->isdr().state().notifications.empty());
    p.w.lose = nullptr;
    p.w.eim.forward();
    CHECK(p.w.smdp.find(iccid_text(1)).state == smdp::OrderState::installed);
}
