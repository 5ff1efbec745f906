// Octets derived by hand from the tag tables.
#include "rsp/registry.h"
#include <doctest/doctest.h>
#include <set>

using namespace halyard;
using rsp::Message, rsp::recognise, rsp::Recognition;

namespace {
OwnedBytes octets(std::string_view text) { return *from_hex(text); }

// eimId "eim1" (6 octets), an EID (18), a signature of two octets as in the examples of the specification's
// digest
#define EIM_ID "8004 65696D31"
#define EID "5A10 89049032123451234512345678901235"
#define SIGNATURE "5F3702AABB"
// listEim under counter 200: 6 + 18 + 4 + 4 = 32
#define PACKAGE_REQUEST "BF5127 3020" EIM_ID EID "810200C8 A102AB00" SIGNATURE
// A0 { 30 { eimId, counterValue 7, seqNumber 9, 30 { enableResult ok } } signature }: 6 + 3 + 3 + 5 = 17; 19
// + 5 = 24
#define PACKAGE_RESULT "BF511A A018 3011" EIM_ID "810107 830109 3003 830100" SIGNATURE

std::string named(std::string_view hex) {
    const OwnedBytes der = octets(hex);
    const Recognition r = recognise(der);
    CHECK(r.message);
    CHECK_FALSE(r.error);
    CHECK_FALSE(r.nearest);
    return r.message ? r.message->name : "";
}
std::set<std::string> names(const std::vector<const Message*>& messages) {
    std::set<std::string> out;
    for (const Message* m : messages) out.insert(m->name);
    return out;
}
} // namespace

TEST_CASE("when a message is looked for by name, it is that one or none, and no name comes twice") {
    std::set<std::string_view> seen;
    for (const Message& m : rsp::messages()) {
        CAPTURE(m.name);
        CHECK(seen.insert(m.name).second);
        CHECK(rsp::message_named(m.name) == &m);
        CHECK((std::string_view(m.section).starts_with("SGP.22 §") ||
               std::string_view(m.section).starts_with("SGP.32 §")));
    }
    CHECK(rsp::message_named("euiccpackagerequest") == nullptr);
    CHECK(rsp::message_named("") == nullptr);
    const Message* m = rsp::message_named("EuiccPackageRequest");
    REQUIRE(m);
    CHECK(m->type->tag == 0xBF51);
    CHECK(std::string_view(m->section) == "SGP.32 §2.11.1.1");
}

TEST_CASE("when request and response share a tag, the one that reads the octets is named") {
    CHECK(named(PACKAGE_REQUEST) == "EuiccPackageRequest");
    CHECK(named(PACKAGE_RESULT) == "EuiccPackageResult");
    CHECK(named("BF510B A209" EIM_ID "840103") == "EuiccPackageResult");
    CHECK(named("BF4F12" EID) == "GetEimPackageRequest");
    CHECK(named("BF4F03 020101") == "GetEimPackageResponse");
    CHECK(named("BF4F2A" PACKAGE_REQUEST) == "GetEimPackageResponse");
    CHECK(named("BF502F" EID PACKAGE_RESULT) == "ProvideEimPackageResult");
    CHECK(named("BF5006 BF5303 800105") == "ProvideEimPackageResultResponse");
    CHECK(named("BF5003 020102") == "ProvideEimPackageResultResponse");
    CHECK(named("BF5404 A0028100") == "ProfileDownloadTriggerRequest");
    // 30 { profileDownloadErrorReason undefinedError }
    CHECK(named("BF5405 3003 80017F") == "ProfileDownloadTriggerResult");
    CHECK(named("BF2E00") == "GetEuiccChallengeRequest");
    CHECK(named("BF2E12 8010 00112233445566778899AABBCCDDEEFF") == "GetEuiccChallengeResponse");
    CHECK(named("BF5306 800105 800106") == "EimAcknowledgements");
    CHECK(named("BF3F07 8005 612E622E63") == "SGP22-SetDefaultDpAddressRequest");
    CHECK(named("BF6507 8005 612E622E63") == "SetDefaultDpAddressRequest");
}

TEST_CASE("when several types read the octets, those that read less well are named as alternatives") {
    // EUICCInfo1; its request is empty and would take everything for unknown
    const OwnedBytes info = octets("BF2009 8203020500 A900 AA00");
    const Recognition r = recognise(info);
    REQUIRE(r.message);
    CHECK(std::string_view(r.message->name) == "EUICCInfo1");
    CHECK(names(r.others) == std::set<std::string>{"GetEuiccInfo1Request"});
    // over ES9+ the same octets as over ESipa
    const OwnedBytes client = octets("BF3B0E 800101 BF3808 A106 800101 020107");
    const Recognition same = recognise(client);
    REQUIRE(same.message);
    CHECK(std::string_view(same.message->name) == "AuthenticateClientRequestEsipa");
    CHECK(names(same.others).contains("AuthenticateClientRequest"));
    // what only ES9+ and ES11 have around it
    CHECK(named("A211 BF3B0E 800101 BF3808 A106 800101 020107") == "RemoteProfileProvisioningRequest");
    CHECK(named("A206 BF3B03 810106") == "RemoteProfileProvisioningResponse");
}

