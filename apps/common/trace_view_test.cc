// Traces as messages. Octets by hand from the tag tables.
#include "apps/common/trace_view.h"
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace halyard;
using Json = nlohmann::ordered_json;

namespace {
app::TraceView view(std::string_view text, bool strict = false, bool explained = false) {
    const auto trace = app::trace_of(bytes_of(text));
    REQUIRE(trace);
    return app::view_trace(*trace, strict, explained);
}
bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }
} // namespace

TEST_CASE("when content is no trace, it is not taken for one") {
    CHECK_FALSE(app::trace_of({}));
    CHECK_FALSE(app::trace_of(bytes_of(std::string_view("BF4F03020101"))));
    CHECK_FALSE(app::trace_of(*from_hex("3003020101")));
    CHECK(app::trace_of(bytes_of(std::string_view("> 80E2910003BF2E00\n"))));
}

TEST_CASE("when a message could go both ways, the trace decides") {
    // invalidTransactionId 5 is ES10's; ESipa and ES9+ have the same octets with other names
    const auto v = view("> 80E2910009BF4106800101810100\n< BF4103 810105 9000\n");
    CHECK(v.good);
    const Json json = Json::parse(v.json);
    CHECK(json["messages"][0]["type"] == "CancelSessionRequest");
    CHECK(json["messages"][0]["direction"] == "command");
    CHECK(json["messages"][1]["type"] == "CancelSessionResponse");
    CHECK(json["messages"][1]["direction"] == "answer");
    CHECK(json["exchanges"][0]["status"] == "9000");
    CHECK(json["faults"].empty());
    // an answer as empty as its request
    CHECK(has(view("> 80E2910003BF2E00\n< BF2E00 9000\n").text, "> GetEuiccChallengeRequest"));
}

TEST_CASE("when the ISD-R is selected, what it says of itself is shown") {
    // 6F { 84 AID, A5 { E1 { 80 both } } }
    const auto v = view("> 01A4040010A0000005591010FFFFFFFF8900000100\n"
                        "< 6F1A8410A0000005591010FFFFFFFF8900000100A506E104800206C09000\n");
    CHECK(has(v.text, "SELECT ISD-R on channel 1"));
    CHECK(has(v.text, "< ISDRProprietaryApplicationTemplateIoT"));
}

TEST_CASE("when a message of a trace is broken or not DER, that is shown and counts as bad") {
    const auto v = view("> 80E2910005BF3E025A00\n< 6A80\n");
    CHECK_FALSE(v.good);
    CHECK(has(v.text, "cannot be read: "));
    CHECK(has(v.text, "BF3E025A00"));
    CHECK(has(v.text, "6A80, incorrect data"));
    CHECK(has(Json::parse(v.json)["exchanges"][0]["error"]["hex"].get<std::string>(), "BF3E025A00"));
    const std::string longer = "> 80E2910004BF2E8100\n< 9000\n";
    CHECK(view(longer).good);
    CHECK_FALSE(view(longer, true).good);
}

TEST_CASE("when a trace is explained, each message is") {
    const auto v = view("> 80E2910003BF2E00\n< 9000\n", false, true);
    CHECK(has(v.text, "ES10: IPA -> eUICC"));
    CHECK(has(v.text, "0  BF2E        0  GetEuiccChallengeRequest"));
}
