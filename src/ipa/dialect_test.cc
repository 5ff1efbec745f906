// The IPA towards eIMs and cards of other editions of SGP.32. The eIM of v1.0 and all octets are made by hand
// from the tag tables.
#include "ipa/dialect.h"
#include "ipa/testing.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::ipa;
using namespace halyard::ipa::testing;
using rsp::Edition;

namespace {
OwnedBytes list_profiles() { return tlv(0xA0, {h("A600")}); }
Config device(Edition edition, Config::Download download = Config::Download::direct) {
    Config config;
    config.edition = edition;
    config.download = download;
    return config;
}
/// EUICCInfo2 as printed in the codec reference, with B4 { A0 { 04 version … } } of our choice.
OwnedBytes info2(std::string_view versions) {
    return tlv(0xBF22,
               {h("8103020301820302050083030100008403810100850301480288020780A903040101AA030401010403010000"
                  "0C0158900100"),
                tlv(0xB4, {tlv(0xA0, {h(versions)})})});
}
void make_card(World& world, std::string_view versions) {
    world.card.intercept = [info = info2(versions)](Bytes command) -> std::optional<OwnedBytes> {
        if (starts_with(command, "BF2200")) return info;
        return std::nullopt;
    };
}
std::vector<std::string> results_sent(const testing::Eim& eim) {
    std::vector<std::string> out;
    for (const auto& message : eim.received)
        if (starts_with(message, "BF50")) out.push_back(hex(message));
    return out;
}
/// BF50 { BF51 … } of v1.0 and BF50 { 5A EID, BF51 … } of v1.2 around a result.
std::string old_form(const OwnedBytes& result) { return hex(tlv(0xBF50, {result})); }
std::string new_form(const OwnedBytes& result) { return hex(tlv(0xBF50, {tlv(0x5A, {h(kEid)}), result})); }
} // namespace

TEST_CASE("when the device is of v1.0, its results carry no EID and its state changes no cause") {
    World world(device(Edition::v1_0));
    auto& one = world.add_eim("eim1");
    auto& two = world.add_eim("eim2");
    one.v1_0 = two.v1_0 = true;
    one.queue.push_back(package("eim1", 7, enable(kNewIccid, false)));
    world.config.rplmn = {0x62, 0xF2, 0x10};
    REQUIRE(world.run());
    CHECK(results_sent(one) == std::vector{old_form(result("eim1", 7, 5, h("830100")))});
    // BF4F { 5A EID, 80 notifyStateChange, 81 rPLMN }
    const auto told = h("BF4F195A10890490321234512345123456789012358000810362F210");
    CHECK(std::count(two.received.begin(), two.received.end(), told) == 1);
    CHECK(world.card.results.empty());
    CHECK_FALSE(world.happened("other dialect tried"));
}

TEST_CASE("when a v1.0 device sends notifications with its result, they are a whole answer of the card") {
    World world(device(Edition::v1_0, Config::Download::indirect));
    auto& eim = world.add_eim("eim1");
    eim.v1_0 = true;
    eim.queue.push_back(package("eim1", 7, enable(kNewIccid, false)));
    REQUIRE(world.run());
    // BF50 { 30 { BF51, BF2B { A0 { notification } } } }
    const auto bundle = tlv(0x30,
                            {result("eim1", 7, 5, h("830100")),
                             tlv(0xBF2B, {tlv(0xA0, {other_notification(6, "smdp.example")})})});
    CHECK(results_sent(eim) == std::vector{hex(tlv(0xBF50, {bundle}))});
    CHECK(world.card.results.empty());
    CHECK(world.card.notifications.empty());
}

TEST_CASE("when an eIM of v1.0 refuses a result, its own form is tried at once, remembered, and survives a "
          "restart") {
    World world;
    auto& eim = world.add_eim("eim1");
    eim.v1_0 = true;
    eim.queue.push_back(package("eim1", 7, list_profiles()));
    REQUIRE(world.run());
    const auto first = result("eim1", 7, 5, h("A600"));
    CHECK(results_sent(eim) == std::vector{new_form(first), old_form(first)});
    CHECK(world.card.results.empty());
    CHECK(world.count("other dialect tried") == 1);
    CHECK(world.count("eim speaks") == 1);
    CHECK_FALSE(world.happened("eim not reached"));

    eim.received.clear();
    world.boot();
    eim.queue.push_back(package("eim1", 8, list_profiles()));
    REQUIRE(world.run());
    CHECK(results_sent(eim) == std::vector{old_form(result("eim1", 8, 6, h("A600")))});
    CHECK(world.count("other dialect tried") == 1);
}

