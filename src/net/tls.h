#pragma once
#include "base/octets.h"
#include "base/time.h"
#include <memory>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <optional>
#include <string>

// Inside this layer only: what client and server share of OpenSSL.
namespace halyard::net::tls {

struct Free {
    void operator()(SSL_CTX* p) const { SSL_CTX_free(p); }
    void operator()(SSL* p) const { SSL_free(p); }
    void operator()(X509* p) const { X509_free(p); }
    void operator()(X509_STORE* p) const { X509_STORE_free(p); }
    void operator()(BIO* p) const { BIO_free(p); }
};
using Context = std::unique_ptr<SSL_CTX, Free>;
using Session = std::unique_ptr<SSL, Free>;
using Certificate = std::unique_ptr<X509, Free>;
using Store = std::unique_ptr<X509_STORE, Free>;

enum class Side : uint8_t { client, server };

/// A context with the floor of SR-01 and SR-05: TLS 1.2 and 1.3, ECDHE-ECDSA with AES-GCM, P-256 and
/// brainpoolP256r1, no renegotiation, no compression, no early data.
Result<Context> make_context(Side side, bool cbc_suite);

/// Loads chain and key; bad_value or unsupported "certificate_file", "key_file".
Ok load_identity(SSL_CTX* context, const std::string& certificate_file, const std::string& key_file);

/// Requires clients to present a certificate under one of those in the file; bad_value "client_ca_file".
Ok require_client_certificate(SSL_CTX* context, const std::string& ca_file, std::optional<Time> verify_time);

/// A session over a connected socket that it does not own. Writes never raise SIGPIPE.
Result<Session> attach(SSL_CTX* context, int socket);

/// Whether the certificate's key is EC, on one of the two named curves. SR-06
bool has_permitted_key(X509* certificate);

/// What was negotiated is looked at once more after the handshake, before any application data. SR-04
/// Errors: rejected "tls version", "tls suite".
Ok check_negotiated(SSL* session, bool cbc_suite);

/// Empties OpenSSL's queue and tells the last reason, "" if none.
struct Reason {
    std::string text;
    uint32_t alert = 0; // received from the peer
};
Reason take_reason();

OwnedBytes der_of(X509* certificate);

} // namespace halyard::net::tls
