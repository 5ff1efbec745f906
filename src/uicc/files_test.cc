#include "uicc/testing.h"

using namespace halyard;
using namespace halyard::uicc;

namespace {
struct Open : TestCard { // the USIM, PIN1 and ADM1 verified
    Open() {
        select_usim();
        verify_pin1();
        verify_adm();
        commits = 0;
    }
};
} // namespace

TEST_CASE("transparent files: offsets, SFI, what is outside") {
    Open c;
    CHECK(c("00A4000C026F07") == "9000");
    CHECK(c("00B0000009") == "0809101010325476989000");
    CHECK(c("00B0000000") == "0809101010325476989000");
    CHECK(c("00B000000A") == "6C09");
    CHECK(c("00B0000801") == "989000");
    CHECK(c("00B0000901") == "6B00");
    CHECK(c("00D60002021122") == "9000");
    CHECK(c("00B0000000") == "0809112210325476989000");
    CHECK(c.commits == 1);
    CHECK(c("00D60002021122") == "9000");
    CHECK(c.commits == 1); // the same again is not written
    CHECK(c("00D60008021122") == "6700");
    CHECK(c("00D600090111") == "6B00");
    CHECK(c("00D60000") == "6700");
    CHECK(c("00D687080133") == "9000"); // SFI 07
    CHECK(c("00B0870801") == "339000");
    CHECK(c("00B0E00001") == "6A86");
    CHECK(c("00B0800001") == "6A86");
    CHECK(c("00B0900001") == "6A82");
    CHECK(c("00B200040A") == "6981");
    CHECK(c("00DC01040400000000") == "6981");
    c.broken = true;
    CHECK(c("00D60000021122") == "6581");
    CHECK(c("00B0000002") == "08099000");
}

TEST_CASE("linear files: absolute, next and previous, and the record pointer") {
    Open c;
    CHECK(c("00A4000C026F3B") == "9000");
    CHECK(c("00B2000404") == "6A83"); // no current record yet
    CHECK(c("00B2020404") == "11AABB229000");
    CHECK(c("00B2000404") == "6A83"); // absolute reading leaves the pointer alone
    CHECK(c("00B2000204") == "AABBCCDD9000");
    CHECK(c("00B2000204") == "11AABB229000");
    CHECK(c("00B2000404") == "11AABB229000");
    CHECK(c("00B2000204") == "AABBAABB9000");
    CHECK(c("00B2000204") == "6A83");
    CHECK(c("00B2000404") == "AABBAABB9000"); // where it was
    CHECK(c("00B2000304") == "11AABB229000");
    CHECK(c("00A4000C026F3B") == "9000");     // selection takes the pointer away
    CHECK(c("00B2000304") == "AABBAABB9000"); // previous of nowhere: the last
    CHECK(c("00B2010405") == "6C04");
    CHECK(c("00B2040404") == "6A83");
    CHECK(c("00B2010204") == "6A86");
    CHECK(c("00B2010104") == "6A86");
    CHECK(c("00B201FC04") == "6A86");
    CHECK(c("00B0000001") == "6981");
    // Updating needs PIN2.
    CHECK(c("00DC01040401020304") == "6982");
    CHECK(c("002000810839393939FFFFFFFF") == "9000");
    CHECK(c("00DC01040401020304") == "9000");
    CHECK(c("00DC010403010203") == "6700");
    CHECK(c("00DC04040401020304") == "6A83");
    CHECK(c("00DC00020405060708") == "6A83"); // next of the last
    CHECK(c("00DC00030405060708") == "9000"); // previous
    CHECK(c("00B2010404") == "010203049000");
    CHECK(c("00B2020404") == "050607089000");
    // Through the link the same content, under the link's own rule
    CHECK(c("00A4080C047F106F3C") == "9000");
    CHECK(c("00B2020404") == "050607089000");
    CHECK(c("00DC02040409090909") == "9000"); // ADM1
    CHECK(c("00A4080C047FFF6F3B") == "9000");
    CHECK(c("00B2020404") == "090909099000");
}