TEST_CASE("when types differ in their known values only, the one that knows the value is named") {
    // cancelSessionResponseError invalidTransactionId is 5 on ES10b, cancelSessionError euiccSignatureInvalid
    // 2 elsewhere
    CHECK(named("BF4103 810105") == "CancelSessionResponse");
    CHECK(named("BF4103 810102") == "CancelSessionResponseEsipa");
}

TEST_CASE("when no type reads the octets, the one that came furthest tells what is wrong and where") {
    // counterValue is missing: behind header 3, header 2, eimId 6 and EID 18
    const OwnedBytes der = octets("BF5123 301C" EIM_ID EID "A102AB00" SIGNATURE);
    const Recognition r = recognise(der);
    CHECK_FALSE(r.message);
    REQUIRE(r.error);
    REQUIRE(r.nearest);
    CHECK(std::string_view(r.nearest->name) == "EuiccPackageRequest");
    CHECK(r.error->code == Errc::missing_field);
    CHECK(std::string_view(r.error->where) == "counterValue");
    CHECK(r.error->offset == 29);
}

TEST_CASE("when the tag is nobody's, it is told; when it is everybody's, a single fitting type is taken") {
    const Recognition foreign = recognise(octets("BF7F00"));
    CHECK_FALSE(foreign.message);
    REQUIRE(foreign.error);
    CHECK(foreign.error->code == Errc::bad_tag);
    CHECK(foreign.error->detail == 0xBF7F);
    CHECK(recognise(octets("BF51")).error->code == Errc::truncated);
    CHECK(recognise({}).error->code == Errc::truncated);

    // enable: no other component begins with A3
    CHECK(named("A30C 5A0A 98001032547698103214") == "Psmo");
    const Recognition empty = recognise(octets("3000"));
    CHECK_FALSE(empty.message);
    REQUIRE(empty.error);
    CHECK(empty.error->code == Errc::conflict);
    CHECK(names(empty.others).contains("EmptyResponse"));
    CHECK(names(empty.others).contains("ListEim"));
    CHECK_FALSE(names(empty.others).contains("DeleteEim"));
    const Recognition none = recognise(octets("3003 0A0101"));
    CHECK_FALSE(none.message);
    CHECK(none.error->code == Errc::bad_tag);
}

TEST_CASE("when only DER is wanted, a deviation is an error, otherwise a doubt") {
    const OwnedBytes der = octets("BF4F04 02020001"); // noEimPackageAvailable with a superfluous 00
    CHECK(recognise(der).message);
    const Recognition strict = recognise(der, {.strict = true});
    CHECK_FALSE(strict.message);
    REQUIRE(strict.error);
    CHECK(strict.error->code == Errc::bad_value);
    CHECK(strict.error->offset == 3);
}

TEST_CASE("when only v1.0 writes it so, the form of v1.0 is named; what v1.2 reads too is v1.2's alone") {
    CHECK(named("BF4F17" EID "810362F210") == "v1.0 GetEimPackageRequest"); // rPLMN
    CHECK(named("BF5000") == "v1.0 ProvideEimPackageResultResponse");
    CHECK(named("BF5203 810105") == "v1.0 IpaEuiccDataResponse");
    CHECK(named("BF5407 3005 8003A1B2C3") == "v1.0 ProfileDownloadTriggerResult");
    CHECK(named("BF3D08 A106 BF5203 810105") == "v1.0 HandleNotificationEsipa");
    CHECK(named("BF2B06 A304 A000 A100") == "v1.0 RetrieveNotificationsListResponse");
    CHECK(named("BF5A00") == "v1.0 EnableUsingDDRequest");
    CHECK(named("BF5003 020101") == "v1.0 ProvideEimPackageResult"); // no answer has a code 1
    for (const char* both :
         {"BF4F12" EID, "BF5A03 800100", "BF5006 BF5303 800107", "BF4F03 020101", "BF5003 020102"}) {
        const OwnedBytes der = octets(both);
        const Recognition r = recognise(der);
        REQUIRE(r.message);
        CHECK(r.message->edition == rsp::Edition::v1_2);
        for (const Message* m : r.others) CHECK(m->edition == rsp::Edition::v1_2);
    }
}
