// What is said of messages, whole and broken, and of two that differ. Octets by hand from the tag tables.
#include "apps/common/explain.h"
#include "apps/common/message_diff.h"
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace halyard;

namespace {
OwnedBytes octets(std::string_view text) { return *from_hex(text); }
#define EID "5A1089049032123451234512345678901235"

app::Breakage broken(std::string_view hex) {
    const OwnedBytes der = octets(hex);
    const auto views = app::view_messages(der);
    REQUIRE(views.error);
    return app::breakage(der, *views.error, views.as);
}
std::string all(const std::vector<std::string>& lines) {
    std::string out;
    for (const std::string& line : lines) out += line + "\n";
    return out;
}
bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

app::Comparison compare(const char* type, std::string_view a, std::string_view b) {
    return app::compare(*rsp::message_named(type), octets(a), octets(b));
}
} // namespace

TEST_CASE("when a message is explained, each TLV has offset, tag, length, name, value and meaning") {
    // enable result: A0 { 30 { eimId, counter 7, seqNumber 9, 30 { 83 00 } } signature of 64 octets }
    const std::string quarter(32, '5');
    const auto e = app::explain(octets("BF5157A05530113006800465696D31"));
    CHECK_FALSE(e.good);
    const auto good = app::explain(octets("BF5158A0563011800465696D31810107830109"
                                          "3003830100"
                                          "5F3740" +
                                          quarter + quarter + quarter + quarter));
    CHECK(good.good);
    CHECK(has(good.text, "EuiccPackageResult: BF51, SGP.32 §2.11.2.1\n  ESep: eUICC -> eIM\n"));
    CHECK(has(good.text, "       7  80          4        eimId: \"eim1\"  # which eIM\n"));
    CHECK(has(good.text, "enableResult: 0 (ok)"));
    CHECK(has(good.text, "# eUICC signs euiccPackageResultDataSigned, then the association token"));
    const auto json = nlohmann::json::parse(good.json);
    CHECK(json["messages"][0]["fields"][1]["path"] == "EuiccPackageResult.euiccPackageResultSigned");
    CHECK(json["messages"][0]["fields"][1]["tag"] == "A0");
    CHECK(json["messages"][0]["from"] == "eUICC");
}

TEST_CASE("when a signature is in DER form or of an odd size, that is said") {
    // 30 with 68 octets behind it: 70 in all
    const std::string der = "3044" + std::string(136, '0');
    const auto e = app::explain(octets("BF5168301D800165" EID "810200C8A102AB00"
                                       "5F3746" +
                                       der));
    CHECK(has(e.text, "in DER form"));
    CHECK(
        has(app::explain(octets("BF5124301D800165" EID "810200C8A102AB005F3702AABB")).text, "not 64 octets"));
}

TEST_CASE(
    "when a member is missing or another one stands there, what the description has there is expected") {
    // GetEimPackageRequest without its EID
    app::Breakage b = broken("BF4F03810105");
    CHECK(has(b.what, "missing field at eidValue of GetEimPackageRequest"));
    CHECK(b.expected == "eidValue [5A] OCTET STRING of 16 octets");
    CHECK(b.got == "81 with 1 octet: 05");
    CHECK(b.offset == 3);
    CHECK(all(b.within) == "GetEimPackageRequest BF4F at 0, 3 octets\n");
    // nothing behind the counter: an optional member, then one of two lists
    b = broken("BF511D3018800165" EID "8101075F3700");
    CHECK(has(b.expected,
              "eimTransactionId [82] OCTET STRING of 1 to 16 octets (may be absent), or psmoList [A0] "
              "SEQUENCE OF Psmo"));
    CHECK(has(b.expected, "or ecoList [A1] SEQUENCE OF Eco"));
}

TEST_CASE("when a value is of the wrong size or kind, the sizes or numbers it may have are expected") {
    app::Breakage b = broken("BF4F115A0F890490321234512345123456789012");
    CHECK(b.expected == "eidValue OCTET STRING of 16 octets");
    CHECK(b.got == "5A with 15 octets");
    // a cause of two octets is neither v1.2's nor, as an rPLMN, v1.0's
    b = broken("BF4F16" EID "81020100");
    CHECK(has(b.expected, "a number from 0 to 255: otherEim 0, fallback 1, "));
}

