// SIGKILL at seeded moments of a lab run. Everybody ends confirmed, and three parties that cannot agree by
// accident show that nothing ran twice: the eIM's counters, the card's own counter and sequence, the SM-DP+'s
// notifications.
#include "tests/e2e/background.h"
#include "tests/e2e/site.h"
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <thread>

using namespace halyard;
using namespace halyard::e2e;

namespace {
constexpr int kDevices = 2;

// Kills what `victim` names (a prefix) `kills` times, 10 to 300 ms apart. Returns how many it really killed.
int harass(Background& lab, const std::string& victim, int kills, unsigned seed) {
    std::mt19937 random(seed);
    int done = 0;
    while (done < kills && lab.process.running()) {
        std::this_thread::sleep_for(milliseconds(10 + random() % 290));
        const Json pids = lab.pids();
        if (!pids.is_object()) continue;
        std::vector<int> candidates;
        for (const auto& [name, pid] : pids.items())
            if (name.starts_with(victim) && alive(pid.get<int>())) candidates.push_back(pid.get<int>());
        if (candidates.empty()) continue;
        done += ::kill(candidates[random() % candidates.size()], SIGKILL) == 0;
    }
    return done;
}

// What the plan of a lab does to each profile, as the card must report it. SGP.22 §3.5: enabling one disables
// the other, each with a notification of its own.
const std::map<std::string, int> kOperational{{"installed", 1}, {"enabled", 2}, {"disabled", 1}};
const std::map<std::string, int> kSpare{{"installed", 1}, {"enabled", 1}, {"disabled", 1}, {"deleted", 1}};
constexpr uint64_t kInstallations = 2, kNotifications = 6;

// What the SM-DP+ was told about one card.
struct Told {
    std::multiset<uint64_t> sequences;
    uint64_t interrupted = 0; // installations that lost their power: reported as failed, then done anew
};

std::map<std::string, int> events_of(const Json& order, Told& told) {
    std::map<std::string, int> out;
    for (const Json& n : order["notifications"]) {
        told.sequences.insert(n.value("sequence", uint64_t{0}));
        if (n["success"] == true) {
            ++out[n.value("event", "")];
            continue;
        }
        CHECK(n["event"] == "installed");
        ++told.interrupted;
    }
    return out;
}

size_t successes(const Json& order) {
    return static_cast<size_t>(
        std::ranges::count_if(order["notifications"], [](const Json& n) { return n["success"] == true; }));
}

Json order_at_smdp(const Site& site, const std::string& matching_id) {
    return cli({"smdp", "show", matching_id, "--state", site.path("smdp"), "--json"}).json();
}

// Notifications may still be on their way through the eIM.
Json settled_order(const Site& site, const std::string& matching_id, size_t notifications) {
    for (int i = 0; i < 200; ++i) {
        const Json order = order_at_smdp(site, matching_id);
        if (successes(order) >= notifications) return order;
        std::this_thread::sleep_for(milliseconds(100));
    }
    return order_at_smdp(site, matching_id);
}

// By EID.
std::map<std::string, Told> check_orders_at_smdp(const Site& site) {
    const auto orders = json_lines(cli({"smdp", "show", "--state", site.path("smdp"), "--json"}).out);
    REQUIRE(orders.size() == 2 * site.eids().size());
    std::map<std::string, Told> told;
    for (const Json& o : orders) {
        const auto& wanted = o["name"] == "Spare" ? kSpare : kOperational;
        const Json order = settled_order(site, o.value("matching_id", ""), 4);
        CAPTURE(order.dump());
        CHECK(order["state"] == "installed");
        CHECK(events_of(order, told[order.value("eid", "")]) == wanted);
    }
    for (const auto& [eid, t] : told) { // no notification under two numbers, no number twice
        const size_t all = kInstallations + kNotifications + t.interrupted;
        CHECK(t.sequences.size() == all);
        CHECK(std::set<uint64_t>(t.sequences.begin(), t.sequences.end()).size() == all);
    }
    return told;
}

struct Signed {
    uint64_t packages = 0, highest = 0; // counter
};
// Packages this eIM signed for the device; every one with a counter of its own, sent as signed the first
// time. A counter may be missing: it was reserved, and the eIM killed before it signed (RR-05).
Signed check_operations(const Site& site, const std::string& eid, bool eim_killed) {
    std::set<uint64_t> counters;
    Signed out;
    const auto operations = json_lines(site.eim({"operations", "list", "--eid", eid}).out);
    CHECK(operations.size() >= 8);
    for (const Json& o : operations) {
        CAPTURE(o.dump());
        CHECK(o["state"] == "succeeded");
        if (o["kind"] != "package") continue;
        ++out.packages;
        CHECK(o.value("offers", 0) >= 1);
        CHECK(o.value("attempts", 0) == 1);
        CHECK(counters.insert(o.value("counter", uint64_t{0})).second);
    }
    REQUIRE(!counters.empty());
    out.highest = *counters.rbegin();
    CHECK(out.highest >= out.packages);
    CHECK((out.highest == out.packages || eim_killed));
    return out;
}

void check_nothing_twice(const std::string& state, const std::string& victim) {
    const bool eim_killed = victim.empty() || victim == "eim";
    const bool devices_killed = victim.empty() || victim.starts_with("device");
    Site site(state);
    site.start_smdp();
    site.start_eim();
    for (size_t i = 0; i < site.eids().size(); ++i) {
        const Ran last = site.ipad(i); // what the devices still owe
        INFO(last);
        CHECK(last.status == 0);
    }
    const auto told = check_orders_at_smdp(site);
    for (size_t i = 0; i < site.eids().size(); ++i) {
        const uint64_t interrupted = told.at(site.eids()[i]).interrupted;
        CHECK((interrupted == 0 || devices_killed));
        const Signed from_eim = check_operations(site, site.eids()[i], eim_killed);
        const Json card = site.card(i);
        CAPTURE(card.dump());
        REQUIRE(card["eims"].size() == 1);
        CHECK(card["eims"][0]["counter"] == from_eim.highest);
        // Each effect on the card takes one number, from 0 on: results, installations, notifications.
        CHECK(card["next_seq"] == from_eim.packages + kInstallations + kNotifications + interrupted);
        CHECK(card["profiles"].size() == 2);
        CHECK(card["package_results"].empty());
        CHECK(card["notifications"].empty());
    }
}

void check_survives(const std::string& victim, int kills, unsigned seed, const std::string& download) {
    CAPTURE(victim);
    CAPTURE(seed);
    Background lab({"--devices",
                    std::to_string(kDevices),
                    "--once",
                    "--download",
                    download,
                    "--timeout",
                    "90",
                    "--seed",
                    std::to_string(seed)});
    const int killed = harass(lab, victim, kills, seed);
    CHECK((killed > 0) == (kills > 0));
    REQUIRE(lab.process.wait(std::chrono::seconds(120)));
    std::string report;
    while (const auto line = lab.process.line(milliseconds(1000))) report += *line;
    INFO(report);
    INFO(lab.said());
    REQUIRE(lab.process.status() == 0);
    CHECK(Json::parse(report).value("confirmed", 0) == kDevices);
    check_nothing_twice(lab.state, victim);
}
} // namespace

