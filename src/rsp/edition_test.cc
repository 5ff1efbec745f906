// What SGP.32 v1.3 adds, octets worked out by hand from its change list: read strictly, written back, and
// what a reader of v1.2 makes of them (it skips them) is left to the rule for unknown trailing components.
#include "rsp/edition.h"
#include "rsp/es10b_iot.h"
#include "rsp/esipa.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::rsp;

namespace {
OwnedBytes octets(std::string_view text) { return *from_hex(text); }

#define EID "5A10 89049032123451234512345678901235"
#define ICCID "5A0A 981032547698103254F6"
// one VendorSpecificData: vendorOid 2.999, within A1 an OCTET STRING of two octets
#define EXTENSION "300A 80028837 A104 0402A1B2"

struct Row {
    const char* name;
    const char* hex;
    /// Decoded strictly: the new field has its value, and the octets come out as they went in.
    bool (*holds)(Bytes);
};
template <class T, class F> bool read(Bytes der, F&& right) {
    asn1::Deviations seen;
    const auto value = asn1::decode<T>(der, {.strict = true, .seen = &seen});
    if (!value || seen.any() || !right(*value)) return false;
    const auto out = asn1::encode(*value);
    return out && same(*out, der);
}
bool is_extension(const std::optional<List<VendorSpecificData>>& list) {
    return list && *list->count() == 1 && hex(list->content) == hex(octets(EXTENSION));
}

const Row kRows[] = {
    // eimId 3, AA with 12
    {"EimConfigurationData",
     "3011 800165 AA0C" EXTENSION,
     [](Bytes b) {
         return read<EimConfigurationData>(
             b, [](auto& v) { return is_extension(v.esipa_proprietary_protocol_information); });
     }},
    // A2 { eimId 3, eimTransactionId 6, associationToken 3, sizeOverflow 3 }
    {"EuiccPackageErrorUnsigned",
     "BF5111 A20F 800165 820401020304 840101 8F010F",
     [](Bytes b) {
         return read<EuiccPackageResult>(b, [](auto& v) {
             return std::get<2>(v.is).euicc_package_error_code ==
                    EuiccPackageErrorUnsigned::UnsignedErrorCode::size_overflow;
         });
     }},
    // features 4, protocols 4, A2 with 12
    {"IpaCapabilities",
     "3016 800202C4 81020490 A20C" EXTENSION,
     [](Bytes b) {
         return read<IpaCapabilities>(
             b, [](auto& v) { return is_extension(v.esipa_proprietary_protocol_information); });
     }},
    // ICCID 12, state 4, three flags of 4, BF64 without content 3
    {"ProfileInfo",
     "E31F" ICCID "9F700101 9F7B0100 9F2601FF 9F6701FF BF6400",
     [](Bytes b) {
         return read<ProfileInfo>(b, [](auto& v) { return v.iot_specific_profile_info.has_value(); });
     }},
    // ICCID 12, names 3 + 3, ecallIndication 4, fallbackAllowed 4, BF64 3
    {"StoreMetadataRequest",
     "BF251D" ICCID "910173 920170 9F7B01FF 9F6701FF BF6400",
     [](Bytes b) {
         return read<StoreMetadataRequest>(b, [](auto& v) { return v.iot_specific_metadata.has_value(); });
     }},
    {"UpdateMetadataRequest",
     "BF2A04 9F6701FF",
     [](Bytes b) {
         return read<UpdateMetadataRequest>(b, [](auto& v) { return v.fallback_allowed == true; });
     }},
    // the example of the digest with v1.3.0, fallbackAllowedUpdateSupported 2 and the security level 3
    {"EUICCInfo2",
     "BF2242 8103020301 8203020500 8303010000 8403810100 8503014802 88020780 A903040101 AA03040101 0403010000"
     "0C0158 900100 B40B A005 0403010300 8200 8300 950102",
     [](Bytes b) {
         return read<EuiccInfo2>(b, [](auto& v) {
             return v.iot_specific_info->fallback_allowed_update_supported &&
                    v.euicc_minimum_security_level == std::array<uint8_t, 1>{2};
         });
     }},
    {"DisableEmergencyProfileResponse",
     "BF5C03 800108",
     [](Bytes b) {
         return read<DisableEmergencyProfileResponse>(b, [](auto& v) {
             return v.disable_emergency_profile_result ==
                    DisableEmergencyProfileResponse::DisableEmergencyProfileResult::ecall_not_available;
         });
     }},
    {"AuthenticateClientResponseEsipa",
     "BF3B03 820112",
     [](Bytes b) {
         using Code = AuthenticateClientResponseEsipa::AuthenticateClientErrorEsipa;
         return read<AuthenticateClientResponseEsipa>(
             b, [](auto& v) { return std::get<Code>(v.is) == Code::download_order_expired; });
     }},
    // A0 { A1 { BF2F 13, signature 5, key identifier 4 } }
    {"CompactOtherSignedNotification",
     "BF3D1A A018 A116 BF2F0A 800103 81020640 0C0161 5F3702AABB 0402F541",
     [](Bytes b) {
         return read<HandleNotificationEsipa>(b, [](auto& v) {
             const auto& id = std::get<3>(std::get<0>(v.is).is).euicc_ci_pk_identifier_to_be_used;
             return id && same(*id, octets("F541"));
         });
     }},
    {"TransferEimPackageResponse, received",
     "BF4E09 BF6006 A004 8002A1B2",
     [](Bytes b) {
         return read<TransferEimPackageResponse>(b, [](auto& v) {
             const auto& id = std::get<EimPackageReceivedWithCid>(v.is).correlation_id;
             return id && same(std::get<0>(id->is), octets("A1B2"));
         });
     }},
    {"TransferEimPackageResponse, received, of nothing named",
     "BF4E03 BF6000",
     [](Bytes b) {
         return read<TransferEimPackageResponse>(
             b, [](auto& v) { return !std::get<EimPackageReceivedWithCid>(v.is).correlation_id; });
     }},
    // A0 { EID 18 }, unknownPackage
    {"TransferEimPackageResponse, error",
     "BF4E1A BF6117 A012" EID "810102",
     [](Bytes b) {
         return read<TransferEimPackageResponse>(b, [](auto& v) {
             const auto& e = std::get<EimPackageErrorWithCid>(v.is);
             return std::get<1>(e.correlation_id->is)[15] == 0x35 &&
                    e.eim_package_error_code == EimPackageResultErrorCode::unknown_package;
         });
     }},
};
} // namespace

