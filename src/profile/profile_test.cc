#include "profile/image.h"
#include <cstdlib>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <iterator>

using namespace halyard;
using namespace halyard::profile;

namespace {
// GSMA TS.48 test profiles, when they lie beside the project.
std::vector<std::pair<std::string, OwnedBytes>> ts48() {
    std::vector<std::pair<std::string, OwnedBytes>> out;
    const char* shared = std::getenv("HALYARD_SHARED");
    const std::filesystem::path dir = std::filesystem::path(shared ? shared : "../shared") / "data/ts48-v7";
    for (const char* name : {"NoBERTLV.der", "BERTLV_SUCI.der", "NoBERTLV_NoRAMRFM.der"}) {
        std::ifstream in(dir / name, std::ios::binary);
        if (!in) {
            MESSAGE("SKIPPED: no " << (dir / name).string());
            continue;
        }
        out.emplace_back(name, OwnedBytes(std::istreambuf_iterator<char>(in), {}));
    }
    return out;
}
SampleParameters sample() {
    return {.iccid = *iccid_from_text("89880000000000000017"), .imsi = "001010000000017"};
}
} // namespace

TEST_CASE("when TS.48 profiles are decoded and encoded again, every element is the same octet for octet") {
    for (const auto& [name, package] : ts48()) {
        INFO(name);
        const auto elements = parse(package);
        REQUIRE_MESSAGE(elements, (elements ? "" : elements.error().where));
        size_t total = 0;
        for (const Element& e : *elements) {
            INFO(e.name);
            CHECK(e.known);
            const auto again = reencode(e);
            REQUIRE(again);
            CHECK(same(*again, e.der));
            total += e.der.size();
        }
        CHECK(total == package.size());
    }
}

TEST_CASE("when a template element has a member with tag 00, it is refused where it stands") {
    const auto whole = sample_operational(sample());
    REQUIRE(whole);
    const auto elements = parse(whole->reveal());
    REQUIRE(elements);
    // BA { A0 { mandated, identification 16 }, templateID 2.23.143.1.2.11, 00 { FCP } }: 7 + 8 in front
    const OwnedBytes odd =
        *from_hex("BA28 A0058000810110 810667810F01020B 0017 A11582024121 83026F4F 8B036F0606 "
                  "800102 A503C00140");
    OwnedBytes package = owned(elements->front().der);
    const size_t at = package.size() + 2 + 7 + 8;
    append(package, odd);
    append(package, elements->back().der);
    const auto refused = parse(package);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::bad_tag);
    CHECK(refused.error().offset == at);
}

TEST_CASE("when a TS.48 profile is looked at, its published facts appear") {
    for (const auto& [name, package] : ts48()) {
        INFO(name);
        const auto f = facts(package);
        REQUIRE(f);
        CHECK(to_text(f->iccid) == "89000123456789012341");
        CHECK(f->imsi == "001010123456789");
        CHECK(f->type == "GSMA Generic eUICC Test Profile");
        CHECK(hex(f->mcc_mnc) == "00F110");
    }
}

TEST_CASE("when a TS.48 profile is installed, its files are there") {
    for (const auto& [name, package] : ts48()) {
        INFO(name);
        const auto image = install(package);
        REQUIRE_MESSAGE(image, (image ? 0u : image.error().detail));
        const Node* iccid = image->find({0x2FE2});
        REQUIRE(iccid);
        CHECK(hex(iccid->content) == "98001032547698103214");
        const uint8_t usim[] = {0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02};
        const auto adf = image->application(usim);
        REQUIRE(adf);
        const auto imsi = image->child(*adf, 0x6F07);
        REQUIRE(imsi);
        CHECK(hex(image->nodes[*imsi].content) == "080910101032547698");
        CHECK(image->pins.size() >= 4);
        CHECK(image->akas.size() >= 1);
    }
}

TEST_CASE("when samples are made, they parse, install and show what was asked for") {
    for (const auto make : {sample_operational, sample_bootstrap}) {
        const auto package = make(sample());
        REQUIRE_MESSAGE(package, (package ? "" : package.error().where));
        const auto f = facts(package->reveal());
        REQUIRE_MESSAGE(f, (f ? "" : f.error().where));
        CHECK(to_text(f->iccid) == "89880000000000000017");
        CHECK(f->imsi == "001010000000017");
        CHECK(f->service_provider == "Halyard");
        const auto image = install(package->reveal());
        REQUIRE_MESSAGE(image, (image ? 0u : image.error().detail));
        CHECK(hex(image->find({0x2FE2})->content) == "98880000000000000071");
        CHECK(image->find({0x2F06})->records() == 14);
        const auto adf = image->application(*from_hex("A0000000871002"));
        REQUIRE(adf);
        CHECK(imsi_from_ef(image->nodes[*image->child(*adf, 0x6F07)].content) == "001010000000017");
    }
}

TEST_CASE("when an IMSI is coded, parity and nibbles are those of 3GPP TS 31.102") {
    CHECK(hex(*imsi_to_ef("001010123456789")) == "080910101032547698");
    CHECK(hex(*imsi_to_ef("00101012345678")) == "0801101010325476F8");
    CHECK(imsi_from_ef(*from_hex("0801101010325476F8")) == "00101012345678");
    CHECK(imsi_to_ef("12345").error().code == Errc::bad_length);
    CHECK(imsi_to_ef("00101012345678A").error().offset == 14);
}

