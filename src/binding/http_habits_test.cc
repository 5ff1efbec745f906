#include "base/tolerated.h"
#include "binding/http_habits.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::binding;

namespace {
constexpr std::string_view kAgents[] = {"gsma-rsp-ipad", "gsma-rsp-ipae"};
constexpr const char* kAsn1 = "application/x-gsma-rsp-asn1";
/// What was tolerated: "what at header", one after the other.
std::string tolerated_in(const RequestHeaders& headers, std::string_view media = kAsn1) {
    const PeerScope scope;
    REQUIRE(judge_headers(headers, media, kAgents));
    std::string out;
    for (const Tolerated& t : scope.seen()) out += std::string(t.what) + " at " + t.where + "; ";
    return out;
}
} // namespace

TEST_CASE("when headers are as specified, nothing is counted") {
    CHECK(tolerated_in({"gsma/rsp/v2.1.0", kAsn1, "gsma-rsp-ipad"}).empty());
    CHECK(tolerated_in({"gsma/rsp/v1.3.0", kAsn1, "gsma-rsp-ipae; product 1"}).empty());
    CHECK(tolerated_in({"gsma/rsp/v2.5.0", "application/json;charset=UTF-8", "gsma-rsp-ipad"},
                       "application/json")
              .empty());
    CHECK(tolerated_in({"gsma/rsp/v2.5.0", "application/json", "gsma-rsp-ipad"}, "application/json").empty());
}

// Each of these is somebody's: interop notes of the field, section 1.
TEST_CASE("when clients of the field send theirs, each habit is counted under its header") {
    CHECK(tolerated_in({"gsma/rsp/v2.1.0", kAsn1, "Onomondo IPAd / 1.0.0 via libcurl"}) ==
          "agent of no known kind at User-Agent; ");
    CHECK(tolerated_in({"gsma/rsp/v2.2.0", kAsn1, "gsma-rsp-Ipad"}).empty());
    CHECK(tolerated_in({"gsma/rsp/v2.5.0", "application/json", ""}, "application/json") ==
          "header is missing at User-Agent; ");
    CHECK(tolerated_in({"gsma/rsp/v2.1.0", "application/json", "gsma-rsp-ipad"}) ==
          "media type of something else at Content-Type; ");
    CHECK(tolerated_in({"", "", "gsma-rsp-ipad"}) ==
          "header is missing at X-Admin-Protocol; header is missing at Content-Type; ");
    CHECK(tolerated_in({"v2", std::string(kAsn1) + "x", "gsma-rsp-ipad"}) ==
          "header cannot be read at X-Admin-Protocol; media type of something else at Content-Type; ");
}

TEST_CASE("when the scope is strict, the first deviation is refused by its header") {
    const PeerScope strict(true);
    CHECK(judge_headers({"gsma/rsp/v2.1.0", kAsn1, "gsma-rsp-ipad"}, kAsn1, kAgents));
    const auto refused = judge_headers({"gsma/rsp/v2.1.0", kAsn1, "curl/8"}, kAsn1, kAgents);
    REQUIRE(!refused);
    CHECK(refused.error().where == std::string_view("User-Agent"));
}

namespace {
std::string tolerated_in(const AnswerHeaders& headers, bool has_answer = true) {
    const PeerScope scope;
    REQUIRE(judge_answer(headers, kAsn1, kEs9Majors, has_answer));
    std::string out;
    for (const Tolerated& t : scope.seen()) out += std::string(t.what) + " at " + t.where + "; ";
    return out;
}
} // namespace

// SGP.22 §6.5.1: both directions have X-Admin-Protocol; 204 and nothing else where a function has no answer.
TEST_CASE("when an answer's headers are as specified, nothing is counted") {
    CHECK(tolerated_in(AnswerHeaders{200, "gsma/rsp/v2.5.0", kAsn1, 5}).empty());
    CHECK(tolerated_in(AnswerHeaders{200, "gsma/rsp/v2.2.2", kAsn1, 5}).empty());
    CHECK(tolerated_in(AnswerHeaders{204, "gsma/rsp/v2.5.0", "", 0}, false).empty());
}

TEST_CASE("when servers of the field answer in their way, each habit is counted under its header") {
    CHECK(tolerated_in(AnswerHeaders{200, "", "", 5}) ==
          "header is missing at X-Admin-Protocol; header is missing at Content-Type; ");
    CHECK(tolerated_in(AnswerHeaders{200, "gsma/rsp/v3.0.0", kAsn1, 5}) ==
          "version that is not supported at X-Admin-Protocol; ");
    CHECK(tolerated_in(AnswerHeaders{200, "gsma/rsp/v1.0.0", kAsn1, 5}) ==
          "version that is not supported at X-Admin-Protocol; ");
    CHECK(tolerated_in(AnswerHeaders{200, "2.5.0", "application/json", 5}) ==
          "header cannot be read at X-Admin-Protocol; media type of something else at Content-Type; ");
    CHECK(tolerated_in(AnswerHeaders{200, "gsma/rsp/v2.5.0", "", 0}, false) ==
          "200 where 204 is specified at HTTP status; ");
    CHECK(tolerated_in(AnswerHeaders{204, "gsma/rsp/v2.5.0", kAsn1, 0}, false) ==
          "header without a body at Content-Type; ");
    CHECK(tolerated_in(AnswerHeaders{202, "gsma/rsp/v2.5.0", "", 0}, false) ==
          "status other than 204 at HTTP status; ");
    CHECK(tolerated_in(AnswerHeaders{500, "gsma/rsp/v2.5.0", kAsn1, 5}) ==
          "status other than 200 at HTTP status; ");
    CHECK(judge_answer({200, "gsma/rsp/v1.0.0", kAsn1, 5}, kAsn1, kEsipaMajors, true));
}

TEST_CASE("when the scope is strict, an answer is refused by its first deviation") {
    const PeerScope strict(true);
    CHECK(judge_answer({200, "gsma/rsp/v2.5.0", kAsn1, 5}, kAsn1, kEs9Majors, true));
    for (const auto& [headers, where] :
         {std::pair{AnswerHeaders{200, "", "", 5}, "X-Admin-Protocol"},
          {AnswerHeaders{200, "gsma/rsp/v3.0.0", kAsn1, 5}, "X-Admin-Protocol"},
          {AnswerHeaders{200, "gsma/rsp/v2.5.0", "text/html", 5}, "Content-Type"},
          {AnswerHeaders{500, "gsma/rsp/v2.5.0", kAsn1, 5}, "HTTP status"}}) {
        const auto refused = judge_answer(headers, kAsn1, kEs9Majors, true);
        REQUIRE(!refused);
        CHECK(refused.error().code == Errc::bad_value);
        CHECK(refused.error().where == std::string_view(where));
    }
}
