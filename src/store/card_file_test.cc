#include "base/secret.h"
#include "store/card_file.h"
#include <csignal>
#include <doctest/doctest.h>
#include <fstream>
#include <sys/resource.h>
#include <unistd.h>

using namespace halyard;
using euicc::CardWrite;
using What = CardWrite::What;

namespace {
struct Scratch {
    std::filesystem::path dir =
        std::filesystem::temp_directory_path() / ("halyard-card-" + std::to_string(::getpid()));
    Scratch() { std::filesystem::create_directories(dir); }
    ~Scratch() { std::filesystem::remove_all(dir); }
    std::filesystem::path file() const { return dir / "state"; }
    OwnedBytes content() const {
        std::ifstream f(file(), std::ios::binary);
        return OwnedBytes(std::istreambuf_iterator<char>(f), {});
    }
    void put(Bytes b) const {
        std::ofstream f(file(), std::ios::binary | std::ios::trunc);
        f.write(reinterpret_cast<const char*>(b.data()), static_cast<std::streamsize>(b.size()));
    }
};
const uint8_t kOne[] = {1, 2, 3}, kTwo[] = {4, 5};

Ok commit(store::CardFile& file, std::initializer_list<CardWrite> writes) {
    return file.commit({writes.begin(), writes.size()});
}
Ok put_state(store::CardFile& file, Bytes state) { return commit(file, {{What::state, 0, state}}); }

// What the file holds, as another store would.
Result<euicc::CardContent> everything(store::CardFile& file, std::initializer_list<uint16_t> profiles) {
    euicc::CardContent out;
    out.state = TRY(file.load());
    for (uint16_t p : profiles)
        if (auto image = file.load_image(p)) out.images[p] = std::move(*image);
    return out;
}
constexpr std::initializer_list<uint16_t> kProfiles = {0x10, 0x11, 0x12};

// Commits of every kind, as a card makes them; `octets` is where theirs live.
std::vector<std::vector<CardWrite>> history(std::vector<OwnedBytes>& octets) {
    octets.clear();
    octets.reserve(16);
    const auto some = [&](size_t size, uint8_t first) -> Bytes {
        OwnedBytes& o = octets.emplace_back(size);
        for (size_t i = 0; i < size; ++i) o[i] = static_cast<uint8_t>(first + i * 7);
        return o;
    };
    return {
        {{What::state, 0, some(40, 1)}},
        {{What::state, 0, some(44, 2)}, {What::image, 0x10, some(1500, 3)}},
        {{What::patch, 0x10, some(11, 4)}},
        {{What::patch, 0x10, some(16, 5)}},
        {{What::state, 0, some(52, 6)}, {What::image, 0x11, some(700, 7)}},
        {{What::patch, 0x11, some(1, 8)}},
        {{What::image, 0x10, some(1501, 9)}},
        {{What::state, 0, some(41, 10)}, {What::erase, 0x11, {}}, {What::image, 0x12, some(30, 11)}},
    };
}
} // namespace

TEST_CASE("when something was committed, the next process reads it") {
    Scratch s;
    std::vector<OwnedBytes> octets;
    euicc::CardContent expected;
    {
        auto file = store::CardFile::open(s.file());
        REQUIRE(file);
        CHECK(file->load()->empty());
        for (const auto& writes : history(octets)) {
            REQUIRE(file->commit(writes));
            expected.apply(writes);
            CHECK(*everything(*file, kProfiles) == expected);
        }
    }
    auto again = store::CardFile::open(s.file());
    REQUIRE(again);
    CHECK(*everything(*again, kProfiles) == expected);
    CHECK(again->load_image(0x11).error().code == Errc::not_found);
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

TEST_CASE("when power is cut at any octet of a commit, the commit is there whole or not at all") {
    Scratch s;
    std::vector<OwnedBytes> octets;
    euicc::CardContent before;
    OwnedBytes on_disk;
    for (const auto& writes : history(octets)) {
        {
            auto file = store::CardFile::open(s.file());
            static_cast<void>(file->load());
            REQUIRE(file->commit(writes));
        }
        const OwnedBytes whole = s.content();
        euicc::CardContent after = before;
        after.apply(writes);
        if (!on_disk.empty() && whole.size() > on_disk.size()) {
            REQUIRE(same(Bytes(whole).first(on_disk.size()), on_disk)); // nothing written before is touched
            for (size_t n = on_disk.size(); n <= whole.size(); ++n) {
                const bool complete = n == whole.size();
                for (const bool filled : {false, true}) { // the file had its size already, or not
                    if (filled && n % 512 != 0) continue; // a sector is written whole
                    OwnedBytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n));
                    if (filled) cut.resize(whole.size());
                    s.put(cut);
                    auto file = store::CardFile::open(s.file());
                    const auto found = everything(*file, kProfiles);
                    REQUIRE(found);
                    CHECK(*found == (complete ? after : before));
                    if (complete) continue;
                    // it can go on from there
                    REQUIRE(file->commit(writes));
                    CHECK(*everything(*file, kProfiles) == after);
                }
            }
            s.put(whole);
        }
        before = after;
        on_disk = whole;
    }
}

