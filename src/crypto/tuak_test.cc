#include "base/octets.h"
#include "crypto/tuak.h"
#include <doctest/doctest.h>

using namespace halyard;
using crypto::Tuak;

namespace {
struct Set {
    int number;
    const char *k, *rand, *sqn, *amf, *top;
    uint8_t iterations;
    const char *topc, *f1, *f1_star, *res, *ck, *ik, *ak, *ak_star;
};
// 3GPP TS 35.232 and TS 35.233, test sets 1 to 6.
constexpr Set kSets[] = {
    {1,
     "abababababababababababababababab",
     "42424242424242424242424242424242",
     "111111111111",
     "ffff",
     "5555555555555555555555555555555555555555555555555555555555555555",
     1,
     "bd04d9530e87513c5d837ac2ad954623a8e2330c115305a73eb45d1f40cccbff",
     "f9a54e6aeaa8618d",
     "e94b4dc6c7297df3",
     "657acd64",
     "d71a1e5c6caffe986a26f783e5c78be1",
     "be849fa2564f869aecee6f62d4337e72",
     "719f1e9b9054",
     "e7af6b3d0e38"},
    {2,
     "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0efeeedecebeae9e8e7e6e5e4e3e2e1e0",
     "0123456789abcdef0123456789abcdef",
     "0123456789ab",
     "abcd",
     "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
     1,
     "305425427e18c503c8a4b294ea72c95d0c36c6c6b29d0c65de5974d5977f8524",
     "c0b8c2d4148ec7aa5f1d78a97e4d1d58",
     "ef81af7290f7842c6ceafa537fa0745b",
     "e9d749dc4eea0035",
     "a4cb6f6529ab17f8337f27baa8234d47",
     "2274155ccf4199d5e2abcbf621907f90",
     "480a9345cc1e",
     "f84eb338848c"},
    {3,
     "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0efeeedecebeae9e8e7e6e5e4e3e2e1e0",
     "0123456789abcdef0123456789abcdef",
     "0123456789ab",
     "abcd",
     "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
     1,
     "305425427e18c503c8a4b294ea72c95d0c36c6c6b29d0c65de5974d5977f8524",
     "d97b75a1776065271b1e212bc3b1bf173f438b21e6c64a55a96c372e085e5cc5",
     "427bbf07c6e3a86c54f8c5216499f3909a6fd4a164c9fe235b1550258111b821",
     "07021c73e7635c7d",
     "4d59ac796834eb85d11fa148a5058c3c",
     "126d47500136fdc5ddfd14f19ebf16749ce4b6435323fbb5715a3a796a6082bd",
     "1d6622c4e59a",
     "f84eb338848c"},
    {4,
     "b8da837a50652d6ac7c97da14f6acc61",
     "6887e55425a966bd86c9661a5fa72be8",
     "0dea2ee2c5af",
     "df1e",
     "0952be13556c32ebc58195d9dd930493e12a9003669988ffde5fa1f0fe35cc01",
     1,
     "2bc16eb657a68e1f446f08f57c0efb1d493527a2e652ce281eb6ca0e4487760a",
     "749214087958dd8f58bfcdf869d8ae3f",
     "619e865afe80e382aee13063f9dfb56d",
     "4041ce438e3e38e8aa96562eed83ac43",
     "3e3bc01bea0cd914c4c2c83ce2d92757",
     "666a8e6f577b1aa77b7fd53cebb8a3d6",
     "1f880d005119",
     "45e617d77fe5"},
    {5,
     "1574ca56881d05c189c82880f789c9cd4244955f4426aa2b69c29f15770e5aa5",
     "c570aac68cde651fb1e3088322498bef",
     "c89bb71f3a41",
     "297d",
     "e59f6eb10ea406813f4991b0b9e02f181edf4c7e17b480f66d34da35ee88c95e",
     1,
     "3c6052e41532a28a47aa3cbb89f223e8f3aaa976aecd48bc3e7d6165a55eff62",
     "d7340dad02b4cb01",
     "c6021e2e66accb15",
     "84d89b41db1867ffd4c7ba1d82163f4d526a20fbae5418fbb526940b1eeb905c",
     "d419676afe5ab58c1d8bee0d43523a4d2f52ef0b31a4676a0c334427a988fe65",
     "205533e505661b61d05cc0eac87818f4",
     "d7b3d2d4980a",
     "ca9655264986"},
    {6,
     "1574ca56881d05c189c82880f789c9cd4244955f4426aa2b69c29f15770e5aa5",
     "c570aac68cde651fb1e3088322498bef",
     "c89bb71f3a41",
     "297d",
     "e59f6eb10ea406813f4991b0b9e02f181edf4c7e17b480f66d34da35ee88c95e",
     2,
     "b04a66f26c62fcd6c82de22a179ab65506ecf47f56245cd149966cfa9cec7a51",
     "90d2289ed1ca1c3dbc2247bb480d431ac71d2e4a7677f6e997cfddb0cbad88b7",
     "427355dbac30e825063aba61b556e87583abac638e3ab01c4c884ad9d458dc2f",
     "d67e6e64590d22eecba7324afa4af4460c93f01b24506d6e12047d789a94c867",
     "ede57edfc57cdffe1aae75066a1b7479bbc3837438e88d37a801cccc9f972b89",
     "48ed9299126e5057402fe01f9201cf25249f9c5c0ed2afcf084755daff1d3999",
     "6aae8d18c448",
     "8c5f33b61f4e"},
};

template <size_t N> std::array<uint8_t, N> octets(const char* text) {
    const OwnedBytes bytes = *from_hex(text);
    REQUIRE(bytes.size() == N);
    std::array<uint8_t, N> out{};
    std::ranges::copy(bytes, out.begin());
    return out;
}
} // namespace

