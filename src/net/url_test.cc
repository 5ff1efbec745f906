#include "net/url.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::net;

TEST_CASE("when a URL is complete, host, port and path are told apart") {
    const auto url = parse_url("https://SMDP.Halyard.test:8443/gsma/rsp2/es9plus/x?a=b");
    REQUIRE(url);
    CHECK(url->host == "smdp.halyard.test");
    CHECK(url->port == 8443);
    CHECK(url->path == "/gsma/rsp2/es9plus/x?a=b");
    CHECK(url->authority() == "smdp.halyard.test:8443");
    CHECK(url->text() == "https://smdp.halyard.test:8443/gsma/rsp2/es9plus/x?a=b");
    CHECK_FALSE(url->is_address_literal());
}

TEST_CASE("when port and path are absent, 443 and / stand in") {
    const auto url = parse_url("https://eim.halyard.test");
    REQUIRE(url);
    CHECK(url->port == 443);
    CHECK(url->path == "/");
    CHECK(url->authority() == "eim.halyard.test");
    CHECK(parse_url("https://eim.halyard.test?q")->path == "/?q");
}

TEST_CASE("when the host is an address literal, it is known as one") {
    const auto six = parse_url("https://[2001:DB8::1]:5684/a");
    REQUIRE(six);
    CHECK(six->host == "2001:db8::1");
    CHECK(six->port == 5684);
    CHECK(six->authority() == "[2001:db8::1]:5684");
    CHECK(six->is_address_literal());
    CHECK(parse_url("https://127.0.0.1/")->is_address_literal());
}

TEST_CASE("when an address stands in an activation code, its forms are understood") {
    CHECK(parse_address("smdp.example.com")->port == 443);
    CHECK(parse_address("smdp.example.com.")->host == "smdp.example.com");
    CHECK(parse_address("smdp.example.com:1443")->port == 1443);
    CHECK(parse_address("10.0.0.1:65535")->port == 65535);
    CHECK(parse_address("[::1]")->host == "::1");
    CHECK(parse_address("::1")->host == "::1");
    CHECK(parse_address("testsmdpplus1.example_x.com")->path == "/");
}

TEST_CASE("when an address is malformed, the error names the field it came from") {
    for (const char* text : {"",           ".",         "a..b",        "a b",     "host:",  "host:0",
                             "host:65536", "host:-1",   "host:+1",     "host:1x", "1.2.3",  "1.2.3.4.5",
                             "256.1.1.1",  "[::1",      "[::1]x",      "[::1]:",  "[host]", "a:b:c",
                             "user@host",  "host/path", "h\xC3\xB6st", "$1.2"}) {
        CAPTURE(text);
        const auto address = parse_address(text, "smdpAddress");
        REQUIRE_FALSE(address);
        CHECK(address.error().code == Errc::bad_value);
        CHECK(std::string_view(address.error().where) == "smdpAddress");
    }
    CHECK_FALSE(parse_address(std::string_view("::1\0x", 5)));
    CHECK_FALSE(parse_address(std::string_view("a.b\0x", 5)));
    CHECK_FALSE(parse_address(std::string_view("[::1\0]", 6)));
    CHECK_FALSE(parse_address(std::string(64, 'a') + ".com"));
    CHECK_FALSE(parse_address(std::string(254, 'a')));
}

TEST_CASE("when a URL is not plain https, it is refused") {
    for (const char* text : {"http://a.b/",
                             "coaps://a.b/",
                             "https:/a.b",
                             "https//a.b/",
                             "https",
                             "https://",
                             "https:///x",
                             "https://user:pass@a.b/",
                             "https://a.b/#fragment",
                             "https://a.b/a b",
                             "https://a.b/\r\nX: y",
                             "https://a.b/\x7F",
                             "https://a.b/\\"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_url(text));
    }
    CHECK(parse_url("HTTPS://a.b/"));
}
