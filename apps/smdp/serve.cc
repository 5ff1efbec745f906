#include "apps/common/signals.h"
#include "apps/smdp/site.h"
#include "base/log.h"
#include "binding/es9_json.h"
#include "net/https_server.h"
#include <cstdio>

namespace halyard::smdp_app {
namespace {
constexpr const char* kProtocol = "gsma/rsp/v2.5.0";

net::Response answer(smdp::Server& server, const net::Request& request) {
    const auto function = binding::function_of_path(request.path());
    if (!function) return net::plain(404, "no such function");
    if (request.method != "POST") return net::plain(405, "POST only");
    const auto message = binding::request_from_json(*function, text_of(request.body));
    if (!message)
        return net::plain(400, std::string(name(message.error().code)) + " at " + message.error().where);
    const auto done = server.handle(*function, *message, Time(app::now_ms()));
    if (!done) {
        const Error& e = done.error();
        log(LogLevel::warning, std::string(request.path()) + ": " + name(e.code) + " at " + e.where);
        if (e.code == Errc::storage || e.code == Errc::conflict || e.code == Errc::internal) {
            net::Response later = net::plain(503, "try again");
            later.headers.add("Retry-After", "1");
            return later;
        }
        return net::plain(400, std::string(name(e.code)) + " at " + e.where);
    }
    if (done->failed)
        log(LogLevel::info,
            std::string(request.path()) + ": " + done->failed->subject + "/" + done->failed->reason + " " +
                done->failed->message);
    net::Response response;
    response.headers.add("X-Admin-Protocol", kProtocol);
    if (*function == rsp::Es9Function::handle_notification) {
        response.status = 204;
        return response;
    }
    const auto json = binding::answer_to_json(*function, *done);
    if (!json) return net::plain(500);
    response.content_type = "application/json;charset=UTF-8";
    response.body = owned(bytes_of(*json));
    return response;
}
} // namespace

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
    TRY(https.start(listen, [&](const net::Request& r) { return answer(server, r); }));
    std::printf("{\"listening\":\"https://%s:%u\"}\n", options.bind.c_str(), https.port());
    std::fflush(stdout);
    int exit_code = 0;
    for (unsigned tick = 0; !app::sleep_unless_stopped(std::chrono::seconds(1)); ++tick) {
        if (site->store->database().broken()) {
            log(LogLevel::error, "database failed; ending, so that a restart finds what is on disk");
            exit_code = 3;
            break;
        }
        if (tick % 60 == 59)
            (void)site->store->forget_sessions(Time(app::now_ms()) - site->config.session_life);
    }
    https.stop();
    return exit_code;
}

} // namespace halyard::smdp_app
