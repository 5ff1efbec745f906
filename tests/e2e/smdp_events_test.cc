// The SM-DP+ tells SM-DS where profiles wait, by itself: registered on release, deleted when that is over,
// and nothing lost while the SM-DS is away or the SM-DP+ is killed. SGP.22 §3.6.1, §5.3.2 to §5.3.4
#include "tests/e2e/smds_ground.h"
#include <thread>

using namespace halyard;
using namespace halyard::e2e;

namespace {
constexpr const char* kIccid = "8900101000000000010";

struct World {
    Ground ground;
    Smds smds{ground, "smds.halyard.test", ground.pki};
    app::Process smdp;
    std::string state = ground.directory / "smdp";

    World() {
        smds.start(); // to learn its ports
        const Ran sample = cli({"profile",
                                "sample",
                                "--iccid",
                                kIccid,
                                "--imsi",
                                "001010000000001",
                                "--out",
                                ground.directory / "sample.der"});
        INFO(sample);
        REQUIRE(sample.status == 0);
        write_text(ground.directory / "stock.ndjson",
                   R"({"profile":"sample.der","type":"data"})"
                   "\n");
        const Ran stock = smdp_cli({"import", "--stock", ground.directory / "stock.ndjson"});
        INFO(stock);
        REQUIRE(stock.status == 0);
    }
    Ran smdp_cli(Words words) const {
        words.insert(words.begin(), "smdp");
        words.insert(words.end(), {"--state", state});
        return cli(words);
    }
    void start_smdp() {
        auto started = app::Process::start({{program("halyard"),
                                             "smdp",
                                             "serve",
                                             "--lab",
                                             "--state",
                                             state,
                                             "--pki",
                                             ground.pki,
                                             "--port",
                                             "0",
                                             "--root-smds",
                                             smds.name,
                                             "--resolve",
                                             smds.name + "=" + smds.es12()},
                                            ground.directory / "smdp.log"});
        REQUIRE(started);
        smdp = std::move(*started);
        REQUIRE(smdp.line(kLong));
    }
    void kill_smdp() {
        smdp.signal(SIGKILL);
        REQUIRE(smdp.wait(kLong));
    }
    /// Ordered, confirmed and released, with an event at the SM-DS.
    void order(const std::string& matching_id) {
        REQUIRE(smdp_cli({"order", "--iccid", kIccid, "--eid", ground.eid}).status == 0);
        const Ran confirmed = smdp_cli({"confirm",
                                        kIccid,
                                        "--eid",
                                        ground.eid,
                                        "--matching-id",
                                        matching_id,
                                        "--smds",
                                        smds.name,
                                        "--release"});
        INFO(confirmed);
        REQUIRE(confirmed.status == 0);
    }
    /// Within a minute the SM-DS has so many.
    bool has_events(size_t wanted) const {
        for (int i = 0; i < 600; ++i) {
            if (smds.events().size() == wanted) return true;
            std::this_thread::sleep_for(milliseconds(100));
        }
        return false;
    }
};
} // namespace

TEST_CASE(
    "when an order names an SM-DS, its event comes and goes with the order, whoever is down meanwhile") {
    World w;
    w.smds.kill();
    w.start_smdp();
    w.order("EVENT-1");
    w.kill_smdp(); // before anybody was told
    w.smds.start();
    CHECK(w.smds.events().empty());
    w.start_smdp();
    REQUIRE(w.has_events(1));
    const Json event = w.smds.events()[0];
    CHECK(event["event_id"] == "EVENT-1");
    CHECK(event["eid"] == w.ground.eid);
    CHECK(event["rsp_server_address"] == "smdp.halyard.test");
    CHECK(event["forwarding_indicator"] == false); // it is the root

    w.smds.kill();
    const Ran cancelled = w.smdp_cli({"cancel", kIccid, "--available"});
    INFO(cancelled);
    REQUIRE(cancelled.status == 0);
    w.smds.start();
    CHECK(w.has_events(0));

    w.order("EVENT-2");
    CHECK(w.has_events(1));
    CHECK(w.smds.events().at(0)["event_id"] == "EVENT-2");
}

TEST_CASE("when an address is no SM-DS's, or given twice, the SM-DP+ does not start") {
    World w;
    const auto refused = [&](Words more) {
        Words words{"smdp", "serve", "--lab", "--state", w.state, "--pki", w.ground.pki, "--port", "0"};
        words.insert(words.end(), more.begin(), more.end());
        return cli(words, std::chrono::seconds(20));
    };
    for (const Words& more :
         {Words{"--smds", "two words"}, Words{"--smds", "a.example", "--root-smds", "a.example"}}) {
        const Ran ran = refused(more);
        INFO(ran);
        CHECK(ran.status == 1);
        CHECK(contains(ran.err, "smds"));
    }
}
