// How a switch is told to the terminal, and what becomes of it when the terminal takes or refuses it. SGP.22
// §5.7.16, SGP.32 §3.3.1, ETSI TS 102 223 §6.4.7
#include "euicc/testing.h"

using namespace halyard;
using namespace halyard::euicc;

namespace {
// Thirty-four octets: REFRESH, and its mode for profile state changes, or REFRESH alone.
const std::string kKnowsProfileChange = "8010000022000080" + std::string(60, '0') + "20";
const std::string kKnowsRefresh = "8010000022000080" + std::string(60, '0') + "DF";
const std::string kIsdrOnChannel1 = "01A4040C10A0000005591010FFFFFFFF8900000100";

std::string order(const Iccid& iccid, const char* flag = "FF") {
    return "81E2910014BF3111A00C5A0A" + hex(iccid) + "8101" + flag + "00";
}
std::string response(const char* number, const char* mode, const char* result) {
    return std::string("801400000C8103") + number + "01" + mode + "820282818301" + result;
}
// A terminal at the files on the basic channel, and its assistant at the ISD-R on another one.
struct Phone : Bare {
    Iccid one = add(1, true), two = add(2, false);
    explicit Phone(const std::string& profile) {
        CHECK(send(profile) == "9000");
        CHECK(send("0070000001") == "019000");
        CHECK(send(kIsdrOnChannel1) == "9000");
    }
    std::string send(const std::string& apdu) { return (*this)(apdu.c_str()); }
    std::string mounted() {
        const std::string selected = send("00A4080C022FE2");
        CHECK((selected == "9000" || selected == "910B"));
        return send("00B000000A");
    }
    bool is_enabled(const Iccid& iccid) const { return card->isdr().state().enabled()->iccid == iccid; }
};
} // namespace

TEST_CASE(
    "a terminal that knows it is told of a profile state change, and the files follow without a reset") {
    Phone c(kKnowsProfileChange);
    CHECK(c.send("00700002") == "9000");
    CHECK(c.send("0028000108 30303030FFFFFFFF") == "9000"); // PIN1 on, which verifies it
    CHECK(c.send(order(c.two)) == "BF3103800100910B");
    CHECK(c.mounted() == hex(c.one) + "910B"); // not before the terminal has answered
    CHECK(c.send("801200000B") == "D0098103010109820281829000");
    CHECK(c.send(response("01", "09", "00")) == "9000");
    CHECK_FALSE(c.card->wants_reset());
    CHECK(c.mounted() == hex(c.two) + "9000");
    CHECK(c.send("81E2910006BF3E035C015A00").ends_with("9000")); // the assistant's channel stays
    CHECK(c.send("02A4000C023F00") == "6881");                   // others close
    // What the new profile's terminal writes is its own.
    CHECK(c.send("00A4040C07A0000000871002") == "9000");
    CHECK(c.send("00A4000C026F7E") == "9000");
    CHECK(c.send("00D600000411223344") == "9000");
    const auto loci = [&](const Iccid& iccid) {
        const auto& isdr = c.card->isdr();
        return hex(
            Bytes(isdr.image(isdr.state().find(iccid)->number)->find({0x7FD0, 0x6F7E})->content).first(4));
    };
    CHECK(loci(c.two) == "11223344");
    CHECK(loci(c.one) == "FFFFFFFF");
}

TEST_CASE("a terminal that knows REFRESH alone is told to reset, and the files follow with that") {
    Phone c(kKnowsRefresh);
    CHECK(c.send(order(c.two)) == "BF3103800100910B");
    CHECK(c.send("801200000B") == "D0098103010104820281829000");
    CHECK(c.send(response("01", "04", "00")) == "9000");
    CHECK(c.card->wants_reset());
    CHECK(c.mounted() == hex(c.one) + "9000");
    REQUIRE(c.card->reset());
    CHECK(c.mounted() == hex(c.two) + "9000");
}

TEST_CASE("when the terminal refuses REFRESH, the former profile is enabled again, for good") {
    for (const char* result : {"10", "20", "22", "30", "32"}) {
        CAPTURE(result);
        Phone c(kKnowsRefresh);
        CHECK(c.send(order(c.two)) == "BF3103800100910B");
        CHECK(c.is_enabled(c.two));
        CHECK(c.send("801200000B") == "D0098103010104820281829000");
        CHECK(c.send(response("01", "04", result)) == "9000");
        CHECK(c.is_enabled(c.one));
        CHECK_FALSE(c.card->wants_reset());
        c.card = *Card::open(c.identity, c.memory, c.random);
        CHECK(c.mounted() == hex(c.one) + "9000");
    }
    for (const char* result : {"00", "01", "02", "03", "04", "08"}) { // performed, if with limits
        Phone c(kKnowsRefresh);
        CHECK(c.send(order(c.two)) == "BF3103800100910B");
        CHECK(c.send("801200000B") == "D0098103010104820281829000");
        CHECK(c.send(response("01", "04", result)) == "9000");
        CHECK(c.is_enabled(c.two));
    }
}

TEST_CASE("a switch counts when the power fails before the terminal has answered") {
    Phone c(kKnowsRefresh);
    CHECK(c.send(order(c.two)) == "BF3103800100910B");
    c.card = *Card::open(c.identity, c.memory, c.random);
    CHECK(c.mounted() == hex(c.two) + "9000");
    CHECK(c.send("8010000003FFFFFF") == "9000"); // and nothing is left to be answered
}

TEST_CASE("when taking back cannot be stored, the switch stands and the answer is 6581") {
    Phone c(kKnowsRefresh);
    CHECK(c.send(order(c.two)) == "BF3103800100910B");
    CHECK(c.send("801200000B") == "D0098103010104820281829000");
    c.memory.fail_after = 0;
    CHECK(c.send(response("01", "04", "20")) == "6581");
    c.memory.fail_after = -1;
    CHECK(c.is_enabled(c.two));
    REQUIRE(c.card->reset());
    CHECK(c.mounted() == hex(c.two) + "9000");
}

TEST_CASE("what cannot be returned to, or was not told of by REFRESH, is not taken back") {
    Phone c(kKnowsRefresh);
    CHECK(c.send(order(c.two)) == "BF3103800100910B");
    CHECK(c.send("81E291000FBF330C5A0A" + hex(c.one) + "00") ==
          "BF3303800100910B"); // the former one is deleted
    CHECK(c.send("801200000B") == "D0098103010104820281829000");
    CHECK(c.send(response("01", "04", "20")) == "9000");
    CHECK(c.is_enabled(c.two));
    // A later switch without REFRESH is another matter than the one that is refused.
    Phone d(kKnowsRefresh);
    CHECK(d.send(order(d.two)) == "BF3103800100910B");
    CHECK(d.send(order(d.one, "00")) == "BF3103800100910B");
    CHECK(d.send("801200000B") == "D0098103010104820281829000");
    CHECK(d.send(response("01", "04", "20")) == "9000");
    CHECK(d.is_enabled(d.one));
}
