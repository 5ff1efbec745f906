// `halyard asn1` as engineers use it: encode, diff, explain, traces. Octets by hand from the tag tables of
// SGP.32.
#include "tests/e2e/run.h"

using namespace halyard;
using namespace halyard::e2e;

namespace {
#define EID "5A1089049032123451234512345678901235"
// eimId "e", EID, counter 7, transaction 01020304, enable with rollback; a signature of two octets
const std::string kPackage =
    "BF51373030800165" EID "810107820401020304A010A30E5A0A981032547698103254F605005F3702AABB";
const std::string kPoll = "BF4F15" EID "810105";
} // namespace

TEST_CASE(
    "when a message is decoded to JSON, encode makes the same octets of it, through a pipe and from a file") {
    const Directory d;
    for (const std::string& hex :
         {kPackage, kPoll, kPoll + kPackage, std::string("BF4F16") + EID "9F7E0100"}) {
        const Ran decoded = cli({"asn1", "decode", hex, "--json"});
        INFO(decoded);
        REQUIRE(decoded.status == 0);
        write_text(d / "message.json", decoded.out);
        const Ran encoded = cli({"asn1", "encode", d / "message.json"});
        INFO(encoded);
        CHECK(encoded.status == 0);
        CHECK(encoded.out == hex + "\n");
    }
    const std::string halyard = program("halyard");
    CHECK(shell(halyard + " asn1 decode " + kPoll + " --json | " + halyard + " asn1 encode --format der | " +
                halyard + " asn1 diff - " + kPoll)
              .status == 0);
    CHECK(cli({"asn1",
               "encode",
               R"({"eimPackageError":1})",
               "--type",
               "GetEimPackageResponse",
               "--format",
               "base64"})
              .out == "v08DAgEB\n"); // printf BF4F03020101 | xxd -r -p | base64
    CHECK(cli({"asn1",
               "encode",
               R"({"eimPackageError":"noEimPackageAvailable"})",
               "--type",
               "GetEimPackageResponse"})
              .out == "BF4F03020101\n");
    const Ran json =
        cli({"asn1", "encode", R"({"eimPackageError":1})", "--type", "GetEimPackageResponse", "--json"});
    CHECK(json.json()["messages"][0]["hex"] == "BF4F03020101");
    CHECK(cli({"asn1", "encode", d / "message.json", "--format", "der", "--out", d / "m.der"}).out.empty());
    CHECK(cli({"asn1", "decode", d / "m.der"}).status == 0);
}

TEST_CASE("when the JSON is wrong, encode has status 1 and says where, why and what was expected") {
    const Ran people = cli({"asn1", "encode", R"({"eidValue":"89"})", "--type", "GetEimPackageRequest"});
    INFO(people);
    CHECK(people.status == 1);
    CHECK(people.out.empty());
    CHECK(contains(people.err, "bad value at eidValue: has 1 octet\n  expected: hex of 16 octets"));
    const Ran machine =
        cli({"asn1", "encode", R"({"eidValue":"89"})", "--type", "GetEimPackageRequest", "--json"});
    CHECK(machine.status == 1);
    const Json error = machine.json()["error"];
    CHECK(error["where"] == "eidValue");
    CHECK(error["reason"] == "has 1 octet");
    CHECK(cli({"asn1", "encode", "{}"}).status == 1);
    CHECK(cli({"asn1", "encode", "{}", "--type", "Nothing"}).status == 2);
    CHECK(cli({"asn1", "encode", "{}", "--format", "xml"}).status == 2);
    CHECK(cli({"asn1", "encode", "/no/such/file"}).status == 1);
}

