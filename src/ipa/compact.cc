#include "ipa/compact.h"
#include "ipa/dialect.h"
#include "ipa/epr.h"
#include "ipa/hash.h"
#include "rsp/compact.h"

namespace halyard::ipa {
namespace {
/// Should two things be alike by chance, the eIM rebuilds something else, refuses it, and gets the full form.
uint64_t hash_of_eim(const Context& c) { return Hash().add(c.eims[c.eim].id.bytes()).value(); }
/// All but extCardResource, which comes with every object.
uint64_t hash_of_info2(Bytes info2) {
    Hash hash;
    if (const auto outer = asn1::read_tlv(info2))
        (void)for_each_tlv(outer->content, [&](const asn1::Tlv& part) {
            if (part.tag != 0x84) hash.add(part.whole);
            return true;
        });
    return hash.value();
}
uint64_t hash_of_certificates(const rsp::Raw& euicc, const rsp::Raw& eum) {
    return Hash().add(euicc.content).add(eum.content).value();
}

Told told_to(const Context& c) {
    const uint64_t eim = hash_of_eim(c);
    for (const Told& t : c.state.told)
        if (t.eim == eim) return t;
    return {};
}

rsp::SessionFacts facts_of(const DownloadRun& run) {
    return {.transaction_id = run.transaction.bytes(),
            .server_address = text_of(run.server_address.bytes()),
            .server_challenge = run.server_challenge,
            .ctx_params1 = run.ctx_params1,
            .bpp_euicc_otpk = run.offered_otpk.bytes(),
            .smdp_oid = run.smdp_oid.bytes(),
            .reason = run.eim_refused,
            .iccid = run.iccid};
}

template <class T> Result<Bytes> keep(Context& c, const T& message) {
    return c.keep.copy(TRY(asn1::encode(message, c.keep.rest())), "compact form");
}
/// The check that counts: what the eIM will put together is what the card signed.
Result<Bytes> proven(Bytes compact, Bytes rebuilt, Bytes full) {
    if (!same(rebuilt, full) || compact.size() >= full.size()) return fail(Errc::unsupported, "compact form");
    return compact;
}

Result<Bytes> compact_authenticate(Context& c, Bytes full) {
    const auto response = TRY(asn1::decode<rsp::AuthenticateServerResponse>(full));
    const auto* ok = std::get_if<rsp::AuthenticateResponseOk>(&response.is);
    if (!ok) return fail(Errc::unsupported, "authenticateResponseOk");
    const rsp::EuiccSigned1& signed1 = ok->euicc_signed1.value;
    const Told told = told_to(c);
    rsp::SessionFacts facts = facts_of(c.download);
    rsp::CompactAuthenticateResponseOk compact{.euicc_signature1 = ok->euicc_signature1};
    if (told.info2 == hash_of_info2(signed1.euicc_info2.der)) {
        facts.euicc_info2 = signed1.euicc_info2.der;
        rsp::CompactEuiccSigned1 small{.ext_card_resource = signed1.euicc_info2.value.ext_card_resource};
        if (!same(facts.ctx_params1, signed1.ctx_params1.der)) small.ctx_params1 = signed1.ctx_params1.value;
        compact.signed_data.is = small;
    } else {
        compact.signed_data.is = signed1;
    }
    if (told.certificates == hash_of_certificates(ok->euicc_certificate, ok->eum_certificate)) {
        facts.euicc_certificate = ok->euicc_certificate;
        facts.eum_certificate = ok->eum_certificate;
    } else {
        compact.euicc_certificate = ok->euicc_certificate;
        compact.eum_certificate = ok->eum_certificate;
    }
    rsp::AuthenticateServerResponse out;
    out.is = compact;
    const Bytes small = TRY(keep(c, out));
    return proven(small, TRY(rsp::expand_authenticate(small, facts, c.keep.rest())), full);
}

Result<Bytes> compact_prepare(Context& c, Bytes full) {
    const auto response = TRY(asn1::decode<rsp::PrepareDownloadResponse>(full));
    const auto* ok = std::get_if<rsp::PrepareDownloadResponseOk>(&response.is);
    if (!ok) return fail(Errc::unsupported, "downloadResponseOk");
    const rsp::EuiccSigned2& signed2 = ok->euicc_signed2.value;
    const rsp::SessionFacts facts = facts_of(c.download);
    rsp::CompactPrepareDownloadResponseOk compact{.euicc_signature2 = ok->euicc_signature2};
    if (!same(facts.bpp_euicc_otpk, signed2.euicc_otpk))
        compact.compact_euicc_signed2.euicc_otpk = signed2.euicc_otpk;
    compact.compact_euicc_signed2.hash_cc = signed2.hash_cc;
    rsp::PrepareDownloadResponse out;
    out.is = compact;
    const Bytes small = TRY(keep(c, out)); // before rest() is written to again
    return proven(small, TRY(rsp::expand_prepare(out, facts, c.keep.rest())), full);
}

Result<Bytes> compact_cancel(Context& c, Bytes full) {
    // BF41 is what the card signed in; on ESipa its content travels under another tag.
    const Bytes whole = TRY(keep(c, asn1::Tagged<asn1::Raw, 0xBF41>{{full}}));
    const auto response = TRY(asn1::decode<rsp::CancelSessionResponse>(whole));
    const auto* ok = std::get_if<rsp::CancelSessionResponseOk>(&response.is);
    if (!ok) return fail(Errc::unsupported, "cancelSessionResponseOk");
    const rsp::SessionFacts facts = facts_of(c.download);
    rsp::CompactCancelSessionResponseOk compact{.euicc_cancel_session_signature =
                                                    ok->euicc_cancel_session_signature};
    const auto reason = ok->euicc_cancel_session_signed.value.reason;
    if (reason != facts.reason) compact.compact_euicc_cancel_session_signed.reason = reason;
    rsp::CancelSessionResponse out;
    out.is = compact;
    const Bytes small = TRY(keep(c, out));
    TRY(proven(small, TRY(rsp::expand_cancel(out, facts, c.keep.rest())), whole));
    return TRY(asn1::read_tlv(small)).content;
}

Result<Bytes> compact_installation(Context& c, Bytes full, const rsp::ProfileInstallationResult& result) {
    const rsp::SessionFacts facts = facts_of(c.download);
    const auto& data = result.profile_installation_result_data.value;
    rsp::CompactProfileInstallationResult compact{.euicc_sign_pir = result.euicc_sign_pir};
    auto& to = compact.compact_profile_installation_result_data;
    to.transaction_id = data.transaction_id;
    to.seq_number = data.notification_metadata.seq_number;
    to.iccid_present = data.notification_metadata.iccid.has_value();
    if (const auto* success = std::get_if<rsp::SuccessResult>(&data.final_result.is)) {
        rsp::CompactSuccessResult small;
        if (success->aid.size() != 16) return fail(Errc::unsupported, "aid");
        std::copy_n(success->aid.begin() + 13, small.compact_aid.size(), small.compact_aid.begin());
        if (!same(success->sima_response, rsp::kUsualSimaResponse))
            small.sima_response = success->sima_response;
        to.compact_final_result.is = small;
    } else {
        to.compact_final_result.is = std::get<rsp::ErrorResult>(data.final_result.is);
    }
    rsp::PendingNotification out;
    out.is = compact;
    const Bytes form = TRY(keep(c, out));
    return proven(form, TRY(rsp::expand_notification(out, facts, c.keep.rest())), full);
}

Result<Bytes> compact_notification(Context& c, Bytes full) {
    const auto pending = TRY(asn1::decode<rsp::PendingNotification>(full));
    if (const auto* installed = std::get_if<asn1::Exact<rsp::ProfileInstallationResult>>(&pending.is))
        return compact_installation(c, full, installed->value);
    const auto* other = std::get_if<asn1::Exact<rsp::OtherSignedNotification>>(&pending.is);
    if (!other) return fail(Errc::unsupported, "compact notification");
    const rsp::OtherSignedNotification& said = other->value;
    if (told_to(c).certificates != hash_of_certificates(said.euicc_certificate, said.eum_certificate))
        return fail(Errc::unsupported, "euiccCertificate");
    rsp::CompactOtherSignedNotification compact{.euicc_notification_signature =
                                                    said.euicc_notification_signature};
    compact.eid_value = c.eid;
    compact.tbs_other_notification.der = said.tbs_other_notification.der;
    rsp::PendingNotification out;
    out.is = compact;
    const rsp::SessionFacts facts{.euicc_certificate = said.euicc_certificate,
                                  .eum_certificate = said.eum_certificate};
    const Bytes small = TRY(keep(c, out));
    return proven(small, TRY(rsp::expand_notification(out, facts, c.keep.rest())), full);
}

/// `full` is in `in`, which the answer will overwrite; a refusal asks for it once more.
Bytes choose_form(Context& c, Bytes full, Result<Bytes> (*compact)(Context&, Bytes)) {
    DownloadRun& run = c.download;
    run.compacted = false;
    if (!run.indirect || run.in_full || !may_compact(c)) return full;
    const auto kept = c.keep.copy(full, "full form");
    if (!kept) return full;
    c.result = *kept;
    const auto small = compact(c, *kept);
    if (!small) return *kept;
    run.compacted = true;
    c.note("sent compact", small->size());
    return *small;
}
} // namespace

bool may_compact(const Context& c) {
    // What is left out names the device in v1.0, where neither EID nor eimTransactionId stands beside it.
    if (edition_of_eim(c) == rsp::Edition::v1_0) return false;
    return c.config.has(rsp::IpaCapabilities::IpaFeatures::minimize_esipa_bytes) && told_to(c).announced;
}

Bytes authenticate_to_send(Context& c, Bytes full) { return choose_form(c, full, compact_authenticate); }
Bytes prepare_to_send(Context& c, Bytes full) { return choose_form(c, full, compact_prepare); }
Bytes cancel_to_send(Context& c, Bytes full) { return choose_form(c, full, compact_cancel); }
Bytes notification_to_send(Context& c, Bytes full) {
    return may_compact(c) ? compact_notification(c, full).value_or(full) : full;
}

Ok remember_told(Context& c, const rsp::IpaEuiccData& data) {
    const bool certificates = data.euicc_certificate && data.eum_certificate;
    if (!data.ipa_capabilities && !data.euicc_info2 && !certificates) return {};
    Told now = told_to(c);
    const uint64_t eim = hash_of_eim(c);
    if (data.ipa_capabilities)
        now.announced =
            data.ipa_capabilities->ipa_features.has(rsp::IpaCapabilities::IpaFeatures::minimize_esipa_bytes);
    if (data.euicc_info2) now.info2 = hash_of_info2(data.euicc_info2->der);
    if (certificates) now.certificates = hash_of_certificates(*data.euicc_certificate, *data.eum_certificate);
    // Its own place, else a free one, else that of the one written longest ago.
    auto& all = c.state.told;
    auto place = std::find_if(all.begin(), all.end(), [&](const Told& t) { return t.eim == eim; });
    if (place == all.end())
        place = std::find_if(all.begin(), all.end(), [](const Told& t) { return !t.eim; });
    if (place == all.end()) {
        std::rotate(all.begin(), all.begin() + 1, all.end());
        place = all.end() - 1;
    }
    now.eim = eim;
    *place = now;
    return c.save();
}

Ok forget_told(Context& c) {
    const uint64_t eim = hash_of_eim(c);
    for (Told& t : c.state.told)
        if (t.eim == eim) t = {.eim = eim, .announced = t.announced};
    return c.save();
}

Result<Next> again_in_full(Context& c) {
    c.download.in_full = true;
    c.download.compacted = false;
    c.note("compact form refused");
    TRY(forget_told(c));
    return Next::repeat;
}

} // namespace halyard::ipa
