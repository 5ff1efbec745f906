#include "asn1/asn1.h"
#include "base/tolerated.h"
#include "binding/es9_json.h"
#include "rsp/es9p.h"
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace halyard;
using binding::Es9Answer, binding::Es9Function, binding::StatusCode;
using Json = nlohmann::ordered_json;

namespace {
OwnedBytes octets(std::string_view text) { return *from_hex(text); }

#define KEY_ID "F54172BDF98A95D65CBEB88A38A1C11D800A85C3"
#define INFO1 "BF20358203020600A9160414" KEY_ID "AA160414" KEY_ID
#define SUCCESS R"({"header":{"functionExecutionStatus":{"status":"Executed-Success"}})"

// SGP.22 §6.5.2: each function's members, and the same by hand in the ASN.1 form of §6.6. The base64 is that
// of `echo <hex> | xxd -r -p | base64`. Content that the binding does not look into is as short as can be.
struct Row {
    Es9Function function;
    uint32_t tag;
    const char *path, *request_json, *request, *answer_json, *answer;
};
const Row kRows[] = {
    {Es9Function::initiate_authentication,
     0xBF39,
     "/gsma/rsp2/es9plus/initiateAuthentication",
     R"({"euiccChallenge":"EBESExQVFhcYGRobHB0eHw==","smdpAddress":"smdp.example.com",)"
     R"("euiccInfo1":"vyA1ggMCBgCpFgQU9UFyvfmKldZcvriKOKHBHYAKhcOqFgQU9UFyvfmKldZcvriKOKHBHYAKhcM="})",
     // 18 + 18 + 56
     "BF395C 8110101112131415161718191A1B1C1D1E1F 8310736D64702E6578616D706C652E636F6D" INFO1,
     SUCCESS R"(,"transactionId":"A1B2C3","serverSigned1":"MAOAAQE=","serverSignature1":"XzcBVQ==",)"
             R"("euiccCiPKIdToBeUsed":"BBT1QXK9+YqV1ly+uIo4ocEdgAqFww==","serverCertificate":"MAMCAQk="})",
     // 5 + 5 + 4 + 22 + 5 = 41; 43
     "BF392B A029 8003A1B2C3 3003800101 5F370155 0414" KEY_ID "3003020109"},
    {Es9Function::authenticate_client,
     0xBF3B,
     "/gsma/rsp2/es9plus/authenticateClient",
     R"({"transactionId":"A1B2C3","authenticateServerResponse":"vzgCBQA="})",
     "BF3B0A 8003A1B2C3 BF38020500",
     SUCCESS R"(,"transactionId":"A1B2C3","profileMetadata":"vyUCBQA=","smdpSigned2":"MAA=",)"
             R"("smdpSignature2":"XzcBZg==","smdpCertificate":"MAMCAQk="})",
     // 5 + 5 + 2 + 4 + 5 = 21; 23
     "BF3B17 A015 8003A1B2C3 BF25020500 3000 5F370166 3003020109"},
    {Es9Function::get_bound_profile_package,
     0xBF3A,
     "/gsma/rsp2/es9plus/getBoundProfilePackage",
     R"({"transactionId":"A1B2C3","prepareDownloadResponse":"vyECBQA="})",
     "BF3A0A 8003A1B2C3 BF21020500",
     SUCCESS R"(,"transactionId":"A1B2C3","boundProfilePackage":"vzYCBQA="})",
     "BF3A0C A00A 8003A1B2C3 BF36020500"},
    {Es9Function::cancel_session,
     0xBF41,
     "/gsma/rsp2/es9plus/cancelSession",
     R"({"transactionId":"A1B2C3","cancelSessionResponse":"v0EDgQEF"})", // BF41 03 810105
     "BF410A 8003A1B2C3 A103810105",
     SUCCESS "}",
     "BF4102 A000"},
    {Es9Function::handle_notification,
     0xBF3D,
     "/gsma/rsp2/es9plus/handleNotification",
     R"({"pendingNotification":"vzcCBQA="})", // BF37 02 0500
     "BF3D07 A005 BF37020500",
     "",
     ""},
};
std::string hex_of(const char* spaced) { return hex(octets(spaced)); }
std::string failed(std::string_view data) {
    return R"({"header":{"functionExecutionStatus":{"status":"Failed")" + std::string(data) + "}}}";
}
} // namespace

