// Chains of any variant, and what the variants are. SGP.26
#include "rsp/chain_rules.h"
#include <algorithm>

namespace halyard::rsp {
namespace {
using crypto::Certificate;
using namespace chain;

constexpr size_t kLongest = 4; // variant C: eUICC, EUM SubCA, EUM, CI SubCA
constexpr Variant kVariants[] = {Variant::o, Variant::ov3, Variant::a, Variant::b, Variant::c};

bool may_certify(Role issuer, Role role) {
    return std::any_of(
        std::begin(kVariants), std::end(kVariants), [&](Variant v) { return issuer_of(role, v) == issuer; });
}

bool is_anchor(const Certificate& c, std::span<const TrustAnchor> anchors) {
    return std::any_of(anchors.begin(), anchors.end(), [&](const TrustAnchor& a) {
        return c.public_key && *c.public_key == a.key && c.subject_key_id &&
               same(*c.subject_key_id, a.key_id) && same(c.subject, c.issuer);
    });
}

/// Where the walk from the anchor down has come to.
struct Walk {
    std::optional<Time> now;
    const Revocation* revocation;
    ChainFinding* finding;
    TrustAnchor issuer;
    Role issuer_role = Role::ci;
    bool issuer_signs_crls = true;
    std::optional<RoleOids> oids; // of the certificates so far
    bool ci_sub = false, other_sub = false;

    Ok step(const Certificate& c, Role role, RoleOids its_oids, uint32_t cas) {
        TRY(demand(may_certify(issuer_role, role), ChainRule::issuer_role));
        if (*policy_oid(role, its_oids)) {
            // A chain is of one generation: v2 knows no SubCA, and each names the same roles otherwise.
            TRY(demand(!oids || *oids == its_oids, ChainRule::role));
            oids = its_oids;
        }
        TRY(check_issued(c, role, its_oids, {issuer, cas, issuer_signs_crls, revocation, finding}, now));
        ci_sub |= role == Role::ci_sub;
        other_sub |= role == Role::eum_sub || role == Role::dp_sub || role == Role::ds_sub;
        return {};
    }
    Ok descend(const Certificate& c, Role role) {
        issuer = TRY(TrustAnchor::from(c));
        issuer_role = role;
        issuer_signs_crls = has_usage(c, crypto::crl_sign);
        return {};
    }
    Variant variant() const {
        if (oids.value_or(RoleOids::v2) == RoleOids::v2) return Variant::o;
        if (ci_sub) return other_sub ? Variant::c : Variant::b;
        return other_sub ? Variant::a : Variant::ov3;
    }
};
} // namespace

const char* name(Variant v) {
    static constexpr const char* kNames[] = {"O", "Ov3", "A", "B", "C"};
    return kNames[static_cast<size_t>(v)];
}

Result<Variant> variant_from(std::string_view text) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    for (const Variant v : kVariants) {
        const std::string_view word = name(v);
        if (std::equal(word.begin(), word.end(), text.begin(), text.end(), [&](char a, char b) {
                return lower(a) == lower(b);
            }))
            return v;
    }
    return fail(Errc::bad_value, "variant");
}

std::optional<Role> issuer_of(Role role, Variant variant) {
    const bool below_ci = variant == Variant::b || variant == Variant::c; // there is a CI SubCA
    const bool subcas = variant == Variant::a || variant == Variant::c;   // and SubCAs of the others
    const Role top = below_ci ? Role::ci_sub : Role::ci;
    const auto only = [](bool exists, Role issuer) { return exists ? std::optional(issuer) : std::nullopt; };
    switch (role) {
    case Role::ci:
    case Role::count_: return std::nullopt;
    case Role::ci_sub: return only(below_ci, Role::ci);
    case Role::eum: return top;
    case Role::eum_sub: return only(subcas, Role::eum);
    case Role::euicc: return subcas ? Role::eum_sub : Role::eum;
    case Role::dp_sub:
    case Role::ds_sub: return only(subcas, top);
    case Role::dp_tls:
    case Role::dp_auth:
    case Role::dp_pb: return subcas ? Role::dp_sub : top;
    case Role::ds_tls:
    case Role::ds_auth: return subcas ? Role::ds_sub : top;
    case Role::eim:
    case Role::eim_tls: return Role::ci; // in every variant. SGP.26
    }
    return std::nullopt;
}

Result<Variant> check_chain(std::span<const Certificate> path,
                            Role leaf,
                            std::span<const TrustAnchor> anchors,
                            std::optional<Time> now,
                            const Revocation* revocation,
                            ChainFinding* finding) {
    ChainFinding unused;
    ChainFinding& found = finding ? *finding : unused;
    found = {};
    if (path.size() > 1 && is_anchor(path.back(), anchors)) path = path.first(path.size() - 1);
    TRY(demand(!path.empty() && path.size() <= kLongest, ChainRule::chain_length));
    found.position = path.size() - 1;
    const TrustAnchor* anchor = TRY(anchor_for(path.back(), anchors));
    Walk walk{.now = now, .revocation = revocation, .finding = &found, .issuer = *anchor};
    for (size_t i = path.size(); i-- > 0;) {
        const Certificate& c = path[i];
        found.position = i;
        TRY(check_form(c));
        if (i > 0) TRY(demand(c.is_ca && has_usage(c, crypto::key_cert_sign), ChainRule::issuer_not_ca));
        const auto said = recognise(c);
        TRY(demand(i == 0 || said, ChainRule::role));
        const Role role = i == 0 ? leaf : said->role;
        const RoleOids oids = said && said->role == role ? said->oids : walk.oids.value_or(RoleOids::v2);
        TRY(walk.step(c, role, oids, static_cast<uint32_t>(i) + (is_ca(leaf) ? 1 : 0)));
        if (i > 0) TRY(walk.descend(c, role));
    }
    if (leaf != Role::euicc) return walk.variant();
    TRY(eid_of(path[0]));
    for (size_t i = 1; i < path.size(); ++i) {
        const Role role = recognise(path[i])->role;
        if (role == Role::eum || role == Role::eum_sub) TRY(check_constraints(path[0], path[i], *walk.oids));
    }
    return walk.variant();
}

} // namespace halyard::rsp
