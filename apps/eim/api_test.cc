// The REST API, handler by handler. docs/api.md; RFC 9457; SR-28, SR-29, SR-48, RR-04
#include "apps/eim/api.h"
#include "apps/eim/site.h"
#include "apps/eim/words.h"
#include <doctest/doctest.h>
#include <set>

using namespace halyard;
using namespace halyard::eim_app;

namespace {
constexpr Time kNow{1'780'272'000'000}; // 2026-06-01
const std::string kEid = to_text(with_check_digits(*eid_from_text("89049032000000000000000000000100")));
const std::string kOther = to_text(with_check_digits(*eid_from_text("89049032000000000000000000000200")));
const std::string kIccid = "8900101000000000019";

struct None : eim::SmdpLink {
    Result<rsp::Es9Answer> exchange(std::string_view, Bytes, rsp::Interface) override {
        return fail(Errc::unreachable);
    }
};
// Counts up: the tests need names that differ, no secrets.
struct Counter : Random {
    uint8_t next = 0;
    Ok fill(Buffer out) override {
        for (uint8_t& b : out) b = ++next;
        return {};
    }
};

struct Site {
    Site() {
        config.eim_id = "eim.example";
        token = *create_token(*store, "tester", std::chrono::hours(1), random, kNow);
        const auto r = post("/v1/euiccs:import", R"({"euiccs":[{"eid":")" + kEid + R"("}]})");
        REQUIRE(r.status == 200);
    }
    net::Response send(net::Request r, Time now = kNow) { return api.handle(r, now); }
    net::Request request(const std::string& method, const std::string& path, const std::string& body = {}) {
        net::Request r{.method = method, .target = path, .body = owned(bytes_of(body))};
        r.headers.add("Authorization", "Bearer " + token);
        if (!body.empty()) r.headers.add("Content-Type", "application/json");
        return r;
    }
    net::Response post(const std::string& path, const std::string& body, const std::string& key = {}) {
        auto r = request("POST", path, body);
        if (!key.empty()) r.headers.add("Idempotency-Key", key);
        return send(r);
    }
    net::Response get(const std::string& path) { return send(request("GET", path)); }
    static Json json(const net::Response& r) { return Json::parse(text_of(r.body)); }

    std::unique_ptr<store::EimStore> store = *store::EimStore::open_in_memory();
    eim::Config config;
    None link;
    Counter random;
    eim::Server server{config, *store, link, random};
    app::PeerLedger peers;
    Api api{server, *store, peers, "eim.example"};
    std::string token;
};

void check_problem(const net::Response& r,
                   int status,
                   const std::string& member,
                   const std::string& detail = {}) {
    CHECK(r.status == status);
    CHECK(r.content_type == "application/problem+json");
    const Json body = Json::parse(text_of(r.body));
    CHECK(body["status"] == status);
    CHECK(body["type"] == "about:blank");
    CHECK(body["title"] == net::reason_phrase(status));
    CHECK(body.value("member", "") == member);
    CHECK_FALSE(body.value("detail", "").empty());
    if (!detail.empty()) CHECK(body["detail"] == detail);
}
std::string operation(const std::string& rest) { return R"({"eid":")" + kEid + R"(",)" + rest + "}"; }
std::string audit() { return operation(R"("kind":"audit")"); }
} // namespace

TEST_CASE("when no valid token comes along, every route but health is closed") {
    Site s;
    const std::pair<const char*, const char*> routes[] = {{"POST", "/v1/euiccs:import"},
                                                          {"POST", "/v1/euiccs:inject"},
                                                          {"POST", "/v1/euiccs:search"},
                                                          {"POST", "/v1/deviations:search"},
                                                          {"POST", "/v1/operations"},
                                                          {"POST", "/v1/operations:search"},
                                                          {"GET", "/v1/operations/op_1"},
                                                          {"POST", "/v1/operations/op_1:cancel"},
                                                          {"POST", "/v1/operations/op_1:release"},
                                                          {"GET", "/v1/nothing"},
                                                          {"GET", "/"}};
    const std::string wrong = "hly_" + std::string(64, 'A');
    for (const auto& [method, path] : routes)
        for (const std::string& header :
             {std::string(), "Bearer " + wrong, "Basic " + s.token, s.token, std::string("Bearer ")}) {
            net::Request r{.method = method, .target = path};
            if (!header.empty()) r.headers.add("Authorization", header);
            const auto answer = s.send(r);
            check_problem(answer, 401, "");
            CHECK(answer.headers.get("WWW-Authenticate") == "Bearer");
        }
    CHECK(s.send({.method = "GET", .target = "/v1/health"}).status == 200);
}

