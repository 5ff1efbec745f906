#include "apps/cli/commands.h"
#include "apps/cli/crl_command.h"
#include "apps/cli/serve_settings.h"
#include "apps/cli/smdp_parts.h"
#include "apps/cli/store_option.h"
#include "apps/smdp/stock.h"
#include "store/deviations.h"
#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

namespace halyard::cli {
namespace {
using nlohmann::ordered_json, smdp_app::OrderRequest, smdp_app::Site;

struct Arguments {
    SiteArguments site;
    std::string matching_id, file;
    bool json = false, stock = false, available = false;
};

} // namespace

void add_site_options(CLI::App* c, SiteArguments& a) {
    add_smdp_store(*c, a.at);
    c->add_option("--address", a.address, "Its address, host[:port]; kept from then on");
    c->add_option("--storage-key",
                  a.storage_key,
                  "FILE, credential:NAME or pkcs11:URI; the first one is kept; storage.key there otherwise");
}
void add_gate_options(CLI::App* c, SiteArguments& a) {
    c->add_option("--lint", a.lint, "What endangers keys and cards: refuse, or warn")
        ->check(CLI::IsMember({"refuse", "warn"}));
    c->add_option("--ignore", a.ignored, "Rule of `profile lint` that is not looked at; may be repeated")
        ->allow_extra_args(false);
    c->add_flag("--lab", a.lab, "Laboratory: take published test profiles and keys");
}
Result<std::unique_ptr<Site>> open_site(const SiteArguments& a) {
    auto site = TRY(Site::open(a.at.at(), a.address, a.storage_key));
    site->gate = {.refuse = a.lint == "refuse", .lab = a.lab, .ignored = a.ignored};
    return site;
}

nlohmann::ordered_json describe(const Site& site, const smdp::Order& o) {
    ordered_json out{{"matching_id", o.matching_id},
                     {"activation_code", site.activation_code(o)},
                     {"iccid", to_text(o.iccid)},
                     {"state", smdp::name(o.state)},
                     {"name", o.name},
                     {"attempts", o.attempts}};
    if (o.eid) out["eid"] = to_text(*o.eid);
    if (!o.type.empty()) out["type"] = o.type;
    if (o.operator_id != smdp::kDefaultOperator) out["operator"] = o.operator_id;
    if (!o.code.empty()) out["confirmation_code"] = true;
    if (!o.smds.empty()) out["smds"] = o.smds;
    if (!o.last_event.empty()) out["last_event"] = o.last_event;
    if (!o.reason.empty()) out["reason"] = o.reason;
    out["created"] = app::text_from_seconds(o.created.count() / 1000);
    if (o.expires.count()) out["expires"] = app::text_from_seconds(o.expires.count() / 1000);
    return out;
}
void print_order(const nlohmann::ordered_json& o, bool json) {
    const std::string code = o["activation_code"];
    if (json)
        std::printf("%s\n", o.dump().c_str());
    else
        std::printf("%-21s %-11s %s  %s\n",
                    o["iccid"].get<std::string>().c_str(),
                    o["state"].get<std::string>().c_str(),
                    code.empty() ? "no activation code" : code.c_str(),
                    o.value("eid", "any eUICC").c_str());
}

namespace {

Ok order(const Arguments& a, const OrderRequest& r) {
    auto site = TRY(open_site(a.site));
    const auto order =
        TRY(r.profile.empty() ? smdp_app::order_from_stock(*site, r) : smdp_app::place(*site, r));
    print_order(describe(*site, order), a.json);
    return {};
}

// The members a line of an import file may have.
Result<OrderRequest> request_of(const ordered_json& line, const std::filesystem::path& base) {
    OrderRequest r;
    const std::pair<const char*, std::string*> members[] = {{"profile", &r.profile},
                                                            {"iccid", &r.iccid},
                                                            {"imsi", &r.imsi},
                                                            {"k", &r.k},
                                                            {"opc", &r.opc},
                                                            {"pin1", &r.pin1},
                                                            {"puk1", &r.puk1},
                                                            {"spn", &r.spn},
                                                            {"eid", &r.eid},
                                                            {"name", &r.name},
                                                            {"class", &r.profile_class},
                                                            {"type", &r.type},
                                                            {"operator", &r.operator_id},
                                                            {"matching_id", &r.matching_id},
                                                            {"expires", &r.expires}};
    if (!line.is_object()) return fail(Errc::bad_value, "line");
    for (const auto& [key, value] : line.items()) {
        const auto* m = std::find_if(
            std::begin(members), std::end(members), [&](const auto& p) { return key == p.first; });
        if (m == std::end(members)) return fail(Errc::unsupported, "unknown member");
        if (!value.is_string()) return fail(Errc::bad_value, m->first);
        *m->second = value;
    }
    if (r.profile.empty()) return fail(Errc::missing_field, "profile");
    if (std::filesystem::path(r.profile).is_relative()) r.profile = (base / r.profile).string();
    return r;
}

// Orders already there (same ICCID) are left alone, so that a file can be imported again after a mistake.
Ok import(const Arguments& a, int& exit_code) {
    auto site = TRY(open_site(a.site));
    std::ifstream in(a.file);
    if (!in) return fail(Errc::not_found, "file");
    const auto base = std::filesystem::path(a.file).parent_path();
    unsigned number = 0, placed = 0, known = 0, failed = 0;
    std::set<std::string> seen; // ICCIDs as this file words them
    for (std::string text; std::getline(in, text);) {
        ++number;
        if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
        const auto line = ordered_json::parse(text, nullptr, false);
        const auto one = [&]() -> Result<smdp::Order> {
            OrderRequest r = TRY(request_of(line, base));
            r.stock = a.stock;
            if (!r.iccid.empty() && !seen.insert(r.iccid).second)
                return fail(Errc::conflict, "iccid, twice in this file");
            return smdp_app::place(*site, r);
        };
        const auto done = one();
        if (done) {
            ++placed;
            if (a.json) print_order(describe(*site, *done), true);
        } else if (done.error().code == Errc::conflict && std::string_view(done.error().where) == "iccid") {
            ++known;
        } else {
            ++failed;
            report(done.error(), a.file + " line " + std::to_string(number), a.json);
        }
    }
    if (failed) exit_code = 1;
    std::fprintf(stderr,
                 "%u %s, %u there before, %u refused\n",
                 placed,
                 a.stock ? "profiles put in stock" : "orders placed",
                 known,
                 failed);
    return {};
}

// By matching id, else by ICCID.
Result<std::optional<smdp::Order>> find_order(Site& site, const std::string& which) {
    auto order = TRY(site.store->order(which));
    if (order) return order;
    const auto iccid = iccid_from_text(which);
    return iccid ? site.store->order(*iccid) : order;
}

Ok show(const Arguments& a) {
    auto site = TRY(open_site(a.site));
    if (a.matching_id.empty()) {
        for (const auto& o : TRY(site->store->orders(0))) print_order(describe(*site, o), a.json);
        return {};
    }
    const auto o = TRY(find_order(*site, a.matching_id));
    if (!o) return fail(Errc::not_found, "matching id");
    ordered_json out = describe(*site, *o);
    auto& list = out["notifications"] = ordered_json::array();
    for (const auto& n : TRY(site->store->notifications(o->iccid)))
        list.push_back({{"event", n.event},
                        {"eid", to_text(n.eid)},
                        {"sequence", n.sequence},
                        {"success", n.success},
                        {"received", app::text_from_seconds(n.received.count() / 1000)}});
    std::printf("%s\n", out.dump(a.json ? -1 : 2).c_str());
    return {};
}

Ok cancel(const Arguments& a) {
    auto site = TRY(open_site(a.site));
    const bool by_matching_id = TRY(site->store->order(a.matching_id)).has_value();
    if (by_matching_id && !a.available) {
        auto server = site->server();
        print_order(describe(*site, TRY(server.cancel(a.matching_id, Time(app::now_ms())))), a.json);
        return {};
    }
    const auto order = TRY(find_order(*site, a.matching_id));
    if (!order) return fail(Errc::not_found, "matchingId");
    print_order(describe(*site, TRY(smdp_app::cancel_order(*site, *order, a.available))), a.json);
    return {};
}

// What is on disk; a server that runs writes every few seconds.
Ok show_deviations(const Arguments& a) {
    auto site = TRY(open_site(a.site));
    constexpr size_t kPage = 500;
    std::optional<store::Deviation> last;
    for (;;) {
        const auto found = TRY(store::deviations(site->store->database(), kPage, last));
        for (const store::Deviation& d : found) {
            const std::string first = app::text_from_seconds(d.first.count() / 1000);
            const std::string latest = app::text_from_seconds(d.last.count() / 1000);
            const ordered_json one{{"peer", d.peer},
                                   {"what", d.what},
                                   {"where", d.where},
                                   {"count", d.count},
                                   {"first", first},
                                   {"last", latest}};
            if (a.json)
                std::printf("%s\n", one.dump().c_str());
            else
                std::printf("%s  %llu  %s at %s  %s to %s\n",
                            d.peer.c_str(),
                            static_cast<unsigned long long>(d.count),
                            d.what.c_str(),
                            d.where.c_str(),
                            first.c_str(),
                            latest.c_str());
        }
        if (found.size() < kPage) return {};
        last = found.back();
    }
}

void add_order(CLI::App* top, const std::shared_ptr<Arguments>& a, int& exit_code) {
    auto r = std::make_shared<OrderRequest>();
    CLI::App* c =
        top->add_subcommand("order", "Prepare one profile for download; prints its activation code");
    c->add_option(
        "--profile", r->profile, "Package: complete, or a template to personalise; absent: from stock");
    c->add_option("--iccid", r->iccid, "18 to 20 digits");
    c->add_option("--imsi", r->imsi, "6 to 15 digits");
    c->add_option("--spn", r->spn, "Service provider name");
    c->add_option("--eid", r->eid, "Only this eUICC may have it");
    c->add_option("--name", r->name, "Profile name the device shows");
    c->add_option("--class", r->profile_class, "operational, provisioning or test")
        ->check(CLI::IsMember({"operational", "provisioning", "test"}));
    c->add_option("--matching-id", r->matching_id, "Instead of a random one");
    c->add_option("--type", r->type, "Profile type; without --profile: any of that type in stock");
    c->add_option("--operator", r->operator_id, "Whose profile it is");
    c->add_option("--expires", r->expires, "Moment after which it is not handed out");
    add_site_options(c, a->site);
    add_gate_options(c, a->site);
    c->add_flag("--json", a->json, "Print one JSON object");
    c->callback([=, &exit_code] {
        if (const auto ok = order(*a, *r); !ok) exit_code = report(ok.error(), "smdp order", a->json);
    });
}

void add_serve(CLI::App* top, int& exit_code) {
    auto o = std::make_shared<smdp_app::ServeOptions>();
    auto settings = std::make_shared<ops::Settings>();
    smdp_app::add_settings(*settings, *o);
    CLI::App* c = top->add_subcommand("serve", "Serve ES9+ and ES2+ over HTTPS until SIGTERM");
    const auto run = [o] {
        const auto ended = smdp_app::serve(*o);
        return ended ? *ended : report(ended.error(), "smdp serve", false);
    };
    add_serve_command(
        c, settings, [o] { return smdp_app::check_files(*o); }, run, exit_code);
    auto shown = std::make_shared<smdp_app::ServeOptions>();
    auto same = std::make_shared<ops::Settings>();
    smdp_app::add_settings(*same, *shown);
    add_crl_command(*top, same, shown, {"smdp-tls", "smdp-auth", "smdp-pb"}, exit_code);
}
} // namespace

void add_smdp_commands(CLI::App& app, int& exit_code) {
    CLI::App* top = app.add_subcommand("smdp", "SM-DP+: serve profiles, place and look at orders");
    top->require_subcommand(1);
    add_serve(top, exit_code);
    auto a = std::make_shared<Arguments>();
    add_order(top, a, exit_code);
    add_smdp_stock_commands(*top, exit_code);
    add_smdp_factory_commands(*top, exit_code);
    add_smdp_key_commands(*top, exit_code);
    const auto common = [a](CLI::App* c) {
        add_site_options(c, a->site);
        c->add_flag("--json", a->json, "JSON, one object a line");
    };
    CLI::App* i = top->add_subcommand("import", "Place many orders: one JSON object a line");
    common(i);
    i->add_option("file",
                  a->file,
                  "members profile, iccid, imsi, k, opc, pin1, puk1, spn, eid, name, class, type, operator")
        ->required();
    i->callback([a, &exit_code] {
        if (const auto ok = import(*a, exit_code); !ok) exit_code = report(ok.error(), a->file, a->json);
    });
    add_gate_options(i, a->site);
    i->add_flag(
        "--stock", a->stock, "Put them in stock, to be ordered by ES2+ or `order --iccid` or `--type`");
    CLI::App* s = top->add_subcommand("show", "Orders, or one with its notifications");
    common(s);
    s->add_option("matching-id", a->matching_id, "One order, by matching id or ICCID");
    s->callback([a, &exit_code] {
        if (const auto ok = show(*a); !ok) exit_code = report(ok.error(), "smdp show", a->json);
    });
    CLI::App* d =
        top->add_subcommand("deviations", "What peers sent that is not as specified, and was understood");
    common(d);
    d->callback([a, &exit_code] {
        if (const auto ok = show_deviations(*a); !ok)
            exit_code = report(ok.error(), "smdp deviations", a->json);
    });
    CLI::App* c = top->add_subcommand("cancel", "Withdraw an order nobody has downloaded (cancelOrder)");
    common(c);
    c->add_option("order", a->matching_id, "Matching id or ICCID")->required();
    c->add_flag("--available", a->available, "Back into stock instead of withdrawn for good");
    c->callback([a, &exit_code] {
        if (const auto ok = cancel(*a); !ok) exit_code = report(ok.error(), a->matching_id, a->json);
    });
}

} // namespace halyard::cli
