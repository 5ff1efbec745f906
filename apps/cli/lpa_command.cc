// `halyard lpa`: a consumer's profile assistant for a card, one procedure a command. docs/lpa.md
#include "apps/cli/commands.h"
#include "apps/cli/lpa_parts.h"
#include "apps/common/resolve.h"
#include "apps/ipad/options.h"
#include "rsp/device_text.h"
#include <CLI/CLI.hpp>
#include <cstdio>

namespace halyard::cli {
using nlohmann::ordered_json;

Result<LpaSetting> open_lpa(const LpaArguments& a) {
    ipad::Options from;
    for (const std::string& path : a.trust) TRY(ipad::add_trust(from, path));
    TRY(app::add_resolve(from.resolve, a.resolve));
    TRY(ipad::set_device(from, a.tac, {}));
    if (!a.imei.empty()) from.ipa.device.imei = TRY(rsp::imei_from_text(a.imei));
    lpa::Servers::Options to;
    to.trust.anchors = from.trust;
    to.trust.anchors_pem = from.trust_pem;
    to.connect_to = from.resolve;
    to.form = a.es9 == "asn1" ? binding::Es9Form::asn1 : binding::Es9Form::json;
    to.patience = std::chrono::milliseconds(static_cast<int64_t>(a.patience * 1000));
    auto servers = TRY(lpa::Servers::open(to));
    auto card = TRY(lpa::Card::open(a.card));
    return LpaSetting{std::move(card), std::move(servers), from.ipa.device};
}

CLI::App* add_lpa_command(CLI::App& top, const char* name, const char* what, LpaArguments& a, bool servers) {
    CLI::App* c = top.add_subcommand(name, what);
    c->add_option("--card", a.card, "The eUICC: sim:DIR, unix:PATH or tcp:HOST:PORT")->required();
    if (servers) {
        c->add_option("--trust", a.trust, "CA of the servers, PEM or DER; may be repeated")->required();
        c->add_option("--resolve", a.resolve, "HOST=ADDR:PORT instead of what DNS says; may be repeated");
        c->add_option("--es9", a.es9, "Binding: json or asn1")->check(CLI::IsMember({"json", "asn1"}));
        c->add_option("--patience", a.patience, "Seconds to try a server again that does not answer")
            ->check(CLI::Range(0.0, 3600.0));
        c->add_option("--tac", a.tac, "Type allocation code of the device, 8 digits");
        c->add_option("--imei", a.imei, "Its IMEI, 15 digits");
    }
    c->add_flag("--json", a.json, "JSON, one object a line");
    return c;
}

namespace {
Ok profiles(const LpaArguments& a) {
    auto card = TRY(lpa::Card::open(a.card));
    for (const lpa::Profile& p : TRY(lpa::profiles(card))) {
        const char* state = p.enabled ? "enabled" : "disabled";
        if (a.json)
            std::printf(
                "%s\n",
                ordered_json{
                    {"iccid", to_text(p.iccid)}, {"state", state}, {"name", p.name}, {"provider", p.provider}}
                    .dump(-1, ' ', false, ordered_json::error_handler_t::replace)
                    .c_str());
        else
            std::printf("%-20s %-8s %s\n", to_text(p.iccid).c_str(), state, p.name.c_str());
    }
    return {};
}

Ok info(const LpaArguments& a) {
    auto card = TRY(lpa::Card::open(a.card));
    const Eid eid = TRY(card.eid());
    const OwnedBytes octets = TRY(card.addresses());
    const auto addresses = TRY(asn1::decode<rsp::EuiccConfiguredAddressesResponse>(octets));
    const std::string smdp(addresses.default_dp_address.value_or("")), smds(addresses.root_ds_address);
    if (a.json)
        std::printf("%s\n",
                    ordered_json{{"eid", to_text(eid)}, {"default_smdp", smdp}, {"root_smds", smds}}
                        .dump(-1, ' ', false, ordered_json::error_handler_t::replace)
                        .c_str());
    else
        std::printf("EID            %s\ndefault SM-DP+ %s\nroot SM-DS     %s\n",
                    to_text(eid).c_str(),
                    smdp.empty() ? "-" : smdp.c_str(),
                    smds.empty() ? "-" : smds.c_str());
    return {};
}

Ok switch_profile(const LpaArguments& a, Ok (*change)(lpa::Card&, const Iccid&)) {
    const Iccid iccid = TRY(iccid_from_text(a.iccid));
    auto card = TRY(lpa::Card::open(a.card));
    return change(card, iccid);
}
Ok set_default(const LpaArguments& a) {
    auto card = TRY(lpa::Card::open(a.card));
    return lpa::set_default_smdp(card, a.address);
}

Ok notifications(const LpaArguments& a, int& exit_code) {
    std::vector<lpa::Pending> all;
    if (a.send) {
        auto with = TRY(open_lpa(a));
        all = TRY(lpa::deliver(with.card, with.servers));
    } else {
        auto card = TRY(lpa::Card::open(a.card));
        all = TRY(lpa::notifications(card));
    }
    for (const lpa::Pending& p : all) {
        if (p.not_sent) exit_code = 1;
        print_notification(p, a.json);
    }
    return {};
}
} // namespace

void print_notification(const lpa::Pending& p, bool json) {
    const std::string why =
        p.not_sent ? std::string(name(p.not_sent->code)) + " at " + p.not_sent->where : std::string();
    if (!json) {
        std::printf("%-4llu %-8s %-20s %s %s%s\n",
                    static_cast<unsigned long long>(p.number),
                    p.event.c_str(),
                    p.iccid ? to_text(*p.iccid).c_str() : "-",
                    p.address.c_str(),
                    p.sent ? "delivered" : "waiting",
                    why.empty() ? "" : (": " + why).c_str());
        return;
    }
    ordered_json out{{"number", p.number}, {"event", p.event}, {"address", p.address}, {"delivered", p.sent}};
    if (p.iccid) out["iccid"] = to_text(*p.iccid);
    if (!why.empty()) out["error"] = why;
    std::printf("%s\n", out.dump(-1, ' ', false, ordered_json::error_handler_t::replace).c_str());
}

void add_lpa_commands(CLI::App& app, int& exit_code) {
    CLI::App* top = app.add_subcommand("lpa", "A consumer's profile assistant (SGP.22) for a card");
    top->require_subcommand(1);
    add_lpa_download(*top, exit_code);
    add_lpa_discover(*top, exit_code);
    const auto local = [&](const char* name, const char* what, auto run) {
        auto a = std::make_shared<LpaArguments>();
        CLI::App* c = add_lpa_command(*top, name, what, *a, false);
        c->callback([=, &exit_code] {
            if (const Ok done = run(*a); !done)
                exit_code = report(done.error(), std::string("lpa ") + name, a->json);
        });
        return std::pair(c, a);
    };
    local("info", "EID and configured addresses", info);
    local("profiles", "The profiles on the card", profiles);
    const auto of_profile = [&](const char* name, const char* what, Ok (*change)(lpa::Card&, const Iccid&)) {
        const auto [c, a] =
            local(name, what, [change](const LpaArguments& with) { return switch_profile(with, change); });
        c->add_option("iccid", a->iccid, "The profile")->required();
    };
    of_profile("enable", "Enable a profile (ES10c)", lpa::enable);
    of_profile("disable", "Disable a profile (ES10c)", lpa::disable);
    of_profile("delete", "Delete a disabled profile (ES10c)", lpa::remove);
    const auto [d, da] = local("set-default-smdp", "Set the default SM-DP+ address (ES10a)", set_default);
    d->add_option("address", da->address, "host[:port]; empty: none")->required();

    auto n = std::make_shared<LpaArguments>();
    CLI::App* told = add_lpa_command(*top, "notifications", "What the card has to tell servers", *n, true);
    told->get_option("--trust")->required(false);
    told->add_flag("--send", n->send, "Deliver them, and remove what was taken");
    told->callback([n, &exit_code] {
        if (const Ok done = notifications(*n, exit_code); !done)
            exit_code = report(done.error(), "lpa notifications", n->json);
    });
}

} // namespace halyard::cli
