#include "apps/common/es12_client.h"
#include "apps/common/server_call.h"
#include "rsp/chain.h"

namespace halyard::app {
using rsp::ExecutionStatus, rsp::ServerFunction;
namespace {
constexpr const char* kWhere = "smdsAddress";
}

Result<Es12Client> Es12Client::open(net::HttpsClient::Options options, As as) {
    if (options.certificate_file.empty()) return fail(Errc::missing_field, "certificate_file");
    options.trust.policies = {rsp::policy_oid(rsp::Role::ds_tls)};
    return Es12Client(TRY(net::HttpsClient::open(std::move(options))), as);
}

Result<ExecutionStatus> Es12Client::register_event(std::string_view address,
                                                   const rsp::RegisterEventRequest& request) {
    const auto f = as_ == As::smdp ? ServerFunction::register_event : ServerFunction::register_event_at_root;
    return TRY(call_server<rsp::HeaderAnswer>(http_, address, kWhere, f, request)).status;
}
Result<ExecutionStatus> Es12Client::delete_event(std::string_view address,
                                                 const rsp::DeleteEventRequest& request) {
    const auto f = as_ == As::smdp ? ServerFunction::delete_event : ServerFunction::delete_event_at_root;
    return TRY(call_server<rsp::HeaderAnswer>(http_, address, kWhere, f, request)).status;
}

} // namespace halyard::app
