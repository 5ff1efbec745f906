// Bodies by hand from SGP.22 §5.3, §5.9 and §6.5.2: names, order and what is mandatory.
#include "base/tolerated.h"
#include "binding/server_json.h"
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>
#include <set>

using namespace halyard;
using namespace halyard::binding;
using rsp::ExecutionStatus, rsp::ServerFunction;
using Json = nlohmann::ordered_json;

namespace {
#define REQUESTER R"("functionRequesterIdentifier":"1.3.6.1.4.1.99999.1","functionCallIdentifier":"FCI-1")"
#define HEADER R"("header":{)" REQUESTER "}"
#define EXECUTION R"("functionExecutionStatus":{"status":"Executed-Success"})"
#define DONE R"("header":{)" EXECUTION "}"
#define EID R"("eid":"89049032123451234512345678901235")"
#define ICCID R"("iccid":"8900012345678901234")"

struct Golden {
    const char* json;
    std::set<std::string> optional; // members that may be missing, each alone
    const rsp::ServerMessage* type;
    Result<std::string> (*again)(std::string_view);
};
template <class T> Result<std::string> again(std::string_view json) {
    return server_to_json(TRY(server_from_json<T>(json)));
}
template <class T> Golden golden(const char* json, std::set<std::string> optional = {}) {
    return {json, std::move(optional), &rsp::kServerMessage<T>, again<T>};
}

const Golden kGolden[] = {
    golden<rsp::DownloadOrderRequest>("{" HEADER "," EID "," ICCID R"(,"profileType":"consumer-1"})",
                                      {"eid", "iccid", "profileType"}),
    golden<rsp::DownloadOrderAnswer>("{" DONE "," ICCID "}"),
    golden<rsp::ConfirmOrderRequest>(
        "{" HEADER "," ICCID "," EID
        R"(,"matchingId":"A1-B2","confirmationCode":"1234","smdsAddress":"ds.example.com",)"
        R"("releaseFlag":true})",
        {"matchingId", "confirmationCode", "smdsAddress"}),
    golden<rsp::ConfirmOrderAnswer>("{" DONE "," EID
                                    R"(,"matchingId":"A1-B2","smdpAddress":"smdp.example.com"})",
                                    {"eid", "smdpAddress"}),
    golden<rsp::CancelOrderRequest>("{" HEADER "," ICCID "," EID
                                    R"(,"matchingId":"A1-B2","finalProfileStatusIndicator":"Available"})",
                                    {"eid", "matchingId"}),
    golden<rsp::ReleaseProfileRequest>("{" HEADER "," ICCID "}"),
    // resultData: BF37 02 0500
    golden<rsp::HandleDownloadProgressInfoRequest>(
        "{" HEADER "," EID "," ICCID R"(,"profileType":"consumer-1","timestamp":"2026-11-26T03:04:05Z",)"
        R"("notificationPointId":4,"notificationPointStatus":{"status":"Failed","statusCodeData":)"
        R"({"subjectCode":"8.2.10","reasonCode":"4.2","subjectIdentifier":"x","message":"y"}},"resultData":"vzcCBQA="})",
        {"eid", "resultData"}),
    golden<rsp::RegisterEventRequest>(
        "{" HEADER "," EID
        R"(,"rspServerAddress":"smdp.example.com","eventId":"EV-1","forwardingIndicator":false})"),
    golden<rsp::DeleteEventRequest>("{" HEADER "," EID R"(,"eventId":"EV-1"})"),
    golden<rsp::HeaderAnswer>("{" DONE "}"),
    // resultData: 30 02 0500
    golden<rsp::HandleNotificationRequest>(
        "{" HEADER "," EID "," ICCID R"(,"profileType":"consumer-1","timestamp":"2026-11-26T03:04:05Z",)"
        R"("notificationPointId":101,"notificationPointStatus":{"status":"Executed-Success"},)"
        R"("notificationEvent":"enable","notificationReceiverIdentifier":"smdp.example.com",)"
        R"("notificationIdentifier":"7","resultData":"MAIFAA=="})",
        {"eid",
         "notificationEvent",
         "notificationReceiverIdentifier",
         "notificationIdentifier",
         "resultData"}),
};

template <class T> std::string why(const Result<T>& r) {
    return r ? "" : std::string(name(r.error().code)) + " " + r.error().where;
}
template <class T> std::string refused(const std::string& json) { return why(server_from_json<T>(json)); }
std::string codes(const std::optional<rsp::StatusCode>& s) { return s ? s->subject + "/" + s->reason : ""; }

// One member of a message that is otherwise right.
std::string order(const std::string& member, const std::string& value) {
    Json json = Json::parse("{" HEADER "," ICCID
                            R"(,"profileType":"p","releaseFlag":true,"finalProfileStatusIndicator":)"
                            R"("Available","timestamp":"2026-11-26T03:04:05Z","notificationPointId":1,)"
                            R"("notificationPointStatus":{"status":"Expired"}})");
    json[member] = Json::parse(value);
    return json.dump();
}
} // namespace

