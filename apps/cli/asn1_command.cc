#include "apps/cli/asn1_command.h"
#include "apps/cli/commands.h"
#include "apps/common/explain.h"
#include "apps/common/trace_view.h"
#include "binding/message_json.h"
#include <algorithm>
#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace halyard::cli {
namespace {

constexpr const char* kInput = "File with DER, hex, base64, PEM or a trace of APDUs; the message itself as "
                               "hex or base64; or - for stdin";

const char* kind_of(const rsp::Message& m) {
    switch (m.type->kind) {
    case asn1::Kind::sequence: return "SEQUENCE";
    case asn1::Kind::choice: return "CHOICE";
    default: return m.type->name;
    }
}

std::vector<const rsp::Message*> sorted() {
    std::vector<const rsp::Message*> out;
    for (const rsp::Message& m : rsp::messages()) out.push_back(&m);
    std::ranges::sort(out, {}, [](const rsp::Message* m) { return std::string_view(m->name); });
    return out;
}

int print_trace(const app::TraceView& view, bool json) {
    std::printf("%s%s", json ? view.json.c_str() : view.text.c_str(), json ? "\n" : "");
    return view.good ? 0 : 1;
}

struct Options {
    std::string input, type, binding, function;
    bool json = false, strict = false;
};

int decode(const Options& o) {
    bool unknown = false;
    const rsp::Message* message = wanted_type(o.type, unknown);
    if (unknown) return 2;
    const auto content = app::read_argument(o.input);
    if (!content) return report(content.error(), o.input, o.json);
    if (!message && o.binding.empty())
        if (const auto trace = app::trace_of(*content))
            return print_trace(app::view_trace(*trace, o.strict), o.json);
    const auto der =
        o.binding.empty() ? app::der_of(*content) : message_of_body(o.binding, o.function, text_of(*content));
    if (!der) return report(der.error(), o.input, o.json);
    if (!o.binding.empty()) message = type_on(o.binding, *der);
    const app::MessageViews views = app::view_messages(*der, message, o.strict);
    if (o.json)
        std::printf("%s\n", app::to_json(views).c_str());
    else
        std::printf("%s", app::to_text(views).c_str());
    if (!views.error) return 0;
    if (!o.json) {
        (void)std::fflush(stdout);
        (void)std::fprintf(stderr, "%s: %s\n", o.input.c_str(), app::describe_error(views).c_str());
    }
    return 1;
}

int explain(const Options& o) {
    bool unknown = false;
    const rsp::Message* message = wanted_type(o.type, unknown);
    if (unknown) return 2;
    const auto content = app::read_argument(o.input);
    if (!content) return report(content.error(), o.input, o.json);
    if (!message) {
        if (const auto trace = app::trace_of(*content)) {
            const app::TraceView view = app::view_trace(*trace, false, true);
            return print_trace(view, o.json);
        }
    }
    const auto der = app::der_of(*content);
    if (!der) return report(der.error(), o.input, o.json);
    const app::Explained explained = app::explain(*der, message);
    std::printf("%s%s", o.json ? explained.json.c_str() : explained.text.c_str(), o.json ? "\n" : "");
    return explained.good ? 0 : 1;
}

} // namespace

const rsp::Message* wanted_type(const std::string& name, bool& unknown) {
    const rsp::Message* message = name.empty() ? nullptr : rsp::message_named(name);
    unknown = !name.empty() && !message;
    if (!unknown) return message;
    (void)std::fprintf(stderr, "%s: no such type; there are:\n", name.c_str());
    for (const rsp::Message* m : sorted()) (void)std::fprintf(stderr, "%s\n", m->name);
    return nullptr;
}

int list_types(bool json) {
    nlohmann::ordered_json all = nlohmann::ordered_json::array();
    for (const rsp::Message* m : sorted()) {
        if (!json) {
            (void)std::printf("%s\n", m->name);
            continue;
        }
        all.push_back({{"name", m->name}, {"tag", nullptr}, {"section", m->section}, {"kind", kind_of(*m)}});
        if (m->type->tag) all.back()["tag"] = app::tag_text(m->type->tag);
    }
    if (json) std::printf("%s\n", all.dump().c_str());
    return 0;
}

void add_asn1_commands(CLI::App& app, int& exit_code) {
    CLI::App* top = app.add_subcommand("asn1", "Messages of SGP.32 and SGP.22 as they stand on the wire");
    top->require_subcommand(1);
    const auto reading = [&](const char* name, const char* what, int (*run)(const Options&)) {
        auto o = std::make_shared<Options>();
        CLI::App* c = top->add_subcommand(name, what);
        c->add_option("input", o->input, kInput)->required();
        c->add_option("--type", o->type, "What it is, where the tag does not say: see `asn1 types`");
        c->add_flag("--json", o->json, "Print one JSON object");
        c->callback([o, run, &exit_code] { exit_code = run(*o); });
        return std::pair(c, o);
    };
    const auto [c, o] = reading("decode", "Print messages with the names of the specification", decode);
    c->add_flag("--strict", o->strict, "Refuse what is not DER instead of listing it as tolerated");
    CLI::Option* binding =
        c->add_option(
             "--binding", o->binding, "The input is the HTTP body of a JSON binding: esipa-json or es9-json")
            ->check(CLI::IsMember({"esipa-json", "es9-json"}));
    CLI::Option* function = c->add_option("--function", o->function, "Whose body it is: getEimPackage, …");
    binding->needs(function);
    function->needs(binding);
    add_asn1_encode(*top, exit_code);
    add_asn1_diff(*top, exit_code);
    reading("explain",
            "What a message is, who says it, where its octets belong; or where and why it breaks",
            explain);
    auto json = std::make_shared<bool>(false);
    CLI::App* types = top->add_subcommand("types", "Names of all messages and their components");
    types->add_flag("--json", *json, "With tag, section and kind");
    types->callback([json, &exit_code] { exit_code = list_types(*json); });
}

} // namespace halyard::cli
