#include "apps/common/es9_client.h"
#include "base/log.h"
#include "binding/admin_protocol.h"
#include "binding/http_habits.h"

namespace halyard::app {
using binding::Es9Form;

Result<Es9Client> Es9Client::open(net::HttpsClient::Options options, std::string user_agent, Es9Form form) {
    return Es9Client(TRY(net::HttpsClient::open(std::move(options))), std::move(user_agent), form);
}

Result<rsp::Es9Answer>
Es9Client::read(rsp::Es9Function function, rsp::Interface on, const net::Response& response) const {
    // What HTTP itself refuses is no answer of the protocol, and has headers of its own.
    if (response.status == 200 || response.status == 204)
        TRY(binding::judge_answer({.status = response.status,
                                   .protocol = response.headers.get("X-Admin-Protocol"),
                                   .content_type = response.headers.get("Content-Type"),
                                   .body = response.body.size()},
                                  form_ == Es9Form::asn1 ? binding::kAsn1Type : "application/json",
                                  binding::kEs9Majors,
                                  function != rsp::Es9Function::handle_notification));
    return binding::answer_from_body(function, response.status, response.body, form_, on);
}

Result<rsp::Es9Answer> Es9Client::exchange(std::string_view address, Bytes message, rsp::Interface on) {
    const auto function = TRY(binding::function_of_message(message, on));
    net::Url url = TRY(net::parse_address(address, "smdpAddress"));
    const bool asn1 = form_ == Es9Form::asn1;
    url.path = asn1 ? binding::kAsn1Path : binding::path(function);
    net::Request request;
    request.headers = {{"Content-Type", asn1 ? binding::kAsn1Type : binding::kJsonType},
                       {"X-Admin-Protocol", binding::to_text(binding::kEs9Protocol)},
                       {"User-Agent", user_agent_}};
    request.body = asn1 ? binding::request_to_asn1(message)
                        : owned(bytes_of(TRY(binding::request_to_json(function, message))));
    const auto response = TRY(http_.exchange(url, request));
    if (response.status == 503 || response.status == 429) {
        const std::string wait(response.headers.get("Retry-After"));
        *retry_after_ = wait.size() < 6 ? std::atoi(wait.c_str()) : 0;
        return fail(Errc::unreachable, "http status", static_cast<uint32_t>(response.status));
    }
    *retry_after_ = 0;
    auto answer = read(function, on, response);
    const std::string who = (on == rsp::Interface::es11 ? "ES11 " : "ES9+ ") +
                            std::string(binding::name(function)) + " at " + url.authority() + ": ";
    if (!answer)
        log(LogLevel::warning,
            who + "HTTP " + std::to_string(response.status) + ", " + name(answer.error().code) + " at " +
                answer.error().where);
    else if (answer->failed)
        log(LogLevel::info, who + rsp::describe(*answer->failed));
    return answer;
}

} // namespace halyard::app
