// The fuzz targets without a fuzzer: their seeds, a little damage to them, and what once was a finding.
#include "tests/fuzz/target.h"
#include "tests/loop/world.h"
#include <chrono>
#include <doctest/doctest.h>
#include <fstream>

using namespace halyard;
using namespace halyard::fuzz;

namespace {
// One input a line: the target's name, the octets in hex, and why it is here.
constexpr const char* kFindings = "tests/fuzz/findings.txt";

OwnedBytes damaged(OwnedBytes input, loop::SeededRandom& random) {
    for (uint64_t n = 1 + random.next() % 3; n && !input.empty(); --n) {
        const auto at = input.begin() + static_cast<std::ptrdiff_t>(random.next() % input.size());
        switch (random.next() % 4) {
        case 0: *at = static_cast<uint8_t>(random.next()); break;
        case 1: *at = static_cast<uint8_t>(*at ^ 1u << random.next() % 8); break;
        case 2: input.erase(at); break;
        default: input.insert(at, static_cast<uint8_t>(random.next()));
        }
    }
    return input;
}

const Target& target(std::string_view name) {
    for (const Target* t : targets())
        if (t->name == name) return *t;
    FAIL(std::string(name));
    return kDer;
}
} // namespace

TEST_CASE("when a fuzz target gets its seeds, whole and damaged, nothing that must hold breaks") {
    loop::SeededRandom random{1};
    for (const Target* t : targets()) {
        INFO(std::string(t->name));
        const auto seeds = t->seeds();
        REQUIRE_FALSE(seeds.empty());
        const size_t step = 1 + seeds.size() / 40; // a sample will do here: fuzzing is what tools/fuzz does
        for (size_t i = 0; i < seeds.size(); i += step) {
            t->run(seeds[i]);
            t->run(damaged(seeds[i], random));
        }
        t->run({});
    }
}

TEST_CASE("when an input that once was a finding comes again, nothing that must hold breaks") {
    std::ifstream file(kFindings);
    REQUIRE(file);
    for (std::string line; std::getline(file, line);) {
        if (line.empty() || line[0] == '#') continue;
        const auto space = line.find(' ');
        const auto input = from_hex(line.substr(space + 1, line.find(' ', space + 1) - space - 1));
        INFO(line);
        REQUIRE(input);
        target(line.substr(0, space)).run(*input);
    }
}
