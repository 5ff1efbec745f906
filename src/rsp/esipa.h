#pragma once
// ESipa: what an IPA and an eIM say to each other, ASN.1 binding. SGP.32 §6.3
#include "rsp/es9p.h"

namespace halyard::rsp {
struct InitiateAuthenticationRequestEsipa {
    std::array<uint8_t, 16> euicc_challenge{};
    std::optional<std::string_view> smdp_address{};
    std::optional<Exact<EuiccInfo1>> euicc_info1{};
    std::optional<Bytes> eim_transaction_id{};
    template <int = 0> static constexpr auto asn1() {
        using T = InitiateAuthenticationRequestEsipa;
        return sequence("InitiateAuthenticationRequestEsipa",
                        0xBF39,
                        field<&T::euicc_challenge>("euiccChallenge", 0x81),
                        field<&T::smdp_address>("smdpAddress", 0x83),
                        field<&T::euicc_info1>("euiccInfo1", 0xBF20),
                        field<&T::eim_transaction_id>("eimTransactionId", 0x82, Size{1, 16}));
    }
};

struct AuthenticateClientRequestEsipa {
    Bytes transaction_id{};
    Exact<AuthenticateServerResponse> authenticate_server_response{};
    template <int = 0> static constexpr auto asn1() {
        using T = AuthenticateClientRequestEsipa;
        return sequence("AuthenticateClientRequestEsipa",
                        0xBF3B,
                        field<&T::transaction_id>("transactionId", 0x80, Size{1, 16}),
                        field<&T::authenticate_server_response>("authenticateServerResponse", 0xBF38));
    }
};

struct GetBoundProfilePackageRequestEsipa {
    Bytes transaction_id{};
    Exact<PrepareDownloadResponse> prepare_download_response{};
    template <int = 0> static constexpr auto asn1() {
        using T = GetBoundProfilePackageRequestEsipa;
        return sequence("GetBoundProfilePackageRequestEsipa",
                        0xBF3A,
                        field<&T::transaction_id>("transactionId", 0x80, Size{1, 16}),
                        field<&T::prepare_download_response>("prepareDownloadResponse", 0xBF21));
    }
};

enum class EimPackageResultErrorCode : uint8_t {
    invalid_package_format = 1,
    unknown_package = 2,
    undefined_error = 127
};
constexpr auto asn1_names(EimPackageResultErrorCode) {
    return std::array<asn1::NamedValue, 3>{
        {{1, "invalidPackageFormat"}, {2, "unknownPackage"}, {127, "undefinedError"}}};
}

struct EimPackageResultResponseError {
    std::optional<Bytes> eim_transaction_id{};
    EimPackageResultErrorCode eim_package_result_error_code{};
    template <int = 0> static constexpr auto asn1() {
        using T = EimPackageResultResponseError;
        return sequence("EimPackageResultResponseError",
                        0x30,
                        field<&T::eim_transaction_id>("eimTransactionId", 0x80, Size{1, 16}),
                        field<&T::eim_package_result_error_code>("eimPackageResultErrorCode", 0x02));
    }
};

struct EprAndNotifications {
    Exact<EuiccPackageResult> euicc_package_result{};
    List<PendingNotification> notification_list{};
    template <int = 0> static constexpr auto asn1() {
        using T = EprAndNotifications;
        return sequence("EprAndNotifications",
                        0x30,
                        field<&T::euicc_package_result>("euiccPackageResult", 0xBF51),
                        field<&T::notification_list>("notificationList", 0xA0));
    }
};

struct EimPackageResult {
    std::variant<Exact<EuiccPackageResult>,
                 EprAndNotifications,
                 Exact<IpaEuiccDataResponse>,
                 ProfileDownloadTriggerResult,
                 EimPackageResultResponseError>
        is;
    template <int = 0> static constexpr auto asn1() {
        using T = EimPackageResult;
        return choice("EimPackageResult",
                      0,
                      alternative<&T::is, 0>("euiccPackageResult", 0xBF51),
                      alternative<&T::is, 1>("ePRAndNotifications", 0x30),
                      alternative<&T::is, 2>("ipaEuiccDataResponse", 0xBF52),
                      alternative<&T::is, 3>("profileDownloadTriggerResult", 0xBF54),
                      alternative<&T::is, 4>("eimPackageResultResponseError", 0xA0));
    }
};

struct ProvideEimPackageResult {
    std::optional<std::array<uint8_t, 16>> eid_value{};
    EimPackageResult eim_package_result{};
    template <int = 0> static constexpr auto asn1() {
        using T = ProvideEimPackageResult;
        return sequence("ProvideEimPackageResult",
                        0xBF50,
                        field<&T::eid_value>("eidValue", 0x5A),
                        field<&T::eim_package_result>("eimPackageResult"));
    }
};

struct HandleNotificationEsipa {
    std::variant<PendingNotification, Exact<ProvideEimPackageResult>> is;
    template <int = 0> static constexpr auto asn1() {
        using T = HandleNotificationEsipa;
        return choice("HandleNotificationEsipa",
                      0xBF3D,
                      alternative<&T::is, 0>("pendingNotification", 0xA0),
                      alternative<&T::is, 1>("provideEimPackageResult", 0xBF50));
    }
};

struct CancelSessionRequestEsipa {
    Bytes transaction_id{};
    CancelSessionResponse cancel_session_response{};
    template <int = 0> static constexpr auto asn1() {
        using T = CancelSessionRequestEsipa;
        return sequence("CancelSessionRequestEsipa",
                        0xBF41,
                        field<&T::transaction_id>("transactionId", 0x80, Size{1, 16}),
                        field<&T::cancel_session_response>("cancelSessionResponse", 0xA1));
    }
};

enum class StateChangeCause : uint8_t {
    other_eim = 0,
    fallback = 1,
    emergency_profile = 2,
    local = 3,
    reset = 4,
    immediate_enable_profile = 5,
    device_change = 6,
    undefined = 127
};
constexpr auto asn1_names(StateChangeCause) {
    return std::array<asn1::NamedValue, 8>{{{0, "otherEim"},
                                            {1, "fallback"},
                                            {2, "emergencyProfile"},
                                            {3, "local"},
                                            {4, "reset"},
                                            {5, "immediateEnableProfile"},
                                            {6, "deviceChange"},
                                            {127, "undefined"}}};
}

struct GetEimPackageRequest {
    std::array<uint8_t, 16> eid_value{};
    std::optional<Null> notify_state_change{};
    std::optional<StateChangeCause> state_change_cause{};
    std::optional<std::array<uint8_t, 3>> rplmn{};
    template <int = 0> static constexpr auto asn1() {
        using T = GetEimPackageRequest;
        return sequence("GetEimPackageRequest",
                        0xBF4F,
                        field<&T::eid_value>("eidValue", 0x5A),
                        field<&T::notify_state_change>("notifyStateChange", 0x80),
                        field<&T::state_change_cause>("stateChangeCause", 0x81),
                        field<&T::rplmn>("rPLMN", 0x82));
    }
};

/// What a TransferEimPackage is about, where one channel serves several. SGP.32 v1.3
struct CorrelationId {
    std::variant<Bytes, std::array<uint8_t, 16>> is;
    template <int = 0> static constexpr auto asn1() {
        using T = CorrelationId;
        return choice("CorrelationId",
                      0,
                      alternative<&T::is, 0>("eimTransactionId", 0x80, Size{1, 16}),
                      alternative<&T::is, 1>("eidValue", 0x5A));
    }
};

struct EimPackageReceivedWithCid {
    std::optional<CorrelationId> correlation_id{};
    template <int = 0> static constexpr auto asn1() {
        using T = EimPackageReceivedWithCid;
        return sequence("EimPackageReceivedWithCid", 0x30, field<&T::correlation_id>("correlationId", 0xA0));
    }
};

struct EimPackageErrorWithCid {
    std::optional<CorrelationId> correlation_id{};
    EimPackageResultErrorCode eim_package_error_code{};
    template <int = 0> static constexpr auto asn1() {
        using T = EimPackageErrorWithCid;
        return sequence("EimPackageErrorWithCid",
                        0x30,
                        field<&T::correlation_id>("correlationId", 0xA0),
                        field<&T::eim_package_error_code>("eimPackageErrorCode", 0x81));
    }
};

struct TransferEimPackageResponse {
    enum class EimPackageError : uint8_t {
        invalid_package_format = 1,
        unknown_package = 2,
        undefined_error = 127
    };
    friend constexpr auto asn1_names(EimPackageError) {
        return std::array<asn1::NamedValue, 3>{
            {{1, "invalidPackageFormat"}, {2, "unknownPackage"}, {127, "undefinedError"}}};
    }
    std::variant<EuiccPackageResult,
                 EprAndNotifications,
                 IpaEuiccDataResponse,
                 Null,
                 EimPackageError,
                 EimPackageReceivedWithCid,
                 EimPackageErrorWithCid>
        is;
    template <int = 0> static constexpr auto asn1() {
        using T = TransferEimPackageResponse;
        return choice("TransferEimPackageResponse",
                      0xBF4E,
                      alternative<&T::is, 0>("euiccPackageResult", 0xBF51),
                      alternative<&T::is, 1>("ePRAndNotifications", 0x30),
                      alternative<&T::is, 2>("ipaEuiccDataResponse", 0xBF52),
                      alternative<&T::is, 3>("eimPackageReceived", 0x05),
                      alternative<&T::is, 4>("eimPackageError", 0x02),
                      alternative<&T::is, 5>("eimPackageReceivedWithCid", 0xBF60),
                      alternative<&T::is, 6>("eimPackageErrorWithCid", 0xBF61));
    }
};

struct EsipaMessageFromIpaToEim {
    std::variant<InitiateAuthenticationRequestEsipa,
                 AuthenticateClientRequestEsipa,
                 GetBoundProfilePackageRequestEsipa,
                 CancelSessionRequestEsipa,
                 HandleNotificationEsipa,
                 TransferEimPackageResponse,
                 GetEimPackageRequest,
                 ProvideEimPackageResult>
        is;
    template <int = 0> static constexpr auto asn1() {
        using T = EsipaMessageFromIpaToEim;
        return choice("EsipaMessageFromIpaToEim",
                      0,
                      alternative<&T::is, 0>("initiateAuthenticationRequestEsipa", 0xBF39),
                      alternative<&T::is, 1>("authenticateClientRequestEsipa", 0xBF3B),
                      alternative<&T::is, 2>("getBoundProfilePackageRequestEsipa", 0xBF3A),
                      alternative<&T::is, 3>("cancelSessionRequestEsipa", 0xBF41),
                      alternative<&T::is, 4>("handleNotificationEsipa", 0xBF3D),
                      alternative<&T::is, 5>("transferEimPackageResponse", 0xBF4E),
                      alternative<&T::is, 6>("getEimPackageRequest", 0xBF4F),
                      alternative<&T::is, 7>("provideEimPackageResult", 0xBF50));
    }
};

struct InitiateAuthenticationOkEsipa {
    std::optional<Bytes> transaction_id{};
    Exact<ServerSigned1> server_signed1{};
    Bytes server_signature1{};
    Bytes euicc_ci_pk_identifier_to_be_used{};
    Raw server_certificate{};
    std::optional<std::string_view> matching_id{};
    std::optional<CtxParams1> ctx_params1{};
    template <int = 0> static constexpr auto asn1() {
        using T = InitiateAuthenticationOkEsipa;
        return sequence("InitiateAuthenticationOkEsipa",
                        0x30,
                        field<&T::transaction_id>("transactionId", 0x80, Size{1, 16}),
                        field<&T::server_signed1>("serverSigned1", 0x30),
                        field<&T::server_signature1>("serverSignature1", 0x5F37),
                        field<&T::euicc_ci_pk_identifier_to_be_used>("euiccCiPKIdentifierToBeUsed", 0x04),
                        field<&T::server_certificate>("serverCertificate", 0x30),
                        field<&T::matching_id>("matchingId", 0x0C),
                        field<&T::ctx_params1>("ctxParams1", 0xA2));
    }
};

struct InitiateAuthenticationResponseEsipa {
    enum class InitiateAuthenticationErrorEsipa : uint8_t {
        invalid_dp_address = 1,
        euicc_version_not_supported_by_dp = 2,
        ci_pk_id_not_supported = 3,
        smdp_address_mismatch = 50,
        smdp_oid_mismatch = 51,
        invalid_eim_transaction_id = 52,
        undefined_error = 127
    };
    friend constexpr auto asn1_names(InitiateAuthenticationErrorEsipa) {
        return std::array<asn1::NamedValue, 7>{{{1, "invalidDpAddress"},
                                                {2, "euiccVersionNotSupportedByDp"},
                                                {3, "ciPKIdNotSupported"},
                                                {50, "smdpAddressMismatch"},
                                                {51, "smdpOidMismatch"},
                                                {52, "invalidEimTransactionId"},
                                                {127, "undefinedError"}}};
    }
    std::variant<InitiateAuthenticationOkEsipa, InitiateAuthenticationErrorEsipa> is;
    template <int = 0> static constexpr auto asn1() {
        using T = InitiateAuthenticationResponseEsipa;
        return choice("InitiateAuthenticationResponseEsipa",
                      0xBF39,
                      alternative<&T::is, 0>("initiateAuthenticationOkEsipa", 0xA0),
                      alternative<&T::is, 1>("initiateAuthenticationErrorEsipa", 0x81));
    }
};

struct AuthenticateClientOkDPEsipa {
    std::optional<Bytes> transaction_id{};
    std::optional<Exact<StoreMetadataRequest>> profile_meta_data{};
    Exact<SmdpSigned2> smdp_signed2{};
    Bytes smdp_signature2{};
    Raw smdp_certificate{};
    std::optional<std::array<uint8_t, 32>> hash_cc{};
    template <int = 0> static constexpr auto asn1() {
        using T = AuthenticateClientOkDPEsipa;
        return sequence("AuthenticateClientOkDPEsipa",
                        0x30,
                        field<&T::transaction_id>("transactionId", 0x80, Size{1, 16}),
                        field<&T::profile_meta_data>("profileMetaData", 0xBF25),
                        field<&T::smdp_signed2>("smdpSigned2", 0x30),
                        field<&T::smdp_signature2>("smdpSignature2", 0x5F37),
                        field<&T::smdp_certificate>("smdpCertificate", 0x30),
                        field<&T::hash_cc>("hashCc", 0x04));
    }
};

struct AuthenticateClientOkDSEsipa {
    Bytes transaction_id{};
    std::optional<ProfileDownloadTriggerRequest> profile_download_trigger{};
    template <int = 0> static constexpr auto asn1() {
        using T = AuthenticateClientOkDSEsipa;
        return sequence("AuthenticateClientOkDSEsipa",
                        0x30,
                        field<&T::transaction_id>("transactionId", 0x80, Size{1, 16}),
                        field<&T::profile_download_trigger>("profileDownloadTrigger", 0xBF54));
    }
};

struct AuthenticateClientResponseEsipa {
    enum class AuthenticateClientErrorEsipa : uint8_t {
        eum_certificate_invalid = 1,
        eum_certificate_expired = 2,
        euicc_certificate_invalid = 3,
        euicc_certificate_expired = 4,
        euicc_signature_invalid = 5,
        matching_id_refused = 6,
        eid_mismatch = 7,
        no_eligible_profile = 8,
        ci_pk_unknown = 9,
        invalid_transaction_id = 10,
        insufficient_memory = 11,
        download_order_expired = 18, // v1.3
        ppr_not_allowed = 50,
        event_id_unknown = 56,
        undefined_error = 127
    };
    friend constexpr auto asn1_names(AuthenticateClientErrorEsipa) {
        return std::array<asn1::NamedValue, 15>{{{1, "eumCertificateInvalid"},
                                                 {2, "eumCertificateExpired"},
                                                 {3, "euiccCertificateInvalid"},
                                                 {4, "euiccCertificateExpired"},
                                                 {5, "euiccSignatureInvalid"},
                                                 {6, "matchingIdRefused"},
                                                 {7, "eidMismatch"},
                                                 {8, "noEligibleProfile"},
                                                 {9, "ciPKUnknown"},
                                                 {10, "invalidTransactionId"},
                                                 {11, "insufficientMemory"},
                                                 {18, "downloadOrderExpired"},
                                                 {50, "pprNotAllowed"},
                                                 {56, "eventIdUnknown"},
                                                 {127, "undefinedError"}}};
    }
    std::variant<AuthenticateClientOkDPEsipa, AuthenticateClientOkDSEsipa, AuthenticateClientErrorEsipa> is;
    template <int = 0> static constexpr auto asn1() {
        using T = AuthenticateClientResponseEsipa;
        return choice("AuthenticateClientResponseEsipa",
                      0xBF3B,
                      alternative<&T::is, 0>("authenticateClientOkDPEsipa", 0xA0),
                      alternative<&T::is, 1>("authenticateClientOkDSEsipa", 0xA1),
                      alternative<&T::is, 2>("authenticateClientErrorEsipa", 0x82));
    }
};

struct GetBoundProfilePackageOkEsipa {
    std::optional<Bytes> transaction_id{};
    Exact<BoundProfilePackage> bound_profile_package{};
    template <int = 0> static constexpr auto asn1() {
        using T = GetBoundProfilePackageOkEsipa;
        return sequence("GetBoundProfilePackageOkEsipa",
                        0x30,
                        field<&T::transaction_id>("transactionId", 0x80, Size{1, 16}),
                        field<&T::bound_profile_package>("boundProfilePackage", 0xBF36));
    }
};

struct GetBoundProfilePackageResponseEsipa {
    enum class GetBoundProfilePackageErrorEsipa : uint8_t {
        euicc_signature_invalid = 1,
        confirmation_code_missing = 2,
        confirmation_code_refused = 3,
        confirmation_code_retries_exceeded = 4,
        bpp_rebinding_refused = 5,
        download_order_expired = 6,
        metadata_mismatch = 50,
        invalid_transaction_id = 95,
        undefined_error = 127
    };
    friend constexpr auto asn1_names(GetBoundProfilePackageErrorEsipa) {
        return std::array<asn1::NamedValue, 9>{{{1, "euiccSignatureInvalid"},
                                                {2, "confirmationCodeMissing"},
                                                {3, "confirmationCodeRefused"},
                                                {4, "confirmationCodeRetriesExceeded"},
                                                {5, "bppRebindingRefused"},
                                                {6, "downloadOrderExpired"},
                                                {50, "metadataMismatch"},
                                                {95, "invalidTransactionId"},
                                                {127, "undefinedError"}}};
    }
    std::variant<GetBoundProfilePackageOkEsipa, GetBoundProfilePackageErrorEsipa> is;
    template <int = 0> static constexpr auto asn1() {
        using T = GetBoundProfilePackageResponseEsipa;
        return choice("GetBoundProfilePackageResponseEsipa",
                      0xBF3A,
                      alternative<&T::is, 0>("getBoundProfilePackageOkEsipa", 0xA0),
                      alternative<&T::is, 1>("getBoundProfilePackageErrorEsipa", 0x81));
    }
};

struct CancelSessionResponseEsipa {
    enum class CancelSessionError : uint8_t {
        invalid_transaction_id = 1,
        euicc_signature_invalid = 2,
        undefined_error = 127
    };
    friend constexpr auto asn1_names(CancelSessionError) {
        return std::array<asn1::NamedValue, 3>{
            {{1, "invalidTransactionId"}, {2, "euiccSignatureInvalid"}, {127, "undefinedError"}}};
    }
    std::variant<CancelSessionOk, CancelSessionError> is;
    template <int = 0> static constexpr auto asn1() {
        using T = CancelSessionResponseEsipa;
        return choice("CancelSessionResponseEsipa",
                      0xBF41,
                      alternative<&T::is, 0>("cancelSessionOk", 0xA0),
                      alternative<&T::is, 1>("cancelSessionError", 0x81));
    }
};

struct GetEimPackageResponse {
    enum class EimPackageError : uint8_t {
        no_eim_package_available = 1,
        eid_not_found = 2,
        invalid_eid = 3,
        missing_eid = 4,
        undefined_error = 127
    };
    friend constexpr auto asn1_names(EimPackageError) {
        return std::array<asn1::NamedValue, 5>{{{1, "noEimPackageAvailable"},
                                                {2, "eidNotFound"},
                                                {3, "invalidEid"},
                                                {4, "missingEid"},
                                                {127, "undefinedError"}}};
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

struct EmptyResponse {
    template <int = 0> static constexpr auto asn1() {
        return asn1::Spec<0>{asn1::Kind::sequence, "EmptyResponse", 0x30, {}};
    }
};

struct ProvideEimPackageResultResponse {
    enum class ProvideEimPackageResultError : uint8_t {
        eid_not_found = 2,
        invalid_eid = 3,
        missing_eid = 4,
        undefined_error = 127
    };
    friend constexpr auto asn1_names(ProvideEimPackageResultError) {
        return std::array<asn1::NamedValue, 4>{
            {{2, "eidNotFound"}, {3, "invalidEid"}, {4, "missingEid"}, {127, "undefinedError"}}};
    }
    std::variant<List<Tagged<uint64_t, 0x80>>, EmptyResponse, ProvideEimPackageResultError> is;
    template <int = 0> static constexpr auto asn1() {
        using T = ProvideEimPackageResultResponse;
        return choice("ProvideEimPackageResultResponse",
                      0xBF50,
                      alternative<&T::is, 0>("eimAcknowledgements", 0xBF53),
                      alternative<&T::is, 1>("emptyResponse", 0x30),
                      alternative<&T::is, 2>("provideEimPackageResultError", 0x02));
    }
};

struct TransferEimPackageRequest {
    std::variant<Exact<EuiccPackageRequest>,
                 IpaEuiccDataRequest,
                 List<Tagged<uint64_t, 0x80>>,
                 ProfileDownloadTriggerRequest>
        is;
    template <int = 0> static constexpr auto asn1() {
        using T = TransferEimPackageRequest;
        return choice("TransferEimPackageRequest",
                      0xBF4E,
                      alternative<&T::is, 0>("euiccPackageRequest", 0xBF51),
                      alternative<&T::is, 1>("ipaEuiccDataRequest", 0xBF52),
                      alternative<&T::is, 2>("eimAcknowledgements", 0xBF53),
                      alternative<&T::is, 3>("profileDownloadTriggerRequest", 0xBF54));
    }
};

struct EsipaMessageFromEimToIpa {
    std::variant<InitiateAuthenticationResponseEsipa,
                 AuthenticateClientResponseEsipa,
                 GetBoundProfilePackageResponseEsipa,
                 CancelSessionResponseEsipa,
                 TransferEimPackageRequest,
                 GetEimPackageResponse,
                 ProvideEimPackageResultResponse>
        is;
    template <int = 0> static constexpr auto asn1() {
        using T = EsipaMessageFromEimToIpa;
        return choice("EsipaMessageFromEimToIpa",
                      0,
                      alternative<&T::is, 0>("initiateAuthenticationResponseEsipa", 0xBF39),
                      alternative<&T::is, 1>("authenticateClientResponseEsipa", 0xBF3B),
                      alternative<&T::is, 2>("getBoundProfilePackageResponseEsipa", 0xBF3A),
                      alternative<&T::is, 3>("cancelSessionResponseEsipa", 0xBF41),
                      alternative<&T::is, 4>("transferEimPackageRequest", 0xBF4E),
                      alternative<&T::is, 5>("getEimPackageResponse", 0xBF4F),
                      alternative<&T::is, 6>("provideEimPackageResultResponse", 0xBF50));
    }
};

} // namespace halyard::rsp