TEST_CASE("when the file decays at any octet, it is not taken for a card") {
    Scratch s;
    std::vector<OwnedBytes> octets;
    {
        auto file = store::CardFile::open(s.file());
        static_cast<void>(file->load());
        for (const auto& writes : history(octets)) REQUIRE(file->commit(writes));
    }
    const OwnedBytes whole = s.content();
    for (size_t at = 0; at < whole.size(); ++at) {
        OwnedBytes decayed = whole;
        decayed[at] ^= 0x10;
        s.put(decayed);
        CAPTURE(at);
        CHECK_FALSE(store::CardFile::open(s.file())->load());
    }
    s.put(whole);
    CHECK(store::CardFile::open(s.file())->load());
}

TEST_CASE("when there is no room for a commit, it says so, what was there is there, and room helps") {
    Scratch s;
    auto file = store::CardFile::open(s.file());
    static_cast<void>(file->load());
    REQUIRE(put_state(*file, kOne));
    const OwnedBytes image(4000, 0xAA);
    struct rlimit unlimited {};
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &unlimited) == 0);
    const auto old = std::signal(SIGXFSZ, SIG_IGN);
    struct rlimit small = unlimited;
    small.rlim_cur = 2000;
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
    const Ok refused = commit(*file, {{What::state, 0, kTwo}, {What::image, 0x10, image}});
    const Ok again = commit(*file, {{What::state, 0, kTwo}, {What::image, 0x10, image}});
    const bool one_more = put_state(*file, kOne).has_value(); // what fits is taken
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &unlimited) == 0);
    std::signal(SIGXFSZ, old);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::storage);
    CHECK_FALSE(again);
    CHECK(one_more);
    CHECK(same(*file->load(), kOne));
    CHECK_FALSE(file->load_image(0x10));
    REQUIRE(commit(*file, {{What::state, 0, kTwo}, {What::image, 0x10, image}}));
    CHECK(same(*file->load(), kTwo));
    CHECK(file->load_image(0x10)->image == image);
}

TEST_CASE("however many commits there are, the file stays within twice what counts and a little") {
    Scratch s;
    auto file = store::CardFile::open(s.file());
    static_cast<void>(file->load());
    const OwnedBytes image(50'000, 0x55);
    REQUIRE(commit(*file, {{What::state, 0, kOne}, {What::image, 0x10, image}}));
    OwnedBytes state(500);
    for (int i = 0; i < 600; ++i) {
        state[0] = static_cast<uint8_t>(i);
        REQUIRE(put_state(*file, state));
        CHECK(std::filesystem::file_size(s.file()) < 2 * 51'000 + (65 << 10));
    }
    CHECK(same(*file->load(), state));
    CHECK(file->load_image(0x10)->image == image);
}

TEST_CASE("a file of the first format is read, and becomes one of this format with the first commit") {
    Scratch s;
    // "HYCARD01", FNV-1a of the rest (computed with another program), the snapshot
    const OwnedBytes old = *from_hex("4859434152443031 ABF52C671862AAD0 010203");
    s.put(old);
    auto file = store::CardFile::open(s.file());
    const auto loaded = file->load();
    REQUIRE(loaded);
    CHECK(same(*loaded, kOne));
    REQUIRE(commit(*file, {{What::state, 0, kTwo}, {What::image, 0x10, kOne}}));
    CHECK(same(*file->load(), kTwo));
    CHECK(same(file->load_image(0x10)->image, kOne));
    CHECK(hex(s.content()).substr(0, 16) == "4859434152443032");
    OwnedBytes decayed = old;
    decayed.back() ^= 1;
    s.put(decayed);
    CHECK(file->load().error().code == Errc::unverified);
}
