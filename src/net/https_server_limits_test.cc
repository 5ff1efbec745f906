// Refusals at accept, what is counted, and certificates that change while the server runs.
#include "net/https_server.h"
#include "net/testing.h"
#include <atomic>
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::net;
using namespace halyard::net::testing;
using namespace std::chrono_literals;

namespace {
constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: eim\r\nConnection: close\r\n\r\n";

struct Running {
    HttpsServer server;
    explicit Running(const HttpsServer::Options& options) {
        REQUIRE(server.start(options, [](const Request&) { return plain(200, "yes"); }));
    }
    bool serves() { return RawClient(server.port()).ask(kGet).starts_with("HTTP/1.1 200"); }
    /// A connection that says nothing.
    Socket silent() { return *connect_tcp("127.0.0.1", server.port(), Clock::now() + 5s); }
};

/// Polls, as the server counts on a thread of its own.
bool reaches(const auto& counter, int64_t value) {
    for (int i = 0; i < 1000 && static_cast<int64_t>(counter) != value; ++i)
        std::this_thread::sleep_for(10ms);
    CAPTURE(static_cast<int64_t>(counter));
    return static_cast<int64_t>(counter) == value;
}

/// The server closed it without a word.
bool is_closed(const Socket& socket) {
    char octet;
    return wait_ready(socket.get(), 1, Clock::now() + 10s) && ::recv(socket.get(), &octet, 1, 0) <= 0;
}

std::string subject_at(uint16_t port) {
    return run("echo | openssl s_client -connect 127.0.0.1:" + std::to_string(port) +
               " 2>/dev/null | openssl x509 -noout -subject")
        .output;
}
} // namespace

TEST_CASE("when handshakes are left hanging, more of them are refused before TLS, and done ones make room") {
    auto options = server_options();
    options.max_handshakes = 3;
    Running running(options);
    std::vector<Socket> hanging;
    for (int i = 0; i < 3; ++i) hanging.push_back(running.silent());
    REQUIRE(reaches(running.server.stats().shaking, 3));
    CHECK(is_closed(running.silent()));
    CHECK(reaches(running.server.stats().refused_handshakes, 1));
    hanging.clear();
    REQUIRE(reaches(running.server.stats().shaking, 0));
    CHECK(running.serves());
    CHECK(running.server.stats().handshakes == 1);
    CHECK(running.server.stats().handshakes_failed == 3);
}

TEST_CASE("when one source connects too often, it is refused; an exempt one is not") {
    auto options = server_options();
    options.connections_per_second = 0.001;
    options.connections_burst = 5;
    {
        Running running(options);
        for (int i = 0; i < 5; ++i) CHECK(running.serves());
        CHECK(is_closed(running.silent()));
        CHECK(reaches(running.server.stats().refused_rate, 1));
        CHECK(running.server.stats().accepted == 5);
    }
    options.exempt = {*Network::parse("127.0.0.0/8")};
    options.max_connections_per_network = 1;
    Running running(options);
    const Socket kept = running.silent();
    for (int i = 0; i < 10; ++i) CHECK(running.serves());
}

TEST_CASE("when things go wrong on connections, each kind is counted once") {
    auto options = server_options();
    options.handshake_timeout = 100ms;
    options.header_timeout = 100ms;
    Running running(options);
    const ServerStats& stats = running.server.stats();
    const Socket silent = running.silent();
    CHECK(reaches(stats.timeouts, 1));
    CHECK(reaches(stats.handshakes_failed, 1));
    CHECK(RawClient(running.server.port()).ask("GET / HTTP/1.1\r\n").starts_with("HTTP/1.1 408"));
    CHECK(reaches(stats.timeouts, 2));
    CHECK(RawClient(running.server.port())
              .ask("GET / HTTP/1.1\r\nHost: a\r\n b: c\r\n\r\n")
              .starts_with("HTTP/1.1 400"));
    CHECK(reaches(stats.refused_requests, 1));
    CHECK(run("echo | openssl s_client -tls1_1 -cipher ALL:@SECLEVEL=0 -connect 127.0.0.1:" +
              std::to_string(running.server.port()))
              .status != 0);
    CHECK(reaches(stats.handshakes_failed, 2));
    CHECK(reaches(stats.open, 0));
    CHECK(reaches(stats.shaking, 0));
    CHECK(stats.handshakes == 2);
    CHECK(stats.accepted == 4);
}

TEST_CASE("when certificates are loaded again, new connections see the new one; a bad one changes nothing") {
    TestPki pki;
    pki.make_ca("ca");
    for (const char* name : {"one", "two"}) pki.make_leaf(name, "ca", "DNS:a.halyard.test");
    const auto use = [&](const std::string& name) {
        for (const std::string end : {".pem", ".key"})
            std::filesystem::copy_file(pki.path(name + end),
                                       pki.path("used" + end),
                                       std::filesystem::copy_options::overwrite_existing);
    };
    use("one");
    HttpsServer idle;
    CHECK(!idle.reload_certificates());
    Running running({.certificate_file = pki.path("used.pem"), .key_file = pki.path("used.key")});
    RawClient open(running.server.port());
    REQUIRE(open.shake_hands());
    CHECK(subject_at(running.server.port()) == "subject=CN = one\n");
    use("two");
    CHECK(subject_at(running.server.port()) == "subject=CN = one\n");
    REQUIRE(running.server.reload_certificates());
    CHECK(subject_at(running.server.port()) == "subject=CN = two\n");
    std::ofstream(pki.path("used.pem")) << "nothing";
    CHECK(running.server.reload_certificates().error().code == Errc::bad_value);
    CHECK(subject_at(running.server.port()) == "subject=CN = two\n");
    REQUIRE(open.send(kGet)); // what was there before goes on
    CHECK(open.receive().starts_with("HTTP/1.1 200"));
}
