// lpac's lines, as its schema for the stdio backend describes them.
#include "reader/lpac.h"
#include "reader/testing.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::reader;

namespace {
std::string call(const char* function, const char* parameter = nullptr) {
    return std::string(R"({"type":"apdu","payload":{"func":")") + function + R"(","param":)" +
           (parameter ? "\"" + std::string(parameter) + "\"" : "null") + "}}";
}
std::string ecode(const char* value) {
    return std::string(R"({"type":"apdu","payload":{"ecode":)") + value + "}}";
}
} // namespace

TEST_CASE("when lpac connects, opens a channel, transmits and leaves, the card gets APDUs") {
    ToldCard card;
    card.answers = {"019000", "6121", "BF3E00 9000", "9000"};
    LpacSession session(card);
    CHECK(session.line(call("connect")).line == ecode("0"));
    CHECK(session.line(call("logic_channel_open", "A0000005591010FFFFFFFF8900000100")).line == ecode("1"));
    CHECK(session.line(call("transmit", "81E2910003bf3e00")).line ==
          R"({"type":"apdu","payload":{"ecode":0,"data":"BF3E009000"}})");
    CHECK(session.line(call("logic_channel_close", "01")).line == ecode("0"));
    CHECK(session.line(call("disconnect")).line == ecode("0"));
    CHECK(card.all() ==
          "on 0070000001 01A4040010A0000005591010FFFFFFFF8900000100 81E2910003BF3E00 00708001 off");
    CHECK(session.apdus() == 4);
}

TEST_CASE("when the card gives a channel above 3, its class is the further one") {
    ToldCard card;
    card.answers = {"059000", "9000"};
    LpacSession session(card);
    session.line(call("connect"));
    CHECK(session.line(call("logic_channel_open", "A000000559")).line == ecode("5"));
    CHECK(card.told.back() == "41A4040005A000000559");
}

TEST_CASE("when something fails, lpac gets a negative code and people the reason") {
    ToldCard card;
    LpacSession session(card);
    auto r = session.line(call("transmit", "00A40000"));
    CHECK(r.line == ecode("-1"));
    CHECK(r.aside == "transmit before connect");
    session.line(call("connect"));
    card.answers = {"6A81"};
    CHECK(session.line(call("logic_channel_open", "A000000559")).line == ecode("-1"));
    card.answers = {"029000", "6A82", "9000"};
    r = session.line(call("logic_channel_open", "A000000559"));
    CHECK(r.line == ecode("-1"));
    CHECK(r.aside == "no application A000000559");
    CHECK(card.told.back() == "00708002"); // the channel does not stay open
    card.answers = {""};
    r = session.line(call("transmit", "00A40000"));
    CHECK(r.line == ecode("-1"));
    CHECK(r.aside == "response lost");
    card.starts = false;
    CHECK(session.line(call("connect")).line == ecode("-1"));
}

TEST_CASE("when a line is not what the protocol knows, it is answered where an answer is waited for") {
    ToldCard card;
    LpacSession session(card);
    session.line(call("connect"));
    for (const std::string& bad : {std::string("{"),
                                   std::string("[]"),
                                   std::string(R"({"type":"apdu"})"),
                                   std::string(R"({"type":"apdu","payload":{}})"),
                                   call("dance"),
                                   call("transmit"),
                                   call("transmit", "00"),
                                   call("transmit", "0x"),
                                   call("logic_channel_open"),
                                   call("logic_channel_open", ""),
                                   call("logic_channel_open", "0102030405060708091011121314151617"),
                                   call("logic_channel_close", "0101")}) {
        CAPTURE(bad);
        const auto r = session.line(bad);
        CHECK(r.line == ecode("-1"));
        CHECK_FALSE(r.aside.empty());
    }
    CHECK(card.all() == "on");
    CHECK(session.line("").line.empty());
    CHECK(session.line(R"({"type":"http","payload":{"url":"https://x","tx":"","headers":[]}})").line ==
          R"({"type":"http","payload":{"rcode":501,"rx":""}})");
    const auto result = session.line("{\"type\":\"lpa\",\"payload\":{\"code\":0}}\r\n");
    CHECK(result.line.empty());
    CHECK(result.aside == R"({"type":"lpa","payload":{"code":0}})");
}
