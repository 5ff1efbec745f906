#include "apps/eim/esipa.h"
#include "apps/eim/words.h"
#include "store/eim_store.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::eim_app;

namespace {
struct None : eim::SmdpLink {
    Result<rsp::Es9Answer> exchange(std::string_view, Bytes, rsp::Interface) override {
        return fail(Errc::unreachable);
    }
};
struct Zeros : Random {
    Ok fill(Buffer) override { return {}; }
};
struct Front {
    net::Response send(std::string_view body_hex, net::Headers headers = {}, const char* method = "POST") {
        net::Request r{.method = method, .target = "/gsma/rsp2/asn1", .headers = std::move(headers)};
        r.body = *from_hex(body_hex);
        return esipa(server, r, Time(1));
    }
    std::unique_ptr<store::EimStore> store = *store::EimStore::open_in_memory();
    eim::Config config{.eim_id = "eim.example"};
    None link;
    Zeros random;
    eim::Server server{config, *store, link, random};
};
const std::string kPoll = "BF4F125A1089049032000000000000000000000189";
} // namespace

TEST_CASE("when an IPA polls, the answer is one message of the ASN.1 binding") {
    Front f;
    const auto r = f.send(kPoll);
    CHECK(r.status == 200);
    CHECK(r.content_type == "application/x-gsma-rsp-asn1");
    CHECK(hex(r.body).starts_with("BF4F030201"));
}

TEST_CASE("when the peer names its edition, it is answered with the same; otherwise with ours") {
    Front f;
    const auto answered = [&](const char* sent) {
        return std::string(f.send(kPoll, {{"X-Admin-Protocol", sent}}).headers.get("X-Admin-Protocol"));
    };
    CHECK(answered("gsma/rsp/v1.3.0") == "gsma/rsp/v1.3.0");
    CHECK(answered("gsma/rsp/v2.2.0") == "gsma/rsp/v2.2.0");
    for (const char* odd :
         {"", "gsma/rsp/v2", "gsma/rsp/v2.1.x", "gsma/rsp/v..", "gsma/rsp/v1.2.3.4", "http"})
        CHECK(answered(odd) == "gsma/rsp/v2.1.0");
    CHECK(f.send(kPoll).headers.get("X-Admin-Protocol") == "gsma/rsp/v2.1.0");
}

TEST_CASE("when path, method or body are wrong, the status says so") {
    Front f;
    net::Request r{.method = "POST", .target = "/gsma/rsp2/json"};
    CHECK(esipa(f.server, r, Time(1)).status == 404);
    const auto get = f.send("", {}, "GET");
    CHECK(get.status == 405);
    CHECK(get.headers.get("Allow") == "POST");
    for (const char* bad : {"", "00", "BF77020000", "BF4F125A10", "BF50023000"})
        CHECK(f.send(bad).status == 400);
    CHECK(f.send("BF3D09A007BF2F048001010C").status == 400);
}

TEST_CASE("when the store fails, the peer is asked to come again") {
    Front f;
    REQUIRE(f.store->database().write([](store::Connection& c) { return c.execute("DROP TABLE devices"); }));
    const auto r = f.send(kPoll);
    CHECK(r.status == 503);
    CHECK(r.headers.get("Retry-After") == "1");
}

TEST_CASE("when the path is one of the JSON binding, the same functions answer in JSON") {
    Front f;
    const auto post = [&](const char* function, std::string_view body) {
        net::Request r{.method = "POST", .target = std::string("/gsma/rsp2/esipa/") + function};
        r.body = owned(bytes_of(body));
        return esipa(f.server, r, Time(1));
    };
    const auto unknown = post("getEimPackage", R"({"eidValue":"89049032123451234512345678901235"})");
    CHECK(unknown.status == 200);
    CHECK(unknown.content_type == "application/json;charset=UTF-8");
    CHECK(text_of(unknown.body) ==
          R"({"header":{"functionExecutionStatus":{"status":"Failed","statusCodeData":)"
          R"({"subjectCode":"8.1.1","reasonCode":"3.9","message":"EID not found"}}}})");
    CHECK(text_of(post("getEimPackage", "{}").body).find(R"("reasonCode":"2.2")") != std::string_view::npos);
    CHECK(text_of(post("getEimPackage", R"({"eidValue":"1"})").body).find(R"("reasonCode":"2.1")") !=
          std::string_view::npos);
    CHECK(post("getEimPackage", "[]").status == 400);
    CHECK(post("provideEimPackageResult", "{}").status == 400);
    CHECK(post("transferEimPackage", "{}").status == 404);
}

TEST_CASE("when an IPA of v1.3 says so in the header, the device is known as one; the SGP.22 editions say "
          "nothing") {
    Front f;
    const Eid eid = *eid_from_text("89049032000000000000000000000189");
    REQUIRE(f.store->commit({.devices = {{.eid = eid}}}));
    CHECK(f.send(kPoll, {{"X-Admin-Protocol", "gsma/rsp/v2.1.0"}}).status == 200);
    CHECK_FALSE((*f.store->device(eid))->ipa_edition);
    const auto shown = [&] { return describe(**f.store->device(eid))["dialect"].dump(); };
    CHECK(shown() == R"({"ipa":null,"euicc":null})");
    CHECK(f.send(kPoll, {{"X-Admin-Protocol", "gsma/rsp/v1.3.0"}}).status == 200);
    CHECK((*f.store->device(eid))->ipa_edition == rsp::Edition::v1_3);
    CHECK(shown() == R"({"ipa":"v1.3","euicc":null})");
    // rPLMN under 81: the form of v1.0 is stronger
    CHECK(f.send("BF4F175A1089049032000000000000000000000189810362F210",
                 {{"X-Admin-Protocol", "gsma/rsp/v1.3.0"}})
              .status == 200);
    CHECK((*f.store->device(eid))->ipa_edition == rsp::Edition::v1_0);
}
