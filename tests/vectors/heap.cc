// The heap is counted in this program.
#include "tests/vectors/heap.h"
#include <algorithm>
#include <cstdlib>
#include <malloc.h>
#include <new>

namespace halyard::vectors {
namespace {
size_t octets = 0, in_use = 0, most = 0;
}
size_t allocated() { return octets; }

HeapPeak::HeapPeak() : before_(in_use) { most = in_use; }
size_t HeapPeak::octets() const { return most - before_; }
} // namespace halyard::vectors

// GCC takes the pair of replaced operators for a mismatch when it inlines one of them.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
void* operator new(size_t size) {
    using namespace halyard::vectors;
    octets += size;
    void* p = std::malloc(size ? size : 1);
    if (!p) throw std::bad_alloc();
    in_use += malloc_usable_size(p);
    most = std::max(most, in_use);
    return p;
}
void operator delete(void* p) noexcept {
    if (p) halyard::vectors::in_use -= malloc_usable_size(p);
    std::free(p);
}
void operator delete(void* p, size_t) noexcept { operator delete(p); }
#pragma GCC diagnostic pop
