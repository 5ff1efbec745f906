#include "ipa/steps.h"
#include "ipa/back_writer.h"

namespace halyard::ipa {

Result<Bytes> ask_notifications(Context&, Buffer) { return Bytes(kRetrieveNotifications); }
Result<Bytes> ask_results(Context&, Buffer) { return Bytes(kRetrieveResults); }

Result<Bytes> provide_result(Context& c, Buffer out, Bytes alternative) {
    return BackWriter(out)
        .bytes(alternative)
        .tlv(0x5A, c.eid)
        .header(0xBF50)
        .finish("provideEimPackageResult");
}

Ok offer_notifications(Context& c, Bytes list) {
    return for_each_tlv(list, [&](const asn1::Tlv& tlv) {
        const auto facts = inspect_notification(tlv.whole);
        if (facts) c.offered.add(facts->number);
        return true;
    });
}

Ok take_acknowledgements(Context& c, Bytes reply) {
    const auto response = TRY(asn1::decode<rsp::ProvideEimPackageResultResponse>(reply));
    c.eim_heard();
    c.answered = c.acknowledged = false;
    c.acknowledgements = {};
    if (const auto* error = std::get_if<2>(&response.is))
        return fail(Errc::rejected, "provideEimPackageResultError", static_cast<uint32_t>(*error));
    c.answered = true;
    const auto* list = std::get_if<0>(&response.is);
    if (!list) return {};
    c.acknowledgements = TRY(c.keep.copy(list->content, "eimAcknowledgements"));
    TRY(list->for_each([&](const asn1::Tagged<uint64_t, 0x80>& number) {
        if (number == c.result_number && c.offered.has(number)) c.acknowledged = true;
        c.note(c.offered.has(number) ? "acknowledged" : "foreign acknowledgement", number);
    }));
    return {};
}

Result<Bytes> ask_removal(Context& c, Buffer out) {
    while (!c.acknowledgements.empty()) {
        asn1::Tagged<uint64_t, 0x80> number;
        TRY(asn1::take_item(asn1::Map<asn1::Tagged<uint64_t, 0x80>>::type, &number, c.acknowledgements));
        if (!c.offered.has(number)) continue; // not ours to remove on this eIM's word
        return asn1::encode(rsp::NotificationSentRequest{number}, out);
    }
    return Bytes{};
}

Result<Next> take_removal(Context& c, Bytes reply) {
    const auto status = TRY(asn1::decode<rsp::NotificationSentResponse>(reply)).delete_notification_status;
    if (status == rsp::NotificationSentResponse::DeleteNotificationStatus::undefined_error)
        return fail(Errc::rejected, "deleteNotificationStatus", 127);
    return c.acknowledgements.empty() ? Next::advance : Next::repeat;
}

void failed_towards_eim(Context& c, const Step& step, const Error& error) {
    if (step.peer != Peer::eim) {
        c.note_error("step failed", step.name, error);
        c.serving().deliver.after(c.now, c.backoff(++c.serving().unacknowledged));
        return;
    }
    // Its own refusal is an answer: the eIM is there, but must not be asked again at once.
    if (error.code == Errc::rejected && std::string_view(error.where) == "provideEimPackageResultError") {
        ++c.serving().unacknowledged;
        c.serving().deliver.after(c.now, c.backoff(c.serving().unacknowledged));
        c.note_error("result refused", step.name, error);
        return;
    }
    c.eim_failed(step.name, error);
}

void drop_item(Context& c, size_t index) {
    std::move(c.state.outbox.begin() + static_cast<ptrdiff_t>(index) + 1,
              c.state.outbox.begin() + static_cast<ptrdiff_t>(c.state.outbox_count),
              c.state.outbox.begin() + static_cast<ptrdiff_t>(index));
    --c.state.outbox_count;
}

} // namespace halyard::ipa
