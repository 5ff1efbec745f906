#pragma once
// What messages and their members are for, in a few words, as data: for tools that explain them to people.
#include "asn1/walk.h"
#include "rsp/registry.h"

namespace halyard::rsp {

/// Who says a message to whom.
struct Route {
    const char* interface; // "ESipa"
    const char *from, *to; // "IPA", "eIM"
};
/// nullopt for components, which go where what holds them goes.
std::optional<Route> route_of(const Message&);

/// A signature member (tag 5F37) and what it is over.
struct Signature {
    const char* name;    // "eimSignature"
    const char* signer;  // "eIM"
    const char* member;  // the member beside it whose octets are covered; nullptr: all before it
    const char* covered; // in words
};
/// nullptr for other members.
const Signature* signature_named(std::string_view member);

/// The signature beside `child`, a member of `parent`, that is over it; nullptr when none is.
const Signature* signature_over(const asn1::Node& parent, const asn1::Node& child);

/// nullptr where the name says it all.
const char* meaning_of(std::string_view member);

/// What is known to go wrong in a place: seen in the field, or written by another edition.
struct Habit {
    const char* type;  // in which the tag was met
    asn1::Tag tag;     // met; 0: any
    Errc code;         // what it makes of the reading
    const char* cause; // what it probably is
};
std::span<const Habit> habits();

} // namespace halyard::rsp
