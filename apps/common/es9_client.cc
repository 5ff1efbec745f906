#include "apps/common/es9_client.h"

namespace halyard::app {

Result<Es9Client> Es9Client::open(net::HttpsClient::Options options, std::string user_agent) {
    return Es9Client(TRY(net::HttpsClient::open(std::move(options))), std::move(user_agent));
}

Result<rsp::Es9Answer> Es9Client::exchange(std::string_view address, Bytes message) {
    const auto function = TRY(binding::function_of_message(message));
    net::Url url = TRY(net::parse_address(address, "smdpAddress"));
    url.path = binding::path(function);
    net::Request request;
    request.headers = {{"Content-Type", "application/json;charset=UTF-8"},
                       {"X-Admin-Protocol", "gsma/rsp/v2.5.0"},
                       {"User-Agent", user_agent_}};
    request.body = owned(bytes_of(TRY(binding::request_to_json(function, message))));
    const auto response = TRY(http_.exchange(url, request));
    if (response.status == 503 || response.status == 429) {
        const std::string wait(response.headers.get("Retry-After"));
        *retry_after_ = wait.size() < 6 ? std::atoi(wait.c_str()) : 0;
        return fail(Errc::unreachable, "http status", static_cast<uint32_t>(response.status));
    }
    *retry_after_ = 0;
    return binding::answer_from_json(function, response.status, text_of(response.body));
}

} // namespace halyard::app
