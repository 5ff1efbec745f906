#include "base/tolerated.h"
#include "binding/es9_asn1.h"
#include "rsp/es9p.h"
#include <doctest/doctest.h>

using namespace halyard;
using binding::Es9Answer, binding::Es9Form, binding::Es9Function, binding::StatusCode;

namespace {
OwnedBytes octets(std::string_view text) { return *from_hex(text); }
std::string hex_of(std::string_view spaced) { return hex(octets(spaced)); }

#define KEY_ID "F54172BDF98A95D65CBEB88A38A1C11D800A85C3"
#define INFO1 "BF20358203020600A9160414" KEY_ID "AA160414" KEY_ID
#define SUCCESS R"({"header":{"functionExecutionStatus":{"status":"Executed-Success"}})"

// By hand from the tag tables of SGP.22 §6.6: A2, then the message. Its content is as short as can be where
// the binding does not look into it.
struct Row {
    Es9Function function;
    const char *request, *answer;
};
const Row kRows[] = {
    // 18 + 18 + 56 = 92; 95. 5 + 5 + 4 + 22 + 5 = 41; 43; 46
    {Es9Function::initiate_authentication,
     "A25F BF395C 8110101112131415161718191A1B1C1D1E1F 8310736D64702E6578616D706C652E636F6D" INFO1,
     "A22E BF392B A029 8003A1B2C3 3003800101 5F370155 0414" KEY_ID "3003020109"},
    {Es9Function::authenticate_client,
     "A20D BF3B0A 8003A1B2C3 BF38020500",
     "A21A BF3B17 A015 8003A1B2C3 BF25020500 3000 5F370166 3003020109"},
    {Es9Function::get_bound_profile_package,
     "A20D BF3A0A 8003A1B2C3 BF21020500",
     "A20F BF3A0C A00A 8003A1B2C3 BF36020500"},
    {Es9Function::cancel_session, "A20D BF410A 8003A1B2C3 A103810105", "A205 BF4102 A000"},
    {Es9Function::handle_notification, "A20A BF3D07 A005 BF37020500", ""},
};
Bytes within(const OwnedBytes& wrapped) { return Bytes(wrapped).subspan(2); }
} // namespace

TEST_CASE("when a request goes into the A2 and out again, both are the hand-made ones") {
    for (const Row& row : kRows) {
        INFO(std::string(row.request));
        const OwnedBytes body = octets(row.request);
        const auto request = binding::request_from_asn1(body);
        REQUIRE(request);
        CHECK(request->function == row.function);
        CHECK(hex(request->message) == hex(within(body)));
        CHECK(hex(binding::request_to_asn1(request->message)) == hex(body));
    }
    CHECK(std::string_view(binding::kAsn1Path) == "/gsma/rsp2/asn1");
    CHECK(std::string_view(binding::kAsn1Type) == "application/x-gsma-rsp-asn1");
}

TEST_CASE("when an answer goes into the A2 and out again, both are the hand-made ones") {
    for (const Row& row : kRows) {
        INFO(std::string(row.request));
        const OwnedBytes body = octets(row.answer);
        if (body.empty()) continue;
        const auto answer = binding::answer_from_asn1(row.function, 200, body);
        REQUIRE(answer);
        CHECK_FALSE(answer->failed);
        CHECK(hex(answer->der) == hex(within(body)));
        CHECK(hex(*binding::answer_to_asn1(row.function, *answer)) == hex(body));
    }
    // Nothing to say, or no body at all.
    CHECK(hex(*binding::answer_to_asn1(Es9Function::cancel_session, {})) == hex_of("A205 BF4102 A000"));
    CHECK(binding::answer_to_asn1(Es9Function::handle_notification, {})->empty());
}

