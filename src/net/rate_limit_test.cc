#include "net/rate_limit.h"
#include "net/source.h"
#include <doctest/doctest.h>

using namespace halyard::net;
using namespace std::chrono_literals;

TEST_CASE("when a source has used its burst, it waits for tokens; another source does not") {
    RateLimit limit({.per_second = 2, .burst = 3});
    const RateLimit::Clock::time_point t0{1000s};
    for (int i = 0; i < 3; ++i) CHECK(limit.take("a", t0));
    CHECK(!limit.take("a", t0));
    CHECK(!limit.has("a", t0));
    CHECK(limit.take("b", t0));
    CHECK(!limit.take("a", t0 + 499ms));
    CHECK(limit.take("a", t0 + 500ms));
    CHECK(!limit.take("a", t0 + 500ms));
    CHECK(limit.has_used("a", t0 + 1999ms));
    CHECK(!limit.has_used("a", t0 + 2000ms)); // full again
    CHECK(limit.retry_after() == 1);
    CHECK(RateLimit({.per_second = 0.05, .burst = 1}).retry_after() == 20);
}

TEST_CASE("when a limit is off, nothing is refused and nothing is remembered") {
    RateLimit limit({});
    for (int i = 0; i < 1000; ++i) CHECK(limit.take(std::to_string(i), {}));
    CHECK(limit.keys() == 0);
}

TEST_CASE("when more sources come than are remembered, the rest share one bucket; full ones are forgotten") {
    RateLimit limit({.per_second = 1, .burst = 2, .max_keys = 10});
    RateLimit::Clock::time_point now{1000s};
    for (int i = 0; i < 10; ++i) CHECK(limit.take(std::to_string(i), now));
    CHECK(limit.take("x", now));
    CHECK(limit.take("y", now));
    CHECK(!limit.take("z", now)); // the shared one is empty
    CHECK(limit.keys() == 11);
    now += 3s;
    CHECK(limit.take("z", now));
    CHECK(limit.keys() == 1);
}

TEST_CASE("when clients count by source, IPv4 is an address and IPv6 a subscriber's network") {
    const auto key = [](const char* text) { return Source::parse(text)->key(); };
    CHECK(key("192.0.2.1:443") == key("192.0.2.1"));
    CHECK(key("192.0.2.1") == key("::ffff:192.0.2.1"));
    CHECK(key("192.0.2.1") != key("192.0.2.2"));
    CHECK(key("[2001:db8::1]:443") == key("2001:db8::2"));
    CHECK(key("2001:db8::1") != key("2001:db8:0:1::1"));
    for (const char* text : {"", "x", "192.0.2", "192.0.2.256", "[::1", "localhost:1"})
        CHECK(!Source::parse(text));
}

TEST_CASE("when networks are written, addresses are within them to the bit, and nonsense is refused") {
    const auto in = [](const char* network, const char* address) {
        return Network::parse(network)->contains(*Source::parse(address));
    };
    CHECK(in("192.0.2.128/25", "192.0.2.255"));
    CHECK(!in("192.0.2.128/25", "192.0.2.127"));
    CHECK(in("192.0.2.1", "192.0.2.1"));
    CHECK(!in("192.0.2.1", "192.0.2.2"));
    CHECK(in("0.0.0.0/0", "255.255.255.255"));
    CHECK(!in("0.0.0.0/0", "2001:db8::1"));
    CHECK(in("2001:db8::/33", "2001:db8:7fff::1"));
    CHECK(!in("2001:db8::/33", "2001:db8:8000::1"));
    for (const char* text :
         {"", "192.0.2.0/33", "192.0.2.0/", "192.0.2.0/x", "192.0.2.0/8x", "::/129", "name/8"})
        CHECK(!Network::parse(text));
}

TEST_CASE("when an address is for no public service, it is private") {
    for (const char* text : {"127.0.0.1",
                             "10.1.2.3",
                             "172.31.0.1",
                             "192.168.1.1",
                             "169.254.169.254",
                             "0.0.0.0",
                             "100.64.0.1",
                             "224.0.0.1",
                             "255.255.255.255",
                             "::1",
                             "::",
                             "fe80::1",
                             "fd00::1",
                             "ff02::1",
                             "::ffff:10.0.0.1"})
        CHECK(Source::parse(text)->is_private());
    for (const char* text : {"8.8.8.8", "172.32.0.1", "100.128.0.1", "2a00:1450::1", "::ffff:8.8.8.8"})
        CHECK(!Source::parse(text)->is_private());
}
