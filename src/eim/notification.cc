// Notifications on their way from eUICCs to SM-DP+. SGP.32 §3.7, §5.14.7
#include "base/log.h"
#include "crypto/hash.h"
#include "eim/activation_code.h"
#include "eim/compact.h"
#include "eim/server.h"

namespace halyard::eim {
namespace {
constexpr size_t kMaxWaiting = 64; // of one eUICC; more stay on the card

struct Facts {
    const rsp::NotificationMetadata* metadata = nullptr;
    Bytes to_be_signed; // BF27… or BF2F…
};
std::optional<Facts> facts_of(const rsp::PendingNotification& pending) {
    if (const auto* pir = std::get_if<0>(&pending.is)) {
        const auto& data = pir->value.profile_installation_result_data;
        return Facts{&data.value.notification_metadata, data.der};
    }
    if (const auto* other = std::get_if<1>(&pending.is)) {
        const auto& tbs = other->value.tbs_other_notification;
        return Facts{&tbs.value, tbs.der};
    }
    return std::nullopt;
}
/// transactionId of an installation result.
std::optional<Bytes> session_of(const rsp::PendingNotification& pending) {
    if (const auto* pir = std::get_if<0>(&pending.is))
        return pir->value.profile_installation_result_data.value.transaction_id;
    if (const auto* pir = std::get_if<rsp::CompactProfileInstallationResult>(&pending.is))
        return pir->compact_profile_installation_result_data.transaction_id;
    return std::nullopt;
}
} // namespace

Ok Server::verify_notification(Turn& turn, const rsp::PendingNotification& pending) const {
    if (const auto* pir = std::get_if<0>(&pending.is)) {
        const auto& data = pir->value.profile_installation_result_data;
        return signer_of(turn.device, {data.der}, pir->value.euicc_sign_pir)
                   ? Ok{}
                   : fail(Errc::unverified, "signature");
    }
    // Its certificates come along, those of the CI its profile came by; they need not be the ones we know.
    const auto& other = std::get<1>(pending.is).value;
    const auto euicc = TRY(crypto::Certificate::parse(other.euicc_certificate.der(), "euiccCertificate"));
    if (!with_key(turn.device, euicc.spki) &&
        TRY(take_certificates(
            turn.device, other.euicc_certificate.der(), other.eum_certificate.der(), turn.now)))
        turn.device_changed = true;
    const auto key = TRY(crypto::public_key_from_spki(euicc.spki, "euiccCertificate"));
    return crypto::verify_tolerant(
        key, {other.tbs_other_notification.der}, other.euicc_notification_signature, nullptr);
}

Result<std::optional<rsp::PendingNotification>>
Server::in_full(Turn& turn, const rsp::PendingNotification& pending, OwnedBytes& keep) {
    if (!rsp::is_compact(pending)) return std::optional(pending);
    std::optional<RelaySession> session;
    const auto* other = std::get_if<rsp::CompactOtherSignedNotification>(&pending.is);
    if (const auto* pir = std::get_if<rsp::CompactProfileInstallationResult>(&pending.is))
        session = TRY(store_.session(pir->compact_profile_installation_result_data.transaction_id));
    const Identity* signer = other ? signer_of(turn.device,
                                               {other->tbs_other_notification.der},
                                               other->euicc_notification_signature,
                                               nullptr,
                                               other->euicc_ci_pk_identifier_to_be_used.value_or(Bytes()))
                                   : nullptr;
    auto full = full_notification(pending, session ? &*session : nullptr, turn.device, signer);
    // Whose it is must be beyond doubt: the rest comes from that device's file.
    if ((session && session->eid != turn.device.eid) ||
        (other && other->eid_value && !same(*other->eid_value, turn.device.eid)))
        full = fail(Errc::unverified, "another EID");
    if (!full) {
        note(turn, nullptr, std::string("compact notification without ") + full.error().where, {});
        return std::optional<rsp::PendingNotification>{};
    }
    keep = std::move(*full);
    return std::optional(TRY(asn1::decode<rsp::PendingNotification>(Bytes(keep))));
}

Result<bool> Server::take_notification(Turn& turn, const rsp::PendingNotification& as_received) {
    OwnedBytes octets;
    const auto complete = TRY(in_full(turn, as_received, octets));
    if (!complete) return false;
    const rsp::PendingNotification& pending = *complete;
    const auto facts = facts_of(pending);
    if (!facts) return false;
    // Only where an order or the operator of this eIM points: a device must not choose whom we call (SR-19).
    const std::string_view address = facts->metadata->notification_address;
    bool allowed = TRY(store_.knows_address(turn.device.eid, address));
    for (const std::string& a : config_.forward_to) allowed |= same_address(a, address);
    if (!allowed) {
        note(turn, nullptr, "notification for an address that is not served", facts->to_be_signed);
        return false;
    }
    // A forged one must neither reach the SM-DP+ nor stand in the way of the real one.
    if (const auto ok = verify_notification(turn, pending); !ok) {
        note(turn,
             nullptr,
             std::string("notification that does not verify: ") + ok.error().where,
             facts->to_be_signed);
        return false;
    }
    if (TRY(store_.waiting_forwards(turn.device.eid)) + turn.forwards.size() >= kMaxWaiting) {
        log(LogLevel::warning, to_text(turn.device.eid) + ": too many notifications wait to be forwarded");
        return false;
    }
    rsp::HandleNotification message;
    message.pending_notification = pending;
    OwnedBytes der = TRY(asn1::encode(message));
    turn.forwards.push_back({.eid = turn.device.eid,
                             .address = std::string(address),
                             .number = facts->metadata->seq_number,
                             .digest = crypto::sha256({facts->to_be_signed}),
                             .message = std::move(der),
                             .due = turn.now});
    acknowledge(turn, facts->metadata->seq_number);
    return true;
}

// Its answer is empty, so what is not taken over must not get one: the card would forget it. SGP.32 §3.7
Result<OwnedBytes> Server::notification(Bytes message, Peer& peer, Time now) {
    const auto handle = TRY(asn1::decode<rsp::HandleNotificationEsipa>(message));
    if (const auto* provided = std::get_if<asn1::Exact<rsp::ProvideEimPackageResult>>(&handle.is)) {
        if (TRY(take_provided(provided->der, peer, now)).refused)
            return fail(Errc::rejected, "provideEimPackageResult: of no device of this eIM");
        return OwnedBytes{};
    }
    // An EID comes along with few: the session or the certificate tells whose it is.
    const auto& pending = std::get<rsp::PendingNotification>(handle.is);
    std::optional<Device> device;
    std::optional<RelaySession> session;
    if (const auto transaction = session_of(pending)) {
        session = TRY(store_.session(*transaction));
        if (session) device = TRY(sender(session->eid));
    } else if (const auto* compact = std::get_if<rsp::CompactOtherSignedNotification>(&pending.is)) {
        Eid eid{};
        if (compact->eid_value)
            std::copy(compact->eid_value->begin(), compact->eid_value->end(), eid.begin());
        if (compact->eid_value) device = TRY(sender(eid));
    } else if (const auto* other = std::get_if<1>(&pending.is)) {
        const auto certificate = crypto::Certificate::parse(other->value.euicc_certificate.der());
        if (certificate)
            if (const auto eid = rsp::eid_of(*certificate)) device = TRY(sender(*eid));
    }
    if (!device) return fail(Errc::rejected, "pendingNotification: of no device of this eIM");
    Turn turn{.device = std::move(*device), .now = now};
    OwnedBytes octets;
    const auto complete = TRY(in_full(turn, pending, octets));
    const bool taken = complete && TRY(take_notification(turn, *complete));
    // Some IPAs report a relayed download by nothing else. SGP.32 §3.2.3.2
    if (taken && session)
        if (Operation* o = TRY(by_id(turn, session->operation)))
            TRY(take_installation(turn, o, std::get<0>(complete->is).value));
    TRY(commit(turn));
    if (!taken) return fail(Errc::rejected, "pendingNotification: not taken over");
    return OwnedBytes{};
}

} // namespace halyard::eim
