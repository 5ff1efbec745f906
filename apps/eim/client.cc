#include "apps/eim/client.h"
#include "apps/common/files.h"

namespace halyard::eim_app {

Result<Client> Client::open(const ClientOptions& options) {
    net::HttpsClient::Options http;
    if (!options.ca.empty()) {
        const OwnedBytes ca = TRY(app::read_file(options.ca, 1u << 20, "ca"));
        if (text_of(ca).find("-----BEGIN") != std::string_view::npos)
            http.trust.anchors_pem = text_of(ca);
        else
            http.trust.anchors.push_back(ca);
    }
    http.connect_to = options.resolve;
    std::string token = options.token;
    if (token.empty() && !options.token_file.empty()) {
        const SecretBytes file = TRY(app::read_secret(options.token_file, 4096, "token-file"));
        token = text_of(file.reveal());
    }
    while (!token.empty() && (token.back() == '\n' || token.back() == '\r' || token.back() == ' '))
        token.pop_back();
    if (token.empty()) return fail(Errc::missing_field, "token");
    return Client(TRY(net::HttpsClient::open(std::move(http))),
                  TRY(net::parse_url(options.url, "api")),
                  std::move(token));
}

std::string Client::Reply::problem() const {
    if (!body.is_object()) return "HTTP status " + std::to_string(status);
    return body.value("title", "HTTP status " + std::to_string(status)) + ": " + body.value("detail", "");
}

Result<Client::Reply> Client::exchange(const std::string& method,
                                       const std::string& path,
                                       OwnedBytes body,
                                       const std::string& key) {
    net::Url url = url_;
    url.path = path;
    net::Request request{.method = method, .body = std::move(body)};
    request.headers = {{"Authorization", "Bearer " + token_}, {"Content-Type", "application/json"}};
    if (!key.empty()) request.headers.add("Idempotency-Key", key);
    const auto response = TRY(http_.exchange(url, request));
    Reply reply{response.status, nlohmann::ordered_json::parse(text_of(response.body), nullptr, false)};
    if (reply.body.is_discarded())
        return fail(Errc::bad_value, "answer", static_cast<uint32_t>(response.status));
    return reply;
}
Result<Client::Reply> Client::get(const std::string& path) { return exchange("GET", path, {}, {}); }
Result<Client::Reply>
Client::post(const std::string& path, const nlohmann::ordered_json& body, const std::string& key) {
    return exchange("POST", path, owned(bytes_of(body.dump())), key);
}

} // namespace halyard::eim_app
