#pragma once
#include <cstddef>

namespace halyard::vectors {

/// Octets asked of the heap since the program began.
size_t allocated();

} // namespace halyard::vectors