TEST_CASE("when a token is expired or revoked, it opens nothing") {
    Site s;
    CHECK(s.send(s.request("GET", "/v1/x"), kNow + Time(3'600'000)).status == 401);
    CHECK(s.get("/v1/x").status == 404);
    REQUIRE(s.store->revoke_token("tester"));
    CHECK(s.get("/v1/x").status == 401);
    const auto tokens = *s.store->tokens();
    REQUIRE(tokens.size() == 1);
    for (const auto& t : tokens) CHECK(hex(t.hash).find(s.token) == std::string::npos);
}

TEST_CASE("when path or method do not exist, the answer says what does") {
    Site s;
    check_problem(s.get("/v1/nothing"), 404, "");
    check_problem(s.get("/v1/operations/op_1"), 404, "");
    check_problem(s.post("/v1/operations/op_1:explode", ""), 404, "");
    const std::pair<const char*, const char*> wrong[] = {{"DELETE", "/v1/operations"},
                                                         {"GET", "/v1/euiccs:import"},
                                                         {"GET", "/v1/operations/op_1:cancel"},
                                                         {"POST", "/v1/operations/op_1"},
                                                         {"POST", "/v1/health"}};
    for (const auto& [method, path] : wrong) {
        const auto r = s.send(s.request(method, path));
        check_problem(r, 405, "");
        CHECK_FALSE(r.headers.get("Allow").empty());
    }
}

TEST_CASE("when the body is not what it should be, the answer says why") {
    Site s;
    check_problem(s.post("/v1/operations", "{"), 400, "body", "the body is not JSON");
    check_problem(s.post("/v1/operations", "[1]"), 400, "body", "the body must be a JSON object");
    check_problem(s.post("/v1/operations", "\"x\""), 400, "body");
    check_problem(s.post("/v1/euiccs:search", "[]"), 400, "body");
    check_problem(s.post("/v1/operations", "{\"a\":\"\xFF\"}"), 400, "body", "the body is not JSON");
    check_problem(s.post("/v1/operations", R"({"kind":"audit","kind":"data"})"), 400, "body");
    check_problem(s.post("/v1/operations", std::string(33, '[') + std::string(33, ']')), 400, "body");
    std::string deep;
    for (int i = 0; i < 40; ++i) deep += R"({"a":)";
    check_problem(s.post("/v1/operations", deep + "1" + std::string(40, '}')),
                  400,
                  "body",
                  "the body is nested deeper than 32 levels");
    const std::string large = R"({"a":")" + std::string(1u << 20, 'x') + R"("})";
    check_problem(s.post("/v1/operations", large), 413, "body");
}

TEST_CASE("when the body is of another type, it is refused; parameters of the type do not matter") {
    Site s;
    for (const char* type : {"", "text/plain", "application/x-www-form-urlencoded", "application/jsonp"}) {
        net::Request r{.method = "POST", .target = "/v1/operations", .body = owned(bytes_of(audit()))};
        r.headers.add("Authorization", "Bearer " + s.token);
        if (*type) r.headers.add("Content-Type", type);
        check_problem(s.send(r), 415, "Content-Type");
    }
    net::Request r{.method = "POST", .target = "/v1/operations", .body = owned(bytes_of(audit()))};
    r.headers = {{"Authorization", "Bearer " + s.token}, {"Content-Type", "Application/JSON; charset=utf-8"}};
    CHECK(s.send(r).status == 202);
}