TEST_CASE("when a function is named by path or tag, it is found; others are not") {
    for (const Row& row : kRows) {
        CHECK(std::string_view(binding::path(row.function)) == row.path);
        CHECK(*binding::function_of_path(row.path) == row.function);
        CHECK(*binding::function_of_message(octets(row.request)) == row.function);
    }
    for (const char* path : {"",
                             "/",
                             "/gsma/rsp2/es9plus/",
                             "/gsma/rsp2/es9plus/initiateAuthentication/",
                             "/gsma/rsp2/es9plus/InitiateAuthentication",
                             "/gsma/rsp2/es2plus/downloadOrder"})
        CHECK(binding::function_of_path(path).error().code == Errc::not_found);
    const auto other = binding::function_of_message(octets("BF3800"));
    REQUIRE_FALSE(other);
    CHECK(other.error().code == Errc::bad_tag);
    CHECK(other.error().detail == 0xBF38);
    CHECK(binding::function_of_message({}).error().code == Errc::truncated);
}

TEST_CASE("when a request goes from JSON to ASN.1 and back, both are the hand-made ones") {
    for (const Row& row : kRows) {
        INFO(std::string(row.path));
        const auto der = binding::request_from_json(row.function, row.request_json);
        REQUIRE_MESSAGE(der, (der ? "" : der.error().where));
        CHECK(hex(*der) == hex_of(row.request));
        const auto json = binding::request_to_json(row.function, octets(row.request));
        REQUIRE(json);
        CHECK(*json == row.request_json);
    }
}

TEST_CASE("when an answer goes from JSON to ASN.1 and back, both are the hand-made ones") {
    for (const Row& row : kRows) {
        if (row.function == Es9Function::handle_notification) continue; // it has no body
        INFO(std::string(row.path));
        const auto answer = binding::answer_from_json(row.function, 200, row.answer_json);
        REQUIRE_MESSAGE(answer, (answer ? "" : answer.error().where));
        CHECK_FALSE(answer->failed);
        CHECK(hex(answer->der) == hex_of(row.answer));
        const auto json = binding::answer_to_json(row.function, {octets(row.answer), std::nullopt});
        REQUIRE(json);
        CHECK(*json == row.answer_json);
    }
}

TEST_CASE("when the ASN.1 form is read by the types of ES9+, the members are where they belong") {
    const OwnedBytes request = *binding::request_from_json(kRows[0].function, kRows[0].request_json);
    const auto initiate = asn1::decode<rsp::InitiateAuthenticationRequest>(Bytes(request), {.strict = true});
    REQUIRE(initiate);
    CHECK(initiate->smdp_address == "smdp.example.com");
    CHECK(hex(initiate->euicc_challenge) == "101112131415161718191A1B1C1D1E1F");
    CHECK(hex(initiate->euicc_info1.der) == INFO1);
    const auto done = asn1::decode<rsp::CancelSessionResponseEs9>(
        Bytes(binding::answer_from_json(Es9Function::cancel_session, 200, SUCCESS "}")->der));
    REQUIRE(done);
    CHECK(std::holds_alternative<rsp::CancelSessionOk>(done->is));
}

TEST_CASE("when a member is missing or of another kind, it is named") {
    for (const Row& row : kRows) {
        const Json good = Json::parse(row.request_json);
        for (const auto& [name, value] : good.items()) {
            CAPTURE(name);
            const auto refused = [&](const std::string& json) {
                const auto der = binding::request_from_json(row.function, json);
                REQUIRE_FALSE(der);
                CHECK(name == der.error().where);
                return der.error().code;
            };
            Json bad = good;
            bad.erase(name);
            CHECK(refused(bad.dump()) == Errc::missing_field);
            for (const Json& other : {Json(), Json(7), Json(true), Json::array({value}), Json::object()}) {
                bad[name] = other;
                CHECK(refused(bad.dump()) == Errc::bad_value);
            }
            if (name == "smdpAddress") continue; // any text is one
            bad[name] = "!" + value.get<std::string>();
            CHECK(refused(bad.dump()) == Errc::bad_value);
        }
    }
}

