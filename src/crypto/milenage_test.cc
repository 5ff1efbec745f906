#include "crypto/milenage.h"
#include "crypto/usim_test_algorithm.h"
#include <doctest/doctest.h>

using namespace halyard;
using crypto::AesKey, crypto::Block, crypto::Milenage;

namespace {
struct Set {
    int number;
    const char *k, *rand, *sqn, *amf, *op, *opc, *f1, *f1_star, *res, *ck, *ik, *ak, *ak_star;
};
// 3GPP TS 35.207 §4 and TS 35.208 §4.3: the sets of those numbers.
constexpr Set kSets[] = {
    {1,
     "465b5ce8b199b49faa5f0a2ee238a6bc",
     "23553cbe9637a89d218ae64dae47bf35",
     "ff9bb4d0b607",
     "b9b9",
     "cdc202d5123e20f62b6d676ac72cb318",
     "cd63cb71954a9f4e48a5994e37a02baf",
     "4a9ffac354dfafb3",
     "01cfaf9ec4e871e9",
     "a54211d5e3ba50bf",
     "b40ba9a3c58b2a05bbf0d987b21bf8cb",
     "f769bcd751044604127672711c6d3441",
     "aa689c648370",
     "451e8beca43b"},
    {2,
     "0396eb317b6d1c36f19c1c84cd6ffd16",
     "c00d603103dcee52c4478119494202e8",
     "fd8eef40df7d",
     "af17",
     "ff53bade17df5d4e793073ce9d7579fa",
     "53c15671c60a4b731c55b4a441c0bde2",
     "5df5b31807e258b0",
     "a8c016e51ef4a343",
     "d3a628ed988620f0",
     "58c433ff7a7082acd424220f2b67c556",
     "21a8c1f929702adb3e738488b9f5c5da",
     "c47783995f72",
     "30f1197061c1"},
    {3,
     "fec86ba6eb707ed08905757b1bb44b8f",
     "9f7c8d021accf4db213ccff0c7f71a6a",
     "9d0277595ffc",
     "725c",
     "dbc59adcb6f9a0ef735477b7fadf8374",
     "1006020f0a478bf6b699f15c062e42b3",
     "9cabc3e99baf7281",
     "95814ba2b3044324",
     "8011c48c0c214ed2",
     "5dbdbb2954e8f3cde665b046179a5098",
     "59a92d3b476a0443487055cf88b2307b",
     "33484dc2136b",
     "deacdd848cc6"},
    {4,
     "9e5944aea94b81165c82fbf9f32db751",
     "ce83dbc54ac0274a157c17f80d017bd6",
     "0b604a81eca8",
     "9e09",
     "223014c5806694c007ca1eeef57f004f",
     "a64a507ae1a2a98bb88eb4210135dc87",
     "74a58220cba84c49",
     "ac2cc74a96871837",
     "f365cd683cd92e96",
     "e203edb3971574f5a94b0d61b816345d",
     "0c4524adeac041c4dd830d20854fc46b",
     "f0b9c08ad02e",
     "6085a86c6f63"},
    {5,
     "4ab1deb05ca6ceb051fc98e77d026a84",
     "74b0cd6031a1c8339b2b6ce2b8c4a186",
     "e880a1b580b6",
     "9f07",
     "2d16c5cd1fdf6b22383584e3bef2a8d8",
     "dcf07cbd51855290b92a07a9891e523e",
     "49e785dd12626ef2",
     "9e85790336bb3fa2",
     "5860fc1bce351e7e",
     "7657766b373d1c2138f307e3de9242f9",
     "1c42e960d89b8fa99f2744e0708ccb53",
     "31e11a609118",
     "fe2555e54aa9"},
    {6,
     "6c38a116ac280c454f59332ee35c8c4f",
     "ee6466bc96202c5a557abbeff8babf63",
     "414b98222181",
     "4464",
     "1ba00a1a7c6700ac8c3ff3e96ad08725",
     "3803ef5363b947c6aaa225e58fae3934",
     "078adfb488241a57",
     "80246b8d0186bcf1",
     "16c8233f05a0ac28",
     "3f8c7587fe8e4b233af676aede30ba3b",
     "a7466cc1e6b2a1337d49d3b66e95d7b4",
     "45b0f69ab06c",
     "1f53cd2b1113"},
    {19,
     "5122250214c33e723a5dd523fc145fc0",
     "81e92b6c0ee0e12ebceba8d92a99dfa5",
     "16f3b3f70fc2",
     "c3ab",
     "c9e8763286b5b9ffbdf56e1297d0887b",
     "981d464c7c52eb6e5036234984ad0bcf",
     "2a5c23d15ee351d5",
     "62dae3853f3af9d2",
     "28d7b0f2a2ec3de5",
     "5349fbe098649f948f5d2e973a81c00f",
     "9744871ad32bf9bbd1dd5ce54e3e2e5a",
     "ada15aeb7bb8",
     "d461bc15475d"},
};

template <size_t N> std::array<uint8_t, N> octets(const char* text) {
    const OwnedBytes bytes = *from_hex(text);
    REQUIRE(bytes.size() == N);
    std::array<uint8_t, N> out{};
    std::ranges::copy(bytes, out.begin());
    return out;
}
bool is(Bytes bytes, const char* text) { return same(bytes, *from_hex(text)); }
std::unique_ptr<Milenage> make(const char* k, const char* opc, const crypto::MilenageConstants& c = {}) {
    auto out = Milenage::make(AesKey(octets<16>(k)), octets<16>(opc), c);
    REQUIRE(out);
    return std::move(*out);
}
} // namespace

