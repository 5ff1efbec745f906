// The UICC of the card: files of the enabled profile, what survives, and how a switch is told.
#include "euicc/testing.h"

using namespace halyard;
using namespace halyard::euicc;

TEST_CASE("files of the enabled profile: selection, lengths and what is outside") {
    Bare c;
    // No profile: only what every card shows. SGP.22 §3.2.1
    CHECK(c("00A4000C023F00") == "9000");
    CHECK(c("00A4000C022FE2") == "6A82");
    CHECK(c("00A4000C022F00") == "6A82");
    CHECK(c("00B0880005") == "3C3C0000009000"); // EF.UMPC
    CHECK(c("00D6880001AA") == "6982");
    const Iccid one = c.add(1, true), two = c.add(2, false);
    CHECK(c("00B000000A") == "6986"); // no EF
    const std::string mf = c("00A4000400");
    CHECK(mf.starts_with("62"));
    CHECK(mf.find("83023F00") != std::string::npos);
    CHECK(mf.find("870101") != std::string::npos); // TERMINAL CAPABILITY is wanted. SGP.22 §3.4.2
    const size_t fcp = c("00A40004022FE200").size() / 2 - 2;
    CHECK(c("00A40004022FE2") == "61" + octet(fcp));
    CHECK(c("00A4000C022FE2") == "9000");
    CHECK(c("00B000000A") == hex(one) + "9000");
    CHECK(c("00B0000000") == hex(one) + "9000"); // Le 00: what there is
    CHECK(c("00B000000B") == "6C0A");
    CHECK(c("00B0000802") == hex(Bytes(one).last(2)) + "9000");
    CHECK(c("00B0000803") == "6C02");
    CHECK(c("00B0000A01") == "6B00");
    CHECK(c("00B2010400") == "6981");     // no records in it
    CHECK(c("00A4080C022FE2") == "9000"); // path from the MF
    CHECK(c("00A4000C026F07") == "6A82");
    CHECK(c("00A4080C047FFF6F07") == "6A82"); // no application yet
    CHECK(c("00A4040C07A0000000871002") == "9000");
    CHECK(c("00A4080C047FFF6F07") == "9000");
    CHECK(c("00B0000009") == "0809101000000000709000");
    CHECK(c("00B0870009") == "0809101000000000709000"); // SFI 07
    CHECK(c("00A4000C023F00") == "9000");
    CHECK(c("00A4000C027FFF") == "9000"); // the current application again
    CHECK(c("00A4000C026F07") == "9000");
    CHECK(c("00A4050C023F00") == "6A86");
    CHECK(c("00A4000C023F00") == "9000");
    CHECK(c("00A4010C022FE2") == "6A82"); // a file is no child directory
    CHECK(c("00A4080C032FE200") == "6A87");
    CHECK(c("00A4000C012F") == "6700");
    // A switch shows at the next reset.
    OwnedBytes enable = *from_hex("BF3111A00C5A0A");
    append(enable, two);
    append(enable, *from_hex("8101FF"));
    const auto answer = c.card->isdr().handle(enable);
    REQUIRE(answer);
    CHECK(hex(*answer) == "BF3103800100");
    CHECK(c.card->wants_reset());
    CHECK(c("00A4080C022FE2") == "9000");
    CHECK(c("00B000000A") == hex(one) + "9000");
    REQUIRE(c.card->reset());
    CHECK_FALSE(c.card->wants_reset());
    CHECK(c("00A4080C022FE2") == "9000");
    CHECK(c("00B000000A") == hex(two) + "9000");
}

TEST_CASE("records: absolute, next, previous, and those there are not") {
    Bare c;
    c.add(1, true);
    REQUIRE(c("00A4000C022F00") == "9000"); // EF.DIR
    const std::string first = c("00B2010400");
    REQUIRE(first.ends_with("9000"));
    CHECK(first.find("A0000000871002") != std::string::npos);
    const size_t size = first.size() / 2 - 2;
    CHECK(c("00B2000200") == first); // next, from nowhere
    CHECK(c("00B2010401") == "6C" + octet(size));
    CHECK(c("00B2FF0400") == "6A83");
    CHECK(c("00B2010000") == "6A86");
    CHECK(c("00B000000A") == "6981"); // no transparent file
}

