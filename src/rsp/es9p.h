#pragma once
// ES9+ and ES11: what an IPA, LPA or eIM says to an SM-DP+ or SM-DS, ASN.1 binding. SGP.22 §6.6
#include "rsp/es10b_iot.h"

namespace halyard::rsp {
struct InitiateAuthenticationRequest {
    std::array<uint8_t, 16> euicc_challenge{};
    std::string_view smdp_address{};
    Exact<EuiccInfo1> euicc_info1{};
    template <int = 0> static constexpr auto asn1() {
        using T = InitiateAuthenticationRequest;
        return sequence("InitiateAuthenticationRequest",
                        0xBF39,
                        field<&T::euicc_challenge>("euiccChallenge", 0x81),
                        field<&T::smdp_address>("smdpAddress", 0x83),
                        field<&T::euicc_info1>("euiccInfo1", 0xBF20));
    }
};

struct InitiateAuthenticationOkEs9 {
    Bytes transaction_id{};
    Exact<ServerSigned1> server_signed1{};
    Bytes server_signature1{};
    Bytes euicc_ci_pk_id_to_be_used{};
    Raw server_certificate{};
    template <int = 0> static constexpr auto asn1() {
        using T = InitiateAuthenticationOkEs9;
        return sequence("InitiateAuthenticationOkEs9",
                        0x30,
                        field<&T::transaction_id>("transactionId", 0x80, Size{1, 16}),
                        field<&T::server_signed1>("serverSigned1", 0x30),
                        field<&T::server_signature1>("serverSignature1", 0x5F37),
                        field<&T::euicc_ci_pk_id_to_be_used>("euiccCiPKIdToBeUsed", 0x04),
                        field<&T::server_certificate>("serverCertificate", 0x30));
    }
};

struct InitiateAuthenticationResponse {
    enum class InitiateAuthenticationError : uint8_t {
        invalid_dp_address = 1,
        euicc_version_not_supported_by_dp = 2,
        ci_pk_not_supported = 3
    };
    friend constexpr auto asn1_names(InitiateAuthenticationError) {
        return std::array<asn1::NamedValue, 3>{
            {{1, "invalidDpAddress"}, {2, "euiccVersionNotSupportedByDp"}, {3, "ciPKNotSupported"}}};
    }
    std::variant<InitiateAuthenticationOkEs9, InitiateAuthenticationError> is;
    template <int = 0> static constexpr auto asn1() {
        using T = InitiateAuthenticationResponse;
        return choice("InitiateAuthenticationResponse",
                      0xBF39,
                      alternative<&T::is, 0>("initiateAuthenticationOk", 0xA0),
                      alternative<&T::is, 1>("initiateAuthenticationError", 0x81));
    }
};

struct AuthenticateClientRequest {
    Bytes transaction_id{};
    Exact<AuthenticateServerResponse> authenticate_server_response{};
    template <int = 0> static constexpr auto asn1() {
        using T = AuthenticateClientRequest;
        return sequence("AuthenticateClientRequest",
                        0xBF3B,
                        field<&T::transaction_id>("transactionId", 0x80, Size{1, 16}),
                        field<&T::authenticate_server_response>("authenticateServerResponse", 0xBF38));
    }
};

struct AuthenticateClientOk {
    Bytes transaction_id{};
    Exact<StoreMetadataRequest> profile_meta_data{};
    Exact<SmdpSigned2> smdp_signed2{};
    Bytes smdp_signature2{};
    Raw smdp_certificate{};
    template <int = 0> static constexpr auto asn1() {
        using T = AuthenticateClientOk;
        return sequence("AuthenticateClientOk",
                        0x30,
                        field<&T::transaction_id>("transactionId", 0x80, Size{1, 16}),
                        field<&T::profile_meta_data>("profileMetaData", 0xBF25),
                        field<&T::smdp_signed2>("smdpSigned2", 0x30),
                        field<&T::smdp_signature2>("smdpSignature2", 0x5F37),
                        field<&T::smdp_certificate>("smdpCertificate", 0x30));
    }
};

struct AuthenticateClientResponseEs9 {
    enum class AuthenticateClientError : uint8_t {
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
        undefined_error = 127
    };
    friend constexpr auto asn1_names(AuthenticateClientError) {
        return std::array<asn1::NamedValue, 12>{{{1, "eumCertificateInvalid"},
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
                                                 {127, "undefinedError"}}};
    }
    std::variant<AuthenticateClientOk, AuthenticateClientError> is;
    template <int = 0> static constexpr auto asn1() {
        using T = AuthenticateClientResponseEs9;
        return choice("AuthenticateClientResponseEs9",
                      0xBF3B,
                      alternative<&T::is, 0>("authenticateClientOk", 0xA0),
                      alternative<&T::is, 1>("authenticateClientError", 0x81));
    }
};

struct GetBoundProfilePackageRequest {
    Bytes transaction_id{};
    Exact<PrepareDownloadResponse> prepare_download_response{};
    template <int = 0> static constexpr auto asn1() {
        using T = GetBoundProfilePackageRequest;
        return sequence("GetBoundProfilePackageRequest",
                        0xBF3A,
                        field<&T::transaction_id>("transactionId", 0x80, Size{1, 16}),
                        field<&T::prepare_download_response>("prepareDownloadResponse", 0xBF21));
    }
};

struct GetBoundProfilePackageOk {
    Bytes transaction_id{};
    Exact<BoundProfilePackage> bound_profile_package{};
    template <int = 0> static constexpr auto asn1() {
        using T = GetBoundProfilePackageOk;
        return sequence("GetBoundProfilePackageOk",
                        0x30,
                        field<&T::transaction_id>("transactionId", 0x80, Size{1, 16}),
                        field<&T::bound_profile_package>("boundProfilePackage", 0xBF36));
    }
};

struct GetBoundProfilePackageResponse {
    enum class GetBoundProfilePackageError : uint8_t {
        euicc_signature_invalid = 1,
        confirmation_code_missing = 2,
        confirmation_code_refused = 3,
        confirmation_code_retries_exceeded = 4,
        bpp_rebinding_refused = 5,
        download_order_expired = 6,
        invalid_transaction_id = 95,
        undefined_error = 127
    };
    friend constexpr auto asn1_names(GetBoundProfilePackageError) {
        return std::array<asn1::NamedValue, 8>{{{1, "euiccSignatureInvalid"},
                                                {2, "confirmationCodeMissing"},
                                                {3, "confirmationCodeRefused"},
                                                {4, "confirmationCodeRetriesExceeded"},
                                                {5, "bppRebindingRefused"},
                                                {6, "downloadOrderExpired"},
                                                {95, "invalidTransactionId"},
                                                {127, "undefinedError"}}};
    }
    std::variant<GetBoundProfilePackageOk, GetBoundProfilePackageError> is;
    template <int = 0> static constexpr auto asn1() {
        using T = GetBoundProfilePackageResponse;
        return choice("GetBoundProfilePackageResponse",
                      0xBF3A,
                      alternative<&T::is, 0>("getBoundProfilePackageOk", 0xA0),
                      alternative<&T::is, 1>("getBoundProfilePackageError", 0x81));
    }
};

struct HandleNotification {
    PendingNotification pending_notification{};
    template <int = 0> static constexpr auto asn1() {
        using T = HandleNotification;
        return sequence(
            "HandleNotification", 0xBF3D, field<&T::pending_notification>("pendingNotification", 0xA0));
    }
};

struct CancelSessionRequestEs9 {
    Bytes transaction_id{};
    CancelSessionResponse cancel_session_response{};
    template <int = 0> static constexpr auto asn1() {
        using T = CancelSessionRequestEs9;
        return sequence("CancelSessionRequestEs9",
                        0xBF41,
                        field<&T::transaction_id>("transactionId", 0x80, Size{1, 16}),
                        field<&T::cancel_session_response>("cancelSessionResponse", 0xA1));
    }
};

struct CancelSessionOk {
    template <int = 0> static constexpr auto asn1() {
        return asn1::Spec<0>{asn1::Kind::sequence, "CancelSessionOk", 0x30, {}};
    }
};

struct CancelSessionResponseEs9 {
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
        using T = CancelSessionResponseEs9;
        return choice("CancelSessionResponseEs9",
                      0xBF41,
                      alternative<&T::is, 0>("cancelSessionOk", 0xA0),
                      alternative<&T::is, 1>("cancelSessionError", 0x81));
    }
};

