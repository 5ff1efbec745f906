#include "apps/smds/http.h"
#include "crypto/hash.h"
#include "pki/mint.h"
#include "store/smds_store.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::smds_app;

namespace {
constexpr Time kNow{1'780'272'000'000}; // 2026-06-01

// An SM-DS with a CI, and clients under it.
struct Front {
    crypto::SystemRandom random;
    pki::Request request(rsp::Role role, const char* oid) const {
        pki::Request r{.role = role, .validity = {kNow - Time(1000), kNow + Time(86'400'000)}};
        r.subject = {.organization = "Test", .common_name = "test.example.com"};
        r.registered_id = oid;
        if (role == rsp::Role::dp_tls || role == rsp::Role::ds_tls) r.dns_names = {"test.example.com"};
        return r;
    }
    OwnedBytes client(rsp::Role role, const char* oid) {
        return pki::mint(request(role, oid), ci, random)->certificate.der;
    }
    net::Response
    post(const char* path, std::string_view body, Bytes certificate, const char* method = "POST") {
        net::Request r{.method = method, .target = path, .body = owned(bytes_of(body))};
        r.headers = {{"Content-Type", "application/json"}, {"X-Admin-Protocol", "gsma/rsp/v2.5.0"}};
        r.peer = "192.0.2.9:1";
        r.client_certificate = owned(certificate);
        return es12(server, r, kNow);
    }
    pki::Credential ci = *pki::mint_ci(request(rsp::Role::ci, "2.999.1"), random);
    std::unique_ptr<store::SmdsStore> store = *store::SmdsStore::open_in_memory();
    smds::Config config{.address = "smds.example.com"};
    smds::Server server{config, *store, random};
    OwnedBytes smdp = client(rsp::Role::dp_tls, "2.999.10"), ds = client(rsp::Role::ds_tls, "2.999.16");
};
#define EID "89049032000000000000000000000112"
constexpr const char* kRegister = "/gsma/rsp2/es12/registerEvent";
constexpr const char* kDelete = "/gsma/rsp2/es12/deleteEvent";
std::string header(const char* call, const char* oid = "2.999.10") {
    return std::string(R"({"header":{"functionRequesterIdentifier":")") + oid +
           R"(","functionCallIdentifier":")" + call + R"("},"eid":")";
}
const std::string kEvent =
    EID R"(","rspServerAddress":"smdp.example.com","eventId":"E-1","forwardingIndicator":false})";
const std::string kSame = EID R"(","eventId":"E-1"})";
constexpr std::string_view kSuccess =
    R"({"header":{"functionExecutionStatus":{"status":"Executed-Success"}}})";

// "8.9.5/3.3" as it stands in a failed answer.
std::string failed(const net::Response& r) {
    CHECK(r.status == 200);
    CHECK(r.content_type == "application/json;charset=UTF-8");
    const std::string text(text_of(r.body));
    const auto member = [&](const std::string& name) {
        const size_t at = text.find("\"" + name + "\":\"");
        if (at == text.npos) return std::string("none");
        const size_t from = at + name.size() + 4;
        return text.substr(from, text.find('"', from) - from);
    };
    CHECK(member("status") == "Failed");
    return member("subjectCode") + "/" + member("reasonCode");
}
} // namespace

TEST_CASE("when an event is registered and deleted over ES12, each answer is the header alone") {
    Front f;
    const auto done = f.post(kRegister, header("1") + kEvent, f.smdp);
    CHECK(done.status == 200);
    CHECK(done.content_type == "application/json;charset=UTF-8");
    CHECK(*done.headers.find("X-Admin-Protocol") == "gsma/rsp/v2.5.0");
    CHECK(text_of(done.body) == kSuccess);
    CHECK(text_of(f.post(kRegister, header("1") + kEvent, f.smdp).body) == kSuccess);
    CHECK(failed(f.post(kRegister, header("2") + kEvent, f.smdp)) == "8.9.5/3.3");
    CHECK(text_of(f.post(kDelete, header("3") + kSame, f.smdp).body) == kSuccess);
    CHECK(failed(f.post(kDelete, header("4") + kSame, f.smdp)) == "8.9.5/3.9");
}

TEST_CASE("when another SM-DS calls, its path is ES15's") {
    Front f;
    const std::string body = header("1", "2.999.16") + kEvent;
    CHECK(failed(f.post(kRegister, body, f.ds)) == "1.1/1.2");
    CHECK(text_of(f.post("/gsma/rsp2/es15/registerEvent", body, f.ds).body) == kSuccess);
    CHECK(failed(f.post("/gsma/rsp2/es15/registerEvent", header("1") + kEvent, f.smdp)) == "1.1/1.2");
}

