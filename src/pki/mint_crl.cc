#include "pki/mint_crl.h"
#include "pki/der.h"

namespace halyard::pki {
namespace {
using der::extension, der::sequence, der::tlv;
const uint8_t kYes[] = {0xFF};

Result<OwnedBytes> entry(const rsp::CrlEntry& e) {
    if (e.serial.empty() || e.serial.size() > 20) return fail(Errc::bad_length, "userCertificate");
    OwnedBytes extensions;
    if (e.reason && *e.reason != rsp::RevocationReason::unspecified) { // which is left out. RFC 5280 §5.3.1
        const uint8_t reason = static_cast<uint8_t>(*e.reason);
        append(extensions, extension("2.5.29.21", false, tlv(0x0A, {Bytes(&reason, 1)})));
    }
    if (e.expires)
        append(extensions, extension("2.23.146.1.2.0.1", false, TRY(der::time(*e.expires, "expDate"))));
    return sequence({der::integer(e.serial),
                     TRY(der::time(e.date, "revocationDate")),
                     extensions.empty() ? OwnedBytes{} : sequence({extensions})});
}

OwnedBytes distribution_point(const CrlRequest& r) {
    return sequence({r.uris.empty() ? OwnedBytes{} : der::full_name(r.uris),
                     r.only_user_certificates ? tlv(0x81, {kYes}) : OwnedBytes{},
                     r.only_cas ? tlv(0x82, {kYes}) : OwnedBytes{}});
}

OwnedBytes extensions(const CrlRequest& r, Bytes issuer_key_id) {
    OwnedBytes all = extension("2.5.29.35", false, der::authority_key(issuer_key_id));
    append(all, extension("2.5.29.20", false, der::integer(r.number)));
    if (r.only_user_certificates || r.only_cas || !r.uris.empty())
        append(all, extension("2.5.29.28", true, distribution_point(r)));
    if (r.parts > 0) { // critical: whoever does not know them must not take a part for the whole
        append(all, extension("2.23.146.1.2.0.2", true, der::integer(r.parts)));
        append(all, extension("2.23.146.1.2.0.3", true, der::integer(r.part)));
    }
    return tlv(0xA0, {sequence({all})});
}
} // namespace

Result<OwnedBytes> mint_crl(const CrlRequest& r, const Credential& issuer) {
    const crypto::Certificate& ca = issuer.certificate;
    if (!ca.subject_key_id) return fail(Errc::missing_field, "issuer subjectKeyIdentifier");
    if (!ca.key_usage || !(*ca.key_usage & crypto::crl_sign)) return fail(Errc::unverified, "issuer cRLSign");
    if (r.next_update < r.this_update) return fail(Errc::bad_value, "nextUpdate");
    if (r.only_user_certificates && r.only_cas) return fail(Errc::bad_value, "issuingDistributionPoint");
    if (r.part > r.parts || (r.parts > 0 && r.part == 0) || r.parts > rsp::Crl::kMaxParts)
        return fail(Errc::bad_value, "partialCrlNumber");
    OwnedBytes revoked;
    for (const rsp::CrlEntry& e : r.revoked) append(revoked, TRY(entry(e)));
    const OwnedBytes tbs = sequence({der::integer(1), // v2
                                     der::ecdsa_sha256(),
                                     ca.subject,
                                     TRY(der::time(r.this_update, "thisUpdate")),
                                     TRY(der::time(r.next_update, "nextUpdate")),
                                     revoked.empty() ? OwnedBytes{} : sequence({revoked}),
                                     extensions(r, *ca.subject_key_id)});
    return der::signed_by(tbs, TRY(crypto::sign_der(issuer.key, tbs)));
}

} // namespace halyard::pki
