// Files of template elements, with values by hand from annex A of the interoperable format.
#include "profile/installing_testing.h"

using namespace halyard;
using namespace halyard::profile;

TEST_CASE("when a USIM leaves files out, they are made with the default content of annex A") {
    const Image image = installed(sample_text());
    const struct {
        const char* fid;
        std::string content;
        uint8_t sfi, arr, special;
    } rows[] = {
        {"6F08", "07" + ff(32), 0x08, 5, 0x80},
        {"6F09", "07" + ff(32), 0x09, 5, 0x80},
        {"6F31", "0A", 0x12, 2, 0},
        {"6F3B", ff(20 * 26), 0, 8, 0},
        {"6F42", ff(38), 0, 5, 0},
        {"6F43", "FFFF", 0, 5, 0},
        {"6F5B", "F00000F00000", 0x0F, 5, 0x80},
        {"6F5C", "FFFFFF", 0x10, 2, 0},
        {"6F73", ff(10) + "0000FF01", 0x0C, 5, 0x80},
        {"6F7B", ff(12), 0x0D, 5, 0},
        {"6F7E", ff(7) + "0000FF01", 0x0B, 5, 0x80},
        {"6FAD", "00000002", 0x03, 10, 0},
        {"6FC4", ff(128), 0, 5, 0x80},
        {"6FE3", ff(15) + "000001", 0x1E, 5, 0x80},
        {"6FE4", ff(80), 0x18, 5, 0x80},
    };
    for (const auto& row : rows) {
        CAPTURE(row.fid);
        const Node& n = file(image, std::string("7FD0") + row.fid);
        CHECK(hex(n.content) == row.content);
        CHECK(n.sfi == row.sfi);
        CHECK(n.security == OwnedBytes{row.arr});
        CHECK(n.special == row.special);
    }
    CHECK(file(image, "7FD06F3B").records() == 20);
    const Node& sms = file(image, "7FD06F3C");
    CHECK(sms.records() == 10);
    for (size_t i = 0; i < sms.content.size(); ++i) CHECK(sms.content[i] == (i % 176 ? 0xFF : 0x00));
    CHECK(hex(file(image, "2F05").content) == "FFFF");
    CHECK(file(image, "7FD0").security == OwnedBytes{14});
    CHECK_FALSE(exists(image, "2F08")); // no default is known
}

TEST_CASE("when files have other sizes than the template's, the default is laid out over them") {
    const Image image = installed(with_opt(
        "ef-ext2 { fileDescriptor : { fileDescriptor '42210007'H } }, ef-ici { fileDescriptor : { efFileSize "
        "'4C'H } }, "
        "ef-mwis {}, ef-cfis { fileDescriptor : { efFileSize '20'H } }, "
        "ef-ehplmn { fileDescriptor : { fileDescriptor '0121'H, lcsi '04'H, securityAttributesReferenced "
        "'6F0603'H, shortEFID ''H, "
        "proprietaryEFInfo { specialFileInformation '40'H } } }, ef-ufc {}"));
    CHECK(hex(file(image, "7FD06F4B").content) == [] {
        std::string all;
        for (int i = 0; i < 10; ++i) all += "00" + ff(6);
        return all;
    }());
    const std::string call = ff(30) + "0000000001FFFF"; // 30 and 7 octets
    CHECK(hex(file(image, "7FD06F80").content) == "FF" + call + "FF" + call);
    CHECK(hex(file(image, "7FD06FCA").content) == std::string(120, '0'));
    CHECK(hex(file(image, "7FD06FCB").content) == "0100" + ff(14) + "0100" + ff(14));
    CHECK(hex(file(image, "7FD06FE6").content) ==
          "801E60C01E900080040000000000000000F0000000004000000000000080");
    const Node& ehplmn = file(image, "7FD06FD9");
    CHECK(hex(ehplmn.content) == ff(15));
    CHECK(ehplmn.life == 0x04);
    CHECK_FALSE(ehplmn.shareable);
    CHECK(file(image, "7FD06F4B").shareable);
    CHECK(hex(ehplmn.security) == "6F0603");
    CHECK(ehplmn.sfi == 0);
    CHECK(ehplmn.special == 0x40);
    const Image more = installed(
        changed(sample_text(), "ef-plmnwact {", "ef-plmnwact { fileDescriptor : { efFileSize '3C'H } "));
    std::string twelve;
    for (int i = 0; i < 12; ++i) twelve += "FFFFFF0000";
    CHECK(hex(file(more, "7FD06F60").content) == twelve);
}

