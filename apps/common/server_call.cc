#include "apps/common/server_call.h"
#include "base/log.h"
#include "binding/admin_protocol.h"
#include "binding/http_habits.h"

namespace halyard::app {
namespace {
std::string title(rsp::ServerFunction f, std::string_view address) {
    const rsp::ServerFunctionRow& function = rsp::row(f);
    return std::string(function.interface) + " " + function.name + " at " + std::string(address) + ": ";
}
} // namespace

Result<net::Response> post_call(net::HttpsClient& http,
                                std::string_view address,
                                const char* where,
                                rsp::ServerFunction f,
                                const std::string& body) {
    net::Url url = TRY(net::parse_address(address, where));
    url.path = rsp::row(f).path;
    net::Request request;
    request.headers = {{"Content-Type", binding::kJsonType},
                       {"X-Admin-Protocol", binding::to_text(binding::kEs9Protocol)}};
    request.body = owned(bytes_of(body));
    auto response = TRY(http.exchange(url, request));
    if (response.status == 503 || response.status == 429)
        return fail(Errc::unreachable, "http status", static_cast<uint32_t>(response.status));
    return response;
}

void note_call(rsp::ServerFunction f, std::string_view address, int http_status, const Error& error) {
    log(LogLevel::warning,
        title(f, address) + "HTTP " + std::to_string(http_status) + ", " + name(error.code) + " at " +
            error.where);
}
void note_call(rsp::ServerFunction f, std::string_view address, const rsp::ExecutionStatus& status) {
    if (status.executed()) return;
    log(LogLevel::info,
        title(f, address) + (status.code ? rsp::describe(*status.code) : "failed without a code"));
}

} // namespace halyard::app
