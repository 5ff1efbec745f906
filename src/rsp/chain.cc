#include "rsp/chain.h"
#include <algorithm>

namespace halyard::rsp {
namespace {
using crypto::Certificate;

constexpr const char* kEcdsaSha256 = "1.2.840.10045.4.3.2";
constexpr const char* kServerAuth = "1.3.6.1.5.5.7.3.1";

// What SGP.26 asks of a certificate of each role.
struct RoleRules {
    Role role;
    const char* name;
    const char* policy;
    bool ca;
    bool policies_critical;
    bool registered_id; // its SAN registeredID is its identity
    bool server_auth;
    bool name_constraints;
    bool subject_key;
};
constexpr RoleRules kRules[] = {
    {Role::ci, "CI", "2.23.146.1.2.1.0", true, true, false, false, false, true},
    {Role::eum, "EUM", "2.23.146.1.2.1.2", true, true, false, false, true, true},
    {Role::euicc, "eUICC", "2.23.146.1.2.1.1", false, true, false, false, false, true},
    {Role::dp_tls, "SM-DP+ TLS", "2.23.146.1.2.1.3", false, false, true, true, false, true},
    {Role::dp_auth, "SM-DP+ auth", "2.23.146.1.2.1.4", false, true, true, false, false, true},
    {Role::dp_pb, "SM-DP+ pb", "2.23.146.1.2.1.5", false, true, true, false, false, true},
    {Role::ds_tls, "SM-DS TLS", "2.23.146.1.2.1.6", false, false, true, true, false, true},
    {Role::ds_auth, "SM-DS auth", "2.23.146.1.2.1.7", false, true, true, false, false, true},
    {Role::eim, "eIM", "", false, false, false, false, false, false},
};
const RoleRules& rules_of(Role role) { return kRules[static_cast<size_t>(role)]; }

Ok demand(bool holds, ChainRule rule) {
    if (holds) return {};
    const Errc code =
        rule == ChainRule::expired || rule == ChainRule::not_yet_valid ? Errc::expired : Errc::unverified;
    return fail(code, rule_name(rule), static_cast<uint32_t>(rule));
}

bool has_usage(const Certificate& c, uint16_t bits) { return c.key_usage && (*c.key_usage & bits) == bits; }

Ok check_form(const Certificate& c) {
    TRY(demand(c.v3, ChainRule::version));
    TRY(demand(c.signature_algorithm == kEcdsaSha256, ChainRule::algorithm));
    return demand(c.public_key.has_value(), ChainRule::curve);
}

Ok check_validity(const Certificate& c, std::optional<Time> now) {
    if (!now) return {};
    TRY(demand(c.not_before <= *now, ChainRule::not_yet_valid));
    return demand(*now <= c.not_after, ChainRule::expired);
}

Ok check_role(const Certificate& c, Role role) {
    const RoleRules& r = rules_of(role);
    const bool named =
        *r.policy == 0 || std::find(c.policies.begin(), c.policies.end(), r.policy) != c.policies.end();
    TRY(demand(named, ChainRule::role));
    TRY(demand(!r.policies_critical || c.policies_critical, ChainRule::policies_not_critical));
    TRY(demand(c.key_usage && c.key_usage_critical, ChainRule::key_usage_missing));
    TRY(demand(has_usage(c, r.ca ? crypto::key_cert_sign : crypto::digital_signature), ChainRule::key_usage));
    TRY(demand(c.is_ca == r.ca && (!r.ca || c.basic_constraints_critical), ChainRule::ca_flag));
    if (r.server_auth)
        TRY(demand(std::find(c.extended_key_usage.begin(), c.extended_key_usage.end(), kServerAuth) !=
                       c.extended_key_usage.end(),
                   ChainRule::extended_key_usage));
    TRY(demand(!r.registered_id || !c.san_registered_ids.empty(), ChainRule::subject_alt_name));
    TRY(demand(!r.subject_key || c.subject_key_id, ChainRule::subject_key));
    TRY(demand(c.unknown_critical.empty(), ChainRule::unknown_critical));
    if (r.name_constraints)
        TRY(demand(c.has_name_constraints && !c.permitted_serial_prefix.empty(), ChainRule::name_constraint));
    return {};
}

// `issuer_subject` may be empty: a card knows only key and identifier of a CI.
Ok check_issued(const Certificate& c,
                const crypto::PublicKey& key,
                Bytes key_id,
                Bytes issuer_subject,
                bool path_allowed = true) {
    TRY(demand(c.public_key->curve == key.curve, ChainRule::curve_mix));
    TRY(demand(c.authority_key_id && same(*c.authority_key_id, key_id), ChainRule::authority_key));
    TRY(demand(issuer_subject.empty() || same(c.issuer, issuer_subject), ChainRule::issuer_name));
    TRY(demand(path_allowed, ChainRule::path_length));
    return demand(c.signed_by(key), ChainRule::signature);
}
} // namespace

const char* name(Role role) { return rules_of(role).name; }
const char* policy_oid(Role role) { return rules_of(role).policy; }

const char* rule_name(ChainRule rule) {
    static constexpr const char* kNames[] = {"none",
                                             "certificate version",
                                             "certificate signature algorithm",
                                             "certificate curve",
                                             "certificate curve differs from its issuer's",
                                             "certificate authority key identifier",
                                             "certificate issuer name",
                                             "certificate issuer is no CA",
                                             "certificate path length",
                                             "certificate signature",
                                             "certificate not yet valid",
                                             "certificate expired",
                                             "certificate role",
                                             "certificate policies not critical",
                                             "certificate key usage missing",
                                             "certificate key usage",
                                             "certificate CA flag",
                                             "certificate extended key usage",
                                             "certificate subject alternative name",
                                             "certificate subject key identifier",
                                             "certificate unknown critical extension",
                                             "certificate name constraint",
                                             "certificate EID",
                                             "certificate issuer not trusted",
                                             "certificate of another server"};
    static_assert(std::size(kNames) == static_cast<size_t>(ChainRule::count_));
    return kNames[static_cast<size_t>(rule)];
}

Result<TrustAnchor> TrustAnchor::from(const Certificate& ci) {
    TRY(demand(ci.public_key.has_value(), ChainRule::curve));
    TRY(demand(ci.subject_key_id.has_value(), ChainRule::subject_key));
    return TrustAnchor{*ci.public_key, *ci.subject_key_id, ci.subject, ci.path_length};
}

Ok check_under_anchor(const Certificate& c, Role role, const TrustAnchor& anchor, std::optional<Time> now) {
    TRY(check_form(c));
    const bool path_allowed = !rules_of(role).ca || anchor.path_length != 0u;
    TRY(check_issued(c, anchor.key, anchor.key_id, anchor.subject, path_allowed));
    TRY(check_validity(c, now));
    return check_role(c, role);
}

Result<const TrustAnchor*> anchor_for(const Certificate& c, std::span<const TrustAnchor> anchors) {
    for (const TrustAnchor& anchor : anchors)
        if (c.authority_key_id && same(*c.authority_key_id, anchor.key_id)) return &anchor;
    TRY(demand(false, ChainRule::not_trusted));
    return nullptr;
}

Ok check_euicc(const Certificate& euicc, const Certificate& eum, std::optional<Time> now) {
    TRY(check_form(euicc));
    TRY(demand(eum.is_ca && has_usage(eum, crypto::key_cert_sign), ChainRule::issuer_not_ca));
    TRY(demand(eum.public_key && eum.subject_key_id, ChainRule::subject_key));
    TRY(check_issued(euicc, *eum.public_key, *eum.subject_key_id, eum.subject));
    TRY(check_validity(euicc, now));
    TRY(check_role(euicc, Role::euicc));
    TRY(eid_of(euicc));
    return demand(euicc.subject_organization == eum.permitted_organization &&
                      euicc.subject_serial_number.starts_with(eum.permitted_serial_prefix),
                  ChainRule::name_constraint);
}

Result<Eid> eid_of(const Certificate& euicc) {
    const auto eid = eid_from_text(euicc.subject_serial_number);
    if (!eid) return fail(Errc::unverified, rule_name(ChainRule::eid), static_cast<uint32_t>(ChainRule::eid));
    return *eid;
}

Result<Eid> check_euicc_chain(const Certificate& euicc,
                              const Certificate& eum,
                              std::span<const TrustAnchor> anchors,
                              std::optional<Time> now) {
    const TrustAnchor* anchor = TRY(anchor_for(eum, anchors));
    TRY(check_under_anchor(eum, Role::eum, *anchor, now));
    TRY(check_euicc(euicc, eum, now));
    return eid_of(euicc);
}

Result<std::string> server_oid(const Certificate& c) {
    TRY(demand(!c.san_registered_ids.empty(), ChainRule::subject_alt_name));
    return c.san_registered_ids.front();
}

Ok check_same_server(const Certificate& auth, const Certificate& pb) {
    return demand(TRY(server_oid(auth)) == TRY(server_oid(pb)), ChainRule::oid_mismatch);
}

Ok check_ci(const Certificate& ci, std::optional<Time> now) {
    TRY(check_form(ci));
    TRY(demand(ci.signed_by(*ci.public_key), ChainRule::signature));
    TRY(check_validity(ci, now));
    return check_role(ci, Role::ci);
}

} // namespace halyard::rsp
