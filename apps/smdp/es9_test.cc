#include "apps/smdp/es9.h"
#include "crypto/hash.h"
#include "store/smdp_store.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::smdp_app;

namespace {
// An SM-DP+ without certificates: enough for everything it refuses.
struct Front {
    net::Response send(const char* path, Bytes body, net::Headers headers = {}, const char* method = "POST") {
        net::Request r{.method = method, .target = path, .headers = std::move(headers), .body = owned(body)};
        r.peer = "192.0.2.9:1";
        return es9(server, r, Time(1));
    }
    net::Response asn1(std::string_view hex, net::Headers headers = {}) {
        return send("/gsma/rsp2/asn1", *from_hex(hex), std::move(headers));
    }
    std::unique_ptr<store::SmdpStore> store = *store::SmdpStore::open_in_memory();
    smdp::Config config{.address = "smdp.example.com"};
    crypto::SystemRandom random;
    smdp::Server server{config, *store, random};
};
#define KEY_ID "F54172BDF98A95D65CBEB88A38A1C11D800A85C3"
#define INFO1 "BF20358203020600A9160414" KEY_ID "AA160414" KEY_ID
// euiccChallenge, smdpAddress "smdp.example.com" or "smdp.example.net", euiccInfo1: 18 + 18 + 56 = 92; 95
#define INITIATE "A25F BF395C 8110101112131415161718191A1B1C1D1E1F 8310736D64702E6578616D706C652E"
const std::string kOurs = INITIATE "636F6D" INFO1, kOther = INITIATE "6E6574" INFO1;
constexpr const char* kJsonOther =
    R"({"euiccChallenge":"EBESExQVFhcYGRobHB0eHw==","smdpAddress":"smdp.example.net",)"
    R"("euiccInfo1":"vyA1ggMCBgCpFgQU9UFyvfmKldZcvriKOKHBHYAKhcOqFgQU9UFyvfmKldZcvriKOKHBHYAKhcM="})";
constexpr const char* kInitiate = "/gsma/rsp2/es9plus/initiateAuthentication";
} // namespace

TEST_CASE("when a function is refused, JSON tells the codes and ASN.1 the integer that stands for them") {
    Front f;
    const auto der = f.asn1(kOther);
    CHECK(der.status == 200);
    CHECK(der.content_type == "application/x-gsma-rsp-asn1");
    CHECK(hex(der.body) == "A206BF3903810101");           // invalidDpAddress
    CHECK(hex(f.asn1(kOurs).body) == "A206BF3903810103"); // ciPKNotSupported: it knows no CI
    const auto json = f.send(kInitiate, bytes_of(kJsonOther));
    CHECK(json.status == 200);
    CHECK(json.content_type == "application/json;charset=UTF-8");
    CHECK(text_of(json.body).find(R"("subjectCode":"8.8.1","reasonCode":"3.8")") != std::string_view::npos);
}

TEST_CASE("when path and Content-Type contradict each other, the path decides") {
    Front f;
    const auto der =
        f.send("/gsma/rsp2/asn1", *from_hex(kOther), {{"Content-Type", "application/json;charset=UTF-8"}});
    CHECK(hex(der.body) == "A206BF3903810101");
    const auto json =
        f.send(kInitiate, bytes_of(kJsonOther), {{"Content-Type", "application/x-gsma-rsp-asn1"}});
    CHECK(json.content_type == "application/json;charset=UTF-8");
    CHECK(f.send("/gsma/rsp2/asn1", bytes_of(kJsonOther)).status == 400);
    CHECK(f.send(kInitiate, *from_hex(kOther)).status == 400);
}

TEST_CASE("when a notification comes in either binding, the answer is 204 without a body") {
    Front f;
    // A notification of a stranger is dropped, and answered all the same. A0 { BF37 02 0500 }
    const auto der = f.asn1("A20A BF3D07 A005 BF37020500");
    CHECK(der.status == 204);
    CHECK(der.body.empty());
    CHECK(der.content_type.empty());
    CHECK_FALSE(der.headers.get("X-Admin-Protocol").empty());
    const auto json =
        f.send("/gsma/rsp2/es9plus/handleNotification", bytes_of(R"({"pendingNotification":"vzcCBQA="})"));
    CHECK(json.status == 204);
    CHECK(json.body.empty());
}

TEST_CASE("when an ES9+ request is no message, the answer is 400 and says where it broke") {
    Front f;
    for (const char* bad :
         {"", "A200", "3000", "A205 BF38020500", "A206 BF4003 810106", "A207 BF3903 810101"})
        CHECK(f.asn1(bad).status == 400);
    CHECK(text_of(f.asn1("A205 BF38020500").body) == "bad tag at ES9+ message");
    CHECK(text_of(f.send(kInitiate, bytes_of("{}")).body) == "missing field at euiccChallenge");
}

TEST_CASE("when the path is another interface's or nobody's, 404 says so; GET is refused") {
    Front f;
    for (const char* path : {"/gsma/rsp2/es2plus/downloadOrder",
                             "/gsma/rsp2/es2plus/handleNotification",
                             "/gsma/rsp2/es12/registerEvent"}) {
        const auto r = f.send(path, bytes_of("{}"));
        CHECK(r.status == 404);
        CHECK(text_of(r.body) == "only ES9+ is served here");
    }
    for (const char* path :
         {"/", "/gsma/rsp2/asn1/", "/gsma/rsp2/es9plus/checkEvent", "/gsma/rsp2/esipa/getEimPackage"}) {
        const auto r = f.send(path, {});
        CHECK(r.status == 404);
        CHECK(text_of(r.body) == "no such function");
    }
    for (const char* path : {"/gsma/rsp2/asn1", kInitiate}) {
        const auto get = f.send(path, {}, {}, "GET");
        CHECK(get.status == 405);
        CHECK(get.headers.get("Allow") == "POST");
    }
}

TEST_CASE(
    "when the peer names an edition of version 2, it is answered with the same; a later one with ours") {
    Front f;
    const auto answered = [&](const char* sent) {
        return std::string(f.asn1(kOther, {{"X-Admin-Protocol", sent}}).headers.get("X-Admin-Protocol"));
    };
    CHECK(answered("gsma/rsp/v2.2.2") == "gsma/rsp/v2.2.2"); // lpac
    CHECK(answered("GSMA/RSP/V2.1.0") == "gsma/rsp/v2.1.0");
    CHECK(answered("gsma/rsp/v3.1.0") == "gsma/rsp/v2.5.0");
    CHECK(answered("nonsense") == "gsma/rsp/v2.5.0");
    CHECK(f.asn1(kOther).headers.get("X-Admin-Protocol") == "gsma/rsp/v2.5.0");
}

TEST_CASE("when the store fails, the peer of either binding is asked to come again") {
    Front f;
    REQUIRE(f.store->database().write([](store::Connection& c) { return c.execute("DROP TABLE sessions"); }));
    // authenticateClient with the error alternative: transactionId, A1 { transactionId, code 1 }
    const auto r = f.asn1("A213 BF3B10 8003A1B2C3 BF3808 A106 800101 020101");
    CHECK(r.status == 503);
    CHECK(r.headers.get("Retry-After") == "1");
}
