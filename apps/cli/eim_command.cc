#include "apps/cli/commands.h"
#include "apps/cli/eim_client_commands.h"
#include "apps/common/resolve.h"
#include "apps/eim/site.h"
#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace halyard::cli {
namespace {
using nlohmann::ordered_json;

struct Arguments {
    std::string state, pki, name, out, eim_id;
    unsigned days = 0;
    bool json = false, no_token = false, direct_only = false, no_tls = false;
};

Result<std::unique_ptr<store::EimStore>> open_store(const std::string& state) {
    TRY(app::make_directory(state));
    return store::EimStore::open(std::filesystem::path(state) / "eim.db");
}

Ok create_token(const Arguments& a) {
    auto store = TRY(open_store(a.state));
    crypto::SystemRandom random;
    const std::string token = TRY(
        eim_app::create_token(*store, a.name, std::chrono::hours(24) * a.days, random, Time(app::now_ms())));
    if (!a.out.empty()) return app::write_secret(a.out, bytes_of(token + "\n"));
    std::printf("%s\n", token.c_str());
    return {};
}

Ok list_tokens(const Arguments& a) {
    auto store = TRY(open_store(a.state));
    for (const auto& t : TRY(store->tokens())) {
        const std::string expires =
            t.expires.count() ? app::text_from_seconds(t.expires.count() / 1000) : "never";
        if (a.json)
            std::printf(
                "%s\n",
                ordered_json{
                    {"name", t.name}, {"prefix", t.prefix}, {"expires", expires}, {"revoked", t.revoked}}
                    .dump()
                    .c_str());
        else
            std::printf("%-24s %s…  expires %s%s\n",
                        t.name.c_str(),
                        t.prefix.c_str(),
                        expires.c_str(),
                        t.revoked ? "  revoked" : "");
    }
    return {};
}

Ok export_configuration(const Arguments& a) {
    const app::PkiDirectory pki{a.pki};
    const eim::Config config = TRY(eim_app::load_config(pki, a.eim_id));
    struct None : eim::SmdpLink {
        Result<rsp::Es9Answer> exchange(std::string_view, Bytes, rsp::Interface) override {
            return fail(Errc::unsupported, "link");
        }
    } none;
    crypto::SystemRandom random;
    auto store = TRY(store::EimStore::open_in_memory()); // not looked at
    const eim::Server server(config, *store, none, random);
    const OwnedBytes tls = a.no_tls ? OwnedBytes() : TRY(pki.certificate("ci")).der;
    const OwnedBytes der = TRY(server.configuration(tls, !a.no_token, !a.direct_only));
    if (!a.out.empty()) return app::write_file(a.out, der);
    std::printf("%s\n", hex(der).c_str());
    return {};
}

void add_serve(CLI::App* top, int& exit_code) {
    auto o = std::make_shared<eim_app::ServeOptions>();
    auto state = std::make_shared<std::string>();
    auto pki = std::make_shared<std::vector<std::string>>();
    auto resolve = std::make_shared<std::vector<std::string>>();
    CLI::App* c = top->add_subcommand("serve", "Serve ESipa and the REST API over HTTPS until SIGTERM");
    c->add_option("--state", *state, "Directory of this eIM")->required();
    c->add_option("--pki",
                  *pki,
                  "Directory with eim-sign, eim-tls and ci; repeated: further directories, their ci only")
        ->required();
    c->add_option("--crl", o->crls, "Revocation list for EUMs and eUICCs, DER or PEM; may be repeated");
    c->add_option("--eim-id", o->eim_id, "eimId; default the name in eim-tls");
    c->add_option("--bind", o->bind, "Address to listen on");
    c->add_option("--port", o->port, "ESipa port; 0: any");
    c->add_option("--api-port", o->api_port, "REST API port; 0: any");
    c->add_option("--resolve", *resolve, "SM-DP+ HOST=ADDR:PORT, may be repeated");
    c->add_option("--es9", o->es9, "Binding towards SM-DP+: json or asn1")
        ->check(CLI::IsMember({"json", "asn1"}));
    c->add_option(
        "--forward-to", o->forward_to, "SM-DP+ address notifications may go to beside those of orders");
    c->add_option("--smds",
                  o->smds,
                  "SM-DS that may be asked for devices (ES11'), host[:port]; the first is their root SM-DS");
    auto trust = std::make_shared<std::string>();
    c->add_option(
        "--inject-to", o->inject_to, "HOST[:PORT] of a device that packages may be sent to, may be repeated");
    c->add_option("--inject-trust", *trust, "CA of such devices' certificates, PEM; default the CI");
    c->add_flag("--strict", o->strict, "Refuse whatever deviates from the specification (conformance work)");
    c->callback([=, &exit_code] {
        o->state = *state;
        o->inject_trust = *trust;
        o->pki.path = pki->front();
        for (size_t i = 1; i < pki->size(); ++i) o->more_pki.push_back({(*pki)[i]});
        if (const auto ok = app::add_resolve(o->resolve, *resolve); !ok) {
            exit_code = report(ok.error(), "eim serve", false);
            return;
        }
        const auto ended = eim_app::serve(*o);
        exit_code = ended ? *ended : report(ended.error(), "eim serve", false);
    });
}
} // namespace