struct EventEntries {
    std::string_view event_id{};
    std::string_view rsp_server_address{};
    template <int = 0> static constexpr auto asn1() {
        using T = EventEntries;
        return sequence("EventEntries",
                        0x30,
                        field<&T::event_id>("eventId", 0x80),
                        field<&T::rsp_server_address>("rspServerAddress", 0x81));
    }
};

struct AuthenticateClientOkEs11 {
    Bytes transaction_id{};
    List<EventEntries> event_entries{};
    template <int = 0> static constexpr auto asn1() {
        using T = AuthenticateClientOkEs11;
        return sequence("AuthenticateClientOkEs11",
                        0x30,
                        field<&T::transaction_id>("transactionId", 0x80, Size{1, 16}),
                        field<&T::event_entries>("eventEntries", 0xA1));
    }
};

struct AuthenticateClientResponseEs11 {
    enum class AuthenticateClientError : uint8_t {
        eum_certificate_invalid = 1,
        eum_certificate_expired = 2,
        euicc_certificate_invalid = 3,
        euicc_certificate_expired = 4,
        euicc_signature_invalid = 5,
        event_id_unknown = 6,
        invalid_transaction_id = 7,
        undefined_error = 127
    };
    friend constexpr auto asn1_names(AuthenticateClientError) {
        return std::array<asn1::NamedValue, 8>{{{1, "eumCertificateInvalid"},
                                                {2, "eumCertificateExpired"},
                                                {3, "euiccCertificateInvalid"},
                                                {4, "euiccCertificateExpired"},
                                                {5, "euiccSignatureInvalid"},
                                                {6, "eventIdUnknown"},
                                                {7, "invalidTransactionId"},
                                                {127, "undefinedError"}}};
    }
    std::variant<AuthenticateClientOkEs11, AuthenticateClientError> is;
    template <int = 0> static constexpr auto asn1() {
        using T = AuthenticateClientResponseEs11;
        return choice("AuthenticateClientResponseEs11",
                      0xBF40,
                      alternative<&T::is, 0>("authenticateClientOk", 0xA0),
                      alternative<&T::is, 1>("authenticateClientError", 0x81));
    }
};

