// The moments are those of `date -u -d TEXT +%s`.
#include "base/tolerated.h"
#include "binding/server_json.h"
#include <doctest/doctest.h>

using namespace halyard;
using binding::text_from_time, binding::time_from_text;

namespace {
template <class T> std::string why(const Result<T>& r) {
    return r ? "" : std::string(name(r.error().code)) + " " + r.error().where;
}
} // namespace

TEST_CASE("when timestamps have offsets, they mean the same moment; what is none is refused") {
    const auto moment = [](const char* text) {
        const auto r = time_from_text(text, "timestamp");
        REQUIRE_MESSAGE(r, text);
        return r->count();
    };
    CHECK(moment("2026-11-26T03:04:05Z") == 1'795'662'245'000);
    CHECK(moment("2026-11-26T04:04:05+01:00") == 1'795'662'245'000);
    CHECK(moment("2026-11-25T21:34:05-05:30") == 1'795'662'245'000);
    CHECK(moment("2024-02-29T00:00:00Z") == 1'709'164'800'000);
    CHECK(moment("1970-01-01T00:00:00Z") == 0);
    CHECK(moment("1969-12-31T23:59:59Z") == -1000);
    CHECK(moment("9999-12-31T23:59:59Z") == 253'402'300'799'000);
    CHECK(moment("2026-11-26T03:04:05.678Z") == 1'795'662'245'000);
    CHECK(tolerated("fraction of a second", "timestamp") == 1);
    for (const char* bad : {"",
                            "2026-11-26",
                            "2026-11-26T03:04:05",
                            "2026-11-26 03:04:05Z",
                            "2026-11-26T03:04Z",
                            "2026-11-26t03:04:05z",
                            "2025-02-29T00:00:00Z",
                            "2026-13-01T00:00:00Z",
                            "2026-00-01T00:00:00Z",
                            "2026-11-00T00:00:00Z",
                            "2026-11-26T24:00:00Z",
                            "2026-11-26T03:60:05Z",
                            "2026-11-26T03:04:60Z",
                            "2026-11-26T03:04:05.Z",
                            "2026-11-26T03:04:05+0100",
                            "2026-11-26T03:04:05+15:00",
                            "2026-11-26T03:04:05+01:60",
                            "2026-11-26T03:04:05ZZ",
                            "-026-11-26T03:04:05Z",
                            "2026-11-26T+3:04:05Z"}) {
        CAPTURE(std::string(bad));
        CHECK(why(time_from_text(bad, "timestamp")) == "bad value timestamp");
    }
    CHECK(*text_from_time(Time(1'795'662'245'999), "t") == "2026-11-26T03:04:05Z");
    CHECK(*text_from_time(Time(-1), "t") == "1969-12-31T23:59:59Z");
    CHECK(*text_from_time(Time(253'402'300'799'000), "t") == "9999-12-31T23:59:59Z");
    CHECK(why(text_from_time(Time(253'402'300'800'000), "t")) == "bad value t");
}
