// One eIM and devices whose IPA and eUICC are of any edition of SGP.32. docs/adr/0007-dialects.md
#include "tests/loop/world.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::loop;
using rsp::Edition;

namespace {
constexpr Edition kEditions[] = {Edition::v1_0, Edition::v1_1, Edition::v1_2, Edition::v1_3};

Device& add_device(World& w, Edition ipa, Edition card, ipa::Config::Download mode) {
    Device& d = w.add_device(mode);
    d.config.edition = ipa;
    d.identity.edition = card;
    return d;
}
/// A profile downloaded, enabled with the right to go back, and listed; another deleted again.
struct Tour {
    Tour(World& w, Device& d, unsigned n)
        : device(&d), iccid(iccid_text(2 * n)), spare(iccid_text(2 * n + 1)) {
        const auto order = [&](const std::string& number) {
            return w.smdp.order(number, "00101000000" + std::to_string(1000 + n), w.now);
        };
        operations.push_back(w.eim.download(d.identity.eid, order(iccid)));
        operations.push_back(w.eim.download(d.identity.eid, order(spare)));
        operations.push_back(w.eim.enable(d.identity.eid, iccid));
        rsp::Psmo one;
        one.is = rsp::Delete{.iccid = loop::iccid(spare)};
        const rsp::Psmo list[] = {one};
        rsp::EuiccPackage package;
        package.is = asn1::List<rsp::Psmo>{.items = list};
        operations.push_back(w.eim.package(d.identity.eid, package));
        operations.push_back(w.eim.audit(d.identity.eid));
    }
    void check(World& w) const {
        for (const std::string& id : operations) {
            const eim::Operation o = w.eim.operation(id);
            CAPTURE(o.reason);
            CHECK(o.state == eim::State::succeeded);
        }
        CHECK(device->card_iccid() == iccid);
        CHECK(device->card->isdr().state().profiles.size() == 2); // with the bootstrap profile
        CHECK(device->card->isdr().state().results.empty());
        CHECK(device->card->isdr().state().notifications.empty());
        CHECK(w.smdp.find(iccid).state == smdp::OrderState::installed);
    }
    Device* device;
    std::string iccid, spare;
    std::vector<std::string> operations;
};
} // namespace

TEST_CASE("when IPA and eUICC are of any two editions, profiles come, go and are accounted for") {
    using Features = rsp::IpaCapabilities::IpaFeatures;
    using ipa::Config;
    const std::pair<Config::Download, bool> ways[] = {{Config::Download::direct, false},
                                                      {Config::Download::indirect, false},
                                                      {Config::Download::indirect, true}};
    for (const auto& [mode, compact] : ways) {
        CAPTURE(compact);
        World w;
        std::vector<Tour> tours;
        for (const Edition ipa : kEditions)
            for (const Edition card : kEditions) {
                Device& d = add_device(w, ipa, card, mode);
                if (compact)
                    d.config.capabilities.ipa_features.mask |=
                        asn1::bit(static_cast<unsigned>(Features::minimize_esipa_bytes)).mask;
                tours.emplace_back(w, d, static_cast<unsigned>(tours.size() + 1));
            }
        REQUIRE(w.run(200'000));
        for (const Tour& tour : tours) {
            CAPTURE(rsp::name(tour.device->config.edition));
            CAPTURE(rsp::name(tour.device->identity.edition));
            tour.check(w);
        }
    }
}

TEST_CASE("when the device is of v1.0, nothing of a later edition crosses the line in either direction") {
    World w;
    Device& d = add_device(w, Edition::v1_0, Edition::v1_0, ipa::Config::Download::indirect);
    const Tour tour(w, d, 1);
    size_t results = 0, answers = 0;
    w.tap = [&](ipa::Peer to, bool answer, OwnedBytes& message) {
        if (to != ipa::Peer::eim || message.empty()) return;
        CAPTURE(hex(message));
        const auto outer = asn1::read_tlv(message);
        REQUIRE(outer);
        const auto first = asn1::read_tlv(outer->content);
        if (outer->tag == 0xBF50 && !answer) { // BF50 is the CHOICE itself
            ++results;
            REQUIRE(first);
            CHECK(
                (first->tag == 0xBF51 || first->tag == 0x30 || first->tag == 0xBF52 || first->tag == 0xBF54));
        }
        if (outer->tag == 0xBF50 && answer) { // BF50 { BF53 } or BF5000
            ++answers;
            CHECK((!first || first->tag == 0xBF53));
        }
        if (outer->tag == 0xBF39 && !answer) // no eimTransactionId
            for (Bytes rest = outer->content; !rest.empty();) {
                const auto part = asn1::read_tlv(rest);
                REQUIRE(part);
                CHECK(part->tag != 0x82);
                rest = part->rest;
            }
    };
    REQUIRE(w.run());
    tour.check(w);
    CHECK(results >= 5);
    CHECK(answers == results);
}

TEST_CASE(
    "when a v1.0 card rolls back, the eIM believes the result: it is signed over the package it undid") {
    World w;
    Device& d = add_device(w, Edition::v1_2, Edition::v1_0, ipa::Config::Download::direct);
    d.config.rollback = {3, Time(10'000)};
    const std::string before = d.card_iccid(), number = iccid_text(1);
    const std::string download =
        w.eim.download(d.identity.eid, w.smdp.order(number, "001010000000001", w.now));
    REQUIRE(w.run());
    REQUIRE(w.eim.operation(download).state == eim::State::succeeded);
    const std::string enable = w.eim.enable(d.identity.eid, number);
    // Over the new profile nothing gets through.
    w.lose = [&](ipa::Peer to, bool, Bytes) { return to == ipa::Peer::eim && d.card_iccid() == number; };
    REQUIRE(w.poll());
    CHECK(d.card_iccid() == before);
    CHECK(w.eim.operation(enable).state == eim::State::failed);
    CHECK(d.card->isdr().state().results.empty()); // delivered and acknowledged
}

TEST_CASE("when a v1.0 device wants to be relayed to a server that no order names, nobody is called") {
    World w;
    Device& d = add_device(w, Edition::v1_0, Edition::v1_0, ipa::Config::Download::indirect);
    const auto initiate = [&](std::string_view address) {
        // BF39 { 81 euiccChallenge, 83 smdpAddress, BF20 }
        OwnedBytes content = *from_hex("811000112233445566778899AABBCCDDEEFF83");
        content.push_back(static_cast<uint8_t>(address.size()));
        append(content, bytes_of(address));
        append(content, d.es10(*from_hex("BF2000")));
        OwnedBytes message{0xBF, 0x39, static_cast<uint8_t>(content.size())};
        append(message, content);
        return hex(w.eim.server.esipa(message, w.now).value_or(OwnedBytes{}));
    };
    CHECK(initiate(kSmdpAddress) == "BF3903810134"); // invalidEimTransactionId
    const std::string id =
        w.eim.download(d.identity.eid, w.smdp.order(iccid_text(1), "001010000000001", w.now));
    while (w.eim.operation(id).state == eim::State::queued) REQUIRE(w.step(d));
    CHECK(initiate("other.test") == "BF3903810134");
    CHECK(initiate(kSmdpAddress).starts_with("BF3982")); // the order is out
}
