// Codes that no ordinary life of a card brings up: busy toolkits, damaged commands, the end of a counter,
// many eIMs, and ProfileRollback across losses of power. SGP.32 §3.4, §3.5, §5.9
#include "tests/loop/hand.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::loop;

namespace {
const OwnedBytes kRollback{0xBF, 0x58, 0x03, 0x80, 0x01, 0xFF};
// The card after a loss of power: nothing but its store is left.
void lose_power(Bench& b) {
    auto opened = euicc::Card::open(b.card.identity, b.card.memory, b.world.random);
    REQUIRE(opened);
    b.card.card = std::move(*opened);
}
HandEim another(Bench& b, const char* id, uint64_t counter = 0) {
    return {.id = id,
            .key = *crypto::PrivateKey::generate(crypto::Curve::p256, b.world.random),
            .counter = counter,
            .eid = b.eim.eid};
}
OwnedBytes add(const HandEim& eim, Bytes more = {}) {
    OwnedBytes data = eim.configuration(more);
    data[0] = 0xA8;
    return data;
}
} // namespace

TEST_CASE(
    "a damaged command ends the package by its own commandError, where it has one (SGP.32 §3.4, §3.5)") {
    Bench b;
    const struct {
        const char *psmo, *result;
    } profiles[] = {
        {"A703800100", "870107"},    // immediateEnableFlag is a NULL
        {"A704 81028887", "870107"}, // an OID that breaks off
        {"A9018F", "8E0107"},        // no TLV inside
        {"A200", "020102"},          // nobody's tag
        {"A3035A0189", "020102"},    // enable, disable, delete, setFallbackAttribute: ICCID too short
        {"A4035A0189", "020102"},
        {"A5035A0189", "020102"},
        {"A8035A0189", "020102"},
        {"A6018F", "020102"},  // getRAT
        {"BF6500", "020102"}}; // setDefaultDpAddress
    for (const auto& row : profiles) {
        CAPTURE(row.psmo);
        CHECK(b.order({kGetRat, *from_hex(row.psmo), kGetRat}).results == std::string("A600") + row.result);
    }
    const OwnedBytes list{0xAB, 0x00};
    const std::string me = "AB07A0053003800165";
    const struct {
        const char *eco, *result;
    } eims[] = {{"A803830100", "A803020107"}, // eimId is missing
                {"A8028000", "A803020107"},   // an id without octets
                {"A900", "890107"},
                {"AA03830100", "8A0107"},
                {"AC00", "020102"},
                {"AB018F", "020102"}};
    for (const auto& row : eims) {
        CAPTURE(row.eco);
        CHECK(b.configure({list, *from_hex(row.eco), list}).results == me + row.result);
    }
    CHECK(b.state().eims.size() == 1);
}

TEST_CASE("an address that is too long is insufficientMemory in both ways to configure immediate enabling") {
    Bench b;
    const OwnedBytes address = tlv(0x82, {OwnedBytes(256, 'a')}), flag{0x80, 0x00};
    CHECK(b.order({tlv(0xA7, {flag, address})}).results == "870101"); // SGP.32 §3.4.4
    CHECK_FALSE(b.state().immediate_enable.flag);
    CHECK(b.configure({tlv(0xA9, {*from_hex("800165")})}).results == "890102"); // no eIM is left
    CHECK(hex(b.es10(tlv(0xBF59, {flag, address}))) == "BF5903800101");         // SGP.32 §5.9.17
    CHECK(hex(b.es10(tlv(0xBF59, {flag, tlv(0x82, {OwnedBytes(255, 'a')})}))) == "BF5903800100");
    CHECK(b.state().immediate_enable.smdp_address.size() == 255);
}