namespace {
const std::string kPin = "30303030FFFFFFFF"; // of the sample profile, switched off
} // namespace

TEST_CASE("what a terminal writes is there after a loss of power, and not when it could not be stored") {
    Bare c;
    c.add(1, true);
    REQUIRE(c("00A4040C07A0000000871002") == "9000");
    REQUIRE(c("00A4000C026F7E") == "9000"); // EF.LOCI: PIN1, which is off
    CHECK(c("00D600000411223344") == "9000");
    const auto woken = [&] { // no reset, no goodbye
        auto opened = Card::open(c.identity, c.memory, c.random);
        REQUIRE(opened);
        c.card = std::move(*opened);
        REQUIRE(c("00A4040C07A0000000871002") == "9000");
        REQUIRE(c("00A4000C026F7E") == "9000");
    };
    woken();
    CHECK(c("00B0000005") == "11223344FF9000");
    c.memory.fail_after = 0;
    CHECK(c("00D60000021234") == "6581");
    CHECK(c("00B0000005") == "11223344FF9000");
    c.memory.fail_after = -1;
    woken();
    CHECK(c("00B0000005") == "11223344FF9000");
    CHECK(c("00D60000021234") == "9000");
    // Other profiles are untouched, and what was written stays with its own.
    const Iccid two = c.add(2, false);
    OwnedBytes enable = *from_hex("BF3111A00C5A0A");
    append(enable, two);
    append(enable, *from_hex("8101FF"));
    REQUIRE(c.card->isdr().handle(enable));
    REQUIRE(c.card->reset());
    CHECK(c("00A4040C07A0000000871002") == "9000");
    CHECK(c("00A4000C026F7E") == "9000");
    CHECK(c("00B0000005") == "FFFFFFFFFF9000");
}

TEST_CASE("wrong PINs are counted through a loss of power") {
    Bare c;
    c.add(1, true);
    CHECK(c(("0028000108" + kPin).c_str()) == "9000"); // on
    CHECK(c("002000010831313131FFFFFFFF") == "63C2");
    for (const char* left : {"63C1", "63C0", "6983"}) {
        auto opened = Card::open(c.identity, c.memory, c.random);
        REQUIRE(opened);
        c.card = std::move(*opened);
        CHECK(c("002000010831313131FFFFFFFF") == left);
    }
    CHECK(c(("0020000108" + kPin).c_str()) == "6983");
}

TEST_CASE("a file written while the profile is being left stays in that profile") {
    Bare c;
    const Iccid one = c.add(1, true), two = c.add(2, false);
    OwnedBytes enable = *from_hex("BF3111A00C5A0A");
    append(enable, two);
    append(enable, *from_hex("8101FF"));
    REQUIRE(c.card->isdr().handle(enable));
    CHECK(c("00A4040C07A0000000871002") == "9000");
    CHECK(c("00A4000C026F7E") == "9000");
    CHECK(c("00D600000411223344") == "9000");
    const auto stored = [&](const Iccid& iccid) {
        const auto image = c.card->isdr().image(c.card->isdr().state().find(iccid)->number);
        REQUIRE(image);
        return hex(Bytes(image->find({0x7FD0, 0x6F7E})->content).first(4));
    };
    CHECK(stored(one) == "11223344");
    CHECK(stored(two) == "FFFFFFFF");
    // Deleted meanwhile: there is no place for it any longer.
    OwnedBytes remove = *from_hex("BF330C5A0A");
    append(remove, one);
    REQUIRE(c.card->isdr().handle(remove));
    CHECK(c("00D600000455667788") == "6581");
    CHECK(c("00B0000004") == "112233449000");
}