TEST_CASE(
    "when messages are compared, the status tells same, different and unreadable, and the text says what") {
    const auto diff = [](const std::string& a, const std::string& b) { return cli({"asn1", "diff", a, b}); };
    CHECK(contains(diff(kPoll, kPoll).out, "the same octets"));
    CHECK(diff(kPoll, kPoll).status == 0);
    // counter 8 instead of 7, in what the eIM signed
    std::string other = kPackage;
    other.replace(other.find("810107"), 6, "810108");
    const Ran counter = diff(kPackage, other);
    INFO(counter);
    CHECK(counter.status == 1);
    CHECK(contains(counter.out, "euiccPackageSigned.counterValue (signed): 7 -> 8"));
    CHECK(contains(counter.out, "signed octets differ"));
    // another signature: what it is over is the same
    other = kPackage;
    other.replace(other.find("AABB"), 4, "AABC");
    CHECK(contains(diff(kPackage, other).out,
                   "eimSignature: \"AABB\" -> \"AABC\"\n  signed octets are the same"));
    // a length in two octets means the same
    const Ran longer = diff("BF4F03020101", "BF4F8103020101");
    CHECK(longer.status == 0);
    CHECK(contains(longer.out, "same meaning, written differently"));
    CHECK(contains(longer.out, "after: length in more octets than needed"));
    // profileClass operational written out, which is DEFAULT
    const std::string metadata = "5A0A981032547698103254F6910173920170";
    CHECK(diff("BF2512" + metadata, "BF2515" + metadata + "950102").status == 0);
    CHECK(diff("BF2512" + metadata, "BF2515" + metadata + "950101").status == 1);
    // a component of a later edition
    const Ran unknown = diff(std::string("BF4F12") + EID, std::string("BF4F16") + EID "9F7E0100");
    CHECK(unknown.status == 1);
    CHECK(contains(unknown.out, "only in components unknown to this edition"));
    CHECK(contains(unknown.out, "...[0]: absent -> \"9F7E0100\""));
    const Ran types = diff(kPoll, "BF4F03020101");
    CHECK(types.status == 1);
    CHECK(contains(types.out, "GetEimPackageRequest -> GetEimPackageResponse"));
    CHECK(diff(kPoll, "BF4F").status == 2);
    CHECK(diff(kPoll, "/no/such/file").status == 2);
    const Json json = cli({"asn1", "diff", kPoll, "BF4F15" EID "810106", "--json"}).json();
    CHECK(json["equal"] == false);
    CHECK(json["messages"][0]["differences"][0]["path"] == "stateChangeCause");
    CHECK(json["messages"][0]["differences"][0]["after"] == 6);
}

TEST_CASE("when a message is explained, it says who says it, who signs what and where each octet belongs") {
    const Ran ran = cli({"asn1", "explain", kPackage});
    INFO(ran);
    CHECK(ran.status == 0);
    CHECK(contains(ran.out, "EuiccPackageRequest: BF51, SGP.32 §2.11.1.1"));
    CHECK(contains(ran.out, "ESep: eIM -> eUICC"));
    CHECK(contains(ran.out, "eIM signs euiccPackageSigned, then the association token"));
    CHECK(contains(ran.out, "26  81          1      counterValue: 7  # must grow"));
    const Json json = cli({"asn1", "explain", kPackage, "--json"}).json();
    const Json& fields = json["messages"][0]["fields"];
    CHECK(fields[0]["offset"] == 0);
    CHECK(fields[4]["path"] == "EuiccPackageRequest.euiccPackageSigned.counterValue");
    CHECK(fields[4]["offset"] == 26);
    const Ran tolerated = cli({"asn1", "explain", "BF4F06BF4F03020101"});
    CHECK(tolerated.status == 0);
    CHECK(contains(tolerated.out, "tolerated: tag of a CHOICE written twice"));
}

TEST_CASE(
    "when a broken message is explained, it says where it breaks, what was expected and what is probable") {
    // no counterValue
    const Ran missing = cli({"asn1", "explain", "BF5123301C800465696D31" EID "A102AB005F3702AABB"});
    INFO(missing);
    CHECK(missing.status == 1);
    CHECK(contains(missing.out, "broken: missing field at counterValue of EuiccPackageRequest, octet 29"));
    CHECK(contains(missing.out, "expected: counterValue [81] INTEGER\n  got: A1 with 2 octets: AB00"));
    CHECK(contains(missing.out,
                   "within: EuiccPackageRequest BF51 at 0, 35 octets\n"
                   "  within: euiccPackageSigned 30 at 3, 28 octets"));
    CHECK(contains(missing.out, "                                                 ^^\n"));
    // the alternative A0 is left out; with it, it reads
    const Ran bare = cli({"asn1", "explain", "BF51183011800465696D3181010783010930038301005F3702AABB"});
    INFO(bare);
    CHECK(bare.status == 1);
    CHECK(contains(bare.out,
                   "it reads as EuiccPackageResult once A0 (euiccPackageResultSigned) is put around"));
    // rPLMN under 81, as v1.0 has it
    const Ran old = cli({"asn1", "explain", "BF4F17" EID "810362F210"});
    INFO(old);
    CHECK(old.status == 0);
    CHECK(contains(old.out, "v1.0 GetEimPackageRequest"));
    CHECK(contains(old.out, "rPLMN: \"62F210\""));
    // cut after the EID's tag
    const Ran cut = cli({"asn1", "explain", "BF4F125A"});
    INFO(cut);
    CHECK(contains(cut.out, "got: the beginning of GetEimPackageRequest or GetEimPackageResponse"));
    const Json json = cli({"asn1", "explain", "BF4F125A", "--json"}).json();
    CHECK(json["broken"]["code"] == "truncated");
}

