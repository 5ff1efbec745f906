// Each rule against a package made wrong for it, and none of them, as an error, against packages that are
// right.
#include "profile/lint.h"
#include "profile/notation.h"
#include "profile/testing.h"
#include <set>

using namespace halyard;
using namespace halyard::profile;

namespace {
// What the sample lacks, so that every rule has something to look at. Tags and lengths are the encoder's
// business here; the meaning is what is tested.
constexpr const char* kMore = R"(isim : {
  isim-header { mandated NULL, identification 40 }, templateID { 2 23 143 1 2 8 },
  adf-isim { fileDescriptor : { fileID '7FB0'H, dfName 'A0000000871004FF49FF0589'H } },
  ef-impi { fileDescriptor : { efFileSize '04'H }, fillFileContent : '80024141'H },
  ef-impu { fileDescriptor : { fileDescriptor '42210004'H, efFileSize '04'H }, fillFileContent : '80024141'H },
  ef-domain { fileDescriptor : { efFileSize '04'H }, fillFileContent : '80024141'H },
  ef-ist { fillFileContent : '0000000000000000000000000000'H },
  ef-arr { fileDescriptor : { fileDescriptor '4221000A'H, efFileSize '14'H }, fillFileContent : '8001019000'H }
}
akaParameter : {
  aka-header { mandated NULL, identification 41 },
  algoConfiguration mappingParameter : { mappingOptions '00'H, mappingSource 'A0000000871002'H }
}
genericFileManagement : {
  gfm-header { mandated NULL, identification 42 },
  fileManagementCMD { { filePath : '7FD0'H, createFCP : { fileDescriptor '4121'H, fileID '6F7A'H, efFileSize '02'H,
    shortEFID 'F0'H }, fillFileContent : 'ABCD'H,
    createFCP : { fileDescriptor '4121'H, fileID '6F70'H, shortEFID ''H, linkPath '7FD06F7A'H } } }
}
securityDomain : {
  sd-Header { mandated NULL, identification 43 },
  instance { applicationLoadPackageAID 'A0000001515350'H, classAID 'A000000151535041'H, instanceAID
    'A000000151000000'H, applicationPrivileges '82DC00'H, applicationSpecificParametersC9 '81028000'H },
  keyList { { keyUsageQualifier '18'H, keyIdentifier '01'H, keyVersionNumber '02'H,
    keyComponents { { keyType '88'H, keyData 'A1F2037395E6B7481920313254657A8B'H } } } }
}
rfm : {
  rfm-header { mandated NULL, identification 44 }, instanceAID 'A00000055910100001'H,
  tarList { 'B00120'H }, minimumSecurityLevel '06'H, uiccAccessDomain '00'H, uiccAdminAccessDomain '00'H
}
)";

// The operational sample with more elements, as text; nothing about it is wrong.
std::string base() {
    SampleParameters p{.iccid = *iccid_from_text("8988000000000000016"), .imsi = "001010000000017"};
    const auto octets = *from_hex("3C1D0A5E77F2419988A0B1C2D3E4F506");
    p.k = Secret<16>(std::span<const uint8_t, 16>(octets.data(), 16));
    const auto more = *from_hex("90A1B7C2D3E4F5061728394A5B6C7D8E");
    p.opc = Secret<16>(std::span<const uint8_t, 16>(more.data(), 16));
    p.puk1 = "40921753";
    p.adm1 = "71920463";
    std::string text = *to_notation(sample_operational(p)->reveal());
    text.insert(text.find("value8 ProfileElement"), kMore);
    // EF.DIR: a second record, 61 { 4F AID, 50 label }.
    text.replace(text.find("efFileSize '26'H"), 16, "efFileSize '4C'H");
    text.insert(text.find("'H", text.find("fillFileContent", text.find("ef-dir {"))) + 2,
                ", fillFileContent : '61124F0CA0000000871004FF49FF0589 50024953'H");
    const std::string templates = "{ 2 23 143 1 2 5 }";
    text.insert(text.find(templates) + templates.size(), ", { 2 23 143 1 2 8 }");
    text.insert(text.find("usim NULL,") + 10, " isim NULL,");
    return text;
}

