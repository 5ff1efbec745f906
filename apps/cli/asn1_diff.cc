#include "apps/cli/asn1_command.h"
#include "apps/cli/commands.h"
#include "apps/common/message_diff.h"
#include "apps/common/trace_view.h"
#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace halyard::cli {
namespace {
using nlohmann::ordered_json;

struct Options {
    std::string before, after, type;
    bool json = false;
};

struct Side {
    OwnedBytes der;
    app::MessageViews views;
};

// Nothing to compare is the caller's mistake: 2, as diff has it.
std::optional<Side> read(const std::string& argument, const rsp::Message* type, bool json) {
    auto content = app::read_argument(argument);
    const auto trace = content ? app::trace_of(*content) : std::nullopt;
    auto der = trace     ? Result<OwnedBytes>(app::messages_of(*trace))
               : content ? app::der_of(*content)
                         : std::move(content);
    if (!der) {
        (void)report(der.error(), argument, json);
        return std::nullopt;
    }
    Side side{std::move(*der), {}};
    side.views = app::view_messages(side.der, type);
    if (!side.views.error) return side;
    if (json)
        std::printf("%s\n", app::to_json(side.views).c_str());
    else
        (void)std::fprintf(stderr, "%s: %s\n", argument.c_str(), app::describe_error(side.views).c_str());
    return std::nullopt;
}

std::string deviations(const std::vector<asn1::Noted>& noted) {
    std::string out;
    for (const asn1::Noted& d : noted)
        out += std::string(out.empty() ? "" : ", ") + asn1::name(d.what) + " at " + d.where;
    return out.empty() ? "DER" : out;
}

void print(const app::Comparison& c, const std::string& title) {
    std::printf("%s: ", title.c_str());
    if (c.same_octets) return (void)std::printf("the same octets\n");
    if (c.differences.empty()) {
        std::printf("the same meaning, written differently\n  before: %s\n  after: %s\n",
                    deviations(c.before).c_str(),
                    deviations(c.after).c_str());
    } else {
        std::printf("%zu difference%s%s\n",
                    c.differences.size(),
                    c.differences.size() == 1 ? "" : "s",
                    c.only_unknown() ? ", only in components unknown to this edition" : "");
    }
    for (const app::Difference& d : c.differences)
        std::printf("  %s%s: %s -> %s\n",
                    d.path.c_str(),
                    d.signed_part ? " (signed)" : "",
                    d.before.empty() ? "absent" : d.before.c_str(),
                    d.after.empty() ? "absent" : d.after.c_str());
    if (!c.has_signed) return;
    std::printf(c.signed_octets_differ ? "  signed octets differ: no signature holds for both\n"
                                       : "  signed octets are the same\n");
}

ordered_json to_json(const app::Comparison& c) {
    ordered_json out{{"type", c.type->name},
                     {"same_octets", c.same_octets},
                     {"same_meaning", c.differences.empty()},
                     {"only_unknown", c.only_unknown()},
                     {"has_signed", c.has_signed},
                     {"signed_octets_differ", c.signed_octets_differ},
                     {"differences", ordered_json::array()}};
    for (const app::Difference& d : c.differences)
        out["differences"].push_back(
            {{"path", d.path},
             {"before", d.before.empty() ? ordered_json() : ordered_json::parse(d.before)},
             {"after", d.after.empty() ? ordered_json() : ordered_json::parse(d.after)},
             {"change",
              d.before.empty()  ? "added"
              : d.after.empty() ? "removed"
                                : "changed"},
             {"unknown", d.unknown},
             {"signed", d.signed_part}});
    const auto list = [](const std::vector<asn1::Noted>& noted) {
        ordered_json all = ordered_json::array();
        for (const asn1::Noted& n : noted)
            all.push_back({{"what", asn1::name(n.what)}, {"where", n.where}, {"offset", n.offset}});
        return all;
    };
    out["deviations"] = {{"before", list(c.before)}, {"after", list(c.after)}};
    return out;
}

int diff(const Options& o) {
    bool unknown = false;
    const rsp::Message* type = wanted_type(o.type, unknown);
    if (unknown) return 2;
    const auto a = read(o.before, type, o.json);
    if (!a) return 2;
    const auto b = read(o.after, type, o.json);
    if (!b) return 2;
    bool equal = a->views.messages.size() == b->views.messages.size();
    ordered_json list = ordered_json::array();
    for (size_t i = 0; i < std::max(a->views.messages.size(), b->views.messages.size()); ++i) {
        const auto* x = i < a->views.messages.size() ? &a->views.messages[i] : nullptr;
        const auto* y = i < b->views.messages.size() ? &b->views.messages[i] : nullptr;
        const char *before = x ? x->message->name : "absent", *after = y ? y->message->name : "absent";
        if (!x || !y || x->message != y->message) {
            equal = false;
            list.push_back({{"type", nullptr}, {"before", before}, {"after", after}});
            if (!o.json) std::printf("message %zu: %s -> %s\n", i + 1, before, after);
            continue;
        }
        const auto c = app::compare(*x->message,
                                    Bytes(a->der).subspan(x->offset, x->octets),
                                    Bytes(b->der).subspan(y->offset, y->octets));
        equal = equal && c.differences.empty();
        list.push_back(to_json(c));
        if (!o.json) print(c, x->message->name);
    }
    if (o.json) std::printf("%s\n", ordered_json{{"equal", equal}, {"messages", list}}.dump().c_str());
    return equal ? 0 : 1;
}

} // namespace

void add_asn1_diff(CLI::App& asn1, int& exit_code) {
    auto o = std::make_shared<Options>();
    CLI::App* c = asn1.add_subcommand(
        "diff", "Two messages compared by what they mean; status 0 the same, 1 different, 2 not readable");
    c->add_option("before", o->before, "A message, in any form that decode takes")->required();
    c->add_option("after", o->after, "Another one")->required();
    c->add_option("--type", o->type, "What both are, where the tag does not say");
    c->add_flag("--json", o->json, "Print one JSON object");
    c->callback([o, &exit_code] { exit_code = diff(*o); });
}

} // namespace halyard::cli
