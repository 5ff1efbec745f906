#include "apps/ops/limits.h"
#include <doctest/doctest.h>

using namespace halyard::ops;
using namespace std::chrono_literals;

namespace {
constexpr Limiter::Clock::time_point kNow{1000s};
constexpr const char* kOne = "192.0.2.1:1000";
constexpr const char* kOther = "192.0.2.2:1000";

std::string name(const char* limit) { return limit ? limit : ""; }
} // namespace

TEST_CASE(
    "when a source asks too often, costly work ends before cheap work, and each says when to come back") {
    LimitOptions o;
    o.requests_burst = 5;
    o.costly_burst = 2;
    Limiter l(o);
    for (int i = 0; i < 2; ++i) CHECK(!l.begins(kOne, "initiateAuthentication", kNow));
    CHECK(name(l.begins("192.0.2.1:2000", "getBoundProfilePackage", kNow)) == "costly");
    CHECK(!l.begins(kOther, "getBoundProfilePackage", kNow));
    CHECK(!l.begins(kOne, "handleNotification", kNow));
    CHECK(!l.begins(kOne, "initiateAuthentication", kNow + 1s));
    for (int i = 0; i < 5; ++i) CHECK(!l.arrives(kOne, kNow));
    CHECK(name(l.arrives(kOne, kNow)) == "requests");
    CHECK(!l.arrives("127.0.0.1:5", kNow)); // exempt
    const auto refusal = l.refusal(l.arrives(kOne, kNow));
    CHECK(refusal.status == 429);
    CHECK(refusal.headers.get("Retry-After") == "1");
}

TEST_CASE("when a source guesses matching ids, it has to wait, and others have not") {
    LimitOptions o;
    o.guesses_burst = 3;
    Limiter l(o);
    const auto guess = [&](const char* who, const char* outcome) {
        if (const char* limit = l.begins(who, "authenticateClient", kNow)) return name(limit);
        l.ends(who, "authenticateClient", outcome, kNow);
        return std::string();
    };
    for (const char* outcome : {"8.2.6/3.8", "8.1.1/3.8", "8.9.5/3.9"}) CHECK(guess(kOne, outcome) == "");
    CHECK(guess(kOne, "8.2.6/3.8") == "guesses");
    CHECK(l.refusal("guesses").headers.get("Retry-After") == "10");
    CHECK(guess(kOther, "ok") == "");
    for (int i = 0; i < 50; ++i) CHECK(guess(kOther, "8.1/6.1") == ""); // no guess
    CHECK(!l.begins(kOne, "handleNotification", kNow));
    CHECK(!l.begins(kOne, "authenticateClient", kNow + 10s)); // six a minute
}

TEST_CASE("when all sources together guess too much, those that never did are still served") {
    LimitOptions o;
    o.all_guesses_burst = 4;
    Limiter l(o);
    for (int i = 0; i < 4; ++i) {
        const std::string who = "198.51.100." + std::to_string(i) + ":1";
        CHECK(!l.begins(who, "authenticateClient", kNow));
        l.ends(who, "authenticateClient", "8.2.6/3.8", kNow);
    }
    CHECK(name(l.begins("198.51.100.0:2", "authenticateClient", kNow)) == "all_guesses");
    CHECK(!l.begins(kOne, "authenticateClient", kNow));
}

TEST_CASE("when a source sends wrong confirmation codes for many orders, it has to wait") {
    LimitOptions o;
    o.codes_burst = 2;
    Limiter l(o);
    for (const char* outcome : {"8.2.7/3.8", "8.2.7/6.4"}) {
        CHECK(!l.begins(kOne, "getBoundProfilePackage", kNow));
        l.ends(kOne, "getBoundProfilePackage", outcome, kNow);
    }
    CHECK(name(l.begins(kOne, "getBoundProfilePackage", kNow)) == "codes");
    CHECK(!l.begins(kOther, "getBoundProfilePackage", kNow));
}

TEST_CASE("when limits are switched off, none applies") {
    LimitOptions o;
    o.requests_per_second = o.costly_per_second = o.guesses_per_minute = o.all_guesses_per_minute =
        o.codes_per_minute = 0;
    Limiter l(o);
    for (int i = 0; i < 10'000; ++i) {
        REQUIRE(!l.arrives(kOne, kNow));
        REQUIRE(!l.begins(kOne, "authenticateClient", kNow));
        l.ends(kOne, "authenticateClient", "8.2.6/3.8", kNow);
    }
}
