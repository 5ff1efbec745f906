#pragma once
#include "net/https_client.h"
#include "net/https_server.h"
#include "net/tcp_connect.h"
#include "net/tls.h"
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <netinet/in.h>
#include <sstream>
#include <stdexcept>
#include <sys/socket.h>
#include <thread>

// For tests only: certificates made by the openssl program, and peers that behave badly.
namespace halyard::net::testing {

/// What a shell command printed, and how it ended.
struct Ran {
    int status = 0;
    std::string output;
};
inline Ran run(const std::string& command) {
    Ran ran;
    FILE* pipe = ::popen(("( " + command + " ) 2>&1").c_str(), "r");
    if (!pipe) throw std::runtime_error("popen");
    char part[4096];
    while (const size_t count = std::fread(part, 1, sizeof part, pipe)) ran.output.append(part, count);
    ran.status = ::pclose(pipe);
    return ran;
}

inline std::string read_text(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

/// A directory with a CA ("ca") like a GSMA CI and certificates under it, gone at the end.
class TestPki {
  public:
    TestPki() {
        char name[] = "/tmp/halyard-net-XXXXXX";
        if (!::mkdtemp(name)) throw std::runtime_error("mkdtemp");
        directory_ = name;
    }
    TestPki(const TestPki&) = delete;
    ~TestPki() { std::filesystem::remove_all(directory_); }

    std::string path(const std::string& name) const { return directory_ + "/" + name; }
    std::string pem(const std::string& name) const { return read_text(path(name + ".pem")); }
    OwnedBytes der(const std::string& name) const {
        const std::string text = must("openssl x509 -outform DER -in " + path(name + ".pem"));
        return owned(bytes_of(text));
    }
    OwnedBytes key_der(const std::string& name) const {
        return owned(bytes_of(must("openssl pkey -pubout -outform DER -in " + path(name + ".key"))));
    }

    /// A self-signed root with the RSP policy, as CI certificates carry it.
    void make_ca(const std::string& name, const std::string& curve = "prime256v1") {
        make_key(name, curve);
        must("openssl req -x509 -new -sha256 -days 3650 -key " + path(name + ".key") + " -subj /CN=" + name +
             " -addext keyUsage=critical,keyCertSign,cRLSign -addext "
             "certificatePolicies=critical,2.23.146.1.2.1.0" +
             " -out " + path(name + ".pem"));
    }

    /// A certificate under `ca`, with the extensions of CERT.DPtls (SGP.22 §4.5.2.1.1.4): critical policy and
    /// EKU.
    void make_leaf(const std::string& name,
                   const std::string& ca,
                   const std::string& alternative_names,
                   const std::string& curve = "prime256v1",
                   const std::string& usage = "serverAuth,clientAuth") {
        make_key(name, curve);
        std::ofstream(path(name + ".ext")) << "keyUsage=critical,digitalSignature\nextendedKeyUsage=critical,"
                                           << usage << "\ncertificatePolicies=critical,2.23.146.1.2.1.3\n"
                                           << "subjectAltName=" << alternative_names << "\n";
        must("openssl req -new -sha256 -key " + path(name + ".key") + " -subj /CN=" + name + " -out " +
             path(name + ".csr"));
        must("openssl x509 -req -sha256 -days 365 -CAcreateserial -in " + path(name + ".csr") + " -CA " +
             path(ca + ".pem") + " -CAkey " + path(ca + ".key") + " -extfile " + path(name + ".ext") +
             " -out " + path(name + ".pem"));
    }

  private:
    static std::string must(const std::string& command) {
        Ran ran = run(command);
        if (ran.status != 0) throw std::runtime_error(command + "\n" + ran.output);
        return ran.output;
    }
    void make_key(const std::string& name, const std::string& curve) {
        if (curve.starts_with("rsa"))
            must("openssl genrsa -out " + path(name + ".key") + " 2048");
        else
            must("openssl ecparam -genkey -noout -name " + curve + " -out " + path(name + ".key"));
    }

    std::string directory_;
};

/// The certificates most tests need, made once per run.
inline const TestPki& pki() {
    static TestPki made;
    static const bool done = [] {
        made.make_ca("ca");
        made.make_ca("ca-brainpool", "brainpoolP256r1");
        made.make_ca("ca-foreign");
        made.make_leaf("server", "ca", "DNS:eim.halyard.test,DNS:*.wild.halyard.test,IP:127.0.0.1,IP:::1");
        made.make_leaf("server-brainpool", "ca-brainpool", "DNS:eim.halyard.test", "brainpoolP256r1");
        made.make_leaf("client", "ca", "DNS:operator.halyard.test");
        made.make_leaf("client-foreign", "ca-foreign", "DNS:operator.halyard.test");
        made.make_leaf("client-only", "ca", "DNS:eim.halyard.test", "prime256v1", "clientAuth");
        made.make_leaf("rsa", "ca", "DNS:eim.halyard.test", "rsa");
        made.make_leaf("p384", "ca", "DNS:eim.halyard.test", "secp384r1");
        return true;
    }();
    (void)done;
    return made;
}

inline HttpsServer::Options server_options(const std::string& name = "server") {
    return {.certificate_file = pki().path(name + ".pem"), .key_file = pki().path(name + ".key")};
}

/// Trusts the test CA and finds eim.halyard.test on the loopback interface.
inline HttpsClient::Options client_options(uint16_t port, const std::string& ca = "ca") {
    HttpsClient::Options options;
    options.trust.anchors_pem = pki().pem(ca);
    for (const char* name : {"eim.halyard.test", "other.halyard.test", "a.wild.halyard.test"})
        options.connect_to[name] = "127.0.0.1:" + std::to_string(port);
    return options;
}

/// A TLS connection over which a test sends whatever it likes.
class RawClient {
  public:
    explicit RawClient(uint16_t port, int receive_buffer = 0) {
        socket_ = *connect_tcp("127.0.0.1", port, Clock::now() + std::chrono::seconds(5));
        if (receive_buffer > 0)
            ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
        context_ = *tls::make_context(tls::Side::client, false);
        session_ = *tls::attach(context_.get(), socket_.get());
    }
    SSL* session() { return session_.get(); }
    int descriptor() const { return socket_.get(); }
    bool shake_hands() {
        return repeat([&] { return SSL_connect(session_.get()); }) == 1;
    }
    bool send(std::string_view octets) {
        while (!octets.empty()) {
            const int size = static_cast<int>(octets.size());
            const int count = repeat([&] { return SSL_write(session_.get(), octets.data(), size); });
            if (count <= 0) return false;
            octets.remove_prefix(static_cast<size_t>(count));
        }
        return true;
    }
    /// Everything until the server closes, or until `enough` octets came.
    std::string receive(size_t enough = SIZE_MAX, std::chrono::seconds patience = std::chrono::seconds(10)) {
        patience_ = patience;
        std::string all;
        char part[4096];
        while (all.size() < enough) {
            const int count = repeat([&] { return SSL_read(session_.get(), part, sizeof part); });
            if (count <= 0) break;
            all.append(part, static_cast<size_t>(count));
        }
        return all;
    }
    std::string ask(std::string_view octets) {
        if (!shake_hands()) return "no handshake";
        (void)send(octets);
        return receive();
    }

  private:
    int repeat(const std::function<int()>& call) {
        const auto deadline = Clock::now() + patience_;
        for (;;) {
            const int result = call();
            const int error = SSL_get_error(session_.get(), result);
            const bool wants = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
            const short events = error == SSL_ERROR_WANT_WRITE ? 4 : 1;
            if (!wants || !wait_ready(socket_.get(), events, deadline)) return result;
        }
    }
    Socket socket_;
    tls::Context context_;
    tls::Session session_;
    std::chrono::seconds patience_{10};
};

/// Listens on loopback and hands each connection, one after the other, to a script on its own thread.
class ScriptedServer {
  public:
    using Script = std::function<void(int socket, SSL_CTX* context, int count)>;
    explicit ScriptedServer(Script script) : script_(std::move(script)) {
        listener_ = Socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* generic = reinterpret_cast<sockaddr*>(&address);
        if (::bind(listener_.get(), generic, size) != 0 || ::listen(listener_.get(), 8) != 0 ||
            ::getsockname(listener_.get(), generic, &size) != 0)
            throw std::runtime_error("listen");
        port_ = ntohs(address.sin_port);
        context_ = *tls::make_context(tls::Side::server, false);
        if (!tls::load_identity(context_.get(), pki().path("server.pem"), pki().path("server.key")))
            throw std::runtime_error("identity");
        thread_ = std::thread([this] { serve(); });
    }
    ~ScriptedServer() {
        ::shutdown(listener_.get(), SHUT_RDWR);
        thread_.join();
    }
    uint16_t port() const { return port_; }

  private:
    void serve() {
        for (int count = 0;; ++count) {
            const Socket socket(::accept(listener_.get(), nullptr, nullptr));
            if (socket.get() < 0) return;
            const timeval patience{.tv_sec = 5, .tv_usec = 0};
            ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
            script_(socket.get(), context_.get(), count);
        }
    }
    Script script_;
    Socket listener_;
    uint16_t port_ = 0;
    tls::Context context_;
    std::thread thread_;
};

/// A script that answers every request on a connection with the same octets, `answers` times, then closes.
inline ScriptedServer::Script answer_with(std::string octets, int answers = 1) {
    return [octets = std::move(octets), answers](int socket, SSL_CTX* context, int) {
        const tls::Session session = *tls::attach(context, socket);
        if (SSL_accept(session.get()) != 1) return;
        for (int i = 0; i < answers; ++i) {
            char request[8192];
            if (SSL_read(session.get(), request, sizeof request) <= 0) return;
            for (std::string_view rest = octets; !rest.empty();) {
                const int count = SSL_write(session.get(), rest.data(), static_cast<int>(rest.size()));
                if (count <= 0) return;
                rest.remove_prefix(static_cast<size_t>(count));
            }
        }
        SSL_shutdown(session.get());
    };
}

} // namespace halyard::net::testing