OwnedBytes package(const std::string& text) {
    const auto out = from_notation(text);
    REQUIRE_MESSAGE(out, (out ? "" : out.error().text()));
    return owned(out->reveal());
}
std::string changed(std::string text, const std::string& from, const std::string& to) {
    const size_t at = text.find(from);
    REQUIRE_MESSAGE(at != std::string::npos, from);
    return text.replace(at, from.size(), to);
}
std::string list(const std::vector<Finding>& all) {
    std::string out;
    for (const Finding& f : all)
        out += std::string(name(f.severity)) + " " + f.rule->name + " " + f.element + " " + f.path + ": " +
               f.text + "\n";
    return out;
}
size_t errors(const std::vector<Finding>& all) {
    return static_cast<size_t>(std::count_if(
        all.begin(), all.end(), [](const Finding& f) { return f.severity == Severity::error; }));
}
const Finding* find(const std::vector<Finding>& all, std::string_view rule) {
    for (const Finding& f : all)
        if (f.rule->name == rule) return &f;
    return nullptr;
}

struct Wrong {
    const char *rule, *from, *to; // in the text of base()
    const char* place;            // element, or path of the file
};
constexpr Wrong kWrong[] = {
    {"header-missing",
     "value2 ProfileElement ::= mf",
     "header : { major-version 2, minor-version 3, iccid '89880000000000000162'H, eUICC-Mandatory-services { "
     "usim NULL }, eUICC-Mandatory-GFSTEList { } } mf",
     "header"},
    {"unknown-element",
     "value2 ProfileElement ::= mf",
     "unknown : 'BF300AA00580008101638A0177'H mf",
     "unknown"},
    {"duplicate-identification", "identification 40", "identification 1", "isim"},
    {"identification-range", "identification 40", "identification 40000", "isim"},
    {"element-order",
     "value2 ProfileElement ::= mf",
     "rfm : { rfm-header { identification 60 }, instanceAID 'A00000055910100009'H, minimumSecurityLevel "
     "'06'H, uiccAccessDomain ''H, uiccAdminAccessDomain ''H } mf",
     "rfm"},
    {"duplicate-element",
     "securityDomain :",
     "telecom : { telecom-header { identification 60 }, templateID { 2 23 143 1 2 3 }, df-telecom { } } "
     "telecom : { telecom-header { identification 61 }, templateID { 2 23 143 1 2 3 }, df-telecom { } } "
     "securityDomain :",
     "telecom"},
    {"header-version", "major-version 2", "major-version 4", "header"},
    {"iccid-form", "iccid '8988000000000000016F'H", "iccid '89880000000000F0016F'H", "header"},
    {"iccid-check-digit", "iccid '8988000000000000016F'H", "iccid '8988000000000000017F'H", "header"},
    {"iccid-mismatch", "'988800000000000010F6'H", "'988800000000000010F8'H", "2FE2"},
    {"service-missing", " isim NULL,", "", "isim"},
    {"service-unused", "milenage NULL", "milenage NULL, tuak128 NULL", "header"},
    {"service-unknown", "milenage NULL", "milenage NULL, unknown '9E00'H", "header"},
    {"gfste-missing", ", { 2 23 143 1 2 8 }", "", "isim"},
    {"gfste-unused", ", { 2 23 143 1 2 8 }", ", { 2 23 143 1 2 8 }, { 2 23 143 1 2 14 }", "header"},
    {"template-mismatch", "templateID { 2 23 143 1 2 8 }", "templateID { 2 23 143 1 2 9 }", "isim"},
    {"connectivity-form", "}\nvalue2 ", ", connectivityParameters 'A103'H }\nvalue2 ", "header"},
    {"missing-content",
     "ef-ist { fillFileContent : '0000000000000000000000000000'H }",
     "ef-ist { }",
     "7FB06F07"},
    {"content-beyond-size", "efFileSize '02'H", "efFileSize '01'H", "7FD06F7A"},
    {"record-length",
     "fileDescriptor '42210004'H, efFileSize '04'H",
     "fileDescriptor '42210004'H, efFileSize '05'H",
     "7FB06F04"},
    {"pattern-too-long",
     "efFileSize '02'H,\n    shortEFID 'F0'H",
     "efFileSize '02'H, shortEFID 'F0'H, proprietaryEFInfo { fillPattern '010203'H }",
     "7FD06F7A"},
    {"file-size-missing",
     "fileDescriptor '42210004'H, efFileSize '04'H }, fillFileContent : '80024141'H",
     "fileDescriptor '42210004'H }",
     "7FB06F04"},
    {"file-size-form", "efFileSize '02'H", "efFileSize '0002'H", "7FD06F7A"},
    {"descriptor-form", "'4121'H, fileID '6F7A'H", "'4321'H, fileID '6F7A'H", "7FD06F7A"},
    {"duplicate-fid", "fileID '6F70'H", "fileID '6F7A'H", "7FD06F7A"},
    {"duplicate-sfi", "shortEFID 'F0'H", "shortEFID '38'H", "7FD06F7A"}, // EF.IMSI has 07
    {"sfi-form", "shortEFID 'F0'H", "shortEFID '3A'H", "7FD06F7A"},
    {"adf-form", "fileID '7FB0'H, dfName", "dfName", "0000"},
    {"aid-form", "dfName 'A0000000871004FF49FF0589'H", "dfName 'A0000000871002FF49FF0589'H", "7FB0"},
    {"path-unknown", "linkPath '7FD06F7A'H", "linkPath '7FD06F7B6F7A'H", "7FD06F70"},
    {"arr-reference", "fileID '6F7A'H", "fileID '6F7A'H, securityAttributesReferenced '6F060F'H", "7FD06F7A"},
    {"arr-empty",
     "ef-impi { fileDescriptor : { efFileSize",
     "ef-impi { fileDescriptor : { securityAttributesReferenced '6F0602'H, efFileSize",
     "7FB06F02"},
    {"arr-form", "fillFileContent : '8001019000'H", "fillFileContent : '80010190FF'H", "7FB06F06"},
    {"dir-entry", "dfName 'A0000000871004FF49FF0589'H", "dfName 'A0000000871004FF49FF0590'H", "7FB0"},
    {"pin-undefined",
     "fileID '7FB0'H, dfName 'A0000000871004FF49FF0589'H",
     "fileID '7FB0'H, dfName 'A0000000871004FF49FF0589'H, pinStatusTemplateDO '0181'H",
     "7FB0"},
    {"puk-undefined", "unblockingPINReference pukAppl1", "unblockingPINReference pukAppl2", "pinCodes"},
    {"pin-duplicate", "keyReference adm1", "keyReference pinAppl1", "pinCodes"},
    {"pin-reference", "keyReference adm1", "keyReference 9", "pinCodes"},
    {"pin-form", "pinValue '30303030FFFFFFFF'H", "pinValue '303030FFFFFFFFFF'H", "pinCodes"},
    {"pin-attempts", "maxNumOfAttemps-retryNumLeft 170", "maxNumOfAttemps-retryNumLeft 58", "pinCodes"},
    {"imsi-form", "'080910", "'080110", "7FD06F07"},
    {"aka-mapping", "mappingSource 'A0000000871002'H", "mappingSource 'A0000000871003'H", "akaParameter"},
    {"aka-key-length",
     "key '3C1D0A5E77F2419988A0B1C2D3E4F506'H",
     "key '3C1D0A5E77F2419988A0B1C2D3E4F5'H",
     "akaParameter"},
    {"sd-key-length",
     "keyData 'A1F2037395E6B7481920313254657A8B'H",
     "keyData 'A1F2037395E6B7481920313254657A'H",
     "securityDomain"},
    {"sd-key-duplicate",
     "keyList {",
     "keyList { { keyUsageQualifier '14'H, keyIdentifier '01'H, keyVersionNumber '02'H, keyComponents { } },",
     "securityDomain"},
    {"privileges-form", "applicationPrivileges '82DC00'H", "applicationPrivileges '82DC'H", "securityDomain"},
    {"aid-duplicate", "instanceAID 'A00000055910100001'H", "instanceAID 'A000000151000000'H", "rfm"},
    {"sd-unknown",
     "instanceAID 'A00000055910100001'H",
     "instanceAID 'A00000055910100001'H, securityDomainAID 'A000000151000001'H",
     "rfm"},
    {"tar-duplicate", "tarList { 'B00120'H }", "tarList { 'B00120'H, 'B00120'H }", "rfm"},
    {"app-runtime", "rfm : {", "application : { app-Header { identification 60 } } rfm : {", "application"},
    {"test-profile",
     "profileType \"Halyard sample\"",
     "profileType \"GSMA Generic eUICC Test Profile\"",
     "header"},
    {"public-key",
     "key '3C1D0A5E77F2419988A0B1C2D3E4F506'H",
     "key '000102030405060708090A0B0C0D0E0F'H",
     "akaParameter"},
    {"public-opc",
     "opc '90A1B7C2D3E4F5061728394A5B6C7D8E'H",
     "opc 'E8ED289DEBA952E4283B54E88E6183CA'H",
     "akaParameter"},
    {"test-algorithm", "algorithmID milenage", "algorithmID usim-test-algorithm", "akaParameter"},
    {"public-sd-key",
     "keyData 'A1F2037395E6B7481920313254657A8B'H",
     "keyData '404142434445464748494A4B4C4D4E4F'H",
     "securityDomain"},
    {"weak-code", "pukValue '3430393231373533'H", "pukValue '3838383838383838'H", "pukCodes"},
    {"msl-none", "minimumSecurityLevel '06'H", "minimumSecurityLevel '04'H", "rfm"},
};

