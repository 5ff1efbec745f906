// Ending a download session that will not be completed. SGP.32 §3.2.3.3
#include "ipa/back_writer.h"
#include "ipa/compact.h"
#include "ipa/steps.h"

namespace halyard::ipa {
namespace {
Result<Bytes> ask_card(Context& c, Buffer out) {
    c.download.session = false;
    c.download.cancelled = true;
    return asn1::encode(rsp::CancelSessionRequest{c.download.transaction.bytes(), c.download.reason}, out);
}
Result<Next> take_card(Context& c, Bytes reply) {
    const auto tlv = TRY(asn1::read_tlv(reply, "cancelSessionResponse"));
    if (tlv.tag != 0xBF41) return fail(Errc::bad_tag, "cancelSessionResponse", tlv.tag);
    c.result = tlv.content;
    return Next::advance;
}
Result<Bytes> ask_server(Context& c, Buffer out) {
    return BackWriter(out)
        .tlv(0xA1, cancel_to_send(c, c.result))
        .tlv(0x80, c.download.transaction.bytes())
        .header(0xBF41)
        .finish("cancelSessionRequest");
}
Result<Next> take_server(Context& c, Bytes reply) {
    if (c.download.compacted) { // other answers change nothing: on the card the session has ended
        const auto response = TRY(asn1::decode<rsp::CancelSessionResponseEsipa>(reply));
        using Refusal = rsp::CancelSessionResponseEsipa::CancelSessionError;
        const auto* error = std::get_if<1>(&response.is);
        if (error && *error != Refusal::invalid_transaction_id) return again_in_full(c);
    }
    c.note("session cancelled", static_cast<uint64_t>(c.download.reason));
    return Next::advance;
}

void done(Context& c) {
    // A package that was being loaded may have left a result on the card: the start looks for it.
    if (c.state.download.phase == DownloadDuty::Phase::loading) {
        c.started = false;
        return;
    }
    if (auto posted = report_download_error(c); !posted)
        c.note_error("result lost", "cancel", posted.error());
}
void failed(Context& c, const Step& step, const Error& error) {
    c.note_error("cancel failed", step.name, error);
    if (!c.reset_card) done(c); // best effort: the server forgets the session in time
}

constexpr Step kSteps[] = {
    {"ES10b.CancelSession", "SGP.22 §5.7.14", Peer::card, ask_card, take_card},
    {"CancelSession", "SGP.32 §5.14.8", Peer::server, ask_server, take_server},
};
} // namespace
const Procedure kCancel{"cancel", kSteps, done, failed};
} // namespace halyard::ipa
