#pragma once
// What makes a card somebody: its key and the certificates above it, out of files that anybody may have made.
// SGP.22 §4.5, docs/euicc.md#identities
#include "apps/common/pki_files.h"

namespace halyard::app {

/// A key and its chain under one CI.
struct CardKeys {
    pki::Credential euicc;
    crypto::Certificate eum, ci;
};

/// Where the four are: certificates in DER or PEM, one in each file; the key in PEM (SEC1 or PKCS#8).
struct CardKeyFiles {
    std::string certificate, key, eum, ci;
};

/// Why files make no identity, and which of them is to blame.
struct IdentityRefusal {
    std::string file;
    Error error;
};

/// Reads and judges: the CI by itself, the EUM under it, the eUICC under the EUM, the key by its certificate;
/// dates as of `now`. The EID is the one in the certificate. Errors: those of read_file and
/// Certificate::parse; bad_length "one certificate"; unverified and expired with the rule's name
/// (rsp::ChainRule); unverified "key and certificate".
tl::expected<CardKeys, IdentityRefusal> read_card_keys(const CardKeyFiles&, Time now);

/// All sets of one card, the preferred CI first; `eid` absent: that of the first certificate. Errors besides:
/// conflict "eid" for a certificate of another eUICC, conflict "ci" for a CI that an earlier set has.
tl::expected<std::vector<CardKeys>, IdentityRefusal>
read_card_identity(std::span<const CardKeyFiles>, const std::optional<Eid>& eid, Time now);

/// The set of `eid` in a directory of `halyard pki init`: euicc/<EID>, eum, ci. It is not judged, so that
/// cards with wrong certificates can be made for tests of those who must refuse them.
Result<CardKeys> card_keys_of(const PkiDirectory&, const Eid& eid);

} // namespace halyard::app
