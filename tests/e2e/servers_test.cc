// What SM-DP+ and eIM answer to strangers: TLS by openssl and curl, the REST API by curl.
#include "base/octets.h"
#include "tests/e2e/site.h"

using namespace halyard;
using namespace halyard::e2e;

namespace {
// Both servers up, shared by the cases below: none of them changes anything.
Site& site() {
    static Site one;
    static const bool started = [] {
        one.start_smdp();
        one.start_eim();
        one.import_devices();
        return true;
    }();
    (void)started;
    return one;
}

struct Server {
    std::string name, host, path;
    std::string endpoint, log;
};
std::vector<Server> servers() {
    Site& s = site();
    return {{"SM-DP+",
             "smdp.halyard.test",
             "/gsma/rsp2/es9plus/initiateAuthentication",
             s.smdp_endpoint(),
             s.path("smdp.log")},
            {"eIM", "eim.halyard.test", "/gsma/rsp2/asn1", s.esipa_endpoint(), s.path("eim.log")},
            {"API", "eim.halyard.test", "/v1/health", s.api_endpoint(), s.path("eim.log")}};
}

std::string curl(const Server& server, const std::string& options) {
    return "curl -sS --max-time 10 --connect-to " + server.host + ":443:" + server.endpoint + " " + options +
           " https://" + server.host + server.path;
}

struct Answer {
    int status = 0;
    std::string body;
    std::string headers;
    Json json() const { return Json::parse(body, nullptr, false); }
};
Answer api(const std::string& path, const std::string& options, bool with_token = true) {
    Site& s = site();
    const Directory scratch;
    write_text(scratch / "headers", "Authorization: Bearer " + s.token() + "\n");
    Server server = servers()[2];
    server.path = path;
    const Ran ran = shell(curl(server,
                               "--cacert " + s.pki("ci.pem") + " -o " + (scratch / "body") + " -D " +
                                   (scratch / "answer") + " -w '%{http_code}\\n' " +
                                   (with_token ? "-H @" + (scratch / "headers") + " " : "") + options));
    INFO(ran);
    REQUIRE(ran.status == 0);
    return {std::atoi(ran.out.c_str()), read_text(scratch / "body"), read_text(scratch / "answer")};
}
Answer post(const std::string& path, const std::string& body) {
    return api(path, "-X POST -H 'Content-Type: application/json' --data-binary '" + body + "'");
}
void check_problem(const Answer& a, int status, const std::string& member) {
    CAPTURE(a.body);
    CHECK(a.status == status);
    CHECK(contains(a.headers, "application/problem+json"));
    CHECK(a.json().value("status", 0) == status);
    CHECK(a.json().value("member", "") == member);
    CHECK(contains(a.json().value("detail", ""), member));
}
} // namespace

TEST_CASE("when a client knows the CI, every server is believed under its own name and under no other") {
    for (const Server& server : servers()) {
        CAPTURE(server.name);
        const std::string ca = "--cacert " + site().pki("ci.pem");
        CHECK(shell(curl(server, ca)).status == 0);
        Server other = server;
        other.host = "other.halyard.test";
        CHECK(shell(curl(other, ca)).status == 60); // curl: peer certificate cannot be authenticated
        const Ran openssl =
            shell("openssl s_client -brief -verify_return_error -verify_hostname " + server.host +
                  " -CAfile " + site().pki("ci.pem") + " -connect " + server.endpoint + " </dev/null");
        INFO(openssl);
        CHECK(openssl.status == 0);
        CHECK(contains(openssl.all(), "Verification: OK"));
    }
}

