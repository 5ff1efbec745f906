#include "net/https_client.h"
#include "net/testing.h"
#include <atomic>
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::net;
using namespace halyard::net::testing;
using namespace std::chrono_literals;

namespace {

const Url kEim{.host = "eim.halyard.test", .path = "/gsma/rsp2/asn1"};
constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

Response echo(const Request& request) {
    Response response{.content_type = std::string(request.headers.get("Content-Type")), .body = request.body};
    response.headers.add("X-Target", request.target);
    response.headers.add("X-Host", std::string(request.headers.get("Host")));
    return response;
}

Request post(std::string_view body = "BF4F") {
    return {.headers = {{"Content-Type", "application/x-gsma-rsp-asn1"}}, .body = owned(bytes_of(body))};
}

struct Echo {
    HttpsServer server;
    explicit Echo(const HttpsServer::Options& options = server_options()) {
        REQUIRE(server.start(options, echo));
    }
};

/// What an exchange with that trust ends with: "" when it succeeds.
struct Outcome {
    Errc code{};
    std::string where;
    uint32_t detail = 0;
};
Outcome exchange(HttpsClient::Options options, const Url& url = kEim) {
    auto client = HttpsClient::open(std::move(options));
    if (!client) return {client.error().code, client.error().where};
    const auto answer = client->exchange(url, post());
    if (answer) return {};
    return {answer.error().code, answer.error().where, answer.error().detail};
}

void check_refused(const Outcome& outcome, Errc code, std::string_view where) {
    CHECK(outcome.where == where);
    CHECK(outcome.code == code);
}

HttpsClient::Options trusting(uint16_t port, Trust trust) {
    auto options = client_options(port);
    options.trust = std::move(trust);
    return options;
}

Time days_from_now(int days) {
    return std::chrono::duration_cast<Time>(std::chrono::system_clock::now().time_since_epoch()) +
           std::chrono::hours(24 * days);
}

} // namespace

TEST_CASE("when client and server agree on a P-256 certificate, a request comes back answered") {
    Echo echo;
    auto client = HttpsClient::open(client_options(echo.server.port()));
    REQUIRE(client);

    const auto answer = client->exchange(kEim, post("BF4F03"));

    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK(answer->content_type == "application/x-gsma-rsp-asn1");
    CHECK(text_of(answer->body) == "BF4F03");
    CHECK(answer->headers.get("X-Target") == "/gsma/rsp2/asn1");
    CHECK(answer->headers.get("X-Host") == "eim.halyard.test");
}

TEST_CASE("when the certificates are on brainpoolP256r1, a request comes back answered") {
    Echo echo(server_options("server-brainpool"));
    CHECK(exchange(client_options(echo.server.port(), "ca-brainpool")).where.empty());
}

TEST_CASE("when the host is an address literal, the certificate must carry that address") {
    Echo echo;
    Url url{.host = "127.0.0.1", .port = echo.server.port()};
    CHECK(exchange(client_options(echo.server.port()), url).where.empty());
    url.host = "127.0.0.2";
    auto options = client_options(echo.server.port());
    options.connect_to["127.0.0.2"] = options.connect_to["eim.halyard.test"];
    check_refused(exchange(options, url), Errc::unverified, "certificate host");
}

TEST_CASE("when the server listens on IPv6, it is reached by its literal") {
    auto options = server_options();
    options.bind = "::1";
    HttpsServer server;
    if (!server.start(options, echo)) {
        MESSAGE("SKIPPED: no IPv6 loopback here");
        return;
    }
    CHECK(exchange(client_options(0), *parse_url("https://[::1]:" + std::to_string(server.port()) + "/"))
              .where.empty());
}

TEST_CASE("when the certificate has a wildcard, it covers one label") {
    Echo echo;
    CHECK(exchange(client_options(echo.server.port()), {.host = "a.wild.halyard.test"}).where.empty());
    auto options = client_options(echo.server.port());
    options.connect_to["b.a.wild.halyard.test"] = "127.0.0.1:" + std::to_string(echo.server.port());
    check_refused(exchange(options, {.host = "b.a.wild.halyard.test"}), Errc::unverified, "certificate host");
}

