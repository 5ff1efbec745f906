// Results that the card does not keep, and installation results that the eIM wants too. SGP.32 §5.14.6
#include "ipa/back_writer.h"
#include "ipa/steps.h"

namespace halyard::ipa {
namespace {
OutboxItem* item_for(Context& c) {
    for (size_t i = 0; i < c.state.outbox_count; ++i)
        if (is(c.state.outbox[i].eim_id, c.serving().id.bytes())) return &c.state.outbox[i];
    return nullptr;
}

Result<Bytes> ask_installation_result(Context& c, Buffer out) {
    const OutboxItem* item = item_for(c);
    if (!item) return fail(Errc::not_found, "outbox");
    c.result = {};
    c.offered = {};
    return item->pir_transaction_id.empty() ? Result<Bytes>(Bytes{}) : ask_notifications(c, out);
}
Result<Next> take_installation_result(Context& c, Bytes reply) {
    const OutboxItem* item = item_for(c);
    TRY(for_each_tlv(TRY(list_in(reply, 0xA0)), [&](const asn1::Tlv& tlv) {
        const auto facts = inspect_notification(tlv.whole);
        if (!facts || !same(facts->transaction_id, item->pir_transaction_id.bytes())) return true;
        c.result = tlv.whole;
        c.result_number = facts->number;
        c.offered.add(facts->number);
        return false;
    }));
    return Next::advance;
}

Result<Bytes> ask_eim(Context& c, Buffer out) {
    const OutboxItem* item = item_for(c);
    if (item->pir_transaction_id.empty()) return provide_result(c, out, item->result.bytes());
    BackWriter writer(out);
    if (c.result.empty()) // gone from the card: nothing better to say
        writer.integer(0x80, 127).header(0x30);
    else
        writer.bytes(c.result);
    return writer.optional(0x82, item->eim_transaction_id.bytes())
        .header(0xBF54)
        .tlv(0x5A, c.eid)
        .header(0xBF50)
        .finish("profileDownloadTriggerResult");
}
Result<Next> take_answer(Context& c, Bytes reply) {
    TRY(take_acknowledgements(c, reply));
    OutboxItem* item = item_for(c);
    c.note("report delivered", c.offered.count ? c.result_number : 0);
    // Both receivers have it now: the SM-DP+ had it before, so the card may forget it whatever the eIM named.
    if (item->pir_delivered && c.offered.count) {
        asn1::Scratch scratch;
        BackWriter writer(c.keep.rest());
        writer.tlv(0x80, asn1::save_integer(static_cast<int64_t>(c.result_number), scratch));
        c.acknowledgements = TRY(writer.finish("acknowledgement"));
    }
    c.serving().unacknowledged = 0;
    drop_item(c, static_cast<size_t>(item - c.state.outbox.data()));
    TRY(c.save());
    return Next::advance;
}

void done(Context&) {}

constexpr Step kSteps[] = {
    {"ES10b.RetrieveNotificationsList",
     "SGP.32 §5.9.11",
     Peer::card,
     ask_installation_result,
     take_installation_result},
    {"ESipa.ProvideEimPackageResult", "SGP.32 §5.14.6", Peer::eim, ask_eim, take_answer},
    kRemoveAcknowledged,
};
} // namespace
const Procedure kReport{"report", kSteps, done, failed_towards_eim};
} // namespace halyard::ipa
