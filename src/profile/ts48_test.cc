// The TS.48 packages as installed, beside the text form in which GSMA publishes them: every file and every
// field. The text is read by a reader of its own, so that nothing of ours stands on both sides.
#include "profile/testing_ts48.h"

using namespace halyard;
using namespace halyard::profile;
using namespace halyard::profile::published;

namespace {

void compare(const Image& image, const std::string& path, const Expected& e) {
    CAPTURE(path);
    CAPTURE(e.name);
    std::optional<uint32_t> index;
    for (uint32_t i = 0; i < image.nodes.size(); ++i)
        if (hex(image.path_of(i)) == path) index = i;
    REQUIRE(index);
    const Node& n = image.nodes[*index];
    CHECK(n.security == e.security);
    CHECK(n.life == e.life);
    CHECK(n.is_directory() == e.is_directory());
    if (e.is_directory()) {
        CHECK((n.kind == FileKind::application) == !e.aid.empty());
        CHECK(n.aid == e.aid);
        CHECK(n.pins == e.pins);
        return;
    }
    CHECK(n.special == e.special);
    CHECK(n.sfi == e.sfi);
    CHECK(n.shareable);
    const Node& data = image.nodes[image.linked(*index)];
    CHECK(n.kind == e.kind);
    CHECK(data.record_size == e.record);
    if (!e.link.empty()) {
        CHECK(hex(n.link) == e.link);
        CHECK(&data != &n);
        return;
    }
    CHECK(n.link.empty());
    OwnedBytes expected = e.content;
    if (e.name ==
        "ef-ust") { // VGCS and VBS security, services 64 and 65, are not ours: PEDefinitions, ef-ust
        REQUIRE((expected[7] & 0x80) != 0);
        expected[7] &= 0x7F;
        expected[8] &= 0xFE;
    }
    CHECK(hex(n.content) == hex(expected));
}
uint16_t reference(std::span<const asn1::NamedValue> names, const std::string& name) {
    for (const auto& n : names)
        if (name == n.name) return static_cast<uint16_t>(n.value);
    FAIL("no such reference: " << name);
    return 0;
}
void compare_codes(const Image& image, const Model& model) {
    CHECK(image.pins.size() == model.pins.size());
    for (const Pin& pin : image.pins) {
        std::string name;
        for (const auto& n : kPinReferenceNames)
            if (n.value == pin.reference) name = n.name;
        const std::string key = hex(image.path_of(pin.directory)) + " " + name;
        CAPTURE(key);
        const auto it = model.pins.find(key);
        REQUIRE(it != model.pins.end());
        const Value& v = *it->second;
        CHECK(hex(pin.value) == hex(v.hex_of("pinValue")));
        const Value* const puk = v.find("unblockingPINReference");
        CHECK(pin.unblocking == (puk ? reference(kPukReferenceNames, puk->atom) : 0));
        CHECK(std::to_string(pin.attributes) == v.atom_of("pinAttributes", "7"));
        CHECK(std::to_string(pin.attempts) == v.atom_of("maxNumOfAttemps-retryNumLeft", "51"));
    }
    REQUIRE(image.puks.size() == model.puks.size());
    for (size_t i = 0; i < image.puks.size(); ++i) {
        const Value& v = *model.puks[i];
        CHECK(image.puks[i].reference == reference(kPukReferenceNames, v.find("keyReference")->atom));
        CHECK(hex(image.puks[i].value) == hex(v.hex_of("pukValue")));
        CHECK(std::to_string(image.puks[i].attempts) == v.atom_of("maxNumOfAttemps-retryNumLeft", "170"));
    }
}
void compare_akas(const Image& image, const Model& model) {
    CHECK(image.akas.size() == model.akas.size());
    for (const Aka& aka : image.akas) {
        const std::string path = hex(image.path_of(aka.directory));
        CAPTURE(path);
        const auto it = model.akas.find(path);
        REQUIRE(it != model.akas.end());
        const Value& v = *it->second;
        const auto element = asn1::decode<AkaParameter>(Bytes(aka.element));
        REQUIRE(element);
        const auto& p = std::get<AlgoParameter>(element->configuration.is);
        const Value& own = *v.find("algoConfiguration")->find("algoParameter");
        CHECK(own.find("algorithmID")->atom == "usim-test-algorithm");
        CHECK(p.algorithm == AkaAlgorithm::usim_test_algorithm);
        CHECK(hex(p.options) == hex(own.hex_of("algorithmOptions")));
        CHECK(hex(p.key) == hex(own.hex_of("key")));
        CHECK(hex(p.opc) == hex(own.hex_of("opc")));
        // What the text says of the rest are the defaults, which the DER leaves out.
        CHECK(own.find("rotationConstants")->atom == "4000204060");
        CHECK_FALSE(p.rotation_constants);
        CHECK(own.find("numberOfKeccak")->atom == "1");
        CHECK_FALSE(p.number_of_keccak);
        CHECK(v.find("sqnOptions")->atom == "02");
        CHECK(v.find("sqnDelta")->atom == "000010000000");
        CHECK(v.find("sqnAgeLimit")->atom == "000010000000");
        CHECK_FALSE((element->sqn_options || element->sqn_delta || element->sqn_age_limit));
        CHECK(v.find("sqnInit")->items.size() == 32);
        CHECK_FALSE(element->sqn_init);
    }
}
} // namespace

TEST_CASE("when a TS.48 package is installed, every file and code is as its published text has it") {
    for (const auto& [name, package] : ts48()) {
        CAPTURE(name);
        const auto elements = ts48_text(name);
        if (!elements) continue;
        REQUIRE(elements->size() >= 25);
        Model model;
        for (const Value& value : *elements) model.element(value.name, value);
        const auto image = install(package);
        REQUIRE(image);
        CHECK(model.files.size() > 250);
        CHECK(image->nodes.size() == model.files.size()); // and none besides
        for (const auto& [path, file] : model.files) compare(*image, path, file);
        compare_codes(*image, model);
        compare_akas(*image, model);
    }
}
