#pragma once
// Certificate rules of the RSP public-key infrastructure, flat chains (variant O): CI → EUM → eUICC, CI →
// DPauth, DPpb, TLS. SGP.22 §4.5.2, SGP.26. A general X.509 validator is no use for EUM → eUICC: the EUM's
// name constraint means "serialNumber starts with", which RFC 5280 does not know.
#include "crypto/certificate.h"
#include <optional>

namespace halyard::rsp {

enum class Role : uint8_t { ci, eum, euicc, dp_tls, dp_auth, dp_pb, ds_tls, ds_auth, eim };
const char* name(Role);
/// The role's certificatePolicies OID, dotted; "" for an eIM, which has none.
const char* policy_oid(Role);

/// One rule each, in the order they are checked; a refusal names exactly one (SR-07). `Error.where` is
/// rule_name(rule) and `Error.detail` the number.
enum class ChainRule : uint32_t {
    none,
    version,               // X.509 v3
    algorithm,             // ecdsa-with-SHA256
    curve,                 // named P-256 or brainpoolP256r1 (SR-06)
    curve_mix,             // one chain, one curve
    authority_key,         // AKI present and equal to the issuer's SKI
    issuer_name,           // issuer equals the issuer's subject
    issuer_not_ca,         // issuer has basicConstraints CA and keyCertSign
    path_length,           // issuer's pathLen allows a CA below it
    signature,             // verifies with the issuer's key
    not_yet_valid,         //
    expired,               //
    role,                  // certificatePolicies carries the role's OID
    policies_not_critical, // critical where SGP.26 says so
    key_usage_missing,     // present and critical
    key_usage,             // digitalSignature, or keyCertSign for a CA
    ca_flag,               // CA where it must be, absent where it must not
    extended_key_usage,    // serverAuth for TLS roles
    subject_alt_name,      // registeredID present where it is the identity
    subject_key,           // SKI present
    unknown_critical,      // a critical extension nobody here understands
    name_constraint,       // EUM: permitted O and EID prefix; eUICC: subject fits them
    eid,                   // eUICC: serialNumber of 32 digits
    not_trusted,           // no trusted CI has this key identifier
    oid_mismatch,          // DPpb and DPauth belong to different SM-DP+
    count_,
};
const char* rule_name(ChainRule);

/// A trusted root: its certificate, or only its key and identifier as a card keeps it.
struct TrustAnchor {
    crypto::PublicKey key;
    OwnedBytes key_id;
    OwnedBytes subject;                    // complete DER name; empty: not checked
    std::optional<uint32_t> path_length{}; // CAs allowed below it; absent: any number
    static Result<TrustAnchor> from(const crypto::Certificate& ci);
};

/// Judges `certificate` as `role` under `anchor`. `now` is absent for a card, which has no clock.
/// Errors: unverified (expired: expired), see ChainRule.
Ok check_under_anchor(const crypto::Certificate& certificate,
                      Role role,
                      const TrustAnchor& anchor,
                      std::optional<Time> now);

/// The anchor with the certificate's authorityKeyIdentifier; not_trusted otherwise.
Result<const TrustAnchor*> anchor_for(const crypto::Certificate& certificate,
                                      std::span<const TrustAnchor> anchors);

/// CERT.EUICC under CERT.EUM, the EUM being judged already. SGP.22 §4.5.2.1
Ok check_euicc(const crypto::Certificate& euicc, const crypto::Certificate& eum, std::optional<Time> now);

/// The whole of CI → EUM → eUICC. The EID is that of the eUICC certificate.
Result<Eid> check_euicc_chain(const crypto::Certificate& euicc,
                              const crypto::Certificate& eum,
                              std::span<const TrustAnchor> anchors,
                              std::optional<Time> now);
/// serialNumber attribute of the subject; rule eid.
Result<Eid> eid_of(const crypto::Certificate& euicc);

/// The SM-DP+ identity: the first registeredID, dotted. Rule subject_alt_name.
Result<std::string> server_oid(const crypto::Certificate& certificate);
/// DPpb must carry the OID that DPauth carried. SGP.22 §5.7.5
Ok check_same_server(const crypto::Certificate& auth, const crypto::Certificate& pb);
/// A self-signed CI: form, role, usage, own signature.
Ok check_ci(const crypto::Certificate& ci, std::optional<Time> now);

} // namespace halyard::rsp