TEST_CASE("when base64, tag or length of a member is wrong, it is named") {
    const struct {
        const char *name, *value;
        Errc code;
    } rows[] = {
        {"transactionId", "", Errc::bad_length},
        {"transactionId", "A1B", Errc::truncated},                                 // half an octet
        {"transactionId", "0102030405060708090A0B0C0D0E0F1011", Errc::bad_length}, // 17 octets
        {"transactionId", "oQ==", Errc::bad_value},
        {"authenticateServerResponse", "vzgCBQ", Errc::bad_length},  // no padding
        {"authenticateServerResponse", "vzgCBQB=", Errc::bad_value}, // padding bits not zero
        {"authenticateServerResponse", "vzgCBQ==", Errc::truncated}, // BF38 02 05
        {"authenticateServerResponse", "", Errc::truncated},
        {"authenticateServerResponse", "vzgCBQAA", Errc::bad_length},     // an octet behind it
        {"authenticateServerResponse", "vyECBQA=", Errc::bad_tag},        // BF21
        {"authenticateServerResponse", "vziABQAAAA==", Errc::bad_length}, // indefinite
    };
    for (const auto& row : rows) {
        CAPTURE(std::string(row.value));
        Json json = Json::parse(kRows[1].request_json);
        json[row.name] = row.value;
        const auto der = binding::request_from_json(Es9Function::authenticate_client, json.dump());
        REQUIRE_FALSE(der);
        CHECK(der.error().code == row.code);
        CHECK(std::string_view(der.error().where) == row.name);
    }
    CHECK(binding::request_from_json(Es9Function::cancel_session,
                                     R"({"transactionId":"A1","cancelSessionResponse":"vzcCBQA="})")
              .error()
              .code == Errc::bad_tag);
}

TEST_CASE("when peers write ids in lower case, white space in base64, a header or more members, they are "
          "understood") {
    const auto der = binding::request_from_json(
        Es9Function::authenticate_client,
        R"( { "header" : {"functionCallIdentifier":"x"}, "authenticateServerResponse":"vzgC\r\nBQA=",
              "useMatchingIdForAcr":true, "transactionId":"a1b2c3" } )");
    REQUIRE(der);
    CHECK(hex(*der) == hex_of(kRows[1].request));
    // euiccCiPKIdToBeUsed without 04 14
    Json json = Json::parse(kRows[0].answer_json);
    json["euiccCiPKIdToBeUsed"] = "9UFyvfmKldZcvriKOKHBHYAKhcM=";
    const auto answer = binding::answer_from_json(Es9Function::initiate_authentication, 200, json.dump());
    REQUIRE(answer);
    CHECK(tolerated("value without its header", "euiccCiPKIdToBeUsed") == 1);
    CHECK(hex(answer->der) == hex_of(kRows[0].answer));
    for (const char* fine : {"Executed-Success", "Executed-WithWarning"}) {
        json["header"]["functionExecutionStatus"]["status"] = fine;
        CHECK_FALSE(
            binding::answer_from_json(Es9Function::initiate_authentication, 200, json.dump())->failed);
    }
}

TEST_CASE("when a body is no JSON object, it is refused as a body") {
    for (const char* body : {"",
                             " ",
                             "null",
                             "7",
                             "[]",
                             "\"text\"",
                             "{",
                             "{}}",
                             "{\"a\":1,}",
                             "{'a':1}",
                             "<html>Bad Gateway</html>",
                             "{\"a\":\"\xFF\"}"}) {
        CAPTURE(std::string(body));
        const auto request = binding::request_from_json(Es9Function::authenticate_client, body);
        REQUIRE_FALSE(request);
        CHECK(request.error().code == Errc::bad_value);
        CHECK(std::string_view(request.error().where) == "body");
        const auto answer = binding::answer_from_json(Es9Function::authenticate_client, 200, body);
        REQUIRE_FALSE(answer);
        CHECK(answer.error().code == Errc::bad_value);
        CHECK(std::string_view(answer.error().where) == "body");
    }
}

