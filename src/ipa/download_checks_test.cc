#include "ipa/download_checks.h"
#include "ipa/steps.h"
#include "ipa/testing.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::ipa;
using namespace halyard::ipa::testing;

TEST_CASE("when server names are compared, case does not matter and a port only if both have one") {
    CHECK(same_server("smdp.example", "SMDP.Example"));
    CHECK(same_server("smdp.example:8443", "smdp.example"));
    CHECK(same_server("smdp.example", "smdp.example:443"));
    CHECK_FALSE(same_server("smdp.example:1", "smdp.example:2"));
    CHECK_FALSE(same_server("smdp.example", "smdp.example.evil"));
    CHECK_FALSE(same_server("smdp.example", "smdp"));
    CHECK_FALSE(same_server("", ""));
    CHECK(same_server("[2001:db8::1]:443", "[2001:DB8::1]"));
}

TEST_CASE("when an activation code is read, its parts are found") {
    const auto code = parse_activation_code("LPA:1$smdp.example$MATCH-1$1.3.6.1.4.1$1");
    REQUIRE(code);
    CHECK(code->address == "smdp.example");
    CHECK(code->matching_id == "MATCH-1");
    CHECK(code->oid == "1.3.6.1.4.1");
    CHECK(code->confirmation_code);
    const auto plain = parse_activation_code("1$smdp.example$");
    REQUIRE(plain);
    CHECK(plain->matching_id.empty());
    CHECK_FALSE(plain->confirmation_code);
    CHECK(parse_activation_code("1$smdp.example$X$$1")->confirmation_code);
}

TEST_CASE("when the activation code names an OID, the certificate must carry it as registeredID") {
    // TBSCertificate: serial, then A3 {30 {30 {06 551D11, 04 {30 {88 2B0601 , 82 "x"}}}}}; signature parts
    // left out
    const OwnedBytes names = tlv(0x30, {h("88032B0601"), h("820178")});
    const OwnedBytes other = tlv(0x30, {h("0603551D0F"), h("040403020780")});
    const OwnedBytes extension = tlv(0x30, {h("0603551D11"), tlv(0x04, {names})});
    const OwnedBytes content =
        tlv(0x30, {h("A003020102"), h("020101"), tlv(0xA3, {tlv(0x30, {other, extension})})});
    const rsp::Raw certificate{.content = content};
    CHECK(certificate_names(certificate, "1.3.6.1"));
    CHECK_FALSE(certificate_names(certificate, "1.3.6.2"));
    CHECK_FALSE(certificate_names(certificate, "nonsense"));
    CHECK_FALSE(certificate_names(rsp::Raw{}, "1.3.6.1"));
    for (size_t size = 0; size < content.size(); ++size)
        CHECK_FALSE(certificate_names(rsp::Raw{.content = Bytes(content).first(size)}, "1.3.6.1"));
}

TEST_CASE("when a profile carries policy rules, the first matching entry of the RAT decides") {
    // profileOwner B7 {80 mccMnc, 81 gid1}; PPR1 is bit 1: 99 02 06 40
    const OwnedBytes owned_by = metadata("P",
                                         "B70A800321F354810300AA01"
                                         "99020640");
    const auto profile = asn1::decode<rsp::StoreMetadataRequest>(Bytes(owned_by));
    REQUIRE(profile);
    const auto rat = [](const char* ppr, const char* operators, const char* flags) {
        return tlv(0xBF43, {tlv(0xA0, {tlv(0x30, {h(ppr), tlv(0xA1, {h(operators)}), h(flags)})})});
    };
    struct Row {
        const char* ppr;
        const char* operators;
        const char* flags;
        bool without_consent;
        bool with_consent;
    };
    const Row rows[] = {
        {"80020640", "30058003EEEEEE", "82020700", true, true},   // anybody
        {"80020640", "3005800321F354", "82020700", true, true},   // this operator
        {"80020640", "3005800321F3E4", "82020700", true, true},   // one digit free
        {"80020640", "3005800321F355", "82020700", false, false}, // another
        {"80020640", "3005800321F354", "82020780", false, true},  // with consent
        {"80020520", "30058003EEEEEE", "82020700", false, false}, // another rule
        {"80020640", "300A800321F354810300AA01", "82020700", true, true},
        {"80020640", "300A800321F354810300AA02", "82020700", false, false},
    };
    for (const Row& row : rows) {
        CAPTURE(row.operators);
        const OwnedBytes table = rat(row.ppr, row.operators, row.flags);
        CHECK(rules_allowed(*profile, table, false).value() == row.without_consent);
        CHECK(rules_allowed(*profile, table, true).value() == row.with_consent);
    }
    CHECK_FALSE(rules_allowed(*profile, h("BF4302A000"), true).value());
    CHECK_FALSE(rules_allowed(*profile, h("BF43"), true));
}

TEST_CASE("when the bound metadata differs from the announced, it is seen") {
    const OwnedBytes announced_der = metadata("Profile");
    const auto announced = asn1::decode<rsp::StoreMetadataRequest>(Bytes(announced_der));
    REQUIRE(announced);
    std::array<uint8_t, 512> scratch{};
    const auto verdict = [&](const OwnedBytes& bound) {
        const OwnedBytes der = bound_package("0A0B0C0D", bound);
        const auto package = asn1::decode<rsp::BoundProfilePackage>(Bytes(der));
        REQUIRE(package);
        return same_metadata(*announced, *package, scratch);
    };
    CHECK(verdict(metadata("Profile")));
    CHECK(verdict(metadata("Profile", "950102"))); // the default, spelt out
    CHECK_FALSE(verdict(metadata("Another")));
    CHECK_FALSE(verdict(metadata("Profile", "99020640")));
    CHECK_FALSE(verdict(h("BF2500")));
    CHECK_FALSE(verdict(OwnedBytes(600, 0)));
}
