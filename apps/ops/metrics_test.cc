#include "apps/ops/metrics.h"
#include <doctest/doctest.h>
#include <limits>

using namespace halyard::ops;

namespace {
constexpr Family kCount{"a_total", "Things\\counted\nhere", Family::Type::counter};
constexpr Family kNow{"b", "A number", Family::Type::gauge};
constexpr Family kTime{"c_seconds", "A time", Family::Type::histogram};
} // namespace

TEST_CASE("when metrics are written, they are Prometheus' text to the octet") {
    Metrics m;
    m.add(kCount, {{"x", "1"}});
    m.add(kCount, {{"x", "1"}}, 2);
    m.add(kCount, {{"x", "q\"b\\n\n\x01\xFF"}});
    m.set(kNow, {}, 0.25);
    m.observe(kTime, {{"f", "g"}}, 0.001); // on a bound: within it
    m.observe(kTime, {{"f", "g"}}, 0.3);
    m.observe(kTime, {{"f", "g"}}, 60);
    CHECK(m.value(kCount, {{"x", "1"}}) == 3);
    CHECK(m.text() == R"(# HELP a_total Things\\counted\nhere
# TYPE a_total counter
a_total{x="1"} 3
a_total{x="q\"b\\n\n??"} 1
# HELP b A number
# TYPE b gauge
b 0.25
# HELP c_seconds A time
# TYPE c_seconds histogram
c_seconds_bucket{f="g",le="0.001"} 1
c_seconds_bucket{f="g",le="0.0025"} 1
c_seconds_bucket{f="g",le="0.005"} 1
c_seconds_bucket{f="g",le="0.01"} 1
c_seconds_bucket{f="g",le="0.025"} 1
c_seconds_bucket{f="g",le="0.05"} 1
c_seconds_bucket{f="g",le="0.1"} 1
c_seconds_bucket{f="g",le="0.25"} 1
c_seconds_bucket{f="g",le="0.5"} 2
c_seconds_bucket{f="g",le="1"} 2
c_seconds_bucket{f="g",le="2.5"} 2
c_seconds_bucket{f="g",le="10"} 2
c_seconds_bucket{f="g",le="+Inf"} 3
c_seconds_sum{f="g"} 60.301
c_seconds_count{f="g"} 3
)");
}

TEST_CASE("when a peer makes up label values without end, the family stays bounded") {
    Metrics m;
    for (size_t i = 0; i < 10 * Metrics::kMaxSeries; ++i) m.add(kCount, {{"x", std::to_string(i)}});
    CHECK(m.value(kCount, {{"x", "7"}}) == 1);
    CHECK(m.value(kCount, {{"x", "other"}}) == 9 * Metrics::kMaxSeries);
    m.add(kCount, {{"x", "7"}}); // known ones still count
    CHECK(m.value(kCount, {{"x", "7"}}) == 2);
    m.clear(kCount);
    CHECK(m.text().empty());
}
