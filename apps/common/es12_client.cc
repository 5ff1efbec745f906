#include "apps/common/es12_client.h"
#include "base/log.h"
#include "binding/admin_protocol.h"
#include "binding/http_habits.h"
#include "binding/server_json.h"
#include "rsp/chain.h"

namespace halyard::app {
using rsp::ExecutionStatus, rsp::ServerFunction;

Result<Es12Client> Es12Client::open(net::HttpsClient::Options options, As as) {
    if (options.certificate_file.empty()) return fail(Errc::missing_field, "certificate_file");
    options.trust.policy = rsp::policy_oid(rsp::Role::ds_tls);
    return Es12Client(TRY(net::HttpsClient::open(std::move(options))), as);
}

Result<ExecutionStatus> Es12Client::register_event(std::string_view address,
                                                   const rsp::RegisterEventRequest& request) {
    const auto f = as_ == As::smdp ? ServerFunction::register_event : ServerFunction::register_event_at_root;
    return call(address, f, TRY(binding::server_to_json(request)));
}
Result<ExecutionStatus> Es12Client::delete_event(std::string_view address,
                                                 const rsp::DeleteEventRequest& request) {
    const auto f = as_ == As::smdp ? ServerFunction::delete_event : ServerFunction::delete_event_at_root;
    return call(address, f, TRY(binding::server_to_json(request)));
}

Result<ExecutionStatus>
Es12Client::call(std::string_view address, ServerFunction f, const std::string& body) {
    const rsp::ServerFunctionRow& function = rsp::row(f);
    net::Url url = TRY(net::parse_address(address, "smdsAddress"));
    url.path = function.path;
    net::Request request;
    request.headers = {{"Content-Type", binding::kJsonType},
                       {"X-Admin-Protocol", binding::to_text(binding::kEs9Protocol)}};
    request.body = owned(bytes_of(body));
    const auto response = TRY(http_.exchange(url, request));
    if (response.status == 503 || response.status == 429)
        return fail(Errc::unreachable, "http status", static_cast<uint32_t>(response.status));
    const auto answer = binding::server_answer<rsp::HeaderAnswer>(f, response.status, text_of(response.body));
    const std::string who =
        std::string(function.interface) + " " + function.name + " at " + url.authority() + ": ";
    if (!answer) {
        log(LogLevel::warning,
            who + "HTTP " + std::to_string(response.status) + ", " + name(answer.error().code) + " at " +
                answer.error().where);
        return tl::unexpected<Error>(answer.error());
    }
    if (!answer->status.executed())
        log(LogLevel::info,
            who + (answer->status.code ? rsp::describe(*answer->status.code) : "failed without a code"));
    return answer->status;
}

} // namespace halyard::app
