#pragma once
// File control parameters, as SELECT and STATUS answer them. ETSI TS 102 221 §11.1.1.4
#include "uicc/tree.h"

namespace halyard::uicc {

/// Template 62 of a file: 82, 83 or 84, A5, 8A, 8B, 80, 88 and, of directories, C6 with the PINs that are
/// enabled now.
OwnedBytes fcp(const Image&, uint32_t file);

} // namespace halyard::uicc
