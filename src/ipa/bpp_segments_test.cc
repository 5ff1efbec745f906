#include "ipa/apdu.h"
#include "ipa/bpp_segments.h"
#include "ipa/testing.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::ipa;
using namespace halyard::ipa::testing;

namespace {
// BF36 { BF23 {80 01}, A0 {87 11}, A1 {88 22 22, 88 33}, A2 {87 44}, A3 {86 55, 86 66} }
const char* const kBound = "BF3621"
                           "BF2303800101"
                           "A003870111"
                           "A107880222228801"
                           "33"
                           "A203870144"
                           "A306860155860166";
std::vector<std::string> units(const char* package) {
    const OwnedBytes bytes = h(package);
    auto segments = BppSegments::open(bytes);
    REQUIRE(segments);
    std::vector<std::string> all;
    while (const auto unit = segments->next()) all.push_back(hex(*unit));
    return all;
}
} // namespace

TEST_CASE("when a package is cut, the units are those of SGP.22 §2.5.5") {
    CHECK(units(kBound) == std::vector<std::string>{"BF3621BF2303800101",
                                                    "A003870111",
                                                    "A107",
                                                    "88022222",
                                                    "880133",
                                                    "A203870144",
                                                    "A306",
                                                    "860155",
                                                    "860166"});
}

TEST_CASE("when there are no new session keys, A2 is absent") {
    CHECK(units("BF3615BF2303800101A003870111A103880122A303860155") ==
          std::vector<std::string>{"BF3615BF2303800101", "A003870111", "A103", "880122", "A303", "860155"});
}

TEST_CASE("when a list of 87 has several, the first goes with the header and the others alone") {
    CHECK(units("BF3618BF2303800101A006870111870112A103880122A303860155") ==
          std::vector<std::string>{
              "BF3618BF2303800101", "A006870111", "870112", "A103", "880122", "A303", "860155"});
}

TEST_CASE("when a package goes to the card, every unit is a STORE DATA chain of its own") {
    const OwnedBytes package = h(kBound);
    auto segments = BppSegments::open(package);
    REQUIRE(segments);
    CardChannel channel;
    channel.open();
    for (const char* response : {"9000", "6881", "9000"}) REQUIRE(channel.reply(h(response)));
    std::string apdus;
    OwnedBytes answer(16);
    while (const auto unit = segments->next()) {
        REQUIRE(channel.begin(*unit, answer));
        apdus += hex(channel.next()) + "\n";
        REQUIRE(channel.reply(h("9000")));
    }
    CHECK(apdus == "80E2910009BF3621BF230380010100\n"
                   "80E2910005A00387011100\n"
                   "80E2910002A10700\n"
                   "80E29100048802222200\n"
                   "80E291000388013300\n"
                   "80E2910005A20387014400\n"
                   "80E2910002A30600\n"
                   "80E291000386015500\n"
                   "80E291000386016600\n");
}

TEST_CASE("when a segment has 1020 octets, it is exactly four full blocks") {
    const OwnedBytes segment = tlv(0x86, {OwnedBytes(1016, 0x77)});
    REQUIRE(segment.size() == 1020);
    CardChannel channel;
    channel.open();
    for (const char* response : {"9000", "6881", "9000"}) REQUIRE(channel.reply(h(response)));
    OwnedBytes answer(16);
    REQUIRE(channel.begin(segment, answer));
    for (const char* header : {"80E21100FF", "80E21101FF", "80E21102FF", "80E29103FF"}) {
        CHECK(starts_with(channel.next(), header));
        REQUIRE(channel.reply(h("9000")));
    }
}

TEST_CASE("when a package is cut short at any octet, it never reaches the card") {
    const OwnedBytes package = h(kBound);
    for (size_t size = 0; size < package.size(); ++size)
        CHECK_FALSE(BppSegments::open(Bytes(package).first(size)));
}

TEST_CASE("when a component is missing, doubled or out of order, the package is refused") {
    for (const char* broken : {"BF3600",
                               "BF3606BF2303800101",
                               "BF3610BF2303800101A003870111A303860155",     // no A1
                               "BF3612BF2303800101A000A103880122A303860155", // A0 without 87
                               "BF3615BF2303800101A003880111A103880122A303860155",
                               "BF3615BF2303800101A103880122A003870111A303860155",
                               "BF3617BF2303800101A003870111A103880122A3038601550500",
                               "BF3515BF2303800101A003870111A103880122A303860155",
                               "BF3615BF2303800101A003870111A103880122A30386015500"}) {
        CAPTURE(broken);
        const OwnedBytes bytes = h(broken);
        CHECK_FALSE(BppSegments::open(bytes));
    }
}
