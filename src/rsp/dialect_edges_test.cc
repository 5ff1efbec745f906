// What does not translate one to one: left out, left on the card, refused by name; and what needs no
// translation.
#include "rsp/dialect_testing.h"

using namespace halyard;
using namespace halyard::rsp;
using enum Edition;
using enum Path;

TEST_CASE(
    "when a message is as v1.2 writes it, it is given back itself, whatever its sender is known to speak") {
    const struct {
        Path path;
        const char* hex;
        std::optional<Edition> seen;
    } rows[] = {
        {esipa_request, "BF4F12" EID, std::nullopt},
        {esipa_request, "BF4F14" EID "8000", std::nullopt},
        {esipa_request, "BF4F1C" EID "8000 810105 820362F210", v1_2},
        {esipa_request, "BF5032" EID RESULT, v1_2},
        {esipa_request, "BF5020" RESULT, std::nullopt},
        {esipa_request, "BF5024 3022" RESULT "A000", v1_2},
        {esipa_request, "BF5010 BF520D A00B 840101" CERTIFICATES, std::nullopt},
        {esipa_request, "BF3D1A A018" OTHER, std::nullopt},
        {esipa_request, "BF3D23 BF5020" RESULT, v1_2},
        {esipa_request, "BF3918 8110 55555555555555555555555555555555 820401020304", v1_2},
        {esipa_request, "BF4E02 0500", std::nullopt},
        {esipa_request, "BF4E09 BF6006 A004 8002A1B2", v1_3},
        {esipa_request, "BF4E09 BF6106 A001 00 810102", v1_3},
        {esipa_answer, "BF4F03 020101", std::nullopt},
        {esipa_answer, "BF4F09 BF5406 820401020304", std::nullopt},
        {esipa_answer, "BF4F0D BF520A 5C02BF22 8304 01020304", v1_2},
        {esipa_answer, "BF5002 3000", v1_2},
        {esipa_answer, "BF5006 BF5303 800107", std::nullopt},
        {es10_command, "BF5A03 800100", v1_2},
        {es10_command, "BF6404 82020284", std::nullopt},
        {es10_answer, "BF2B1A A018" OTHER, std::nullopt},
        {es10_answer, "BF2B0D A20B" UNSIGNED, std::nullopt},
    };
    for (const auto& row : rows) {
        CAPTURE(row.hex);
        const OwnedBytes der = octets(row.hex);
        for (const std::optional<Edition> known : {std::optional<Edition>{}, {v1_0}, {v1_2}}) {
            std::array<uint8_t, 4> nothing_needed{};
            const auto read = to_v12(row.path, der, known, nothing_needed);
            REQUIRE_MESSAGE(read, where(read.error()));
            CHECK(read->message.data() == der.data());
            CHECK(read->message.size() == der.size());
            CHECK(shown(read->seen) == shown(row.seen));
        }
        for (const Edition e : {v1_2, v1_3}) {
            if (row.seen == v1_3 && e == v1_2) continue;
            const auto same_again = from_v12(row.path, der, e, Buffer());
            REQUIRE(same_again);
            CHECK(same_again->data() == der.data());
        }
    }
}

TEST_CASE("when an edition has no place for something that can be left out, it is left out") {
    const struct {
        Path path;
        Edition edition;
        const char *ours, *theirs;
    } rows[] = {
        {esipa_request, v1_0, "BF4F1C" EID "8000 810105 820362F210", "BF4F19" EID "8000 810362F210"},
        {esipa_request, v1_0, "BF5032" EID RESULT, "BF5020" RESULT},
        {esipa_request, v1_0, "BF501D" EID "A009 800401020304 020101", "BF5003 020101"},
        {esipa_request, v1_1, "BF501D" EID "A009 800401020304 020101", "BF5015" EID "020101"},
        {esipa_request,
         v1_0,
         "BF5014 BF5211 A00F 840101 8704 01020304 A904 80000000",
         "BF500E BF520B A009 840101 A904 80000000"},
        {esipa_request, v1_0, "BF500E BF520B A109 800401020304 020101", "BF5006 BF5203 810101"},
        {esipa_request, v1_0, "BF5008 BF5205 A103 020168", "BF5006 BF5203 81017F"}, // ecallActive
        {esipa_request, v1_0, "BF5008 BF5405 3003 800168", "BF5005 BF5402 3000"},
        {esipa_request, v1_0, "BF3D35 BF5032" EID RESULT, "BF3D22 A120" RESULT},
        {esipa_request,
         v1_0,
         "BF3918 8110 55555555555555555555555555555555 820401020304",
         "BF3912 8110 55555555555555555555555555555555"},
        // the EID of a compact notification: v1.0 and v1.1 have none
        {esipa_request, v1_0, "BF3D28 A026" COMPACT_EID, "BF3D16 A014" COMPACT},
        {esipa_request, v1_1, "BF3D28 A026" COMPACT_EID, "BF3D16 A014" COMPACT},
        {esipa_request, v1_1, "BF504A 3048" RESULT "A026" COMPACT_EID, "BF5038 3036" RESULT "A014" COMPACT},
        {esipa_request,
         v1_0,
         "BF504A 3048" RESULT "A026" COMPACT_EID,
         "BF503B 3039" RESULT "BF2B16 A014" COMPACT},
        {esipa_answer, v1_0, "BF4F0D BF520A 5C02BF22 830401020304", "BF4F07 BF5204 5C02BF22"},
        {esipa_answer, v1_0, "BF4F03 020102", "BF4F03 02017F"}, // eidNotFound
        {esipa_answer, v1_1, "BF4F03 020102", "BF4F03 020102"},
        {esipa_answer, v1_1, "BF5003 020104", "BF5003 02017F"}, // missingEid came with v1.2
        {esipa_answer, v1_2, "BF3B03 820112", "BF3B03 82017F"}, // downloadOrderExpired with v1.3
        {es10_command, v1_0, "BF5707 A005 3003 800165", "BF5707 A005 3003 800165"},
        {es10_command, v1_0, "BF5709 A007 3005 800165 8900", "BF5707 A005 3003 800165"},
        {es10_answer, v1_0, "BF5703 810107", "BF5703 81017F"},
        {es10_answer, v1_0, "BF5A03 800105", "BF5A03 80017F"},
        {es10_answer, v1_2, "BF5C03 800108", "BF5C03 80017F"},
        {es10_answer, v1_0, "BF6403 800168", "BF3403 02017F"},
    };
    for (const auto& row : rows) {
        CAPTURE(row.ours);
        const OwnedBytes ours = octets(row.ours);
        Room room(ours.size());
        const auto theirs = from_v12(row.path, ours, row.edition, room);
        REQUIRE_MESSAGE(theirs, where(theirs.error()));
        CHECK(hex(*theirs) == hex(octets(row.theirs)));
    }
}