TEST_CASE("when the wrapper is read by the types of ES9+, the message is where it belongs") {
    const OwnedBytes body = octets(kRows[0].request);
    const auto request = asn1::decode<rsp::RemoteProfileProvisioningRequest>(Bytes(body), {.strict = true});
    REQUIRE(request);
    CHECK(std::get<rsp::InitiateAuthenticationRequest>(request->is).smdp_address == "smdp.example.com");
    const OwnedBytes failed = octets("A206 BF3A03 810103");
    const auto answer = asn1::decode<rsp::RemoteProfileProvisioningResponse>(Bytes(failed), {.strict = true});
    REQUIRE(answer);
    using Refused = rsp::GetBoundProfilePackageResponse::GetBoundProfilePackageError;
    CHECK(std::get<Refused>(std::get<rsp::GetBoundProfilePackageResponse>(answer->is).is) ==
          Refused::confirmation_code_refused);
}

// The mapping of SGP.22 §5.6 and §6.6, one row for each error integer of version 2.5.
TEST_CASE("when a function fails, codes and integers stand for each other") {
    const struct {
        Es9Function function;
        const char *subject, *reason, *body;
    } rows[] = {
        {Es9Function::initiate_authentication, "8.8.1", "3.8", "A206 BF3903 810101"},
        {Es9Function::initiate_authentication, "8.8.3", "3.1", "A206 BF3903 810102"},
        {Es9Function::initiate_authentication, "8.8.4", "3.7", "A206 BF3903 810103"},
        {Es9Function::authenticate_client, "8.1.2", "6.1", "A206 BF3B03 810101"},
        {Es9Function::authenticate_client, "8.1.2", "6.3", "A206 BF3B03 810102"},
        {Es9Function::authenticate_client, "8.1.3", "6.1", "A206 BF3B03 810103"},
        {Es9Function::authenticate_client, "8.1.3", "6.3", "A206 BF3B03 810104"},
        {Es9Function::authenticate_client, "8.1", "6.1", "A206 BF3B03 810105"},
        {Es9Function::authenticate_client, "8.2.6", "3.8", "A206 BF3B03 810106"},
        {Es9Function::authenticate_client, "8.1.1", "3.8", "A206 BF3B03 810107"},
        {Es9Function::authenticate_client, "8.2.5", "4.3", "A206 BF3B03 810108"},
        {Es9Function::authenticate_client, "8.11.1", "3.9", "A206 BF3B03 810109"},
        {Es9Function::authenticate_client, "8.10.1", "3.9", "A206 BF3B03 81010A"},
        {Es9Function::authenticate_client, "8.1", "4.8", "A206 BF3B03 81010B"},
        {Es9Function::get_bound_profile_package, "8.1", "6.1", "A206 BF3A03 810101"},
        {Es9Function::get_bound_profile_package, "8.2.7", "2.2", "A206 BF3A03 810102"},
        {Es9Function::get_bound_profile_package, "8.2.7", "3.8", "A206 BF3A03 810103"},
        {Es9Function::get_bound_profile_package, "8.2.7", "6.4", "A206 BF3A03 810104"},
        {Es9Function::get_bound_profile_package, "8.2", "3.7", "A206 BF3A03 810105"},
        {Es9Function::get_bound_profile_package, "8.8.5", "4.10", "A206 BF3A03 810106"},
        {Es9Function::get_bound_profile_package, "8.10.1", "3.9", "A206 BF3A03 81015F"},
        {Es9Function::cancel_session, "8.10.1", "3.9", "A206 BF4103 810101"},
        {Es9Function::cancel_session, "8.1", "6.1", "A206 BF4103 810102"},
    };
    for (const auto& row : rows) {
        CAPTURE(std::string(row.body));
        const StatusCode status{row.subject, row.reason, "text"};
        CHECK(hex(*binding::answer_to_asn1(row.function, {{}, status})) == hex_of(row.body));
        const auto answer = binding::answer_from_asn1(row.function, 200, octets(row.body));
        REQUIRE(answer);
        REQUIRE(answer->failed);
        CHECK(answer->failed->is(row.subject, row.reason));
        CHECK(hex(*binding::answer_to_asn1(row.function, *answer)) == hex_of(row.body));
    }
    // Two codes of one integer; codes without an integer; an integer without codes.
    CHECK(hex(*binding::answer_to_asn1(Es9Function::initiate_authentication,
                                       {{}, StatusCode{"8.8.2", "3.1", ""}})) ==
          hex_of("A206 BF3903 810103"));
    for (const auto& code : {StatusCode{"8.2", "1.2", ""}, {"8.8.5", "6.4", ""}, {"9.9", "9.9", ""}})
        CHECK(hex(*binding::answer_to_asn1(Es9Function::authenticate_client, {{}, code})) ==
              hex_of("A206 BF3B03 81017F"));
    for (const char* unknown : {"A206 BF3B03 81017F", "A206 BF3B03 81017E", "A207 BF3B04 810200FF"}) {
        const auto answer = binding::answer_from_asn1(Es9Function::authenticate_client, 200, octets(unknown));
        REQUIRE(answer);
        REQUIRE(answer->failed);
        CHECK(answer->failed->subject.empty());
    }
}

