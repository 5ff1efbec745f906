// What the device's HTTP client makes of the headers of answers. SGP.22 §6.5.1, SGP.32 §6.1
#include "apps/ipad/links.h"
#include "base/tolerated.h"
#include "net/testing.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::net::testing;
using ipad::Binding, ipad::Links;

namespace {
OwnedBytes octets(std::string_view hex) { return *from_hex(hex); }
const OwnedBytes kPoll = octets("BF4F12 5A1089049032000000000000000000000189"); // GetEimPackage
const OwnedBytes kNothing = octets("BF4F03 020101");                            // noEimPackageAvailable
const OwnedBytes kNotify = octets("BF3D0B BF5008 5100 3004 80020500");
constexpr const char* kAsn1 = "application/x-gsma-rsp-asn1";
constexpr const char* kJson = "application/json;charset=UTF-8";

struct Eim {
    Eim() {
        REQUIRE(server.start(server_options(), [this](const net::Request&) {
            const std::lock_guard lock(mutex);
            return answer;
        }));
    }
    Result<OwnedBytes> ask(const OwnedBytes& message, net::Response with, Binding binding = Binding::asn1) {
        {
            const std::lock_guard lock(mutex);
            answer = std::move(with);
        }
        const auto http = client_options(server.port());
        Links links({.trust = http.trust, .connect_to = http.connect_to, .esipa = binding}, book);
        ipa::Action action;
        action.kind = ipa::Action::Kind::send;
        action.to = ipa::Peer::eim;
        action.address = "eim.halyard.test";
        action.eim_id = "eim";
        action.message = message;
        return links.exchange(action);
    }
    std::mutex mutex;
    net::Response answer;
    net::HttpsServer server;
    ipad::EimBook book{"/nonexistent/eims"};
};

net::Response reply(int status, const char* type, Bytes body, const char* protocol = "gsma/rsp/v2.1.0") {
    net::Response r{.status = status, .content_type = type, .body = owned(body)};
    if (*protocol) r.headers.add("X-Admin-Protocol", protocol);
    return r;
}

struct Row {
    net::Response answer;
    const OwnedBytes* request;
    std::string what, where;
};
std::vector<Row> rows() {
    return {
        {reply(200, kAsn1, kNothing, ""), &kPoll, "header is missing", "X-Admin-Protocol"},
        {reply(200, kAsn1, kNothing, "v2"), &kPoll, "header cannot be read", "X-Admin-Protocol"},
        {reply(200, kAsn1, kNothing, "gsma/rsp/v7.0.0"),
         &kPoll,
         "version that is not supported",
         "X-Admin-Protocol"},
        {reply(200, "", kNothing), &kPoll, "header is missing", "Content-Type"},
        {reply(200, "text/html", kNothing), &kPoll, "media type of something else", "Content-Type"},
        {reply(500, kAsn1, kNothing), &kPoll, "status other than 200", "HTTP status"},
        {reply(200, "", {}), &kNotify, "200 where 204 is specified", "HTTP status"},
    };
}
} // namespace

TEST_CASE("when an eIM's answer has headers of its own, it is read, and each habit is counted for that eIM") {
    Eim eim;
    for (const Row& row : rows()) {
        CAPTURE(row.what);
        CAPTURE(row.where);
        const PeerScope scope;
        REQUIRE(eim.ask(*row.request, row.answer));
        REQUIRE(scope.seen().size() == 1);
        CHECK(scope.seen()[0].what == row.what);
        CHECK(scope.seen()[0].where == row.where);
    }
}

TEST_CASE("when the device is strict, such an answer is refused by the header's name") {
    Eim eim;
    for (const Row& row : rows()) {
        CAPTURE(row.what);
        const PeerScope strict(true);
        const auto refused = eim.ask(*row.request, row.answer);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == Errc::bad_value);
        CHECK(refused.error().where == row.where);
    }
}

// gsma/rsp/v1.0.0 and v1.3.0 are seen in the field as well: SGP.32's own number.
TEST_CASE("when an eIM's answer is as specified, strict or not, nothing is said of it") {
    Eim eim;
    for (const char* protocol :
         {"gsma/rsp/v2.1.0", "gsma/rsp/v2.5.0", "gsma/rsp/v1.0.0", "gsma/rsp/v1.3.0"}) {
        const PeerScope strict(true);
        CHECK(hex(*eim.ask(kPoll, reply(200, kAsn1, kNothing, protocol))) == "BF4F03020101");
        CHECK(eim.ask(kNotify, reply(204, "", {}, protocol))->empty());
        // Of HTTP, not of the protocol: other headers are no deviation.
        const auto busy = eim.ask(kPoll, net::plain(503, "busy"));
        CHECK(busy.error().code == Errc::unreachable);
        const auto gone = eim.ask(kPoll, net::plain(404, "gone"));
        CHECK(std::string_view(gone.error().where) == "http status");
    }
}

TEST_CASE("when the binding is JSON, the media type of JSON is the one that belongs there") {
    Eim eim;
    const Bytes body = bytes_of(R"({"header":{"functionExecutionStatus":{"status":"Failed","statusCodeData":)"
                                R"({"subjectCode":"8.1.1","reasonCode":"3.9"}}}})");
    for (const char* type : {kJson, "application/json", kAsn1}) {
        const PeerScope scope;
        (void)eim.ask(kPoll, reply(200, type, body), Binding::json);
        bool counted = false;
        for (const Tolerated& t : scope.seen()) counted |= std::string_view(t.where) == "Content-Type";
        CHECK(counted == (type == std::string_view(kAsn1)));
    }
}
