#pragma once
// What people have of a message, made readable: hex, base64 or DER in; names and values out.
#include "rsp/registry.h"
#include <string>

namespace halyard::app {

/// DER as people keep it: the octets themselves, hex (spaces, colons and line breaks as they like), base64,
/// or PEM of any label. Errors: bad_value for text that is neither; truncated
/// when there is nothing, or half a hex octet.
Result<OwnedBytes> der_of(Bytes content, const char* where = "input");

struct MessageView {
    const rsp::Message* message;
    asn1::Tag tag;
    size_t offset, octets;
    std::vector<const rsp::Message*> others; // what reads the same octets
    std::vector<asn1::Noted> deviations;     // offsets count from the beginning of the input
    std::string text, json;                  // the value
};
struct MessageViews {
    std::vector<MessageView> messages;
    /// What stopped the reading, and as which type; offset counts from the beginning of the input.
    std::optional<Error> error;
    const rsp::Message* as = nullptr;
    std::vector<const rsp::Message*> could_be; // of an ambiguous tag
};
/// Every TLV of `der` in turn, until one cannot be read. `type` says what they are; nullptr: each by its tag.
MessageViews view_messages(Bytes der, const rsp::Message* type = nullptr, bool strict = false);

/// Several lines for people; without the error.
std::string to_text(const MessageViews&);
/// One object: messages, and error when there is one.
std::string to_json(const MessageViews&);
/// "missing field at counterValue (tag or detail 0x81) as EuiccPackageRequest, octet 17", and what to do
/// about it.
std::string describe_error(const MessageViews&);

} // namespace halyard::app
