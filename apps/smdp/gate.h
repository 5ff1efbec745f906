#pragma once
// What packages may come in: the linter's security findings, and published keys only in a laboratory.
// SR-10, SR-24
#include "profile/lint.h"

namespace halyard::smdp_app {

struct Gate {
    bool refuse = true; // --lint refuse: what endangers keys and cards; warn: it is told and taken
    bool lab = false;   // --lab: published test profiles and keys as well
    std::vector<std::string> ignored; // rules that are not looked at

    /// Told in the log, each with its element and rule. True when only a laboratory takes it. Error: rejected
    /// "lint" when the package may not come in. `beside`: rules that it need not obey, because its values are
    /// replaced.
    Result<bool> judge(Bytes package, std::span<const char* const> beside = {}) const;
    /// Whether findings of that rule keep a package out.
    bool refuses(const profile::Rule&) const;
};

/// Rules about values that every profile has of its own.
inline constexpr const char* kPersonalRules[] = {"public-key", "public-opc", "weak-code"};

} // namespace halyard::smdp_app
