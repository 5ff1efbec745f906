#include "ipa/testing.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::ipa;
using namespace halyard::ipa::testing;

namespace {
OwnedBytes request(std::string_view tags, std::string_view more = "83020A0B") {
    return tlv(0xBF52, {tlv(0x5C, {h(tags)}), h(more)});
}
OwnedBytes answer_to(const OwnedBytes& message, World& world) {
    auto& eim = world.add_eim("eim1");
    eim.queue.push_back(message);
    REQUIRE(world.run());
    REQUIRE(eim.results.size() == 1);
    return eim.results[0];
}
} // namespace

TEST_CASE("when the eIM asks for everything, it gets the card's octets and the device's own") {
    World world;
    world.config.device.tac = {0x35, 0x29, 0x06, 0x11};
    using Features = rsp::IpaCapabilities::IpaFeatures;
    world.config.capabilities.ipa_features = {Features::direct_rsp_server_communication};
    const auto answer = answer_to(request("A081A2BF20BF2283"
                                          "84A5A6A8A9"),
                                  world);
    const OwnedBytes expected = tlv(0xBF52,
                                    {tlv(0xA0,
                                         {h("A000"),
                                          utf8(0x81, "smdp.example"),
                                          h("A200"),
                                          h("BF200C8203020500A903040101AA00"),
                                          h("BF2203010101"),
                                          utf8(0x83, "smds.example"),
                                          h("A503020101"),
                                          h("A603020102"),
                                          h("87020A0B"),
                                          h("A80480020780"),
                                          h("A908800435290611A100")})});
    CHECK(hex(answer) == hex(expected));
}

TEST_CASE("when the eIM speaks the older dialect, its spellings are understood") {
    World world;
    const auto answer = answer_to(request("8088", ""), world);
    CHECK(contains(answer, utf8(0x81, "smdp.example")));
    CHECK(contains(answer, h("A803800100")));
}

TEST_CASE("when the tag list holds another tag, incorrectTagList is the only answer") {
    for (const char* tags : {"5A", "A05A", "BF2D", "BF", "00", "A1"}) {
        World world;
        CHECK(hex(answer_to(request(tags), world)) == "BF5209A10780020A0B020101");
    }
}

TEST_CASE("when the CI key is not the card's, euiccCiPKIdNotFound is the answer") {
    World world;
    world.card.intercept = [](Bytes command) -> std::optional<OwnedBytes> {
        return starts_with(command, "BF56") ? std::optional(h("BF5603810101")) : std::nullopt;
    };
    CHECK(hex(answer_to(request("A5", "0402AABB83020A0B"), world)) == "BF5209A10780020A0B020105");
}

TEST_CASE("when the card fails in between, undefinedError is the answer") {
    World world;
    world.card.intercept = [](Bytes command) -> std::optional<OwnedBytes> {
        return starts_with(command, "BF22") ? std::optional(h("6A88")) : std::nullopt;
    };
    CHECK(hex(answer_to(request("BF22"), world)) == "BF5209A10780020A0B02017F");
}

TEST_CASE("when a token is asked for, it is the one of the asking eIM") {
    World world;
    world.card.intercept = [](Bytes command) -> std::optional<OwnedBytes> {
        if (hex(command) != "BF5508A006800465696D31") return std::nullopt;
        return tlv(0xBF55, {tlv(0xA0, {tlv(0x30, {utf8(0x80, "eim1"), h("840105")})})});
    };
    CHECK(hex(answer_to(request("84", ""), world)) == "BF5205A003840105");
}

TEST_CASE("when notifications are among the data, only acknowledged ones are removed") {
    World world;
    world.smdp.down = true;
    world.card.notifications = {{1, other_notification(1, "smdp.example")},
                                {2, other_notification(2, "smdp.example")}};
    auto& eim = world.add_eim("eim1");
    eim.extra_acknowledgements = h("800102"
                                   "80017F");
    eim.queue.push_back(request("A0"));
    (void)world.run(120);
    REQUIRE(world.card.removed_numbers.size() == 1);
    CHECK(hex(world.card.removed_numbers[0]) == "02");
    CHECK(world.card.notifications.size() == 1);
}

TEST_CASE("when a search by number is asked for, the number reaches the card") {
    World world;
    (void)answer_to(request("A0A2",
                            "A103800107"
                            "A203800109"),
                    world);
    size_t seen = 0;
    for (const auto& command : world.card.commands)
        seen += hex(command) == "BF2B05A003800107" || hex(command) == "BF2B05A003800109";
    CHECK(seen == 2);
}
