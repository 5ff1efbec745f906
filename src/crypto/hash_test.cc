#include "crypto/hash.h"
#include <doctest/doctest.h>
#include <new>

using namespace halyard;

namespace {
OwnedBytes octets(const char* text) { return *from_hex(text); }
OwnedBytes repeated(size_t count, uint8_t octet) { return OwnedBytes(count, octet); }
} // namespace

// FIPS 180-4 examples.
TEST_CASE("when the FIPS 180 examples are hashed, the digests are the published ones") {
    CHECK(hex(crypto::sha256({bytes_of("abc")})) ==
          "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD");
    CHECK(hex(crypto::sha256({})) == "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855");
    CHECK(hex(crypto::sha256(
              {bytes_of("abcdbcdecdefdefgefghfghighijhij"), {}, bytes_of("kijkljklmklmnlmnomnopnopq")})) ==
          "248D6A61D20638B8E5C026930C3E6039A33CE45964FF2167F6ECEDD419DB06C1");
    CHECK(hex(crypto::sha1(bytes_of("abc"))) == "A9993E364706816ABA3E25717850C26C9CD0D89D");
    crypto::Sha256Stream stream;
    for (const char* part : {"a", "", "bc"}) stream.update(bytes_of(part));
    CHECK(hex(stream.finish()) == "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD");
}

TEST_CASE("when RFC 4231 is run, the MACs are the published ones, however the message is cut") {
    OwnedBytes counting; // test case 4: 0102…19
    for (uint8_t i = 1; i <= 25; ++i) counting.push_back(i);
    const struct {
        OwnedBytes key, message;
        const char* mac;
    } rows[] = {
        {repeated(20, 0x0b),
         owned(bytes_of("Hi There")),
         "B0344C61D8DB38535CA8AFCEAF0BF12B881DC200C9833DA726E9376C2E32CFF7"},
        {owned(bytes_of("Jefe")),
         owned(bytes_of("what do ya want for nothing?")),
         "5BDCC146BF60754E6A042426089575C75A003F089D2739839DEC58B964EC3843"},
        {repeated(20, 0xaa),
         repeated(50, 0xdd),
         "773EA91E36800E46854DB8EBD09181A72959098B3EF8C122D9635514CED565FE"},
        {counting, repeated(50, 0xcd), "82558A389A443C0EA4CC819899F2083A85F0FAA3E578F8077A2E3FF46729665B"},
        {repeated(131, 0xaa),
         owned(bytes_of("Test Using Larger Than Block-Size Key - Hash Key First")),
         "60E431591EE0B67F0D8A26AACBF5B77F8E0BC6213728C5140546040F0EE37F54"},
        {repeated(131, 0xaa),
         owned(bytes_of("This is a test using a larger than block-size key and a larger than block-size "
                        "data. The key needs to be hashed before being used by the HMAC algorithm.")),
         "9B09FFA71B942FCB27635FBCD5B0E944BFDC63644F0713938A7F51535C3A35E2"}};
    for (const auto& row : rows) {
        const Bytes message = row.message;
        CHECK(hex(crypto::hmac_sha256(row.key, {message})) == row.mac);
        CHECK(hex(crypto::hmac_sha256(row.key, {message.first(3), {}, message.subspan(3)})) == row.mac);
    }
}

// NIST CAVS, ANSI X9.63-2001, SHA-256: 192-bit secrets; without SharedInfo and with 128 bits of it.
TEST_CASE("when the CAVS vectors of the X9.63 KDF are run, the keys are the published ones") {
    OwnedBytes key(16);
    crypto::x963_kdf(octets("96c05619d56c328ab95fe84b18264b08725b85e33fd34f08"), {}, key);
    CHECK(hex(key) == "443024C3DAE66B95E6F5670601558F71");

    const OwnedBytes z = octets("22518b10e70f2a3f243810ae3254139efbee04aa57c7af7d");
    const OwnedBytes info = octets("75eef81aa3041e33b80971203d2c0c52");
    const OwnedBytes expected = octets("c498af77161cc59f2962b9a713e2b215152d139766ce34a776df11866a69bf2e"
                                       "52a13d9c7c6fc878c50c5ea0bc7b00e0da2447cfd874f6cf92f30d0097111485"
                                       "500c90c3af8b487872d04685d14c8d1dc8d7fa08beb0ce0ababc11f0bd496269"
                                       "142d43525a78e5bc79a17f59676a5706dc54d54d4d1f0bd7e386128ec26afc21");
    for (size_t size = 0; size <= expected.size(); ++size) { // shorter outputs are its beginning
        OwnedBytes out(size);
        crypto::x963_kdf(z, info, out);
        CHECK(same(out, Bytes(expected).first(size)));
    }
}

TEST_CASE("when contents are compared, only equal length and equal octets are equal") {
    const OwnedBytes a = octets("00112233");
    CHECK(crypto::equal(a, octets("00112233")));
    CHECK(crypto::equal({}, {}));
    CHECK_FALSE(crypto::equal(a, octets("001122")));
    CHECK_FALSE(crypto::equal({}, a));
    for (size_t bit = 0; bit < 32; ++bit) {
        OwnedBytes b = a;
        b[bit / 8] = static_cast<uint8_t>(b[bit / 8] ^ 1 << bit % 8);
        CHECK_FALSE(crypto::equal(a, b));
    }
}

TEST_CASE("when a seed is given twice, the draws are the same; another seed draws otherwise") {
    crypto::SeededRandom one(7), same_seed(7), other(8);
    const auto first = one.draw<40>();
    REQUIRE(first);
    CHECK(*first == *same_seed.draw<40>());
    CHECK(*first != *other.draw<40>());
    CHECK(*first != *one.draw<40>());
    // SHA-256 of seed and counter, eight octets each: python3 -c 'import hashlib; print(hashlib.sha256(
    //   (7).to_bytes(8,"big") + (0).to_bytes(8,"big")).hexdigest())'
    CHECK(hex(Bytes(*first).first(8)) == "E8DD943D366CAAE7");
}

TEST_CASE("when the system is asked twice, it does not repeat itself") {
    crypto::SystemRandom random;
    CHECK(*random.draw<16>() != *random.draw<16>());
    CHECK(random.fill({}));
}

TEST_CASE("when a secret moves on, its old place is wiped") {
    const std::array<uint8_t, 4> words{1, 2, 3, 4};
    const std::array<uint8_t, 4> nothing{};
    Secret<4> from{words};
    Secret<4> to(std::move(from));
    CHECK(same(to.reveal(), words));
    CHECK(same(from.reveal(), nothing)); // NOLINT: what a moved-from secret holds is the point
    Secret<4> assigned;
    assigned = std::move(to);
    CHECK(same(assigned.reveal(), words));
    CHECK(same(to.reveal(), nothing)); // NOLINT
    const Secret<4> copy = assigned.clone();
    CHECK(same(copy.reveal(), assigned.reveal()));

    SecretBytes bytes{Bytes(words)};
    bytes.append(words);
    SecretBytes taken(std::move(bytes));
    CHECK(hex(taken.reveal()) == "0102030401020304");
    CHECK(bytes.empty()); // NOLINT
}

TEST_CASE("when a secret ends, its memory is wiped") {
    alignas(Secret<32>) std::array<uint8_t, sizeof(Secret<32>)> memory{};
    std::array<uint8_t, 32> key{};
    key.fill(0xA5);
    auto* secret = new (memory.data()) Secret<32>(key);
    REQUIRE(same(memory, key));
    secret->~Secret();
    CHECK(same(memory, std::array<uint8_t, 32>{}));
}
