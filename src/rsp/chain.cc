#include "rsp/chain_rules.h"
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
    const char *v2, *v3; // certificatePolicies
    bool ca;
    bool policies_critical;
    bool registered_id; // its SAN registeredID is its identity
    bool server_auth;
    bool subject_key;
};
constexpr RoleRules kRules[] = {
    {Role::ci, "CI", "2.23.146.1.2.1.0", "2.23.146.1.2.1.0", true, true, false, false, true},
    {Role::eum, "EUM", "2.23.146.1.2.1.2", "2.23.146.1.2.1.0.0.0", true, true, false, false, true},
    {Role::euicc, "eUICC", "2.23.146.1.2.1.1", "2.23.146.1.2.1.0.0.0.0.0", false, true, false, false, true},
    {Role::dp_tls,
     "SM-DP+ TLS",
     "2.23.146.1.2.1.3",
     "2.23.146.1.2.1.0.0.1.0",
     false,
     false,
     true,
     true,
     true},
    {Role::dp_auth,
     "SM-DP+ auth",
     "2.23.146.1.2.1.4",
     "2.23.146.1.2.1.0.0.1.1",
     false,
     true,
     true,
     false,
     true},
    {Role::dp_pb, "SM-DP+ pb", "2.23.146.1.2.1.5", "2.23.146.1.2.1.0.0.1.2", false, true, true, false, true},
    {Role::ds_tls, "SM-DS TLS", "2.23.146.1.2.1.6", "2.23.146.1.2.1.0.0.2.0", false, false, true, true, true},
    {Role::ds_auth,
     "SM-DS auth",
     "2.23.146.1.2.1.7",
     "2.23.146.1.2.1.0.0.2.1",
     false,
     true,
     true,
     false,
     true},
    {Role::eim, "eIM", "", "", false, false, false, false, false},
    {Role::eim_tls, "eIM TLS", "", "", false, false, false, true, false},
    {Role::ci_sub, "CI SubCA", "", "2.23.146.1.2.1.0.0", true, true, false, false, true},
    {Role::eum_sub, "EUM SubCA", "", "2.23.146.1.2.1.0.0.0.0", true, true, false, false, true},
    {Role::dp_sub, "SM-DP+ SubCA", "", "2.23.146.1.2.1.0.0.1", true, true, false, false, true},
    {Role::ds_sub, "SM-DS SubCA", "", "2.23.146.1.2.1.0.0.2", true, true, false, false, true},
};
static_assert(std::size(kRules) == static_cast<size_t>(Role::count_));
const RoleRules& rules_of(Role role) { return kRules[static_cast<size_t>(role)]; }
bool is_eim(Role role) { return role == Role::eim || role == Role::eim_tls; }
bool has(const std::vector<std::string>& list, std::string_view one) {
    return std::find(list.begin(), list.end(), one) != list.end();
}
} // namespace

namespace chain {
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

Ok check_role(const Certificate& c, Role role, RoleOids oids) {
    const RoleRules& r = rules_of(role);
    const char* policy = policy_oid(role, oids);
    TRY(demand(is_eim(role) || (*policy && has(c.policies, policy)), ChainRule::role));
    TRY(demand(!r.policies_critical || c.policies_critical, ChainRule::policies_not_critical));
    TRY(demand(c.key_usage && c.key_usage_critical, ChainRule::key_usage_missing));
    TRY(demand(has_usage(c, r.ca ? crypto::key_cert_sign : crypto::digital_signature), ChainRule::key_usage));
    TRY(demand(c.is_ca == r.ca && (!r.ca || c.basic_constraints_critical), ChainRule::ca_flag));
    TRY(demand(!r.server_auth || has(c.extended_key_usage, kServerAuth), ChainRule::extended_key_usage));
    TRY(demand(!r.registered_id || !c.san_registered_ids.empty(), ChainRule::subject_alt_name));
    TRY(demand(!r.subject_key || c.subject_key_id, ChainRule::subject_key));
    TRY(demand(c.unknown_critical.empty(), ChainRule::unknown_critical));
    if (role != Role::eum) return {};
    return demand(oids == RoleOids::v2 ? c.has_name_constraints && !c.permitted_serial_prefix.empty()
                                       : !c.permitted_eins.empty(),
                  ChainRule::name_constraint);
}

Ok check_issued(const Certificate& c, Role role, RoleOids oids, const Issuance& by, std::optional<Time> now) {
    const TrustAnchor& issuer = by.issuer;
    TRY(demand(c.public_key->curve == issuer.key.curve, ChainRule::curve_mix));
    TRY(demand(c.authority_key_id && same(*c.authority_key_id, issuer.key_id), ChainRule::authority_key));
    TRY(demand(issuer.subject.empty() || same(c.issuer, issuer.subject), ChainRule::issuer_name));
    TRY(demand(!issuer.path_length || by.cas <= *issuer.path_length, ChainRule::path_length));
    TRY(demand(c.signed_by(issuer.key), ChainRule::signature));
    TRY(check_validity(c, now));
    TRY(check_role(c, role, oids));
    if (!by.revocation) return {};
    return check_revocation(c, issuer, by.signs_crls, *by.revocation, now, by.finding);
}

Ok check_constraints(const Certificate& euicc, const Certificate& eum, RoleOids oids) {
    const std::string& eid = euicc.subject_serial_number;
    const bool organization = euicc.subject_organization == eum.permitted_organization;
    const auto permits = [&](const std::string& ein) { return !ein.empty() && eid.starts_with(ein); };
    if (oids == RoleOids::v2)
        return demand(organization && permits(eum.permitted_serial_prefix), ChainRule::name_constraint);
    // In v3 the EINs have an extension of their own. A SubCA may go without either.
    const bool prefix = eum.permitted_eins.empty() ||
                        std::any_of(eum.permitted_eins.begin(), eum.permitted_eins.end(), permits);
    return demand(prefix && (!eum.has_name_constraints || organization), ChainRule::name_constraint);
}
} // namespace chain

