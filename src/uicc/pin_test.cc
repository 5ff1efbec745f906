#include "uicc/testing.h"

using namespace halyard;
using namespace halyard::uicc;

namespace {
const char* const kRight = "002000010831323334FFFFFFFF";
const char* const kWrong = "002000010831323335FFFFFFFF";
} // namespace

TEST_CASE("VERIFY: attempts go down to none, right in between renews them") {
    TestCard c;
    CHECK(c("00200001") == "63C3");
    CHECK(c("0020000100") == "63C3"); // P3 00
    CHECK(c(kWrong) == "63C2");
    CHECK(c(kRight) == "9000");
    CHECK(c("00200001") == "9000"); // needed no more
    CHECK(c(kWrong) == "63C2");
    CHECK(c("00200001") == "63C2"); // not verified any longer
    CHECK(c(kWrong) == "63C1");
    CHECK(c(kWrong) == "63C0");
    CHECK(c(kRight) == "6983");
    CHECK(c("00200001") == "6983");
}

TEST_CASE("an attempt is durable before the value is looked at") {
    TestCard c;
    std::vector<unsigned> stored;
    c.on_commit = [&](const Image& i) { stored.push_back(i.pins[0].attempts); };
    CHECK(c(kWrong) == "63C2");
    CHECK(stored == std::vector<unsigned>{0x32});
    CHECK(c(kRight) == "9000");
    CHECK(stored == std::vector<unsigned>{0x32, 0x31, 0x33});
    // No attempt without a store that keeps it: neither right nor wrong is told.
    c.broken = true;
    CHECK(c(kWrong) == "6581");
    CHECK(c("00200001") == "9000"); // as before
    c.broken = false;
    c.uicc.reset(TestCard::made());
    c.broken = true;
    CHECK(c(kRight) == "6581");
    CHECK(c("00200001") == "63C3");
}

TEST_CASE("VERIFY: references, lengths and padding") {
    TestCard c;
    CHECK(c("00200000") == "6A86");
    CHECK(c("00200101") == "6A86");
    CHECK(c("00200041") == "6A86"); // b7
    CHECK(c("00200002") == "6A88");
    CHECK(c("00200081") == "6A88"); // no local PIN at the MF
    CHECK(c("002000010431323334") == "6700");
    CHECK(c("0020000108313233FFFFFFFFFF") == "6A80"); // three digits
    CHECK(c("002000010831323334FF31FFFF") == "6A80"); // digits behind the filler
    CHECK(c("002000010831323334000000FF") == "6A80");
    CHECK(c("00200001") == "63C3");                   // none of these was an attempt
    CHECK(c("0020000A080000000000000000") == "63C9"); // keys may be any octets
    CHECK(c("802000010831323334FFFFFFFF") == "6E00");
}

TEST_CASE("local PINs: each ADF has its own, found from its subdirectories too") {
    TestCard c;
    c.select_usim();
    CHECK(c("002000810838383838FFFFFFFF") == "63C2"); // that of the ISIM
    CHECK(c("002000810839393939FFFFFFFF") == "9000");
    CHECK(c("00A4000C025FC0") == "9000");
    CHECK(c("00200081") == "9000");
    CHECK(c("00A4040C07A0000000871004") == "9000");
    CHECK(c("00200081") == "63C3");
    CHECK(c("002000810838383838FFFFFFFF") == "9000");
    CHECK(c("00A4000C023F00") == "9000");
    CHECK(c("00200081") == "6A88");
}

TEST_CASE("local PINs that a directory shares with another one are one PIN") {
    TestCard c;
    Image image = TestCard::made();
    image.nodes[6].pin_source = 5; // ISIM: those of the USIM
    std::erase_if(image.pins, [](const profile::Pin& p) { return p.directory == 6; });
    c.uicc.reset(std::move(image));
    CHECK(c("00A4040C07A0000000871004") == "9000");
    CHECK(c("002000810838383838FFFFFFFF") == "63C2");
    c.select_usim();
    CHECK(c("00200081") == "63C2");
}

