// A server that is away for a while: the order waits, nobody counts it as refused.
#include "tests/e2e/site.h"

using namespace halyard;
using namespace halyard::e2e;

namespace {
void check_waits_for_smdp(const Words& mode) {
    Site site;
    site.start_smdp(); // so that its port is known
    site.stop_smdp();
    site.start_eim();
    site.import_devices();
    const std::string id = site.order_download();
    for (int i = 0; i < 3; ++i) {
        const Ran away = site.ipad(0, mode);
        INFO(away);
        CHECK(away.status == 3); // nobody answered any more
    }
    const Json waiting = site.operation(id);
    CAPTURE(waiting.dump());
    CHECK((waiting["state"] == "offered" || waiting["state"] == "executing"));
    CHECK(!waiting.value("held", false));
    CHECK(waiting.value("unsigned_errors", 0) == 0);
    site.start_smdp();
    const Ran back = site.ipad(0, mode);
    INFO(back);
    CHECK(back.status == 0);
    CHECK(site.operation(id)["state"] == "succeeded");
    CHECK(site.card(0)["profiles"].size() == 2);
}
} // namespace

TEST_CASE("when the SM-DP+ is away, a direct download waits for it and then completes") {
    check_waits_for_smdp({});
}

TEST_CASE("when the SM-DP+ is away, a relayed download waits for it and then completes") {
    check_waits_for_smdp({"--download", "indirect"});
}

TEST_CASE("when the eIM is away, the device keeps trying and completes once it is back") {
    Site site;
    site.start_smdp();
    site.start_eim();
    site.import_devices();
    const std::string id = site.order_download();
    site.stop_eim();
    for (int i = 0; i < 2; ++i) CHECK(site.ipad(0).status == 3);
    CHECK(refused_for(site.events(0), "connect"));
    site.start_eim();
    CHECK(site.ipad(0).status == 0);
    CHECK(site.operation(id)["state"] == "succeeded");
}
