// Profile packages: parsed, encoded again, installed at once and in pieces, personalised. profile-package
#include "euicc/image_octets.h"
#include "euicc/state.h"
#include "profile/image.h"
#include "tests/fuzz/scene.h"
#include <fstream>

namespace halyard::fuzz {
namespace {

// Elements encoded again are understood the same way, and then nothing changes any more.
void again(const std::vector<profile::Element>& elements) {
    for (const profile::Element& e : elements) {
        const auto out = profile::reencode(e);
        HALYARD_ASSERT(out);
        const auto next = profile::next_element(*out, 0);
        HALYARD_ASSERT(next && *next && (*next)->der.size() == out->size());
        const auto twice = profile::reencode(**next);
        HALYARD_ASSERT(twice && *twice == *out);
    }
}

// Small pieces in the beginning, then larger and larger ones: each piece copies the unfinished element once
// more, and a thousand small ones find nothing that the first hundred do not.
bool feed_in_pieces(Bytes package, size_t piece, profile::Installer& installer) {
    constexpr size_t kSmall = 96;
    bool ok = true;
    for (size_t fed = 0; !package.empty(); ++fed) {
        if (fed >= kSmall) piece *= 2;
        const size_t n = std::min(piece, package.size());
        ok &= installer.feed(package.first(n));
        package = package.subspan(n);
    }
    return ok && installer.complete();
}

void install(Bytes package, size_t piece) {
    profile::Platform platform;
    platform.memory = 64 * 1024;
    const auto image = profile::install(package, platform);
    profile::Installer installer(platform);
    const bool same_end = feed_in_pieces(package, piece, installer);
    HALYARD_ASSERT(same_end == image.has_value());
    HALYARD_ASSERT(installer.response());
    if (!image) return;
    HALYARD_ASSERT(image->memory() <= platform.memory);
    HALYARD_ASSERT(!image->nodes.empty());
    for (const profile::Node& n : image->nodes) HALYARD_ASSERT(n.parent < image->nodes.size());
    const auto octets = euicc::encode_image(*image);
    HALYARD_ASSERT(octets);
    HALYARD_ASSERT(*euicc::encode_image(installer.image()) == *octets);
    const auto back = euicc::decode_image(*octets);
    HALYARD_ASSERT(back);
    HALYARD_ASSERT(*euicc::encode_image(*back) == *octets);
    (void)image->find({0x2FE2});
    (void)image->application(*from_hex("A0000000871002"));
}

void personalise(Bytes package) {
    profile::Personal personal;
    personal.iccid = loop::iccid(loop::iccid_text(77));
    personal.imsi = "001019876543210";
    const auto out = profile::personalise(package, personal);
    if (!out) return;
    const auto facts = profile::facts(out->reveal());
    HALYARD_ASSERT(facts);
    HALYARD_ASSERT(facts->iccid == *personal.iccid);
    HALYARD_ASSERT(facts->imsi == *personal.imsi);
    const auto twice = profile::personalise(out->reveal(), personal);
    HALYARD_ASSERT(twice && same(twice->reveal(), out->reveal()));
}

void run(Bytes input) {
    Reader in(input);
    const size_t piece = 1 + in.octet();
    const Bytes package = in.rest();
    const auto elements = profile::parse(package);
    if (elements) {
        again(*elements);
        (void)profile::facts(package);
        personalise(package);
    } else {
        HALYARD_ASSERT(elements.error().offset <= package.size());
    }
    install(package, piece);
}

// Whole, when it is small enough, and as small packages: the first two elements, one more, the end.
void add_package(Bytes package, std::vector<OwnedBytes>& out) {
    const auto add = [&](Bytes octets, uint8_t piece) {
        if (octets.size() >= kProfile.max_size) return;
        OwnedBytes seed{piece};
        append(seed, octets);
        out.push_back(std::move(seed));
    };
    add(package, 255);
    add(package, 0);
    const auto elements = profile::parse(package);
    HALYARD_ASSERT(elements);
    OwnedBytes few = owned((*elements)[0].der);
    append(few, (*elements)[1].der);
    for (size_t i = 2; i < elements->size(); ++i) {
        OwnedBytes small = few;
        append(small, (*elements)[i].der);
        if (i + 1 < elements->size()) append(small, elements->back().der);
        add(small, 16);
    }
}

std::vector<OwnedBytes> seeds() {
    std::vector<OwnedBytes> out;
    const profile::SampleParameters parameters{.iccid = loop::iccid(loop::iccid_text(5))};
    for (const auto& sample :
         {profile::sample_operational(parameters), profile::sample_bootstrap(parameters)}) {
        HALYARD_ASSERT(sample);
        add_package(sample->reveal(), out);
    }
    // Real ones, where there are any.
    for (const char* name : {"NoBERTLV_NoRAMRFM.der", "BERTLV_SUCI.der"}) {
        std::ifstream file(std::string("../shared/data/ts48-v7/") + name, std::ios::binary);
        const std::string octets((std::istreambuf_iterator<char>(file)), {});
        if (!octets.empty()) add_package(bytes_of(octets), out);
    }
    return out;
}
} // namespace

const Target kProfile{"profile", run, seeds, 12288};

} // namespace halyard::fuzz
