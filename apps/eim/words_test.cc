// Certificates and CIs in the words of the API. docs/api.md
#include "apps/eim/words.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::eim_app;

namespace {
const std::string kEid = to_text(with_check_digits(*eid_from_text("89049032000000000000000000000100")));
constexpr const char* kCi = "81370F5125D0B1D408D4C3B232E6D25E795BEBFB";

Json with_eid(const std::string& rest) { return Json::parse(R"({"eid":")" + kEid + "\"," + rest + "}"); }
std::string at_fault(const Json& operation) {
    const auto read = read_operation(operation);
    return read ? "nothing" : read.error().member;
}
std::string at_fault_in_device(const std::string& rest) {
    const auto read = read_device(with_eid(rest));
    return read ? "nothing" : read.error().member;
}
} // namespace

// SGP.32 §2.11.1.2: euiccCiPKIdentifierToBeUsed chooses the certificates of a data answer; a
// SubjectKeyIdentifier of 20 octets, or its beginning.
TEST_CASE("when data are ordered of one CI, the order names it") {
    const auto order =
        read_operation(with_eid(R"("kind":"data","tags":["A5"],"ci":")" + std::string(kCi) + "\""));
    REQUIRE(order);
    CHECK(hex(order->ci) == kCi);
    CHECK(hex(read_operation(with_eid(R"("kind":"data","ci":"8137")"))->ci) == "8137");
    CHECK(read_operation(with_eid(R"("kind":"data")"))->ci.empty());
    for (const char* bad : {R"(7)", R"("")", R"("XY")", R"("000102030405060708090A0B0C0D0E0F1011121314")"}) {
        CAPTURE(bad);
        CHECK(at_fault(with_eid(R"("kind":"data","ci":)" + std::string(bad))) == "ci");
    }
    CHECK(at_fault(with_eid(R"("kind":"audit","ci":"00")")) == "ci");
}

TEST_CASE(
    "when a device has certificates under several CIs, all are read, and a bad one is named by its place") {
    // base64 of 30 00 and of 31 00
    const auto device = read_device(with_eid(R"("euicc_certificate":"MAA=","eum_certificate":"MQA=",
                    "certificates":[{"euicc_certificate":"MQA=","eum_certificate":"MAA="}])"));
    REQUIRE(device);
    REQUIRE(device->identities.size() == 2);
    CHECK(hex(device->identities[0].euicc_certificate) == "3000");
    CHECK(hex(device->identities[1].euicc_certificate) == "3100");
    CHECK(hex(device->identities[1].eum_certificate) == "3000");
    const std::pair<const char*, const char*> rows[] = {
        {R"("certificates":7)", "certificates"},
        {R"("certificates":[7])", "certificates[0]"},
        {R"("certificates":[{}])", "certificates[0].euicc_certificate"},
        {R"("certificates":[{"ci":"00"}])", "certificates[0].ci"},
        {R"("certificates":[{"euicc_certificate":"MAA=","eum_certificate":"!"}])",
         "certificates[0].eum_certificate"},
        {R"("certificates":[{"euicc_certificate":"MAA=","eum_certificate":"MAA="},{"eum_certificate":"MAA="}])",
         "certificates[1].euicc_certificate"},
    };
    for (const auto& [text, member] : rows) {
        CAPTURE(std::string(text));
        CHECK(at_fault_in_device(text) == member);
    }
}

TEST_CASE("when a device or an operation is shown, the CIs are told") {
    eim::Device device{.eid = *eid_from_text(kEid)};
    CHECK(describe(device)["certificates"].empty());
    device.identities = {{.ci = *from_hex(kCi), .key = {1}, .since = Time(1'780'272'000'000)}, {.key = {2}}};
    const Json shown = describe(device)["certificates"];
    REQUIRE(shown.size() == 2);
    CHECK(shown[0] == Json{{"ci", kCi}, {"since", "2026-06-01T00:00:00Z"}});
    CHECK(shown[1]["ci"].is_null()); // of a database that did not keep it
    eim::Operation operation{.id = "op_1", .eid = device.eid};
    CHECK_FALSE(describe(operation, false).contains("ci"));
    operation.ci = *from_hex(kCi);
    CHECK(describe(operation, false)["ci"] == kCi);
}

TEST_CASE("when a download is to be found by SM-DS or default SM-DP+, it is shown as ordered") {
    const auto shown = [&](const std::string& members) {
        const auto order = read_operation(with_eid(R"("kind":"download",)" + members));
        REQUIRE(order);
        eim::Operation o{.kind = order->kind, .activation_code = order->activation_code};
        if (order->confirmation_code) o.code = {1};
        return describe(o, false);
    };
    CHECK(shown(R"("smds":"smds.example:8444")")["smds"] == "smds.example:8444");
    CHECK(shown(R"("smds":"")")["smds"] == "");
    CHECK(shown(R"("default_smdp":true)")["default_smdp"] == true);
    const auto coded = shown(R"("activation_code":"1$smdp.example$A$$1","confirmation_code":"27182818")");
    CHECK(coded["confirmation_code"] == true);
    CHECK(coded.dump().find("27182818") == std::string::npos);
    CHECK_FALSE(coded.contains("smds"));
}

TEST_CASE("when where a download comes from is not clear, the member is named") {
    const std::pair<const char*, const char*> rows[] = {
        {R"("smds":1)", "smds"},
        {R"("smds":"two words")", "smds"},
        {R"("default_smdp":1)", "default_smdp"},
        {R"("smds":"","default_smdp":true)", "activation_code"},
        {R"("activation_code":"1$smdp.example$A","confirmation_code":"")", "confirmation_code"},
    };
    for (const auto& [text, member] : rows) {
        CAPTURE(std::string(text));
        CHECK(at_fault(with_eid(R"("kind":"download",)" + std::string(text))) == member);
    }
    CHECK(at_fault(with_eid(R"("kind":"enable","iccid":"8900101000000000010","smds":"")")) == "smds");
}
