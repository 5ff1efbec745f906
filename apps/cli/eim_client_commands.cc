#include "apps/cli/eim_client_commands.h"
#include "apps/cli/commands.h"
#include "apps/common/files.h"
#include "apps/common/resolve.h"
#include "apps/common/secrets.h"
#include "apps/common/signals.h"
#include "apps/eim/client.h"
#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>

namespace halyard::cli {
namespace {
using eim_app::Client, eim_app::ClientOptions, nlohmann::ordered_json;

struct Arguments {
    ClientOptions client;
    std::string ca, token_file, file, eid, id, state, kind, iccid, activation_code, code_file,
        confirmation_file, after, expires, commands, key, to, peer;
    std::optional<std::string> smds;
    std::vector<std::string> resolve, ids;
    bool default_smdp = false, json = false, no_rollback = false, force = false, wait = false;
    unsigned timeout = 0;
};
using Shared = std::shared_ptr<Arguments>;

Result<Client> open(const Arguments& a) {
    ClientOptions options = a.client;
    options.ca = a.ca;
    options.token_file = a.token_file;
    TRY(app::add_resolve(options.resolve, a.resolve));
    return Client::open(options);
}

int refused(const Client::Reply& reply, bool json) {
    if (json)
        std::printf("%s\n", reply.body.dump().c_str());
    else
        std::fprintf(stderr, "%s\n", reply.problem().c_str());
    return 1;
}

void print_operation(const ordered_json& o, bool json) {
    if (json) {
        std::printf("%s\n", o.dump().c_str());
        return;
    }
    const std::string state = o.value("state", "") + (o.value("held", false) ? " (held)" : "");
    std::printf("%s  %s  %-8s  %-10s %s\n",
                o.value("id", "").c_str(),
                o.value("eid", "").c_str(),
                o.value("kind", "").c_str(),
                state.c_str(),
                o.value("reason", "").c_str());
}
void print_device(const ordered_json& d, bool json) {
    if (json) {
        std::printf("%s\n", d.dump().c_str());
        return;
    }
    std::string dialect;
    const ordered_json spoken = d.value("dialect", ordered_json::object());
    for (const auto& [who, edition] : spoken.items())
        if (edition.is_string()) dialect += who + " " + edition.get<std::string>() + "  ";
    std::string profiles;
    for (const auto& p : d["profiles"])
        profiles += " " + p.value("iccid", "") + (p.value("state", "") == "enabled" ? "*" : "");
    std::printf("%s  seen %-20s %s%s%s\n",
                d.value("eid", "").c_str(),
                d.value("last_seen", "never").c_str(),
                dialect.c_str(),
                d.value("profiles_known", false) ? "" : "(not proven)",
                profiles.c_str());
}

// One NDJSON object, or only an EID, a line; sent in groups.
Result<int> import(const Arguments& a) {
    std::ifstream in(a.file);
    if (!in) return fail(Errc::not_found, "file");
    Client client = TRY(open(a));
    ordered_json group = ordered_json::array();
    size_t added = 0, known = 0, number = 0;
    const auto send = [&]() -> Result<int> {
        if (group.empty()) return 0;
        const auto reply = TRY(client.post("/v1/euiccs:import", {{"euiccs", group}}));
        if (!reply.ok()) return refused(reply, a.json);
        added += reply.body.value("added", size_t{0});
        known += reply.body.value("known", size_t{0});
        group.clear();
        return 0;
    };
    for (std::string line; std::getline(in, line);) {
        ++number;
        while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
        if (line.empty()) continue;
        if (line[0] == '{') {
            auto one = ordered_json::parse(line, nullptr, false);
            if (one.is_discarded()) {
                std::fprintf(stderr, "%s line %zu is no JSON object\n", a.file.c_str(), number);
                return 1;
            }
            group.push_back(std::move(one));
        } else {
            group.push_back({{"eid", line}});
        }
        if (group.size() == 500)
            if (const int code = TRY(send())) return code;
    }
    if (const int code = TRY(send())) return code;
    if (a.json)
        std::printf("%s\n", ordered_json{{"added", added}, {"known", known}}.dump().c_str());
    else
        std::printf("%zu added, %zu known before\n", added, known);
    return 0;
}

Result<int>
list(const Arguments& a, const char* path, ordered_json query, void (*print)(const ordered_json&, bool)) {
    Client client = TRY(open(a));
    for (;;) {
        const auto reply = TRY(client.post(path, query));
        if (!reply.ok()) return refused(reply, a.json);
        for (const auto& item : reply.body["items"]) print(item, a.json);
        if (!reply.body.contains("cursor")) return 0;
        query["cursor"] = reply.body["cursor"];
    }
}

Result<int> show_device(const Arguments& a) {
    Client client = TRY(open(a));
    const auto reply = TRY(client.post("/v1/euiccs:search", {{"eid", a.eid}}));
    if (!reply.ok()) return refused(reply, a.json);
    if (reply.body["items"].empty()) return fail(Errc::not_found, "eid");
    std::printf("%s\n", reply.body["items"][0].dump(a.json ? -1 : 2).c_str());
    return 0;
}

Result<int> inject(const Arguments& a) {
    Client client = TRY(open(a));
    const auto reply = TRY(client.post("/v1/euiccs:inject", {{"eid", a.eid}, {"url", a.to}}));
    if (!reply.ok()) return refused(reply, a.json);
    const std::string end = reply.body.value("end", "");
    if (a.json)
        std::printf("%s\n", reply.body.dump().c_str());
    else
        std::printf("%zu sent; %s\n",
                    reply.body.value("sent", size_t{0}),
                    end == "received" ? "the device reports later"
                    : end == "refused"
                        ? ("refused, code " + std::to_string(reply.body.value("code", 0))).c_str()
                        : "nothing is left");
    return end == "refused" ? 1 : 0;
}

// 0 when all succeeded, 1 otherwise. Progress goes to stderr; SIGINT ends the waiting, not the operations.
Result<int> wait_for(Client& client, const std::vector<std::string>& ids, unsigned timeout, bool json) {
    app::catch_signals();
    const int64_t until = timeout ? app::now_ms() + int64_t{timeout} * 1000 : INT64_MAX;
    bool all_good = true;
    size_t done = 0;
    for (const std::string& id : ids) {
        std::string before;
        for (;;) {
            const auto reply = TRY(client.get("/v1/operations/" + id));
            if (!reply.ok()) return refused(reply, json);
            const std::string state = reply.body.value("state", "");
            if (state != before && !json) std::fprintf(stderr, "%s %s\n", id.c_str(), state.c_str());
            before = state;
            const bool held = reply.body.value("held", false);
            if (state == "succeeded" || state == "failed" || state == "cancelled" || state == "expired" ||
                held) {
                print_operation(reply.body, json);
                all_good &= state == "succeeded";
                ++done;
                break;
            }
            if (app::now_ms() > until)
                return fail(Errc::unreachable, "timeout", static_cast<uint32_t>(ids.size() - done));
            if (app::sleep_unless_stopped(std::chrono::milliseconds(300)))
                return fail(Errc::unreachable, "interrupted");
        }
    }
    return all_good ? 0 : 1;
}

Result<int> create(const Arguments& a) {
    Client client = TRY(open(a));
    ordered_json body{{"eid", a.eid}, {"kind", a.kind}};
    if (!a.iccid.empty()) body["iccid"] = a.iccid;
    if (!a.activation_code.empty()) body["activation_code"] = a.activation_code;
    if (!a.code_file.empty()) {
        const SecretBytes file = TRY(app::read_secret(a.code_file, 4096, "activation-code-file"));
        const std::string_view text = text_of(file.reveal());
        body["activation_code"] = std::string(text.substr(0, text.find_first_of("\r\n")));
    }
    if (a.smds) body["smds"] = *a.smds == "root" ? "" : *a.smds;
    if (a.default_smdp) body["default_smdp"] = true;
    if (!a.confirmation_file.empty()) {
        const SecretBytes code =
            TRY(app::read_confirmation_code(a.confirmation_file, "confirmation-code-file"));
        body["confirmation_code"] = std::string(text_of(code.reveal()));
    }
    if (!a.after.empty()) body["after"] = a.after;
    if (!a.expires.empty()) body["expires"] = a.expires;
    if (a.force) body["force"] = true;
    if (a.no_rollback) body["rollback"] = false;
    if (!a.commands.empty()) {
        body["commands"] = ordered_json::parse(a.commands, nullptr, false);
        if (body["commands"].is_discarded()) return fail(Errc::bad_value, "commands");
    }
    const auto reply = TRY(client.post("/v1/operations", body, a.key));
    if (!reply.ok()) return refused(reply, a.json);
    if (!a.wait) {
        print_operation(reply.body, a.json);
        return 0;
    }
    return wait_for(client, {reply.body.value("id", "")}, a.timeout, a.json);
}

Result<int> show_operation(const Arguments& a) {
    Client client = TRY(open(a));
    const auto reply = TRY(client.get("/v1/operations/" + a.id));
    if (!reply.ok()) return refused(reply, a.json);
    std::printf("%s\n", reply.body.dump(a.json ? -1 : 2).c_str());
    return 0;
}
Result<int> act(const Arguments& a, const char* verb) {
    Client client = TRY(open(a));
    const auto reply = TRY(client.post("/v1/operations/" + a.id + verb, ordered_json::object()));
    if (!reply.ok()) return refused(reply, a.json);
    print_operation(reply.body, a.json);
    return 0;
}

template <class F> void command(CLI::App* c, const Shared& a, int& exit_code, F run) {
    c->add_option("--api", a->client.url, "URL of the eIM's REST API");
    c->add_option("--ca", a->ca, "CA of its certificate, PEM or DER")->required();
    c->add_option("--token-file", a->token_file, "File with an API token");
    c->add_option("--resolve", a->resolve, "HOST=ADDR:PORT, may be repeated");
    c->add_flag("--json", a->json, "JSON, one object a line");
    c->callback([a, &exit_code, run, c] {
        const auto done = run(*a);
        const std::string group = c->get_parent()->get_name();
        const std::string what = (group == "eim" ? group : "eim " + group) + " " + c->get_name();
        exit_code = done ? *done : report(done.error(), what, a->json);
    });
}

void add_devices(CLI::App* eim, const Shared& a, int& exit_code) {
    CLI::App* devices = eim->add_subcommand("devices", "eUICCs this eIM knows");
    devices->require_subcommand(1);
    CLI::App* i = devices->add_subcommand("import", "Add eUICCs from a file");
    i->add_option("file", a->file, "A line each: an EID, or an object with eid, name, certificates, token")
        ->required();
    command(i, a, exit_code, import);
    command(devices->add_subcommand("list", "All, with their proven profiles (* enabled)"),
            a,
            exit_code,
            [](const Arguments& x) {
                return list(x, "/v1/euiccs:search", {{"limit", 1000}}, print_device);
            });
    CLI::App* s = devices->add_subcommand("show", "One eUICC");
    s->add_option("eid", a->eid, "32 digits")->required();
    command(s, a, exit_code, show_device);
    CLI::App* j = devices->add_subcommand("inject", "Send what is waiting to a device that can be reached");
    j->add_option("eid", a->eid, "32 digits")->required();
    j->add_option("--to", a->to, "https://HOST[:PORT], one of the eIM's --inject-to")->required();
    command(j, a, exit_code, inject);
}

void add_operations(CLI::App* eim, const Shared& a, int& exit_code) {
    CLI::App* operations = eim->add_subcommand("operations", "Orders for eUICCs and what became of them");
    operations->require_subcommand(1);
    CLI::App* c = operations->add_subcommand("create", "Order something for one eUICC");
    c->add_option("kind", a->kind, "download, enable, disable, delete, audit, data, package")
        ->required()
        ->check(CLI::IsMember({"download", "enable", "disable", "delete", "audit", "data", "package"}));
    c->add_option("--eid", a->eid, "32 digits")->required();
    c->add_option("--iccid", a->iccid, "Profile to enable, disable, delete; expected one of a download");
    c->add_option("--activation-code", a->activation_code, "1$address$matchingId");
    c->add_option("--activation-code-file",
                  a->code_file,
                  "File with it: whoever reads it on a command line may take the profile");
    c->add_option("--smds", a->smds, "Download what an SM-DS has for it: host[:port], or root for its own");
    c->add_flag("--default-smdp", a->default_smdp, "Download what its default SM-DP+ has for it");
    c->add_option("--confirmation-code-file",
                  a->confirmation_file,
                  "File with the code that the order asks for; for devices that download through this eIM");
    c->add_option("--commands", a->commands, "Of a package: JSON list like [{\"disable\":{\"iccid\":…}},…]");
    c->add_option("--after", a->after, "Only after this operation succeeded");
    c->add_option("--expires", a->expires, "Moment after which it is not offered");
    c->add_flag("--no-rollback", a->no_rollback, "Enable without the right to roll back");
    c->add_flag("--force", a->force, "Do not judge preconditions");
    c->add_option("--idempotency-key", a->key, "The same key again gives the same operation");
    c->add_flag("--wait", a->wait, "Wait for the end; exit 0 only when it succeeded");
    c->add_option("--timeout", a->timeout, "Seconds to wait at most; 0: no limit");
    command(c, a, exit_code, create);
    CLI::App* l = operations->add_subcommand("list", "Operations in order of acceptance");
    l->add_option("--eid", a->eid, "Of one eUICC");
    l->add_option("--state", a->state, "In one state");
    command(l, a, exit_code, [](const Arguments& x) {
        ordered_json query{{"limit", 1000}};
        if (!x.eid.empty()) query["eid"] = x.eid;
        if (!x.state.empty()) query["state"] = x.state;
        return list(x, "/v1/operations:search", query, print_operation);
    });
    CLI::App* s = operations->add_subcommand("show", "One, with everything sent and received");
    s->add_option("id", a->id, "op_…")->required();
    command(s, a, exit_code, show_operation);
    CLI::App* x = operations->add_subcommand("cancel", "At once if not handed out; else an audit decides");
    x->add_option("id", a->id, "op_…")->required();
    command(x, a, exit_code, [](const Arguments& args) { return act(args, ":cancel"); });
    CLI::App* r = operations->add_subcommand("release", "Offer a held operation again");
    r->add_option("id", a->id, "op_…")->required();
    command(r, a, exit_code, [](const Arguments& args) { return act(args, ":release"); });
    CLI::App* w = operations->add_subcommand("wait", "Until all are decided; exit 0 only when all succeeded");
    w->add_option("ids", a->ids, "op_… …")->required();
    w->add_option("--timeout", a->timeout, "Seconds at most; 0: no limit");
    command(w, a, exit_code, [](const Arguments& args) -> Result<int> {
        Client client = TRY(open(args));
        return wait_for(client, args.ids, args.timeout, args.json);
    });
}

void print_deviations(const ordered_json& entry, bool json) {
    if (json) {
        std::printf("%s\n", entry.dump().c_str());
        return;
    }
    for (const auto& d : entry["deviations"])
        std::printf("%s  %zu  %s at %s  %s to %s\n",
                    entry.value("peer", "").c_str(),
                    d.value("count", size_t{0}),
                    d.value("what", "").c_str(),
                    d.value("where", "").c_str(),
                    d.value("first", "").c_str(),
                    d.value("last", "").c_str());
}
} // namespace

void add_eim_client_commands(CLI::App* eim, int& exit_code) {
    auto a = std::make_shared<Arguments>();
    add_devices(eim, a, exit_code);
    add_operations(eim, a, exit_code);
    CLI::App* d =
        eim->add_subcommand("deviations", "What peers sent that is not as specified, and was understood");
    d->add_option("--peer", a->peer, "Of one: an EID, or the address of somebody who named none");
    command(d, a, exit_code, [](const Arguments& x) {
        ordered_json query{{"limit", 1000}};
        if (!x.peer.empty()) query["peer"] = x.peer;
        return list(x, "/v1/deviations:search", query, print_deviations);
    });
}

} // namespace halyard::cli
