#include "base/log.h"
#include "net/https_server.h"
#include "net/testing.h"
#include <algorithm>
#include <atomic>
#include <doctest/doctest.h>
#include <future>

using namespace halyard;
using namespace halyard::net;
using namespace halyard::net::testing;
using namespace std::chrono_literals;

namespace {

std::mutex log_mutex;
std::string logged;

/// Collects log lines while it lives.
struct LogCapture {
    LogCapture() {
        const std::lock_guard lock(log_mutex);
        logged.clear();
        set_log_sink([](LogLevel, std::string_view line) {
            const std::lock_guard guard(log_mutex);
            logged.append(line).append("\n");
        });
    }
    ~LogCapture() { set_log_sink(nullptr); }
    /// Waits a little for a line that contains the text.
    bool has(std::string_view text) const {
        for (int i = 0; i < 200; ++i) {
            {
                const std::lock_guard lock(log_mutex);
                if (logged.find(text) != std::string::npos) return true;
            }
            std::this_thread::sleep_for(10ms);
        }
        return false;
    }
};

Response echo(const Request& request) { return {.content_type = "text/plain", .body = request.body}; }

struct Running {
    HttpsServer server;
    explicit Running(const HttpsServer::Options& options = server_options(), Handler handler = echo) {
        REQUIRE(server.start(options, std::move(handler)));
    }
    std::string ask(std::string_view octets) { return RawClient(server.port()).ask(octets); }
    int status_of(std::string_view octets) {
        const std::string answer = ask(octets);
        return answer.starts_with("HTTP/1.1 ") ? std::stoi(answer.substr(9)) : 0;
    }
};

std::string with(std::string_view fields, std::string_view body = "") {
    return "POST /x HTTP/1.1\r\nHost: eim\r\n" + std::string(fields) + "\r\n" + std::string(body);
}

std::string curl(uint16_t port, const std::string& arguments, const std::string& name = "eim.halyard.test") {
    const std::string at = name + ":" + std::to_string(port);
    return "curl -sS --max-time 10 --resolve " + at + ":127.0.0.1 " + arguments + " https://" + at +
           "/gsma/rsp2/asn1";
}

std::string s_client(uint16_t port, const std::string& arguments, const std::string& ca = "ca") {
    return "echo | timeout 10 openssl s_client -connect 127.0.0.1:" + std::to_string(port) +
           " -servername eim.halyard.test -verify_return_error -CAfile " + pki().path(ca + ".pem") + " " +
           arguments;
}

bool contains(const std::string& text, std::string_view part) {
    if (text.find(part) != std::string::npos) return true;
    MESSAGE(text);
    return false;
}

} // namespace

TEST_CASE("when curl posts to the server, it gets the answer and reuses the connection") {
    Running running;
    const std::string log = pki().path("curl.log");
    const std::string once = curl(
        running.server.port(), "-v --stderr " + log + " --cacert " + pki().path("ca.pem") + " --data hello");
    const Ran ran = run(once + " " + once.substr(once.rfind("https://")));
    CHECK(ran.status == 0);
    CHECK(ran.output == "hellohello");
    CHECK(contains(read_text(log), "Re-using existing connection"));
    CHECK(contains(read_text(log), "TLSv1.3 / TLS_AES_128_GCM_SHA256"));
}

TEST_CASE("when curl sends a large body, it is told to continue, and beyond the limit it is told 413") {
    auto options = server_options();
    options.max_body = 2 * 1024 * 1024;
    Running running(options, [](const Request& request) {
        return plain(200, std::to_string(request.body.size()) + " octets");
    });
    std::ofstream(pki().path("large")) << std::string(2 * 1024 * 1024, 'x');
    std::ofstream(pki().path("larger")) << std::string(2 * 1024 * 1024 + 1, 'x');
    const std::string common = "-v --cacert " + pki().path("ca.pem") + " --data-binary @";
    const Ran fits = run(curl(running.server.port(), common + pki().path("large")));
    CHECK(contains(fits.output, "100 Continue"));
    CHECK(contains(fits.output, "2097152 octets"));
    const Ran chunked =
        run(curl(running.server.port(), "-H Transfer-Encoding:chunked " + common + pki().path("large")));
    CHECK(contains(chunked.output, "2097152 octets"));
    CHECK(contains(run(curl(running.server.port(), common + pki().path("larger"))).output,
                   "413 Content Too Large"));
    CHECK(contains(run(curl(running.server.port(), "-H Expect: " + common + pki().path("larger"))).output,
                   "413 "));
}

