#include "uicc/fcp.h"
#include "uicc/testing.h"

using namespace halyard;
using namespace halyard::uicc;

namespace {
// The FCP of the current file without what a card chooses for itself (A5).
std::string without_a5(std::string fcp) {
    const size_t at = fcp.find("A5");
    const size_t length = std::stoul(fcp.substr(at + 2, 2), nullptr, 16);
    return fcp.erase(at, 4 + 2 * length).substr(4);
}
} // namespace

// The samples are octets of real cards, their proprietary A5 left out.
TEST_CASE("FCP of EF.ICCID, EF.DIR and the PINs of the MF as real cards write them") {
    TestCard c;
    const std::string iccid = c("00A40004022FE200");
    CHECK(without_a5(iccid) == "8202412183022FE28A01058B032F06068002000A8801109000");
    const std::string dir = c("00A40004022F0000");
    CHECK(without_a5(dir) == "82054221002B0883022F008A01058B032F0601800201588801F09000");
    // PIN1 and ADM1 are on; PIN2 is none of the MF's, ADM2 is not there.
    const std::string mf = c("00A40004023F0000");
    CHECK(mf.starts_with("62"));
    CHECK(without_a5(mf) == "8202782183023F008A01058B032F0601C60F9001A083010183018183010A83010B9000");
    CHECK(mf.find("870101") != std::string::npos); // TERMINAL CAPABILITY is wanted. SGP.22 §3.4.2
    // Off shows as 0 at once.
    CHECK(c("00260001083132333 4FFFFFFFF") == "9000");
    CHECK(c("00A40004023F0000").find("C60F900120") != std::string::npos);
}

TEST_CASE("FCP: each kind of file, an ADF by its name, no SFI, deactivated") {
    TestCard c;
    const std::string adf = c("00A404040CA0000000871002FF49FF058900");
    CHECK(without_a5(adf) ==
          "82027821840CA0000000871002FF49FF05898A01058B032F0601C60C9001E083010183018183010A9000");
    CHECK(without_a5(c("00A40004026F3900")) == "8205462100030383026F398A01058B032F0604800200098801E09000");
    CHECK(without_a5(c("00A40004026FFE00")) == "8202792183026FFE8A01058B032F06028002012C88009000");
    CHECK(without_a5(c("00A40004026F1200")).starts_with("82020121")); // not shareable
    CHECK(without_a5(c("00A40004025FC000")) == "8202782183025FC08A01058B032F06019000");
    CHECK(c("00A40804047FFF6F1300").find("A503C00140") != std::string::npos); // usable when deactivated
    // A linked file: its own identifier and rule, the content's sizes
    CHECK(without_a5(c("00A40804047F106F3C00")) == "8205422100040383026F3C8A01058B032F06018002000C88009000");
}

TEST_CASE("SELECT by FID: MF, child, itself, parent, directories beside it; EFs beside it are not found") {
    TestCard c;
    CHECK(c("00A4000C022FE2") == "9000");
    CHECK(c("00A4000C027F10") == "9000");
    CHECK(c("00A4000C026F3A") == "9000");
    CHECK(c("00A4000C027F10") == "9000"); // itself
    CHECK(c("00A4000C022FE2") == "6A82"); // of the MF
    CHECK(c("00A4000C026F07") == "6A82"); // of the ADF
    CHECK(c("00A4000C027FD0") == "6A82"); // an ADF has no FID for the terminal
    CHECK(c("00A4080C027FD0") == "6A82");
    CHECK(c("00A4000C027FFF") == "6A82"); // no application yet
    c.select_usim();
    CHECK(c("00A4000C025FC0") == "9000");
    CHECK(c("00A4000C024F01") == "9000");
    CHECK(c("00A4000C026F07") == "6A82"); // of the parent
    CHECK(c("00A4000C027FFF") == "9000");
    CHECK(c("00A4000C026F07") == "9000");
    CHECK(c("00A4000C027F10") == "9000"); // beside the ADF
    CHECK(c("00A4000C023F00") == "9000"); // parent
    CHECK(c("00A4000C027FFF") == "9000"); // the application is still the current one
    CHECK(c("00A4000C") == "9000");       // the MF
    CHECK(c("00A4000C026F07") == "6A82");
}

TEST_CASE("SELECT child, parent, and by path") {
    TestCard c;
    CHECK(c("00A4030C") == "6A82"); // the MF has no parent
    CHECK(c("00A4010C027F10") == "9000");
    CHECK(c("00A4010C026F3A") == "6A82"); // no directory
    CHECK(c("00A4030C027F10") == "6A87");
    CHECK(c("00A4030C") == "9000");
    CHECK(c("00A4000C022FE2") == "9000");
    CHECK(c("00A4080C047F106F3A") == "9000");
    CHECK(c("00A4080C047F106F07") == "6A82");
    CHECK(c("00A4080C022FE2") == "9000");
    CHECK(c("00A4080C047FFF6F07") == "6A82");
    CHECK(c("00A4080C037F106F") == "6A87");
    CHECK(c("00A4080C") == "6A87");
    c.select_usim();
    CHECK(c("00A4080C067FFF5FC04F01") == "9000");
    CHECK(c("00A4090C024F01") == "9000"); // from 5FC0
    CHECK(c("00A4090C026F07") == "6A82");
    CHECK(c("00A4090C047FFF4F01") == "6A82"); // only from the MF
    // A refused SELECT moves nothing.
    CHECK(c("00B0000001").ends_with("6982")); // still EF 4F01, PIN1 needed
}

