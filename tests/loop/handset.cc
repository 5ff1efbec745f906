#include "tests/loop/handset.h"
#include "crypto/hash.h"
#include "smdp/bind.h"

namespace halyard::loop {
namespace {
template <class T> T must(Result<T> r) {
    HALYARD_ASSERT(r);
    return std::move(*r);
}
template <class T> OwnedBytes encoded(const T& t) { return must(asn1::encode(t)); }
std::vector<Bytes> views(const std::vector<OwnedBytes>& list) { return {list.begin(), list.end()}; }
OwnedBytes signed_by(const pki::Credential& c, std::initializer_list<Bytes> parts) {
    return owned(must(crypto::sign(c.key, parts)));
}
} // namespace

std::string codes(const rsp::Es9Answer& a) {
    return a.failed ? a.failed->subject + "/" + a.failed->reason : "";
}
std::string matching_id_of(const std::string& code) { return code.substr(code.rfind('$') + 1); }

Handset::Handset(const Pki& pki, Smdp& smdp, Random& random, uint64_t number)
    : Handset(
          pki,
          [&smdp](Bytes message, Time at) { return smdp.exchange(message, at); },
          smdp.config.oid_der,
          random,
          number) {}

Handset::Handset(const Pki& pki, Exchange exchange, OwnedBytes oid, Random& random, uint64_t number)
    : Handset(must(pki::make_eid("89049032", number)),
              pki.euicc(must(pki::make_eid("89049032", number)), random),
              pki.eum.certificate.der,
              pki.anchor.key_id,
              std::move(oid),
              std::move(exchange),
              random) {}

Handset::Handset(const Eid& who,
                 pki::Credential credential,
                 OwnedBytes eum,
                 OwnedBytes ci_key_id,
                 OwnedBytes oid,
                 Exchange exchange,
                 Random& random)
    : eid(who), euicc(std::move(credential)), euicc_certificate(euicc.certificate.der),
      eum_certificate(std::move(eum)), smdp_oid(std::move(oid)), exchange_(std::move(exchange)),
      random_(random) {
    verification = signing = {std::move(ci_key_id)};
}

OwnedBytes Handset::initiate_message() {
    HALYARD_ASSERT(random_.fill(challenge));
    const auto verify = views(verification), sign = views(signing);
    rsp::EuiccInfo1 info{.svn = svn};
    info.euicc_ci_pk_id_list_for_verification.items = verify;
    info.euicc_ci_pk_id_list_for_signing.items = sign;
    const OwnedBytes info1 = encoded(info);
    rsp::InitiateAuthenticationRequest r{.euicc_challenge = challenge, .smdp_address = smdp_address};
    r.euicc_info1.der = info1;
    return encoded(r);
}

OwnedBytes Handset::client_message() {
    const auto ids = views(signing);
    rsp::EuiccInfo2 info = abilities;
    info.svn = svn;
    info.ext_card_resource = card_resource;
    info.euicc_ci_pk_id_list_for_verification.items = ids;
    info.euicc_ci_pk_id_list_for_signing.items = ids;
    const OwnedBytes info2 = encoded(info);
    rsp::CtxParamsForCommonAuthentication common{.device_info = {.tac = {0x35, 0x29, 0x06, 0x11}}};
    if (!matching_id.empty()) common.matching_id = matching_id;
    rsp::CtxParams1 ctx;
    ctx.is = common;
    const OwnedBytes params = encoded(ctx);
    rsp::EuiccSigned1 said{.transaction_id = transaction_id, .server_address = server_address};
    std::copy_n(server_challenge.begin(), said.server_challenge.size(), said.server_challenge.begin());
    said.euicc_info2.der = info2;
    said.ctx_params1.der = params;
    const OwnedBytes signed1 = encoded(said);
    euicc_signature1 = signed_by(euicc, {signed1});
    rsp::AuthenticateResponseOk ok{.euicc_signature1 = euicc_signature1,
                                   .euicc_certificate = must(asn1::Raw::from(euicc_certificate)),
                                   .eum_certificate = must(asn1::Raw::from(eum_certificate))};
    ok.euicc_signed1.der = signed1;
    rsp::AuthenticateServerResponse response;
    response.is = ok;
    const OwnedBytes whole = encoded(response);
    rsp::AuthenticateClientRequest r{.transaction_id = transaction_id};
    r.authenticate_server_response.der = whole;
    return encoded(r);
}

OwnedBytes Handset::package_message() {
    if (new_otpk || !otsk.valid()) otsk = must(crypto::PrivateKey::generate(euicc.key.curve(), random_));
    rsp::EuiccSigned2 said{.transaction_id = transaction_id, .euicc_otpk = Bytes(otsk.public_key().point)};
    if (!confirmation_code.empty()) // SGP.22 §5.7.5
        said.hash_cc = crypto::sha256({crypto::sha256({bytes_of(confirmation_code)}), transaction_id});
    const OwnedBytes signed2 = encoded(said);
    const OwnedBytes signature = signed_by(euicc, {signed2, smdp::signature_tlv(smdp_signature2)});
    rsp::PrepareDownloadResponseOk ok{.euicc_signature2 = signature};
    ok.euicc_signed2.der = signed2;
    rsp::PrepareDownloadResponse response;
    response.is = ok;
    const OwnedBytes whole = encoded(response);
    rsp::GetBoundProfilePackageRequest r{.transaction_id = transaction_id};
    r.prepare_download_response.der = whole;
    return encoded(r);
}

OwnedBytes Handset::cancel_message(rsp::CancelSessionReason reason) {
    const OwnedBytes said = encoded(rsp::EuiccCancelSessionSigned{
        .transaction_id = transaction_id, .smdp_oid = {smdp_oid}, .reason = reason});
    const OwnedBytes signature = signed_by(euicc, {said});
    rsp::CancelSessionResponseOk ok{.euicc_cancel_session_signature = signature};
    ok.euicc_cancel_session_signed.der = said;
    rsp::CancelSessionRequestEs9 r{.transaction_id = transaction_id};
    r.cancel_session_response.is = ok;
    return encoded(r);
}

OwnedBytes Handset::installation_message(uint64_t sequence, std::string_view number, int error) {
    static constexpr uint8_t kAid[] = {
        0xA0, 0, 0, 5, 0x59, 0x10, 0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x89, 0, 0, 0x10, 0};
    static constexpr uint8_t kOk[] = {0x30, 0x07, 0xA0, 0x05, 0x30, 0x03, 0x80, 0x01, 0x00};
    rsp::ProfileInstallationResultData data{
        .transaction_id = transaction_id,
        .notification_metadata =
            {.seq_number = sequence,
             .profile_management_operation = {rsp::NotificationEvent::notification_install},
             .notification_address = server_address,
             .iccid = loop::iccid(number)},
        .smdp_oid = {smdp_oid}};
    if (error)
        data.final_result.is = rsp::ErrorResult{.bpp_command_id = rsp::BppCommandId::load_profile_elements,
                                                .error_reason = static_cast<rsp::ErrorReason>(error)};
    else
        data.final_result.is = rsp::SuccessResult{.aid = kAid, .sima_response = kOk};
    const OwnedBytes said = encoded(data);
    const OwnedBytes signature = signed_by(euicc, {said});
    rsp::ProfileInstallationResult result{.euicc_sign_pir = signature};
    result.profile_installation_result_data.der = said;
    const OwnedBytes whole = encoded(result);
    asn1::Exact<rsp::ProfileInstallationResult> exact;
    exact.der = whole;
    rsp::HandleNotification message;
    message.pending_notification.is = exact;
    return encoded(message);
}

OwnedBytes
Handset::notification_message(uint64_t sequence, std::string_view number, rsp::NotificationEvent event) {
    const OwnedBytes said = encoded(rsp::NotificationMetadata{.seq_number = sequence,
                                                              .profile_management_operation = {event},
                                                              .notification_address = server_address,
                                                              .iccid = loop::iccid(number)});
    const OwnedBytes signature = signed_by(euicc, {said});
    rsp::OtherSignedNotification n{.euicc_notification_signature = signature,
                                   .euicc_certificate = must(asn1::Raw::from(euicc_certificate)),
                                   .eum_certificate = must(asn1::Raw::from(eum_certificate))};
    n.tbs_other_notification.der = said;
    const OwnedBytes whole = encoded(n);
    asn1::Exact<rsp::OtherSignedNotification> exact;
    exact.der = whole;
    rsp::HandleNotification message;
    message.pending_notification.is = exact;
    return encoded(message);
}

rsp::Es9Answer Handset::send(Bytes message) { return must(exchange_(message, now)); }

rsp::Es9Answer Handset::initiate() {
    auto answer = send(initiate_message());
    if (answer.failed) return answer;
    const auto response = must(asn1::decode<rsp::InitiateAuthenticationResponse>(answer.der));
    const auto& ok = std::get<rsp::InitiateAuthenticationOkEs9>(response.is);
    transaction_id = owned(ok.transaction_id);
    server_signed1 = owned(ok.server_signed1.der);
    server_challenge = owned(ok.server_signed1.value.server_challenge);
    return answer;
}
rsp::Es9Answer Handset::authenticate() {
    auto answer = send(client_message());
    if (answer.failed) return answer;
    const auto response = must(asn1::decode<rsp::AuthenticateClientResponseEs9>(answer.der));
    const auto& ok = std::get<rsp::AuthenticateClientOk>(response.is);
    smdp_signed2 = owned(ok.smdp_signed2.der);
    smdp_signature2 = owned(ok.smdp_signature2);
    code_required = ok.smdp_signed2.value.cc_required_flag;
    offered_otpk = owned(ok.smdp_signed2.value.bpp_euicc_otpk.value_or(Bytes{}));
    return answer;
}
rsp::Es9Answer Handset::package() {
    auto answer = send(package_message());
    if (answer.failed) return answer;
    const auto response = must(asn1::decode<rsp::GetBoundProfilePackageResponse>(answer.der));
    bound = owned(std::get<rsp::GetBoundProfilePackageOk>(response.is).bound_profile_package.der);
    return answer;
}
bool Handset::download() {
    return codes(initiate()).empty() && codes(authenticate()).empty() && codes(package()).empty();
}

} // namespace halyard::loop
