// Packages that are cut, damaged or made to hurt. SR-47, SR-48
#include "profile/testing.h"

using namespace halyard;
using namespace halyard::profile;

namespace {
// Every cut is refused, naming the element it falls into and where that begins.
void cut_everywhere(const std::string& name, Bytes whole) {
    INFO(name);
    const auto elements = *parse(whole);
    for (const Element& e : elements)
        for (size_t n = 0; n < e.der.size(); ++n) {
            const auto cut = parse(whole.first(e.offset + n));
            REQUIRE_FALSE(cut);
            if (n == 0) { // between two elements: PE-End is what is missing
                if (e.offset) CHECK(cut.error().code == Errc::missing_field);
                CHECK(std::string(cut.error().where) == (e.offset ? "end" : "header"));
            } else {
                CHECK(cut.error().code == Errc::truncated);
                const bool half_a_tag = n == 1 && e.tag > 0xFF;
                CHECK(std::string(cut.error().where) == (half_a_tag ? "ProfileElement" : e.name));
            }
            CHECK(cut.error().offset == e.offset);
        }
}
} // namespace

TEST_CASE("when a sample is cut at any octet, the element and its place are named") {
    cut_everywhere("operational", sample_operational(sample())->reveal());
    cut_everywhere("bootstrap", sample_bootstrap(sample())->reveal());
    const auto package = sample_operational(sample());
    for (size_t n = 0; n < package->size(); ++n) CHECK_FALSE(install(package->reveal().first(n)));
}
TEST_CASE("when a TS.48 package is cut at any octet, the element and its place are named") {
    const auto packages = ts48();
    if (!packages.empty()) cut_everywhere(packages.front().first, packages.front().second);
}

TEST_CASE("when a bit is flipped anywhere, nothing crashes and what is left can be looked at") {
    const auto package = sample_operational(sample());
    OwnedBytes bytes = owned(package->reveal());
    for (size_t bit = 0; bit < bytes.size() * 8; bit += 1) {
        bytes[bit / 8] = static_cast<uint8_t>(bytes[bit / 8] ^ 1 << bit % 8);
        (void)install(bytes);
        (void)facts(bytes);
        if (bit % 8 == 0) (void)personalise(bytes, {});
        bytes[bit / 8] = static_cast<uint8_t>(bytes[bit / 8] ^ 1 << bit % 8);
    }
    CHECK(install(bytes));
}

TEST_CASE("when offsets add up to more than a file can hold, the package is refused, not obeyed") {
    const auto package = sample_operational(sample());
    const auto with = [&](std::string_view member) {
        OwnedBytes all;
        const auto elements = *parse(package->reveal());
        for (const Element& e : elements) {
            if (e.tag == 0xA4) { // an opt-usim with EF.GID1 of these commands
                OwnedBytes commands;
                for (int i = 0; i < 1000; ++i) append(commands, *from_hex("820300FFFF"));
                append(commands, *from_hex("8301AA"));
                OwnedBytes element = *from_hex("A0058000810163810667810F010205");
                append(element, *from_hex(member));
                element.push_back(static_cast<uint8_t>(commands.size() >> 8));
                element.push_back(static_cast<uint8_t>(commands.size()));
                append(element, commands);
                append(all, *from_hex("B482"));
                all.push_back(static_cast<uint8_t>(element.size() >> 8));
                all.push_back(static_cast<uint8_t>(element.size()));
                append(all, element);
            }
            append(all, e.der);
        }
        return all;
    };
    const OwnedBytes gid = with("A582"); // A5: EF.GID1
    REQUIRE(parse(gid));
    const auto f = facts(gid);
    REQUIRE(f);
    CHECK(f->gid1.size() <= 0x10000);
    const OwnedBytes gbabp = with("BF3782"); // EF.GBABP: its size is what the package writes
    for (const OwnedBytes& package_with : {gid, gbabp}) {
        const auto image = install(package_with);
        REQUIRE_FALSE(image);
        CHECK(image.error().detail == 3); // bad-values
    }
}

TEST_CASE("when the card's memory is just enough, the package is taken; one octet less, and it is not") {
    const auto package = sample_operational(sample());
    const auto image = install(package->reveal());
    REQUIRE(image);
    const auto status = [&](size_t memory) {
        Platform p;
        p.memory = memory;
        const auto taken = install(package->reveal(), p);
        return taken ? 0u : taken.error().detail;
    };
    CHECK(status(image->memory()) == 0);
    CHECK(status(image->memory() - 1) == 4); // not-enough-memory
}
