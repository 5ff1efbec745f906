#include "apps/cli/commands.h"
#include "apps/cli/smdp_parts.h"
#include "apps/cli/store_option.h"
#include "apps/smdp/stock.h"
#include <CLI/CLI.hpp>
#include <cstdio>

namespace halyard::cli {
namespace {
using nlohmann::ordered_json, smdp_app::Site;

struct Arguments {
    SiteArguments site;
    std::string iccid;
    smdp_app::Confirmation confirmation;
    bool json = false, states = false;
};

Ok confirm(const Arguments& a) {
    auto site = TRY(open_site(a.site));
    const auto order = TRY(smdp_app::confirm_order(*site, TRY(iccid_from_text(a.iccid)), a.confirmation));
    print_order(describe(*site, order), a.json);
    return {};
}
Ok release(const Arguments& a) {
    auto site = TRY(open_site(a.site));
    print_order(describe(*site, TRY(smdp_app::release_profile(*site, TRY(iccid_from_text(a.iccid))))),
                a.json);
    return {};
}
Ok pool_states(const Arguments& a, Site& site) {
    for (const smdp::Pool& p : TRY(site.store->pools())) {
        const ordered_json one{{"operator", p.operator_id},
                               {"type", p.type},
                               {"state", smdp::name(p.state)},
                               {"profiles", p.count}};
        if (a.json)
            std::printf("%s\n", one.dump().c_str());
        else
            std::printf("%-16s %-16s %-11s %llu\n",
                        p.operator_id.c_str(),
                        p.type.empty() ? "-" : p.type.c_str(),
                        smdp::name(p.state),
                        static_cast<unsigned long long>(p.count));
    }
    return {};
}
// Numbers that are kept; what is in other states is counted.
Ok pool(const Arguments& a) {
    auto site = TRY(open_site(a.site));
    if (a.states) return pool_states(a, *site);
    for (const smdp::Level& l : TRY(site->store->levels())) {
        const ordered_json one{{"operator", l.operator_id},
                               {"type", l.type},
                               {"available", l.available},
                               {"low_water", l.low_water},
                               {"low", l.low}};
        if (a.json)
            std::printf("%s\n", one.dump().c_str());
        else
            std::printf("%-16s %-16s %llu available, low-water mark %llu%s\n",
                        l.operator_id.c_str(),
                        l.type.empty() ? "-" : l.type.c_str(),
                        static_cast<unsigned long long>(l.available),
                        static_cast<unsigned long long>(l.low_water),
                        l.low ? ", LOW" : "");
    }
    return {};
}
} // namespace

void add_smdp_stock_commands(CLI::App& top, int& exit_code) {
    auto a = std::make_shared<Arguments>();
    const auto command = [&](const char* name, const char* what, Ok (*run)(const Arguments&)) {
        CLI::App* c = top.add_subcommand(name, what);
        add_site_options(c, a->site);
        c->add_flag("--json", a->json, "JSON, one object a line");
        c->callback([=, &exit_code] {
            if (const auto ok = run(*a); !ok)
                exit_code = report(ok.error(), std::string("smdp ") + name, a->json);
        });
        return c;
    };
    CLI::App* c = command("confirm", "Give an order its matching id and terms (confirmOrder)", confirm);
    c->add_option("iccid", a->iccid, "The profile")->required();
    c->add_option("--eid", a->confirmation.eid, "Only this eUICC may have it");
    auto* id = c->add_option("--matching-id", a->confirmation.matching_id, "Instead of a random one");
    c->add_flag("--default-dp", a->confirmation.default_dp, "Found by --eid alone, without a matching id")
        ->excludes(id);
    c->add_option("--code-file", a->confirmation.code_file, "File with the confirmation code");
    c->add_option("--smds", a->confirmation.smds, "SM-DS that shall hold an event for --eid; host[:port]");
    c->add_flag("--release", a->confirmation.release, "Release it at once");
    CLI::App* r = command("release", "Let a confirmed order be downloaded (releaseProfile)", release);
    r->add_option("iccid", a->iccid, "The profile")->required();
    CLI::App* p = command("pool", "How many profiles of each operator and type are available", pool);
    p->add_flag("--states", a->states, "How many are in which state; counts them all");
}

} // namespace halyard::cli
