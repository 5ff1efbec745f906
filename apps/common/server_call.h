#pragma once
#include "binding/server_json.h"
#include "net/https_client.h"

namespace halyard::app {

/// One call between servers in JSON (ES2+, ES12, ES15): what came back, with HTTP 503 and 429 as unreachable.
/// `address`: "host[:port]". Errors: bad_value naming `where` for an address that is none; HttpsClient's.
Result<net::Response> post_call(net::HttpsClient&,
                                std::string_view address,
                                const char* where,
                                rsp::ServerFunction,
                                const std::string& body);
/// Logs how it ended: warning for what is no answer, info for a function that failed.
void note_call(rsp::ServerFunction, std::string_view address, int http_status, const Error&);
void note_call(rsp::ServerFunction, std::string_view address, const rsp::ExecutionStatus&);

/// A function that failed is an answer; errors: those of post_call(), rejected "http status", bad_value for
/// an answer that is none.
template <class Answer, class Request>
Result<Answer> call_server(net::HttpsClient& http,
                           std::string_view address,
                           const char* where,
                           rsp::ServerFunction f,
                           const Request& request) {
    const auto response = TRY(post_call(http, address, where, f, TRY(binding::server_to_json(request))));
    auto answer = binding::server_answer<Answer>(f, response.status, text_of(response.body));
    if (!answer)
        note_call(f, address, response.status, answer.error());
    else
        note_call(f, address, answer->status);
    return answer;
}

} // namespace halyard::app
