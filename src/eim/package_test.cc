#include "eim/activation_code.h"
#include "eim/package.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::eim;

namespace {
OwnedBytes h(std::string_view text) { return *from_hex(text); }
// 5A 0A and ten octets; profiles A and B of these tests.
const std::string kA = "5A0A98001000000000000011", kB = "5A0A98001000000000000022";
const Iccid kIccidA = {0x98, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x11};
const Iccid kIccidB = {0x98, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x22};
const std::string kEnableA = "A30C" + kA, kEnableB = "A30C" + kB, kDisableA = "A40C" + kA,
                  kDeleteB = "A50C" + kB, kList = "BF2D00";

OwnedBytes tlv(const std::string& tag, const std::string& content) {
    const OwnedBytes inside = h(content);
    REQUIRE(inside.size() < 128);
    OwnedBytes out = h(tag);
    out.push_back(static_cast<uint8_t>(inside.size()));
    append(out, inside);
    return out;
}
OwnedBytes psmos(const std::string& content) { return tlv("A0", content); }
Outcome judged(const OwnedBytes& package, const std::string& results) {
    rsp::EuiccPackageResultDataSigned data;
    const OwnedBytes kept = h(results);
    data.euicc_result.content = kept;
    const auto outcome = judge(package, data);
    REQUIRE(outcome);
    return *outcome;
}
std::vector<KnownProfile> view(bool a, bool b) {
    return {{.iccid = kIccidA, .enabled = a}, {.iccid = kIccidB, .enabled = b}};
}
} // namespace

TEST_CASE("when a package keeps the rules, its commands are counted") {
    CHECK(*check_package(psmos(kEnableA)) == 1);
    CHECK(*check_package(psmos(kDisableA + kEnableB)) == 2);
    CHECK(*check_package(psmos(kList + kEnableA)) == 2);
    CHECK(*check_package(h("A102AB00")) == 1);
}

TEST_CASE("when a package breaks a rule, it is refused by name") {
    const auto where = [](const OwnedBytes& p) { return std::string(check_package(p).error().where); };
    CHECK(where(psmos(kEnableA + kEnableB)) == "psmoList: more than one enable");
    CHECK(where(psmos(kDisableA + kDisableA)) == "psmoList: more than one disable");
    CHECK(where(psmos(kEnableB + kDisableA)) == "psmoList: disable after enable");
    CHECK(where(psmos(kDeleteB + kList)) == "psmoList: listProfileInfo after a change");
    CHECK(where(h("A000")) == "psmoList");
    CHECK(where(h("A100")) == "ecoList");
    CHECK_FALSE(check_package(h("A2025A00")));
    CHECK_FALSE(check_package({}));
    CHECK(check_package(OwnedBytes(61 * 1024, 0xA0)).error().code == Errc::limit);
}

TEST_CASE("when a package only reads, it changes nothing") {
    CHECK_FALSE(changes_something(psmos(kList + "A600")));
    CHECK_FALSE(changes_something(h("A102AB00")));
    CHECK(changes_something(psmos(kList + kEnableA)));
    CHECK(changes_something(psmos("A900")));
    CHECK(changes_something(h("A107A90580036F6E65")));
    CHECK(changes_something(h("FF"))); // what cannot be read may do anything
}

TEST_CASE("when the audits are made, they are listProfileInfo with ICCID and state, and listEim") {
    CHECK(hex(audit_package()) == "A00DBF2D0A5C085A9F709192959F26");
    CHECK(hex(audit_package(rsp::Edition::v1_0)) == "A00BBF2D085C065A9F70919295"); // 9F26 came with v1.1
    CHECK(hex(audit_package(rsp::Edition::v1_1)) == hex(audit_package()));
    CHECK(hex(eim_audit_package()) == "A102AB00");
    CHECK(is_about_eims(eim_audit_package()));
    CHECK_FALSE(is_about_eims(audit_package()));
}

TEST_CASE("when all commands succeed, so does the package") {
    CHECK(judged(psmos(kEnableA), "830100").success);
    CHECK(judged(psmos(kDisableA + kEnableB), "840100830100").success);
    CHECK(judged(psmos("A900"), "8E0100").success);
    CHECK(judged(h("A107A90580036F6E65"), "890102").success); // lastEimDeleted
    CHECK(judged(h("A107A90580036F6E65"), "890100").success);
}

