#pragma once
// A profile package (UPP): profile elements one after the other, no wrapper.
#include "base/random.h"
#include "base/secret.h"
#include "profile/elements_apps.h"
#include "profile/templates.h"

namespace halyard::profile {

/// One profile element as it stands in the package. Borrows.
struct Element {
    asn1::Tag tag = 0;
    Bytes der;             // the complete TLV
    const char* name = ""; // as in the module; "unknown" when the tag is none of this edition
    bool known = false;
    std::optional<PeHeader> header; // absent for ProfileHeader and rfu elements
    uint32_t offset = 0;            // octets from the start of the package
};

/// An element that is a plain described type; the others are templates().
struct ElementKind {
    asn1::Tag tag;
    const char* name; // as in the module
    const asn1::Type* type;
};
/// nullptr when it is none.
const ElementKind* plain_element(asn1::Tag);
const ElementKind* plain_element(std::string_view name);

/// A member of a template element.
struct TemplateMember {
    asn1::Tag tag;
    const TemplateFile* file; // nullptr: unknown to this edition
    File commands;
};
/// A template element taken apart.
struct TemplateElement {
    PeHeader header;
    Oid template_id;
    std::vector<TemplateMember> members;
};

/// Splits and checks: every element decodes completely as its type. Errors name field and offset in the
/// package, a package that is cut the element it ends in and where that begins; the first element must be the
/// header (bad_tag "header"), the last PE-End (missing_field "end"). SR-47
Result<std::vector<Element>> parse(Bytes package);
/// The next element of a stream: nullopt while `stream` holds only part of it. Errors as parse().
Result<std::optional<Element>> next_element(Bytes stream, uint32_t offset);
/// Decoded and encoded again: the same octets for everything that is DER.
Result<OwnedBytes> reencode(const Element&);
Result<TemplateElement> take_apart(const Element&);
Result<OwnedBytes> encode(const Template&, const TemplateElement&);
/// Tag and length in front of `length` octets of content.
OwnedBytes tlv_head(asn1::Tag, size_t length);

/// What an SM-DP+ and a person want to know of a package without making its file system.
struct Facts {
    std::string type;                 // profileType of the header
    Iccid iccid{};                    // nibble order of EF.ICCID
    std::string imsi;                 // digits; empty when there is none
    std::array<uint8_t, 3> mcc_mnc{}; // as in OperatorId
    bool has_mcc_mnc = false;
    std::string service_provider; // EF.SPN
    OwnedBytes gid1, gid2;
    uint8_t major_version = 0, minor_version = 0;
    std::vector<std::string> mandatory_services;
};
Result<Facts> facts(Bytes package);

/// 8 octets of EF.IMSI content behind the length, and back. bad_value unless 6 to 15 digits.
Result<std::array<uint8_t, 9>> imsi_to_ef(std::string_view digits, const char* where = "imsi");
std::string imsi_from_ef(Bytes ef);
/// The header's ICCID (reading order) and EF.ICCID's (swapped).
std::array<uint8_t, 10> to_header_order(const Iccid&);
Iccid from_header_order(const std::array<uint8_t, 10>&);

/// Where the content of a file stands in a package. Holds for every package made from the same template.
struct FilePlace {
    size_t element = 0;   // index
    asn1::Tag member = 0; // of a template element; 0: made by file management
    size_t created = 0;   // file management: the how manieth createFCP of the element
    size_t size = 0;      // octets; 0 when only the content tells
    size_t record = 0;    // octets of a record; 0 when it has none
};
/// By FIDs below the MF, "3F00" in front and "/" between them or not, 7FFF for the first USIM: "7FD06F3E".
/// Errors: bad_value when it is no path, not_found, unsupported for directories and links.
Result<FilePlace> place_of(Bytes package, std::string_view path);

/// Replaced in every element that carries it; what is absent stays. Digits as text, octets as octets.
struct Personal {
    std::optional<Iccid> iccid;
    std::optional<std::string> imsi;
    std::optional<Secret<16>> k, opc;
    std::optional<AkaAlgorithm> algorithm;
    std::optional<std::string> pin1, puk1, adm1; // key references 01, 01, 0A
    std::optional<std::string> pin2, puk2, adm2; // 81, 81, 0B
    std::optional<std::string> service_provider;
    std::optional<std::array<uint8_t, 2>> acc; // instead of the class that follows from the IMSI
    std::optional<std::string> msisdn;         // own number: digits, "+" in front when international
    std::optional<std::string> service_centre; // of SMS, likewise: record 1 of EF.SMSP
    std::vector<std::pair<FilePlace, OwnedBytes>> files; // the whole content of other files
};
/// A personalised copy. Everything not named in `personal` is the same octet for octet, but for the access
/// class that follows from the IMSI. Errors: missing_field naming what the package has no place for, or "opc"
/// or "k" where only the other of the two is given; bad_value, bad_length naming the field.
Result<SecretBytes> personalise(Bytes package, const Personal& personal);

/// Sample packages of our own making: test network 001/01, Milenage, one USIM.
struct SampleParameters {
    Iccid iccid{};
    std::string imsi = "001010000000001";
    std::string type = "Halyard sample";
    std::string service_provider = "Halyard";
    // Left at zero they are placeholders that personalisation must replace: no key ships with the product
    // (SR-41).
    Secret<16> k, opc;
    std::string puk1 = "00000000", adm1 = "00000000";
};
/// Keys, PUK1 and ADM1 of a sample drawn at random, for packages that leave the program.
Ok draw_secrets(SampleParameters&, Random&);
Result<SecretBytes> sample_operational(const SampleParameters&);
/// Smaller: what a device ships with to reach its eIM the first time.
Result<SecretBytes> sample_bootstrap(const SampleParameters&);

} // namespace halyard::profile
