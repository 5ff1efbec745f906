#pragma once
// An installed file system as octets, whole and in patches. docs/adr/0011-what-a-card-writes.md
#include "euicc/card_store.h"
#include "profile/image.h"

namespace halyard::euicc {

Result<OwnedBytes> encode_image(const profile::Image&);
/// Errors: the decoder's; bad_value for a tree that is none.
Result<profile::Image> decode_image(Bytes);

/// What `changed` names, as it is in `image` now. Changes of what is whole (profile::Changed::everything)
/// have no patch.
Result<OwnedBytes> encode_patch(const profile::Image& image, std::span<const profile::Changed> changed);
/// Errors: the decoder's; bad_value "index" when the image has no such part.
Ok apply_patch(profile::Image&, Bytes patch);

/// With all its patches.
Result<profile::Image> decode_image(const StoredImage&);

} // namespace halyard::euicc