TEST_CASE("when a command fails, the first one is the reason and what was done is counted") {
    const auto o = judged(psmos(kDisableA + kEnableB + kDeleteB), "840100830101");
    CHECK_FALSE(o.success);
    CHECK(o.done == 1);
    CHECK(o.reason == "command 2: enable iccidOrAidNotFound");
    // One simulator adds an entry behind the failure.
    CHECK(judged(psmos(kEnableA), "830102020102").reason == "command 1: enable profileNotInDisabledState");
    CHECK(judged(psmos(kEnableA), "83016E").reason == "command 1: enable 110");
    CHECK(judged(psmos(kEnableA), "020103").reason == "command 1: processingTerminated interruption");
    CHECK(judged(psmos(kList), "BF2D03810101").reason == "command 1: listProfileInfo incorrectInputValues");
    CHECK_FALSE(judged(h("A107A90580036F6E65"), "890101").success);
    CHECK_FALSE(judged(h("A102AB00"), "AB0381017F").success);
}

TEST_CASE("when results are missing, the package has not succeeded") {
    const auto o = judged(psmos(kDisableA + kEnableB), "840100");
    CHECK_FALSE(o.success);
    CHECK(o.reason == "1 results for 2 commands");
    CHECK_FALSE(judged(psmos(kEnableA), "").success);
}

TEST_CASE("when the result is a rollback, the package has failed and nothing is done") {
    for (const char* results : {"8C0100", "8301008C0100"}) {
        const auto o = judged(psmos(kEnableA), results);
        CHECK(o.rolled_back);
        CHECK_FALSE(o.success);
        CHECK(o.done == 0);
    }
    const auto refused = judged(psmos(kEnableA), "8C0101");
    CHECK_FALSE(refused.rolled_back);
    CHECK_FALSE(refused.success);
}

TEST_CASE("when profiles are listed without criteria, they are the view; otherwise they prove nothing") {
    const std::string profiles = "BF2D19A017E315" + kA + "9F700101" + "9103414243";
    const auto o = judged(psmos(kList), profiles);
    REQUIRE(o.listed);
    REQUIRE(o.listed->size() == 1);
    CHECK(o.listed->front().iccid == kIccidA);
    CHECK(o.listed->front().enabled);
    CHECK(o.listed->front().provider == "ABC");
    const std::string one = "BF2D0EA00C" + kA;  // searchCriteria
    const std::string names = "BF2D045C029192"; // without ICCID and state
    CHECK_FALSE(judged(psmos(one), profiles).listed);
    CHECK_FALSE(judged(psmos(names), profiles).listed);
    CHECK(judged(psmos(kList), "BF2D02A000").listed->empty());
    CHECK(judged(h("A102AB00"), "AB07A005300380016F").eims == std::vector<std::string>{"o"});
}

TEST_CASE("when a plan is judged, what the device would refuse or not survive is named") {
    const auto why = [](std::vector<KnownProfile> v, const std::string& p) {
        const auto planned = plan(std::move(v), psmos(p));
        return planned ? std::string() : std::string(planned.error().where);
    };
    CHECK(why(view(true, false), kEnableB).empty());
    CHECK(why(view(true, false), kDisableA + kEnableB).empty());
    CHECK(why(view(true, false), kDeleteB).empty());
    CHECK(why(view(true, false), kEnableA) == "enable: the profile is enabled already");
    CHECK(why({}, kEnableA) == "enable: no such profile on the eUICC");
    CHECK(why(view(false, true), kDisableA) == "disable: the profile is not enabled");
    CHECK(why(view(true, false), kDisableA) == "the device would be left without an enabled profile");
    CHECK(why(view(false, true), kDeleteB) == "delete: the profile is enabled");
    CHECK(why({}, kDeleteB) == "delete: no such profile on the eUICC");
    CHECK(why(view(true, false), "A900") == "unsetFallbackAttribute: needs an override");
    auto fallback = view(true, false);
    fallback[1].fallback = true;
    CHECK(why(fallback, kDeleteB) == "delete: the profile is the fallback; needs an override");
    CHECK(why({}, "A80C" + kA) == "setFallbackAttribute: no such profile on the eUICC");
}