TEST_CASE("when an operation is ordered, it is accepted and can be read, found and cancelled") {
    Site s;
    const auto made = s.post("/v1/operations", audit());
    REQUIRE(made.status == 202);
    const std::string id = Site::json(made)["id"];
    CHECK(id.starts_with("op_"));
    CHECK(id.size() == 29);
    const Json read = Site::json(s.get("/v1/operations/" + id));
    CHECK(read["state"] == "queued");
    CHECK(read["eid"] == kEid);
    CHECK(read["created_by"] == "tester");
    CHECK(read["created"] == "2026-06-01T00:00:00Z");
    CHECK(Site::json(s.post("/v1/operations:search", R"({"state":"queued"})"))["items"].size() == 1);
    CHECK(Site::json(s.post("/v1/operations:search", R"({"state":"failed"})"))["items"].empty());
    const auto cancelled = s.post("/v1/operations/" + id + ":cancel", "{}");
    CHECK(cancelled.status == 200);
    CHECK(Site::json(cancelled)["state"] == "cancelled");
    CHECK(s.post("/v1/operations/" + id + ":cancel", "").status == 200);
    check_problem(s.post("/v1/operations/" + id + ":release", ""), 409, "state");
    check_problem(s.post("/v1/operations/" + id + ":cancel", R"({"why":"x"})"), 400, "why");
}

TEST_CASE("when every kind of operation is ordered, its package is the one meant") {
    Site s;
    const auto package = [&](const std::string& rest) {
        const auto r = s.post("/v1/operations", operation(rest));
        REQUIRE_MESSAGE(r.status == 202, text_of(r.body));
        return hex((*s.store->operation(Site::json(r)["id"].get<std::string>()))->package);
    };
    const std::string iccid = R"("iccid":")" + kIccid + "\"";
    const std::string octets = "5A0A980001010000000010F9";
    CHECK(package(R"("kind":"enable",)" + iccid) == "A010A30E" + octets + "0500"); // rollback unless told
    CHECK(package(R"("kind":"enable","rollback":false,)" + iccid) == "A00EA30C" + octets);
    CHECK(package(R"("kind":"disable",)" + iccid) == "A00EA40C" + octets);
    CHECK(package(R"("kind":"delete",)" + iccid) == "A00EA50C" + octets);
    CHECK(package(R"("kind":"audit")") == "A00DBF2D0A5C085A9F709192959F26");
    CHECK(package(R"("kind":"package","commands":[{"getRAT":{}},{"unsetFallbackAttribute":{}}])") ==
          "A004A600A900");
    CHECK(package(R"("kind":"package","commands":[{"setFallbackAttribute":{)" + iccid + "}}]") ==
          "A00EA80C" + octets);
    CHECK(package(R"("kind":"package","commands":[{"deleteEim":{"eim_id":"one"}},{"listEim":{}}])") ==
          "A109A90580036F6E65AB00");
    CHECK(package(R"("kind":"package","commands":[{"addEim":{"configuration":"MAWAA29uZQ=="}}])") ==
          "A107A80580036F6E65");
}

