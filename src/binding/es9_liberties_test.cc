// What ES9+ bodies may and may not take liberties with. SGP.22 §6.5.2
#include "base/tolerated.h"
#include "binding/es9_json.h"
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace halyard;
using binding::Es9Function;
using Json = nlohmann::ordered_json;

namespace {
std::string hex_of(const char* spaced) { return hex(*from_hex(spaced)); }
#define KEY_ID "F54172BDF98A95D65CBEB88A38A1C11D800A85C3"
#define SUCCESS R"({"header":{"functionExecutionStatus":{"status":"Executed-Success"}})"
constexpr const char* kInitiated =
    SUCCESS R"(,"transactionId":"A1B2C3","serverSigned1":"MAOAAQE=","serverSignature1":"XzcBVQ==",)"
            R"("euiccCiPKIdToBeUsed":"BBT1QXK9+YqV1ly+uIo4ocEdgAqFww==","serverCertificate":"MAMCAQk="})";
constexpr const char* kAuthenticated =
    SUCCESS R"(,"transactionId":"A1B2C3","profileMetadata":"vyUCBQA=","smdpSigned2":"MAA=",)"
            R"("smdpSignature2":"XzcBZg==","smdpCertificate":"MAMCAQk="})";
} // namespace

TEST_CASE("when a member stands twice in one object, the body is refused; in two objects it may") {
    const auto twice = [](const std::string& body) {
        const auto der = binding::request_from_json(Es9Function::authenticate_client, body);
        return der ? std::string() : std::string(der.error().where);
    };
    const std::string members = R"("transactionId":"A1B2C3","authenticateServerResponse":"vzgCBQA=")";
    CHECK(twice("{" + members + "}").empty());
    CHECK(twice("{" + members + R"(,"transactionId":"A1B2C3"})") == "duplicate member");
    CHECK(twice("{" + members + R"(,"transaction\u0049d":"000000"})") == "duplicate member"); // I, escaped
    CHECK(twice("{" + members + R"(,"x":[{"a":1,"b":2,"a":3}]})") == "duplicate member");
    CHECK(twice("{" + members + R"(,"x":{"transactionId":1},"y":[{"transactionId":1},{"transactionId":2}]})")
              .empty());
    const auto answer = binding::answer_from_json(
        Es9Function::cancel_session,
        200,
        R"({"header":{"functionExecutionStatus":{"status":"Failed","status":"Executed-Success"}}})");
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == Errc::bad_value);
    CHECK(std::string_view(answer.error().where) == "duplicate member");
}

TEST_CASE("when a signature comes as its 64 octets alone, it gets its header and is counted") {
    const OwnedBytes bare(64, 0x55);
    const struct {
        Es9Function function;
        const char *json, *member, *before, *behind;
    } rows[] = {
        // 5 + 5 + 67 + 22 + 5 = 104; 106
        {Es9Function::initiate_authentication,
         kInitiated,
         "serverSignature1",
         "BF396A A068 8003A1B2C3 3003800101 5F3740",
         "0414" KEY_ID "3003020109"},
        // 5 + 5 + 2 + 67 + 5 = 84; 86
        {Es9Function::authenticate_client,
         kAuthenticated,
         "smdpSignature2",
         "BF3B56 A054 8003A1B2C3 BF25020500 3000 5F3740",
         "3003020109"},
    };
    for (const auto& r : rows) {
        Json json = Json::parse(r.json);
        json[r.member] = base64(bare);
        const auto answer = binding::answer_from_json(r.function, 200, json.dump());
        REQUIRE(answer);
        CHECK(hex(answer->der) == hex_of(r.before) + hex(bare) + hex_of(r.behind));
        CHECK(tolerated("value without its header", r.member) == 1);
    }
}
