// What peers deviated in, through the API. docs/api.md
#include "apps/eim/api.h"
#include "apps/eim/site.h"
#include "apps/eim/words.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::eim_app;

namespace {
constexpr Time kNow{1'780'272'000'000}; // 2026-06-01
const std::string kEid = to_text(with_check_digits(*eid_from_text("89049032000000000000000000000100")));

struct None : eim::SmdpLink {
    Result<rsp::Es9Answer> exchange(std::string_view, Bytes, rsp::Interface) override {
        return fail(Errc::unreachable);
    }
};
struct Sevens : Random {
    Ok fill(Buffer out) override {
        std::fill(out.begin(), out.end(), uint8_t{7});
        return {};
    }
};
struct Site {
    net::Response search(const std::string& body) {
        net::Request r{.method = "POST", .target = "/v1/deviations:search", .body = owned(bytes_of(body))};
        r.headers.add("Authorization", "Bearer " + token);
        r.headers.add("Content-Type", "application/json");
        return api.handle(r, kNow);
    }
    Json found(const std::string& body) {
        const auto r = search(body);
        REQUIRE(r.status == 200);
        return Json::parse(text_of(r.body));
    }
    std::string at_fault(const std::string& body) {
        const auto r = search(body);
        CHECK(r.status == 400);
        return Json::parse(text_of(r.body)).value("member", "");
    }
    std::unique_ptr<store::EimStore> store = *store::EimStore::open_in_memory();
    eim::Config config{.eim_id = "eim.example"};
    None link;
    Sevens random;
    eim::Server server{config, *store, link, random};
    app::PeerLedger peers;
    Api api{server, *store, peers, "eim.example"};
    std::string token = *create_token(*store, "tester", std::chrono::hours(1), random, kNow);
};
} // namespace

TEST_CASE("when peers deviated, the API tells which of them, how and how often") {
    Site s;
    {
        const PeerScope scope;
        PeerScope::name_peer(kEid);
        REQUIRE(tolerate("length in more octets than needed", "eidValue"));
        REQUIRE(tolerate("length in more octets than needed", "eidValue"));
        s.peers.add(scope, "192.0.2.1", kNow);
    }
    s.peers.add("192.0.2.1", "no User-Agent", "header", kNow);
    s.peers.add("192.0.2.1", "no User-Agent", "header", kNow + Time(61'000));
    const Json all = s.found("{}");
    REQUIRE(all["items"].size() == 2);
    CHECK(all["items"][0]["peer"] == "192.0.2.1");
    CHECK(all["items"][1]["peer"] == kEid);
    CHECK(all["items"][1]["deviations"] ==
          Json::parse(R"([{"what":"length in more octets than needed","where":"eidValue","count":2,
                          "first":"2026-06-01T00:00:00Z","last":"2026-06-01T00:00:00Z"}])"));
    const Json one = s.found(R"({"peer":"192.0.2.1"})");
    REQUIRE(one["items"].size() == 1);
    CHECK(one["items"][0]["deviations"][0]["what"] == "no User-Agent");
    CHECK(one["items"][0]["deviations"][0]["count"] == 2);
    CHECK(one["items"][0]["deviations"][0]["first"] == "2026-06-01T00:00:00Z");
    CHECK(one["items"][0]["deviations"][0]["last"] == "2026-06-01T00:01:01Z");
    const Json page = s.found(R"({"limit":1})");
    CHECK(page["items"].size() == 1);
    CHECK(page["cursor"] == "192.0.2.1");
    const Json rest = s.found(R"({"limit":1,"cursor":"192.0.2.1"})");
    CHECK(rest["items"][0]["peer"] == kEid);
    CHECK(s.found(R"({"peer":"nobody"})")["items"].empty());
    CHECK(s.at_fault(R"({"peer":1})") == "peer");
    CHECK(s.at_fault(R"({"eid":"1"})") == "eid");
}
