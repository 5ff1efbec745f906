// What one source may ask of a server: each limit provoked over real connections.
#include "binding/json_members.h"
#include "net/testing.h"
#include "tests/e2e/service.h"

using namespace halyard;
using namespace halyard::e2e;

namespace {
/// An ES9+ or ES11 message by curl: status and Retry-After ("200 ").
std::string post(const Service& s, Bytes message) {
    write_text(s.d / "message", std::string(text_of(binding::tlv(0xA2, message))));
    const Ran ran = shell(
        "curl -sS --max-time 20 --cacert " + (s.d / "pki/ci.pem") + " --connect-to " + s.kind +
        ".halyard.test:443:" + s.at("listening") + " -o /dev/null --data-binary @" + (s.d / "message") +
        " -H 'Content-Type: application/x-gsma-rsp-asn1' -w '%{http_code} %header{Retry-After}\\n' https://" +
        s.kind + ".halyard.test/gsma/rsp2/asn1");
    INFO(ran);
    REQUIRE(ran.status == 0);
    return ran.out.substr(0, ran.out.size() - 1);
}

std::string place(const Service& s, const std::string& iccid, const Words& more) {
    const Ran sample =
        cli({"profile", "sample", "--iccid", iccid, "--imsi", "001010000000001", "--out", s.d / "a.der"});
    REQUIRE(sample.status == 0);
    Words command{"smdp", "order", "--lab", "--state", s.d / "state", "--profile", s.d / "a.der", "--json"};
    command.insert(command.end(), more.begin(), more.end());
    const Ran ran = cli(command);
    INFO(ran);
    REQUIRE(ran.status == 0);
    return ran.json().value("matching_id", "");
}

// The answer's octets to a matching id in a session of its own.
std::string answer_to(ServicePhone& phone, const std::string& matching_id) {
    REQUIRE(loop::codes(phone.hand.initiate()) == "");
    phone.hand.matching_id = matching_id;
    const auto answer = phone.hand.authenticate();
    return hex(answer.der) + " " + loop::codes(answer);
}

std::string limited(const char* interface, const char* limit) {
    return std::string("halyard_limited_total{interface=\"") + interface + "\",limit=\"" + limit + "\"}";
}
} // namespace

TEST_CASE("when a source guesses matching ids, all wrong ones sound alike, and soon it has to wait") {
    Service s("smdp");
    const std::string right = place(s, "8900101000000000010", {});
    const std::string expired = place(s, "8900101000000000028", {"--expires", "2026-01-01"});
    const std::string used = place(s, "8900101000000000036", {});
    const std::string withdrawn = place(s, "8900101000000000044", {});
    REQUIRE(cli({"smdp", "cancel", "--state", s.d / "state", withdrawn}).status == 0);
    s.start("[limits]\nexempt = []\nguesses_burst = 4\n");
    ServicePhone phone(s), owner(s, 1);
    owner.hand.matching_id = used;
    REQUIRE(owner.hand.download());
    owner.hand.send(owner.hand.installation_message(1, "8900101000000000036"));
    const std::string unknown = answer_to(phone, "UNKNOWN");
    CHECK(unknown.ends_with(" 8.2.6/3.8"));
    CHECK(answer_to(phone, expired) == unknown);
    CHECK(answer_to(phone, used) == unknown);
    CHECK(answer_to(phone, withdrawn) == unknown);
    REQUIRE(loop::codes(phone.hand.initiate()) == "");
    phone.hand.matching_id = right;
    CHECK(post(s, phone.hand.client_message()) == "429 10"); // even the right one
    CHECK(post(s, phone.hand.initiate_message()) == "200 "); // other things it may do
    CHECK(s.metric(limited("ES9+", "guesses")) == 1);
    CHECK(contains(s.log(), "limited: interface=ES9+ limit=guesses peer=127.0.0.1:"));
    s.stop();
}

TEST_CASE(
    "when a source asks for costly work again and again, it is told to come back; notifications still pass") {
    Service s("smds");
    s.start("[limits]\nexempt = []\ncostly_burst = 3\ncostly_per_second = 1\nrequests_burst = "
            "6\nrequests_per_second = 1\n");
    ServicePhone phone(s);
    const OwnedBytes message = phone.hand.initiate_message();
    std::string answers;
    for (int i = 0; i < 12; ++i) answers += post(s, message) + ",";
    CAPTURE(answers);
    CHECK(answers.starts_with("200 ,200 ,200 ,"));
    CHECK(contains(answers, "429 1,"));
    CHECK(s.metric(limited("ES11", "costly")).value_or(0) >= 1);
    CHECK(s.metric(limited("ES11", "requests")).value_or(0) >= 1);
    // Paths that lead nowhere count too: the last of these finds the bucket empty.
    const Ran ran = shell("for i in 1 2 3 4 5 6 7 8; do curl -sk -o /dev/null -w '%{http_code}\\n' https://" +
                          s.at("listening") + "/x; done");
    CHECK(contains(ran.out, "429\n"));
    s.stop();
}

