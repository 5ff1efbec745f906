#pragma once
#include "pki/mint.h"
#include "rsp/crl.h"

namespace halyard::pki {

/// A revocation list to be signed.
struct CrlRequest {
    Time this_update{}, next_update{};
    uint64_t number = 1;                                   // cRLNumber
    std::span<const rsp::CrlEntry> revoked;                // serials are written as given
    bool only_user_certificates = false, only_cas = false; // issuingDistributionPoint
    std::vector<std::string> uris;                         // its distributionPoint
    uint32_t part = 0, parts = 0;                          // partial lists: 1 … parts. SGP.22 v2 §4.6
};

/// DER of a v2 list with AKI and cRLNumber. Errors: unverified "issuer cRLSign", missing_field, bad_value
/// naming the field.
Result<OwnedBytes> mint_crl(const CrlRequest&, const Credential& issuer);

} // namespace halyard::pki
