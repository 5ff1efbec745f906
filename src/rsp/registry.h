#pragma once
// Which messages there are, by name and tag, and which of them some octets are.
#include "asn1/asn1.h"
#include "rsp/edition.h"

namespace halyard::rsp {

/// A type of this layer, with what a table, a tool or a fuzzer needs to handle it without knowing it.
struct Message {
    const asn1::Type* type;
    const char* name; // as in the specification; SGP32- is left out, SGP22- or "v1.0 " tells the older form
    const char* section; // "SGP.32 §2.11.1.1": where it, or the function that carries it, is described
    /// Decodes exactly one TLV and hands the value to `use`; it lives as long as that call.
    Ok (*read)(Bytes der,
               const asn1::DecodeOptions&,
               void* context,
               void (*use)(void* context, const void* value));
    Edition edition = Edition::v1_2; // v1_0: a form that only v1.0 has
};

/// All of them: whole messages and the components they are made of.
std::span<const Message> messages();
/// nullptr when there is none of that name.
const Message* message_named(std::string_view name);

/// What the octets of one TLV can be.
struct Recognition {
    const Message* message = nullptr;   // nullptr when there is none, or no single best
    std::vector<const Message*> others; // read them as well, but not better
    const Message* nearest = nullptr;   // when none reads them: the one that came furthest,
    std::optional<Error> error;         // and what stopped it
};
/// By its tag, and where several types share that (a request and its response), by which reads it with the
/// fewest deviations and unknown values. A tag that says nothing by itself (30, A0) is only recognised when a
/// single type reads the octets without any. Forms of v1.0 are tried where no type of v1.2 reads the octets
/// without doubt.
Recognition recognise(Bytes tlv, const asn1::DecodeOptions& = {});

} // namespace halyard::rsp