TEST_CASE("when JSON nests 32 levels it is read, at 33 it is refused; brackets in texts do not count") {
    const auto nested = [](size_t levels) { // the object itself is one
        return R"({"transactionId":"A1B2C3","authenticateServerResponse":"vzgCBQA=","x":)" +
               std::string(levels - 1, '[') + std::string(levels - 1, ']') + "}";
    };
    CHECK(binding::request_from_json(Es9Function::authenticate_client, nested(32)));
    for (const size_t levels : {33, 100000}) {
        const auto deep = binding::request_from_json(Es9Function::authenticate_client, nested(levels));
        REQUIRE_FALSE(deep);
        CHECK(deep.error().code == Errc::limit);
        CHECK(std::string_view(deep.error().where) == "depth");
    }
    const std::string text = R"("a\"\\)" + std::string(100, '{') + R"(\\")";
    CHECK(binding::request_from_json(
        Es9Function::authenticate_client,
        R"({"transactionId":"A1B2C3","authenticateServerResponse":"vzgCBQA=","x":)" + text + "}"));
}

TEST_CASE("when a request exceeds 1 MiB or an answer 4 MiB, it is refused before it is parsed") {
    std::string request = kRows[1].request_json;
    request.resize(1 << 20, ' ');
    CHECK(binding::request_from_json(Es9Function::authenticate_client, request));
    request += ' ';
    const auto refused = binding::request_from_json(Es9Function::authenticate_client, request);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::limit);
    CHECK(refused.error().detail == (1 << 20) + 1);
    std::string answer = kRows[1].answer_json;
    answer.resize(4 << 20, ' ');
    CHECK(binding::answer_from_json(Es9Function::authenticate_client, 200, answer));
    answer += ' ';
    CHECK(binding::answer_from_json(Es9Function::authenticate_client, 200, answer).error().code ==
          Errc::limit);
}

TEST_CASE("when HTTP fails, the status is told; a notification is content with an empty 200 or 204") {
    for (const Row& row : kRows)
        for (const int status : {100, 201, 301, 400, 401, 404, 500, 503}) {
            const auto answer = binding::answer_from_json(row.function, status, row.answer_json);
            REQUIRE_FALSE(answer);
            CHECK(answer.error().code == Errc::rejected);
            CHECK(std::string_view(answer.error().where) == "http status");
            CHECK(answer.error().detail == static_cast<uint32_t>(status));
        }
    for (const int status : {200, 204}) {
        const auto answer = binding::answer_from_json(Es9Function::handle_notification, status, "");
        REQUIRE(answer);
        CHECK(answer->der.empty());
        CHECK_FALSE(answer->failed);
    }
    CHECK(binding::answer_from_json(Es9Function::cancel_session, 204, "").error().code == Errc::rejected);
}

TEST_CASE("when an answer lacks its header or status object, that is named") {
    const struct {
        const char *body, *where;
    } rows[] = {{"{}", "header"},
                {R"({"header":[]})", "header"},
                {R"({"header":{}})", "functionExecutionStatus"},
                {R"({"header":{"functionExecutionStatus":"Executed-Success"}})", "functionExecutionStatus"},
                {SUCCESS "}", "transactionId"}};
    for (const auto& row : rows) {
        const auto answer = binding::answer_from_json(Es9Function::authenticate_client, 200, row.body);
        REQUIRE_FALSE(answer);
        CHECK(answer.error().code == Errc::missing_field);
        CHECK(std::string_view(answer.error().where) == row.where);
    }
}