TEST_CASE("when an edition lacks something that matters, it is refused by name") {
    const struct {
        Path path;
        const char *hex, *name;
    } rows[] = {
        {esipa_answer, "BF5003 020102", "provideEimPackageResultError"},
        {esipa_answer, "BF4F0B BF5208 5C01A2 A203 800107", "searchCriteriaEuiccPackageResult"},
        {esipa_answer, "BF4F0C BF5209 5C02A0A2 A103 800105", "searchCriteriaNotification"},
        {es10_command, "BF6404 82020410", "deletePreLoadedTestProfiles"}, // bit 3
        {es10_command, "BF6404 82020308", "deleteProvisioningProfiles"},  // bit 4
        {es10_command, "BF5A03 800100", "refreshFlag"},
        {es10_command, "BF5505 A003 800165", "searchCriteria"},
        {es10_command, "BF5B03 8001FF", "enableEmergencyProfile"},
        {es10_command, "BF5C03 8001FF", "disableEmergencyProfile"},
        {es10_command, "BF5D03 8001FF", "executeFallbackMechanism"},
        {es10_command, "BF5E03 8001FF", "returnFromFallback"},
        {es10_command, "BF5F00", "getConnectivityParameters"},
        {es10_command, "BF6503 800161", "setDefaultDpAddress"},
        {es10_command, "BF4204 80020780", "ipaeActivation"},
    };
    for (const auto& row : rows) {
        CAPTURE(row.name);
        const OwnedBytes der = octets(row.hex);
        Room room(der.size());
        const auto refused = from_v12(row.path, der, v1_0, room);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == Errc::unsupported);
        CHECK(where(refused.error()) == row.name);
        CHECK(from_v12(row.path, der, v1_1, room)); // v1.1 has them all
    }
}

TEST_CASE("when v1.0 lists what v1.2 has no place for, what stays on the card is left there") {
    const struct {
        Path path;
        const char *theirs, *ours;
    } rows[] = {
        // an error instead of the list; results beside the notifications of a result
        {esipa_request, "BF5028 3026" RESULT "BF2B03 81017F", "BF5024 3022" RESULT "A000"},
        {esipa_request, "BF502F 302D" RESULT "BF2B0A A208" UNSIGNED_BARE, "BF5024 3022" RESULT "A000"},
        // A3 { A0 26, A1 { 8 } 10 } = 36
        {esipa_request,
         "BF504B 3049" RESULT "BF2B26 A324 A018" OTHER "A108" UNSIGNED_BARE,
         "BF503C 303A" RESULT "A018" OTHER},
        {esipa_request, "BF500E BF520B A009 BF2B03 81017F 840101", "BF5008 BF5205 A003 840101"},
        {es10_answer, "BF2B26 A324 A018" OTHER "A108" UNSIGNED_BARE, "BF2B1A A018" OTHER},
        // notifications without the A0, as some v1.0 stacks send them
        {esipa_request, "BF3D18" OTHER, "BF3D1A A018" OTHER},
        // 88 is how a comment of the v1.0 module spells ipaCapabilities
        {esipa_answer, "BF4F06 BF5203 5C0188", "BF4F06 BF5203 5C01A8"},
    };
    for (const auto& row : rows) {
        CAPTURE(row.theirs);
        const OwnedBytes theirs = octets(row.theirs);
        Room room(theirs.size());
        const auto read = to_v12(row.path, theirs, v1_0, room);
        REQUIRE_MESSAGE(read, where(read.error()));
        CHECK(hex(read->message) == hex(octets(row.ours)));
    }
}

