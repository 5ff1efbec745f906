// Value notation of profile packages: texts, and packages that are printed and read again. X.680
#include "profile/notation.h"
#include "tests/fuzz/scene.h"

namespace halyard::fuzz {
namespace {

// Printed, read and printed again: nothing changes. Lengths in more octets than needed become the shortest.
void there_and_back(Bytes package) {
    if (!profile::parse(package)) return;
    const auto text = profile::to_notation(package);
    HALYARD_ASSERT(text);
    const auto again = profile::from_notation(*text, {.keep_defaults = true});
    HALYARD_ASSERT(again);
    HALYARD_ASSERT(again->size() <= package.size());
    const auto twice = profile::to_notation(again->reveal());
    HALYARD_ASSERT(twice && *twice == *text);
}

void run(Bytes input) {
    if (!input.empty() && input[0] == 0xA0) return there_and_back(input);
    for (const bool keep : {false, true}) {
        const auto package = profile::from_notation(text_of(input), {.keep_defaults = keep});
        if (package) {
            there_and_back(package->reveal());
        } else {
            HALYARD_ASSERT(package.error().line && package.error().column);
            HALYARD_ASSERT(!package.error().found.empty() && !package.error().expected.empty());
        }
    }
}

std::vector<OwnedBytes> seeds() {
    std::vector<OwnedBytes> out;
    const profile::SampleParameters parameters{.iccid = loop::iccid(loop::iccid_text(5))};
    const auto sample = profile::sample_operational(parameters);
    HALYARD_ASSERT(sample);
    out.push_back(owned(sample->reveal()));
    const auto elements = profile::parse(sample->reveal());
    HALYARD_ASSERT(elements);
    // One text for each kind of element, short enough to be changed in many ways.
    for (const profile::Element& e : *elements) {
        OwnedBytes small = owned(elements->front().der);
        if (e.tag != 0xA0) append(small, e.der);
        if (e.tag != 0xAA) append(small, elements->back().der);
        const auto text = profile::to_notation(small);
        HALYARD_ASSERT(text);
        out.push_back(small);
        if (text->size() < kProfileText.max_size) out.push_back(owned(bytes_of(*text)));
    }
    for (const char* text :
         {"/* a */ value1 ProfileElement ::= header : { major-version 3, minor-version 1, profileType \"x "
          "\"\"y\", "
          "iccid '89000123456789012341'H, eUICC-Mandatory-services { usim NULL, unknown '9E00'H }, "
          "eUICC-Mandatory-GFSTEList { { joint-iso-itu-t(2) 23 143 1 2 1 } } } -- and\n"
          "value2 ProfileElement ::= end : { end-header { mandated NULL, identification 31 } }",
          "akaParameter : { aka-header { identification 1 }, algoConfiguration algoParameter : { algorithmID "
          "milenage, algorithmOptions '00000001'B, key '00'H, opc ''H, numberOfKeccak 1 }, sqnOptions '02'H "
          "}",
          "genericFileManagement : { gfm-header { identification 7 }, fileManagementCMD { { filePath ''H, "
          "createFCP : { fileDescriptor '4121'H, fileID '6F01'H, shortEFID ''H }, fillFileOffset : 3, "
          "fillFileContent : 'AB'H } } }"})
        out.push_back(owned(bytes_of(text)));
    return out;
}
} // namespace

const Target kProfileText{"profile_text", run, seeds, 8192};

} // namespace halyard::fuzz
