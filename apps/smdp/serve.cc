#include "apps/common/peer_ledger.h"
#include "apps/common/signals.h"
#include "apps/smdp/es2.h"
#include "apps/smdp/es9.h"
#include "apps/smdp/events.h"
#include "apps/smdp/messenger.h"
#include "apps/smdp/site.h"
#include "base/log.h"
#include "net/https_server.h"
#include <cstdio>

namespace halyard::smdp_app {
namespace {
constexpr Time kDay{86'400'000};

// ES2+ beside ES9+: who may call, the listener, and what goes back.
struct OperatorSide {
    std::vector<Requester> operators;
    std::optional<smdp::Es2> core;
    std::optional<net::HttpsClient> http;
    std::optional<Messenger> messenger;
    net::HttpsServer https;

    Ok start(const ServeOptions&, Site&);
    void stop() {
        https.stop();
        messenger.reset();
    }
};

// What this SM-DP+ shows where it is the client.
net::HttpsClient::Options as_client(const ServeOptions& options) {
    net::HttpsClient::Options to;
    to.connect_to = options.resolve;
    to.certificate_file = options.pki.pem("smdp-tls").string();
    to.key_file = options.pki.key("smdp-tls").string();
    to.total_timeout = std::chrono::seconds(10); // what an end of the server may have to wait for
    return to;
}

Result<smdp::EventSender> events_of(const ServeOptions& options, Site& site) {
    if (options.smds.empty()) return smdp::EventSender();
    auto to = as_client(options);
    if (options.smds_ca.empty()) {
        to.trust.anchors.push_back(TRY(options.pki.certificate("ci")).der);
        for (const auto& pki : options.more_pki) to.trust.anchors.push_back(TRY(pki.certificate("ci")).der);
    } else {
        to.trust.anchors_pem = text_of(TRY(app::read_file(options.smds_ca, 1u << 20, "smds-ca")));
    }
    return event_sender(site, options.smds, std::move(to));
}

Ok OperatorSide::start(const ServeOptions& options, Site& site) {
    if (options.operators.empty() && options.es2_port) return fail(Errc::missing_field, "operators");
    if (!options.operators.empty()) operators = TRY(load_operators(options.operators));
    for (const Requester& r : operators)
        if (r.callback) {
            site.config.callbacks.push_back(r.caller.operator_id);
            if (r.v3) site.config.followers.push_back(r.caller.operator_id);
        }
    if (!site.config.callbacks.empty()) {
        auto to = as_client(options);
        const std::string& ca = options.callback_ca.empty() ? options.es2_client_ca : options.callback_ca;
        if (ca.empty()) return fail(Errc::missing_field, "callback-ca");
        to.trust.anchors_pem = text_of(TRY(app::read_file(ca, 1u << 20, "callback-ca")));
        http = TRY(net::HttpsClient::open(std::move(to)));
    }
    auto events = TRY(events_of(options, site));
    if (http || events)
        messenger.emplace(
            site.config, *site.store, site.random, http ? &*http : nullptr, operators, std::move(events));
    if (!options.es2_port) return {};
    if (options.es2_client_ca.empty()) return fail(Errc::missing_field, "es2-client-ca");
    core.emplace(site.config, *site.store, site.random);
    net::HttpsServer::Options listen;
    listen.bind = options.bind;
    listen.port = *options.es2_port;
    listen.certificate_file = options.pki.pem("smdp-tls").string();
    listen.key_file = options.pki.key("smdp-tls").string();
    listen.client_ca_file = options.es2_client_ca;
    return https.start(listen, [this, &site, &options](const net::Request& r) {
        const PeerScope scope(options.strict);
        return es2(*core, site.config, operators, r, Time(app::now_ms()));
    });
}
} // namespace

Result<int> serve(const ServeOptions& options) {
    auto site = TRY(Site::open({options.state, options.store}, options.address));
    TRY(site->load_credentials(options.pki));
    for (const app::PkiDirectory& pki : options.more_pki) TRY(site->load_credentials(pki));
    site->config.revocation = TRY(app::load_crls(options.crls, Time(app::now_ms())));
    site->config.own_keys = options.own_keys;
    site->config.rebind = options.rebind;
    smdp::Server server = site->server();
    app::catch_signals();
    OperatorSide side;
    TRY(side.start(options, *site)); // before ES9+: it says who is told of downloads
    net::HttpsServer https;
    net::HttpsServer::Options listen;
    listen.bind = options.bind;
    listen.port = options.port;
    listen.certificate_file = options.pki.pem("smdp-tls").string();
    listen.key_file = options.pki.key("smdp-tls").string();
    listen.workers = 32; // they wait for the disk together: those that wait share a commit
    listen.max_connections_per_network = listen.max_connections; // behind a lab's or operator's NAT
    app::PeerLedger peers;
    TRY(peers.load(site->store->database()));
    TRY(https.start(listen, [&](const net::Request& r) {
        const PeerScope scope(options.strict);
        const Time now(app::now_ms());
        net::Response response = es9(server, r, now);
        peers.add(scope, r.peer.substr(0, r.peer.rfind(':')), now);
        return response;
    }));
    std::string es2_at;
    if (side.core)
        es2_at = ",\"es2\":\"https://" + options.bind + ":" + std::to_string(side.https.port()) + "\"";
    std::printf("{\"listening\":\"https://%s:%u\"%s}\n", options.bind.c_str(), https.port(), es2_at.c_str());
    std::fflush(stdout);
    int exit_code = 0;
    for (unsigned tick = 0; !app::sleep_unless_stopped(std::chrono::seconds(1)); ++tick) {
        if (site->store->database().broken()) {
            log(LogLevel::error, "database failed; ending, so that a restart finds what is on disk");
            exit_code = 3;
            break;
        }
        if (tick % 5 == 4) (void)peers.save(site->store->database());
        if (tick % 60 != 59) continue;
        (void)site->store->forget_sessions(Time(app::now_ms()) - site->config.session_life);
        (void)site->store->forget_calls(Time(app::now_ms()) - kDay);
    }
    side.stop();
    https.stop();
    (void)peers.save(site->store->database());
    return exit_code;
}

} // namespace halyard::smdp_app