TEST_CASE("when nobody is killed, the evidence adds up") { check_survives("nobody", 0, 1, "both"); }

TEST_CASE("when the eIM is killed again and again, every device ends confirmed and nothing runs twice") {
    check_survives("eim", 8, 11, "direct");
    check_survives("eim", 8, 12, "indirect");
}

TEST_CASE("when the SM-DP+ is killed again and again, every device ends confirmed and nothing runs twice") {
    check_survives("smdp", 8, 21, "direct");
    check_survives("smdp", 8, 22, "indirect");
}

TEST_CASE("when devices are killed again and again, every one ends confirmed and nothing runs twice") {
    check_survives("device-", 12, 31, "direct");
    check_survives("device-", 12, 32, "indirect");
}

// More of the same for those who have time: HALYARD_E2E_KILL_RUNS=100, seeds from HALYARD_E2E_KILL_SEED on.
TEST_CASE("when anybody is killed in many more runs, every device ends confirmed and nothing runs twice") {
    const char *runs = std::getenv("HALYARD_E2E_KILL_RUNS"), *first = std::getenv("HALYARD_E2E_KILL_SEED");
    const char* const modes[] = {"direct", "indirect", "both"};
    const auto from = static_cast<unsigned>(first ? std::atoi(first) : 1000);
    for (unsigned i = 0; runs && i < static_cast<unsigned>(std::atoi(runs)); ++i)
        check_survives("", 15, from + i, modes[i % 3]);
}

TEST_CASE("when anybody is killed at any time, every device ends confirmed and nothing runs twice") {
    check_survives("", 15, 41, "both");
    check_survives("", 15, 42, "both");
}
