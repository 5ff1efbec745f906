// What IPA and eUICC tell of themselves, and notifications on their way through. SGP.32 §2.11.1.2, §3.7
#include "base/log.h"
#include "eim/server.h"

namespace halyard::eim {

Ok Server::take_certificates(Device& device, Bytes euicc_der, Bytes eum_der, Time now) const {
    const auto euicc = TRY(crypto::Certificate::parse(euicc_der, "euiccCertificate"));
    const auto eum = TRY(crypto::Certificate::parse(eum_der, "eumCertificate"));
    if (TRY(rsp::check_euicc_chain(euicc, eum, config_.anchors, now)) != device.eid)
        return fail(Errc::unverified, "euiccCertificate: another EID");
    // A key once proven is not replaced by what an IPA sends unsigned. SR-22
    if (!device.euicc_key.empty() && !same(device.euicc_key, euicc.spki))
        return fail(Errc::conflict, "euiccCertificate: another key");
    device.euicc_certificate = euicc.der;
    device.eum_certificate = eum.der;
    device.euicc_key = euicc.spki;
    return {};
}

Ok Server::take_data(Turn& turn, Bytes der, const rsp::IpaEuiccDataResponse& response) {
    if (const auto* error = std::get_if<rsp::IpaEuiccDataResponseError>(&response.is)) {
        Operation* o = TRY(find(turn, error->eim_transaction_id, std::nullopt));
        note(turn,
             o,
             "data request refused by the IPA, code " +
                 std::to_string(static_cast<int>(error->ipa_euicc_data_error_code)),
             der);
        return {};
    }
    const auto& data = std::get<rsp::IpaEuiccData>(response.is);
    Operation* o = TRY(find(turn, data.eim_transaction_id, std::nullopt));
    if (o && o->kind != Kind::data) o = nullptr;
    Device& device = turn.device;
    turn.device_changed = true;
    if (data.euicc_certificate && data.eum_certificate) {
        const auto ok =
            take_certificates(device, data.euicc_certificate->der(), data.eum_certificate->der(), turn.now);
        if (!ok) {
            note(turn, o, std::string("eUICC certificate refused: ") + ok.error().where, der);
            return {};
        }
    }
    if (data.association_token) device.token = *data.association_token;
    if (data.euicc_info2) device.euicc_info2 = owned(data.euicc_info2->der);
    if (data.ipa_capabilities) device.ipa_features = data.ipa_capabilities->ipa_features.mask;
    if (data.device_info) device.device_info = TRY(asn1::encode(*data.device_info));
    if (data.euicc_package_result_list)
        TRY(data.euicc_package_result_list->for_each([&](const rsp::EuiccPackageResult& r) -> Ok {
            return take_result(turn, TRY(asn1::encode(r)), r);
        }));
    if (data.notifications_list)
        TRY(data.notifications_list->for_each(
            [&](const rsp::PendingNotification& n) -> Ok { return take_notification(turn, n); }));
    if (!o || is_final(o->state)) return {};
    o->result = owned(der);
    settle(turn, *o, true, "as the device reports; unsigned");
    return {};
}

Ok Server::take_notification(Turn& turn, const rsp::PendingNotification& pending) {
    std::string_view address;
    uint64_t sequence = 0;
    if (const auto* pir = std::get_if<0>(&pending.is)) {
        const auto& meta = pir->value.profile_installation_result_data.value.notification_metadata;
        address = meta.notification_address;
        sequence = meta.seq_number;
    } else if (const auto* other = std::get_if<1>(&pending.is)) {
        address = other->value.tbs_other_notification.value.notification_address;
        sequence = other->value.tbs_other_notification.value.seq_number;
    } else {
        note(turn, nullptr, "compact notification, which this build does not expand", {});
        return {};
    }
    // Only where an order or the operator of this eIM points: a device must not choose whom we call (SR-19).
    bool allowed = TRY(store_.knows_address(turn.device.eid, address));
    for (const std::string& a : config_.forward_to) allowed |= a == address;
    if (!allowed) {
        note(turn,
             nullptr,
             "notification for an address that is not served: " + std::string(address.substr(0, 128)),
             {});
        return {};
    }
    rsp::HandleNotification message;
    message.pending_notification = pending;
    turn.forwards.push_back({.eid = turn.device.eid,
                             .address = std::string(address),
                             .message = TRY(asn1::encode(message)),
                             .due = turn.now});
    turn.acknowledged.push_back(sequence);
    return {};
}

Result<OwnedBytes> Server::notification(Bytes message, Time now) {
    const auto handle = TRY(asn1::decode<rsp::HandleNotificationEsipa>(message));
    if (const auto* provided = std::get_if<asn1::Exact<rsp::ProvideEimPackageResult>>(&handle.is)) {
        (void)TRY(provide(provided->der, now));
        return OwnedBytes{};
    }
    // No EID comes along: the session, the certificate or the profile tells whose it is. SGP.32 §5.14.7
    const auto& pending = std::get<rsp::PendingNotification>(handle.is);
    std::optional<Device> device;
    if (const auto* pir = std::get_if<0>(&pending.is)) {
        const auto session =
            TRY(store_.session(pir->value.profile_installation_result_data.value.transaction_id));
        if (session) device = TRY(store_.device(session->eid));
    } else if (const auto* other = std::get_if<1>(&pending.is)) {
        const auto certificate = crypto::Certificate::parse(other->value.euicc_certificate.der());
        if (certificate)
            if (const auto eid = rsp::eid_of(*certificate)) device = TRY(store_.device(*eid));
    }
    if (!device) {
        log(LogLevel::warning, "notification of no device of ours dropped");
        return OwnedBytes{};
    }
    Turn turn{.device = std::move(*device), .now = now};
    TRY(take_notification(turn, pending));
    TRY(commit(turn));
    return OwnedBytes{};
}

} // namespace halyard::eim