TEST_CASE("cyclic files: record 1 is the latest, writing takes the oldest away") {
    Open c;
    CHECK(c("00A4000C026F39") == "9000");
    CHECK(c("00B2010403") == "0000039000");
    CHECK(c("00DC010403000009") == "6981");
    CHECK(c("00DC000203000009") == "6981");
    CHECK(c("00DC000303000009") == "9000");
    CHECK(c("00B2010403") == "0000099000");
    CHECK(c("00B2020403") == "0000039000");
    CHECK(c("00B2030403") == "0000029000");
    CHECK(c("00B2040403") == "6A83");
    CHECK(c("00B2000403") == "0000099000"); // writing set the pointer
    CHECK(c("00B2000303") == "0000029000"); // around
    CHECK(c("00B2000203") == "0000099000"); // and back
    CHECK(c("00DC0003020009") == "6700");
    c.broken = true;
    CHECK(c("00DC000303000001") == "6581");
    CHECK(c("00B2010403") == "0000099000");
}

TEST_CASE("INCREASE: new value and what was added, until it would overflow") {
    Open c;
    CHECK(c("00A4000C026F39") == "9000");
    CHECK(c("8032000003 0000FE 00") == "0001010000FE9000");
    CHECK(c("00B2010403") == "0001019000");
    CHECK(c("00B2020403") == "0000039000");
    CHECK(c("8032000001 0F") == "6104");
    CHECK(c("00C0000004") == "0001100F9000");
    CHECK(c("80329C000101 00") == "000111019000"); // SFI 1C
    CHECK(c("8032000003 FFFFFF 00") == "9850");
    CHECK(c("00B2010403") == "0001119000");
    CHECK(c("8032000003 FFFEEE 00") == "FFFFFFFFFEEE9000");
    CHECK(c("8032000001 01 00") == "9850");
    CHECK(c("803200000400000001 00") == "6700");
    CHECK(c("80320000") == "6700");
    CHECK(c("803200010101") == "6A86");
    CHECK(c("00320000010100") == "6E00");
    CHECK(c("00A4000C026F3B") == "9000");
    CHECK(c("8032000001 01 00") == "6981");
    c.uicc.reset(TestCard::made()); // and only with PIN1
    c.select_usim();
    CHECK(c("80329C000101 00") == "6982");
}

// EF 6F3B: AABBCCDD, 11AABB22, AABBAABB
TEST_CASE("SEARCH RECORD: forward, backward, from the pointer; in a part of the record") {
    Open c;
    CHECK(c("00A4000C026F3B") == "9000");
    CHECK(c("00A2010402 AABB 00") == "0102039000");
    CHECK(c("00B2000404") == "AABBCCDD9000"); // the pointer stands at the first that was found
    CHECK(c("00A2020402 AABB 00") == "02039000");
    CHECK(c("00A2030502 AABB 00") == "0302019000");
    CHECK(c("00A2020502 AABB 00") == "02019000");
    CHECK(c("00A2010402 BBAA 00") == "039000");
    CHECK(c("00A2000402 AABB 00") == "039000"); // from the pointer
    CHECK(c("00A2010402 AABB") == "6103");
    CHECK(c("00C0000003") == "0102039000");
    CHECK(c("00A2010402 EEEE 00") == "6282");
    CHECK(c("00A2040402 AABB 00") == "6A83");
    CHECK(c("00A201040500000000 0000") == "6700");
    // Enhanced: 04 and 05 from P1, 06 and 07 from next and previous; 08 behind an octet instead of an offset
    CHECK(c("00A2010604 0401 AABB 00") == "02039000");
    CHECK(c("00A2010604 0402 AABB 00") == "039000");
    CHECK(c("00A2010604 0C11 AABB 00") == "029000");
    CHECK(c("00A2010603 0CBB AA 00") == "039000");
    CHECK(c("00B2010404") == "AABBCCDD9000");
    CHECK(c("00A4000C026F3B") == "9000");
    CHECK(c("00A2000604 0600 AABB 00") == "0102039000");
    CHECK(c("00A2000604 0600 AABB 00") == "02039000");
    CHECK(c("00A2000604 0700 AABB 00") == "019000");
    CHECK(c("00A2010604 0000 AABB 00") == "6A80");
    CHECK(c("00A2010604 1400 AABB 00") == "6A80");
    CHECK(c("00A2010602 0400 00") == "6700");
    CHECK(c("00A2010702 AABB 00") == "6A86");
    CHECK(c("00A2010302 AABB 00") == "6A86");
    CHECK(c("00A4000C026F07") == "9000");
    CHECK(c("00A2010402 AABB 00") == "6981");
}

