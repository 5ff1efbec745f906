// Giving an eUICC package to the card and its result to the eIM. SGP.32 §3.3.1
#include "ipa/back_writer.h"
#include "ipa/compact.h"
#include "ipa/steps.h"

namespace halyard::ipa {
namespace {
Result<Bytes> ask_card(Context& c, Buffer) {
    expect_change(c);
    TRY(c.save()); // from here on the card may hold a result that this eIM is owed (RR-10)
    return c.result;
}

Ok arm_rollback(Context& c) {
    c.state.rollback = {};
    c.state.rollback.phase = RollbackDuty::Phase::armed;
    c.state.rollback.eim_id = c.serving().id;
    c.note("rollback armed");
    return c.save();
}

/// The other eIMs' picture of this card is out of date. SGP.32 §3.1.1.1, stateChangeCause otherEim
Ok tell_others(Context& c) {
    c.state.change = {true, static_cast<uint8_t>(rsp::StateChangeCause::other_eim), c.serving().id};
    bool anybody = false;
    for (size_t i = 0; i < c.eim_count; ++i) {
        c.eims[i].told = i == c.eim || c.eims[i].ghost;
        anybody = anybody || !c.eims[i].told;
        if (!c.eims[i].told) c.eims[i].poll = {};
    }
    c.state.change.active = anybody;
    return anybody ? c.save() : Ok{};
}

/// An error is not kept by the card: the outbox keeps it.
Ok post_error_result(Context& c, Bytes result) {
    OutboxItem item;
    TRY(item.eim_id.assign(c.serving().id.bytes()));
    TRY(item.result.assign(result));
    c.state.package = {};
    ++c.serving().bad_packages;
    c.note("package failed");
    if (!c.transfer.active) return c.post(item);
    TRY(answer_transfer(c, result));
    return c.save();
}

Result<Next> take_result(Context& c, Bytes reply) {
    const auto facts = TRY(inspect_result(reply));
    if (!facts.is_signed) {
        TRY(post_error_result(c, reply));
        return Next::advance;
    }
    // Over a profile that is about to change it goes later, which proves the new one.
    if (c.transfer.active && !facts.switched) TRY(answer_transfer(c, reply));
    c.serving().results = true;
    c.serving().bad_packages = 0;
    c.serving().unacknowledged = 0;
    c.serving().deliver = {};
    // Answered at once, it will be acknowledged at once; should that not come, it is delivered as any other.
    if (!c.transfer.answer.empty()) c.serving().deliver.after(c.now, c.backoff(1));
    c.note("package executed", facts.number);
    c.state.rollback = {}; // an earlier grant ended when the card took this package
    if (facts.enabled && c.state.package.rollback) TRY(arm_rollback(c));
    if (c.state.package.ecos) c.started = false; // read the eIMs anew
    if (facts.changed || c.state.package.ecos) TRY(tell_others(c));
    if (!c.state.package.ecos) c.notifications_pending = true;
    c.reset_card = facts.switched;
    return Next::advance;
}

void loaded(Context&) {}

void load_failed(Context& c, const Step& step, const Error& error) {
    c.note_error("step failed", step.name, error);
    if (error.code == Errc::storage) { // nothing was sent to the card
        c.transfer.error = rsp::EimPackageResultErrorCode::undefined_error;
        c.state.package = {};
        c.serving().poll.after(c.now, c.backoff(1));
        return;
    }
    if (c.reset_card) return; // link lost: the card is asked what became of it
    if (auto posted = c.post_package_error(
            rsp::EimPackageResultErrorCode::undefined_error,
            inspect_package(c.result) ? inspect_package(c.result)->eim_transaction_id : Bytes{});
        !posted)
        c.note_error("result lost", step.name, posted.error());
    c.state.package = {};
    c.started = false;
}

// ---- Delivery: the card is asked what it keeps, so that it works the same after a power cut ----

Result<Next> take_results(Context& c, Bytes reply) {
    const Bytes list = TRY(list_in(reply, 0xA2));
    c.result = {};
    c.offered = {};
    TRY(for_each_tlv(list, [&](const asn1::Tlv& tlv) {
        const auto facts = inspect_result(tlv.whole);
        if (!facts || !facts->is_signed || !is(c.serving().id, facts->eim_id)) return true;
        c.result = tlv.whole;
        c.result_number = facts->number;
        return false;
    }));
    c.serving().results = !c.result.empty();
    if (c.result.empty()) {
        const bool ours = c.state.package.active && is(c.state.package.eim_id, c.serving().id.bytes());
        if (ours) c.state.package = {};
        if (ours) TRY(c.save());
        return Next::finish;
    }
    c.result = TRY(c.keep.copy(c.result, "euiccPackageResult"));
    c.offered.add(c.result_number);
    return Next::advance;
}

bool bundling(const Context& c) { return c.config.download == Config::Download::indirect; }

Result<Bytes> ask_bundle(Context& c, Buffer out) {
    c.notifications = {};
    return bundling(c) && c.notifications_pending ? ask_notifications(c, out) : Result<Bytes>(Bytes{});
}
/// The list with each notification in the form in which it goes to this eIM. `out` is free until the message
/// is made.
Result<Bytes> list_to_send(Context& c, Bytes list) {
    if (!may_compact(c)) return list;
    size_t used = 0;
    TRY(for_each_tlv(list, [&](const asn1::Tlv& tlv) {
        const Bytes form = notification_to_send(c, tlv.whole);
        std::copy(form.begin(), form.end(), c.memory.out.begin() + static_cast<ptrdiff_t>(used));
        used += form.size(); // never longer than in full, and in full it fits
        return true;
    }));
    return c.keep.copy(Bytes(c.memory.out).first(used), "notificationList").value_or(list);
}

Result<Next> take_bundle(Context& c, Bytes reply) {
    const Bytes list = TRY(list_in(reply, 0xA0));
    // What does not fit beside the result goes by itself afterwards.
    if (list.size() + c.result.size() + 64 > c.memory.out.size()) return Next::advance;
    TRY(offer_notifications(c, list));
    c.notifications = TRY(list_to_send(c, list)); // stays in `in` until the eIM answers
    return Next::advance;
}

Result<Bytes> ask_eim(Context& c, Buffer out) {
    if (c.notifications.empty()) return provide_result(c, out, c.result);
    return BackWriter(out)
        .tlv(0xA0, c.notifications)
        .bytes(c.result)
        .header(0x30)
        .tlv(0x5A, c.eid)
        .header(0xBF50)
        .finish("ePRAndNotifications");
}
Result<Next> take_answer(Context& c, Bytes reply) {
    TRY(take_acknowledgements(c, reply));
    Eim& eim = c.serving();
    if (c.acknowledged) {
        eim.unacknowledged = 0;
        c.note("result delivered", c.result_number);
        return Next::advance;
    }
    ++eim.unacknowledged;
    eim.deliver.after(c.now, c.backoff(eim.unacknowledged));
    c.note("result not acknowledged", c.result_number);
    return Next::advance;
}

// After the last result the eIMs may be others than before.
void delivered(Context& c) {
    if (!c.serving().results && c.serving().ghost) c.started = false;
}

constexpr Step kLoadSteps[] = {
    {"ES10b.LoadEuiccPackage", "SGP.32 §5.9.1", Peer::card, ask_card, take_result},
};
constexpr Step kDeliverSteps[] = {
    {"ES10b.RetrieveNotificationsList", "SGP.32 §5.9.11", Peer::card, ask_results, take_results},
    {"ES10b.RetrieveNotificationsList", "SGP.32 §5.9.11", Peer::card, ask_bundle, take_bundle},
    {"ESipa.ProvideEimPackageResult", "SGP.32 §5.14.6", Peer::eim, ask_eim, take_answer},
    kRemoveAcknowledged,
};
} // namespace
const Procedure kPackage{"package", kLoadSteps, loaded, load_failed};
const Procedure kDeliver{"deliver", kDeliverSteps, delivered, failed_towards_eim};
} // namespace halyard::ipa
