#include "net/fetch.h"
#include "net/plain_server.h"
#include "net/testing.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::net;
using namespace halyard::net::testing;

namespace {
Response page(const Request& r) {
    if (r.path() == "/list") return plain(200, "for " + std::string(r.headers.get("Host")));
    if (r.path() == "/large") return plain(200, std::string(1001, 'x'));
    if (r.path() != "/moved") return plain(404);
    Response moved = plain(302);
    moved.headers.add("Location", "/list");
    return moved;
}
std::string failure(const Result<OwnedBytes>& r) {
    return r ? "fetched" : std::string(name(r.error().code)) + " " + r.error().where;
}
} // namespace

TEST_CASE("when a file is fetched over http, only what was asked for comes, from no private address") {
    PlainServer server;
    REQUIRE(server.start({}, page));
    const std::string port = std::to_string(server.port()), at = "http://127.0.0.1:" + port;
    FetchOptions o{.max_body = 1000, .timeout = std::chrono::seconds(10), .allow_private = true};
    CHECK(text_of(*fetch(at + "/list", o)) == "for 127.0.0.1:" + port);
    CHECK(failure(fetch(at + "/large", o)) == "limit exceeded body");
    CHECK(failure(fetch(at + "/none", o)) == "rejected http status");
    CHECK(failure(fetch(at + "/moved", o)) == "rejected http status"); // 302 is not followed
    o.connect_to["crl.example.com"] = "127.0.0.1:" + port;
    CHECK(text_of(*fetch("http://crl.example.com/list", o)) == "for crl.example.com");
    CHECK(text_of(*fetch("http://crl.example.com:8080/list", o)) == "for crl.example.com:8080");
    o.allow_private = false;
    CHECK(failure(fetch(at + "/list", o)) == "rejected private address");
    CHECK(failure(fetch("http://crl.example.com/list", o)) == "rejected private address");
    CHECK(failure(fetch("http://localhost:" + port + "/list", o)) == "rejected private address");
    for (const char* url : {"", "ftp://a/", "http://", "http://a b/", "http://user@a/"})
        CHECK(failure(fetch(url, o)).starts_with("bad value"));
    CHECK(failure(fetch("https://crl.example.com/", {.allow_private = true, .connect_to = o.connect_to})) ==
          "unsupported https");
}

TEST_CASE("when a server sends too slowly, the fetch ends in time") {
    PlainServer server;
    const ScriptedServer silent([](int socket, SSL_CTX*, int) {
        char octets[1000];
        while (::recv(socket, octets, sizeof octets, 0) > 0) {
        }
    });
    const auto began = Clock::now();
    CHECK(failure(fetch("http://127.0.0.1:" + std::to_string(silent.port()) + "/",
                        {.timeout = std::chrono::milliseconds(200), .allow_private = true})) ==
          "unreachable timeout");
    CHECK(Clock::now() - began < std::chrono::seconds(5));
}

TEST_CASE("when a file is fetched over https, its server is judged by the CA file") {
    HttpsServer server;
    REQUIRE(server.start(server_options(), page));
    FetchOptions o{.allow_private = true, .ca_file = pki().path("ca.pem")};
    o.connect_to["eim.halyard.test"] = "127.0.0.1:" + std::to_string(server.port());
    CHECK(text_of(*fetch("https://eim.halyard.test/list", o)) == "for eim.halyard.test");
    o.ca_file = pki().path("ca-foreign.pem");
    CHECK(failure(fetch("https://eim.halyard.test/list", o)).starts_with("unverified"));
}
