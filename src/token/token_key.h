#pragma once
// A key in a PKCS#11 token that wraps one of ours: it never leaves the token, ours is nothing without it.
// SR-39, SR-42, ADR 0015
#include "base/octets.h"
#include "base/random.h"
#include "base/secret.h"

namespace halyard::token {

/// Where a token's key is: an RFC 7512 URI with module-path, something of the token, and object or id of the
/// key; pin-source names the file with the PIN.
struct KeyUri {
    std::string text;
    std::string pin_source; // as in the URI, without "file:"
};
/// Errors: bad_value "pkcs11 URI"; unsupported "pin-value", which would show the PIN to everybody;
/// missing_field naming the attribute.
Result<KeyUri> parse_key_uri(const std::string& text);

/// AES-256-GCM in the token, for one short secret: nonce ‖ ciphertext ‖ tag. `context` is authenticated.
/// The key must be sensitive and not extractable. Errors: unreachable "token module"; not_found "token" or
/// "token key"; rejected "token PIN"; rejected "CKA_EXTRACTABLE" or "CKA_SENSITIVE"; internal with the CK_RV
/// as detail; unverified when what was wrapped is not what comes back.
Result<OwnedBytes> wrap(const KeyUri&, Bytes pin, Bytes secret, std::string_view context, Random&);
Result<SecretBytes> unwrap(const KeyUri&, Bytes pin, Bytes wrapped, std::string_view context);

} // namespace halyard::token
