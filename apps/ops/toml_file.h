#pragma once
// The only place that knows the TOML library. docs/adr/0014-running-servers.md
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace halyard::ops {

/// What is wrong with a configuration: `line` 0 when no line of a file is to blame.
struct Problem {
    unsigned line = 0;
    std::string key, what;
};

/// One key of a file, with the tables around it: "es2.port".
struct ConfigEntry {
    std::string key;
    std::variant<bool, int64_t, std::string, std::vector<std::string>> value;
    unsigned line = 0;
};

struct ConfigText {
    std::vector<ConfigEntry> entries; // in the order of their lines
    std::vector<Problem> problems;    // syntax, and values of kinds that no setting has
};
/// Reads TOML 1.0.
ConfigText read_toml(std::string_view text);

} // namespace halyard::ops
