// What an SM-DS answered: where a profile waits. SGP.22 §3.6.2, SGP.32 §3.9.2
#include "ipa/back_writer.h"
#include "ipa/steps.h"

namespace halyard::ipa {

tl::unexpected<Error> server_error(Context& c, const char* where, uint64_t code, Bytes reply) {
    if (!c.download.error_response.assign(reply)) c.download.error_response.clear();
    return fail(Errc::rejected, where, static_cast<uint32_t>(code));
}
namespace {
/// The activation code that says the same: "1$rspServerAddress$eventId".
Result<Bytes> code_of_event(const rsp::EventEntries& event, Buffer out) {
    if (event.event_id.find('$') != std::string_view::npos) return fail(Errc::bad_value, "eventId");
    const Bytes code = TRY(BackWriter(out)
                               .bytes(bytes_of(event.event_id))
                               .bytes(bytes_of("$"))
                               .bytes(bytes_of(event.rsp_server_address))
                               .bytes(bytes_of("1$"))
                               .finish("eventEntries"));
    const auto read = TRY(parse_activation_code(text_of(code)));
    if (read.address != event.rsp_server_address) return fail(Errc::bad_value, "rspServerAddress");
    return code;
}
} // namespace

/// The SM-DS had an event: its trigger starts a second download in place of this one. SGP.32 §3.9.2.2
Result<Next> take_smds_event(Context& c, const rsp::AuthenticateClientOkDSEsipa& ok) {
    DownloadDuty& duty = c.state.download;
    const auto trigger = ok.profile_download_trigger;
    if (!trigger || ++duty.restarts > 3) return fail(Errc::not_found, "profileDownloadTrigger");
    duty.source = DownloadDuty::Source::eim;
    if (trigger->eim_transaction_id) TRY(duty.eim_transaction_id.assign(*trigger->eim_transaction_id));
    if (trigger->profile_download_data) {
        const auto* code = std::get_if<0>(&trigger->profile_download_data->is);
        if (!code || !parse_activation_code(*code)) return fail(Errc::unsupported, "profileDownloadTrigger");
        duty.source = DownloadDuty::Source::activation_code;
        TRY(duty.text.assign(bytes_of(*code)));
    }
    TRY(c.save());
    c.note("download triggered");
    return Next::finish;
}

/// What the SM-DS knows of. One event is followed, the others are there for the next trigger; after a
/// download that failed the turn is another one's, so that none blocks those behind it. SGP.22 §3.6.2
Result<Next> take_events(Context& c, Bytes reply) {
    c.download.session = false; // it has served: nothing is to be cancelled
    const auto response = TRY(asn1::decode<rsp::AuthenticateClientResponseEs11>(reply));
    if (const auto* error = std::get_if<1>(&response.is))
        return server_error(c, "authenticateClientError", static_cast<uint64_t>(*error), reply);
    const auto& ok = std::get<0>(response.is);
    if (!same(ok.transaction_id, c.download.transaction.bytes()))
        return fail(Errc::rejected, "transactionId");
    size_t count = 0;
    TRY(ok.event_entries.for_each([&](const rsp::EventEntries&) { ++count; }));
    if (!count) {
        if (!c.download.error_response.assign(reply)) c.download.error_response.clear();
        return fail(Errc::not_found, "eventEntries");
    }
    DownloadDuty& duty = c.state.download;
    if (++duty.restarts > 3) return fail(Errc::limit, "eventEntries"); // SM-DS that point at each other
    const size_t wanted = c.serving().failed_downloads % count;
    rsp::EventEntries event;
    size_t at = 0;
    TRY(ok.event_entries.for_each([&](const rsp::EventEntries& entry) {
        if (at++ == wanted) event = entry;
    }));
    TRY(duty.text.assign(TRY(code_of_event(event, c.memory.out))));
    duty.source = DownloadDuty::Source::event;
    TRY(c.save());
    c.note("event found", count);
    return Next::finish;
}

} // namespace halyard::ipa
