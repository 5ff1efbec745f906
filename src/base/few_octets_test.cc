#include "base/few_octets.h"
#include <doctest/doctest.h>

using namespace halyard;

TEST_CASE("octets come back as they went in, in place and on the heap, copied and moved") {
    CHECK(sizeof(FewOctets) == 8);
    OwnedBytes expected;
    for (size_t n = 0; n < 300; ++n) {
        const FewOctets one = expected;
        CHECK(one.size() == n);
        CHECK(one.empty() == (n == 0));
        CHECK(OwnedBytes(one.begin(), one.end()) == expected);
        FewOctets copy = one, other = OwnedBytes{1, 2, 3}, long_one = OwnedBytes(20, 9);
        CHECK(copy == expected);
        other = copy;
        long_one = copy;
        CHECK(other == expected);
        CHECK(long_one == expected);
        const FewOctets moved = std::move(copy);
        CHECK(moved == expected);
        CHECK(copy.empty()); // NOLINT(bugprone-use-after-move): that is the promise
        other.clear();
        CHECK(other.empty());
        CHECK(one == expected);
        if (n) CHECK(one[n - 1] == static_cast<uint8_t>(n - 1));
        expected.push_back(static_cast<uint8_t>(n));
    }
    CHECK(FewOctets{} == Bytes());
    CHECK(FewOctets{0x2F, 0x06} == OwnedBytes{0x2F, 0x06});
    CHECK_FALSE(FewOctets{0x2F, 0x06} == OwnedBytes{0x2F, 0x07});
}