TEST_CASE("when commands are carried out, exactly the first ones are") {
    const auto one = carry_out(view(true, false), psmos(kDisableA + kEnableB), 1);
    CHECK_FALSE(one[0].enabled);
    CHECK_FALSE(one[1].enabled);
    const auto two = carry_out(view(true, false), psmos(kDisableA + kEnableB), 2);
    CHECK(two[1].enabled);
    CHECK(carry_out(view(true, false), psmos(kDeleteB), 1).size() == 1);
    const auto set = carry_out(view(true, false), psmos("A80C" + kB), 1);
    CHECK(set[1].fallback);
}

TEST_CASE("when an audit has listed the profiles, it shows what came true") {
    CHECK(came_true(view(true, false), psmos(kEnableA)) == true);
    CHECK(came_true(view(false, true), psmos(kEnableA)) == false);
    CHECK(came_true(view(true, false), psmos(kDeleteB)) == false);
    CHECK(came_true({view(true, false)[0]}, psmos(kDeleteB)) == true);
    CHECK(came_true(view(false, true), psmos(kDisableA + kEnableB)) == true);
    CHECK_FALSE(came_true(view(true, false), psmos("A600")).has_value());
    const std::vector<std::string> eims{"one", "two"};
    CHECK(came_true(eims, h("A107A90580036F6E65")) == false);
    CHECK(came_true({"two"}, h("A107A90580036F6E65")) == true);
    CHECK(came_true(eims, h("A107A80580036F6E65")) == true);
    CHECK_FALSE(came_true(eims, h("A107AA0580036F6E65")).has_value());
}

TEST_CASE("when a tag list is checked, only members of IpaEuiccData pass") {
    CHECK(check_tag_list(h("A081A2BF20BF228384A5A6A8A9")));
    for (const char* bad : {"", "5A", "BF2D", "87", "BF", "A0BF", "A1"}) CHECK_FALSE(check_tag_list(h(bad)));
}

TEST_CASE("when an activation code is read, its parts are found and the rest is refused") {
    const auto full = parse_activation_code("LPA:1$smdp.example:8443$AB-12$2.999.1$1");
    REQUIRE(full);
    CHECK(full->address == "smdp.example:8443");
    CHECK(full->matching_id == "AB-12");
    CHECK(full->oid == "2.999.1");
    CHECK(full->confirmation_code);
    CHECK(parse_activation_code("1$smdp.example$")->matching_id.empty());
    for (const char* bad : {"",
                            "1",
                            "1$smdp.example",
                            "2$smdp.example$A",
                            "1$$A",
                            "1$a$b$c$d$e",
                            "1$a$b",
                            "1$a/b$C",
                            "1$a@b$C",
                            "1$a b$C",
                            "1$a\n$C",
                            "1$a$C$x",
                            "1$a$C$1.2$0"})
        CHECK_MESSAGE(parse_activation_code(bad).error().code == Errc::bad_value, bad);
    CHECK(same_address("SMDP.Example", "smdp.example"));
    CHECK_FALSE(same_address("smdp.example", "smdp.example.org"));
}

TEST_CASE("when an edition has no such command, it is named; eCOs and what every edition has pass") {
    const auto refused = [](const OwnedBytes& package, rsp::Edition e) {
        const auto ok = check_edition(package, e);
        return ok ? std::string() : std::string(name(ok.error().code)) + " " + ok.error().where;
    };
    CHECK(refused(psmos("A900"), rsp::Edition::v1_0) ==
          "unsupported unsetFallbackAttribute by an eUICC of SGP.32 v1.0");
    CHECK(refused(psmos(kEnableA + "BF6503800161"), rsp::Edition::v1_0) ==
          "unsupported setDefaultDpAddress by an eUICC of SGP.32 v1.0");
    CHECK(refused(psmos(kList + kEnableA + "A600" + "A700"), rsp::Edition::v1_0).empty());
    CHECK(refused(h("A102AB00"), rsp::Edition::v1_0).empty());
    for (const rsp::Edition e : {rsp::Edition::v1_1, rsp::Edition::v1_2, rsp::Edition::v1_3})
        CHECK(refused(psmos("A900"), e).empty());
}
