// What peers deviate in, across restarts of the servers. Requests by curl.
#include "tests/e2e/site.h"

using namespace halyard;
using namespace halyard::e2e;

namespace {
// A poll of a stranger, without X-Admin-Protocol, called "curl".
void poll(const Site& s) {
    const std::string endpoint = s.esipa_endpoint();
    const Ran ran =
        shell("printf '\\277\\117\\022\\132\\020\\211\\004\\220\\062\\000\\000\\000\\000\\000\\000"
              "\\000\\000\\000\\000\\000\\001' | curl -sS --max-time 10 --connect-to "
              "eim.halyard.test:443:" +
              endpoint + " --cacert " + s.pki("ci.pem") +
              " -H 'Content-Type: application/x-gsma-rsp-asn1' -A curl --data-binary @- "
              "https://eim.halyard.test/gsma/rsp2/asn1");
    INFO(ran);
    REQUIRE(ran.status == 0);
}
std::string ask_smdp(const Site& s) {
    const Ran ran = shell("curl -sS --max-time 10 --connect-to smdp.halyard.test:443:" + s.smdp_endpoint() +
                          " --cacert " + s.pki("ci.pem") +
                          " -H 'Content-Type: application/json' -A gsma-rsp-lpad -d '{}' "
                          "https://smdp.halyard.test/gsma/rsp2/es9plus/initiateAuthentication");
    REQUIRE(ran.status == 0);
    return ran.out;
}
/// count, first, last of one kind; nothing: null.
Json kind(const Json& list, const std::string& what, const std::string& where) {
    for (const Json& d : list)
        if (d.value("what", "") == what && d.value("where", "") == where) return d;
    return {};
}
Json at_eim(const Site& s) {
    for (const Json& peer : json_lines(s.eim({"deviations"}).out))
        for (const Json& d : peer["deviations"])
            if (d.value("where", "") == "X-Admin-Protocol" && d.value("what", "") == "header is missing")
                return d;
    return {};
}
size_t lines_with(const std::string& file, const std::string& text) {
    const std::string log = read_text(file);
    size_t n = 0;
    for (size_t at = log.find(text); at != log.npos; at = log.find(text, at + 1)) ++n;
    return n;
}
} // namespace

TEST_CASE(
    "when an eIM ends and begins again, it counts on, tells since when, and does not log the same again") {
    Site s;
    const std::string line = "tolerated header is missing at X-Admin-Protocol; from now on counted only";
    s.start_eim();
    poll(s);
    poll(s);
    const Json before = at_eim(s);
    CHECK(before.value("count", 0) == 2);
    CHECK(lines_with(s.path("eim.log"), line) == 1);
    s.stop_eim();
    const size_t logged = lines_with(s.path("eim.log"), line);
    s.start_eim();
    CHECK(at_eim(s) == before);
    poll(s);
    const Json after = at_eim(s);
    CHECK(after.value("count", 0) == 3);
    CHECK(after["first"] == before["first"]);
    CHECK(after.value("last", "") >= before.value("last", ""));
    CHECK(lines_with(s.path("eim.log"), line) <= logged);
}

TEST_CASE("when an SM-DP+ has ended, the command line still tells what its peers did") {
    Site s;
    s.start_smdp();
    (void)ask_smdp(s);
    (void)ask_smdp(s);
    s.stop_smdp();
    s.start_smdp();
    (void)ask_smdp(s);
    s.stop_smdp();
    const Ran ran = cli({"smdp", "deviations", "--state", s.path("smdp"), "--json"});
    INFO(ran);
    REQUIRE(ran.status == 0);
    const Json missing = kind(json_lines(ran.out), "header is missing", "X-Admin-Protocol");
    CHECK(missing.value("count", 0) == 3);
    CHECK(missing.value("peer", "") == "127.0.0.1");
    CHECK(missing.value("first", "") <= missing.value("last", ""));
}