TEST_CASE("when a member of an operation is bad, the answer names it") {
    Site s;
    const auto bad = [&](const std::string& body, const std::string& member, const std::string& detail = {}) {
        INFO(body);
        check_problem(s.post("/v1/operations", body), 400, member, detail);
    };
    const std::string iccid = R"("iccid":")" + kIccid + "\"";
    bad("{}", "kind", "kind is missing");
    bad(R"({"kind":"audit"})", "eid", "eid is missing");
    bad(R"({"kind":"audit","eid":5})", "eid", "eid must be a string");
    bad(R"({"kind":"audit","eid":"8904"})", "eid", "eid must be 32 digits");
    bad(operation(R"("kind":"explode")"), "kind");
    bad(operation(R"("kind":"audit","extra":1)"),
        "extra",
        "extra is not a member of an operation of kind audit");
    bad(operation(R"("kind":"disable","rollback":true,)" + iccid), "rollback");
    bad(operation(R"("kind":"audit",)" + iccid), "iccid");
    bad(operation(R"("kind":"enable")"), "iccid", "iccid is missing");
    bad(operation(R"("kind":"enable","iccid":"12")"), "iccid", "iccid must be 18 to 20 digits");
    bad(operation(R"("kind":"enable","rollback":1,)" + iccid), "rollback");
    bad(operation(R"("kind":"audit","force":"yes")"), "force", "force must be true or false");
    bad(operation(R"("kind":"audit","expires":"tomorrow")"), "expires");
    bad(operation(R"("kind":"audit","expires":"2020-01-01T00:00:00Z")"),
        "expires",
        "expires lies in the past");
    bad(operation(R"("kind":"audit","after":"@3")"), "after");
    bad(operation(R"("kind":"download")"), "activation_code", "activation_code is missing");
    bad(operation(R"("kind":"download","activation_code":"2$x$Y")"), "activation_code");
    bad(operation(R"("kind":"download","activation_code":"1$x y$Z")"), "activation_code");
    bad(operation(R"("kind":"download","activation_code":"1$smdp.example$A$1.2$1")"),
        "confirmation_code",
        "confirmation_code is missing: the activation code asks for one");
    bad(operation(R"("kind":"download","smds":"","default_smdp":true)"), "activation_code");
    bad(operation(R"("kind":"data","tags":[])"), "tags");
    bad(operation(R"("kind":"data","tags":["5A"])"), "tags");
    bad(operation(R"("kind":"data","tags":["BF2D"])"), "tags");
    bad(operation(R"("kind":"data","tags":[1])"), "tags");
    bad(operation(R"("kind":"package")"), "commands", "commands is missing");
    bad(operation(R"("kind":"package","commands":[])"), "commands");
    bad(operation(R"("kind":"package","commands":[1])"), "commands[0]");
    bad(operation(R"("kind":"package","commands":[{"getRAT":{}},{"fly":{}}])"), "commands[1]");
    bad(operation(R"("kind":"package","commands":[{"enable":{"iccid":"1"}}])"), "commands[0].enable.iccid");
    bad(operation(R"("kind":"package","commands":[{"getRAT":{"a":1}}])"), "commands[0].getRAT.a");
    bad(operation(R"("kind":"package","commands":[{"getRAT":{}},{"listEim":{}}])"), "commands");
    bad(operation(R"("kind":"package","commands":[{"deleteEim":{"eim_id":""}}])"),
        "commands[0].deleteEim.eim_id");
    bad(operation(R"("kind":"package","commands":[{"addEim":{"configuration":"!"}}])"),
        "commands[0].addEim.configuration");
    bad(operation(R"("kind":"package","commands":[{"addEim":{"configuration":"MAA="}}])"),
        "commands[0].addEim.configuration");
    bad(operation(R"("kind":"package","commands":[{"delete":{)" + iccid + R"(}},{"listProfileInfo":{}}])"),
        "commands",
        "commands break a rule: psmoList: listProfileInfo after a change");
    bad(R"({"operations":[]})", "operations");
    bad(R"({"operations":[)" + audit() + R"(],"eid":"x"})", "operations");
    bad(R"({"operations":[)" + audit() + R"(,{"kind":"audit"}]})",
        "operations[1].eid",
        "operations[1].eid is missing");
    CHECK(Site::json(s.post("/v1/operations:search", "{}"))["items"].empty()); // nothing was made
}

TEST_CASE("when what is named does not exist, the answer is 404 and names it") {
    Site s;
    check_problem(s.post("/v1/operations", R"({"kind":"audit","eid":")" + kOther + "\"}"), 404, "eid");
    check_problem(s.post("/v1/operations", operation(R"("kind":"audit","after":"op_x")")), 404, "after");
}

