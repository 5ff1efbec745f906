// `halyard smdp keys` and `halyard smdp rekey`
#include "apps/cli/commands.h"
#include "apps/cli/smdp_parts.h"
#include "apps/common/signals.h"
#include <CLI/CLI.hpp>
#include <cstdio>
#include <set>

namespace halyard::cli {
namespace {
using nlohmann::ordered_json, smdp_app::Site;

struct Arguments {
    SiteArguments site;
    std::string to;
    bool json = false, wrapping_only = false;
};

Ok show(const Arguments& a) {
    auto site = TRY(open_site(a.site));
    const std::string& source = site->storage_key->source().text;
    ordered_json keys = ordered_json::array();
    for (const smdp::DataKey& k : TRY(site->store->data_keys(std::nullopt)))
        keys.push_back({{"operator", k.operator_id},
                        {"key", k.id},
                        {"current", k.current},
                        {"created", app::text_from_seconds(k.created.count() / 1000)}});
    if (a.json) {
        std::printf("%s\n",
                    ordered_json{{"storage_key", source.empty() ? "directory" : source}, {"keys", keys}}
                        .dump()
                        .c_str());
        return {};
    }
    std::printf("storage key: %s\n", source.empty() ? "storage.key of the directory" : source.c_str());
    for (const auto& k : keys)
        std::printf("%-16s key %u%s\n",
                    k["operator"] == "" ? "(server)" : k["operator"].get<std::string>().c_str(),
                    k["key"].get<unsigned>(),
                    k["current"] == true ? "" : " (former, something still lies under it)");
    return {};
}

// Every operator gets a new key, unless an earlier run was cut short: then its work goes on.
Ok renew(Site& site) {
    std::set<std::string> operators, unfinished;
    for (const smdp::DataKey& k : TRY(site.store->data_keys(std::nullopt)))
        (k.current ? operators : unfinished).insert(k.operator_id);
    operators.erase(""); // it seals nothing: it makes keyed hashes, which must stay the same
    if (!unfinished.empty()) return {};
    for (const std::string& id : operators) TRY(site.vault->renew(id, Time(app::now_ms())));
    return {};
}

int rekey(const Arguments& a) {
    constexpr size_t kBatch = 200;
    auto opened = open_site(a.site);
    if (!opened) return report(opened.error(), "smdp rekey", a.json);
    Site& site = **opened;
    app::catch_signals();
    size_t sealed = 0, dropped = 0;
    const auto run = [&]() -> Ok {
        if (!a.wrapping_only) TRY(renew(site));
        int64_t last = app::now_ms();
        // Also what lies under the storage key itself, from before there were data keys.
        sealed = TRY(smdp::reseal_all(*site.vault, *site.store, kBatch, [&](size_t done) {
            if (const int64_t now = app::now_ms(); now - last >= 1000) {
                last = now;
                std::fprintf(stderr, "%zu sealed anew\n", done);
            }
            return !app::stop_requested();
        }));
        if (app::stop_requested()) return {};
        dropped = TRY(site.store->drop_idle_keys());
        const std::string& source = site.storage_key->source().text;
        const bool foreign = !source.empty() && !source.starts_with("pkcs11:");
        if (a.to.empty() && foreign)
            return fail(Errc::missing_field, "--to: a file of yours cannot be replaced");
        return site.storage_key->exchange(*site.vault, a.to, site.random);
    };
    if (const Ok ok = run(); !ok) return report(ok.error(), "smdp rekey", a.json);
    const bool whole = !app::stop_requested();
    if (a.json)
        std::printf("%s\n",
                    ordered_json{{"sealed_anew", sealed}, {"keys_dropped", dropped}, {"complete", whole}}
                        .dump()
                        .c_str());
    else
        std::printf("%zu sealed anew, %zu former keys dropped%s\n",
                    sealed,
                    dropped,
                    whole ? ", storage key exchanged" : "; interrupted: run it again");
    return whole ? 0 : 1;
}
} // namespace

void add_smdp_key_commands(CLI::App& top, int& exit_code) {
    auto a = std::make_shared<Arguments>();
    CLI::App* keys = top.add_subcommand("keys", "Where the storage key is, and which keys lie under it");
    add_site_options(keys, a->site);
    keys->add_flag("--json", a->json, "Print one JSON object");
    keys->callback([=, &exit_code] {
        if (const auto ok = show(*a); !ok) exit_code = report(ok.error(), "smdp keys", a->json);
    });
    CLI::App* c = top.add_subcommand(
        "rekey", "New keys for all that is sealed; readable throughout, run again when it was cut short");
    add_site_options(c, a->site);
    c->add_option(
        "--to", a->to, "Where the new storage key is: FILE, credential:NAME, pkcs11:URI, or directory");
    c->add_flag("--wrapping-only", a->wrapping_only, "A new storage key only: operators keep their keys");
    c->add_flag("--json", a->json, "Print one JSON object");
    c->callback([=, &exit_code] { exit_code = rekey(*a); });
}

} // namespace halyard::cli
