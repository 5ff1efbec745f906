#include "uicc/testing.h"

using namespace halyard;
using namespace halyard::uicc;

namespace {
struct Open : TestCard { // EF 6FFE, 300 octets, read and update with PIN1
    Open() {
        select_usim();
        verify_pin1();
        CHECK((*this)("00A4000C026FFE") == "9000");
        commits = 0;
    }
};
} // namespace

TEST_CASE("objects are put, read, replaced, listed and taken away") {
    Open c;
    CHECK(c("80CB00800180 00") == "6A88");
    CHECK(c("80DB008004 80021122") == "9000");
    CHECK(c("80DB008006 BF21033344 55") == "9000");
    CHECK(c("80CB00800180 00") == "800211229000");
    CHECK(c("80CB008002BF21 00") == "BF21033344559000");
    CHECK(c("80CB0080015C 00") == "5C0380BF219000");
    CHECK(c("80DB008003 800177") == "9000");
    CHECK(c("80CB00800180 00") == "8001779000");
    CHECK(c("80DB00800180") == "9000"); // a tag alone
    CHECK(c("80CB00800180 00") == "6A88");
    CHECK(c("80DB00800180") == "6A88");
    CHECK(c("80DB0080028000") == "9000"); // an object without content is one
    CHECK(c("80CB00800180 00") == "80009000");
    CHECK(c("80CB00800180") == "6102");
    CHECK(c("00C0000002") == "80009000");
}

TEST_CASE("an object in several blocks is there when its last octet is; one that goes on is read in blocks") {
    Open c;
    const std::string part(2 * 100, '7');
    CHECK(c("80DB008003 8081F0") == "63F1"); // 240 octets announced
    CHECK(c("80CB00800180 00") == "6A88");
    CHECK(c("80DB000064" + part) == "6985"); // another command came in between
    CHECK(c("80DB008003 8081F0") == "63F1");
    CHECK(c("80DB000064" + part) == "63F1");
    CHECK(c("80DB000064" + part) == "63F1");
    CHECK(c("80DB000028" + part.substr(0, 80)) == "9000");
    CHECK(c.commits == 1);
    const std::string whole = "8081F0" + part + part + part.substr(0, 80);
    CHECK(c("80CB00800180 00") == whole + "9000");
    CHECK(c("80CB00800180 64") == whole.substr(0, 200) + "62F1");
    CHECK(c("80CB000064") == whole.substr(200, 200) + "62F1");
    CHECK(c("80CB000064") == whole.substr(400) + "9000");
    CHECK(c("80CB000064") == "6985");
    // Head and tag may come in pieces too.
    CHECK(c("80DB008001 BF") == "63F1");
    CHECK(c("80DB000002 2100") == "9000");
    CHECK(c("80CB008002BF21 00") == "BF21009000");
}

TEST_CASE("objects that do not fit, or are none") {
    Open c;
    CHECK(c("80DB008004 8082012A") == "6A84"); // 302 octets
    CHECK(c("80DB008004 80820128") == "63F1"); // 300
    const std::string big = "8081C8" + std::string(400, '1');
    CHECK(c("80DB0080CB" + big) == "9000");
    CHECK(c("80DB0080CB81" + big.substr(2)) == "6A84"); // both are too much
    CHECK(c("80DB0080CB" + big) == "9000");             // but one in place of itself
    CHECK(c("80DB008003 800011") == "6A80");            // too long
    CHECK(c("80DB008002 FF00") == "6A80");
    CHECK(c("80DB008002 0000") == "6A80");
    CHECK(c("80DB008002 8080") == "6A80"); // indefinite length
    CHECK(c("80DB0080041F818181") == "6A80");
    CHECK(c("80DB0080") == "6700");
    CHECK(c("80DB004001 80") == "6A86");
    CHECK(c("80CB00800280 0000") == "6A80");
    CHECK(c("80CB0080") == "6700");
    CHECK(c("80CB00A00180 00") == "6A86");
    c.broken = true;
    CHECK(c("80DB008003 800122") == "6581");
    c.broken = false;
    CHECK(c("80CB00800180 00") == big + "9000");
    CHECK(c("00A4000C026F07") == "9000");
    CHECK(c("80CB00800180 00") == "6981");
    CHECK(c("80DB008003 800122") == "6981");
    CHECK(c("00CB80000180 00") == "6E00");
}
