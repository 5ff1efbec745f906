// Who may order what: the acceptance of eUICC packages by the card. SGP.32 §2.11.1, §5.9.1
#include "tests/loop/hand.h"
#include <cstdio>
#include <cstdlib>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <unistd.h>

using namespace halyard;
using namespace halyard::loop;

namespace {
// Everything but a verified package leaves the card as it was: state, and what is on its disk.
struct Unchanged {
    Bench& bench;
    OwnedBytes state = bench.state_octets();
    euicc::CardContent stored = bench.card.memory.content;
    bool holds() const { return bench.state_octets() == state && bench.card.memory.content == stored; }
};
unsigned error_of(const PackageAnswer& a) { return a.tag == 0xA1 ? a.code : 0; }
} // namespace

TEST_CASE("when an eIM and a package are put together from octets of the tag tables, the card takes them") {
    World world(3);
    Device& d = world.add_device();
    d.identity.eid = *eid_from_text("89049032123451234512345678901235");
    // RFC 6979 §A.2.5: a published key, its point in a SubjectPublicKeyInfo whose SEQUENCE became A0.
    const auto key = *crypto::PrivateKey::from_scalar(
        crypto::Curve::p256, *from_hex("C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721"));
    const char* initial = "BF576A"
                          "A068"
                          "3066"
                          "800165" // eimId "e"
                          "830105" // counterValue 5
                          "8401FF" // associationToken -1
                          "A55BA059301306072A8648CE3D020106082A8648CE3D030107034200"
                          "0460FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"
                          "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299";
    CHECK(hex(d.es10(*from_hex(initial))) == "BF5705A003840101"); // token 1
    // Everything but the counter, and the token that was drawn
    CHECK(hex(d.es10(*from_hex("BF5500"))).starts_with("BF5567A0653063800165840101A55BA0593013"));

    // listEim with counter 200, as printed in the codec reference; signed with the token 84 01 01 behind it.
    const OwnedBytes tbs = *from_hex("301D8001655A1089049032123451234512345678901235810200C8A102AB00");
    const auto signature = *crypto::sign(key, {tbs, *from_hex("840101")});
    const OwnedBytes package = joined({*from_hex("BF5162"), tbs, *from_hex("5F3740"), signature});
    const OwnedBytes answer = d.es10(package);
    // A0 { 30 { 80 "e", 81 200, 83 number 0, 30 { AB { A0 { 30 { 80 "e" } } } } }, 5F37 }
    CHECK(hex(answer).starts_with("BF515CA05A3015800165810200C88301003009AB07A00530038001655F3740"));
    CHECK(d.card->isdr().state().eims.front().counter == 200);
    // The same octets again: their counter is spent. A1 { 30 { 80 "e", 81 200, 02 replayError }, 5F37 }
    CHECK(hex(d.es10(package)).starts_with("BF5151A14F300A800165810200C80201045F3740"));
}

