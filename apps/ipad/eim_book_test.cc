#include "apps/ipad/eim_book.h"
#include <cstdlib>
#include <doctest/doctest.h>
#include <filesystem>

using namespace halyard;
using ipad::EimBook;

namespace {
OwnedBytes h(std::string_view hex) { return *from_hex(hex); }
// BF55 { A0 { 30 { 80 eimId } … } }: ids of two letters. SGP.32 §5.9.18
const OwnedBytes kNone = h("BF5502 A000");
const OwnedBytes kOne = h("BF5508 A006 3004 80026131");                // a1
const OwnedBytes kBoth = h("BF550E A00C 3004 80026131 3004 80026232"); // a1, b2
const OwnedBytes kOther = h("BF5508 A006 3004 80026232");              // b2
const OwnedBytes kDamaged = h("BF5508 A006 3005 80026232");            // longer than what holds it
// b2 with eimFqdn "c"
const OwnedBytes kChanged = h("BF550B A009 3007 80026232 810163");

struct Directory {
    Directory() {
        std::string name = (std::filesystem::temp_directory_path() / "book_XXXXXX").string();
        REQUIRE(mkdtemp(name.data()));
        path = name;
    }
    ~Directory() { std::filesystem::remove_all(path); }
    std::filesystem::path path;
};
struct Book {
    Book() { REQUIRE(book.load()); }
    std::string ids() const {
        std::string out;
        for (const auto& [id, der] : book.entries()) out += id + " ";
        return out;
    }
    /// What a process that begins now finds.
    std::string on_disk() const {
        EimBook other(file());
        REQUIRE(other.load());
        std::string out;
        for (const auto& [id, der] : other.entries()) out += id + " ";
        return out;
    }
    std::string file() const { return (directory.path / "eims").string(); }
    Directory directory;
    EimBook book{file()};
};
} // namespace

TEST_CASE("when the card lists an eIM no longer, it is forgotten, on disk too") {
    Book b;
    REQUIRE(b.book.merge(kBoth));
    CHECK(b.ids() == "a1 b2 ");
    const unsigned before = b.book.revision();
    REQUIRE(b.book.merge(kOne));
    CHECK(b.ids() == "a1 ");
    CHECK(b.on_disk() == "a1 ");
    CHECK(b.book.revision() > before); // connections under its trust end
    REQUIRE(b.book.merge(kNone));
    CHECK(b.ids().empty());
    CHECK(b.on_disk().empty());
}

TEST_CASE("when an eIM removed itself, it is remembered as long as it is owed a result") {
    Book b;
    REQUIRE(b.book.merge(kBoth));
    REQUIRE(b.book.merge(kOne, "b2"));
    CHECK(b.ids() == "a1 b2 ");
    CHECK(b.on_disk() == "a1 b2 ");
    REQUIRE(b.book.merge(kOne));
    CHECK(b.ids() == "a1 ");
    REQUIRE(b.book.merge(kOne, "b2")); // nobody that the card never told of
    CHECK(b.ids() == "a1 ");
}

TEST_CASE("when an eIM that is owed something is listed, what the card says of it counts") {
    Book b;
    REQUIRE(b.book.merge(kOther));
    REQUIRE(b.book.merge(kChanged, "b2"));
    CHECK(hex(b.book.entries().at("b2")) == "300780026232810163");
}

TEST_CASE("when the card's answer cannot be read, nobody is forgotten") {
    Book b;
    REQUIRE(b.book.merge(kBoth));
    CHECK_FALSE(b.book.merge(kDamaged));
    CHECK_FALSE(b.book.merge({}));
    CHECK(b.ids() == "a1 b2 ");
    CHECK(b.on_disk() == "a1 b2 ");
}