TEST_CASE("when curl does not know the CA or the name, it refuses our certificate") {
    Running running;
    CHECK(run(curl(running.server.port(), "--cacert " + pki().path("ca-foreign.pem"))).status != 0);
    const Ran ran =
        run(curl(running.server.port(), "--cacert " + pki().path("ca.pem"), "other.halyard.test"));
    CHECK(contains(ran.output, "no alternative certificate subject name matches"));
}

TEST_CASE("when versions and suites are offered one by one, only ours are taken") {
    LogCapture capture;
    Running running;
    const uint16_t port = running.server.port();
    CHECK(contains(run(s_client(port, "-tls1_3")).output, "Verify return code: 0 (ok)"));
    CHECK(contains(run(s_client(port, "-tls1_2")).output, "Cipher is ECDHE-ECDSA-AES128-GCM-SHA256"));
    CHECK(contains(run(s_client(port, "-tls1_2")).output, "Secure Renegotiation IS supported"));
    CHECK(contains(run(s_client(port, "-tls1_2 -cipher ECDHE-ECDSA-AES256-GCM-SHA384")).output,
                   "Cipher is ECDHE-ECDSA-AES256-GCM-SHA384"));
    CHECK(contains(run(s_client(port, "-tls1_1 -cipher ALL:@SECLEVEL=0")).output, "alert protocol version"));
    CHECK(contains(run(s_client(port, "-tls1 -cipher ALL:@SECLEVEL=0")).output, "alert protocol version"));
    for (const char* suite : {"ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES128-SHA", "AES128-GCM-SHA256"}) {
        CAPTURE(suite);
        CHECK(contains(run(s_client(port, std::string("-tls1_2 -cipher ") + suite)).output,
                       "alert handshake failure"));
    }
    CHECK(contains(run(s_client(port, "-tls1_3 -groups X25519")).output, "alert handshake failure"));
    CHECK(contains(run(s_client(port, "-tls1_3 -ciphersuites TLS_CHACHA20_POLY1305_SHA256")).output,
                   "alert handshake failure"));
    CHECK(contains(run(s_client(port, "-tls1_3 -groups X25519:P-256")).output, "Verify return code: 0 (ok)"));
    CHECK(capture.has("TLS handshake with 127.0.0.1:"));
    CHECK(capture.has("failed: unsupported protocol"));
    CHECK(capture.has("failed: no shared cipher"));
}

TEST_CASE("when one named peer needs it, the CBC suite can be switched on") {
    auto options = server_options();
    options.cbc_suite = true;
    Running running(options);
    const std::string suite = "-tls1_2 -cipher ECDHE-ECDSA-AES128-SHA256";
    CHECK(
        contains(run(s_client(running.server.port(), suite)).output, "Cipher is ECDHE-ECDSA-AES128-SHA256"));
    auto client = client_options(running.server.port());
    client.cbc_suite = true;
    CHECK(HttpsClient::open(client)->exchange({.host = "eim.halyard.test"}, {}));
}

TEST_CASE("when the certificate is on brainpoolP256r1, a foreign client verifies it over TLS 1.2") {
    Running running(server_options("server-brainpool"));
    const Ran ran = run(s_client(running.server.port(), "-curves P-256:brainpoolP256r1", "ca-brainpool"));
    CHECK(contains(ran.output, "Verify return code: 0 (ok)"));
    CHECK(contains(ran.output, "TLSv1.2, Cipher is ECDHE-ECDSA-AES128-GCM-SHA256"));
    const Ran only = run(s_client(running.server.port(), "-tls1_2 -curves brainpoolP256r1", "ca-brainpool"));
    CHECK(contains(only.output, "ECDH, brainpoolP256r1"));
}

