#include "apps/common/peer_ledger.h"
#include "apps/common/signals.h"
#include "apps/ops/families.h"
#include "apps/ops/operation.h"
#include "apps/smdp/es2.h"
#include "apps/smdp/es9.h"
#include "apps/smdp/events.h"
#include "apps/smdp/messenger.h"
#include "apps/smdp/site.h"
#include "base/log.h"
#include "net/https_server.h"
#include <thread>

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

    Ok start(const ServeOptions&, Site&, ops::Operation&);
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

Ok OperatorSide::start(const ServeOptions& options, Site& site, ops::Operation& operation) {
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
    auto listen = operation.listening("smdp-tls", *options.es2_port);
    listen.client_ca_file = options.es2_client_ca;
    TRY(https.start(listen, operation.front("ES2+", [this, &site, &options](const net::Request& r) {
        const PeerScope scope(options.strict);
        return es2(*core, site.config, operators, r, Time(app::now_ms()));
    })));
    operation.watch("ES2+", https);
    return {};
}

// What is slow to count. Errors as the log shall have them.
std::string census(smdp::Store& store, ops::Metrics& m) {
    const auto failed = [](const Error& e) { return std::string(name(e.code)) + " at " + e.where; };
    const auto pools = store.pools();
    if (!pools) return failed(pools.error());
    std::map<smdp::OrderState, uint64_t> states;
    for (const smdp::Pool& p : *pools) states[p.state] += p.count;
    m.clear(ops::family::kOrders);
    for (const auto& [state, count] : states)
        m.set(ops::family::kOrders, {{"state", smdp::name(state)}}, static_cast<double>(count));
    const auto levels = store.levels();
    if (!levels) return failed(levels.error());
    m.clear(ops::family::kPool);
    m.clear(ops::family::kPoolLow);
    for (const smdp::Level& l : *levels) {
        m.set(ops::family::kPool,
              {{"operator", l.operator_id}, {"type", l.type}},
              static_cast<double>(l.available));
        m.set(ops::family::kPoolLow, {{"operator", l.operator_id}, {"type", l.type}}, l.low ? 1 : 0);
    }
    const auto counted = store.census();
    if (!counted) return counted.error().code == Errc::unsupported ? "" : failed(counted.error());
    m.set(ops::family::kSessions, {}, static_cast<double>(counted->sessions));
    m.set(ops::family::kOutbox, {}, static_cast<double>(counted->waiting));
    const Time age = counted->oldest.count() ? Time(app::now_ms()) - counted->oldest : Time(0);
    m.set(ops::family::kOutboxAge, {}, static_cast<double>(age.count()) / 1000);
    return "";
}

// Until asked to stop, or the database broke; the exit status.
int keep_house(Site& site, app::PeerLedger& peers, ops::Operation& operation) {
    for (unsigned tick = 0; !app::sleep_unless_stopped(std::chrono::seconds(1)); ++tick) {
        if (site.store->database().broken()) {
            log(LogLevel::error, "database failed; ending, so that a restart finds what is on disk");
            return 3;
        }
        operation.tick(site.store->call("", "") ? "" : "does not answer");
        if (tick % 5 == 4) (void)peers.save(site.store->database());
        if (tick % 60 != 59) continue;
        (void)site.store->forget_sessions(Time(app::now_ms()) - site.config.session_life);
        (void)site.store->forget_calls(Time(app::now_ms()) - kDay);
    }
    return 0;
}

Ok watch_certificates(const ServeOptions& options, ops::Operation& operation) {
    for (const char* name : {"smdp-tls", "smdp-auth", "smdp-pb"})
        operation.watch_certificate(name, TRY(options.pki.certificate(name)).not_after);
    return {};
}
} // namespace

Result<int> serve(const ServeOptions& options) {
    ops::Operation operation(options, "smdp");
    TRY(operation.start());
    auto site = TRY(Site::open({options.state, options.store}, options.address, options.storage_key));
    site->lab = options.lab;
    if (TRY(site->is_marked_lab()) && !site->lab)
        return fail(Errc::rejected, "state: it has profiles taken with --lab");
    TRY(site->load_credentials(options.pki));
    for (const app::PkiDirectory& pki : options.more_pki) TRY(site->load_credentials(pki));
    const auto lists = TRY(ops::open_lists(options, {"smdp-tls", "smdp-auth", "smdp-pb"}));
    site->config.lists = lists.get();
    operation.keep(*lists);
    site->config.own_keys = options.own_keys;
    site->config.rebind = options.rebind;
    TRY(watch_certificates(options, operation));
    operation.on_hangup([&] { return watch_certificates(options, operation); });
    operation.add_census([&site](ops::Metrics& m) { return census(*site->store, m); });
    smdp::Server server = site->server();
    app::catch_signals();
    OperatorSide side;
    TRY(side.start(options, *site, operation)); // before ES9+: it says who is told of downloads
    app::PeerLedger peers;
    TRY(peers.load(site->store->database()));
    net::HttpsServer https;
    TRY(https.start(operation.listening("smdp-tls", options.port),
                    operation.front("ES9+", [&](const net::Request& r) {
                        const PeerScope scope(options.strict);
                        const Time now(app::now_ms());
                        net::Response response = es9(server, r, now);
                        peers.add(scope, r.peer.substr(0, r.peer.rfind(':')), now);
                        return response;
                    })));
    operation.watch("ES9+", https);
    std::string at = "\"listening\":\"https://" + options.bind + ":" + std::to_string(https.port()) + "\"";
    if (side.core)
        at += ",\"es2\":\"https://" + options.bind + ":" + std::to_string(side.https.port()) + "\"";
    operation.serving(at);
    const int exit_code = keep_house(*site, peers, operation);
    operation.begin_drain();
    std::thread other([&] { side.stop(); });
    https.stop();
    other.join();
    (void)peers.save(site->store->database());
    operation.end();
    log(LogLevel::info, "ended");
    return exit_code;
}

} // namespace halyard::smdp_app
