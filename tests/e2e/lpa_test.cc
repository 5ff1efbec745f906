// A consumer's LPA with a software eUICC at the real servers, in both bindings: every way to a profile, and
// every way a user may end it, with what the order is afterwards. SGP.22 §3.1.3, §3.0.2, §3.6.2
#include "apps/common/es12_client.h"
#include "tests/e2e/shop.h"
#include <algorithm>

using namespace halyard;
using namespace halyard::e2e;

namespace {
constexpr const char* kForms[] = {"json", "asn1"};

Json last_line(const Ran& ran) {
    const auto lines = json_lines(ran.out);
    INFO(ran);
    REQUIRE_FALSE(lines.empty());
    return lines.back();
}
std::string refusal(const Json& outcome) {
    if (!outcome.contains("refused")) return "";
    return outcome["refused"].value("subjectCode", "") + "/" + outcome["refused"].value("reasonCode", "");
}
Words download(const Shop& shop, const std::string& form, const std::string& code, const Words& more = {}) {
    write_text(shop.path("activation-code"), code + "\n");
    Words words{"download", "--es9", form, "--activation-code-file", shop.path("activation-code")};
    words.insert(words.end(), more.begin(), more.end());
    return words;
}
bool on_card(const Shop& shop, const std::string& iccid) {
    const auto all =
        json_lines(cli({"lpa", "profiles", "--card", "sim:" + shop.path("card0"), "--json"}).out);
    return std::any_of(all.begin(), all.end(), [&](const Json& p) { return p.value("iccid", "") == iccid; });
}
bool nothing_to_tell(const Shop& shop) {
    const Ran ran = cli({"lpa", "notifications", "--card", "sim:" + shop.path("card0"), "--json"});
    return ran.status == 0 && ran.out.empty();
}
} // namespace

TEST_CASE(
    "when a consumer has an activation code, the profile comes, its order ends, and the card owes nothing") {
    Shop shop(6);
    shop.start_smdp();
    unsigned n = 0;
    for (const std::string form : kForms) {
        INFO(form);
        const std::string plain = shop.order(n);
        const Ran got = shop.lpa(download(shop, form, plain));
        INFO(got);
        CHECK(got.status == 0);
        CHECK(last_line(got)["installed"] == true);
        CHECK(last_line(got)["iccid"] == shop.iccid(n));
        CHECK(shop.state(n) == "installed");
        CHECK(on_card(shop, shop.iccid(n)));
        CHECK(nothing_to_tell(shop));
        const Ran again = shop.lpa(download(shop, form, plain)); // used
        CHECK(again.status == 1);
        CHECK(refusal(last_line(again)) == "8.2.6/3.8");
        CHECK(shop.state(n) == "installed");

        // The profile's life is told as well.
        const std::string card = "sim:" + shop.path("card0");
        CHECK(cli({"lpa", "enable", "--card", card, shop.iccid(n)}).status == 0);
        CHECK(shop.show(n)["last_event"] == "installed");
        const Ran told = shop.lpa({"notifications", "--es9", form, "--send"});
        CHECK(last_line(told)["event"] == "enable");
        CHECK(shop.show(n)["last_event"] == "enabled");
        CHECK(nothing_to_tell(shop));
        CHECK(cli({"lpa", "disable", "--card", card, shop.iccid(n)}).status == 0);

        const std::string foreign = plain + "$2.999.11"; // the code names another SM-DP+'s OID
        CHECK(shop.lpa(download(shop, form, foreign)).json()["error"]["where"] == "smdpOid");
        ++n;
        write_text(shop.path("code"), "27182818\n");
        const std::string guarded = shop.order(n, {"--code-file", shop.path("code")});
        CHECK(guarded.ends_with("$$1"));
        CHECK(shop.lpa(download(shop, form, guarded)).json()["error"]["where"] == "confirmation-code-file");
        const std::string unsaid = guarded.substr(0, guarded.size() - 3); // a code that does not say so
        CHECK(last_line(shop.lpa(download(shop, form, unsaid)))["cancelled"] == "postponed");
        CHECK(shop.state(n) == "released");
        const Words with_code{"--confirmation-code-file", shop.path("code")};
        CHECK(shop.lpa(download(shop, form, guarded, with_code)).status == 0);
        CHECK(shop.state(n) == "installed");
        ++n;

        write_text(shop.path("wrong"), "27182819\n");
        const std::string doomed = shop.order(n, {"--code-file", shop.path("code")});
        const Words with_wrong{"--confirmation-code-file", shop.path("wrong")};
        for (const char* expected : {"8.2.7/3.8", "8.2.7/3.8", "8.2.7/6.4"}) {
            CHECK(shop.state(n) == "released");
            CHECK(refusal(last_line(shop.lpa(download(shop, form, doomed, with_wrong)))) == expected);
        }
        CHECK(shop.state(n) == "error");
        CHECK(refusal(last_line(shop.lpa(download(shop, form, doomed, with_code)))) == "8.2.6/3.8");
        CHECK_FALSE(on_card(shop, shop.iccid(n)));
        ++n;
    }
}

