#include "apps/ops/metrics.h"
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <iterator>

namespace halyard::ops {
namespace {
std::string escaped(std::string_view text, bool quotes) {
    std::string out;
    for (const char c : text) {
        if (c == '\\')
            out += "\\\\";
        else if (c == '\n')
            out += "\\n";
        else if (c == '"' && quotes)
            out += "\\\"";
        else
            out += c;
    }
    return out;
}

// Only printable ASCII gets into a label: values that peers choose must not break anybody's parser.
std::string label_value(std::string_view text) {
    std::string out = escaped(text, true);
    std::ranges::replace_if(
        out, [](char c) { return c < 0x20 || c == 0x7F; }, '?');
    std::ranges::replace_if(
        out, [](char c) { return static_cast<unsigned char>(c) > 0x7F; }, '?');
    return out;
}

std::string number(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
    char text[40];
    if (value == std::floor(value) && std::abs(value) < 1e15)
        std::snprintf(text, sizeof text, "%.0f", value);
    else
        std::snprintf(text, sizeof text, "%.9g", value);
    return text;
}

std::string written(Metrics::Labels labels, bool others) {
    std::string out;
    for (const auto& [name, value] : labels)
        out += (out.empty() ? "" : ",") + std::string(name) + "=\"" +
               (others ? "other" : label_value(value)) + "\"";
    return out;
}

const char* name_of(Family::Type t) {
    switch (t) {
    case Family::Type::counter: return "counter";
    case Family::Type::gauge: return "gauge";
    case Family::Type::histogram: break;
    }
    return "histogram";
}

void line(std::string& out, const std::string& name, const std::string& labels, const std::string& value) {
    out += name;
    if (!labels.empty()) out += "{" + labels + "}";
    out += " " + value + "\n";
}
} // namespace

Metrics::Series& Metrics::series(const Family& f, Labels labels) {
    Kept& kept = families_.try_emplace(f.name, Kept{&f, {}}).first->second;
    std::string key = written(labels, false);
    const auto found = kept.series.find(key);
    if (found != kept.series.end()) return found->second;
    if (kept.series.size() >= kMaxSeries) key = written(labels, true);
    return kept.series[key];
}

void Metrics::add(const Family& f, Labels labels, double by) {
    const std::lock_guard lock(mutex_);
    series(f, labels).value += by;
}
void Metrics::set(const Family& f, Labels labels, double value) {
    const std::lock_guard lock(mutex_);
    series(f, labels).value = value;
}
void Metrics::observe(const Family& f, Labels labels, double seconds) {
    const std::lock_guard lock(mutex_);
    Series& s = series(f, labels);
    s.buckets.resize(std::size(kBounds));
    const auto bound = std::ranges::lower_bound(kBounds, seconds);
    if (bound != std::end(kBounds)) ++s.buckets[static_cast<size_t>(bound - std::begin(kBounds))];
    s.value += seconds;
    ++s.count;
}
void Metrics::clear(const Family& f) {
    const std::lock_guard lock(mutex_);
    families_.erase(f.name);
}
double Metrics::value(const Family& f, Labels labels) const {
    const std::lock_guard lock(mutex_);
    const auto kept = families_.find(f.name);
    if (kept == families_.end()) return 0;
    const auto found = kept->second.series.find(written(labels, false));
    return found == kept->second.series.end() ? 0 : found->second.value;
}

std::string Metrics::text() const {
    const std::lock_guard lock(mutex_);
    std::string out;
    for (const auto& [key, kept] : families_) {
        const std::string name(key);
        out += "# HELP " + name + " " + escaped(kept.family->help, false) + "\n";
        out += "# TYPE " + name + " " + name_of(kept.family->type) + "\n";
        for (const auto& [labels, s] : kept.series) {
            if (kept.family->type != Family::Type::histogram) {
                line(out, name, labels, number(s.value));
                continue;
            }
            const std::string more = labels.empty() ? "" : labels + ",";
            uint64_t below = 0;
            for (size_t i = 0; i < std::size(kBounds); ++i) {
                below += s.buckets.empty() ? 0 : s.buckets[i];
                line(
                    out, name + "_bucket", more + "le=\"" + number(kBounds[i]) + "\"", std::to_string(below));
            }
            line(out, name + "_bucket", more + "le=\"+Inf\"", std::to_string(s.count));
            line(out, name + "_sum", labels, number(s.value));
            line(out, name + "_count", labels, std::to_string(s.count));
        }
    }
    return out;
}

} // namespace halyard::ops
