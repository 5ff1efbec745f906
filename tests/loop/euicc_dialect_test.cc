// A card built to another edition of SGP.32 than v1.2: what differs in its commands, in what it signs, and in
// what it does not have. Octets by hand from the tag tables of v1.0 and v1.2.
#include "tests/loop/hand.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::loop;
using rsp::Edition;

namespace {
struct OldBench : Bench {
    explicit OldBench(Edition edition = Edition::v1_0) { card.identity.edition = edition; }
    std::string run(std::string_view command) { return hex(es10(*from_hex(command))); }
    std::string results(std::initializer_list<Bytes> operations) {
        return read_answer(es10(eim.package(psmo(operations)))).results;
    }
    std::string eco_results(std::initializer_list<Bytes> operations) {
        return read_answer(es10(eim.package(eco(operations)))).results;
    }
    // A result of v1.0: signed with the signature of its request behind the data. SGP.32 v1.0 §2.11.2.1
    bool signed_over_request(const PackageAnswer& a, Bytes request) const {
        return crypto::verify(card_key(), {a.signed_part, whole_part(request, 1)}, a.signature).has_value();
    }
    bool signed_over_token(const PackageAnswer& a) const {
        return crypto::verify(card_key(), {a.signed_part, integer(0x84, eim.token.value_or(0))}, a.signature)
            .has_value();
    }
};
// addEim of an eIM whose id is an FQDN: 80 "f", 82 fqdn, 83 counter, A5 key
OwnedBytes add_fqdn(const Bench& b, Bytes last = {}) {
    return tlv(0xA8,
               {*from_hex("800166"),
                *from_hex("820102"),
                integer(0x83, 5),
                whole_part(b.eim.configuration(), 2),
                last});
}
} // namespace

TEST_CASE("when the card is of v1.0, results, errors and the undoing are signed over the eIM's signature") {
    OldBench b;
    const Iccid second = b.add_profile(1);
    const OwnedBytes package = b.eim.package(psmo({enable(second, true)}));
    const auto result = read_answer(b.es10(package));
    REQUIRE(result.tag == 0xA0);
    CHECK(result.results == "830100");
    CHECK(b.signed_over_request(result, package));
    CHECK_FALSE(b.signed_over_token(result));

    const auto error = read_answer(b.es10(package)); // again: replayError
    REQUIRE(error.tag == 0xA1);
    CHECK(error.code == 4);
    CHECK(b.signed_over_request(error, package));
    CHECK_FALSE(b.signed_over_token(error));

    // Power goes in between: the signature that the undoing needs is part of the state.
    b.card.card = *euicc::Card::open(b.card.identity, b.card.memory, b.world.random);
    const OwnedBytes undone = b.es10(*from_hex("BF58038001FF")); // ProfileRollback with refreshFlag
    REQUIRE(hex(undone).starts_with("BF58"));
    CHECK(hex(whole_part(undone, 0)) == "020100");
    const auto rolled_back = read_answer(whole_part(undone, 1));
    CHECK(rolled_back.results == "8C0100");
    CHECK(b.signed_over_request(rolled_back, package));
}

TEST_CASE("when the card is of v1.1 or later, the token is signed, not the eIM's signature") {
    for (const Edition edition : {Edition::v1_1, Edition::v1_2, Edition::v1_3}) {
        OldBench b(edition);
        const OwnedBytes package = b.eim.package(psmo({kListProfiles}));
        const auto result = read_answer(b.es10(package));
        CHECK(b.signed_over_token(result));
        CHECK_FALSE(b.signed_over_request(result, package));
    }
}

TEST_CASE("when a v1.0 card lists its eIMs, the type stands under 84; from v1.1 on under 82") {
    // AB { A0 { 30 { 80 "e" }, 30 { 80 "f", type fqdn } } }
    const std::pair<Edition, std::string> expected[] = {{Edition::v1_0,
                                                         "AB0FA00D3003800165"
                                                         "3006800166840102"},
                                                        {Edition::v1_1,
                                                         "AB0FA00D3003800165"
                                                         "3006800166820102"},
                                                        {Edition::v1_3,
                                                         "AB0FA00D3003800165"
                                                         "3006800166820102"}};
    for (const auto& [edition, octets] : expected) {
        OldBench b(edition);
        CHECK(b.eco_results({add_fqdn(b)}) == "A803020100");
        CHECK(b.eco_results({*from_hex("AB00")}) == octets);
    }
}

