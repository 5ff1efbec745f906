#pragma once
// Messages for the tests of whatever reads messages. The octets are examples that an independent ASN.1
// compiler made of the modules of SGP.32 v1.2 and SGP.22 v2.5 (eimId "e", the EID of SGP.26, a signature of
// two octets), or were put together by hand from the tag tables.
#include "base/octets.h"

namespace halyard::rsp {

struct Sample {
    const char* type;
    const char* hex;
};

#define HALYARD_EID "5A1089049032123451234512345678901235"
#define HALYARD_ICCID "5A0A981032547698103254F6"
#define HALYARD_16 "00112233445566778899AABBCCDDEEFF"

constexpr Sample kSamples[] = {
    {"EuiccPackageRequest",
     "BF513A3033800165" HALYARD_EID "810101820401020304A013A30E" HALYARD_ICCID "0500BF2D005F3702AABB"},
    {"EuiccPackageRequest", "BF5124301D800165" HALYARD_EID "810200C8A102AB005F3702AABB"},
    // counterValue 2^63 - 1 and 2^53 + 1: more than a double holds
    {"EuiccPackageRequest", "BF512A3023800165" HALYARD_EID "81087FFFFFFFFFFFFFFFA102AB005F3702AABB"},
    {"EuiccPackageRequest",
     "BF5129302280"
     "0165" HALYARD_EID "810720000000000001A102AB005F3702AABB"},
    {"Psmo", "A30C" HALYARD_ICCID},
    {"Psmo", "A30E" HALYARD_ICCID "0500"},
    {"Psmo", "BF2D00"},
    {"Psmo", "BF2D13A00C" HALYARD_ICCID "5C035A9F70"},
    {"Psmo", "A600"},
    {"Psmo", "A700"},
    {"Psmo", "A70C800081032A03048203612E62"},
    {"Psmo", "A80C" HALYARD_ICCID},
    {"Psmo", "A900"},
    {"Psmo", "BF65058003612E62"},
    {"Eco",
     "A82E8001658101668201028301018401FFA513A011300906072A8648CE3D0201030400"
     "04010287020780880201028900"},
    {"Eco", "A903800165"},
    {"Eco", "AA06800165830105"},
    {"Eco", "AB00"},
    {"EuiccResultData", "830100"},
    {"EuiccResultData", "BF2D14A012E310" HALYARD_ICCID "9F700101"},
    {"EuiccResultData", "BF2D0381010B"},
    {"EuiccResultData", "A600"},
    {"EuiccResultData", "A613301180020560A10730058003EEEEEE82020780"},
    {"EuiccResultData", "A803840101"},
    {"EuiccResultData", "A803020100"},
    {"EuiccResultData", "AB0AA0083006800165820102"},
    {"EuiccResultData", "AB0381017F"},
    {"EuiccResultData", "8C0100"},
    {"EuiccResultData", "020101"},
    {"EuiccResultData", "BF6503800100"},
    {"IpaEuiccDataRequest", "BF52185C03BF22A8040101A103800101A203800101830401020304"},
    {"IpaEuiccDataResponse", "BF520BA109800401020304020101"},
    {"IpaEuiccDataResponse", "BF521BA019A917800401020304A10585030D000082080102030405060708"},
    {"ProfileDownloadTriggerRequest", "BF540FA00780053124612462820401020304"},
    {"ProfileDownloadTriggerRequest", "BF540AA0028100820401020304"},
    {"ProfileDownloadTriggerRequest", "BF540DA005A203800161820401020304"},
    {"ProfileDownloadTriggerRequest", "BF5404A002A200"},
    {"ProfileDownloadTriggerRequest", "BF5406820401020304"},
    {"ProfileDownloadTriggerResult", "BF540E820401020304300680017F040101"},
    {"EimAcknowledgements", "BF5306800101800102"},
    {"InitiateAuthenticationRequestEsipa",
     "BF392D8110" HALYARD_16 "830161BF200F8203020500A903040101AA03040101820401020304"},
    {"InitiateAuthenticationResponseEsipa", "BF3903810134"},
    {"AuthenticateClientResponseEsipa", "BF3B03820106"},
    {"AuthenticateClientResponseEsipa", "BF3B0FA10D800401020304BF5404A0028100"},
    {"GetBoundProfilePackageResponseEsipa", "BF3A03810132"},
    {"CancelSessionRequestEsipa", "BF410B800401020304A103810105"},
    {"CancelSessionRequestEsipa", "BF4114800401020304A10CA20A30038001035F3702AABB"},
    {"PendingNotification",
     "A018A011800401020304020109A206A0044F0210005F3702AABB"}, // iccidPresent is DEFAULT TRUE, and left out
    {"PendingNotification", "A01DA016800401020304020109010100A208A1068001008101015F3702AABB"},
    {"CancelSessionResponse", "BF410CA20A30038001035F3702AABB"},
    {"EUICCInfo2",
     "BF223D8103020301820302050083030100008403810100850301480288020780A903040101AA0304010104030100000C0158"
     "900100B409A00504030102008200"},
    {"ISDRProprietaryApplicationTemplateIoT", "E104800206C0"},
    {"IpaCapabilities", "3008800202C481020490"},
    {"ProfileInfo", "E31C" HALYARD_ICCID "9F7001019F7B01009F2601FF9F6701FF"},
    {"StoreMetadataRequest",
     "BF2530" HALYARD_ICCID "910173920170B609300780020780810161B705800362F210990206409F7B01FF9F6701FF"},
    // by hand: an error code and named bits that nobody has named, a component of a later edition
    {"GetEimPackageResponse",
     "BF4F030201"
     "63"},
    {"IpaCapabilities",
     "3009800300C401"
     "81020490"},
    {"GetEimPackageRequest", "BF4F16" HALYARD_EID "9F7E0100"},
    // eIM "e" known to a later edition by a component with parts, inside an untagged CHOICE inside the signed
    // part
    {"EuiccPackageRequest",
     "BF512C3025800165" HALYARD_EID "810107A10BA909800165BF7F0304010A"
     "5F3702AABB"},
    // eimId as octets that are no UTF-8
    {"DeleteEim", "30048002C328"},
    // dpOid with an arc of 2^63: 2.999 and ten octets
    {"DpProprietaryData",
     "300E800C8837818080808080808080"
     "00"},
};

} // namespace halyard::rsp
