#include "reader/trace.h"
#include "binding/card_trace.h"
#include <algorithm>
#include <cstdio>

namespace halyard::reader {
namespace {
using std::chrono::microseconds;

constexpr struct {
    std::string_view word;
    Power power;
} kPowers[] = {{"off", Power::off}, {"on", Power::on}, {"reset", Power::reset}};

// "0.001234 * reset": a time, a star, a word.
std::optional<Power> power_of(std::string_view line) {
    const size_t star = line.find(" * ");
    if (star == std::string_view::npos || star == 0) return std::nullopt;
    if (line.substr(0, star).find_first_not_of(" 0123456789.") != std::string_view::npos) return std::nullopt;
    std::string_view word = line.substr(star + 3);
    word = word.substr(0, word.find_first_of(" \t\r"));
    for (const auto& p : kPowers)
        if (p.word == word) return p.power;
    return std::nullopt;
}
} // namespace

Clock steady_clock() {
    return [start = std::chrono::steady_clock::now()] {
        return std::chrono::duration_cast<microseconds>(std::chrono::steady_clock::now() - start);
    };
}

TracedCard::TracedCard(CardPort& card, Lines lines, Clock clock, std::string_view title, bool names)
    : card_(card), lines_(std::move(lines)), clock_(std::move(clock)), names_(names) {
    lines_("# card trace 1: " + std::string(title) + "\n");
}

void TracedCard::line(microseconds at, std::string_view what) {
    char time[32];
    std::snprintf(time,
                  sizeof time,
                  "%5lld.%06lld ",
                  static_cast<long long>(at.count() / 1'000'000),
                  static_cast<long long>(at.count() % 1'000'000));
    lines_(time + std::string(what) + '\n');
}

Result<Answer> TracedCard::transmit(Bytes apdu) {
    line(clock_(), "> " + hex(apdu) + (names_ ? "  # " + binding::describe_command(apdu) : std::string()));
    auto answer = card_.transmit(apdu);
    const microseconds now = clock_();
    if (!answer) {
        line(now, std::string("* lost ") + answer.error().where);
        return answer;
    }
    std::string text = "< " + hex(answer->octets);
    const Bytes octets = answer->octets;
    if (octets.size() >= 2 && names_) {
        const auto sw = static_cast<uint16_t>(octets[octets.size() - 2] << 8 | octets.back());
        if (sw != 0x9000) text += "  # " + binding::status_text(sw).substr(6);
    }
    line(now + answer->delay, text);
    return answer;
}

Ok TracedCard::power(Power what) {
    const microseconds now = clock_();
    const Ok done = card_.power(what);
    std::string text = std::string("* ") + name(what);
    if (!done) text += std::string(" failed ") + done.error().where;
    if (done && what != Power::off) text += " " + hex(card_.atr());
    line(now, text);
    return done;
}

Recording read_recording(std::string_view text) {
    Recording out;
    const binding::TraceText read = binding::read_trace(text);
    for (const auto& f : read.faults) out.faults.push_back({f.line, f.what});
    std::vector<std::pair<uint32_t, Power>> powers;
    uint32_t number = 0;
    for (size_t at = 0; at < text.size();) {
        const size_t end = std::min(text.find('\n', at), text.size());
        ++number;
        if (const auto p = power_of(text.substr(at, end - at))) powers.push_back({number, *p});
        at = end + 1;
    }
    auto power = powers.begin();
    bool waiting = false; // the last command has no answer yet
    for (const binding::TraceApdu& a : read.apdus) {
        for (; power != powers.end() && power->first < a.first; ++power, waiting = false)
            out.steps.push_back({power->second, {}, {}, power->first});
        if (a.command) {
            out.steps.push_back({std::nullopt, a.octets, {}, a.first});
            waiting = true;
        } else if (waiting) {
            out.steps.back().answer = a.octets;
            waiting = false;
        } else {
            out.faults.push_back({a.first, "response without a command before it"});
        }
    }
    for (; power != powers.end(); ++power) out.steps.push_back({power->second, {}, {}, power->first});
    return out;
}

Result<Replayed> replay(const Recording& recording, CardPort& card) {
    Replayed out;
    if (recording.steps.empty() || recording.steps.front().power != Power::on) TRY(card.power(Power::on));
    for (const Step& step : recording.steps) {
        if (step.power) {
            TRY(card.power(*step.power));
            continue;
        }
        ++out.commands;
        const auto answer = card.transmit(step.command);
        if (answer && answer->octets == step.answer) {
            ++out.same;
            continue;
        }
        Difference d{step.line, step.command, step.answer, {}, {}};
        if (answer) d.now = answer->octets;
        if (!answer) d.reason = answer.error().where;
        out.differences.push_back(std::move(d));
    }
    return out;
}

} // namespace halyard::reader
