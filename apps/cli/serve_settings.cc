#include "apps/cli/serve_settings.h"
#include "apps/common/files.h"
#include <CLI/CLI.hpp>
#include <cstdio>

namespace halyard::cli {
namespace {
using ops::Kind, ops::Problem, ops::Setting, ops::Settings;

// What the command line said, in its own words.
struct Given {
    std::string config;
    bool check = false;
    std::map<std::string, std::vector<std::string>> options; // addresses of its values stay
};

const char* type_name(Kind k) {
    switch (k) {
    case Kind::number: return "NUMBER";
    case Kind::path:
    case Kind::paths: return "PATH";
    default: return "TEXT";
    }
}

void add_option(CLI::App* c, const Setting& s, Given& given) {
    auto& values = given.options[s.option];
    if (s.kind == Kind::flag) {
        c->add_flag_callback(
            s.option, [&values, value = s.flag_value] { values = {value}; }, s.help);
        return;
    }
    CLI::Option* o = c->add_option(s.option, values, s.help)->type_name(type_name(s.kind));
    if (s.kind != Kind::texts && s.kind != Kind::paths) o->expected(1);
}

void print(const std::vector<Problem>& problems, const std::string& file) {
    for (const Problem& p : problems) {
        std::string line = p.line ? file + ":" + std::to_string(p.line) + ": " : "";
        if (!p.key.empty()) line += p.key + ": ";
        std::fprintf(stderr, "%s%s\n", line.c_str(), p.what.c_str());
    }
}

// Everything that is wrong, not the first thing.
std::vector<Problem> collect(Settings& settings, const Given& given) {
    std::vector<Problem> problems;
    if (!given.config.empty()) {
        const auto text = app::read_file(given.config, 1u << 20, "config");
        if (!text) return {{0, given.config, std::string("cannot be read: ") + name(text.error().code)}};
        problems = settings.apply_file(text_of(*text), given.config);
    }
    for (const auto& [option, values] : given.options) {
        if (values.empty()) continue;
        const auto wrong = settings.apply_option(option, values);
        problems.insert(problems.end(), wrong.begin(), wrong.end());
    }
    for (const Problem& p : settings.missing()) problems.push_back(p);
    return problems;
}
} // namespace

void add_serve_command(CLI::App* c,
                       std::shared_ptr<Settings> settings,
                       std::function<std::vector<Problem>()> check,
                       std::function<int()> run,
                       int& exit_code) {
    auto given = std::make_shared<Given>();
    c->add_option("--config", given->config, "TOML file with these settings; options override it")
        ->type_name("FILE");
    c->add_flag("--check", given->check, "Say what is wrong with the settings and the files they name; end");
    for (const Setting& s : settings->all())
        if (!s.option.empty()) add_option(c, s, *given);
    c->callback([=, &exit_code] {
        auto problems = collect(*settings, *given);
        if (problems.empty() && given->check) problems = check();
        print(problems, given->config);
        if (!problems.empty())
            exit_code = 2;
        else if (given->check)
            std::printf("{\"checked\":true}\n");
        else
            exit_code = run();
    });
}

} // namespace halyard::cli
