#pragma once
#include "base/octets.h"
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace halyard::net {

/// Header fields in the order received; names compare without regard to case. RFC 9110 §5.1
class Headers {
  public:
    Headers() = default;
    Headers(std::initializer_list<std::pair<std::string, std::string>> fields) : fields_(fields) {}

    /// The first value of that name, or nullptr.
    const std::string* find(std::string_view name) const;
    /// The same with "" for a missing field.
    std::string_view get(std::string_view name) const;
    size_t count(std::string_view name) const;
    void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
    /// Replaces every field of that name.
    void set(std::string_view name, std::string value);

    size_t size() const { return fields_.size(); }
    auto begin() const { return fields_.begin(); }
    auto end() const { return fields_.end(); }

  private:
    std::vector<std::pair<std::string, std::string>> fields_;
};

struct Request {
    std::string method = "POST";
    std::string target; // origin form: path and query; a client leaves it empty to use the Url's path
    Headers headers;    // a client need not set Host and Content-Length
    OwnedBytes body;
    std::string peer;              // "address:port" of the client; set by the server
    OwnedBytes client_certificate; // DER, verified; empty without mutual TLS (SR-02); set by the server

    /// The target without its query.
    std::string_view path() const;
    std::string_view query() const;
};

struct Response {
    int status = 200;
    std::string content_type; // empty: no such field
    Headers headers;          // extra fields; as a client: all fields received
    OwnedBytes body;          // dropped for 204 and 304
};

/// Called on a worker thread, several at a time; may block. Methods and paths are the handler's to refuse
/// (404, 405).
using Handler = std::function<Response(const Request&)>;

/// "Not Found" for 404; "" for a code without a name.
const char* reason_phrase(int status);

/// A text/plain answer, for refusals at HTTP level.
Response plain(int status, std::string_view text = {});

} // namespace halyard::net
