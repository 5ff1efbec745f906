// Certificates in the lists of their issuers. RFC 5280 §6.3, SR-09
#include "rsp/chain_rules.h"
#include <algorithm>

namespace halyard::rsp {
namespace {
using namespace chain;

bool is_of(const Crl& crl, const TrustAnchor& issuer) {
    return (crl.authority_key_id().empty() || same(crl.authority_key_id(), issuer.key_id)) &&
           (issuer.subject.empty() || same(crl.issuer(), issuer.subject));
}

// A list for other certificates tells nothing by not naming this one.
bool covers(const Crl& crl, const crypto::Certificate& c) {
    if ((crl.only_user_certificates && c.is_ca) || (crl.only_cas && !c.is_ca)) return false;
    return crl.uris.empty() || c.crl_uris.empty() ||
           std::any_of(crl.uris.begin(), crl.uris.end(), [&](const std::string& uri) {
               return std::find(c.crl_uris.begin(), c.crl_uris.end(), uri) != c.crl_uris.end();
           });
}

Bytes without_zeros(Bytes number) {
    while (!number.empty() && number[0] == 0) number = number.subspan(1);
    return number;
}
// By cRLNumber, and by date where numbers are equal or absent.
bool is_newer(const Crl& a, const Crl& b) {
    const Bytes x = without_zeros(a.number()), y = without_zeros(b.number());
    if (x.size() != y.size()) return x.size() > y.size();
    if (!same(x, y)) return std::lexicographical_compare(y.begin(), y.end(), x.begin(), x.end());
    return a.this_update > b.this_update;
}
bool same_issue(const Crl& a, const Crl& b) {
    return a.parts == b.parts && same(without_zeros(a.number()), without_zeros(b.number()));
}
} // namespace

Ok check_revocation(const crypto::Certificate& c,
                    const TrustAnchor& issuer,
                    bool issuer_signs_crls,
                    const Revocation& revocation,
                    std::optional<Time> now,
                    ChainFinding* finding) {
    std::vector<const Crl*> lists;
    bool from_future = false;
    for (const Crl& crl : revocation.crls) {
        if (!is_of(crl, issuer) || !covers(crl, c)) continue;
        TRY(demand(issuer_signs_crls && crl.ecdsa_sha256 &&
                       crypto::verify_der(issuer.key, crl.tbs(), crl.signature()).has_value(),
                   ChainRule::crl_signature));
        if (now && crl.this_update > *now)
            from_future = true;
        else
            lists.push_back(&crl);
    }
    TRY(demand(!lists.empty() || !from_future, ChainRule::crl_out_of_date));
    if (lists.empty()) return demand(!revocation.required, ChainRule::crl_missing);

    const Crl& newest = **std::max_element(
        lists.begin(), lists.end(), [](const Crl* a, const Crl* b) { return is_newer(*b, *a); });
    std::vector<bool> parts(newest.parts + 1); // [0] is unused
    for (const Crl* crl : lists) {
        if (crl != &newest && (newest.parts == 0 || !same_issue(*crl, newest))) continue;
        parts[crl->part] = true;
        const auto entry = crl->find(c.serial);
        if (entry && finding) finding->revoked = entry;
        TRY(demand(!entry, ChainRule::revoked));
        if (!now || *now <= crl->next_update) continue;
        if (finding) finding->stale_crl = true;
        TRY(demand(*now <= crl->next_update + revocation.grace, ChainRule::crl_out_of_date));
    }
    return demand(std::find(parts.begin() + 1, parts.end(), false) == parts.end(), ChainRule::crl_incomplete);
}

} // namespace halyard::rsp
