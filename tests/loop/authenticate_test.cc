// AUTHENTICATE by APDU to a profile that was downloaded and enabled, with the published sets of 3GPP
// TS 35.207, TS 35.208 (MILENAGE) and TS 35.233 (TUAK) as its keys.
#include "crypto/tuak.h"
#include "tests/loop/hand.h"
#include "uicc/aka_testing.h"

using namespace halyard;
using namespace halyard::loop;
using uicc::Element, uicc::octets, uicc::upper;

namespace {
// The sample of the n-th ICCID with another akaParameter.
OwnedBytes with_aka(unsigned n, Bytes element) {
    const OwnedBytes package = sample(n);
    const auto elements = profile::parse(package);
    REQUIRE(elements);
    OwnedBytes out;
    size_t replaced = 0;
    for (const profile::Element& e : *elements) {
        const bool aka = e.tag == 0xA4;
        replaced += aka;
        append(out, aka ? element : e.der);
    }
    REQUIRE(replaced == 1);
    return out;
}
Installation download(Bench& b, unsigned n, Bytes element) {
    HandServer s(b);
    s.open();
    return read_installation(b, s.load(s.bind(with_aka(n, element), metadata_of(iccid(iccid_text(n))))));
}
// The USIM of the profile, selected; with its PIN off as the sample has it.
void put_in_use(Bench& b, unsigned n) {
    REQUIRE(b.order({enable(iccid(iccid_text(n)))}).results == "830100");
    REQUIRE(b.card.card->reset());
    REQUIRE(apdu(b, "00A4040C07A0000000871002") == "9000");
}
std::string authenticate(Bench& b, Bytes challenge) {
    return apdu(b,
                ("00880081"
                 "22" +
                 hex(challenge) + "00")
                    .c_str());
}
// Sequence numbers that end just before `sqn`.
Element just_before(Element e, uint64_t sqn) {
    std::array<uint64_t, 32> seq;
    seq.fill((sqn >> 5) - 1);
    e.sequence_numbers(seq);
    return e;
}
} // namespace

TEST_CASE(
    "when a downloaded profile has a set of TS 35.208, the card answers its challenge, and a repeated one "
    "with AUTS") {
    Bench b;
    unsigned n = 0;
    for (const uicc::Set& s : uicc::kSets) {
        CAPTURE(s.number);
        ++n;
        REQUIRE(download(b, n, just_before(uicc::milenage(s), uicc::number(s.sqn)).der()).success);
        put_in_use(b, n);
        // Kc comes with service 27 of EF.UST: bit 3 of its fourth octet. 3GPP TS 31.102 §4.2.8
        REQUIRE(apdu(b, "00A4080C047FFF6F38") == "9000");
        const OwnedBytes table = *from_hex(apdu(b, "00B0000004"));
        REQUIRE(table.size() == 6);
        CHECK(authenticate(b, uicc::challenge(s)) == uicc::success(s, table[3] & 0x04) + "9000");
        CHECK(authenticate(b, uicc::challenge(s)) == upper(std::string("DC0E") + s.auts) + "9000");
        OwnedBytes forged = uicc::challenge(s);
        forged.back() ^= 1;
        CHECK(authenticate(b, forged) == "9862");
        REQUIRE(b.order({disable(iccid(iccid_text(n))), remove(iccid(iccid_text(n)))}).tag == 0xA0);
    }
    CHECK(n == 20);
}

