#pragma once
// ES10b functions that SGP.32 adds. SGP.32 §5.9
#include "rsp/eim_package.h"

namespace halyard::rsp {
struct RetrieveNotificationsListRequestSearchCriteria {
    std::variant<uint64_t, BitSet<NotificationEvent>, Null> is;
    template <int = 0> static constexpr auto asn1() {
        using T = RetrieveNotificationsListRequestSearchCriteria;
        return choice("RetrieveNotificationsListRequestSearchCriteria",
                      0,
                      alternative<&T::is, 0>("seqNumber", 0x80),
                      alternative<&T::is, 1>("profileManagementOperation", 0x81),
                      alternative<&T::is, 2>("euiccPackageResults", 0x82));
    }
};

struct RetrieveNotificationsListRequest {
    std::optional<RetrieveNotificationsListRequestSearchCriteria> search_criteria{};
    template <int = 0> static constexpr auto asn1() {
        using T = RetrieveNotificationsListRequest;
        return sequence(
            "RetrieveNotificationsListRequest", 0xBF2B, field<&T::search_criteria>("searchCriteria", 0xA0));
    }
};

struct RetrieveNotificationsListResponse {
    enum class NotificationsListResultError : uint8_t { undefined_error = 127 };
    friend constexpr auto asn1_names(NotificationsListResultError) {
        return std::array<asn1::NamedValue, 1>{{{127, "undefinedError"}}};
    }
    std::variant<List<PendingNotification>, NotificationsListResultError, List<EuiccPackageResult>> is;
    template <int = 0> static constexpr auto asn1() {
        using T = RetrieveNotificationsListResponse;
        return choice("RetrieveNotificationsListResponse",
                      0xBF2B,
                      alternative<&T::is, 0>("notificationList", 0xA0),
                      alternative<&T::is, 1>("notificationsListResultError", 0x81),
                      alternative<&T::is, 2>("euiccPackageResultList", 0xA2));
    }
};

struct IsdrProprietaryApplicationTemplateIot {
    enum class EuiccConfiguration : uint8_t { ipae_supported = 0, enabled_profile = 1 };
    friend constexpr auto asn1_names(EuiccConfiguration) {
        return std::array<asn1::NamedValue, 2>{{{0, "ipaeSupported"}, {1, "enabledProfile"}}};
    }
    BitSet<EuiccConfiguration> euicc_configuration{};
    template <int = 0> static constexpr auto asn1() {
        using T = IsdrProprietaryApplicationTemplateIot;
        return sequence("ISDRProprietaryApplicationTemplateIoT",
                        0xE1,
                        field<&T::euicc_configuration>("euiccConfiguration", 0x80));
    }
};

struct IpaeActivationRequest {
    enum class IpaeOption : uint8_t { activate_ipae = 0 };
    friend constexpr auto asn1_names(IpaeOption) {
        return std::array<asn1::NamedValue, 1>{{{0, "activateIpae"}}};
    }
    BitSet<IpaeOption> ipae_option{};
    template <int = 0> static constexpr auto asn1() {
        using T = IpaeActivationRequest;
        return sequence("IpaeActivationRequest", 0xBF42, field<&T::ipae_option>("ipaeOption", 0x80));
    }
};

struct IpaeActivationResponse {
    enum class IpaeActivationResult : uint8_t { ok = 0, not_supported = 1 };
    friend constexpr auto asn1_names(IpaeActivationResult) {
        return std::array<asn1::NamedValue, 2>{{{0, "ok"}, {1, "notSupported"}}};
    }
    IpaeActivationResult ipae_activation_result{};
    template <int = 0> static constexpr auto asn1() {
        using T = IpaeActivationResponse;
        return sequence("IpaeActivationResponse",
                        0xBF42,
                        field<&T::ipae_activation_result>("ipaeActivationResult", 0x80));
    }
};

struct AddInitialEimRequest {
    List<EimConfigurationData> eim_configuration_data_list{};
    template <int = 0> static constexpr auto asn1() {
        using T = AddInitialEimRequest;
        return sequence("AddInitialEimRequest",
                        0xBF57,
                        field<&T::eim_configuration_data_list>("eimConfigurationDataList", 0xA0));
    }
};

struct AddInitialEimItem {
    std::variant<int64_t, Null> is;
    template <int = 0> static constexpr auto asn1() {
        using T = AddInitialEimItem;
        return choice("AddInitialEimItem",
                      0,
                      alternative<&T::is, 0>("associationToken", 0x84),
                      alternative<&T::is, 1>("addOk", 0x05));
    }
};

struct AddInitialEimResponse {
    enum class AddInitialEimError : uint8_t {
        insufficient_memory = 1,
        associated_eim_already_exists = 2,
        ci_pk_unknown = 3,
        invalid_association_token = 5,
        counter_value_out_of_range = 6,
        command_error = 7,
        undefined_error = 127
    };
    friend constexpr auto asn1_names(AddInitialEimError) {
        return std::array<asn1::NamedValue, 7>{{{1, "insufficientMemory"},
                                                {2, "associatedEimAlreadyExists"},
                                                {3, "ciPKUnknown"},
                                                {5, "invalidAssociationToken"},
                                                {6, "counterValueOutOfRange"},
                                                {7, "commandError"},
                                                {127, "undefinedError"}}};
    }
    std::variant<List<AddInitialEimItem>, AddInitialEimError> is;
    template <int = 0> static constexpr auto asn1() {
        using T = AddInitialEimResponse;
        return choice("AddInitialEimResponse",
                      0xBF57,
                      alternative<&T::is, 0>("addInitialEimOk", 0xA0),
                      alternative<&T::is, 1>("addInitialEimError", 0x81));
    }
};

struct GetCertsRequest {
    std::optional<Bytes> euicc_ci_pk_id{};
    template <int = 0> static constexpr auto asn1() {
        using T = GetCertsRequest;
        return sequence(
            "GetCertsRequest", 0xBF56, field<&T::euicc_ci_pk_id>("euiccCiPKId", 0x80).or_tag(0x04));
    }
};

struct Certs {
    Raw eum_certificate{};
    Raw euicc_certificate{};
    template <int = 0> static constexpr auto asn1() {
        using T = Certs;
        return sequence("Certs",
                        0x30,
                        field<&T::eum_certificate>("eumCertificate", 0xA5),
                        field<&T::euicc_certificate>("euiccCertificate", 0xA6));
    }
};

struct GetCertsResponse {
    enum class GetCertsError : uint8_t { invalid_ci_pk_id = 1, undfined_error = 127 };
    friend constexpr auto asn1_names(GetCertsError) {
        return std::array<asn1::NamedValue, 2>{{{1, "invalidCiPKId"}, {127, "undfinedError"}}};
    }
    std::variant<Certs, GetCertsError> is;
    template <int = 0> static constexpr auto asn1() {
        using T = GetCertsResponse;
        return choice("GetCertsResponse",
                      0xBF56,
                      alternative<&T::is, 0>("certs", 0xA0),
                      alternative<&T::is, 1>("getCertsError", 0x81));
    }
};

struct ImmediateEnableRequest {
    bool refresh_flag = false;
    template <int = 0> static constexpr auto asn1() {
        using T = ImmediateEnableRequest;
        return sequence(
            "ImmediateEnableRequest", 0xBF5A, field<&T::refresh_flag>("refreshFlag", 0x80).or_tag(0x01));
    }
};

struct ImmediateEnableResponse {
    enum class ImmediateEnableResult : uint8_t {
        ok = 0,
        immediate_enable_not_available = 1,
        no_session_context = 4,
        cat_busy = 5,
        undefined_error = 127
    };
    friend constexpr auto asn1_names(ImmediateEnableResult) {
        return std::array<asn1::NamedValue, 5>{{{0, "ok"},
                                                {1, "immediateEnableNotAvailable"},
                                                {4, "noSessionContext"},
                                                {5, "catBusy"},
                                                {127, "undefinedError"}}};
    }
    ImmediateEnableResult immediate_enable_result{};
    template <int = 0> static constexpr auto asn1() {
        using T = ImmediateEnableResponse;
        return sequence("ImmediateEnableResponse",
                        0xBF5A,
                        field<&T::immediate_enable_result>("immediateEnableResult", 0x80));
    }
};

struct ProfileRollbackRequest {
    bool refresh_flag = false;
    template <int = 0> static constexpr auto asn1() {
        using T = ProfileRollbackRequest;
        return sequence(
            "ProfileRollbackRequest", 0xBF58, field<&T::refresh_flag>("refreshFlag", 0x80).or_tag(0x01));
    }
};

struct ProfileRollbackResponse {
    enum class CmdResult : uint8_t {
        ok = 0,
        rollback_not_allowed = 1,
        cat_busy = 5,
        command_error = 7,
        undefined_error = 127
    };
    friend constexpr auto asn1_names(CmdResult) {
        return std::array<asn1::NamedValue, 5>{{{0, "ok"},
                                                {1, "rollbackNotAllowed"},
                                                {5, "catBusy"},
                                                {7, "commandError"},
                                                {127, "undefinedError"}}};
    }
    CmdResult cmd_result{};
    std::optional<Exact<EuiccPackageResult>> euicc_package_result{};
    template <int = 0> static constexpr auto asn1() {
        using T = ProfileRollbackResponse;
        return sequence("ProfileRollbackResponse",
                        0xBF58,
                        field<&T::cmd_result>("cmdResult", 0x02),
                        field<&T::euicc_package_result>("eUICCPackageResult", 0xBF51));
    }
};

struct ConfigureImmediateProfileEnablingRequest {
    std::optional<Null> immediate_enable_flag{};
    std::optional<Oid> default_smdp_oid{};
    std::optional<std::string_view> default_smdp_address{};
    template <int = 0> static constexpr auto asn1() {
        using T = ConfigureImmediateProfileEnablingRequest;
        return sequence("ConfigureImmediateProfileEnablingRequest",
                        0xBF59,
                        field<&T::immediate_enable_flag>("immediateEnableFlag", 0x80),
                        field<&T::default_smdp_oid>("defaultSmdpOid", 0x81),
                        field<&T::default_smdp_address>("defaultSmdpAddress", 0x82));
    }
};

struct ConfigureImmediateProfileEnablingResponse {
    enum class ConfigImmediateEnableResult : uint8_t {
        ok = 0,
        insufficient_memory = 1,
        associated_eim_already_exists = 2,
        undefined_error = 127
    };
    friend constexpr auto asn1_names(ConfigImmediateEnableResult) {
        return std::array<asn1::NamedValue, 4>{{{0, "ok"},
                                                {1, "insufficientMemory"},
                                                {2, "associatedEimAlreadyExists"},
                                                {127, "undefinedError"}}};
    }
    ConfigImmediateEnableResult config_immediate_enable_result{};
    template <int = 0> static constexpr auto asn1() {
        using T = ConfigureImmediateProfileEnablingResponse;
        return sequence("ConfigureImmediateProfileEnablingResponse",
                        0xBF59,
                        field<&T::config_immediate_enable_result>("configImmediateEnableResult", 0x80));
    }
};

struct GetEimConfigurationDataRequestSearchCriteria {
    std::variant<std::string_view> is;
    template <int = 0> static constexpr auto asn1() {
        using T = GetEimConfigurationDataRequestSearchCriteria;
        return choice("GetEimConfigurationDataRequestSearchCriteria",
                      0,
                      alternative<&T::is, 0>("eimId", 0x80, Size{1, 128}));
    }
};

struct GetEimConfigurationDataRequest {
    std::optional<GetEimConfigurationDataRequestSearchCriteria> search_criteria{};
    template <int = 0> static constexpr auto asn1() {
        using T = GetEimConfigurationDataRequest;
        return sequence(
            "GetEimConfigurationDataRequest", 0xBF55, field<&T::search_criteria>("searchCriteria", 0xA0));
    }
};

struct GetEimConfigurationDataResponse {
    List<EimConfigurationData> eim_configuration_data_list{};
    template <int = 0> static constexpr auto asn1() {
        using T = GetEimConfigurationDataResponse;
        return sequence("GetEimConfigurationDataResponse",
                        0xBF55,
                        field<&T::eim_configuration_data_list>("eimConfigurationDataList", 0xA0));
    }
};

struct ExecuteFallbackMechanismRequest {
    bool refresh_flag = false;
    template <int = 0> static constexpr auto asn1() {
        using T = ExecuteFallbackMechanismRequest;
        return sequence("ExecuteFallbackMechanismRequest",
                        0xBF5D,
                        field<&T::refresh_flag>("refreshFlag", 0x80).or_tag(0x01));
    }
};

struct ExecuteFallbackMechanismResponse {
    enum class ExecuteFallbackMechanismResult : uint8_t {
        ok = 0,
        profile_not_in_disabled_state = 2,
        cat_busy = 5,
        fallback_not_available = 6,
        command_error = 7,
        ecall_active = 104,
        undefined_error = 127
    };
    friend constexpr auto asn1_names(ExecuteFallbackMechanismResult) {
        return std::array<asn1::NamedValue, 7>{{{0, "ok"},
                                                {2, "profileNotInDisabledState"},
                                                {5, "catBusy"},
                                                {6, "fallbackNotAvailable"},
                                                {7, "commandError"},
                                                {104, "ecallActive"},
                                                {127, "undefinedError"}}};
    }
    ExecuteFallbackMechanismResult execute_fallback_mechanism_result{};
    template <int = 0> static constexpr auto asn1() {
        using T = ExecuteFallbackMechanismResponse;
        return sequence("ExecuteFallbackMechanismResponse",
                        0xBF5D,
                        field<&T::execute_fallback_mechanism_result>("executeFallbackMechanismResult", 0x80));
    }
};

struct ReturnFromFallbackRequest {
    bool refresh_flag = false;
    template <int = 0> static constexpr auto asn1() {
        using T = ReturnFromFallbackRequest;
        return sequence(
            "ReturnFromFallbackRequest", 0xBF5E, field<&T::refresh_flag>("refreshFlag", 0x80).or_tag(0x01));
    }
};

struct ReturnFromFallbackResponse {
    enum class ReturnFromFallbackResult : uint8_t {
        ok = 0,
        cat_busy = 5,
        fallback_not_available = 6,
        command_error = 7,
        undefined_error = 127
    };
    friend constexpr auto asn1_names(ReturnFromFallbackResult) {
        return std::array<asn1::NamedValue, 5>{{{0, "ok"},
                                                {5, "catBusy"},
                                                {6, "fallbackNotAvailable"},
                                                {7, "commandError"},
                                                {127, "undefinedError"}}};
    }
    ReturnFromFallbackResult return_from_fallback_result{};
    template <int = 0> static constexpr auto asn1() {
        using T = ReturnFromFallbackResponse;
        return sequence("ReturnFromFallbackResponse",
                        0xBF5E,
                        field<&T::return_from_fallback_result>("returnFromFallbackResult", 0x80));
    }
};

struct EnableEmergencyProfileRequest {
    bool refresh_flag = false;
    template <int = 0> static constexpr auto asn1() {
        using T = EnableEmergencyProfileRequest;
        return sequence("EnableEmergencyProfileRequest",
                        0xBF5B,
                        field<&T::refresh_flag>("refreshFlag", 0x80).or_tag(0x01));
    }
};

struct EnableEmergencyProfileResponse {
    enum class EnableEmergencyProfileResult : uint8_t {
        ok = 0,
        profile_not_in_disabled_state = 2,
        cat_busy = 5,
        ecall_not_available = 8,
        undefined_error = 127
    };
    friend constexpr auto asn1_names(EnableEmergencyProfileResult) {
        return std::array<asn1::NamedValue, 5>{{{0, "ok"},
                                                {2, "profileNotInDisabledState"},
                                                {5, "catBusy"},
                                                {8, "ecallNotAvailable"},
                                                {127, "undefinedError"}}};
    }
    EnableEmergencyProfileResult enable_emergency_profile_result{};
    template <int = 0> static constexpr auto asn1() {
        using T = EnableEmergencyProfileResponse;
        return sequence("EnableEmergencyProfileResponse",
                        0xBF5B,
                        field<&T::enable_emergency_profile_result>("enableEmergencyProfileResult", 0x80));
    }
};

struct DisableEmergencyProfileRequest {
    bool refresh_flag = false;
    template <int = 0> static constexpr auto asn1() {
        using T = DisableEmergencyProfileRequest;
        return sequence("DisableEmergencyProfileRequest",
                        0xBF5C,
                        field<&T::refresh_flag>("refreshFlag", 0x80).or_tag(0x01));
    }
};

struct DisableEmergencyProfileResponse {
    enum class DisableEmergencyProfileResult : uint8_t {
        ok = 0,
        profile_not_in_enabled_state = 2,
        cat_busy = 5,
        ecall_not_available = 8, // v1.3
        undefined_error = 127
    };
    friend constexpr auto asn1_names(DisableEmergencyProfileResult) {
        return std::array<asn1::NamedValue, 5>{{{0, "ok"},
                                                {2, "profileNotInEnabledState"},
                                                {5, "catBusy"},
                                                {8, "ecallNotAvailable"},
                                                {127, "undefinedError"}}};
    }
    DisableEmergencyProfileResult disable_emergency_profile_result{};
    template <int = 0> static constexpr auto asn1() {
        using T = DisableEmergencyProfileResponse;
        return sequence("DisableEmergencyProfileResponse",
                        0xBF5C,
                        field<&T::disable_emergency_profile_result>("disableEmergencyProfileResult", 0x80));
    }
};

struct GetConnectivityParametersRequest {
    template <int = 0> static constexpr auto asn1() {
        return asn1::Spec<0>{asn1::Kind::sequence, "GetConnectivityParametersRequest", 0xBF5F, {}};
    }
};

struct ConnectivityParameters {
    std::optional<Bytes> http_params{};
    template <int = 0> static constexpr auto asn1() {
        using T = ConnectivityParameters;
        return sequence("ConnectivityParameters", 0x30, field<&T::http_params>("httpParams", 0x81));
    }
};

enum class ConnectivityParametersError : uint8_t { parameters_not_available = 1, undefined_error = 127 };
constexpr auto asn1_names(ConnectivityParametersError) {
    return std::array<asn1::NamedValue, 2>{{{1, "parametersNotAvailable"}, {127, "undefinedError"}}};
}

struct GetConnectivityParametersResponse {
    std::variant<ConnectivityParameters, ConnectivityParametersError> is;
    template <int = 0> static constexpr auto asn1() {
        using T = GetConnectivityParametersResponse;
        return choice("GetConnectivityParametersResponse",
                      0xBF5F,
                      alternative<&T::is, 0>("connectivityParameters", 0xA0),
                      alternative<&T::is, 1>("connectivityParametersError", 0x81));
    }
};

} // namespace halyard::rsp