TEST_CASE("when a package orders what v1.0 lacks, a v1.0 card ends it as an unknown command") {
    const Iccid second = iccid(iccid_text(1));
    const OwnedBytes later[] = {set_fallback(second),           // A8, v1.1
                                *from_hex("A900"),              // unsetFallbackAttribute, v1.1
                                *from_hex("BF65058003612E62")}; // setDefaultDpAddress, v1.1
    for (const OwnedBytes& operation : later) {
        OldBench b;
        b.add_profile(1, kFallbackAllowed);
        CHECK(b.results({kGetRat, operation, kGetRat}) == "A600020102");
        CHECK(b.state().default_smdp.empty());
    }
    OldBench b;
    b.add_profile(1, kFallbackAllowed);
    CHECK(b.results({*from_hex("A7028000")}) == "870100"); // configureAutoEnable is of v1.0
    CHECK(b.state().immediate_enable.flag);
    OldBench newer(Edition::v1_1);
    newer.add_profile(1, kFallbackAllowed);
    CHECK(newer.results({later[0], later[1], later[2]}) == "8D0100"
                                                           "8E0100"
                                                           "BF6503800100");
}

TEST_CASE("when a code came with a later edition, a v1.0 card says undefinedError") {
    OldBench b;
    const Iccid second = b.add_profile(1), third = b.add_profile(2, kPpr2);
    CHECK(b.results({disable(b.bootstrap())}) == "840100");
    CHECK(b.results({enable(second, true)}) == "83017F"); // rollbackNotAvailable, 20 in v1.1
    CHECK(b.results({remove(third)}) == "85017F");        // disallowedByPolicy, 3 in v1.1
    CHECK(b.results({enable(iccid(iccid_text(9)))}) == "830101");
    CHECK(b.results({remove(iccid(iccid_text(9)))}) == "850101");
    CHECK(b.eco_results({add_fqdn(b)}) == "A803020100");
    CHECK(b.eco_results({add_fqdn(b)}) == "A80302017F"); // associatedEimAlreadyExists, 2 in v1.1
    OldBench newer(Edition::v1_1);
    const Iccid other = newer.add_profile(1);
    CHECK(newer.results({disable(newer.bootstrap())}) == "840100");
    CHECK(newer.results({enable(other, true)}) == "830114");
}

TEST_CASE("when the eIM is unknown or the package is none, the unsigned error is of the card's edition") {
    for (const auto& [edition, octets] : {std::pair{Edition::v1_0, "BF5105A203800178"},
                                          std::pair{Edition::v1_2, "BF510BA209800178820401020304"}}) {
        OldBench b(edition);
        b.eim.id = "x";
        CHECK(hex(b.es10(b.eim.package(psmo({kListProfiles})))) == octets);
    }
}

TEST_CASE("functions that came with v1.1 do not exist on a v1.0 card: 6A88") {
    OldBench b, newer(Edition::v1_1);
    const char* later[] = {"BF5B038001FF",
                           "BF5C038001FF",
                           "BF5D038001FF",
                           "BF5E038001FF",
                           "BF5F00",
                           "BF420480020780",
                           "BF640482020284",
                           "BF6503800161"};
    for (const char* command : later) {
        CAPTURE(command);
        const auto answer = b.card.card->isdr().handle(*from_hex(command));
        REQUIRE_FALSE(answer);
        CHECK(answer.error().code == Errc::not_found);
        CHECK(newer.card.card->isdr().handle(*from_hex(command)));
    }
    // SELECT of the ISD-R, then STORE DATA with GetConnectivityParameters. E1 came with BF42, IpaeActivation.
    CHECK(apdu(b, "00A4040010A0000005591010FFFFFFFF8900000100").starts_with("61"));
    CHECK(apdu(b, "80E2910003BF5F00") == "6A88");
}

TEST_CASE("the memory reset of v1.0 is BF34 with bits of its own") {
    OldBench b;
    // 82 bits: resetEimConfigData is bit 3 (deletePreLoadedTestProfiles in v1.1), resetAutoEnableConfig bit 4
    CHECK(b.results({*from_hex("A7028000")}) == "870100");
    CHECK(b.run("BF340482020308") == "BF3406020101"
                                     "820100"); // bit 4: nothingToDelete, reset of it ok
    CHECK_FALSE(b.state().immediate_enable.flag);
    CHECK(b.state().eims.size() == 1);
    CHECK(b.run("BF340482020410") == "BF3406020101"
                                     "810100"); // bit 3
    CHECK(b.state().eims.empty());
    CHECK(b.run("BF340482020410") == "BF3406020101"
                                     "810101");       // nothing left
    b.add_profile(1, *from_hex("950102"));            // operational
    CHECK(b.run("BF340482020780") == "BF3403020100"); // bit 0
    CHECK(b.state().profiles.size() == 1);            // the bootstrap profile, of class provisioning
}

TEST_CASE("EnableUsingDD of v1.0 has no refreshFlag, and enables what was just installed") {
    OldBench b;
    CHECK(b.run("BF5A00") == "BF5A03800101"); // autoEnableNotAvailable
    CHECK(b.results({*from_hex("A7028000")}) == "870100");
    CHECK(b.run("BF5A00") == "BF5A03800104"); // noSessionContext
    REQUIRE(install(b, 7).success);
    CHECK(b.run("BF5A00") == "BF5A03800100");
    CHECK(b.enabled_iccid() == iccid_text(7));
    OldBench newer(Edition::v1_1);
    CHECK_FALSE(newer.card.card->isdr().handle(*from_hex("BF5A00")));
    CHECK(newer.run("BF5A038001FF") == "BF5A03800101");
}