TEST_CASE("when a function fails, its codes come across both ways") {
    const std::string body = failed(
        R"(,"statusCodeData":{"subjectCode":"8.2.6","reasonCode":"3.8","message":"MatchingID refused"})");
    const auto answer = binding::answer_from_json(Es9Function::authenticate_client, 200, body);
    REQUIRE(answer);
    REQUIRE(answer->failed);
    CHECK(answer->failed->subject == "8.2.6");
    CHECK(answer->failed->reason == "3.8");
    CHECK(answer->failed->message == "MatchingID refused");
    CHECK(hex(answer->der) == "BF3B03810106"); // authenticateClientError matchingIdRefused 6
    CHECK(*binding::answer_to_json(Es9Function::authenticate_client, *answer) == body);
    CHECK(*binding::answer_to_json(Es9Function::cancel_session, {{}, StatusCode{"8.8", "3.10", ""}}) ==
          failed(R"(,"statusCodeData":{"subjectCode":"8.8","reasonCode":"3.10"})"));
}

TEST_CASE("when a failure has strange or no codes, it is an undefined error, not a success") {
    for (const std::string& body :
         {failed(""),
          failed(R"(,"statusCodeData":7)"),
          failed(R"(,"statusCodeData":{"subjectCode":8.1,"reasonCode":6})"),
          failed(R"(,"statusCodeData":{"subjectCode":"9.9.9","reasonCode":"1.1"})"),
          std::string(R"({"header":{"functionExecutionStatus":{}}})"),
          std::string(R"({"header":{"functionExecutionStatus":{"status":7}}})"),
          std::string(R"({"header":{"functionExecutionStatus":{"status":"Expired"}}})"),
          std::string(R"({"header":{"functionExecutionStatus":{"status":"executed-success"}}})")}) {
        CAPTURE(body);
        const auto answer = binding::answer_from_json(Es9Function::get_bound_profile_package, 200, body);
        REQUIRE(answer);
        CHECK(answer->failed);
        CHECK(hex(answer->der) == "BF3A0381017F"); // undefinedError 127
    }
}

TEST_CASE("when an ASN.1 message is cut, of another function or of the wrong order, no JSON is made of it") {
    for (const Row& row : kRows) {
        const OwnedBytes request = octets(row.request);
        for (size_t n = 0; n < request.size(); ++n)
            CHECK_FALSE(binding::request_to_json(row.function, Bytes(request).first(n)));
        for (const Row& other : kRows)
            CHECK(binding::request_to_json(row.function, octets(other.request)).has_value() ==
                  (row.function == other.function));
        if (!*row.answer) continue;
        const OwnedBytes answer = octets(row.answer);
        for (size_t n = 1; n < answer.size(); ++n)
            CHECK_FALSE(binding::answer_to_json(row.function, {owned(Bytes(answer).first(n)), std::nullopt}));
    }
    const auto swapped =
        binding::request_to_json(Es9Function::authenticate_client, octets("BF3B0ABF380205008003A1B2C3"));
    REQUIRE_FALSE(swapped);
    CHECK(swapped.error().code == Errc::bad_tag);
    CHECK(std::string_view(swapped.error().where) == "transactionId");
    // The error alternative does not say which codes it stands for: the caller has to.
    for (const char* error : {"BF3B03810106", "BF4103810101"}) {
        const OwnedBytes der = octets(error);
        const auto json = binding::answer_to_json(*binding::function_of_message(der), {der, std::nullopt});
        REQUIRE_FALSE(json);
        CHECK(json.error().code == Errc::bad_tag);
    }
    // An answer without members may be left out.
    CHECK(*binding::answer_to_json(Es9Function::cancel_session, {}) == SUCCESS "}");
    CHECK(binding::answer_to_json(Es9Function::authenticate_client, {}).error().code == Errc::truncated);
}

TEST_CASE("when an address or message is no UTF-8, no broken JSON is made of it and nothing is thrown") {
    const auto request = binding::request_to_json(
        Es9Function::initiate_authentication,
        octets("BF394D 8110101112131415161718191A1B1C1D1E1F 8301FF" INFO1)); // 18 + 3 + 56
    REQUIRE_FALSE(request);
    CHECK(request.error().code == Errc::bad_value);
    CHECK(std::string_view(request.error().where) == "smdpAddress");
    const auto answer =
        binding::answer_to_json(Es9Function::cancel_session, {{}, StatusCode{"8.8", "3.10", "caf\xE9"}});
    REQUIRE(answer);
    CHECK(Json::accept(*answer));
}
