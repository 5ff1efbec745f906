#include "apps/common/peer_ledger.h"
#include "base/log.h"
#include "store/eim_store.h"
#include "store/smdp_store.h"
#include <cstdlib>
#include <doctest/doctest.h>
#include <filesystem>

using namespace halyard;
using app::PeerLedger;

namespace {
std::vector<std::string> lines;
void keep(LogLevel, std::string_view line) { lines.emplace_back(line); }
struct Listening {
    Listening() {
        lines.clear();
        set_log_sink(keep);
    }
    ~Listening() { set_log_sink(nullptr); }
};
void meet(PeerLedger& ledger, const char* name, const char* what, const char* where, Time now = Time(1)) {
    const PeerScope scope;
    PeerScope::name_peer(name);
    REQUIRE(tolerate(what, where));
    ledger.add(scope, "192.0.2.7", now);
}
} // namespace

TEST_CASE("when a peer deviates again, it is counted; the first of each kind is logged for each peer") {
    const Listening listening;
    PeerLedger ledger;
    meet(ledger, "eid 1", "long length", "iccid");
    meet(ledger, "eid 1", "long length", "iccid");
    meet(ledger, "eid 1", "long length", "eidValue");
    meet(ledger, "eid 2", "long length", "iccid");
    REQUIRE(lines.size() == 3);
    CHECK(lines[0] == "eid 1: tolerated long length at iccid; from now on counted only");
    CHECK(lines[2] == "eid 2: tolerated long length at iccid; from now on counted only");
    const auto kinds = ledger.of("eid 1");
    REQUIRE(kinds.size() == 2);
    CHECK(kinds[0].count == 2);
    CHECK(kinds[1].where == std::string_view("eidValue"));
}

TEST_CASE("when nobody names the peer, the address stands for it") {
    PeerLedger ledger;
    meet(ledger, "", "long length", "iccid");
    CHECK(ledger.of("192.0.2.7").size() == 1);
    const PeerScope nothing_met;
    ledger.add(nothing_met, "192.0.2.8", Time(1));
    CHECK(ledger.of("192.0.2.8").empty());
}

TEST_CASE("when there are more peers than places, the rest shares one entry") {
    PeerLedger ledger;
    for (size_t i = 0; i < PeerLedger::kMaxPeers + 10; ++i)
        ledger.add("peer " + std::to_string(i), "no User-Agent", "header", Time(1));
    CHECK(ledger.of("others").front().count == 10);
    CHECK(ledger.peers("", 1'000'000).size() == PeerLedger::kMaxPeers + 1);
    const auto page = ledger.peers("peer 99", 2);
    REQUIRE(page.size() == 2);
    CHECK(page[0].peer == "peer 990");
}

namespace {
struct Directory {
    Directory() {
        std::string name = (std::filesystem::temp_directory_path() / "ledger_XXXXXX").string();
        REQUIRE(mkdtemp(name.data()));
        path = name;
    }
    ~Directory() { std::filesystem::remove_all(path); }
    std::filesystem::path path;
};
size_t rows(store::Database& database) {
    size_t n = 0;
    REQUIRE(database.read([&](store::Connection& c) -> Ok {
        auto q = TRY(c.prepare("SELECT count(*) FROM deviations"));
        if (TRY(q.step())) n = static_cast<size_t>(q.integer(0));
        return {};
    }));
    return n;
}
} // namespace

TEST_CASE("when a server begins again, what peers did before is known, counted on, and not logged again") {
    const Directory directory;
    const auto run = [&](auto open) {
        {
            const auto store = *open();
            PeerLedger ledger;
            REQUIRE(ledger.load(store->database()));
            meet(ledger, "eid 1", "long length", "iccid", Time(1000));
            meet(ledger, "eid 1", "long length", "iccid", Time(2000));
            meet(ledger, "eid 2", "long length", "eidValue", Time(3000));
            CHECK(rows(store->database()) == 0); // counting writes nothing
            REQUIRE(ledger.save(store->database()));
            meet(ledger, "eid 2", "long length", "eidValue", Time(4000)); // lost: nobody saved it
        }
        const Listening listening;
        const auto store = *open();
        PeerLedger ledger;
        REQUIRE(ledger.load(store->database()));
        meet(ledger, "eid 1", "long length", "iccid", Time(9000));
        CHECK(lines.empty());
        const auto kinds = ledger.of("eid 1");
        REQUIRE(kinds.size() == 1);
        CHECK(kinds[0].count == 3);
        CHECK(kinds[0].first == Time(1000));
        CHECK(kinds[0].last == Time(9000));
        CHECK(ledger.of("eid 2").front().count == 1);
        meet(ledger, "eid 1", "indefinite length", "iccid");
        CHECK(lines.size() == 1);
        REQUIRE(ledger.save(store->database()));
        CHECK(rows(store->database()) == 3);
    };
    run([&] { return store::EimStore::open(directory.path / "eim.db"); });
    run([&] { return store::SmdpStore::open(directory.path / "smdp.db"); });
}

TEST_CASE("when the disk fails, what could not be written is written the next time") {
    const auto good = *store::EimStore::open_in_memory();
    const auto bad = *store::EimStore::open_in_memory();
    REQUIRE(bad->database().write([](store::Connection& c) { return c.execute("DROP TABLE deviations"); }));
    PeerLedger ledger;
    for (int i = 0; i < 1200; ++i) meet(ledger, ("eid " + std::to_string(i)).c_str(), "long length", "iccid");
    CHECK_FALSE(ledger.save(bad->database()));
    REQUIRE(ledger.save(good->database()));
    CHECK(rows(good->database()) == 1200); // several batches
    PeerLedger next;
    REQUIRE(next.load(good->database()));
    CHECK(next.peers("", 10'000).size() == 1200);
}