TEST_CASE("when a body is cut, has octets behind it or is another message, it is refused") {
    for (const Row& row : kRows) {
        const OwnedBytes body = octets(row.request);
        for (size_t n = 0; n < body.size(); ++n)
            CHECK_FALSE(binding::request_from_asn1(Bytes(body).first(n)));
        OwnedBytes longer = body;
        longer.push_back(0);
        CHECK(binding::request_from_asn1(longer).error().code == Errc::bad_length);
        const OwnedBytes answer = octets(row.answer);
        for (size_t n = 0; n < answer.size(); ++n)
            CHECK_FALSE(binding::answer_from_asn1(row.function, 200, Bytes(answer).first(n)));
        for (const Row& other : kRows)
            if (other.function != row.function && *other.answer && *row.answer) {
                const auto wrong = binding::answer_from_asn1(row.function, 200, octets(other.answer));
                REQUIRE_FALSE(wrong);
                CHECK(wrong.error().code == Errc::bad_tag);
            }
    }
    const struct {
        const char* body;
        Errc code;
        uint32_t detail;
    } rows[] = {{"A200", Errc::truncated, 0},
                {"3000", Errc::bad_tag, 0x30},
                {"A205 BF38020500", Errc::bad_tag, 0xBF38},
                {"BF38020500", Errc::bad_tag, 0xBF38},
                {"A3 0D BF3B0A 8003A1B2C3 BF38020500", Errc::bad_tag, 0xA3},
                {"A20F BF3B0A 8003A1B2C3 BF38020500 0500", Errc::bad_length, 0}, // two in one A2
                {"7B7D", Errc::truncated, 0}};                                   // {}
    for (const auto& row : rows) {
        CAPTURE(row.body);
        const auto request = binding::request_from_asn1(octets(row.body));
        REQUIRE_FALSE(request);
        CHECK(request.error().code == row.code);
        if (row.detail) CHECK(request.error().detail == row.detail);
    }
    CHECK(binding::request_from_asn1(OwnedBytes((1 << 20) + 1, 0xA2)).error().code == Errc::limit);
    CHECK(binding::answer_from_asn1(Es9Function::cancel_session, 200, OwnedBytes((4 << 20) + 1, 0xA2))
              .error()
              .code == Errc::limit);
    // What only later editions know: authenticateClientOkRpm is A2.
    const auto later =
        binding::answer_from_asn1(Es9Function::authenticate_client, 200, octets("A205 BF3B02 A200"));
    REQUIRE_FALSE(later);
    CHECK(later.error().code == Errc::unsupported);
    CHECK(later.error().detail == 0xA2);
    CHECK(binding::answer_to_asn1(Es9Function::authenticate_client, {octets("BF3A03810101"), {}})
              .error()
              .code == Errc::bad_tag);
    CHECK_FALSE(binding::answer_to_asn1(Es9Function::authenticate_client, {}));
}

