#include "profile/notation_types.h"

namespace halyard::profile::notation {
namespace {

// The SEQUENCE { xx-header PEHeader, templateID OBJECT IDENTIFIER, file File … } of each template element.
struct TemplateShape {
    std::string header;
    std::vector<asn1::Field> fields;
    asn1::Type type{};
};

// "opt-usim" has optusim-header, "df-5gprose" df-5g-prose-header; all others are named after the element.
std::string header_name(std::string_view element) {
    if (element == "df-5gprose") return "df-5g-prose-header";
    std::string out(element);
    if (out.starts_with("opt-")) out.erase(3, 1);
    return out + "-header";
}

constexpr asn1::Field part(const char* name, asn1::Tag tag, bool required, const asn1::Type& type) {
    return {name, tag, required, &type, nullptr, nullptr};
}

const std::vector<TemplateShape>& template_shapes() {
    static const std::vector<TemplateShape> shapes = [] {
        std::vector<TemplateShape> out(templates().size());
        for (size_t i = 0; i < out.size(); ++i) {
            const Template& t = templates()[i];
            TemplateShape& s = out[i];
            s.header = header_name(t.name);
            s.fields = {part(s.header.c_str(), 0xA0, true, asn1::Map<PeHeader>::type),
                        part("templateID", 0x81, true, asn1::Map<Oid>::type)};
            for (const TemplateFile& f : t.files)
                s.fields.push_back(part(f.name, f.member, f.required, asn1::Map<File>::type));
            s.type = {.kind = asn1::Kind::sequence, .tag = t.pe, .name = t.name, .fields = s.fields};
        }
        return out;
    }();
    return shapes;
}

constexpr auto kServiceFields = [] {
    std::array<asn1::Field, ServicesList::kCount> out{};
    for (size_t i = 0; i < out.size(); ++i)
        out[i] = part(
            ServicesList::kNames[i], static_cast<asn1::Tag>(0x80 + i), false, asn1::Map<asn1::Null>::type);
    return out;
}();
constexpr asn1::Type kService{
    .kind = asn1::Kind::choice, .tag = 0, .name = "service", .fields = kServiceFields};
constexpr asn1::Type kServices{
    .kind = asn1::Kind::view, .tag = 0x30, .name = "ServicesList", .item = &kService};

struct Default {
    const char *type, *field, *content;
};
constexpr Default kDefaults[] = {
    {"Fcp", "lcsi", "05"},
    {"ProprietaryInfo", "specialFileInformation", "00"},
    {"ProprietaryInfo", "fileDetails", "01"},
    {"PINConfiguration", "pinAttributes", "07"},
    {"PINConfiguration", "maxNumOfAttemps-retryNumLeft", "33"},
    {"PUKConfiguration", "maxNumOfAttemps-retryNumLeft", "00AA"},
    {"AlgoParameter", "rotationConstants", "4000204060"},
    {"AlgoParameter",
     "xoringConstants",
     "00000000000000000000000000000000 00000000000000000000000000000001 00000000000000000000000000000002 "
     "00000000000000000000000000000004 00000000000000000000000000000008"},
    {"AlgoParameter", "numberOfKeccak", "01"},
    {"PE-AKAParameter", "sqnOptions", "02"},
    {"PE-AKAParameter", "sqnDelta", "000010000000"},
    {"PE-AKAParameter", "sqnAgeLimit", "000010000000"},
    {"PE-AKAParameter",
     "sqnInit",
     "0406000000000000 0406000000000000 0406000000000000 0406000000000000 0406000000000000 0406000000000000 "
     "0406000000000000 0406000000000000 0406000000000000 0406000000000000 0406000000000000 0406000000000000 "
     "0406000000000000 0406000000000000 0406000000000000 0406000000000000 0406000000000000 0406000000000000 "
     "0406000000000000 0406000000000000 0406000000000000 0406000000000000 0406000000000000 0406000000000000 "
     "0406000000000000 0406000000000000 0406000000000000 0406000000000000 0406000000000000 0406000000000000 "
     "0406000000000000 0406000000000000"},
    {"ApplicationInstance", "lifeCycleState", "07"},
    {"KeyObject", "keyAccess", "00"},
    {"KeyComponent", "macLength", "08"},
};

} // namespace

bool selects(const asn1::Field& f, asn1::Tag tag) {
    if (tag_of(f)) return tag_of(f) == tag;
    const asn1::Type& type = shape_of(f);
    if (type.kind == asn1::Kind::any) return true;
    return std::any_of(
        type.fields.begin(), type.fields.end(), [&](const asn1::Field& a) { return selects(a, tag); });
}

const asn1::Type& shape_of(const asn1::Field& f) {
    return f.type == &asn1::Map<List<Service>>::type ? kServices : *f.type;
}

bool is_services(const asn1::Type& type) { return &type == &kServices; }

bool called(const asn1::Field& f, std::string_view name) {
    // The module's older editions misspell it, and so do the packages written with them.
    return f.name == name || (name == "keyCompontents" && std::string_view(f.name) == "keyComponents");
}

const char* default_of(const asn1::Type& owner, const asn1::Field& f) {
    for (const Default& d : kDefaults)
        if (std::string_view(d.type) == owner.name && std::string_view(d.field) == f.name) return d.content;
    return nullptr;
}

ElementShape element_shape(asn1::Tag tag) {
    if (const ElementKind* k = plain_element(tag)) return {k->name, k->tag, k->type};
    for (size_t i = 0; i < templates().size(); ++i)
        if (templates()[i].pe == tag) return {templates()[i].name, tag, &template_shapes()[i].type};
    return {"unknown", tag, nullptr};
}

ElementShape element_shape(std::string_view name) {
    if (const ElementKind* k = plain_element(name)) return {k->name, k->tag, k->type};
    for (size_t i = 0; i < templates().size(); ++i)
        if (templates()[i].name == name)
            return {templates()[i].name, templates()[i].pe, &template_shapes()[i].type};
    return {"unknown", 0, nullptr};
}

} // namespace halyard::profile::notation
