#include "net/plain_server.h"
#include "net/tcp_connect.h"
#include "net/testing.h"
#include <doctest/doctest.h>

using namespace halyard::net;
using namespace halyard::net::testing;

namespace {
std::string answer_to(uint16_t port, std::string_view octets) {
    const auto deadline = Clock::now() + std::chrono::seconds(10);
    const auto socket = connect_tcp("127.0.0.1", port, deadline);
    REQUIRE(socket);
    CHECK(::send(socket->get(), octets.data(), octets.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(octets.size()));
    std::string all;
    char part[4096];
    while (wait_ready(socket->get(), 1, deadline)) {
        const auto count = ::recv(socket->get(), part, sizeof part, 0);
        if (count <= 0) return all;
        all.append(part, static_cast<size_t>(count));
    }
    return "timeout";
}
} // namespace

TEST_CASE("when curl asks over plain HTTP, it gets the answer; what is no request is refused, what is slow "
          "is cut") {
    PlainServer server;
    REQUIRE(server.start({.timeout = std::chrono::milliseconds(300)}, [](const Request& r) {
        return plain(200, r.method + " " + std::string(r.path()));
    }));
    CHECK(server.start({}, [](const Request&) { return plain(200); }).error().code ==
          halyard::Errc::conflict);
    const std::string at = "http://127.0.0.1:" + std::to_string(server.port());
    CHECK(run("curl -sS --max-time 10 " + at + "/metrics").output == "GET /metrics");
    CHECK(run("curl -sS --max-time 10 -I " + at + "/x").output.find("HTTP/1.1 200 OK") == 0);
    CHECK(answer_to(server.port(), "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x\r\n\r\n")
              .starts_with("HTTP/1.1 400"));
    CHECK(answer_to(server.port(), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx")
              .starts_with("HTTP/1.1 400"));
    CHECK(answer_to(server.port(), "GET / HTTP/1.1\r\nHo").empty());
    PlainServer taken;
    CHECK(taken.start({.port = server.port()}, [](const Request&) { return plain(200); }).error().code ==
          halyard::Errc::unreachable);
    server.stop();
    CHECK(run("curl -sS --max-time 10 " + at + "/metrics").status != 0);
}