TEST_CASE("when a peer of v1.3 uses what v1.3 adds, it is read strictly and comes out as it went in") {
    for (const Row& row : kRows) {
        CAPTURE(row.name);
        const OwnedBytes der = octets(row.hex);
        CHECK(row.holds(der));
        for (size_t n = 0; n < der.size(); ++n) CHECK_FALSE(row.holds(Bytes(der).first(n)));
    }
}

TEST_CASE("when what v1.3 adds stands in the wrong place, it is refused by name") {
    // the key identifier before the signature
    const OwnedBytes der = octets("BF3D1A A018 A116 BF2F0A 800103 81020640 0C0161 0402F541 5F3702AABB");
    const auto swapped = asn1::decode<HandleNotificationEsipa>(Bytes(der));
    REQUIRE_FALSE(swapped);
    CHECK(std::string_view(swapped.error().where) == "euiccNotificationSignature");
    const OwnedBytes info = octets("E307 BF6400 9F6701FF");
    CHECK_FALSE(asn1::decode<ProfileInfo>(Bytes(info)));
}

TEST_CASE("when an eUICC of v1.0 lists eIMs, the type under 84 is understood and counted as a deviation") {
    const OwnedBytes der = octets("3006 800165 840102");
    asn1::Deviations seen;
    const auto info = asn1::decode<EimIdInfo>(Bytes(der), {.seen = &seen});
    REQUIRE(info);
    CHECK(info->eim_id_type == EimIdType::eim_id_type_fqdn);
    CHECK(seen.counts[static_cast<size_t>(asn1::Deviation::other_tag)] == 1);
    CHECK_FALSE(asn1::decode<EimIdInfo>(Bytes(der), {.strict = true}));
    CHECK(hex(*asn1::encode(*info)) == hex(octets("3006 800165 820102")));
}

TEST_CASE("when an edition is written, the words and numbers of it mean the same, and others none") {
    CHECK(*edition_from("v1.0") == Edition::v1_0);
    CHECK(*edition_from("1.3") == Edition::v1_3);
    for (const Edition e : {Edition::v1_0, Edition::v1_1, Edition::v1_2, Edition::v1_3})
        CHECK(*edition_from(name(e)) == e);
    for (const char* text : {"", "v", "1", "v1.4", "v1.2.0", "1.2 ", "vv1.2"}) {
        CAPTURE(text);
        const auto none = edition_from(text);
        REQUIRE_FALSE(none);
        CHECK(std::string_view(none.error().where) == "dialect");
    }
}
