// How a download begins and how its outcome is kept for the eIM. SGP.32 §3.2.3
#include "ipa/back_writer.h"
#include "ipa/steps.h"

namespace halyard::ipa {
namespace {
std::string_view take_part(std::string_view& rest) {
    const size_t end = std::min(rest.find('$'), rest.size());
    const auto part = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return part;
}

bool printable(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

OutboxItem item_for(const DownloadDuty& duty) {
    OutboxItem item;
    item.eim_id = duty.eim_id;
    item.eim_transaction_id = duty.eim_transaction_id;
    return item;
}
} // namespace

Result<ActivationCode> parse_activation_code(std::string_view text) {
    if (text.starts_with("LPA:")) text.remove_prefix(4);
    if (!printable(text)) return fail(Errc::bad_value, "activationCode");
    if (take_part(text) != "1") return fail(Errc::bad_value, "activationCode format");
    ActivationCode code;
    code.address = take_part(text);
    code.matching_id = take_part(text);
    code.oid = take_part(text);
    const auto flag = take_part(text);
    if (code.address.empty()) return fail(Errc::missing_field, "activationCode address");
    if (!code.oid.empty() && !asn1::oid_from_text(code.oid))
        return fail(Errc::bad_value, "activationCode oid");
    if (!flag.empty() && flag != "1") return fail(Errc::bad_value, "activationCode flag");
    code.confirmation_code = flag == "1";
    return code;
}

Ok prepare_download(Context& c) {
    const DownloadDuty& duty = c.state.download;
    c.download = {};
    DownloadRun& run = c.download;
    if (!c.serve(duty.eim_id.bytes())) return fail(Errc::not_found, "eimId");
    run.indirect = c.config.download == Config::Download::indirect && c.serving().indirect;
    const bool by_event =
        duty.source == DownloadDuty::Source::smds || duty.source == DownloadDuty::Source::event;
    c.server = run.indirect ? Peer::eim : by_event ? Peer::smds : Peer::smdp;
    const auto text = text_of(duty.text.bytes());
    switch (duty.source) {
    case DownloadDuty::Source::activation_code:
    case DownloadDuty::Source::event: run.code = TRY(parse_activation_code(text)); break;
    case DownloadDuty::Source::smds: run.code.address = text; break; // ES11 is the eIM's when it relays
    case DownloadDuty::Source::eim:
        if (!run.indirect) return fail(Errc::missing_field, "profileDownloadData");
        break;
    case DownloadDuty::Source::default_smdp: break;
    }
    TRY(c.smdp.assign(bytes_of(run.code.address)));
    c.note("download started", run.indirect, run.code.address);
    return {};
}

Ok report_installation(Context& c) {
    OutboxItem item = item_for(c.state.download);
    item.pir_transaction_id = c.state.download.transaction_id;
    if (c.serve(item.eim_id.bytes())) c.serving().failed_downloads = 0;
    c.state.download = {};
    c.notifications_pending = true;
    return c.post(item); // saves both at once: the duty becomes a result, or nothing changed
}

Ok report_download_error(Context& c) {
    OutboxItem item = item_for(c.state.download);
    std::array<uint8_t, 160> buffer;
    BackWriter writer(buffer);
    writer.optional(0x04, c.download.error_response.bytes());
    writer.integer(0x80, 127).header(0x30);
    writer.optional(0x82, item.eim_transaction_id.bytes()).header(0xBF54);
    TRY(item.result.assign(TRY(writer.finish("profileDownloadError"))));
    // Its trigger will come again. Fetched at once, an outage of a minute at the SM-DP+ would use up all the
    // tries an eIM allows; so each time it is left to wait longer.
    if (c.serve(item.eim_id.bytes()))
        c.serving().poll.after(c.now, c.backoff(++c.serving().failed_downloads));
    c.state.download = {};
    return c.post(item);
}

} // namespace halyard::ipa
