#include "apps/cli/asn1_command.h"
#include "apps/cli/commands.h"
#include "apps/common/files.h"
#include "apps/common/message_input.h"
#include "binding/message_json.h"
#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace halyard::cli {
namespace {

struct Options {
    std::string input = "-", type, format = "hex", out, binding;
    bool json = false;
};

// What errors call the input: JSON on the command line is too long for that.
std::string label(const Options& o) {
    return !o.input.empty() && (o.input[0] == '{' || o.input[0] == '[') ? "JSON" : o.input;
}

int refuse(const binding::JsonFault& fault, const Options& o) {
    if (o.json) {
        const nlohmann::ordered_json error{{"what", label(o)},
                                           {"code", name(Errc::bad_value)},
                                           {"where", fault.path},
                                           {"reason", fault.reason},
                                           {"expected", fault.expected}};
        std::printf("%s\n", nlohmann::ordered_json{{"error", error}}.dump().c_str());
        return 1;
    }
    (void)std::fprintf(stderr,
                       "%s: bad value at %s: %s\n  expected: %s\n",
                       label(o).c_str(),
                       fault.path.empty() ? "the whole" : fault.path.c_str(),
                       fault.reason.c_str(),
                       fault.expected.c_str());
    return 1;
}

std::string written(Bytes der, const std::string& format) {
    if (format == "der") return std::string(text_of(der));
    return (format == "hex" ? hex(der) : base64(der)) + '\n';
}

int print_json(const binding::MessagesFromJson& made) {
    nlohmann::ordered_json out{{"messages", nlohmann::ordered_json::array()}};
    for (const binding::FromJson& m : made.messages) {
        nlohmann::ordered_json one{{"type", m.message->name}, {"hex", hex(m.der)}};
        auto& deviations = one["deviations"] = nlohmann::ordered_json::array();
        for (const asn1::Noted& d : m.deviations)
            deviations.push_back({{"what", asn1::name(d.what)}, {"where", d.where}, {"offset", d.offset}});
        out["messages"].push_back(std::move(one));
    }
    std::printf("%s\n", out.dump().c_str());
    return 0;
}

// A message, in any form that decode or encode takes, as the HTTP body of a JSON binding.
int encode_body(const Options& o, Bytes content, const rsp::Message* type) {
    OwnedBytes der;
    if (!content.empty() && content[0] == '{') {
        auto made = binding::messages_from_json(text_of(content), type);
        if (made.fault) return refuse(*made.fault, o);
        for (const binding::FromJson& m : made.messages) append(der, m.der);
    } else {
        auto read = app::der_of(content);
        if (!read) return report(read.error(), o.input, o.json);
        der = std::move(*read);
    }
    const auto body = json_body(o.binding, der);
    if (!body) return report(body.error(), o.input, o.json);
    if (!o.out.empty()) {
        if (const Ok ok = app::write_file(o.out, bytes_of(*body)); !ok)
            return report(ok.error(), o.out, o.json);
        return 0;
    }
    std::printf("%s\n", body->c_str());
    return 0;
}

int encode(const Options& o) {
    bool unknown = false;
    const rsp::Message* type = wanted_type(o.type, unknown);
    if (unknown) return 2;
    const auto content = app::read_argument(o.input);
    if (!content) return report(content.error(), o.input, o.json);
    if (!o.binding.empty()) return encode_body(o, *content, type);
    const auto made = binding::messages_from_json(text_of(*content), type);
    if (made.fault) return refuse(*made.fault, o);
    OwnedBytes der;
    for (const binding::FromJson& m : made.messages) {
        append(der, m.der);
        for (const asn1::Noted& d : m.deviations)
            if (!o.json)
                (void)std::fprintf(stderr,
                                   "%s: %s at %s, octet %u\n",
                                   m.message->name,
                                   asn1::name(d.what),
                                   d.where,
                                   d.offset);
    }
    if (!o.out.empty()) {
        if (const Ok ok = app::write_file(o.out, bytes_of(written(der, o.format))); !ok)
            return report(ok.error(), o.out, o.json);
    }
    if (o.json) return print_json(made);
    if (!o.out.empty()) return 0;
    const std::string text = written(der, o.format);
    return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() ? 0 : 1;
}

} // namespace

void add_asn1_encode(CLI::App& asn1, int& exit_code) {
    auto o = std::make_shared<Options>();
    CLI::App* c = asn1.add_subcommand(
        "encode", "JSON, as decode --json prints it, to DER; read back before it is given");
    c->add_option("input", o->input, "File with JSON, the JSON itself, or - for stdin, which is the default");
    c->add_option("--type", o->type, "Whose value it is, where the JSON does not say: see `asn1 types`");
    c->add_option("--format", o->format, "hex, base64 or der")
        ->check(CLI::IsMember({"hex", "base64", "der"}));
    c->add_option("--out", o->out, "File to write instead of stdout");
    c->add_option(
         "--binding", o->binding, "Make the HTTP body of a JSON binding instead: esipa-json or es9-json")
        ->check(CLI::IsMember({"esipa-json", "es9-json"}));
    c->add_flag("--json", o->json, "Print one JSON object with the type and hex of each message");
    c->callback([o, &exit_code] { exit_code = encode(*o); });
}

} // namespace halyard::cli
