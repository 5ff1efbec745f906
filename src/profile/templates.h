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
    const char*
        fill; // default content as hex, "~XX" for XX up to the end (what follows is the end); nullptr: none
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

/// TemplateFile::fill over each `unit` octets of the content: "07~FF" → 07 FF FF … ; "~FF07" → FF … 07. False
/// when it is no such text.
bool fill_default(OwnedBytes& content, size_t unit, const char* fill);
/// A fillPattern, whose last octet goes on to the end of each unit, or a repeatPattern.
void fill_pattern(OwnedBytes& content, size_t unit, Bytes pattern, bool repeat);

} // namespace halyard::profile
