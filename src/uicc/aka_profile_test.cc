#include "crypto/tuak.h"
#include "uicc/aka_testing.h"
#include <filesystem>
#include <fstream>
#include <iterator>

using namespace halyard;
using namespace halyard::uicc;

TEST_CASE("when TUAK has RES of 32, 64 or 128 bits, that many octets come back") {
    // TS 35.233 sets 1, 3 (its K and TOPc with CK and IK of 128 bits is set 2) and 4.
    struct Row {
        const char *k, *topc, *rand;
        uint8_t options;
        const char *res, *ck, *ik;
    };
    const Row rows[] = {
        {"ABABABABABABABABABABABABABABABAB",
         "BD04D9530E87513C5D837AC2AD954623A8E2330C115305A73EB45D1F40CCCBFF",
         "42424242424242424242424242424242",
         0x00,
         "657ACD64",
         "D71A1E5C6CAFFE986A26F783E5C78BE1",
         "BE849FA2564F869AECEE6F62D4337E72"},
        {"FFFEFDFCFBFAF9F8F7F6F5F4F3F2F1F0EFEEEDECEBEAE9E8E7E6E5E4E3E2E1E0",
         "305425427E18C503C8A4B294EA72C95D0C36C6C6B29D0C65DE5974D5977F8524",
         "0123456789ABCDEF0123456789ABCDEF",
         0x01,
         "E9D749DC4EEA0035",
         "A4CB6F6529AB17F8337F27BAA8234D47",
         "2274155CCF4199D5E2ABCBF621907F90"},
        {"B8DA837A50652D6AC7C97DA14F6ACC61",
         "2BC16EB657A68E1F446F08F57C0EFB1D493527A2E652CE281EB6CA0E4487760A",
         "6887E55425A966BD86C9661A5FA72BE8",
         0x02,
         "4041CE438E3E38E8AA96562EED83AC43",
         "3E3BC01BEA0CD914C4C2C83CE2D92757",
         "666A8E6F577B1AA77B7FD53CEBB8A3D6"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.k);
        const Aka aka = open(Element(AkaAlgorithm::tuak, row.k, row.topc, row.options).der());
        // The MAC of the sets has other lengths than AUTN's but for set 1: make it with the proven function.
        const auto network = crypto::Tuak::make(*from_hex(row.k), octets<32>(row.topc));
        REQUIRE(network);
        OwnedBytes res(std::strlen(row.res) / 2), ck(16), ik(16);
        std::array<uint8_t, 6> ak, sqn = {0, 0, 0, 0, 0, 0x20};
        std::array<uint8_t, 8> mac;
        REQUIRE((*network)->f2345(octets<16>(row.rand), res, ck, ik, ak));
        REQUIRE((*network)->f1(octets<16>(row.rand), sqn, {0x80, 0x00}, mac));
        for (size_t i = 0; i < 6; ++i) sqn[i] ^= ak[i];
        const OwnedBytes data = *from_hex(std::string("10") + row.rand + "10" + hex(sqn) + "8000" + hex(mac));
        const AkaAnswer a = aka.authenticate(kUsim, 0, 0x81, data, aka.initial_state(), {});
        REQUIRE(a.status == 0x9000);
        const uint8_t length = static_cast<uint8_t>(res.size());
        CHECK(hex(a.data.reveal()) == "DB" + hex({&length, 1}) + row.res + "10" + row.ck + "10" + row.ik);
    }
}

namespace {
const char* const kTestKey = "000102030405060708090A0B0C0D0E0F";
const char* const kTestRand = "00112233445566778899AABBCCDDEEFF";
Element test_algorithm(uint8_t options = 2) {
    return Element(AkaAlgorithm::usim_test_algorithm, kTestKey, "00000000000000000000000000000000", options);
}
} // namespace

TEST_CASE("when the test algorithm is asked, it answers with X and takes every sequence number") {
    const Aka aka = open(test_algorithm().der());
    const OwnedBytes data =
        *from_hex(std::string("10") + kTestRand + "10" + "3040506070A18000001020304071E070");
    for (const SqnState& state : {SqnState{}, state_at(0x21), state_at(0xFFFFFFFFFFFF)}) {
        const AkaAnswer a = aka.authenticate(kUsim, 0, 0x81, data, state, kAllServices);
        REQUIRE(a.status == 0x9000);
        CHECK(hex(a.data.reveal()) == "DB1000102030405060708090A0B0C0D0E0F0"
                                      "10102030405060708090A0B0C0D0E0F000"
                                      "102030405060708090A0B0C0D0E0F00010"
                                      "080000000000000000");
    }
    OwnedBytes wrong = data;
    wrong.back() ^= 1;
    CHECK(aka.authenticate(kUsim, 0, 0x81, wrong, {}, kAllServices).status == 0x9862);
}

