#pragma once
// A message explained to people: what it is, who says it to whom, who signs what, where each octet belongs;
// and of a broken one, where and why it breaks.
#include "apps/common/message_view.h"

namespace halyard::app {

struct Explained {
    std::string text, json;
    bool good = true; // everything could be read
};
/// Every TLV of `der`, as explained in docs/asn1-tool.md. `type`: what they are; nullptr: each by its tag.
Explained explain(Bytes der, const rsp::Message* type = nullptr);

/// Why a message of type `as` (nullptr: none begins so) could not be read, in the parts that explain() shows.
struct Breakage {
    std::string what;                // "missing field at counterValue of EuiccPackageRequest"
    uint32_t offset = 0;             // from the beginning of `message`
    std::string expected, got;       // expected: from the description alone
    std::vector<std::string> within; // TLVs around it, from the outermost
    std::vector<std::string> causes; // probable ones
};
Breakage breakage(Bytes message, const Error&, const rsp::Message* as);
/// Rows of 16 octets around an octet, with a caret under it.
std::string hex_window(Bytes, size_t at);

} // namespace halyard::app
