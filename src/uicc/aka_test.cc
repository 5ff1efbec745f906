#include "crypto/milenage.h"
#include "uicc/aka_testing.h"

using namespace halyard;
using namespace halyard::uicc;

TEST_CASE("when the sets of TS 35.208 are sent, the answer of each context is the published one") {
    for (const Set& s : kSets) {
        CAPTURE(s.number);
        const Aka aka = open(milenage(s).der());
        const SqnState before = state_at(number(s.sqn) - 32); // the same index, one step earlier
        AkaAnswer answer = aka.authenticate(kUsim, 0, 0x81, challenge(s), before, kAllServices);
        CHECK(answer.status == 0x9000);
        CHECK(hex(answer.data.reveal()) == success(s, true));
        REQUIRE(answer.keep);
        CHECK(*answer.keep == state_at(number(s.sqn)));
        answer = aka.authenticate(kUsim, 0, 0x81, challenge(s), before, {});
        CHECK(hex(answer.data.reveal()) == success(s, false));
        answer = aka.authenticate(kIsim, 0, 0x81, challenge(s), before, kAllServices);
        CHECK(hex(answer.data.reveal()) == success(s, false)); // IMS AKA has no Kc
        answer =
            aka.authenticate(kUsim, 0, 0x80, *from_hex(std::string("10") + s.rand), before, kAllServices);
        CHECK(answer.status == 0x9000);
        CHECK(hex(answer.data.reveal()) == upper(std::string("04") + s.sres + "08" + s.kc));
        CHECK_FALSE(answer.keep);
    }
}

TEST_CASE("when a challenge is sent a second time, AUTS is the published one and nothing is to be stored") {
    for (const Set& s : kSets) {
        CAPTURE(s.number);
        const Aka aka = open(milenage(s).der());
        const AkaAnswer answer =
            aka.authenticate(kUsim, 0, 0x81, challenge(s), state_at(number(s.sqn)), kAllServices);
        CHECK(answer.status == 0x9000);
        CHECK(hex(answer.data.reveal()) == upper(std::string("DC0E") + s.auts));
        CHECK_FALSE(answer.keep);
    }
}

TEST_CASE("when the network takes AUTS, the next challenge above SQN_MS is accepted") {
    const Aka aka = open(milenage(kOne).der());
    const auto network = crypto::Milenage::make(crypto::AesKey(octets<16>(kOne.k)), octets<16>(kOne.opc));
    REQUIRE(network);
    SqnState state;
    state.seq[3] = 1000;
    state.seq[9] = 1007;
    // The network begins at 1, as after the loss of its data.
    AkaAnswer answer =
        aka.authenticate(kUsim, 0, 0x81, challenge_for(**network, kOne, 1 << 5 | 3), state, kAllServices);
    REQUIRE(answer.status == 0x9000);
    const Bytes auts = answer.data.reveal().subspan(2);
    REQUIRE(answer.data.reveal()[0] == 0xDC);
    REQUIRE(auts.size() == 14);
    // What TS 33.102 §6.3.5 has the network do: AK*, SQN_MS, MAC-S over it with AMF* 0000.
    std::array<uint8_t, 6> ak, sqn;
    std::array<uint8_t, 8> mac;
    REQUIRE((*network)->f5_star(octets<16>(kOne.rand), ak));
    for (size_t i = 0; i < 6; ++i) sqn[i] = auts[i] ^ ak[i];
    CHECK(hex(sqn) == "000000007DE9"); // 1007 × 32 + 9
    REQUIRE((*network)->f1_star(octets<16>(kOne.rand), sqn, {}, mac));
    CHECK(same(mac, auts.subspan(6)));
    answer =
        aka.authenticate(kUsim, 0, 0x81, challenge_for(**network, kOne, 1008 << 5 | 10), state, kAllServices);
    CHECK(answer.data.reveal()[0] == 0xDB);
    REQUIRE(answer.keep);
    CHECK(answer.keep->seq[10] == 1008);
    CHECK(answer.keep->seq[9] == 1007);
}

TEST_CASE("when sequence numbers come out of order, each index is judged for itself") {
    const Aka aka = open(milenage(kOne).der());
    const auto network = crypto::Milenage::make(crypto::AesKey(octets<16>(kOne.k)), octets<16>(kOne.opc));
    SqnState state;
    const auto send = [&](uint64_t seq, uint64_t ind) {
        AkaAnswer a = aka.authenticate(
            kUsim, 0, 0x81, challenge_for(**network, kOne, seq << 5 | ind), state, kAllServices);
        REQUIRE(a.status == 0x9000);
        if (a.keep) state = *a.keep;
        return a.data.reveal()[0] == 0xDB;
    };
    CHECK(send(10, 0));
    CHECK(send(12, 1));
    CHECK(send(11, 2)); // lower than the highest, new for its index
    CHECK_FALSE(send(10, 0));
    CHECK_FALSE(send(12, 1));
    CHECK_FALSE(send(9, 0));
    CHECK(send(11, 0));
    CHECK(send(1, 31));
    CHECK_FALSE(send(0, 30)); // not above what index 30 holds
    CHECK(state.sqn_ms() == (12u << 5 | 1));
}

