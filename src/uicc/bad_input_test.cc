// What a terminal may get wrong, family by family, and the status word it gets for it; nothing is written.
// ETSI TS 102 221 §10.2.1, §11.1, §11.3
#include "uicc/testing.h"

using namespace halyard;
using namespace halyard::uicc;

namespace {
struct Row {
    const char *command, *word;
};
// On a card whose USIM is selected and whose PINs are verified, so that nothing but the command is
// wrong.
void each(std::initializer_list<Row> rows) {
    TestCard c;
    c.verify_pin1();
    c.verify_adm();
    c.select_usim();
    CHECK(c("0020008108 39393939FFFFFFFF") == "9000");
    const int before = c.commits;
    for (const Row& row : rows) {
        CAPTURE(row.command);
        CHECK(c(row.command) == row.word);
    }
    CHECK(c.commits == before);
}
} // namespace

TEST_CASE("SELECT and STATUS: parameters, lengths and files that there are not") {
    each({{"00A4", "6700"},
          {"00A400040101", "6700"}, // one octet is no FID
          {"00A40004033F0000", "6700"},
          {"00A4020C026F07", "6A86"}, // P1: no such way
          {"00A400FF023F00", "6A86"}, // P2
          {"00A4000C02FFFF", "6A82"},
          {"00A4010C026F07", "6A82"},   // an EF is no child directory
          {"00A4030C026F07", "6A87"},   // the parent has no name
          {"00A4080C036F0700", "6A87"}, // half a FID
          {"00A4080C", "6A87"},
          {"00A4080C047FFF0000", "6A82"},
          {"00A4040C", "6A82"}, // no AID
          {"00A4040C10FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", "6A82"},
          {"80A4000C023F00", "6E00"},
          {"80F20300", "6A86"},
          {"80F20002", "6A86"},
          {"80F200000100", "6700"}, // STATUS has no data
          {"00F20000", "6E00"}});
}

TEST_CASE("binary files and records: kinds, offsets, identifiers and lengths that do not fit") {
    each({{"00A4000C026F07", "9000"}, // transparent, nine octets
          {"00B0000A01", "6B00"},
          {"00B07FFF01", "6B00"},
          {"00B0000010", "6C09"},
          {"00B0990001", "6A82"},   // no file with this SFI
          {"00B0C00001", "6A86"},   // P1: neither offset nor SFI
          {"00B000000100", "6700"}, // READ BINARY has no data
          {"00D60009 01 00", "6B00"},
          {"00D60008 02 0000", "6700"}, // over the end
          {"00D60000", "6700"},
          {"00B2010404", "6981"}, // no records
          {"00DC010404 00000000", "6981"},
          {"8032000001 01", "6981"},   // nor a counter
          {"80CB008001 5C00", "6981"}, // nor objects
          {"00A4000C026F3B", "9000"},  // linear, three records of four octets
          {"00B0000001", "6981"},
          {"00B2040404", "6A83"},
          {"00B2010405", "6C04"},
          {"00B2010104", "6A86"}, // P2: no such mode
          {"00B201FC04", "6A86"}, // no such SFI
          {"00DC010403 000000", "6700"},
          {"00DC010405 0000000000", "6700"},
          {"00DC0104", "6700"},
          {"00DC0404 04 00000000", "6A83"},
          {"00A2010401", "6700"}, // nothing to search for
          {"00A2010301 AA", "6A86"},
          {"00A2010701 AA", "6A86"},
          {"00A2010405 AABBCCDDEE", "6700"},
          {"00A2010603 F400AA", "6A80"}, // no such search
          {"00A2010602 0400", "6700"},
          {"00A2050401 AA", "6A83"},
          {"00A4000C026F39", "9000"},     // cyclic, three octets
          {"00DC0104 03 000001", "6981"}, // PREVIOUS only
          {"8032010001 01", "6A86"},
          {"8032000004 00000001", "6700"},
          {"8032000003 FFFFFF", "9850"}});
}

