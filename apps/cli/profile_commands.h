#pragma once
// Parts of `halyard profile`, one file each.
#include "base/octets.h"
#include "profile/package.h"
#include <string>

namespace CLI {
class App;
}

namespace halyard::cli {

/// A package as DER or its hex text.
Result<OwnedBytes> read_package(const std::string& path);
/// "transparent", "linear" …
const char* kind_name(profile::FileKind);

void add_profile_build(CLI::App& profile, int& exit_code);
void add_profile_lint(CLI::App& profile, int& exit_code);
void add_profile_diff(CLI::App& profile, int& exit_code);

/// `profile show FILE --text`: to stdout, or to a file with mode 0600.
Ok show_text(const std::string& path, const std::string& out);

} // namespace halyard::cli
