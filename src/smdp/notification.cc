// HandleNotification: always answered with nothing; what does not verify is logged and dropped. SGP.22 §5.6.4
#include "base/log.h"
#include "smdp/server.h"

namespace halyard::smdp {
namespace {
using rsp::Es9Answer, rsp::ErrorReason;
// A failure the next attempt may not meet: the order stays open.
bool may_be_repeated(ErrorReason r) {
    return r == ErrorReason::install_failed_due_to_insufficient_memory_for_profile ||
           r == ErrorReason::install_failed_due_to_interruption || r == ErrorReason::scp03t_security_error ||
           r == ErrorReason::scp03t_structure_error;
}
const char* event_name(const rsp::NotificationMetadata& m) {
    using Event = rsp::NotificationEvent;
    if (m.profile_management_operation.has(Event::notification_install)) return "installed";
    if (m.profile_management_operation.has(Event::notification_enable)) return "enabled";
    if (m.profile_management_operation.has(Event::notification_disable)) return "disabled";
    if (m.profile_management_operation.has(Event::notification_delete)) return "deleted";
    return "other";
}
std::optional<Point> point_of(const rsp::NotificationMetadata& m) {
    using Event = rsp::NotificationEvent;
    if (m.profile_management_operation.has(Event::notification_enable)) return Point::enabled;
    if (m.profile_management_operation.has(Event::notification_disable)) return Point::disabled;
    if (m.profile_management_operation.has(Event::notification_delete)) return Point::deleted;
    return std::nullopt;
}
} // namespace

Result<Es9Answer> Server::notification(Bytes der, Time now) {
    const auto message = asn1::decode<rsp::HandleNotification>(der);
    if (!message) { // a device that had to keep it would bring it for ever
        const Error& e = message.error();
        log(LogLevel::warning,
            std::string("notification dropped: ") + halyard::name(e.code) + " at " + e.where);
        return Es9Answer{};
    }
    const auto& pending = message->pending_notification.is;
    Ok done = fail(Errc::unsupported, "compact notification");
    if (const auto* pir = std::get_if<asn1::Exact<rsp::ProfileInstallationResult>>(&pending))
        done = installation_result(pir->der, pir->value, now);
    else if (const auto* other = std::get_if<asn1::Exact<rsp::OtherSignedNotification>>(&pending))
        done = other_notification(other->der, other->value, now);
    if (!done) {
        const Error& e = done.error();
        // A store that failed must not be taken for delivery: the device keeps the notification and comes
        // back.
        if (e.code == Errc::storage || e.code == Errc::conflict) return fail(e.code, e.where, e.detail);
        log(LogLevel::warning,
            std::string("notification dropped: ") + halyard::name(e.code) + " at " + e.where);
    }
    return Es9Answer{};
}

Ok Server::installation_result(Bytes der, const rsp::ProfileInstallationResult& pir, Time now) {
    const auto& data = pir.profile_installation_result_data;
    auto session = TRY(store_.session(data.value.transaction_id));
    // Of a package that was never handed out nothing can be told.
    if (!session || session->secure_channel.empty()) return fail(Errc::not_found, "transactionId");
    const auto key = TRY(crypto::public_key_from_spki(session->euicc_key));
    TRY(crypto::verify_tolerant(key, {data.der}, pir.euicc_sign_pir, nullptr, "euiccSignPIR"));
    if (!same(data.value.smdp_oid.der, config_.oid_der)) return fail(Errc::bad_value, "smdpOid");
    auto order = TRY(order_of(*session));
    if (!order) return fail(Errc::not_found, "order");
    const auto& meta = data.value.notification_metadata;
    if (meta.iccid && *meta.iccid != order->iccid) return fail(Errc::bad_value, "iccid");
    Notification record{.eid = session->eid,
                        .sequence = meta.seq_number,
                        .event = "installed",
                        .iccid = order->iccid,
                        .received = now,
                        .der = owned(der)};
    const auto* bad = std::get_if<rsp::ErrorResult>(&data.value.final_result.is);
    record.success = !bad;
    order->changed = now;
    // A result that comes late cannot take back what a later one said, nor open again what was closed.
    if (!bad && order->state != OrderState::installed) {
        order->state = OrderState::installed;
        order->last_event = "installed";
        order->reason.clear();
    } else if (bad && is_open(*order)) {
        order->reason = "installation failed, reason " + std::to_string(static_cast<int>(bad->error_reason));
        order->state = may_be_repeated(bad->error_reason) ? OrderState::released : OrderState::error;
    }
    session->state = SessionState::finished;
    Change change{.order = &*order, .session = &*session, .notification = &record};
    if (order->state == OrderState::installed || order->state == OrderState::error)
        TRY(drop_event(change.outbox, *order, random_, now));
    std::optional<rsp::StatusCode> failed;
    if (bad) failed = rsp::StatusCode{"8.2.10", "4.2", order->reason};
    TRY(tell(change, *order, Point::installation, failed, now, der));
    const auto ok = store_.commit(change);
    if (!ok && ok.error().code == Errc::conflict) {
        // Either somebody else changed the order (try again) or this very notification is here already.
        for (const Notification& n : TRY(store_.notifications(order->iccid)))
            if (n.eid == record.eid && n.sequence == record.sequence) return {};
    }
    return ok;
}

Ok Server::other_notification(Bytes der, const rsp::OtherSignedNotification& n, Time now) {
    const auto& meta = n.tbs_other_notification.value;
    const auto eum = TRY(crypto::Certificate::parse(n.eum_certificate.der(), "eumCertificate"));
    const auto euicc = TRY(crypto::Certificate::parse(n.euicc_certificate.der(), "euiccCertificate"));
    const Credentials* own = eum.authority_key_id ? credentials(*eum.authority_key_id) : nullptr;
    if (!own) return fail(Errc::unverified, "CI");
    // Judged without a clock: the notification may be older than the certificates are now valid.
    const Eid eid = TRY(rsp::check_euicc_chain(euicc, eum, {&own->ci, 1}, std::nullopt));
    TRY(crypto::verify_tolerant(*euicc.public_key,
                                {n.tbs_other_notification.der},
                                n.euicc_notification_signature,
                                nullptr,
                                "euiccNotificationSignature"));
    if (!meta.iccid) return fail(Errc::missing_field, "iccid");
    auto order = TRY(store_.order(*meta.iccid));
    if (!order || order->eid != eid) return fail(Errc::not_found, "iccid"); // nobody else has the profile
    Notification record{.eid = eid,
                        .sequence = meta.seq_number,
                        .event = event_name(meta),
                        .iccid = meta.iccid,
                        .received = now,
                        .der = owned(der)};
    bool newest = true;
    for (const Notification& known : TRY(store_.notifications(*meta.iccid))) {
        if (known.eid == eid && known.sequence == meta.seq_number) return {}; // delivered before
        if (known.eid == eid && known.sequence > meta.seq_number) newest = false;
    }
    Change change{.notification = &record};
    if (const auto point = point_of(meta)) TRY(tell(change, *order, *point, {}, now, der));
    if (newest) {
        order->last_event = record.event;
        order->changed = now;
        change.order = &*order;
    }
    return store_.commit(change);
}

} // namespace halyard::smdp
