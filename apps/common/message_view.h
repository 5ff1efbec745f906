#pragma once
// Messages made readable: names and values out.
#include "apps/common/message_input.h"
#include "rsp/registry.h"
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace halyard::app {

/// "BF51"
std::string tag_text(asn1::Tag);

struct MessageView {
    const rsp::Message* message;
    asn1::Tag tag;
    size_t offset, octets;
    std::vector<const rsp::Message*> others; // what reads the same octets
    std::vector<asn1::Noted> deviations;     // offsets count from the beginning of the input
    std::string text, json;                  // the value; json as binding/message_json.h has it
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
nlohmann::ordered_json json_of(const MessageView&);
/// One object: messages, and error when there is one.
std::string to_json(const MessageViews&);
/// "missing field at counterValue (tag or detail 0x81) as EuiccPackageRequest, octet 17", and what to do
/// about it.
std::string describe_error(const MessageViews&);

} // namespace halyard::app