TEST_CASE("when a package is cut at any octet, it is refused") {
    const auto package = sample_operational(sample());
    REQUIRE(package);
    const Bytes whole = package->reveal();
    for (size_t n = 0; n < whole.size(); ++n) {
        CHECK_FALSE(parse(whole.first(n)));
        CHECK_FALSE(install(whole.first(n)));
    }
    for (const auto& [name, real] : ts48())
        for (size_t n = 0; n < real.size(); n += 7) CHECK_FALSE(parse(Bytes(real).first(n)));
}

TEST_CASE("when a package arrives in pieces of any size, the image is the same") {
    const auto package = sample_operational(sample());
    const auto whole = install(package->reveal());
    REQUIRE(whole);
    for (size_t piece : {1, 7, 254, 1007}) {
        Installer installer({});
        Bytes rest = package->reveal();
        while (!rest.empty()) {
            const size_t n = std::min(piece, rest.size());
            REQUIRE(installer.feed(rest.first(n)));
            rest = rest.subspan(n);
        }
        CHECK(installer.complete());
        CHECK(installer.image().nodes.size() == whole->nodes.size());
        CHECK(installer.image().memory() == whole->memory());
        CHECK(hex(*installer.response()) == "3007A0053003800100");
    }
}

TEST_CASE("when a bit is flipped anywhere, nothing crashes") {
    const auto package = sample_operational(sample());
    OwnedBytes bytes = owned(package->reveal());
    for (size_t bit = 0; bit < bytes.size() * 8; bit += 3) {
        bytes[bit / 8] = static_cast<uint8_t>(bytes[bit / 8] ^ 1 << bit % 8);
        (void)install(bytes);
        bytes[bit / 8] = static_cast<uint8_t>(bytes[bit / 8] ^ 1 << bit % 8);
    }
    CHECK(install(bytes));
}

TEST_CASE("when a subscriber's data are put in, only what was named changes") {
    std::vector<std::pair<std::string, OwnedBytes>> packages = ts48();
    packages.emplace_back("sample", owned(sample_operational(sample())->reveal()));
    for (const auto& [name, package] : packages) {
        INFO(name);
        Personal p;
        p.iccid = *iccid_from_text("89001012345678901230");
        p.imsi = "001015555555558";
        const std::array<uint8_t, 16> k = {1, 2, 3}, opc = {4, 5, 6};
        p.k = Secret<16>(k);
        p.opc = Secret<16>(opc);
        p.algorithm = AkaAlgorithm::milenage;
        p.pin1 = "4321";
        p.puk1 = "87654321";
        p.adm1 = "11223344";
        const auto personal = personalise(package, p);
        REQUIRE_MESSAGE(personal, (personal ? "" : personal.error().where));
        const auto f = facts(personal->reveal());
        REQUIRE(f);
        CHECK(to_text(f->iccid) == "89001012345678901230");
        CHECK(f->imsi == "001015555555558");
        const auto image = install(personal->reveal());
        REQUIRE(image);
        CHECK(hex(image->find({0x2FE2})->content) == "98000121436587092103");
        const auto before = *parse(package), after = *parse(personal->reveal());
        REQUIRE(before.size() == after.size());
        for (size_t i = 0; i < before.size(); ++i) {
            const std::string_view element = before[i].name;
            const bool touched = element == "header" || element == "mf" || element == "usim" ||
                                 element == "pinCodes" || element == "pukCodes" || element == "akaParameter";
            if (!touched) CHECK(same(before[i].der, after[i].der));
        }
        CHECK(same(personalise(package, {})->reveal(), package));
    }
}

TEST_CASE("when a package has no place for a value, the field is named") {
    const auto package = sample_operational(sample());
    Personal p;
    p.imsi = "12";
    CHECK(std::string(personalise(package->reveal(), p).error().where) == "imsi");
    p.imsi.reset();
    p.pin1 = "1";
    CHECK(std::string(personalise(package->reveal(), p).error().where) == "pin1");
}

TEST_CASE("when the platform lacks what the header demands, the PEStatus says so") {
    const auto package = sample_operational(sample());
    const auto status = [&](Platform p) {
        const auto image = install(package->reveal(), p);
        return image ? 0u : image.error().detail;
    };
    CHECK(status({}) == 0);
    CHECK(status({.services = {"usim"}}) == 10);
    CHECK(status({.max_major_version = 1}) == 31);
    CHECK(status({.memory = 1000}) == 4);
}

TEST_CASE("when an element is unknown, it is skipped; when it is mandated, the installation ends") {
    const auto package = sample_operational(sample());
    // BF2F, a tag of no edition: A0 header with identification 99.
    const OwnedBytes optional = *from_hex("BF2F05A003810163"), mandated = *from_hex("BF2F07A0058000810163");
    const auto with = [&](const OwnedBytes& extra) {
        const auto elements = *parse(package->reveal());
        OwnedBytes all;
        for (const Element& e : elements) {
            if (e.tag == 0xAA) append(all, extra);
            append(all, e.der);
        }
        return all;
    };
    Installer skipping({});
    CHECK(skipping.feed(with(optional)));
    CHECK(skipping.complete());
    CHECK(hex(*skipping.response()) == "300AA0083006800101810163");
    CHECK(skipping.statuses().front().identification == 99);
    Installer refusing({});
    CHECK_FALSE(refusing.feed(with(mandated)));
    CHECK(hex(*refusing.response()) == "300CA00830068001018101638100");
}
