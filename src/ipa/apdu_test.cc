#include "ipa/apdu.h"
#include "ipa/testing.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::ipa;
using namespace halyard::ipa::testing;

namespace {
/// Exchanges written as "command > response" lines; the channel must send exactly the commands.
void play(CardChannel& channel,
          std::initializer_list<std::pair<const char*, const char*>> lines,
          bool last = true) {
    size_t left = lines.size();
    for (const auto& [command, response] : lines) {
        CHECK(hex(channel.next()) == hex(h(command)));
        const auto complete = channel.reply(h(response));
        REQUIRE(complete);
        CHECK(*complete == (--left == 0 && last));
    }
}
CardChannel opened() {
    CardChannel channel;
    channel.open();
    play(channel,
         {{"80AA00000AA9088100820101830107", "9000"},
          {"0070000001", "019000"},
          {"01A4040010A0000005591010FFFFFFFF890000010000", "6F029000"}});
    return channel;
}
} // namespace

TEST_CASE("when the channel is opened, the commands are those of the specification") {
    const CardChannel channel = opened();
    CHECK(channel.is_open());
    CHECK(channel.channel() == 1);
}

TEST_CASE("when the card has no other channel, the basic one is used") {
    CardChannel channel;
    channel.open();
    play(channel,
         {{"80AA00000AA9088100820101830107", "6E00"},
          {"0070000001", "6881"},
          {"00A4040010A0000005591010FFFFFFFF890000010000", "611F"},
          {"00C000001F", "6F009000"}});
    CHECK(channel.is_open());
    CHECK(channel.channel() == 0);
}

TEST_CASE("when the card gives a channel above three, the class octet follows") {
    CardChannel channel;
    channel.open();
    play(channel,
         {{"80AA00000AA9088100820101830107", "9000"},
          {"0070000001", "059000"},
          {"41A4040010A0000005591010FFFFFFFF890000010000", "9000"}});
    OwnedBytes answer(64);
    const auto command = h("BF2000");
    REQUIRE(channel.begin(command, answer));
    CHECK(hex(channel.next()) == "C1E2910003BF200000");
}

TEST_CASE("when MANAGE CHANNEL wants another length, it is sent again with it") {
    CardChannel channel;
    channel.open();
    play(channel,
         {{"80AA00000AA9088100820101830107", "9000"}, {"0070000001", "6C01"}, {"0070000001", "029000"}},
         false);
}

TEST_CASE("when there is no ISD-R, opening says so") {
    CardChannel channel;
    channel.open();
    play(channel, {{"80AA00000AA9088100820101830107", "9000"}, {"0070000001", "019000"}}, false);
    const auto selected = channel.reply(h("6A82"));
    REQUIRE_FALSE(selected);
    CHECK(selected.error().code == Errc::not_found);
    CHECK_FALSE(channel.is_open());
}

TEST_CASE("when a command is longer than a block, it goes in numbered blocks and the answer in parts") {
    CardChannel channel = opened();
    OwnedBytes answer(600);
    const OwnedBytes command(300, 0xAB);
    REQUIRE(channel.begin(command, answer));
    const std::string first = "81E21100FF" + hex(OwnedBytes(255, 0xAB));
    const std::string second = "81E291012D" + hex(OwnedBytes(45, 0xAB)) + "00";
    const std::string part = hex(OwnedBytes(256, 0xCD));
    play(channel,
         {{first.c_str(), "9000"},
          {second.c_str(), "6100"},
          {"01C0000000", (part + "6102").c_str()},
          {"01C0000002", "EEFF9000"}});
    CHECK(hex(channel.answer()) == part + "EEFF");
}

TEST_CASE("when a command fills its blocks exactly, the last is a full one") {
    CardChannel channel = opened();
    OwnedBytes answer(8);
    const OwnedBytes command(510, 0x01);
    REQUIRE(channel.begin(command, answer));
    CHECK(starts_with(channel.next(), "81E21100FF"));
    REQUIRE(channel.reply(h("9000")));
    CHECK(starts_with(channel.next(), "81E29101FF"));
    CHECK(channel.next().size() == 5 + 255 + 1);
}

TEST_CASE("when the reader wants small blocks, they are small") {
    CardChannel channel(120);
    channel.open();
    play(channel,
         {{"80AA00000AA9088100820101830107", "9000"},
          {"0070000001", "019000"},
          {"01A4040010A0000005591010FFFFFFFF890000010000", "9000"}});
    OwnedBytes answer(8);
    const OwnedBytes command(121, 0x01);
    REQUIRE(channel.begin(command, answer));
    CHECK(starts_with(channel.next(), "81E2110078"));
    REQUIRE(channel.reply(h("9000")));
    CHECK(hex(channel.next()) == "81E29101010100");
}

TEST_CASE("when the card says 6Cxx, the same command goes again with that length") {
    CardChannel channel = opened();
    OwnedBytes answer(64);
    const auto command = h("BF2000");
    REQUIRE(channel.begin(command, answer));
    play(channel,
         {{"81E2910003BF200000", "6C04"},
          {"81E2910003BF200004", "6104"},
          {"01C0000004", "6C02"},
          {"01C0000002", "AABB9000"}});
    CHECK(hex(channel.answer()) == "AABB");
}

TEST_CASE("when the card refuses GET RESPONSE under class 0x, it is asked under 8x") {
    CardChannel channel = opened();
    OwnedBytes answer(64);
    const auto command = h("BF2000");
    REQUIRE(channel.begin(command, answer));
    play(channel, {{"81E2910003BF200000", "6102"}, {"01C0000002", "6E00"}, {"81C0000002", "AABB9000"}});
}

TEST_CASE("when a proactive command waits, the answer counts and the fact is told") {
    CardChannel channel = opened();
    OwnedBytes answer(64);
    const auto command = h("BF2000");
    REQUIRE(channel.begin(command, answer));
    play(channel, {{"81E2910003BF200000", "AABB910B"}});
    CHECK(channel.proactive());
    CHECK(hex(channel.answer()) == "AABB");
}

TEST_CASE("when the card refuses, the status word is in the error and the channel can go on") {
    for (const char* word : {"6A80", "6A88", "6985", "6A84", "6881", "6D00", "6310"}) {
        CardChannel channel = opened();
        OwnedBytes answer(64);
        const auto command = h("BF2000");
        REQUIRE(channel.begin(command, answer));
        const auto refused = channel.reply(h(word));
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == Errc::rejected);
        CHECK(refused.error().detail == static_cast<uint32_t>(h(word)[0] << 8 | h(word)[1]));
        REQUIRE(channel.begin(command, answer));
    }
}

TEST_CASE("when the answer does not fit or is no response at all, it is refused") {
    CardChannel channel = opened();
    OwnedBytes answer(2);
    const auto command = h("BF2000");
    REQUIRE(channel.begin(command, answer));
    const auto large = channel.reply(h("AABBCC9000"));
    REQUIRE_FALSE(large);
    CHECK(large.error().code == Errc::no_space);
    REQUIRE(channel.begin(command, answer));
    const auto cut = channel.reply(h("90"));
    REQUIRE_FALSE(cut);
    CHECK(cut.error().code == Errc::truncated);
}

TEST_CASE("when a command needs more than 256 blocks, it is refused") {
    CardChannel channel = opened();
    OwnedBytes answer(2);
    const OwnedBytes fits(256 * 255, 0);
    const OwnedBytes large(256 * 255 + 1, 0);
    CHECK(channel.begin(fits, answer));
    channel = opened();
    const auto refused = channel.begin(large, answer);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::limit);
}
