// `halyard profile lint`
#include "apps/cli/commands.h"
#include "apps/cli/profile_commands.h"
#include "profile/lint.h"
#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace halyard::cli {
namespace {
using nlohmann::ordered_json;
using profile::Finding, profile::Rule, profile::Severity;

struct LintArguments {
    std::vector<std::string> files, ignored;
    std::string policy = "warn";
    size_t largest = profile::LintOptions{}.largest;
    bool json = false, rules = false;
};

void list_rules(bool json) {
    ordered_json all = ordered_json::array();
    for (const Rule& r : profile::lint_rules()) {
        if (json)
            all.push_back({{"rule", r.name},
                           {"severity", profile::name(r.severity)},
                           {"security", r.security},
                           {"what", r.what},
                           {"reason", r.reason}});
        else
            std::printf("%-25s %-8s %s\n%35s%s%s\n",
                        r.name,
                        profile::name(r.severity),
                        r.what,
                        "",
                        r.reason,
                        r.security ? " (security: an error with --policy refuse)" : "");
    }
    if (json) std::printf("%s\n", all.dump().c_str());
}

ordered_json describe(const Finding& f) {
    ordered_json out{{"rule", f.rule->name},
                     {"severity", profile::name(f.severity)},
                     {"security", f.rule->security},
                     {"offset", f.offset}};
    if (f.number) out["element"] = {{"number", f.number}, {"name", f.element}};
    if (f.identification) out["element"]["identification"] = *f.identification;
    if (!f.path.empty()) out["path"] = f.path;
    out["text"] = f.text;
    out["reason"] = f.rule->reason;
    return out;
}

void print(const std::string& file, const Finding& f) {
    std::string place = file + ": octet " + std::to_string(f.offset);
    if (f.number) place += ", element " + std::to_string(f.number) + " " + f.element;
    if (f.identification) place += " (" + std::to_string(*f.identification) + ")";
    if (!f.path.empty()) place += ", " + f.path;
    std::printf("%s: %s: %s [%s]\n    %s\n",
                place.c_str(),
                profile::name(f.severity),
                f.text.c_str(),
                f.rule->name,
                f.rule->reason);
}

int lint(const LintArguments& a) {
    profile::LintOptions options{a.policy == "refuse", a.ignored, a.largest};
    size_t counts[3] = {};
    int exit_code = 0;
    ordered_json files = ordered_json::array();
    for (const std::string& path : a.files) {
        auto package = read_package(path);
        if (!package) {
            exit_code = report(package.error(), path, a.json);
            continue;
        }
        ordered_json found = ordered_json::array();
        for (const Finding& f : profile::lint(*package, options)) {
            ++counts[static_cast<size_t>(f.severity)];
            if (a.json)
                found.push_back(describe(f));
            else
                print(path, f);
        }
        wipe(*package);
        files.push_back({{"file", path}, {"findings", found}});
    }
    const size_t errors = counts[static_cast<size_t>(Severity::error)];
    const size_t warnings = counts[static_cast<size_t>(Severity::warning)];
    const size_t infos = counts[static_cast<size_t>(Severity::info)];
    if (a.json)
        std::printf(
            "%s\n",
            ordered_json{{"files", files}, {"errors", errors}, {"warnings", warnings}, {"infos", infos}}
                .dump(-1, ' ', false, ordered_json::error_handler_t::replace)
                .c_str());
    else
        std::printf("%zu errors, %zu warnings, %zu remarks\n", errors, warnings, infos);
    return errors ? 1 : exit_code;
}
} // namespace

void add_profile_lint(CLI::App& profile, int& exit_code) {
    auto a = std::make_shared<LintArguments>();
    CLI::App* lint_command = profile.add_subcommand(
        "lint",
        "Look for what cards refuse, the standard forbids and strangers could use; 1 when there are errors");
    CLI::Option* files = lint_command->add_option("files", a->files, "Packages, DER or hex");
    lint_command
        ->add_option("--policy", a->policy, "warn, or refuse: what endangers keys and cards is an error")
        ->check(CLI::IsMember({"warn", "refuse"}));
    std::vector<std::string> names;
    for (const Rule& r : profile::lint_rules()) names.emplace_back(r.name);
    lint_command->add_option("--ignore", a->ignored, "Rule that is not looked at; may be repeated")
        ->check(CLI::Validator(
            [names](std::string& name) {
                return std::find(names.begin(), names.end(), name) == names.end()
                           ? "there is no rule " + name + "; --rules lists them"
                           : std::string();
            },
            "RULE"))
        ->allow_extra_args(false);
    lint_command->add_option("--largest", a->largest, "Octets from which on a package is oversize")
        ->check(CLI::PositiveNumber);
    CLI::Option* rules = lint_command->add_flag("--rules", a->rules, "List the rules with their reasons");
    files->excludes(rules);
    lint_command->add_flag("--json", a->json, "Print one JSON object");
    lint_command->callback([a, &exit_code] {
        if (a->rules) return list_rules(a->json);
        if (a->files.empty()) throw CLI::RequiredError("files");
        exit_code = lint(*a);
    });
}

} // namespace halyard::cli