TEST_CASE("when the answer to a result has the shape of v1.0, the next result is written so") {
    World world;
    auto& eim = world.add_eim("eim1");
    int results = 0;
    eim.intercept = [&](Bytes message) -> std::optional<OwnedBytes> {
        if (!starts_with(message, "BF50") || results++) return std::nullopt;
        eim.v1_0 = true;
        return h("BF5000"); // nothing acknowledged: BF50023000 from v1.1 on
    };
    eim.queue.push_back(package("eim1", 7, list_profiles()));
    REQUIRE(world.run());
    const auto sent = result("eim1", 7, 5, h("A600"));
    CHECK(results_sent(eim) == std::vector{new_form(sent), old_form(sent)});
    CHECK_FALSE(world.happened("other dialect tried"));
    CHECK(world.card.results.empty());
}

TEST_CASE("when an eIM of v1.0 asks for data, it is understood and answered in its own form") {
    for (const Edition edition : {Edition::v1_0, Edition::v1_2}) {
        World world(device(edition));
        auto& eim = world.add_eim("eim1");
        eim.v1_0 = true;
        world.card.notifications.push_back({3, other_notification(3, "smdp.example")});
        world.smdp.down = true;
        // 5C { defaultSmdpAddress 80, EUICCInfo1, notifications BF2B }, A1 { 80 seqNumber 3 }
        eim.queue.push_back(h("BF520C5C0580BF20BF2BA103800103"));
        (void)world.run(200);
        REQUIRE(eim.results.size() >= 1);
        // BF52 { A0 { 80 address, BF20, BF2B { A0 { notification } } } }: the order of v1.0
        const auto expected = tlv(0xBF52,
                                  {tlv(0xA0,
                                       {utf8(0x80, "smdp.example"),
                                        h("BF200C8203020500A903040101AA00"),
                                        tlv(0xBF2B, {tlv(0xA0, {other_notification(3, "smdp.example")})})})});
        CHECK(hex(eim.results[0]) == hex(expected));
    }
}

TEST_CASE(
    "when both forms are refused, the result is kept, somebody is told, and it is offered again later") {
    World world;
    auto& eim = world.add_eim("eim1");
    eim.refuses = [](Bytes message) { return starts_with(message, "BF50"); };
    eim.queue.push_back(package("eim1", 7, list_profiles()));
    while (world.count("refused in every dialect") == 0) REQUIRE(world.step());
    const auto sent = result("eim1", 7, 5, h("A600"));
    CHECK(results_sent(eim) == std::vector{new_form(sent), old_form(sent)});
    CHECK(world.card.results.size() == 1);
    eim.refuses = [](Bytes) { return false; };
    REQUIRE(world.run());
    CHECK(results_sent(eim) == std::vector{new_form(sent), old_form(sent), new_form(sent)});
    CHECK(world.card.results.empty());
    CHECK_FALSE(world.happened("eim speaks"));
}

TEST_CASE("when an eIM was brought up to date, it is found out the same way, and nothing old is remembered") {
    World world;
    auto& eim = world.add_eim("eim1");
    eim.v1_0 = true;
    eim.queue.push_back(package("eim1", 7, list_profiles()));
    REQUIRE(world.run());
    CHECK(world.engine->context().state.dialect_count == 1);
    eim.v1_0 = false;
    eim.received.clear();
    eim.queue.push_back(package("eim1", 8, list_profiles()));
    world.engine->poll_now();
    REQUIRE(world.run());
    const auto sent = result("eim1", 8, 6, h("A600"));
    CHECK(results_sent(eim) == std::vector{old_form(sent), new_form(sent)});
    CHECK(world.engine->context().state.dialect_count == 0);
}

TEST_CASE("when one of two eIMs is of v1.0, only that one is written to so") {
    World world;
    auto& one = world.add_eim("eim1");
    auto& two = world.add_eim("eim2");
    one.v1_0 = true;
    for (uint64_t counter : {7, 8}) {
        one.queue.push_back(package("eim1", counter, list_profiles()));
        two.queue.push_back(package("eim2", counter, list_profiles()));
    }
    REQUIRE(world.run());
    CHECK(results_sent(one).size() == 3); // one was refused
    CHECK(results_sent(two).size() == 2);
    for (const auto& message : results_sent(two)) CHECK(message.find("5A10" + std::string(kEid)) < 12);
}

TEST_CASE("when a message is the same in all editions, a refusal is no reason to send it twice") {
    World world;
    auto& eim = world.add_eim("eim1");
    eim.refuses = [](Bytes message) { return starts_with(message, "BF4F"); };
    while (!world.happened("eim not reached")) REQUIRE(world.step());
    CHECK(eim.received.size() == 1);
    CHECK(world.happened("refused in every dialect"));
    CHECK_FALSE(world.happened("other dialect tried"));
}