using namespace chain;

const char* name(Role role) { return rules_of(role).name; }
const char* policy_oid(Role role, RoleOids oids) {
    return oids == RoleOids::v2 ? rules_of(role).v2 : rules_of(role).v3;
}
bool is_ca(Role role) { return rules_of(role).ca; }

std::optional<Recognised> recognise(const Certificate& c) {
    std::optional<Recognised> out;
    for (const RoleRules& r : kRules)
        for (const RoleOids oids : {RoleOids::v2, RoleOids::v3}) {
            const char* policy = policy_oid(r.role, oids);
            if (!*policy || !has(c.policies, policy) || (out && out->role == r.role)) continue;
            if (out) return std::nullopt; // two roles at once
            out = Recognised{r.role, oids};
        }
    if (!out && c.policies.empty() && !c.is_ca && has_usage(c, crypto::digital_signature))
        out = Recognised{has(c.extended_key_usage, kServerAuth) ? Role::eim_tls : Role::eim, RoleOids::v2};
    return out;
}

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
                                             "certificate of another server",
                                             "certificate chain length",
                                             "certificate issuer's role",
                                             "certificate revoked",
                                             "CRL signature",
                                             "CRL out of date",
                                             "CRL part missing",
                                             "CRL missing"};
    static_assert(std::size(kNames) == static_cast<size_t>(ChainRule::count_));
    return kNames[static_cast<size_t>(rule)];
}

Result<TrustAnchor> TrustAnchor::from(const Certificate& ci) {
    TRY(demand(ci.public_key.has_value(), ChainRule::curve));
    TRY(demand(ci.subject_key_id.has_value(), ChainRule::subject_key));
    return TrustAnchor{*ci.public_key, *ci.subject_key_id, ci.subject, ci.path_length};
}

Ok check_under_anchor(const Certificate& c,
                      Role role,
                      const TrustAnchor& anchor,
                      std::optional<Time> now,
                      const Revocation* revocation) {
    TRY(check_form(c));
    const Issuance by{.issuer = anchor, .cas = is_ca(role) ? 1u : 0u, .revocation = revocation};
    return check_issued(c, role, RoleOids::v2, by, now);
}

Result<const TrustAnchor*> anchor_for(const Certificate& c, std::span<const TrustAnchor> anchors) {
    for (const TrustAnchor& anchor : anchors)
        if (c.authority_key_id && same(*c.authority_key_id, anchor.key_id)) return &anchor;
    TRY(demand(false, ChainRule::not_trusted));
    return nullptr;
}

Ok check_euicc(const Certificate& euicc,
               const Certificate& eum,
               std::optional<Time> now,
               const Revocation* revocation) {
    TRY(check_form(euicc));
    TRY(demand(eum.is_ca && has_usage(eum, crypto::key_cert_sign), ChainRule::issuer_not_ca));
    const TrustAnchor issuer = TRY(TrustAnchor::from(eum));
    const Issuance by{
        .issuer = issuer, .signs_crls = has_usage(eum, crypto::crl_sign), .revocation = revocation};
    TRY(check_issued(euicc, Role::euicc, RoleOids::v2, by, now));
    TRY(eid_of(euicc));
    return check_constraints(euicc, eum, RoleOids::v2);
}

Result<Eid> eid_of(const Certificate& euicc) {
    const auto eid = eid_from_text(euicc.subject_serial_number);
    if (!eid) return fail(Errc::unverified, rule_name(ChainRule::eid), static_cast<uint32_t>(ChainRule::eid));
    return *eid;
}

Result<Eid> check_euicc_chain(const Certificate& euicc,
                              const Certificate& eum,
                              std::span<const TrustAnchor> anchors,
                              std::optional<Time> now,
                              const Revocation* revocation) {
    const TrustAnchor* anchor = TRY(anchor_for(eum, anchors));
    TRY(check_under_anchor(eum, Role::eum, *anchor, now, revocation));
    TRY(check_euicc(euicc, eum, now, revocation));
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
    return check_role(ci, Role::ci, RoleOids::v2);
}

} // namespace halyard::rsp
