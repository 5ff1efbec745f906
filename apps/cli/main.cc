#include "apps/cli/commands.h"
#include "apps/ops/log_sink.h"
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

using namespace halyard;

int main(int argc, char** argv) {
    std::signal(SIGPIPE,
                SIG_IGN); // a pipe or peer that went away is an error of that write, not of the program
    spdlog::set_default_logger(spdlog::stderr_logger_mt("halyard"));
    ops::set_log({});

    CLI::App app{"Halyard: eSIM IoT remote provisioning (GSMA SGP.32)"};
    app.set_version_flag("--version", "halyard " HALYARD_VERSION);
    app.require_subcommand(1);
    std::string level = "info";
    app.add_option("--log-level", level, "debug, info, warn or error, on stderr")
        ->check(CLI::IsMember({"debug", "info", "warn", "error"}));
    app.parse_complete_callback([&] { spdlog::set_level(spdlog::level::from_str(level)); });
    int exit_code = 0;
    cli::add_asn1_commands(app, exit_code);
    cli::add_pki_commands(app, exit_code);
    cli::add_profile_commands(app, exit_code);
    cli::add_euicc_commands(app, exit_code);
    cli::add_smdp_commands(app, exit_code);
    cli::add_smds_commands(app, exit_code);
    cli::add_lpa_commands(app, exit_code);
    cli::add_eim_commands(app, exit_code);
    cli::add_lab_commands(app, exit_code);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        const int code = app.exit(e);
        // "A subcommand is required" is all the library says of a word it does not know.
        if (code == static_cast<int>(CLI::ExitCodes::RequiredError))
            for (const std::string& word : app.remaining(true))
                std::fprintf(stderr, "This is no command or option here: %s\n", word.c_str());
        return code == 0 ? 0 : 2; // 2: the command line itself was wrong
    }
    return exit_code;
}
