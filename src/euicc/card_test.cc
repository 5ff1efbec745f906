#include "euicc/card.h"
#include "profile/package.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::euicc;

namespace {
struct CountingRandom : Random {
    uint8_t n = 0;
    Ok fill(Buffer out) override {
        for (uint8_t& b : out) b = ++n;
        return {};
    }
};
Iccid numbered(unsigned n) {
    std::string digits = "89001010000000000" + std::to_string(100 + n);
    return *iccid_from_text(digits.substr(0, 20));
}
/// A card without keys: what needs none is tested here, the rest in tests/loop.
struct Bare {
    Identity identity{.eid = *eid_from_text("89049032123451234512345678901235")};
    MemoryStore memory;
    CountingRandom random;
    std::optional<Card> card;
    Bare() {
        auto opened = Card::open(identity, memory, random);
        REQUIRE(opened);
        card = std::move(*opened);
    }
    Iccid add(unsigned n, bool enabled) {
        const Iccid i = numbered(n);
        const auto package = profile::sample_operational({.iccid = i, .imsi = "001010000000007"});
        REQUIRE(package);
        OwnedBytes metadata = *from_hex("BF2513"
                                        "5A0A");
        append(metadata, i);
        append(metadata,
               *from_hex("910150"
                         "92024E31"));
        REQUIRE(card->isdr().preload(package->reveal(), metadata, enabled));
        REQUIRE(card->reset());
        return i;
    }
    std::string operator()(const char* apdu) { return hex(card->transmit(*from_hex(apdu))); }
};
std::string octet(size_t n) {
    const auto b = static_cast<uint8_t>(n);
    return hex(Bytes(&b, 1));
}
constexpr const char* kSelectIsdr = "00A4040010A0000005591010FFFFFFFF890000010000";
constexpr const char* kEid = "89049032123451234512345678901235";
} // namespace

TEST_CASE("the ATR ends with its check octet and tells of an eUICC") {
    const Bytes atr = Card::atr();
    uint8_t sum = 0;
    for (size_t i = 1; i < atr.size(); ++i) sum ^= atr[i];
    CHECK(sum == 0);
    CHECK((atr[6] & 0x82) == 0x82); // TB3 b8 and b2
}

TEST_CASE("when the ISD-R is selected, its templates tell version and whether a profile is enabled") {
    Bare c;
    const std::string head = "6F248410A0000005591010FFFFFFFF8900000100A5049F6501FFE0058203020500";
    CHECK(c(kSelectIsdr) == head + "E103800100" + "9000");
    CHECK(c("00A4040C10A0000005591010FFFFFFFF8900000100") == "9000");
    CHECK(c("00A4040008A0000005591010FF00").starts_with("6F24")); // right-truncated
    CHECK(c("00A4040003A0000000") == "6A82");
    CHECK(c("00A4040010A0000005591010FFFFFFFF890000990000") == "6A82");
    c.add(1, true);
    CHECK(c(kSelectIsdr) == "6F258410A0000005591010FFFFFFFF8900000100A5049F6501FFE0058203020500"
                            "E10480020640"
                            "9000");
    CHECK(c("00A4040010A0000005591010FFFFFFFF890000020000") == "9000"); // ECASD
    CHECK(c("80CA005A00") == "5A10" + std::string(kEid) + "9000");
}

TEST_CASE("STORE DATA: blocks in their order make one command, anything else makes none") {
    Bare c;
    CHECK(c("80E2910006BF3E035C015A00") == "6985"); // no ISD-R here
    c(kSelectIsdr);
    const std::string eid = "BF3E125A10" + std::string(kEid) + "9000";
    CHECK(c("80E2910006BF3E035C015A00") == eid);
    CHECK(c("80E2110003BF3E03") == "9000");
    CHECK(c("80E29101035C015A00") == eid);
    CHECK(c("80E2110003BF3E03") == "9000");
    CHECK(c("80E2110003BF3E03") == "9000"); // block 00 begins anew
    CHECK(c("80E29101035C015A00") == eid);
    // A number left out, and then the one that would have been right
    CHECK(c("80E2110003BF3E03") == "9000");
    CHECK(c("80E29102035C015A00") == "6A86");
    CHECK(c("80E29101035C015A00") == "6A86");
    // Another command in between: what follows must not be taken for a command of its own.
    CHECK(c("80E2110003BF3E03") == "9000");
    CHECK(c("80CA005A00").ends_with("9000"));
    CHECK(c("80E2910106BF3E035C015A00") == "6A86");
    CHECK(c("80E2510006BF3E035C015A00") == "6A86");   // P1
    CHECK(c("80E2910003BF700000") == "6A88");         // no such function
    CHECK(c("80E2910002BF3E00") == "6A80");           // cut short
    CHECK(c("80E2910007BF3E035C015A0000") == "6A80"); // something behind it
    CHECK(c("80E29100") == "6A80");
}