TEST_CASE("when the input is a trace, its messages are shown with their lines, and encode takes them") {
    const Directory d;
    write_text(
        d / "trace",
        "10:00:01 > 80E2110003BF3E03\n10:00:02 < 9000\n10:00:03 > 80E29101035C015A00\n10:00:04 < 6115\n"
        "10:00:05 > 00C0000015\n10:00:06 < BF3E125A10890490321234512345123456789012359000\n"
        "10:00:07 > 80E2910003BF2E00\n10:00:08 < 6A88\n");
    const Ran ran = cli({"asn1", "decode", d / "trace"});
    INFO(ran);
    CHECK(ran.status == 0);
    CHECK(contains(ran.out,
                   "lines 1 to 3: STORE DATA on channel 0; answer in lines 4 to 6: 9000, done\n"
                   "  > GetEuiccDataRequest"));
    CHECK(contains(ran.out, "  < GetEuiccDataResponse"));
    CHECK(contains(ran.out, "6A88, referenced data not found: function not supported"));
    const Ran json = cli({"asn1", "decode", d / "trace", "--json"});
    CHECK(json.json()["messages"][1]["lines"] == Json{4, 6});
    CHECK(json.json()["exchanges"][1]["refused"] == true);
    write_text(d / "json", json.out);
    CHECK(cli({"asn1", "encode", d / "json"}).out ==
          "BF3E035C015ABF3E125A1089049032123451234512345678901235BF2E00\n");
    write_text(d / "broken", "> 80E2110003BF3E03\n< 9000\n> 80E29102035C015A\n< 9000\n");
    const Ran broken = cli({"asn1", "decode", d / "broken"});
    CHECK(broken.status == 1);
    CHECK(contains(broken.out, "line 3: STORE DATA block 02: expected 01"));
    CHECK(contains(cli({"asn1", "explain", d / "trace"}).out, "ES10: IPA -> eUICC"));
    CHECK(cli({"asn1", "diff", d / "trace", "BF3E035C015ABF3E125A1089049032123451234512345678901235BF2E00"})
              .status == 0);
    CHECK(cli({"asn1", "diff", d / "trace", "BF3E035C015ABF2E00"}).status == 1);
}

TEST_CASE("when the message is written in any usual form, it is read") {
    const Directory d;
    write_text(d / "c", "0xBF, 0x4F, 0x03,\n0x02, 0x01, 0x01\n");
    write_text(d / "pem", "-----BEGIN X-----\nv08DAgEB\n-----END X-----\n");
    for (const std::string& input : {std::string("BF 4F 03 02 01 01"),
                                     std::string("bf:4f:03:02:01:01"),
                                     std::string("v08DAgEB"),
                                     d / "c",
                                     d / "pem"})
        CHECK(contains(cli({"asn1", "decode", input}).out, "GetEimPackageResponse"));
    CHECK(cli({"asn1", "decode", "messages"}).status == 1); // a file that is not there, not base64
}

TEST_CASE("when a message is wanted as the HTTP body of a JSON binding, it is made, and read again") {
    const Directory d;
    const auto both = [&](const std::string& binding,
                          const std::string& function,
                          const std::string& hex,
                          const std::string& body) {
        const Ran made = cli({"asn1", "encode", hex, "--binding", binding});
        INFO(made);
        CHECK(made.status == 0);
        CHECK(made.out == body + "\n");
        write_text(d / "body", made.out);
        const Ran read =
            cli({"asn1", "decode", d / "body", "--binding", binding, "--function", function, "--json"});
        INFO(read);
        CHECK(read.status == 0);
        write_text(d / "json", read.out);
        CHECK(cli({"asn1", "encode", d / "json"}).out == hex + "\n");
    };
    both("esipa-json",
         "getEimPackage",
         "BF4F15" EID "810105",
         R"({"eidValue":"89049032123451234512345678901235","stateChangeCause":5})");
    both("esipa-json",
         "getEimPackage",
         "BF4F03020101",
         R"({"header":{"functionExecutionStatus":{"status":"Executed-Success"}},"eimPackageError":1})");
    // ES9+ invalidDpAddress: subject 8.8.1, reason 3.8
    const Ran failed = cli({"asn1", "encode", "BF3903810101", "--binding", "es9-json"});
    INFO(failed);
    CHECK(failed.json()["header"]["functionExecutionStatus"]["statusCodeData"]["subjectCode"] == "8.8.1");
    CHECK(cli({"asn1", "encode", "BF4F03020101", "--binding", "es9-json"}).status == 1);
    CHECK(cli({"asn1", "decode", "{}", "--binding", "esipa-json", "--function", "fly"}).status == 1);
    CHECK(cli({"asn1", "decode", "{}", "--binding", "esipa-json"}).status == 2);
    CHECK(cli({"asn1", "encode", "{}", "--binding", "xml"}).status == 2);
}

TEST_CASE("when the types are listed for programs, each has tag, section and kind") {
    const Json all = cli({"asn1", "types", "--json"}).json();
    REQUIRE(all.is_array());
    CHECK(all.size() > 200);
    bool found = false;
    for (const Json& one : all)
        if (one["name"] == "EuiccPackageResult")
            found = one == Json{{"name", "EuiccPackageResult"},
                                {"tag", "BF51"},
                                {"section", "SGP.32 §2.11.2.1"},
                                {"kind", "CHOICE"}};
    CHECK(found);
}
