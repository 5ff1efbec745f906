#pragma once
#include "profile/elements.h"

namespace halyard::profile {

enum class FileKind : uint8_t { transparent, linear, cyclic, ber_tlv, directory, application };

/// A file that a template element may carry.
struct TemplateFile {
    asn1::Tag member; // its tag within the element
    const char* name; // as in the module
    uint16_t fid;     // 0: only the element's own FCP tells
    FileKind kind;
    uint16_t records; // 0: the element must tell
    uint16_t size;    // octets, of a record where there are records; 0: the element must tell
    uint8_t arr;      // number of the default access rule
    uint8_t sfi;      // 0: none
    bool required;    // the element must carry the member
    // Default content as hex: "~XX" for XX up to the end (what follows is the end), "*XX…" for XX… again and
    // again; nullptr: none.
    const char* fill;
    uint16_t last_fid = 0;    // of a member that may hold several files: the end of their range; 0: one file
    bool high_update = false; // special file information 80. ETSI TS 102 222 §6.3.2.2.2
};

struct Template {
    asn1::Tag pe;
    const char* name;
    bool created_by_default; // files that the element leaves out are made all the same
    std::span<const TemplateFile> files;
    const TemplateFile* find(asn1::Tag member) const;
};

std::span<const Template> templates();
/// nullptr when the element is none made of template files.
const Template* template_of(asn1::Tag pe);

/// Tag of the element that the template of that identifier ("2.23.143.1.2.4.2") belongs to; 0 when this
/// edition does not know it.
asn1::Tag element_of_template(std::string_view id);
/// The file as that edition of its template has it.
TemplateFile of_edition(const TemplateFile&, std::string_view id);

/// TemplateFile::fill over each `unit` octets of the content: "07~FF" → 07 FF FF … ; "~FF07" → FF … 07;
/// "*AB00" → AB 00 AB 00 … . False when it is no such text.
bool fill_default(OwnedBytes& content, size_t unit, const char* fill);
/// A fillPattern, whose last octet goes on to the end of each unit, or a repeatPattern.
void fill_pattern(OwnedBytes& content, size_t unit, Bytes pattern, bool repeat);

} // namespace halyard::profile