TEST_CASE("when a response does not fit, 61xx announces and GET RESPONSE fetches it; 6Cxx corrects Le") {
    Bare c;
    for (unsigned n = 1; n <= 6; ++n) c.add(n, n == 1);
    CHECK(c("00C0000000") == "6985");
    c(kSelectIsdr);
    CHECK(c("80E2910006BF3E035C015A") == "6115");
    CHECK(c("00C0000016") == "6C15");
    CHECK(c("00C0000005") == "BF3E125A10"
                             "6110");
    CHECK(c("00C0000010") == std::string(kEid) + "9000");
    CHECK(c("00C0000010") == "6985");
    // Longer than one response
    const auto whole = c.card->isdr().handle(*from_hex("BF2D00"));
    REQUIRE(whole);
    REQUIRE(whole->size() > 256);
    std::string got, piece = c("80E2910003BF2D00");
    CHECK(piece == "6100");
    while (piece.substr(piece.size() - 4, 2) == "61") {
        piece = c("00C0000000");
        got += piece.substr(0, piece.size() - 4);
    }
    CHECK(piece.ends_with("9000"));
    CHECK(got == hex(*whole));
    // Another command on the channel drops what was not fetched, one on another channel does not.
    CHECK(c("0070000001") == "019000");
    CHECK(c("80E2910003BF2D00") == "6100");
    CHECK(c("01A4000C023F00") == "9000");
    CHECK(c("00C0000003").ends_with("6100"));
    CHECK(c("80CA005A00").ends_with("9000"));
    CHECK(c("00C0000000") == "6985");
}

TEST_CASE("logical channels: 19 beside the basic one, each with its own selection") {
    Bare c;
    c.add(1, true);
    for (unsigned n = 1; n <= 19; ++n) CHECK(c("0070000001") == octet(n) + "9000");
    CHECK(c("0070000001") == "6A81");
    CHECK(c("0070800300") == "9000");
    CHECK(c("0070800300") == "6985"); // closed already
    CHECK(c("03A4000C023F00") == "6881");
    CHECK(c("0070000300") == "9000"); // the terminal's own choice
    CHECK(c("0070000300") == "6985");
    CHECK(c("0070800000") == "6A86"); // the basic channel stays
    CHECK(c("0070001400") == "6A81");
    CHECK(c("01A4040010A0000005591010FFFFFFFF890000010000").starts_with("6F25"));
    CHECK(c("81E2910006BF3E035C015A00").starts_with("BF3E"));
    CHECK(c("82E2910006BF3E035C015A00") == "6985");                               // not selected there
    CHECK(c("4FA4040010A0000005591010FFFFFFFF890000010000").starts_with("6F25")); // channel 19
    CHECK(c("CFE2910006BF3E035C015A00").starts_with("BF3E"));
    REQUIRE(c.card->reset());
    CHECK(c("81E2910006BF3E035C015A00") == "6881");
}

TEST_CASE("classes, instructions and lengths that there are not") {
    Bare c;
    CHECK(c("00") == "6700");
    CHECK(c("00A404") == "6700");
    CHECK(c("00A4000C033F00") == "6700");     // Lc says more
    CHECK(c("00A4000C013F0000") == "6700");   // and less
    CHECK(c("00A4000C0000003F00") == "6700"); // extended length
    CHECK(c("00AB000000") == "6D00");
    CHECK(c("0CA4000C023F00") == "6882");
    CHECK(c("84A4000C023F00") == "6882");
    for (const char* cla : {"A0", "B0", "10", "20", "60", "70", "90", "D0", "E0", "F0", "FF"})
        CHECK(c((std::string(cla) + "A4000C023F00").c_str()) == "6E00");
    CHECK(c("80AA00000AA9088100820101830107") == "9000"); // TERMINAL CAPABILITY
}

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

TEST_CASE("a snapshot that is damaged or of a later version is refused, not half read") {
    Bare c;
    c.add(1, true);
    const OwnedBytes snapshot = c.memory.snapshot;
    REQUIRE(decode_state(snapshot));
    for (size_t n = 0; n < snapshot.size(); n += n < 200 ? 1 : 97)
        CHECK_FALSE(decode_state(Bytes(snapshot).first(n)));
    State later;
    later.format = State::kFormat + 1;
    const auto refused = decode_state(*encode_state(later));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::unsupported);
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
        const auto image = decode_image(c.card->isdr().state().find(iccid)->image);
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
