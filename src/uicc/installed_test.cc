// From a package in text to what a terminal sees: the attributes that only the UICC looks at.
#include "profile/notation.h"
#include "uicc/testing.h"

using namespace halyard;
using namespace halyard::uicc;

namespace {
constexpr const char* kMore = R"(
value80 ProfileElement ::= pinCodes : {
  pin-Header { identification 80 },
  pinCodes pinconfig : {
    { keyReference secondPINAppl1, pinValue '39393939FFFFFFFF'H, pinAttributes 3 }
  }
}
value81 ProfileElement ::= genericFileManagement : {
  gfm-header { identification 81 },
  fileManagementCMD { {
    filePath : '7FD0'H,
    createFCP : { fileDescriptor '0121'H, fileID '6F71'H, securityAttributesReferenced '6F0601'H, efFileSize '02'H },
    createFCP : { fileDescriptor '4121'H, fileID '6F72'H, lcsi '04'H, securityAttributesReferenced '6F0605'H,
                  efFileSize '02'H },
    createFCP : { fileDescriptor '4121'H, fileID '6F75'H, lcsi '04'H, securityAttributesReferenced '6F0605'H,
                  efFileSize '02'H, proprietaryEFInfo { specialFileInformation '40'H } }
  } }
}
value82 ProfileElement ::= telecom : {
  telecom-header { identification 82 },
  templateID { 2 23 143 1 2 3 },
  df-telecom { fileDescriptor : { fileID '7F10'H, pinStatusTemplateDO '81010A'H } }
}
value83 ProfileElement ::= pinCodes : {
  pin-Header { identification 83 },
  pinCodes filePath : '7FD0'H
}
)";
} // namespace

TEST_CASE("life cycle, special file information, shareability and shared PINs come from the package") {
    const auto sample = profile::sample_operational(
        {.iccid = *iccid_from_text("89001010000000000101"), .imsi = "001010000000007"});
    REQUIRE(sample);
    std::string text = *profile::to_notation(sample->reveal());
    text.insert(text.rfind("value"), kMore); // before the end
    const auto package = profile::from_notation(text);
    if (!package) FAIL(package.error().text());
    auto image = profile::install(package->reveal());
    REQUIRE(image);
    TestCard c;
    c.uicc.reset(std::move(*image));
    CHECK(c("00A4040C07A0000000871002") == "9000");
    CHECK(c("00A40004026F7100").starts_with("621C82020121")); // not shareable
    CHECK(c("00A4000C026F72") == "6283");
    CHECK(c("00B0000002") == "6984");
    CHECK(c("00A4000C026F75") == "6283");
    CHECK(c("00B0000002") == "FFFF9000"); // usable all the same; PIN1 is off in the sample
    // The PIN of DF.TELECOM is that of the USIM.
    CHECK(c("00A40004027F1000").find("C60C9001A083018183010183010A") != std::string::npos);
    CHECK(c("002000810838383838FFFFFFFF") == "63C2");
    CHECK(c("00A4040C07A0000000871002") == "9000");
    CHECK(c("00200081") == "63C2");
    // The DF has the default rule of its template.
    CHECK(c("00A40004027F1000").find("8B032F060E") != std::string::npos);
}