TEST_CASE("access: never, combined and unknown conditions; each use of a file asks for its own right") {
    TestCard c;
    CHECK(c("00B0820000") == "980010325476981032149000"); // read always
    CHECK(c("00D682000100") == "6982");
    c.verify_adm();
    CHECK(c("00D682000100") == "6982"); // update never
    CHECK(c("00A4000C022FE2") == "9000");
    CHECK(c("00040000") == "6982");
    c.select_usim();
    CHECK(c("00A4000C026F10") == "9000"); // rule 5: update with PIN1 or PIN2
    CHECK(c("00D600000111") == "6982");
    CHECK(c("002000810839393939FFFFFFFF") == "9000");
    CHECK(c("00D600000111") == "9000");
    CHECK(c("00B0000001") == "6982"); // read with PIN1 alone
    CHECK(c("00A4000C026F3B") == "9000");
    CHECK(c("00A2010402 AABB 00") == "6982");
    CHECK(c("00A4000C026F11") == "9000"); // rule 7: update with PIN1 and ADM1
    CHECK(c("00D600000111") == "6982");
    c.verify_pin1();
    CHECK(c("00D600000111") == "9000");
    CHECK(c("0020000A080000000000000000") == "63C9"); // a wrong key takes its rights away
    CHECK(c("00D600000112") == "6982");
    // PIN2 of the ISIM is another one.
    CHECK(c("00A4040C07A0000000871004") == "9000");
    CHECK(c("00D687000111") == "6982");
}

TEST_CASE("a rule that is missing, in a record there is not, or in no EF.ARR: never") {
    TestCard c;
    Image image = TestCard::made();
    image.nodes[2].security.clear();            // EF.ICCID
    image.nodes[3].security = {0x2F, 0x06, 99}; // EF.DIR
    c.uicc.reset(std::move(image));
    c.verify_adm();
    c.verify_pin1();
    CHECK(c("00B082000A") == "6982");
    CHECK(c("00B201F42B") == "6982");
    // A lone record number is of 2F06 at the MF and of 6F06 in an ADF, which has none here.
    image = TestCard::made();
    image.nodes[2].security = {0x01};
    for (Node& n : image.nodes)
        if (n.fid == 0x6F10) n.security = {0x01};
    c.uicc.reset(std::move(image));
    CHECK(c("00B082000A").ends_with("9000"));
    c.select_usim();
    CHECK(c("00A4000C026F10") == "9000");
    CHECK(c("00B0000002") == "6982");
    // With security environments: this card is in the first.
    image = TestCard::made();
    image.nodes[2].security = {0x2F, 0x06, 0x00, 0x02, 0x01, 0x01};
    image.nodes[3].security = {0x2F, 0x06, 0x00, 0x01};
    c.uicc.reset(std::move(image));
    CHECK(c("00B082000A").ends_with("9000"));
    CHECK(c("00B201F42B") == "6982");
}

TEST_CASE("random, the terminal's capabilities, and commands of the wrong class or unknown") {
    TestCard c;
    CHECK(c("0084000004") == "010203049000");
    CHECK(c("0084000000").size() == 2 * 258);
    CHECK(c("0084010004") == "6A86");
    CHECK(c("80AA00000AA9088100820101830107") == "9000");
    CHECK(c("80AA000003A90081") == "6A80");
    CHECK(c("80AA000003A90180") == "6A80");
    CHECK(c("80AA000002A800") == "6A80");
    CHECK(c("80AA0000") == "6700");
    CHECK(c("80AA010002A900") == "6A86");
    CHECK(c("00AA000002A900") == "6E00");
    CHECK(c("0089008122") == "6D00"); // AUTHENTICATE in TLVs
    CHECK(c("00E0000000") == "6D00");
}
