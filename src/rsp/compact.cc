#include "rsp/compact.h"

namespace halyard::rsp {
namespace {
using asn1::read_tlv;

/// Encoded pieces, each in front of the one before it, in the caller's memory.
class Pieces {
  public:
    explicit Pieces(Buffer buffer) : rest_(buffer) {}
    template <class T> Result<Bytes> put(const T& value) {
        const Bytes octets = TRY(asn1::encode(value, rest_));
        rest_ = rest_.first(rest_.size() - octets.size());
        return octets;
    }

  private:
    Buffer rest_;
};

Result<Bytes> known(Bytes octets, const char* what) {
    if (octets.empty()) return fail(Errc::missing_field, what);
    return octets;
}

/// The stored euiccInfo2 with the extCardResource of now.
Result<Bytes> with_resource(Pieces& pieces, Bytes info2, Bytes resource) {
    const auto outer = TRY(read_tlv(TRY(known(info2, "euiccInfo2")), "euiccInfo2"));
    if (outer.tag != 0xBF22) return fail(Errc::bad_tag, "euiccInfo2", outer.tag);
    const Bytes fresh = TRY(pieces.put(asn1::Tagged<Bytes, 0x84>{resource}));
    std::array<asn1::Any, 48> parts;
    size_t count = 0;
    for (Bytes rest = outer.content; !rest.empty();) {
        const auto part = TRY(read_tlv(rest, "euiccInfo2"));
        if (count == parts.size()) return fail(Errc::limit, "euiccInfo2");
        parts[count++].der = part.tag == 0x84 ? fresh : part.whole;
        rest = part.rest;
    }
    asn1::Tagged<asn1::List<asn1::Any>, 0xBF22> info;
    info.value.items = std::span<const asn1::Any>(parts).first(count);
    return pieces.put(info);
}

/// euiccSigned1 of compactEuiccSigned1. The ctxParams1 in it stays as it came, octet for octet.
Result<Bytes> expand_signed1(Pieces& pieces, const asn1::Tlv& compact, const SessionFacts& facts) {
    EuiccSigned1 full{.transaction_id = facts.transaction_id, .server_address = facts.server_address};
    if (facts.server_challenge.size() != full.server_challenge.size() || facts.server_address.empty())
        return fail(Errc::missing_field, "serverSigned1");
    std::copy(facts.server_challenge.begin(), facts.server_challenge.end(), full.server_challenge.begin());
    const auto resource = TRY(read_tlv(compact.content, "extCardResource"));
    full.euicc_info2.der = TRY(with_resource(pieces, facts.euicc_info2, resource.content));
    full.ctx_params1.der = facts.ctx_params1;
    if (!resource.rest.empty()) {
        const auto given = TRY(read_tlv(resource.rest, "ctxParams1"));
        if (given.tag == 0xA2) full.ctx_params1.der = given.content;
    }
    TRY(known(full.ctx_params1.der, "ctxParams1"));
    return pieces.put(full);
}

Result<Raw> certificate(const std::optional<Raw>& given, const Raw& stored, const char* what) {
    if (!given && stored.empty()) return fail(Errc::missing_field, what);
    return given ? *given : stored;
}
} // namespace

Result<Bytes> expand_authenticate(Bytes response, const SessionFacts& facts, Buffer buffer) {
    const auto decoded = TRY(asn1::decode<AuthenticateServerResponse>(response));
    const auto* compact = std::get_if<CompactAuthenticateResponseOk>(&decoded.is);
    if (!compact) return fail(Errc::bad_value, "compactAuthenticateResponseOk");
    AuthenticateResponseOk full{.euicc_signature1 = compact->euicc_signature1};
    full.euicc_certificate =
        TRY(certificate(compact->euicc_certificate, facts.euicc_certificate, "euiccCertificate"));
    full.eum_certificate =
        TRY(certificate(compact->eum_certificate, facts.eum_certificate, "eumCertificate"));
    // It decodes, so these are there.
    const auto choice = TRY(read_tlv(TRY(read_tlv(response)).content));
    const auto signed_data = TRY(read_tlv(choice.content, "signedData"));
    Pieces pieces(buffer);
    full.euicc_signed1.der =
        signed_data.tag == 0x30 ? signed_data.whole : TRY(expand_signed1(pieces, signed_data, facts));
    AuthenticateServerResponse out;
    out.is = full;
    return pieces.put(out);
}

Result<Bytes>
expand_prepare(const PrepareDownloadResponse& response, const SessionFacts& facts, Buffer buffer) {
    const auto* compact = std::get_if<CompactPrepareDownloadResponseOk>(&response.is);
    if (!compact) return fail(Errc::bad_value, "compactDownloadResponseOk");
    EuiccSigned2 signed2{.transaction_id = facts.transaction_id};
    const auto& given = compact->compact_euicc_signed2;
    signed2.euicc_otpk =
        given.euicc_otpk ? *given.euicc_otpk : TRY(known(facts.bpp_euicc_otpk, "bppEuiccOtpk"));
    signed2.hash_cc = given.hash_cc;
    if (!signed2.hash_cc && facts.hash_cc.size() == 32) {
        signed2.hash_cc.emplace();
        std::copy(facts.hash_cc.begin(), facts.hash_cc.end(), signed2.hash_cc->begin());
    }
    Pieces pieces(buffer);
    PrepareDownloadResponseOk full{.euicc_signature2 = compact->euicc_signature2};
    full.euicc_signed2.der = TRY(pieces.put(signed2));
    PrepareDownloadResponse out;
    out.is = full;
    return pieces.put(out);
}

Result<Bytes> expand_cancel(const CancelSessionResponse& response, const SessionFacts& facts, Buffer buffer) {
    const auto* compact = std::get_if<CompactCancelSessionResponseOk>(&response.is);
    if (!compact) return fail(Errc::bad_value, "compactCancelSessionResponseOk");
    const auto given = compact->compact_euicc_cancel_session_signed.reason;
    if (!given && !facts.reason) return fail(Errc::missing_field, "reason");
    Pieces pieces(buffer);
    CancelSessionResponseOk full{.euicc_cancel_session_signature = compact->euicc_cancel_session_signature};
    full.euicc_cancel_session_signed.der =
        TRY(pieces.put(EuiccCancelSessionSigned{.transaction_id = facts.transaction_id,
                                                .smdp_oid = {TRY(known(facts.smdp_oid, "smdpOid"))},
                                                .reason = given ? *given : *facts.reason}));
    CancelSessionResponse out;
    out.is = full;
    return pieces.put(out);
}

namespace {
Result<Bytes> expand_installation(const CompactProfileInstallationResult& compact,
                                  const SessionFacts& facts,
                                  Pieces& pieces) {
    const auto& given = compact.compact_profile_installation_result_data;
    if (!same(given.transaction_id, facts.transaction_id)) return fail(Errc::missing_field, "transactionId");
    if (facts.server_address.empty()) return fail(Errc::missing_field, "notificationAddress");
    ProfileInstallationResultData data{
        .transaction_id = given.transaction_id,
        .notification_metadata = {.seq_number = given.seq_number,
                                  .profile_management_operation = {NotificationEvent::notification_install},
                                  .notification_address = facts.server_address},
        .smdp_oid = {TRY(known(facts.smdp_oid, "smdpOid"))}};
    if (given.iccid_present) {
        if (!facts.iccid) return fail(Errc::missing_field, "iccid");
        data.notification_metadata.iccid = facts.iccid;
    }
    std::array<uint8_t, 16> aid{};
    const auto& result = given.compact_final_result.is;
    if (const auto* success = std::get_if<CompactSuccessResult>(&result)) {
        std::copy(kIsdpAidPrefix.begin(), kIsdpAidPrefix.end(), aid.begin());
        std::copy(success->compact_aid.begin(), success->compact_aid.end(), aid.begin() + 13);
        data.final_result.is = SuccessResult{
            .aid = aid, .sima_response = success->sima_response.value_or(Bytes(kUsualSimaResponse))};
    } else {
        data.final_result.is = std::get<ErrorResult>(result);
    }
    asn1::Exact<ProfileInstallationResultData> exact;
    exact.der = TRY(pieces.put(data));
    return pieces.put(ProfileInstallationResult{.profile_installation_result_data = exact,
                                                .euicc_sign_pir = compact.euicc_sign_pir});
}
} // namespace

Result<Bytes>
expand_notification(const PendingNotification& notification, const SessionFacts& facts, Buffer buffer) {
    Pieces pieces(buffer);
    if (const auto* installed = std::get_if<CompactProfileInstallationResult>(&notification.is))
        return expand_installation(*installed, facts, pieces);
    const auto* other = std::get_if<CompactOtherSignedNotification>(&notification.is);
    if (!other) return fail(Errc::bad_value, "compact notification");
    OtherSignedNotification full{.euicc_notification_signature = other->euicc_notification_signature};
    full.tbs_other_notification.der = other->tbs_other_notification.der;
    full.euicc_certificate = TRY(certificate({}, facts.euicc_certificate, "euiccCertificate"));
    full.eum_certificate = TRY(certificate({}, facts.eum_certificate, "eumCertificate"));
    return pieces.put(full);
}

} // namespace halyard::rsp
