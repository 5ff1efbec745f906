#include "apps/common/resolve.h"
#include "apps/ipad/daemon.h"
#include <CLI/CLI.hpp>
#include <cstdio>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace {
using namespace halyard;
constexpr int kWrongCommandLine = 2;

struct Arguments {
    ipad::Options options;
    ipad::CodeFile code;
    std::string download = "direct";
    std::string esipa = "asn1", es9 = "json", dialect = "v1.2";
    std::string initial_eim;
    std::vector<std::string> resolve;
    std::vector<std::string> trust;
    std::vector<std::string> features;
    std::string tac = "35290611";
    std::string imei;
    std::string rplmn;
    double poll_interval = 3600;
    double rollback_seconds = 420;
    double retry_seconds = 30;
    std::string log_level = "warn";
};

Time seconds(double value) { return Time{static_cast<int64_t>(value * 1000)}; }

void describe(CLI::App& app, Arguments& args) {
    auto& options = args.options;
    app.add_option("--state", options.state, "Folder for what must survive a power cut");
    app.add_option(
        "--card", options.card, "The eUICC: sim:DIR, or unix:PATH or tcp:HOST:PORT of halyard euicc serve");
    app.add_option("--download", args.download, "How profiles come: direct, or indirect through the eIM")
        ->check(CLI::IsMember({"direct", "indirect"}));
    app.add_option("--esipa", args.esipa, "Binding towards eIMs: asn1 or json")
        ->check(CLI::IsMember({"asn1", "json"}));
    app.add_option("--es9", args.es9, "Binding towards SM-DP+: json or asn1")
        ->check(CLI::IsMember({"json", "asn1"}));
    app.add_option("--dialect", args.dialect, "Edition of SGP.32 the device speaks, default v1.2")
        ->check(CLI::IsMember({"v1.0", "v1.1", "v1.2", "v1.3"}));
    app.add_option(
        "--initial-eim", args.initial_eim, "Configuration to add while no eIM is associated (once)");
    app.add_flag(
        "--strict", options.strict, "Refuse whatever deviates from the specification (conformance work)");
    app.add_flag("--reopen-initial-eim", options.ipa.reopen_initial_eim, "Allow --initial-eim once more");
    app.add_option("--resolve", args.resolve, "HOST=ADDR:PORT, may be repeated");
    app.add_option("--trust", args.trust, "CA certificate, PEM or DER, may be repeated");
    app.add_option(
        "--feature", args.features, "IPA capability to announce, by its SGP.32 name, may be repeated");
    app.add_option("--tac", args.tac, "Type allocation code, 8 digits");
    app.add_option("--imei", args.imei, "IMEI, 15 digits; another one than before is reported to eIMs");
    app.add_option("--rplmn", args.rplmn, "Network the device is registered in, MCC-MNC, told to eIMs");
    app.add_option("--poll-interval", args.poll_interval, "Seconds between polls when nothing is waiting");
    app.add_option(
        "--retry-seconds", args.retry_seconds, "First pause after a failure; grows to the poll interval");
    app.add_flag("--once", options.once, "Exit when nothing is left to do");
    app.add_option(
        "--max-idle", options.max_idle, "Exit with status 3 when no peer answered for so many seconds");
    app.add_option("--events", options.events, "JSON lines of what happens: a file, or - for stdout");
    app.add_option(
        "--rollback-attempts", options.ipa.rollback.attempts, "Failed deliveries before a rollback");
    app.add_option("--rollback-seconds", args.rollback_seconds, "and least time before it");
    app.add_flag(
        "!--no-immediate-enable", options.ipa.immediate_enable, "Do not enable right after installation");
    app.add_flag("--ppr-consent", options.ipa.ppr_consent, "The owner consents to policy rules that need it");
    app.add_option("--confirmation-code-file",
                   args.code.file,
                   "File with the code for profiles that ask for one; read when it is needed");
    app.add_option("--inject-listen", options.inject.listen, "ADDR:PORT where eIMs may send packages to");
    app.add_option("--inject-cert", options.inject.certificate, "Its certificate, PEM");
    app.add_option("--inject-key", options.inject.key, "and key, PEM");
    app.add_option("--inject-trust", options.inject.trust, "CA of the certificates that eIMs must show, PEM");
    app.add_option("--log-level", args.log_level, "debug, info, warn or error, on stderr");
    app.add_option("--lab-network-down-iccid",
                   options.lab_network_down,
                   "For tests: every link fails while this profile is enabled");
}

Ok complete(Arguments& args) {
    auto& options = args.options;
    options.ipa.download =
        args.download == "indirect" ? ipa::Config::Download::indirect : ipa::Config::Download::direct;
    options.esipa_json = args.esipa == "json";
    options.es9_asn1 = args.es9 == "asn1";
    options.ipa.edition = TRY(rsp::edition_from(args.dialect));
    options.ipa.poll_interval = seconds(args.poll_interval);
    options.ipa.rollback.over = seconds(args.rollback_seconds);
    options.ipa.retry_first = seconds(args.retry_seconds);
    TRY(app::add_resolve(options.resolve, args.resolve));
    for (const auto& path : args.trust) TRY(ipad::add_trust(options, path));
    if (!args.initial_eim.empty()) options.initial_eim = TRY(ipad::read_initial_eim(args.initial_eim));
    options.ipa.initial_eim = options.initial_eim;
    if (!args.code.file.empty()) options.ipa.confirmation_code = &args.code;
    TRY(ipad::set_place(options, args.imei, args.rplmn));
    return ipad::set_device(options, args.tac, args.features);
}

int complain(const Error& error) {
    std::fprintf(stderr, "halyard-ipad: %s: %s (%u)\n", error.where, name(error.code), error.detail);
    return 1;
}

int show_status(const std::string& folder) {
    const auto text = ipad::status(folder);
    if (!text) return complain(text.error());
    std::printf("%s\n", text->c_str());
    return 0;
}
} // namespace

int main(int argc, char** argv) {
    CLI::App app{"The IoT profile assistant in the device (SGP.32 IPAd)"};
    Arguments args;
    describe(app, args);
    std::string status_folder;
    auto* status = app.add_subcommand("status", "Show what a state folder says");
    status->add_option("--state", status_folder, "The folder")->required();
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? 0 : kWrongCommandLine;
    }

    spdlog::set_default_logger(spdlog::stderr_logger_mt("ipad"));
    spdlog::set_level(spdlog::level::from_str(args.log_level));
    if (*status) return show_status(status_folder);
    if (args.options.state.empty() || args.options.card.empty()) {
        std::fprintf(stderr, "halyard-ipad: --state and --card are needed\n");
        return kWrongCommandLine;
    }
    if (auto ready = complete(args); !ready) return complain(ready.error());
    const auto ended = ipad::run(args.options);
    return ended ? *ended : complain(ended.error());
}
