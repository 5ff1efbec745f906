#pragma once
// Every benchmark has a name and, in the table at the end, a reference measured in the same run.
#include "tests/loop/world.h"
#include <benchmark/benchmark.h>

namespace halyard::bench {

/// One row of the table at the end: what is ours, beside what it is compared with.
struct Comparison {
    const char* title;
    const char* ours;      // names of benchmarks
    const char* reference; // several, joined by '+', are added up
    const char* note;      // what the reference is
};

/// Calls into the cryptographic library since the last reset, counted where they leave our code.
struct Calls {
    uint64_t sign = 0, verify = 0, derive = 0, generate = 0;
};
Calls& calls();
/// Those of all iterations as counters of each.
void count_calls(benchmark::State&, const Calls& sum);

/// Messages of one order in a small world, made once.
struct Samples {
    Samples();
    loop::World world;
    loop::Device& device;
    OwnedBytes package; // EuiccPackageRequest that enables a profile
    OwnedBytes result;  // EuiccPackageResult with a list of two profiles
    OwnedBytes profile; // an operational profile package
};
Samples& samples();

/// GSMA's generic test profile TS.48 v7, BERTLV_SUCI; nullopt when it is not on this machine.
std::optional<OwnedBytes> published_profile();

/// TLVs in `der`, found by OpenSSL's ASN1_get_object, understanding nothing.
size_t openssl_walk(Bytes der);

/// Ends the program: a benchmark whose preparation fails measures nothing.
template <class T> T must(Result<T> r) {
    HALYARD_ASSERT(r);
    return std::move(*r);
}

} // namespace halyard::bench
