// Notifications to the SM-DP+ they name: directly, or through an eIM. SGP.32 §3.7
#include "ipa/back_writer.h"
#include "ipa/compact.h"
#include "ipa/steps.h"

namespace halyard::ipa {
namespace {
uint32_t hash_of(Bytes bytes) {
    uint32_t hash = 2166136261u;
    for (const uint8_t octet : bytes) hash = (hash ^ octet) * 16777619u;
    return hash;
}

bool waits(const NotifyRun& run, std::string_view address) {
    const auto end = run.failed.begin() + static_cast<ptrdiff_t>(run.failed_count);
    return std::find(run.failed.begin(), end, hash_of(bytes_of(address))) != end;
}

OutboxItem* owed_to_eim(Context& c, Bytes transaction) {
    if (transaction.empty()) return nullptr;
    for (size_t i = 0; i < c.state.outbox_count; ++i)
        if (same(c.state.outbox[i].pir_transaction_id.bytes(), transaction)) return &c.state.outbox[i];
    return nullptr;
}

/// The eIM that relays: one whose configuration says so, else the first.
bool choose_eim(Context& c) {
    size_t chosen = kMaxEims;
    for (size_t i = c.eim_count; i-- > 0;)
        if (!c.eims[i].ghost && (chosen == kMaxEims || c.eims[i].indirect || !c.eims[chosen].indirect))
            chosen = i;
    if (chosen == kMaxEims) return false;
    c.eim = chosen;
    return c.serving().blocked.is_due(c.now);
}

bool can_go_directly(const Context& c) {
    return c.config.has(rsp::IpaCapabilities::IpaFeatures::direct_rsp_server_communication);
}

/// An eIM need only take notifications of downloads that it relayed. SGP.32 §3.7
bool through_eim(Context& c) {
    if (c.config.download != Config::Download::indirect || !choose_eim(c)) return false;
    return !can_go_directly(c) || (c.serving().indirect && c.notification.refused != c.notification.number);
}

Result<Next> take_list(Context& c, Bytes reply) {
    NotifyRun& run = c.notification;
    const Bytes list = TRY(list_in(reply, 0xA0));
    run.notification = {};
    std::optional<NotificationFacts> first;
    bool held = false;
    // Per address in rising order; what waits for another receiver does not hold up the rest.
    TRY(for_each_tlv(list, [&](const asn1::Tlv& tlv) {
        const auto facts = inspect_notification(tlv.whole);
        if (!facts || waits(run, facts->address)) return held = held || facts.has_value(), true;
        const OutboxItem* owed = owed_to_eim(c, facts->transaction_id);
        if (owed && owed->pir_delivered) return true;
        if (first && first->number < facts->number) return true;
        first = *facts;
        run.notification = tlv.whole;
        return true;
    }));
    if (!first) {
        c.notifications_pending = held;
        run.failed_count = 0;
        if (held) c.notify.after(c.now, c.backoff(++c.notify_failures));
        if (!held) c.notify_failures = 0;
        return Next::finish;
    }
    run.number = first->number;
    TRY(run.transaction.assign(first->transaction_id));
    TRY(run.address.assign(bytes_of(first->address)));
    run.notification = TRY(c.keep.copy(run.notification, "pendingNotification"));
    run.through_eim = through_eim(c);
    c.server = run.through_eim ? Peer::eim : Peer::smdp;
    c.smdp = run.address;
    return Next::advance;
}

Result<Bytes> ask_server(Context& c, Buffer out) {
    NotifyRun& run = c.notification;
    Bytes notification = run.notification;
    if (run.through_eim && run.in_full != run.number) notification = notification_to_send(c, notification);
    run.compacted = notification.data() != run.notification.data();
    return BackWriter(out).tlv(0xA0, notification).header(0xBF3D).finish("handleNotification");
}
Result<Next> take_confirmation(Context& c, Bytes) { // empty as a rule; some answer with a body
    if (c.notification.through_eim) c.eim_heard();
    c.note("notification delivered", c.notification.number, text_of(c.notification.address.bytes()));
    return Next::advance;
}

Result<Bytes> ask_remove(Context& c, Buffer out) {
    if (OutboxItem* owed = owed_to_eim(c, c.notification.transaction.bytes())) {
        owed->pir_delivered = true; // the eIM still needs it: removed once that is done
        TRY(c.save());
        return Bytes{};
    }
    return asn1::encode(rsp::NotificationSentRequest{c.notification.number}, out);
}
Result<Next> take_removed(Context& c, Bytes reply) {
    c.acknowledgements = {};
    return take_removal(c, reply);
}

void done(Context&) {} // notifications_pending stays until the list is empty

void failed(Context& c, const Step& step, const Error& error) {
    NotifyRun& run = c.notification;
    c.note_error("notification not delivered", step.name, error);
    if (step.peer == Peer::server && run.compacted && error.code != Errc::unreachable) {
        run.in_full = run.number; // it could not be put together: once more as it is
        return;
    }
    if (step.peer == Peer::server && run.through_eim && error.code == Errc::rejected && can_go_directly(c)) {
        run.refused = run.number;
        return;
    }
    if (step.peer == Peer::server && run.failed_count < run.failed.size()) {
        run.failed[run.failed_count++] = hash_of(run.address.bytes());
        return;
    }
    run.failed_count = 0;
    c.notify.after(c.now, c.backoff(++c.notify_failures));
}

constexpr Step kSteps[] = {
    {"ES10b.RetrieveNotificationsList", "SGP.32 §5.9.11", Peer::card, ask_notifications, take_list},
    {"HandleNotification", "SGP.32 §3.7", Peer::server, ask_server, take_confirmation},
    {"ES10b.RemoveNotificationFromList", "SGP.32 §3.7", Peer::card, ask_remove, take_removed},
};
} // namespace
const Procedure kNotify{"notify", kSteps, done, failed};
} // namespace halyard::ipa
