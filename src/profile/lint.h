#pragma once
// Looks for what a card refuses, what the standard forbids and what a stranger could make use of, before a
// package leaves the house. SR-24
#include "profile/package.h"

namespace halyard::profile {

enum class Severity : uint8_t { info, warning, error };
const char* name(Severity);

struct Rule {
    const char* name;   // stable: scripts name it in --ignore
    Severity severity;  // error: cards refuse it or the standard forbids it
    bool security;      // an error under the policy "refuse"
    const char* what;   // one line
    const char* reason; // clause, or why cards care
};
std::span<const Rule> lint_rules();

struct Finding {
    const Rule* rule = nullptr;
    Severity severity = Severity::info;
    std::string text;    // what is wrong here and what to do
    std::string element; // name; empty for the package as a whole
    size_t number = 0;   // of the element, from 1; 0 for the package
    std::optional<uint16_t> identification;
    std::string path; // of a file, as FIDs below the MF: "7FD06F07"
    uint32_t offset = 0;
};

struct LintOptions {
    bool refuse_security = false;
    std::vector<std::string> ignored;
    size_t largest = 128 * 1024; // octets of the package from which on it is called oversize
};
/// In the order of the package. Never fails: what cannot be read is a finding. Secrets are not in the texts.
std::vector<Finding> lint(Bytes package, const LintOptions& = {});
/// A key that is published or trivial, and a code that people write into templates (rules public-key,
/// weak-code): for values that come beside a template.
bool is_public_key(Bytes);
bool is_weak_code(std::string_view digits);

} // namespace halyard::profile
