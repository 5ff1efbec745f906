// The SM-DP+ killed at random moments while an operator orders and two eUICCs race for each profile. What was
// answered is written down here, outside of it. RR-01, RR-04
#include "apps/common/pki_files.h"
#include "crypto/hash.h"
#include "net/https_client.h"
#include "net/https_server.h"
#include "tests/e2e/shop.h"
#include "tests/loop/world.h"
#include <algorithm>
#include <future>
#include <mutex>
#include <set>
#include <thread>

using namespace halyard;
using namespace halyard::e2e;

namespace {
constexpr unsigned kProfiles = 4;

/// Where the operator hears of downloads: "ICCID point", and whether it went well.
class Listener {
  public:
    explicit Listener(const Shop& shop) {
        net::HttpsServer::Options o;
        o.certificate_file = shop.path("pki/smds-tls.pem");
        o.key_file = shop.path("pki/smds-tls.key");
        REQUIRE(https_.start(o, [this](const net::Request& r) {
            const Json m = Json::parse(text_of(r.body), nullptr, false);
            const std::lock_guard lock(mutex_);
            if (m.is_object() && m["notificationPointStatus"].value("status", "") == "Executed-Success")
                heard_.insert(m.value("iccid", "") + " " + std::to_string(m.value("notificationPointId", 0)));
            return net::Response{.status = 204};
        }));
    }
    ~Listener() { https_.stop(); }
    std::string at() const { return "127.0.0.1:" + std::to_string(https_.port()); }
    bool heard(const std::string& what) {
        for (int i = 0; i < 600; ++i) {
            {
                const std::lock_guard lock(mutex_);
                if (heard_.contains(what)) return true;
            }
            std::this_thread::sleep_for(milliseconds(100));
        }
        return false;
    }

  private:
    std::mutex mutex_;
    std::set<std::string> heard_;
    net::HttpsServer https_;
};

/// The server, which dies now and then, and comes back at the same ports.
struct Mortal {
    Shop& shop;
    Words options;
    loop::SeededRandom dice{73};
    int es2_port = 0, deaths = 0;

    Mortal(Shop& s, const Listener& listener) : shop(s) {
        const auto certificate = app::PkiDirectory{shop.path("pki")}.certificate("smds-tls");
        REQUIRE(certificate);
        write_text(shop.path("operators.json"),
                   Json::array({{{"id", "default"},
                                 {"functionRequesterIdentifier", "2.999.77"},
                                 {"certificateSha256", hex(crypto::sha256({certificate->der}))},
                                 {"callback", "https://smds.halyard.test:9443"}}})
                       .dump());
        options = {"--es2-client-ca",
                   shop.path("pki/ci.pem"),
                   "--operators",
                   shop.path("operators.json"),
                   "--resolve",
                   "smds.halyard.test:9443=" + listener.at()};
        start();
    }
    void start() {
        Words more = options;
        more.insert(more.end(), {"--es2-port", std::to_string(es2_port)});
        shop.start_smdp(more);
        const std::string url = shop.smdp_line.value("es2", "");
        es2_port = std::atoi(url.substr(url.rfind(':') + 1).c_str());
    }
    /// Dies up to `most` times until `done`; the pauses are the randomness of this test.
    template <class Done> void haunt(int most, Done&& done) {
        for (int i = 0; !done();) {
            std::this_thread::sleep_for(milliseconds(dice.next() % 25));
            if (i == most || done()) continue;
            shop.kill_smdp();
            start();
            ++i;
            ++deaths;
        }
    }
};

/// One ES2+ call, sent until it is answered; the answer.
Json until_answered(
    const Shop& shop, int port, const std::string& function, Json body, const std::string& id) {
    net::HttpsClient::Options to;
    to.trust.anchors_pem = read_text(shop.path("pki/ci.pem"));
    to.connect_to["smdp.halyard.test"] = "127.0.0.1:" + std::to_string(port);
    to.certificate_file = shop.path("pki/smds-tls.pem");
    to.key_file = shop.path("pki/smds-tls.key");
    auto http = net::HttpsClient::open(std::move(to));
    auto url = net::parse_url("https://smdp.halyard.test/gsma/rsp2/es2plus/" + function, "url");
    if (!http || !url) return {};
    body["header"] = {{"functionRequesterIdentifier", "2.999.77"}, {"functionCallIdentifier", id}};
    net::Request request;
    request.headers = {{"Content-Type", "application/json"}, {"X-Admin-Protocol", "gsma/rsp/v2.5.0"}};
    const std::string text = body.dump();
    request.body = owned(bytes_of(text));
    for (int i = 0; i < 600; ++i) {
        const auto answer = http->exchange(*url, request);
        if (answer && answer->status == 200) return Json::parse(text_of(answer->body), nullptr, false);
        std::this_thread::sleep_for(milliseconds(50));
    }
    return {};
}

Json call(Mortal& server, const std::string& function, const Json& body, const std::string& id) {
    auto answer = std::async(
        std::launch::async, [&] { return until_answered(server.shop, server.es2_port, function, body, id); });
    server.haunt(2, [&] { return answer.wait_for(milliseconds(0)) == std::future_status::ready; });
    Json said = answer.get();
    INFO(said.dump());
    REQUIRE(said["header"]["functionExecutionStatus"]["status"] == "Executed-Success");
    return said;
}

bool has(const Shop& shop, size_t card, const std::string& iccid) {
    const auto all = json_lines(
        cli({"lpa", "profiles", "--card", "sim:" + shop.path("card" + std::to_string(card)), "--json"}).out);
    return std::any_of(all.begin(), all.end(), [&](const Json& p) { return p.value("iccid", "") == iccid; });
}
} // namespace

