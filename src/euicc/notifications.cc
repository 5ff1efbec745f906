#include "euicc/isdr.h"

namespace halyard::euicc {

void Isdr::keep_notification(StoredNotification n) {
    constexpr size_t kKept = 128; // then the oldest is lost. SGP.22 §3.5
    if (state_.notifications.size() >= kKept) state_.notifications.erase(state_.notifications.begin());
    state_.notifications.push_back(std::move(n));
}

// One notification for each address the metadata configure for this event, signed by the keys of the
// installing session. SGP.22 §3.5
Ok Isdr::notify(const StoredProfile& p, rsp::NotificationEvent event) {
    const auto meta = TRY(asn1::decode<rsp::StoreMetadataRequest>(p.metadata));
    if (!meta.notification_configuration_info) return {};
    const KeySet* keys = identity_->find(p.ci_key_id);
    if (!keys) return {}; // a profile from manufacture on a card without keys: nobody could verify it
    return meta.notification_configuration_info->for_each(
        [&](const rsp::NotificationConfigurationInformation& c) -> Ok {
            if (!c.profile_management_operation.has(event)) return {};
            rsp::NotificationMetadata metadata{.seq_number = state_.next_seq,
                                               .profile_management_operation = {event},
                                               .notification_address = c.notification_address,
                                               .iccid = p.iccid};
            const OwnedBytes tbs = TRY(asn1::encode(metadata));
            const auto signature = TRY(crypto::sign(keys->key, {tbs}));
            rsp::OtherSignedNotification n;
            n.tbs_other_notification.der = tbs;
            n.euicc_notification_signature = signature;
            n.euicc_certificate = TRY(asn1::Raw::from(keys->euicc_certificate));
            n.eum_certificate = TRY(asn1::Raw::from(keys->eum_certificate));
            keep_notification({state_.next_seq,
                               metadata.profile_management_operation.mask,
                               std::string(c.notification_address),
                               p.iccid,
                               TRY(asn1::encode(n))});
            ++state_.next_seq;
            dirty_ = true;
            return {};
        });
}

Result<OwnedBytes> Isdr::list_notifications(Bytes command) {
    const auto request = TRY(asn1::decode<rsp::ListNotificationRequest>(command));
    std::vector<rsp::NotificationMetadata> found;
    for (const StoredNotification& n : state_.notifications) {
        if (request.profile_management_operation &&
            !(request.profile_management_operation->mask & n.operation))
            continue;
        rsp::NotificationMetadata m{.seq_number = n.seq, .notification_address = n.address, .iccid = n.iccid};
        m.profile_management_operation.mask = n.operation;
        found.push_back(m);
    }
    rsp::ListNotificationResponse response;
    response.is = asn1::List<rsp::NotificationMetadata>{.items = found};
    return asn1::encode(response);
}

namespace {
// A0 or A2 around objects kept as they were signed.
OwnedBytes list_of(uint8_t tag, const std::vector<const OwnedBytes*>& objects) {
    OwnedBytes content;
    for (const OwnedBytes* o : objects) append(content, *o);
    OwnedBytes list = asn1::Raw{content}.der();
    list[0] = tag;
    OwnedBytes out = asn1::Raw{list}.der();
    out.erase(out.begin());
    out.insert(out.begin(), {0xBF, 0x2B});
    return out;
}
} // namespace

// SGP.32 §5.9.11: by number, by event, or the package results; without criteria the notifications only.
Result<OwnedBytes> Isdr::retrieve_notifications(Bytes command) {
    const auto request = TRY(asn1::decode<rsp::RetrieveNotificationsListRequest>(command));
    std::vector<const OwnedBytes*> notifications, results;
    const auto* criteria = request.search_criteria ? &request.search_criteria->is : nullptr;
    const uint64_t* number = criteria ? std::get_if<0>(criteria) : nullptr;
    const auto* event = criteria ? std::get_if<1>(criteria) : nullptr;
    const bool wants_results = criteria && std::holds_alternative<asn1::Null>(*criteria);
    for (const StoredNotification& n : state_.notifications)
        if (!wants_results && (!number || n.seq == *number) && (!event || (event->mask & n.operation)))
            notifications.push_back(&n.der);
    for (const StoredResult& r : state_.results)
        if (wants_results || (number && r.seq == *number)) results.push_back(&r.der);
    if (wants_results || !results.empty()) return list_of(0xA2, results);
    return list_of(0xA0, notifications);
}

Result<OwnedBytes> Isdr::remove_notification(Bytes command) {
    using Answer = rsp::NotificationSentResponse::DeleteNotificationStatus;
    const auto request = TRY(asn1::decode<rsp::NotificationSentRequest>(command));
    const size_t before = state_.notifications.size() + state_.results.size();
    std::erase_if(state_.notifications,
                  [&](const StoredNotification& n) { return n.seq == request.seq_number; });
    std::erase_if(state_.results, [&](const StoredResult& r) { return r.seq == request.seq_number; });
    // An acknowledged enable is final. SGP.32 §3.3.2
    if (state_.rollback && state_.rollback->granted_seq == request.seq_number) state_.rollback.reset();
    const bool removed = state_.notifications.size() + state_.results.size() < before;
    dirty_ |= removed;
    return asn1::encode(rsp::NotificationSentResponse{.delete_notification_status =
                                                          removed ? Answer::ok : Answer::nothing_to_delete});
}

} // namespace halyard::euicc
