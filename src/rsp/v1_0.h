#pragma once
// Messages of SGP.32 v1.0(.1) whose form differs from v1.2: for tools, tests and what writes v1.0. Programs
// that talk to such peers translate whole messages (rsp/dialect.h). What differs only in names or codes is in
// the v1.2 structs.
#include "rsp/es10b_iot.h"
#include "rsp/esipa.h"

namespace halyard::rsp::v1_0 {
struct EimIdInfo {
    std::string_view eim_id{};
    std::optional<EimIdType> eim_id_type{};
    template <int = 0> static constexpr auto asn1() {
        using T = EimIdInfo;
        return sequence(
            "EimIdInfo", 0x30, field<&T::eim_id>("eimId", 0x80), field<&T::eim_id_type>("eimIdType", 0x84));
    }
};

/// As an element of a list; elsewhere the BF51 around it makes it rsp::EuiccPackageResult.
struct EuiccPackageResult {
    std::variant<EuiccPackageResultSigned, EuiccPackageErrorSigned, EuiccPackageErrorUnsigned> is;
    template <int = 0> static constexpr auto asn1() {
        using T = EuiccPackageResult;
        return choice("EuiccPackageResult",
                      0,
                      alternative<&T::is, 0>("euiccPackageResultSigned", 0xA0),
                      alternative<&T::is, 1>("euiccPackageErrorSigned", 0xA1),
                      alternative<&T::is, 2>("euiccPackageErrorUnsigned", 0xA2));
    }
};

struct NotificationAndEprList {
    List<PendingNotification> notification_list{};
    List<EuiccPackageResult> euicc_package_result_list{};
    template <int = 0> static constexpr auto asn1() {
        using T = NotificationAndEprList;
        return sequence("NotificationAndEprList",
                        0x30,
                        field<&T::notification_list>("notificationList", 0xA0),
                        field<&T::euicc_package_result_list>("euiccPackageResultList", 0xA1));
    }
};

struct RetrieveNotificationsListResponse {
    enum class NotificationsListResultError : uint8_t { undefined_error = 127 };
    friend constexpr auto asn1_names(NotificationsListResultError) {
        return std::array<asn1::NamedValue, 1>{{{127, "undefinedError"}}};
    }
    std::variant<List<PendingNotification>,
                 NotificationsListResultError,
                 List<EuiccPackageResult>,
                 NotificationAndEprList>
        is;
    template <int = 0> static constexpr auto asn1() {
        using T = RetrieveNotificationsListResponse;
        return choice("RetrieveNotificationsListResponse",
                      0xBF2B,
                      alternative<&T::is, 0>("notificationList", 0xA0),
                      alternative<&T::is, 1>("notificationsListResultError", 0x81),
                      alternative<&T::is, 2>("euiccPackageResultList", 0xA2),
                      alternative<&T::is, 3>("notificationAndEprList", 0xA3));
    }
};

struct IpaEuiccDataRequestSearchCriteria {
    std::variant<uint64_t, BitSet<NotificationEvent>, Null> is;
    template <int = 0> static constexpr auto asn1() {
        using T = IpaEuiccDataRequestSearchCriteria;
        return choice("IpaEuiccDataRequestSearchCriteria",
                      0,
                      alternative<&T::is, 0>("seqNumber", 0x80),
                      alternative<&T::is, 1>("profileManagementOperation", 0x81),
                      alternative<&T::is, 2>("euiccPackageResults", 0x82));
    }
};

struct IpaEuiccDataRequest {
    Bytes tag_list{};
    std::optional<Bytes> euicc_ci_pk_id{};
    std::optional<IpaEuiccDataRequestSearchCriteria> search_criteria{};
    template <int = 0> static constexpr auto asn1() {
        using T = IpaEuiccDataRequest;
        return sequence("IpaEuiccDataRequest",
                        0xBF52,
                        field<&T::tag_list>("tagList", 0x5C),
                        field<&T::euicc_ci_pk_id>("euiccCiPKId", 0x04),
                        field<&T::search_criteria>("searchCriteria", 0xA1));
    }
};

struct IpaEuiccData {
    std::optional<std::string_view> default_smdp_address{};
    std::optional<Exact<EuiccInfo1>> euicc_info1{};
    std::optional<Exact<EuiccInfo2>> euicc_info2{};
    std::optional<std::string_view> root_smds_address{};
    std::optional<int64_t> association_token{};
    std::optional<Raw> eum_certificate{};
    std::optional<Raw> euicc_certificate{};
    std::optional<IpaCapabilities> ipa_capabilities{};
    std::optional<DeviceInfo> device_info{};
    std::optional<RetrieveNotificationsListResponse> notifications_list{};
    template <int = 0> static constexpr auto asn1() {
        using T = IpaEuiccData;
        return sequence("IpaEuiccData",
                        0x30,
                        field<&T::default_smdp_address>("defaultSmdpAddress", 0x80),
                        field<&T::euicc_info1>("euiccInfo1", 0xBF20),
                        field<&T::euicc_info2>("euiccInfo2", 0xBF22),
                        field<&T::root_smds_address>("rootSmdsAddress", 0x83),
                        field<&T::association_token>("associationToken", 0x84),
                        field<&T::eum_certificate>("eumCertificate", 0xA5),
                        field<&T::euicc_certificate>("euiccCertificate", 0xA6),
                        field<&T::ipa_capabilities>("ipaCapabilities", 0xA8),
                        field<&T::device_info>("deviceInfo", 0xA9),
                        field<&T::notifications_list>("notificationsList", 0xBF2B));
    }
};

struct IpaEuiccDataResponse {
    enum class IpaEuiccDataError : uint8_t {
        incorrect_tag_list = 1,
        euicc_ci_pk_id_not_found = 5,
        undefined_error = 127
    };
    friend constexpr auto asn1_names(IpaEuiccDataError) {
        return std::array<asn1::NamedValue, 3>{
            {{1, "incorrectTagList"}, {5, "euiccCiPKIdNotFound"}, {127, "undefinedError"}}};
    }
    std::variant<IpaEuiccData, IpaEuiccDataError> is;
    template <int = 0> static constexpr auto asn1() {
        using T = IpaEuiccDataResponse;
        return choice("IpaEuiccDataResponse",
                      0xBF52,
                      alternative<&T::is, 0>("ipaEuiccData", 0xA0),
                      alternative<&T::is, 1>("ipaEuiccDataError", 0x81));
    }
};

struct ProfileDownloadError {
    std::optional<Bytes> error_response{};
    template <int = 0> static constexpr auto asn1() {
        using T = ProfileDownloadError;
        return sequence("ProfileDownloadError", 0x30, field<&T::error_response>("errorResponse", 0x80));
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

struct EprAndNotifications {
    Exact<rsp::EuiccPackageResult> euicc_package_result{};
    RetrieveNotificationsListResponse notification_list{};
    template <int = 0> static constexpr auto asn1() {
        using T = EprAndNotifications;
        return sequence("EprAndNotifications",
                        0x30,
                        field<&T::euicc_package_result>("euiccPackageResult", 0xBF51),
                        field<&T::notification_list>("notificationList", 0xBF2B));
    }
};

struct ProvideEimPackageResult {
    std::variant<Exact<rsp::EuiccPackageResult>,
                 EprAndNotifications,
                 IpaEuiccDataResponse,
                 ProfileDownloadTriggerResult,
                 EimPackageResultErrorCode>
        is;
    template <int = 0> static constexpr auto asn1() {
        using T = ProvideEimPackageResult;
        return choice("ProvideEimPackageResult",
                      0xBF50,
                      alternative<&T::is, 0>("euiccPackageResult", 0xBF51),
                      alternative<&T::is, 1>("ePRAndNotifications", 0x30),
                      alternative<&T::is, 2>("ipaEuiccDataResponse", 0xBF52),
                      alternative<&T::is, 3>("profileDownloadTriggerResult", 0xBF54),
                      alternative<&T::is, 4>("eimPackageError", 0x02));
    }
};

struct ProvideEimPackageResultResponse {
    std::optional<List<Tagged<uint64_t, 0x80>>> eim_acknowledgements{};
    template <int = 0> static constexpr auto asn1() {
        using T = ProvideEimPackageResultResponse;
        return sequence("ProvideEimPackageResultResponse",
                        0xBF50,
                        field<&T::eim_acknowledgements>("eimAcknowledgements", 0xBF53));
    }
};

struct HandleNotificationEsipa {
    std::variant<PendingNotification, ProvideEimPackageResult> is;
    template <int = 0> static constexpr auto asn1() {
        using T = HandleNotificationEsipa;
        return choice("HandleNotificationEsipa",
                      0xBF3D,
                      alternative<&T::is, 0>("pendingNotification", 0xA0),
                      alternative<&T::is, 1>("provideEimPackageResult", 0xA1));
    }
};

struct TransferEimPackageResponse {
    std::variant<rsp::EuiccPackageResult,
                 EprAndNotifications,
                 IpaEuiccDataResponse,
                 Null,
                 EimPackageResultErrorCode>
        is;
    template <int = 0> static constexpr auto asn1() {
        using T = TransferEimPackageResponse;
        return choice("TransferEimPackageResponse",
                      0xBF4E,
                      alternative<&T::is, 0>("euiccPackageResult", 0xBF51),
                      alternative<&T::is, 1>("ePRAndNotifications", 0x30),
                      alternative<&T::is, 2>("ipaEuiccDataResponse", 0xBF52),
                      alternative<&T::is, 3>("eimPackageReceived", 0x05),
                      alternative<&T::is, 4>("eimPackageError", 0x02));
    }
};

struct GetEimPackageRequest {
    std::array<uint8_t, 16> eid_value{};
    std::optional<Null> notify_state_change{};
    std::optional<std::array<uint8_t, 3>> rplmn{};
    template <int = 0> static constexpr auto asn1() {
        using T = GetEimPackageRequest;
        return sequence("GetEimPackageRequest",
                        0xBF4F,
                        field<&T::eid_value>("eidValue", 0x5A),
                        field<&T::notify_state_change>("notifyStateChange", 0x80),
                        field<&T::rplmn>("rPLMN", 0x81));
    }
};

struct GetEimPackageResponse {
    enum class EimPackageError : uint8_t { no_eim_package_available = 1, undefined_error = 127 };
    friend constexpr auto asn1_names(EimPackageError) {
        return std::array<asn1::NamedValue, 2>{{{1, "noEimPackageAvailable"}, {127, "undefinedError"}}};
    }
    std::variant<Exact<EuiccPackageRequest>,
                 IpaEuiccDataRequest,
                 ProfileDownloadTriggerRequest,
                 EimPackageError>
        is;
    template <int = 0> static constexpr auto asn1() {
        using T = GetEimPackageResponse;
        return choice("GetEimPackageResponse",
                      0xBF4F,
                      alternative<&T::is, 0>("euiccPackageRequest", 0xBF51),
                      alternative<&T::is, 1>("ipaEuiccDataRequest", 0xBF52),
                      alternative<&T::is, 2>("profileDownloadTriggerRequest", 0xBF54),
                      alternative<&T::is, 3>("eimPackageError", 0x02));
    }
};

struct EnableUsingDDRequest {
    template <int = 0> static constexpr auto asn1() {
        return asn1::Spec<0>{asn1::Kind::sequence, "EnableUsingDDRequest", 0xBF5A, {}};
    }
};

struct EnableUsingDDResponse {
    enum class EnableUsingDDResult : uint8_t {
        ok = 0,
        auto_enable_not_available = 1,
        no_session_context = 4,
        undefined_error = 127
    };
    friend constexpr auto asn1_names(EnableUsingDDResult) {
        return std::array<asn1::NamedValue, 4>{
            {{0, "ok"}, {1, "autoEnableNotAvailable"}, {4, "noSessionContext"}, {127, "undefinedError"}}};
    }
    EnableUsingDDResult enable_using_dd_result{};
    template <int = 0> static constexpr auto asn1() {
        using T = EnableUsingDDResponse;
        return sequence(
            "EnableUsingDDResponse", 0xBF5A, field<&T::enable_using_dd_result>("enableUsingDDResult", 0x80));
    }
};

/// Bits 3 and 4 are those that SGP.22 gives to something else. SGP.32 v1.0.1 §5.9.5
struct EuiccMemoryResetRequest {
    enum class ResetOptions : uint8_t {
        delete_operational_profiles = 0,
        delete_field_loaded_test_profiles = 1,
        reset_default_smdp_address = 2,
        reset_eim_config_data = 3,
        reset_auto_enable_config = 4
    };
    friend constexpr auto asn1_names(ResetOptions) {
        return std::array<asn1::NamedValue, 5>{{{0, "deleteOperationalProfiles"},
                                                {1, "deleteFieldLoadedTestProfiles"},
                                                {2, "resetDefaultSmdpAddress"},
                                                {3, "resetEimConfigData"},
                                                {4, "resetAutoEnableConfig"}}};
    }
    BitSet<ResetOptions> reset_options{};
    template <int = 0> static constexpr auto asn1() {
        using T = EuiccMemoryResetRequest;
        return sequence("EuiccMemoryResetRequest", 0xBF34, field<&T::reset_options>("resetOptions", 0x82));
    }
};

struct EuiccMemoryResetResponse {
    enum class ResetResult : uint8_t { ok = 0, nothing_to_delete = 1, cat_busy = 5, undefined_error = 127 };
    friend constexpr auto asn1_names(ResetResult) {
        return std::array<asn1::NamedValue, 4>{
            {{0, "ok"}, {1, "nothingToDelete"}, {5, "catBusy"}, {127, "undefinedError"}}};
    }
    enum class ResetEimResult : uint8_t {
        ok = 0,
        nothing_to_delete = 1,
        eim_reset_not_supported = 2,
        undefined_error = 127
    };
    friend constexpr auto asn1_names(ResetEimResult) {
        return std::array<asn1::NamedValue, 4>{
            {{0, "ok"}, {1, "nothingToDelete"}, {2, "eimResetNotSupported"}, {127, "undefinedError"}}};
    }
    enum class ResetAutoEnableConfigResult : uint8_t {
        ok = 0,
        reset_aec_not_supported = 1,
        undefined_error = 127
    };
    friend constexpr auto asn1_names(ResetAutoEnableConfigResult) {
        return std::array<asn1::NamedValue, 3>{
            {{0, "ok"}, {1, "resetAECNotSupported"}, {127, "undefinedError"}}};
    }
    ResetResult reset_result{};
    std::optional<ResetEimResult> reset_eim_result{};
    std::optional<ResetAutoEnableConfigResult> reset_auto_enable_config_result{};
    template <int = 0> static constexpr auto asn1() {
        using T = EuiccMemoryResetResponse;
        return sequence("EuiccMemoryResetResponse",
                        0xBF34,
                        field<&T::reset_result>("resetResult", 0x02),
                        field<&T::reset_eim_result>("resetEimResult", 0x81),
                        field<&T::reset_auto_enable_config_result>("resetAutoEnableConfigResult", 0x82));
    }
};

} // namespace halyard::rsp::v1_0
