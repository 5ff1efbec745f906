#pragma once
// Packages that tests of this layer look at.
#include "profile/image.h"
#include <cstdlib>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace halyard::profile {

/// GSMA TS.48 test profiles, when they lie beside the project.
inline std::vector<std::pair<std::string, OwnedBytes>> ts48() {
    std::vector<std::pair<std::string, OwnedBytes>> out;
    const char* shared = std::getenv("HALYARD_SHARED");
    const std::filesystem::path dir = std::filesystem::path(shared ? shared : "../shared") / "data/ts48-v7";
    for (const char* name : {"NoBERTLV.der", "BERTLV_SUCI.der", "NoBERTLV_NoRAMRFM.der"}) {
        std::ifstream in(dir / name, std::ios::binary);
        if (!in) {
            MESSAGE("SKIPPED: no " << (dir / name).string());
            continue;
        }
        out.emplace_back(name, OwnedBytes(std::istreambuf_iterator<char>(in), {}));
    }
    return out;
}
inline SampleParameters sample() {
    return {.iccid = *iccid_from_text("89880000000000000017"), .imsi = "001010000000017"};
}

} // namespace halyard::profile