// The content of one of the USIM's files replaced.
std::string with_file(std::string text, const std::string& file, const std::string& content) {
    const size_t at = text.find("fillFileContent", text.find(file + " {", text.find("adf-usim")));
    const size_t end = text.find("'H", at);
    return text.replace(at, end - at, "fillFileContent : '" + content);
}
} // namespace

TEST_CASE("when a package is made wrong for a rule, that rule finds it, at its place") {
    const std::string right = base();
    const auto clean = lint(package(right));
    INFO(list(clean));
    CHECK(errors(clean) == 0);
    for (const Wrong& w : kWrong) {
        INFO(std::string(w.rule));
        CHECK_FALSE(find(clean, w.rule));
        const auto all = lint(package(changed(right, w.from, w.to)));
        INFO(list(all));
        const Finding* const f = find(all, w.rule);
        REQUIRE(f);
        CHECK((f->path.empty() ? f->element : f->path) == w.place);
        CHECK(f->number > 0);
        CHECK_FALSE(f->text.empty());
    }
}

TEST_CASE("when a USIM's files contradict each other, the rules about them say so") {
    const std::string right = base();
    // 3GPP TS 31.102: service n is bit (n - 1) % 8 of octet (n - 1) / 8, counted from 0. The sample has 12
    // and 19 (octets 1 and 2), 20, 33 and 34 (4), 42 and 43 (5), 85 (10): 00080C0003060000000010.
    const std::pair<const char*, std::string> all[] = {
        {"acc-mismatch", with_file(right, "ef-acc", "0001")},
        {"ust-file-missing", with_file(right, "ef-ust", "00080C0403060000000010000000000000")},
        {"ust-service-unset", with_file(right, "ef-ust", "0008000003060000000010000000000000")},
        {"ust-size", changed(with_file(right, "ef-ust", "0008"), "efFileSize '11'H", "efFileSize '02'H")},
        {"est-service", with_file(right, "ef-est", "01")},
        {"aka-missing",
         changed(changed(right, "value7 ProfileElement ::= akaParameter", "/*"), "isim : {", "*/ isim : {")},
    };
    for (const auto& [rule, text] : all) {
        INFO(std::string(rule));
        const auto found = lint(package(text));
        INFO(list(found));
        CHECK(find(found, rule));
    }
    const std::string ad = "ef-ad { fillFileContent : '00000002'H },\n  ef-ecc {";
    const auto with_ad = [&](const char* content) {
        return changed(changed(right, "ef-ecc {", ad), "'00000002'H", content);
    };
    CHECK_FALSE(find(lint(package(with_ad("'00000002'H"))), "ad-form"));
    CHECK(find(lint(package(with_ad("'00000000'H"))), "ad-form"));
    // 262, Germany, has codes of two digits; 310, the United States, of three.
    CHECK(find(lint(package(with_file(with_ad("'00000003'H"), "ef-imsi", "082926100000000010"))), "ad-mnc"));
    CHECK(find(lint(package(with_file(right, "ef-imsi", "083901140000000010"))), "ad-mnc"));
    CHECK_FALSE(find(lint(package(with_file(right, "ef-imsi", "082926100000000010"))), "ad-mnc"));
}