TEST_CASE("when a request comes again under its key, it is made once; another one under the key is refused") {
    Site s;
    const auto first = s.post("/v1/operations", audit(), "key-1");
    const auto again = s.post("/v1/operations", audit(), "key-1");
    CHECK(again.status == 202);
    CHECK(Site::json(again)["id"] == Site::json(first)["id"]);
    check_problem(s.post("/v1/operations", operation(R"("kind":"data")"), "key-1"), 409, "Idempotency-Key");
    check_problem(
        s.post("/v1/operations", R"({"operations":[)" + audit() + "]}", "key-1"), 409, "Idempotency-Key");
    check_problem(s.post("/v1/operations", audit(), std::string(256, 'k')), 400, "Idempotency-Key");
    CHECK(Site::json(s.post("/v1/operations", audit(), "key-2"))["id"] != Site::json(first)["id"]);
    const std::string both = R"({"operations":[)" + audit() + "," + audit() + "]}";
    const Json batch = Site::json(s.post("/v1/operations", both, "key-3"));
    CHECK(batch["operations"].size() == 2);
    CHECK(Site::json(s.post("/v1/operations", both, "key-3")) == batch);
    // Another caller's key is another key.
    s.token = *create_token(*s.store, "other", std::chrono::hours(1), s.random, kNow);
    const auto theirs = s.post("/v1/operations", audit(), "key-1");
    CHECK(theirs.status == 202);
    CHECK(Site::json(theirs)["id"] != Site::json(first)["id"]);
}

TEST_CASE("when lists are long, the cursor leads through all of them once") {
    Site s;
    std::string all;
    for (int i = 0; i < 7; ++i) all += (i ? "," : "") + audit();
    REQUIRE(s.post("/v1/operations", R"({"operations":[)" + all + "]}").status == 202);
    std::vector<std::string> seen;
    std::string cursor;
    for (int page = 0; page < 10; ++page) {
        const std::string more = cursor.empty() ? "" : R"(,"cursor":")" + cursor + "\"";
        const Json out = Site::json(s.post("/v1/operations:search", R"({"limit":3)" + more + "}"));
        for (const auto& o : out["items"]) seen.push_back(o["id"]);
        if (!out.contains("cursor")) break;
        cursor = out["cursor"];
    }
    CHECK(seen.size() == 7);
    CHECK(std::set(seen.begin(), seen.end()).size() == 7);

    REQUIRE(s.post("/v1/euiccs:import", R"({"euiccs":[{"eid":")" + kOther + R"("}]})").status == 200);
    const Json one = Site::json(s.post("/v1/euiccs:search", R"({"limit":1})"));
    REQUIRE(one["items"].size() == 1);
    CHECK(one["items"][0]["eid"] == kEid);
    const Json two = Site::json(
        s.post("/v1/euiccs:search", R"({"limit":1,"cursor":")" + one["cursor"].get<std::string>() + "\"}"));
    CHECK(two["items"][0]["eid"] == kOther);
    CHECK(Site::json(s.post("/v1/euiccs:search", R"({"eid":")" + kOther + "\"}"))["items"].size() == 1);
    CHECK_FALSE(
        Site::json(s.post("/v1/euiccs:search", R"({"limit":1,"eid":")" + kOther + "\"}")).contains("cursor"));
}

