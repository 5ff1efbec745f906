// Finding a file by what people call it. The tree is by hand, from ETSI TS 102 221 §13 and 3GPP TS 31.102 §4.
#include "apps/common/card_files.h"
#include <doctest/doctest.h>

using namespace halyard;
using profile::FileKind;

namespace {
std::vector<app::CardFileEntry> tree() {
    return {{.path = "", .name = "MF", .kind = FileKind::directory, .fid = 0x3F00, .depth = 0},
            {.path = "2FE2", .name = "EF.ICCID", .fid = 0x2FE2, .depth = 1},
            {.path = "2F06", .name = "EF.ARR", .fid = 0x2F06, .depth = 1},
            {.path = "7F10", .name = "DF.TELECOM", .kind = FileKind::directory, .fid = 0x7F10, .depth = 1},
            {.path = "7F10/6F06", .name = "EF.ARR", .fid = 0x6F06, .depth = 2},
            {.path = "A0000000871002FF",
             .name = "ADF.USIM",
             .kind = FileKind::application,
             .fid = 0x7FD0,
             .depth = 1,
             .aid = "A0000000871002FF"},
            {.path = "A0000000871002FF/6F06", .name = "EF.ARR", .fid = 0x6F06, .depth = 2},
            {.path = "A0000000871002FF/5FC0",
             .name = "DF.5GS",
             .kind = FileKind::directory,
             .fid = 0x5FC0,
             .depth = 2},
            {.path = "A0000000871002FF/5FC0/4F01", .name = "EF.5GS3GPPLOCI", .fid = 0x4F01, .depth = 3}};
}
std::string find(std::string_view path) {
    const auto found = app::find_card_file(tree(), path);
    return found ? found->path : std::string(name(found.error().code));
}
} // namespace

TEST_CASE("when a path is exact, it names one file, by FIDs, names or AIDs in either case") {
    CHECK(find("") == "");
    CHECK(find("3F00") == "");
    CHECK(find("MF") == "");
    CHECK(find("2FE2") == "2FE2");
    CHECK(find("/3F00/2fe2") == "2FE2");
    CHECK(find("ef.iccid") == "2FE2");
    CHECK(find("7F10/6F06") == "7F10/6F06");
    CHECK(find("DF.TELECOM/EF.ARR") == "7F10/6F06");
    CHECK(find("A0000000871002/6F06") == "A0000000871002FF/6F06");
    CHECK(find("ADF.USIM") == "A0000000871002FF");
}

TEST_CASE("when a path does not begin at the MF, it is taken if only one file is meant") {
    CHECK(find("5FC0/4F01") == "A0000000871002FF/5FC0/4F01");
    CHECK(find("EF.5GS3GPPLOCI") == "A0000000871002FF/5FC0/4F01");
    CHECK(find("6F06") == name(Errc::conflict));
    CHECK(find("EF.ARR") == "2F06"); // exact goes first
    CHECK(find("2FFF") == name(Errc::not_found));
    CHECK(find("7F10/2FE2") == name(Errc::not_found));
    CHECK(find("A0000/6F06") ==
          name(Errc::not_found)); // too little of an AID. ISO 7816-4: a RID has 5 octets
    CHECK(app::find_card_file({}, "").error().code == Errc::not_found);
}