TEST_CASE(
    "while a proactive session is under way, what needs another one answers catBusy and changes nothing") {
    Bench b;
    const Iccid one = b.add_profile(1, kFallbackAllowed), other = b.add_profile(2);
    b.add_profile(3, kEmergency);
    CHECK(b.order({set_fallback(one)}).results == "8D0100");
    CHECK(b.order({*from_hex("A7028000")}).results == "870100");
    auto& isdr = b.card.card->isdr();
    const auto busy = [&](const char* command, const char* answer) {
        CAPTURE(command);
        const OwnedBytes before = b.state_octets();
        isdr.set_cat_busy(true);
        CHECK(hex(b.es10(*from_hex(command))) == answer);
        isdr.set_cat_busy(false);
        CHECK(b.state_octets() == before);
    };
    busy("BF5D038001FF", "BF5D03800105"); // ExecuteFallbackMechanism
    busy("BF5B038001FF", "BF5B03800105"); // EnableEmergencyProfile
    busy("BF6404 82020308",
         "BF6403800105"); // eUICCMemoryReset of the enabled provisioning profile. SGP.32 §5.9.5
    CHECK(install(b, 4).success);
    busy("BF5A038001FF", "BF5A03800105"); // ImmediateEnable
    CHECK(hex(b.es10(*from_hex("BF5A038001FF"))) == "BF5A03800100");
    busy("BF340482020780", "BF3403800105"); // and in the form of SGP.22, now of an operational one
    CHECK(b.order({enable(other, true)}).results == "830100");
    busy("BF58038001FF", "BF5803020105");
    isdr.set_cat_busy(true);
    CHECK(b.order({enable(one)}).results == "830105");
    CHECK(b.order({disable(other)}).results == "840105");
    CHECK(hex(b.es10(*from_hex("BF640482020204"))) == "BF6406800101810100"); // nothing is switched by this
    isdr.set_cat_busy(false);
}

TEST_CASE("back from fallback and from an emergency: catBusy, and commandError for what does not decode") {
    Bench b;
    const Iccid one = b.add_profile(1, kFallbackAllowed);
    b.add_profile(2, kEmergency);
    CHECK(b.order({set_fallback(one)}).results == "8D0100");
    auto& isdr = b.card.card->isdr();
    for (const char* damaged : {"BF5D00", "BF5D0480020100", "BF5E00", "BF5E018F"}) // SGP.32 §5.9.20, §5.9.21
        CHECK(hex(b.es10(*from_hex(damaged))) == std::string(damaged).substr(0, 4) + "03800107");
    for (const char* damaged :
         {"BF5A00", "BF5B00", "BF5C00", "BF5900FF", "BF6400", "BF3400"}) // have no such code
        CHECK(b.es10(*from_hex(damaged)).empty());
    CHECK(hex(b.es10(*from_hex("BF5D038001FF"))) == "BF5D03800100");
    isdr.set_cat_busy(true);
    CHECK(hex(b.es10(*from_hex("BF5E038001FF"))) == "BF5E03800105");
    CHECK(hex(b.es10(*from_hex("BF5E03800100"))) == "BF5E03800100"); // without REFRESH nothing is busy
    isdr.set_cat_busy(false);
    CHECK(hex(b.es10(*from_hex("BF5B038001FF"))) == "BF5B03800100");
    isdr.set_cat_busy(true);
    CHECK(hex(b.es10(*from_hex("BF5C038001FF"))) == "BF5C03800105");
    isdr.set_cat_busy(false);
    CHECK(hex(b.es10(*from_hex("BF5C038001FF"))) == "BF5C03800100");
    CHECK(b.enabled_iccid() == to_text(b.bootstrap()));
}