TEST_CASE("when a peer leaves the A2 away, the message is taken and counted") {
    const size_t before = tolerated("message without its A2", "body");
    const OwnedBytes bare = octets("BF3B0A 8003A1B2C3 BF38020500");
    const auto request = binding::request_from_asn1(bare);
    REQUIRE(request);
    CHECK(request->function == Es9Function::authenticate_client);
    CHECK(hex(request->message) == hex(bare));
    CHECK(binding::answer_from_asn1(Es9Function::authenticate_client, 200, octets("BF3B03 810106"))
              ->failed->is("8.2.6", "3.8"));
    CHECK(tolerated("message without its A2", "body") == before + 2);
}

TEST_CASE("when a server answers in the form it was not asked for, the answer counts") {
    const Bytes json = bytes_of(
        R"({"header":{"functionExecutionStatus":{"status":"Failed","statusCodeData":{"subjectCode":"8.2.6","reasonCode":"3.8"}}}})");
    const OwnedBytes der = octets("A206 BF3B03 810106");
    const auto f = Es9Function::authenticate_client;
    const auto counted = [] { return tolerated("answer in the other binding", "authenticateClient"); };
    const size_t before = counted();
    for (const auto form : {Es9Form::json, Es9Form::asn1})
        for (const Bytes body : {json, Bytes(der)}) {
            const auto answer = binding::answer_from_body(f, 200, body, form);
            REQUIRE(answer);
            CHECK(answer->failed->is("8.2.6", "3.8"));
            CHECK(hex(answer->der) == "BF3B03810106");
        }
    CHECK(counted() == before + 2);
    const std::string spaced = "\r\n " SUCCESS "}", marked = "\xEF\xBB\xBF" SUCCESS "}";
    for (const std::string& body : {spaced, marked})
        CHECK(binding::answer_from_body(Es9Function::cancel_session, 200, bytes_of(body), Es9Form::json));
    CHECK(tolerated("byte order mark", "body") == 1);
}

TEST_CASE("when a server answers with no message at all, the error says what it was") {
    const struct {
        int status;
        const char *body, *where;
        Errc code;
        uint32_t detail;
    } rows[] = {{500, "<html>Internal Server Error</html>", "http status", Errc::rejected, 500},
                {404, "", "http status", Errc::rejected, 404},
                {204, "", "http status", Errc::rejected, 204},
                {302, "", "http status", Errc::rejected, 302},
                {200, "", "body: empty", Errc::bad_value, 0},
                {200, "\xEF\xBB\xBF", "body: empty", Errc::bad_value, 0},
                {200, "<!DOCTYPE html><html>", "body: HTML page", Errc::bad_value, 0},
                {200, "\n <html>", "body: HTML page", Errc::bad_value, 0},
                {200, "Service unavailable", "body", Errc::bad_value, 0},
                {200, "{", "body", Errc::bad_value, 0},
                {200, "{}", "header", Errc::missing_field, 0},
                {200, "\xA2", "body", Errc::truncated, 0xA2}};
    for (const auto& row : rows)
        for (const auto form : {Es9Form::json, Es9Form::asn1}) {
            CAPTURE(std::string(row.body));
            const auto answer = binding::answer_from_body(
                Es9Function::authenticate_client, row.status, bytes_of(std::string_view(row.body)), form);
            REQUIRE_FALSE(answer);
            CHECK(std::string_view(answer.error().where) == row.where);
            CHECK(answer.error().code == row.code);
            CHECK(answer.error().detail == row.detail);
        }
}

TEST_CASE("when a notification is answered 204 or 200, it has arrived whatever the body says") {
    const size_t before = tolerated("body where none belongs", "handleNotification");
    for (const auto form : {Es9Form::json, Es9Form::asn1}) {
        for (const int status : {200, 204})
            CHECK(binding::answer_from_body(Es9Function::handle_notification, status, {}, form)->der.empty());
        for (const std::string_view body : {std::string_view(SUCCESS "}"), std::string_view("OK")})
            CHECK(binding::answer_from_body(Es9Function::handle_notification, 200, bytes_of(body), form));
        for (const int status : {202, 400, 500})
            CHECK(binding::answer_from_body(Es9Function::handle_notification, status, {}, form)
                      .error()
                      .detail == static_cast<uint32_t>(status));
    }
    CHECK(tolerated("body where none belongs", "handleNotification") == before + 4);
}
