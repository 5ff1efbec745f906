#pragma once
#include "asn1/asn1.h"

namespace halyard::profile {

// Names of key references; the module has one list for PINs and one for PUKs.
inline constexpr asn1::NamedValue kPinReferenceNames[] = {{1, "pinAppl1"},
                                                          {2, "pinAppl2"},
                                                          {3, "pinAppl3"},
                                                          {4, "pinAppl4"},
                                                          {5, "pinAppl5"},
                                                          {6, "pinAppl6"},
                                                          {7, "pinAppl7"},
                                                          {8, "pinAppl8"},
                                                          {10, "adm1"},
                                                          {11, "adm2"},
                                                          {12, "adm3"},
                                                          {13, "adm4"},
                                                          {14, "adm5"},
                                                          {129, "secondPINAppl1"},
                                                          {130, "secondPINAppl2"},
                                                          {131, "secondPINAppl3"},
                                                          {132, "secondPINAppl4"},
                                                          {133, "secondPINAppl5"},
                                                          {134, "secondPINAppl6"},
                                                          {135, "secondPINAppl7"},
                                                          {136, "secondPINAppl8"},
                                                          {138, "adm6"},
                                                          {139, "adm7"},
                                                          {140, "adm8"},
                                                          {141, "adm9"},
                                                          {142, "adm10"}};
inline constexpr asn1::NamedValue kPukReferenceNames[] = {{1, "pukAppl1"},
                                                          {2, "pukAppl2"},
                                                          {3, "pukAppl3"},
                                                          {4, "pukAppl4"},
                                                          {5, "pukAppl5"},
                                                          {6, "pukAppl6"},
                                                          {7, "pukAppl7"},
                                                          {8, "pukAppl8"},
                                                          {129, "secondPUKAppl1"},
                                                          {130, "secondPUKAppl2"},
                                                          {131, "secondPUKAppl3"},
                                                          {132, "secondPUKAppl4"},
                                                          {133, "secondPUKAppl5"},
                                                          {134, "secondPUKAppl6"},
                                                          {135, "secondPUKAppl7"},
                                                          {136, "secondPUKAppl8"}};
constexpr asn1::Type number_named(std::span<const asn1::NamedValue> names) {
    asn1::Type t = asn1::Map<uint16_t>::type;
    t.names = names;
    return t;
}
inline constexpr asn1::Type kPinReference = number_named(kPinReferenceNames);
inline constexpr asn1::Type kPukReference = number_named(kPukReferenceNames);
/// A number that is a key reference: the same octets, with the names of that list.
constexpr asn1::Field named(asn1::Field f, const asn1::Type& type) {
    f.type = &type;
    return f;
}

} // namespace halyard::profile
