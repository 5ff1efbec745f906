#pragma once
#include "base/secret.h"
#include "base/time.h"
#include "net/http.h"
#include "net/url.h"
#include <chrono>
#include <map>
#include <memory>
#include <optional>

namespace halyard::net {

/// What makes a server believable. At least one member must be set; there is no way to believe everybody
/// (SR-03).
struct Trust {
    /// DER certificates a chain may end in: CI roots, or a private CA. They need not be self-signed.
    std::vector<OwnedBytes> anchors;
    /// The same as concatenated PEM.
    std::string anchors_pem;
    /// DER SubjectPublicKeyInfo: the server's key must be this one; host and dates are then not judged, so a
    /// device without a clock can use it. SGP.32 §2.11.1.1.2, trustedEimPkTls
    OwnedBytes pinned_key;
    /// DER certificate, either the server's own (octets equal; its dates are judged, its names are not) or
    /// its CA (judged as an anchor). SGP.32 §2.11.1.1.2, trustedCertificateTls
    OwnedBytes pinned_certificate;
    /// Dotted OIDs of which the server's certificatePolicies must hold one: its role. Empty: not judged.
    /// SGP.26
    std::vector<std::string> policies;
};

/// Blocking HTTPS client. Safe to share between threads; keeps one idle connection per host and port.
/// Peer verification is always on; redirects are handed back, never followed.
class HttpsClient {
  public:
    struct Options {
        Trust trust;
        std::optional<Time> verify_time; // judge certificates as of then instead of the system's clock
        /// "host" or "host:port" → "address:port" to connect to instead; name, SNI and Host stay those of the
        /// URL.
        std::map<std::string, std::string> connect_to;
        std::string certificate_file; // PEM chain and key for mutual TLS (ES2+); both or neither
        std::string key_file;
        bool cbc_suite = false; // also ECDHE-ECDSA-AES128-CBC-SHA256, for one named peer (SR-01)

        std::chrono::milliseconds connect_timeout{5'000}; // name resolution included
        std::chrono::milliseconds tls_timeout{10'000};
        std::chrono::milliseconds total_timeout{30'000}; // of the whole exchange (RR-16)
        std::chrono::milliseconds idle_timeout{50'000};  // a kept connection older than this is not reused
        size_t max_body = 4 * 1024 * 1024;               // of an answer; beyond: limit "answer body"
    };

    /// Errors: missing_field "trust" when nothing is trusted; bad_value naming the option that does not
    /// parse.
    static Result<HttpsClient> open(Options options);
    ~HttpsClient();
    HttpsClient(HttpsClient&&) noexcept;
    HttpsClient& operator=(HttpsClient&&) noexcept;

    /// Sends one request and waits for its answer, whatever its status. Errors:
    /// - unreachable "resolve", "connect", "connect timeout", "tls handshake" (detail: the alert received, if
    /// any),
    ///   "tls handshake timeout", "timeout", "send", "receive" (the connection broke), "tls alert";
    /// - unverified "certificate expired", "certificate not yet valid", "certificate host",
    ///   "certificate issuer", "certificate key pin", "certificate key type" (not EC on one of the two
    ///   curves), "certificate purpose", "certificate" (detail: OpenSSL's verify number);
    /// - rejected "tls version", "tls suite" when the negotiated ones are not ours (SR-04);
    /// - bad_value "status line", "header", "content-length", ... for an answer that is not HTTP/1.1, and
    ///   limit "answer header", "answer body"; bad_value "request header" for a field that cannot be sent.
    /// A kept connection that the server closed is replaced once, if not an octet of the answer came.
    Result<Response> exchange(const Url& url, const Request& request);

    /// Closes kept connections (a test of reconnects, a changed network).
    void close_idle();

  private:
    class Core;
    explicit HttpsClient(std::unique_ptr<Core> core);
    std::unique_ptr<Core> core_;
};

} // namespace halyard::net
