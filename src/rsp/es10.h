#pragma once
// ES10a/b/c: what an IPA says to the ISD-R, SGP.22's functions. SGP.22 §5.7
#include "rsp/es8p.h"

namespace halyard::rsp {
struct GetEuiccInfo1Request {
    template <int = 0> static constexpr auto asn1() {
        return asn1::Spec<0>{asn1::Kind::sequence, "GetEuiccInfo1Request", 0xBF20, {}};
    }
};

struct GetEuiccInfo2Request {
    template <int = 0> static constexpr auto asn1() {
        return asn1::Spec<0>{asn1::Kind::sequence, "GetEuiccInfo2Request", 0xBF22, {}};
    }
};

struct UpdateMetadataRequest {
    std::optional<std::string_view> service_provider_name{};
    std::optional<std::string_view> profile_name{};
    std::optional<IconType> icon_type{};
    std::optional<Bytes> icon{};
    std::optional<BitSet<PprIds>> profile_policy_rules{};
    std::optional<List<VendorSpecificData>> service_specific_data_stored_in_euicc{};
    std::optional<bool> fallback_allowed{}; // SGP.32 v1.3
    template <int = 0> static constexpr auto asn1() {
        using T = UpdateMetadataRequest;
        return sequence(
            "UpdateMetadataRequest",
            0xBF2A,
            field<&T::service_provider_name>("serviceProviderName", 0x91, Size{0, 32}),
            field<&T::profile_name>("profileName", 0x92, Size{0, 64}),
            field<&T::icon_type>("iconType", 0x93),
            field<&T::icon>("icon", 0x94, Size{0, 1024}),
            field<&T::profile_policy_rules>("profilePolicyRules", 0x99),
            field<&T::service_specific_data_stored_in_euicc>("serviceSpecificDataStoredInEuicc", 0xBF22),
            field<&T::fallback_allowed>("fallbackAllowed", 0x9F67));
    }
};

struct PrepareDownloadRequest {
    Exact<SmdpSigned2> smdp_signed2{};
    Bytes smdp_signature2{};
    std::optional<std::array<uint8_t, 32>> hash_cc{};
    Raw smdp_certificate{};
    template <int = 0> static constexpr auto asn1() {
        using T = PrepareDownloadRequest;
        return sequence("PrepareDownloadRequest",
                        0xBF21,
                        field<&T::smdp_signed2>("smdpSigned2", 0x30),
                        field<&T::smdp_signature2>("smdpSignature2", 0x5F37),
                        field<&T::hash_cc>("hashCc", 0x04),
                        field<&T::smdp_certificate>("smdpCertificate", 0x30));
    }
};

struct PrepareDownloadResponseOk {
    Exact<EuiccSigned2> euicc_signed2{};
    Bytes euicc_signature2{};
    template <int = 0> static constexpr auto asn1() {
        using T = PrepareDownloadResponseOk;
        return sequence("PrepareDownloadResponseOk",
                        0x30,
                        field<&T::euicc_signed2>("euiccSigned2", 0x30),
                        field<&T::euicc_signature2>("euiccSignature2", 0x5F37));
    }
};

enum class DownloadErrorCode : uint8_t {
    invalid_certificate = 1,
    invalid_signature = 2,
    unsupported_curve = 3,
    no_session_context = 4,
    invalid_transaction_id = 5,
    undefined_error = 127
};
constexpr auto asn1_names(DownloadErrorCode) {
    return std::array<asn1::NamedValue, 6>{{{1, "invalidCertificate"},
                                            {2, "invalidSignature"},
                                            {3, "unsupportedCurve"},
                                            {4, "noSessionContext"},
                                            {5, "invalidTransactionId"},
                                            {127, "undefinedError"}}};
}

struct PrepareDownloadResponseError {
    Bytes transaction_id{};
    DownloadErrorCode download_error_code{};
    template <int = 0> static constexpr auto asn1() {
        using T = PrepareDownloadResponseError;
        return sequence("PrepareDownloadResponseError",
                        0x30,
                        field<&T::transaction_id>("transactionId", 0x80, Size{1, 16}),
                        field<&T::download_error_code>("downloadErrorCode", 0x02));
    }
};

struct CompactEuiccSigned2 {
    std::optional<Bytes> euicc_otpk{};
    std::optional<std::array<uint8_t, 32>> hash_cc{};
    template <int = 0> static constexpr auto asn1() {
        using T = CompactEuiccSigned2;
        return sequence("CompactEuiccSigned2",
                        0x30,
                        field<&T::euicc_otpk>("euiccOtpk", 0x5F49),
                        field<&T::hash_cc>("hashCc", 0x04));
    }
};

struct CompactPrepareDownloadResponseOk {
    CompactEuiccSigned2 compact_euicc_signed2{};
    Bytes euicc_signature2{};
    template <int = 0> static constexpr auto asn1() {
        using T = CompactPrepareDownloadResponseOk;
        return sequence("CompactPrepareDownloadResponseOk",
                        0x30,
                        field<&T::compact_euicc_signed2>("compactEuiccSigned2", 0x30),
                        field<&T::euicc_signature2>("euiccSignature2", 0x5F37));
    }
};

struct PrepareDownloadResponse {
    std::variant<PrepareDownloadResponseOk, PrepareDownloadResponseError, CompactPrepareDownloadResponseOk>
        is;
    template <int = 0> static constexpr auto asn1() {
        using T = PrepareDownloadResponse;
        return choice("PrepareDownloadResponse",
                      0xBF21,
                      alternative<&T::is, 0>("downloadResponseOk", 0xA0),
                      alternative<&T::is, 1>("downloadResponseError", 0xA1),
                      alternative<&T::is, 2>("compactDownloadResponseOk", 0xA2));
    }
};

struct AuthenticateServerRequest {
    Exact<ServerSigned1> server_signed1{};
    Bytes server_signature1{};
    Bytes euicc_ci_pk_id_to_be_used{};
    Raw server_certificate{};
    Exact<CtxParams1> ctx_params1{};
    template <int = 0> static constexpr auto asn1() {
        using T = AuthenticateServerRequest;
        return sequence("AuthenticateServerRequest",
                        0xBF38,
                        field<&T::server_signed1>("serverSigned1", 0x30),
                        field<&T::server_signature1>("serverSignature1", 0x5F37),
                        field<&T::euicc_ci_pk_id_to_be_used>("euiccCiPKIdToBeUsed", 0x04),
                        field<&T::server_certificate>("serverCertificate", 0x30),
                        field<&T::ctx_params1>("ctxParams1"));
    }
};

struct AuthenticateResponseOk {
    Exact<EuiccSigned1> euicc_signed1{};
    Bytes euicc_signature1{};
    Raw euicc_certificate{};
    Raw eum_certificate{};
    template <int = 0> static constexpr auto asn1() {
        using T = AuthenticateResponseOk;
        return sequence("AuthenticateResponseOk",
                        0x30,
                        field<&T::euicc_signed1>("euiccSigned1", 0x30),
                        field<&T::euicc_signature1>("euiccSignature1", 0x5F37),
                        field<&T::euicc_certificate>("euiccCertificate", 0x30),
                        field<&T::eum_certificate>("eumCertificate", 0x30));
    }
};

enum class AuthenticateErrorCode : uint8_t {
    invalid_certificate = 1,
    invalid_signature = 2,
    unsupported_curve = 3,
    no_session_context = 4,
    invalid_oid = 5,
    euicc_challenge_mismatch = 6,
    ci_pk_unknown = 7,
    undefined_error = 127
};
constexpr auto asn1_names(AuthenticateErrorCode) {
    return std::array<asn1::NamedValue, 8>{{{1, "invalidCertificate"},
                                            {2, "invalidSignature"},
                                            {3, "unsupportedCurve"},
                                            {4, "noSessionContext"},
                                            {5, "invalidOid"},
                                            {6, "euiccChallengeMismatch"},
                                            {7, "ciPKUnknown"},
                                            {127, "undefinedError"}}};
}

struct AuthenticateResponseError {
    Bytes transaction_id{};
    AuthenticateErrorCode authenticate_error_code{};
    template <int = 0> static constexpr auto asn1() {
        using T = AuthenticateResponseError;
        return sequence("AuthenticateResponseError",
                        0x30,
                        field<&T::transaction_id>("transactionId", 0x80, Size{1, 16}),
                        field<&T::authenticate_error_code>("authenticateErrorCode", 0x02));
    }
};

struct CompactEuiccSigned1 {
    Bytes ext_card_resource{};
    std::optional<CtxParams1> ctx_params1{};
    template <int = 0> static constexpr auto asn1() {
        using T = CompactEuiccSigned1;
        return sequence("CompactEuiccSigned1",
                        0x30,
                        field<&T::ext_card_resource>("extCardResource", 0x84),
                        field<&T::ctx_params1>("ctxParams1", 0xA2));
    }
};

struct SignedData {
    std::variant<EuiccSigned1, CompactEuiccSigned1> is;
    template <int = 0> static constexpr auto asn1() {
        using T = SignedData;
        return choice("SignedData",
                      0,
                      alternative<&T::is, 0>("euiccSigned1", 0x30),
                      alternative<&T::is, 1>("compactEuiccSigned1", 0xA0));
    }
};

struct CompactAuthenticateResponseOk {
    SignedData signed_data{};
    Bytes euicc_signature1{};
    std::optional<Raw> euicc_certificate{};
    std::optional<Raw> eum_certificate{};
    template <int = 0> static constexpr auto asn1() {
        using T = CompactAuthenticateResponseOk;
        return sequence("CompactAuthenticateResponseOk",
                        0x30,
                        field<&T::signed_data>("signedData"),
                        field<&T::euicc_signature1>("euiccSignature1", 0x5F37),
                        field<&T::euicc_certificate>("euiccCertificate", 0xA1),
                        field<&T::eum_certificate>("eumCertificate", 0xA2));
    }
};

struct AuthenticateServerResponse {
    std::variant<AuthenticateResponseOk, AuthenticateResponseError, CompactAuthenticateResponseOk> is;
    template <int = 0> static constexpr auto asn1() {
        using T = AuthenticateServerResponse;
        return choice("AuthenticateServerResponse",
                      0xBF38,
                      alternative<&T::is, 0>("authenticateResponseOk", 0xA0),
                      alternative<&T::is, 1>("authenticateResponseError", 0xA1),
                      alternative<&T::is, 2>("compactAuthenticateResponseOk", 0xA2));
    }
};

enum class CancelSessionReason : uint8_t {
    end_user_rejection = 0,
    postponed = 1,
    timeout = 2,
    ppr_not_allowed = 3,
    metadata_mismatch = 4,
    load_bpp_execution_error = 5,
    undefined_reason = 127
};
constexpr auto asn1_names(CancelSessionReason) {
    return std::array<asn1::NamedValue, 7>{{{0, "endUserRejection"},
                                            {1, "postponed"},
                                            {2, "timeout"},
                                            {3, "pprNotAllowed"},
                                            {4, "metadataMismatch"},
                                            {5, "loadBppExecutionError"},
                                            {127, "undefinedReason"}}};
}

struct CancelSessionRequest {
    Bytes transaction_id{};
    CancelSessionReason reason{};
    template <int = 0> static constexpr auto asn1() {
        using T = CancelSessionRequest;
        return sequence("CancelSessionRequest",
                        0xBF41,
                        field<&T::transaction_id>("transactionId", 0x80, Size{1, 16}),
                        field<&T::reason>("reason", 0x81));
    }
};

struct EuiccCancelSessionSigned {
    Bytes transaction_id{};
    Oid smdp_oid{};
    CancelSessionReason reason{};
    template <int = 0> static constexpr auto asn1() {
        using T = EuiccCancelSessionSigned;
        return sequence("EuiccCancelSessionSigned",
                        0x30,
                        field<&T::transaction_id>("transactionId", 0x80, Size{1, 16}),
                        field<&T::smdp_oid>("smdpOid", 0x81),
                        field<&T::reason>("reason", 0x82));
    }
};

struct CancelSessionResponseOk {
    Exact<EuiccCancelSessionSigned> euicc_cancel_session_signed{};
    Bytes euicc_cancel_session_signature{};
    template <int = 0> static constexpr auto asn1() {
        using T = CancelSessionResponseOk;
        return sequence("CancelSessionResponseOk",
                        0x30,
                        field<&T::euicc_cancel_session_signed>("euiccCancelSessionSigned", 0x30),
                        field<&T::euicc_cancel_session_signature>("euiccCancelSessionSignature", 0x5F37));
    }
};

struct CompactEuiccCancelSessionSigned {
    std::optional<CancelSessionReason> reason{};
    template <int = 0> static constexpr auto asn1() {
        using T = CompactEuiccCancelSessionSigned;
        return sequence("CompactEuiccCancelSessionSigned", 0x30, field<&T::reason>("reason", 0x80));
    }
};

struct CompactCancelSessionResponseOk {
    CompactEuiccCancelSessionSigned compact_euicc_cancel_session_signed{};
    Bytes euicc_cancel_session_signature{};
    template <int = 0> static constexpr auto asn1() {
        using T = CompactCancelSessionResponseOk;
        return sequence(
            "CompactCancelSessionResponseOk",
            0x30,
            field<&T::compact_euicc_cancel_session_signed>("compactEuiccCancelSessionSigned", 0x30),
            field<&T::euicc_cancel_session_signature>("euiccCancelSessionSignature", 0x5F37));
    }
};

struct CancelSessionResponse {
    enum class CancelSessionResponseError : uint8_t { invalid_transaction_id = 5, undefined_error = 127 };
    friend constexpr auto asn1_names(CancelSessionResponseError) {
        return std::array<asn1::NamedValue, 2>{{{5, "invalidTransactionId"}, {127, "undefinedError"}}};
    }
    std::variant<CancelSessionResponseOk, CancelSessionResponseError, CompactCancelSessionResponseOk> is;
    template <int = 0> static constexpr auto asn1() {
        using T = CancelSessionResponse;
        return choice("CancelSessionResponse",
                      0xBF41,
                      alternative<&T::is, 0>("cancelSessionResponseOk", 0xA0),
                      alternative<&T::is, 1>("cancelSessionResponseError", 0x81),
                      alternative<&T::is, 2>("compactCancelSessionResponseOk", 0xA2));
    }
};

struct GetEuiccChallengeRequest {
    template <int = 0> static constexpr auto asn1() {
        return asn1::Spec<0>{asn1::Kind::sequence, "GetEuiccChallengeRequest", 0xBF2E, {}};
    }
};

struct GetEuiccChallengeResponse {
    std::array<uint8_t, 16> euicc_challenge{};
    template <int = 0> static constexpr auto asn1() {
        using T = GetEuiccChallengeResponse;
        return sequence(
            "GetEuiccChallengeResponse", 0xBF2E, field<&T::euicc_challenge>("euiccChallenge", 0x80));
    }
};

struct ListNotificationRequest {
    std::optional<BitSet<NotificationEvent>> profile_management_operation{};
    template <int = 0> static constexpr auto asn1() {
        using T = ListNotificationRequest;
        return sequence("ListNotificationRequest",
                        0xBF28,
                        field<&T::profile_management_operation>("profileManagementOperation", 0x81));
    }
};

struct ListNotificationResponse {
    enum class ListNotificationsResultError : uint8_t { undefined_error = 127 };
    friend constexpr auto asn1_names(ListNotificationsResultError) {
        return std::array<asn1::NamedValue, 1>{{{127, "undefinedError"}}};
    }
    std::variant<List<NotificationMetadata>, ListNotificationsResultError> is;
    template <int = 0> static constexpr auto asn1() {
        using T = ListNotificationResponse;
        return choice("ListNotificationResponse",
                      0xBF28,
                      alternative<&T::is, 0>("notificationMetadataList", 0xA0),
                      alternative<&T::is, 1>("listNotificationsResultError", 0x81));
    }
};

struct SetNicknameRequest {
    Iccid iccid{};
    std::string_view profile_nickname{};
    template <int = 0> static constexpr auto asn1() {
        using T = SetNicknameRequest;
        return sequence("SetNicknameRequest",
                        0xBF29,
                        field<&T::iccid>("iccid", 0x5A),
                        field<&T::profile_nickname>("profileNickname", 0x90, Size{0, 64}));
    }
};

struct SetNicknameResponse {
    enum class SetNicknameResult : uint8_t { ok = 0, iccid_not_found = 1, undefined_error = 127 };
    friend constexpr auto asn1_names(SetNicknameResult) {
        return std::array<asn1::NamedValue, 3>{{{0, "ok"}, {1, "iccidNotFound"}, {127, "undefinedError"}}};
    }
    SetNicknameResult set_nickname_result{};
    template <int = 0> static constexpr auto asn1() {
        using T = SetNicknameResponse;
        return sequence(
            "SetNicknameResponse", 0xBF29, field<&T::set_nickname_result>("setNicknameResult", 0x80));
    }
};

struct NotificationSentRequest {
    uint64_t seq_number = 0;
    template <int = 0> static constexpr auto asn1() {
        using T = NotificationSentRequest;
        return sequence("NotificationSentRequest", 0xBF30, field<&T::seq_number>("seqNumber", 0x80));
    }
};

struct NotificationSentResponse {
    enum class DeleteNotificationStatus : uint8_t { ok = 0, nothing_to_delete = 1, undefined_error = 127 };
    friend constexpr auto asn1_names(DeleteNotificationStatus) {
        return std::array<asn1::NamedValue, 3>{{{0, "ok"}, {1, "nothingToDelete"}, {127, "undefinedError"}}};
    }
    DeleteNotificationStatus delete_notification_status{};
    template <int = 0> static constexpr auto asn1() {
        using T = NotificationSentResponse;
        return sequence("NotificationSentResponse",
                        0xBF30,
                        field<&T::delete_notification_status>("deleteNotificationStatus", 0x80));
    }
};

struct EnableProfileRequestProfileIdentifier {
    std::variant<Bytes, Iccid> is;
    template <int = 0> static constexpr auto asn1() {
        using T = EnableProfileRequestProfileIdentifier;
        return choice("EnableProfileRequestProfileIdentifier",
                      0,
                      alternative<&T::is, 0>("isdpAid", 0x4F, Size{1, 16}),
                      alternative<&T::is, 1>("iccid", 0x5A));
    }
};

struct EnableProfileRequest {
    EnableProfileRequestProfileIdentifier profile_identifier{};
    bool refresh_flag = false;
    template <int = 0> static constexpr auto asn1() {
        using T = EnableProfileRequest;
        return sequence("EnableProfileRequest",
                        0xBF31,
                        field<&T::profile_identifier>("profileIdentifier", 0xA0),
                        field<&T::refresh_flag>("refreshFlag", 0x81));
    }
};

struct EnableProfileResponse {
    enum class EnableResult : uint8_t {
        ok = 0,
        iccid_or_aid_not_found = 1,
        profile_not_in_disabled_state = 2,
        disallowed_by_policy = 3,
        wrong_profile_reenabling = 4,
        cat_busy = 5,
        undefined_error = 127
    };
    friend constexpr auto asn1_names(EnableResult) {
        return std::array<asn1::NamedValue, 7>{{{0, "ok"},
                                                {1, "iccidOrAidNotFound"},
                                                {2, "profileNotInDisabledState"},
                                                {3, "disallowedByPolicy"},
                                                {4, "wrongProfileReenabling"},
                                                {5, "catBusy"},
                                                {127, "undefinedError"}}};
    }
    EnableResult enable_result{};
    template <int = 0> static constexpr auto asn1() {
        using T = EnableProfileResponse;
        return sequence("EnableProfileResponse", 0xBF31, field<&T::enable_result>("enableResult", 0x80));
    }
};

struct DisableProfileRequestProfileIdentifier {
    std::variant<Bytes, Iccid> is;
    template <int = 0> static constexpr auto asn1() {
        using T = DisableProfileRequestProfileIdentifier;
        return choice("DisableProfileRequestProfileIdentifier",
                      0,
                      alternative<&T::is, 0>("isdpAid", 0x4F, Size{1, 16}),
                      alternative<&T::is, 1>("iccid", 0x5A));
    }
};

struct DisableProfileRequest {
    DisableProfileRequestProfileIdentifier profile_identifier{};
    bool refresh_flag = false;
    template <int = 0> static constexpr auto asn1() {
        using T = DisableProfileRequest;
        return sequence("DisableProfileRequest",
                        0xBF32,
                        field<&T::profile_identifier>("profileIdentifier", 0xA0),
                        field<&T::refresh_flag>("refreshFlag", 0x81));
    }
};

struct DisableProfileResponse {
    enum class DisableResult : uint8_t {
        ok = 0,
        iccid_or_aid_not_found = 1,
        profile_not_in_enabled_state = 2,
        disallowed_by_policy = 3,
        cat_busy = 5,
        undefined_error = 127
    };
    friend constexpr auto asn1_names(DisableResult) {
        return std::array<asn1::NamedValue, 6>{{{0, "ok"},
                                                {1, "iccidOrAidNotFound"},
                                                {2, "profileNotInEnabledState"},
                                                {3, "disallowedByPolicy"},
                                                {5, "catBusy"},
                                                {127, "undefinedError"}}};
    }
    DisableResult disable_result{};
    template <int = 0> static constexpr auto asn1() {
        using T = DisableProfileResponse;
        return sequence("DisableProfileResponse", 0xBF32, field<&T::disable_result>("disableResult", 0x80));
    }
};

struct DeleteProfileRequest {
    std::variant<Bytes, Iccid> is;
    template <int = 0> static constexpr auto asn1() {
        using T = DeleteProfileRequest;
        return choice("DeleteProfileRequest",
                      0xBF33,
                      alternative<&T::is, 0>("isdpAid", 0x4F, Size{1, 16}),
                      alternative<&T::is, 1>("iccid", 0x5A));
    }
};

struct DeleteProfileResponse {
    enum class DeleteResult : uint8_t {
        ok = 0,
        iccid_or_aid_not_found = 1,
        profile_not_in_disabled_state = 2,
        disallowed_by_policy = 3,
        undefined_error = 127
    };
    friend constexpr auto asn1_names(DeleteResult) {
        return std::array<asn1::NamedValue, 5>{{{0, "ok"},
                                                {1, "iccidOrAidNotFound"},
                                                {2, "profileNotInDisabledState"},
                                                {3, "disallowedByPolicy"},
                                                {127, "undefinedError"}}};
    }
    DeleteResult delete_result{};
    template <int = 0> static constexpr auto asn1() {
        using T = DeleteProfileResponse;
        return sequence("DeleteProfileResponse", 0xBF33, field<&T::delete_result>("deleteResult", 0x80));
    }
};

struct EuiccMemoryResetRequest {
    enum class ResetOptions : uint8_t {
        delete_operational_profiles = 0,
        delete_field_loaded_test_profiles = 1,
        reset_default_smdp_address = 2,
        delete_pre_loaded_test_profiles = 3,
        delete_provisioning_profiles = 4,
        reset_eim_config_data = 5,
        reset_immediate_enable_config = 6
    };
    friend constexpr auto asn1_names(ResetOptions) {
        return std::array<asn1::NamedValue, 7>{{{0, "deleteOperationalProfiles"},
                                                {1, "deleteFieldLoadedTestProfiles"},
                                                {2, "resetDefaultSmdpAddress"},
                                                {3, "deletePreLoadedTestProfiles"},
                                                {4, "deleteProvisioningProfiles"},
                                                {5, "resetEimConfigData"},
                                                {6, "resetImmediateEnableConfig"}}};
    }
    BitSet<ResetOptions> reset_options{};
    template <int = 0> static constexpr auto asn1() {
        using T = EuiccMemoryResetRequest;
        return sequence("EuiccMemoryResetRequest", 0xBF64, field<&T::reset_options>("resetOptions", 0x82));
    }
};

struct EuiccMemoryResetResponse {
    enum class ResetResult : uint8_t {
        ok = 0,
        nothing_to_delete = 1,
        cat_busy = 5,
        ecall_active = 104,
        undefined_error = 127
    };
    friend constexpr auto asn1_names(ResetResult) {
        return std::array<asn1::NamedValue, 5>{{{0, "ok"},
                                                {1, "nothingToDelete"},
                                                {5, "catBusy"},
                                                {104, "ecallActive"},
                                                {127, "undefinedError"}}};
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
    enum class ResetImmediateEnableConfigResult : uint8_t {
        ok = 0,
        reset_iec_not_supported = 1,
        undefined_error = 127
    };
    friend constexpr auto asn1_names(ResetImmediateEnableConfigResult) {
        return std::array<asn1::NamedValue, 3>{
            {{0, "ok"}, {1, "resetIECNotSupported"}, {127, "undefinedError"}}};
    }
    ResetResult reset_result{};
    std::optional<ResetEimResult> reset_eim_result{};
    std::optional<ResetImmediateEnableConfigResult> reset_immediate_enable_config_result{};
    template <int = 0> static constexpr auto asn1() {
        using T = EuiccMemoryResetResponse;
        return sequence(
            "EuiccMemoryResetResponse",
            0xBF64,
            field<&T::reset_result>("resetResult", 0x80),
            field<&T::reset_eim_result>("resetEimResult", 0x81),
            field<&T::reset_immediate_enable_config_result>("resetImmediateEnableConfigResult", 0x82));
    }
};

struct GetEuiccDataRequest {
    std::array<uint8_t, 1> tag_list{};
    template <int = 0> static constexpr auto asn1() {
        using T = GetEuiccDataRequest;
        return sequence("GetEuiccDataRequest", 0xBF3E, field<&T::tag_list>("tagList", 0x5C));
    }
};

struct GetEuiccDataResponse {
    std::array<uint8_t, 16> eid_value{};
    template <int = 0> static constexpr auto asn1() {
        using T = GetEuiccDataResponse;
        return sequence("GetEuiccDataResponse", 0xBF3E, field<&T::eid_value>("eidValue", 0x5A));
    }
};

struct GetRatRequest {
    template <int = 0> static constexpr auto asn1() {
        return asn1::Spec<0>{asn1::Kind::sequence, "GetRatRequest", 0xBF43, {}};
    }
};

struct GetRatResponse {
    List<ProfilePolicyAuthorisationRule> rat{};
    template <int = 0> static constexpr auto asn1() {
        using T = GetRatResponse;
        return sequence("GetRatResponse", 0xBF43, field<&T::rat>("rat", 0xA0));
    }
};

struct LoadCrlRequest {
    Raw crl{};
    template <int = 0> static constexpr auto asn1() {
        using T = LoadCrlRequest;
        return sequence("LoadCRLRequest", 0xBF35, field<&T::crl>("crl", 0xA0));
    }
};

struct LoadCrlResponseOk {
    std::optional<List<uint64_t>> missing_parts{};
    template <int = 0> static constexpr auto asn1() {
        using T = LoadCrlResponseOk;
        return sequence("LoadCRLResponseOk", 0x30, field<&T::missing_parts>("missingParts", 0xA0));
    }
};

enum class LoadCrlResponseError : uint8_t {
    invalid_signature = 1,
    invalid_crl_format = 2,
    not_enough_memory_space = 3,
    verification_key_not_found = 4,
    fresher_crl_already_loaded = 5,
    base_crl_missing = 6,
    undefined_error = 127
};
constexpr auto asn1_names(LoadCrlResponseError) {
    return std::array<asn1::NamedValue, 7>{{{1, "invalidSignature"},
                                            {2, "invalidCRLFormat"},
                                            {3, "notEnoughMemorySpace"},
                                            {4, "verificationKeyNotFound"},
                                            {5, "fresherCrlAlreadyLoaded"},
                                            {6, "baseCrlMissing"},
                                            {127, "undefinedError"}}};
}

struct LoadCrlResponse {
    std::variant<LoadCrlResponseOk, LoadCrlResponseError> is;
    template <int = 0> static constexpr auto asn1() {
        using T = LoadCrlResponse;
        return choice("LoadCRLResponse",
                      0xBF35,
                      alternative<&T::is, 0>("loadCRLResponseOk", 0xA0),
                      alternative<&T::is, 1>("loadCRLResponseError", 0x81));
    }
};

struct EuiccConfiguredAddressesRequest {
    template <int = 0> static constexpr auto asn1() {
        return asn1::Spec<0>{asn1::Kind::sequence, "EuiccConfiguredAddressesRequest", 0xBF3C, {}};
    }
};

struct EuiccConfiguredAddressesResponse {
    std::optional<std::string_view> default_dp_address{};
    std::string_view root_ds_address{};
    template <int = 0> static constexpr auto asn1() {
        using T = EuiccConfiguredAddressesResponse;
        return sequence("EuiccConfiguredAddressesResponse",
                        0xBF3C,
                        field<&T::default_dp_address>("defaultDpAddress", 0x80),
                        field<&T::root_ds_address>("rootDsAddress", 0x81));
    }
};

struct IsdrProprietaryApplicationTemplate {
    enum class LpaeSupport : uint8_t { lpae_using_cat = 0, lpae_using_scws = 1 };
    friend constexpr auto asn1_names(LpaeSupport) {
        return std::array<asn1::NamedValue, 2>{{{0, "lpaeUsingCat"}, {1, "lpaeUsingScws"}}};
    }
    std::array<uint8_t, 3> svn{};
    std::optional<BitSet<LpaeSupport>> lpae_support{};
    template <int = 0> static constexpr auto asn1() {
        using T = IsdrProprietaryApplicationTemplate;
        return sequence("ISDRProprietaryApplicationTemplate",
                        0xE0,
                        field<&T::svn>("svn", 0x82),
                        field<&T::lpae_support>("lpaeSupport", 0x03));
    }
};

struct LpaeActivationRequest {
    enum class LpaeOption : uint8_t { activate_cat_based_lpae = 0, activate_scws_based_lpae = 1 };
    friend constexpr auto asn1_names(LpaeOption) {
        return std::array<asn1::NamedValue, 2>{{{0, "activateCatBasedLpae"}, {1, "activateScwsBasedLpae"}}};
    }
    BitSet<LpaeOption> lpae_option{};
    template <int = 0> static constexpr auto asn1() {
        using T = LpaeActivationRequest;
        return sequence("LpaeActivationRequest", 0xBF42, field<&T::lpae_option>("lpaeOption", 0x80));
    }
};

struct LpaeActivationResponse {
    enum class LpaeActivationResult : uint8_t { ok = 0, not_supported = 1 };
    friend constexpr auto asn1_names(LpaeActivationResult) {
        return std::array<asn1::NamedValue, 2>{{{0, "ok"}, {1, "notSupported"}}};
    }
    LpaeActivationResult lpae_activation_result{};
    template <int = 0> static constexpr auto asn1() {
        using T = LpaeActivationResponse;
        return sequence("LpaeActivationResponse",
                        0xBF42,
                        field<&T::lpae_activation_result>("lpaeActivationResult", 0x80));
    }
};

} // namespace halyard::rsp
