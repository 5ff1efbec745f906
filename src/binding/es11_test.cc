// ES11, an SM-DS instead of an SM-DP+: what differs from ES9+. SGP.22 §5.8, §6.5.2, §6.6
#include "binding/es9_asn1.h"
#include "rsp/es9p.h"
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace halyard;
using binding::Es9Answer, binding::Es9Function, binding::Interface, binding::StatusCode;
using Json = nlohmann::ordered_json;

namespace {
constexpr auto kClient = Es9Function::authenticate_client;
constexpr auto kOn = Interface::es11;
OwnedBytes octets(std::string_view text) { return *from_hex(text); }
std::string hex_of(std::string_view spaced) { return hex(octets(spaced)); }

#define HEADER R"("header":{"functionExecutionStatus":{"status":"Executed-Success"}})"
// "EV-1" at smdp.example.com: 6 + 18 = 24; "EV-2" at b.example: 6 + 11 = 17; 26 + 19 = 45; 5 + 47 = 52; 54
#define EVENTS                                                                                               \
    "BF4036 A034 8003A1B2C3 A12D 3018 800445562D31 8110736D64702E6578616D706C652E636F6D"                     \
    "3011 800445562D32 8109622E6578616D706C65"
#define EVENTS_JSON                                                                                          \
    "{" HEADER                                                                                               \
    R"(,"transactionId":"A1B2C3","eventEntries":[{"eventId":"EV-1","rspServerAddress":"smdp.example.com"},)" \
    R"({"eventId":"EV-2","rspServerAddress":"b.example"}]})"
// nothing pending: 5 + 2 = 7; 9
#define NO_EVENTS "BF4009 A007 8003A1B2C3 A100"
#define NO_EVENTS_JSON "{" HEADER R"(,"transactionId":"A1B2C3","eventEntries":[]})"
} // namespace

TEST_CASE("when an SM-DS answers authenticateClient, the event records come across in both bindings") {
    const struct {
        const char *der, *json, *wrapped;
    } rows[] = {{EVENTS, EVENTS_JSON, "A239" EVENTS}, {NO_EVENTS, NO_EVENTS_JSON, "A20C" NO_EVENTS}};
    for (const auto& row : rows) {
        const auto read = binding::answer_from_json(kClient, 200, row.json, kOn);
        REQUIRE_MESSAGE(read, (read ? "" : read.error().where));
        CHECK(hex(read->der) == hex_of(row.der));
        CHECK(*binding::answer_to_json(kClient, {octets(row.der), {}}, kOn) == row.json);
        CHECK(hex(*binding::answer_to_asn1(kClient, *read, kOn)) == hex_of(row.wrapped));
        CHECK(hex(binding::answer_from_asn1(kClient, 200, octets(row.wrapped), kOn)->der) == hex_of(row.der));
    }
    const OwnedBytes der = octets(EVENTS);
    const auto typed = asn1::decode<rsp::AuthenticateClientResponseEs11>(Bytes(der), {.strict = true});
    REQUIRE(typed);
    std::vector<std::string> seen;
    CHECK(std::get<0>(typed->is).event_entries.for_each([&](const rsp::EventEntries& e) {
        seen.push_back(std::string(e.event_id) + " " + std::string(e.rsp_server_address));
    }));
    CHECK(seen == std::vector<std::string>{"EV-1 smdp.example.com", "EV-2 b.example"});
}

TEST_CASE("when initiateAuthentication and cancelSession go to an SM-DS, they look as at an SM-DP+") {
    const char* cancelled = "{" HEADER "}";
    CHECK(hex(binding::answer_from_json(Es9Function::cancel_session, 200, cancelled, kOn)->der) ==
          "BF4102A000");
    CHECK(*binding::answer_to_json(Es9Function::cancel_session, {}, kOn) == cancelled);
    const std::string started =
        "{" HEADER R"(,"transactionId":"A1B2C3","serverSigned1":"MAOAAQE=","serverSignature1":"XzcBVQ==",)"
        R"("euiccCiPKIdToBeUsed":"BBT1QXK9+YqV1ly+uIo4ocEdgAqFww==","serverCertificate":"MAMCAQk="})";
    const auto answer = binding::answer_from_json(Es9Function::initiate_authentication, 200, started, kOn);
    REQUIRE(answer);
    CHECK(hex(answer->der) == hex_of("BF392B A029 8003A1B2C3 3003800101 5F370155 "
                                     "0414F54172BDF98A95D65CBEB88A38A1C11D800A85C3 3003020109"));
    CHECK(*binding::answer_to_json(Es9Function::initiate_authentication, *answer, kOn) == started);
}