TEST_CASE("when the test algorithm sees the AMF of resynchronisation, it answers AUTS") {
    const Aka aka = open(test_algorithm().der());
    // MAC = X[0..7] xor (SQN ‖ AMF) = 0010203040506070 xor 000000000021FFFF.
    const OwnedBytes data =
        *from_hex(std::string("10") + kTestRand + "10" + "3040506070A1FFFF00102030" + "40719F8F");
    const AkaAnswer a = aka.authenticate(kUsim, 0, 0x81, data, state_at(0x40), kAllServices);
    CHECK(a.status == 0x9000);
    CHECK(hex(a.data.reveal()) == "DC0E3040506070C00010203040106070");
    CHECK_FALSE(a.keep);
}

TEST_CASE("when a component of akaParameter is wrong, it is refused by its name") {
    const Set& s = kOne;
    const auto with = [&](auto change) {
        Element e = milenage(s);
        change(e);
        return error_of(e.der());
    };
    CHECK(with([](Element&) {}) == "none");
    CHECK(with([](Element& e) { e.key.resize(15); }) == "bad length key");
    CHECK(with([](Element& e) { e.key.resize(32); }) == "bad length key");
    CHECK(with([](Element& e) { e.opc.resize(32); }) == "bad length opc");
    CHECK(with([](Element& e) { e.opc.clear(); }) == "bad length opc");
    CHECK(with([](Element& e) {
              e.algorithm.rotation_constants = {64, 0, 32, 64, 128};
          }) == "bad value rotationConstants");
    CHECK(with([](Element& e) { e.aka.sqn_delta = {0x08}; }) == "bad value sqnDelta");
    CHECK(with([](Element& e) { e.aka.sqn_age_limit = {0x08}; }) == "bad value sqnAgeLimit");
    CHECK(with([](Element& e) { e.sequence_numbers({0x080000000000}); }) == "bad value sqnInit");
    CHECK(with([](Element& e) {
              e.sequence_numbers({});
              e.init.pop_back();
          }) == "bad length sqnInit");
    CHECK(with([](Element& e) {
              e.sequence_numbers({});
              e.init.push_back({});
          }) == "bad length sqnInit");
    CHECK(with([](Element& e) { e.algorithm.algorithm = static_cast<AkaAlgorithm>(4); }) ==
          "unsupported algorithmID");
    CHECK(with([](Element& e) { e.algorithm.options = {0xFF}; }) == "none"); // MILENAGE has no options

    const auto tuak = [&](size_t key, size_t topc, uint8_t options, uint8_t iterations) {
        Element e(AkaAlgorithm::tuak, "", "", options);
        e.key.resize(key);
        e.opc.resize(topc);
        e.algorithm.number_of_keccak = iterations;
        return error_of(e.der());
    };
    CHECK(tuak(16, 32, 0x00, 1) == "none");
    CHECK(tuak(32, 32, 0x02, 255) == "none");
    CHECK(tuak(24, 32, 0x00, 1) == "bad length key");
    CHECK(tuak(16, 16, 0x00, 1) == "bad length opc");
    CHECK(tuak(16, 32, 0x00, 0) == "bad value numberOfKeccak");
    for (const uint8_t options : std::initializer_list<uint8_t>{0x03, 0x07, 0x08, 0x10, 0x20, 0x40, 0x80})
        CHECK(tuak(16, 32, options, 1) == "unsupported algorithmOptions");
    CHECK(error_of(test_algorithm(3).der()) == "unsupported algorithmOptions");
    Element without_opc = test_algorithm();
    without_opc.opc.clear();
    CHECK(error_of(without_opc.der()) == "none"); // ignored by this algorithm
    CHECK(error_of({}) == "not found akaParameter");
    CHECK_FALSE(Aka::open(image({0xA4, 0x00}), kUsimNode));
}

