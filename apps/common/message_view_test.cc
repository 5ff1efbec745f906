#include "apps/common/message_view.h"
#include "base/tolerated.h"
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace halyard;
using app::der_of, app::view_messages;

namespace {
OwnedBytes octets(std::string_view text) { return *from_hex(text); }
Result<OwnedBytes> from(std::string_view text) { return der_of(bytes_of(text)); }
#define EID "5A10 89049032123451234512345678901235"
} // namespace

TEST_CASE("when a message is kept as hex, base64, PEM or DER, the same octets come out") {
    const OwnedBytes der = octets("BF4F03020101");
    CHECK(*der_of(der) == der);
    CHECK(*from("BF4F03020101") == der);
    CHECK(*from(" bf:4f:03\r\n02 01\t01\n") == der);
    CHECK(*from("0xBF, 0x4F, 0x03,\n0x02, 0x01, 0X01") == der);
    CHECK(*from("v08DAgEB\n") == der); // echo BF4F03020101 | xxd -r -p | base64
    CHECK(*from("v08D\nAgEB") == der);
    CHECK(*from("-----BEGIN MESSAGE-----\r\nv08DAgEB\r\n-----END MESSAGE-----\r\n") == der);
    // DER that begins like text stays DER
    CHECK(*der_of(octets("3003020101")) == octets("3003020101"));
}

TEST_CASE("when the input is empty or no message in any form, that is the error") {
    CHECK(from("").error().code == Errc::truncated);
    CHECK(from(" \n").error().code == Errc::truncated);
    CHECK(from("BF4").error().code == Errc::truncated); // an odd digit
    CHECK(from("what is this?").error().code == Errc::bad_value);
}

TEST_CASE("when a message is printed, it has name, tag, section and a line per field") {
    const OwnedBytes der = octets("BF4F17" EID "8000 810105");
    const auto views = view_messages(der);
    CHECK_FALSE(views.error);
    CHECK(app::to_text(views) == "GetEimPackageRequest (BF4F, SGP.32 §5.14.5), octet 0, 26 octets\n"
                                 "  eidValue: \"89049032123451234512345678901235\"\n"
                                 "  notifyStateChange: null\n"
                                 "  stateChangeCause: 5 (immediateEnableProfile)\n");
    CHECK(
        app::to_json(views) ==
        R"({"messages":[{"type":"GetEimPackageRequest","tag":"BF4F","section":"SGP.32 §5.14.5","offset":0,"octets":26,)"
        R"("value":{"eidValue":"89049032123451234512345678901235","notifyStateChange":null,"stateChangeCause":5},)"
        R"("deviations":[],"others":[]}]})");
}

TEST_CASE("when messages follow each other, each is printed with its place and its own deviations") {
    // GetEuiccChallenge, then noEimPackageAvailable in two octets, in a length of two
    const OwnedBytes der = octets("BF2E00 BF4F8104 02020001");
    const size_t before = tolerated(asn1::name(asn1::Deviation::long_integer));
    const auto views = view_messages(der);
    CHECK_FALSE(views.error);
    REQUIRE(views.messages.size() == 2);
    CHECK(std::string_view(views.messages[0].message->name) == "GetEuiccChallengeRequest");
    CHECK(views.messages[0].deviations.empty());
    CHECK(views.messages[1].offset == 3);
    REQUIRE(views.messages[1].deviations.size() == 2);
    CHECK(views.messages[1].deviations[0].what == asn1::Deviation::long_length);
    CHECK(views.messages[1].deviations[0].offset == 3);
    CHECK(views.messages[1].deviations[1].what == asn1::Deviation::long_integer);
    CHECK(views.messages[1].deviations[1].offset == 7);
    CHECK(app::to_text(views).find(
              "tolerated: INTEGER with a superfluous octet at eimPackageError, octet 7\n") !=
          std::string::npos);
    const auto json = nlohmann::json::parse(app::to_json(views));
    CHECK(json["messages"][1]["deviations"][1] == nlohmann::json{{"what", "INTEGER with a superfluous octet"},
                                                                 {"where", "eimPackageError"},
                                                                 {"offset", 7}});
    CHECK(tolerated(asn1::name(asn1::Deviation::long_integer)) == before); // looking is not accepting

    const auto strict = view_messages(der, nullptr, true);
    CHECK(strict.messages.size() == 1);
    REQUIRE(strict.error);
    CHECK(strict.error->code == Errc::bad_value);
    CHECK(strict.error->offset == 3);
}

TEST_CASE(
    "when a message is broken, what stands before it is printed and the error has field, reason and octet") {
    // BF2E00, then a poll whose EID is one octet short
    const OwnedBytes der = octets("BF2E00 BF4F11 5A0F 890490321234512345123456789012");
    const auto views = view_messages(der);
    CHECK(views.messages.size() == 1);
    REQUIRE(views.error);
    CHECK(app::describe_error(views) == "bad length at eidValue (15, 0x0F) of GetEimPackageRequest, octet 6");
    const auto json = nlohmann::json::parse(app::to_json(views));
    CHECK(json["messages"].size() == 1);
    CHECK(json["error"] == nlohmann::json{{"code", name(Errc::bad_length)},
                                          {"where", "eidValue"},
                                          {"detail", 15},
                                          {"offset", 6},
                                          {"as", "GetEimPackageRequest"}});
    const OwnedBytes whole = octets("BF4F12" EID);
    for (size_t n = 1; n < whole.size(); ++n) {
        const auto cut = view_messages(Bytes(whole).first(n));
        REQUIRE(cut.error);
        CHECK(cut.error->code == Errc::truncated);
    }
}

TEST_CASE("when the type is given, components can be read, and the wrong one is refused") {
    const OwnedBytes eim = octets("3006 8004 65696D31");
    const auto views = view_messages(eim, rsp::message_named("EimIdInfo"));
    CHECK_FALSE(views.error);
    CHECK(app::to_text(views) == "EimIdInfo (30, SGP.32 §2.11.2.1), octet 0, 8 octets\n  eimId: \"eim1\"\n");
    const auto ambiguous = view_messages(eim);
    REQUIRE(ambiguous.error);
    CHECK(ambiguous.error->code == Errc::conflict);
    CHECK(app::describe_error(ambiguous).find("DeleteEim") != std::string::npos);
    const auto wrong = view_messages(eim, rsp::message_named("OperatorId"));
    REQUIRE(wrong.error);
    CHECK(app::describe_error(wrong) == "bad length at mccMnc (4, 0x04) of OperatorId, octet 2");
    CHECK(view_messages(eim, rsp::message_named("EuiccPackageRequest")).error->code == Errc::bad_tag);
    CHECK(view_messages({}, rsp::message_named("OperatorId")).error->code == Errc::truncated);
}

TEST_CASE("when the input is a profile package, it is told apart from messages") {
    // PE-Header: version 2.3 and no more
    const auto views = view_messages(octets("A008 800102 810103 8200"));
    REQUIRE(views.error);
    CHECK(views.error->code == Errc::unsupported);
    CHECK(app::describe_error(views).find("halyard profile show") != std::string::npos);
}
