// `halyard profile build`, and `show --text`: packages as text and back.
#include "apps/cli/commands.h"
#include "apps/cli/profile_commands.h"
#include "apps/common/files.h"
#include "profile/notation.h"
#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace halyard::cli {
namespace {
using nlohmann::ordered_json;

struct BuildArguments {
    std::vector<std::string> files, sets;
    std::string out;
    bool keep_defaults = false, json = false;
};

// A text that is wrong: FILE:LINE:COLUMN, as compilers say it.
int report_notation(const profile::NotationError& e, const std::string& path, bool json) {
    if (json) {
        const ordered_json out{{"error",
                                {{"what", path},
                                 {"code", "bad notation"},
                                 {"where", "text"},
                                 {"line", e.line},
                                 {"column", e.column},
                                 {"found", e.found},
                                 {"expected", e.expected}}}};
        std::printf("%s\n", out.dump(-1, ' ', false, ordered_json::error_handler_t::replace).c_str());
    } else {
        std::fprintf(stderr, "%s:%s\n", path.c_str(), e.text().c_str());
    }
    return 1;
}

// Elements begin with a context tag of the constructed form; no text does.
bool is_der(Bytes content) { return !content.empty() && content[0] >= 0xA0 && content[0] < 0xC0; }

// NAME=VALUE pairs over the finished package.
Result<SecretBytes> with_header(SecretBytes package, const std::vector<std::string>& sets) {
    for (const std::string& set : sets) {
        const size_t equals = set.find('=');
        if (equals == std::string::npos) return fail(Errc::bad_value, "set");
        const std::string name = set.substr(0, equals), value = set.substr(equals + 1);
        if (name == "iccid") {
            profile::Personal p;
            p.iccid = TRY(iccid_from_text(value));
            package = TRY(profile::personalise(package.reveal(), p));
        } else if (name == "profileType") {
            const auto elements = TRY(profile::parse(package.reveal()));
            auto header = TRY(asn1::decode<profile::ProfileHeader>(elements[0].der));
            header.profile_type = value;
            SecretBytes changed{Bytes(TRY(asn1::encode(header)))};
            changed.append(package.reveal().subspan(elements[0].der.size()));
            package = std::move(changed);
        } else {
            return fail(Errc::unsupported, "set: iccid and profileType are what can be set");
        }
    }
    return package;
}

int build(const BuildArguments& a) {
    SecretBytes package;
    for (const std::string& path : a.files) {
        const auto content = app::read_secret(path, 2 * profile::kMaxNotation);
        if (!content) return report(content.error(), path, a.json);
        if (is_der(content->reveal())) {
            package.append(content->reveal());
            continue;
        }
        const auto elements = profile::from_notation(text_of(content->reveal()), {a.keep_defaults});
        if (!elements) return report_notation(elements.error(), path, a.json);
        package.append(elements->reveal());
    }
    const auto finish = [&]() -> Ok {
        if (package.size() > profile::kMaxPackage) return fail(Errc::limit, "package", profile::kMaxPackage);
        TRY(profile::parse(package.reveal()));
        return app::write_secret(a.out, TRY(with_header(std::move(package), a.sets)).reveal());
    };
    const Ok ok = finish();
    return ok ? 0 : report(ok.error(), a.out, a.json);
}
} // namespace

Ok show_text(const std::string& path, const std::string& out) {
    const OwnedBytes package = TRY(read_package(path));
    std::string text = TRY(profile::to_notation(package));
    Ok ok;
    if (!out.empty())
        ok = app::write_secret(out, bytes_of(text));
    else if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size())
        ok = fail(Errc::storage, "stdout");
    wipe({reinterpret_cast<uint8_t*>(text.data()), text.size()});
    return ok;
}

void add_profile_build(CLI::App& profile, int& exit_code) {
    auto a = std::make_shared<BuildArguments>();
    CLI::App* build_command =
        profile.add_subcommand("build", "Make a package from value notation, or join parts of one");
    build_command
        ->add_option(
            "files", a->files, "Texts as `show --text` writes them, or DER; put one behind the other")
        ->required();
    build_command->add_option("-o,--out", a->out, "Result, mode 0600")->required();
    build_command->add_option("--set", a->sets, "iccid=DIGITS or profileType=TEXT, for the finished package")
        ->allow_extra_args(false);
    build_command->add_flag("--keep-defaults",
                            a->keep_defaults,
                            "Encode DEFAULT values that the text spells out; DER leaves them out");
    build_command->add_flag("--json", a->json, "Errors as one JSON object");
    build_command->callback([a, &exit_code] { exit_code = build(*a); });
}

} // namespace halyard::cli