TEST_CASE("when an SM-DS refuses, codes and integers are those of ES11") {
    const struct {
        const char *subject, *reason, *body;
    } rows[] = {{"8.1.2", "6.1", "A206 BF4003 810101"},
                {"8.1", "6.1", "A206 BF4003 810105"},
                {"8.9.5", "3.9", "A206 BF4003 810106"},   // eventIdUnknown; matchingIdRefused on ES9+
                {"8.10.1", "3.9", "A206 BF4003 810107"}}; // invalidTransactionId; eidMismatch on ES9+
    for (const auto& row : rows) {
        const StatusCode status{row.subject, row.reason, ""};
        CHECK(hex(*binding::answer_to_asn1(kClient, {{}, status}, kOn)) == hex_of(row.body));
        CHECK(binding::answer_from_asn1(kClient, 200, octets(row.body), kOn)
                  ->failed->is(row.subject, row.reason));
        Json json = Json::parse("{" HEADER "}");
        json["header"]["functionExecutionStatus"] = {
            {"status", "Failed"},
            {"statusCodeData", {{"subjectCode", row.subject}, {"reasonCode", row.reason}}}};
        CHECK(hex(binding::answer_from_json(kClient, 200, json.dump(), kOn)->der) ==
              hex_of(row.body).substr(4));
    }
    CHECK(hex(*binding::answer_to_asn1(Es9Function::initiate_authentication,
                                       {{}, StatusCode{"8.9.1", "3.8", ""}},
                                       kOn)) == hex_of("A206 BF3903 810101"));
    // An SM-DP+ does not answer BF40, an SM-DS not BF3B.
    CHECK(binding::answer_from_asn1(kClient, 200, octets("A206 BF4003 810106")).error().code ==
          Errc::bad_tag);
    CHECK(binding::answer_from_asn1(kClient, 200, octets("A206 BF3B03 810106"), kOn).error().code ==
          Errc::bad_tag);
}

TEST_CASE("when a function is none of ES11, it is not found there") {
    for (const auto f : {Es9Function::get_bound_profile_package, Es9Function::handle_notification}) {
        CHECK(binding::function_of_path(binding::path(f)));
        CHECK(binding::function_of_path(binding::path(f), kOn).error().code == Errc::not_found);
        CHECK(binding::answer_to_json(f, {}, kOn).error().code == Errc::unsupported);
        CHECK(binding::answer_to_asn1(f, {}, kOn).error().code == Errc::unsupported);
        CHECK(binding::answer_from_json(f, 200, "{}", kOn).error().code == Errc::unsupported);
        CHECK(binding::answer_from_asn1(f, 204, {}, kOn).error().code == Errc::unsupported);
    }
    CHECK(binding::request_from_asn1(octets("A20D BF3B0A 8003A1B2C3 BF38020500"), kOn)->function == kClient);
    CHECK(binding::request_from_asn1(octets("A20D BF3A0A 8003A1B2C3 BF21020500"), kOn).error().code ==
          Errc::bad_tag);
    CHECK(*binding::function_of_path("/gsma/rsp2/es9plus/authenticateClient", kOn) == kClient);
}

TEST_CASE("when a member of an event answer is missing, of another kind or twice, it is named") {
    const auto refused = [](const Json& json) {
        const auto answer = binding::answer_from_json(kClient, 200, json.dump(), kOn);
        REQUIRE_FALSE(answer);
        return std::string(name(answer.error().code)) + " " + answer.error().where;
    };
    const Json good = Json::parse(EVENTS_JSON);
    for (const char* member : {"transactionId", "eventEntries"}) {
        Json bad = good;
        bad.erase(member);
        CHECK(refused(bad) == std::string("missing field ") + member);
    }
    for (const Json& other :
         {Json(), Json(7), Json("x"), Json::object(), Json::array({7}), Json::array({Json::array()})}) {
        Json bad = good;
        bad["eventEntries"] = other;
        CHECK(refused(bad) == "bad value eventEntries");
    }
    for (const char* member : {"eventId", "rspServerAddress"}) {
        Json bad = good;
        bad["eventEntries"][1].erase(member);
        CHECK(refused(bad) == std::string("missing field ") + member);
        bad["eventEntries"][1][member] = 7;
        CHECK(refused(bad) == std::string("bad value ") + member);
    }
    std::string twice = EVENTS_JSON;
    twice.insert(twice.find("\"b.example\""), "\"c.example\",\"rspServerAddress\":");
    const auto answer = binding::answer_from_json(kClient, 200, twice, kOn);
    REQUIRE_FALSE(answer);
    CHECK(std::string_view(answer.error().where) == "duplicate member");
    // In the ASN.1 form: an entry that is no SEQUENCE, one that is cut.
    for (const char* bad : {"BF400C A00A 8003A1B2C3 A103 020100", "BF400D A00B 8003A1B2C3 A104 30028000"}) {
        CAPTURE(bad);
        CHECK_FALSE(binding::answer_to_json(kClient, {octets(bad), {}}, kOn));
    }
}
