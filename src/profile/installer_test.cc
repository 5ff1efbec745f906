// File management, codes, keys and the rules about the order of elements.
#include "profile/installing_testing.h"

using namespace halyard;
using namespace halyard::profile;

namespace {
// A DF with a file in it and a file beside it.
const std::string kTree =
    "createFCP : { fileDescriptor '7821'H, fileID '5F10'H, securityAttributesReferenced '0E'H, "
    "pinStatusTemplateDO '010A'H }, createFCP : { fileDescriptor '4121'H, fileID '4F25'H, efFileSize "
    "'04'H }, fillFileOffset : 1, fillFileContent : 'A1A2'H";
std::string isim(const std::string& aid = "A0000000871004FF49FF0589") {
    return "isim : { isim-header { mandated NULL, identification 53 }, templateID { 2 23 143 1 2 8 }, "
           "adf-isim { "
           "fileDescriptor : { fileID '7FB0'H, dfName '" +
           aid +
           "'H, pinStatusTemplateDO '010A'H } }, ef-impi { fillFileContent : '80024141'H }, ef-impu { "
           "fileDescriptor : { "
           "fileDescriptor '42210004'H }, fillFileContent : '80024141'H }, ef-domain { fillFileContent : "
           "'80024141'H }, ef-ist "
           "{ fillFileContent : '0300000000000000000000000000'H }, ef-arr { fileDescriptor : { "
           "fileDescriptor '42210005'H }, "
           "fillFileContent : '8001019000'H } }\n";
}
std::string pins(const std::string& list) {
    return "pinCodes : { pin-Header { mandated NULL, identification 54 }, pinCodes " + list + " }\n";
}
std::string aka(const std::string& configuration, const std::string& more = "") {
    return "akaParameter : { aka-header { mandated NULL, identification 55 }, algoConfiguration " +
           configuration + more + " }\n";
}
const std::string kKey = "key '3C1D0A5E77F2419988A0B1C2D3E4F506'H, opc '90A1B7C2D3E4F5061728394A5B6C7D8E'H";
} // namespace

TEST_CASE("when files are made by commands, they stand where the path says with what was written") {
    const Image image = installed(with_management("filePath : '7FD0'H, " + kTree));
    CHECK(file(image, "7FD05F10").kind == FileKind::directory);
    CHECK(file(image, "7FD05F10").security == OwnedBytes{14});
    CHECK(hex(file(image, "7FD05F10").pins) == "010A");
    CHECK(hex(file(image, "7FD05F104F25").content) == "FFA1A2FF");
    CHECK(file(image, "7FD05F104F25").sfi == 5); // low five bits of 4F25
    // 7FFF is the ADF at hand; without a path the MF; several lists go on where the last one ended.
    CHECK(exists(installed(with_management("filePath : '7FFF'H, " + kTree)), "7FD05F104F25"));
    CHECK(exists(installed(with_management(kTree)), "5F104F25"));
    const Image two = installed(with_management(
        kTree + " }, { createFCP : { fileDescriptor '42210002'H, fileID '4F5F'H, efFileSize '04'H, shortEFID "
                "''H }, filePath : "
                "'5F104F25'H, fillFileContent : 'B1'H, fillFileOffset : 1, fillFileContent : 'B3'H"));
    CHECK(hex(file(two, "5F104F25").content) == "B1A1B3FF");
    CHECK(file(two, "5F104F5F").records() == 2);
    CHECK(file(two, "5F104F5F").sfi == 0);
    // 31 is no short identifier. ETSI TS 102 221 §8.5
    CHECK(file(installed(with_management(
                   "createFCP : { fileDescriptor '4121'H, fileID '6F3F'H, efFileSize '01'H }")),
               "6F3F")
              .sfi == 0);
}

