// Value notation against the texts that GSMA publishes beside its packages, and what a person may get wrong.
#include "profile/notation.h"
#include "profile/testing.h"

using namespace halyard;
using namespace halyard::profile;

namespace {
std::string text_of_file(const std::string& der_name) {
    const char* shared = std::getenv("HALYARD_SHARED");
    const std::filesystem::path path = std::filesystem::path(shared ? shared : "../shared") / "data/ts48-v7" /
                                       (der_name.substr(0, der_name.size() - 4) + ".txt");
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}
std::string refused(std::string_view text) {
    const auto out = from_notation(text);
    REQUIRE_FALSE(out);
    return out.error().text();
}
std::string der(std::string_view text) {
    const auto out = from_notation(text);
    REQUIRE_MESSAGE(out, (out ? "" : out.error().text()));
    return hex(out->reveal());
}
} // namespace

TEST_CASE("when a published TS.48 text is read, the published DER comes out octet for octet") {
    for (const auto& [name, package] : ts48()) {
        INFO(name);
        const std::string text = text_of_file(name);
        REQUIRE_FALSE(text.empty());
        const auto made = from_notation(text);
        REQUIRE_MESSAGE(made, (made ? "" : made.error().text()));
        const auto theirs = parse(package), ours = parse(made->reveal());
        REQUIRE(theirs);
        REQUIRE(ours);
        REQUIRE(ours->size() == theirs->size());
        for (size_t i = 0; i < ours->size(); ++i) {
            INFO((*theirs)[i].name << " at " << (*theirs)[i].offset);
            CHECK(hex((*ours)[i].der) == hex((*theirs)[i].der));
        }
    }
}

TEST_CASE("when a package is written as text and read again, it is the same octet for octet") {
    auto packages = ts48();
    packages.emplace_back("operational", owned(sample_operational(sample())->reveal()));
    packages.emplace_back("bootstrap", owned(sample_bootstrap(sample())->reveal()));
    for (const auto& [name, package] : packages) {
        INFO(name);
        const auto text = to_notation(package);
        REQUIRE(text);
        const auto again = from_notation(*text);
        REQUIRE_MESSAGE(again, (again ? "" : again.error().text()));
        CHECK(same(again->reveal(), package));
    }
}

TEST_CASE("when a TS.48 package is printed with its defaults, the text is the published one") {
    for (const auto& [name, package] : ts48()) {
        INFO(name);
        std::string theirs = text_of_file(name);
        const auto full = from_notation(theirs, {.keep_defaults = true});
        REQUIRE(full);
        std::string ours = *to_notation(full->reveal());
        for (size_t at; (at = theirs.find("keyCompontents")) != std::string::npos;)
            theirs.replace(at, 14, "keyComponents"); // the only word that we spell otherwise
        std::erase(theirs, '\r');
        while (!theirs.empty() && theirs.back() == '\n') theirs.pop_back();
        while (!ours.empty() && ours.back() == '\n') ours.pop_back();
        const auto parted = static_cast<size_t>(
            std::mismatch(theirs.begin(), theirs.end(), ours.begin(), ours.end()).first - theirs.begin());
        CHECK(theirs.substr(parted, 60) == ours.substr(parted, 60));
    }
}

TEST_CASE("when values of every form are written, they mean what X.680 says") {
    // A0: header { mandated, identification 1 } of PE-End, tags from the module's table.
    CHECK(der("end : { end-header { mandated NULL, identification 1 } }") == "AA07A0058000810101");
    CHECK(der("-- a comment -- last ProfileElement ::= end:{end-header{identification 300}} -- end") ==
          "AA06A0048102012C");
    CHECK(der("/* one /* in */ another */ end : { end-header { identification 0 } }") == "AA05A003810100");
    CHECK(der("pukCodes : { puk-Header { identification 5 }, pukCodes { { keyReference secondPUKAppl1, "
              "pukValue '3232 3232\n3232 3232'H } } }") ==
          "A317A003810105A110300E8002008181083232323232323232");
    CHECK(der("nonStandard : { nonStandard-header { identification 1 }, issuerID { joint-iso-itu-t(2) 23 143 "
              "1 }, content '0000000110101011'B }") == "A90FA003810101810467810F01820201AB");
    CHECK(der("header : { major-version 2, minor-version 3, profileType \"a \"\"b\"\"\", iccid "
              "'89000123456789012341'H, eUICC-Mandatory-services { usim NULL, eaka NULL }, "
              "eUICC-Mandatory-GFSTEList { { 2 23 143 1 2 1 } } }") ==
          "A0298001028101038205612022622"
          "2830A89000123456789012341A50481009D00A608060667810F010201");
    CHECK(der("akaParameter : { aka-header { identification 1 }, algoConfiguration mappingParameter : { "
              "mappingOptions '01'H, mappingSource 'A0000000871002'H } }") ==
          "A415A003810101A10EA00C8001018107A0000000871002");
}