TEST_CASE("when an SM-DP+ is asked in ASN.1, it answers in ASN.1; what other interfaces ask is not found") {
    const Directory scratch;
    // A2 { BF39 { euiccChallenge, smdpAddress "smdp.example.com", euiccInfo1 } }: 18 + 18 + 56 = 92; 95
    const std::string key_id = "F54172BDF98A95D65CBEB88A38A1C11D800A85C3";
    const auto body =
        from_hex("A25F BF395C 8110101112131415161718191A1B1C1D1E1F 8310736D64702E6578616D706C652E636F6D"
                 "BF20358203020600A9160414" +
                 key_id + "AA160414" + key_id);
    REQUIRE(body);
    write_text(scratch / "body", std::string(text_of(*body)));
    Server dp = servers()[0];
    const auto post = [&](const std::string& path) {
        dp.path = path;
        const Ran ran =
            shell(curl(dp,
                       "--cacert " + site().pki("ci.pem") + " --data-binary @" + (scratch / "body") +
                           " -H 'Content-Type: application/x-gsma-rsp-asn1' -o " + (scratch / "answer") +
                           " -w '%{http_code} %{content_type}\\n'"));
        return ran.out.substr(0, ran.out.find('\n'));
    };
    CHECK(post("/gsma/rsp2/asn1") == "200 application/x-gsma-rsp-asn1");
    CHECK(hex(bytes_of(read_text(scratch / "answer"))) == "A206BF3903810101"); // invalidDpAddress
    CHECK(post("/gsma/rsp2/es2plus/downloadOrder") == "404 text/plain");
    CHECK(read_text(scratch / "answer") == "only ES9+ is served here");
}

TEST_CASE("when a client does not know the CI, the connection fails") {
    for (const Server& server : servers()) {
        CAPTURE(server.name);
        CHECK(shell(curl(server, "")).status == 60);
        CHECK(
            shell("openssl s_client -brief -verify_return_error -connect " + server.endpoint + " </dev/null")
                .status != 0);
    }
}

TEST_CASE("when a client speaks TLS 1.1 or older, the server refuses it") {
    for (const Server& server : servers())
        for (const std::string version : {"-tls1_1", "-tls1"}) {
            CAPTURE(server.name);
            const Ran ran = shell("openssl s_client -brief " + version +
                                  " -cipher ALL:@SECLEVEL=0 -connect " + server.endpoint + " </dev/null");
            INFO(ran);
            CHECK(ran.status != 0);
            CHECK(contains(ran.all(), "protocol version")); // the alert the server sent
        }
}

TEST_CASE("when a client offers only suites without forward secrecy or with CBC, the server refuses it") {
    for (const Server& server : servers()) {
        CAPTURE(server.name);
        const auto with = [&](const std::string& suites) {
            return shell("openssl s_client -brief -tls1_2 -cipher " + suites + " -connect " +
                         server.endpoint + " </dev/null")
                .status;
        };
        CHECK(with("ECDHE-ECDSA-AES128-GCM-SHA256") == 0);
        CHECK(with("AES128-GCM-SHA256") != 0);
        CHECK(with("ECDHE-ECDSA-AES128-SHA") != 0);
    }
}

TEST_CASE("when a client speaks plain HTTP, it gets no HTTP back") {
    for (const Server& server : servers()) {
        CAPTURE(server.name);
        const Ran ran = shell("curl -sS --max-time 10 http://" + server.endpoint + server.path);
        INFO(ran);
        CHECK(ran.status != 0);
        CHECK(!contains(ran.out, "HTTP"));
    }
}

TEST_CASE("when a request to ES9+ or ESipa is none, it is refused and the server goes on") {
    const std::string ca = "--cacert " + site().pki("ci.pem");
    for (const Server& server : {servers()[0], servers()[1]}) {
        CAPTURE(server.name);
        const auto status = [&](Server at, const std::string& options) {
            return shell(curl(at, ca + " -o /dev/null -w '%{http_code}\\n' " + options)).out;
        };
        CHECK(status(server, "") == "405\n");
        CHECK(status(server, "-X POST --data-binary 'no such message'") == "400\n");
        CHECK(status(server, "-X POST --data-binary ''") == "400\n");
        Server lost = server;
        lost.path = "/no/such/function";
        CHECK(status(lost, "-X POST --data-binary '{}'") == "404\n");
    }
}

