#include "store/ipa_file.h"
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <unistd.h>

using namespace halyard;

namespace {
struct Folder {
    std::filesystem::path path =
        std::filesystem::temp_directory_path() / ("halyard-ipa-file-" + std::to_string(::getpid()));
    Folder() { std::filesystem::create_directories(path); }
    ~Folder() { std::filesystem::remove_all(path); }
    std::string file() const { return (path / "ipa.state").string(); }
};
const OwnedBytes kBlob{0x30, 0x03, 0x80, 0x01, 0x01};
} // namespace

TEST_CASE("when nothing was ever saved, the state is empty") {
    Folder folder;
    store::IpaFile file(folder.file());
    const auto blob = file.load();
    REQUIRE(blob);
    CHECK(blob->empty());
}

TEST_CASE("when a state was saved, another process reads the same octets") {
    Folder folder;
    REQUIRE(store::IpaFile(folder.file()).save(kBlob));
    store::IpaFile file(folder.file());
    const auto blob = file.load();
    REQUIRE(blob);
    CHECK(hex(*blob) == "3003800101");
    // "HIPA", length 5, CRC-32 of the five octets (computed with Python's zlib)
    std::ifstream in(folder.file(), std::ios::binary);
    const std::string raw((std::istreambuf_iterator<char>(in)), {});
    CHECK(hex(bytes_of(raw)).substr(0, 16) == "4849504100000005");
}

TEST_CASE("when a power cut leaves a half-written new file, the old state is still read") {
    Folder folder;
    REQUIRE(store::IpaFile(folder.file()).save(kBlob));
    std::ofstream(folder.file() + ".new", std::ios::binary) << "HIP";
    store::IpaFile file(folder.file());
    const auto blob = file.load();
    REQUIRE(blob);
    CHECK(hex(*blob) == "3003800101");
}

TEST_CASE("when any octet of the file is flipped, it is refused and kept aside") {
    Folder folder;
    REQUIRE(store::IpaFile(folder.file()).save(kBlob));
    const auto size = std::filesystem::file_size(folder.file());
    for (uintmax_t at = 0; at < size; ++at) {
        REQUIRE(store::IpaFile(folder.file()).save(kBlob));
        std::fstream raw(folder.file(), std::ios::binary | std::ios::in | std::ios::out);
        raw.seekg(static_cast<std::streamoff>(at));
        const int octet = raw.get();
        raw.seekp(static_cast<std::streamoff>(at));
        raw.put(static_cast<char>(octet ^ 0x10));
        raw.close();
        store::IpaFile file(folder.file());
        const auto blob = file.load();
        REQUIRE_FALSE(blob);
        CHECK(blob.error().code == Errc::storage);
        CHECK(std::filesystem::exists(folder.file() + ".damaged"));
    }
}

TEST_CASE("when the file is cut at any length, it is refused") {
    Folder folder;
    REQUIRE(store::IpaFile(folder.file()).save(kBlob));
    const auto size = std::filesystem::file_size(folder.file());
    for (uintmax_t length = 0; length < size; ++length) {
        REQUIRE(store::IpaFile(folder.file()).save(kBlob));
        std::filesystem::resize_file(folder.file(), length);
        store::IpaFile file(folder.file());
        CHECK_FALSE(file.load());
    }
}

TEST_CASE("when the folder does not exist, saving fails and says so") {
    store::IpaFile file("/nonexistent/halyard/ipa.state");
    const auto saved = file.save(kBlob);
    REQUIRE_FALSE(saved);
    CHECK(saved.error().code == Errc::storage);
    CHECK(std::string(saved.error().where) == "ipa state open");
}
