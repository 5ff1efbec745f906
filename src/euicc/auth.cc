#include "euicc/isdr.h"

namespace halyard::euicc {
namespace {
using AuthError = rsp::AuthenticateErrorCode;
using DownloadError = rsp::DownloadErrorCode;

Result<OwnedBytes> auth_error(Bytes transaction_id, AuthError code) {
    rsp::AuthenticateServerResponse response;
    response.is =
        rsp::AuthenticateResponseError{.transaction_id = transaction_id, .authenticate_error_code = code};
    return asn1::encode(response);
}
Result<OwnedBytes> download_error(Bytes transaction_id, DownloadError code) {
    rsp::PrepareDownloadResponse response;
    response.is =
        rsp::PrepareDownloadResponseError{.transaction_id = transaction_id, .download_error_code = code};
    return asn1::encode(response);
}
// A card has no clock, so validity is left to those who have one. SGP.22 §4.5.2.2
Ok check_server(const crypto::Certificate& c, rsp::Role role, const KeySet& ci) {
    return rsp::check_under_anchor(c, role, {ci.ci_key, ci.ci_key_id, {}}, std::nullopt);
}
// An SM-DP+, or an SM-DS that is asked for events.
Result<rsp::Role> check_rsp_server(const crypto::Certificate& c, const KeySet& ci) {
    const auto dp = check_server(c, rsp::Role::dp_auth, ci);
    if (dp) return rsp::Role::dp_auth;
    if (dp.error().detail != static_cast<uint32_t>(rsp::ChainRule::role))
        return fail(dp.error().code, dp.error().where, dp.error().detail);
    TRY(check_server(c, rsp::Role::ds_auth, ci));
    return rsp::Role::ds_auth;
}
} // namespace

Result<OwnedBytes> Isdr::challenge() {
    // A new challenge ends whatever session there was. SGP.22 §5.7.7
    TRY(interrupt());
    session_.emplace();
    session_->challenge = TRY(random_->draw<16>());
    return asn1::encode(rsp::GetEuiccChallengeResponse{.euicc_challenge = session_->challenge});
}

Result<OwnedBytes> Isdr::authenticate_server(Bytes command) {
    const auto request = TRY(asn1::decode<rsp::AuthenticateServerRequest>(command));
    const rsp::ServerSigned1& server = request.server_signed1.value;
    if (!session_ || session_->authenticated)
        return auth_error(server.transaction_id, AuthError::no_session_context);
    // A challenge serves one attempt, right or wrong (SR-16).
    const auto refuse = [&](AuthError code) {
        session_.reset();
        return auth_error(server.transaction_id, code);
    };
    const KeySet* keys = identity_->find(request.euicc_ci_pk_id_to_be_used);
    if (!keys) return refuse(AuthError::ci_pk_unknown);
    auto certificate = crypto::Certificate::parse(request.server_certificate.der());
    if (!certificate) return refuse(AuthError::invalid_certificate);
    const KeySet* ci =
        certificate->authority_key_id ? identity_->find(*certificate->authority_key_id) : nullptr;
    if (!ci) return refuse(AuthError::ci_pk_unknown);
    if (!certificate->public_key) return refuse(AuthError::unsupported_curve);
    const auto role = check_rsp_server(*certificate, *ci);
    if (!role) {
        const bool oid = role.error().detail == static_cast<uint32_t>(rsp::ChainRule::subject_alt_name);
        return refuse(oid ? AuthError::invalid_oid : AuthError::invalid_certificate);
    }
    if (is_revoked(*certificate)) return refuse(AuthError::invalid_certificate);
    if (!crypto::verify(*certificate->public_key, {request.server_signed1.der}, request.server_signature1))
        return refuse(AuthError::invalid_signature);
    if (server.euicc_challenge != session_->challenge) return refuse(AuthError::euicc_challenge_mismatch);

    Session& s = *session_;
    s.transaction_id = owned(server.transaction_id);
    s.keys = keys;
    s.server_ci = ci;
    s.server_role = *role;
    s.server_address = std::string(server.server_address);
    s.smdp_oid = TRY(asn1::oid_from_text(certificate->san_registered_ids.front()));
    s.server = std::move(*certificate);
    const OwnedBytes info2 = TRY(encode_info2());
    rsp::EuiccSigned1 signed1{.transaction_id = s.transaction_id,
                              .server_address = s.server_address,
                              .server_challenge = server.server_challenge};
    signed1.euicc_info2.der = info2;
    signed1.ctx_params1.der = request.ctx_params1.der; // verbatim
    const OwnedBytes der = TRY(asn1::encode(signed1));
    s.euicc_signature1 = TRY(crypto::sign(keys->key, {der}));
    s.authenticated = true;
    rsp::AuthenticateResponseOk ok;
    ok.euicc_signed1.der = der;
    ok.euicc_signature1 = s.euicc_signature1;
    ok.euicc_certificate = TRY(asn1::Raw::from(keys->euicc_certificate));
    ok.eum_certificate = TRY(asn1::Raw::from(keys->eum_certificate));
    rsp::AuthenticateServerResponse response;
    response.is = ok;
    return asn1::encode(response);
}

Result<OwnedBytes> Isdr::prepare_download(Bytes command) {
    const auto request = TRY(asn1::decode<rsp::PrepareDownloadRequest>(command));
    const rsp::SmdpSigned2& server = request.smdp_signed2.value;
    const auto refuse = [&](DownloadError code) { return download_error(server.transaction_id, code); };
    // A package under way has taken the session; an SM-DS has nothing to download.
    if (!session_ || !session_->authenticated || loading_ || session_->server_role != rsp::Role::dp_auth)
        return refuse(DownloadError::no_session_context);
    Session& s = *session_;
    auto certificate = crypto::Certificate::parse(request.smdp_certificate.der());
    if (!certificate) return refuse(DownloadError::invalid_certificate);
    if (!certificate->public_key) return refuse(DownloadError::unsupported_curve);
    if (!check_server(*certificate, rsp::Role::dp_pb, *s.server_ci) ||
        !rsp::check_same_server(*s.server, *certificate) || is_revoked(*certificate))
        return refuse(DownloadError::invalid_certificate);
    if (!crypto::verify(*certificate->public_key,
                        {request.smdp_signed2.der, signature_tlv(s.euicc_signature1)},
                        request.smdp_signature2))
        return refuse(DownloadError::invalid_signature);
    if (!same(server.transaction_id, s.transaction_id)) return refuse(DownloadError::invalid_transaction_id);

    // A pair handed out earlier and not used may be used now, so that the SM-DP+ can send the same octets
    // again.
    auto known = one_time_keys_.end();
    if (server.bpp_euicc_otpk)
        known = std::find_if(one_time_keys_.begin(), one_time_keys_.end(), [&](const OneTimeKey& k) {
            return same(k.key.public_key().point, *server.bpp_euicc_otpk) && k.smdp_oid == s.smdp_oid &&
                   k.key.curve() == certificate->public_key->curve;
        });
    if (known == one_time_keys_.end()) {
        constexpr size_t kKept = 4; // older ones are forgotten
        if (one_time_keys_.size() == kKept) one_time_keys_.erase(one_time_keys_.begin());
        one_time_keys_.push_back(
            {TRY(crypto::PrivateKey::generate(certificate->public_key->curve, *random_)), s.smdp_oid});
    } else {
        std::rotate(known, known + 1, one_time_keys_.end());
    }
    const auto& otpk = one_time_keys_.back().key.public_key().point;
    rsp::EuiccSigned2 signed2{
        .transaction_id = s.transaction_id, .euicc_otpk = otpk, .hash_cc = request.hash_cc};
    const OwnedBytes der = TRY(asn1::encode(signed2));
    const auto signature = TRY(crypto::sign(s.keys->key, {der, signature_tlv(request.smdp_signature2)}));
    s.binding = std::move(*certificate);
    s.prepared = true;
    rsp::PrepareDownloadResponseOk ok;
    ok.euicc_signed2.der = der;
    ok.euicc_signature2 = signature;
    rsp::PrepareDownloadResponse response;
    response.is = ok;
    return asn1::encode(response);
}

Result<OwnedBytes> Isdr::cancel_session(Bytes command) {
    const auto request = TRY(asn1::decode<rsp::CancelSessionRequest>(command));
    rsp::CancelSessionResponse response;
    if (!session_ || !session_->authenticated || !same(session_->transaction_id, request.transaction_id)) {
        response.is = rsp::CancelSessionResponse::CancelSessionResponseError::invalid_transaction_id;
        return asn1::encode(response);
    }
    rsp::EuiccCancelSessionSigned to_sign{
        .transaction_id = request.transaction_id, .smdp_oid = {session_->smdp_oid}, .reason = request.reason};
    const OwnedBytes der = TRY(asn1::encode(to_sign));
    const auto signature = TRY(crypto::sign(session_->keys->key, {der}));
    rsp::CancelSessionResponseOk ok;
    ok.euicc_cancel_session_signed.der = der;
    ok.euicc_cancel_session_signature = signature;
    response.is = ok;
    auto out = asn1::encode(response);
    loading_.reset();
    session_.reset();
    dirty_ |= state_.installing.has_value();
    state_.installing.reset();
    return out;
}

} // namespace halyard::euicc
