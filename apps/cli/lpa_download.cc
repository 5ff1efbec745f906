#include "apps/cli/commands.h"
#include "apps/cli/lpa_parts.h"
#include "apps/common/files.h"
#include "eim/activation_code.h"
#include <cstdio>
#include <iostream>

namespace halyard::cli {
namespace {
using nlohmann::ordered_json;
using Reason = rsp::CancelSessionReason;

struct DownloadArguments : LpaArguments {
    std::string code_file, confirmation_file, smds, cancel_at, cancel_reason = "user-rejection";
    bool default_smdp = false, from_smds = false, ppr_consent = false, keep_notifications = false;
};

const std::map<std::string, lpa::Pause> kPauses{{"metadata", lpa::Pause::metadata},
                                                {"prepared", lpa::Pause::prepared},
                                                {"package", lpa::Pause::package},
                                                {"loading", lpa::Pause::loading}};
const std::map<std::string, Reason> kReasons{{"user-rejection", Reason::end_user_rejection},
                                             {"postponed", Reason::postponed},
                                             {"timeout", Reason::timeout},
                                             {"ppr-not-allowed", Reason::ppr_not_allowed},
                                             {"metadata-mismatch", Reason::metadata_mismatch},
                                             {"load-error", Reason::load_bpp_execution_error},
                                             {"undefined", Reason::undefined_reason}};
template <class Map> std::vector<std::string> keys_of(const Map& map) {
    std::vector<std::string> out;
    for (const auto& [key, value] : map) out.push_back(key);
    return out;
}
const char* name_of(Reason reason) {
    for (const auto& [key, value] : kReasons)
        if (value == reason) return key.c_str();
    return "undefined";
}

// "-" is stdin. Without the line's end, which editors leave behind. Codes are never on the command line
// (SR-43).
Result<std::string> line_of(const std::string& file, const char* what) {
    std::string text;
    if (file == "-")
        (void)std::getline(std::cin, text);
    else
        text = text_of(TRY(app::read_file(file, 4096, what)));
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    if (text.empty()) return fail(Errc::missing_field, what);
    return text;
}

// Addresses that the card was given: its SM-DP+, its root SM-DS. SGP.22 §3.1.3, §3.6.2
Result<std::string> configured(lpa::Card& card, bool smds) {
    const OwnedBytes octets = TRY(card.addresses());
    const auto all = TRY(asn1::decode<rsp::EuiccConfiguredAddressesResponse>(octets));
    const std::string_view address = smds ? all.root_ds_address : all.default_dp_address.value_or("");
    if (address.empty()) return fail(Errc::not_found, smds ? "rootDsAddress" : "defaultDpAddress");
    return std::string(address);
}

Result<std::vector<lpa::Event>> events_for(const LpaArguments&, LpaSetting& with, std::string smds) {
    if (smds.empty()) smds = TRY(configured(with.card, true));
    std::optional<rsp::StatusCode> refused;
    auto events =
        TRY(lpa::discover(with.card, with.servers, {.address = smds, .device = with.device}, refused));
    if (refused) {
        (void)std::fprintf(stderr, "SM-DS: %s\n", rsp::describe(*refused).c_str());
        if (events.empty()) return fail(Errc::rejected, "SM-DS");
    }
    return events;
}

// Where to go, one entry for each download.
Result<std::vector<lpa::Wanted>> wanted(const DownloadArguments& a, LpaSetting& with) {
    lpa::Wanted base{.device = with.device, .ppr_consent = a.ppr_consent};
    if (!a.confirmation_file.empty())
        base.confirmation_code = TRY(line_of(a.confirmation_file, "confirmation-code-file"));
    std::vector<lpa::Wanted> out;
    if (a.from_smds) {
        for (const lpa::Event& e : TRY(events_for(a, with, a.smds))) {
            out.push_back(base);
            out.back().address = e.address;
            out.back().matching_id = e.id;
        }
        return out;
    }
    if (a.default_smdp) {
        base.address = TRY(configured(with.card, false));
    } else {
        const std::string text = TRY(line_of(a.code_file, "activation-code-file"));
        const auto code = TRY(eim::parse_activation_code(text));
        if (code.confirmation_code && base.confirmation_code.empty())
            return fail(Errc::missing_field, "confirmation-code-file");
        base.address = code.address;
        base.matching_id = code.matching_id;
        base.oid = code.oid;
    }
    out.push_back(std::move(base));
    return out;
}

std::string said(const lpa::Outcome& o) {
    if (o.installed) return "installed";
    if (o.cancelled) return std::string("cancelled, ") + name_of(*o.cancelled) + ": " + o.why;
    if (o.refused) return "refused: " + rsp::describe(*o.refused);
    if (o.card_error) return "the card refuses, code " + std::to_string(*o.card_error);
    return "not installed, command " + std::to_string(o.bpp_command.value_or(-1)) + " reason " +
           std::to_string(o.result_error.value_or(-1));
}

void print(const lpa::Wanted& w, const lpa::Outcome& o, bool json) {
    if (!json) {
        std::printf("%s %s: %s (%s)\n",
                    w.address.c_str(),
                    o.iccid ? to_text(*o.iccid).c_str() : "-",
                    said(o).c_str(),
                    o.step.c_str());
        return;
    }
    ordered_json out{{"address", w.address}, {"installed", o.installed}, {"step", o.step}};
    if (o.iccid) {
        out["iccid"] = to_text(*o.iccid);
        out["name"] = o.profile;
        out["provider"] = o.provider;
    }
    if (o.refused)
        out["refused"] = {{"subjectCode", o.refused->subject},
                          {"reasonCode", o.refused->reason},
                          {"message", o.refused->message}};
    if (o.card_error) out["card_error"] = *o.card_error;
    if (o.cancelled) {
        out["cancelled"] = name_of(*o.cancelled);
        out["why"] = o.why;
    }
    if (o.result_error) {
        out["bpp_command"] = *o.bpp_command;
        out["result_error"] = *o.result_error;
    }
    std::printf("%s\n", out.dump(-1, ' ', false, ordered_json::error_handler_t::replace).c_str());
}

Ok download(const DownloadArguments& a, int& exit_code) {
    auto with = TRY(open_lpa(a));
    const auto choice = [&](lpa::Pause pause) {
        const auto at = kPauses.find(a.cancel_at);
        return at != kPauses.end() && at->second == pause ? std::optional(kReasons.at(a.cancel_reason))
                                                          : std::nullopt;
    };
    const auto all = TRY(wanted(a, with));
    if (all.empty() && !a.json) std::printf("no events\n");
    for (const lpa::Wanted& w : all) {
        const auto done = TRY(lpa::download(with.card, with.servers, w, choice));
        print(w, done, a.json);
        if (!done.installed) exit_code = 1;
    }
    if (a.keep_notifications) return {};
    for (const lpa::Pending& p : TRY(lpa::deliver(with.card, with.servers)))
        if (p.not_sent) {
            print_notification(p, a.json);
            exit_code = 1;
        }
    return {};
}

Ok discover(const DownloadArguments& a) {
    auto with = TRY(open_lpa(a));
    for (const lpa::Event& e : TRY(events_for(a, with, a.smds)))
        if (a.json)
            std::printf("%s\n",
                        ordered_json{{"address", e.address}, {"event_id", e.id}}
                            .dump(-1, ' ', false, ordered_json::error_handler_t::replace)
                            .c_str());
        else
            std::printf("%s %s\n", e.address.c_str(), e.id.c_str());
    return {};
}
} // namespace

void add_lpa_download(CLI::App& top, int& exit_code) {
    auto a = std::make_shared<DownloadArguments>();
    CLI::App* c = add_lpa_command(
        top, "download", "Download and install a profile, then tell its SM-DP+ (SGP.22 §3.1.3)", *a, true);
    auto* from = c->add_option_group("from", "Where the profile is; one of them");
    from->add_option("--activation-code-file",
                     a->code_file,
                     "File with 1$address$matchingId[$OID[$1]], with or without LPA:; - for stdin");
    from->add_flag("--default-smdp", a->default_smdp, "The SM-DP+ that the card names, by EID");
    from->add_flag("--smds", a->from_smds, "Whatever events the SM-DS has for this eUICC");
    from->require_option(1);
    c->add_option("--smds-address", a->smds, "SM-DS instead of the root one that the card names");
    c->add_option(
        "--confirmation-code-file", a->confirmation_file, "File with the confirmation code; - for stdin");
    c->add_flag("--ppr-consent", a->ppr_consent, "Agree to policy rules that need the user's consent");
    c->add_option("--cancel-at",
                  a->cancel_at,
                  "End the session there, as a user may: " + CLI::detail::join(keys_of(kPauses), ", "))
        ->check(CLI::IsMember(keys_of(kPauses)));
    c->add_option("--cancel-reason", a->cancel_reason, CLI::detail::join(keys_of(kReasons), ", "))
        ->check(CLI::IsMember(keys_of(kReasons)));
    c->add_flag("--keep-notifications", a->keep_notifications, "Leave the result on the card for now");
    c->callback([a, &exit_code] {
        if (const Ok done = download(*a, exit_code); !done)
            exit_code = report(done.error(), "lpa download", a->json);
    });
}

void add_lpa_discover(CLI::App& top, int& exit_code) {
    auto a = std::make_shared<DownloadArguments>();
    CLI::App* c =
        add_lpa_command(top, "discover", "Ask an SM-DS what waits for this eUICC (SGP.22 §3.6.2)", *a, true);
    c->add_option("--smds-address", a->smds, "Instead of the root SM-DS that the card names");
    c->callback([a, &exit_code] {
        if (const Ok done = discover(*a); !done) exit_code = report(done.error(), "lpa discover", a->json);
    });
}

} // namespace halyard::cli
