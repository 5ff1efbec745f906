#include "apps/smdp/es2.h"
#include "apps/common/es9_http.h"
#include "apps/common/request_scope.h"
#include "base/log.h"
#include "binding/admin_protocol.h"
#include "binding/http_habits.h"
#include "binding/server_json.h"

namespace halyard::smdp_app {
namespace {
using rsp::ServerFunction, smdp::Es2, smdp::Es2Answer;

rsp::ExecutionStatus status_of(const Es2Answer& a) {
    return a.failed ? rsp::ExecutionStatus::failure(*a.failed) : rsp::ExecutionStatus{};
}

struct Context {
    Es2& core;
    const smdp::Config& config;
    const Requester& who;
    ServerFunction function;
    Bytes body;
    Time now;
};

template <class Request>
using Call = Result<Es2Answer> (Es2::*)(const smdp::Caller&, const Request&, Bytes body, Time now);

template <class Request> Result<Es2Answer> asked(const Context& c, Call<Request> call) {
    const auto request = binding::server_from_json<Request>(text_of(c.body));
    if (!request) {
        auto code = binding::refusal(rsp::kServerMessage<Request>, request.error());
        if (!code) return tl::unexpected<Error>(request.error());
        return Es2Answer{.failed = std::move(*code)};
    }
    if (request->header.function_requester_identifier != c.who.oid)
        return Es2Answer{.failed = rsp::code_for(c.function, "1.1", "1.2")};
    return (c.core.*call)(c.who.caller, *request, c.body, c.now);
}

Result<Es2Answer> answer_of(const Context& c) {
    switch (c.function) {
    case ServerFunction::download_order: return asked<rsp::DownloadOrderRequest>(c, &Es2::download_order);
    case ServerFunction::confirm_order: return asked<rsp::ConfirmOrderRequest>(c, &Es2::confirm_order);
    case ServerFunction::cancel_order: return asked<rsp::CancelOrderRequest>(c, &Es2::cancel_order);
    case ServerFunction::release_profile: return asked<rsp::ReleaseProfileRequest>(c, &Es2::release_profile);
    default: return fail(Errc::not_found, "path");
    }
}

Result<std::string> written(const Context& c, const Es2Answer& a) {
    if (c.function == ServerFunction::download_order)
        return binding::server_to_json(
            rsp::DownloadOrderAnswer{.status = status_of(a), .iccid = a.failed ? std::nullopt : a.iccid});
    if (c.function != ServerFunction::confirm_order || a.failed)
        return binding::server_to_json(rsp::HeaderAnswer{.status = status_of(a)});
    return binding::server_to_json(rsp::ConfirmOrderAnswer{.status = status_of(a),
                                                           .eid = a.eid,
                                                           .matching_id = a.matching_id,
                                                           .smdp_address = c.config.address});
}

bool is_served(ServerFunction f) {
    return f == ServerFunction::download_order || f == ServerFunction::confirm_order ||
           f == ServerFunction::cancel_order || f == ServerFunction::release_profile;
}

net::Response not_done(std::string_view path, const Error& e) {
    log(LogLevel::warning, std::string(path) + ": " + name(e.code) + " at " + e.where);
    const bool again = e.code == Errc::storage || e.code == Errc::conflict || e.code == Errc::internal;
    if (!again) return net::plain(400, std::string(name(e.code)) + " at " + e.where);
    net::Response later = net::plain(503, "try again");
    later.headers.add("Retry-After", "1");
    return later;
}
} // namespace

net::Response es2(smdp::Es2& core,
                  const smdp::Config& config,
                  const std::vector<Requester>& operators,
                  const net::Request& request,
                  Time now) {
    const std::string_view path = request.path();
    const Requester* who = requester_of(operators, request.client_certificate);
    if (!who) return net::plain(403, "this certificate is no operator's");
    const auto function = rsp::server_function_of_path(path);
    if (!function || !is_served(*function)) return net::plain(404, "no such function");
    if (request.method != "POST") return app::post_only();
    const std::string_view protocol = request.headers.get("X-Admin-Protocol");
    binding::note_protocol(request.peer, protocol);
    if (auto instead = app::RequestScope::begin("ES2+", rsp::row(*function).name)) return *instead;
    const Context context{core, config, *who, *function, request.body, now};
    const auto answer = answer_of(context);
    if (!answer) return not_done(path, answer.error());
    app::RequestScope::end(answer->failed ? answer->failed->subject + "/" + answer->failed->reason : "ok");
    if (answer->failed)
        log(LogLevel::info,
            std::string(rsp::row(*function).name) + " of " + who->caller.operator_id + ": " +
                rsp::describe(*answer->failed));
    const auto body = written(context, *answer);
    if (!body) return net::plain(500);
    return app::json_answer(protocol, *body);
}

} // namespace halyard::smdp_app
