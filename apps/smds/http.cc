#include "apps/smds/http.h"
#include "apps/common/es9_http.h"
#include "apps/common/request_scope.h"
#include "base/log.h"
#include "binding/admin_protocol.h"
#include "binding/http_habits.h"
#include "binding/server_json.h"

namespace halyard::smds_app {
namespace {
using rsp::ExecutionStatus, rsp::ServerFunction;

bool served(ServerFunction f) {
    return f == ServerFunction::register_event || f == ServerFunction::delete_event ||
           f == ServerFunction::register_event_at_root || f == ServerFunction::delete_event_at_root;
}

Result<ExecutionStatus>
run(smds::Server& server, ServerFunction f, const smds::Caller& caller, std::string_view body, Time now) {
    if (f == ServerFunction::register_event || f == ServerFunction::register_event_at_root) {
        const auto request = TRY(binding::server_from_json<rsp::RegisterEventRequest>(body));
        return server.register_event(f, caller, request, now);
    }
    const auto request = TRY(binding::server_from_json<rsp::DeleteEventRequest>(body));
    return server.delete_event(f, caller, request, now);
}

// What is answered to a request that cannot be read; nullopt: HTTP status 400.
std::optional<ExecutionStatus> unreadable(ServerFunction f, const Error& e) {
    if (std::string_view(e.where) == "eid" && e.code != Errc::missing_field)
        return ExecutionStatus::failure(rsp::code_for(f, "8.1.1", "2.1"));
    auto code = binding::refusal(*rsp::row(f).request, e);
    if (!code) return std::nullopt;
    return ExecutionStatus::failure(std::move(*code));
}

bool may_be_repeated(const Error& e) {
    return e.code == Errc::storage || e.code == Errc::conflict || e.code == Errc::internal;
}

net::Response refused(std::string_view path, const Error& e) {
    const std::string what = std::string(name(e.code)) + " at " + e.where;
    log(LogLevel::warning, std::string(path) + ": " + what);
    return may_be_repeated(e) ? app::try_again() : net::plain(400, what);
}
} // namespace

net::Response es11(smds::Server& server, const net::Request& request, Time now) {
    return app::serve_es9(request, rsp::Interface::es11, [&](rsp::Es9Function f, Bytes message) {
        return server.handle(f, message, now);
    });
}

net::Response es12(smds::Server& server, const net::Request& request, Time now) {
    const std::string_view path = request.path();
    const auto f = rsp::server_function_of_path(path);
    if (!f || !served(*f)) return net::plain(404, "no such function");
    if (request.method != "POST") return app::post_only();
    const auto caller = smds::caller_of(request.client_certificate);
    if (!caller) return net::plain(403, "no client certificate");
    const std::string_view protocol = request.headers.get("X-Admin-Protocol");
    binding::note_protocol(request.peer, protocol);
    const binding::RequestHeaders sent{protocol, request.headers.get("Content-Type"), {}};
    if (const auto ok = binding::judge_headers(sent, "application/json", {}); !ok)
        return refused(path, ok.error());
    if (auto instead = app::RequestScope::begin(rsp::row(*f).interface, rsp::row(*f).name)) return *instead;
    const auto done = run(server, *f, *caller, text_of(request.body), now);
    if (!done && may_be_repeated(done.error())) return refused(path, done.error());
    const auto status = done ? std::optional<ExecutionStatus>(*done) : unreadable(*f, done.error());
    if (!status) return refused(path, done.error());
    app::RequestScope::end(status->code ? status->code->subject + "/" + status->code->reason : "ok");
    if (status->code)
        log(LogLevel::info, std::string(path) + " of " + caller->oid + ": " + rsp::describe(*status->code));
    const auto body = binding::server_to_json(rsp::HeaderAnswer{*status});
    if (!body) return net::plain(500);
    return app::json_answer(protocol, *body);
}

} // namespace halyard::smds_app
