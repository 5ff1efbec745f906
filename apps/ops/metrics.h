#pragma once
// Numbers about a running server, in Prometheus' text format 0.0.4.
#include <cstdint>
#include <initializer_list>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace halyard::ops {

/// What a metric is; one constant for each.
struct Family {
    enum class Type : unsigned char { counter, gauge, histogram };
    const char* name;
    const char* help;
    Type type;
};

/// Values by family and labels. Thread-safe. A family holds at most kMaxSeries; what comes beyond is counted
/// in one series whose labels all say "other", so that no peer can make it grow.
class Metrics {
  public:
    using Labels = std::initializer_list<std::pair<const char*, std::string_view>>;
    static constexpr size_t kMaxSeries = 400;
    /// Upper bounds of histograms, in seconds.
    static constexpr double kBounds[] = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10};

    void add(const Family&, Labels, double by = 1);
    void set(const Family&, Labels, double value);
    void observe(const Family&, Labels, double seconds);
    /// Removes the family's series: for gauges whose labels come and go.
    void clear(const Family&);
    /// Zero when there is none.
    double value(const Family&, Labels) const;

    std::string text() const;

  private:
    struct Series {
        double value = 0; // of a histogram: the sum
        uint64_t count = 0;
        std::vector<uint64_t> buckets;
    };
    struct Kept {
        const Family* family;
        std::map<std::string, Series> series; // by its labels as written
    };
    Series& series(const Family&, Labels);

    mutable std::mutex mutex_;
    std::map<std::string_view, Kept> families_;
};

} // namespace halyard::ops
