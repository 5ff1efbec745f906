// `halyard profile diff`
#include "apps/cli/commands.h"
#include "apps/cli/profile_commands.h"
#include "profile/diff.h"
#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace halyard::cli {
namespace {
using nlohmann::ordered_json;
using profile::Change;

struct DiffArguments {
    std::string before, after;
    bool json = false, show_secrets = false;
};

ordered_json describe(const profile::Difference& d) {
    ordered_json changes = ordered_json::array();
    for (const Change& c : d.changes) {
        ordered_json one{{"change", profile::name(c.kind)}, {"what", c.what}};
        if (!c.where.empty()) one["where"] = c.where;
        if (c.secret) {
            one["secret"] = true;
        } else if (!c.where.empty()) {
            one["before"] = c.before;
            one["after"] = c.after;
        }
        changes.push_back(one);
    }
    return {{"same", d.changes.empty()},
            {"same_octets", d.same_octets},
            {"reordered", d.reordered},
            {"changes", changes}};
}

void print(const profile::Difference& d) {
    const auto shown = [](const std::string& value) { return value.empty() ? "nothing" : value.c_str(); };
    for (const Change& c : d.changes) {
        const char sign = c.kind == Change::Kind::added ? '+' : c.kind == Change::Kind::removed ? '-' : '~';
        std::printf("%c %s", sign, c.what.c_str());
        if (!c.where.empty()) std::printf(": %s", c.where.c_str());
        if (c.secret)
            std::printf(": %s, not shown\n", profile::name(c.kind));
        else if (!c.where.empty())
            std::printf(": %s -> %s\n", shown(c.before), shown(c.after));
        else
            std::printf("\n");
    }
    if (d.changes.empty() && d.same_octets)
        std::printf("the same octets\n");
    else if (d.changes.empty())
        std::printf("the same meaning: %s\n",
                    d.reordered ? "elements stand in another order, which changes nothing"
                                : "only the coding differs");
    else if (d.reordered)
        std::printf("elements stand in another order\n");
}

int diff(const DiffArguments& a) {
    auto before = read_package(a.before);
    if (!before) return report(before.error(), a.before, a.json);
    auto after = read_package(a.after);
    if (!after) return report(after.error(), a.after, a.json);
    for (const auto& [path, package] : {std::pair{&a.before, &*before}, std::pair{&a.after, &*after}})
        if (const auto elements = profile::parse(*package); !elements)
            return report(elements.error(), *path, a.json);
    const auto d = profile::diff(*before, *after, a.show_secrets);
    wipe(*before);
    wipe(*after);
    if (!d) return report(d.error(), a.after, a.json);
    if (a.json)
        std::printf("%s\n",
                    describe(*d).dump(-1, ' ', false, ordered_json::error_handler_t::replace).c_str());
    else
        print(*d);
    return d->changes.empty() ? 0 : 1;
}
} // namespace

void add_profile_diff(CLI::App& profile, int& exit_code) {
    auto a = std::make_shared<DiffArguments>();
    CLI::App* diff_command = profile.add_subcommand(
        "diff", "What two packages mean differently; 0 when it is nothing, 1 when it is something");
    diff_command->add_option("before", a->before, "Package, DER or hex")->required();
    diff_command->add_option("after", a->after, "Package, DER or hex")->required();
    diff_command->add_flag("--show-secrets", a->show_secrets, "Also the values of keys and codes");
    diff_command->add_flag("--json", a->json, "Print one JSON object");
    diff_command->callback([a, &exit_code] { exit_code = diff(*a); });
}

} // namespace halyard::cli
