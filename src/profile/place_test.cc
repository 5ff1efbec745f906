// Personal data of more files, and any file by its path.
#include "profile/notation.h"
#include "profile/testing.h"

using namespace halyard;
using namespace halyard::profile;

namespace {
// The operational sample with EF.MSISDN and two files made by file management.
OwnedBytes package() {
    std::string text = *to_notation(sample_operational(sample())->reveal());
    const auto insert = [&](const char* before, const char* what) { text.insert(text.find(before), what); };
    insert("ef-plmnwact {", "ef-msisdn { }, ");
    insert("value7 ProfileElement", R"(genericFileManagement : {
        gfm-header { mandated NULL, identification 42 },
        fileManagementCMD { { filePath : '7FD0'H,
          createFCP : { fileDescriptor '4121'H, fileID '6F7A'H, efFileSize '03'H },
          fillFileContent : '010203'H,
          createFCP : { fileDescriptor '4121'H, fileID '6F7C'H, efFileSize '04'H },
          fillFileOffset : 1, fillFileContent : 'AB'H, fillFileOffset : 1, fillFileContent : 'CD'H } } } )");
    const auto out = from_notation(text);
    REQUIRE_MESSAGE(out, (out ? "" : out.error().text()));
    return owned(out->reveal());
}
std::string content(Bytes octets, uint16_t fid) {
    const auto image = install(octets);
    REQUIRE_MESSAGE(image, (image ? 0u : image.error().detail));
    const auto adf = image->application(*from_hex("A0000000871002"));
    const auto file = image->child(*adf, fid);
    REQUIRE(file);
    return hex(image->nodes[*file].content);
}
} // namespace

TEST_CASE("when numbers are given, they stand in their records as 3GPP TS 31.102 says") {
    Personal p;
    p.msisdn = "+15551234567";
    p.service_centre = "+491710000000";
    p.acc = {0x02, 0x00};
    const auto out = personalise(package(), p);
    REQUIRE_MESSAGE(out, (out ? "" : out.error().where));
    const std::string alpha(20, 'F');
    // Length 7, international, digits swapped with F behind them, then capability and extension identifiers.
    CHECK(content(out->reveal(), 0x6F40) == alpha + "0791"
                                                    "5155214365F7"
                                                    "FFFFFFFF"
                                                    "FFFF");
    // Indicators FD: only the service centre's address is present; TP-DA empty; PID, DCS, validity.
    CHECK(content(out->reveal(), 0x6F42) == alpha + "FD" + std::string(24, 'F') +
                                                "0791"
                                                "947101000000"
                                                "FFFFFFFF"
                                                "FFFFFF");
    CHECK(content(out->reveal(), 0x6F78) == "0200");
    p.msisdn = "+1555123456789012345678";
    CHECK(std::string(personalise(package(), p).error().where) == "msisdn");
    p = {};
    p.msisdn = "1234";
    CHECK(personalise(sample_bootstrap(sample())->reveal(), p).error().code == Errc::missing_field);
}

TEST_CASE("when a file is named by its path, it is found however it was made") {
    const OwnedBytes all = package();
    const auto spn = place_of(all, "7FD06F46");
    REQUIRE(spn);
    CHECK(spn->member == 0xAD);
    CHECK(spn->size == 17);
    CHECK(place_of(all, "3F00/7FFF/6F46")->element == spn->element);
    CHECK(place_of(all, "2FE2")->member == 0xA4);
    const auto made = place_of(all, "7FD06F7C");
    REQUIRE(made);
    CHECK(made->member == 0);
    CHECK(made->created == 1);
    CHECK(made->size == 4);
    CHECK(place_of(all, "7FD0").error().code == Errc::unsupported);
    CHECK(place_of(all, "7FD06FFF").error().code == Errc::not_found);
    CHECK(place_of(all, "7FD").error().code == Errc::bad_value);
    CHECK(place_of(all, "spn").error().code == Errc::bad_value);
}

TEST_CASE("when a file gets another content, it has that and the others stay as they are") {
    const OwnedBytes all = package();
    Personal p;
    p.files.emplace_back(*place_of(all, "7FD06F7C"), OwnedBytes{0x11, 0x22});
    p.files.emplace_back(*place_of(all, "7FD06FAD"), OwnedBytes{0x00, 0x00, 0x00, 0x03}); // made by default
    p.files.emplace_back(*place_of(all, "7FD06F46"), OwnedBytes{0x00, 0x41});
    const auto out = personalise(all, p);
    REQUIRE_MESSAGE(out, (out ? "" : out.error().where));
    CHECK(content(out->reveal(), 0x6F7C) == "1122FFFF");
    CHECK(content(out->reveal(), 0x6F7A) == "010203");
    CHECK(content(out->reveal(), 0x6FAD) == "00000003");
    CHECK(content(out->reveal(), 0x6F46).starts_with("0041"));
    CHECK(content(all, 0x6F7C) == "FFABFFCD");
    CHECK(content(out->reveal(), 0x6F07) == content(all, 0x6F07));
    for (const auto& [name, octets] : ts48()) { // EF.LAUNCHPAD and the like, made by file management
        INFO(name);
        const auto place = place_of(octets, "7F665F404F42");
        REQUIRE(place);
        Personal q;
        q.files.emplace_back(*place, OwnedBytes{1, 2, 3, 4, 5, 6});
        const auto changed = personalise(octets, q);
        REQUIRE(changed);
        const auto image = install(changed->reveal());
        REQUIRE(image);
        CHECK(hex(image->find({0x7F66, 0x5F40, 0x4F42})->content) == "010203040506");
        CHECK(image->nodes.size() == install(octets)->nodes.size());
    }
}
