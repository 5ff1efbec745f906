// What an operator of SM-DP+ and SM-DS sees: metrics, health, logs, and how a server ends.
#include "net/testing.h"
#include "tests/e2e/service.h"
#include <csignal>
#include <sstream>

using namespace halyard;
using namespace halyard::e2e;

namespace {
constexpr const char* kIccid = "8900101000000000010";
constexpr const char* kCode = "27182818";
constexpr const char* kK = "00112233445566778899AABBCCDDEEFF";
constexpr const char* kOpc = "FFEEDDCCBBAA99887766554433221100";
constexpr const char* kPin = "7531";
constexpr const char* kMatchingId = "CANARY-MATCHING-ID";

// One profile with a confirmation code, and every secret that it can have.
void place_order(const Service& s) {
    const Ran sample =
        cli({"profile", "sample", "--iccid", kIccid, "--imsi", "001010000000001", "--out", s.d / "a.der"});
    REQUIRE(sample.status == 0);
    write_text(s.d / "stock",
               Json{{"profile", "a.der"},
                    {"iccid", kIccid},
                    {"imsi", "001010000000001"},
                    {"k", kK},
                    {"opc", kOpc},
                    {"pin1", kPin},
                    {"puk1", "86427531"}}
                   .dump());
    write_text(s.d / "code", kCode);
    for (const Words& more :
         {Words{"import", "--lab", "--stock", s.d / "stock"},
          Words{"order", "--iccid", kIccid},
          Words{"confirm", kIccid, "--matching-id", kMatchingId, "--code-file", s.d / "code", "--release"}}) {
        Words command{"smdp"};
        command.insert(command.end(), more.begin(), more.end());
        command.insert(command.end(), {"--state", s.d / "state"});
        const Ran ran = cli(command);
        INFO(ran);
        REQUIRE(ran.status == 0);
    }
}

// A download, with wrong attempts before it.
void download(const Service& s) {
    ServicePhone phone(s);
    REQUIRE(loop::codes(phone.hand.initiate()) == "");
    phone.hand.matching_id = "WRONG-ONE";
    CHECK(loop::codes(phone.hand.authenticate()) == "8.2.6/3.8");
    phone.hand.matching_id = kMatchingId;
    REQUIRE(loop::codes(phone.hand.authenticate()) == "");
    phone.hand.confirmation_code = "00000000";
    CHECK(loop::codes(phone.hand.package()) == "8.2.7/3.8");
    phone.hand.confirmation_code = kCode;
    REQUIRE(loop::codes(phone.hand.package()) == "");
    phone.hand.send(phone.hand.installation_message(1, kIccid));
}

// The series in the page, read by the parser of Prometheus' own Python client, as "name{labels} value".
std::string parsed(const std::string& file) {
    const Ran ran = shell("/usr/bin/python3 -c 'import sys; from prometheus_client.parser import "
                          "text_string_to_metric_families as p\n"
                          "for f in p(open(sys.argv[1]).read()):\n"
                          "  print(\"family\", f.name, f.type)\n"
                          "  for s in f.samples: print(s.name, sorted(s.labels.items()), s.value)' " +
                          file);
    INFO(ran);
    REQUIRE(ran.status == 0);
    return ran.out;
}
} // namespace

TEST_CASE("when a profile is downloaded, metrics tell of it, in a form that Prometheus' own parser reads") {
    Service s("smdp");
    place_order(s);
    s.start();
    CHECK(s.becomes(200, "store: ok"));
    download(s);
    const auto requests = [](const char* function, const char* code) {
        return std::string("halyard_requests_total{interface=\"ES9+\",function=\"") + function +
               "\",code=\"" + code + "\"}";
    };
    CHECK(s.metric(requests("initiateAuthentication", "ok")) == 1);
    CHECK(s.metric(requests("authenticateClient", "8.2.6/3.8")) == 1);
    CHECK(s.metric(requests("authenticateClient", "ok")) == 1);
    CHECK(s.metric(requests("getBoundProfilePackage", "8.2.7/3.8")) == 1);
    CHECK(s.metric(requests("getBoundProfilePackage", "ok")) == 1);
    CHECK(s.metric(requests("handleNotification", "ok")) == 1);
    CHECK(shell("curl -sk https://" + s.at("listening") + "/nothing").status == 0);
    CHECK(s.metric(requests("none", "http 404")) == 1);
    CHECK(s.metric("halyard_request_seconds_count{interface=\"ES9+\",function=\"authenticateClient\"}") == 2);
    CHECK(s.metric("halyard_tls_handshakes_total{interface=\"ES9+\",result=\"done\"}").value_or(0) >= 2);
    CHECK(shell("curl -s https://" + s.at("listening")).status == 60); // does not know our CI
    CHECK(s.reaches("halyard_tls_handshakes_total{interface=\"ES9+\",result=\"failed\"}", 1));
    CHECK(s.reaches("halyard_orders{state=\"installed\"}", 1)); // counted every ten seconds
    CHECK(s.metric("halyard_outbox_messages") == 0);
    CHECK(s.metric("halyard_certificate_days_left{certificate=\"smdp-tls\"}").value_or(0) > 300);
    CHECK(s.metric("halyard_draining") == 0);
    const Page page = s.get("/metrics");
    write_text(s.d / "page", page.body);
    const std::string all = parsed(s.d / "page");
    CHECK(contains(all, "family halyard_requests counter"));
    CHECK(contains(all, "family halyard_request_seconds histogram"));
    CHECK(contains(all,
                   "halyard_requests_total [('code', 'ok'), ('function', 'authenticateClient'), "
                   "('interface', 'ES9+')] 1.0"));
    CHECK(contains(all, "halyard_build_info [('service', 'smdp'), ('version', '0.1.0')] 1.0"));
    const std::string table = read_text("docs/operations.md");
    std::istringstream lines(page.body);
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with("# TYPE ")) {
            CAPTURE(line);
            CHECK(contains(table, "`" + line.substr(7, line.find(' ', 7) - 7) + "`"));
        }
    CHECK(shell("curl -sS -o /dev/null -w '%{content_type}\\n' http://" + s.at("metrics") + "/metrics").out ==
          "text/plain; version=0.0.4; charset=utf-8\n");
    CHECK(s.get("/healthz").body == "ok\n");
    CHECK(s.get("/other").status == 404);
    CHECK(shell("curl -sS -o /dev/null -w '%{http_code}\\n' -X DELETE http://" + s.at("metrics") + "/metrics")
              .out == "405\n");
    s.stop();
}