TEST_CASE("when an edition of a template differs from the last, its own sizes and defaults count") {
    const auto df5gs = [](const std::string& edition) {
        return "df-5gs : { df-5gs-header { mandated NULL, identification 51 }, templateID { 2 23 143 1 2 " +
               edition +
               " }, df-df-5gs { fileDescriptor : { pinStatusTemplateDO '010A'H } }, ef-5gs3gppnsc {}, "
               "ef-routing-indicator {} }\n";
    };
    const struct {
        const char *edition, *routing;
        size_t records, size;
    } rows[] = {{"13", "F0FFFFFF", 1, 57},
                {"13 2", "F0FF0000", 1, 57},
                {"13 3", "F0FF0000", 2, 62},
                {"13 4", "F0FF0000", 2, 62}};
    for (const auto& row : rows) {
        CAPTURE(row.edition);
        const Image image = installed(with(df5gs(row.edition)));
        CHECK(hex(file(image, "7FD05FC04F0A").content) == row.routing);
        CHECK(file(image, "7FD05FC04F03").records() == row.records);
        CHECK(file(image, "7FD05FC04F03").record_size == row.size);
    }
    CHECK(outcome(with(df5gs("13 5"))) == "9 of 51");
    CHECK(outcome(with(df5gs("14"))) == "9 of 51"); // of another element
    CHECK(outcome(with(changed(df5gs("13 5"), "mandated NULL, ", ""))) == "1 of 51");
    // UST has 17 octets since the second edition; the first has 14, which the sample's FCP changes.
    const std::string usim = changed(sample_text(), "efFileSize '11'H", "lcsi '05'H");
    CHECK(outcome(usim) == "3 of 4");
    const size_t at = usim.find("{ 2 23 143 1 2 4 }", usim.find("adf-usim") - 200);
    CHECK(outcome(std::string(usim).replace(at, 18, "{ 2 23 143 1 2 4 2 }")) == "ok");
    CHECK(outcome(changed(sample_text(), "{ 2 23 143 1 2 5 }", "{ 2 23 143 1 2 5 9 }")) ==
          "9"); // the header's list
}

TEST_CASE("when a file of an element cannot be, the element is refused") {
    const std::pair<const char*, const char*> wrong[] = {
        {"ef-smsr { fileDescriptor : { fileDescriptor '4221001E'H, efFileSize '1F'H } }",
         "3 of 50"}, // 31 octets
        {"ef-smsr { fileDescriptor : { fileDescriptor '42210000'H } }", "3 of 50"},
        {"ef-smsr { fileDescriptor : { fileDescriptor '42210001'H, efFileSize '00FF'H } }",
         "3 of 50"}, // 255 records
        {"ef-smsr { fileDescriptor : { fileDescriptor '43210001'H } }", "3 of 50"},
        {"ef-smsr { fileDescriptor : { fileDescriptor '7821'H } }", "3 of 50"}, // no directory
        {"ef-dck { fillFileContent : '0000000000000000000000000000000000'H }", "3 of 50"},
        {"ef-dck { fillFileOffset : 16, fillFileContent : '00'H }", "3 of 50"},
        {"ef-dck { fileDescriptor : { efFileSize '00'H } }", "3 of 50"},
        {"ef-dck { fileDescriptor : { efFileSize '010000'H } }", "3 of 50"},
        {"ef-dck { fileDescriptor : { efFileSize '0100000001'H } }", "3 of 50"},
        {"ef-dck { fileDescriptor : { fileID '3F00'H } }", "3 of 50"},
        {"ef-dck { fileDescriptor : { fileID '7FFF'H } }", "3 of 50"},
        {"ef-dck { fileDescriptor : { dfName 'A000000087'H } }", "3 of 50"},
        {"ef-dck { fileDescriptor : { fileID '6F07'H } }", "27273 of 50"}, // 6A89: there is one
        {"ef-dck { fileDescriptor : { linkPath '7FD06FFF'H } }", "6 of 50"},
        {"ef-dck { fileDescriptor : { linkPath '7FD0'H } }", "6 of 50"}, // a directory
        {"ef-dck { fileDescriptor : { proprietaryEFInfo { fillPattern '00'H, repeatPattern '00'H } } }",
         "3 of 50"},
        {"ef-dck { fileDescriptor : { lcsi '05'H }, fileDescriptor : { lcsi '05'H } }", "3 of 50"},
        {"ef-mmsup {}", "3 of 50"}, // nothing tells its size
        {"ef-epdgid {}", "3 of 50"},
    };
    for (const auto& [member, status] : wrong) {
        CAPTURE(member);
        CHECK(outcome(with_opt(member)) == status);
    }
    const std::string text = sample_text();
    const size_t acc = text.find("ef-acc {"), end = text.find('}', acc);
    CHECK(outcome(std::string(text).replace(acc, end + 1 - acc, "ef-acc {}")) == "3 of 4"); // no default
    CHECK(outcome(changed(text, "dfName 'A0000000871002FF44FF1289'H,", "")) == "6 of 4");
    CHECK(outcome(changed(text, "fileID '7FD0'H,", "")) == "6 of 4");
    CHECK(outcome(
              changed(text, "  mf {\n    fileDescriptor : {", "  mf { fileDescriptor : { fileID '3F01'H,")) ==
          "3 of 1");
}