namespace {
struct TuakSet {
    int number;
    const char *k, *topc, *rand, *sqn, *amf, *mac; // mac: where the set has one of AUTN's length
    uint8_t options, keccak;
    const char *res, *ck, *ik;
};
// TS 35.233: lengths of RES, CK and IK that AUTHENTICATE can carry. 3GPP TS 31.102 §7.1.2.1
constexpr TuakSet kTuak[] = {
    {1,
     "ABABABABABABABABABABABABABABABAB",
     "BD04D9530E87513C5D837AC2AD954623A8E2330C115305A73EB45D1F40CCCBFF",
     "42424242424242424242424242424242",
     "111111111111",
     "FFFF",
     "F9A54E6AEAA8618D",
     0x00,
     1,
     "657ACD64",
     "D71A1E5C6CAFFE986A26F783E5C78BE1",
     "BE849FA2564F869AECEE6F62D4337E72"},
    {2,
     "FFFEFDFCFBFAF9F8F7F6F5F4F3F2F1F0EFEEEDECEBEAE9E8E7E6E5E4E3E2E1E0",
     "305425427E18C503C8A4B294EA72C95D0C36C6C6B29D0C65DE5974D5977F8524",
     "0123456789ABCDEF0123456789ABCDEF",
     "0123456789AB",
     "ABCD",
     "",
     0x01,
     1,
     "E9D749DC4EEA0035",
     "A4CB6F6529AB17F8337F27BAA8234D47",
     "2274155CCF4199D5E2ABCBF621907F90"},
    {4,
     "B8DA837A50652D6AC7C97DA14F6ACC61",
     "2BC16EB657A68E1F446F08F57C0EFB1D493527A2E652CE281EB6CA0E4487760A",
     "6887E55425A966BD86C9661A5FA72BE8",
     "0DEA2EE2C5AF",
     "DF1E",
     "",
     0x02,
     1,
     "4041CE438E3E38E8AA96562EED83AC43",
     "3E3BC01BEA0CD914C4C2C83CE2D92757",
     "666A8E6F577B1AA77B7FD53CEBB8A3D6"},
};
// AUTN, with the set's own MAC or, where that is longer than AUTN's, the one that the proven f1 makes.
OwnedBytes challenge(const TuakSet& s) {
    const auto network = crypto::Tuak::make(*from_hex(s.k), octets<32>(s.topc), s.keccak);
    REQUIRE(network);
    auto sqn = octets<6>(s.sqn);
    OwnedBytes res(std::strlen(s.res) / 2), ck(16), ik(16);
    std::array<uint8_t, 6> ak;
    std::array<uint8_t, 8> mac;
    REQUIRE((*network)->f2345(octets<16>(s.rand), res, ck, ik, ak));
    REQUIRE((*network)->f1(octets<16>(s.rand), sqn, octets<2>(s.amf), mac));
    const std::string own = *s.mac ? std::string(s.mac) : hex(mac);
    for (size_t i = 0; i < 6; ++i) sqn[i] ^= ak[i];
    return *from_hex(std::string("10") + s.rand + "10" + hex(sqn) + s.amf + own);
}
} // namespace

TEST_CASE("when a downloaded profile has a set of TS 35.233, the card answers with its RES, CK and IK") {
    Bench b;
    unsigned n = 0;
    for (const TuakSet& s : kTuak) {
        CAPTURE(s.number);
        ++n;
        Element e(profile::AkaAlgorithm::tuak, s.k, s.topc, s.options);
        REQUIRE(download(b, n, just_before(std::move(e), uicc::number(s.sqn)).der()).success);
        put_in_use(b, n);
        const auto length = static_cast<uint8_t>(std::strlen(s.res) / 2);
        const std::string expected = "DB" + hex(Bytes(&length, 1)) + s.res + "10" + s.ck + "10" + s.ik;
        const std::string answer = authenticate(b, challenge(s));
        CHECK(answer.starts_with(expected));
        CHECK(answer.ends_with("9000"));
        CHECK(authenticate(b, challenge(s)).starts_with("DC0E"));
    }
}

TEST_CASE("when a profile asks TUAK for lengths that AUTHENTICATE cannot carry, it is not installed") {
    // Sets 3, 5 and 6 of TS 35.233: MAC of 256 bits with IK of 256; RES and CK of 256; all of them.
    Bench b;
    for (const uint8_t options : {uint8_t{0x51}, uint8_t{0x23}, uint8_t{0x73}}) {
        CAPTURE(options);
        const Element key(profile::AkaAlgorithm::tuak,
                          "FFFEFDFCFBFAF9F8F7F6F5F4F3F2F1F0EFEEEDECEBEAE9E8E7E6E5E4E3E2E1E0",
                          "305425427E18C503C8A4B294EA72C95D0C36C6C6B29D0C65DE5974D5977F8524",
                          options);
        Memory before{b};
        const Installation done = download(b, 1, Element(key).der());
        CHECK(done.present);
        CHECK_FALSE(done.success);
        CHECK(before.as_before());
    }
}