/// What stands in an ES9+ or ES11 request of the ASN.1 binding. SGP.22 §6.6.1
struct RemoteProfileProvisioningRequest {
    std::variant<InitiateAuthenticationRequest,
                 AuthenticateClientRequest,
                 GetBoundProfilePackageRequest,
                 CancelSessionRequestEs9,
                 HandleNotification>
        is;
    template <int = 0> static constexpr auto asn1() {
        using T = RemoteProfileProvisioningRequest;
        return choice("RemoteProfileProvisioningRequest",
                      0xA2,
                      alternative<&T::is, 0>("initiateAuthenticationRequest", 0xBF39),
                      alternative<&T::is, 1>("authenticateClientRequest", 0xBF3B),
                      alternative<&T::is, 2>("getBoundProfilePackageRequest", 0xBF3A),
                      alternative<&T::is, 3>("cancelSessionRequestEs9", 0xBF41),
                      alternative<&T::is, 4>("handleNotification", 0xBF3D));
    }
};

struct RemoteProfileProvisioningResponse {
    std::variant<InitiateAuthenticationResponse,
                 AuthenticateClientResponseEs9,
                 GetBoundProfilePackageResponse,
                 CancelSessionResponseEs9,
                 AuthenticateClientResponseEs11>
        is;
    template <int = 0> static constexpr auto asn1() {
        using T = RemoteProfileProvisioningResponse;
        return choice("RemoteProfileProvisioningResponse",
                      0xA2,
                      alternative<&T::is, 0>("initiateAuthenticationResponse", 0xBF39),
                      alternative<&T::is, 1>("authenticateClientResponseEs9", 0xBF3B),
                      alternative<&T::is, 2>("getBoundProfilePackageResponse", 0xBF3A),
                      alternative<&T::is, 3>("cancelSessionResponseEs9", 0xBF41),
                      alternative<&T::is, 4>("authenticateClientResponseEs11", 0xBF40));
    }
};

} // namespace halyard::rsp
