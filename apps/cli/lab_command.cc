#include "apps/cli/commands.h"
#include "apps/lab/lab.h"
#include <algorithm>
#include <CLI/CLI.hpp>

namespace halyard::cli {

void add_lab_commands(CLI::App& app, int& exit_code) {
    auto o = std::make_shared<lab::Options>();
    auto profile = std::make_shared<std::string>(), state = std::make_shared<std::string>();
    auto dialects = std::make_shared<std::vector<std::string>>();
    CLI::App* c =
        app.add_subcommand("lab", "The whole SGP.32 loop on this machine: PKI, SM-DP+, eIM, devices");
    c->add_option("--devices", o->devices, "How many devices")->check(CLI::Range(1u, 1000u));
    c->add_flag("--once", o->once, "End when everything is decided, instead of staying up for exploring");
    c->add_flag("--json", o->json, "Print one JSON object on stdout");
    c->add_option("--profile", *profile, "Operational profile package, DER or hex; default our own sample")
        ->check(CLI::ExistingFile);
    c->add_option("--download", o->download, "How devices download: direct, indirect (through the eIM), both")
        ->check(CLI::IsMember({"direct", "indirect", "both"}));
    c->add_option("--esipa", o->esipa, "Binding between devices and eIM: asn1, json, both")
        ->check(CLI::IsMember({"asn1", "json", "both"}));
    c->add_flag("--compact", o->compact, "Devices send compact forms to the eIM (minimizeEsipaBytes)");
    c->add_option(
         "--es9", o->es9, "Binding towards the SM-DP+: json, asn1, both (device by device; the eIM in ASN.1)")
        ->check(CLI::IsMember({"json", "asn1", "both"}));
    c->add_flag("--smds", o->smds, "With an SM-DS: devices find their downloads by its events");
    c->add_option(
         "--dialect",
         *dialects,
         "Edition of SGP.32 that IPA and eUICC of a device are built to: v1.0, v1.1, v1.2 (default), v1.3; "
         "several are given to the devices in turn, and mixed is all of them")
        ->check(CLI::IsMember({"v1.0", "v1.1", "v1.2", "v1.3", "mixed"}));
    c->add_option("--state", *state, "Directory for everything; default a temporary one");
    c->add_option("--seed", o->seed, "EIDs, ICCIDs and IMSIs follow from it");
    c->add_option("--curve", o->curve, "p256 or brainpool")->check(CLI::IsMember({"p256", "brainpool"}));
    c->add_option("--timeout", o->timeout_seconds, "Seconds until undecided devices count as failed");
    c->callback([=, &exit_code] {
        o->profile = *profile;
        o->state = *state;
        const bool mixed = std::find(dialects->begin(), dialects->end(), "mixed") != dialects->end();
        if (mixed)
            o->dialects = {"v1.0", "v1.1", "v1.2", "v1.3"};
        else if (!dialects->empty())
            o->dialects = *dialects;
        exit_code = lab::run(*o);
    });
}

} // namespace halyard::cli
