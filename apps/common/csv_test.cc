#include "apps/common/csv.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::app;

TEST_CASE("when records are written as RFC 4180 says, their fields come out") {
    // The examples of RFC 4180 §2.
    const auto all = read_csv("aaa,bbb,ccc\r\nzzz,yyy,xxx");
    REQUIRE(all);
    REQUIRE(all->size() == 2);
    CHECK((*all)[1].fields == std::vector<std::string>{"zzz", "yyy", "xxx"});
    CHECK((*all)[1].line == 2);
    const auto quoted = read_csv("\"aaa\",\"b \r\nbb\",\"ccc\"\r\nzzz,\"b\"\"bb\",\r\n");
    REQUIRE(quoted);
    REQUIRE(quoted->size() == 2);
    CHECK((*quoted)[0].fields == std::vector<std::string>{"aaa", "b \r\nbb", "ccc"});
    CHECK((*quoted)[1].fields == std::vector<std::string>{"zzz", "b\"bb", ""});
    CHECK((*quoted)[1].line == 3);
}

TEST_CASE("when there are empty lines, a byte order mark or bare line feeds, they do not matter") {
    const auto all = read_csv("\xEF\xBB\xBFiccid,imsi\n\n1,2\n\n");
    REQUIRE(all);
    REQUIRE(all->size() == 2);
    CHECK((*all)[0].fields[0] == "iccid");
    CHECK((*all)[1].line == 3);
    CHECK(read_csv("")->empty());
    CHECK((*read_csv(","))[0].fields.size() == 2);
}

TEST_CASE("when quotes do not pair, the line is named") {
    const std::pair<const char*, uint32_t> wrong[] = {
        {"a,b\nc,\"d\n", 2}, {"a,\"b\"c\n", 1}, {"a\nb\"c\n", 2}, {"\"", 1}};
    for (const auto& [text, line] : wrong) {
        const auto all = read_csv(text);
        REQUIRE_FALSE(all);
        CHECK(all.error().code == Errc::bad_value);
        CHECK(std::string(all.error().where) == "quotes");
        CHECK(all.error().detail == line);
    }
}
