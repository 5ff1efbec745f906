#include "apps/cli/commands.h"
#include "apps/cli/euicc_commands.h"
#include "apps/common/card_view.h"
#include "profile/package.h"
#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace halyard::cli {
namespace {
using app::SoftCard, nlohmann::ordered_json;

// The file's content, or "" when the card does not give it.
std::string read_file_of_card(SoftCard& card, std::initializer_list<const char*> selects, unsigned size) {
    for (const char* select : selects) {
        const OwnedBytes response = card.transmit(*from_hex(select));
        if (response.size() < 2 ||
            (response[response.size() - 2] != 0x90 && response[response.size() - 2] != 0x61))
            return {};
    }
    const uint8_t read[] = {0x00, 0xB0, 0x00, 0x00, static_cast<uint8_t>(size)};
    const OwnedBytes response = card.transmit(read);
    if (response.size() != size + 2) return {};
    return hex(Bytes(response).first(size));
}

// What a terminal reads of the enabled profile, where there is one.
Ok add_files(SoftCard& card, ordered_json& out) {
    const std::string iccid = read_file_of_card(card, {"00A4000C023F00", "00A4000C022FE2"}, 10);
    const std::string imsi = read_file_of_card(card, {"00A4040C07A0000000871002", "00A4000C026F07"}, 9);
    if (!iccid.empty()) {
        Iccid value{};
        const OwnedBytes octets = TRY(from_hex(iccid));
        std::copy(octets.begin(), octets.end(), value.begin());
        out["ef_iccid"] = to_text(value);
    }
    if (!imsi.empty()) out["ef_imsi"] = profile::imsi_from_ef(TRY(from_hex(imsi)));
    return {};
}

Ok show(const std::string& dir, bool json) {
    auto card = TRY(SoftCard::open(dir));
    ordered_json view = TRY(app::card_view(app::inside(*card)));
    TRY(add_files(*card, view));
    // Names come from peers: what is no UTF-8 is replaced.
    const std::string text = json ? view.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n"
                                  : app::card_view_text(view);
    std::printf("%s", text.c_str());
    return {};
}
} // namespace

void add_euicc_show(CLI::App& top, int& exit_code) {
    auto dir = std::make_shared<std::string>();
    auto json = std::make_shared<bool>(false);
    CLI::App* look = top.add_subcommand(
        "show", "Identity, memory, profiles, eIMs, what waits, and the files of the enabled profile");
    look->add_option("dir", *dir, "Directory of the card")->required();
    look->add_flag("--json", *json, "Print one JSON object");
    look->callback([dir, json, &exit_code] {
        if (const auto ok = show(*dir, *json); !ok) exit_code = report(ok.error(), *dir, *json);
    });
}

} // namespace halyard::cli