void add_eim_commands(CLI::App& app, int& exit_code) {
    CLI::App* top = app.add_subcommand("eim", "eIM: serve a fleet; order and watch operations");
    top->require_subcommand(1);
    add_serve(top, exit_code);
    auto a = std::make_shared<Arguments>();
    const auto guarded = [a, &exit_code](CLI::App* c, Ok (*run)(const Arguments&), const char* what) {
        c->callback([a, &exit_code, run, what] {
            if (const auto ok = run(*a); !ok) exit_code = report(ok.error(), what, a->json);
        });
    };
    CLI::App* token = top->add_subcommand("token", "API tokens (on the machine of the eIM)");
    token->require_subcommand(1);
    CLI::App* create = token->add_subcommand("create", "Make a token; it is shown this once");
    create->add_option("--state", a->state, "Directory of this eIM")->required();
    create->add_option("--name", a->name, "Who it is for")->required();
    create->add_option("--days", a->days, "Days it is valid; 0: until revoked");
    create->add_option("--out", a->out, "Write it to a file of mode 0600 instead of stdout");
    create->add_flag("--json", a->json, "Errors as one JSON object");
    guarded(create, create_token, "eim token create");
    CLI::App* list = token->add_subcommand("list", "Names, prefixes and expiry of all tokens");
    list->add_option("--state", a->state, "Directory of this eIM")->required();
    list->add_flag("--json", a->json, "JSON, one object a line");
    guarded(list, list_tokens, "eim token list");
    CLI::App* revoke = token->add_subcommand("revoke", "End a token at once");
    revoke->add_option("--state", a->state, "Directory of this eIM")->required();
    revoke->add_option("--name", a->name, "Whose")->required();
    revoke->add_flag("--json", a->json, "Errors as one JSON object");
    guarded(
        revoke,
        [](const Arguments& x) -> Ok { return TRY(open_store(x.state))->revoke_token(x.name); },
        "eim token revoke");

    CLI::App* config = top->add_subcommand("config", "What devices must know of this eIM");
    config->require_subcommand(1);
    CLI::App* exported = config->add_subcommand("export", "AddInitialEimRequest (BF57): id, key, TLS trust");
    exported->add_option("--pki", a->pki, "Directory with eim-sign, eim-tls and ci")->required();
    exported->add_option("--eim-id", a->eim_id, "eimId; default the name in eim-tls");
    exported->add_option("--out", a->out, "DER file; default hex on stdout");
    exported->add_flag("--json", a->json, "Errors as one JSON object");
    exported->add_flag("--no-token", a->no_token, "Do not ask for an association token");
    exported->add_flag("--no-indirect", a->direct_only, "Do not announce relayed downloads");
    exported->add_flag("--no-tls-trust", a->no_tls, "Leave TLS trust to the device's own store");
    guarded(exported, export_configuration, "eim config export");
    add_eim_client_commands(top, exit_code);
}

} // namespace halyard::cli
