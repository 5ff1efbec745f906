#pragma once
// Inside rsp/chain*.cc only: single rules, each a refusal of its own name.
#include "rsp/chain.h"

namespace halyard::rsp::chain {

/// What one certificate is to its issuer.
struct Issuance {
    const TrustAnchor& issuer; // `subject` may be empty: a card knows only key and identifier of a CI
    uint32_t cas = 0;          // CAs from this certificate down, itself included
    bool signs_crls = true;    // key usage of the issuer
    const Revocation* revocation = nullptr;
    ChainFinding* finding = nullptr;
};

Ok demand(bool holds, ChainRule);
bool has_usage(const crypto::Certificate&, uint16_t bits);
/// Version, algorithm, curve.
Ok check_form(const crypto::Certificate&);
/// All that is left: issuer and signature, dates, role, revocation, in this order. The form is checked
/// already.
Ok check_issued(const crypto::Certificate&, Role, RoleOids, const Issuance&, std::optional<Time> now);
Ok check_validity(const crypto::Certificate&, std::optional<Time> now);
Ok check_role(const crypto::Certificate&, Role, RoleOids);
/// The EUM, or its SubCA, may certify this eUICC. SGP.26 §3.1
Ok check_constraints(const crypto::Certificate& euicc, const crypto::Certificate& eum, RoleOids);

} // namespace halyard::rsp::chain