TEST_CASE("when the card signs a result, the openssl program verifies it over the octets and the token") {
    std::string dir = (std::filesystem::temp_directory_path() / "halyard-euicc-XXXXXX").string();
    REQUIRE(::mkdtemp(dir.data()));
    const auto write = [&](const char* name, Bytes content) {
        std::ofstream(std::filesystem::path(dir) / name, std::ios::binary) << text_of(content);
    };
    for (const auto curve : {crypto::Curve::p256, crypto::Curve::brainpool256}) {
        for (const bool with_token : {false, true}) {
            Bench b(curve, with_token ? *from_hex("8401FF") : OwnedBytes{});
            const auto answer = b.order({kListProfiles});
            REQUIRE(answer.tag == 0xA0);
            // r and s as the program wants them: two DER INTEGERs, a 00 in front where the top bit is set
            const auto number = [](Bytes n) {
                while (n.size() > 1 && n[0] == 0) n = n.subspan(1);
                return tlv(0x02, {n[0] & 0x80 ? OwnedBytes{0} : OwnedBytes{}, n});
            };
            const Bytes raw = answer.signature;
            write("card.der", b.card.identity.keys.front().euicc_certificate);
            write("signature", tlv(0x30, {number(raw.first(32)), number(raw.subspan(32))}));
            write("right", joined({answer.signed_part, *from_hex(with_token ? "840101" : "840100")}));
            write("wrong", joined({answer.signed_part, *from_hex(with_token ? "840100" : "840101")}));
            write("bare", answer.signed_part);
            const auto run = [&](const std::string& command) {
                return std::system(("cd " + dir + " && { " + command + "; } > log 2>&1").c_str()) == 0;
            };
            CHECK(run("openssl x509 -inform DER -in card.der -pubkey -noout > key.pem"));
            CHECK(run("openssl dgst -sha256 -verify key.pem -signature signature right"));
            CHECK_FALSE(run("openssl dgst -sha256 -verify key.pem -signature signature wrong"));
            CHECK_FALSE(run("openssl dgst -sha256 -verify key.pem -signature signature bare"));
        }
    }
    std::filesystem::remove_all(dir);
}

static void flip_every_bit(Bench& b, const OwnedBytes& package) {
    const Unchanged before{b};
    size_t refused = 0;
    for (size_t bit = 0; bit < package.size() * 8; ++bit) {
        const OwnedBytes answer = b.es10(flipped(package, bit));
        const auto read = read_answer(answer);
        const bool held = (read.tag == 0 || read.tag == 0xA2) && before.holds();
        if (!held) {
            CAPTURE(bit);
            CHECK(held);
        }
        refused += held;
    }
    CHECK(refused == package.size() * 8);
    CHECK(b.send(package).tag == 0xA0); // none of them spoilt the real one
    CHECK_FALSE(before.holds());
}
TEST_CASE("when any single bit of a signed package of profile operations is flipped, nothing changes") {
    Bench b;
    const Iccid second = b.add_profile(1);
    flip_every_bit(b, b.eim.package(psmo({kListProfiles, enable(second, true)})));
    CHECK(b.enabled_iccid() == to_text(second));
}
TEST_CASE("when any single bit of a signed package of eIM operations is flipped, nothing changes") {
    for (const auto curve : {crypto::Curve::p256, crypto::Curve::brainpool256}) {
        Bench b(curve, *from_hex("8401FF"));
        HandEim other{.id = "second.example", .key = *crypto::PrivateKey::generate(curve, b.world.random)};
        OwnedBytes add = other.configuration();
        add[0] = 0xA8; // addEim
        flip_every_bit(b, b.eim.package(eco({add})));
        CHECK(b.state().eims.size() == 2);
    }
}

TEST_CASE("when a package is cut at any octet, nothing changes") {
    Bench b;
    const Iccid second = b.add_profile(1);
    const OwnedBytes package = b.eim.package(psmo({enable(second)}));
    const Unchanged before{b};
    for (size_t n = 0; n < package.size(); ++n) {
        CAPTURE(n);
        const auto answer = read_answer(b.es10(Bytes(package).first(n)));
        CHECK((answer.tag == 0 || answer.tag == 0xA2));
        CHECK(before.holds());
    }
    // The same with the outer length made to fit, so that what is inside is what ends early.
    const OwnedBytes content = owned(asn1::read_tlv(package)->content);
    for (size_t n = 0; n < content.size(); ++n) {
        CAPTURE(n);
        CHECK(read_answer(b.es10(tlv(0xBF51, {Bytes(content).first(n)}))).tag == 0xA2);
        CHECK(before.holds());
    }
    CHECK(b.send(package).tag == 0xA0);
}

