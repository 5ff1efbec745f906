#pragma once
// What value notation needs to know beyond the C++ descriptions: names, defaults and elements made of tables.
#include "profile/package.h"

namespace halyard::profile::notation {

inline asn1::Tag tag_of(const asn1::Field& f) { return f.tag ? f.tag : f.type->tag; }
/// Whether a TLV with this tag is the field's.
bool selects(const asn1::Field&, asn1::Tag);
/// The type a field is written as: the services list is a SEQUENCE OF any TLV in C++, named NULLs in the
/// module.
const asn1::Type& shape_of(const asn1::Field&);
/// The list of services: its items have no colon between name and value.
bool is_services(const asn1::Type&);
/// Whether the text may call the field so: by its name, or as published packages misspell it.
bool called(const asn1::Field&, std::string_view name);
/// Content octets of the field's DEFAULT as hex; nullptr when it has none.
const char* default_of(const asn1::Type& owner, const asn1::Field&);

struct ElementShape {
    const char* name;
    asn1::Tag tag;
    const asn1::Type* type;
};
/// Type is nullptr when this edition knows no such element.
ElementShape element_shape(asn1::Tag);
ElementShape element_shape(std::string_view name);

} // namespace halyard::profile::notation
