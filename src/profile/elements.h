#pragma once
// Profile elements of a SAIP package. TCA "eUICC Profile Package: Interoperable Format" 3.3.1, module
// PEDefinitions. Components with DEFAULT are optional here so that what was written explicitly is written
// again; the defaults stand beside them. Elements made of template files are told by tables instead, see
// templates.h.
#include "profile/key_reference.h"

namespace halyard::profile {
using asn1::alternative, asn1::choice, asn1::field, asn1::List, asn1::Null, asn1::Oid, asn1::sequence,
    asn1::Size;

struct PeHeader {
    std::optional<Null> mandated; // the eUICC must support this element or abort
    uint16_t identification = 0;  // 0..32767, named in PEStatus
    template <int = 0> static constexpr auto asn1() {
        using T = PeHeader;
        return sequence("PEHeader",
                        0x30,
                        field<&T::mandated>("mandated", 0x80),
                        field<&T::identification>("identification", 0x81));
    }
};

/// A service an eUICC must have; the member's number is its bit. Names as in the module.
struct ServicesList {
    static constexpr size_t kCount = 30;
    static constexpr std::array<const char*, kCount> kNames = {"contactless",
                                                               "usim",
                                                               "isim",
                                                               "csim",
                                                               "milenage",
                                                               "tuak128",
                                                               "cave",
                                                               "gba-usim",
                                                               "gba-isim",
                                                               "mbms",
                                                               "eap",
                                                               "javacard",
                                                               "multos",
                                                               "multiple-usim",
                                                               "multiple-isim",
                                                               "multiple-csim",
                                                               "tuak256",
                                                               "usim-test-algorithm",
                                                               "ber-tlv",
                                                               "dfLink",
                                                               "cat-tp",
                                                               "get-identity",
                                                               "profile-a-x25519",
                                                               "profile-b-p256",
                                                               "suciCalculatorApi",
                                                               "dns-resolution",
                                                               "scp11ac",
                                                               "scp11c-authorization-mechanism",
                                                               "s16mode",
                                                               "eaka"};
};

struct MandatoryAid {
    Bytes aid;
    std::array<uint8_t, 2> version{};
    template <int = 0> static constexpr auto asn1() {
        using T = MandatoryAid;
        return sequence("MandatoryAID",
                        0x30,
                        field<&T::aid>("aid", 0x80, Size{5, 16}),
                        field<&T::version>("version", 0x81));
    }
};

struct IotOptions {
    Bytes pix;
    template <int = 0> static constexpr auto asn1() {
        return sequence("IotOptions", 0x30, field<&IotOptions::pix>("pix", 0x80, Size{7, 11}));
    }
};

/// Any context-tagged NULL of the services list: its tag tells which service.
struct Service {
    asn1::Any tlv;
    template <int = 0> static constexpr auto asn1() {
        return choice("Service", 0, field<&Service::tlv>("service"));
    }
};

struct ProfileHeader {
    uint8_t major_version = 0, minor_version = 0;
    std::optional<std::string_view> profile_type;
    std::array<uint8_t, 10> iccid{}; // digits in reading order, F-padded: not the nibble order of EF.ICCID
    std::optional<Bytes> pol;
    List<Service> mandatory_services;
    List<Oid> mandatory_gfste; // templates that must be supported
    std::optional<Bytes> connectivity_parameters;
    std::optional<List<MandatoryAid>> mandatory_aids;
    std::optional<IotOptions> iot_options;
    template <int = 0> static constexpr auto asn1() {
        using T = ProfileHeader;
        return sequence("ProfileHeader",
                        0xA0,
                        field<&T::major_version>("major-version", 0x80),
                        field<&T::minor_version>("minor-version", 0x81),
                        field<&T::profile_type>("profileType", 0x82, Size{1, 100}),
                        field<&T::iccid>("iccid", 0x83),
                        field<&T::pol>("pol", 0x84),
                        field<&T::mandatory_services>("eUICC-Mandatory-services", 0xA5),
                        field<&T::mandatory_gfste>("eUICC-Mandatory-GFSTEList", 0xA6),
                        field<&T::connectivity_parameters>("connectivityParameters", 0x87),
                        field<&T::mandatory_aids>("eUICC-Mandatory-AIDs", 0xA8),
                        field<&T::iot_options>("iotOptions", 0xA9));
    }
};

struct ProprietaryInfo {
    std::optional<std::array<uint8_t, 1>> special_file_information; // default 00
    std::optional<Bytes> fill_pattern, repeat_pattern, maximum_file_size;
    std::optional<std::array<uint8_t, 1>> file_details; // default 01
    template <int = 0> static constexpr auto asn1() {
        using T = ProprietaryInfo;
        return sequence("ProprietaryInfo",
                        0x30,
                        field<&T::special_file_information>("specialFileInformation", 0xC0),
                        field<&T::fill_pattern>("fillPattern", 0xC1, Size{1, 200}),
                        field<&T::repeat_pattern>("repeatPattern", 0xC2, Size{1, 200}),
                        field<&T::maximum_file_size>("maximumFileSize", 0x86),
                        field<&T::file_details>("fileDetails", 0x84));
    }
};

struct Fcp {
    std::optional<Bytes> file_descriptor;
    std::optional<std::array<uint8_t, 2>> file_id;
    std::optional<Bytes> df_name;
    std::optional<std::array<uint8_t, 1>> lcsi; // default 05
    std::optional<Bytes> security_attributes_referenced, ef_file_size, pin_status_template;
    std::optional<Bytes> short_efid; // absent: the template's; empty: none
    std::optional<ProprietaryInfo> proprietary;
    std::optional<Bytes> link_path;
    template <int = 0> static constexpr auto asn1() {
        using T = Fcp;
        return sequence(
            "Fcp",
            0x30,
            field<&T::file_descriptor>("fileDescriptor", 0x82, Size{2, 4}),
            field<&T::file_id>("fileID", 0x83),
            field<&T::df_name>("dfName", 0x84, Size{5, 16}),
            field<&T::lcsi>("lcsi", 0x8A),
            field<&T::security_attributes_referenced>("securityAttributesReferenced", 0x8B, Size{1, 3}),
            field<&T::ef_file_size>("efFileSize", 0x80),
            field<&T::pin_status_template>("pinStatusTemplateDO", 0xC6),
            field<&T::short_efid>("shortEFID", 0x88, Size{0, 1}),
            field<&T::proprietary>("proprietaryEFInfo", 0xA5),
            field<&T::link_path>("linkPath", 0xC7, Size{0, 8}));
    }
};

/// One step of making a template's file. The offset is relative to where the last content ended.
struct FileCommand {
    std::variant<Null, Fcp, uint16_t, Bytes> is;
    template <int = 0> static constexpr auto asn1() {
        using T = FileCommand;
        return choice("File",
                      0,
                      alternative<&T::is, 0>("doNotCreate", 0x80),
                      alternative<&T::is, 1>("fileDescriptor", 0xA1),
                      alternative<&T::is, 2>("fillFileOffset", 0x82),
                      alternative<&T::is, 3>("fillFileContent", 0x83));
    }
};
using File = List<FileCommand>;

struct ManagementCommand {
    // The tags of offset and content differ from those in a template's file.
    std::variant<Bytes, Fcp, uint16_t, asn1::Tagged<Bytes, 0x81>> is;
    template <int = 0> static constexpr auto asn1() {
        using T = ManagementCommand;
        return choice("FileManagement",
                      0,
                      alternative<&T::is, 0>("filePath", 0x80, Size{0, 8}),
                      alternative<&T::is, 1>("createFCP", 0x62),
                      alternative<&T::is, 2>("fillFileOffset", 0x02),
                      alternative<&T::is, 3>("fillFileContent", 0x81));
    }
};

struct GenericFileManagement {
    PeHeader header;
    List<List<ManagementCommand>> commands;
    template <int = 0> static constexpr auto asn1() {
        using T = GenericFileManagement;
        return sequence("PE-GenericFileManagement",
                        0xA1,
                        field<&T::header>("gfm-header", 0xA0),
                        field<&T::commands>("fileManagementCMD", 0xA1));
    }
};

struct PinConfiguration {
    uint16_t key_reference = 0;
    std::array<uint8_t, 8> value{};
    std::optional<uint16_t> unblocking_reference;
    std::optional<uint16_t> attributes; // default 7
    std::optional<uint16_t> attempts;   // default 0x33: maximum in the high nibble, left in the low
    template <int = 0> static constexpr auto asn1() {
        using T = PinConfiguration;
        return sequence("PINConfiguration",
                        0x30,
                        named(field<&T::key_reference>("keyReference", 0x80), kPinReference),
                        field<&T::value>("pinValue", 0x81),
                        named(field<&T::unblocking_reference>("unblockingPINReference", 0x82), kPukReference),
                        field<&T::attributes>("pinAttributes", 0x83),
                        field<&T::attempts>("maxNumOfAttemps-retryNumLeft", 0x84));
    }
};

struct PinSource {
    std::variant<List<PinConfiguration>, Bytes> is; // here, or shared with the DF of that path
    template <int = 0> static constexpr auto asn1() {
        using T = PinSource;
        return choice("PinCodes",
                      0,
                      alternative<&T::is, 0>("pinconfig", 0xA0),
                      alternative<&T::is, 1>("filePath", 0x81, Size{0, 8}));
    }
};

struct PinCodes {
    PeHeader header;
    PinSource pins;
    template <int = 0> static constexpr auto asn1() {
        using T = PinCodes;
        return sequence(
            "PE-PINCodes", 0xA2, field<&T::header>("pin-Header", 0xA0), field<&T::pins>("pinCodes", 0xA1));
    }
};

struct PukConfiguration {
    uint16_t key_reference = 0;
    std::array<uint8_t, 8> value{};
    std::optional<uint16_t> attempts; // default 0xAA
    template <int = 0> static constexpr auto asn1() {
        using T = PukConfiguration;
        return sequence("PUKConfiguration",
                        0x30,
                        named(field<&T::key_reference>("keyReference", 0x80), kPukReference),
                        field<&T::value>("pukValue", 0x81),
                        field<&T::attempts>("maxNumOfAttemps-retryNumLeft", 0x82));
    }
};

struct PukCodes {
    PeHeader header;
    List<PukConfiguration> puks;
    template <int = 0> static constexpr auto asn1() {
        using T = PukCodes;
        return sequence(
            "PE-PUKCodes", 0xA3, field<&T::header>("puk-Header", 0xA0), field<&T::puks>("pukCodes", 0xA1));
    }
};

struct MappingParameter {
    std::array<uint8_t, 1> options{};
    Bytes source;
    template <int = 0> static constexpr auto asn1() {
        using T = MappingParameter;
        return sequence("MappingParameter",
                        0x30,
                        field<&T::options>("mappingOptions", 0x80),
                        field<&T::source>("mappingSource", 0x81, Size{5, 16}));
    }
};

enum class AkaAlgorithm : uint8_t { milenage = 1, tuak = 2, usim_test_algorithm = 3 };
constexpr auto asn1_names(AkaAlgorithm) {
    return std::array<asn1::NamedValue, 3>{{{1, "milenage"}, {2, "tuak"}, {3, "usim-test-algorithm"}}};
}

struct AlgoParameter {
    AkaAlgorithm algorithm = AkaAlgorithm::milenage;
    std::array<uint8_t, 1> options{};
    Bytes key, opc;
    std::optional<std::array<uint8_t, 5>> rotation_constants; // default 4000204060
    std::optional<std::array<uint8_t, 80>> xoring_constants;  // default 0, 1, 2, 4, 8 in 16 octets each
    std::optional<std::array<uint8_t, 3>> auth_counter_max;
    std::optional<uint8_t> number_of_keccak; // default 1
    template <int = 0> static constexpr auto asn1() {
        using T = AlgoParameter;
        return sequence("AlgoParameter",
                        0x30,
                        field<&T::algorithm>("algorithmID", 0x80),
                        field<&T::options>("algorithmOptions", 0x81),
                        field<&T::key>("key", 0x82),
                        field<&T::opc>("opc", 0x83),
                        field<&T::rotation_constants>("rotationConstants", 0x84),
                        field<&T::xoring_constants>("xoringConstants", 0x85),
                        field<&T::auth_counter_max>("authCounterMax", 0x86),
                        field<&T::number_of_keccak>("numberOfKeccak", 0x87));
    }
};

struct AlgoConfiguration {
    std::variant<MappingParameter, AlgoParameter> is;
    template <int = 0> static constexpr auto asn1() {
        using T = AlgoConfiguration;
        return choice("AlgoConfiguration",
                      0,
                      alternative<&T::is, 0>("mappingParameter", 0xA0),
                      alternative<&T::is, 1>("algoParameter", 0xA1));
    }
};

struct AkaParameter {
    PeHeader header;
    AlgoConfiguration configuration;
    std::optional<std::array<uint8_t, 1>> sqn_options;              // default 02
    std::optional<std::array<uint8_t, 6>> sqn_delta, sqn_age_limit; // default 000010000000
    std::optional<List<std::array<uint8_t, 6>>> sqn_init;           // default 32 times zero
    template <int = 0> static constexpr auto asn1() {
        using T = AkaParameter;
        return sequence("PE-AKAParameter",
                        0xA4,
                        field<&T::header>("aka-header", 0xA0),
                        field<&T::configuration>("algoConfiguration", 0xA1),
                        field<&T::sqn_options>("sqnOptions", 0x82),
                        field<&T::sqn_delta>("sqnDelta", 0x83),
                        field<&T::sqn_age_limit>("sqnAgeLimit", 0x84),
                        field<&T::sqn_init>("sqnInit", 0xA5));
    }
};

struct CdmaParameter {
    PeHeader header;
    std::array<uint8_t, 8> authentication_key{};
    std::optional<std::array<uint8_t, 16>> ssd;
    std::optional<Bytes> hrpd, simple_ip, mobile_ip;
    template <int = 0> static constexpr auto asn1() {
        using T = CdmaParameter;
        return sequence("PE-CDMAParameter",
                        0xA5,
                        field<&T::header>("cdma-header", 0xA0),
                        field<&T::authentication_key>("authenticationKey", 0x81),
                        field<&T::ssd>("ssd", 0x82),
                        field<&T::hrpd>("hrpdAccessAuthenticationData", 0x83, Size{2, 32}),
                        field<&T::simple_ip>("simpleIPAuthenticationData", 0x84, Size{3, 483}),
                        field<&T::mobile_ip>("mobileIPAuthenticationData", 0x85, Size{5, 957}));
    }
};
} // namespace halyard::profile