TEST_CASE("when octets are no package or no DER, the linter says what it can and goes on") {
    const OwnedBytes right = package(base());
    const auto elements = *parse(right);
    const auto rule = [&](Bytes octets, const char* name) {
        const auto all = lint(octets);
        INFO(list(all));
        const Finding* f = find(all, name);
        REQUIRE_MESSAGE(f, name);
        return f->offset;
    };
    CHECK(rule(Bytes(right).first(elements.back().offset), "end-missing") == elements.back().offset);
    CHECK(rule(Bytes(right).subspan(elements[1].offset), "header-missing") == 0);
    CHECK(rule(Bytes(right).first(right.size() - 1), "malformed") == elements.back().offset);
    OwnedBytes odd = owned(elements[0].der);
    append(odd, *from_hex("A20100")); // pinCodes without a header
    append(odd, elements.back().der);
    CHECK(rule(odd, "malformed") >= elements[1].offset);
    // PE-End with a length in more octets than needed; akaParameter with a DEFAULT written out.
    OwnedBytes loose = owned(Bytes(right).first(elements.back().offset));
    append(loose, *from_hex("AA8107A0058000810111"));
    CHECK(rule(loose, "not-der") == elements.back().offset);
    const auto defaults = from_notation(changed(base(),
                                                "mappingSource 'A0000000871002'H }",
                                                "mappingSource 'A0000000871002'H }, sqnOptions '02'H"),
                                        {.keep_defaults = true});
    REQUIRE(defaults);
    CHECK(find(lint(defaults->reveal()), "not-der"));
    // mf without EF.DIR: A2 mf, A4 ef-iccid, A6 ef-arr only.
    OwnedBytes no_dir = owned(elements[0].der);
    append(no_dir, *from_hex("B015A0058000810101810667810F010201A200A400A600"));
    append(no_dir, elements.back().der);
    CHECK(rule(no_dir, "missing-file") >= elements[1].offset);
    CHECK(lint({}).size() == 2); // no header, no end
    LintOptions small;
    small.largest = right.size() - 1;
    CHECK(find(lint(right, small), "oversize"));
    small.largest = right.size();
    CHECK_FALSE(find(lint(right, small), "oversize"));
    for (size_t n = 0; n < right.size(); n += 11) (void)lint(Bytes(right).first(n));
}

