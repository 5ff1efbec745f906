#include "profile/testing.h"

using namespace halyard;
using namespace halyard::profile;

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
        CHECK(f->service_provider == "GSMA_TEST");
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
        CHECK(image->akas.size() == 2);
        // PIN2 of the telecom directory and of the three applications is local to each of them.
        const auto telecom = image->child(0, 0x7F10);
        REQUIRE(telecom);
        std::vector<uint32_t> places;
        for (const Pin& pin : image->pins)
            if (pin.reference == 0x81) places.push_back(pin.directory);
        REQUIRE(places.size() == 4);
        CHECK(places[0] == *telecom);
        CHECK(places[1] == *adf);
        CHECK(image->nodes[places[2]].kind == FileKind::application);
        CHECK(image->nodes[places[3]].kind == FileKind::application);
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

TEST_CASE("when samples are installed, their elementary files say what 3GPP TS 31.102 has them say") {
    struct Row {
        uint16_t fid;
        const char *operational, *bootstrap;
    };
    // Services 12, 19, 33, 34, 85, and with PLMN lists 20, 42, 43: bit (n - 1) % 8 of octet (n - 1) / 8.
    const Row rows[] = {
        {0x6F07, "080910100000000071", "080910100000000071"},                                 // IMSI
        {0x6F38, "00080C0003060000000010000000000000", "0008040003000000000010000000000000"}, // UST
        {0x6FAD, "00000002", "00000002"},                                                     // AD: MNC of 2
        {0x6F78, "0080", "0080"},                                                             // ACC: class 7
        {0x6FB7, "11F2FF00", "11F2FF00"},                                                     // ECC: 112
        {0x6F46, "0148616C79617264FFFFFFFFFFFFFFFFFF", "0148616C79617264FFFFFFFFFFFFFFFFFF"}, // SPN
        {0x6F62, "00F1104000", nullptr},                                                      // HPLMNwAcT
        {0x6F7E, "FFFFFFFFFFFFFF0000FF01", "FFFFFFFFFFFFFF0000FF01"},                         // LOCI
        {0x6F31, "0A", "0A"},                                                                 // HPPLMN
    };
    for (const bool operational : {true, false}) {
        const auto image = install((operational ? sample_operational : sample_bootstrap)(sample())->reveal());
        REQUIRE(image);
        CHECK(hex(image->find({0x2FE2})->content) == "98880000000000000071");
        // EF.DIR: 61 { 4F AID, 50 "USIM" }, filled up.
        CHECK(hex(image->find({0x2F00})->content) == "61144F0CA0000000871002FF44FF12895004"
                                                     "5553494D"
                                                     "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF");
        const auto adf = image->application(*from_hex("A0000000871002FF44FF1289"));
        REQUIRE(adf);
        for (const Row& row : rows) {
            INFO(row.fid);
            const char* expected = operational ? row.operational : row.bootstrap;
            const auto file = image->child(*adf, row.fid);
            REQUIRE(file.has_value() == (expected != nullptr));
            if (file) CHECK(hex(image->nodes[*file].content) == expected);
        }
    }
}

TEST_CASE("when secrets are drawn for a sample, they are its own") {
    class Counter : public Random {
      public:
        Ok fill(Buffer out) override {
            for (uint8_t& octet : out) octet = static_cast<uint8_t>(next_ += 37);
            return {};
        }

      private:
        uint32_t next_ = 0;
    } random;
    SampleParameters one = sample(), two = sample();
    REQUIRE(draw_secrets(one, random));
    REQUIRE(draw_secrets(two, random));
    CHECK_FALSE(same(one.k.reveal(), two.k.reveal()));
    CHECK_FALSE(same(one.k.reveal(), one.opc.reveal()));
    CHECK(one.adm1.size() == 8);
    CHECK(one.adm1.find_first_not_of("0123456789") == std::string::npos);
    CHECK(one.adm1 != two.adm1);
    CHECK(one.puk1 != one.adm1);
    const auto package = sample_operational(one);
    REQUIRE(package);
    const auto holds = [&](Bytes part) {
        const Bytes all = package->reveal();
        return std::search(all.begin(), all.end(), part.begin(), part.end()) != all.end();
    };
    for (const Bytes secret :
         {Bytes(one.k.reveal()), Bytes(one.opc.reveal()), bytes_of(one.puk1), bytes_of(one.adm1)})
        CHECK(holds(secret));
    CHECK_FALSE(holds(OwnedBytes(16, 0))); // no placeholder is left
}
