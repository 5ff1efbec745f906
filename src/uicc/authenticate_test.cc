// AUTHENTICATE as a command. The challenge is set 1 of 3GPP TS 35.208, its AUTS computed for SQN_MS = SQN and
// AMF* = 0000.
#include "uicc/aka_testing.h"
#include "uicc/testing.h"

using namespace halyard;
using namespace halyard::uicc;

namespace {
constexpr const char* kSelect = "00A4040C07A0000000871002";
const std::string kChallenge = "10 23553cbe9637a89d218ae64dae47bf35 10 55f328b43577b9b94a9ffac354dfafb3";
const std::string kCommand = "00880081 22" + kChallenge;
const std::string kAnswer =
    "DB08A54211D5E3BA50BF10B40BA9A3C58B2A05BBF0D987B21BF8CB10F769BCD751044604127672711C6D3441"
    "08EAE4BE823AF9A08B9000";
const std::string kAuts = "DC0EBA853F3C123CCF44E93596E355C69000";

// A USIM whose sequence numbers are just below that of the challenge.
profile::Image usim(const char* ust = "00000004") { // service 27: bit 3 of octet 4
    std::array<uint64_t, 32> seq;
    seq.fill((0xFF9BB4D0B607 >> 5) - 1);
    auto made = uicc::image(Element(AkaAlgorithm::milenage,
                                    "465b5ce8b199b49faa5f0a2ee238a6bc",
                                    "cd63cb71954a9f4e48a5994e37a02baf")
                                .sequence_numbers(seq)
                                .der());
    made.nodes.push_back({.fid = 0x6F38, .parent = kUsimNode});
    made.nodes.back().content = *from_hex(ust);
    return made;
}
TestCard card(profile::Image image) {
    TestCard c;
    c.uicc.reset(std::move(image));
    return c;
}
} // namespace

TEST_CASE("the network is answered once, and then asked to resynchronise") {
    TestCard c = card(usim());
    CHECK(c(kCommand) == "6985"); // the MF authenticates nobody
    REQUIRE(c(kSelect) == "9000");
    CHECK(c(kCommand + "00") == kAnswer);
    CHECK(c.commits == 1);
    CHECK(c(kCommand + "00") == kAuts);
    CHECK(c.commits == 1); // nothing to keep
    // Without Le, as over T=0: announced, then fetched.
    CHECK(c(kCommand) == "6110");
    CHECK(c("00C0000010") == kAuts);
}

TEST_CASE("Kc comes with the answer when the table has service 27") {
    TestCard c = card(usim("00000000"));
    REQUIRE(c(kSelect) == "9000");
    CHECK(c(kCommand + "00") == kAnswer.substr(0, 2 * 44) + "9000");
}

TEST_CASE("what could not be kept was not accepted") {
    TestCard c = card(usim());
    REQUIRE(c(kSelect) == "9000");
    c.broken = true;
    CHECK(c(kCommand + "00") == "6581");
    c.broken = false;
    CHECK(c(kCommand + "00") == kAnswer);
    // What was kept is what the next card begins with.
    profile::Image kept = usim();
    REQUIRE(c.uicc.image().akas.size() == 1);
    kept.akas[0].sqn = c.uicc.image().akas[0].sqn;
    TestCard again = card(std::move(kept));
    REQUIRE(again(kSelect) == "9000");
    CHECK(again(kCommand + "00") == kAuts);
}

TEST_CASE("AUTHENTICATE: what is refused, with its status word") {
    TestCard c = card(usim());
    REQUIRE(c(kSelect) == "9000");
    std::string forged = kCommand;
    forged.back() = '4'; // the last digit of MAC
    CHECK(c(forged + "00") == "9862");
    CHECK(c("0088008111" + kChallenge.substr(0, 35)) == "6700");
    CHECK(c("0088008011" + kChallenge.substr(0, 35)) == "9864"); // no GSM security context: service 38
    CHECK(c("0088008422" + kChallenge) == "9864");               // GBA
    CHECK(c("0088018122" + kChallenge) == "6A86");
    CHECK(c("80880081 22" + kChallenge) == "6E00");
    CHECK(c("00890081 22" + kChallenge) == "6D00");
    CHECK(c.commits == 0);
    CHECK(c(kCommand + "00") == kAnswer);
    TestCard none = card(uicc::image({}));
    REQUIRE(none(kSelect) == "9000");
    CHECK(none(kCommand + "00") == "6985");
}

TEST_CASE("the application's PIN comes before its key") {
    profile::Image locked = usim();
    locked.nodes[kUsimNode].pins = {0x01, 0x81, 0x0A};
    profile::Pin pin{.reference = 0x01};
    pin.value = {0x31, 0x32, 0x33, 0x34, 0xFF, 0xFF, 0xFF, 0xFF};
    locked.pins.push_back(pin);
    TestCard c = card(std::move(locked));
    REQUIRE(c(kSelect) == "9000");
    CHECK(c(kCommand + "00") == "6982");
    c.verify_pin1();
    CHECK(c(kCommand + "00") == kAnswer);
}