TEST_CASE("when a package is of an unknown kind, a v1.0 eIM gets the bare error code") {
    World world;
    auto& eim = world.add_eim("eim1");
    eim.v1_0 = true;
    eim.queue.push_back(h("BF7000"));
    while (eim.results.empty()) REQUIRE(world.step());
    // A0 { 02 unknownPackage } behind the EID, then BF50 { 02 }
    CHECK(results_sent(eim) ==
          std::vector<std::string>{"BF50175A1089049032123451234512345678901235A003020102", "BF5003020102"});
}

TEST_CASE("when the card is of v1.0, immediate enabling is asked for without refreshFlag") {
    for (const auto& [versions, command] :
         {std::pair{"0403010001", "BF5A00"}, std::pair{"0403010200", "BF5A038001FF"}}) {
        World world;
        make_card(world, versions);
        auto& eim = world.add_eim("eim1");
        // BF54 { A0 { 80 activation code } }
        eim.queue.push_back(tlv(0xBF54, {tlv(0xA0, {utf8(0x80, "1$smdp.example$ID")})}));
        REQUIRE(world.run());
        CHECK(world.happened("profile installed"));
        size_t asked = 0;
        for (const auto& sent : world.card.commands) asked += hex(sent) == command;
        CHECK(asked == 1);
    }
}

TEST_CASE("when the card is of v1.0, it is the device's choice alone that sends downloads through the eIM") {
    World world(device(Edition::v1_2, Config::Download::indirect));
    make_card(world, "0403010001");
    auto& eim = world.add_eim("eim1", false); // a v1.0 card cannot keep indirectProfileDownload
    eim.queue.push_back(tlv(0xBF54, {tlv(0xA0, {utf8(0x80, "1$smdp.example$ID")})}));
    REQUIRE(world.run());
    size_t relayed = 0;
    for (const auto& message : eim.received) relayed += starts_with(message, "BF39");
    CHECK(relayed == 1);
}

TEST_CASE("the edition of a card is the highest that its EUICCInfo2 lists; what cannot be read is v1.2") {
    CHECK(edition_of_euicc(info2("0403010000")) == Edition::v1_0);
    CHECK(edition_of_euicc(info2("0403010001")) == Edition::v1_0);
    CHECK(edition_of_euicc(info2("04030101000403010001")) == Edition::v1_1);
    CHECK(edition_of_euicc(info2("0403010200")) == Edition::v1_2);
    CHECK(edition_of_euicc(info2("0403010300")) == Edition::v1_3);
    CHECK(edition_of_euicc(info2("0403020000")) == Edition::v1_3); // later than any we know
    for (const char* odd : {"", "BF22", "BF2200", "BF2203010101", "3003020101"})
        CHECK(edition_of_euicc(h(odd)) == Edition::v1_2);
}

TEST_CASE("when the state is of a build without dialects, it is loaded; a dialect that is none is refused") {
    // 30 { 80 version, 81 initialEimDone, A2 package, A3 rollback, A4 download, A5 change, A6 outbox }
    const OwnedBytes old = tlv(0x30,
                               {h("800101"),
                                h("8101FF"),
                                h("A21080010081008200830100840100850100"),
                                h("A30B8001008100820100830100"),
                                h("A4118001008101008200830084008500860100"),
                                h("A50880010081017F8200"),
                                h("A600")});
    const auto state = decode_state(old);
    REQUIRE(state);
    CHECK(state->initial_eim_done);
    CHECK(state->dialect_count == 0);
    // A7 { 30 { 80 "e", 81 v1.0 } }
    const auto with = [&](std::string_view dialects) {
        return decode_state(tlv(0x30, {owned(asn1::read_tlv(old)->content), h(dialects)}));
    };
    const auto known = with("A7083006800165810100");
    REQUIRE(known);
    REQUIRE(known->dialect_of(bytes_of("e")));
    CHECK(known->dialect_of(bytes_of("e"))->edition == Edition::v1_0);
    CHECK_FALSE(known->dialect_of(bytes_of("f")));
    CHECK_FALSE(with("A7083006800165810104"));
}

TEST_CASE("when more eIMs than there is room for speak otherwise, the oldest is forgotten") {
    State state;
    const auto id = [](size_t i) {
        EimId out;
        const uint8_t octet[] = {static_cast<uint8_t>('a' + i)};
        HALYARD_ASSERT(out.assign(octet));
        return out;
    };
    for (size_t i = 0; i <= kMaxDialects; ++i) state.set_dialect(id(i), Edition::v1_0, Edition::v1_2);
    CHECK(state.dialect_count == kMaxDialects);
    CHECK_FALSE(state.dialect_of(id(0).bytes()));
    CHECK(state.dialect_of(id(kMaxDialects).bytes()));
    state.set_dialect(id(3), Edition::v1_2, Edition::v1_2);
    CHECK_FALSE(state.dialect_of(id(3).bytes()));
    CHECK(state.dialect_count == kMaxDialects - 1);
}
