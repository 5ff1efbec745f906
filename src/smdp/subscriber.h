#pragma once
// What is stored of a subscriber in place of a package: the data that the template is personalised with.
#include "profile/package.h"

namespace halyard::smdp {

/// DER, some hundred octets. Errors: missing_field "iccid".
Result<SecretBytes> encode_subscriber(const profile::Personal&);
Result<profile::Personal> decode_subscriber(Bytes);

} // namespace halyard::smdp
