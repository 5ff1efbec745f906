// Traces written by hand, in the habits of the programs that write them, and what is put together from them.
#include "binding/card_trace.h"
#include <doctest/doctest.h>

using namespace halyard;
using binding::CardExchange, binding::CardTrace, binding::read_trace, binding::reassemble;

namespace {
CardTrace trace(std::string_view text) {
    auto read = read_trace(text);
    CardTrace out = reassemble(read.apdus);
    out.faults.insert(out.faults.begin(), read.faults.begin(), read.faults.end());
    return out;
}
std::string faults(const CardTrace& t) {
    std::string out;
    for (const auto& f : t.faults) out += std::to_string(f.line) + ": " + f.what + "\n";
    return out;
}
// "> 80E2…" or "< 9000" of what was read, one a line
std::string apdus(std::string_view text) {
    std::string out;
    for (const auto& a : read_trace(text).apdus) out += (a.command ? "> " : "< ") + hex(a.octets) + "\n";
    return out;
}
#define EID "89049032123451234512345678901235"
// GetEuiccData for the EID, its answer fetched: BF3E { 5C 5A }, BF3E { 5A EID }
constexpr const char* kGetEid = "> 80E2910006BF3E035C015A\n< 6115\n> 00C0000015\n< BF3E125A10" EID "9000\n";
} // namespace