TEST_CASE("when an ISIM maps to the USIM, it uses its key and its sequence numbers") {
    const OwnedBytes aid = *from_hex("A0000000871002FF49FF0589");
    AkaParameter mapped;
    mapped.configuration.is = MappingParameter{.options = {0x01}, .source = aid};
    const OwnedBytes mapping = *asn1::encode(mapped);
    const profile::Image both = image(milenage(kOne).der(), mapping);
    const auto isim = Aka::open(both, kIsimNode);
    REQUIRE(isim);
    CHECK(isim->state_directory() == kUsimNode);
    const AkaAnswer a =
        isim->authenticate(kIsim, 0, 0x81, challenge(kOne), state_at(number(kOne.sqn) - 32), kAllServices);
    CHECK(hex(a.data.reveal()) == success(kOne, false));
    CHECK(Aka::open(both, kUsimNode)->state_directory() == kUsimNode);

    const auto fails = [](const profile::Image& i) {
        const auto r = Aka::open(i, kIsimNode);
        return !r && r.error().code == Errc::not_found && std::string(r.error().where) == "mappingSource";
    };
    CHECK(fails(image({}, mapping))); // the USIM has no key
    CHECK(fails(image(mapping, mapping)));
    // Without its end the AID still names one application; without the one that tells USIM and ISIM apart,
    // two.
    for (const size_t length : {size_t{7}, size_t{5}}) {
        mapped.configuration.is = MappingParameter{.options = {0x01}, .source = Bytes(aid).first(length)};
        CHECK(fails(image(milenage(kOne).der(), *asn1::encode(mapped))) == (length == 5));
    }
}

TEST_CASE("when authCounterMax is given, the key is used so often and no more") {
    Element e = milenage(kOne);
    e.algorithm.auth_counter_max = {0, 0, 2};
    const Aka aka = open(e.der());
    SqnState state = state_at(number(kOne.sqn) - 32);
    OwnedBytes wrong = challenge(kOne);
    wrong.back() ^= 1;
    AkaAnswer a = aka.authenticate(kUsim, 0, 0x81, wrong, state, kAllServices);
    CHECK(a.status == 0x9862);
    REQUIRE(a.keep); // a use of the key, though in vain
    state = *a.keep;
    a = aka.authenticate(kUsim, 0, 0x80, Bytes(wrong).first(17), state, kAllServices);
    CHECK(a.status == 0x9000);
    REQUIRE(a.keep);
    state = *a.keep;
    CHECK(state.uses == 2);
    a = aka.authenticate(kUsim, 0, 0x81, challenge(kOne), state, kAllServices);
    CHECK(a.status == 0x6985);
    CHECK_FALSE(a.keep);
}

TEST_CASE("when the state is written and read, it is the same; what is no state is refused") {
    SqnState state;
    for (size_t i = 0; i < SqnState::kIndices; ++i) state.seq[i] = 0x07FFFFFFFFFF - i * 0x0101010101;
    state.uses = 0xABCDEF;
    const auto octets = state.octets();
    CHECK(hex(Bytes(octets).first(16)) == "01ABCDEF07FFFFFFFFFF07FEFEFEFEFE");
    const auto back = SqnState::from(octets);
    REQUIRE(back);
    CHECK(*back == state);
    for (size_t size = 0; size < octets.size(); ++size) {
        const auto cut = SqnState::from(Bytes(octets).first(size));
        REQUIRE_FALSE(cut);
        CHECK(cut.error().code == Errc::bad_length);
    }
    auto bad = octets;
    bad[0] = 2;
    CHECK(SqnState::from(bad).error().code == Errc::unsupported);
    bad = octets;
    bad[4] = 0x08; // bit 44 of SEQ
    CHECK(SqnState::from(bad).error().code == Errc::bad_value);
}

TEST_CASE("when a TS.48 profile is installed, its USIM and its ISIM authenticate") {
    const char* shared = std::getenv("HALYARD_SHARED");
    const auto file = std::filesystem::path(shared ? shared : "../shared") / "data/ts48-v7/BERTLV_SUCI.der";
    std::ifstream in(file, std::ios::binary);
    if (!in) {
        MESSAGE("SKIPPED: no " << file.string());
        return;
    }
    const OwnedBytes package(std::istreambuf_iterator<char>(in), {});
    const auto installed = profile::install(package);
    REQUIRE(installed);
    const OwnedBytes data =
        *from_hex(std::string("10") + kTestRand + "10" + "3040506070A18000001020304071E070");
    for (const auto& [aid, application] :
         {std::pair("A0000000871002", kUsim), std::pair("A0000000871004", kIsim)}) {
        const auto node = installed->application(*from_hex(aid));
        REQUIRE(node);
        const auto aka = Aka::open(*installed, *node);
        REQUIRE(aka);
        const AkaAnswer a = aka->authenticate(application, 0, 0x81, data, aka->initial_state(), {});
        CHECK(a.status == 0x9000);
        CHECK(hex(a.data.reveal()) == "DB1000102030405060708090A0B0C0D0E0F0"
                                      "10102030405060708090A0B0C0D0E0F000"
                                      "102030405060708090A0B0C0D0E0F00010");
    }
}
