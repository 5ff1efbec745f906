#include "store/card_file.h"
#include <doctest/doctest.h>
#include <fstream>
#include <unistd.h>

using namespace halyard;

namespace {
struct Scratch {
    std::filesystem::path dir =
        std::filesystem::temp_directory_path() / ("halyard-card-" + std::to_string(::getpid()));
    Scratch() { std::filesystem::create_directories(dir); }
    ~Scratch() { std::filesystem::remove_all(dir); }
    std::filesystem::path file() const { return dir / "state"; }
};
const uint8_t kOne[] = {1, 2, 3}, kTwo[] = {4, 5};
} // namespace

TEST_CASE("when a snapshot was committed, the next process reads it") {
    Scratch s;
    {
        auto file = store::CardFile::open(s.file());
        REQUIRE(file);
        CHECK(file->load()->empty());
        REQUIRE(file->commit(kOne));
        REQUIRE(file->commit(kTwo));
    }
    auto again = store::CardFile::open(s.file());
    REQUIRE(again);
    CHECK(same(*again->load(), kTwo));
    CHECK((std::filesystem::status(s.file()).permissions() & std::filesystem::perms::group_all) ==
          std::filesystem::perms::none);
}

TEST_CASE("when a card is open, a second opener is refused") {
    Scratch s;
    auto first = store::CardFile::open(s.file());
    REQUIRE(first);
    const auto second = store::CardFile::open(s.file());
    REQUIRE_FALSE(second);
    CHECK(second.error().code == Errc::conflict);
}

TEST_CASE("when the file decays, it is not taken for a card") {
    Scratch s;
    auto file = store::CardFile::open(s.file());
    REQUIRE(file->commit(kOne));
    const auto size = std::filesystem::file_size(s.file());
    for (size_t at = 0; at < size; ++at) {
        std::fstream f(s.file(), std::ios::in | std::ios::out | std::ios::binary);
        f.seekg(static_cast<std::streamoff>(at));
        const char octet = static_cast<char>(f.get());
        f.seekp(static_cast<std::streamoff>(at));
        f.put(static_cast<char>(octet ^ 0x10));
        f.close();
        CHECK_FALSE(file->load());
        REQUIRE(file->commit(kOne));
    }
    CHECK(file->load());
}

TEST_CASE("when the directory is gone, the commit says so and the former state stays") {
    Scratch s;
    auto file = store::CardFile::open(s.file());
    REQUIRE(file->commit(kOne));
    std::filesystem::rename(s.dir, s.dir.string() + "-away");
    CHECK(file->commit(kTwo).error().code == Errc::storage);
    std::filesystem::rename(s.dir.string() + "-away", s.dir);
    CHECK(same(*file->load(), kOne));
}
