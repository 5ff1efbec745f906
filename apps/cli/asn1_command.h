#pragma once
// The parts of `halyard asn1`, each a command of its own.
#include "base/octets.h"
#include "rsp/registry.h"
#include <memory>
#include <string>

namespace CLI {
class App;
}

namespace halyard::cli {

/// The message called `name`; nullptr for "", and with `unknown` set for a name that no message has: what
/// there is has been printed to stderr then.
const rsp::Message* wanted_type(const std::string& name, bool& unknown);
/// The names of all messages and components, or one JSON array with tag, section and kind. Returns 0.
int list_types(bool json);

/// The HTTP body of a message of ESipa or ES9+; `binding` is esipa-json or es9-json. Whether it is a request
/// or an answer is read off the octets. Errors: bad_tag for what that interface does not carry, and those of
/// the binding.
Result<std::string> json_body(const std::string& binding, Bytes der);
/// The other way round; `function` is the end of the path, "getEimPackage". An answer is known by its header.
/// Empty for an answer without a body. Errors: not_found "function", and those of the binding.
Result<OwnedBytes>
message_of_body(const std::string& binding, const std::string& function, std::string_view body);
/// What the octets are on that interface; nullptr when it has no such message.
const rsp::Message* type_on(const std::string& binding, Bytes der);

void add_asn1_encode(CLI::App& asn1, int& exit_code);
void add_asn1_diff(CLI::App& asn1, int& exit_code);

} // namespace halyard::cli