TEST_CASE("when the caller has no certificate, or one of another kind or name, it is refused") {
    Front f;
    CHECK(f.post(kRegister, header("1") + kEvent, {}).status == 403);
    CHECK(failed(f.post(kRegister, header("1", "2.999.11") + kEvent, f.smdp)) == "1.1/1.2");
    const OwnedBytes eim = f.client(rsp::Role::eim_tls, "2.999.10");
    CHECK(failed(f.post(kRegister, header("1") + kEvent, eim)) == "1.1/1.2");
    CHECK(f.store->events(0, 10)->empty());
}

TEST_CASE("when a request cannot be read, the codes say what of it; what is no JSON is HTTP 400") {
    Front f;
    CHECK(f.post(kRegister, "no JSON", f.smdp).status == 400);
    CHECK(f.post(kRegister, "[]", f.smdp).status == 400);
    CHECK(failed(f.post(kRegister, "{}", f.smdp)) == "1.6/2.2");
    CHECK(failed(f.post(kRegister, header("1") + kSame, f.smdp)) == "1.6/2.2"); // rspServerAddress
    CHECK(failed(f.post(kDelete,
                        header("1") + "8904"
                                      R"(","eventId":"E"})",
                        f.smdp)) == "8.1.1/2.1"); // EID
    CHECK(failed(f.post(kDelete, header("1") + EID R"(","eventId":7})", f.smdp)) == "1.6/2.1");
}

TEST_CASE("when path or method are no function's, HTTP says so") {
    Front f;
    CHECK(f.post("/gsma/rsp2/es12/listEvents", "{}", f.smdp).status == 404);
    CHECK(f.post("/gsma/rsp2/es2plus/downloadOrder", "{}", f.smdp).status == 404);
    CHECK(f.post("/gsma/rsp2/es9plus/initiateAuthentication", "{}", f.smdp).status == 404);
    const auto get = f.post(kRegister, "", f.smdp, "GET");
    CHECK(get.status == 405);
    CHECK(*get.headers.find("Allow") == "POST");
}

TEST_CASE("when ES11 is asked in ASN.1 or JSON, it answers in kind and knows the SM-DS's functions only") {
    Front f;
    const auto post = [&](const char* path, Bytes body) {
        net::Request r{.target = path, .body = owned(body)};
        r.peer = "192.0.2.9:1";
        return es11(f.server, r, kNow);
    };
    // A2 { BF39 { euiccChallenge, smdpAddress "smdp.example.com", euiccInfo1 } }: 18 + 18 + 56 = 92; 95
    const std::string key = "F54172BDF98A95D65CBEB88A38A1C11D800A85C3";
    const auto der =
        post("/gsma/rsp2/asn1",
             *from_hex("A25FBF395C8110101112131415161718191A1B1C1D1E1F8310736D64702E6578616D706C65"
                       "2E636F6DBF20358203020600A9160414" +
                       key + "AA160414" + key));
    CHECK(der.status == 200);
    CHECK(der.content_type == "application/x-gsma-rsp-asn1");
    CHECK(hex(der.body) == "A206BF3903810101"); // invalidDpAddress
    const auto json = post("/gsma/rsp2/es9plus/initiateAuthentication",
                           bytes_of(R"({"euiccChallenge":"EBESExQVFhcYGRobHB0eHw==","smdpAddress":)"
                                    R"("smdp.example.net","euiccInfo1":"vyA1ggMCBgCpFgQU9UFyvfmKldZcvriKOKHB)"
                                    R"(HYAKhcOqFgQU9UFyvfmKldZcvriKOKHBHYAKhcM="})"));
    CHECK(failed(json) == "8.9.1/3.8");
    CHECK(post("/gsma/rsp2/es9plus/getBoundProfilePackage", bytes_of("{}")).status == 404);
    CHECK(post("/gsma/rsp2/es9plus/handleNotification", bytes_of("{}")).status == 404);
    CHECK(post("/gsma/rsp2/es12/registerEvent", bytes_of("{}")).status == 404);
    // GetBoundProfilePackage in ASN.1 is no request of this interface.
    CHECK(post("/gsma/rsp2/asn1", *from_hex("A203BF3A00")).status == 400);
}
