#include "crypto/aes.h"
#include "crypto/hash.h"
#include <doctest/doctest.h>

using namespace halyard;
using crypto::AesKey, crypto::Block;

namespace {
OwnedBytes octets(const char* text) { return *from_hex(text); }
template <size_t N> Secret<N> secret(const char* text) {
    const OwnedBytes bytes = octets(text);
    REQUIRE(bytes.size() == N);
    return Secret<N>(std::span<const uint8_t, N>(bytes.data(), N));
}
Block block(const char* text) {
    Block out{};
    REQUIRE(octets(text).size() == 16);
    std::ranges::copy(octets(text), out.begin());
    return out;
}

const char* const kKey = "2b7e151628aed2a6abf7158809cf4f3c"; // of SP 800-38A and RFC 4493 alike
const char* const kPlain = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
                           "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710";
} // namespace

TEST_CASE("when SP 800-38A F.2.1 and F.2.2 are run, CBC gives the published octets both ways") {
    const char* const cipher = "7649ABAC8119B246CEE98E9B12E9197D5086CB9B507219EE95DB113A917678B2"
                               "73BED6B8E3C1743B7116E69E222295163FF1CAA1681FAC09120ECA307586E1A7";
    const auto key = secret<16>(kKey);
    const Block icv = block("000102030405060708090a0b0c0d0e0f");
    const auto out = crypto::aes128_cbc_encrypt(key, icv, octets(kPlain));
    REQUIRE(out);
    CHECK(hex(*out) == cipher);
    const auto back = crypto::aes128_cbc_decrypt(key, icv, octets(cipher));
    REQUIRE(back);
    CHECK(same(back->reveal(), octets(kPlain)));
}

TEST_CASE("when SP 800-38A F.1.1 is run, one block gives the published octets") {
    const auto out =
        crypto::aes128_encrypt_block(secret<16>(kKey), block("6bc1bee22e409f96e93d7e117393172a"));
    REQUIRE(out);
    CHECK(hex(*out) == "3AD77BB40D7A3660A89ECAF32466EF97");
}

TEST_CASE("when the input is no whole number of blocks, CBC refuses; nothing stays nothing") {
    const auto key = secret<16>(kKey);
    const Block icv{};
    for (const size_t size : {1u, 15u, 17u, 31u}) {
        const auto encrypted = crypto::aes128_cbc_encrypt(key, icv, OwnedBytes(size));
        REQUIRE_FALSE(encrypted);
        CHECK(encrypted.error().code == Errc::bad_length);
        CHECK(encrypted.error().detail == size);
        const auto decrypted = crypto::aes128_cbc_decrypt(key, icv, OwnedBytes(size));
        REQUIRE_FALSE(decrypted);
        CHECK(decrypted.error().code == Errc::bad_length);
    }
    CHECK(crypto::aes128_cbc_encrypt(key, icv, {})->empty());
    CHECK(crypto::aes128_cbc_decrypt(key, icv, {})->empty());
}

TEST_CASE("when RFC 4493 §4 is run, the MACs are the published ones, however the message is cut") {
    const struct {
        size_t size;
        const char* mac;
    } rows[] = {{0, "BB1D6929E95937287FA37D129B756746"},
                {16, "070A16B46B4D4144F79BDD9DD04A287C"},
                {40, "DFA66747DE9AE63030CA32611497C827"},
                {64, "51F0BEBF7E3B9D92FC49741779363CFE"}};
    const auto key = secret<16>(kKey);
    const OwnedBytes plain = octets(kPlain);
    for (const auto& row : rows) {
        CAPTURE(row.size);
        const Bytes message = Bytes(plain).first(row.size);
        for (size_t cut = 0; cut <= row.size; ++cut) {
            const auto mac = crypto::aes_cmac(key, {message.first(cut), {}, message.subspan(cut)});
            REQUIRE(mac);
            CHECK(hex(*mac) == row.mac);
        }
    }
}

// McGrew and Viega, "The Galois/Counter Mode of Operation", test cases 13, 14 and 16.
TEST_CASE("when the published AES-256-GCM cases are run, sealing gives nonce, ciphertext and tag") {
    const struct {
        const char *key, *nonce, *plain, *context, *cipher, *tag;
    } rows[] = {{"0000000000000000000000000000000000000000000000000000000000000000",
                 "000000000000000000000000",
                 "",
                 "",
                 "",
                 "530f8afbc74536b9a963b4f1c4cb738b"},
                {"0000000000000000000000000000000000000000000000000000000000000000",
                 "000000000000000000000000",
                 "00000000000000000000000000000000",
                 "",
                 "cea7403d4d606b6e074ec5d3baf39d18",
                 "d0d1c8a799996bf0265b98b5d48ab919"},
                {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
                 "cafebabefacedbaddecaf888",
                 "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                 "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
                 "feedfacedeadbeeffeedfacedeadbeefabaddad2",
                 "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                 "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
                 "76fc6ece0f4e1768cddf8853bb2d551b"}};
    for (const auto& row : rows) {
        const auto key = secret<32>(row.key);
        std::array<uint8_t, 12> nonce{};
        std::ranges::copy(octets(row.nonce), nonce.begin());
        const auto sealed = crypto::seal(key, nonce, octets(row.plain), octets(row.context));
        REQUIRE(sealed);
        CHECK(*sealed == octets((std::string(row.nonce) + row.cipher + row.tag).c_str()));
        const auto plain = crypto::open(key, *sealed, octets(row.context));
        REQUIRE(plain);
        CHECK(same(plain->reveal(), octets(row.plain)));
    }
}

TEST_CASE("when a sealed record is opened under another identity or key, it is refused") {
    const auto key = secret<32>("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
    const auto sealed = crypto::seal(key, {}, bytes_of("a key"), bytes_of("row 1"));
    REQUIRE(sealed);
    REQUIRE(crypto::open(key, *sealed, bytes_of("row 1")));
    CHECK(crypto::open(key, *sealed, bytes_of("row 2")).error().code == Errc::unverified);
    CHECK(crypto::open(key, *sealed, {}).error().code == Errc::unverified);
    const auto other = secret<32>("10112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
    CHECK(crypto::open(other, *sealed, bytes_of("row 1")).error().code == Errc::unverified);
}

TEST_CASE("when any bit of a sealed record is flipped, or it is cut or longer, it is refused") {
    const auto key = secret<32>("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
    const auto sealed = crypto::seal(key, {1, 2, 3}, bytes_of("secret words"), bytes_of("row"));
    REQUIRE(sealed);
    for (size_t bit = 0; bit < sealed->size() * 8; ++bit) {
        OwnedBytes bad = *sealed;
        bad[bit / 8] = static_cast<uint8_t>(bad[bit / 8] ^ 1 << bit % 8);
        const auto plain = crypto::open(key, bad, bytes_of("row"));
        REQUIRE_FALSE(plain);
        CHECK(plain.error().code == Errc::unverified);
    }
    for (size_t size = 0; size < sealed->size(); ++size) {
        const auto plain = crypto::open(key, Bytes(*sealed).first(size), bytes_of("row"));
        REQUIRE_FALSE(plain);
        CHECK(plain.error().code == Errc::unverified);
    }
    OwnedBytes longer = *sealed;
    longer.push_back(0);
    CHECK(crypto::open(key, longer, bytes_of("row")).error().code == Errc::unverified);
}
