#pragma once
// Certificate rules of the RSP public-key infrastructure. SGP.22 §4.5.2, SGP.26. The messages of SGP.22 v2
// carry flat chains of v2 certificates only (variant O): CI → EUM → eUICC, CI → DPauth, DPpb, TLS. Chains of
// any variant are judged by check_chain. A general X.509 validator is no use for EUM → eUICC: the EUM's name
// constraint means "serialNumber starts with", which RFC 5280 does not know.
#include "crypto/certificate.h"
#include "rsp/crl.h"

namespace halyard::rsp {

enum class Role : uint8_t {
    ci,
    eum,
    euicc,
    dp_tls,
    dp_auth,
    dp_pb,
    ds_tls,
    ds_auth,
    eim, // signs eUICC packages
    eim_tls,
    ci_sub, // SubCAs, of v3 only
    eum_sub,
    dp_sub,
    ds_sub,
    count_
};
const char* name(Role);
/// The role identifiers of SGP.22 v2 and of v3. A CI has the same one in both.
enum class RoleOids : uint8_t { v2, v3 };
/// The role's certificatePolicies OID, dotted; "" where there is none: eIMs, and SubCAs in v2.
const char* policy_oid(Role, RoleOids = RoleOids::v2);
/// CA roles certify others and sign revocation lists.
bool is_ca(Role);

/// The shapes of chain that SGP.26 knows. O and Ov3 are flat; A: SubCAs below CI and EUM; B: one SubCA
/// between CI and everything; C: both.
enum class Variant : uint8_t { o, ov3, a, b, c };
/// "O", "Ov3", "A", "B", "C"
const char* name(Variant);
/// The reverse, in either case; bad_value "variant".
Result<Variant> variant_from(std::string_view text);
/// Who certifies `role` in a chain of that variant; nullopt for the CI and for roles the variant does not
/// have.
std::optional<Role> issuer_of(Role role, Variant);

/// What a certificate says it is.
struct Recognised {
    Role role;
    RoleOids oids; // v2 where both have the same
};
/// By certificatePolicies; without any: an eIM's, where key usage fits. nullopt: none of ours.
std::optional<Recognised> recognise(const crypto::Certificate&);

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
    chain_length,          // no certificate, or more than any variant has
    issuer_role,           // the issuer's role may not certify this one
    revoked,               // listed by its issuer
    crl_signature,         // a list in its issuer's name that the issuer did not sign
    crl_out_of_date,       // the newest list is from the future, or its nextUpdate too long ago
    crl_incomplete,        // parts of a partial list are missing
    crl_missing,           // no list of the issuer, but one is required
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

/// Judges `certificate` as `role` of v2 under `anchor`. `now` is absent for a card, which has no clock.
/// Errors: unverified (expired: expired), see ChainRule.
Ok check_under_anchor(const crypto::Certificate& certificate,
                      Role role,
                      const TrustAnchor& anchor,
                      std::optional<Time> now,
                      const Revocation* revocation = nullptr);

/// The anchor with the certificate's authorityKeyIdentifier; not_trusted otherwise.
Result<const TrustAnchor*> anchor_for(const crypto::Certificate& certificate,
                                      std::span<const TrustAnchor> anchors);

/// CERT.EUICC under CERT.EUM, both of v2, the EUM being judged already. SGP.22 §4.5.2.1
Ok check_euicc(const crypto::Certificate& euicc,
               const crypto::Certificate& eum,
               std::optional<Time> now,
               const Revocation* revocation = nullptr);

/// The whole of CI → EUM → eUICC. The EID is that of the eUICC certificate.
Result<Eid> check_euicc_chain(const crypto::Certificate& euicc,
                              const crypto::Certificate& eum,
                              std::span<const TrustAnchor> anchors,
                              std::optional<Time> now,
                              const Revocation* revocation = nullptr);

/// What check_chain found beside its answer.
struct ChainFinding {
    size_t position = 0;             // of the certificate a refusal is about; 0 is the leaf
    std::optional<CrlEntry> revoked; // with rule revoked; borrows from the list
    bool stale_crl = false;          // a list counted though its nextUpdate has passed
};
/// A chain of any variant, leaf first, each certificate followed by its issuer; the CI itself may close it.
/// Every position must have a role that its issuer's role may certify, all role identifiers being of one
/// generation. Errors: as check_under_anchor.
Result<Variant> check_chain(std::span<const crypto::Certificate> path,
                            Role leaf,
                            std::span<const TrustAnchor> anchors,
                            std::optional<Time> now,
                            const Revocation* revocation = nullptr,
                            ChainFinding* finding = nullptr);

/// Looks `certificate` up in its issuer's lists. `issuer_signs_crls` is the issuer's key usage. A list that
/// is the issuer's by name and key identifier must be in order; the newest one that covers the certificate
/// decides. Rules revoked and crl_*.
Ok check_revocation(const crypto::Certificate& certificate,
                    const TrustAnchor& issuer,
                    bool issuer_signs_crls,
                    const Revocation& revocation,
                    std::optional<Time> now,
                    ChainFinding* finding = nullptr);
/// serialNumber attribute of the subject; rule eid.
Result<Eid> eid_of(const crypto::Certificate& euicc);

/// The SM-DP+ identity: the first registeredID, dotted. Rule subject_alt_name.
Result<std::string> server_oid(const crypto::Certificate& certificate);
/// DPpb must carry the OID that DPauth carried. SGP.22 §5.7.5
Ok check_same_server(const crypto::Certificate& auth, const crypto::Certificate& pb);
/// A self-signed CI: form, role, usage, own signature.
Ok check_ci(const crypto::Certificate& ci, std::optional<Time> now);

} // namespace halyard::rsp