TEST_CASE("when a message is read and written again, it is the hand-made one") {
    for (const Golden& g : kGolden) {
        INFO(std::string(g.type->name));
        const auto text = g.again(g.json);
        REQUIRE_MESSAGE(text, why(text));
        CHECK(*text == g.json);
    }
}

TEST_CASE("when requests are read, every value is where it belongs") {
    const auto confirm = server_from_json<rsp::ConfirmOrderRequest>(kGolden[2].json);
    REQUIRE(confirm);
    CHECK(confirm->header.function_requester_identifier == "1.3.6.1.4.1.99999.1");
    CHECK(confirm->header.function_call_identifier == "FCI-1");
    CHECK(hex(confirm->iccid) == "980010325476981032F4"); // nibbles swapped, F behind 19 digits
    CHECK(hex(*confirm->eid) == "89049032123451234512345678901235");
    CHECK(*confirm->matching_id == "A1-B2");
    CHECK(*confirm->confirmation_code == "1234");
    CHECK(*confirm->smds_address == "ds.example.com");
    CHECK(confirm->release_flag);
    const auto progress = server_from_json<rsp::HandleDownloadProgressInfoRequest>(kGolden[6].json);
    REQUIRE(progress);
    CHECK(progress->timestamp == Time(1'795'662'245'000)); // date -u -d 2026-11-26T03:04:05Z +%s
    CHECK(progress->notification_point_id == 4);
    CHECK(progress->notification_point_status.status == ExecutionStatus::Status::failed);
    CHECK(progress->notification_point_status.code->is("8.2.10", "4.2"));
    CHECK(progress->notification_point_status.code->message == "y");
    CHECK(progress->notification_point_status.subject_identifier == "x");
    CHECK(hex(*progress->result_data) == "BF37020500");
    const auto cancel = server_from_json<rsp::CancelOrderRequest>(kGolden[4].json);
    CHECK(cancel->final_profile_status_indicator == rsp::FinalProfileStatus::available);
    const auto event = server_from_json<rsp::RegisterEventRequest>(kGolden[7].json);
    CHECK(event->rsp_server_address == "smdp.example.com");
    CHECK(event->event_id == "EV-1");
    CHECK_FALSE(event->forwarding_indicator);
}

