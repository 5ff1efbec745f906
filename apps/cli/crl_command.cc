#include "apps/cli/crl_command.h"
#include "apps/cli/serve_settings.h"
#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace halyard::cli {
namespace {
void print(const ops::ListState& s, Time now, Time grace, bool json) {
    const auto date = [](Time t) { return app::text_from_seconds(t.count() / 1000); };
    const char* state = !s.held                       ? "none"
                        : now > s.next_update + grace ? "out of date"
                        : now > s.next_update         ? "late"
                                                      : "ok";
    if (json) {
        nlohmann::ordered_json out{{"source", s.source}, {"state", state}};
        if (s.held) {
            out["this_update"] = date(s.this_update);
            out["next_update"] = date(s.next_update);
            out["entries"] = s.entries;
        }
        std::printf("%s\n", out.dump().c_str());
    } else if (s.held) {
        std::printf("%-11s  %s to %s  %zu entries  %s\n",
                    state,
                    date(s.this_update).c_str(),
                    date(s.next_update).c_str(),
                    s.entries,
                    s.source.c_str());
    } else {
        std::printf("%-11s  %s\n", state, s.source.c_str());
    }
}
} // namespace

void add_crl_command(CLI::App& top,
                     std::shared_ptr<ops::Settings> settings,
                     std::shared_ptr<ops::ServeOptions> options,
                     std::vector<std::string> own,
                     int& exit_code) {
    CLI::App* c = top.add_subcommand("crl", "Revocation lists that `serve` uses with these settings");
    auto json = std::make_shared<bool>(false);
    c->add_flag("--json", *json, "JSON, one object a line");
    const auto run = [=] {
        const auto keeper = ops::open_lists(*options, own);
        if (!keeper) return 1; // the log says why
        const Time grace(std::chrono::days(options->lists.grace_days));
        for (const auto& s : (*keeper)->states()) print(s, Time(app::now_ms()), grace, *json);
        return 0;
    };
    add_serve_command(
        c, settings, [] { return std::vector<ops::Problem>(); }, run, exit_code);
}

} // namespace halyard::cli