TEST_CASE("the emergency profile is enabled by its own function only, and never the fallback profile") {
    Bench b;
    const Iccid emergency = b.add_profile(1, joined({kEmergency, kFallbackAllowed}));
    CHECK(b.order({set_fallback(emergency)}).results == "8D0102");              // SGP.32 §3.4.6
    CHECK(b.configure({tlv(0xA9, {*from_hex("800165")})}).results == "890102"); // from here ES10c is open
    const OwnedBytes by = tlv(0x5A, {emergency}), waiting = tlv(0x5A, {b.bootstrap()});
    CHECK(hex(b.es10(tlv(0xBF31, {tlv(0xA0, {by}), *from_hex("8101FF")}))) == "BF3103800103");
    CHECK(hex(b.es10(*from_hex("BF5B038001FF"))) == "BF5B03800100");
    CHECK(hex(b.es10(tlv(0xBF33, {waiting}))) == "BF3303800103"); // it is to come back
    CHECK(hex(b.es10(tlv(0xBF33, {by}))) == "BF3303800102");
    CHECK(hex(b.es10(*from_hex("BF5B038001FF"))) == "BF5B03800102");
    lose_power(b); // the emergency goes on
    CHECK(b.enabled_iccid() == to_text(emergency));
    CHECK(hex(b.es10(*from_hex("BF640482020780"))) == "BF6403800168");
    CHECK(hex(b.es10(*from_hex("BF340482020780"))) == "BF340380017F");
    CHECK(hex(b.es10(*from_hex("BF5C038001FF"))) == "BF5C03800100");
    CHECK(hex(b.es10(*from_hex("BF5C038001FF"))) == "BF5C03800102");
    CHECK(b.enabled_iccid() == to_text(b.bootstrap()));
    CHECK(events(b).empty());
}

TEST_CASE("at 8,388,607 an eIM's counter is spent: another eIM gives it a new key, or it leaves (SGP.32 "
          "§2.11.1.1)") {
    Bench b;
    HandEim friendly = another(b, "friend");
    CHECK(b.configure({add(friendly)}).results == "A803020100");
    CHECK(b.send(b.eim.sign(b.eim.to_sign(psmo({kGetRat}), 8'388'607))).results == "A600");
    CHECK(b.send(b.eim.sign(b.eim.to_sign(psmo({kGetRat}), 8'388'607))).code == 4); // replayError
    CHECK(b.send(b.eim.sign(b.eim.to_sign(psmo({kGetRat}), 8'388'608))).code == 6); // counterValueOutOfRange
    // A lower counter under the same key would let all its old packages in again.
    const auto update = [&](const OwnedBytes& data) {
        return read_answer(b.es10(friendly.package(eco({data})))).results;
    };
    CHECK(update(*from_hex("AA06 800165 830100")) == "8A0107");
    HandEim renewed = another(b, "e");
    OwnedBytes rotation = renewed.configuration();
    rotation[0] = 0xAA;
    CHECK(update(rotation) == "8A0100");
    CHECK(read_answer(b.es10(renewed.package(psmo({kGetRat})))).results == "A600");
    // The last number may be spent on the own renewal.
    HandEim again = another(b, "e");
    OwnedBytes own = again.configuration();
    own[0] = 0xAA;
    CHECK(read_answer(b.es10(renewed.sign(renewed.to_sign(eco({own}), 8'388'607)))).results == "8A0100");
    CHECK(read_answer(b.es10(again.package(psmo({kGetRat})))).results == "A600");
}

TEST_CASE("as many eIMs as the card is made for, each with its own counter and token (SGP.32 §2.11.1.1.1)") {
    Bench b;
    REQUIRE(b.card.identity.max_eims == 8);
    std::vector<HandEim> eims;
    for (int n = 2; n <= 8; ++n) {
        eims.push_back(another(b, ("eim" + std::to_string(n)).c_str(), static_cast<uint64_t>(100 * n)));
        const bool token = n % 2;
        const auto result =
            b.configure({add(eims.back(), token ? *from_hex("8401FF") : OwnedBytes{})}).results;
        CHECK(result == (token ? "A80384010" + std::to_string(n / 2) : "A803020100"));
        if (token) eims.back().token = n / 2;
    }
    CHECK(b.configure({add(another(b, "ninth"))}).results == "A803020101"); // insufficientMemory
    for (HandEim& eim : eims) {
        const OwnedBytes package = eim.package(psmo({kGetRat}));
        const auto answer = read_answer(b.es10(package));
        CHECK(answer.results == "A600");
        CHECK(crypto::verify(
            b.card_key(), {answer.signed_part, integer(0x84, eim.token.value_or(0))}, answer.signature));
        CHECK(read_answer(b.es10(package)).code == 4); // its own counter went up, nobody else's
    }
    for (const HandEim& eim : eims) {
        const OwnedBytes one = b.es10(tlv(0xBF55, {tlv(0xA0, {tlv(0x80, {bytes_of(eim.id)})})}));
        CHECK(text_of(part(whole_part(whole_part(one, 0), 0), 0)) == eim.id);
    }
    CHECK(hex(b.es10(*from_hex("BF5505A00380017A"))) == "BF5502A000");
}

