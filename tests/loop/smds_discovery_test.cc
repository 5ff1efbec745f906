// A device finds out by an SM-DS where its profile waits: asked by its IPA (ES11), or by the eIM (ES11').
// SGP.22 §3.6.2, SGP.32 §3.9.2
#include "crypto/hash.h"
#include "smdp/es2.h"
#include "tests/loop/smds_kit.h"
#include "tests/loop/world.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::loop;

namespace {
using Download = ipa::Config::Download;

struct Code final : ipa::ConfirmationCode {
    std::string text;
    explicit Code(std::string t) : text(std::move(t)) {}
    std::optional<Sha256> hash(Bytes transaction_id) override {
        return crypto::sha256({crypto::sha256({bytes_of(text)}), transaction_id});
    }
};

/// A world with a root and an alternative SM-DS, which every party finds by their addresses.
struct Field {
    explicit Field(Download way) {
        w.smdp.config.smds = {kRoot, kAlternative};
        w.eim.config.smds = {kRoot};
        w.eim.elsewhere = [this](std::string_view address, Bytes message) -> Result<rsp::Es9Answer> {
            contacts.push_back(std::string(address));
            if (before) before();
            if (address == kRoot) return root.exchange(message, w.now);
            if (address == kAlternative) return alternative.exchange(message, w.now);
            return fail(Errc::unreachable, "address");
        };
        d = &w.add_device(way);
        eid = d->identity.eid;
        REQUIRE(w.run());
    }
    /// An order for the device that an SM-DS knows of; its messages are carried.
    void order(unsigned n, const char* smds, const char* code = nullptr) {
        const Iccid profile = w.smdp.stock(iccid_text(n), "data", "alpha", w.now);
        smdp::Es2 es2(w.smdp.config, *w.smdp.store, w.random);
        const auto call = [&] { return rsp::RequestHeader{"2.999.77", std::to_string(++calls)}; };
        const rsp::DownloadOrderRequest wanted{.header = call(), .eid = eid, .iccid = profile};
        REQUIRE_FALSE(es2.download_order({"alpha", {}}, wanted, {}, w.now)->failed);
        rsp::ConfirmOrderRequest confirm{.header = call(), .iccid = profile, .eid = eid};
        confirm.smds_address = smds;
        confirm.release_flag = true;
        if (code) confirm.confirmation_code = code;
        REQUIRE_FALSE(es2.confirm_order({"alpha", {}}, confirm, {}, w.now)->failed);
        deliver_events();
    }
    void deliver_events() {
        for (Smds* ds : {&root, &alternative}) {
            const auto messages = *w.smdp.store->due(ds->config.address, w.now + Time(kDay), 10);
            for (const auto& o : messages) {
                const bool remove = o.kind == smdp::Outgoing::Kind::delete_event;
                const std::string said = remove ? ds->drop(*o.eid, o.event_id, o.call_id)
                                                : ds->add(*o.eid, o.event_id, o.call_id, ds == &alternative);
                CHECK(said == "");
                REQUIRE(w.smdp.store->delivered(o, smdp::EventState::registered));
            }
        }
        (void)alternative.forward_to(root);
    }
    std::string trigger(std::string source, std::optional<std::string> code = {}) {
        eim::NewOperation o{.eid = eid, .kind = eim::Kind::download, .activation_code = std::move(source)};
        if (code) o.confirmation_code = std::make_shared<const SecretBytes>(bytes_of(*code));
        const std::string id = w.eim.create(std::move(o));
        REQUIRE(w.poll());
        return id;
    }
    /// Time passes, and somebody looks at orders that wait for a human.
    void until_installed(const std::string& id) {
        const auto done = [&] { return installed(1) && w.eim.operation(id).state == eim::State::succeeded; };
        for (int i = 0; i < 30 && !done(); ++i) {
            if (w.eim.operation(id).held) REQUIRE(w.eim.server.release(id, w.now));
            w.now += Time(3'600'000);
            REQUIRE(w.poll());
        }
        CHECK(w.eim.operation(id).state == eim::State::succeeded);
        CHECK(installed(1));
    }
    bool installed(unsigned n) { return w.smdp.find(iccid_text(n)).state == smdp::OrderState::installed; }