TEST_CASE(
    "when the SM-DP+ is killed at any time, no profile goes to two eUICCs and nothing acknowledged is lost") {
    Shop shop(kProfiles, 2);
    Listener listener(shop);
    Mortal server(shop, listener);
    std::set<std::string> iccids;
    for (unsigned n = 0; n < kProfiles; ++n) {
        INFO("profile " << n);
        const std::string id = std::to_string(n);
        const std::string iccid = call(server, "downloadOrder", {{"profileType", "data"}}, "d" + id)["iccid"];
        CHECK(iccids.insert(iccid).second); // never the same one twice
        const Json confirmed =
            call(server, "confirmOrder", {{"iccid", iccid}, {"releaseFlag", true}}, "c" + id);
        write_text(shop.path("code"), "1$smdp.halyard.test$" + confirmed.value("matchingId", "") + "\n");

        std::vector<app::Process> racers;
        for (size_t card = 0; card < 2; ++card) {
            auto started = app::Process::start({shop.lpa_command({"download",
                                                                  "--es9",
                                                                  card ? "asn1" : "json",
                                                                  "--activation-code-file",
                                                                  shop.path("code"),
                                                                  "--patience",
                                                                  "60"},
                                                                 card),
                                                shop.path("lpa.log")});
            REQUIRE(started);
            racers.push_back(std::move(*started));
        }
        server.haunt(6, [&] { return !racers[0].running() && !racers[1].running(); });
        INFO(read_text(shop.path("lpa.log")));
        std::vector<Json> said;
        for (app::Process& p : racers) {
            const auto line = p.line(std::chrono::seconds(1));
            REQUIRE(line);
            said.push_back(Json::parse(*line, nullptr, false));
            INFO(*line);
        }
        INFO(said[0].dump() << said[1].dump());
        CHECK((said[0]["installed"] == true) != (said[1]["installed"] == true));
        const size_t winner = said[0]["installed"] == true ? 0 : 1;
        CHECK(racers[winner].status() == 0);
        CHECK(said[1 - winner].contains("refused"));
        CHECK(has(shop, winner, iccid));
        CHECK_FALSE(has(shop, 1 - winner, iccid));
        const Json order = cli({"smdp", "show", iccid, "--state", shop.path("smdp"), "--json"}).json();
        CHECK(order["state"] == "installed");
        CHECK(order["eid"] == shop.eid(winner));
    }
    MESSAGE("killed " << server.deaths << " times");
    CHECK(server.deaths >= 8); // or it was not tried
    for (const std::string& iccid : iccids)
        for (const char* point : {"1", "3", "4"})
            CHECK_MESSAGE(listener.heard(iccid + " " + point), iccid, point);
}
