// Sending to devices: what is refused before anybody is called; and what a device said of itself.
// docs/api.md; SR-19
#include "apps/eim/api.h"
#include "apps/eim/site.h"
#include "apps/eim/words.h"
#include "pki/mint.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::eim_app;

namespace {
constexpr Time kNow{1'780'272'000'000}; // 2026-06-01
const Eid kEid = with_check_digits(*eid_from_text("89049032000000000000000000000100"));
const Eid kOther = with_check_digits(*eid_from_text("89049032000000000000000000000200"));

struct None : eim::SmdpLink {
    Result<rsp::Es9Answer> exchange(std::string_view, Bytes, rsp::Interface) override {
        return fail(Errc::unreachable);
    }
};

struct Site {
    Site() {
        token = *create_token(*store, "tester", std::chrono::hours(1), random, kNow);
        REQUIRE(server.add_devices({eim::Device{.eid = kEid}}, kNow));
        pki::Request ci{.role = rsp::Role::ci};
        ci.subject = {.country = "DE", .organization = "Test", .common_name = "Test CI"};
        ci.validity = {kNow - Time(1000), kNow + Time(1'000'000)};
        Injector::Options options{.allowed = {"127.0.0.1:1", "Pump.Example"}};
        options.http.trust.anchors.push_back(pki::mint_ci(ci, random)->certificate.der);
        options.http.connect_timeout = std::chrono::milliseconds(500);
        injector.emplace(*Injector::open(std::move(options)));
    }
    net::Response post(const std::string& path, const std::string& body, bool sends = true) {
        net::Request r{.method = "POST", .target = path, .body = owned(bytes_of(body))};
        r.headers.add("Authorization", "Bearer " + token);
        r.headers.add("Content-Type", "application/json");
        return Api(server, *store, peers, "eim.example", sends ? &*injector : nullptr).handle(r, kNow);
    }
    net::Response inject(const std::string& url, const Eid& eid = kEid, bool sends = true) {
        return post("/v1/euiccs:inject", R"({"eid":")" + to_text(eid) + R"(","url":")" + url + "\"}", sends);
    }

    std::unique_ptr<store::EimStore> store = *store::EimStore::open_in_memory();
    eim::Config config{.eim_id = "eim.example"};
    None link;
    crypto::SystemRandom random;
    eim::Server server{config, *store, link, random};
    app::PeerLedger peers;
    std::optional<Injector> injector;
    std::string token;
};
Json json(const net::Response& r) { return Json::parse(text_of(r.body), nullptr, false); }
} // namespace

TEST_CASE("when an address is not on the list, or there is no list, nobody is called") {
    Site s;
    for (const char* url :
         {"https://other.example", "https://127.0.0.1", "https://127.0.0.1:2", "https://pump.example:8443"}) {
        CAPTURE(url);
        CHECK(s.inject(url).status == 403);
        CHECK(json(s.inject(url))["member"] == "url");
    }
    CHECK(s.inject("https://127.0.0.1:1", kEid, false).status == 403);
    for (const char* url : {"http://127.0.0.1:1", "127.0.0.1:1", "", "https://127.0.0.1:1/other"}) {
        CAPTURE(url);
        CHECK(s.inject(url).status == 400);
    }
}

TEST_CASE(
    "when nothing is waiting, nobody is called; when the device is not there, the operation stays offered") {
    Site s;
    const auto idle = s.inject("https://PUMP.example");
    CHECK(idle.status == 200);
    CHECK(json(idle) == Json{{"sent", 0}, {"acknowledged", Json::array()}, {"end", "empty"}});
    const auto made =
        s.post("/v1/operations", R"({"kind":"data","tags":["BF22"],"eid":")" + to_text(kEid) + "\"}");
    REQUIRE(made.status == 202);
    const auto gone = s.inject("https://127.0.0.1:1");
    CHECK(gone.status == 502);
    CHECK((*s.store->operation(json(made)["id"].get<std::string>()))->state == eim::State::offered);
    CHECK(s.inject("https://127.0.0.1:1", kOther).status == 404);
}

TEST_CASE("when a member is missing, bad or too many, the answer names it") {
    Site s;
    const std::pair<const char*, const char*> rows[] = {{"{}", "eid"},
                                                        {R"({"eid":7,"url":"x"})", "eid"},
                                                        {R"({"eid":"1","url":"https://127.0.0.1:1"})", "eid"},
                                                        {R"({"eid":"1"})", "url"},
                                                        {R"({"eid":"1","url":"x","z":1})", "body"}};
    for (const auto& [body, member] : rows) {
        CAPTURE(body);
        const auto r = s.post("/v1/euiccs:inject", body);
        CHECK(r.status == 400);
        CHECK(json(r)["member"] == member);
    }
}

TEST_CASE("what a device reported of itself is shown by the names of the specification") {
    Site s;
    const auto shown = [&] { return json(s.post("/v1/euiccs:search", "{}"))["items"][0]; };
    CHECK_FALSE(shown().contains("rplmn"));
    CHECK_FALSE(shown().contains("last_state_change"));
    auto device = **s.store->device(kEid);
    device.rplmn = {0x62, 0xF2, 0x10};
    device.state_change = 4;
    device.state_changed = kNow;
    REQUIRE(s.store->commit({.devices = {device}}));
    CHECK(shown()["rplmn"] == "262-01");
    CHECK(shown()["last_state_change"] == Json{{"cause", "reset"}, {"at", "2026-06-01T00:00:00Z"}});
    device = **s.store->device(kEid);
    device.state_change = 99; // none of ours
    REQUIRE(s.store->commit({.devices = {device}}));
    CHECK(shown()["last_state_change"]["cause"] == "99");
}