TEST_CASE("when the certificate names another host, it is refused as such") {
    Echo echo;
    check_refused(exchange(client_options(echo.server.port()), {.host = "other.halyard.test"}),
                  Errc::unverified,
                  "certificate host");
}

TEST_CASE("when the common name alone fits, the host is refused") {
    Echo echo;
    auto options = client_options(echo.server.port());
    options.connect_to["server"] = "127.0.0.1:" + std::to_string(echo.server.port());
    check_refused(exchange(options, {.host = "server"}), Errc::unverified, "certificate host");
}

TEST_CASE("when the certificate has expired or is not valid yet, it is refused as such") {
    Echo echo;
    auto options = client_options(echo.server.port());
    options.verify_time = days_from_now(400);
    check_refused(exchange(options), Errc::unverified, "certificate expired");
    options.verify_time = days_from_now(-2);
    check_refused(exchange(options), Errc::unverified, "certificate not yet valid");
    options.verify_time = days_from_now(300);
    CHECK(exchange(options).where.empty());
}

TEST_CASE("when the CA is a foreign one, the certificate is refused as such") {
    Echo echo;
    check_refused(
        exchange(client_options(echo.server.port(), "ca-foreign")), Errc::unverified, "certificate issuer");
    check_refused(
        exchange(client_options(echo.server.port(), "ca-brainpool")), Errc::unverified, "certificate issuer");
}

TEST_CASE("when the certificate is not for servers, it is refused as such") {
    Echo echo(server_options("client-only"));
    check_refused(exchange(client_options(echo.server.port())), Errc::unverified, "certificate purpose");
}

TEST_CASE("when anchors are given as DER, one that fits is enough") {
    Echo echo;
    const Trust trust{.anchors = {pki().der("ca-foreign"), pki().der("ca")}};
    CHECK(exchange(trusting(echo.server.port(), trust)).where.empty());
}

TEST_CASE("when the key is pinned, only that key is believed, whatever names and dates say") {
    Echo echo;
    auto options = trusting(echo.server.port(), {.pinned_key = pki().key_der("server")});
    options.verify_time = days_from_now(4000);
    CHECK(exchange(options).where.empty());
    CHECK(exchange(options, {.host = "other.halyard.test"}).where.empty());
    check_refused(exchange(trusting(echo.server.port(), {.pinned_key = pki().key_der("client")})),
                  Errc::unverified,
                  "certificate key pin");
}

TEST_CASE("when the server's own certificate is pinned, its dates count and its names do not") {
    Echo echo;
    auto options = trusting(echo.server.port(), {.pinned_certificate = pki().der("server")});
    CHECK(exchange(options).where.empty());
    CHECK(exchange(options, {.host = "other.halyard.test"}).where.empty());
    options.verify_time = days_from_now(400);
    check_refused(exchange(options), Errc::unverified, "certificate expired");
    options.verify_time = days_from_now(-2);
    check_refused(exchange(options), Errc::unverified, "certificate not yet valid");
    check_refused(exchange(trusting(echo.server.port(), {.pinned_certificate = pki().der("client")})),
                  Errc::unverified,
                  "certificate key pin");
}

TEST_CASE("when the eIM configuration pins a CA certificate, names are judged too") {
    Echo echo;
    auto options = trusting(echo.server.port(), {.pinned_certificate = pki().der("ca")});
    CHECK(exchange(options).where.empty());
    check_refused(exchange(options, {.host = "other.halyard.test"}), Errc::unverified, "certificate host");
    options.trust.pinned_certificate = pki().der("ca-foreign");
    check_refused(exchange(options), Errc::unverified, "certificate issuer");
}