TEST_CASE(
    "when a message mixes the forms of two editions, it is understood and says nothing about its sender") {
    const OwnedBytes der = octets("BF5051" EID "303D" RESULT "BF2B1A A018" OTHER);
    Room room(der.size());
    const auto read = to_v12(esipa_request, der, std::nullopt, room);
    REQUIRE(read);
    CHECK(hex(read->message) == hex(octets("BF504E" EID "303A" RESULT "A018" OTHER)));
    CHECK_FALSE(read->seen);
}

TEST_CASE("when an older message is wrong inside, the field is named") {
    const struct {
        Path path;
        const char *hex, *name;
        Errc code;
    } rows[] = {
        {esipa_request, "BF5028 3026" RESULT "BF2B03 A40100", "notificationList", Errc::bad_tag},
        {esipa_request, "BF5025 3023" RESULT "BF2B00", "notificationList", Errc::missing_field},
        {esipa_request, "BF5009 BF5206 A004 BF2B01 A0", "notificationsList", Errc::truncated},
        {esipa_request, "BF5006 BF5203 A001 05", "ipaEuiccData", Errc::truncated},
        {esipa_request, "BF3D00", "handleNotificationEsipa", Errc::missing_field},
        {esipa_request, "BF4F03 5A1089", "getEimPackageRequest", Errc::truncated},
        {esipa_answer, "BF4F05 BF5202 0400", "tagList", Errc::missing_field},
        {es10_command, "BF3404 82020204", "resetOptions", Errc::bad_value}, // bit 5
        {es10_command, "BF3400", "resetOptions", Errc::missing_field},
        {es10_answer, "BF2B07 A305 A000 A201 00", "euiccPackageResultList", Errc::missing_field},
        {es10_answer, "BF2B05 A000 810100", "retrieveNotificationsListResponse", Errc::bad_length},
    };
    for (const auto& row : rows) {
        CAPTURE(row.hex);
        const OwnedBytes der = octets(row.hex);
        Room room(der.size());
        const auto read = to_v12(row.path, der, std::nullopt, room);
        REQUIRE_FALSE(read);
        CHECK(where(read.error()) == row.name);
        CHECK(read.error().code == row.code);
    }
}

// Each octet: cut there, and once with all lengths around it made to fit, so that the walk comes to the cut.
TEST_CASE("when the shortest results are many, the promised buffer suffices") {
    OwnedBytes list; // A2 { eimId of one letter }: 5 octets each, 8 in its BF51
    for (int i = 0; i < 1000; ++i) append(list, octets("A203 800165"));
    OwnedBytes der = octets("BF2B82138C A2821388"); // 5004, 5000
    append(der, list);
    Room room(der.size());
    const auto read = to_v12(es10_answer, der, std::nullopt, room);
    REQUIRE_MESSAGE(read, where(read.error()));
    const auto response = asn1::decode<RetrieveNotificationsListResponse>(read->message, {.strict = true});
    REQUIRE(response);
    CHECK(*std::get<2>(response->is).count() == 1000);
}

TEST_CASE("when an eUICC lists the editions it follows, the highest one counts") {
    const auto info = [](std::string_view versions, std::string_view length) {
        const OwnedBytes der =
            octets("BF22" + std::string(length) +
                   "8103020301 8203020500 8303010000 8403810100 8503014802 88020780 A903040101 "
                   "AA03040101 0403010000 0C0158 900100" +
                   std::string(versions));
        const auto decoded = asn1::decode<EuiccInfo2>(Bytes(der));
        REQUIRE(decoded);
        return edition_of(*decoded);
    };
    // 50 octets before; B4 { A0 { 04 03 version … } }
    CHECK(info("B407 A005 0403010001", "3B") == v1_0);
    CHECK(info("B407 A005 0403010100", "3B") == v1_1);
    CHECK(info("B407 A005 0403010200", "3B") == v1_2);
    CHECK(info("B407 A005 0403010300", "3B") == v1_3);
    CHECK(info("B407 A005 0403020000", "3B") == v1_3);
    CHECK(info("B40C A00A 0403010200 0403010000", "40") == v1_2);
    CHECK_FALSE(info("B402 A000", "36"));
    CHECK_FALSE(info("", "32"));
}

TEST_CASE(
    "when the eUICC is known to be of a later edition, BF34 is the memory reset of SGP.22 and stays so") {
    for (const Edition known : {v1_1, v1_2, v1_3})
        for (const auto& [path, text] :
             {std::pair{es10_command, "BF3404 82020640"}, std::pair{es10_answer, "BF3403 800101"}}) {
            const char* message = text;
            CAPTURE(message);
            const OwnedBytes der = octets(message);
            Room room(der.size());
            const auto read = to_v12(path, der, known, room);
            REQUIRE_MESSAGE(read, where(read.error()));
            CHECK(hex(read->message) == hex(der));
            CHECK(shown(read->seen) == "nothing");
        }
}
