// TLS certificates of SM-DP+ and eIM that must not be believed: the refusal names the rule, nothing is lost,
// and the order completes once the right certificate is in place.
#include "tests/e2e/site.h"
#include <functional>

using namespace halyard;
using namespace halyard::e2e;

namespace {
struct Bad {
    std::string name, rule;
    std::function<std::string(Site&, const char*)> make; // the directory it is in
};

std::function<std::string(Site&, const char*)> minted(const Words& options, bool own_ci = true) {
    return [=](Site& site, const char*) {
        static int n = 0;
        Words all = options;
        if (own_ci) {
            const Words ci{"--ci-key", site.pki("ci.key"), "--ci-cert", site.pki("ci.der")};
            all.insert(all.end(), ci.begin(), ci.end());
        }
        return site.second_pki("bad-" + std::to_string(++n), all);
    };
}

// Made without any code of ours: key, request, certificate, all by the openssl program under our CI.
std::function<std::string(Site&, const char*)>
by_openssl(const std::string& usage, const std::string& days, const std::string& role = "3") {
    return [=](Site& site, const char* leaf) {
        static int n = 0;
        const std::string dir = site.path("openssl-" + std::to_string(++n)), file = dir + "/" + leaf;
        const std::string host = std::string(leaf) == "eim-tls" ? "eim.halyard.test" : "smdp.halyard.test";
        std::filesystem::create_directory(dir);
        write_text(dir + "/extensions",
                   "subjectAltName=DNS:" + host + ",RID:2.999.10\nkeyUsage=critical,digitalSignature\n" +
                       "extendedKeyUsage=critical," + usage + "\nauthorityKeyIdentifier=keyid\n" +
                       "subjectKeyIdentifier=hash\ncertificatePolicies=2.23.146.1.2.1." + role + "\n");
        const Ran ran =
            shell("set -e; openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "
                  "/O=Test/CN=" +
                  host + " -keyout " + file + ".key -out " + file + ".csr; openssl x509 -req -in " + file +
                  ".csr -CA " + site.pki("ci.pem") + " -CAkey " + site.pki("ci.key") +
                  " -set_serial 4711 -sha256 -days " + days + " -extfile " + dir + "/extensions -out " +
                  file + ".pem; openssl x509 -in " + file + ".pem -outform DER -out " + file + ".der");
        INFO(ran);
        REQUIRE(ran.status == 0);
        return dir;
    };
}

std::vector<Bad> bad_certificates() {
    return {{"expired",
             "certificate expired",
             minted({"--not-before", "2020-01-01", "--not-after", "2021-01-01"})},
            {"not yet valid",
             "certificate not yet valid",
             minted({"--not-before", "2090-01-01", "--not-after", "2095-01-01"})},
            {"of another host",
             "certificate host",
             minted({"--smdp-host", "other.halyard.test", "--eim-host", "other.halyard.test"})},
            {"under a foreign CI", "certificate issuer", minted({}, false)},
            {"for clients only", "certificate purpose", by_openssl("clientAuth", "30")},
            {"expired, made by openssl", "certificate expired", by_openssl("serverAuth", "-1")}};
}

void release_if_held(const Site& site, const std::string& id) {
    if (site.operation(id).value("held", false)) CHECK(site.eim({"operations", "release", id}).status == 0);
}

void check_completes(Site& site, const std::string& id, const Words& more = {}) {
    const Ran ran = site.ipad(0, more);
    INFO(ran);
    CHECK(ran.status == 0);
    const Json operation = site.operation(id);
    CAPTURE(operation.dump());
    CHECK(operation["state"] == "succeeded");
    CHECK(site.card(0)["profiles"].size() == 2);
}
} // namespace

TEST_CASE("when the SM-DP+'s TLS certificate is bad, the device refuses it by name and the order survives") {
    Site site;
    const std::string good =
        site.second_pki("good-pki", {"--ci-key", site.pki("ci.key"), "--ci-cert", site.pki("ci.der")});
    site.start_smdp();
    site.start_eim();
    site.import_devices();
    const std::string id = site.order_download();
    auto cases = bad_certificates();
    cases.push_back({"in the role of DPauth", "certificate role", by_openssl("serverAuth", "30", "4")});
    for (const Bad& bad : cases) {
        CAPTURE(bad.name);
        site.stop_smdp();
        site.put("smdp-tls", bad.make(site, "smdp-tls"));
        site.start_smdp();
        const size_t before = site.events(0).size();
        (void)site.ipad(0);
        auto events = site.events(0);
        events.erase(events.begin(), events.begin() + static_cast<std::ptrdiff_t>(before));
        CHECK(refused_for(events, bad.rule));
        CHECK(site.card(0)["profiles"].size() == 1);
        const Json operation = site.operation(id);
        CAPTURE(operation.dump());
        CHECK(operation["state"] == "offered");
        release_if_held(site, id);
    }
    site.stop_smdp();
    site.put("smdp-tls", good);
    site.start_smdp();
    check_completes(site, id);
}

TEST_CASE("when the SM-DP+'s TLS certificate is bad, the eIM that relays refuses it by name too") {
    Site site;
    const std::string good =
        site.second_pki("good-pki", {"--ci-key", site.pki("ci.key"), "--ci-cert", site.pki("ci.der")});
    site.put("smdp-tls", minted({"--smdp-host", "other.halyard.test"})(site, "smdp-tls"));
    site.start_smdp();
    site.start_eim();
    site.import_devices();
    const std::string id = site.order_download();
    (void)site.ipad(0, {"--download", "indirect"});
    CHECK(contains(read_text(site.path("eim.log")), "certificate host"));
    const Json operation = site.operation(id);
    CAPTURE(operation.dump());
    CHECK(operation["state"] == "offered");
    release_if_held(site, id);
    site.stop_smdp();
    site.put("smdp-tls", good);
    site.start_smdp();
    check_completes(site, id, {"--download", "indirect"});
}

TEST_CASE(
    "when the eIM's TLS certificate is bad, device and operator refuse it by name and the order survives") {
    Site site;
    const std::string good =
        site.second_pki("good-pki", {"--ci-key", site.pki("ci.key"), "--ci-cert", site.pki("ci.der")});
    site.start_smdp();
    site.start_eim();
    site.import_devices();
    const std::string id = site.order_download();
    for (const Bad& bad : bad_certificates()) {
        CAPTURE(bad.name);
        site.stop_eim();
        site.put("eim-tls", bad.make(site, "eim-tls"));
        site.start_eim();
        const size_t before = site.events(0).size();
        const Ran ran = site.ipad(0);
        INFO(ran);
        CHECK(ran.status == 3);
        auto events = site.events(0);
        events.erase(events.begin(), events.begin() + static_cast<std::ptrdiff_t>(before));
        CHECK(refused_for(events, bad.rule));
        const Ran list = site.eim({"operations", "list"});
        INFO(list);
        CHECK(list.status == 1);
        CHECK(list.json()["error"].value("where", "") == bad.rule);
    }
    site.stop_eim();
    site.put("eim-tls", good);
    site.start_eim();
    CHECK(site.operation(id)["state"] == "queued");
    check_completes(site, id);
}