TEST_CASE("when a search is bad, the answer names the member") {
    Site s;
    for (const std::string path : {"/v1/operations:search", "/v1/euiccs:search"}) {
        for (const char* limit : {"0", "1001", "-1", "1.5", "\"5\"", "null", "1e400"})
            CHECK(s.post(path, std::string(R"({"limit":)") + limit + "}").status == 400);
        check_problem(s.post(path, R"({"limit":0})"), 400, "limit");
        check_problem(s.post(path, R"({"cursor":"x'; DROP TABLE devices"})"), 400, "cursor");
        check_problem(s.post(path, R"({"eid":"1"})"), 400, "eid");
        check_problem(s.post(path, R"({"eid":1})"), 400, "eid");
        check_problem(s.post(path, R"({"colour":"red"})"), 400, "colour");
    }
    check_problem(s.post("/v1/operations:search", R"({"state":"lost"})"), 400, "state");
    check_problem(s.post("/v1/operations:search", R"({"cursor":"99999999999999999999"})"), 400, "cursor");
}

TEST_CASE("when devices are imported, known ones are counted and bad ones named") {
    Site s;
    const auto import = [&](const std::string& one) {
        return s.post("/v1/euiccs:import", R"({"euiccs":[)" + one + "]}");
    };
    const std::string eid = R"({"eid":")" + kOther + "\"";
    Json out =
        Site::json(import(R"({"eid":")" + kEid + R"("},)" + eid + R"(,"name":"Pump 7"},)" + eid + "}"));
    CHECK(out["added"] == 1);
    CHECK(out["known"] == 2);
    CHECK(Site::json(s.post("/v1/euiccs:search", R"({"eid":")" + kOther + "\"}"))["items"][0]["name"] ==
          "Pump 7");
    check_problem(import("1"), 400, "euiccs[0].euicc");
    check_problem(import("{}"), 400, "euiccs[0].eid");
    check_problem(import(R"({"eid":"89049032000000000000000000000100"})"), 400, "euiccs[0].eid");
    check_problem(import(eid + R"(,"colour":1})"), 400, "euiccs[0].colour");
    check_problem(import(eid + R"(,"name":7})"), 400, "euiccs[0].name");
    check_problem(import(eid + R"(,"name":")" + std::string(256, 'x') + R"("})"), 400, "euiccs[0].name");
    check_problem(import(eid + R"(,"association_token":-1})"), 400, "euiccs[0].association_token");
    check_problem(
        import(eid + R"(,"association_token":18446744073709551615})"), 400, "euiccs[0].association_token");
    check_problem(import(eid + R"(,"euicc_certificate":"!"})"), 400, "euiccs[0].euicc_certificate");
    check_problem(import(eid + R"(,"euicc_certificate":"MAA="})"), 400, "euiccs[0].eum_certificate");
    check_problem(s.post("/v1/euiccs:import", R"({"euiccs":5})"), 400, "euiccs");
    check_problem(s.post("/v1/euiccs:import", R"({"euiccs":[],"more":1})"), 400, "euiccs");
    const std::string third = to_text(with_check_digits(*eid_from_text("89049032000000000000000000000300")));
    const auto forged =
        import(R"({"eid":")" + third + R"(","euicc_certificate":"MAA=","eum_certificate":"MAA="})");
    CHECK(forged.status == 400);
    CHECK(Site::json(forged)["member"].get<std::string>().find("euiccCertificate") != std::string::npos);
}

TEST_CASE("when a device calls itself something that is no UTF-8, it can still be listed") {
    Site s;
    auto device = **s.store->device(*eid_from_text(kEid));
    device.profiles = {{.iccid = *iccid_from_text(kIccid), .name = "caf\xE9", .provider = "\xC3"}};
    REQUIRE(s.store->commit(
        {.devices = {device}, .evidence = {{.operation = "op_1", .eid = device.eid, .what = "odd \xFF"}}}));
    const auto r = s.post("/v1/euiccs:search", "{}");
    CHECK(r.status == 200);
    CHECK(Site::json(r)["items"][0]["profiles"][0]["name"].get<std::string>().starts_with("caf"));
}

TEST_CASE("when an activation code is shown, most of its secret is not") {
    Site s;
    const auto r =
        s.post("/v1/operations",
               operation(R"("kind":"download","activation_code":"LPA:1$smdp.example$ABCDEFGHIJKLMNOP")"));
    REQUIRE(r.status == 202);
    const std::string shown = Site::json(r)["activation_code"];
    CHECK(shown.find("EFGHIJKL") == std::string::npos);
    CHECK(shown.find("smdp.example") != std::string::npos);
    CHECK(text_of(s.get("/v1/operations/" + Site::json(r)["id"].get<std::string>()).body).find("EFGHIJKL") ==
          std::string_view::npos);
}
