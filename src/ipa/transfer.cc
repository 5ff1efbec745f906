// A package that an eIM sends to the device instead of waiting for its poll. SGP.32 §3.1.1.2, §5.14.4
#include "ipa/back_writer.h"
#include "ipa/compact.h"
#include "ipa/steps.h"

namespace halyard::ipa {
namespace {
using Code = rsp::EimPackageResultErrorCode;
using Acknowledgements = asn1::Tagged<asn1::List<asn1::Tagged<uint64_t, 0x80>>, 0xBF53>;

Ok refuse(Context& c, Code code) {
    c.transfer.error = code;
    c.note("package refused", static_cast<uint64_t>(code));
    return {};
}

/// Numbers that the eIM has taken over: the same rule as for the answer to our own message, but what was
/// offered may have been offered before a power cut. Of results the card itself tells whose they are (INV-9).
Ok take_numbers(Context& c, const asn1::Tlv& package) {
    const auto list = asn1::decode<Acknowledgements>(package.whole);
    if (!list || !list->value.count()) return refuse(c, Code::invalid_package_format);
    c.acknowledgements = TRY(c.keep.copy(package.content, "eimAcknowledgements"));
    c.offered = same(c.transfer.offered_to.bytes(), c.serving().id.bytes()) ? c.transfer.offered : Offered{};
    c.follow = Duty::acknowledge;
    return {};
}

/// Its result is still owed, or it has not even begun: the same trigger twice is one download.
bool triggered_before(const Context& c, const rsp::ProfileDownloadTriggerRequest& trigger) {
    const Bytes id = trigger.eim_transaction_id.value_or(Bytes{});
    const auto same_one = [&](const EimId& eim, const ShortId& transaction) {
        return !id.empty() && same(eim.bytes(), c.eims[c.eim].id.bytes()) && same(transaction.bytes(), id);
    };
    if (c.state.download.phase != DownloadDuty::Phase::none &&
        same_one(c.state.download.eim_id, c.state.download.eim_transaction_id))
        return true;
    for (size_t i = 0; i < c.state.outbox_count; ++i)
        if (same_one(c.state.outbox[i].eim_id, c.state.outbox[i].eim_transaction_id)) return true;
    return false;
}

Ok take_trigger(Context& c, const asn1::Tlv& package) {
    const auto trigger = asn1::decode<rsp::ProfileDownloadTriggerRequest>(package.whole);
    if (!trigger) return refuse(c, Code::invalid_package_format);
    if (triggered_before(c, *trigger)) {
        c.note("package offered again");
        return {};
    }
    // One download at a time; the one that waits has not failed.
    if (c.state.download.phase != DownloadDuty::Phase::none) return refuse(c, Code::undefined_error);
    const auto taken = take_eim_package(c, package);
    if (!taken) c.state.download = {}; // told that it failed, the eIM will send it again
    return taken ? Ok{} : fail(taken.error().code, taken.error().where);
}

Ok take_package(Context& c, Bytes message) {
    const auto outer = asn1::read_tlv(message);
    if (!outer || !outer->rest.empty()) return refuse(c, Code::invalid_package_format);
    if (outer->tag != 0xBF4E) return refuse(c, Code::unknown_package);
    const auto package = asn1::read_tlv(outer->content);
    if (!package || !package->rest.empty()) return refuse(c, Code::invalid_package_format);
    c.transfer.tag = package->tag;
    switch (package->tag) {
    case 0xBF51:
    case 0xBF52: TRY(take_eim_package(c, *package)); return {};
    case 0xBF53: return take_numbers(c, *package);
    case 0xBF54: return take_trigger(c, *package);
    }
    return refuse(c, Code::unknown_package);
}

// ---- BF53 ----

Result<Bytes> ask_owned(Context& c, Buffer out) { return ask_results(c, out); }
Result<Next> take_owned(Context& c, Bytes reply) {
    TRY(for_each_tlv(TRY(list_in(reply, 0xA2)), [&](const asn1::Tlv& tlv) {
        const auto facts = inspect_result(tlv.whole);
        if (facts && facts->is_signed && is(c.serving().id, facts->eim_id)) c.offered.add(facts->number);
        return true;
    }));
    return Next::advance;
}
void done(Context& c) {
    c.serving().results = true; // the card tells what is left
    c.serving().deliver = {};
    c.serving().unacknowledged = 0;
}
void failed(Context& c, const Step& step, const Error& error) {
    c.note_error("step failed", step.name, error);
    c.transfer.error = Code::undefined_error; // it may say so again
}

constexpr Step kSteps[] = {
    {"ES10b.RetrieveNotificationsList", "SGP.32 §5.9.11", Peer::card, ask_owned, take_owned},
    kRemoveAcknowledged,
};
} // namespace
const Procedure kAcknowledge{"acknowledge", kSteps, done, failed};

void begin_transfer(Context& c, Bytes message) {
    c.transfer.active = true;
    c.transfer.ready = false;
    c.transfer.answer = {};
    c.transfer.error.reset();
    c.transfer.tag = 0;
    c.eim_heard();
    c.note("package injected", message.size());
    if (auto taken = take_package(c, message); !taken) {
        c.note_error("step failed", "ESipa.TransferEimPackage", taken.error());
        c.transfer.error = Code::undefined_error;
        c.follow = Duty::none;
    }
}

Ok answer_transfer(Context& c, Bytes alternative) {
    BackWriter writer(c.keep.rest());
    c.transfer.answer =
        TRY(c.keep.copy(TRY(writer.bytes(alternative).header(0xBF4E).finish("transferEimPackageResponse")),
                        "transferEimPackageResponse"));
    return {};
}

void end_transfer(Context& c) {
    TransferRun& run = c.transfer;
    // A data request has no other answer than its data; all else is done, or will be reported later.
    if (!run.error && run.answer.empty() && run.tag == 0xBF52) run.error = Code::undefined_error;
    run.short_answer = {0xBF, 0x4E, 0x02, 0x05, 0x00, 0x00};
    Bytes received = Bytes(run.short_answer).first(5);
    if (run.error) {
        run.short_answer = {0xBF, 0x4E, 0x03, 0x02, 0x01, static_cast<uint8_t>(*run.error)};
        received = run.short_answer;
    }
    if (run.error || run.answer.empty()) run.answer = received;
    run.ready = true;
}

} // namespace halyard::ipa
