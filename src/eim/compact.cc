#include "eim/compact.h"

namespace halyard::eim {
namespace {
constexpr size_t kMaxObject = 16 * 1024; // two certificates and some

// Under the CI that the SM-DP+ chose, else the one that was known first.
const Identity* identity_in(const RelaySession& session, const Device& device) {
    if (const Identity* shown = with_key(device, session.euicc_key)) return shown;
    if (const Identity* chosen = under(device, session.ci)) return chosen;
    return device.identities.empty() ? nullptr : &device.identities.front();
}

/// Views into `session`, `device`, `identity` and itself: it must stay where it is.
struct Facts {
    Facts(const RelaySession* session, const Device& device, const Identity* identity) {
        known.euicc_info2 = device.euicc_info2;
        if (identity) {
            if (const auto raw = rsp::Raw::from(identity->euicc_certificate)) known.euicc_certificate = *raw;
            if (const auto raw = rsp::Raw::from(identity->eum_certificate)) known.eum_certificate = *raw;
        }
        if (!session) return;
        known.transaction_id = session->transaction_id;
        known.ctx_params1 = session->ctx_params1;
        known.smdp_oid = session->smdp_oid;
        known.iccid = session->iccid;
        known.hash_cc = session->hash_cc;
        if (session->ppr_refused) known.reason = rsp::CancelSessionReason::ppr_not_allowed;
        if (const auto said = asn1::decode<rsp::ServerSigned1>(session->server_signed1)) {
            challenge = said->server_challenge;
            known.server_challenge = challenge;
            known.server_address = said->server_address;
        }
        if (const auto said = asn1::decode<rsp::SmdpSigned2>(session->smdp_signed2))
            known.bpp_euicc_otpk = said->bpp_euicc_otpk.value_or(Bytes());
    }
    Facts(const Facts&) = delete;
    Facts& operator=(const Facts&) = delete;

    rsp::SessionFacts known;
    std::array<uint8_t, 16> challenge{};
};

Result<crypto::PublicKey> key_of(const RelaySession& session, const Device& device) {
    const Identity* identity = identity_in(session, device);
    if (!identity) return fail(Errc::missing_field, "euiccCertificate");
    return crypto::public_key_from_spki(identity->key, "euiccCertificate");
}

// Out of the certificate in a full response, when it is of this device under one of the CIs.
Result<OwnedBytes>
session_key(const rsp::AuthenticateResponseOk& ok, const Device& device, const Config& config, Time now) {
    const auto euicc = TRY(crypto::Certificate::parse(ok.euicc_certificate.der(), "euiccCertificate"));
    if (with_key(device, euicc.spki)) return owned(euicc.spki);
    const auto eum = TRY(crypto::Certificate::parse(ok.eum_certificate.der(), "eumCertificate"));
    if (TRY(rsp::check_euicc_chain(euicc, eum, config.anchors, now, &config.revocation)) != device.eid)
        return fail(Errc::unverified, "euiccCertificate: another EID");
    return owned(euicc.spki);
}
} // namespace

Result<OwnedBytes> full_authenticate(
    Bytes response, const RelaySession& session, const Device& device, const Config& config, Time now) {
    const Facts facts(&session, device, identity_in(session, device));
    OwnedBytes buffer(kMaxObject);
    const Bytes full = TRY(rsp::expand_authenticate(response, facts.known, buffer));
    const auto decoded = TRY(asn1::decode<rsp::AuthenticateServerResponse>(full));
    const auto& ok = std::get<rsp::AuthenticateResponseOk>(decoded.is);
    const OwnedBytes key = TRY(session_key(ok, device, config, now));
    TRY(crypto::verify_tolerant(TRY(crypto::public_key_from_spki(key, "euiccCertificate")),
                                {ok.euicc_signed1.der},
                                ok.euicc_signature1,
                                nullptr));
    return owned(full);
}

Result<OwnedBytes> full_prepare(const rsp::PrepareDownloadResponse& response,
                                const RelaySession& session,
                                const Device& device) {
    if (session.smdp_signature2.empty()) return fail(Errc::missing_field, "smdpSigned2");
    const Facts facts(&session, device, nullptr);
    OwnedBytes buffer(kMaxObject);
    const Bytes full = TRY(rsp::expand_prepare(response, facts.known, buffer));
    const auto decoded = TRY(asn1::decode<rsp::PrepareDownloadResponse>(full));
    const auto& ok = std::get<rsp::PrepareDownloadResponseOk>(decoded.is);
    // euiccSignature2 covers the SM-DP+'s signature too, as a TLV. SGP.22 §5.7.5
    const OwnedBytes theirs = TRY(asn1::encode(asn1::Tagged<Bytes, 0x5F37>{session.smdp_signature2}));
    TRY(crypto::verify_tolerant(
        TRY(key_of(session, device)), {ok.euicc_signed2.der, theirs}, ok.euicc_signature2, nullptr));
    return owned(full);
}

Result<OwnedBytes>
full_cancel(const rsp::CancelSessionResponse& response, const RelaySession& session, const Device& device) {
    const Facts facts(&session, device, nullptr);
    OwnedBytes buffer(kMaxObject);
    const Bytes full = TRY(rsp::expand_cancel(response, facts.known, buffer));
    const auto decoded = TRY(asn1::decode<rsp::CancelSessionResponse>(full));
    const auto& ok = std::get<rsp::CancelSessionResponseOk>(decoded.is);
    TRY(crypto::verify_tolerant(TRY(key_of(session, device)),
                                {ok.euicc_cancel_session_signed.der},
                                ok.euicc_cancel_session_signature,
                                nullptr));
    return owned(full);
}

Result<OwnedBytes> full_notification(const rsp::PendingNotification& notification,
                                     const RelaySession* session,
                                     const Device& device,
                                     const Identity* identity) {
    const Facts facts(session, device, identity);
    OwnedBytes buffer(kMaxObject);
    return owned(TRY(rsp::expand_notification(notification, facts.known, buffer)));
}

Result<OwnedBytes> info1_of(Bytes euicc_info2) {
    if (euicc_info2.empty()) return fail(Errc::missing_field, "euiccInfo2");
    const auto info2 = TRY(asn1::decode<rsp::EuiccInfo2>(euicc_info2));
    rsp::EuiccInfo1 info1{.svn = info2.svn};
    info1.euicc_ci_pk_id_list_for_verification = info2.euicc_ci_pk_id_list_for_verification;
    info1.euicc_ci_pk_id_list_for_signing = info2.euicc_ci_pk_id_list_for_signing;
    return asn1::encode(info1);
}

} // namespace halyard::eim
