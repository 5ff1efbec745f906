#include "apps/cli/commands.h"
#include "apps/common/files.h"
#include "apps/common/message_view.h"
#include <algorithm>
#include <CLI/CLI.hpp>
#include <cstdio>

namespace halyard::cli {
namespace {

constexpr size_t kLargest = 16u << 20;

Result<OwnedBytes> read_stdin() {
    OwnedBytes out;
    std::array<uint8_t, 65536> piece;
    while (const size_t n = std::fread(piece.data(), 1, piece.size(), stdin)) {
        append(out, Bytes(piece).first(n));
        if (out.size() > kLargest) return fail(Errc::limit, "stdin");
    }
    if (std::ferror(stdin)) return fail(Errc::storage, "stdin");
    return out;
}

// A file's name, or hex: what exists as a file is one.
Result<OwnedBytes> read_input(const std::string& argument) {
    if (argument == "-") return app::der_of(TRY(read_stdin()), "stdin");
    std::error_code ignored;
    if (!std::filesystem::exists(argument, ignored) && !argument.empty())
        if (auto octets = from_hex(argument)) return *octets;
    return app::der_of(TRY(app::read_file(argument, kLargest)), "file");
}

int list_types(const std::string& unknown) {
    std::vector<std::string> names;
    for (const rsp::Message& m : rsp::messages()) names.emplace_back(m.name);
    std::ranges::sort(names);
    if (!unknown.empty()) (void)std::fprintf(stderr, "%s: no such type; there are:\n", unknown.c_str());
    for (const std::string& name : names)
        (void)std::fprintf(unknown.empty() ? stdout : stderr, "%s\n", name.c_str());
    return unknown.empty() ? 0 : 2;
}

int decode(const std::string& argument, const std::string& type, bool json, bool strict) {
    const rsp::Message* message = type.empty() ? nullptr : rsp::message_named(type);
    if (!type.empty() && !message) return list_types(type);
    const auto der = read_input(argument);
    if (!der) return report(der.error(), argument, json);
    const app::MessageViews views = app::view_messages(*der, message, strict);
    if (json)
        std::printf("%s\n", app::to_json(views).c_str());
    else
        std::printf("%s", app::to_text(views).c_str());
    if (!views.error) return 0;
    if (!json) {
        (void)std::fflush(stdout);
        (void)std::fprintf(stderr, "%s: %s\n", argument.c_str(), app::describe_error(views).c_str());
    }
    return 1;
}

} // namespace

void add_asn1_commands(CLI::App& app, int& exit_code) {
    CLI::App* top = app.add_subcommand("asn1", "Messages of SGP.32 and SGP.22 as they stand on the wire");
    top->require_subcommand(1);
    auto input = std::make_shared<std::string>(), type = std::make_shared<std::string>();
    auto json = std::make_shared<bool>(false), strict = std::make_shared<bool>(false);
    CLI::App* c = top->add_subcommand("decode", "Print messages with the names of the specification");
    c->add_option("input", *input, "File with DER, hex, base64 or PEM; hex itself; or - for standard input")
        ->required();
    c->add_option("--type", *type, "What it is, where the tag does not say: see `asn1 types`");
    c->add_flag("--strict", *strict, "Refuse what is not DER instead of listing it as tolerated");
    c->add_flag("--json", *json, "Print one JSON object");
    c->callback([=, &exit_code] { exit_code = decode(*input, *type, *json, *strict); });
    top->add_subcommand("types", "Names of all messages and their components")->callback([&exit_code] {
        exit_code = list_types("");
    });
}

} // namespace halyard::cli