TEST_CASE("when the sets of TS 35.208 are run, MILENAGE gives the published values") {
    for (const Set& s : kSets) {
        CAPTURE(s.number);
        const auto opc = crypto::milenage_opc(AesKey(octets<16>(s.k)), octets<16>(s.op));
        REQUIRE(opc);
        CHECK(is(*opc, s.opc));
        const auto m = make(s.k, s.opc);
        const auto rand = octets<16>(s.rand);
        const auto sqn = octets<6>(s.sqn);
        const auto amf = octets<2>(s.amf);
        std::array<uint8_t, 8> mac, res;
        std::array<uint8_t, 16> ck, ik;
        std::array<uint8_t, 6> ak;
        REQUIRE(m->f1(rand, sqn, amf, mac));
        CHECK(is(mac, s.f1));
        REQUIRE(m->f1_star(rand, sqn, amf, mac));
        CHECK(is(mac, s.f1_star));
        REQUIRE(m->f2345(rand, res, ck, ik, ak));
        CHECK(is(res, s.res));
        CHECK(is(ck, s.ck));
        CHECK(is(ik, s.ik));
        CHECK(is(ak, s.ak));
        REQUIRE(m->f5_star(rand, ak));
        CHECK(is(ak, s.ak_star));
    }
}

namespace {
// The formulas of TS 35.206 §4.1 bit by bit, for constants that no published set has.
Block out_of(const Set& s, const crypto::MilenageConstants& constants, size_t number) {
    const AesKey k(octets<16>(s.k));
    const Block opc = octets<16>(s.opc), rand = octets<16>(s.rand);
    const auto add = [](Block a, const Block& b) {
        for (size_t i = 0; i < 16; ++i) a[i] ^= b[i];
        return a;
    };
    const auto rotate = [](const Block& in, size_t by) {
        Block out{};
        for (size_t bit = 0; bit < 128; ++bit) { // bit 0 is the most significant
            const size_t from = (bit + by) % 128;
            if (in[from / 8] >> (7 - from % 8) & 1)
                out[bit / 8] = static_cast<uint8_t>(out[bit / 8] | 1 << (7 - bit % 8));
        }
        return out;
    };
    const Block temp = *crypto::aes128_encrypt_block(k, add(rand, opc));
    Block in1{};
    std::ranges::copy(*from_hex(std::string(s.sqn) + s.amf + s.sqn + s.amf), in1.begin());
    const size_t i = number - 1;
    const Block rotated = number == 1 ? add(temp, rotate(add(in1, opc), constants.r[0]))
                                      : rotate(add(temp, opc), constants.r[i]);
    return add(*crypto::aes128_encrypt_block(k, add(rotated, constants.c[i])), opc);
}
} // namespace

