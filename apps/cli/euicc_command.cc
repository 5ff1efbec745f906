#include "apps/cli/commands.h"
#include "apps/cli/euicc_commands.h"
#include "apps/common/message_input.h"
#include "apps/common/soft_card.h"
#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace halyard::cli {
namespace {
using app::SoftCard, nlohmann::ordered_json;

// The file's content, or "" with the status word when the card does not give it.
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
    const euicc::State& state = card->card().isdr().state();
    ordered_json out{{"eid", to_text(card->identity().eid)},
                     {"dialect", rsp::name(card->identity().edition)},
                     {"memory", card->identity().memory},
                     {"memory_free", card->card().isdr().free_memory()}};
    // These references end at the next member: it may move them all.
    auto& profiles = out["profiles"] = ordered_json::array();
    for (const auto& p : state.profiles) {
        const auto meta = TRY(asn1::decode<rsp::StoreMetadataRequest>(p.metadata));
        profiles.push_back({{"iccid", to_text(p.iccid)},
                            {"aid", hex(euicc::isdp_aid(p.number))},
                            {"state", p.enabled ? "enabled" : "disabled"},
                            {"name", std::string(meta.profile_name)},
                            {"provider", std::string(meta.service_provider_name)},
                            {"fallback", p.fallback},
                            {"memory", p.memory}});
    }
    auto& eims = out["eims"] = ordered_json::array();
    for (const auto& e : state.eims) {
        ordered_json one{{"eim_id", e.id}, {"counter", e.counter}};
        if (e.token) one["association_token"] = *e.token;
        eims.push_back(one);
    }
    auto& notifications = out["notifications"] = ordered_json::array();
    for (const auto& n : state.notifications)
        notifications.push_back({{"seq", n.seq},
                                 {"operation", n.operation},
                                 {"address", n.address},
                                 {"iccid", n.iccid ? to_text(*n.iccid) : ""}});
    auto& results = out["package_results"] = ordered_json::array();
    for (const auto& r : state.results) results.push_back({{"seq", r.seq}});
    out["next_seq"] = state.next_seq;
    out["rollback_possible"] = state.rollback.has_value();
    TRY(add_files(*card, out));
    if (json) {
        std::printf("%s\n", out.dump().c_str());
        return {};
    }
    std::printf("EID           %s\ndialect       %s\nmemory        %u octets, %lu free\n",
                to_text(card->identity().eid).c_str(),
                rsp::name(card->identity().edition),
                card->identity().memory,
                static_cast<unsigned long>(card->card().isdr().free_memory()));
    std::printf("EF.ICCID      %s\nEF.IMSI       %s\n\nprofiles\n",
                out.value("ef_iccid", std::string("-")).c_str(),
                out.value("ef_imsi", std::string("-")).c_str());
    for (const auto& p : out["profiles"])
        std::printf("  %-20s %-8s %7lu octets  %s%s\n",
                    p["iccid"].get<std::string>().c_str(),
                    p["state"].get<std::string>().c_str(),
                    p["memory"].get<unsigned long>(),
                    p["name"].get<std::string>().c_str(),
                    p["fallback"].get<bool>() ? "  (fallback)" : "");
    std::printf("\nassociated eIMs\n");
    for (const auto& e : out["eims"])
        std::printf(
            "  %s, counter %lu\n", e["eim_id"].get<std::string>().c_str(), e["counter"].get<unsigned long>());
    std::printf("\nwaiting: %zu notifications, %zu package results\n",
                out["notifications"].size(),
                out["package_results"].size());
    return {};
}

