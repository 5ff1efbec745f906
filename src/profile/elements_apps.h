#pragma once
// Profile elements for security domains, applications and remote file management. Kept as data, never
// executed (SR-25).
#include "profile/elements.h"

namespace halyard::profile {

struct ContactlessParameters {
    Bytes protocol_parameter_data;
    template <int = 0> static constexpr auto asn1() {
        using T = ContactlessParameters;
        return sequence("TS102226AdditionalContactlessParameters",
                        0x30,
                        field<&T::protocol_parameter_data>("protocolParameterData", 0x80));
    }
};

struct ApplicationSystemParameters {
    std::optional<Bytes> volatile_quota, non_volatile_quota, global_service, implicit_selection,
        volatile_reserved, non_volatile_reserved, toolkit_parameter;
    std::optional<ContactlessParameters> contactless;
    std::optional<Bytes> contactless_protocol, user_interaction, granted_volatile, granted_non_volatile;
    template <int = 0> static constexpr auto asn1() {
        using T = ApplicationSystemParameters;
        return sequence(
            "ApplicationSystemParameters",
            0x30,
            field<&T::volatile_quota>("volatileMemoryQuotaC7", 0xC7, Size{2, 4}),
            field<&T::non_volatile_quota>("nonVolatileMemoryQuotaC8", 0xC8, Size{2, 4}),
            field<&T::global_service>("globalServiceParameters", 0xCB),
            field<&T::implicit_selection>("implicitSelectionParameter", 0xCF),
            field<&T::volatile_reserved>("volatileReservedMemory", 0xD7, Size{2, 4}),
            field<&T::non_volatile_reserved>("nonVolatileReservedMemory", 0xD8, Size{2, 4}),
            field<&T::toolkit_parameter>("ts102226SIMFileAccessToolkitParameter", 0xCA),
            field<&T::contactless>("ts102226AdditionalContactlessParameters", 0xA0),
            field<&T::contactless_protocol>("contactlessProtocolParameters", 0xD9),
            field<&T::user_interaction>("userInteractionContactlessParameters", 0xDA),
            field<&T::granted_volatile>("cumulativeGrantedVolatileMemory", 0x82, Size{2, 4}),
            field<&T::granted_non_volatile>("cumulativeGrantedNonVolatileMemory", 0x83, Size{2, 4}));
    }
};

struct UiccApplicationParameters {
    std::optional<Bytes> toolkit, access, admin_access;
    template <int = 0> static constexpr auto asn1() {
        using T = UiccApplicationParameters;
        return sequence(
            "UICCApplicationParameters",
            0x30,
            field<&T::toolkit>("uiccToolkitApplicationSpecificParametersField", 0x80),
            field<&T::access>("uiccAccessApplicationSpecificParametersField", 0x81),
            field<&T::admin_access>("uiccAdministrativeAccessApplicationSpecificParametersField", 0x82));
    }
};

struct ControlReferenceTemplate {
    Bytes provider;
    template <int = 0> static constexpr auto asn1() {
        using T = ControlReferenceTemplate;
        return sequence(
            "ControlReferenceTemplate", 0x30, field<&T::provider>("applicationProviderIdentifier", 0x5F20));
    }
};

/// The four AIDs all carry tag 4F; order tells them apart.
struct ApplicationInstance {
    Bytes load_package_aid, class_aid, instance_aid;
    std::optional<Bytes> extradite_aid;
    Bytes privileges;
    std::optional<std::array<uint8_t, 1>> life_cycle; // default 07
    Bytes parameters;
    std::optional<ApplicationSystemParameters> system;
    std::optional<UiccApplicationParameters> uicc;
    std::optional<List<Bytes>> process_data;
    std::optional<ControlReferenceTemplate> control_reference;
    template <int = 0> static constexpr auto asn1() {
        using T = ApplicationInstance;
        return sequence("ApplicationInstance",
                        0x30,
                        field<&T::load_package_aid>("applicationLoadPackageAID", 0x4F, Size{5, 16}),
                        field<&T::class_aid>("classAID", 0x4F, Size{5, 16}),
                        field<&T::instance_aid>("instanceAID", 0x4F, Size{5, 16}),
                        field<&T::extradite_aid>("extraditeSecurityDomainAID", 0x4F, Size{5, 16}),
                        field<&T::privileges>("applicationPrivileges", 0x82),
                        field<&T::life_cycle>("lifeCycleState", 0x83),
                        field<&T::parameters>("applicationSpecificParametersC9", 0xC9),
                        field<&T::system>("systemSpecificParameters", 0xEF),
                        field<&T::uicc>("applicationParameters", 0xEA),
                        field<&T::process_data>("processData", 0x30),
                        field<&T::control_reference>("controlReferenceTemplate", 0xB0));
    }
};

struct KeyComponent {
    Bytes type, data;
    std::optional<uint8_t> mac_length; // default 8
    template <int = 0> static constexpr auto asn1() {
        using T = KeyComponent;
        return sequence("KeyComponent",
                        0x30,
                        field<&T::type>("keyType", 0x80),
                        field<&T::data>("keyData", 0x86),
                        field<&T::mac_length>("macLength", 0x87));
    }
};

struct KeyObject {
    Bytes usage;
    std::optional<std::array<uint8_t, 1>> access; // default 00
    std::array<uint8_t, 1> identifier{}, version{};
    std::optional<Bytes> counter;
    List<KeyComponent> components;
    template <int = 0> static constexpr auto asn1() {
        using T = KeyObject;
        return sequence("KeyObject",
                        0x30,
                        field<&T::usage>("keyUsageQualifier", 0x95, Size{1, 2}),
                        field<&T::access>("keyAccess", 0x96),
                        field<&T::identifier>("keyIdentifier", 0x82),
                        field<&T::version>("keyVersionNumber", 0x83),
                        field<&T::counter>("keyCounterValue", 0x85),
                        field<&T::components>("keyComponents", 0x30));
    }
};

struct OpenPersoData {
    std::optional<std::array<uint8_t, 1>> restrict_parameter;
    std::optional<Bytes> contactless;
    template <int = 0> static constexpr auto asn1() {
        using T = OpenPersoData;
        return sequence("OpenPersoData",
                        0x30,
                        field<&T::restrict_parameter>("restrictParameter", 0xD9),
                        field<&T::contactless>("contactlessProtocolParameters", 0x04));
    }
};

struct CatTpParameters {
    uint16_t max_sdu = 0, max_pdu = 0;
    template <int = 0> static constexpr auto asn1() {
        using T = CatTpParameters;
        return sequence("CatTpParameters",
                        0x30,
                        field<&T::max_sdu>("catTpMaxSduSize", 0x80),
                        field<&T::max_pdu>("catTpMaxPduSize", 0x81));
    }
};

struct SecurityDomain {
    PeHeader header;
    ApplicationInstance instance;
    std::optional<List<KeyObject>> keys;
    std::optional<List<Bytes>> perso_data;
    std::optional<OpenPersoData> open_perso_data;
    std::optional<CatTpParameters> cat_tp;
    template <int = 0> static constexpr auto asn1() {
        using T = SecurityDomain;
        return sequence("PE-SecurityDomain",
                        0xA6,
                        field<&T::header>("sd-Header", 0xA0),
                        field<&T::instance>("instance", 0xA1),
                        field<&T::keys>("keyList", 0xA2),
                        field<&T::perso_data>("sdPersoData", 0xA3),
                        field<&T::open_perso_data>("openPersoData", 0xA4),
                        field<&T::cat_tp>("catTpParameters", 0xA5));
    }
};

struct AdfRfmAccess {
    Bytes aid, access_domain, admin_access_domain;
    template <int = 0> static constexpr auto asn1() {
        using T = AdfRfmAccess;
        return sequence("ADFRFMAccess",
                        0x30,
                        field<&T::aid>("adfAID", 0x80, Size{5, 16}),
                        field<&T::access_domain>("adfAccessDomain", 0x81),
                        field<&T::admin_access_domain>("adfAdminAccessDomain", 0x82));
    }
};

struct Rfm {
    PeHeader header;
    Bytes instance_aid;
    std::optional<Bytes> security_domain_aid;
    std::optional<List<std::array<uint8_t, 3>>> tars; // a second A0, told from the header by its place
    std::array<uint8_t, 1> minimum_security_level{};
    Bytes access_domain, admin_access_domain;
    std::optional<AdfRfmAccess> adf;
    template <int = 0> static constexpr auto asn1() {
        using T = Rfm;
        return sequence("PE-RFM",
                        0xA7,
                        field<&T::header>("rfm-header", 0xA0),
                        field<&T::instance_aid>("instanceAID", 0x4F, Size{5, 16}),
                        field<&T::security_domain_aid>("securityDomainAID", 0x4F, Size{5, 16}),
                        field<&T::tars>("tarList", 0xA0),
                        field<&T::minimum_security_level>("minimumSecurityLevel", 0x81),
                        field<&T::access_domain>("uiccAccessDomain", 0x04),
                        field<&T::admin_access_domain>("uiccAdminAccessDomain", 0x04),
                        field<&T::adf>("adfRFMAccess", 0x30));
    }
};

struct LoadPackage {
    Bytes package_aid;
    std::optional<Bytes> security_domain_aid, code_limit, volatile_limit, data_limit, hash;
    Bytes load_block;
    template <int = 0> static constexpr auto asn1() {
        using T = LoadPackage;
        return sequence("ApplicationLoadPackage",
                        0x30,
                        field<&T::package_aid>("loadPackageAID", 0x4F, Size{5, 16}),
                        field<&T::security_domain_aid>("securityDomainAID", 0x4F, Size{5, 16}),
                        field<&T::code_limit>("nonVolatileCodeLimitC6", 0xC6),
                        field<&T::volatile_limit>("volatileDataLimitC7", 0xC7),
                        field<&T::data_limit>("nonVolatileDataLimitC8", 0xC8),
                        field<&T::hash>("hashValue", 0xC1),
                        field<&T::load_block>("loadBlockObject", 0xC4));
    }
};

struct Application {
    PeHeader header;
    std::optional<LoadPackage> load_block;
    std::optional<List<ApplicationInstance>> instances;
    template <int = 0> static constexpr auto asn1() {
        using T = Application;
        return sequence("PE-Application",
                        0xA8,
                        field<&T::header>("app-Header", 0xA0),
                        field<&T::load_block>("loadBlock", 0xA1),
                        field<&T::instances>("instanceList", 0xA2));
    }
};

struct NonStandard {
    PeHeader header;
    Oid issuer;
    Bytes content;
    template <int = 0> static constexpr auto asn1() {
        using T = NonStandard;
        return sequence("PE-NonStandard",
                        0xA9,
                        field<&T::header>("nonStandard-header", 0xA0),
                        field<&T::issuer>("issuerID", 0x81),
                        field<&T::content>("content", 0x82));
    }
};

struct End {
    PeHeader header;
    template <int = 0> static constexpr auto asn1() {
        return sequence("PE-End", 0xAA, field<&End::header>("end-header", 0xA0));
    }
};

struct Dummy {
    template <int = 0> static constexpr auto asn1() {
        return asn1::Spec<0>{asn1::Kind::sequence, "PE-Dummy", 0xAB, {}};
    }
};

enum class PeStatusCode : uint16_t {
    ok = 0,
    pe_not_supported = 1,
    memory_failure = 2,
    bad_values = 3,
    not_enough_memory = 4,
    invalid_request_format = 5,
    invalid_parameter = 6,
    runtime_not_supported = 7,
    lib_not_supported = 8,
    template_not_supported = 9,
    feature_not_supported = 10,
    pin_code_missing = 11,
    unsupported_profile_version = 31,
};

struct PeStatus {
    PeStatusCode status = PeStatusCode::ok;
    std::optional<uint16_t> identification;
    std::optional<uint8_t> additional_information;
    std::optional<uint32_t> offset;
    template <int = 0> static constexpr auto asn1() {
        using T = PeStatus;
        return sequence("PEStatus",
                        0x30,
                        field<&T::status>("status", 0x80),
                        field<&T::identification>("identification", 0x81),
                        field<&T::additional_information>("additional-information", 0x82),
                        field<&T::offset>("offset", 0x83));
    }
};

/// What an eUICC answers to a whole package; goes into simaResponse of the installation result.
struct EuiccResponse {
    List<PeStatus> statuses;
    std::optional<Null> aborted;
    std::optional<std::string_view> message;
    template <int = 0> static constexpr auto asn1() {
        using T = EuiccResponse;
        return sequence("EUICCResponse",
                        0x30,
                        field<&T::statuses>("peStatus", 0xA0),
                        field<&T::aborted>("profileInstallationAborted", 0x81),
                        field<&T::message>("statusMessage", 0x82, Size{2, 64}));
    }
};

} // namespace halyard::profile