TEST_CASE("when a package is sent again, or in another order, its counter refuses it") {
    Bench b;
    const OwnedBytes first = b.eim.package(psmo({kListProfiles}));
    const OwnedBytes second = b.eim.package(psmo({kListProfiles}));
    CHECK(b.send(second).tag == 0xA0);
    const Unchanged before{b};
    for (const OwnedBytes* old : {&first, &second, &first}) {
        const auto answer = b.send(*old);
        CHECK(error_of(answer) == 4); // replayError
        CHECK_FALSE(answer.sequence); // nothing to acknowledge
        CHECK(before.holds());
    }
    CHECK(b.order({kListProfiles}).tag == 0xA0);
}

TEST_CASE("counters: equal and lower are refused, gaps and the maximum accepted, more is out of range") {
    Bench b; // counter 5
    const auto with = [&](uint64_t counter) {
        return b.send(b.eim.sign(b.eim.to_sign(psmo({kListProfiles}), counter)));
    };
    CHECK(error_of(with(0)) == 4);
    CHECK(error_of(with(5)) == 4);
    CHECK(error_of(with(8'388'608)) == 6); // counterValueOutOfRange
    CHECK(error_of(with(1ull << 40)) == 6);
    CHECK(b.state().eims.front().counter == 5);
    CHECK(with(6).tag == 0xA0);
    CHECK(with(70'000).tag == 0xA0);
    CHECK(error_of(with(69'999)) == 4);
    CHECK(with(8'388'607).tag == 0xA0);
    CHECK(error_of(with(8'388'607)) == 4);
    CHECK(error_of(with(8'388'608)) == 6);
}

TEST_CASE("when a package is for another card, the error is signed and the counter stays") {
    Bench b;
    const Unchanged before{b};
    HandEim& eim = b.eim;
    eim.eid = *eid_from_text("89049032123451234512345678901235");
    const OwnedBytes foreign = eim.package(psmo({kListProfiles}));
    CHECK(error_of(b.send(foreign)) == 3); // invalidEid
    // The EID is judged before the counter: an old one for another card is still invalidEid.
    CHECK(error_of(b.send(eim.sign(eim.to_sign(psmo({kListProfiles}), 1)))) == 3);
    CHECK(before.holds());
}

TEST_CASE("when the eIM is unknown or the signature is another's, the error is unsigned") {
    Bench b(crypto::Curve::p256, *from_hex("8401FF"));
    const Unchanged before{b};
    HandEim stranger{.id = "nobody",
                     .key = *crypto::PrivateKey::generate(crypto::Curve::p256, b.world.random),
                     .eid = b.eim.eid};
    // A2 { 80 eimId, 82 eimTransactionId }: no token, for it may belong to nobody
    CHECK(hex(b.es10(stranger.package(psmo({kListProfiles})))) == "BF5110A20E80066E6F626F6479820401020304");
    stranger.id = "e";
    stranger.token = b.eim.token;
    // A2 { 80, 82, 84 token }
    const std::string with_token = "BF510EA20C800165820401020304840101";
    CHECK(hex(b.es10(stranger.package(psmo({kListProfiles})))) == with_token);
    // The right key without the token, or with another one
    HandEim& eim = b.eim;
    for (const auto token :
         {std::optional<int64_t>{}, std::optional<int64_t>{2}, std::optional<int64_t>{-1}}) {
        const auto right = eim.token;
        eim.token = token;
        CHECK(hex(b.es10(eim.package(psmo({kListProfiles})))) == with_token);
        eim.token = right;
    }
    CHECK(before.holds());
    CHECK(b.order({kListProfiles}).tag == 0xA0);
}

TEST_CASE("when no token is configured, 84 01 00 is signed, never nothing") {
    Bench b;
    const OwnedBytes tbs = b.eim.to_sign(psmo({kListProfiles}));
    const auto bare = *crypto::sign(b.eim.key, {tbs});
    CHECK(read_answer(b.es10(tlv(0xBF51, {tbs, tlv(0x5F37, {bare})}))).tag == 0xA2);
    const auto right = *crypto::sign(b.eim.key, {tbs, *from_hex("840100")});
    CHECK(b.send(tlv(0xBF51, {tbs, tlv(0x5F37, {right})})).tag == 0xA0);
}

TEST_CASE("when an eIM signs in DER form, the package is taken; behind the signature there may be more") {
    Bench b;
    const OwnedBytes tbs = b.eim.to_sign(psmo({kListProfiles}));
    const auto der = *crypto::sign_der(b.eim.key, joined({tbs, *from_hex("840100")}));
    CHECK(b.send(tlv(0xBF51, {tbs, tlv(0x5F37, {der})})).tag == 0xA0);
    // EXTENSIBILITY IMPLIED
    const OwnedBytes later = b.eim.package(psmo({kListProfiles}));
    CHECK(b.send(tlv(0xBF51, {asn1::read_tlv(later)->content, *from_hex("9F7F0100")})).tag == 0xA0);
}

TEST_CASE("when a package holds no list, two lists or its fields in another order, it is undecodable") {
    Bench b;
    const OwnedBytes id = *from_hex("800165"), eid = tlv(0x5A, {b.eim.eid}), counter = *from_hex("810109");
    const OwnedBytes one = psmo({kListProfiles}), two = eco({*from_hex("AB00")});
    const Unchanged before{b};
    for (const OwnedBytes& tbs : {joined({id, eid, counter}),
                                  joined({id, eid, counter, one, two}),
                                  joined({id, counter, eid, one}),
                                  joined({eid, id, counter, one}),
                                  joined({id, eid, one}),
                                  joined({id, eid, counter, counter, one}),
                                  joined({*from_hex("8000"), eid, counter, one}),
                                  joined({id, *from_hex("5A0189"), counter, one})})
        CHECK(read_answer(b.es10(b.eim.sign(tlv(0x30, {tbs})))).tag == 0xA2);
    CHECK(before.holds());
}

TEST_CASE("when a package is longer than the card takes, sizeOverflow; the emergency profile, ecallActive") {
    Bench b;
    b.card.identity.max_package = 400;
    OwnedBytes long_list;
    for (int i = 0; i < 120; ++i) append(long_list, kListProfiles);
    const Unchanged before{b};
    CHECK(error_of(b.send(b.eim.package(psmo({long_list})))) == 15);
    CHECK(before.holds());
    // An emergency profile: ecallIndication 9F7B
    b.add_profile(5, *from_hex("9F7B01FF"));
    CHECK(hex(b.es10(*from_hex("BF5B038001FF"))) == "BF5B03800100");
    const OwnedBytes held = b.eim.package(psmo({kListProfiles}));
    CHECK(error_of(b.send(held)) == 104);
    CHECK(hex(b.es10(*from_hex("BF5C038001FF"))) == "BF5C03800100");
    CHECK(b.send(held).tag == 0xA0); // its counter was not spent
}

TEST_CASE("when storing a package's outcome fails, the package never happened and can be sent again") {
    for (const bool fails : {true, false}) {
        Bench b;
        const Iccid second = b.add_profile(1);
        const OwnedBytes package = b.eim.package(psmo({enable(second, true)}));
        const Unchanged before{b};
        b.card.memory.fail_after = fails ? 0 : 1;
        const auto answer = b.card.card->isdr().handle(package);
        CHECK(answer.has_value() != fails);
        CHECK(before.holds() == fails);
        b.card.memory.fail_after = -1;
        if (fails) CHECK(b.send(package).tag == 0xA0);
        CHECK(b.enabled_iccid() == to_text(second));
        CHECK(b.state().results.size() == 1);
        // What is on the disk is what the card says.
        auto again = euicc::Isdr::open(b.card.identity, b.card.memory, b.world.random);
        REQUIRE(again);
        CHECK(*euicc::encode_state(again->state()) == b.state_octets());
    }
}
