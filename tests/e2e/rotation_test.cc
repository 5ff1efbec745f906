// Cards under two CIs, with the real programs. docs/pki.md
#include "tests/e2e/site.h"

using namespace halyard;
using namespace halyard::e2e;

namespace {
// As openssl reads it: upper-case hex without colons.
std::string key_identifier(const std::string& certificate) {
    const Ran ran = shell("openssl x509 -noout -ext subjectKeyIdentifier -in " + certificate);
    INFO(ran);
    REQUIRE(ran.status == 0);
    std::string out;
    for (const char c : ran.out.substr(ran.out.find('\n') + 1))
        if (std::isxdigit(static_cast<unsigned char>(c))) out += c;
    REQUIRE(out.size() == 40);
    return out;
}
} // namespace

TEST_CASE("when the SM-DP+ has moved to a second CI, the eIM proves the installation under it, and packages "
          "under the first") {
    Site s;
    REQUIRE(cli({"pki", "init", "--dir", s.path("pki"), "--name", "second"}).status == 0);
    const std::string second = s.pki("second"), device = s.path("devices/device-0001");
    std::filesystem::remove_all(device + "/card");
    const Ran made = cli({"euicc",
                          "create",
                          device + "/card",
                          "--pki",
                          s.path("pki"),
                          "--pki",
                          second,
                          "--eid",
                          s.eids()[0],
                          "--bootstrap",
                          device + "/bootstrap.der"});
    INFO(made);
    REQUIRE(made.status == 0);
    s.smdp_pki = second;
    s.eim_options = {"--pki", second};
    s.start_smdp();
    s.start_eim();
    s.import_devices();
    const std::string download = s.order_download();
    const Ran audit = s.eim({"operations", "create", "audit", "--eid", s.eids()[0], "--after", download});
    REQUIRE(audit.status == 0);
    const Ran polled = s.ipad(0, {"--trust", second + "/ci.pem"});
    INFO(polled);
    CHECK(polled.status == 0);
    const Json installed = s.operation(download), listed = s.operation(audit.json().value("id", ""));
    CHECK(installed.value("state", "") == "succeeded");
    CHECK(installed.value("ci", "") == key_identifier(second + "/ci.pem"));
    CHECK(installed.value("offers", 0) == 1);
    CHECK(listed.value("state", "") == "succeeded");
    CHECK(listed.value("ci", "") == key_identifier(s.pki("ci.pem")));
    const Json known = s.eim({"devices", "show", s.eids()[0]}).json();
    REQUIRE(known["certificates"].size() == 2);
    CHECK(known["certificates"][0]["ci"] == key_identifier(s.pki("ci.pem")));
    CHECK(known["certificates"][1]["ci"] == key_identifier(second + "/ci.pem"));
}