TEST_CASE("when SEQ jumps by more than sqnDelta, it is refused unless the option is off") {
    const auto network = crypto::Milenage::make(crypto::AesKey(octets<16>(kOne.k)), octets<16>(kOne.opc));
    const auto accepted = [&](const Aka& aka, uint64_t seq) {
        const AkaAnswer a = aka.authenticate(
            kUsim, 0, 0x81, challenge_for(**network, kOne, seq << 5), aka.initial_state(), kAllServices);
        REQUIRE(a.status == 0x9000);
        return a.data.reveal()[0] == 0xDB;
    };
    const Aka by_default = open(milenage(kOne).der());
    CHECK(accepted(by_default, 0x10000000)); // 2^28, the default
    CHECK_FALSE(accepted(by_default, 0x10000001));
    Element narrow = milenage(kOne);
    narrow.aka.sqn_delta = {0, 0, 0, 0, 0, 5};
    const Aka five = open(narrow.der());
    CHECK(accepted(five, 5));
    CHECK_FALSE(accepted(five, 6));
    narrow.sequence_numbers({0, 0, 0, 0, 0, 0, 0, 0, 0, 3}); // the highest counts, whatever its index
    CHECK(accepted(open(narrow.der()), 8));
    CHECK_FALSE(accepted(open(narrow.der()), 9));
    narrow.aka.sqn_options = {0x00};
    CHECK(accepted(open(narrow.der()), 0x07FFFFFFFFFF));
}

TEST_CASE("when SEQ is older than sqnAgeLimit allows, it is refused if the option is on") {
    const auto network = crypto::Milenage::make(crypto::AesKey(octets<16>(kOne.k)), octets<16>(kOne.opc));
    Element e = milenage(kOne);
    e.aka.sqn_age_limit = {0, 0, 0, 0, 0, 10};
    std::array<uint64_t, 32> seq{};
    seq[7] = 100;
    e.sequence_numbers(seq);
    const auto accepted = [&](uint8_t options, uint64_t s) {
        e.aka.sqn_options = {options};
        const Aka aka = open(e.der());
        const AkaAnswer a = aka.authenticate(
            kUsim, 0, 0x81, challenge_for(**network, kOne, s << 5 | 1), aka.initial_state(), kAllServices);
        return a.data.reveal()[0] == 0xDB;
    };
    CHECK(accepted(0x0E, 91)); // 100 - 91 < 10
    CHECK_FALSE(accepted(0x0E, 90));
    CHECK(accepted(0x02, 90));
    CHECK(accepted(0x02, 1));
}

TEST_CASE("when the MAC is wrong, the answer is 9862 whatever the sequence number, and nothing changes") {
    const Aka aka = open(milenage(kOne).der());
    for (size_t bit = 0; bit < 128; ++bit) { // of AUTN: SQN, AMF or MAC
        OwnedBytes data = challenge(kOne);
        data[18 + bit / 8] = static_cast<uint8_t>(data[18 + bit / 8] ^ 1 << bit % 8);
        for (const SqnState& state : {state_at(number(kOne.sqn) - 32), state_at(number(kOne.sqn))}) {
            const AkaAnswer a = aka.authenticate(kUsim, 0, 0x81, data, state, kAllServices);
            CHECK(a.status == 0x9862);
            CHECK(a.data.empty());
            CHECK_FALSE(a.keep);
        }
    }
}

TEST_CASE("when a command is malformed, its status word tells what is wrong") {
    const Aka aka = open(milenage(kOne).der());
    const auto status = [&](AkaCommand::Application app, uint8_t p1, uint8_t p2, Bytes data, AkaServices s) {
        const AkaAnswer a = aka.authenticate(app, p1, p2, data, SqnState{}, s);
        CHECK(a.data.empty());
        CHECK_FALSE(a.keep);
        return a.status;
    };
    const OwnedBytes good = challenge(kOne);
    for (size_t size = 0; size < good.size(); ++size)
        CHECK(status(kUsim, 0, 0x81, Bytes(good).first(size), kAllServices) == 0x6700);
    OwnedBytes longer = good;
    longer.push_back(0);
    CHECK(status(kUsim, 0, 0x81, longer, kAllServices) == 0x6700);
    for (const size_t at : {size_t{0}, size_t{17}})
        for (const uint8_t length : std::initializer_list<uint8_t>{0, 1, 15, 17, 32, 255}) {
            OwnedBytes bad = good;
            bad[at] = length;
            CHECK(status(kUsim, 0, 0x81, bad, kAllServices) == 0x6A80);
        }
    const Bytes gsm = Bytes(good).first(17);
    CHECK(status(kUsim, 0, 0x80, good, kAllServices) == 0x6700);
    CHECK(status(kUsim, 0, 0x80, Bytes(good).first(16), kAllServices) == 0x6700);
    OwnedBytes bad = owned(gsm);
    bad[0] = 15;
    CHECK(status(kUsim, 0, 0x80, bad, kAllServices) == 0x6A80);
    CHECK(status(kUsim, 0, 0x80, gsm, {.gsm_access = true}) == 0x9864); // service 38 is not there
    CHECK(status(kIsim, 0, 0x80, gsm, kAllServices) == 0x9864);
    CHECK(status(kUsim, 0, 0x82, good, kAllServices) == 0x9864);
    CHECK(status(kUsim, 0, 0x84, good, kAllServices) == 0x9864);
    CHECK(status(kUsim, 1, 0x81, good, kAllServices) == 0x6A86);
    for (const uint8_t p2 : std::initializer_list<uint8_t>{0x00, 0x01, 0x83, 0x85, 0xFF})
        CHECK(status(kUsim, 0, p2, good, kAllServices) == 0x6A86);
}