TEST_CASE("when a client asks for renegotiation, it does not get it") {
    Running running;
    const Ran ran =
        run("( sleep 0.3; echo R; sleep 0.5 ) | timeout 10 openssl s_client -tls1_2 -connect 127.0.0.1:" +
            std::to_string(running.server.port()));
    CHECK(contains(ran.output, "RENEGOTIATING"));
    CHECK(contains(ran.output, "no renegotiation"));
}

TEST_CASE("when a session ticket is presented, the session is resumed") {
    Running running;
    const std::string file = pki().path("session");
    for (const char* version : {"-tls1_2", "-tls1_3"}) {
        CAPTURE(version);
        const std::string common =
            "( printf 'GET / HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n'; sleep 0.3 )"
            " | timeout 10 openssl s_client -connect 127.0.0.1:" +
            std::to_string(running.server.port()) + " " + version;
        CHECK(contains(run(common + " -sess_out " + file).output, "New, TLSv1."));
        CHECK(contains(run(common + " -sess_in " + file).output, "Reused, TLSv1."));
    }
}

TEST_CASE("when a request could be read two ways, it is refused and the connection closed") {
    Running running;
    CHECK(running.status_of(with("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")) == 400);
    CHECK(running.status_of(with("Content-Length: 3\r\nContent-Length: 3\r\n", "abc")) == 400);
    CHECK(running.status_of(with("Content-Length: 3\r\nContent-Length: 4\r\n", "abc")) == 400);
    CHECK(running.status_of(with("X-A: 1\r\n folded\r\n")) == 400);
    CHECK(running.status_of(with("Content-Length : 3\r\n", "abc")) == 400);
    CHECK(running.status_of(with("Transfer-Encoding: gzip, chunked\r\n")) == 501);
    CHECK(running.status_of("GET / HTTP/1.0\r\nHost: a\r\n\r\n") == 505);
    CHECK(running.status_of(with("Expect: tea\r\n")) == 417);
    // What follows a refused request is never taken for another one.
    const std::string answer = running.ask(
        with("Content-Length: 3\r\nContent-Length: 4\r\n", "abcPOST /y HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK(answer.find("HTTP/1.1 ") == answer.rfind("HTTP/1.1 "));
    CHECK(contains(answer, "Connection: close"));
}

TEST_CASE("when a limit is passed, the status tells which") {
    auto options = server_options();
    options.max_body = 100;
    Running running(options);
    std::string lines;
    for (int i = 0; i < 61; ++i) lines += "X: y\r\n";
    CHECK(running.status_of(with(lines + "Connection: close\r\n")) == 200); // 63 with Host
    CHECK(running.status_of(with(lines + "X: y\r\nX: y\r\nConnection: close\r\n")) == 431);
    CHECK(running.status_of(with("X: " + std::string(16 * 1024, 'a') + "\r\n")) == 431);
    CHECK(running.status_of(with("Content-Length: 101\r\n", std::string(101, 'a'))) == 413);
    CHECK(running.status_of(with("Transfer-Encoding: chunked\r\n", "65\r\n")) == 413);
    CHECK(running.status_of(with("Connection: close\r\nContent-Length: 100\r\n", std::string(100, 'a'))) ==
          200);
}

TEST_CASE("when requests are pipelined, they are answered one after the other") {
    Running running;
    const std::string answer =
        running.ask(with("Content-Length: 1\r\n", "1") + with("Content-Length: 1\r\n", "2") +
                    with("Content-Length: 1\r\nConnection: close\r\n", "3"));
    const size_t one = answer.find("\r\n\r\n1HTTP/1.1 200");
    const size_t two = answer.find("\r\n\r\n2HTTP/1.1 200");
    CHECK(one != std::string::npos);
    CHECK(two != std::string::npos);
    CHECK(one < two);
    CHECK(answer.ends_with("\r\n\r\n3"));
}

TEST_CASE("when octets come one per record, the request is understood") {
    Running running;
    RawClient client(running.server.port());
    REQUIRE(client.shake_hands());
    for (char c : with("Transfer-Encoding: chunked\r\nConnection: close\r\n", "5\r\nhello\r\n0\r\n\r\n"))
        REQUIRE(client.send({&c, 1}));
    CHECK(client.receive().ends_with("\r\n\r\nhello"));
}

TEST_CASE("when the method is HEAD, the answer has a length and no body") {
    Running running(server_options(), [](const Request&) { return plain(200, "text"); });
    const std::string answer = running.ask("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    CHECK(answer.ends_with("Content-Length: 4\r\nConnection: close\r\n\r\n"));
    auto client = HttpsClient::open(client_options(running.server.port()));
    CHECK(client->exchange({.host = "eim.halyard.test"}, {.method = "HEAD"})->status == 200);
    CHECK(client->exchange({.host = "eim.halyard.test"}, {.method = "GET"})->body.size() == 4);
}

TEST_CASE("when a handler throws or answers nonsense, the client gets 500 and the server goes on") {
    LogCapture capture;
    Running running(server_options(), [](const Request& request) -> Response {
        if (request.target == "/throw") throw std::runtime_error("out of luck");
        if (request.target == "/number") throw 42;
        if (request.target == "/split") return {.headers = {{"X", "a\r\nSet-Cookie: b"}}};
        return {.status = 204};
    });
    const auto get = [](const std::string& target) {
        return "GET " + target + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    };
    CHECK(running.status_of(get("/throw")) == 500);
    CHECK(capture.has("handler failed: out of luck"));
    CHECK(running.status_of(get("/number")) == 500);
    CHECK(running.status_of(get("/split")) == 500);
    CHECK(running.status_of(get("/")) == 204);
}

TEST_CASE("when a client is slow, it is cut off in time") {
    LogCapture capture;
    auto options = server_options();
    options.handshake_timeout = options.header_timeout = options.body_timeout = options.idle_timeout = 200ms;
    options.min_body_rate = 100'000'000;
    Running running(options);
    const auto began = Clock::now();
    SUBCASE("in the handshake") {
        const auto socket = connect_tcp("127.0.0.1", running.server.port(), began + 1s);
        char octet;
        REQUIRE(wait_ready(socket->get(), 1, began + 5s));
        CHECK(::recv(socket->get(), &octet, 1, 0) == 0);
        CHECK(capture.has("failed: timeout"));
    }
    SUBCASE("between requests") {
        CHECK(running.ask("").empty());
        CHECK(capture.has("cut off: timeout in idle"));
    }
    SUBCASE("in the header") { CHECK(running.ask("POST / HTTP/1.1\r\n").starts_with("HTTP/1.1 408 ")); }
    SUBCASE("in the body") {
        CHECK(running.ask(with("Content-Length: 9\r\n", "a")).starts_with("HTTP/1.1 408 "));
    }
    SUBCASE("a header octet every 50 ms") {
        RawClient client(running.server.port());
        REQUIRE(client.shake_hands());
        for (int i = 0; i < 8 && client.send("X"); ++i) std::this_thread::sleep_for(50ms);
        CHECK(client.receive().starts_with("HTTP/1.1 408 "));
    }
    SUBCASE("in taking the answer") {
        HttpsServer large;
        REQUIRE(large.start(options,
                            [](const Request&) { return Response{.body = OwnedBytes(32 * 1024 * 1024)}; }));
        RawClient client(large.port(), 4096);
        REQUIRE(client.shake_hands());
        REQUIRE(client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
        CHECK(capture.has("cut off: timeout in writing"));
    }
    CHECK(Clock::now() - began < 5s);
    CHECK(Clock::now() - began > 150ms);
}

TEST_CASE("when a slow body keeps the minimum rate, it may take longer than the body time") {
    auto options = server_options();
    options.body_timeout = 200ms;
    options.min_body_rate = 10;
    Running running(options);
    RawClient client(running.server.port());
    REQUIRE(client.shake_hands());
    REQUIRE(client.send(with("Connection: close\r\nContent-Length: 40\r\n")));
    for (int i = 0; i < 8; ++i) {
        REQUIRE(client.send("01234"));
        std::this_thread::sleep_for(75ms); // 67 octets per second, 600 ms in all
    }
    CHECK(client.receive().starts_with("HTTP/1.1 200 "));
}

TEST_CASE("when connections reach the cap, one more is closed and a place freed is used again") {
    auto options = server_options();
    SUBCASE("in all") { options.max_connections = 2; }
    SUBCASE("per network") { options.max_connections_per_network = 2; }
    LogCapture capture;
    Running running(options);
    RawClient first(running.server.port());
    REQUIRE(first.shake_hands());
    {
        RawClient second(running.server.port());
        REQUIRE(second.shake_hands());
        RawClient third(running.server.port());
        CHECK_FALSE(third.shake_hands());
        CHECK(capture.has("refused: too many"));
    }
    bool again = false;
    for (int i = 0; i < 100 && !again; ++i) {
        std::this_thread::sleep_for(20ms);
        again = RawClient(running.server.port()).shake_hands();
    }
    CHECK(again);
}

TEST_CASE("when workers and queue are full, a request is told to come back later") {
    auto options = server_options();
    options.workers = 1;
    options.max_queue = 1;
    std::promise<void> release;
    std::shared_future<void> released = release.get_future().share();
    std::atomic<int> begun{0};
    Running running(options, [&](const Request&) {
        ++begun;
        released.wait();
        return Response{.status = 204};
    });
    const std::string request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    auto working = std::async(std::launch::async, [&] { return running.ask(request); });
    while (begun == 0) std::this_thread::sleep_for(5ms);
    RawClient queued(running.server.port());
    REQUIRE(queued.shake_hands());
    REQUIRE(queued.send(request));
    std::string refused;
    for (int i = 0; i < 100 && refused.find(" 503 ") == std::string::npos; ++i) {
        RawClient client(running.server.port());
        REQUIRE(client.shake_hands());
        REQUIRE(client.send(request));
        refused = client.receive(12, 1s);
        if (refused.empty()) break; // it took the place in the queue
        refused += client.receive();
    }
    CHECK(contains(refused, "503 Service Unavailable"));
    CHECK(contains(refused, "Retry-After: 1"));
    release.set_value();
    CHECK(working.get().starts_with("HTTP/1.1 204 "));
    CHECK(queued.receive().starts_with("HTTP/1.1 204 "));
}

TEST_CASE("when the server stops, running requests are answered and idle connections closed") {
    std::promise<void> release;
    std::shared_future<void> released = release.get_future().share();
    std::atomic<int> begun{0};
    Running running(server_options(), [&](const Request& request) {
        ++begun;
        released.wait();
        return echo(request);
    });
    const uint16_t port = running.server.port();
    RawClient idle(port);
    REQUIRE(idle.shake_hands());
    auto answer =
        std::async(std::launch::async, [&] { return running.ask(with("Content-Length: 4\r\n", "last")); });
    while (begun == 0) std::this_thread::sleep_for(5ms);

    auto stopped = std::async(std::launch::async, [&] { running.server.stop(); });
    CHECK(idle.receive().empty());
    CHECK(stopped.wait_for(50ms) == std::future_status::timeout);
    CHECK_FALSE(connect_tcp("127.0.0.1", port, Clock::now() + 1s));
    release.set_value();
    CHECK(answer.get().ends_with("\r\n\r\nlast"));
    stopped.get();
    CHECK(running.server.port() == 0);
}

TEST_CASE("when a client holds up the drain, it is cut off at its end") {
    auto options = server_options();
    options.drain_timeout = 200ms;
    Running running(options);
    RawClient client(running.server.port());
    REQUIRE(client.shake_hands());
    REQUIRE(client.send("POST / HTTP/1.1\r\n"));
    std::this_thread::sleep_for(50ms);
    const auto began = Clock::now();
    running.server.stop();
    CHECK(Clock::now() - began < 2s);
    CHECK(client.receive().empty());
}

TEST_CASE("when a server has stopped, it can be started again; twice it cannot") {
    Running running;
    CHECK(running.server.start(server_options(), echo).error().code == Errc::conflict);
    running.server.stop();
    running.server.stop();
    CHECK(running.server.start(server_options(), echo));
    HttpsServer moved = std::move(running.server);
    CHECK(moved.port() != 0);
}

TEST_CASE("when an option cannot work, start names it") {
    HttpsServer server;
    const auto refusal = [&](const HttpsServer::Options& options) {
        const Ok ok = server.start(options, echo);
        return ok ? std::string("none") : std::string(ok.error().where);
    };
    auto options = server_options();
    options.certificate_file = pki().path("absent");
    CHECK(refusal(options) == "certificate_file");
    options = server_options();
    options.key_file = pki().path("client.key");
    CHECK(refusal(options) == "key_file");
    options.key_file = pki().path("absent");
    CHECK(refusal(options) == "key_file");
    options = server_options();
    options.client_ca_file = pki().path("absent");
    CHECK(refusal(options) == "client_ca_file");
    options = server_options();
    options.bind = "localhost";
    CHECK(refusal(options) == "bind");
    options = server_options();
    options.workers = 0;
    CHECK(refusal(options) == "workers");
    Running other;
    options = server_options();
    options.port = other.server.port();
    CHECK(refusal(options) == "bind");
    CHECK(server.start(server_options("rsa"), echo).error().code == Errc::unsupported);
    CHECK(server.start(server_options("p384"), echo).error().code == Errc::unsupported);
    CHECK(server.start(server_options(), nullptr).error().code == Errc::bad_value);
}

TEST_CASE("when clients with bad certificates come, each is refused and the reason is logged") {
    LogCapture capture;
    auto options = server_options();
    options.client_ca_file = pki().path("ca.pem");
    Running running(options);
    const auto with_identity = [&](const std::string& name) {
        return run(
            s_client(running.server.port(),
                     "-tls1_2 -cert " + pki().path(name + ".pem") + " -key " + pki().path(name + ".key")));
    };
    CHECK(contains(with_identity("client").output, "Verify return code: 0 (ok)"));
    CHECK(contains(with_identity("client-foreign").output, "alert unknown ca"));
    CHECK(capture.has("certificate verify failed: unable to get local issuer certificate"));
    CHECK(contains(run(s_client(running.server.port(), "-tls1_2")).output, "alert handshake failure"));
    CHECK(capture.has("peer did not return a certificate"));
    CHECK(with_identity("rsa").status != 0);
    CHECK(with_identity("p384").status != 0);
    options.verify_time = Time(std::chrono::hours(24 * 365 * 100)); // 2069
    HttpsServer later;
    REQUIRE(later.start(options, echo));
    running.server = std::move(later);
    CHECK(contains(with_identity("client").output, "alert certificate expired"));
}

TEST_CASE("when many clients work at once, all are answered") {
    Running running;
    std::atomic<int> right{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t)
        threads.emplace_back([&, t] {
            auto client = HttpsClient::open(client_options(running.server.port()));
            for (int i = 0; i < 25; ++i) {
                const OwnedBytes body(static_cast<size_t>(1000 * t + i), static_cast<uint8_t>(i));
                const auto answer = client->exchange({.host = "eim.halyard.test"}, {.body = body});
                if (answer && answer->body == body) ++right;
            }
        });
    for (auto& thread : threads) thread.join();
    CHECK(right == 200);
}

#if !defined(__SANITIZE_THREAD__) // its shadow memory is what would be measured
namespace {
size_t resident_octets() {
    std::ifstream file("/proc/self/statm");
    size_t total = 0, resident = 0;
    return file >> total >> resident ? resident * 4096 : 0;
}
} // namespace

TEST_CASE("when hundreds of connections idle, both ends of each together stay below 64 KiB") {
    Running running;
    constexpr size_t kCount = 300;
    // A client context each would dwarf what is measured: these share one.
    const tls::Context context = *tls::make_context(tls::Side::client, false);
    std::vector<std::pair<Socket, tls::Session>> idle;
    const size_t before = resident_octets();
    for (size_t i = 0; i < kCount; ++i) {
        Socket socket = *connect_tcp("127.0.0.1", running.server.port(), Clock::now() + 5s);
        tls::Session session = *tls::attach(context.get(), socket.get());
        while (SSL_connect(session.get()) != 1) REQUIRE(wait_ready(socket.get(), 1, Clock::now() + 5s));
        idle.emplace_back(std::move(socket), std::move(session));
    }
    const size_t each =
        (std::max(resident_octets(), before) - before) / kCount; // some may be freed meanwhile
    MESSAGE("octets per connection: " << each);
    CHECK(each < 64 * 1024);
}
#endif