TEST_CASE("when a member is missing, it is named and answered 1.6/2.2, unless it is optional") {
    for (const Golden& g : kGolden) {
        const Json good = Json::parse(g.json);
        for (const auto& [member, value] : good.items()) {
            INFO(g.type->name, " without ", member);
            Json bad = Json::parse(g.json);
            bad.erase(member);
            const bool fine = g.optional.contains(member);
            const auto text = g.again(bad.dump());
            CHECK(why(text) == (fine || text ? "" : "missing field " + member));
            CHECK(text.has_value() == (fine || (member == "eid" && g.optional.contains("eid"))));
            if (!text && member != "eid") CHECK(codes(refusal(*g.type, text.error())) == "1.6/2.2");
            bad[member] = nullptr; // the same as absent
            CHECK(why(g.again(bad.dump())) == why(text));
        }
    }
    for (const char* inner : {"functionRequesterIdentifier", "functionCallIdentifier"}) {
        Json bad = Json::parse(kGolden[0].json);
        bad["header"].erase(inner);
        const auto read = server_from_json<rsp::DownloadOrderRequest>(bad.dump());
        CHECK(why(read) == std::string("missing field ") + inner);
        CHECK(codes(refusal(rsp::kServerMessage<rsp::DownloadOrderRequest>, read.error())) == "1.6/2.2");
    }
    CHECK(tolerated("null for an absent member", "iccid") > 0);
}

TEST_CASE("when a member that others make mandatory is missing, the code of that condition is answered") {
    const auto& download = rsp::kServerMessage<rsp::DownloadOrderRequest>;
    const auto neither = server_from_json<rsp::DownloadOrderRequest>("{" HEADER "," EID "}");
    CHECK(why(neither) == "missing field iccid");
    CHECK(codes(refusal(download, neither.error())) == "1.6/2.3");
    const auto& confirm = rsp::kServerMessage<rsp::ConfirmOrderRequest>;
    for (const char* member : {R"("smdsAddress":"ds.example.com")", R"("matchingId":"")"}) {
        const std::string rest = std::string(ICCID R"(,"releaseFlag":true,)") + member;
        const auto without = server_from_json<rsp::ConfirmOrderRequest>("{" HEADER "," + rest + "}");
        CHECK(why(without) == "missing field eid");
        CHECK(codes(refusal(confirm, without.error())) == "8.1.1/2.2");
        CHECK(server_from_json<rsp::ConfirmOrderRequest>("{" HEADER "," EID "," + rest + "}"));
    }
    // In registerEvent the EID is mandatory as such.
    const auto event = server_from_json<rsp::RegisterEventRequest>("{" HEADER "}");
    CHECK(codes(refusal(rsp::kServerMessage<rsp::RegisterEventRequest>, event.error())) == "1.6/2.2");
    // What we write is held to the same.
    rsp::ConfirmOrderRequest ours{.header = {"1.2.3", "x"}, .matching_id = "", .release_flag = true};
    CHECK(why(server_to_json(ours)) == "missing field eid");
}

TEST_CASE("when a member is of another kind, it is named and answered 1.6/2.1") {
    for (const Golden& g : kGolden) {
        const Json good = Json::parse(g.json);
        for (const auto& [member, value] : good.items())
            for (const Json& other :
                 {Json(7.5), Json(-1), Json("\xC3\xA4"), Json(true), Json::array({value}), Json::object()}) {
                const bool text = value.is_string() && other.is_string();
                if ((value.is_boolean() && other.is_boolean()) ||
                    (text && (member == "profileType" || member == "eventId" ||
                              member == "confirmationCode" || member == "notificationIdentifier")))
                    continue; // a good value
                INFO(g.type->name, " ", member, " ", other.dump());
                Json bad = Json::parse(g.json);
                bad[member] = other;
                const auto read = g.again(bad.dump());
                REQUIRE_FALSE(read);
                if (other.is_object() && value.is_object()) { // what is missing inside
                    CHECK(read.error().code == Errc::missing_field);
                    continue;
                }
                CHECK(read.error().where == member);
                CHECK((read.error().code == Errc::bad_value || read.error().code == Errc::bad_length));
                CHECK(codes(refusal(*g.type, read.error())) == "1.6/2.1");
            }
    }
}