TEST_CASE("when the sets of TS 35.233 are run, TUAK gives the published values in the published lengths") {
    for (const Set& s : kSets) {
        CAPTURE(s.number);
        const OwnedBytes k = *from_hex(s.k);
        const auto topc = Tuak::topc(k, octets<32>(s.top), s.iterations);
        REQUIRE(topc);
        CHECK(same(topc->reveal(), *from_hex(s.topc)));
        const auto tuak = Tuak::make(k, octets<32>(s.topc), s.iterations);
        REQUIRE(tuak);
        const auto rand = octets<16>(s.rand);
        const auto sqn = octets<6>(s.sqn);
        const auto amf = octets<2>(s.amf);
        const auto room = [](const char* text) { return OwnedBytes(std::strlen(text) / 2); };
        OwnedBytes mac = room(s.f1), mac_s = room(s.f1_star);
        REQUIRE((*tuak)->f1(rand, sqn, amf, mac));
        CHECK(mac == *from_hex(s.f1));
        REQUIRE((*tuak)->f1_star(rand, sqn, amf, mac_s));
        CHECK(mac_s == *from_hex(s.f1_star));
        OwnedBytes res = room(s.res), ck = room(s.ck), ik = room(s.ik), ak = room(s.ak);
        REQUIRE((*tuak)->f2345(rand, res, ck, ik, ak));
        CHECK(res == *from_hex(s.res));
        CHECK(ck == *from_hex(s.ck));
        CHECK(ik == *from_hex(s.ik));
        CHECK(ak == *from_hex(s.ak));
        REQUIRE((*tuak)->f5_star(rand, ak));
        CHECK(ak == *from_hex(s.ak_star));
    }
}

TEST_CASE("when a key or an iteration count cannot be, TUAK is refused by name") {
    for (const size_t size : {0u, 15u, 17u, 24u, 31u, 33u}) {
        const auto tuak = Tuak::make(OwnedBytes(size), octets<32>(kSets[0].topc));
        REQUIRE_FALSE(tuak);
        CHECK(tuak.error().code == Errc::bad_length);
        CHECK(std::string(tuak.error().where) == "key");
    }
    const auto none = Tuak::make(OwnedBytes(16), octets<32>(kSets[0].topc), 0);
    REQUIRE_FALSE(none);
    CHECK(std::string(none.error().where) == "numberOfKeccak");
}

TEST_CASE("when a result is asked for in a length that TUAK has not, it is refused by name") {
    const auto tuak = Tuak::make(OwnedBytes(16), octets<32>(kSets[0].topc));
    REQUIRE(tuak);
    std::array<uint8_t, 64> b;
    const auto with = [&](size_t res, size_t ck, size_t ik, size_t ak) {
        const Ok ok = (*tuak)->f2345(
            {}, Buffer(b).first(res), Buffer(b).first(ck), Buffer(b).first(ik), Buffer(b).first(ak));
        return ok ? std::string("good") : std::string(ok.error().where);
    };
    CHECK(with(4, 32, 32, 6) == "good");
    CHECK(with(12, 16, 16, 6) == "RES");
    CHECK(with(8, 24, 16, 6) == "CK");
    CHECK(with(8, 16, 0, 6) == "IK");
    CHECK(with(8, 16, 16, 7) == "AK");
    for (const size_t size : {0u, 4u, 12u, 64u}) {
        CHECK_FALSE((*tuak)->f1({}, {}, {}, Buffer(b).first(size)));
        CHECK_FALSE((*tuak)->f1_star({}, {}, {}, Buffer(b).first(size)));
    }
    CHECK_FALSE((*tuak)->f5_star({}, Buffer(b).first(5)));
}
