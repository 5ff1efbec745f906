// The heap is counted in this program.
#include "tests/vectors/heap.h"
#include <cstdlib>
#include <new>

namespace halyard::vectors {
namespace {
size_t octets = 0;
}
size_t allocated() { return octets; }
} // namespace halyard::vectors

// GCC takes the pair of replaced operators for a mismatch when it inlines one of them.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
void* operator new(size_t size) {
    halyard::vectors::octets += size;
    if (void* p = std::malloc(size ? size : 1)) return p;
    throw std::bad_alloc();
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, size_t) noexcept { std::free(p); }
#pragma GCC diagnostic pop