TEST_CASE("a linked directory shows its target's files, and has its own parent") {
    TestCard c;
    c.verify_pin1();
    CHECK(c("00A4040C07A0000000871004") == "9000");
    CHECK(c("00A4000C025FC0") == "9000");
    CHECK(c("00D681000142") == "9000"); // SFI 01
    CHECK(c("00A4000C024F01") == "9000");
    CHECK(c("00B0000002") == "42FF9000");
    CHECK(c("00A4030C") == "9000"); // the ISIM, not the USIM
    CHECK(c("00B0870002") == "77779000");
    CHECK(c("00A4080C067FFF5FC04F01") == "9000");
    CHECK(c("00A4030C") == "9000");
    CHECK(c("00A4000C026F3B") == "6A82"); // of the USIM
    c.select_usim();
    CHECK(c("00A4080C067FFF5FC04F01") == "9000");
    CHECK(c("00B0000002") == "42FF9000");
}

TEST_CASE("SELECT by AID: whole, cut off, and which of several") {
    TestCard c;
    CHECK(c("00A4040C05A000000088") == "6A82");
    CHECK(c("00A4040C0DA0000000871002FF49FF058900") == "6A82"); // longer than the name
    CHECK(c("00A4040C") == "6A82");
    CHECK(c("00A4040C07A0000000871004") == "9000");
    const std::string usim = "840CA0000000871002FF49FF05899000", isim = "840CA0000000871004FF49FF05899000";
    CHECK(c("80F2000100") == isim);
    CHECK(c("00A4040C05A000000087") == "9000"); // first
    CHECK(c("80F2000100") == usim);
    CHECK(c("00A4040D05A000000087") == "9000"); // last
    CHECK(c("80F2000100") == isim);
    CHECK(c("00A4040E05A000000087") == "6A82"); // none is next
    CHECK(c("00A4040F05A000000087") == "9000"); // previous
    CHECK(c("80F2000100") == usim);
    CHECK(c("00A4040F05A000000087") == "6A82");
    CHECK(c("00A4040E05A000000087") == "9000"); // next
    CHECK(c("80F2000100") == isim);
}

TEST_CASE("P1 and P2 of SELECT that mean nothing") {
    TestCard c;
    CHECK(c("00A4050C023F00") == "6A86");
    CHECK(c("00A40008023F00") == "6A86"); // FMD
    CHECK(c("00A4001C023F00") == "6A86");
    CHECK(c("00A4008C023F00") == "6A86");
    CHECK(c("00A4000E022FE2") == "6A86"); // occurrences are of names
    CHECK(c("00A4004C022FE2") == "6A86"); // so is the end of a session
    CHECK(c("00A4000C012F") == "6700");
    CHECK(c("80A4000C023F00") == "6E00");
}

TEST_CASE("the end of an application's session: nothing is current, its own PINs are forgotten") {
    TestCard c;
    c.select_usim();
    CHECK(c("002000810839393939FFFFFFFF") == "9000");
    c.verify_pin1();
    CHECK(c("00A4044C07A0000000871004") == "6985"); // not active here
    CHECK(c("00A4044C07A0000000871002") == "9000");
    CHECK(c("00A4000C027FFF") == "6A82");
    CHECK(c("80F2000100") == "6A88");
    c.select_usim();
    CHECK(c("0020008100") == "63C3"); // local: gone
    CHECK(c("0020000100") == "9000"); // global: kept
    // Active on another channel too: kept
    CHECK(c("002000810839393939FFFFFFFF") == "9000");
    CHECK(c("0070000001") == "019000");
    CHECK(c("01A4040C07A0000000871002") == "9000");
    CHECK(c("0120008100") == "9000"); // verified for all channels
    CHECK(c("00A4040C07A0000000871004") == "9000");
    CHECK(c("0120008100") == "9000");
    CHECK(c("0070800100") == "9000");
    c.select_usim();
    CHECK(c("0020008100") == "63C3");
}

