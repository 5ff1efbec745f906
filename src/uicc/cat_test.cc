#include "uicc/testing.h"

using namespace halyard;
using namespace halyard::uicc;

TEST_CASE("without a proactive command: profile taken, envelopes answered, nothing to fetch") {
    TestCard c;
    CHECK(c("8010000003FFFFFF") == "9000");
    CHECK(c("80100000") == "6700");
    CHECK(c("8010010003FFFFFF") == "6A86");
    CHECK(c("0010000003FFFFFF") == "6E00");
    CHECK(c("80C2000009 D607 190103 82028281") == "9000"); // event download: a user's activity or what not
    CHECK(c("80C2000003 D10100") == "9000");
    CHECK(c("80C2000003 D10200") == "6A80");
    CHECK(c("80C2000003 A10100") == "6A80");
    CHECK(c("80C20000") == "6700");
    CHECK(c("8012000000") == "6F00");
    CHECK(c("801400000C 810301010482028281830100") == "6F00");
}

TEST_CASE("REFRESH is announced, fetched, fetched again and answered") {
    TestCard c;
    CHECK_FALSE(c.uicc.terminal_knows_refresh());
    CHECK(c("8010000003FFFF7F") == "9000");
    CHECK_FALSE(c.uicc.terminal_knows_refresh());
    CHECK(c("8010000003000080") == "9000"); // third octet, b8. ETSI TS 102 223 §5.2
    CHECK(c.uicc.terminal_knows_refresh());
    c.uicc.queue_refresh(0x04);
    CHECK(c.uicc.proactive_session());
    CHECK(c("00A4000C023F00") == "910B");
    CHECK(c("00A4000C022FFF") == "6A82"); // instead of 9000 only
    CHECK(c("00B082000A") == "98001032547698103214910B");
    CHECK(c("801200000A") == "6C0B");
    CHECK(c("801200000B") == "D0098103010104820281829000");
    CHECK(c("00A4000C023F00") == "9000"); // announced once it is with the terminal no more
    CHECK(c("8012000000") == "D0098103010104820281829000");
    CHECK(c("801400000C 810302010482028281830100") == "6A80"); // another number
    CHECK(c("8014000009 810301010482028281") == "6A80");       // no result
    CHECK(c("8014000003 810301") == "6A80");
    CHECK(c("801400000D 01030101048202828103022000") == "9000"); // tags without b8
    REQUIRE(c.uicc.terminal_response());
    CHECK(c.uicc.terminal_response()->type == 0x01);
    CHECK(c.uicc.terminal_response()->qualifier == 0x04);
    CHECK(c.uicc.terminal_response()->result == 0x20);
    CHECK_FALSE(c.uicc.proactive_session());
    CHECK(c("8012000000") == "6F00");
    // The next one has the next number, and is announced by the answer to the one before.
    c.uicc.queue_refresh(0x04);
    c.uicc.queue_refresh(0x00);
    CHECK(c("801200000B") == "D0098103020104820281829000");
    CHECK(c("801400000C 810302010482028281830100") == "910B");
    CHECK(c("801200000B") == "D0098103030100820281829000");
    c.uicc.reset(TestCard::made());
    CHECK_FALSE(c.uicc.proactive_session());
    CHECK_FALSE(c.uicc.terminal_knows_refresh());
    CHECK_FALSE(c.uicc.terminal_response());
}

TEST_CASE("before TERMINAL PROFILE nothing is announced") {
    TestCard c;
    c.uicc.queue_refresh(0x04);
    CHECK(c("00A4000C023F00") == "9000");
    CHECK(c("8012000000") == "6F00");
    CHECK(c("8010000001FF") == "910B");
}