TEST_CASE("when a component says its DEFAULT, DER leaves it out, unless it is to be kept") {
    const char* const text =
        "pukCodes : { puk-Header { identification 5 }, pukCodes { { keyReference pukAppl1, "
        "pukValue '3131313131313131'H, maxNumOfAttemps-retryNumLeft 170 } } }";
    CHECK(der(text) == "A316A003810105A10F300D80010181083131313131313131");
    const auto kept = from_notation(text, {.keep_defaults = true});
    REQUIRE(kept);
    CHECK(hex(kept->reveal()) == "A31AA003810105A113301180010181083131313131313131820200AA");
    CHECK(to_notation(sample_bootstrap(sample())->reveal()).has_value());
}

TEST_CASE("when a package has what this edition does not know, the text keeps it") {
    const auto whole = sample_bootstrap(sample());
    const auto elements = *parse(whole->reveal());
    OwnedBytes package = owned(elements.front().der);
    append(package, *from_hex("BF300AA00580008101018A0177")); // an element of a later edition
    append(package, *from_hex("AA0AA0058000810102850155"));   // PE-End with a later component
    const auto text = to_notation(package);
    REQUIRE(text);
    CHECK(text->find("unknown : 'BF300AA00580008101018A0177'H") != std::string::npos);
    CHECK(text->find("unknown '850155'H") != std::string::npos);
    const auto again = from_notation(*text);
    REQUIRE_MESSAGE(again, (again ? "" : again.error().text()));
    CHECK(same(again->reveal(), package));
}

TEST_CASE("when a services list names what nobody knows, the text keeps it") {
    const OwnedBytes package = *from_hex("A027800102810103830A89000123456789012341A5098100" // usim
                                         "9E00"   // of a later edition
                                         "8201FF" // no NULL
                                         "8400A608060667810F010201AA07A0058000810101");
    const auto text = to_notation(package);
    REQUIRE_MESSAGE(text, (text ? "" : text.error().where));
    CHECK(text->find("usim NULL,\n    unknown '9E00'H,\n    unknown '8201FF'H,\n    milenage NULL") !=
          std::string::npos);
    CHECK(hex(from_notation(*text)->reveal()) == hex(package));
}

TEST_CASE("when a text is wrong, the error tells line, column, what was found and what was expected") {
    const std::pair<std::string, std::string> all[] = {
        {"end {", "1:5: found '{', expected ':'"},
        {"end : { end-header { mandated NULL identification 1 } }",
         "1:36: found 'identification', expected ',' or '}'"},
        {"end : {\n  end-header {\n    mandated NIL\n  }\n}", "3:14: found 'NIL', expected NULL"},
        {"end : { end-header { identification 70000 } }",
         "1:37: found '70000', expected a number within the component's range"},
        {"end : { end-header { mandated NULL } }", "1:36: found '}', expected the component identification"},
        {"end : { end-header { identification 1, identification 1 } }",
         "1:40: found 'identification', twice or out of order,, expected '}' (in PEHeader)"},
        {"end : { end-header { identification 1, } }",
         "1:40: found '}', expected another component behind ','"},
        {"end : { end-header { identification 1 }", "1:40: found the end of the text, expected ',' or '}'"},
        {"ende : { }", "1:1: found 'ende', expected the name of a profile element: header, mf, usim …"},
        {"value1 Element ::= end", "1:8: found 'Element', expected 'ProfileElement' or ':'"},
        {"pukCodes : { puk-Header { identification 5 }, pukCodes { { keyReference pukAppl9 } } }",
         "1:73: found 'pukAppl9', expected a number within the component's range, pukAppl1, pukAppl2, "
         "pukAppl3, "
         "pukAppl4, pukAppl5, pukAppl6, pukAppl7, pukAppl8, secondPUKAppl1, secondPUKAppl2, secondPUKAppl3, "
         "secondPUKAppl4, secondPUKAppl5, secondPUKAppl6, secondPUKAppl7, secondPUKAppl8"},
        {"pukCodes : { puk-Header { identification 5 }, pukCodes { { keyReference 1, pukValue '31'H } } }",
         "1:85: found 1 octets, expected 8 octets"},
        {"cdmaParameter : { cdma-header { identification 1 }, authenticationKey '0'H }",
         "1:71: found 1 digits, expected whole octets"},
        {"cdmaParameter : { cdma-header { identification 1 }, authenticationKey 'XY'H }",
         "1:71: found a string with something else than digits, expected 0 to 9 and A to F"},
        {"cdmaParameter : { cdma-header { identification 1 }, authenticationKey '00'X }",
         "1:71: found a string without H or B behind it, expected a hex string 'AB'H"},
        {"end : /* no end", "1:6: found a comment that does not end, expected '{'"},
        {"akaParameter : { aka-header { identification 1 }, algoConfiguration nothing : { } }",
         "1:69: found 'nothing', expected one of mappingParameter, algoParameter (in AlgoConfiguration)"},
        {"unknown : 'FF'H", "1:11: found octets that are no TLV, expected one complete TLV"},
    };
    for (const auto& [text, message] : all) {
        INFO(text);
        CHECK(refused(text) == message);
    }
}