TEST_CASE("when a command cannot be carried out, its element is refused") {
    const std::pair<std::string, const char*> wrong[] = {
        {"filePath : '7F99'H", "6 of 60"},
        {"filePath : '7FD06F'H", "6 of 60"},
        {"fillFileContent : '00'H", "3 of 60"},                                             // no file
        {"filePath : '2FE2'H, fillFileOffset : 8, fillFileContent : '000000'H", "3 of 60"}, // behind its end
        {kTree + ", fillFileContent : '0000'H", "3 of 60"},
        {"createFCP : { fileID '6F10'H, efFileSize '01'H }", "3 of 60"}, // no descriptor
        {"createFCP : { fileDescriptor '4121'H, efFileSize '01'H }", "3 of 60"},
        {"createFCP : { fileDescriptor '4121'H, fileID '6F10'H }", "3 of 60"}, // neither size nor content
        {"createFCP : { fileDescriptor '4221'H, fileID '6F10'H, efFileSize '01'H }", "3 of 60"},
        {"createFCP : { fileDescriptor '4121'H, fileID '2FE2'H, efFileSize '01'H }", "27273 of 60"},
        {"createFCP : { fileDescriptor '7821'H, fileID '7F50'H, dfName 'A0000000871002FF44FF1289'H }",
         "27274 of 60"},
        {"createFCP : { fileDescriptor '4121'H, fileID '6F10'H, linkPath '2FE3'H }", "6 of 60"},
        {"createFCP : { fileDescriptor '7821'H, fileID '7F50'H, linkPath '2FE2'H }", "6 of 60"},
        {"createFCP : { fileDescriptor '4121'H, fileID '6F10'H, efFileSize 'FFFF'H }", "4 of 60"},
    };
    for (const auto& [commands, status] : wrong) {
        CAPTURE(commands);
        CHECK(outcome(with_management(commands), {.memory = 60'000}) == status);
    }
}

TEST_CASE("when a file is a link, it shares the other's structure, and content goes there") {
    const Image image = installed(with_management(
        "filePath : '7FD0'H, createFCP : { fileDescriptor '4121'H, fileID '6F70'H, linkPath '7FFF6F3B'H }, "
        "filePath : "
        "'7FD06F70'H, fillFileContent : 'ABCD'H, createFCP : { fileDescriptor '7821'H, fileID '5F11'H, "
        "linkPath '7FD0'H }, "
        "filePath : ''H, createFCP : { fileDescriptor '4121'H, fileID '6F71'H, linkPath '7FD06F70'H }"));
    const Node& link = file(image, "7FD06F70");
    CHECK(hex(link.link) == "7FD06F3B"); // 7FFF would mean another file later
    CHECK(link.content.empty());
    CHECK(link.kind == FileKind::linear);
    CHECK(link.record_size == 26);
    CHECK(hex(Bytes(file(image, "7FD06F3B").content).first(3)) == "ABCDFF");
    CHECK(hex(file(image, "6F71").link) == "7FD06F3B"); // a link to a link ends at the file
    CHECK(image.find({0x6F71}) == &file(image, "7FD06F3B"));
    CHECK(image.find({0x7FD0, 0x5F11, 0x6F07}) == &file(image, "7FD06F07")); // through the linked directory
}

TEST_CASE("when an element stands where it cannot, it is refused") {
    const std::string text = sample_text(),
                      opt_isim = "opt-isim : { optisim-header { mandated NULL, identification 56 }, "
                                 "templateID { 2 23 143 1 2 9 }, ef-smss {} }\n";
    CHECK(outcome(with(opt_isim)) == "6 of 56"); // the ADF at hand is the USIM
    CHECK(outcome(with(isim() + opt_isim)) == "ok");
    CHECK(outcome(with(isim() + "opt-usim : { optusim-header { mandated NULL, identification 50 }, "
                                "templateID { 2 23 143 1 2 5 }, ef-dck {} }\n")) == "6 of 50");
    CHECK(outcome(with(isim("A0000000871002FF44FF1289"))) == "27274 of 53"); // 6A8A: that AID is taken
    CHECK(outcome(changed(text,
                          "value5 ProfileElement ::= usim",
                          "gsm-access : { gsm-access-header { mandated NULL, identification 57 }, templateID "
                          "{ 2 23 143 1 2 7 }, df-gsm-access {} } value5 ProfileElement ::= usim")) ==
          "6 of 57");
    const size_t mf = text.find("value2 ProfileElement"), puk = text.find("value3 ProfileElement"),
                 usim = text.find("value5 ProfileElement");
    CHECK(outcome(with(text.substr(mf, puk - mf))) == "5 of 1");        // two MFs
    CHECK(outcome(std::string(text).erase(mf, usim - mf)) == "6 of 4"); // none
    CHECK(outcome(with("nonStandard : { nonStandard-header { mandated NULL, identification 58 }, issuerID { "
                       "1 2 3 }, content '00'H }\n")) == "1 of 58");
    CHECK(outcome(with("nonStandard : { nonStandard-header { identification 58 }, issuerID { 1 2 3 }, "
                       "content '00'H }\n")) == "1 of 58");
    CHECK(install(package_of(with("nonStandard : { nonStandard-header { identification 58 }, issuerID { 1 2 "
                                  "3 }, content '00'H }\n")))
              .has_value());
}

TEST_CASE("when PINs are given, each belongs to its directory and to a PUK that exists") {
    const std::string pin2 = "keyReference secondPINAppl1, pinValue '39393939FFFFFFFF'H";
    const Image image =
        installed(with(pins("pinconfig : { { " + pin2 + ", unblockingPINReference pukAppl1 } }") + isim() +
                       pins("filePath : '7FD0'H")));
    const auto usim = *image.application(*from_hex("A0000000871002")),
               ims = *image.application(*from_hex("A0000000871004"));
    REQUIRE(image.pins.size() == 3);
    CHECK(image.pins.back().directory == usim);
    CHECK(image.pins.back().reference == 0x81);
    CHECK(image.pins.back().unblocking == 1);
    CHECK(image.pins.back().attributes == 7);
    CHECK(image.pins.back().attempts == 0x33);
    CHECK(image.nodes[ims].pin_source == usim);
    // A directory made by commands has its own.
    const Image made = installed(with(management(kTree) + pins("pinconfig : { { " + pin2 + " } }")));
    CHECK(hex(made.path_of(made.pins.back().directory)) == "5F10");

    const std::pair<std::string, const char*> wrong[] = {
        {"pinconfig : { { " + pin2 + " }, { " + pin2 + " } }", "3 of 54"},
        {"pinconfig : { { keyReference pinAppl1, pinValue '39393939FFFFFFFF'H } }",
         "3 of 54"}, // global, in an ADF
        {"pinconfig : { { keyReference 9, pinValue '39393939FFFFFFFF'H } }", "3 of 54"},
        {"pinconfig : { { " + pin2 + ", maxNumOfAttemps-retryNumLeft 52 } }", "3 of 54"}, // 4 of 3
        {"pinconfig : { { " + pin2 + ", maxNumOfAttemps-retryNumLeft 0 } }", "3 of 54"},
        {"pinconfig : { { " + pin2 + ", unblockingPINReference pukAppl8 } }", "6 of 54"},
        {"filePath : '7F99'H", "6 of 54"},
        {"filePath : '2FE2'H", "6 of 54"},
    };
    for (const auto& [list, status] : wrong) {
        CAPTURE(list);
        CHECK(outcome(with(pins(list))) == status);
    }
    // A key reference of a directory without its PIN.
    CHECK(outcome(changed(with(""), "pinStatusTemplateDO '010A'H", "pinStatusTemplateDO '010A0B'H")) ==
          "11 of 7");
    CHECK(outcome(with(changed(isim(), "'010A'H", "'81010A'H"))) == "11 of 7");
    CHECK(outcome(changed(sample_text(), "keyReference pukAppl1", "keyReference 9")) == "3 of 2");
}

TEST_CASE("when keys could never authenticate, they are refused at once") {
    const auto in_isim = [](const std::string& a) { return outcome(with(isim() + a)); };
    const std::string milenage = "algoParameter : { algorithmID milenage, algorithmOptions '00'H, ";
    CHECK(in_isim(aka(milenage + kKey + " }")) == "ok");
    CHECK(in_isim(aka(milenage + kKey + " }") + aka(milenage + kKey + " }")) == "6 of 55"); // once for each
    CHECK(outcome(with(aka(milenage + kKey + " }"))) == "6 of 55"); // the USIM has its own
    CHECK(in_isim(aka(milenage + changed(kKey, "506'H", "5'H") + " }")) == "3 of 55");
    CHECK(in_isim(aka(milenage + changed(kKey, "D8E'H", "D'H") + " }")) == "3 of 55");
    CHECK(in_isim(aka(milenage + kKey + ", rotationConstants '4080204060'H }")) == "3 of 55");
    CHECK(in_isim(aka(milenage + kKey + " }", ", sqnDelta '080000000000'H")) == "3 of 55");
    CHECK(in_isim(aka(milenage + kKey + " }", ", sqnAgeLimit '080000000000'H")) == "3 of 55");
    CHECK(in_isim(aka(milenage + kKey + " }", ", sqnInit { '000000000000'H }")) == "3 of 55");
    const std::string tuak = "algoParameter : { algorithmID tuak, algorithmOptions '",
                      topc = kKey + "90A1B7C2D3E4F5061728394A5B6C7D8E";
    const std::string long_topc = changed(kKey, "7D8E'H", "7D8E90A1B7C2D3E4F5061728394A5B6C7D8E'H");
    CHECK(in_isim(aka(tuak + "01'H, " + long_topc + " }")) == "ok");
    CHECK(in_isim(aka(tuak + "01'H, " + kKey + " }")) == "3 of 55");
    CHECK(in_isim(aka(tuak + "01'H, " + long_topc + ", numberOfKeccak 0 }")) == "3 of 55");
    CHECK(in_isim(aka(tuak + "08'H, " + long_topc + " }")) == "10 of 55"); // MAC of 128 bits
    CHECK(in_isim(aka("algoParameter : { algorithmID 4, algorithmOptions '00'H, " + kKey + " }")) ==
          "3 of 55");
    Platform plain;
    std::erase(plain.services, "tuak128");
    CHECK(outcome(with(isim() + aka(tuak + "01'H, " + long_topc + " }")), plain) == "10 of 55");
    CHECK(in_isim(aka("mappingParameter : { mappingOptions '00'H, mappingSource 'A0000000871002'H }")) ==
          "ok");
    CHECK(in_isim(aka(
              "mappingParameter : { mappingOptions '00'H, mappingSource 'A0000000871004FF49FF0589'H }")) ==
          "6 of 55");
    CHECK(in_isim(aka("mappingParameter : { mappingOptions '00'H, mappingSource 'A0000000871009'H }")) ==
          "6 of 55");
}

TEST_CASE("when service tables name what only the card can do, the bits are cleared unless it does") {
    const std::string text = sample_text();
    const size_t at = text.find("fillFileContent", text.find("ef-ust {")) + 19;
    const std::string all = std::string(text).replace(at, 34, std::string(34, 'F')); // 17 octets
    CHECK(hex(file(installed(all), "7FD06F38").content) ==
          "FFFFFFFFFFFFFF7FE6FFFFFFFFFFFFFFFF"); // 64, 65, 68, 69
    Platform more;
    more.services.insert(more.services.end(), {"gba-usim", "mbms"});
    const auto image = install(package_of(all), more);
    REQUIRE(image);
    CHECK(hex(file(*image, "7FD06F38").content) == "FFFFFFFFFFFFFF7FFEFFFFFFFFFFFFFFFF");
    CHECK(hex(Bytes(file(installed(with(isim())), "7FB06F07").content).first(1)) == "01"); // GBA, 2
}

TEST_CASE("when the IoT template is used, what its own rules would fill in must be given") {
    const std::string text = sample_text();
    const size_t mf = text.find("value2 ProfileElement"), puk = text.find("value3 ProfileElement");
    const size_t usim = text.find("value5 ProfileElement"), opt = text.find("value6 ProfileElement");
    const auto member = [&](const std::string& name, size_t from) {
        const size_t begin = text.find("  " + name + " {", from);
        size_t end = text.find("{", begin);
        for (int depth = 0; end < text.size(); ++end) {
            depth += text[end] == '{' ? 1 : text[end] == '}' ? -1 : 0;
            if (!depth) break;
        }
        return text.substr(begin, end + 1 - begin) + ",";
    };
    std::string iot =
        "iot : { iot-header { mandated NULL, identification 59 }, templateID { 2 23 143 1 2 17 },";
    for (const char* name : {"mf", "ef-iccid", "ef-dir", "ef-arr"}) iot += member(name, mf + 40);
    iot += member("adf-usim", usim) + member("ef-imsi", usim) +
           changed(member("ef-arr", usim), "ef-arr", "ef-arr-usim");
    iot += member("ef-ust", usim) + member("ef-acc", usim) + member("ef-ecc", usim);
    iot.back() = '}';
    const std::string codes = text.substr(puk, usim - puk);
    const auto whole = [&](const std::string& element) {
        return text.substr(0, mf) + element + codes + text.substr(opt);
    };
    CHECK(outcome(whole(iot)) == "ok");
    const Image image = installed(whole(iot));
    REQUIRE(image.pins.size() == 2);
    CHECK(image.pins[0].directory == 0); // global references are the MF's, which the element makes as well
    CHECK(hex(file(image, "7FD06F07").content) == "080910100000000071");
    CHECK(hex(file(image, "7FD06F7E").content) == ff(7) + "0000FF01");
    CHECK(hex(file(image, "2F05").content) == "FFFF");
    CHECK(outcome(whole(changed(iot, member("mf", mf + 40), ""))) == "9 of 59");
    CHECK(outcome(whole(changed(iot, member("ef-iccid", mf + 40), ""))) == "9 of 59");
    CHECK(outcome(text.substr(0, puk) + whole(iot).substr(mf)) == "5 of 59"); // a second MF
}