TEST_CASE("ProfileRollback is whole or has not been, wherever the power fails (SGP.32 §5.9.16)") {
    Bench b;
    const Iccid one = b.add_profile(1, kNotify);
    CHECK(b.order({enable(one, true)}).results == "830100");
    lose_power(b); // the right to roll back outlasts it
    CHECK(b.enabled_iccid() == to_text(one));
    const OwnedBytes before = b.state_octets();
    b.card.memory.fail_after = 0; // the power fails while it is written
    CHECK(b.es10(kRollback).empty());
    b.card.memory.fail_after = -1;
    lose_power(b);
    CHECK(b.state_octets() == before);
    const OwnedBytes answer = b.es10(kRollback);
    CHECK(hex(whole_part(answer, 0)) == "020100");
    lose_power(b); // before anybody heard of it
    CHECK(b.enabled_iccid() == to_text(b.bootstrap()));
    REQUIRE(b.state().results.size() == 1);
    CHECK(b.state().results.front().der == whole_part(answer, 1));
    CHECK(events(b).empty());
    CHECK(hex(b.es10(kRollback)) == "BF5803020101");
}

TEST_CASE("a challenge serves one AuthenticateServer, right or wrong (SR-16)") {
    Bench b;
    HandServer wrong(b);
    wrong.damage_signature1 = true;
    CHECK(session_error(wrong.authenticate()) == 2);
    OwnedBytes again = wrong.authenticate_command; // the same challenge once more, whatever is mended
    CHECK(session_error(b.es10(again)) == 4);
    HandServer right(b);
    right.open();
}

TEST_CASE("metadata of a class there is not, or an icon of no type, are refused (SGP.22 §5.5.3)") {
    Bench b;
    const auto reason = [&](const char* more) {
        HandServer s(b);
        s.open();
        const Iccid i = iccid(iccid_text(1));
        return read_installation(b, s.load(s.bind(sample(1), metadata_of(i, *from_hex(more))))).reason;
    };
    CHECK(reason("950103") == 6);       // unsupportedProfileClass
    CHECK(reason("9404DEADBEEF") == 1); // incorrectInputValues
}

TEST_CASE(
    "PPR1 of the enabled profile bars neither fallback nor emergency, nor the ways back (SGP.32 §5.9.20)") {
    Bench b;
    const Iccid tied = b.add_profile(1, kPpr1),
                fallback = b.add_profile(2, joined({kPpr1, kFallbackAllowed}));
    b.add_profile(3, joined({kPpr1, kEmergency}));
    CHECK(b.order({set_fallback(fallback), enable(tied, true)}).results == "8D0100830100");
    for (const char* function : {"BF5D", "BF5E", "BF5B", "BF5C"}) {
        CAPTURE(function);
        CHECK(hex(b.es10(*from_hex(std::string(function) + "038001FF"))) ==
              std::string(function) + "03800100");
    }
    CHECK(b.enabled_iccid() == to_text(tied));
    CHECK(b.order({enable(b.bootstrap())}).results == "830103"); // it bars an eIM all the same
}

TEST_CASE("CancelSession: each reason is signed as it was given (SGP.22 §5.7.14)") {
    Bench b;
    for (const char* reason : {"00", "01", "02", "03", "04", "05", "7F"}) {
        CAPTURE(reason);
        HandServer s(b);
        s.open();
        const OwnedBytes request =
            tlv(0xBF41, {tlv(0x80, {s.transaction_id}), *from_hex(std::string("8101") + reason)});
        const OwnedBytes ok = whole_part(b.es10(request), 0);
        REQUIRE(ok[0] == 0xA0);
        CHECK(hex(whole_part(ok, 0)).ends_with(std::string("8201") + reason));
        CHECK(crypto::verify(b.card_key(), {whole_part(ok, 0)}, part(ok, 1)));
    }
}
