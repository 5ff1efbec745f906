#pragma once
// ESep: eUICC Packages, which an eIM signs, and their results, which an eUICC signs. SGP.32 §2.11
#include "rsp/es10.h"

namespace halyard::rsp {
struct ProfileInfoListRequestSearchCriteria {
    std::variant<Bytes, Iccid, ProfileClass> is;
    template <int = 0> static constexpr auto asn1() {
        using T = ProfileInfoListRequestSearchCriteria;
        return choice("ProfileInfoListRequestSearchCriteria",
                      0,
                      alternative<&T::is, 0>("isdpAid", 0x4F, Size{1, 16}),
                      alternative<&T::is, 1>("iccid", 0x5A),
                      alternative<&T::is, 2>("profileClass", 0x95));
    }
};

struct ProfileInfoListRequest {
    std::optional<ProfileInfoListRequestSearchCriteria> search_criteria{};
    std::optional<Bytes> tag_list{};
    template <int = 0> static constexpr auto asn1() {
        using T = ProfileInfoListRequest;
        return sequence("ProfileInfoListRequest",
                        0xBF2D,
                        field<&T::search_criteria>("searchCriteria", 0xA0),
                        field<&T::tag_list>("tagList", 0x5C));
    }
};

enum class ProfileInfoListError : uint8_t {
    incorrect_input_values = 1,
    profile_change_ongoing = 11,
    undefined_error = 127
};
constexpr auto asn1_names(ProfileInfoListError) {
    return std::array<asn1::NamedValue, 3>{
        {{1, "incorrectInputValues"}, {11, "profileChangeOngoing"}, {127, "undefinedError"}}};
}

struct ProfileInfoListResponse {
    std::variant<List<ProfileInfo>, ProfileInfoListError> is;
    template <int = 0> static constexpr auto asn1() {
        using T = ProfileInfoListResponse;
        return choice("ProfileInfoListResponse",
                      0xBF2D,
                      alternative<&T::is, 0>("profileInfoListOk", 0xA0),
                      alternative<&T::is, 1>("profileInfoListError", 0x81));
    }
};

struct SetDefaultDpAddressRequest {
    std::string_view default_dp_address{};
    template <int = 0> static constexpr auto asn1() {
        using T = SetDefaultDpAddressRequest;
        return sequence(
            "SetDefaultDpAddressRequest", 0xBF65, field<&T::default_dp_address>("defaultDpAddress", 0x80));
    }
};

struct SetDefaultDpAddressResponse {
    enum class SetDefaultDpAddressResult : uint8_t { ok = 0, undefined_error = 127 };
    friend constexpr auto asn1_names(SetDefaultDpAddressResult) {
        return std::array<asn1::NamedValue, 2>{{{0, "ok"}, {127, "undefinedError"}}};
    }
    SetDefaultDpAddressResult set_default_dp_address_result{};
    template <int = 0> static constexpr auto asn1() {
        using T = SetDefaultDpAddressResponse;
        return sequence("SetDefaultDpAddressResponse",
                        0xBF65,
                        field<&T::set_default_dp_address_result>("setDefaultDpAddressResult", 0x80));
    }
};

enum class EimIdType : uint8_t { eim_id_type_oid = 1, eim_id_type_fqdn = 2, eim_id_type_proprietary = 3 };
constexpr auto asn1_names(EimIdType) {
    return std::array<asn1::NamedValue, 3>{
        {{1, "eimIdTypeOid"}, {2, "eimIdTypeFqdn"}, {3, "eimIdTypeProprietary"}}};
}

enum class EimSupportedProtocol : uint8_t {
    eim_retrieve_https = 0,
    eim_retrieve_coaps = 1,
    eim_inject_https = 2,
    eim_inject_coaps = 3,
    eim_proprietary = 4
};
constexpr auto asn1_names(EimSupportedProtocol) {
    return std::array<asn1::NamedValue, 5>{{{0, "eimRetrieveHttps"},
                                            {1, "eimRetrieveCoaps"},
                                            {2, "eimInjectHttps"},
                                            {3, "eimInjectCoaps"},
                                            {4, "eimProprietary"}}};
}

struct EimPublicKeyData {
    std::variant<Raw, Raw> is;
    template <int = 0> static constexpr auto asn1() {
        using T = EimPublicKeyData;
        return choice("EimPublicKeyData",
                      0,
                      alternative<&T::is, 0>("eimPublicKey", 0xA0),
                      alternative<&T::is, 1>("eimCertificate", 0xA1));
    }
};

struct TrustedPublicKeyDataTls {
    std::variant<Raw, Raw> is;
    template <int = 0> static constexpr auto asn1() {
        using T = TrustedPublicKeyDataTls;
        return choice("TrustedPublicKeyDataTls",
                      0,
                      alternative<&T::is, 0>("trustedEimPkTls", 0xA0),
                      alternative<&T::is, 1>("trustedCertificateTls", 0xA1));
    }
};

struct EimConfigurationData {
    std::string_view eim_id{};
    std::optional<std::string_view> eim_fqdn{};
    std::optional<EimIdType> eim_id_type{};
    std::optional<uint64_t> counter_value{};
    std::optional<int64_t> association_token{};
    std::optional<EimPublicKeyData> eim_public_key_data{};
    std::optional<TrustedPublicKeyDataTls> trusted_public_key_data_tls{};
    std::optional<BitSet<EimSupportedProtocol>> eim_supported_protocol{};
    std::optional<Bytes> euicc_ci_pk_id{};
    std::optional<Null> indirect_profile_download{};
    std::optional<List<VendorSpecificData>> esipa_proprietary_protocol_information{}; // v1.3
    template <int = 0> static constexpr auto asn1() {
        using T = EimConfigurationData;
        return sequence(
            "EimConfigurationData",
            0x30,
            field<&T::eim_id>("eimId", 0x80, Size{1, 128}),
            field<&T::eim_fqdn>("eimFqdn", 0x81),
            field<&T::eim_id_type>("eimIdType", 0x82),
            field<&T::counter_value>("counterValue", 0x83),
            field<&T::association_token>("associationToken", 0x84),
            field<&T::eim_public_key_data>("eimPublicKeyData", 0xA5),
            field<&T::trusted_public_key_data_tls>("trustedPublicKeyDataTls", 0xA6),
            field<&T::eim_supported_protocol>("eimSupportedProtocol", 0x87),
            field<&T::euicc_ci_pk_id>("euiccCiPKId", 0x88),
            field<&T::indirect_profile_download>("indirectProfileDownload", 0x89),
            field<&T::esipa_proprietary_protocol_information>("eSipaProprietaryProtocolInformation", 0xAA));
    }
};

struct DeleteEim {
    std::string_view eim_id{};
    template <int = 0> static constexpr auto asn1() {
        using T = DeleteEim;
        return sequence("DeleteEim", 0x30, field<&T::eim_id>("eimId", 0x80));
    }
};

struct ListEim {
    template <int = 0> static constexpr auto asn1() {
        return asn1::Spec<0>{asn1::Kind::sequence, "ListEim", 0x30, {}};
    }
};

struct Eco {
    std::variant<EimConfigurationData, DeleteEim, EimConfigurationData, ListEim> is;
    template <int = 0> static constexpr auto asn1() {
        using T = Eco;
        return choice("Eco",
                      0,
                      alternative<&T::is, 0>("addEim", 0xA8),
                      alternative<&T::is, 1>("deleteEim", 0xA9),
                      alternative<&T::is, 2>("updateEim", 0xAA),
                      alternative<&T::is, 3>("listEim", 0xAB));
    }
};

struct Enable {
    Iccid iccid{};
    std::optional<Null> rollback_flag{};
    template <int = 0> static constexpr auto asn1() {
        using T = Enable;
        return sequence("Enable",
                        0x30,
                        field<&T::iccid>("iccid", 0x5A),
                        field<&T::rollback_flag>("rollbackFlag", 0x05).or_tag(0x81));
    }
};

struct Disable {
    Iccid iccid{};
    template <int = 0> static constexpr auto asn1() {
        using T = Disable;
        return sequence("Disable", 0x30, field<&T::iccid>("iccid", 0x5A));
    }
};

struct Delete {
    Iccid iccid{};
    template <int = 0> static constexpr auto asn1() {
        using T = Delete;
        return sequence("Delete", 0x30, field<&T::iccid>("iccid", 0x5A));
    }
};

struct GetRAT {
    template <int = 0> static constexpr auto asn1() {
        return asn1::Spec<0>{asn1::Kind::sequence, "GetRAT", 0x30, {}};
    }
};

struct ConfigureImmediateEnable {
    std::optional<Null> immediate_enable_flag{};
    std::optional<Oid> default_smdp_oid{};
    std::optional<std::string_view> default_smdp_address{};
    template <int = 0> static constexpr auto asn1() {
        using T = ConfigureImmediateEnable;
        return sequence("ConfigureImmediateEnable",
                        0x30,
                        field<&T::immediate_enable_flag>("immediateEnableFlag", 0x80),
                        field<&T::default_smdp_oid>("defaultSmdpOid", 0x81),
                        field<&T::default_smdp_address>("defaultSmdpAddress", 0x82));
    }
};

struct SetFallbackAttribute {
    Iccid iccid{};
    template <int = 0> static constexpr auto asn1() {
        using T = SetFallbackAttribute;
        return sequence("SetFallbackAttribute", 0x30, field<&T::iccid>("iccid", 0x5A));
    }
};

struct UnsetFallbackAttribute {
    template <int = 0> static constexpr auto asn1() {
        return asn1::Spec<0>{asn1::Kind::sequence, "UnsetFallbackAttribute", 0x30, {}};
    }
};

struct Psmo {
    std::variant<Enable,
                 Disable,
                 Delete,
                 ProfileInfoListRequest,
                 GetRAT,
                 ConfigureImmediateEnable,
                 SetFallbackAttribute,
                 UnsetFallbackAttribute,
                 SetDefaultDpAddressRequest>
        is;
    template <int = 0> static constexpr auto asn1() {
        using T = Psmo;
        return choice("Psmo",
                      0,
                      alternative<&T::is, 0>("enable", 0xA3),
                      alternative<&T::is, 1>("disable", 0xA4),
                      alternative<&T::is, 2>("delete", 0xA5),
                      alternative<&T::is, 3>("listProfileInfo", 0xBF2D),
                      alternative<&T::is, 4>("getRAT", 0xA6),
                      alternative<&T::is, 5>("configureImmediateEnable", 0xA7),
                      alternative<&T::is, 6>("setFallbackAttribute", 0xA8),
                      alternative<&T::is, 7>("unsetFallbackAttribute", 0xA9),
                      alternative<&T::is, 8>("setDefaultDpAddress", 0xBF65));
    }
};

struct EuiccPackage {
    std::variant<List<Psmo>, List<Eco>> is;
    template <int = 0> static constexpr auto asn1() {
        using T = EuiccPackage;
        return choice("EuiccPackage",
                      0,
                      alternative<&T::is, 0>("psmoList", 0xA0),
                      alternative<&T::is, 1>("ecoList", 0xA1));
    }
};

struct EuiccPackageSigned {
    std::string_view eim_id{};
    std::array<uint8_t, 16> eid_value{};
    uint64_t counter_value = 0;
    std::optional<Bytes> eim_transaction_id{};
    EuiccPackage euicc_package{};
    template <int = 0> static constexpr auto asn1() {
        using T = EuiccPackageSigned;
        return sequence("EuiccPackageSigned",
                        0x30,
                        field<&T::eim_id>("eimId", 0x80, Size{1, 128}),
                        field<&T::eid_value>("eidValue", 0x5A),
                        field<&T::counter_value>("counterValue", 0x81),
                        field<&T::eim_transaction_id>("eimTransactionId", 0x82, Size{1, 16}),
                        field<&T::euicc_package>("euiccPackage"));
    }
};

struct EuiccPackageRequest {
    Exact<EuiccPackageSigned> euicc_package_signed{};
    Bytes eim_signature{};
    template <int = 0> static constexpr auto asn1() {
        using T = EuiccPackageRequest;
        return sequence("EuiccPackageRequest",
                        0xBF51,
                        field<&T::euicc_package_signed>("euiccPackageSigned", 0x30),
                        field<&T::eim_signature>("eimSignature", 0x5F37));
    }
};

struct SearchCriteriaNotification {
    std::variant<uint64_t, BitSet<NotificationEvent>> is;
    template <int = 0> static constexpr auto asn1() {
        using T = SearchCriteriaNotification;
        return choice("SearchCriteriaNotification",
                      0,
                      alternative<&T::is, 0>("seqNumber", 0x80),
                      alternative<&T::is, 1>("profileManagementOperation", 0x81));
    }
};

struct SearchCriteriaEuiccPackageResult {
    std::variant<uint64_t> is;
    template <int = 0> static constexpr auto asn1() {
        using T = SearchCriteriaEuiccPackageResult;
        return choice("SearchCriteriaEuiccPackageResult", 0, alternative<&T::is, 0>("seqNumber", 0x80));
    }
};

struct IpaEuiccDataRequest {
    Bytes tag_list{};
    std::optional<Bytes> euicc_ci_pk_identifier_to_be_used{};
    std::optional<SearchCriteriaNotification> search_criteria_notification{};
    std::optional<SearchCriteriaEuiccPackageResult> search_criteria_euicc_package_result{};
    std::optional<Bytes> eim_transaction_id{};
    template <int = 0> static constexpr auto asn1() {
        using T = IpaEuiccDataRequest;
        return sequence(
            "IpaEuiccDataRequest",
            0xBF52,
            field<&T::tag_list>("tagList", 0x5C),
            field<&T::euicc_ci_pk_identifier_to_be_used>("euiccCiPKIdentifierToBeUsed", 0x04),
            field<&T::search_criteria_notification>("searchCriteriaNotification", 0xA1),
            field<&T::search_criteria_euicc_package_result>("searchCriteriaEuiccPackageResult", 0xA2),
            field<&T::eim_transaction_id>("eimTransactionId", 0x83, Size{1, 16}));
    }
};

struct ContactSmds {
    std::optional<std::string_view> smds_address{};
    template <int = 0> static constexpr auto asn1() {
        using T = ContactSmds;
        return sequence("ContactSmds", 0x30, field<&T::smds_address>("smdsAddress", 0x80));
    }
};

struct ProfileDownloadData {
    std::variant<std::string_view, Null, ContactSmds> is;
    template <int = 0> static constexpr auto asn1() {
        using T = ProfileDownloadData;
        return choice("ProfileDownloadData",
                      0,
                      alternative<&T::is, 0>("activationCode", 0x80, Size{0, 255}),
                      alternative<&T::is, 1>("contactDefaultSmdp", 0x81),
                      alternative<&T::is, 2>("contactSmds", 0xA2));
    }
};

struct ProfileDownloadTriggerRequest {
    std::optional<ProfileDownloadData> profile_download_data{};
    std::optional<Bytes> eim_transaction_id{};
    template <int = 0> static constexpr auto asn1() {
        using T = ProfileDownloadTriggerRequest;
        return sequence("ProfileDownloadTriggerRequest",
                        0xBF54,
                        field<&T::profile_download_data>("profileDownloadData", 0xA0),
                        field<&T::eim_transaction_id>("eimTransactionId", 0x82, Size{1, 16}));
    }
};

enum class ConfigureImmediateEnableResult : uint8_t {
    ok = 0,
    insufficient_memory = 1,
    command_error = 7,
    undefined_error = 127
};
constexpr auto asn1_names(ConfigureImmediateEnableResult) {
    return std::array<asn1::NamedValue, 4>{
        {{0, "ok"}, {1, "insufficientMemory"}, {7, "commandError"}, {127, "undefinedError"}}};
}

enum class EnableProfileResult : uint8_t {
    ok = 0,
    iccid_or_aid_not_found = 1,
    profile_not_in_disabled_state = 2,
    disallowed_by_policy = 3,
    cat_busy = 5,
    rollback_not_available = 20,
    undefined_error = 127
};
constexpr auto asn1_names(EnableProfileResult) {
    return std::array<asn1::NamedValue, 7>{{{0, "ok"},
                                            {1, "iccidOrAidNotFound"},
                                            {2, "profileNotInDisabledState"},
                                            {3, "disallowedByPolicy"},
                                            {5, "catBusy"},
                                            {20, "rollbackNotAvailable"},
                                            {127, "undefinedError"}}};
}

enum class DisableProfileResult : uint8_t {
    ok = 0,
    iccid_or_aid_not_found = 1,
    profile_not_in_enabled_state = 2,
    disallowed_by_policy = 3,
    cat_busy = 5,
    undefined_error = 127
};
constexpr auto asn1_names(DisableProfileResult) {
    return std::array<asn1::NamedValue, 6>{{{0, "ok"},
                                            {1, "iccidOrAidNotFound"},
                                            {2, "profileNotInEnabledState"},
                                            {3, "disallowedByPolicy"},
                                            {5, "catBusy"},
                                            {127, "undefinedError"}}};
}

enum class DeleteProfileResult : uint8_t {
    ok = 0,
    iccid_or_aid_not_found = 1,
    profile_not_in_disabled_state = 2,
    disallowed_by_policy = 3,
    rollback_not_available = 20,
    return_fallback_profile = 21,
    undefined_error = 127
};
constexpr auto asn1_names(DeleteProfileResult) {
    return std::array<asn1::NamedValue, 7>{{{0, "ok"},
                                            {1, "iccidOrAidNotFound"},
                                            {2, "profileNotInDisabledState"},
                                            {3, "disallowedByPolicy"},
                                            {20, "rollbackNotAvailable"},
                                            {21, "returnFallbackProfile"},
                                            {127, "undefinedError"}}};
}

enum class RollbackProfileResult : uint8_t { ok = 0, undefined_error = 127 };
constexpr auto asn1_names(RollbackProfileResult) {
    return std::array<asn1::NamedValue, 2>{{{0, "ok"}, {127, "undefinedError"}}};
}

enum class SetFallbackAttributeResult : uint8_t {
    ok = 0,
    iccid_or_aid_not_found = 1,
    fallback_not_allowed = 2,
    fallback_profile_enabled = 3,
    undefined_error = 127
};
constexpr auto asn1_names(SetFallbackAttributeResult) {
    return std::array<asn1::NamedValue, 5>{{{0, "ok"},
                                            {1, "iccidOrAidNotFound"},
                                            {2, "fallbackNotAllowed"},
                                            {3, "fallbackProfileEnabled"},
                                            {127, "undefinedError"}}};
}

enum class UnsetFallbackAttributeResult : uint8_t {
    ok = 0,
    no_fallback_attribute = 2,
    fallback_profile_enabled = 3,
    command_error = 7,
    undefined_error = 127
};
constexpr auto asn1_names(UnsetFallbackAttributeResult) {
    return std::array<asn1::NamedValue, 5>{{{0, "ok"},
                                            {2, "noFallbackAttribute"},
                                            {3, "fallbackProfileEnabled"},
                                            {7, "commandError"},
                                            {127, "undefinedError"}}};
}

struct AddEimResult {
    enum class AddEimResultCode : uint8_t {
        ok = 0,
        insufficient_memory = 1,
        associated_eim_already_exists = 2,
        ci_pk_unknown = 3,
        invalid_association_token = 5,
        counter_value_out_of_range = 6,
        command_error = 7,
        undefined_error = 127
    };
    friend constexpr auto asn1_names(AddEimResultCode) {
        return std::array<asn1::NamedValue, 8>{{{0, "ok"},
                                                {1, "insufficientMemory"},
                                                {2, "associatedEimAlreadyExists"},
                                                {3, "ciPKUnknown"},
                                                {5, "invalidAssociationToken"},
                                                {6, "counterValueOutOfRange"},
                                                {7, "commandError"},
                                                {127, "undefinedError"}}};
    }
    std::variant<int64_t, AddEimResultCode> is;
    template <int = 0> static constexpr auto asn1() {
        using T = AddEimResult;
        return choice("AddEimResult",
                      0,
                      alternative<&T::is, 0>("associationToken", 0x84),
                      alternative<&T::is, 1>("addEimResultCode", 0x02));
    }
};

enum class DeleteEimResult : uint8_t {
    ok = 0,
    eim_not_found = 1,
    last_eim_deleted = 2,
    command_error = 7,
    undefined_error = 127
};
constexpr auto asn1_names(DeleteEimResult) {
    return std::array<asn1::NamedValue, 5>{
        {{0, "ok"}, {1, "eimNotFound"}, {2, "lastEimDeleted"}, {7, "commandError"}, {127, "undefinedError"}}};
}

enum class UpdateEimResult : uint8_t {
    ok = 0,
    eim_not_found = 1,
    ci_pk_unknown = 3,
    counter_value_out_of_range = 6,
    command_error = 7,
    undefined_error = 127
};
constexpr auto asn1_names(UpdateEimResult) {
    return std::array<asn1::NamedValue, 6>{{{0, "ok"},
                                            {1, "eimNotFound"},
                                            {3, "ciPKUnknown"},
                                            {6, "counterValueOutOfRange"},
                                            {7, "commandError"},
                                            {127, "undefinedError"}}};
}

struct EimIdInfo {
    std::string_view eim_id{};
    std::optional<EimIdType> eim_id_type{};
    template <int = 0> static constexpr auto asn1() {
        using T = EimIdInfo;
        return sequence("EimIdInfo",
                        0x30,
                        field<&T::eim_id>("eimId", 0x80, Size{1, 128}),
                        field<&T::eim_id_type>("eimIdType", 0x82).or_tag(0x84)); // 84: v1.0
    }
};

struct ListEimResult {
    enum class ListEimError : uint8_t { undefined_error = 127 };
    friend constexpr auto asn1_names(ListEimError) {
        return std::array<asn1::NamedValue, 1>{{{127, "undefinedError"}}};
    }
    std::variant<List<EimIdInfo>, ListEimError> is;
    template <int = 0> static constexpr auto asn1() {
        using T = ListEimResult;
        return choice("ListEimResult",
                      0,
                      alternative<&T::is, 0>("eimIdList", 0xA0),
                      alternative<&T::is, 1>("listEimError", 0x81));
    }
};

struct EuiccResultData {
    enum class ProcessingTerminated : uint8_t {
        result_size_overflow = 1,
        unknown_or_damaged_command = 2,
        interruption = 3,
        undefined_error = 127
    };
    friend constexpr auto asn1_names(ProcessingTerminated) {
        return std::array<asn1::NamedValue, 4>{{{1, "resultSizeOverflow"},
                                                {2, "unknownOrDamagedCommand"},
                                                {3, "interruption"},
                                                {127, "undefinedError"}}};
    }
    std::variant<EnableProfileResult,
                 DisableProfileResult,
                 DeleteProfileResult,
                 ProfileInfoListResponse,
                 List<ProfilePolicyAuthorisationRule>,
                 ConfigureImmediateEnableResult,
                 AddEimResult,
                 DeleteEimResult,
                 UpdateEimResult,
                 ListEimResult,
                 RollbackProfileResult,
                 SetFallbackAttributeResult,
                 UnsetFallbackAttributeResult,
                 ProcessingTerminated,
                 SetDefaultDpAddressResponse>
        is;
    template <int = 0> static constexpr auto asn1() {
        using T = EuiccResultData;
        return choice("EuiccResultData",
                      0,
                      alternative<&T::is, 0>("enableResult", 0x83),
                      alternative<&T::is, 1>("disableResult", 0x84),
                      alternative<&T::is, 2>("deleteResult", 0x85),
                      alternative<&T::is, 3>("listProfileInfoResult", 0xBF2D),
                      alternative<&T::is, 4>("getRATResult", 0xA6),
                      alternative<&T::is, 5>("configureImmediateEnableResult", 0x87),
                      alternative<&T::is, 6>("addEimResult", 0xA8),
                      alternative<&T::is, 7>("deleteEimResult", 0x89),
                      alternative<&T::is, 8>("updateEimResult", 0x8A),
                      alternative<&T::is, 9>("listEimResult", 0xAB),
                      alternative<&T::is, 10>("rollbackResult", 0x8C),
                      alternative<&T::is, 11>("setFallbackAttributeResult", 0x8D),
                      alternative<&T::is, 12>("unsetFallbackAttributeResult", 0x8E),
                      alternative<&T::is, 13>("processingTerminated", 0x02),
                      alternative<&T::is, 14>("setDefaultDpAddressResult", 0xBF65));
    }
};

struct EuiccPackageResultDataSigned {
    std::string_view eim_id{};
    uint64_t counter_value = 0;
    std::optional<Bytes> eim_transaction_id{};
    uint64_t seq_number = 0;
    List<EuiccResultData> euicc_result{};
    template <int = 0> static constexpr auto asn1() {
        using T = EuiccPackageResultDataSigned;
        return sequence("EuiccPackageResultDataSigned",
                        0x30,
                        field<&T::eim_id>("eimId", 0x80, Size{1, 128}),
                        field<&T::counter_value>("counterValue", 0x81),
                        field<&T::eim_transaction_id>("eimTransactionId", 0x82, Size{1, 16}),
                        field<&T::seq_number>("seqNumber", 0x83),
                        field<&T::euicc_result>("euiccResult", 0x30));
    }
};

struct EuiccPackageResultSigned {
    Exact<EuiccPackageResultDataSigned> euicc_package_result_data_signed{};
    Bytes euicc_sign_epr{};
    template <int = 0> static constexpr auto asn1() {
        using T = EuiccPackageResultSigned;
        return sequence("EuiccPackageResultSigned",
                        0x30,
                        field<&T::euicc_package_result_data_signed>("euiccPackageResultDataSigned", 0x30),
                        field<&T::euicc_sign_epr>("euiccSignEPR", 0x5F37));
    }
};

enum class EuiccPackageErrorCode : uint8_t {
    invalid_eid = 3,
    replay_error = 4,
    counter_value_out_of_range = 6,
    size_overflow = 15,
    ecall_active = 104,
    undefined_error = 127
};
constexpr auto asn1_names(EuiccPackageErrorCode) {
    return std::array<asn1::NamedValue, 6>{{{3, "invalidEid"},
                                            {4, "replayError"},
                                            {6, "counterValueOutOfRange"},
                                            {15, "sizeOverflow"},
                                            {104, "ecallActive"},
                                            {127, "undefinedError"}}};
}

struct EuiccPackageErrorDataSigned {
    std::string_view eim_id{};
    uint64_t counter_value = 0;
    std::optional<Bytes> eim_transaction_id{};
    EuiccPackageErrorCode euicc_package_error_code{};
    template <int = 0> static constexpr auto asn1() {
        using T = EuiccPackageErrorDataSigned;
        return sequence("EuiccPackageErrorDataSigned",
                        0x30,
                        field<&T::eim_id>("eimId", 0x80, Size{1, 128}),
                        field<&T::counter_value>("counterValue", 0x81),
                        field<&T::eim_transaction_id>("eimTransactionId", 0x82, Size{1, 16}),
                        field<&T::euicc_package_error_code>("euiccPackageErrorCode", 0x02));
    }
};

struct EuiccPackageErrorSigned {
    Exact<EuiccPackageErrorDataSigned> euicc_package_error_data_signed{};
    Bytes euicc_sign_epe{};
    template <int = 0> static constexpr auto asn1() {
        using T = EuiccPackageErrorSigned;
        return sequence("EuiccPackageErrorSigned",
                        0x30,
                        field<&T::euicc_package_error_data_signed>("euiccPackageErrorDataSigned", 0x30),
                        field<&T::euicc_sign_epe>("euiccSignEPE", 0x5F37));
    }
};

struct EuiccPackageErrorUnsigned {
    enum class UnsignedErrorCode : uint8_t { size_overflow = 15, undefined_error = 127 };
    friend constexpr auto asn1_names(UnsignedErrorCode) {
        return std::array<asn1::NamedValue, 2>{{{15, "sizeOverflow"}, {127, "undefinedError"}}};
    }
    std::string_view eim_id{};
    std::optional<Bytes> eim_transaction_id{};
    std::optional<int64_t> association_token{};
    std::optional<UnsignedErrorCode> euicc_package_error_code{}; // v1.3
    template <int = 0> static constexpr auto asn1() {
        using T = EuiccPackageErrorUnsigned;
        return sequence("EuiccPackageErrorUnsigned",
                        0x30,
                        field<&T::eim_id>("eimId", 0x80, Size{1, 128}),
                        field<&T::eim_transaction_id>("eimTransactionId", 0x82, Size{1, 16}),
                        field<&T::association_token>("associationToken", 0x84),
                        field<&T::euicc_package_error_code>("euiccPackageErrorCode", 0x8F));
    }
};

struct EuiccPackageResult {
    std::variant<EuiccPackageResultSigned, EuiccPackageErrorSigned, EuiccPackageErrorUnsigned> is;
    template <int = 0> static constexpr auto asn1() {
        using T = EuiccPackageResult;
        return choice("EuiccPackageResult",
                      0xBF51,
                      alternative<&T::is, 0>("euiccPackageResultSigned", 0xA0),
                      alternative<&T::is, 1>("euiccPackageErrorSigned", 0xA1),
                      alternative<&T::is, 2>("euiccPackageErrorUnsigned", 0xA2));
    }
};

enum class IpaEuiccDataErrorCode : uint8_t {
    incorrect_tag_list = 1,
    euicc_ci_pk_id_not_found = 5,
    ecall_active = 104,
    undefined_error = 127
};
constexpr auto asn1_names(IpaEuiccDataErrorCode) {
    return std::array<asn1::NamedValue, 4>{
        {{1, "incorrectTagList"}, {5, "euiccCiPKIdNotFound"}, {104, "ecallActive"}, {127, "undefinedError"}}};
}

struct IpaEuiccDataResponseError {
    std::optional<Bytes> eim_transaction_id{};
    IpaEuiccDataErrorCode ipa_euicc_data_error_code{};
    template <int = 0> static constexpr auto asn1() {
        using T = IpaEuiccDataResponseError;
        return sequence("IpaEuiccDataResponseError",
                        0x30,
                        field<&T::eim_transaction_id>("eimTransactionId", 0x80, Size{1, 16}),
                        field<&T::ipa_euicc_data_error_code>("ipaEuiccDataErrorCode", 0x02));
    }
};

struct IpaCapabilities {
    enum class IpaFeatures : uint8_t {
        direct_rsp_server_communication = 0,
        indirect_rsp_server_communication = 1,
        eim_download_data_handling = 2,
        eim_ctx_params1_generation = 3,
        eim_profile_metadata_verification = 4,
        minimize_esipa_bytes = 5
    };
    friend constexpr auto asn1_names(IpaFeatures) {
        return std::array<asn1::NamedValue, 6>{{{0, "directRspServerCommunication"},
                                                {1, "indirectRspServerCommunication"},
                                                {2, "eimDownloadDataHandling"},
                                                {3, "eimCtxParams1Generation"},
                                                {4, "eimProfileMetadataVerification"},
                                                {5, "minimizeEsipaBytes"}}};
    }
    enum class IpaSupportedProtocols : uint8_t {
        ipa_retrieve_https = 0,
        ipa_retrieve_coaps = 1,
        ipa_inject_https = 2,
        ipa_inject_coaps = 3,
        ipa_proprietary = 4
    };
    friend constexpr auto asn1_names(IpaSupportedProtocols) {
        return std::array<asn1::NamedValue, 5>{{{0, "ipaRetrieveHttps"},
                                                {1, "ipaRetrieveCoaps"},
                                                {2, "ipaInjectHttps"},
                                                {3, "ipaInjectCoaps"},
                                                {4, "ipaProprietary"}}};
    }
    BitSet<IpaFeatures> ipa_features{};
    std::optional<BitSet<IpaSupportedProtocols>> ipa_supported_protocols{};
    std::optional<List<VendorSpecificData>> esipa_proprietary_protocol_information{}; // v1.3
    template <int = 0> static constexpr auto asn1() {
        using T = IpaCapabilities;
        return sequence(
            "IpaCapabilities",
            0x30,
            field<&T::ipa_features>("ipaFeatures", 0x80),
            field<&T::ipa_supported_protocols>("ipaSupportedProtocols", 0x81),
            field<&T::esipa_proprietary_protocol_information>("eSipaProprietaryProtocolInformation", 0xA2));
    }
};

struct IpaEuiccData {
    std::optional<List<PendingNotification>> notifications_list{};
    std::optional<std::string_view> default_smdp_address{};
    std::optional<List<EuiccPackageResult>> euicc_package_result_list{};
    std::optional<Exact<EuiccInfo1>> euicc_info1{};
    std::optional<Exact<EuiccInfo2>> euicc_info2{};
    std::optional<std::string_view> root_smds_address{};
    std::optional<int64_t> association_token{};
    std::optional<Raw> eum_certificate{};
    std::optional<Raw> euicc_certificate{};
    std::optional<Bytes> eim_transaction_id{};
    std::optional<IpaCapabilities> ipa_capabilities{};
    std::optional<DeviceInfo> device_info{};
    template <int = 0> static constexpr auto asn1() {
        using T = IpaEuiccData;
        return sequence("IpaEuiccData",
                        0x30,
                        field<&T::notifications_list>("notificationsList", 0xA0),
                        field<&T::default_smdp_address>("defaultSmdpAddress", 0x81),
                        field<&T::euicc_package_result_list>("euiccPackageResultList", 0xA2),
                        field<&T::euicc_info1>("euiccInfo1", 0xBF20),
                        field<&T::euicc_info2>("euiccInfo2", 0xBF22),
                        field<&T::root_smds_address>("rootSmdsAddress", 0x83),
                        field<&T::association_token>("associationToken", 0x84),
                        field<&T::eum_certificate>("eumCertificate", 0xA5),
                        field<&T::euicc_certificate>("euiccCertificate", 0xA6),
                        field<&T::eim_transaction_id>("eimTransactionId", 0x87, Size{1, 16}),
                        field<&T::ipa_capabilities>("ipaCapabilities", 0xA8),
                        field<&T::device_info>("deviceInfo", 0xA9));
    }
};

struct IpaEuiccDataResponse {
    std::variant<IpaEuiccData, IpaEuiccDataResponseError> is;
    template <int = 0> static constexpr auto asn1() {
        using T = IpaEuiccDataResponse;
        return choice("IpaEuiccDataResponse",
                      0xBF52,
                      alternative<&T::is, 0>("ipaEuiccData", 0xA0),
                      alternative<&T::is, 1>("ipaEuiccDataResponseError", 0xA1));
    }
};

struct ProfileDownloadError {
    enum class ProfileDownloadErrorReason : uint8_t { ecall_active = 104, undefined_error = 127 };
    friend constexpr auto asn1_names(ProfileDownloadErrorReason) {
        return std::array<asn1::NamedValue, 2>{{{104, "ecallActive"}, {127, "undefinedError"}}};
    }
    ProfileDownloadErrorReason profile_download_error_reason{};
    std::optional<Bytes> error_response{};
    template <int = 0> static constexpr auto asn1() {
        using T = ProfileDownloadError;
        return sequence("ProfileDownloadError",
                        0x30,
                        field<&T::profile_download_error_reason>("profileDownloadErrorReason", 0x80),
                        field<&T::error_response>("errorResponse", 0x04));
    }
};

struct ProfileDownloadTriggerResultData {
    std::variant<ProfileInstallationResult, ProfileDownloadError> is;
    template <int = 0> static constexpr auto asn1() {
        using T = ProfileDownloadTriggerResultData;
        return choice("ProfileDownloadTriggerResultData",
                      0,
                      alternative<&T::is, 0>("profileInstallationResult", 0xBF37),
                      alternative<&T::is, 1>("profileDownloadError", 0x30));
    }
};

struct ProfileDownloadTriggerResult {
    std::optional<Bytes> eim_transaction_id{};
    ProfileDownloadTriggerResultData profile_download_trigger_result_data{};
    template <int = 0> static constexpr auto asn1() {
        using T = ProfileDownloadTriggerResult;
        return sequence("ProfileDownloadTriggerResult",
                        0xBF54,
                        field<&T::eim_transaction_id>("eimTransactionId", 0x82, Size{1, 16}),
                        field<&T::profile_download_trigger_result_data>("profileDownloadTriggerResultData"));
    }
};

} // namespace halyard::rsp