TEST_CASE("objects: tags and lengths that break off, blocks without a first one") {
    each({{"00A4000C026FFE", "9000"},
          {"80CB0080", "6700"},
          {"80CB000000", "6985"}, // no first block
          {"80CB004001 80", "6A86"},
          {"80CB008001 9F", "6A80"},   // half a tag
          {"80CB008002 8000", "6A80"}, // a tag and more
          {"80CB008001 00", "6A80"},
          {"80CB008001 FF", "6A80"},
          {"80CB008004 9F818101", "6A80"}, // of four octets
          {"80CB008001 80", "6A88"},
          {"80DB000001 80", "6985"},
          {"80DB0080", "6700"},
          {"80DB008002 8080", "6A80"}, // of indefinite length
          {"80DB008006 808400000001", "6A80"},
          {"80DB008004 8001AABB", "6A80"}, // and something behind it
          {"80DB008003 8202FF", "63F1"},   // goes on …
          {"80DB000002 FFFF", "6A80"},     // … for too long
          {"80DB000001 FF", "6985"},       // and that ends it
          {"80DB008004 80820200", "6A84"}, // 512 octets in a file of 300
          {"80DB008001 80", "6A88"}});     // nothing to take away
}

TEST_CASE("PIN commands: references, lengths, contents") {
    each({{"0020010008 31323334FFFFFFFF", "6A86"},
          {"0020000008 31323334FFFFFFFF", "6A86"},
          {"0020006108 31323334FFFFFFFF", "6A86"},
          {"0020000208 31323334FFFFFFFF", "6A88"},
          {"0020001108 31323334FFFFFFFF", "6A88"}, // a universal PIN is nobody's
          {"0020000107 31323334FFFFFF", "6700"},
          {"0020000109 31323334FFFFFFFFFF", "6700"},
          {"0024000108 31323334FFFFFFFF", "6700"},
          {"0026810108 31323334FFFFFFFF", "6A86"}, // and replaces none
          {"0026000107 31323334FFFFFF", "6700"},
          {"0028000101 31", "6700"},
          {"002C000108 3131313131313131", "6700"},
          {"002C000A10 31313131313131313132333435363738", "6A88"}, // a key without PUK
          {"80200001", "6E00"},
          {"002000810832323232FFFFFF31", "6A80"}});
}

TEST_CASE("channels, toolkit and capabilities: what is malformed") {
    each({{"0070000003 000000", "6700"},
          {"0070010000", "6A86"},
          {"00700014", "6A81"},
          {"0070800000", "6A86"},
          {"00708005", "6985"},
          {"00708015", "6A86"},
          {"01A4000C023F00", "6881"},
          {"41A4000C023F00", "6881"},
          {"C1F2000C", "6881"},
          {"80AA000002 A900", "9000"},
          {"80AA000003 A90180", "6A80"},      // a capability cut short
          {"80AA000005 A9808100 00", "6A80"}, // of indefinite length
          {"80AA000004 A9008100", "6A80"},
          {"80AA000003 A80100", "6A80"},
          {"80AA010002 A900", "6A86"},
          {"80C2000001 D1", "6A80"},
          {"80C2000003 D18000", "6A80"},
          {"80C2000003 D17F00", "6A80"},
          {"80C2000004 D10100FF", "6A80"},
          {"8012000100", "6A86"},
          {"8014000003 810301", "6F00"}, // nothing was asked
          {"00C0000000", "6985"},
          {"0084010008", "6A86"},
          {"008400000100", "6700"}});
    TestCard c;
    CHECK(c("8010000003FFFFFF") == "9000");
    c.uicc.queue_refresh(0x04);
    CHECK(c("801200000B").ends_with("9000"));
    for (const char* response : {"8014000001 81",                       // cut short
                                 "8014000002 8180",                     // of indefinite length
                                 "801400000C 810301010482028281830000", // the length of the result lies
                                 "801400000B 8103010104820282818300",   // no result in it
                                 "801400000C 810301010582028281830100", // another qualifier
                                 "801400000C 810302010482028281830100", // another command
                                 "8014000007 82028281830100"}) {        // which one?
        CAPTURE(response);
        CHECK(c(response) == "6A80");
        CHECK(c.uicc.proactive_session()); // it is still to be answered
    }
    CHECK(c("801400000C 810301010482028281830100") == "9000");
}