TEST_CASE("when APDUs are written in the habits of different programs, they are the same APDUs") {
    const std::string wanted = "> 80E2910006BF3E035C015A\n< 6115\n> 00C0000015\n< BF3E125A10" EID "9000\n";
    CHECK(apdus(kGetEid) == wanted);
    // arrows of other kinds, time stamps in front, separators
    CHECK(apdus("2026-11-26 03:40:01.123 -> 80:E2:91:00:06:BF:3E:03:5C:01:5A\r\n"
                "<03:40:02> <- 61 15\r\n"
                "[12] => 0x00 0xC0 0x00 0x00 0x15\r\n"
                "a note in between\r\n"
                "[13] << BF3E125A10 " EID " 9000\r\n") == wanted);
    CHECK(apdus("10:00 C-APDU: 80 E2 91 00 06 BF 3E 03 5C 01 5A\n10:01 R-APDU: 61 15\n"
                "C-APDU [5]: 00C0000015\nR-APDU (22): BF3E125A10" EID " SW: 9000\n") == wanted);
    CHECK(apdus("Command APDU: 80E2910006BF3E035C015A\nResponse APDU: 6115 (more)\n"
                "Command APDU: 00C0000015\nResponse APDU: BF3E125A10" EID "9000 # done\n") == wanted);
    CHECK(apdus("APDU: 80E2910006BF3E035C015A\nR-APDU: 61\nSW: 6115\n") ==
          "> 80E2910006BF3E035C015A\n< 616115\n"); // the status word in a line of its own
    // pcscd --apdu
    CHECK(
        apdus("00000006 APDU: 80 E2 91 00 06 BF 3E 03 5C 01 5A \n00012345 SW: 61 15 \n"
              "00000006 APDU: 00 C0 00 00 15 \n00012345 SW: BF 3E 12 5A 10 89 04 90 32 12 34 51 23 45 12 34 "
              "56 78 90 12 35 90 00 \n") == wanted);
    // scriptor: answers in lines, with the status in words
    CHECK(apdus("> 80 E2 91 00 06 BF 3E 03 5C 01 5A\n< 61 15 : 0x15 bytes of response still available.\n"
                "> 00 C0 00 00 15\n< BF 3E 12 5A 10 89 04 90 32 12 34 51 23 45 12\n34 56 78 90 12 35 90 00 : "
                "Normal processing.\n") == wanted);
    // lpac's line protocol
    CHECK(apdus(R"({"type":"apdu","payload":{"func":"connect","param":null}}
{"type":"apdu","payload":{"ecode":0}}
{"type":"apdu","payload":{"func":"transmit","param":"80E2910006BF3E035C015A"}}
10:00:01 {"type":"apdu","payload":{"ecode":0,"data":"6115"}}
{"type":"progress","payload":{"code":0}}
{"type":"apdu","payload":{"func":"transmit","param":"00C0000015"}}
{"type":"apdu","payload":{"ecode":0,"data":"bf3e125a10)" EID R"(9000"}}
)") == wanted);
}

TEST_CASE("when OpenSC writes an APDU as a dump, the text column is no part of it") {
    const char* const dump = "0x7f1 12:00:00.1 [opensc-tool] reader-pcsc.c:323:pcsc_transmit: \n"
                             "Outgoing APDU (18 bytes):\n"
                             "00 A4 04 00 0C A0 00 00 00 63 50 4B 43 53 2D 31 ........cPKCS-1\n"
                             "35 00 5.\n"
                             "Incoming APDU data [    2 bytes] ==============\n"
                             "90 00 ..\n"
                             "==============================================\n";
    CHECK(apdus(dump) == "> 00A404000CA000000063504B43532D313500\n< 9000\n");
    const auto lines = read_trace(dump);
    REQUIRE(lines.apdus.size() == 2);
    CHECK(lines.apdus[0].first == 2);
    CHECK(lines.apdus[0].last == 4);
    CHECK(lines.faults.empty());
}

TEST_CASE("when text holds no APDU, none is found; when a line announces one and holds none, it is told") {
    CHECK(apdus("BF4F03020101\n").empty());
    CHECK(apdus("-----BEGIN X-----\nv08DAgEB\n-----END X-----\n").empty());
    CHECK(apdus("if (a > b) x <- c\n{\"type\":\"lpa\",\"payload\":{}}\n").empty());
    CHECK(faults(trace("C-APDU: what\n> 80E29\nR-APDU (4 bytes):\n90 00\n")) ==
          "1: no hex where an APDU is announced\n2: an odd number of hex digits\n"
          "3: 4 octets are announced, 2 are there\n3: response without a command before it\n");
    CHECK(faults(trace(R"({"type":"apdu","payload":{"func":"transmit","param":"80E2910003BF2E00"}}
{"type":"apdu","payload":{"ecode":-1}})")) ==
          "2: the reader failed: transmit has a negative ecode\n1: no response to this command\n");
}

TEST_CASE("when an answer is fetched with GET RESPONSE, it belongs to its command") {
    const CardTrace t = trace(kGetEid);
    CHECK(faults(t).empty());
    REQUIRE(t.exchanges.size() == 1);
    const CardExchange& e = t.exchanges[0];
    CHECK(e.kind == CardExchange::Kind::store_data);
    CHECK(hex(e.command) == "BF3E035C015A");
    CHECK(hex(e.answer) == "BF3E125A10" EID);
    CHECK(e.status == 0x9000);
    CHECK(e.command_lines.first == 1);
    CHECK(e.answer_lines.first == 2);
    CHECK(e.answer_lines.last == 4);
}

TEST_CASE("when a command is sent in blocks and an answer comes in pieces, both are put together") {
    // BF3E03 5C015A as 2, 3 and 1 octets on channel 1; 61 twice; a 6C that repeats the fetch
    const CardTrace t =
        trace("> 81E2110002BF3E\n< 9000\n> 81E2110103035C01\n< 9000\n> 81E29102015A00\n< 6110\n"
              "> 01C0000012\n< 6C10\n> 01C0000010\n< BF3E125A10890490321234512345126105\n"
              "> 01C0000005\n< 3456789012359121\n");
    CHECK(faults(t).empty());
    REQUIRE(t.exchanges.size() == 1);
    CHECK(t.exchanges[0].channel == 1);
    CHECK(hex(t.exchanges[0].command) == "BF3E035C015A");
    CHECK(hex(t.exchanges[0].answer) == "BF3E125A1089049032123451234512"
                                        "345678901235");
    CHECK(t.exchanges[0].status == 0x9121);
    CHECK_FALSE(binding::is_error(0x9121));
}

TEST_CASE("when the card names the length, the command that comes again is taken once") {
    const CardTrace t = trace("> 80E2910003BF2E0000\n< 6C15\n> 80E2910003BF2E0015\n< BF2E00 9000\n");
    CHECK(faults(t).empty());
    REQUIRE(t.exchanges.size() == 1);
    CHECK(hex(t.exchanges[0].command) == "BF2E00");
}

TEST_CASE("when two channels are used in turn, their chains do not mix") {
    const CardTrace t = trace("> 81E2110002BF2E\n< 9000\n> 82E2110002BF22\n< 9000\n"
                              "> 81E291010100\n< 9000\n> C6E2910003BF2000\n< 9000\n> 82E291010100\n< 9000\n");
    CHECK(faults(t).empty());
    REQUIRE(t.exchanges.size() == 3);
    CHECK(hex(t.exchanges[0].command) == "BF2E00");
    CHECK(t.exchanges[1].channel == 10); // 40 in CLA: channel 4 and up
    CHECK(hex(t.exchanges[2].command) == "BF2200");
}

TEST_CASE("when the ISD-R is selected, also by lpac, it is told by name; other commands have theirs") {
    const CardTrace t = trace("> 80AA00000AA9088100820101830107\n< 9000\n> 0070000001\n< 019000\n"
                              "> 01A4040010A0000005591010FFFFFFFF890000010000\n< E104800206C09000\n"
                              "> 00A40400023F00\n< 6A82\n> 00EE0000\n< 6D00\n");
    REQUIRE(t.exchanges.size() == 5);
    CHECK(t.exchanges[0].name == "TERMINAL CAPABILITY");
    CHECK(t.exchanges[1].name == "MANAGE CHANNEL");
    CHECK(t.exchanges[2].name == "SELECT ISD-R");
    CHECK(t.exchanges[2].channel == 1);
    CHECK(hex(t.exchanges[2].answer) == "E104800206C0");
    CHECK(t.exchanges[3].name == "SELECT");
    CHECK(t.exchanges[4].name == "INS EE");
    CHECK(binding::is_error(*t.exchanges[3].status));
    CHECK(binding::status_text(0x6A82) == "6A82, file or application not found");
    CHECK(binding::status_text(0x6115) == "6115, more octets to fetch");
    CHECK(binding::status_text(0x6C15) == "6C15, the length to ask for");
    const CardTrace lpac = trace(
        R"({"type":"apdu","payload":{"func":"logic_channel_open","param":"A0000005591010FFFFFFFF8900000100"}}
{"type":"apdu","payload":{"ecode":1}})");
    REQUIRE(lpac.exchanges.size() == 1);
    CHECK(lpac.exchanges[0].name == "SELECT ISD-R");
}

TEST_CASE("when a chain is not as it should be, the line and the reason are told, and the rest is read") {
    // block 01 is missing
    CardTrace t = trace("> 80E2110002BF3E\n< 9000\n> 80E29102035C015A\n< 9000\n");
    CHECK(faults(t) == "3: STORE DATA block 02: expected 01\n");
    REQUIRE(t.exchanges.size() == 1);
    CHECK_FALSE(t.exchanges[0].whole);
    // begins with 05
    CHECK(faults(trace("> 80E2910503BF2E00\n< 9000\n")) == "1: STORE DATA block 05: expected 00\n");
    // begins anew: the first attempt has no last block
    t = trace("> 80E2110002BF3E\n< 9000\n> 80E2910003BF2E00\n< 9000\n");
    CHECK(faults(t) == "1: STORE DATA chain without a last block (P1 91)\n");
    REQUIRE(t.exchanges.size() == 2);
    CHECK(hex(t.exchanges[1].command) == "BF2E00");
    CHECK(t.exchanges[1].whole);
    // wrong P1
    CHECK(faults(trace("> 80E2900003BF2E00\n< 9000\n")) ==
          "1: STORE DATA with P1 90: expected 11 (more) or 91 (last)\n");
    // refused in the middle
    t = trace("> 80E2110002BF3E\n< 6A80\n> 80E2910003BF2E00\n< 9000\n");
    CHECK(faults(t).empty());
    REQUIRE(t.exchanges.size() == 2);
    CHECK_FALSE(t.exchanges[0].whole);
    CHECK(t.exchanges[0].status == 0x6A80);
    // ends in the middle
    CHECK(faults(trace("> 80E2110002BF3E\n< 9000\n")) ==
          "1: STORE DATA chain without a last block (P1 91)\n");
}

TEST_CASE("when commands and responses do not pair, that is told") {
    CHECK(faults(trace("< 9000\n> 80E2910003BF2E00\n< 9000\n")) ==
          "1: response without a command before it\n");
    CardTrace t = trace("> 80E2910003BF2E00\n> 80E2910003BF2000\n< 9000\n");
    CHECK(faults(t) == "1: no response to this command\n");
    REQUIRE(t.exchanges.size() == 2);
    CHECK_FALSE(t.exchanges[0].status);
    t = trace("> 80E2910003BF2E00\n< 6115\n> 80E2910003BF2000\n< 9000\n");
    CHECK(faults(t) == "3: the answer to line 1 was not fetched\n");
    CHECK(t.exchanges.size() == 2);
    CHECK(faults(trace("> 00C0000015\n< 9000\n")) == "1: GET RESPONSE, but no answer is waiting\n");
    CHECK(faults(trace("> 80E2910009BF2E00\n< 9000\n")) ==
          "1: no command APDU: its length disagrees with Lc\n");
    CHECK(faults(trace("> 80E2910003BF2E00\n< 90\n")) == "2: response shorter than a status word\n");
}

TEST_CASE("when a terminal does not fetch what a SELECT would tell, that is no fault") {
    const CardTrace t = trace("> 00A40004023F00\n< 6121\n> 80E2910003BF2E00\n< BF2E00 9000\n");
    CHECK(faults(t).empty());
    REQUIRE(t.exchanges.size() == 2);
    CHECK(t.exchanges[0].whole);
    CHECK(t.exchanges[0].status == 0x6121);
}

TEST_CASE("when a command is described by itself, its name and its message are there") {
    const auto say = [](const char* apdu) { return binding::describe_command(*from_hex(apdu)); };
    CHECK(say("00A4040010A0000005591010FFFFFFFF8900000100") == "SELECT ISD-R");
    CHECK(say("43B0000000") == "READ BINARY (7)"); // ISO 7816-4: channels 4 to 19 are CLA 40 to 4F
    CHECK(say("80E2910006BF3E035C015A") == "STORE DATA GetEuiccDataRequest");
    CHECK(say("82E2110003BF3603") == "STORE DATA (2) BF36"); // begins a message of more
    CHECK(say("80E2910103000000") == "STORE DATA block 01");
    CHECK(say("80E29100019F") == "STORE DATA 9F");
    CHECK(say("80E2910003DF7F00") == "STORE DATA DF7F"); // no message has this tag
    CHECK(say("00EE0000") == "INS EE");
    CHECK(say("00A400") == "no command APDU");
    CHECK(say("00A4000005AA") == "no command APDU");
}

TEST_CASE("when a bound profile package comes in its segments, it is one command") {
    // BF36 { BF23 { 80 01 }, A0 { 87 }, A1 { 88 88 }, A3 { 86 86 } }: 6 + 5 + 8 + 8 = 27
    const std::string package =
        "> 80E2910009BF361BBF2303800101\n< 9000\n> 80E2910005A003870101\n< 9000\n"
        "> 80E2910002A106\n< 9000\n> 80E2910003880102\n< 9000\n> 80E2910003880103\n< 9000\n"
        "> 80E2910002A306\n< 9000\n> 80E2910003860104\n< 9000\n";
    CardTrace t = trace(package + "> 80E2910003860105\n< 6104\n> 00C0000004\n< BF370100 9000\n");
    CHECK(faults(t).empty());
    REQUIRE(t.exchanges.size() == 1);
    CHECK(hex(t.exchanges[0].command) == "BF361BBF2303800101A003870101A106880102880103A306860104860105");
    CHECK(t.exchanges[0].chains == 8);
    CHECK(t.exchanges[0].whole);
    CHECK(hex(t.exchanges[0].answer) == "BF370100");
    CHECK(t.exchanges[0].command_lines.first == 1);
    CHECK(t.exchanges[0].command_lines.last == 15);
    CHECK(t.exchanges[0].answer_lines.last == 18);

    // a cancelled download, a result in the middle, and no end
    t = trace(package + "> 80E2910003BF2E00\n< 9000\n");
    CHECK(faults(t) ==
          "13: bound profile package has 27 of 30 octets: another command comes before its end\n");
    CHECK(t.exchanges.size() == 2);
    CHECK_FALSE(t.exchanges[0].whole);
    t = trace("> 80E2910009BF361BBF2303800101\n< BF3701009000\n");
    CHECK(faults(t) == "1: bound profile package has 9 of 30 octets: the card answered before its end\n");
    t = trace(package + "> 80E2910003860105\n< 6985\n"); // refused at its end: the status word's line
    REQUIRE(t.exchanges.size() == 1);
    CHECK(t.exchanges[0].status == 0x6985);
    CHECK(t.exchanges[0].answer_lines.first == 16);
    CHECK(faults(trace(package)) == "13: bound profile package has 27 of 30 octets: the trace ends\n");
    CHECK(faults(trace("> 80E2910009BF361BBF2303800101\n< 6985\n")) ==
          "1: bound profile package has 9 of 30 octets: the card refused a part\n");
}
