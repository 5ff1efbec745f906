#include "apps/cli/commands.h"
#include "apps/cli/euicc_commands.h"
#include "apps/common/files.h"
#include "apps/common/message_input.h"
#include "apps/common/served_card.h"
#include "apps/common/trace_view.h"
#include "binding/card_trace.h"
#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace halyard::cli {
namespace {
using nlohmann::ordered_json;

struct Options {
    std::string dir, file, faults;
    bool json = false, explained = false;
};

// The trace between two changes of power: nothing of a card's sessions outlasts them.
struct Part {
    std::optional<reader::Power> power; // that began it
    uint32_t line = 0;
    binding::TraceText text;
};
std::vector<Part> parts_of(std::string_view text) {
    std::vector<Part> out(1);
    std::vector<std::pair<uint32_t, reader::Power>> powers;
    for (const reader::Step& s : reader::read_recording(text).steps)
        if (s.power) powers.push_back({s.line, *s.power});
    for (const auto& [line, power] : powers) out.push_back({power, line, {}});
    binding::TraceText read = binding::read_trace(text);
    const auto part = [&](uint32_t line) -> binding::TraceText& {
        size_t i = out.size() - 1;
        while (i > 0 && out[i].line > line) --i;
        return out[i].text;
    };
    for (auto& a : read.apdus) part(a.first).apdus.push_back(std::move(a));
    for (auto& f : read.faults) part(f.line).faults.push_back(std::move(f));
    return out;
}

int trace(const Options& o) {
    const auto content = app::read_argument(o.file);
    if (!content) return report(content.error(), o.file, o.json);
    if (!app::trace_of(*content)) return report(Error{Errc::bad_value, "no trace"}, o.file, o.json);
    bool good = true;
    ordered_json all = ordered_json::array();
    for (const Part& p : parts_of(text_of(*content))) {
        if (!p.power && p.text.apdus.empty() && p.text.faults.empty()) continue;
        const app::TraceView view = app::view_trace(p.text, false, o.explained);
        good = good && view.good;
        if (!o.json) {
            if (p.power) std::printf("line %u: power: %s\n", p.line, name(*p.power));
            std::printf("%s", view.text.c_str());
            continue;
        }
        ordered_json one;
        if (p.power) one = {{"power", name(*p.power)}, {"line", p.line}};
        one.update(ordered_json::parse(view.json));
        all.push_back(std::move(one));
    }
    if (o.json) std::printf("%s\n", ordered_json{{"sessions", all}}.dump().c_str());
    return good ? 0 : 1;
}

void print(const reader::Replayed& r, bool json) {
    ordered_json all = ordered_json::array();
    for (const auto& d : r.differences) {
        const std::string now = d.reason.empty() ? hex(d.now) : "no answer: " + d.reason;
        const std::string recorded = d.recorded.empty() ? "no answer" : hex(d.recorded);
        all.push_back({{"line", d.line},
                       {"command", hex(d.command)},
                       {"what", binding::describe_command(d.command)},
                       {"recorded", hex(d.recorded)},
                       {"now", hex(d.now)}});
        if (!d.reason.empty()) all.back()["reason"] = d.reason;
        if (!json)
            std::printf("line %u: %s\n  >        %s\n  recorded %s\n  now      %s\n",
                        d.line,
                        binding::describe_command(d.command).c_str(),
                        hex(d.command).c_str(),
                        recorded.c_str(),
                        now.c_str());
    }
    if (json)
        std::printf(
            "%s\n",
            ordered_json{{"commands", r.commands}, {"same", r.same}, {"differences", all}}.dump().c_str());
    else
        std::printf("%llu commands, %llu answered as recorded\n",
                    static_cast<unsigned long long>(r.commands),
                    static_cast<unsigned long long>(r.same));
}

int replay(const Options& o) {
    const auto content = app::read_argument(o.file);
    if (!content) return report(content.error(), o.file, o.json);
    const reader::Recording recording = reader::read_recording(text_of(*content));
    if (recording.steps.empty()) return report(Error{Errc::bad_value, "no trace"}, o.file, o.json);
    if (!recording.faults.empty())
        return report(Error{Errc::bad_value, "trace line", recording.faults[0].line}, o.file, o.json);
    reader::PlanText plan;
    if (!o.faults.empty()) {
        const auto text = app::read_file(o.faults, 1u << 20, "faults");
        if (!text) return report(text.error(), o.faults, o.json);
        if (const int bad = read_plan(text_of(*text), o.faults, o.json, plan)) return bad;
    }
    auto card = app::ServedCard::open(o.dir, {.faults = o.faults.empty() ? nullptr : &plan.plan});
    if (!card) return report(card.error(), o.dir, o.json);
    const auto replayed = reader::replay(recording, (*card)->port());
    if (!replayed) return report(replayed.error(), o.dir, o.json);
    print(*replayed, o.json);
    return replayed->differences.empty() ? 0 : 1;
}
} // namespace

void add_euicc_trace(CLI::App& top, int& exit_code) {
    auto o = std::make_shared<Options>();
    CLI::App* show = top.add_subcommand("trace", "What a recording of a card holds, as messages");
    show->add_option("file", o->file, "Of serve --trace, or any trace that asn1 decode reads; - for stdin")
        ->required();
    show->add_flag("--explain", o->explained, "Each message with its members' octets and meaning");
    show->add_flag("--json", o->json, "Print one JSON object");
    show->callback([o, &exit_code] { exit_code = trace(*o); });
    CLI::App* again = top.add_subcommand(
        "replay", "Tell a card what a recording holds; where its answers differ. It changes the card");
    again->add_option("dir", o->dir, "Directory of the card")->required();
    again->add_option("file", o->file, "Of serve --trace, or any trace that asn1 decode reads; - for stdin")
        ->required();
    again->add_option("--faults", o->faults, "What shall go wrong, and when: docs/card-seams.md");
    again->add_flag("--json", o->json, "Print one JSON object");
    again->callback([o, &exit_code] { exit_code = replay(*o); });
}

} // namespace halyard::cli
