#include "apps/common/secrets.h"
#include "apps/common/signals.h"
#include "apps/eim/api.h"
#include "apps/eim/esipa.h"
#include "apps/eim/inject.h"
#include "apps/eim/site.h"
#include "base/log.h"
#include <cstdio>
#include <thread>

namespace halyard::eim_app {
namespace {
struct Link : eim::SmdpLink {
    Link(app::Es9Client to_smdp, app::Es9Client to_either, app::PeerLedger& ledger, bool is_strict)
        : smdp(std::move(to_smdp)), either(std::move(to_either)), peers(ledger), strict(is_strict) {}
    Result<rsp::Es9Answer>
    exchange(std::string_view address, Bytes message, rsp::Interface interface) override {
        // Its habits are not those of the device whose message is passed on.
        const PeerScope scope(strict);
        const bool es11 = interface == rsp::Interface::es11;
        auto answer = (es11 ? either : smdp).exchange(address, message, interface);
        peers.add(scope, (es11 ? "SM-DS " : "SM-DP+ ") + std::string(address), Time(app::now_ms()));
        return answer;
    }
    app::Es9Client smdp, either; // by the role in their TLS certificates
    app::PeerLedger& peers;
    bool strict;
};

// Notifications on their way to SM-DP+: kept until delivered, further and further apart. SGP.32 §3.7
void forward_due(store::EimStore& store, Link& link) {
    const Time now(app::now_ms());
    // One of each eUICC and SM-DP+ at a time: as long as all of them get through, the next ones follow.
    const auto due = store.due_forwards(now, 32);
    if (!due) return;
    for (const eim::Forward& f : *due) {
        if (app::stop_requested()) return;
        const auto done = link.exchange(f.address, f.message, rsp::Interface::es9p);
        if (done) {
            (void)store.forward_done(f.id);
            continue;
        }
        log(LogLevel::warning,
            "notification to " + f.address + ": " + name(done.error().code) + " " + done.error().where);
        const int64_t wait =
            std::min<int64_t>(int64_t{1000} << std::min<uint32_t>(f.attempts, 12), 3'600'000);
        (void)store.forward_later(f.id, now + Time(wait));
    }
}

// With our own certificate: a device takes packages from nobody it does not know.
Result<std::optional<Injector>> open_injector(const ServeOptions& options) {
    if (options.inject_to.empty()) return std::optional<Injector>{};
    Injector::Options injector{.allowed = options.inject_to};
    net::HttpsClient::Options& http = injector.http;
    if (options.inject_trust.empty())
        http.trust.anchors.push_back(TRY(options.pki.certificate("ci")).der);
    else
        http.trust.anchors_pem = text_of(TRY(app::read_file(options.inject_trust, 1u << 20, "inject-trust")));
    http.certificate_file = options.pki.pem("eim-tls").string();
    http.key_file = options.pki.key("eim-tls").string();
    http.connect_to = options.resolve;
    http.total_timeout = std::chrono::seconds(75); // the device works on a package before it answers
    return std::optional<Injector>(TRY(Injector::open(std::move(injector))));
}
} // namespace

Result<int> serve(const ServeOptions& options) {
    TRY(app::make_directory(options.state));
    auto store = TRY(store::EimStore::open(options.state / "eim.db"));
    eim::Config config = TRY(load_config(options.pki, options.eim_id));
    config.forward_to = options.forward_to;
    config.smds = options.smds;
    crypto::SystemRandom random;
    config.storage_key = TRY(app::own_key(options.state / "storage.key", random));
    net::HttpsClient::Options http;
    http.trust.anchors.push_back(TRY(options.pki.certificate("ci")).der);
    for (const app::PkiDirectory& pki : options.more_pki) {
        config.anchors.push_back(TRY(pki.anchor()));
        http.trust.anchors.push_back(TRY(pki.certificate("ci")).der);
    }
    config.revocation = TRY(app::load_crls(options.crls, Time(app::now_ms())));
    http.trust.policies = {rsp::policy_oid(rsp::Role::dp_tls)};
    http.connect_to = options.resolve;
    http.max_body = 8 * 1024 * 1024;
    const auto form = options.es9 == "asn1" ? binding::Es9Form::asn1 : binding::Es9Form::json;
    app::PeerLedger peers;
    TRY(peers.load(store->database()));
    auto smdp = TRY(app::Es9Client::open(http, "gsma-rsp-eim", form));
    http.trust.policies.push_back(rsp::policy_oid(rsp::Role::ds_tls));
    auto either = TRY(app::Es9Client::open(std::move(http), "gsma-rsp-eim", form));
    Link link(std::move(smdp), std::move(either), peers, options.strict);
    eim::Server server(config, *store, link, random);
    auto injector = TRY(open_injector(options));
    Api api(server, *store, peers, config.eim_id, injector ? &*injector : nullptr);
    const auto serve_esipa = [&](const net::Request& r) {
        const PeerScope scope(options.strict);
        const Time now(app::now_ms());
        net::Response answer = esipa(server, r, now);
        peers.add(scope, r.peer.substr(0, r.peer.rfind(':')), now);
        return answer;
    };
    app::catch_signals();

    net::HttpsServer::Options listen;
    listen.bind = options.bind;
    listen.certificate_file = options.pki.pem("eim-tls").string();
    listen.key_file = options.pki.key("eim-tls").string();
    listen.max_connections_per_network = listen.max_connections; // fleets share an operator's NAT
    net::HttpsServer esipa_server, api_server;
    listen.port = options.port;
    TRY(esipa_server.start(listen, serve_esipa));
    listen.port = options.api_port;
    TRY(api_server.start(listen, [&](const net::Request& r) {
        const PeerScope scope(options.strict); // of devices that packages are sent to
        const Time now(app::now_ms());
        net::Response answer = api.handle(r, now);
        peers.add(scope, "devices sent to", now);
        return answer;
    }));
    std::printf("{\"esipa\":\"https://%s:%u\",\"api\":\"https://%s:%u\"}\n",
                options.bind.c_str(),
                esipa_server.port(),
                options.bind.c_str(),
                api_server.port());
    std::fflush(stdout);
    int exit_code = 0;
    for (unsigned tick = 0; !app::sleep_unless_stopped(std::chrono::milliseconds(200)); ++tick) {
        if (store->database().broken()) {
            log(LogLevel::error, "database failed; ending, so that a restart finds what is on disk");
            exit_code = 3;
            break;
        }
        forward_due(*store, link);
        if (tick % 5 == 0) (void)server.sweep(Time(app::now_ms()));
        if (tick % 25 == 24) (void)peers.save(store->database()); // every five seconds
    }
    esipa_server.stop();
    api_server.stop();
    (void)peers.save(store->database());
    return exit_code;
}

} // namespace halyard::eim_app
