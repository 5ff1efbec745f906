#pragma once
// ASN.1 value notation (X.680) of profile packages, as GSMA TS.48 publishes them beside the DER. One
// interpreter over the descriptions of elements.h and the template tables, in each direction.
#include "profile/package.h"

namespace halyard::profile {

constexpr size_t kMaxPackage = 2u << 20;  // octets; SR-48
constexpr size_t kMaxNotation = 2u << 20; // octets of text

/// Where a text stopped making sense.
struct NotationError {
    uint32_t line = 0, column = 0; // both from 1
    std::string found, expected;
    std::string text() const; // "3:14: found …, expected …"
};
template <class T> using Notated = tl::expected<T, NotationError>;

struct NotationOptions {
    bool keep_defaults = false; // encode a DEFAULT that the text spells out, which DER forbids (X.690 §11.5)
};

/// "value1 ProfileElement ::= header : { … }" and so on, keys and codes included. Components and elements
/// that this edition does not know are written `unknown 'hex'H`, which from_notation() takes. Errors as
/// parse().
Result<std::string> to_notation(Bytes package);
/// Elements one after the other, with or without "name ProfileElement ::=" in front. What comes out is DER of
/// complete elements; whether they make a package, parse() tells.
Notated<SecretBytes> from_notation(std::string_view text, const NotationOptions& = {});

/// One value of any described type: `der` is its complete TLV.
Result<std::string> print_value(const asn1::Type&, Bytes der);
Notated<SecretBytes> parse_value(const asn1::Type&, std::string_view text, const NotationOptions& = {});

} // namespace halyard::profile
