#include "euicc/install_checks.h"
#include "profile/elements.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::euicc;

namespace {
// MF and a USIM with EF.IMSI 262 42 1 … and EF.GID1
profile::Image usim(const char* imsi) {
    profile::Image image;
    image.nodes.push_back({.fid = 0x3F00, .kind = profile::FileKind::directory});
    image.nodes.push_back(
        {.fid = 0x7FF0, .kind = profile::FileKind::application, .aid = *from_hex("A0000000871002FF")});
    image.nodes.push_back({.fid = 0x6F07, .parent = 1, .content = *from_hex(imsi)});
    image.nodes.push_back({.fid = 0x6F3E, .parent = 1, .content = *from_hex("A1B2FFFF")});
    return image;
}
rsp::OperatorId owner(std::array<uint8_t, 3> plmn) { return {.mcc_mnc = plmn}; }
} // namespace

TEST_CASE("the owner's network is the one the IMSI begins with, two digits of MNC or three") {
    // 262 42 1234567890: parity and 2, then pairs: 62, 42, 12, …
    const auto german = usim("082926242143658709");
    CHECK(owner_matches(owner({0x62, 0xF2, 0x24}), german));
    CHECK_FALSE(owner_matches(owner({0x62, 0xF2, 0x25}), german));
    CHECK_FALSE(owner_matches(owner({0x62, 0xF3, 0x24}), german));
    CHECK(owner_matches(owner({0x62, 0x12, 0x24}), german)); // MNC 421
    CHECK_FALSE(owner_matches(owner({0x62, 0x22, 0x24}), german));
    CHECK_FALSE(owner_matches(owner({0x62, 0xF2, 0x24}), usim("0829"))); // no IMSI at all in it
    CHECK(owner_matches(owner({0x62, 0xF2, 0x24}), profile::Image{}));   // nothing to compare
}

TEST_CASE("a GID of the owner begins the profile's; none of the owner's asks for nothing") {
    const auto image = usim("082926242143658709");
    auto o = owner({0x62, 0xF2, 0x24});
    const OwnedBytes right = *from_hex("A1B2"), wrong = *from_hex("A1B3");
    o.gid1 = Bytes(right);
    CHECK(owner_matches(o, image));
    o.gid1 = Bytes(wrong);
    CHECK_FALSE(owner_matches(o, image));
    o.gid1 = Bytes{};
    CHECK(owner_matches(o, image));
    o.gid2 = Bytes(right); // there is no EF.GID2
    CHECK_FALSE(owner_matches(o, image));
}

TEST_CASE("the keys a test profile may have") {
    // PE-AKAParameter { A0 { 80 mandated, 81 1 }, A1 { A1 { 80 milenage, 81 options, 82 key, 83 OPc } } }
    const auto with = [](const char* key) {
        profile::Image image;
        OwnedBytes element = *from_hex("A435A00580008101"
                                       "01A12CA12A8001018101018210");
        append(element, *from_hex(key));
        append(element, *from_hex("8310"));
        append(element, OwnedBytes(16, 0x55));
        image.akas.push_back({0, element});
        return has_test_keys_only(image);
    };
    CHECK(with("00000000000000000000000000000000"));
    CHECK(with("000102030405060708090A0B0C0D0E0F"));
    CHECK_FALSE(with("000102030405060708090A0B0C0D0E0E"));
    CHECK_FALSE(with("00000000000000000000000000000001"));
    CHECK(has_test_keys_only(profile::Image{}));
}