TEST_CASE("when a text is made to hurt, it is refused at once") {
    std::string deep = "genericFileManagement : { gfm-header { identification 1 }, fileManagementCMD ";
    for (int i = 0; i < 100000; ++i) deep += '{';
    CHECK(from_notation(deep).error().expected ==
          "one of filePath, createFCP, fillFileOffset, fillFileContent (in FileManagement)");
    CHECK(from_notation(std::string(kMaxNotation + 1, ' ')).error().expected == "at most 2097152");
    std::string many;
    for (int i = 0; i < 1001; ++i) many += "end:{end-header{identification 1}}";
    CHECK(from_notation(many).error().expected == "at most 1000 profile elements");
    const auto whole = *to_notation(sample_bootstrap(sample())->reveal());
    for (size_t n = 0; n < whole.size(); n += 7) (void)from_notation(whole.substr(0, n));
}

namespace {
enum class Bit { first = 0, third = 2 };
constexpr auto asn1_names(Bit) { return std::array<asn1::NamedValue, 2>{{{0, "first"}, {2, "third"}}}; }
struct Flags {
    asn1::BitSet<Bit> bits;
    bool yes = false;
    template <int = 0> static constexpr auto asn1() {
        return sequence("Flags", 0x30, field<&Flags::bits>("bits", 0x80), field<&Flags::yes>("yes", 0x81));
    }
};
} // namespace

TEST_CASE("when a value has named bits and booleans, they are written by name and read by name or digits") {
    // X.690 §8.6: unused bits first; 5 of 8 here.
    for (const char* text : {"{ bits { first, third }, yes TRUE }", "{ bits '101'B, yes TRUE }"}) {
        const auto out = parse_value(asn1::Map<Flags>::type, text);
        REQUIRE_MESSAGE(out, (out ? "" : out.error().text()));
        CHECK(hex(out->reveal()) == "30078002"
                                    "05A0"
                                    "8101FF");
        CHECK(*print_value(asn1::Map<Flags>::type, out->reveal()) ==
              "{\n  bits { first, third },\n  yes TRUE\n}");
    }
    CHECK(parse_value(asn1::Map<Flags>::type, "{ bits { second }, yes TRUE }").error().text() ==
          "1:10: found 'second', expected the name of a bit of BIT STRING");
}

TEST_CASE("when members of a template element stand in another order, the text keeps it") {
    // mf with A2 mf, A6 ef-arr, A5 ef-dir, A4 ef-iccid: each there, none in its place.
    const auto whole = sample_bootstrap(sample());
    OwnedBytes package = owned(parse(whole->reveal())->front().der);
    append(package, *from_hex("B017A0058000810101810667810F010201A200A600A500A400"));
    append(package, *from_hex("AA07A0058000810102"));
    const auto text = to_notation(package);
    REQUIRE_MESSAGE(text, (text ? "" : text.error().where));
    CHECK(text->find("unknown 'A600'H,\n  unknown 'A500'H,\n  ef-iccid { }") != std::string::npos);
    const auto again = from_notation(*text);
    REQUIRE_MESSAGE(again, (again ? "" : again.error().text()));
    CHECK(same(again->reveal(), package));
}
