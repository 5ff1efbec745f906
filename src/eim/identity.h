#pragma once
// The keys of an eUICC: one under each CI it has a certificate of. Which of them signs is the card's and the
// session's business, so every key that is known is tried, and who signed is recorded. SGP.22 §5.6.1,
// SGP.32 §2.11.2.1
#include "crypto/keys.h"
#include "eim/model.h"
#include "rsp/chain.h"

namespace halyard::eim {

/// Of one eUICC; more are refused.
inline constexpr size_t kMaxIdentities = 8;

/// Reads both certificates; nothing is verified. Errors: those of parsing. No authorityKeyIdentifier in
/// the EUM's: an empty `ci`.
Result<Identity> identity_of(Bytes euicc_certificate, Bytes eum_certificate, Time since);

/// Verifies the chain and that it is of this eUICC, and keeps the key under its CI. The same key again: the
/// newer certificates replace the older ones. True: something was not known before. Errors: those of parsing
/// and of the chain rules; unverified "euiccCertificate: another EID"; conflict "euiccCertificate: another
/// key" for a second key under a CI (SR-22); limit.
Result<bool> learn(Device&,
                   Bytes euicc_certificate,
                   Bytes eum_certificate,
                   std::span<const rsp::TrustAnchor> anchors,
                   const rsp::Revocation&,
                   Time now);

/// `ci` may be truncated, as euiccCiPKIdentifierToBeUsed may be. nullptr: not known.
const Identity* under(const Device&, Bytes ci);
/// By the octets of its key. nullptr: not known.
const Identity* with_key(const Device&, Bytes spki);
/// Whose key made this signature; nullptr: none that is known. `first`: the CI that is likely.
const Identity* signer_of(const Device&,
                          std::initializer_list<Bytes> parts,
                          Bytes signature,
                          bool* was_der = nullptr,
                          Bytes first = {});

/// A CI of `anchors` that the eUICC says it signs under, without certificates here and not asked for
/// lately. Empty: none.
OwnedBytes missing_ci(const Device&, std::span<const rsp::TrustAnchor> anchors, Time now);
/// Whether the device has been asked for these (empty: for any) within the last day.
bool asked_lately(const Device&, Bytes ci, Time now);
void remember_inquiry(Device&, Bytes ci, Time now);

} // namespace halyard::eim