TEST_CASE("EUICCInfo2 names the edition; marks of later editions are not in an older one") {
    const auto iot = [](Edition edition) {
        OldBench b(edition);
        const OwnedBytes info = b.es10(*from_hex("BF2200"));
        Bytes rest = asn1::read_tlv(info)->content;
        for (std::string found;; rest = asn1::read_tlv(rest)->rest)
            if (const auto tlv = asn1::read_tlv(rest); tlv->tag == 0xB4) return hex(tlv->whole);
    };
    // B4 { A0 { 04 version }, 81 ecallSupported, 82 fallbackSupported }
    CHECK(iot(Edition::v1_0) == "B407A0050403010001");
    CHECK(iot(Edition::v1_1) == "B40BA005040301010081008200");
    CHECK(iot(Edition::v1_2) == "B40BA005040301020081008200");
    CHECK(iot(Edition::v1_3) == "B40BA005040301030081008200");
}

TEST_CASE("when a list cannot be read, AddInitialEim says commandError, in v1.0 undefinedError") {
    for (const auto& [edition, octets] :
         {std::pair{Edition::v1_0, "BF570381017F"}, std::pair{Edition::v1_2, "BF5703810107"}}) {
        OldBench b(edition);
        CHECK(b.eco_results({*from_hex("A903800165")}) == "890102"); // the last eIM
        CHECK(b.run("BF5707A0053003800165") == octets);
    }
}

TEST_CASE("a v1.0 card does not know indirectProfileDownload, and cannot be asked for one eIM") {
    OldBench b;
    CHECK(b.eco_results({add_fqdn(b, *from_hex("8900"))}) == "A803020100");
    const OwnedBytes all = b.es10(*from_hex("BF5500"));
    CHECK(hex(all).find("8900") == std::string::npos);
    CHECK(hex(b.es10(*from_hex("BF5505A003800165"))) == hex(all));   // the criteria are passed over
    CHECK(b.eco_results({*from_hex("AA058001668900")}) == "8A0107"); // nothing that v1.0 could update
}

TEST_CASE("what v1.1 added to metadata means nothing to a v1.0 card") {
    OldBench b;
    const Iccid second = b.add_profile(1, joined({kEmergency, kFallbackAllowed}));
    // The same default list but for 9F7B, 9F26 and 9F67; asked for by name they are unknown.
    CHECK(hex(b.es10(kListProfiles)).find("9F7B") == std::string::npos);
    CHECK(hex(b.es10(*from_hex("BF2D075C055A9F7B9F67"))).find("9F67") == std::string::npos);
    CHECK(b.results({enable(second)}) == "830100");
    OldBench newer(Edition::v1_1);
    const Iccid other = newer.add_profile(1, joined({kEmergency, kFallbackAllowed}));
    CHECK(hex(newer.es10(kListProfiles)).find("9F7B01FF9F6701FF") != std::string::npos);
    CHECK(newer.results({enable(other)}) == "830103"); // disallowedByPolicy
}

TEST_CASE(
    "what v1.3 adds: a reason in the unsigned error, a code for no emergency profile, a field kept of eIMs") {
    OldBench b(Edition::v1_3), before(Edition::v1_2);
    // No list of operations. A2 { 80 "e", 8F undefinedError }
    const OwnedBytes nothing = b.eim.sign(b.eim.to_sign({}));
    CHECK(hex(b.es10(nothing)) == "BF5108A2068001658F017F");
    CHECK(hex(before.es10(nothing)) == "BF5105A203800165");
    CHECK(b.run("BF5C038001FF") == "BF5C03800108"); // ecallNotAvailable
    CHECK(before.run("BF5C038001FF") == "BF5C03800102");
    b.add_profile(1, kEmergency);
    CHECK(b.run("BF5C038001FF") == "BF5C03800102"); // profileNotInEnabledState
    // AA eSipaProprietaryProtocolInformation { 30 { 80 vendorOid, A1 { 04 01 } } }
    const OwnedBytes extension = *from_hex("AA0C300A"
                                           "80032A0304"
                                           "A1030401"
                                           "00");
    CHECK(b.eco_results({add_fqdn(b, extension)}) == "A803020100");
    CHECK(before.eco_results({add_fqdn(before, extension)}) == "A803020100");
    CHECK(hex(b.es10(*from_hex("BF5505A003800166"))).find(hex(extension)) != std::string::npos);
    CHECK(hex(before.es10(*from_hex("BF5505A003800166"))).find(hex(extension)) == std::string::npos);
}
