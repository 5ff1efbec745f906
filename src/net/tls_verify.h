#pragma once
#include "net/https_client.h"
#include "net/tls.h"

namespace halyard::net {

/// Why a server's certificate was refused; hangs on the TLS session during the handshake.
struct Verdict {
    const char* where = nullptr; // as HttpsClient::exchange documents
    uint32_t detail = 0;         // OpenSSL's X509_V_ERR number
};

/// Judges server certificates by a Trust. Must outlive the contexts it is installed in.
class TrustCheck {
  public:
    TrustCheck() = default;
    /// Errors: missing_field "trust" for an empty one, conflict "trust" for a pin beside another member,
    /// bad_value "trust" for members that do not parse.
    static Result<TrustCheck> make(const Trust& trust, std::optional<Time> verify_time);

    void install(SSL_CTX* context);
    /// Sets name indication and the name or address the certificate must carry.
    Ok expect(SSL* session, const Url& url) const;

  private:
    static int verify(X509_STORE_CTX* chain, void* self);
    bool judge(X509_STORE_CTX* chain, Verdict& verdict) const;
    bool judge_dates(X509* certificate, Verdict& verdict) const;
    bool judge_path(X509_STORE_CTX* chain, Verdict& verdict) const;
    bool has_policy(X509* certificate) const;

    tls::Store anchors_;
    OwnedBytes pinned_key_;
    OwnedBytes pinned_certificate_;
    bool pinned_is_ca_ = false;
    std::vector<std::string> policies_;
    std::optional<time_t> at_;
};

} // namespace halyard::net