TEST_CASE("when content tells the size, the file ends with it, or with its last record") {
    const Image image = installed(
        with_opt("ef-mmsup { fileDescriptor : { fileDescriptor '42210004'H }, fillFileContent : '01020304'H, "
                 "fillFileContent : '05'H }, "
                 "ef-epdgid { fillFileContent : '0102'H, fillFileOffset : 2, fillFileContent : '03'H }"));
    CHECK(hex(file(image, "7FD06FF3").content) == "0102FFFF03");
    CHECK(hex(file(image, "7FD06FD1").content) == "0102030405FFFFFF");
}

TEST_CASE("when patterns are given, each record begins with them") {
    const Image image = installed(with_opt("ef-ext5 { fileDescriptor : { fileDescriptor '42210005'H, "
                                           "efFileSize '0A'H, proprietaryEFInfo { repeatPattern "
                                           "'A1B2'H } } }, "
                                           "ef-mmsn { fileDescriptor : { fileDescriptor '42210005'H, "
                                           "efFileSize '0A'H, proprietaryEFInfo { fillPattern "
                                           "'A1B2C3'H } }, fillFileOffset : 4, fillFileContent : '0000'H }"));
    CHECK(hex(file(image, "7FD06FCE").content) == "A1B2C3C30000B2C3C3C3");
    CHECK(hex(file(image, "7FD06F4E").content) == "A1B2A1B2A1A1B2A1B2A1");
}

TEST_CASE("when doNotCreate is given, it counts for files that would be made by default, outside the MF") {
    const Image image =
        installed(changed(changed(sample_text(), "ef-ust {", "ef-keys { doNotCreate : NULL }, ef-ust {"),
                          "ef-iccid {",
                          "ef-pl { doNotCreate : NULL }, ef-iccid {"));
    CHECK_FALSE(exists(image, "7FD06F08"));
    CHECK(exists(image, "7FD06F09"));
    CHECK(exists(image, "2F05"));
    CHECK(outcome(changed(sample_text(), "adf-usim {", "adf-usim { doNotCreate : NULL, ")) == "3 of 4");
}

TEST_CASE("when a member covers a range of identifiers, each descriptor begins another file") {
    const std::string phonebook =
        "phonebook : { phonebook-header { mandated NULL, identification 52 }, templateID { 2 23 143 1 2 6 }, "
        "df-phonebook { fileDescriptor : { pinStatusTemplateDO '010A'H } }, ef-adn { fileDescriptor : { "
        "fileDescriptor "
        "'42210003'H, fileID '4F58'H, efFileSize '06'H, shortEFID '50'H }, fillFileContent : 'A1'H, "
        "fileDescriptor : { "
        "fileDescriptor '42210002'H, fileID '4F59'H, efFileSize '04'H }, fillFileContent : 'B2'H } }\n";
    const Image image = installed(with(phonebook));
    CHECK(hex(file(image, "7FD05F3A4F58").content) == "A1FFFFFFFFFF");
    CHECK(file(image, "7FD05F3A4F58").sfi == 10);
    CHECK(hex(file(image, "7FD05F3A4F59").content) == "B2FFFFFF");
    CHECK(file(image, "7FD05F3A4F59").record_size == 2);
    CHECK(file(image, "7FD05F3A4F59").security == OwnedBytes{5});
    CHECK(outcome(with(changed(phonebook, "4F59", "4F58"))) == "27273 of 52");
}