TEST_CASE("when nothing or nonsense is trusted, no client is made") {
    check_refused(exchange({}), Errc::missing_field, "trust");
    check_refused(exchange({.trust = {.anchors = {OwnedBytes{0x30, 0x00}}}}), Errc::bad_value, "trust");
    check_refused(exchange({.trust = {.anchors_pem = "nothing"}}), Errc::bad_value, "trust");
    check_refused(exchange({.trust = {.anchors_pem = pki().pem("ca") + "-----BEGIN CERTIFICATE-----\nAA\n"}}),
                  Errc::bad_value,
                  "trust");
    check_refused(exchange({.trust = {.pinned_key = OwnedBytes{1}}}), Errc::bad_value, "trust");
    check_refused(exchange({.trust = {.pinned_certificate = OwnedBytes{1}}}), Errc::bad_value, "trust");
    OwnedBytes trailing = pki().der("ca");
    trailing.push_back(0);
    check_refused(exchange({.trust = {.anchors = {trailing}}}), Errc::bad_value, "trust");
    check_refused(
        exchange({.trust = {.anchors_pem = pki().pem("ca"), .pinned_key = pki().key_der("server")}}),
        Errc::conflict,
        "trust");
}

TEST_CASE("when several requests follow each other, they share one connection") {
    std::atomic<int> peers{0};
    std::string last;
    HttpsServer server;
    REQUIRE(server.start(server_options(), [&](const Request& request) {
        if (request.peer != last) ++peers;
        last = request.peer;
        return Response{.status = 204};
    }));
    auto client = HttpsClient::open(client_options(server.port()));
    REQUIRE(client);
    for (int i = 0; i < 5; ++i) CHECK(client->exchange(kEim, post())->status == 204);
    CHECK(peers == 1);
    client->close_idle();
    CHECK(client->exchange(kEim, post())->status == 204);
    CHECK(peers == 2);
    server.stop();
}

TEST_CASE("when the server closed the kept connection, the request is sent once more on a new one") {
    std::atomic<int> connections{0};
    ScriptedServer server([&](int socket, SSL_CTX* context, int count) {
        connections = count + 1;
        answer_with(std::string(kOk))(socket, context, count);
    });
    auto client = HttpsClient::open(client_options(server.port()));
    REQUIRE(client);
    for (int i = 1; i <= 3; ++i) {
        CHECK(client->exchange(kEim, post()));
        CHECK(connections == i);
    }
}

TEST_CASE("when the server closes a reused connection after it took the request, it is sent once more") {
    std::atomic<int> requests{0};
    ScriptedServer server([&](int socket, SSL_CTX* context, int count) {
        const tls::Session session = *tls::attach(context, socket);
        if (SSL_accept(session.get()) != 1) return;
        char request[4096];
        for (int i = 0; i < 2; ++i) {
            if (SSL_read(session.get(), request, sizeof request) <= 0) return;
            ++requests;
            if (count == 0 && i == 1) return; // took the second request, says nothing
            SSL_write(session.get(), kOk.data(), static_cast<int>(kOk.size()));
        }
    });
    auto client = HttpsClient::open(client_options(server.port()));
    REQUIRE(client);
    CHECK(client->exchange(kEim, post()));
    CHECK(client->exchange(kEim, post()));
    CHECK(requests == 3);
    client->close_idle();
}

TEST_CASE("when a fresh connection ends without an answer, the request is not repeated") {
    std::atomic<int> requests{0};
    ScriptedServer server([&](int socket, SSL_CTX* context, int) {
        const tls::Session session = *tls::attach(context, socket);
        if (SSL_accept(session.get()) != 1) return;
        char request[4096];
        if (SSL_read(session.get(), request, sizeof request) > 0) ++requests;
    });
    check_refused(exchange(client_options(server.port())), Errc::unreachable, "receive");
    CHECK(requests == 1);
}

