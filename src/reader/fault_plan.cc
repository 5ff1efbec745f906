#include "reader/fault_plan.h"
#include <charconv>
#include <limits>

namespace halyard::reader {
namespace {
using When = FaultRule::When;
using What = FaultRule::What;
using Words = std::vector<std::string_view>;

Words words_of(std::string_view text) {
    Words out;
    for (size_t at = 0; at < text.size();) {
        at = text.find_first_not_of(" \t\r", at);
        if (at == std::string_view::npos) break;
        const size_t end = std::min(text.find_first_of(" \t\r", at), text.size());
        out.push_back(text.substr(at, end - at));
        at = end;
    }
    return out;
}

template <class T> bool number_of(std::string_view text, T& out, int base = 10) {
    const auto read = std::from_chars(text.data(), text.data() + text.size(), out, base);
    return !text.empty() && read.ec == std::errc() && read.ptr == text.data() + text.size();
}

// "12" or "12..20", from 1
bool range_of(std::string_view text, uint64_t& first, uint64_t& last) {
    const size_t dots = text.find("..");
    if (!number_of(text.substr(0, dots), first) || first == 0) return false;
    last = first;
    return dots == std::string_view::npos || (number_of(text.substr(dots + 2), last) && last >= first);
}

// "1070us", "62.3us", "3ms", "1s"; at most a minute
bool span_of(std::string_view text, std::chrono::nanoseconds& out) {
    const size_t unit = text.find_first_not_of("0123456789.");
    if (unit == 0 || unit == std::string_view::npos) return false;
    const std::string_view name = text.substr(unit);
    const double scale = name == "us" ? 1e3 : name == "ms" ? 1e6 : name == "s" ? 1e9 : 0;
    double value = 0;
    const auto read = std::from_chars(text.data(), text.data() + unit, value);
    if (scale == 0 || read.ec != std::errc() || read.ptr != text.data() + unit) return false;
    if (value * scale > 60e9) return false;
    out = std::chrono::nanoseconds(static_cast<int64_t>(value * scale));
    return true;
}

// These give the reason for refusing, or nullptr.
const char* read_when(const Words& w, FaultRule& r) {
    if (w.empty()) return "nothing says when";
    const std::string_view kind = w[0];
    if (kind == "always") {
        r.when = When::always;
        return w.size() == 1 ? nullptr : "nothing follows always";
    }
    if (w.size() < 2) return "unknown condition, or its number is missing";
    const std::string_view value = w[1];
    const bool named = kind == "ins" || kind == "tag";
    if (w.size() > (named ? 3u : 2u)) return "too many words before the colon";
    if (kind == "apdu" || kind == "commit") {
        r.when = kind == "apdu" ? When::apdu : When::commit;
        return range_of(value, r.first, r.last) ? nullptr
                                                : "expected a number from 1, or a range such as 3..5";
    }
    if (kind == "every") {
        r.when = When::every;
        return number_of(value, r.number) && r.number ? nullptr : "expected a number from 1";
    }
    if (kind == "random") {
        r.when = When::random;
        const bool good = value.starts_with("1/") && number_of(value.substr(2), r.number) && r.number;
        return good ? nullptr : "expected a probability such as 1/50";
    }
    if (!named) return "unknown condition";
    r.when = kind == "ins" ? When::ins : When::tag;
    const size_t digits = value.size();
    if (!number_of(value, r.number, 16) || (kind == "ins" ? digits != 2 : digits != 2 && digits != 4))
        return kind == "ins" ? "expected an INS of two hex digits"
                             : "expected a tag of two or four hex digits";
    r.first = 0;
    r.last = std::numeric_limits<uint64_t>::max();
    if (w.size() == 3 && (!w[2].starts_with('#') || !range_of(w[2].substr(1), r.first, r.last)))
        return "expected #N, which one of them";
    return nullptr;
}

const char* read_what(const Words& w, FaultRule& r) {
    if (w.empty()) return "nothing says what happens";
    const std::string_view kind = w[0], value = w.size() > 1 ? w[1] : std::string_view();
    if (r.when == When::commit) {
        if (w.size() != 1 || (kind != "fail" && kind != "cut")) return "a commit can fail or cut";
        r.what = kind == "fail" ? What::fail : What::cut;
        return nullptr;
    }
    if (kind == "slow") {
        r.what = What::slow;
        if (w.size() < 2 || w.size() > 3 || !span_of(value, r.each))
            return "expected a time such as 1070us, 3ms or 1s";
        const std::string_view octet = w.size() == 3 ? w[2] : std::string_view();
        const bool good = octet.empty() || (octet.ends_with("/octet") &&
                                            span_of(octet.substr(0, octet.size() - 6), r.per_octet));
        return good ? nullptr : "expected a time for each octet, such as 62.3us/octet";
    }
    if (kind == "cut") {
        if (w.size() != 2 || (value != "before" && value != "after")) return "cut before or cut after";
        r.what = value == "before" ? What::cut_before : What::cut_after;
        return nullptr;
    }
    if (kind == "status") {
        r.what = What::status;
        const bool good = w.size() == 2 && value.size() == 4 && number_of(value, r.status, 16) &&
                          (value[0] == '6' || value[0] == '9');
        return good ? nullptr : "expected a status word such as 6F00";
    }
    if (kind == "corrupt") {
        r.what = What::corrupt;
        return w.size() == 2 && value == "signature" ? nullptr : "expected: corrupt signature";
    }
    if (kind == "fail") return "only a commit can fail";
    if (kind != "lose" && kind != "stick") return "unknown fault";
    r.what = kind == "lose" ? What::lose : What::stick;
    return w.size() == 1 ? nullptr : "nothing follows lose or stick";
}
} // namespace

PlanText read_fault_plan(std::string_view text) {
    PlanText out;
    uint32_t number = 0;
    const auto refuse = [&](const char* why) { out.faults.push_back({number, why}); };
    for (size_t at = 0; at < text.size();) {
        const size_t end = std::min(text.find('\n', at), text.size());
        std::string_view line = text.substr(at, end - at);
        at = end + 1;
        ++number;
        if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
        if (line[line.find_first_not_of(" \t\r")] == '#') continue;
        const size_t colon = line.find(':');
        const Words before = words_of(line.substr(0, colon));
        if (colon == std::string_view::npos) {
            if (before.size() == 2 && before[0] == "seed" && number_of(before[1], out.plan.seed)) continue;
            refuse(before[0] == "seed" ? "expected seed NUMBER" : "expected CONDITION: FAULT");
            continue;
        }
        std::string_view rest = line.substr(colon + 1);
        if (const size_t comment = rest.find(" #"); comment != std::string_view::npos)
            rest = rest.substr(0, comment);
        FaultRule rule{.line = number};
        const char* why = read_when(before, rule);
        if (!why) why = read_what(words_of(rest), rule);
        if (why) refuse(why);
        out.plan.rules.push_back(rule);
    }
    return out;
}

} // namespace halyard::reader
