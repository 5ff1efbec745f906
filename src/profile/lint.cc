#include "profile/lint_model.h"

namespace halyard::profile {
namespace linting {

void Report::add(const char* rule, Finding f) {
    const auto rules = lint_rules();
    const auto known = std::find_if(
        rules.begin(), rules.end(), [&](const Rule& r) { return std::string_view(r.name) == rule; });
    HALYARD_ASSERT(known != rules.end());
    if (std::find(options_.ignored.begin(), options_.ignored.end(), rule) != options_.ignored.end()) return;
    f.rule = &*known;
    f.severity = known->security && options_.refuse_security ? Severity::error : known->severity;
    all_.push_back(std::move(f));
}

void Report::package(const char* rule, std::string text, uint32_t offset) {
    add(rule, {.text = std::move(text), .offset = offset});
}

void Report::element(const char* rule, size_t index, std::string text) {
    const Element& e = model_.elements[index];
    Finding f{.text = std::move(text), .element = e.name, .number = index + 1, .offset = e.offset};
    if (e.header) f.identification = e.header->identification;
    add(rule, std::move(f));
}

void Report::file(const char* rule, const LintFile& file, std::string text) {
    const Element& e = model_.elements[file.element];
    Finding f{.text = file.label() + ": " + std::move(text),
              .element = e.name,
              .number = file.element + 1,
              .path = model_.path(file),
              .offset = file.offset};
    if (e.header) f.identification = e.header->identification;
    add(rule, std::move(f));
}

std::vector<Finding> Report::take() {
    std::stable_sort(
        all_.begin(), all_.end(), [](const Finding& a, const Finding& b) { return a.offset < b.offset; });
    return std::move(all_);
}

namespace {
// Elements that can be read; the others are findings. True when the whole package could be walked.
void read_elements(Bytes package, Model& model, Report& report) {
    constexpr size_t kMaxElements = 1000;
    uint32_t offset = 0;
    for (Bytes rest = package; !rest.empty();) {
        const auto tlv = asn1::read_tlv(rest, "ProfileElement");
        if (!tlv) {
            report.package("malformed",
                           std::string("the element is ") + halyard::name(tlv.error().code) +
                               ": nothing behind here can be read",
                           offset);
            return;
        }
        if (model.elements.size() == kMaxElements)
            return report.package("malformed", "more than 1000 elements", offset);
        if (const auto e = next_element(tlv->whole, offset); e && *e) {
            model.elements.push_back(**e);
        } else {
            const Error error = e ? Error{Errc::truncated} : e.error();
            // A template element that can be read but for a file it must have.
            const Template* const t = template_of(tlv->tag);
            const bool missing = t && error.code == Errc::missing_field &&
                                 std::string_view(error.where) != "PEHeader" &&
                                 std::string_view(error.where) != "templateID";
            const ElementKind* const kind = plain_element(tlv->tag);
            const std::string name = t ? t->name : kind ? kind->name : "element";
            report.package(missing ? "missing-file" : "malformed",
                           name + ": " +
                               (missing ? std::string(error.where) + " must be there"
                                        : std::string(halyard::name(error.code)) + " at " + error.where),
                           std::max(error.offset, offset));
        }
        offset += static_cast<uint32_t>(tlv->whole.size());
        rest = tlv->rest;
    }
}

void read_header(Model& model) {
    for (const Element& e : model.elements) {
        if (e.tag != 0xA0 || model.header) continue;
        const auto h = asn1::decode<ProfileHeader>(e.der);
        if (!h) continue;
        model.header = *h;
        (void)h->mandatory_services.for_each([&](const Service& s) {
            const auto tlv = asn1::read_tlv(s.tlv.der);
            const size_t index = tlv && tlv->tag >= 0x80 ? tlv->tag - 0x80 : ServicesList::kCount;
            if (index < ServicesList::kCount) model.services.emplace_back(ServicesList::kNames[index]);
        });
    }
}
} // namespace
} // namespace linting

std::vector<Finding> lint(Bytes package, const LintOptions& options) {
    using namespace linting;
    Model model;
    Report report(model, options);
    if (package.size() > options.largest)
        report.package("oversize",
                       std::to_string(package.size()) +
                           " octets: leave out files that the devices do not need");
    if (package.size() > (2u << 20)) return report.take(); // SR-48: nothing larger is looked at
    read_elements(package, model, report);
    read_header(model);
    build_files(model, report);
    check_package(package, model, report);
    check_header(model, report);
    check_files(model, report);
    check_access(model, report);
    check_codes(model, report);
    check_usim(model, report);
    check_aka(model, report);
    check_domains(model, report);
    return report.take();
}

} // namespace halyard::profile
