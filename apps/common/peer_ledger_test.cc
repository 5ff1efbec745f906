#include "apps/common/peer_ledger.h"
#include "base/log.h"
#include <doctest/doctest.h>

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
void meet(PeerLedger& ledger, const char* name, const char* what, const char* where) {
    const PeerScope scope;
    PeerScope::name_peer(name);
    REQUIRE(tolerate(what, where));
    ledger.add(scope, "192.0.2.7");
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
    ledger.add(nothing_met, "192.0.2.8");
    CHECK(ledger.of("192.0.2.8").empty());
}

TEST_CASE("when there are more peers than places, the rest shares one entry") {
    PeerLedger ledger;
    for (size_t i = 0; i < PeerLedger::kMaxPeers + 10; ++i)
        ledger.add("peer " + std::to_string(i), "no User-Agent", "header");
    CHECK(ledger.of("others").front().count == 10);
    CHECK(ledger.peers("", 1'000'000).size() == PeerLedger::kMaxPeers + 1);
    const auto page = ledger.peers("peer 99", 2);
    REQUIRE(page.size() == 2);
    CHECK(page[0].peer == "peer 990");
}
