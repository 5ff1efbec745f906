// DPauth, DPpb and eIM signing certificates that peers would refuse: the server does not even start with one,
// says which rule it breaks, and the order waiting in it completes once the right one is in place.
#include "tests/e2e/site.h"

using namespace halyard;
using namespace halyard::e2e;

namespace {
struct Bad {
    std::string name;
    Words options; // of pki init
    bool own_ci;
    std::string file, from; // put `from` in place of `file`
    std::string rule;
};
const Words kExpired{"--not-before", "2020-01-01", "--not-after", "2021-01-01"};
const Words kFuture{"--not-before", "2090-01-01", "--not-after", "2095-01-01"};

std::string make(Site& site, const Bad& bad) {
    static int n = 0;
    Words all = bad.options;
    if (bad.own_ci) {
        const Words ci{"--ci-key", site.pki("ci.key"), "--ci-cert", site.pki("ci.der")};
        all.insert(all.end(), ci.begin(), ci.end());
    }
    return site.second_pki("bad-" + std::to_string(++n), all);
}
std::string keep(const Site& site, const Words& names) {
    const std::string good = site.path("good");
    std::filesystem::create_directory(good);
    for (const std::string& name : names)
        for (const char* kind : {".der", ".pem", ".key"})
            std::filesystem::copy_file(site.pki(name + kind), good + "/" + name + kind);
    return good;
}
void check_completes(Site& site, const std::string& id) {
    const Ran ran = site.ipad(0);
    INFO(ran);
    CHECK(ran.status == 0);
    CHECK(site.operation(id)["state"] == "succeeded");
    CHECK(site.card(0)["profiles"].size() == 2);
}
} // namespace

TEST_CASE("when DPauth or DPpb is bad, the SM-DP+ refuses to start and names the rule; the order survives") {
    const Bad all[] = {
        {"expired", kExpired, true, "smdp-auth", "smdp-auth", "certificate expired"},
        {"expired", kExpired, true, "smdp-pb", "smdp-pb", "certificate expired"},
        {"future", kFuture, true, "smdp-auth", "smdp-auth", "certificate not yet valid"},
        {"future", kFuture, true, "smdp-pb", "smdp-pb", "certificate not yet valid"},
        {"foreign CI", {}, false, "smdp-auth", "smdp-auth", "certificate authority key identifier"},
        {"foreign CI", {}, false, "smdp-pb", "smdp-pb", "certificate authority key identifier"},
        {"role pb", {}, true, "smdp-auth", "smdp-pb", "certificate role"},
        {"role TLS", {}, true, "smdp-auth", "smdp-tls", "certificate role"},
        {"role auth", {}, true, "smdp-pb", "smdp-auth", "certificate role"},
        {"another SM-DP+",
         {"--smdp-oid", "2.999.11"},
         true,
         "smdp-pb",
         "smdp-pb",
         "certificate of another server"},
    };
    Site site;
    const std::string good = keep(site, {"smdp-auth", "smdp-pb"});
    site.start_eim();
    site.import_devices();
    const std::string id = site.order_download();
    for (const Bad& bad : all) {
        CAPTURE(bad.name);
        CAPTURE(bad.file);
        site.put(bad.file, make(site, bad), bad.from);
        const Ran ran = site.smdp_refusing();
        INFO(ran);
        CHECK(ran.status == 1);
        CHECK(contains(ran.err, bad.rule));
        site.put(bad.file, good);
    }
    site.start_smdp();
    site.stop_eim(); // it learns the port of the SM-DP+
    site.start_eim();
    check_completes(site, id);
}

TEST_CASE("when the eIM's signing certificate is bad, the eIM refuses to start and names the rule") {
    const Bad all[] = {
        {"expired", kExpired, true, "eim-sign", "eim-sign", "certificate expired"},
        {"future", kFuture, true, "eim-sign", "eim-sign", "certificate not yet valid"},
        {"foreign CI", {}, false, "eim-sign", "eim-sign", "certificate authority key identifier"},
        {"a CA's", {}, true, "eim-sign", "eum", "certificate key usage"},
    };
    Site site;
    const std::string good = keep(site, {"eim-sign"});
    site.start_smdp();
    site.start_eim();
    site.import_devices();
    const std::string id = site.order_download();
    site.stop_eim();
    for (const Bad& bad : all) {
        CAPTURE(bad.name);
        site.put(bad.file, make(site, bad), bad.from);
        const Ran ran = site.eim_refusing();
        INFO(ran);
        CHECK(ran.status == 1);
        CHECK(contains(ran.err, bad.rule));
        const Ran exported = cli({"eim", "config", "export", "--pki", site.path("pki")});
        CHECK(exported.status == 1);
        CHECK(contains(exported.err, bad.rule));
        site.put(bad.file, good);
    }
    site.start_eim();
    check_completes(site, id);
}

TEST_CASE("when a key and its certificate do not belong together, the server refuses to start") {
    Site site;
    const std::string other =
        site.second_pki("other", {"--ci-key", site.pki("ci.key"), "--ci-cert", site.pki("ci.der")});
    for (const std::string name : {"smdp-auth", "smdp-pb", "eim-sign", "smdp-tls", "eim-tls"}) {
        CAPTURE(name);
        const std::string key = read_text(site.pki(name + ".key"));
        write_text(site.pki(name + ".key"), read_text(other + "/" + name + ".key"));
        const Ran ran = name.starts_with("smdp") ? site.smdp_refusing() : site.eim_refusing();
        INFO(ran);
        CHECK(ran.status == 1);
        CHECK(contains(ran.err, "key"));
        write_text(site.pki(name + ".key"), key);
    }
}
