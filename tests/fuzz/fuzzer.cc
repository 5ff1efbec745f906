// libFuzzer's side of one target; HALYARD_FUZZ_TARGET is its name in C++.
#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    halyard::fuzz::HALYARD_FUZZ_TARGET.run({data, size});
    return 0;
}
