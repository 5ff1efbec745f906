#pragma once
#include "base/time.h"
#include "net/http.h"
#include "net/server_stats.h"
#include "net/source.h"
#include <memory>
#include <optional>

namespace halyard::net {

/// HTTP/1.1 over TLS 1.2 and 1.3. One thread moves octets for all connections; handlers run on a bounded
/// pool.
///
/// TLS: ECDHE-ECDSA with AES-GCM, curves P-256 and brainpoolP256r1, no renegotiation, no compression, no
/// early data (SR-01, SR-05). Brainpool certificates are served over TLS 1.2, as RFC 8446 has no code point
/// for them. HTTP: strict framing (SR-50), time limits (SR-51), caps on connections (SR-53).
class HttpsServer {
  public:
    struct Options {
        std::string bind = "127.0.0.1";  // address literal, not a name
        uint16_t port = 0;               // 0: the system chooses, see port()
        std::string certificate_file;    // PEM: leaf first, then intermediates
        std::string key_file;            // PEM, an EC key on one of the two curves
        std::string client_ca_file;      // PEM; if given, clients must present a certificate under it (SR-02)
        std::optional<Time> verify_time; // judge client certificates as of then instead of the system's clock
        bool cbc_suite = false;          // also ECDHE-ECDSA-AES128-CBC-SHA256, for one named peer (SR-01)

        size_t workers = 4;     // handlers that run at the same time
        size_t max_queue = 256; // requests waiting for a worker; beyond: 503 with Retry-After
        size_t max_connections = 4096;
        size_t max_connections_per_network = 1024; // per IPv4 /24 or IPv6 /56
        size_t max_handshakes = 512; // under way at the same time; beyond, a new connection is closed (SR-54)
        double connections_per_second = 0; // of one source address (SR-52); 0: no limit
        double connections_burst = 100;
        std::vector<Network> exempt; // sources that limits per source and network do not count
        size_t max_header_bytes = 16 * 1024;
        size_t max_header_lines = 64;
        size_t max_body = 1024 * 1024; // beyond: 413

        std::chrono::milliseconds handshake_timeout{10'000}; // a card-side IPA needs 60 s
        std::chrono::milliseconds header_timeout{10'000};    // from the first octet of a request
        std::chrono::milliseconds body_timeout{
            30'000};                // per body, either way; longer while min_body_rate is met
        size_t min_body_rate = 256; // octets per second
        std::chrono::milliseconds idle_timeout{60'000};  // between requests
        std::chrono::milliseconds drain_timeout{10'000}; // what stop() grants running requests
    };

    HttpsServer();
    ~HttpsServer(); // stops
    HttpsServer(HttpsServer&&) noexcept;
    HttpsServer& operator=(HttpsServer&&) noexcept;

    /// Listens and returns; requests arrive on worker threads from then on.
    /// Errors: bad_value "certificate_file", "key_file", "client_ca_file", "bind"; unsupported "key_file" for
    /// keys that are not EC on one of the two curves; unreachable "bind" when the port is taken; conflict
    /// when running.
    Ok start(const Options& options, Handler handler);

    /// The port listened on; 0 before start.
    uint16_t port() const;
    /// Zeros before start; valid as long as the server.
    const ServerStats& stats() const;

    /// Reads certificate, key and CA for clients again, from the files of start(): for connections from now
    /// on. Errors: those of start(), and what was loaded before stays.
    Ok reload_certificates();

    /// Stops accepting, lets requests that have begun end within drain_timeout, closes everything and waits
    /// for handlers to return. Not from within a handler. Harmless when not running.
    void stop();

  private:
    class Core;
    std::shared_ptr<Core> core_;
};

} // namespace halyard::net