TEST_CASE(
    "when an ICCID, EID or matching id is written in a form of its own, the rules of the format decide") {
    const auto iccid = [](const std::string& v) {
        return refused<rsp::ReleaseProfileRequest>(order("iccid", "\"" + v + "\""));
    };
    for (const char* good : {"890001234567890123",     // 18
                             "8900012345678901234",    // 19
                             "89000123456789012345",   // 20
                             "8900012345678901234F",   // 19 and the filler
                             "890001234567890123F"}) { // 18 and the filler
        CAPTURE(std::string(good));
        CHECK(iccid(good).empty());
    }
    for (const char* bad : {"",
                            "89000123456789012",
                            "890001234567890123456",
                            "89000123456789012345F",
                            "F90001234567890123",
                            "89000123456789012 4",
                            "8900012345678901234FF",
                            "8900012345678901234A",
                            "+900012345678901234"}) {
        CAPTURE(std::string(bad));
        CHECK_FALSE(iccid(bad).empty());
    }
    CHECK(iccid("8900012345678901234f").empty());
    CHECK(tolerated("filler in lower case", "iccid") == 1);
    const auto with_filler =
        server_from_json<rsp::ReleaseProfileRequest>(order("iccid", "\"8900012345678901234F\""));
    CHECK(hex(with_filler->iccid) == "980010325476981032F4");

    const auto eid = [](const std::string& v) {
        return refused<rsp::CancelOrderRequest>(order("eid", "\"" + v + "\""));
    };
    CHECK(eid("89049032123451234512345678901235").empty());
    CHECK(eid("00000000000000000000000000000000").empty()); // check digits are not the binding's business
    CHECK(eid("8904903212345123451234567890123") == "bad length eid");
    CHECK(eid("890490321234512345123456789012350") == "bad length eid");
    CHECK(eid("8904903212345123451234567890123A") == "bad value eid");

    const auto matching_id = [](const std::string& v) {
        return refused<rsp::CancelOrderRequest>(order("matchingId", "\"" + v + "\""));
    };
    CHECK(matching_id("").empty());
    CHECK(matching_id("ABCXYZ-0189").empty());
    CHECK(matching_id(std::string(255, 'A')).empty());
    CHECK(matching_id(std::string(256, 'A')) == "bad length matchingId");
    for (const char* bad : {"a", "A B", "A$B", "\xC3\x84", "A\\n"})
        CHECK(matching_id(bad) == "bad value matchingId");
    const size_t before = tolerated("underscore in a matching id", "matchingId");
    CHECK(matching_id("A_B").empty());
    CHECK(tolerated("underscore in a matching id", "matchingId") == before + 1);
    // A peer that uses it gets it back.
    CHECK(server_to_json(rsp::ConfirmOrderAnswer{.matching_id = "A_B"}));
    CHECK(tolerated("underscore in a matching id", "matchingId") == before + 1);
}

