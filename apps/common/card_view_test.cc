// What is shown of a card that has everything at once. The state is made by hand here.
#include "apps/common/card_view.h"
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace halyard;
using Json = nlohmann::ordered_json;

namespace {
Iccid iccid(const char* text) { return *iccid_from_text(text); }
const char* const kSecret = "465B5CE8B199B49FAA5F0A2EE238A6BC";

OwnedBytes metadata(std::string_view name) {
    using Event = rsp::NotificationEvent;
    const rsp::NotificationConfigurationInformation notifies[] = {
        {.profile_management_operation = {Event::notification_enable, Event::notification_delete},
         .notification_address = "smdp.example.com"}};
    rsp::StoreMetadataRequest m{.iccid = iccid("89001019000100000000"),
                                .service_provider_name = "Provider",
                                .profile_name = name,
                                .profile_class = rsp::ProfileClass::provisioning};
    m.notification_configuration_info =
        asn1::List<rsp::NotificationConfigurationInformation>{.items = notifies};
    const OwnedBytes gid = {0xAB};
    m.profile_owner = rsp::OperatorId{.mcc_mnc = {0x62, 0xF2, 0x10}, .gid1 = Bytes(gid)};
    m.profile_policy_rules = asn1::BitSet<rsp::PprIds>{rsp::PprIds::ppr1, rsp::PprIds::ppr2};
    m.fallback_allowed = true;
    return *asn1::encode(m);
}

// A directory, a file of 100 octets and secrets that must not be seen.
profile::Image image(const euicc::StoredProfile&) {
    profile::Image out;
    out.nodes.push_back({.fid = 0x3F00, .kind = profile::FileKind::directory});
    out.nodes.push_back({.fid = 0x6F07});
    out.nodes.back().content.assign(100, 0x11);
    out.akas.push_back({1, *from_hex(kSecret)});
    return out;
}

euicc::State state(std::string_view name = "Bootstrap") {
    euicc::State s;
    s.next_seq = 12;
    euicc::StoredProfile p{.iccid = iccid("89001019000100000000"), .number = 0x10, .enabled = true};
    p.metadata = metadata(name);
    p.nickname = "mine";
    p.fallback = true;
    p.memory = 300;
    p.dp_oid = *asn1::oid_from_text("2.999.10");
    s.profiles.push_back(p);
    rsp::EimConfigurationData eim{.eim_id = "eim.example.com",
                                  .eim_fqdn = "eim.example.com",
                                  .eim_id_type = rsp::EimIdType::eim_id_type_fqdn};
    using Protocol = rsp::EimSupportedProtocol;
    eim.eim_supported_protocol =
        asn1::BitSet<Protocol>{Protocol::eim_retrieve_https, Protocol::eim_inject_https};
    s.eims.push_back(
        {.id = "eim.example.com", .counter = 7, .token = 3, .configuration = *asn1::encode(eim)});
    s.notifications.push_back({.seq = 9,
                               .operation = 0x80 >> 7,
                               .address = "smdp.example.com",
                               .iccid = iccid("89001019000100000000"),
                               .der = {0xBF, 0x37, 0x00}});
    s.results.push_back({.seq = 10, .der = {0xBF, 0x51, 0x00}});
    s.rollback =
        euicc::Rollback{.back_to = iccid("89001019000100000000"), .eim_id = "eim.example.com", .counter = 6};
    s.immediate_enable = {true, *asn1::oid_from_text("2.999.12"), "now.example.com"};
    s.default_smdp = "default.example.com";
    s.installing = euicc::Installing{.transaction_id = {0xAA, 0xBB},
                                     .smdp_oid = *asn1::oid_from_text("2.999.10"),
                                     .address = "smdp.example.com",
                                     .iccid = iccid("89001019000100000000")};
    s.crls = std::vector<euicc::StoredCrl>{{{0x01}, {0x05}, 2, OwnedBytes(40)}};
    return s;
}

struct Shown {
    Json json;
    std::string text;
    explicit Shown(const euicc::State& s) {
        euicc::Identity identity{.eid = *eid_from_text("89049032123451234512345678901235"), .memory = 1000};
        const auto view = app::card_view({identity, s, {}, image});
        REQUIRE(view);
        json = *view;
        text = app::card_view_text(json);
    }
};
bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }
} // namespace

TEST_CASE("when a card has something of everything, the object has it all") {
    const Json j = Shown(state()).json;
    CHECK(j["memory_map"] ==
          Json{{"configured", 1000}, {"used", 340}, {"profiles", 300}, {"crls", 40}, {"free", 660}});
    CHECK(j["crls"][0] == Json{{"ci_key_id", "01"}, {"number", "05"}, {"part", 2}, {"octets", 40}});
    const Json& p = j["profiles"][0];
    CHECK(p["aid"] == "A0000005591010FFFFFFFF8900001000");
    CHECK(p["class"] == "provisioning");
    CHECK(p["nickname"] == "mine");
    CHECK(p["owner"] == Json{{"mcc_mnc", "262-01"}, {"gid1", "AB"}});
    CHECK(p["policy_rules"] == Json{"ppr1", "ppr2"});
    CHECK(p["fallback"] == true);
    CHECK(p["fallback_allowed"] == true);
    CHECK(p["ecall_indication"] == false);
    CHECK(p["notification_configuration"][0] ==
          Json{{"events", {"enable", "delete"}}, {"address", "smdp.example.com"}});
    CHECK(p["smdp_oid"] == "2.999.10");
    CHECK(p["files"] == 1);
    CHECK(p["content"] == 100);
    CHECK(p["administration"] == 200);
    CHECK(j["eims"][0]["protocols"] == Json{"eimRetrieveHttps", "eimInjectHttps"});
    CHECK(j["eims"][0]["association_token"] == 3);
    CHECK(j["notifications"][0]["kind"] == "installation result");
    CHECK(j["notifications"][0]["events"] == Json{"install"});
    CHECK(j["notifications"][0]["octets"] == 3);
    CHECK(j["package_results"][0] == Json{{"seq", 10}, {"octets", 3}});
    CHECK(j["rollback"]["counter"] == 6);
    CHECK(j["immediate_enable"]["smdp_oid"] == "2.999.12");
    CHECK(j["installing"]["transaction_id"] == "AABB");
    CHECK(j["default_smdp"] == "default.example.com");
    CHECK(j["root_smds"] == "lpa.ds.gsma.com");
}

TEST_CASE("when a card is shown to people, no line is wider than 100 columns and no name moves the cursor") {
    const std::string wide(61, 'w');
    const Shown s(state(wide + "\x1B\xC2\x9B"));
    size_t columns = 0;
    for (const char c : s.text) {
        columns = c == '\n' ? 0 : columns + 1;
        CHECK(columns <= 100);
        CHECK((c == '\n' || static_cast<unsigned char>(c) >= 0x20));
    }
    CHECK(has(s.text, wide + "??\n"));
    CHECK(has(s.text, "possible to 89001019000100000000"));
    CHECK(has(s.text, "ppr1, ppr2"));
    CHECK(has(s.text, "fallback attribute, fallback allowed"));
    CHECK(has(s.text, "on, for SM-DP+ 2.999.12 at now.example.com"));
    CHECK(has(s.text, "300 octets: 1 files, 100 of content, 200 of administration"));
}

TEST_CASE("when a card is shown, its keys are not") {
    const Shown s(state());
    for (const std::string& text : {s.text, s.json.dump()}) {
        CHECK_FALSE(has(text, kSecret));
        CHECK_FALSE(has(text, std::string(20, '1'))); // content of files
    }
}
