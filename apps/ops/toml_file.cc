#include "apps/ops/toml_file.h"
#include <algorithm>
#include <optional>
#include <toml++/toml.h>

namespace halyard::ops {
namespace {
unsigned line_of(const toml::node& node) { return node.source().begin.line; }

std::optional<std::vector<std::string>> texts(const toml::array& array) {
    std::vector<std::string> out;
    for (const toml::node& element : array) {
        const auto* text = element.as_string();
        if (!text) return std::nullopt;
        out.push_back(text->get());
    }
    return out;
}

void collect(const toml::table& table, const std::string& prefix, ConfigText& out) {
    for (const auto& [name, node] : table) {
        const std::string key = prefix + std::string(name.str());
        const auto add = [&](auto value) { out.entries.push_back({key, std::move(value), line_of(node)}); };
        if (const auto* inner = node.as_table()) {
            collect(*inner, key + ".", out);
        } else if (const auto* flag = node.as_boolean()) {
            add(flag->get());
        } else if (const auto* number = node.as_integer()) {
            add(number->get());
        } else if (const auto* text = node.as_string()) {
            add(text->get());
        } else if (const auto* array = node.as_array()) {
            if (auto all = texts(*array))
                add(*std::move(all));
            else
                out.problems.push_back({line_of(node), key, "a list must be of strings"});
        } else {
            out.problems.push_back({line_of(node), key, "no setting has a value of this kind"});
        }
    }
}
} // namespace

ConfigText read_toml(std::string_view text) {
    ConfigText out;
    try {
        collect(toml::parse(text), "", out);
    } catch (const toml::parse_error& e) {
        out.problems.push_back({e.source().begin.line, "", std::string(e.description())});
    }
    std::ranges::stable_sort(out.entries, {}, &ConfigEntry::line);
    return out;
}

} // namespace halyard::ops
