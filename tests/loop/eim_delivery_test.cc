// Exactly-once effect over a lossy link, a dying process and a failing disk. RR-01, RR-05, RR-06, RR-15,
// RR-17; INV-2, INV-5
#include "tests/loop/eim_kit.h"
#include <cstdlib>
#include <doctest/doctest.h>
#include <filesystem>
#include <set>
#include <thread>

using namespace halyard;
using namespace halyard::loop;

namespace {
// Looks at all packages on their way to the device: one counter, one content; and counts what the card did.
struct Watch {
    explicit Watch(World& w) {
        w.tap = [this](ipa::Peer to, bool answer, OwnedBytes& message) {
            if (to != ipa::Peer::eim || !answer || message.size() < 2 || message[1] != 0x4F) return;
            const auto inside = asn1::read_tlv(message)->content;
            if (inside[0] != 0xBF || inside[1] != 0x51) return;
            const auto request = asn1::decode<rsp::EuiccPackageRequest>(inside);
            REQUIRE(request);
            const uint64_t counter = request->euicc_package_signed.value.counter_value;
            const auto [known, fresh] = packages.emplace(counter, hex(inside));
            if (!fresh && known->second != hex(inside)) ++changed;
            if (fresh && packages.rbegin()->first != counter) ++backwards;
        };
    }
    std::map<uint64_t, std::string> packages;
    int changed = 0, backwards = 0;
};

struct Story {
    explicit Story(World& world, ipa::Config::Download mode) : w(world), d(w.add_device(mode)), watch(w) {}
    void order() {
        const std::string number = iccid_text(1);
        const auto code = w.smdp.order(number, "001011000000001", w.now);
        const eim::NewOperation wanted{.eid = d.identity.eid,
                                       .kind = eim::Kind::download,
                                       .activation_code = code,
                                       .iccid = iccid(number)};
        download = w.eim.create(wanted);
        enable = w.eim.enable(d.identity.eid, number);
    }
    // How far it may be from the happy path: not at all.
    void check() {
        const auto done = w.eim.operation(download), on = w.eim.operation(enable);
        CHECK_MESSAGE(done.state == eim::State::succeeded, done.reason);
        CHECK_MESSAGE(on.state == eim::State::succeeded, on.reason);
        CHECK(w.smdp.find(iccid_text(1)).state == smdp::OrderState::installed);
        CHECK(d.card->isdr().state().profiles.size() == 2);
        CHECK(d.card_iccid() == iccid_text(1));
        CHECK(d.card->isdr().state().results.empty());
        CHECK(d.card->isdr().state().notifications.empty());
        CHECK(watch.changed == 0);
        CHECK(watch.backwards == 0);
        // Executed once: a second enable would have been refused, and a refusal would be a result.
        CHECK(on.attempts == 1);
    }
    World& w;
    Device& d;
    Watch watch;
    std::string download, enable;
};

// Until all is settled: whoever retries does so within an hour.
void finish(World& w, const Story& s) {
    for (int i = 0; i < 60; ++i) {
        REQUIRE(w.poll());
        if (eim::is_final(w.eim.operation(s.enable).state)) break;
        w.now += Time(60'000);
    }
    REQUIRE(w.poll());
}

int messages_of(ipa::Config::Download mode) {
    int n = 0;
    World w(3);
    w.lose = [&](ipa::Peer, bool answer, Bytes) { return n += !answer, false; };
    Story s(w, mode);
    REQUIRE(w.run());
    s.order();
    finish(w, s);
    s.check();
    return n;
}

void lose_each(ipa::Config::Download mode, bool answers) {
    const int all = messages_of(mode);
    REQUIRE(all > 8);
    for (int lost = 0; lost < all; ++lost) {
        CAPTURE(lost);
        int n = 0;
        World w(3);
        w.lose = [&](ipa::Peer, bool answer, Bytes) { return answer == answers && n++ == lost; };
        Story s(w, mode);
        REQUIRE(w.run());
        s.order();
        finish(w, s);
        s.check();
    }
}

struct Directory {
    Directory() {
        std::string name = (std::filesystem::temp_directory_path() / "eim_XXXXXX").string();
        REQUIRE(mkdtemp(name.data()));
        path = name;
    }
    ~Directory() { std::filesystem::remove_all(path); }
    std::filesystem::path path;
};
} // namespace

TEST_CASE("when any one request of a direct download and enable is lost, both succeed once") {
    lose_each(ipa::Config::Download::direct, false);
}
TEST_CASE("when any one answer of a direct download and enable is lost, both succeed once") {
    lose_each(ipa::Config::Download::direct, true);
}
TEST_CASE("when any one request of a relayed download and enable is lost, both succeed once") {
    lose_each(ipa::Config::Download::indirect, false);
}
TEST_CASE("when any one answer of a relayed download and enable is lost, both succeed once") {
    lose_each(ipa::Config::Download::indirect, true);
}

TEST_CASE("when the eIM's process ends after every single message, nothing is lost and nothing runs twice") {
    for (const auto mode : {ipa::Config::Download::direct, ipa::Config::Download::indirect}) {
        const Directory directory;
        World w(5);
        w.eim.store = *store::EimStore::open(directory.path / "eim.db");
        w.eim.restart(*w.eim.store);
        int restarts = 0;
        w.lose = [&](ipa::Peer to, bool answer, Bytes) {
            if (to == ipa::Peer::eim && !answer) { // before it sees the next message
                w.eim.store.reset();
                w.eim.store = *store::EimStore::open(directory.path / "eim.db");
                w.eim.restart(*w.eim.store);
                ++restarts;
            }
            return false;
        };
        Story s(w, mode);
        REQUIRE(w.run());
        s.order();
        finish(w, s);
        s.check();
        CHECK(restarts > 8);
    }
}

TEST_CASE("when the n-th commit of the eIM fails, for every n, both succeed once") {
    for (const auto mode : {ipa::Config::Download::direct, ipa::Config::Download::indirect}) {
        size_t all = 1;
        for (size_t failing = 0; failing < all; ++failing) {
            CAPTURE(failing);
            World w(4);
            Story s(w, mode);
            REQUIRE(w.run());
            s.order();
            FaultyStore store(*w.eim.store);
            store.fails = [&](const eim::Change&) { return store.commits == failing + 1; };
            w.eim.restart(store);
            finish(w, s);
            s.check();
            if (failing == 0) all = store.commits;
        }
        CHECK(all > 8);
    }
}

TEST_CASE("when a commit fails, nothing that was not stored has been sent or acknowledged") {
    Desk desk;
    const auto out = desk.audit_out();
    FaultyStore store(*desk.w.eim.store);
    store.fails = [](const eim::Change&) { return true; };
    desk.w.eim.restart(store);
    const auto taken =
        desk.w.eim.server.esipa(wrap(0xBF50, {wrap(0x5A, {desk.eid}), out.result}), desk.w.now);
    REQUIRE_FALSE(taken);
    CHECK(taken.error().code == Errc::storage);
    CHECK(desk.state(out.id) == eim::State::offered);

    store.fails = nullptr;
    (void)desk.provide(out.result);
    const auto next = desk.w.eim.audit(desk.eid);
    const uint64_t counter = desk.device().counter;
    for (const size_t nth : {1u, 2u}) { // the reservation, then the package itself
        const size_t before = store.commits;
        store.fails = [&](const eim::Change&) { return store.commits == before + nth; };
        CHECK_FALSE(desk.w.eim.server.esipa(wrap(0xBF4F, {wrap(0x5A, {desk.eid})}), desk.w.now));
        CHECK(desk.state(next) == eim::State::queued);
        CHECK(desk.w.eim.operation(next).request.empty());
    }
    CHECK(desk.device().counter == counter + 1); // reserved, never to be used again
    store.fails = nullptr;
    const OwnedBytes request = desk.poll();
    CHECK(desk.w.eim.operation(next).counter == counter + 2);
    CHECK(desk.provide(desk.execute(request)).size() == 1);
    CHECK(desk.state(next) == eim::State::succeeded);
}

TEST_CASE("when a package is handed out, its number has been on disk before it was signed") {
    Desk desk;
    const auto id = desk.audit_out().id;
    desk.serve();
    (void)id;
    const auto next = desk.w.eim.audit(desk.eid);
    FaultyStore store(*desk.w.eim.store);
    std::vector<std::pair<uint64_t, bool>> seen; // counter of the device, package there
    store.fails = [&](const eim::Change& c) {
        for (const auto& o : c.operations)
            if (o.id == next)
                seen.emplace_back(c.devices.empty() ? desk.device().counter : c.devices[0].counter,
                                  !o.request.empty());
        return false;
    };
    desk.w.eim.restart(store);
    (void)desk.poll();
    REQUIRE(seen.size() == 2);
    CHECK(seen[0] == std::pair(desk.w.eim.operation(next).counter, false));
    CHECK(seen[1] == std::pair(desk.w.eim.operation(next).counter, true));
}

TEST_CASE("when a device polls again, it gets the same octets and only the count of offers has changed") {
    const Directory directory;
    Desk desk;
    const auto out = desk.audit_out();
    const auto before = desk.w.eim.operation(out.id);
    for (uint32_t i = 1; i <= 3; ++i) {
        desk.w.now += Time(1000);
        CHECK(hex(desk.poll()) == hex(out.request));
        auto after = desk.w.eim.operation(out.id);
        CHECK(after.offers == before.offers + i);
        CHECK(after.state == before.state);
        CHECK(after.counter == before.counter);
        CHECK(after.attempts == before.attempts);
        CHECK(hex(after.transaction_id) == hex(before.transaction_id));
        CHECK(desk.device().counter == before.counter);
    }
}

TEST_CASE("when the store is opened again, the same octets go out") {
    const Directory directory;
    Desk desk;
    (void)desk.audit_out();
    desk.serve();
    const auto device = desk.device();
    {
        const auto file = *store::EimStore::open(directory.path / "eim.db");
        auto copy = device;
        copy.version = 0;
        REQUIRE(file->commit({.devices = {copy}}));
        desk.w.eim.restart(*file);
        const auto made = desk.w.eim.server.create(
            {{.eid = desk.eid,
              .package = desk.w.eim.operation(desk.w.eim.store->operations({})->front().id).package}},
            desk.w.now);
        REQUIRE(made);
        const OwnedBytes first = desk.poll();
        REQUIRE_FALSE(first.empty());
        const auto again = *store::EimStore::open(directory.path / "eim.db");
        desk.w.eim.restart(*again);
        CHECK(hex(desk.poll()) == hex(first));
        desk.w.eim.restart(*desk.w.eim.store);
    }
}

TEST_CASE("when two IPAs of one device poll at once, they get the same package and one result counts") {
    Desk desk;
    (void)desk.audit_out();
    desk.serve();
    for (int round = 0; round < 10; ++round) {
        const auto id = desk.w.eim.audit(desk.eid);
        std::array<OwnedBytes, 4> got;
        std::array<std::thread, 4> threads;
        const OwnedBytes ask = wrap(0xBF4F, {wrap(0x5A, {desk.eid})});
        for (size_t i = 0; i < threads.size(); ++i)
            threads[i] = std::thread([&, i] {
                auto answer = desk.w.eim.server.esipa(ask, desk.w.now);
                if (answer) got[i] = *answer;
            });
        for (auto& t : threads) t.join();
        std::set<std::string> different;
        for (const auto& g : got)
            if (!g.empty()) different.insert(hex(g));
        CHECK(different.size() == 1);
        const OwnedBytes request = desk.poll();
        const OwnedBytes result = desk.execute(request), second = desk.execute(request); // replayError
        CHECK(desk.provide(second).empty());
        CHECK(desk.provide(result).size() == 1);
        desk.serve();
        CHECK(desk.state(id) == eim::State::succeeded);
    }
}
