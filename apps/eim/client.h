#pragma once
// The REST API from the other side: what `halyard eim` commands and the lab use.
#include "net/https_client.h"
#include <filesystem>
#include <nlohmann/json.hpp>

namespace halyard::eim_app {

struct ClientOptions {
    std::string url = "https://eim.halyard.test"; // of the API
    std::filesystem::path ca;                     // PEM or DER
    std::filesystem::path token_file;             // never the environment: it is listed (SR-43)
    std::string token;                            // instead of the file, for programs
    std::map<std::string, std::string> resolve;
};

class Client {
  public:
    static Result<Client> open(const ClientOptions&);
    /// The answer's body and status. Errors: unreachable, unverified …; bad_value when the body is no JSON.
    struct Reply {
        int status = 0;
        nlohmann::ordered_json body;
        bool ok() const { return status >= 200 && status < 300; }
        /// "Bad request: eid must be 32 digits"
        std::string problem() const;
    };
    Result<Reply> get(const std::string& path);
    Result<Reply>
    post(const std::string& path, const nlohmann::ordered_json& body, const std::string& key = {});

  private:
    Client(net::HttpsClient http, net::Url url, std::string token)
        : http_(std::move(http)), url_(std::move(url)), token_(std::move(token)) {}
    Result<Reply>
    exchange(const std::string& method, const std::string& path, OwnedBytes body, const std::string& key);
    net::HttpsClient http_;
    net::Url url_;
    std::string token_;
};

} // namespace halyard::eim_app
