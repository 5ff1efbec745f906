// fuzz_seeds TARGET DIRECTORY: writes the seeds of a target, and "dictionary" beside the directory.
#include "tests/fuzz/target.h"
#include <filesystem>
#include <fstream>
#include <iostream>

int main(int argc, char** argv) {
    using namespace halyard::fuzz;
    if (argc != 3) {
        for (const Target* t : targets()) std::cout << t->name << ' ' << t->max_size << '\n';
        return 0;
    }
    const std::filesystem::path directory = argv[2];
    std::filesystem::create_directories(directory);
    for (const Target* t : targets()) {
        if (t->name != std::string_view(argv[1])) continue;
        size_t n = 0;
        for (const auto& seed : t->seeds()) {
            std::ofstream out(directory / ("seed-" + std::to_string(n++)), std::ios::binary);
            out.write(reinterpret_cast<const char*>(seed.data()), static_cast<std::streamsize>(seed.size()));
        }
        std::ofstream(directory.parent_path() / "dictionary") << dictionary();
        std::cout << n << '\n';
        return 0;
    }
    std::cerr << "fuzz_seeds: no such target: " << argv[1] << '\n';
    return 2;
}
