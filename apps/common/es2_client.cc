#include "apps/common/es2_client.h"
#include "apps/common/server_call.h"
#include "rsp/chain.h"

namespace halyard::app {
using rsp::ServerFunction;
namespace {
constexpr const char* kWhere = "ES2+ address";
}

Result<Es2Client> Es2Client::open(net::HttpsClient::Options options, std::string address) {
    if (options.certificate_file.empty()) return fail(Errc::missing_field, "certificate_file");
    options.trust.policies = {rsp::policy_oid(rsp::Role::dp_tls)};
    return Es2Client(TRY(net::HttpsClient::open(std::move(options))), std::move(address));
}

Result<rsp::DownloadOrderAnswer> Es2Client::download_order(const rsp::DownloadOrderRequest& request) {
    return call_server<rsp::DownloadOrderAnswer>(
        http_, address_, kWhere, ServerFunction::download_order, request);
}
Result<rsp::ConfirmOrderAnswer> Es2Client::confirm_order(const rsp::ConfirmOrderRequest& request) {
    return call_server<rsp::ConfirmOrderAnswer>(
        http_, address_, kWhere, ServerFunction::confirm_order, request);
}

} // namespace halyard::app
