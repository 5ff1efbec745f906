// One subscriber put into a package: which octets change, and that no others do.
#include "profile/testing.h"

using namespace halyard;
using namespace halyard::profile;

namespace {
// Elements with tag `element`, or all for 0: `from` replaced by `to` of the same length. How often it was
// there.
int replace(OwnedBytes& package, asn1::Tag element, std::string_view from, std::string_view to) {
    const OwnedBytes a = *from_hex(from), b = *from_hex(to);
    REQUIRE(a.size() == b.size());
    int count = 0;
    const auto elements = *parse(package);
    for (const Element& e : elements) {
        if (element && e.tag != element) continue;
        const auto end = package.begin() + static_cast<std::ptrdiff_t>(e.offset + e.der.size());
        for (auto at = package.begin() + e.offset;; at += static_cast<std::ptrdiff_t>(b.size())) {
            at = std::search(at, end, a.begin(), a.end());
            if (at == end) break;
            std::copy(b.begin(), b.end(), at);
            ++count;
        }
    }
    return count;
}
Personal subscriber() {
    Personal p;
    p.iccid = *iccid_from_text("89001012345678901230");
    p.imsi = "001015555555558";
    p.k = Secret<16>(std::array<uint8_t, 16>{0xC1, 0xC2, 0xC3});
    p.opc = Secret<16>(std::array<uint8_t, 16>{0xD1, 0xD2, 0xD3});
    p.pin1 = "4321";
    p.puk1 = "87654321";
    p.adm1 = "11223344";
    return p;
}
constexpr const char* kK = "C1C2C300000000000000000000000000";
constexpr const char* kOpc = "D1D2D300000000000000000000000000";
} // namespace

TEST_CASE("when the TS.48 package gets a subscriber, just these octets are other ones") {
    for (const auto& one : ts48()) {
        INFO(one.first);
        const OwnedBytes& package = one.second;
        OwnedBytes expected = package;
        CHECK(replace(expected, 0xA0, "89000123456789012341", "89001012345678901230") == 1); // reading order
        CHECK(replace(expected, 0xB0, "98001032547698103214", "98000121436587092103") == 1); // swapped
        CHECK(replace(expected, 0xB3, "080910101032547698", "080910105555555585") == 1);
        CHECK(replace(expected, 0xB3, "83020001", "83020100") == 1); // EF.ACC: class 8, from the last digit
        CHECK(replace(expected,
                      0xA4,
                      "8210000102030405060708090A0B0C0D0E0F831000000000000000000000000000000000",
                      std::string("8210") + kK + "8310" + kOpc) == 2); // USIM and ISIM
        CHECK(replace(expected, 0xA2, "800101810830303030FFFFFFFF", "800101810834333231FFFFFFFF") == 1);
        CHECK(replace(expected, 0xA2, "80010A81083535353535353535", "80010A81083131323233333434") == 1);
        CHECK(replace(expected, 0xA3, "80010181083131313131313131", "80010181083837363534333231") == 1);
        const auto personal = personalise(package, subscriber());
        REQUIRE_MESSAGE(personal, (personal ? "" : personal.error().where));
        CHECK(same(personal->reveal(), expected));
        CHECK(same(personalise(package, {})->reveal(), package));
    }
}

TEST_CASE("when the sample gets a subscriber, just these octets are other ones") {
    const auto package = sample_operational(sample()); // ICCID 89880000000000000017, IMSI 001010000000017
    OwnedBytes expected = owned(package->reveal());
    CHECK(replace(expected, 0xA0, "89880000000000000017", "89001012345678901230") == 1);
    CHECK(replace(expected, 0xB0, "98880000000000000071", "98000121436587092103") == 1);
    CHECK(replace(expected, 0xB3, "080910100000000071", "080910105555555585") == 1);
    CHECK(replace(expected, 0xB3, "B20483020080", "B20483020100") == 1); // class 7 becomes 8
    const std::string zero(32, '0');
    CHECK(replace(expected, 0xA4, "8210" + zero + "8310" + zero, std::string("8210") + kK + "8310" + kOpc) ==
          1);
    CHECK(replace(expected, 0xA2, "800101810830303030FFFFFFFF", "800101810834333231FFFFFFFF") == 1);
    CHECK(replace(expected, 0xA2, "80010A81083030303030303030", "80010A81083131323233333434") == 1);
    CHECK(replace(expected, 0xA3, "80010181083030303030303030", "80010181083837363534333231") == 1);
    const auto personal = personalise(package->reveal(), subscriber());
    REQUIRE_MESSAGE(personal, (personal ? "" : personal.error().where));
    CHECK(same(personal->reveal(), expected));
    const auto image = install(personal->reveal());
    REQUIRE(image);
    CHECK(hex(image->find({0x2FE2})->content) == "98000121436587092103");
}

TEST_CASE("when a value does not fit or has no place, its field is named") {
    const auto package = sample_operational(sample());
    const auto refusal = [&](auto change) {
        Personal p;
        change(p);
        const auto done = personalise(package->reveal(), p);
        return done ? std::string() : std::string(done.error().where);
    };
    const Secret<16> key;
    CHECK(refusal([](Personal& p) { p.imsi = "12"; }) == "imsi");
    CHECK(refusal([](Personal& p) { p.imsi = "00101000000000A"; }) == "imsi");
    CHECK(refusal([](Personal& p) { p.pin1 = "1"; }) == "pin1");
    CHECK(refusal([](Personal& p) { p.pin1 = "12a4"; }) == "pin1");
    CHECK(refusal([](Personal& p) { p.puk1 = "1234"; }) == "puk1");
    CHECK(refusal([](Personal& p) { p.adm1 = "123456789"; }) == "adm1");
    CHECK(refusal([&](Personal& p) { p.k = key.clone(); }) == "opc");
    CHECK(refusal([&](Personal& p) { p.opc = key.clone(); }) == "k");
    CHECK(refusal([](Personal& p) { p.service_provider = "seventeen letters"; }) == "serviceProviderName");
    CHECK(refusal([](Personal& p) { p.pin1 = "1234"; }) == "");
    // A package without USIM, PINs and keys: header, MF, end.
    OwnedBytes bare;
    const auto elements = *parse(package->reveal());
    for (const Element& e : elements)
        if (e.tag == 0xA0 || e.tag == 0xB0 || e.tag == 0xAA) append(bare, e.der);
    const auto missing = [&](auto change) {
        Personal p;
        change(p);
        const auto done = personalise(bare, p);
        REQUIRE_FALSE(done);
        CHECK(done.error().code == Errc::missing_field);
        return std::string(done.error().where);
    };
    CHECK(missing([](Personal& p) { p.imsi = "001010000000001"; }) == "ef-imsi");
    CHECK(missing([](Personal& p) { p.pin1 = "1234"; }) == "pin1");
    CHECK(missing([](Personal& p) { p.puk1 = "12345678"; }) == "puk1");
    CHECK(missing([](Personal& p) { p.adm1 = "12345678"; }) == "adm1");
    CHECK(missing([](Personal& p) { p.service_provider = "x"; }) == "ef-spn");
    CHECK(missing([&](Personal& p) {
              p.k = key.clone();
              p.opc = key.clone();
          }) == "akaParameter");
}
