#include "apps/common/peer_ledger.h"
#include "apps/common/signals.h"
#include "apps/smdp/es9.h"
#include "apps/smdp/site.h"
#include "base/log.h"
#include "net/https_server.h"
#include <cstdio>

namespace halyard::smdp_app {
Result<int> serve(const ServeOptions& options) {
    auto site = TRY(Site::open(options.state, options.address));
    TRY(site->load_credentials(options.pki));
    for (const app::PkiDirectory& pki : options.more_pki) TRY(site->load_credentials(pki));
    site->config.revocation = TRY(app::load_crls(options.crls, Time(app::now_ms())));
    site->config.own_keys = options.own_keys;
    smdp::Server server = site->server();
    app::catch_signals();
    net::HttpsServer https;
    net::HttpsServer::Options listen;
    listen.bind = options.bind;
    listen.port = options.port;
    listen.certificate_file = options.pki.pem("smdp-tls").string();
    listen.key_file = options.pki.key("smdp-tls").string();
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
    std::printf("{\"listening\":\"https://%s:%u\"}\n", options.bind.c_str(), https.port());
    std::fflush(stdout);
    int exit_code = 0;
    for (unsigned tick = 0; !app::sleep_unless_stopped(std::chrono::seconds(1)); ++tick) {
        if (site->store->database().broken()) {
            log(LogLevel::error, "database failed; ending, so that a restart finds what is on disk");
            exit_code = 3;
            break;
        }
        if (tick % 5 == 4) (void)peers.save(site->store->database());
        if (tick % 60 == 59)
            (void)site->store->forget_sessions(Time(app::now_ms()) - site->config.session_life);
    }
    https.stop();
    (void)peers.save(site->store->database());
    return exit_code;
}

} // namespace halyard::smdp_app