    World w{31};
    Smds root{w.pki, w.random, kRoot, "2.999.15"};
    Smds alternative{w.pki, w.random, kAlternative, "2.999.16", true};
    Device* d = nullptr;
    Eid eid{};
    std::vector<std::string> contacts; // one for each message
    std::function<void()> before;      // what happens when one arrives
    int calls = 0;
};
constexpr const char* kToRoot = "smds$root.loop.test";
} // namespace

TEST_CASE("when an SM-DS has an event for the eUICC, its trigger leads to the profile, either way") {
    for (const Download way : {Download::direct, Download::indirect}) {
        Field f(way);
        f.order(1, kRoot);
        const std::string id = f.trigger(kToRoot);
        const auto done = f.w.eim.operation(id);
        CHECK(done.state == eim::State::succeeded);
        CHECK(done.iccid == iccid(iccid_text(1)));
        CHECK(f.installed(1));
        CHECK(done.event.empty() == (way == Download::direct)); // only a relay sees where it goes
        f.deliver_events();                                     // the SM-DP+ takes its event back
        CHECK(f.root.store->events(f.eid)->empty());
    }
}

TEST_CASE("when the root sends the eUICC on to another SM-DS, it follows") {
    for (const Download way : {Download::direct, Download::indirect}) {
        Field f(way);
        f.order(1, kAlternative);
        CHECK(f.w.eim.operation(f.trigger(kToRoot)).state == eim::State::succeeded);
        CHECK(f.installed(1));
        CHECK(std::count(f.contacts.begin(), f.contacts.end(), kRoot) == 2); // two messages to each
        CHECK(std::count(f.contacts.begin(), f.contacts.end(), kAlternative) == 2);
        f.deliver_events();
        CHECK(f.root.store->events(f.eid)->empty());
        CHECK(f.alternative.store->events(f.eid)->empty());
    }
}

TEST_CASE("when the trigger names no SM-DS, it is the root that the eUICC knows") {
    for (const Download way : {Download::direct, Download::indirect}) {
        Field f(way);
        // SetDefaultDpAddress has no sibling for the root: it is the card's own. SGP.22 §5.7.3
        const OwnedBytes answer = f.d->es10(*from_hex("BF3C00"));
        const auto own = asn1::decode<rsp::EuiccConfiguredAddressesResponse>(Bytes(answer));
        REQUIRE(own);
        const std::string address(own->root_ds_address);
        Smds card_root{f.w.pki, f.w.random, address.c_str(), "2.999.19"};
        f.w.eim.config.smds = {address};
        const auto others = f.w.eim.elsewhere;
        f.w.eim.elsewhere = [&](std::string_view to, Bytes message) {
            return to == address ? card_root.exchange(message, f.w.now) : others(to, message);
        };
        f.order(1, kRoot);
        const auto order = f.w.smdp.find(iccid_text(1));
        REQUIRE(card_root.add(f.eid, order.event_id, "x") == "");
        CHECK(f.w.eim.operation(f.trigger("smds$")).state == eim::State::succeeded);
        CHECK(f.installed(1));
    }
}

TEST_CASE("when a relayed device names an SM-DS that nobody configured, it is not asked") {
    Field f(Download::indirect);
    f.w.eim.config.smds = {};
    const std::string id = f.trigger("smds$");
    CHECK(f.w.eim.operation(id).state != eim::State::succeeded);
    CHECK(f.contacts.empty());
}