TEST_CASE("when the answer breaks off after its first octets, the request is not repeated") {
    std::atomic<int> connections{0};
    ScriptedServer server([&](int socket, SSL_CTX* context, int count) {
        ++connections;
        const tls::Session session = *tls::attach(context, socket);
        if (SSL_accept(session.get()) != 1) return;
        char request[4096];
        for (std::string_view answer : {kOk, kOk.substr(0, 10)}) {
            if (SSL_read(session.get(), request, sizeof request) <= 0) return;
            SSL_write(session.get(), answer.data(), static_cast<int>(answer.size()));
        }
        (void)count;
    });
    auto client = HttpsClient::open(client_options(server.port()));
    REQUIRE(client);
    CHECK(client->exchange(kEim, post()));
    const auto broken = client->exchange(kEim, post());
    REQUIRE_FALSE(broken);
    CHECK(std::string_view(broken.error().where) == "receive");
    CHECK(connections == 1);
}

TEST_CASE("when an answer without length ends without TLS closure, it is not believed") {
    const std::string_view octets = "HTTP/1.1 200 OK\r\n\r\nhalf";
    SUBCASE("cut") {
        ScriptedServer server([&](int socket, SSL_CTX* context, int) {
            const tls::Session session = *tls::attach(context, socket);
            if (SSL_accept(session.get()) != 1) return;
            char request[4096];
            SSL_read(session.get(), request, sizeof request);
            SSL_write(session.get(), octets.data(), static_cast<int>(octets.size()));
        });
        check_refused(exchange(client_options(server.port())), Errc::unreachable, "receive");
    }
    SUBCASE("closed") {
        ScriptedServer server(answer_with(std::string(octets)));
        CHECK(exchange(client_options(server.port())).where.empty());
    }
}

TEST_CASE("when nobody listens, connect is what failed") {
    uint16_t port = 0;
    {
        Echo echo;
        port = echo.server.port();
    }
    const Outcome outcome = exchange(client_options(port));
    check_refused(outcome, Errc::unreachable, "connect");
    CHECK(outcome.detail == ECONNREFUSED);
}

TEST_CASE("when a name does not exist, resolve is what failed") {
    auto options = client_options(1);
    options.connect_timeout = 4s;
    const Outcome outcome = exchange(options, {.host = "nobody.invalid"});
    CHECK(outcome.code == Errc::unreachable);
    CHECK((outcome.where == "resolve" || outcome.where == "connect timeout"));
}

TEST_CASE("when the server accepts and is silent, the handshake is given up in time") {
    ScriptedServer server([](int socket, SSL_CTX*, int) {
        char octet;
        while (::recv(socket, &octet, 1, 0) > 0) {
        }
    });
    auto options = client_options(server.port());
    options.tls_timeout = 200ms;
    const auto began = Clock::now();
    check_refused(exchange(options), Errc::unreachable, "tls handshake timeout");
    CHECK(Clock::now() - began < 2s);
}

TEST_CASE("when the server takes the request and is silent, the exchange is given up in time") {
    ScriptedServer server([](int socket, SSL_CTX* context, int) {
        const tls::Session session = *tls::attach(context, socket);
        char octets[4096];
        if (SSL_accept(session.get()) != 1) return;
        while (SSL_read(session.get(), octets, sizeof octets) > 0) {
        }
    });
    auto options = client_options(server.port());
    options.total_timeout = 300ms;
    const auto began = Clock::now();
    check_refused(exchange(options), Errc::unreachable, "timeout");
    CHECK(Clock::now() - began < 2s);
}

TEST_CASE("when the answer trickles, the total time still ends it") {
    ScriptedServer server([](int socket, SSL_CTX* context, int) {
        const tls::Session session = *tls::attach(context, socket);
        char octets[4096];
        if (SSL_accept(session.get()) != 1 || SSL_read(session.get(), octets, sizeof octets) <= 0) return;
        for (int i = 0; i < 100 && SSL_write(session.get(), &"HTTP/1.1 200 OK\r\n"[i % 17], 1) > 0; ++i)
            std::this_thread::sleep_for(20ms);
    });
    auto options = client_options(server.port());
    options.total_timeout = 300ms;
    const auto began = Clock::now();
    const Outcome outcome = exchange(options);
    CHECK((outcome.where == "timeout" || outcome.where == "status line"));
    CHECK(Clock::now() - began < 2s);
}

