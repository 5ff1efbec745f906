#include "apps/common/peer_ledger.h"
#include "apps/common/signals.h"
#include "apps/ops/families.h"
#include "apps/ops/operation.h"
#include "apps/smds/forwarder.h"
#include "apps/smds/http.h"
#include "apps/smds/site.h"
#include "base/log.h"
#include "net/https_server.h"
#include <thread>

namespace halyard::smds_app {
namespace {
// The parent knows this SM-DS by the OID of its TLS certificate.
Result<std::unique_ptr<Forwarder>> forwarder(const ServeOptions& options, Site& site) {
    if (options.parent.empty()) return std::unique_ptr<Forwarder>();
    const auto tls = TRY(options.pki.certificate("smds-tls"));
    const std::string oid = TRY(rsp::server_oid(tls));
    net::HttpsClient::Options http;
    http.trust.anchors.push_back(TRY(options.pki.certificate("ci")).der);
    for (const auto& more : options.more_pki) http.trust.anchors.push_back(TRY(more.certificate("ci")).der);
    http.certificate_file = options.pki.pem("smds-tls").string();
    http.key_file = options.pki.key("smds-tls").string();
    http.connect_to = options.resolve;
    http.total_timeout = std::chrono::seconds(10); // what a drain has to wait for at most
    auto client = TRY(app::Es12Client::open(std::move(http), app::Es12Client::As::smds));
    return std::make_unique<Forwarder>(
        site.config, oid, *site.store, site.random, std::move(client), options.parent);
}

Result<std::string> address_of(const ServeOptions& options) {
    if (!options.address.empty()) return options.address;
    const auto tls = TRY(options.pki.certificate("smds-tls"));
    if (tls.san_dns_names.empty()) return fail(Errc::missing_field, "address");
    return tls.san_dns_names.front();
}

// What is slow to count. Errors as the log shall have them.
std::string census(smds::Store& store, ops::Metrics& m) {
    const auto counted = store.census();
    if (!counted && counted.error().code == Errc::unsupported) return "";
    if (!counted) return std::string(name(counted.error().code)) + " at " + counted.error().where;
    m.set(ops::family::kSessions, {}, static_cast<double>(counted->sessions));
    m.set(ops::family::kEvents, {}, static_cast<double>(counted->events));
    m.set(ops::family::kOutbox, {}, static_cast<double>(counted->waiting));
    const Time age = counted->oldest.count() ? Time(app::now_ms()) - counted->oldest : Time(0);
    m.set(ops::family::kOutboxAge, {}, static_cast<double>(age.count()) / 1000);
    return "";
}

Ok watch_certificates(const ServeOptions& options, ops::Operation& operation) {
    for (const char* name : {"smds-tls", "smds-auth"})
        operation.watch_certificate(name, TRY(options.pki.certificate(name)).not_after);
    return {};
}

// Until asked to stop, or the database broke.
int keep_house(Site& site, app::PeerLedger& peers, ops::Operation& operation) {
    for (unsigned tick = 0; !app::sleep_unless_stopped(std::chrono::seconds(1)); ++tick) {
        if (site.store->database().broken()) {
            log(LogLevel::error, "database failed; ending, so that a restart finds what is on disk");
            return 3;
        }
        operation.tick(site.store->call("", "") ? "" : "does not answer");
        if (tick % 5 == 4) (void)peers.save(site.store->database());
        const Time now(app::now_ms());
        if (tick % 60 == 59)
            (void)site.store->forget(now - site.config.session_life, now - site.config.call_life);
    }
    return 0;
}
} // namespace

Result<int> serve(const ServeOptions& options) {
    ops::Operation operation(options, "smds");
    TRY(operation.start());
    auto site = TRY(Site::open({options.state, options.store}));
    site->lab = options.lab;
    TRY(site->load_credentials(options.pki));
    for (const app::PkiDirectory& pki : options.more_pki) TRY(site->load_credentials(pki));
    const auto lists = TRY(ops::open_lists(options, {"smds-tls", "smds-auth"}));
    site->config.lists = lists.get();
    operation.keep(*lists);
    site->config.address = TRY(address_of(options));
    site->config.has_parent = !options.parent.empty();
    TRY(watch_certificates(options, operation));
    operation.on_hangup([&] { return watch_certificates(options, operation); });
    operation.add_census([&site](ops::Metrics& m) { return census(*site->store, m); });
    const auto parent = TRY(forwarder(options, *site));
    smds::Server server = site->server();
    app::catch_signals();
    app::PeerLedger peers;
    TRY(peers.load(site->store->database()));
    const auto counted = [&](const net::Request& r, auto&& answer) {
        const PeerScope scope(options.strict);
        const Time now(app::now_ms());
        net::Response response = answer(server, r, now);
        peers.add(scope, r.peer.substr(0, r.peer.rfind(':')), now);
        return response;
    };
    net::HttpsServer devices, servers;
    TRY(devices.start(operation.listening("smds-tls", options.port),
                      operation.front("ES11", [&](const net::Request& r) { return counted(r, es11); })));
    auto mutual = operation.listening("smds-tls", options.es12_port);
    mutual.client_ca_file = options.client_ca.empty() ? options.pki.pem("ci").string() : options.client_ca;
    TRY(servers.start(mutual, operation.front("ES12", [&](const net::Request& r) {
        net::Response response = counted(r, es12);
        if (parent) parent->wake();
        return response;
    })));
    operation.watch("ES11", devices);
    operation.watch("ES12", servers);
    if (parent) parent->start();
    operation.serving("\"listening\":\"https://" + options.bind + ":" + std::to_string(devices.port()) +
                      "\",\"es12\":\"https://" + options.bind + ":" + std::to_string(servers.port()) + "\"");
    const int exit_code = keep_house(*site, peers, operation);
    operation.begin_drain();
    std::thread other([&] { servers.stop(); });
    devices.stop();
    other.join();
    if (parent) parent->stop();
    (void)peers.save(site->store->database());
    operation.end();
    log(LogLevel::info, "ended");
    return exit_code;
}

} // namespace halyard::smds_app