TEST_CASE("CHANGE: the old value is an attempt, the new one holds at once") {
    TestCard c;
    CHECK(c("0024000110 31323335FFFFFFFF 35363738FFFFFFFF") == "63C2");
    CHECK(c("0024000110 31323334FFFFFFFF 353637FFFFFFFFFF") == "6A80");
    CHECK(c("0024000108 31323334FFFFFFFF") == "6700");
    CHECK(c("0024000110 31323334FFFFFFFF 35363738FFFFFFFF") == "9000");
    CHECK(c("00200001") == "9000");
    CHECK(c(kRight) == "63C2");
    CHECK(c("002000010835363738FFFFFFFF") == "9000");
    c.broken = true;
    CHECK(c("0024000110 35363738FFFFFFFF 39393939FFFFFFFF") == "6581");
    c.broken = false;
    CHECK(c("002000010835363738FFFFFFFF") == "9000");
}

TEST_CASE("DISABLE and ENABLE: a PIN that is off needs no verification") {
    TestCard c;
    c.select_usim();
    CHECK(c("00B0870009") == "6982");
    CHECK(c("002800010831323334FFFFFFFF") == "6985"); // on already
    CHECK(c("002600010831323335FFFFFFFF") == "63C2");
    CHECK(c("002680010831323334FFFFFFFF") == "6A86"); // no other PIN takes its place
    CHECK(c("002600010831323334FFFFFFFF") == "9000");
    CHECK(c("00B0870009") == "0809101010325476989000");
    CHECK(c("00200001") == "9000");
    CHECK(c(kRight) == "6984");
    CHECK(c("002600010831323334FFFFFFFF") == "6984");
    CHECK(c("0024000110 31323334FFFFFFFF 35363738FFFFFFFF") == "6984");
    CHECK(c("002800010831323335FFFFFFFF") == "63C2");
    CHECK(c("00B0870009") == "0809101010325476989000"); // still off
    CHECK(c("002800010831323334FFFFFFFF") == "9000");
    CHECK(c("00B0870009") == "0809101010325476989000"); // on and verified
    CHECK(c("002600810839393939FFFFFFFF") == "6985");   // second PINs stay on
    CHECK(c("0026000A080102030405060708") == "6985");   // and keys
    CHECK(c("00200081") == "63C3");
}

TEST_CASE("UNBLOCK: counts its own attempts, sets, switches on and verifies the PIN") {
    TestCard c;
    for (const char* expected : {"63C2", "63C1", "63C0", "6983"}) CHECK(c(kWrong) == expected);
    CHECK(c("002C0001") == "63CA");
    CHECK(c("002C000110 3131313131313132 34343434FFFFFFFF") == "63C9");
    CHECK(c("00200001") == "6983");
    CHECK(c("002C000110 3131313131313131 3434FFFFFFFFFFFF") == "6A80");
    CHECK(c("002C000108 3131313131313131") == "6700");
    CHECK(c("002C0001") == "63C9");
    CHECK(c("002C000110 3131313131313131 34343434FFFFFFFF") == "9000");
    CHECK(c("002C0001") == "63CA");
    CHECK(c("00200001") == "9000");
    CHECK(c("002000010834343434FFFFFFFF") == "9000");
    CHECK(c("002C000A") == "6A88"); // keys have no PUK
    for (const char* expected :
         {"63C9", "63C8", "63C7", "63C6", "63C5", "63C4", "63C3", "63C2", "63C1", "63C0", "6983"})
        CHECK(c("002C000110 3131313131313132 34343434FFFFFFFF") == expected);
    CHECK(c("002C0001") == "6983");
    CHECK(c("002C000110 3131313131313131 35353535FFFFFFFF") == "6983");
    CHECK(c("00200001") == "9000"); // the PIN itself is as it was
}

TEST_CASE("UNBLOCK of a PIN that is off switches it on") {
    TestCard c;
    CHECK(c("002600010831323334FFFFFFFF") == "9000");
    CHECK(c("002C000110 3131313131313131 34343434FFFFFFFF") == "9000");
    c.uicc.reset([&] {
        Image i = TestCard::made();
        i.pins[0] = c.uicc.image().pins[0];
        return i;
    }());
    CHECK(c("00200001") == "63C3");
}

TEST_CASE("an UNBLOCK that cannot be stored leaves everything as it was") {
    TestCard c;
    c.broken = true;
    CHECK(c("002C000110 3131313131313131 34343434FFFFFFFF") == "6581");
    CHECK(c("002C0001") == "63CA");
    // The attempt is stored, its success is not.
    c.broken = false;
    c.on_commit = [&](const Image&) { c.broken = true; };
    CHECK(c("002C000110 3131313131313131 34343434FFFFFFFF") == "6581");
    c.on_commit = {};
    c.broken = false;
    CHECK(c("002C0001") == "63C9");
    CHECK(c(kRight) == "9000");
}