TEST_CASE("deactivated files are selected with a warning, and are of no use until activated") {
    TestCard c;
    c.select_usim();
    c.verify_pin1();
    CHECK(c("0004000002 6F07") == "6982");
    c.verify_adm();
    CHECK(c("0004000002 6F07") == "9000");
    CHECK(c.commits == 5); // two for each PIN, one for the file
    CHECK(c("0004000002 6F07") == "9000");
    CHECK(c.commits == 5);
    CHECK(c("00A4000C026F07") == "6283");
    const std::string fcp = c("00A40004026F0700");
    CHECK(fcp.ends_with("6283"));
    CHECK(fcp.find("8A0104") != std::string::npos);
    CHECK(c("00A40004026F07") == "6283"); // the FCP can be fetched
    CHECK(c("00C0000000") == fcp);
    CHECK(c("00B0000009") == "6984");
    CHECK(c("00D600000100") == "6984");
    CHECK(c("00440000") == "9000"); // the current EF
    CHECK(c("00B0000009") == "0809101010325476989000");
    // Special file information: readable and updatable all the same
    CHECK(c("0004080004 7FFF6F13") == "9000");
    CHECK(c("00B0000002") == "13139000");
    CHECK(c("00D600000114") == "9000");
    // Failures change nothing.
    c.broken = true;
    CHECK(c("0004080004 7FFF6F07") == "6581");
    CHECK(c("00B0000009") == "0809101010325476989000");
    CHECK(c("0004000002 5FC0") == "6981"); // EFs only
    CHECK(c("0004000002 6FEE") == "6A82");
    CHECK(c("00A4000C023F00") == "9000");
    CHECK(c("00040000") == "6986");
    CHECK(c("00040300") == "6A86");
}

TEST_CASE("a file that is not shareable is current on one channel only") {
    TestCard c;
    CHECK(c("0070000001") == "019000");
    c.select_usim();
    CHECK(c("01A4040C07A0000000871002") == "9000");
    CHECK(c("00A4000C026F12") == "9000");
    CHECK(c("01A4000C026F12") == "6985");
    CHECK(c("01B0000002") == "6986"); // nothing was selected by it
    CHECK(c("00A4000C026F07") == "9000");
    CHECK(c("01A4000C026F12") == "9000");
    CHECK(c("0070800100") == "9000");
    CHECK(c("00A4000C026F12") == "9000");
}

TEST_CASE("STATUS: FCP of the current directory, name of the application, nothing; lengths") {
    TestCard c;
    const std::string mf = c("00A40004023F0000");
    CHECK(c("80F2000000") == mf);
    const std::string size = hex(OwnedBytes{static_cast<uint8_t>(mf.size() / 2 - 2)});
    CHECK(c("80F20000") == "61" + size);
    CHECK(c("00C0000000") == mf);
    CHECK(c("80F2000005") == "6C" + size);
    CHECK(c("80F2000100") == "6A88");
    CHECK(c("80F2010C") == "9000");
    CHECK(c("80F2020C") == "9000");
    CHECK(c("80F2030C") == "6A86");
    CHECK(c("80F2000200") == "6A86");
    CHECK(c("00F2000000") == "6E00");
    CHECK(c("00A4000C022FE2") == "9000");
    CHECK(c("80F2000000") == mf); // of the directory, not of the EF
}

TEST_CASE(
    "a channel begins at the MF, or where the channel stands that opened it, unless that is the basic one") {
    TestCard c;
    c.select_usim();
    CHECK(c("0070000001") == "019000");
    CHECK(c("01A4000C027FFF") == "6A82");
    CHECK(c("01A4040C07A0000000871002") == "9000");
    CHECK(c("01A4000C025FC0") == "9000");
    CHECK(c("0170000001") == "029000");
    CHECK(c("02A4000C024F01") == "9000");
    CHECK(c("02A4000C027FFF") == "9000");
    CHECK(c("02B0870009") == "6982");
    CHECK(c("0170800000") == "9000"); // P2 00: the channel itself
    CHECK(c("01A4000C023F00") == "6881");
    CHECK(c("00700100") == "6A86");
    CHECK(c("0070000002") == "6C01");
}

TEST_CASE("after a reset only the basic channel is there, at the MF, and nothing is verified") {
    TestCard c;
    c.select_usim();
    c.verify_pin1();
    c.verify_adm();
    CHECK(c("0070000001") == "019000");
    c.uicc.reset(TestCard::made());
    CHECK(c("01A4000C023F00") == "6881");
    CHECK(c("00A4000C027FFF") == "6A82");
    CHECK(c("0020000100") == "63C3");
    CHECK(c("0020000A00") == "63CA");
}

TEST_CASE("a card without a profile has an MF, EF.ARR and EF.UMPC, all of them read only") {
    TestCard c;
    c.uicc.reset(bare_card());
    CHECK(c("00A40004023F0000").starts_with("62"));
    CHECK(c("00B0880005") == "3C3C0000009000");
    CHECK(c("00A4000C022F06") == "9000");
    CHECK(c("00B2010405") == "80010190009000");
    CHECK(c("00D6880001 00") == "6982");
    CHECK(c("0020000100") == "6A88");
}
