#include "net/tls.h"
#include <algorithm>
#include <bit>
#include <cerrno>
#include <iterator>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <sys/socket.h>

namespace halyard::net::tls {
namespace {

constexpr const char* kSuites12 = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384";
constexpr const char* kSuites12WithCbc =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-SHA256";
constexpr const char* kSuites13 = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384";
constexpr const char* kGroups = "P-256:brainpoolP256r1";
// In TLS 1.2 these name the hash only and so cover brainpool keys too; in 1.3 they name the curve.
constexpr const char* kSignatures = "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512";

int socket_of(BIO* bio) { return static_cast<int>(std::bit_cast<intptr_t>(BIO_get_data(bio))); }

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

int read_socket(BIO* bio, char* out, int size) {
    BIO_clear_retry_flags(bio);
    const auto count = static_cast<int>(::recv(socket_of(bio), out, static_cast<size_t>(size), 0));
    if (count < 0 && would_block()) BIO_set_retry_read(bio);
    if (count == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    return count;
}

int write_socket(BIO* bio, const char* data, int size) {
    BIO_clear_retry_flags(bio);
    const auto count =
        static_cast<int>(::send(socket_of(bio), data, static_cast<size_t>(size), MSG_NOSIGNAL));
    if (count < 0 && would_block()) BIO_set_retry_write(bio);
    return count;
}

long control_socket(BIO* bio, int command, long, void*) {
    if (command == BIO_CTRL_FLUSH) return 1;
    if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
    return 0;
}

/// OpenSSL's own socket BIO calls write(), which raises SIGPIPE on a broken connection.
BIO_METHOD* socket_method() {
    static BIO_METHOD* const method = [] {
        BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket without SIGPIPE");
        BIO_meth_set_read(made, read_socket);
        BIO_meth_set_write(made, write_socket);
        BIO_meth_set_ctrl(made, control_socket);
        return made;
    }();
    return method;
}

bool has_permitted_key(EVP_PKEY* key) {
    if (!key || EVP_PKEY_get_base_id(key) != EVP_PKEY_EC) return false;
    int explicit_parameters = 0;
    EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &explicit_parameters);
    char name[64];
    size_t length = 0;
    if (explicit_parameters || !EVP_PKEY_get_group_name(key, name, sizeof name, &length)) return false;
    const std::string_view curve(name, length);
    return curve == "prime256v1" || curve == "brainpoolP256r1";
}

} // namespace

Result<Context> make_context(Side side, bool cbc_suite) {
    ERR_clear_error();
    Context context(SSL_CTX_new(side == Side::server ? TLS_server_method() : TLS_client_method()));
    if (!context) return fail(Errc::internal, "tls context");
    SSL_CTX* c = context.get();
    SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(c,
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                         SSL_MODE_AUTO_RETRY |
                         SSL_MODE_RELEASE_BUFFERS); // idle connections keep no record buffers, SR-53
    const bool set = SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION) == 1 &&
                     SSL_CTX_set_max_proto_version(c, TLS1_3_VERSION) == 1 &&
                     SSL_CTX_set_cipher_list(c, cbc_suite ? kSuites12WithCbc : kSuites12) == 1 &&
                     SSL_CTX_set_ciphersuites(c, kSuites13) == 1 &&
                     SSL_CTX_set1_groups_list(c, kGroups) == 1 &&
                     SSL_CTX_set1_sigalgs_list(c, kSignatures) == 1 && SSL_CTX_set_max_early_data(c, 0) == 1;
    if (!set) return fail(Errc::internal, "tls context");
    return context;
}

Ok load_identity(SSL_CTX* context, const std::string& certificate_file, const std::string& key_file) {
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(context, certificate_file.c_str()) != 1)
        return fail(Errc::bad_value, "certificate_file");
    if (!has_permitted_key(SSL_CTX_get0_certificate(context)))
        return fail(Errc::unsupported, "certificate_file");
    if (SSL_CTX_use_PrivateKey_file(context, key_file.c_str(), SSL_FILETYPE_PEM) != 1)
        return fail(Errc::bad_value, "key_file");
    if (SSL_CTX_check_private_key(context) != 1) return fail(Errc::bad_value, "key_file");
    return {};
}

Ok require_client_certificate(SSL_CTX* context, const std::string& ca_file, std::optional<Time> verify_time) {
    ERR_clear_error();
    STACK_OF(X509_NAME)* names = SSL_load_client_CA_file(ca_file.c_str());
    if (!names) return fail(Errc::bad_value, "client_ca_file");
    SSL_CTX_set_client_CA_list(context, names);
    if (SSL_CTX_load_verify_file(context, ca_file.c_str()) != 1)
        return fail(Errc::bad_value, "client_ca_file");
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    constexpr unsigned char kSessionContext[] = "halyard";
    SSL_CTX_set_session_id_context(context, kSessionContext, sizeof kSessionContext - 1);
    if (verify_time)
        X509_VERIFY_PARAM_set_time(SSL_CTX_get0_param(context),
                                   static_cast<time_t>(std::chrono::floor<Seconds>(*verify_time).count()));
    return {};
}

Result<Session> attach(SSL_CTX* context, int socket) {
    ERR_clear_error();
    Session session(SSL_new(context));
    BIO* bio = BIO_new(socket_method());
    if (!session || !bio) {
        BIO_free(bio);
        return fail(Errc::internal, "tls session");
    }
    BIO_set_data(bio, std::bit_cast<void*>(static_cast<intptr_t>(socket)));
    BIO_set_init(bio, 1);
    SSL_set_bio(session.get(), bio, bio);
    return session;
}

bool has_permitted_key(X509* certificate) {
    return certificate && has_permitted_key(X509_get0_pubkey(certificate));
}

Ok check_negotiated(SSL* session, bool cbc_suite) {
    const int version = SSL_version(session);
    if (version != TLS1_2_VERSION && version != TLS1_3_VERSION)
        return fail(Errc::rejected, "tls version", static_cast<uint32_t>(version));
    const SSL_CIPHER* suite = SSL_get_current_cipher(session);
    const auto id = suite ? SSL_CIPHER_get_protocol_id(suite) : uint16_t{0};
    constexpr uint16_t kAead[] = {0x1301, 0x1302, 0xC02B, 0xC02C};
    const bool permitted = std::ranges::find(kAead, id) != std::end(kAead) || (cbc_suite && id == 0xC023);
    if (!permitted) return fail(Errc::rejected, "tls suite", id);
    return {};
}

Reason take_reason() {
    Reason reason;
    while (const unsigned long code = ERR_get_error()) {
        const char* text = ERR_reason_error_string(code);
        if (text) reason.text = text;
        const int number = ERR_GET_REASON(code);
        if (ERR_GET_LIB(code) == ERR_LIB_SSL && number > SSL_AD_REASON_OFFSET)
            reason.alert = static_cast<uint32_t>(number - SSL_AD_REASON_OFFSET);
    }
    return reason;
}

OwnedBytes der_of(X509* certificate) {
    OwnedBytes out(static_cast<size_t>(std::max(0, i2d_X509(certificate, nullptr))));
    uint8_t* at = out.data();
    if (!out.empty()) i2d_X509(certificate, &at);
    return out;
}

} // namespace halyard::net::tls