TEST_CASE("when the card has a default SM-DP+ or an SM-DS has events, no activation code is needed") {
    Shop shop(4);
    shop.start_smdp();
    shop.start_smds();
    CHECK(
        cli({"lpa", "set-default-smdp", "--card", "sim:" + shop.path("card0"), "smdp.halyard.test"}).status ==
        0);
    net::HttpsClient::Options http;
    http.trust.anchors_pem = read_text(shop.path("pki/ci.pem"));
    http.connect_to["smds.halyard.test"] = shop.es12_endpoint();
    http.certificate_file = shop.path("pki/smdp-tls.pem");
    http.key_file = shop.path("pki/smdp-tls.key");
    auto es12 = app::Es12Client::open(std::move(http));
    REQUIRE(es12);
    unsigned n = 0;
    for (const std::string form : kForms) {
        INFO(form);
        const Ran none = shop.lpa({"download", "--es9", form, "--default-smdp"});
        CHECK(refusal(last_line(none)) == "8.1.1/3.8");
        shop.order(n, {"--eid", shop.eid(), "--default-dp"});
        CHECK(shop.lpa({"download", "--es9", form, "--default-smdp"}).status == 0);
        CHECK(shop.state(n) == "installed");
        ++n;

        const Words events{"--es9", form, "--smds-address", "smds.halyard.test"};
        Words ask{"discover"}, fetch{"download", "--smds"};
        ask.insert(ask.end(), events.begin(), events.end());
        fetch.insert(fetch.end(), events.begin(), events.end());
        CHECK(shop.lpa(ask).out.empty());
        const std::string code = shop.order(n, {"--eid", shop.eid()});
        const std::string id = code.substr(code.rfind('$') + 1);
        const auto registered = es12->register_event("smds.halyard.test",
                                                     {.header = {"2.999.10", "call-" + std::to_string(n)},
                                                      .eid = *eid_from_text(shop.eid()),
                                                      .rsp_server_address = "smdp.halyard.test",
                                                      .event_id = id});
        REQUIRE(registered);
        REQUIRE(registered->executed());
        const Json found = last_line(shop.lpa(ask));
        CHECK(found["address"] == "smdp.halyard.test");
        CHECK(found["event_id"] == id);
        const Ran got = shop.lpa(fetch);
        INFO(got);
        CHECK(got.status == 0);
        CHECK(shop.state(n) == "installed");
        CHECK(nothing_to_tell(shop));
        REQUIRE(es12->delete_event("smds.halyard.test",
                                   {.header = {"2.999.10", "drop-" + std::to_string(n)},
                                    .eid = *eid_from_text(shop.eid()),
                                    .event_id = id}));
        ++n;
    }
}

TEST_CASE("when a user ends a download in any phase, the order is open or closed as the reason says") {
    struct Row {
        const char *phase, *reason, *state;
    };
    // Refused for good: nobody shall be asked again. Everything else may be tried once more.
    const Row rows[] = {{"metadata", "user-rejection", "error"},
                        {"prepared", "user-rejection", "error"},
                        {"package", "user-rejection", "error"},
                        {"loading", "user-rejection", "error"},
                        {"metadata", "postponed", "released"},
                        {"prepared", "postponed", "released"},
                        {"package", "postponed", "downloaded"},
                        {"loading", "postponed", "downloaded"},
                        {"metadata", "timeout", "released"},
                        {"metadata", "ppr-not-allowed", "error"},
                        {"package", "metadata-mismatch", "error"},
                        {"loading", "load-error", "downloaded"},
                        {"metadata", "undefined", "released"}};
    Shop shop(2 * std::size(rows));
    shop.start_smdp();
    unsigned n = 0;
    for (const std::string form : kForms)
        for (const Row& row : rows) {
            INFO(form << " " << row.phase << " " << row.reason);
            const std::string code = shop.order(n);
            const Ran ended = shop.lpa(
                download(shop, form, code, {"--cancel-at", row.phase, "--cancel-reason", row.reason}));
            INFO(ended);
            CHECK(ended.status == 1);
            CHECK(last_line(ended)["cancelled"] == row.reason);
            CHECK(shop.state(n) == row.state);
            CHECK_FALSE(on_card(shop, shop.iccid(n)));
            const bool open = std::string(row.state) != "error";
            const Ran again = shop.lpa(download(shop, form, code));
            CHECK(refusal(last_line(again)) == (open ? "" : "8.2.6/3.8"));
            CHECK(shop.state(n) == (open ? "installed" : "error"));
            CHECK(on_card(shop, shop.iccid(n)) == open);
            ++n;
        }
}
