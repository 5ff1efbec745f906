#pragma once
#include "apps/lpa/download.h"
#include "apps/lpa/local.h"
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace halyard::cli {

/// What the commands of `halyard lpa` are called with.
struct LpaArguments {
    std::string card, es9 = "json", tac = "35290611", imei;
    std::vector<std::string> trust, resolve;
    double patience = 0;
    bool json = false, send = false;
    std::string iccid, address;
};
/// A card, the servers, and the device between them.
struct LpaSetting {
    lpa::Card card;
    lpa::Servers servers;
    rsp::DeviceInfo device;
};
Result<LpaSetting> open_lpa(const LpaArguments&);
/// A subcommand with the options all of them share; `servers`: it talks to some.
CLI::App* add_lpa_command(CLI::App& top, const char* name, const char* what, LpaArguments&, bool servers);
void print_notification(const lpa::Pending&, bool json);
void add_lpa_download(CLI::App& top, int& exit_code);
void add_lpa_discover(CLI::App& top, int& exit_code);

} // namespace halyard::cli
