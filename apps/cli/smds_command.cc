#include "apps/cli/commands.h"
#include "apps/cli/crl_command.h"
#include "apps/cli/serve_settings.h"
#include "apps/cli/store_option.h"
#include "apps/smds/site.h"
#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace halyard::cli {
namespace {
using nlohmann::ordered_json, smds_app::Site;

struct Arguments {
    StoreOptions at;
    std::string eid, event_id;
    bool json = false;
};

// Where an event stands towards the parent.
const char* forwarding(const smds::Event& e) {
    if (e.forwarded_id.empty()) return "none";
    return e.waits_for_parent ? "pending" : "registered";
}

ordered_json describe(const smds::Event& e) {
    ordered_json out{{"eid", to_text(e.eid)},
                     {"event_id", e.event_id},
                     {"rsp_server_address", e.rsp_server_address},
                     {"owner", e.owner},
                     {"forwarding_indicator", e.forwarding_indicator},
                     {"forwarding", forwarding(e)}};
    if (!e.forwarded_id.empty()) out["forwarded_id"] = e.forwarded_id;
    out["registered"] = app::text_from_seconds(e.registered.count() / 1000);
    return out;
}

void print(const smds::Event& e, bool json) {
    if (json)
        std::printf("%s\n", describe(e).dump().c_str());
    else
        std::printf("%s  %s  %s  by %s, forwarding %s\n",
                    to_text(e.eid).c_str(),
                    e.event_id.c_str(),
                    e.rsp_server_address.c_str(),
                    e.owner.c_str(),
                    forwarding(e));
}

Ok show(const Arguments& a) {
    auto site = TRY(Site::open(a.at.at()));
    if (!a.eid.empty()) {
        for (const auto& e : TRY(site->store->events(TRY(eid_from_text(a.eid))))) print(e, a.json);
        return {};
    }
    constexpr size_t kPage = 500;
    for (uint64_t after = 0;;) {
        const auto page = TRY(site->store->events(after, kPage));
        for (const smds::Event& e : page) print(e, a.json);
        if (page.size() < kPage) return {};
        after = page.back().number;
    }
}

Ok remove(const Arguments& a) {
    auto site = TRY(Site::open(a.at.at()));
    auto server = site->server();
    return server.withdraw(TRY(eid_from_text(a.eid)), a.event_id, Time(app::now_ms()));
}

void add_serve(CLI::App* top, int& exit_code) {
    auto o = std::make_shared<smds_app::ServeOptions>();
    auto settings = std::make_shared<ops::Settings>();
    smds_app::add_settings(*settings, *o);
    CLI::App* c =
        top->add_subcommand("serve", "Serve ES11, and ES12 and ES15 with mutual TLS, until SIGTERM");
    const auto run = [o] {
        const auto ended = smds_app::serve(*o);
        return ended ? *ended : report(ended.error(), "smds serve", false);
    };
    add_serve_command(
        c, settings, [o] { return smds_app::check_files(*o); }, run, exit_code);
    auto shown = std::make_shared<smds_app::ServeOptions>();
    auto same = std::make_shared<ops::Settings>();
    smds_app::add_settings(*same, *shown);
    add_crl_command(*top, same, shown, {"smds-tls", "smds-auth"}, exit_code);
}
} // namespace

void add_smds_commands(CLI::App& app, int& exit_code) {
    CLI::App* top = app.add_subcommand("smds", "SM-DS: serve event records, look at them");
    top->require_subcommand(1);
    add_serve(top, exit_code);
    auto a = std::make_shared<Arguments>();
    CLI::App* e = top->add_subcommand("events", "Registered events");
    add_smds_store(*e, a->at);
    e->add_option("--eid", a->eid, "Of this eUICC only");
    e->add_flag("--json", a->json, "JSON, one object a line");
    e->callback([a, &exit_code] {
        if (const auto ok = show(*a); !ok) exit_code = report(ok.error(), "smds events", a->json);
    });
    CLI::App* d = top->add_subcommand("delete", "Delete an event, whoever registered it; the parent is told");
    add_smds_store(*d, a->at);
    d->add_option("eid", a->eid, "The eUICC")->required();
    d->add_option("event-id", a->event_id, "Its event")->required();
    d->add_flag("--json", a->json, "An error as one JSON object");
    d->callback([a, &exit_code] {
        if (const auto ok = remove(*a); !ok) exit_code = report(ok.error(), "smds delete", a->json);
    });
}

} // namespace halyard::cli