TEST_CASE("when everything is logged, no secret is in any output and identifiers are masked") {
    Service s("smdp");
    place_order(s);
    s.start("[log]\nformat = 'json'\nlevel = 'debug'\nrequests = true\n");
    download(s);
    // Line breaks in what a stranger sends stay within their entry.
    write_text(s.d / "body", "x\n{\"level\":\"forged\"}");
    write_text(s.d / "header", "User-Agent: a\tb{\"level\":\"forged\"}\nContent-Type: text/\"\n");
    CHECK(shell("curl -sk --data-binary @" + (s.d / "body") + " -H @" + (s.d / "header") + " https://" +
                s.at("listening") + "/gsma/rsp2/es9plus/authenticateClient")
              .status == 0);
    CHECK(s.becomes(200, "store: ok"));
    const std::string outputs = s.get("/metrics").body + s.get("/readyz").body;
    s.stop();
    const std::string log = s.log();
    const auto lines = json_lines(log);
    REQUIRE(lines.size() > 5);
    bool request_seen = false, draining_seen = false;
    for (const Json& l : lines) {
        INFO(l.dump());
        REQUIRE(l.is_object());
        for (const char* member : {"time", "level", "event"}) CHECK(l.contains(member));
        CHECK(l.value("level", "") != "forged");
        request_seen = request_seen || (l["event"] == "request" && l["function"] == "getBoundProfilePackage");
        draining_seen = draining_seen || l["event"] == "draining";
    }
    CHECK(request_seen);
    CHECK(draining_seen);
    const std::string eid = to_text(app::PkiDirectory{s.d / "pki"}.eids()->front());
    std::string folded = log + outputs + s.said.dump();
    std::ranges::transform(folded, folded.begin(), [](char c) { return static_cast<char>(std::toupper(c)); });
    for (const std::string secret :
         {kCode, kK, kOpc, kPin, "86427531", kMatchingId, "WRONG-ONE", kIccid, "001010000000001"})
        CHECK_MESSAGE(!contains(folded, secret), secret);
    CHECK(!contains(folded, eid));
    const OwnedBytes key = *app::read_file(s.d / "state/storage.key");
    CHECK(!contains(folded, hex(key)));
    CHECK(!contains(folded, hex(Bytes(key).first(8))));
}

TEST_CASE("when a server is told to end, it says that it is not ready and lets requests end") {
    Service s("smds");
    s.start("[drain]\nseconds = 3\n");
    CHECK(s.becomes(200, "server: ok"));
    // A request that never ends keeps the server for as long as the drain grants, and no longer.
    const std::string host = s.at("listening");
    net::testing::RawClient hanging(static_cast<uint16_t>(std::atoi(host.c_str() + host.find(':') + 1)));
    REQUIRE(hanging.shake_hands());
    REQUIRE(hanging.send("POST /gsma/rsp2/asn1 HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n"
                         "Expect: 100-continue\r\n\r\n"));
    CHECK(hanging.receive(25) == "HTTP/1.1 100 Continue\r\n\r\n");
    const auto began = std::chrono::steady_clock::now();
    s.process.signal(SIGTERM);
    CHECK(s.becomes(503, "server: draining"));
    CHECK(s.metric("halyard_draining") == 1);
    CHECK(shell("curl -sk --max-time 5 https://" + host).status == 7); // nobody listens there any more
    REQUIRE(s.process.wait(std::chrono::seconds(20)));
    const auto took = std::chrono::steady_clock::now() - began;
    CHECK(s.process.status() == 0);
    CHECK(took > milliseconds(2500));
    CHECK(contains(s.log(), "draining: seconds=3"));
    CHECK(s.get("/healthz").status == 0);
}

TEST_CASE("when the port for metrics is taken, the server says so and does not start") {
    Service s("smds");
    s.start();
    const Ran ran =
        cli({"smds", "serve", "--state", s.d / "other", "--pki", s.d / "pki", "--metrics", s.at("metrics")});
    CHECK(ran.status == 1);
    CHECK(contains(ran.err, "unreachable at metrics"));
    CHECK(cli({"smds", "serve", "--state", s.d / "other", "--pki", s.d / "pki", "--metrics", "x"}).status ==
          2);
    s.stop();
}
