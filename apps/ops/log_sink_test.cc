#include "apps/ops/log_sink.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::ops;

TEST_CASE("when identifiers and keys are in an entry, their middle is not") {
    CHECK(masked("iccid 8900101000000000010, next") == "iccid 890010*********0010, next");
    CHECK(masked("89049032000000000000000000000112") == "890490**********************0112");
    CHECK(masked("001010000000001") == "00101********01");
    CHECK(masked("key 000102030405060708090A0B0C0D0E0F.") == "key 0001****************************.");
    CHECK(masked("1780272000000") == "1780272000000"); // milliseconds are no identifier
    CHECK(masked("127.0.0.1:65535 and [2001:db8::1]:443") == "127.0.0.1:65535 and [2001:db8::1]:443");
    CHECK(masked("8900101000000000010f") == "890010*********0010f"); // swapped digits end in F
    CHECK(masked("") == "");
}

TEST_CASE("when an entry holds line breaks, escapes or broken UTF-8, it stays one line") {
    CHECK(one_line("a\nb\r\x1B[31mc\x7F\xFF") == "a\\x0ab\\x0d\\x1b[31mc\\x7f\\xff");
    CHECK(json_line(LogLevel::info, "x\n{\"level\":\"error\"}\xFF\"", "T", true) ==
          R"({"time":"T","level":"info","event":"message","text":"x\n{\"level\":\"error\"}�\""})");
}

TEST_CASE("when an entry begins with a name, that is its event") {
    CHECK(json_line(LogLevel::warning, "net: refused: 8900101000000000010", "T", true) ==
          R"({"time":"T","level":"warning","event":"net","text":"refused: 890010*********0010"})");
    CHECK(json_line(LogLevel::error, "/gsma/rsp2/asn1: bad", "T", false) ==
          R"({"time":"T","level":"error","event":"/gsma/rsp2/asn1","text":"bad"})");
    CHECK(json_line(LogLevel::debug, "two words: 8900101000000000010", "T", false) ==
          R"({"time":"T","level":"debug","event":"message","text":"two words: 8900101000000000010"})");
}
