#include "apps/common/es9_client.h"
#include "base/tolerated.h"
#include "net/testing.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::net::testing;
using app::Es9Client, binding::Es9Form;

namespace {
OwnedBytes octets(std::string_view hex) { return *from_hex(hex); }
// transactionId A1B2C3, BF38 02 0500: 5 + 5 = 10
const OwnedBytes kClient = octets("BF3B0A 8003A1B2C3 BF38020500");
// handleNotification { A0 { BF37 02 0500 } }
const OwnedBytes kNotification = octets("BF3D07 A005 BF37020500");

// An SM-DP+ that answers whatever it is told to, and keeps what it was asked.
struct Dp {
    Dp() {
        REQUIRE(server.start(server_options(), [this](const net::Request& r) {
            const std::lock_guard lock(mutex);
            asked = r;
            return answer;
        }));
    }
    Result<rsp::Es9Answer> ask(Es9Form form, const OwnedBytes& message, net::Response with) {
        {
            const std::lock_guard lock(mutex);
            answer = std::move(with);
        }
        auto client = Es9Client::open(client_options(server.port()), "gsma-rsp-ipad", form);
        REQUIRE(client);
        return client->exchange("eim.halyard.test", message);
    }
    std::mutex mutex;
    net::Request asked;
    net::Response answer;
    net::HttpsServer server;
};
net::Response body(std::string_view type, Bytes octets, int status = 200) {
    return {.status = status, .content_type = std::string(type), .body = owned(octets)};
}
constexpr std::string_view kFailed =
    R"({"header":{"functionExecutionStatus":{"status":"Failed","statusCodeData":)"
    R"({"subjectCode":"8.2.6","reasonCode":"3.8"}}}})";
constexpr const char* kAsn1 = "application/x-gsma-rsp-asn1";
constexpr const char* kJson = "application/json;charset=UTF-8";
} // namespace

TEST_CASE("when the client speaks ASN.1, path, headers and body are those of that binding") {
    Dp dp;
    const auto answer = dp.ask(Es9Form::asn1, kClient, body(kAsn1, octets("A206 BF3B03 810106")));
    REQUIRE(answer);
    CHECK(answer->failed->is("8.2.6", "3.8"));
    CHECK(hex(answer->der) == "BF3B03810106");
    CHECK(dp.asked.method == "POST");
    CHECK(dp.asked.target == "/gsma/rsp2/asn1");
    CHECK(dp.asked.headers.get("Content-Type") == kAsn1);
    CHECK(dp.asked.headers.get("X-Admin-Protocol") == "gsma/rsp/v2.5.0");
    CHECK(dp.asked.headers.get("User-Agent") == "gsma-rsp-ipad");
    CHECK(hex(dp.asked.body) == "A20DBF3B0A8003A1B2C3BF38020500");
}

TEST_CASE("when the client speaks JSON, path, headers and body are those of that binding") {
    Dp dp;
    const auto answer = dp.ask(Es9Form::json, kClient, body(kJson, bytes_of(kFailed)));
    REQUIRE(answer);
    CHECK(answer->failed->is("8.2.6", "3.8"));
    CHECK(dp.asked.target == "/gsma/rsp2/es9plus/authenticateClient");
    CHECK(dp.asked.headers.get("Content-Type") == kJson);
    CHECK(text_of(dp.asked.body) == R"({"transactionId":"A1B2C3","authenticateServerResponse":"vzgCBQA="})");
}

TEST_CASE(
    "when the answer's form is not that of its Content-Type or of the question, it is read all the same") {
    Dp dp;
    for (const auto form : {Es9Form::json, Es9Form::asn1})
        for (const char* type : {kAsn1, kJson, "text/html", ""}) {
            CHECK(dp.ask(form, kClient, body(type, bytes_of(kFailed)))->failed->is("8.2.6", "3.8"));
            CHECK(
                dp.ask(form, kClient, body(type, octets("A206 BF3B03 810106")))->failed->is("8.2.6", "3.8"));
        }
    CHECK(tolerated("answer in the other binding", "authenticateClient") == 8);
}

TEST_CASE("when a server in the field fails in its own way, the client says which and lives on") {
    Dp dp;
    const Bytes page = bytes_of("<html>Internal Server Error</html>");
    for (const auto form : {Es9Form::json, Es9Form::asn1}) {
        const auto internal = dp.ask(form, kClient, body("text/html", page, 500));
        REQUIRE_FALSE(internal);
        CHECK(internal.error().code == Errc::rejected);
        CHECK(internal.error().detail == 500);
        const auto html = dp.ask(form, kClient, body("text/html", page));
        REQUIRE_FALSE(html);
        CHECK(std::string_view(html.error().where) == "body: HTML page");
        const auto nothing = dp.ask(form, kClient, net::Response{.status = 204});
        REQUIRE_FALSE(nothing);
        CHECK(nothing.error().detail == 204);
        const auto busy = dp.ask(form, kClient, net::plain(503, "busy"));
        REQUIRE_FALSE(busy);
        CHECK(busy.error().code == Errc::unreachable);
        CHECK(dp.ask(form, kNotification, net::Response{.status = 204}));
        CHECK(dp.ask(form, kNotification, body(kJson, bytes_of(kFailed))));
        CHECK_FALSE(dp.ask(form, kNotification, body("text/html", page, 500)));
    }
}

namespace {
net::Response with_protocol(net::Response r, const char* protocol = "gsma/rsp/v2.5.0") {
    r.headers.add("X-Admin-Protocol", protocol);
    return r;
}
} // namespace

// SGP.22 §6.5.1
TEST_CASE(
    "when an SM-DP+'s answer has headers of its own, it is read and counted; a strict client refuses it") {
    Dp dp;
    const Bytes failed = bytes_of(kFailed);
    struct Row {
        const OwnedBytes& message;
        net::Response answer;
        const char* what;
        const char* where;
    };
    const Row rows[] = {
        {kClient, body(kJson, failed), "header is missing", "X-Admin-Protocol"},
        {kClient,
         with_protocol(body(kJson, failed), "gsma/rsp/v3.1.0"),
         "version that is not supported",
         "X-Admin-Protocol"},
        {kClient, with_protocol(body("", failed)), "header is missing", "Content-Type"},
        {kClient, with_protocol(body(kAsn1, failed)), "media type of something else", "Content-Type"},
        {kNotification,
         with_protocol(net::Response{.status = 200}),
         "200 where 204 is specified",
         "HTTP status"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.what);
        CAPTURE(row.where);
        {
            const PeerScope scope;
            REQUIRE(dp.ask(Es9Form::json, row.message, row.answer));
            REQUIRE(scope.seen().size() == 1);
            CHECK(scope.seen()[0].what == std::string_view(row.what));
            CHECK(scope.seen()[0].where == std::string_view(row.where));
        }
        const PeerScope strict(true);
        const auto refused = dp.ask(Es9Form::json, row.message, row.answer);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == Errc::bad_value);
        CHECK(refused.error().where == std::string_view(row.where));
    }
    const PeerScope strict(true);
    CHECK(dp.ask(Es9Form::json, kClient, with_protocol(body(kJson, failed))));
    CHECK(dp.ask(Es9Form::asn1, kClient, with_protocol(body(kAsn1, octets("A206 BF3B03 810106")))));
    CHECK(dp.ask(Es9Form::json, kNotification, with_protocol(net::Response{.status = 204})));
    CHECK(dp.ask(Es9Form::json, kClient, net::plain(503, "busy")).error().code == Errc::unreachable);
}
