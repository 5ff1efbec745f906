#pragma once
// Any described message as JSON and back, octet for octet: what `halyard asn1` prints and takes. Both
// directions are interpreters over the description; no C++ value is made. docs/asn1-tool.md has the form.
#include "asn1/walk.h"
#include "rsp/registry.h"

namespace halyard::binding {

/// Where in the JSON, why, and what should have been there.
struct JsonFault {
    std::string path; // "messages[0].value.euiccPackageSigned.eidValue"; empty: the whole
    std::string reason, expected;
};

/// The value of a walked message; the walk must have no error. Differs from asn1::to_json where that forgets:
/// components unknown to this edition stand in "...", a DEFAULT that was written out stays, a UTF8String that
/// is none is {"hex": …}.
std::string json_of(const asn1::Node&);

/// A message made of JSON.
struct FromJson {
    const rsp::Message* message = nullptr;
    OwnedBytes der;
    std::vector<asn1::Noted> deviations; // a DEFAULT that was asked for, unknown components
};
struct MessagesFromJson {
    std::vector<FromJson> messages;
    std::optional<JsonFault> fault; // the message it is about and later ones are not there
};
/// `text`: one value of `type`, or {"type":…,"value":…}, or what `decode --json` prints, whose messages are
/// all taken. With the latter two `type` may be absent; when it is there, it has to agree. At most 16 MiB and
/// 64 levels; takes at most four times the text from the heap.
MessagesFromJson messages_from_json(std::string_view text, const rsp::Message* type = nullptr);

/// "eidValue [5A] OCTET STRING of 16 octets": what a place takes, in the words of the description.
std::string describe(const char* name, asn1::Tag, const asn1::Type&, asn1::Size = {});

} // namespace halyard::binding