TEST_CASE("when the other side does not speak TLS, the handshake is what failed") {
    ScriptedServer server([](int socket, SSL_CTX*, int) {
        const std::string_view text = "HTTP/1.1 400 Bad Request\r\n\r\n";
        ::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
        char octets[4096];
        while (::recv(socket, octets, sizeof octets, 0) > 0) {
        }
    });
    check_refused(exchange(client_options(server.port())), Errc::unreachable, "tls handshake");
}

TEST_CASE("when an answer is larger than allowed, it is refused") {
    HttpsServer server;
    REQUIRE(
        server.start(server_options(), [](const Request&) { return Response{.body = OwnedBytes(5000)}; }));
    auto options = client_options(server.port());
    options.max_body = 5000;
    CHECK(exchange(options).where.empty());
    options.max_body = 4999;
    check_refused(exchange(options), Errc::limit, "answer body");
}

TEST_CASE("when an answer's header is larger than allowed, it is refused") {
    ScriptedServer server(answer_with("HTTP/1.1 200 OK\r\nX: " + std::string(40'000, 'a') + "\r\n\r\n"));
    check_refused(exchange(client_options(server.port())), Errc::limit, "answer header");
}

TEST_CASE("when an answer is not HTTP/1.1, the element at fault is named") {
    const auto refusal = [](std::string octets) {
        ScriptedServer server(answer_with(std::move(octets)));
        return exchange(client_options(server.port())).where;
    };
    CHECK(refusal("SSH-2.0-x\r\n\r\n") == "status line");
    CHECK(refusal("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok") == "content-length");
    CHECK(refusal("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n") ==
          "transfer-encoding");
    CHECK(refusal("HTTP/1.1 101 Switching Protocols\r\n\r\n") == "status line");
    CHECK(refusal("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").empty());
    std::string endless;
    for (int i = 0; i < 10; ++i) endless += "HTTP/1.1 103 Early Hints\r\n\r\n";
    CHECK(refusal(endless) == "answer header");
}

TEST_CASE("when an answer comes in chunks, octet by octet, it is put together") {
    ScriptedServer server([](int socket, SSL_CTX* context, int) {
        const tls::Session session = *tls::attach(context, socket);
        char octets[4096];
        if (SSL_accept(session.get()) != 1 || SSL_read(session.get(), octets, sizeof octets) <= 0) return;
        for (char c :
             std::string_view("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"))
            SSL_write(session.get(), &c, 1);
        SSL_read(session.get(), octets, sizeof octets);
    });
    auto client = HttpsClient::open(client_options(server.port()));
    REQUIRE(client);
    const auto answer = client->exchange(kEim, post());
    REQUIRE(answer);
    CHECK(text_of(answer->body) == "ok");
    client->close_idle();
}

TEST_CASE("when the server redirects, the answer is handed back and not followed") {
    std::atomic<int> requests{0};
    HttpsServer server;
    REQUIRE(server.start(server_options(), [&](const Request&) {
        ++requests;
        return Response{.status = 307, .headers = {{"Location", "https://eim.halyard.test/elsewhere"}}};
    }));
    auto client = HttpsClient::open(client_options(server.port()));
    REQUIRE(client);
    const auto answer = client->exchange(kEim, post());
    REQUIRE(answer);
    CHECK(answer->status == 307);
    CHECK(answer->headers.get("location") == "https://eim.halyard.test/elsewhere");
    CHECK(requests == 1);
}

TEST_CASE("when a request cannot be sent as HTTP, no connection is made") {
    auto client = HttpsClient::open(client_options(1));
    REQUIRE(client);
    const auto answer = client->exchange(kEim, Request{.headers = {{"User-Agent", "a\r\nX: y"}}});
    REQUIRE_FALSE(answer);
    CHECK(std::string_view(answer.error().where) == "request header");
}

TEST_CASE("when many threads share a client, every answer reaches its asker") {
    Echo echo;
    auto client = HttpsClient::open(client_options(echo.server.port()));
    REQUIRE(client);
    std::atomic<int> right{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 6; ++t)
        threads.emplace_back([&, t] {
            for (int i = 0; i < 20; ++i) {
                const std::string body = std::to_string(t) + ":" + std::to_string(i);
                const auto answer = client->exchange(kEim, post(body));
                if (answer && text_of(answer->body) == body) ++right;
            }
        });
    for (auto& thread : threads) thread.join();
    CHECK(right == 120);
}

TEST_CASE("when the server demands client certificates, only one under its CA gets through") {
    auto options = server_options();
    options.client_ca_file = pki().path("ca.pem");
    std::atomic<size_t> seen{0};
    HttpsServer server;
    REQUIRE(server.start(options, [&](const Request& request) {
        seen = request.client_certificate == pki().der("client") ? 1 : 0;
        return Response{.status = 204};
    }));
    auto client = client_options(server.port());
    const Outcome none = exchange(client);
    CHECK(none.code == Errc::unreachable);
    CHECK(none.where == "tls alert");
    CHECK(none.detail == 116); // certificate_required, RFC 8446 §6
    client.certificate_file = pki().path("client.pem");
    client.key_file = pki().path("client.key");
    CHECK(exchange(client).where.empty());
    CHECK(seen == 1);
    client.certificate_file = pki().path("client-foreign.pem");
    client.key_file = pki().path("client-foreign.key");
    CHECK(exchange(client).where == "tls alert");
    client.key_file = pki().path("client.key");
    check_refused(exchange(client), Errc::bad_value, "key_file");
    client.certificate_file = pki().path("absent.pem");
    check_refused(exchange(client), Errc::bad_value, "certificate_file");
}

TEST_CASE("when the server's key is on another curve, the certificate is refused though its CA is trusted") {
    ScriptedServer server([](int socket, SSL_CTX*, int) {
        const tls::Context context(SSL_CTX_new(TLS_server_method()));
        SSL_CTX_use_certificate_chain_file(context.get(), pki().path("p384.pem").c_str());
        SSL_CTX_use_PrivateKey_file(context.get(), pki().path("p384.key").c_str(), SSL_FILETYPE_PEM);
        const tls::Session session = *tls::attach(context.get(), socket);
        SSL_accept(session.get());
    });
    check_refused(exchange(client_options(server.port())), Errc::unverified, "certificate key type");
}

TEST_CASE("when the server knows only old TLS or other suites, the handshake is what failed") {
    const auto refusal = [](const std::function<void(SSL_CTX*)>& weaken) {
        ScriptedServer server([&](int socket, SSL_CTX*, int) {
            const tls::Context context(SSL_CTX_new(TLS_server_method()));
            SSL_CTX_set_security_level(context.get(), 0);
            SSL_CTX_use_certificate_chain_file(context.get(), pki().path("server.pem").c_str());
            SSL_CTX_use_PrivateKey_file(context.get(), pki().path("server.key").c_str(), SSL_FILETYPE_PEM);
            weaken(context.get());
            const tls::Session session = *tls::attach(context.get(), socket);
            if (SSL_accept(session.get()) != 1) return;
            char request[4096];
            SSL_read(session.get(), request, sizeof request);
            SSL_write(session.get(), kOk.data(), static_cast<int>(kOk.size()));
        });
        return exchange(client_options(server.port())).where;
    };
    CHECK(refusal([](SSL_CTX*) {}).empty());
    CHECK(refusal([](SSL_CTX* c) { SSL_CTX_set_max_proto_version(c, TLS1_1_VERSION); }) == "tls handshake");
    const auto only = [](const char* suite) {
        return [suite](SSL_CTX* c) {
            SSL_CTX_set_max_proto_version(c, TLS1_2_VERSION);
            SSL_CTX_set_cipher_list(c, suite);
        };
    };
    CHECK(refusal(only("ECDHE-ECDSA-AES256-GCM-SHA384")).empty());
    CHECK(refusal(only("ECDHE-ECDSA-AES128-SHA256")) == "tls handshake");
    CHECK(refusal(only("ECDHE-ECDSA-CHACHA20-POLY1305")) == "tls handshake");
}

namespace {
/// The GSMA's published test certificates; empty when they are not at hand.
std::string sgp26() {
    const char* shared = std::getenv("HALYARD_SHARED");
    const std::string directory = std::string(shared ? shared : "../shared") + "/data/sgp26/";
    return std::filesystem::exists(directory + "DPtls") ? directory : std::string();
}

/// Serves one of them, its certificate turned into PEM.
HttpsServer::Options sgp26_server(const std::string& certificate, const std::string& key) {
    const std::string pem = pki().path("sgp26.pem");
    REQUIRE(run("openssl x509 -inform DER -in " + sgp26() + "DPtls/" + certificate + " -out " + pem).status ==
            0);
    return {.certificate_file = pem, .key_file = sgp26() + "DPtls/" + key};
}

HttpsClient::Options
sgp26_client(uint16_t port, const std::string& host, const std::string& issuer, Time time) {
    HttpsClient::Options options;
    options.trust.anchors = {owned(bytes_of(read_text(sgp26() + "CertificateIssuer/" + issuer)))};
    options.connect_to[host] = "127.0.0.1:" + std::to_string(port);
    options.verify_time = time;
    return options;
}

constexpr Time at(int year, unsigned month) {
    return std::chrono::sys_days(std::chrono::year(year) / static_cast<int>(month) / 1).time_since_epoch();
}
} // namespace

TEST_CASE("when the GSMA's test SM-DP+ certificates are served, they verify directly under the test CI") {
    if (sgp26().empty()) {
        MESSAGE("SKIPPED: SGP.26 certificates are not at hand");
        return;
    }
    const Url dp1{.host = "testsmdpplus1.example.com"};
    HttpsServer nist;
    REQUIRE(nist.start(sgp26_server("CERT_S_SM_DP_VARO_TLS_NIST.der", "SK_S_SM_DP_TLS_NIST.pem"), echo));
    const auto nist_client = [&](Time time) {
        return sgp26_client(nist.port(), dp1.host, "CERT_CI_ECDSA_NIST.der", time);
    };
    CHECK(exchange(nist_client(at(2026, 12)), dp1).where.empty());
    check_refused(exchange(nist_client(at(2027, 12)), dp1), Errc::unverified, "certificate expired");
    auto wrong_issuer = sgp26_client(nist.port(), dp1.host, "CERT_CI_ECDSA_BRP.der", at(2026, 12));
    check_refused(
        exchange(wrong_issuer, dp1), Errc::unverified, "certificate issuer"); // same name, other key

    HttpsServer brainpool;
    REQUIRE(brainpool.start(sgp26_server("CERT_S_SM_DP_VARO_TLS_BRP.der", "SK_S_SM_DP_TLS_BRP.pem"), echo));
    CHECK(exchange(sgp26_client(brainpool.port(), dp1.host, "CERT_CI_ECDSA_BRP.der", at(2026, 12)), dp1)
              .where.empty());

    HttpsServer second;
    REQUIRE(second.start(sgp26_server("CERT_S_SM_DP2_TLS.der", "SK_S_SM_DP2_TLS_NIST.pem"), echo));
    const Url dp2{.host = "testsmdpplus2.example.com"};
    CHECK(exchange(sgp26_client(second.port(), dp2.host, "CERT_CI_ECDSA_NIST.der", at(2025, 1)), dp2)
              .where.empty());
    check_refused(exchange(sgp26_client(second.port(), dp2.host, "CERT_CI_ECDSA_NIST.der", at(2025, 9)), dp2),
                  Errc::unverified,
                  "certificate expired");
    check_refused(exchange(sgp26_client(second.port(), dp1.host, "CERT_CI_ECDSA_NIST.der", at(2025, 1)), dp1),
                  Errc::unverified,
                  "certificate host");
}