TEST_CASE("when an operator has rotations and constants of its own, they are used bit by bit") {
    crypto::MilenageConstants constants;
    constants.r = {1, 127, 15, 64, 97};
    for (size_t i = 0; i < 5; ++i)
        for (size_t j = 0; j < 16; ++j) constants.c[i][j] = static_cast<uint8_t>(i * 16 + j + 1);
    const Set& s = kSets[0];
    const auto m = make(s.k, s.opc, constants);
    const auto rand = octets<16>(s.rand);
    std::array<uint8_t, 8> mac, mac_s, res;
    std::array<uint8_t, 16> ck, ik;
    std::array<uint8_t, 6> ak, ak_star;
    REQUIRE(m->f1(rand, octets<6>(s.sqn), octets<2>(s.amf), mac));
    REQUIRE(m->f1_star(rand, octets<6>(s.sqn), octets<2>(s.amf), mac_s));
    REQUIRE(m->f2345(rand, res, ck, ik, ak));
    REQUIRE(m->f5_star(rand, ak_star));
    const Block out1 = out_of(s, constants, 1), out2 = out_of(s, constants, 2);
    CHECK(same(mac, Bytes(out1).first(8)));
    CHECK(same(mac_s, Bytes(out1).subspan(8)));
    CHECK(same(ak, Bytes(out2).first(6)));
    CHECK(same(res, Bytes(out2).subspan(8)));
    CHECK(same(ck, out_of(s, constants, 3)));
    CHECK(same(ik, out_of(s, constants, 4)));
    CHECK(same(ak_star, Bytes(out_of(s, constants, 5)).first(6)));
    CHECK_FALSE(is(mac, s.f1));
}

TEST_CASE("when a rotation is above 127, MILENAGE is refused by name") {
    for (size_t i = 0; i < 5; ++i) {
        crypto::MilenageConstants constants;
        constants.r[i] = 128;
        const auto m = Milenage::make(AesKey(), Block{}, constants);
        REQUIRE_FALSE(m);
        CHECK(m.error().code == Errc::bad_value);
        CHECK(std::string(m.error().where) == "rotationConstants");
    }
}

TEST_CASE("when a result is asked for in a length that MILENAGE has not, it is refused by name") {
    const auto m = make(kSets[0].k, kSets[0].opc);
    std::array<uint8_t, 32> b;
    const auto with = [&](size_t res, size_t ck, size_t ik, size_t ak) {
        const Ok ok =
            m->f2345({}, Buffer(b).first(res), Buffer(b).first(ck), Buffer(b).first(ik), Buffer(b).first(ak));
        return ok ? std::string("good") : std::string(ok.error().where);
    };
    CHECK(with(8, 16, 16, 6) == "good");
    CHECK(with(16, 16, 16, 6) == "RES");
    CHECK(with(8, 32, 16, 6) == "CK");
    CHECK(with(8, 16, 8, 6) == "IK");
    CHECK(with(8, 16, 16, 8) == "AK");
    CHECK_FALSE(m->f1({}, {}, {}, Buffer(b).first(16)));
    CHECK_FALSE(m->f1_star({}, {}, {}, {}));
    CHECK_FALSE(m->f5_star({}, Buffer(b).first(5)));
}

// By hand from the formulas of TS 34.108 §8.1.2: X = K xor RAND is 00 10 20 … F0.
TEST_CASE("when the test algorithm is run, X, its rotations and its MAC come out") {
    const crypto::UsimTestAlgorithm t(octets<16>("000102030405060708090A0B0C0D0E0F"));
    const auto rand = octets<16>("00112233445566778899AABBCCDDEEFF");
    std::array<uint8_t, 16> res, ck, ik;
    std::array<uint8_t, 6> ak;
    std::array<uint8_t, 8> mac;
    REQUIRE(t.f2345(rand, res, ck, ik, ak));
    CHECK(hex(res) == "00102030405060708090A0B0C0D0E0F0");
    CHECK(hex(ck) == "102030405060708090A0B0C0D0E0F000");
    CHECK(hex(ik) == "2030405060708090A0B0C0D0E0F00010");
    CHECK(hex(ak) == "304050607080");
    REQUIRE(t.f1(rand, octets<6>("000000000021"), octets<2>("8000"), mac));
    CHECK(hex(mac) == "001020304071E070");
    REQUIRE(t.f1_star(rand, octets<6>("000000000040"), octets<2>("0000"), mac));
    CHECK(hex(mac) == "0010203040106070");
    std::array<uint8_t, 4> short_res;
    REQUIRE(t.f2345(rand, short_res, ck, ik, ak));
    CHECK(hex(short_res) == "00102030");
    CHECK_FALSE(t.f2345(rand, Buffer(res).first(3), ck, ik, ak));
    CHECK_FALSE(t.f2345(rand, res, Buffer(ck).first(8), ik, ak));
    CHECK_FALSE(t.f1(rand, {}, {}, Buffer(mac).first(7)));
}
