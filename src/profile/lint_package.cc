// Rules about the elements as such, their order, and the header.
#include "base/luhn.h"
#include "profile/lint_model.h"
#include "profile/notation.h"
#include "profile/notation_types.h"
#include <set>

namespace halyard::profile::linting {
namespace {

// What DER would write otherwise does not come back from the notation: lengths, numbers and DEFAULTs written
// out. X.690 §10.1, §8.3.2, §11.5
bool is_der(const Element& e) {
    const notation::ElementShape shape = notation::element_shape(e.tag);
    if (!shape.type) return true;
    const auto text = print_value(*shape.type, e.der);
    if (text && text->size() > kMaxNotation) { // a large load block
        const auto again = reencode(e);
        return again && same(*again, e.der);
    }
    const auto again = text ? parse_value(*shape.type, *text) : Notated<SecretBytes>{};
    return text && again && same(again->reveal(), e.der);
}

// What must stand in front of an element, by tag.
struct Order {
    asn1::Tag element, needs;
    const char* needed;
};
constexpr Order kOrder[] = {
    {0xA1, 0xB0, "mf"},
    {0xA2, 0xB0, "mf"},
    {0xB1, 0xB0, "mf"},
    {0xB2, 0xB0, "mf"},
    {0xB3, 0xB0, "mf"},
    {0xB5, 0xB0, "mf"},
    {0xB9, 0xB0, "mf"},
    {0xB4, 0xB3, "usim"},
    {0xB8, 0xB3, "usim"},
    {0xBC, 0xB3, "usim"},
    {0xBD, 0xB3, "usim"},
    {0xBE, 0xB3, "usim"},
    {0xB6, 0xB5, "isim"},
    {0xBA, 0xB9, "csim"},
    {0xBF1F, 0xB3, "usim"},
    {0xBF21, 0xBF20, "iot"},
    {0xA7, 0xA6, "securityDomain"},
    {0xA8, 0xA6, "securityDomain"},
};

void check_order(const Model& m, Report& report) {
    std::set<asn1::Tag> seen;
    for (size_t i = 0; i < m.elements.size(); ++i) {
        const Element& e = m.elements[i];
        for (const Order& o : kOrder) {
            // The element for IoT devices makes the MF and the USIM itself.
            const bool iot = seen.count(0xBF20) && (o.needs == 0xB0 || o.needs == 0xB3);
            if (o.element == e.tag && !seen.count(o.needs) && !iot)
                report.element("element-order", i, std::string(o.needed) + " must stand before it");
        }
        const bool application = seen.count(0xB3) || seen.count(0xB5) || seen.count(0xBF20);
        if (e.tag == 0xA4 && !application)
            report.element("element-order",
                           i,
                           "usim or isim must stand before it: it belongs to the application in front");
        if (e.tag == 0xA5 && !seen.count(0xB9))
            report.element("element-order", i, "csim must stand before it");
        const bool once = e.tag == 0xB0 || e.tag == 0xB2 || e.tag == 0xB1 || e.tag == 0xBF20 ||
                          (e.tag == 0xB3 && !m.has_service("multiple-usim")) ||
                          (e.tag == 0xB5 && !m.has_service("multiple-isim")) ||
                          (e.tag == 0xB9 && !m.has_service("multiple-csim"));
        if (once && seen.count(e.tag))
            report.element("duplicate-element",
                           i,
                           "it is there already: join the two, or demand the service multiple-…");
        seen.insert(e.tag);
    }
}

void check_iccid(const Model& m, Report& report) {
    std::string digits;
    bool good = true, ended = false;
    for (uint8_t b : m.header->iccid)
        for (const int nibble : {b >> 4, b & 15}) {
            if (nibble > 9) ended = true;
            good &= nibble <= 9 ? !ended : nibble == 15;
            if (nibble <= 9) digits += static_cast<char>('0' + nibble);
        }
    good &= digits.size() >= 18;
    if (!good)
        report.element("iccid-form",
                       0,
                       "ICCID " + hex(m.header->iccid) + ": 18 to 20 digits in reading order, F behind them");
    else if (const char check = luhn_digit(std::string_view(digits).substr(0, digits.size() - 1));
             digits.size() >= 19 && digits.back() != check)
        report.element("iccid-check-digit", 0, "the last digit of " + digits + " should be " + check);
    const LintFile* ef = m.files.empty() ? nullptr : m.child(0, 0x2FE2);
    if (!ef || ef->content.size() != 10) return;
    Iccid swapped;
    std::copy(ef->content.begin(), ef->content.end(), swapped.begin());
    if (to_header_order(swapped) != m.header->iccid)
        report.file("iccid-mismatch",
                    *ef,
                    "its content is ICCID " + to_text(swapped) + ", the header has " +
                        to_text(from_header_order(m.header->iccid)) +
                        ": give both the same, the file with digits swapped");
}

void check_services(const Model& m, Report& report) {
    const auto& h = *m.header;
    std::set<std::string> used;
    const auto need = [&](std::string_view service, size_t element) {
        used.emplace(service);
        if (!m.has_service(service))
            report.element(
                "service-missing", element, "list " + std::string(service) + " in eUICC-Mandatory-services");
    };
    for (size_t i = 0; i < m.elements.size(); ++i) {
        const Element& e = m.elements[i];
        if (e.tag == 0xB3) need("usim", i);
        if (e.tag == 0xB5) need("isim", i);
        if (e.tag == 0xB9) need("csim", i);
        if (e.tag == 0xBB) need("eap", i);
        if (e.tag == 0xA8 && !m.has_service("javacard") && !m.has_service("multos"))
            report.element("app-runtime", i, "list javacard or multos in eUICC-Mandatory-services");
        if (e.tag == 0xA6)
            if (const auto sd = asn1::decode<SecurityDomain>(e.der); sd && sd->cat_tp) need("cat-tp", i);
        if (e.tag != 0xA4) continue;
        const auto aka = asn1::decode<AkaParameter>(e.der);
        const auto* algorithm = aka ? std::get_if<AlgoParameter>(&aka->configuration.is) : nullptr;
        if (!algorithm) continue;
        if (algorithm->algorithm == AkaAlgorithm::milenage) need("milenage", i);
        if (algorithm->algorithm == AkaAlgorithm::usim_test_algorithm) need("usim-test-algorithm", i);
        if (algorithm->algorithm == AkaAlgorithm::tuak)
            need(algorithm->key.size() == 32 ? "tuak256" : "tuak128", i);
    }
    bool ber_tlv = false, link = false;
    for (const LintFile& f : m.files) {
        if (f.kind == FileKind::ber_tlv && f.explicit_ && !std::exchange(ber_tlv, true))
            need("ber-tlv", f.element);
        if (f.is_directory() && f.fcp && f.fcp->link_path && !std::exchange(link, true))
            need("dfLink", f.element);
    }
    for (const char* service : {"usim",
                                "isim",
                                "csim",
                                "eap",
                                "milenage",
                                "tuak128",
                                "tuak256",
                                "usim-test-algorithm",
                                "cat-tp",
                                "ber-tlv",
                                "dfLink"})
        if (m.has_service(service) && !used.count(service))
            report.element("service-unused", 0, std::string(service) + " is demanded and not used");
    asn1::Tag last = 0;
    (void)h.mandatory_services.for_each([&](const Service& s) {
        const auto tlv = asn1::read_tlv(s.tlv.der);
        if (!tlv) return;
        if (tlv->tag < 0x80 || tlv->tag >= 0x80 + ServicesList::kCount)
            return report.element("service-unknown", 0, "tag " + hex(s.tlv.der) + " names no service");
        if (tlv->tag <= last || !tlv->content.empty())
            report.element(
                "not-der", 0, "eUICC-Mandatory-services: NULLs in the order of their tags, each once");
        last = tlv->tag;
    });
}

// Last arcs of the template identifiers that each element may carry. Format annex A
struct Templates {
    asn1::Tag element;
    std::string_view arcs;
};
constexpr Templates kTemplateArcs[] = {{0xB0, "1"},
                                       {0xB1, "2"},
                                       {0xB2, "3"},
                                       {0xB3, "4"},
                                       {0xB4, "5"},
                                       {0xB7, "6"},
                                       {0xB8, "7"},
                                       {0xB5, "8"},
                                       {0xB6, "9"},
                                       {0xB9, "10"},
                                       {0xBA, "11"},
                                       {0xBB, "12"},
                                       {0xBC, "13"},
                                       {0xBD, "14"},
                                       {0xBE, "15"},
                                       {0xBF1F, "16"},
                                       {0xBF20, "17"},
                                       {0xBF21, "18"}};

void check_templates(const Model& m, Report& report) {
    std::set<std::string> listed, used;
    (void)m.header->mandatory_gfste.for_each([&](const Oid& oid) { listed.insert(oid.text()); });
    for (size_t i = 0; i < m.elements.size(); ++i) {
        if (!template_of(m.elements[i].tag)) continue;
        const auto parts = take_apart(m.elements[i]);
        if (!parts) continue;
        const std::string oid = parts->template_id.text();
        for (const Templates& t : kTemplateArcs) {
            const std::string base = "2.23.143.1.2." + std::string(t.arcs);
            if (t.element == m.elements[i].tag && oid != base && !oid.starts_with(base + "."))
                report.element("template-mismatch", i, oid + " is not the template of this element: " + base);
        }
        if (!listed.count(oid) && used.insert(oid).second)
            report.element("gfste-missing", i, "list " + oid + " in eUICC-Mandatory-GFSTEList");
        used.insert(oid);
    }
    for (const std::string& oid : listed)
        if (!used.count(oid)) report.element("gfste-unused", 0, oid + " is listed and not used");
}

// A published package: its name, or the ICCID of TS.48 and of the sample package of the format.
void check_test_profile(const Model& m, Report& report) {
    const std::string iccid = to_text(from_header_order(m.header->iccid));
    const std::string type(m.header->profile_type.value_or(""));
    if (iccid == "89000123456789012341" || type.find("Generic eUICC Test Profile") != std::string::npos)
        report.element("test-profile",
                       0,
                       "this is the published test profile (TS.48): use it in laboratories only, or "
                       "personalise it in full");
}
} // namespace

void check_package(Bytes package, const Model& m, Report& report) {
    const auto& all = m.elements;
    if (all.empty() || all[0].tag != 0xA0)
        report.package("header-missing", "a package begins with its header");
    if (all.empty() || all.back().tag != 0xAA)
        report.package("end-missing", "put PE-End behind everything", static_cast<uint32_t>(package.size()));
    std::set<uint16_t> identifications;
    for (size_t i = 0; i < all.size(); ++i) {
        const Element& e = all[i];
        if (i && e.tag == 0xA0) report.element("header-missing", i, "a second header");
        if (i + 1 < all.size() && e.tag == 0xAA) report.element("end-missing", i, "something follows PE-End");
        if (!e.known)
            report.element("unknown-element",
                           i,
                           std::string("an eUICC of this edition ") +
                               (e.header && e.header->mandated ? "refuses the package" : "skips it") +
                               ": make sure that the target knows it");
        else if (!is_der(e))
            report.element("not-der", i, "encode it again, in DER");
        if (!e.header) continue;
        const uint16_t id = e.header->identification;
        if (!identifications.insert(id).second)
            report.element("duplicate-identification",
                           i,
                           "identification " + std::to_string(id) + " is taken: give each element its own");
        if (id > 32767) report.element("identification-range", i, std::to_string(id) + ": use 0 to 32767");
    }
    check_order(m, report);
}

void check_header(const Model& m, Report& report) {
    if (!m.header) return;
    if (m.header->major_version < 1 || m.header->major_version > 3)
        report.element("header-version",
                       0,
                       "version " + std::to_string(m.header->major_version) + "." +
                           std::to_string(m.header->minor_version) + ": 2 or 3 is what eUICCs take");
    check_iccid(m, report);
    check_services(m, report);
    check_templates(m, report);
    check_test_profile(m, report);
    if (m.header->connectivity_parameters) {
        bool good = !m.header->connectivity_parameters->empty();
        for (Bytes rest = *m.header->connectivity_parameters; good && !rest.empty();) {
            const auto tlv = asn1::read_tlv(rest);
            good = tlv.has_value() && tlv->tag != 0;
            if (good) rest = tlv->rest;
        }
        if (!good)
            report.element(
                "connectivity-form", 0, "connectivityParameters must be complete TLVs, one behind the other");
    }
}

} // namespace halyard::profile::linting
