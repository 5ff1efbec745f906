// Cards that come and go in a rack, and what each of them remembers.
#include "euicc/rack.h"
#include "euicc/testing.h"

using namespace halyard;
using namespace halyard::euicc;

namespace {
// Cards that were made alike, with one enabled profile, told apart by their EIDs.
struct Batch : CardSource {
    CardContent common;
    std::map<uint32_t, SharedStore::Own> own;
    CountingRandom random;
    int made = 0;
    Batch() {
        Bare pattern;
        pattern.add(1, true);
        common = pattern.memory.content;
    }
    Result<Identity> identity(uint32_t card) override {
        ++made;
        Identity out{.eid = *eid_from_text("89049032123451234512345678901235")};
        out.eid[15] = static_cast<uint8_t>(card);
        return out;
    }
    Result<std::unique_ptr<CardStore>> store(uint32_t card) override {
        return std::make_unique<SharedStore>(common, own[card]);
    }
};
std::string ask(Rack& rack, uint32_t card, const char* apdu) {
    const auto awake = rack.wake(card);
    REQUIRE(awake);
    return hex((*awake)->transmit(*from_hex(apdu)));
}
// EF.LOCI: any terminal may read and write it once PIN 1 is off, as in the sample profile. 3GPP TS 31.102
// §4.2.17
std::string read_loci(Rack& rack, uint32_t card) {
    ask(rack, card, "00A4040C07A0000000871002");
    ask(rack, card, "00A4000C026F7E");
    return ask(rack, card, "00B0000004");
}
void write_loci(Rack& rack, uint32_t card, const std::string& value) {
    ask(rack, card, "00A4040C07A0000000871002");
    ask(rack, card, "00A4000C026F7E");
    CHECK(ask(rack, card, ("00D6000004" + value).c_str()) == "9000");
}
} // namespace

TEST_CASE(
    "when more cards are used than may be awake, each still remembers what was written, and only that") {
    Batch batch;
    Rack rack(batch, batch.random, 3);
    CHECK(rack.awake() == 0);
    for (uint32_t card = 0; card < 8; ++card)
        if (card % 2) write_loci(rack, card, "1122334" + std::to_string(card));
    CHECK(rack.awake() == 3);
    for (uint32_t card = 0; card < 8; ++card) {
        CHECK(read_loci(rack, card) == (card % 2 ? "1122334" + std::to_string(card) : "FFFFFFFF") + "9000");
        CHECK(rack.awake() == 3);
    }
    // What all have in common is held once.
    CHECK(batch.own[0].octets() == 0);
    CHECK(batch.own[1].octets() > 0);
    CHECK(batch.own[1].octets() < 100);
}

TEST_CASE("a card that was used stays awake, and the one that was used longest ago gives way") {
    Batch batch;
    Rack rack(batch, batch.random, 2);
    REQUIRE(rack.wake(1));
    REQUIRE(rack.wake(2));
    REQUIRE(rack.wake(1)); // now 2 is the elder
    REQUIRE(rack.wake(3));
    CHECK(batch.made == 3);
    REQUIRE(rack.wake(1));
    CHECK(batch.made == 3);
    REQUIRE(rack.wake(2));
    CHECK(batch.made == 4);
    rack.park(2);
    rack.park(77); // was not awake
    CHECK(rack.awake() == 1);
}

TEST_CASE("being parked is a loss of power: channels close, commits stay") {
    Batch batch;
    Rack rack(batch, batch.random, 4);
    CHECK(ask(rack, 5, "0070000001") == "019000");
    CHECK(ask(rack, 5, "01A4000C023F00") == "9000");
    write_loci(rack, 5, "55555555");
    rack.park(5);
    CHECK(ask(rack, 5, "01A4000C023F00") == "6881");
    CHECK(read_loci(rack, 5) == "555555559000");
}

TEST_CASE("a card that deletes, or gets, a profile does so for itself") {
    Batch batch;
    Rack rack(batch, batch.random, 1);
    const auto package = profile::sample_operational({.iccid = numbered(2), .imsi = "001010000000008"});
    OwnedBytes metadata = *from_hex("BF25135A0A");
    append(metadata, numbered(2));
    append(metadata, *from_hex("91015092024E31"));
    REQUIRE((*rack.wake(1))->isdr().preload(package->reveal(), metadata, false));
    OwnedBytes disable = *from_hex("BF3211A00C5A0A"), remove = *from_hex("BF330C5A0A");
    append(disable, numbered(1));
    append(disable, *from_hex("810100"));
    append(remove, numbered(1));
    CHECK(hex(*(*rack.wake(2))->isdr().handle(disable)) == "BF3203800100");
    CHECK(hex(*(*rack.wake(2))->isdr().handle(remove)) == "BF3303800100");
    const auto profiles = [&](uint32_t card) { return (*rack.wake(card))->isdr().state().profiles.size(); };
    CHECK(profiles(0) == 1);
    CHECK(profiles(1) == 2);
    CHECK(profiles(2) == 0);
    CHECK((*rack.wake(1))->isdr().image((*rack.wake(1))->isdr().state().find(numbered(2))->number));
    CHECK_FALSE((*rack.wake(2))->isdr().image(0x10));
    CHECK((*rack.wake(0))->isdr().image(0x10));
}