TEST_CASE("when the rules are listed, each has a test that makes it fire, a reason and a name of its own") {
    std::set<std::string> tested = {"malformed",
                                    "not-der",
                                    "end-missing",
                                    "missing-file",
                                    "oversize",
                                    "acc-mismatch",
                                    "ust-file-missing",
                                    "ust-service-unset",
                                    "ust-size",
                                    "est-service",
                                    "aka-missing",
                                    "ad-form",
                                    "ad-mnc"};
    for (const Wrong& w : kWrong) tested.insert(w.rule);
    std::set<std::string> names;
    for (const Rule& r : lint_rules()) {
        CHECK_MESSAGE(tested.count(r.name), r.name);
        CHECK(names.insert(r.name).second);
        CHECK(*r.what);
        CHECK(*r.reason);
    }
    CHECK(names.size() == tested.size());
}

TEST_CASE("when packages that cards take are looked at, no rule calls anything an error") {
    auto all = ts48();
    all.emplace_back("operational", owned(sample_operational(sample())->reveal()));
    all.emplace_back("bootstrap", owned(sample_bootstrap(sample())->reveal()));
    for (const auto& [name, octets] : all) {
        INFO(name);
        const auto found = lint(octets);
        INFO(list(found));
        CHECK(errors(found) == 0);
    }
}

TEST_CASE("when TS.48 is looked at, its published keys and profile are warnings, and errors where they are "
          "refused") {
    for (const auto& [name, octets] : ts48()) {
        INFO(name);
        const auto found = lint(octets);
        for (const char* rule :
             {"test-profile", "public-key", "test-algorithm", "weak-code", "acc-mismatch"}) {
            INFO(std::string(rule));
            REQUIRE(find(found, rule));
            CHECK(find(found, rule)->severity == Severity::warning);
        }
        const auto refused = lint(octets, {.refuse_security = true});
        CHECK(find(refused, "public-key")->severity == Severity::error);
        CHECK(find(refused, "acc-mismatch")->severity == Severity::warning);
        CHECK_FALSE(find(lint(octets, {.ignored = {"public-key"}}), "public-key"));
        for (const Finding& f : found) // keys are not told
            CHECK(f.text.find("000102030405060708090A0B0C0D0E0F") == std::string::npos);
    }
}
