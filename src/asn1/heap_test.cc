// What a message may cost: the heap is counted in this program.
#include "asn1/asn1.h"
#include <cstdlib>
#include <doctest/doctest.h>
#include <new>

using namespace halyard;

namespace {
size_t allocated = 0; // octets asked of the heap since the program began
}
// GCC takes the pair of replaced operators for a mismatch when it inlines one of them.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
void* operator new(size_t size) {
    allocated += size;
    if (void* p = std::malloc(size ? size : 1)) return p;
    throw std::bad_alloc();
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, size_t) noexcept { std::free(p); }
#pragma GCC diagnostic pop

namespace {
struct ManyNumbers {
    asn1::List<uint8_t> numbers;
    template <int = 0> static constexpr auto asn1() {
        return asn1::sequence("ManyNumbers", 0xBF34, asn1::field<&ManyNumbers::numbers>("numbers", 0xA0));
    }
};
} // namespace

// SR-48: nothing is kept but the octets themselves, so a message of many tiny elements costs no more than its
// size.
TEST_CASE("when a message holds as many tiny elements as it may, decoding it takes nothing from the heap") {
    OwnedBytes content;
    for (int i = 0; i < 9998; ++i) append(content, *from_hex("020101")); // and the two around them
    REQUIRE(content.size() == 0x752A);
    OwnedBytes der = *from_hex("BF34 82752E A0 82752A");
    append(der, content);
    const size_t before = allocated;
    const auto value = asn1::decode<ManyNumbers>(Bytes(der));
    const size_t after = allocated;
    REQUIRE(value);
    CHECK(after == before);
    CHECK(*value->numbers.count() == 9998);
    CHECK(allocated == after);
}
