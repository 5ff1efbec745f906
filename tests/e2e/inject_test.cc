// Packages sent to a device over TLS, with the programs of an operator. SGP.32 §3.1.1.2, §6.1; SR-19
#include "tests/e2e/site.h"
#include <csignal>
#include <unistd.h>

using namespace halyard;
using namespace halyard::e2e;

namespace {
constexpr const char* kUrl = "https://eim.halyard.test"; // the name in the certificate that the device shows

/// A device that does not poll by itself for an hour, and an eIM that may call it.
struct Reachable {
    Reachable() {
        site.eim_options = {"--inject-to", "eim.halyard.test", "--resolve", "eim.halyard.test=" + door};
        site.start_smdp();
        site.start_eim();
        site.import_devices();
        device = site.ipad_daemon(0,
                                  {"--poll-interval",
                                   "3600",
                                   "--inject-listen",
                                   door,
                                   "--inject-cert",
                                   site.pki("eim-tls.pem"),
                                   "--inject-key",
                                   site.pki("eim-tls.key"),
                                   "--inject-trust",
                                   site.pki("ci.pem")});
        for (int i = 0; i < 300 && !happened("nothing to do"); ++i) ::usleep(100'000);
        REQUIRE(happened("nothing to do"));
    }
    bool happened(const std::string& name) {
        for (const Json& e : site.events(0))
            if (e.value("event", "") == name) return true;
        return false;
    }
    Json inject() {
        const Ran ran = site.eim({"devices", "inject", site.eids()[0], "--to", kUrl});
        INFO(ran);
        REQUIRE(ran.status == 0);
        return ran.json();
    }
    std::string curl(const std::string& options) const {
        return "curl -sS -w '\\n' --max-time 20 --cacert " + site.pki("ci.pem") +
               " --connect-to eim.halyard.test:443:" + door + " " + options;
    }

    std::string door = "127.0.0.1:" + std::to_string(30'000 + ::getpid() % 20'000);
    Site site;
    app::Process device;
};
} // namespace

TEST_CASE("when a device can be reached, orders are carried out without waiting for its poll") {
    Reachable r;
    const auto download = r.site.order_download();
    const Json first = r.inject(); // the eIM's own question and audit, then the trigger
    CHECK(first.value("sent", 0) == 3);
    CHECK(first.value("end", "") == "received");
    const Ran waited = r.site.eim({"operations", "wait", download, "--timeout", "60"});
    INFO(waited);
    REQUIRE(waited.status == 0);
    const Ran audit = r.site.eim({"operations", "create", "audit", "--eid", r.site.eids()[0]});
    REQUIRE(audit.status == 0);
    const Json second = r.inject();
    CHECK(second.value("sent", 0) == 1);
    CHECK(second["acknowledged"].size() == 1);
    CHECK(second.value("end", "") == "empty");
    CHECK(r.site.operation(audit.json().value("id", "")).value("state", "") == "succeeded");
    CHECK(r.inject().value("sent", -1) == 0);

    // The JSON binding, spoken by curl with the eIM's certificate: BF53 without numbers.
    const std::string path = std::string(kUrl) + "/gsma/rsp2/esipa/transferEimPackage";
    const std::string certificate =
        "--cert " + r.site.pki("eim-tls.pem") + " --key " + r.site.pki("eim-tls.key") + " ";
    const Ran json = shell(r.curl(certificate + "-d '{\"eimAcknowledgements\":\"v1MA\"}' " + path));
    INFO(json);
    CHECK(json.json().value("eimPackageReceived", false));
    CHECK(json.json()["header"]["functionExecutionStatus"].value("status", "") == "Executed-Success");
    // Nobody without a certificate, and nobody with one that is no eIM's of this card.
    CHECK(shell(r.curl("-d '{}' " + path)).status != 0);
    const Ran stranger =
        shell(r.curl("-o /dev/null -w '%{http_code}\\n' --cert " + r.site.pki("smdp-tls.pem") + " --key " +
                     r.site.pki("smdp-tls.key") + " -d '{\"eimAcknowledgements\":\"v1MA\"}' " + path));
    CHECK(stranger.out == "403\n");

    r.device.signal(SIGTERM);
    CHECK(r.device.wait(std::chrono::seconds(15)));
    CHECK(r.device.status() == 0);
    const Ran gone = r.site.eim({"operations", "create", "audit", "--eid", r.site.eids()[0]});
    REQUIRE(gone.status == 0);
    CHECK(r.site.eim({"devices", "inject", r.site.eids()[0], "--to", kUrl}).status == 1);
    CHECK(r.site.operation(gone.json().value("id", "")).value("state", "") == "offered"); // and kept
}

TEST_CASE("when a URL is not on the eIM's list, it is not called") {
    Reachable r;
    for (const char* url :
         {"https://127.0.0.1", "https://eim.halyard.test:444", "https://smdp.halyard.test"}) {
        CAPTURE(url);
        const Ran ran = r.site.eim({"devices", "inject", r.site.eids()[0], "--to", url});
        CHECK(ran.status == 1);
        CHECK(ran.json().value("status", 0) == 403);
        CHECK(ran.json().value("member", "") == "url");
    }
    for (const char* url : {"http://eim.halyard.test", "https://eim.halyard.test/x", "eim.halyard.test"}) {
        CAPTURE(url);
        const Ran ran = r.site.eim({"devices", "inject", r.site.eids()[0], "--to", url});
        CHECK(ran.json().value("status", 0) == 400);
    }
}