TEST_CASE("when nothing waits at the SM-DS, the order says so") {
    Field never(Download::indirect);
    const std::string none = never.trigger(kToRoot);
    for (int i = 0; i < 20 && !eim::is_final(never.w.eim.operation(none).state); ++i) {
        CHECK(never.w.eim.operation(none).reason == "the SM-DS has nothing for this eUICC");
        never.w.now += Time(3'600'000);
        REQUIRE(never.w.poll());
    }
    CHECK(never.w.eim.operation(none).state == eim::State::failed);
    CHECK(never.w.eim.operation(none).attempts == never.w.eim.config.download_attempts);

    for (const Download way : {Download::direct, Download::indirect}) { // late is soon enough
        Field f(way);
        f.before = [&] {
            if (f.contacts.size() == 3) f.order(1, kRoot); // in the second session
        };
        f.until_installed(f.trigger(kToRoot));
    }
}

TEST_CASE("when the first event leads nowhere, the next attempt takes the one behind it") {
    for (const Download way : {Download::direct, Download::indirect}) {
        Field f(way);
        REQUIRE(f.root.add(f.eid, "GONE", "c1", false, kSmdp, kSmdpAddress) == ""); // no such order
        f.order(1, kRoot);
        const std::string id = f.trigger(kToRoot);
        f.until_installed(id);
    }
}

TEST_CASE("when two SM-DS point at each other, the device gives up and says so") {
    Field f(Download::direct);
    REQUIRE(f.root.add(f.eid, "ROUND", "c1", false, kSmdp, kAlternative) == "");
    REQUIRE(f.alternative.add(f.eid, "ROUND", "c2", false, kSmdp, kRoot) == "");
    const std::string id = f.trigger(kToRoot);
    CHECK(f.w.eim.operation(id).held); // after five times, each with four sessions of two messages
    CHECK(f.contacts.size() == 5 * 4 * 2);
}

TEST_CASE("when the power fails at any step of the way from the event to the profile, it arrives once") {
    for (const Download way : {Download::direct, Download::indirect})
        for (const bool carried : {false, true})
            for (int cut = 0;; ++cut) {
                Field f(way);
                f.order(1, kRoot);
                const std::string id =
                    f.w.eim.create({.eid = f.eid, .kind = eim::Kind::download, .activation_code = kToRoot});
                f.d->engine->poll_now();
                bool idle = false;
                for (int i = 0; i < cut && !idle; ++i) idle = !f.w.step(*f.d);
                if (idle) break;
                (void)f.w.cut(*f.d, carried);
                CAPTURE(cut);
                f.until_installed(id);
                cut += 6; // every seventh, at shifting places
            }
}

TEST_CASE("when the order asks for a confirmation code, the one who has it makes hashCc") {
    SUBCASE("the device") {
        Field f(Download::direct);
        Code code("27182818");
        f.d->config.confirmation_code = &code;
        f.order(1, kRoot, "27182818");
        CHECK(f.w.eim.operation(f.trigger(kToRoot)).state == eim::State::succeeded);
        CHECK(f.installed(1));
    }
    SUBCASE("the eIM, for a device that downloads through it") {
        Field f(Download::indirect);
        f.order(1, kRoot, "27182818");
        const auto done = f.w.eim.operation(f.trigger(kToRoot, "27182818"));
        CHECK(done.state == eim::State::succeeded);
        CHECK(f.installed(1));
        CHECK(hex(done.code).find(hex(bytes_of("27182818"))) == std::string::npos);
    }
    SUBCASE("a wrong one is tried once, and ends the order") {
        Field f(Download::indirect);
        f.order(1, kRoot, "27182818");
        const auto done = f.w.eim.operation(f.trigger(kToRoot, "31415926"));
        CHECK(done.state == eim::State::failed);
        CHECK(done.reason == "the SM-DP+ refused the confirmation code");
        CHECK(f.w.smdp.find(iccid_text(1)).code_tries == 1);
    }
    SUBCASE("nobody has one") {
        for (const Download way : {Download::direct, Download::indirect}) {
            Field f(way);
            f.order(1, kRoot, "27182818");
            CHECK(f.w.eim.operation(f.trigger(kToRoot)).state != eim::State::succeeded);
            CHECK_FALSE(f.installed(1));
            CHECK(f.w.smdp.find(iccid_text(1)).code_tries == 0);
        }
    }
}
