#include "apps/common/peer_ledger.h"
#include "apps/common/signals.h"
#include "apps/smds/forwarder.h"
#include "apps/smds/http.h"
#include "apps/smds/site.h"
#include "base/log.h"
#include "net/https_server.h"
#include <cstdio>

namespace halyard::smds_app {
namespace {
net::HttpsServer::Options listening(const ServeOptions& options, uint16_t port) {
    net::HttpsServer::Options listen;
    listen.bind = options.bind;
    listen.port = port;
    listen.certificate_file = options.pki.pem("smds-tls").string();
    listen.key_file = options.pki.key("smds-tls").string();
    listen.max_connections_per_network = listen.max_connections; // behind a lab's or operator's NAT
    return listen;
}

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

// Until asked to stop, or the database broke.
int keep_house(Site& site, app::PeerLedger& peers) {
    for (unsigned tick = 0; !app::sleep_unless_stopped(std::chrono::seconds(1)); ++tick) {
        if (site.store->database().broken()) {
            log(LogLevel::error, "database failed; ending, so that a restart finds what is on disk");
            return 3;
        }
        if (tick % 5 == 4) (void)peers.save(site.store->database());
        const Time now(app::now_ms());
        if (tick % 60 == 59)
            (void)site.store->forget(now - site.config.session_life, now - site.config.call_life);
    }
    return 0;
}
} // namespace

Result<int> serve(const ServeOptions& options) {
    auto site = TRY(Site::open({options.state, options.store}));
    site->lab = options.lab;
    TRY(site->load_credentials(options.pki));
    for (const app::PkiDirectory& pki : options.more_pki) TRY(site->load_credentials(pki));
    site->config.revocation = TRY(app::load_crls(options.crls, Time(app::now_ms())));
    site->config.address = TRY(address_of(options));
    site->config.has_parent = !options.parent.empty();
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
    TRY(devices.start(listening(options, options.port),
                      [&](const net::Request& r) { return counted(r, es11); }));
    auto mutual = listening(options, options.es12_port);
    mutual.client_ca_file = options.client_ca.empty() ? options.pki.pem("ci").string() : options.client_ca;
    TRY(servers.start(mutual, [&](const net::Request& r) {
        net::Response response = counted(r, es12);
        if (parent) parent->wake();
        return response;
    }));
    if (parent) parent->start();
    std::printf("{\"listening\":\"https://%s:%u\",\"es12\":\"https://%s:%u\"}\n",
                options.bind.c_str(),
                devices.port(),
                options.bind.c_str(),
                servers.port());
    std::fflush(stdout);
    const int exit_code = keep_house(*site, peers);
    servers.stop();
    devices.stop();
    if (parent) parent->stop();
    (void)peers.save(site->store->database());
    return exit_code;
}

} // namespace halyard::smds_app