TEST_CASE(
    "when a request to the API carries no token or a wrong one, the answer is 401, health alone is open") {
    const Answer health = api("/v1/health", "", false);
    CHECK(health.status == 200);
    CHECK(health.json().value("status", "") == "ok");
    const std::string zeros(64, '0');
    for (const std::string path :
         {"/v1/operations:search", "/v1/euiccs:search", "/v1/operations", "/v1/none", "/"})
        for (const std::string& header : {std::string(),
                                          "-H 'Authorization: Bearer hly_" + zeros + "'",
                                          std::string("-H 'Authorization: Bearer '"),
                                          std::string("-H 'Authorization: Basic Zm9vOmJhcg=='"),
                                          "-H 'Authorization: bearer'" + std::string()}) {
            CAPTURE(path);
            CAPTURE(header);
            const Answer a = api(path, "-X POST --data-binary '{}' " + header, false);
            CHECK(a.status == 401);
            CHECK(contains(a.headers, "WWW-Authenticate: Bearer"));
            CHECK(!contains(a.body, "items"));
        }
}

TEST_CASE("when a token is revoked or its days are over, it opens nothing any more") {
    Site& s = site();
    const auto token = cli({"eim", "token", "create", "--state", s.path("eim"), "--name", "short"}).out;
    const auto status = [&] {
        return api("/v1/operations:search",
                   "-X POST -H 'Content-Type: application/json' --data-binary '{}' -H 'Authorization: "
                   "Bearer " +
                       token.substr(0, token.find('\n')) + "'",
                   false)
            .status;
    };
    CHECK(status() == 200);
    CHECK(cli({"eim", "token", "revoke", "--state", s.path("eim"), "--name", "short"}).status == 0);
    CHECK(status() == 401);
}

TEST_CASE("when a route does not exist or takes another method, the API says so") {
    CHECK(api("/v1/none", "").status == 404);
    CHECK(api("/", "").status == 404);
    CHECK(api("/v1/operations/op_00000000000000000000000000", "").status == 404);
    CHECK(post("/v1/operations/op_00000000000000000000000000:explode", "{}").status == 404);
    const Answer a = api("/v1/operations:search", "");
    CHECK(a.status == 405);
    CHECK(contains(a.headers, "Allow: POST"));
}

TEST_CASE("when a body is wrong, the answer is 400 and names the member") {
    const std::string eid = site().eids()[0];
    check_problem(post("/v1/operations:search", R"({"colour":"red"})"), 400, "colour");
    check_problem(post("/v1/operations:search", R"({"state":"lost"})"), 400, "state");
    check_problem(post("/v1/operations:search", R"({"limit":0})"), 400, "limit");
    check_problem(post("/v1/operations:search", R"({"limit":"many"})"), 400, "limit");
    check_problem(post("/v1/operations:search", R"({"cursor":"x"})"), 400, "cursor");
    check_problem(post("/v1/euiccs:search", R"({"eid":"12"})"), 400, "eid");
    check_problem(post("/v1/euiccs:import", R"({"euiccs":7})"), 400, "euiccs");
    check_problem(post("/v1/operations", R"({"eid":"12","kind":"audit"})"), 400, "eid");
    check_problem(post("/v1/operations", R"({"kind":"audit"})"), 400, "eid");
    check_problem(post("/v1/operations", R"({"eid":")" + eid + R"("})"), 400, "kind");
    check_problem(post("/v1/operations", R"({"eid":")" + eid + R"(","kind":"explode"})"), 400, "kind");
    check_problem(
        post("/v1/operations", R"({"eid":")" + eid + R"(","kind":"audit","when":"now"})"), 400, "when");
    check_problem(
        post("/v1/operations", R"({"eid":")" + eid + R"(","kind":"enable","iccid":"1"})"), 400, "iccid");
    check_problem(
        post("/v1/operations", R"({"eid":")" + eid + R"(","kind":"download"})"), 400, "activation_code");
    check_problem(post("/v1/operations", R"({"eid":")" + eid + R"(","kind":"audit","expires":"soon"})"),
                  400,
                  "expires");
    check_problem(post("/v1/operations", "{"), 400, "body");
    check_problem(post("/v1/operations", std::string(40, '[') + std::string(40, ']')), 400, "body");
    for (const std::string body : {"[]", "7", "null", "\"text\""}) {
        CAPTURE(body);
        for (const std::string path :
             {"/v1/operations", "/v1/operations:search", "/v1/euiccs:search", "/v1/euiccs:import"}) {
            CAPTURE(path);
            CHECK(post(path, body).status == 400);
        }
    }
    CHECK(post("/v1/operations:search", "{}").status == 200); // still there
}
