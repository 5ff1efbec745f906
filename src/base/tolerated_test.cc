#include "base/log.h"
#include "base/tolerated.h"
#include <algorithm>
#include <doctest/doctest.h>
#include <string>
#include <thread>

using namespace halyard;

namespace {
std::vector<std::string> lines;
void keep(LogLevel, std::string_view line) { lines.emplace_back(line); }
/// Log lines go to `lines` while it lives.
struct Listening {
    Listening() {
        lines.clear();
        set_log_sink(keep);
    }
    ~Listening() { set_log_sink(nullptr); }
};
} // namespace

TEST_CASE("when a deviation comes again, each is counted and only the first is logged") {
    const Listening listening;
    CHECK(tolerate("too long", "first field", "Message", 17));
    CHECK(tolerate("too long", "first field", "Message", 99));
    CHECK(tolerate("too long", "second field"));
    CHECK(tolerate("too short", "first field"));
    CHECK(tolerated("too long", "first field") == 2);
    CHECK(tolerated("too long", "second field") == 1);
    CHECK(tolerated("too long") == 3);
    CHECK(tolerated("too short") == 1);
    CHECK(tolerated("never met") == 0);
    REQUIRE(lines.size() == 3);
    CHECK(lines[0] == "tolerated: too long at first field of Message, octet 17; from now on counted only");
    CHECK(lines[1] == "tolerated: too long at second field; from now on counted only");
}

TEST_CASE("when the same name stands at two addresses, it is one name") {
    const std::string what = "same text", where = "same field";
    static char copy[] = "same text";
    CHECK(tolerate("same text", "same field"));
    CHECK(tolerate(copy, "same field"));
    CHECK(tolerated(what, where) == 2);
    const auto all = tolerated();
    CHECK(std::ranges::count_if(all, [&](const Tolerated& t) { return t.what == what; }) == 1);
}

TEST_CASE("when threads tolerate at once, none is lost") {
    std::vector<std::thread> threads;
    for (int n = 0; n < 4; ++n)
        threads.emplace_back([] {
            for (int i = 0; i < 10000; ++i) count_tolerated("concurrent", i % 2 ? "odd" : "even");
        });
    for (std::thread& t : threads) t.join();
    CHECK(tolerated("concurrent", "odd") == 20000);
    CHECK(tolerated("concurrent") == 40000);
}

TEST_CASE("when a scope is open, what is tolerated belongs to its peer and is not logged by us") {
    const Listening listening;
    const PeerScope outer;
    {
        const PeerScope scope;
        CHECK(scope.peer().empty());
        PeerScope::name_peer("eid 8904");
        CHECK(tolerate("scoped", "a"));
        CHECK(tolerate("scoped", "a"));
        CHECK(tolerate("scoped", "b"));
        CHECK(scope.peer() == "eid 8904");
        REQUIRE(scope.seen().size() == 2);
        CHECK(scope.seen()[0].where == std::string_view("a"));
        CHECK(scope.seen()[0].count == 2);
        CHECK(scope.seen()[1].count == 1);
    }
    CHECK(outer.peer().empty());
    CHECK(outer.seen().empty());
    CHECK(tolerated("scoped") == 3);
    CHECK(lines.empty());
}

TEST_CASE("when a scope is strict, a deviation is refused at its field and not counted") {
    const PeerScope strict(true);
    const Ok refused = tolerate("refused kind", "a field", "Message", 5);
    REQUIRE(!refused);
    CHECK(refused.error().code == Errc::bad_value);
    CHECK(refused.error().where == std::string_view("a field"));
    CHECK(refused.error().offset == 5);
    CHECK(tolerated("refused kind") == 0);
    {
        const PeerScope inner; // strictness is not lost inside
        CHECK(!tolerate("refused kind", "a field"));
    }
    count_tolerated("allowed kind", "a field");
    CHECK(strict.seen().size() == 1);
}

TEST_CASE("when the name of a peer is long, its beginning is kept") {
    const PeerScope scope;
    PeerScope::name_peer(std::string(200, 'x'));
    CHECK(scope.peer() == std::string(63, 'x'));
}

// Last in this file: it fills the table.
TEST_CASE("when there are more kinds than places, the rest is counted together and logged once") {
    static std::vector<std::string> names;
    for (int i = 0; i < 300; ++i) names.push_back("kind " + std::to_string(i));
    const Listening listening;
    for (const std::string& name : names) count_tolerated(name.c_str(), "field");
    size_t sum = tolerated("others");
    CHECK(sum > 0);
    for (const std::string& name : names) sum += tolerated(name);
    CHECK(sum == 300);
    CHECK(lines.size() <= 128);
}