TEST_CASE("when other formats are at their limits, the member is named") {
    const auto progress = [](const char* member, const char* value) {
        return refused<rsp::HandleDownloadProgressInfoRequest>(order(member, value));
    };
    for (const char* id : {"1", "4", "100", "2147483647", "5", "99"})
        CHECK(progress("notificationPointId", id).empty());
    CHECK(tolerated("notification point of another edition", "notificationPointId") == 2);
    for (const char* id : {"0", "-1", "2147483648", "18446744073709551615", "1.0", "\"1\"", "true"})
        CHECK(progress("notificationPointId", id) == "bad value notificationPointId");
    CHECK(progress("resultData", "\"vzcCBQA\"") == "bad length resultData");  // padding
    CHECK(progress("resultData", "\"vzcCBQ==\"") == "truncated resultData");  // BF37 02 05
    CHECK(progress("resultData", "\"vzYCBQA=\"") == "bad tag resultData");    // BF36
    CHECK(progress("resultData", "\"vzcCBQAA\"") == "bad length resultData"); // one octet more
    CHECK(progress("profileType", "\"\"") == "bad length profileType");
    CHECK(progress("profileType", ("\"" + std::string(255, 'x') + "\"").c_str()).empty());
    CHECK(progress("profileType", ("\"" + std::string(256, 'x') + "\"").c_str()) == "bad length profileType");

    const auto final_status = [](const char* v) {
        return refused<rsp::CancelOrderRequest>(order("finalProfileStatusIndicator", v));
    };
    CHECK(final_status("\"Unavailable\"").empty());
    for (const char* bad : {"\"\"", "\"available\"", "\"Available \"", "true"})
        CHECK(final_status(bad) == "bad value finalProfileStatusIndicator");

    const auto requester = [](const char* v) {
        return refused<rsp::ReleaseProfileRequest>(order(
            "header",
            (R"({"functionCallIdentifier":"x","functionRequesterIdentifier":")" + std::string(v) + "\"}")
                .c_str()));
    };
    CHECK(requester("2.999.1").empty());
    for (const char* bad : {"1", "3.1", "1.40", "1..2", "1.2.", ".1.2", "1.2.x", "urn:oid:1.2.3", "1.2.-3"})
        CHECK(requester(bad) == "bad value functionRequesterIdentifier");
    CHECK(requester("") == "bad length functionRequesterIdentifier");

    const auto address = [](const std::string& v) {
        Json json = Json::parse(kGolden[7].json);
        json["rspServerAddress"] = v;
        return refused<rsp::RegisterEventRequest>(json.dump());
    };
    CHECK(address("smdp.example.com").empty());
    const size_t before = tolerated("port in an address", "rspServerAddress");
    CHECK(address("smdp.example.com:8443").empty());
    CHECK(address("[2001:db8::1]:8443").empty());
    CHECK(tolerated("port in an address", "rspServerAddress") == before + 2);
    for (const char* bad :
         {"https://smdp.example.com", "smdp.example.com/", "smdp example", "smdp.example.com?x"})
        CHECK(address(bad) == "bad value rspServerAddress");
    CHECK(address("") == "bad length rspServerAddress");
    CHECK(address(std::string(256, 'a')) == "bad length rspServerAddress");
}

TEST_CASE("when a body is no object, nests too deep, is too long or says a thing twice, it is refused") {
    using T = rsp::ReleaseProfileRequest;
    const auto& type = rsp::kServerMessage<T>;
    for (const char* body : {"", "[]", "null", "{", "<html>"}) {
        const auto read = server_from_json<T>(body);
        CHECK(why(read) == "bad value body");
        CHECK_FALSE(refusal(type, read.error())); // HTTP 400
    }
    const std::string deep = std::string(40, '[') + std::string(40, ']');
    const auto nested = server_from_json<T>(R"({"x":)" + deep + "," HEADER "," ICCID "}");
    CHECK(why(nested) == "limit exceeded depth");
    CHECK_FALSE(refusal(type, nested.error()));
    std::string big = "{" HEADER "," ICCID "}";
    big.resize(1 << 20, ' ');
    CHECK(server_from_json<T>(big));
    CHECK(refused<T>(big + " ") == "limit exceeded body");
    const auto twice = server_from_json<T>("{" HEADER "," ICCID R"(,"iccid":"890001234567890123"})");
    CHECK(why(twice) == "bad value iccid");
    CHECK(codes(refusal(type, twice.error())) == "1.6/2.1");
    CHECK(refused<T>(R"({"header":{)" REQUESTER R"(,"functionCallIdentifier":"FCI-2"},)" ICCID "}") ==
          "bad value functionCallIdentifier");
    CHECK(refused<T>("{" HEADER "," ICCID R"(,"x":1,"x":2})") == "bad value duplicate member");
    // Unknown members are skipped wherever they stand.
    const auto unknown =
        server_from_json<T>(R"({"header":{"x":[{}],)" REQUESTER R"(},"y":{"iccid":7},)" ICCID "}");
    REQUIRE_MESSAGE(unknown, why(unknown));
}

