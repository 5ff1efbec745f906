// What silicon and mocks leave out: the tag of an alternative, the envelope of a result, the header of a
// list.
#include "base/tolerated.h"
#include "rsp/dialect_testing.h"
#include "rsp/registry.h"

using namespace halyard;
using namespace halyard::rsp;

namespace {
std::string read(std::string_view hexed) {
    const OwnedBytes der = octets(hexed);
    Room room(der.size());
    const auto reading = to_v12(Path::esipa_request, der, std::nullopt, room);
    REQUIRE_MESSAGE(reading, where(reading.error()));
    return hex(reading->message);
}
std::string plain(std::string_view hexed) { return hex(octets(hexed)); }
} // namespace

TEST_CASE("when the tag of a result's alternative is left out, what stands there tells which it is") {
    const PeerScope scope;
    // BF51 { 30 {…} 5F37 }: a result has seqNumber 83, an error has not; BF51 { 80 … } is the unsigned one
    const std::string result = "3014 800165 810101 820401020304 830107 3003 830100 5F3702AABB"; // 22 + 5 = 27
    const std::string error = "300F 800165 810101 820401020304 020104 5F3702AABB";              // 17 + 5 = 22
    CHECK(read("BF501E BF511B" + result) == plain("BF5020 BF511D A01B" + result));
    CHECK(read("BF5019 BF5116" + error) == plain("BF501B BF5118 A116" + error));
    CHECK(read("BF5009 BF5106 800165 840101") == plain("BF500B BF5108 A206 800165 840101"));
    // beside notifications, and as a notification
    CHECK(read("BF5022 3020 BF511B" + result + "A000") == plain("BF5024 3022 BF511D A01B" + result + "A000"));
    CHECK(read("BF3D21 BF501E BF511B" + result) == plain("BF3D23 BF5020 BF511D A01B" + result));
    CHECK(read("BF5008 BF5205 84010183 00") == plain("BF500A BF5207 A005 84010183 00"));
    // without its tag, in the form of v1.0: [0] the address, which is [1] later
    CHECK(read("BF5008 BF5205 A200800161") == plain("BF500A BF5207 A005 810161A200"));
    CHECK(scope.seen().size() == 2); // euiccPackageResult, ipaEuiccDataResponse
}

TEST_CASE("when a result comes without the message around it, it is put into one") {
    const PeerScope scope;
    CHECK(read(RESULT) == plain("BF5020" RESULT));
    CHECK(read("BF5207 A105 8000 020101") == plain("BF500A BF5207 A105 8000 020101"));
    CHECK(read("BF540E 8204 01020304 3006 80017F 040101") ==
          plain("BF5011 BF540E 8204 01020304 3006 80017F 040101"));
    REQUIRE(scope.seen().size() == 1);
    CHECK(scope.seen()[0].count == 3);
}

TEST_CASE("when the scope is strict, none of this is taken") {
    const PeerScope strict(true);
    for (const char* wrong : {"BF5009 BF5106 800165 840101", RESULT, "BF5008 BF5205 84010183 00"}) {
        const OwnedBytes der = octets(wrong);
        Room room(der.size());
        const auto refused = to_v12(Path::esipa_request, der, std::nullopt, room);
        REQUIRE(!refused);
        CHECK(refused.error().code == Errc::bad_value);
    }
}

TEST_CASE("when an only result stands bare, the list has it as its element") {
    // 30 { 80 "e", counter 1, seqNumber 7, 02 01 00 }: 3 + 3 + 3 + 3 = 12
    const OwnedBytes der = octets("300C 800165 810101 830107 020100");
    asn1::Deviations seen;
    const auto data = asn1::decode<EuiccPackageResultDataSigned>(Bytes(der), {.seen = &seen});
    REQUIRE(data);
    CHECK(hex(data->euicc_result.content) == "020100");
    CHECK(*data->euicc_result.count() == 1);
    CHECK(seen.counts[static_cast<size_t>(asn1::Deviation::other_tag)] == 1);
    CHECK(!asn1::decode<EuiccPackageResultDataSigned>(Bytes(der), {.strict = true}));
    const OwnedBytes cut = octets("300B 800165 810101 830107 0200");
    CHECK(!asn1::decode<EuiccPackageResultDataSigned>(Bytes(cut)));
}
