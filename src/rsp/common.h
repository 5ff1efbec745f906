#pragma once
// What several interfaces share: identifiers, eUICC and device information, profile metadata, notifications.
#include "asn1/asn1.h"

namespace halyard::rsp {
using asn1::alternative, asn1::Any, asn1::Bits, asn1::BitSet, asn1::choice, asn1::Exact, asn1::field,
    asn1::field_default, asn1::List, asn1::Null, asn1::Oid, asn1::Raw, asn1::sequence, asn1::Size,
    asn1::Tagged;

struct EuiccInfo1 {
    std::array<uint8_t, 3> svn{};
    List<Bytes> euicc_ci_pk_id_list_for_verification{};
    List<Bytes> euicc_ci_pk_id_list_for_signing{};
    template <int = 0> static constexpr auto asn1() {
        using T = EuiccInfo1;
        return sequence(
            "EUICCInfo1",
            0xBF20,
            field<&T::svn>("svn", 0x82),
            field<&T::euicc_ci_pk_id_list_for_verification>("euiccCiPKIdListForVerification", 0xA9),
            field<&T::euicc_ci_pk_id_list_for_signing>("euiccCiPKIdListForSigning", 0xAA));
    }
};

enum class RspCapability : uint8_t {
    additional_profile = 0,
    crl_support = 1,
    rpm_support = 2,
    test_profile_support = 3,
    device_info_extensibility_support = 4,
    service_specific_data_support = 5
};
constexpr auto asn1_names(RspCapability) {
    return std::array<asn1::NamedValue, 6>{{{0, "additionalProfile"},
                                            {1, "crlSupport"},
                                            {2, "rpmSupport"},
                                            {3, "testProfileSupport"},
                                            {4, "deviceInfoExtensibilitySupport"},
                                            {5, "serviceSpecificDataSupport"}}};
}

struct CertificationDataObject {
    std::string_view platform_label{};
    std::string_view discovery_base_url{};
    template <int = 0> static constexpr auto asn1() {
        using T = CertificationDataObject;
        return sequence("CertificationDataObject",
                        0x30,
                        field<&T::platform_label>("platformLabel", 0x80),
                        field<&T::discovery_base_url>("discoveryBaseURL", 0x81));
    }
};

enum class PprIds : uint8_t { ppr_update_control = 0, ppr1 = 1, ppr2 = 2 };
constexpr auto asn1_names(PprIds) {
    return std::array<asn1::NamedValue, 3>{{{0, "pprUpdateControl"}, {1, "ppr1"}, {2, "ppr2"}}};
}

struct IotSpecificInfo {
    List<std::array<uint8_t, 3>> iot_version{};
    std::optional<Null> ecall_supported{};
    std::optional<Null> fallback_supported{};
    std::optional<Null> fallback_allowed_update_supported{}; // v1.3
    template <int = 0> static constexpr auto asn1() {
        using T = IotSpecificInfo;
        return sequence("IoTSpecificInfo",
                        0x30,
                        field<&T::iot_version>("iotVersion", 0xA0),
                        field<&T::ecall_supported>("ecallSupported", 0x81),
                        field<&T::fallback_supported>("fallbackSupported", 0x82),
                        field<&T::fallback_allowed_update_supported>("fallbackAllowedUpdateSupported", 0x83));
    }
};

enum class IpaMode : uint8_t { ipad = 0, ipae = 1 };
constexpr auto asn1_names(IpaMode) { return std::array<asn1::NamedValue, 2>{{{0, "ipad"}, {1, "ipae"}}}; }

struct EuiccInfo2 {
    enum class EuiccCategory : uint8_t {
        other = 0,
        basic_euicc = 1,
        medium_euicc = 2,
        contactless_euicc = 3
    };
    friend constexpr auto asn1_names(EuiccCategory) {
        return std::array<asn1::NamedValue, 4>{
            {{0, "other"}, {1, "basicEuicc"}, {2, "mediumEuicc"}, {3, "contactlessEuicc"}}};
    }
    enum class TreProperties : uint8_t { is_discrete = 0, is_integrated = 1, uses_remote_memory = 2 };
    friend constexpr auto asn1_names(TreProperties) {
        return std::array<asn1::NamedValue, 3>{
            {{0, "isDiscrete"}, {1, "isIntegrated"}, {2, "usesRemoteMemory"}}};
    }
    std::array<uint8_t, 3> profile_version{};
    std::array<uint8_t, 3> svn{};
    std::array<uint8_t, 3> euicc_firmware_ver{};
    Bytes ext_card_resource{};
    Bits uicc_capability{};
    std::optional<std::array<uint8_t, 3>> ts102241_version{};
    std::optional<std::array<uint8_t, 3>> globalplatform_version{};
    BitSet<RspCapability> rsp_capability{};
    List<Bytes> euicc_ci_pk_id_list_for_verification{};
    List<Bytes> euicc_ci_pk_id_list_for_signing{};
    std::optional<EuiccCategory> euicc_category{};
    std::optional<BitSet<PprIds>> forbidden_profile_policy_rules{};
    std::array<uint8_t, 3> pp_version{};
    std::string_view sas_acreditation_number{};
    std::optional<CertificationDataObject> certification_data_object{};
    std::optional<BitSet<TreProperties>> tre_properties{};
    std::optional<std::string_view> tre_product_reference{};
    std::optional<List<std::array<uint8_t, 3>>> additional_euicc_profile_package_versions{};
    std::optional<IpaMode> ipa_mode{};
    std::optional<List<Bytes>> euicc_ci_pk_id_list_for_signing_v3{};
    std::optional<Bytes> additional_euicc_info{};
    std::optional<std::array<uint8_t, 3>> highest_svn{};
    std::optional<IotSpecificInfo> iot_specific_info{};
    std::optional<std::array<uint8_t, 1>> euicc_minimum_security_level{}; // v1.3
    template <int = 0> static constexpr auto asn1() {
        using T = EuiccInfo2;
        return sequence(
            "EUICCInfo2",
            0xBF22,
            field<&T::profile_version>("profileVersion", 0x81),
            field<&T::svn>("svn", 0x82),
            field<&T::euicc_firmware_ver>("euiccFirmwareVer", 0x83),
            field<&T::ext_card_resource>("extCardResource", 0x84),
            field<&T::uicc_capability>("uiccCapability", 0x85),
            field<&T::ts102241_version>("ts102241Version", 0x86),
            field<&T::globalplatform_version>("globalplatformVersion", 0x87),
            field<&T::rsp_capability>("rspCapability", 0x88),
            field<&T::euicc_ci_pk_id_list_for_verification>("euiccCiPKIdListForVerification", 0xA9),
            field<&T::euicc_ci_pk_id_list_for_signing>("euiccCiPKIdListForSigning", 0xAA),
            field<&T::euicc_category>("euiccCategory", 0x8B),
            field<&T::forbidden_profile_policy_rules>("forbiddenProfilePolicyRules", 0x99),
            field<&T::pp_version>("ppVersion", 0x04),
            field<&T::sas_acreditation_number>("sasAcreditationNumber", 0x0C, Size{0, 64}),
            field<&T::certification_data_object>("certificationDataObject", 0xAC),
            field<&T::tre_properties>("treProperties", 0x8D),
            field<&T::tre_product_reference>("treProductReference", 0x8E),
            field<&T::additional_euicc_profile_package_versions>("additionalEuiccProfilePackageVersions",
                                                                 0xAF),
            field<&T::ipa_mode>("ipaMode", 0x90),
            field<&T::euicc_ci_pk_id_list_for_signing_v3>("euiccCiPKIdListForSigningV3", 0xB1),
            field<&T::additional_euicc_info>("additionalEuiccInfo", 0x92, Size{0, 32}),
            field<&T::highest_svn>("highestSvn", 0x93),
            field<&T::iot_specific_info>("iotSpecificInfo", 0xB4),
            field<&T::euicc_minimum_security_level>("euiccMinimumSecurityLevel", 0x95));
    }
};

enum class CertificateInfo : uint8_t {
    reserved = 0,
    cert_signing_x509 = 1,
    rfu2 = 2,
    rfu3 = 3,
    reserved2 = 4,
    cert_verification_x509 = 5
};
constexpr auto asn1_names(CertificateInfo) {
    return std::array<asn1::NamedValue, 6>{{{0, "reserved"},
                                            {1, "certSigningX509"},
                                            {2, "rfu2"},
                                            {3, "rfu3"},
                                            {4, "reserved2"},
                                            {5, "certVerificationX509"}}};
}

struct DeviceAdditionalFeatureSupport {
    std::optional<std::array<uint8_t, 3>> nai_support{};
    template <int = 0> static constexpr auto asn1() {
        using T = DeviceAdditionalFeatureSupport;
        return sequence("DeviceAdditionalFeatureSupport", 0x30, field<&T::nai_support>("naiSupport", 0x80));
    }
};

struct DeviceCapabilities {
    std::optional<std::array<uint8_t, 3>> gsm_supported_release{};
    std::optional<std::array<uint8_t, 3>> utran_supported_release{};
    std::optional<std::array<uint8_t, 3>> cdma2000onex_supported_release{};
    std::optional<std::array<uint8_t, 3>> cdma2000hrpd_supported_release{};
    std::optional<std::array<uint8_t, 3>> cdma2000ehrpd_supported_release{};
    std::optional<std::array<uint8_t, 3>> eutran_epc_supported_release{};
    std::optional<std::array<uint8_t, 3>> contactless_supported_release{};
    std::optional<std::array<uint8_t, 3>> rsp_crl_supported_version{};
    std::optional<std::array<uint8_t, 3>> nr_epc_supported_release{};
    std::optional<std::array<uint8_t, 3>> nr5gc_supported_release{};
    std::optional<std::array<uint8_t, 3>> eutran5gc_supported_release{};
    std::optional<std::array<uint8_t, 3>> lpa_svn{};
    std::optional<Bits> cat_supported_classes{};
    std::optional<uint64_t> euicc_form_factor_type{};
    std::optional<DeviceAdditionalFeatureSupport> device_additional_feature_support{};
    template <int = 0> static constexpr auto asn1() {
        using T = DeviceCapabilities;
        return sequence("DeviceCapabilities",
                        0x30,
                        field<&T::gsm_supported_release>("gsmSupportedRelease", 0x80),
                        field<&T::utran_supported_release>("utranSupportedRelease", 0x81),
                        field<&T::cdma2000onex_supported_release>("cdma2000onexSupportedRelease", 0x82),
                        field<&T::cdma2000hrpd_supported_release>("cdma2000hrpdSupportedRelease", 0x83),
                        field<&T::cdma2000ehrpd_supported_release>("cdma2000ehrpdSupportedRelease", 0x84),
                        field<&T::eutran_epc_supported_release>("eutranEpcSupportedRelease", 0x85),
                        field<&T::contactless_supported_release>("contactlessSupportedRelease", 0x86),
                        field<&T::rsp_crl_supported_version>("rspCrlSupportedVersion", 0x87),
                        field<&T::nr_epc_supported_release>("nrEpcSupportedRelease", 0x88),
                        field<&T::nr5gc_supported_release>("nr5gcSupportedRelease", 0x89),
                        field<&T::eutran5gc_supported_release>("eutran5gcSupportedRelease", 0x8A),
                        field<&T::lpa_svn>("lpaSvn", 0x8B),
                        field<&T::cat_supported_classes>("catSupportedClasses", 0x8C),
                        field<&T::euicc_form_factor_type>("euiccFormFactorType", 0x8D),
                        field<&T::device_additional_feature_support>("deviceAdditionalFeatureSupport", 0xAE));
    }
};

struct DeviceInfo {
    std::array<uint8_t, 4> tac{};
    DeviceCapabilities device_capabilities{};
    std::optional<std::array<uint8_t, 8>> imei{};
    template <int = 0> static constexpr auto asn1() {
        using T = DeviceInfo;
        return sequence("DeviceInfo",
                        0x30,
                        field<&T::tac>("tac", 0x80),
                        field<&T::device_capabilities>("deviceCapabilities", 0xA1),
                        field<&T::imei>("imei", 0x82));
    }
};

struct OperatorId {
    std::array<uint8_t, 3> mcc_mnc{};
    std::optional<Bytes> gid1{};
    std::optional<Bytes> gid2{};
    template <int = 0> static constexpr auto asn1() {
        using T = OperatorId;
        return sequence("OperatorId",
                        0x30,
                        field<&T::mcc_mnc>("mccMnc", 0x80),
                        field<&T::gid1>("gid1", 0x81),
                        field<&T::gid2>("gid2", 0x82));
    }
};

enum class NotificationEvent : uint8_t {
    notification_install = 0,
    notification_enable = 1,
    notification_disable = 2,
    notification_delete = 3
};
constexpr auto asn1_names(NotificationEvent) {
    return std::array<asn1::NamedValue, 4>{{{0, "notificationInstall"},
                                            {1, "notificationEnable"},
                                            {2, "notificationDisable"},
                                            {3, "notificationDelete"}}};
}

struct NotificationConfigurationInformation {
    BitSet<NotificationEvent> profile_management_operation{};
    std::string_view notification_address{};
    template <int = 0> static constexpr auto asn1() {
        using T = NotificationConfigurationInformation;
        return sequence("NotificationConfigurationInformation",
                        0x30,
                        field<&T::profile_management_operation>("profileManagementOperation", 0x80),
                        field<&T::notification_address>("notificationAddress", 0x81));
    }
};

enum class IconType : uint8_t { jpg = 0, png = 1 };
constexpr auto asn1_names(IconType) { return std::array<asn1::NamedValue, 2>{{{0, "jpg"}, {1, "png"}}}; }

enum class ProfileState : uint8_t { disabled = 0, enabled = 1 };
constexpr auto asn1_names(ProfileState) {
    return std::array<asn1::NamedValue, 2>{{{0, "disabled"}, {1, "enabled"}}};
}

enum class ProfileClass : uint8_t { test = 0, provisioning = 1, operational = 2 };
constexpr auto asn1_names(ProfileClass) {
    return std::array<asn1::NamedValue, 3>{{{0, "test"}, {1, "provisioning"}, {2, "operational"}}};
}

struct DpProprietaryData {
    Oid dp_oid{};
    template <int = 0> static constexpr auto asn1() {
        using T = DpProprietaryData;
        return sequence("DpProprietaryData", 0x30, field<&T::dp_oid>("dpOid", 0x80));
    }
};

/// vendorSpecificData is an open type under an explicit tag: one TLV of the vendor's.
struct VendorSpecificData {
    Oid vendor_oid{};
    Bytes vendor_specific_data{};
    template <int = 0> static constexpr auto asn1() {
        using T = VendorSpecificData;
        return sequence("VendorSpecificData",
                        0x30,
                        field<&T::vendor_oid>("vendorOid", 0x80),
                        field<&T::vendor_specific_data>("vendorSpecificData", 0xA1).or_tag(0x81));
    }
};

/// Empty so far; its components belong to later editions. SGP.32 v1.3
struct IotSpecificProfileInfo {
    template <int = 0> static constexpr auto asn1() {
        return asn1::Spec<0>{asn1::Kind::sequence, "IotSpecificProfileInfo", 0x30, {}};
    }
};

struct ProfileInfo {
    std::optional<Iccid> iccid{};
    std::optional<Bytes> isdp_aid{};
    std::optional<ProfileState> profile_state{};
    std::optional<std::string_view> profile_nickname{};
    std::optional<std::string_view> service_provider_name{};
    std::optional<std::string_view> profile_name{};
    std::optional<IconType> icon_type{};
    std::optional<Bytes> icon{};
    std::optional<ProfileClass> profile_class{};
    std::optional<List<NotificationConfigurationInformation>> notification_configuration_info{};
    std::optional<OperatorId> profile_owner{};
    std::optional<DpProprietaryData> dp_proprietary_data{};
    std::optional<BitSet<PprIds>> profile_policy_rules{};
    std::optional<List<VendorSpecificData>> service_specific_data_stored_in_euicc{};
    std::optional<bool> ecall_indication{};
    bool fallback_attribute = false;
    std::optional<bool> fallback_allowed{};
    std::optional<IotSpecificProfileInfo> iot_specific_profile_info{}; // v1.3
    template <int = 0> static constexpr auto asn1() {
        using T = ProfileInfo;
        return sequence(
            "ProfileInfo",
            0xE3,
            field<&T::iccid>("iccid", 0x5A),
            field<&T::isdp_aid>("isdpAid", 0x4F, Size{1, 16}),
            field<&T::profile_state>("profileState", 0x9F70),
            field<&T::profile_nickname>("profileNickname", 0x90, Size{0, 64}),
            field<&T::service_provider_name>("serviceProviderName", 0x91, Size{0, 32}),
            field<&T::profile_name>("profileName", 0x92, Size{0, 64}),
            field<&T::icon_type>("iconType", 0x93),
            field<&T::icon>("icon", 0x94, Size{0, 1024}),
            field<&T::profile_class>("profileClass", 0x95),
            field<&T::notification_configuration_info>("notificationConfigurationInfo", 0xB6),
            field<&T::profile_owner>("profileOwner", 0xB7),
            field<&T::dp_proprietary_data>("dpProprietaryData", 0xB8),
            field<&T::profile_policy_rules>("profilePolicyRules", 0x99),
            field<&T::service_specific_data_stored_in_euicc>("serviceSpecificDataStoredInEuicc", 0xBF22),
            field<&T::ecall_indication>("ecallIndication", 0x9F7B),
            field_default<&T::fallback_attribute, false>("fallbackAttribute", 0x9F26),
            field<&T::fallback_allowed>("fallbackAllowed", 0x9F67),
            field<&T::iot_specific_profile_info>("iotSpecificProfileInfo", 0xBF64));
    }
};

/// Like IotSpecificProfileInfo. SGP.32 v1.3
struct IotSpecificMetadata {
    template <int = 0> static constexpr auto asn1() {
        return asn1::Spec<0>{asn1::Kind::sequence, "IotSpecificMetadata", 0x30, {}};
    }
};

struct StoreMetadataRequest {
    Iccid iccid{};
    std::string_view service_provider_name{};
    std::string_view profile_name{};
    std::optional<IconType> icon_type{};
    std::optional<Bytes> icon{};
    ProfileClass profile_class = ProfileClass::operational;
    std::optional<List<NotificationConfigurationInformation>> notification_configuration_info{};
    std::optional<OperatorId> profile_owner{};
    std::optional<BitSet<PprIds>> profile_policy_rules{};
    std::optional<List<VendorSpecificData>> service_specific_data_stored_in_euicc{};
    std::optional<List<VendorSpecificData>> service_specific_data_not_stored_in_euicc{};
    std::optional<bool> ecall_indication{};
    std::optional<bool> fallback_allowed{};
    std::optional<IotSpecificMetadata> iot_specific_metadata{}; // v1.3
    template <int = 0> static constexpr auto asn1() {
        using T = StoreMetadataRequest;
        return sequence(
            "StoreMetadataRequest",
            0xBF25,
            field<&T::iccid>("iccid", 0x5A),
            field<&T::service_provider_name>("serviceProviderName", 0x91, Size{0, 32}),
            field<&T::profile_name>("profileName", 0x92, Size{0, 64}),
            field<&T::icon_type>("iconType", 0x93),
            field<&T::icon>("icon", 0x94, Size{0, 1024}),
            field_default<&T::profile_class, ProfileClass::operational>("profileClass", 0x95),
            field<&T::notification_configuration_info>("notificationConfigurationInfo", 0xB6),
            field<&T::profile_owner>("profileOwner", 0xB7),
            field<&T::profile_policy_rules>("profilePolicyRules", 0x99),
            field<&T::service_specific_data_stored_in_euicc>("serviceSpecificDataStoredInEuicc", 0xBF22),
            field<&T::service_specific_data_not_stored_in_euicc>("serviceSpecificDataNotStoredInEuicc",
                                                                 0xBF23),
            field<&T::ecall_indication>("ecallIndication", 0x9F7B),
            field<&T::fallback_allowed>("fallbackAllowed", 0x9F67),
            field<&T::iot_specific_metadata>("iotSpecificMetadata", 0xBF64));
    }
};

struct SmdpSigned2 {
    Bytes transaction_id{};
    bool cc_required_flag = false;
    std::optional<Bytes> bpp_euicc_otpk{};
    template <int = 0> static constexpr auto asn1() {
        using T = SmdpSigned2;
        return sequence("SmdpSigned2",
                        0x30,
                        field<&T::transaction_id>("transactionId", 0x80, Size{1, 16}),
                        field<&T::cc_required_flag>("ccRequiredFlag", 0x01),
                        field<&T::bpp_euicc_otpk>("bppEuiccOtpk", 0x5F49));
    }
};

struct EuiccSigned2 {
    Bytes transaction_id{};
    Bytes euicc_otpk{};
    std::optional<std::array<uint8_t, 32>> hash_cc{};
    template <int = 0> static constexpr auto asn1() {
        using T = EuiccSigned2;
        return sequence("EUICCSigned2",
                        0x30,
                        field<&T::transaction_id>("transactionId", 0x80, Size{1, 16}),
                        field<&T::euicc_otpk>("euiccOtpk", 0x5F49),
                        field<&T::hash_cc>("hashCc", 0x04));
    }
};

struct ServerSigned1 {
    Bytes transaction_id{};
    std::array<uint8_t, 16> euicc_challenge{};
    std::string_view server_address{};
    std::array<uint8_t, 16> server_challenge{};
    template <int = 0> static constexpr auto asn1() {
        using T = ServerSigned1;
        return sequence("ServerSigned1",
                        0x30,
                        field<&T::transaction_id>("transactionId", 0x80, Size{1, 16}),
                        field<&T::euicc_challenge>("euiccChallenge", 0x81),
                        field<&T::server_address>("serverAddress", 0x83),
                        field<&T::server_challenge>("serverChallenge", 0x84));
    }
};

struct CtxParamsForCommonAuthentication {
    std::optional<std::string_view> matching_id{};
    DeviceInfo device_info{};
    template <int = 0> static constexpr auto asn1() {
        using T = CtxParamsForCommonAuthentication;
        return sequence("CtxParamsForCommonAuthentication",
                        0x30,
                        field<&T::matching_id>("matchingId", 0x80),
                        field<&T::device_info>("deviceInfo", 0xA1));
    }
};

struct CtxParams1 {
    std::variant<CtxParamsForCommonAuthentication> is;
    template <int = 0> static constexpr auto asn1() {
        using T = CtxParams1;
        return choice("CtxParams1", 0, alternative<&T::is, 0>("ctxParamsForCommonAuthentication", 0xA0));
    }
};

struct EuiccSigned1 {
    Bytes transaction_id{};
    std::string_view server_address{};
    std::array<uint8_t, 16> server_challenge{};
    Exact<EuiccInfo2> euicc_info2{};
    Exact<CtxParams1> ctx_params1{};
    template <int = 0> static constexpr auto asn1() {
        using T = EuiccSigned1;
        return sequence("EuiccSigned1",
                        0x30,
                        field<&T::transaction_id>("transactionId", 0x80, Size{1, 16}),
                        field<&T::server_address>("serverAddress", 0x83),
                        field<&T::server_challenge>("serverChallenge", 0x84),
                        field<&T::euicc_info2>("euiccInfo2", 0xBF22),
                        field<&T::ctx_params1>("ctxParams1"));
    }
};

struct SuccessResult {
    Bytes aid{};
    Bytes sima_response{};
    template <int = 0> static constexpr auto asn1() {
        using T = SuccessResult;
        return sequence("SuccessResult",
                        0x30,
                        field<&T::aid>("aid", 0x4F, Size{5, 16}),
                        field<&T::sima_response>("simaResponse", 0x04));
    }
};

enum class BppCommandId : uint8_t {
    initialise_secure_channel = 0,
    configure_isdp = 1,
    store_metadata = 2,
    store_metadata2 = 3,
    replace_session_keys = 4,
    load_profile_elements = 5
};
constexpr auto asn1_names(BppCommandId) {
    return std::array<asn1::NamedValue, 6>{{{0, "initialiseSecureChannel"},
                                            {1, "configureISDP"},
                                            {2, "storeMetadata"},
                                            {3, "storeMetadata2"},
                                            {4, "replaceSessionKeys"},
                                            {5, "loadProfileElements"}}};
}

enum class ErrorReason : uint8_t {
    incorrect_input_values = 1,
    invalid_signature = 2,
    invalid_transaction_id = 3,
    unsupported_crt_values = 4,
    unsupported_remote_operation_type = 5,
    unsupported_profile_class = 6,
    scp03t_structure_error = 7,
    scp03t_security_error = 8,
    install_failed_due_to_iccid_already_exists_on_euicc = 9,
    install_failed_due_to_insufficient_memory_for_profile = 10,
    install_failed_due_to_interruption = 11,
    install_failed_due_to_pe_processing_error = 12,
    install_failed_due_to_data_mismatch = 13,
    test_profile_install_failed_due_to_invalid_naa_key = 14,
    ppr_not_allowed = 15,
    install_failed_due_to_unknown_error = 127
};
constexpr auto asn1_names(ErrorReason) {
    return std::array<asn1::NamedValue, 16>{{{1, "incorrectInputValues"},
                                             {2, "invalidSignature"},
                                             {3, "invalidTransactionId"},
                                             {4, "unsupportedCrtValues"},
                                             {5, "unsupportedRemoteOperationType"},
                                             {6, "unsupportedProfileClass"},
                                             {7, "scp03tStructureError"},
                                             {8, "scp03tSecurityError"},
                                             {9, "installFailedDueToIccidAlreadyExistsOnEuicc"},
                                             {10, "installFailedDueToInsufficientMemoryForProfile"},
                                             {11, "installFailedDueToInterruption"},
                                             {12, "installFailedDueToPEProcessingError"},
                                             {13, "installFailedDueToDataMismatch"},
                                             {14, "testProfileInstallFailedDueToInvalidNaaKey"},
                                             {15, "pprNotAllowed"},
                                             {127, "installFailedDueToUnknownError"}}};
}

struct ErrorResult {
    BppCommandId bpp_command_id{};
    ErrorReason error_reason{};
    std::optional<Bytes> sima_response{};
    template <int = 0> static constexpr auto asn1() {
        using T = ErrorResult;
        return sequence("ErrorResult",
                        0x30,
                        field<&T::bpp_command_id>("bppCommandId", 0x80),
                        field<&T::error_reason>("errorReason", 0x81),
                        field<&T::sima_response>("simaResponse", 0x82));
    }
};

struct NotificationMetadata {
    uint64_t seq_number = 0;
    BitSet<NotificationEvent> profile_management_operation{};
    std::string_view notification_address{};
    std::optional<Iccid> iccid{};
    template <int = 0> static constexpr auto asn1() {
        using T = NotificationMetadata;
        return sequence("NotificationMetadata",
                        0xBF2F,
                        field<&T::seq_number>("seqNumber", 0x80),
                        field<&T::profile_management_operation>("profileManagementOperation", 0x81),
                        field<&T::notification_address>("notificationAddress", 0x0C),
                        field<&T::iccid>("iccid", 0x5A));
    }
};

struct FinalResult {
    std::variant<SuccessResult, ErrorResult> is;
    template <int = 0> static constexpr auto asn1() {
        using T = FinalResult;
        return choice("FinalResult",
                      0,
                      alternative<&T::is, 0>("successResult", 0xA0),
                      alternative<&T::is, 1>("errorResult", 0xA1));
    }
};

struct ProfileInstallationResultData {
    Bytes transaction_id{};
    NotificationMetadata notification_metadata{};
    Oid smdp_oid{};
    FinalResult final_result{};
    template <int = 0> static constexpr auto asn1() {
        using T = ProfileInstallationResultData;
        return sequence("ProfileInstallationResultData",
                        0xBF27,
                        field<&T::transaction_id>("transactionId", 0x80, Size{1, 16}),
                        field<&T::notification_metadata>("notificationMetadata", 0xBF2F),
                        field<&T::smdp_oid>("smdpOid", 0x06),
                        field<&T::final_result>("finalResult", 0xA2));
    }
};

struct ProfileInstallationResult {
    Exact<ProfileInstallationResultData> profile_installation_result_data{};
    Bytes euicc_sign_pir{};
    template <int = 0> static constexpr auto asn1() {
        using T = ProfileInstallationResult;
        return sequence("ProfileInstallationResult",
                        0xBF37,
                        field<&T::profile_installation_result_data>("profileInstallationResultData", 0xBF27),
                        field<&T::euicc_sign_pir>("euiccSignPIR", 0x5F37));
    }
};

struct OtherSignedNotification {
    Exact<NotificationMetadata> tbs_other_notification{};
    Bytes euicc_notification_signature{};
    Raw euicc_certificate{};
    Raw eum_certificate{};
    template <int = 0> static constexpr auto asn1() {
        using T = OtherSignedNotification;
        return sequence("OtherSignedNotification",
                        0x30,
                        field<&T::tbs_other_notification>("tbsOtherNotification", 0xBF2F),
                        field<&T::euicc_notification_signature>("euiccNotificationSignature", 0x5F37),
                        field<&T::euicc_certificate>("euiccCertificate", 0x30),
                        field<&T::eum_certificate>("eumCertificate", 0x30));
    }
};

struct CompactSuccessResult {
    std::array<uint8_t, 2> compact_aid{};
    std::optional<Bytes> sima_response{};
    template <int = 0> static constexpr auto asn1() {
        using T = CompactSuccessResult;
        return sequence("CompactSuccessResult",
                        0x30,
                        field<&T::compact_aid>("compactAid", 0x4F),
                        field<&T::sima_response>("simaResponse", 0x04));
    }
};

struct CompactFinalResult {
    std::variant<CompactSuccessResult, ErrorResult> is;
    template <int = 0> static constexpr auto asn1() {
        using T = CompactFinalResult;
        return choice("CompactFinalResult",
                      0,
                      alternative<&T::is, 0>("compactSuccessResult", 0xA0),
                      alternative<&T::is, 1>("errorResult", 0xA1));
    }
};

struct CompactProfileInstallationResultData {
    Bytes transaction_id{};
    uint64_t seq_number = 0;
    bool iccid_present = true;
    CompactFinalResult compact_final_result{};
    template <int = 0> static constexpr auto asn1() {
        using T = CompactProfileInstallationResultData;
        return sequence("CompactProfileInstallationResultData",
                        0x30,
                        field<&T::transaction_id>("transactionId", 0x80, Size{1, 16}),
                        field<&T::seq_number>("seqNumber", 0x02),
                        field_default<&T::iccid_present, true>("iccidPresent", 0x01),
                        field<&T::compact_final_result>("compactFinalResult", 0xA2));
    }
};

struct CompactProfileInstallationResult {
    CompactProfileInstallationResultData compact_profile_installation_result_data{};
    Bytes euicc_sign_pir{};
    template <int = 0> static constexpr auto asn1() {
        using T = CompactProfileInstallationResult;
        return sequence(
            "CompactProfileInstallationResult",
            0x30,
            field<&T::compact_profile_installation_result_data>("compactProfileInstallationResultData", 0xA0),
            field<&T::euicc_sign_pir>("euiccSignPIR", 0x5F37));
    }
};

struct CompactOtherSignedNotification {
    std::optional<std::array<uint8_t, 16>> eid_value{};
    Exact<NotificationMetadata> tbs_other_notification{};
    Bytes euicc_notification_signature{};
    std::optional<Bytes> euicc_ci_pk_identifier_to_be_used{}; // v1.3
    template <int = 0> static constexpr auto asn1() {
        using T = CompactOtherSignedNotification;
        return sequence("CompactOtherSignedNotification",
                        0x30,
                        field<&T::eid_value>("eidValue", 0x5A),
                        field<&T::tbs_other_notification>("tbsOtherNotification", 0xBF2F),
                        field<&T::euicc_notification_signature>("euiccNotificationSignature", 0x5F37),
                        field<&T::euicc_ci_pk_identifier_to_be_used>("euiccCiPKIdentifierToBeUsed", 0x04));
    }
};

struct PendingNotification {
    std::variant<Exact<ProfileInstallationResult>,
                 Exact<OtherSignedNotification>,
                 CompactProfileInstallationResult,
                 CompactOtherSignedNotification>
        is;
    template <int = 0> static constexpr auto asn1() {
        using T = PendingNotification;
        return choice("PendingNotification",
                      0,
                      alternative<&T::is, 0>("profileInstallationResult", 0xBF37),
                      alternative<&T::is, 1>("otherSignedNotification", 0x30),
                      alternative<&T::is, 2>("compactProfileInstallationResult", 0xA0),
                      alternative<&T::is, 3>("compactOtherSignedNotification", 0xA1));
    }
};

struct ProfilePolicyAuthorisationRule {
    enum class PprFlags : uint8_t { consent_required = 0 };
    friend constexpr auto asn1_names(PprFlags) {
        return std::array<asn1::NamedValue, 1>{{{0, "consentRequired"}}};
    }
    BitSet<PprIds> ppr_ids{};
    List<OperatorId> allowed_operators{};
    BitSet<PprFlags> ppr_flags{};
    template <int = 0> static constexpr auto asn1() {
        using T = ProfilePolicyAuthorisationRule;
        return sequence("ProfilePolicyAuthorisationRule",
                        0x30,
                        field<&T::ppr_ids>("pprIds", 0x80),
                        field<&T::allowed_operators>("allowedOperators", 0xA1),
                        field<&T::ppr_flags>("pprFlags", 0x82));
    }
};

} // namespace halyard::rsp
