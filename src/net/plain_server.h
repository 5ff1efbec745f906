#pragma once
#include "net/http.h"
#include <chrono>
#include <memory>

namespace halyard::net {

/// HTTP/1.1 without TLS, one request a connection: metrics and health for the same machine or a private
/// network. One thread; the handler runs on it and must not wait for anything. Framing and caps are those of
/// HttpsServer.
class PlainServer {
  public:
    struct Options {
        std::string bind = "127.0.0.1";           // address literal
        uint16_t port = 0;                        // 0: the system chooses, see port()
        size_t max_connections = 64;              // beyond: closed at once
        std::chrono::milliseconds timeout{5'000}; // of a whole exchange
    };

    PlainServer();
    ~PlainServer(); // stops

    /// Errors: bad_value "bind"; unreachable "bind" when the port is taken; conflict when running.
    Ok start(const Options&, Handler);
    uint16_t port() const;
    void stop();

  private:
    class Core;
    std::unique_ptr<Core> core_;
};

} // namespace halyard::net
