#pragma once
#include <cstddef>

namespace halyard::vectors {

/// Octets asked of the heap since the program began.
size_t allocated();

/// What a piece of work took at once beside what there was: octets of the heap in use at the worst moment,
/// the heap's own rounding included, less those in use when this was made. One at a time.
class HeapPeak {
  public:
    HeapPeak();
    size_t octets() const;

  private:
    size_t before_;
};

} // namespace halyard::vectors