TEST_CASE("when a source sends wrong confirmation codes for order after order, it has to wait") {
    Service s("smdp");
    write_text(s.d / "code", "27182818");
    for (const std::string iccid : {"8900101000000000010", "8900101000000000028", "8900101000000000036"}) {
        const Ran sample =
            cli({"profile", "sample", "--iccid", iccid, "--imsi", "001010000000001", "--out", s.d / "a.der"});
        REQUIRE(sample.status == 0);
        write_text(s.d / "stock", R"({"profile":"a.der"})");
        REQUIRE(cli({"smdp", "import", "--lab", "--stock", s.d / "stock", "--state", s.d / "state"}).status ==
                0);
        REQUIRE(cli({"smdp", "order", "--iccid", iccid, "--state", s.d / "state"}).status == 0);
        REQUIRE(cli({"smdp",
                     "confirm",
                     iccid,
                     "--matching-id",
                     "M" + iccid,
                     "--code-file",
                     s.d / "code",
                     "--release",
                     "--state",
                     s.d / "state"})
                    .status == 0);
    }
    s.start("[limits]\nexempt = []\ncodes_burst = 2\ncodes_per_minute = 1\n");
    ServicePhone phone(s);
    const auto begin = [&](const char* iccid) {
        REQUIRE(loop::codes(phone.hand.initiate()) == "");
        phone.hand.matching_id = std::string("M") + iccid;
        REQUIRE(loop::codes(phone.hand.authenticate()) == "");
        phone.hand.confirmation_code = "00000000";
    };
    for (const char* iccid : {"8900101000000000010", "8900101000000000028"}) {
        begin(iccid);
        CHECK(loop::codes(phone.hand.package()) == "8.2.7/3.8");
    }
    begin("8900101000000000036");
    CHECK(post(s, phone.hand.package_message()) == "429 60");
    CHECK(s.metric(limited("ES9+", "codes")) == 1);
    s.stop();
}

TEST_CASE("when many connections come from one address, they are refused at accept, slow ones are cut") {
    Service s("smdp");
    s.start(
        "[limits]\nexempt = []\nconnections_per_network = 5\nhandshake_seconds = 1\nheader_seconds = 1\n");
    const auto port = static_cast<uint16_t>(std::atoi(s.at("listening").substr(10).c_str()));
    const auto connect = [&] {
        return *net::connect_tcp("127.0.0.1", port, net::Clock::now() + std::chrono::seconds(5));
    };
    std::vector<net::Socket> silent;
    for (int i = 0; i < 20; ++i) silent.push_back(connect());
    const auto refused = [](const char* why) {
        return std::string("halyard_connections_refused_total{interface=\"ES9+\",reason=\"") + why + "\"}";
    };
    CHECK(s.reaches(refused("too_many"), 15));
    CHECK(s.reaches("halyard_timeouts_total{interface=\"ES9+\"}", 5));
    CHECK(s.reaches("halyard_connections_open{interface=\"ES9+\"}", 0));
    net::testing::RawClient slow(port);
    CHECK(slow.ask("POST /gsma/rsp2/asn1 HTTP/1.1\r\nHost: a\r\n").starts_with("HTTP/1.1 408"));
    s.stop();
    s.start("[limits]\nexempt = []\nconnections_per_second = 1\nconnections_burst = 2\n");
    const std::string curl = "curl -sk --max-time 5 -o /dev/null https://" + s.at("listening") + "/x";
    CHECK(shell(curl).status == 0);
    CHECK(shell(curl + "; " + curl + "; " + curl).status != 0);
    CHECK(s.metric(refused("rate")).value_or(0) >= 1);
    s.stop();
}

TEST_CASE("when requests could be read two ways or are too large, they are refused and counted") {
    Service s("smdp");
    s.start("[limits]\nbody_octets = 1024\n");
    const auto port = static_cast<uint16_t>(std::atoi(s.at("listening").substr(10).c_str()));
    const std::string head = "POST /gsma/rsp2/asn1 HTTP/1.1\r\nHost: a\r\n";
    std::string many;
    for (int i = 0; i < 70; ++i) many += "X-" + std::to_string(i) + ": y\r\n";
    // Two lengths, TE beside CL, odd codings, folded lines, spaces before colons, bare LF, absolute targets.
    const std::pair<std::string, const char*> corpus[] = {
        {head + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nxy", "400"},
        {head + "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", "400"},
        {head + "Content-Length: 1, 1\r\n\r\nx", "400"},
        {head + "Content-Length: +1\r\n\r\nx", "400"},
        {head + "Content-Length: 0x1\r\n\r\nx", "400"},
        {head + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", "400"},
        {head + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "501"},
        {head + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "501"},
        {head + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", "400"},
        {head + "X: a\r\n b\r\n\r\n", "400"},
        {head + "X: a\nContent-Length: 1\r\n\r\nx", "400"},
        {head + many + "\r\n", "431"},
        {head + "X: " + std::string(17'000, 'x') + "\r\n\r\n", "431"},
        {head + "Content-Length: 1025\r\n\r\n", "413"},
        {"POST /x HTTP/1.1\r\n\r\n", "400"},
        {"POST /x HTTP/3.0\r\nHost: a\r\n\r\n", "505"},
    };
    double refused = 0;
    for (const auto& [octets, status] : corpus) {
        CAPTURE(octets.substr(0, 200));
        const std::string answer = net::testing::RawClient(port).ask(octets);
        CHECK(answer.substr(0, 12) == "HTTP/1.1 " + std::string(status));
        ++refused;
    }
    CHECK(s.reaches("halyard_malformed_requests_total{interface=\"ES9+\"}", refused));
    CHECK(s.metric("halyard_requests_total{interface=\"ES9+\",function=\"none\",code=\"http 400\"}") ==
          std::nullopt);
    s.stop();
}