TEST_CASE("when a function failed, its answer is the header with the codes, in both directions") {
    const char* body = R"({"header":{"functionExecutionStatus":{"status":"Failed","statusCodeData":)"
                       R"({"subjectCode":"8.2.6","reasonCode":"3.3","message":"matching id in use"}}}})";
    const rsp::HeaderAnswer failed{
        ExecutionStatus::failure(rsp::code_for(ServerFunction::confirm_order, "8.2.6", "3.3"))};
    CHECK(*server_to_json(failed) == body);
    const auto answer = server_answer<rsp::ConfirmOrderAnswer>(ServerFunction::confirm_order, 200, body);
    REQUIRE(answer); // matchingId may be missing then
    CHECK_FALSE(answer->status.executed());
    CHECK(answer->status.code->is("8.2.6", "3.3"));
    CHECK(why(server_answer<rsp::ConfirmOrderAnswer>(ServerFunction::confirm_order, 200, "{" DONE "}")) ==
          "missing field matchingId");
    const auto status = [](const std::string& execution) {
        return refused<rsp::HeaderAnswer>(R"({"header":{"functionExecutionStatus":)" + execution + "}}");
    };
    for (const char* good : {"Executed-Success", "Executed-WithWarning", "Failed", "Expired"})
        CHECK(status(R"({"status":")" + std::string(good) + "\"}").empty());
    CHECK(status(R"({"status":"executed-success"})") == "bad value status");
    CHECK(status("{}") == "missing field status");
    CHECK(status("7") == "bad value functionExecutionStatus");
    CHECK(status(R"({"status":"Failed","statusCodeData":7})") == "bad value statusCodeData");
    CHECK(status(R"({"status":"Failed","statusCodeData":{"reasonCode":"3.3"}})") ==
          "missing field subjectCode");
    CHECK(status(R"({"status":"Failed","statusCodeData":{"subjectCode":"8.1"}})") ==
          "missing field reasonCode");
    CHECK(status(R"({"status":"Failed","statusCodeData":{"subjectCode":8.1,"reasonCode":"3.3"}})") ==
          "bad value subjectCode");
    for (const char* bad : {"", ".", "8.", ".8", "8..1", "8,1", "x"})
        CHECK(status(R"({"status":"Failed","statusCodeData":{"subjectCode":"8","reasonCode":")" +
                     std::string(bad) + "\"}}") == "bad value reasonCode");
    CHECK(
        status(
            R"({"status":"Failed","statusCodeData":{"subjectCode":"8","reasonCode":"3.10","message":7}})") ==
        "bad value message");
    CHECK(refused<rsp::HeaderAnswer>("{}") == "missing field header");
    CHECK(refused<rsp::HeaderAnswer>(R"({"header":{}})") == "missing field functionExecutionStatus");
    // Codes beside plain success are read, never written.
    const rsp::HeaderAnswer odd{
        {ExecutionStatus::Status::executed_success, rsp::StatusCode{"8.1", "3.3", ""}, ""}};
    CHECK(why(server_to_json(odd)) == "bad value statusCodeData");
    const rsp::HeaderAnswer nameless{{ExecutionStatus::Status::failed, {}, "someone"}};
    CHECK(why(server_to_json(nameless)) == "missing field subjectCode");
}

TEST_CASE("when an operator is told of progress, 204 and 200 mean it has arrived") {
    const auto f = ServerFunction::handle_download_progress_info;
    const size_t before = tolerated("body where none belongs", "handleDownloadProgressInfo");
    for (const int http : {204, 200}) CHECK(server_answer<rsp::HeaderAnswer>(f, http, "")->status.executed());
    CHECK(server_answer<rsp::HeaderAnswer>(f, 200, "{" DONE "}")->status.executed());
    CHECK(tolerated("body where none belongs", "handleDownloadProgressInfo") == before + 1);
    for (const int http : {202, 400, 401, 500, 503}) {
        const auto answer = server_answer<rsp::HeaderAnswer>(f, http, "");
        CHECK(why(answer) == "rejected http status");
        CHECK(answer.error().detail == static_cast<uint32_t>(http));
    }
    CHECK(why(server_answer<rsp::HeaderAnswer>(ServerFunction::release_profile, 204, "")) ==
          "rejected http status");
    CHECK(server_answer<rsp::HeaderAnswer>(ServerFunction::release_profile, 200, "{" DONE "}"));
}