TEST_CASE("when a component is one of SGP.32 v1.0, that is said, whether or not the message can be read") {
    // IpaEuiccData { 80 defaultSmdpAddress "a.b" }: a form of v1.0 by itself
    CHECK(has(app::explain(octets("BF5207A0058003612E62")).text, "v1.0 IpaEuiccDataResponse"));
    CHECK(has(app::explain(octets("BF4F17" EID "810362F210")).text, "v1.0 GetEimPackageRequest"));
    // with an svn of two octets it is a form of no edition; what v1.0 has there is said all the same
    const app::Breakage b = broken("BF5212A0108003612E62BF200882020205A900AA00");
    CHECK(has(b.what, "bad tag at euiccInfo1"));
    CHECK(has(all(b.causes), "80 is defaultSmdpAddress as SGP.32 v1.0"));
}

TEST_CASE("when a known mistake undone makes the message readable, it is named as the cause") {
    // IpaEuiccData { deviceInfo } straight in BF52
    app::Breakage b = broken("BF5219A917800401020304A10585030D000082080102030405060708");
    CHECK(has(all(b.causes), "it reads as IpaEuiccDataResponse once A0 (ipaEuiccData) is put around"));
    // ES9+ in ASN.1, A2 around InitiateAuthentication's error, is a message
    CHECK(has(app::explain(octets("A206BF3903810101")).text, "RemoteProfileProvisioningResponse"));
}

TEST_CASE("when a message is cut or has an indefinite length, that is the cause") {
    CHECK(has(all(broken("BF4F125A1089").causes), "cut short: 3 of the 18 octets that its length says"));
    CHECK(has(all(broken("BF4F805A108904903212345123451234567890123"
                         "50000")
                      .causes),
              "indefinite length"));
    CHECK(has(all(broken("BF4F035A1089").causes), "a length inside GetEimPackageRequest BF4F at 0"));
}

TEST_CASE("when octets are shown around a place, the caret is under it") {
    const OwnedBytes forty(40, 0xAB);
    CHECK(app::hex_window(forty, 17) == "  000000  AB AB AB AB AB AB AB AB AB AB AB AB AB AB AB AB\n"
                                        "  000010  AB AB AB AB AB AB AB AB AB AB AB AB AB AB AB AB\n"
                                        "             ^^\n"
                                        "  000020  AB AB AB AB AB AB AB AB\n");
    CHECK(app::hex_window(octets("0102"), 2) == "  000000  01 02\n                ^^\n");
    CHECK(app::hex_window({}, 0) == "  000000  \n          ^^\n");
}

TEST_CASE("when messages differ, each difference has its path, both values and whether it is signed") {
    const std::string a = "BF5124301D800165" EID "810200C8A102AB005F3702AABB";
    const std::string b = "BF5128302180"
                          "0165" EID "810200C8A106"
                          "A90480026565"
                          "5F3702AABB";
    const auto c = compare("EuiccPackageRequest", a, b);
    CHECK_FALSE(c.same_octets);
    CHECK(c.signed_octets_differ);
    REQUIRE(c.differences.size() == 2);
    CHECK(c.differences[0].path == "euiccPackageSigned.euiccPackage.ecoList[0].listEim");
    CHECK(c.differences[0].before == "{}");
    CHECK(c.differences[0].after.empty());
    CHECK(c.differences[1].path == "euiccPackageSigned.euiccPackage.ecoList[0].deleteEim.eimId");
    CHECK(c.differences[1].after == "\"ee\"");
    CHECK(c.differences[1].signed_part);
    CHECK_FALSE(c.only_unknown());
}

TEST_CASE("when only the encoding differs, there is no difference, but signed octets may differ") {
    // the counter with a superfluous 00 in the signed part
    const auto c = compare("EuiccPackageRequest",
                           "BF5123301C800165" EID "810107A102AB005F3702AABB"
                           "",
                           "BF5124301D800165" EID "81020007A102AB005F3702AABB");
    CHECK(c.differences.empty());
    CHECK(c.signed_octets_differ);
    REQUIRE(c.after.size() == 1);
    CHECK(c.after[0].what == asn1::Deviation::long_integer);
    const auto same = compare("EuiccPackageRequest",
                              "BF5123301C800165" EID "810107A102AB005F3702AABB",
                              "BF5123301C800165" EID "810107A102AB005F3702AABB");
    CHECK(same.same_octets);
    CHECK_FALSE(same.signed_octets_differ);
}

TEST_CASE("when what is said to be signed is looked at, only the member of the signature counts") {
    // smdpSigned2 of AuthenticateClientOk is signed, transactionId beside it is not
    const std::string rest = "3006800102010100"
                             "5F3702AABB"
                             "3003020100";
    const auto c = compare("AuthenticateClientOkDPEsipa", "3015800101" + rest, "3015800103" + rest);
    REQUIRE(c.differences.size() == 1);
    CHECK_FALSE(c.differences[0].signed_part);
    CHECK_FALSE(c.signed_octets_differ);
}