Ok create(const std::string& dir,
          const std::vector<std::string>& pki,
          const std::string& eid,
          const std::string& bootstrap,
          const std::string& rat,
          const std::string& dialect,
          uint32_t memory) {
    app::SoftCardOptions options{.memory = memory, .edition = TRY(rsp::edition_from(dialect))};
    if (!bootstrap.empty()) options.bootstrap = TRY(app::read_file(bootstrap, 16u << 20, "bootstrap"));
    if (!rat.empty()) options.rat = TRY(app::der_of(TRY(app::read_argument(rat))));
    for (size_t i = 1; i < pki.size(); ++i) options.more_pki.push_back({pki[i]});
    return SoftCard::create(dir, {pki.front()}, TRY(eid_from_text(eid)), options);
}

Ok apdu(const std::string& dir, const std::vector<std::string>& commands) {
    auto card = TRY(SoftCard::open(dir));
    for (const std::string& text : commands) {
        if (text == "reset") {
            TRY(card->reset());
            std::printf("< %s\n", hex(euicc::Card::atr()).c_str());
            continue;
        }
        const OwnedBytes command = TRY(from_hex(text, "apdu"));
        std::printf("> %s\n< %s\n", hex(command).c_str(), hex(card->transmit(command)).c_str());
    }
    return {};
}
} // namespace

void add_euicc_commands(CLI::App& app, int& exit_code) {
    CLI::App* top = app.add_subcommand("euicc", "Software eUICCs: make one, look into it, talk to it");
    top->require_subcommand(1);
    struct Arguments {
        std::string dir, eid, bootstrap, rat, dialect = "v1.2";
        std::vector<std::string> pki;
        uint32_t memory = 1024 * 1024;
        bool json = false;
        std::vector<std::string> apdus;
    };
    auto a = std::make_shared<Arguments>();
    CLI::App* make = top->add_subcommand("create", "A new card with an identity of `halyard pki init`");
    make->add_option("dir", a->dir, "Directory of the card")->required();
    make->add_option(
            "--pki", a->pki, "Directory of `halyard pki init`; repeated: further CIs, the preferred first")
        ->required();
    make->add_option("--eid", a->eid, "32 digits; one of that directory")->required();
    make->add_option("--bootstrap", a->bootstrap, "Profile package to ship enabled");
    make->add_option(
        "--rat",
        a->rat,
        "Rules authorisation table: a GetRatResponse as file, hex or base64 (`halyard asn1 encode`); "
        "default: no policy rule is allowed");
    make->add_option("--memory", a->memory, "Octets for profiles");
    make->add_option("--dialect", a->dialect, "Edition of SGP.32 the card is built to, default v1.2")
        ->check(CLI::IsMember({"v1.0", "v1.1", "v1.2", "v1.3"}));
    make->add_flag("--json", a->json, "Errors as one JSON object");
    make->callback([a, &exit_code] {
        if (const auto ok = create(a->dir, a->pki, a->eid, a->bootstrap, a->rat, a->dialect, a->memory); !ok)
            exit_code = report(ok.error(), a->dir, a->json);
    });
    CLI::App* look = top->add_subcommand(
        "show", "Profiles, eIMs, memory, what waits, and the files of the enabled profile");
    look->add_option("dir", a->dir, "Directory of the card")->required();
    look->add_flag("--json", a->json, "Print one JSON object");
    look->callback([a, &exit_code] {
        if (const auto ok = show(a->dir, a->json); !ok) exit_code = report(ok.error(), a->dir, a->json);
    });
    CLI::App* talk = top->add_subcommand("apdu", "Send command APDUs (hex) or `reset`, one after the other");
    talk->add_option("dir", a->dir, "Directory of the card")->required();
    talk->add_option("apdus", a->apdus, "Hex, or reset")->required();
    talk->add_flag("--json", a->json, "Errors as one JSON object");
    talk->callback([a, &exit_code] {
        if (const auto ok = apdu(a->dir, a->apdus); !ok) exit_code = report(ok.error(), a->dir, a->json);
    });
    add_euicc_serve(*top, exit_code);
    add_euicc_trace(*top, exit_code);
    add_euicc_fs(*top, exit_code);
}

} // namespace halyard::cli
