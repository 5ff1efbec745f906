#include "euicc/testing.h"

using namespace halyard;
using namespace halyard::euicc;

namespace {
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

TEST_CASE("a snapshot that is damaged or of a later version is refused, not half read") {
    Bare c;
    c.add(1, true);
    const OwnedBytes snapshot = c.memory.content.state;
    REQUIRE(decode_state(snapshot));
    for (size_t n = 0; n < snapshot.size(); n += n < 200 ? 1 : 97)
        CHECK_FALSE(decode_state(Bytes(snapshot).first(n)));
    State later;
    later.format = State::kFormat + 1;
    const auto refused = decode_state(*encode_state(later));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::unsupported);
}