namespace {
std::string switch_apdu(const Iccid& iccid, const char* flag) {
    return "80E2910014BF3111A00C5A0A" + hex(iccid) + "8101" + flag + "00";
}
} // namespace

TEST_CASE("after a switch with refreshFlag a terminal that knows REFRESH is told to reset the card") {
    Bare c;
    const Iccid one = c.add(1, true), two = c.add(2, false);
    c(kSelectIsdr);
    // As before: no terminal profile, or one without REFRESH
    CHECK(c(switch_apdu(two, "FF").c_str()) == "BF31038001009000");
    CHECK(c("8010000003FFFF7F") == "9000");
    CHECK(c(switch_apdu(one, "FF").c_str()) == "BF31038001009000");
    CHECK(c("8010000003FFFFFF") == "9000");
    CHECK(c(switch_apdu(two, "00").c_str()) == "BF31038001009000"); // not wanted
    CHECK(c.card->wants_reset());
    CHECK(c(switch_apdu(two, "FF").c_str()) == "BF31038001029000"); // nothing was switched
    CHECK(c(switch_apdu(one, "FF").c_str()) == "BF3103800100910B");
    CHECK(c("80E2910003BF2E0000").ends_with("910B"));
    CHECK(c(switch_apdu(two, "FF").c_str()) == "BF3103800105910B"); // catBusy
    CHECK(c("801200000B") == "D0098103010104820281829000");
    CHECK(c("801400000C810301010482028281830100") == "9000");
    CHECK(c(switch_apdu(two, "FF").c_str()) == "BF3103800100910B");
    REQUIRE(c.card->reset());
    CHECK_FALSE(c.card->wants_reset());
    CHECK(c("00A4080C022FE2") == "9000");
    CHECK(c("00B000000A") == hex(two) + "9000");
}

TEST_CASE("commands of the file system have no meaning while the ISD-R is selected") {
    Bare c;
    c.add(1, true);
    c(kSelectIsdr);
    for (const char* apdu : {"00B082000A", "00B2010400", "00D682000100", "00200001", "00040000"})
        CHECK(c(apdu) == "6985");
    CHECK(c("00A4000C022FE2") == "9000"); // selecting leaves it
    CHECK(c("00B000000A").ends_with("9000"));
    CHECK(c("80E2910006BF3E035C015A00") == "6985");
}

// The commands a modem was seen to send after power-on, in its order.
TEST_CASE("a modem finds its way through the sample profile") {
    Bare c;
    c.add(1, true);
    const auto ok = [&](const char* apdu) {
        CAPTURE(apdu);
        CHECK(c(apdu).ends_with("9000"));
    };
    ok("00A40004023F0000");
    ok("8010000003FFFFFF");
    ok("00A4000C022F05"); // EF.PL
    ok("00B0000002");
    CHECK(c("00A4000C022F08") == "6A82"); // the sample has no EF.UMPC
    ok("00A4000C022F06");
    ok("00B2010400");
    ok("00A4000C022F00");
    ok("00B2010426");
    ok("00A4040C0CA0000000871002FF44FF1289");
    ok("0020000100"); // PIN1 is off
    CHECK(c("002C0001") == "63CA");
    CHECK(c("0020008100") == "6A88"); // and there is no PIN2
    CHECK(c("002C0081") == "6A88");
    ok("00A4080C022FE2");
    ok("00B000000A");
    CHECK(c("00A4080C047FFF6F05") == "6A82");
    ok("80F2000000");
    for (const char* fid : {"6FAD", "6F38", "6F07", "6F78", "6F31", "6FE3", "6F7E", "6F73", "6F09", "6F7B"}) {
        ok((std::string("00A4080C047FFF") + fid).c_str());
        ok("00B0000000");
    }
    ok("00A4080C047FFF6FE4"); // EF.EPSNSC has records
    ok("00B2010450");
    ok("80F2010C");
    CHECK(c("00A4080C047FFF6FE8") == "6A82");
    ok("00A4080C047FFF6F7E");
    ok("00D600000BFFFFFFFF00F1100001FF00");
    ok("00B000000B");
}
