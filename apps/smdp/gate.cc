#include "apps/smdp/gate.h"
#include "base/log.h"
#include <algorithm>

namespace halyard::smdp_app {
namespace {
// What is published must not reach subscribers by any option but --lab. SR-10
constexpr const char* kPublished[] = {
    "test-profile", "public-key", "public-opc", "public-sd-key", "test-algorithm"};

bool any_of(std::span<const char* const> names, std::string_view name) {
    return std::any_of(names.begin(), names.end(), [&](const char* n) { return name == n; });
}
} // namespace

bool Gate::refuses(const profile::Rule& rule) const {
    if (!rule.security || lab) return false;
    return refuse || any_of(kPublished, rule.name);
}

Result<bool> Gate::judge(Bytes package, std::span<const char* const> beside) const {
    bool good = true, published = false;
    for (const profile::Finding& f : profile::lint(package, {.ignored = ignored})) {
        if (!f.rule->security || any_of(beside, f.rule->name)) continue;
        const bool kept_out = refuses(*f.rule);
        good &= !kept_out;
        published |= any_of(kPublished, f.rule->name);
        std::string line = "package";
        if (f.number) line += ", element " + std::to_string(f.number) + " " + f.element;
        if (f.identification) line += " (" + std::to_string(*f.identification) + ")";
        line += ": " + f.text + " [" + f.rule->name + "]";
        if (kept_out && any_of(kPublished, f.rule->name)) line += ": only with --lab";
        log(kept_out ? LogLevel::error : LogLevel::warning, line);
    }
    if (!good) return fail(Errc::rejected, "lint");
    return published;
}

} // namespace halyard::smdp_app
