// The SM-DS as a program: events registered by curl with client certificates, found by software eUICCs, kept
// through kills, passed on from an alternative SM-DS to the root.
#include "apps/common/es12_client.h"
#include "apps/common/es9_client.h"
#include "apps/common/soft_card.h"
#include "rsp/chain.h"
#include "rsp/es9p.h"
#include "tests/e2e/smds_ground.h"
#include "tests/stores/postgres_server.h"
#include <algorithm>
#include <csignal>
#include <map>
#include <sstream>
#include <thread>

using namespace halyard;
using namespace halyard::e2e;

namespace {
// curl to one of the two ports, with NAME.pem and NAME.key of a PKI as the client's identity.
Ran curl(const Ground& g,
         const Smds& to,
         int port,
         const std::string& path,
         const std::string& body,
         const std::string& identity) {
    const std::string client =
        identity.empty() ? "" : " --cert " + identity + ".pem --key " + identity + ".key";
    return shell(
        "curl -sS --max-time 10 --connect-to " + to.name + ":443:127.0.0.1:" + std::to_string(port) +
        " --cacert " + g.pki + "/ci.pem" + client +
        " -H 'Content-Type: application/json' -H 'X-Admin-Protocol: gsma/rsp/v2.5.0' -w '\\n%{http_code}\n'" +
        " --data-binary '" + body + "' https://" + to.name + "/gsma/rsp2/" + path);
}
std::string header(const std::string& call, const std::string& oid = "2.999.10") {
    return R"({"header":{"functionRequesterIdentifier":")" + oid + R"(","functionCallIdentifier":")" + call +
           R"("},)";
}
// "" for success, otherwise codes.
std::string said(const Ran& ran) {
    INFO(ran);
    REQUIRE(ran.status == 0);
    REQUIRE(ran.out.ends_with("\n200\n"));
    const Json json = Json::parse(ran.out.substr(0, ran.out.size() - 5), nullptr, false);
    const Json& execution = json["header"]["functionExecutionStatus"];
    if (execution["status"] == "Executed-Success") return "";
    const Json& code = execution["statusCodeData"];
    return code.value("subjectCode", "") + "/" + code.value("reasonCode", "");
}
std::string
add(const Ground& g, const Smds& to, const std::string& id, const std::string& call, bool forward = false) {
    return said(curl(g,
                     to,
                     to.es12_port,
                     "es12/registerEvent",
                     header(call) + R"("eid":")" + g.eid +
                         R"(","rspServerAddress":"smdp.halyard.test","eventId":")" + id +
                         R"(","forwardingIndicator":)" + (forward ? "true}" : "false}"),
                     g.pki + "/smdp-tls"));
}
std::string drop(const Ground& g, const Smds& to, const std::string& id, const std::string& call) {
    return said(curl(g,
                     to,
                     to.es12_port,
                     "es12/deleteEvent",
                     header(call) + R"("eid":")" + g.eid + R"(","eventId":")" + id + R"("})",
                     g.pki + "/smdp-tls"));
}

template <class T> T must(Result<T> r) {
    if (!r) FAIL(name(r.error().code) << " at " << r.error().where);
    return std::move(*r);
}

// A software eUICC, and the part of its IPA that asks an SM-DS.
struct Card {
    std::unique_ptr<app::SoftCard> card;
    explicit Card(const Ground& g) : card(must(app::SoftCard::open(g.directory / "card"))) {}
    OwnedBytes es10(Bytes command) { return must(card->card().isdr().handle(command)); }

    // "id@address …", or the codes of a refusal.
    std::string ask(const Ground& g,
                    const Smds& at,
                    const std::string& event_id = {},
                    binding::Es9Form form = binding::Es9Form::json) {
        net::HttpsClient::Options http;
        http.trust.anchors_pem = read_text(g.pki + "/ci.pem");
        http.trust.policies = {rsp::policy_oid(rsp::Role::ds_tls)};
        http.connect_to[at.name] = at.endpoint();
        auto client = must(app::Es9Client::open(std::move(http), "gsma-rsp-ipad", form));
        const auto send = [&](Bytes message) {
            return must(client.exchange(at.name, message, rsp::Interface::es11));
        };
        const OwnedBytes challenge = es10(must(from_hex("BF2E00"))), info = es10(must(from_hex("BF2000")));
        rsp::InitiateAuthenticationRequest hello{.smdp_address = at.name};
        hello.euicc_challenge = must(asn1::decode<rsp::GetEuiccChallengeResponse>(challenge)).euicc_challenge;
        hello.euicc_info1.der = info;
        const auto greeting = send(must(asn1::encode(hello)));
        if (greeting.failed) return greeting.failed->subject + "/" + greeting.failed->reason;
        const auto response = must(asn1::decode<rsp::InitiateAuthenticationResponse>(greeting.der));
        const auto& ok = std::get<rsp::InitiateAuthenticationOkEs9>(response.is);

        rsp::CtxParamsForCommonAuthentication common{.device_info = {.tac = {0x35, 0x29, 0x06, 0x11}}};
        if (!event_id.empty()) common.matching_id = event_id;
        rsp::CtxParams1 context;
        context.is = common;
        const OwnedBytes params = must(asn1::encode(context));
        rsp::AuthenticateServerRequest server{.server_signature1 = ok.server_signature1,
                                              .euicc_ci_pk_id_to_be_used = ok.euicc_ci_pk_id_to_be_used,
                                              .server_certificate = ok.server_certificate};
        server.server_signed1.der = ok.server_signed1.der;
        server.ctx_params1.der = params;
        const OwnedBytes signed_by_card = es10(must(asn1::encode(server)));
        rsp::AuthenticateClientRequest me{.transaction_id = ok.transaction_id};
        me.authenticate_server_response.der = signed_by_card;
        const auto found = send(must(asn1::encode(me)));
        if (found.failed) return found.failed->subject + "/" + found.failed->reason;
        const auto list = must(asn1::decode<rsp::AuthenticateClientResponseEs11>(found.der));
        std::string out;
        const auto each = [&](const rsp::EventEntries& e) {
            out +=
                (out.empty() ? "" : " ") + std::string(e.event_id) + "@" + std::string(e.rsp_server_address);
        };
        REQUIRE(std::get<rsp::AuthenticateClientOkEs11>(list.is).event_entries.for_each(each));
        return out;
    }
};

template <class Done> bool in_time(Done&& done) {
    for (const auto end = std::chrono::steady_clock::now() + kLong; std::chrono::steady_clock::now() < end;) {
        if (done()) return true;
        std::this_thread::sleep_for(milliseconds(50));
    }
    return false;
}
} // namespace

TEST_CASE("when curl registers an event, a card finds it, also after the SM-DS was killed") {
    const Ground g;
    Smds root(g, "smds.halyard.test", g.pki);
    Card card(g);
    root.start();
    CHECK(card.ask(g, root) == "");
    CHECK(add(g, root, "EVENT-1", "c1") == "");
    root.kill(); // the answer was given: it is on disk (RR-01)
    root.start();
    CHECK(card.ask(g, root) == "EVENT-1@smdp.halyard.test");
    CHECK(card.ask(g, root, "EVENT-1", binding::Es9Form::asn1) == "EVENT-1@smdp.halyard.test");
    CHECK(card.ask(g, root, "EVENT-2") == "8.9.5/3.9");
    CHECK(add(g, root, "EVENT-1", "c1") == ""); // the same call again
    CHECK(add(g, root, "EVENT-1", "c2") == "8.9.5/3.3");
    REQUIRE(root.events().size() == 1);
    const Json shown = root.events()[0];
    CHECK(shown["eid"] == g.eid);
    CHECK(shown["owner"] == "2.999.10");
    CHECK(shown["forwarding"] == "none");

    CHECK(drop(g, root, "EVENT-1", "d1") == "");
    root.kill();
    root.start();
    CHECK(card.ask(g, root) == "");
    CHECK(drop(g, root, "EVENT-1", "d1") == ""); // the same call again
    CHECK(drop(g, root, "EVENT-1", "d2") == "8.9.5/3.9");
    CHECK(root.events().empty());

    CHECK(add(g, root, "EVENT-3", "c3") == "");
    CHECK(cli({"smds", "delete", "--state", root.state, g.eid, "EVENT-3"}).status == 0);
    CHECK(card.ask(g, root) == "");
    CHECK(cli({"smds", "delete", "--state", root.state, g.eid, "EVENT-3"}).status == 1);
    root.process.stop(kLong);
    CHECK(root.process.status() == 0);
}

TEST_CASE("when a caller of ES12 has no certificate of an SM-DP+ or not the one it names, it is refused") {
    const Ground g;
    Smds root(g, "smds.halyard.test", g.pki);
    root.start();
    const std::string body =
        R"("eid":")" + g.eid +
        R"(","rspServerAddress":"smdp.halyard.test","eventId":"E","forwardingIndicator":false})";
    const auto call = [&](const std::string& path, const std::string& oid, const std::string& identity) {
        return curl(g, root, root.es12_port, path, header("c1", oid) + body, identity);
    };
    CHECK(call("es12/registerEvent", "2.999.10", "").status != 0);
    const std::string foreign = g.directory / "foreign";
    REQUIRE(cli({"pki", "init", "--dir", foreign, "--euiccs", "0"}).status == 0);
    CHECK(call("es12/registerEvent", "2.999.10", foreign + "/smdp-tls").status != 0);
    REQUIRE(cli({"pki", "issue", "dp-tls", "--dir", g.pki, "--name", "late", "--expired"}).status == 0);
    CHECK(call("es12/registerEvent", "2.999.10", g.pki + "/late").status != 0);
    CHECK(said(call("es12/registerEvent", "2.999.20", g.pki + "/eim-tls")) == "1.1/1.2");
    CHECK(said(call("es12/registerEvent", "2.999.11", g.pki + "/smdp-tls")) == "1.1/1.2");
    CHECK(said(call("es15/registerEvent", "2.999.10", g.pki + "/smdp-tls")) == "1.1/1.2");
    CHECK(root.events().empty());
    // Each port has its own interfaces.
    CHECK(call("es9plus/initiateAuthentication", "2.999.10", g.pki + "/smdp-tls").out.ends_with("\n404\n"));
    CHECK(curl(g, root, root.port, "es12/registerEvent", header("c1") + body, "").out.ends_with("\n404\n"));
    CHECK(said(call("es12/registerEvent", "2.999.10", g.pki + "/smdp-tls")) == "");
}

TEST_CASE(
    "when an alternative SM-DS cannot reach the root, it passes its events on later, none lost or twice") {
    const Ground g;
    Smds root(g, "smds.halyard.test", g.pki);
    root.start(); // for its ports
    root.kill();
    Smds alternative(g,
                     "alt.halyard.test",
                     g.alternative,
                     {"--parent", "smds.halyard.test", "--resolve", "smds.halyard.test=" + root.es12()});
    alternative.start();
    Card card(g);
    CHECK(add(g, alternative, "EVENT-1", "c1", true) == "");
    CHECK(add(g, alternative, "EVENT-2", "c2", true) == "");
    CHECK(alternative.events()[0]["forwarding"] == "pending");
    alternative.kill();
    root.start();
    CHECK(card.ask(g, root) == "");
    alternative.start();
    REQUIRE(in_time([&] { return root.events().size() == 2; }));
    REQUIRE(in_time([&] {
        const auto events = alternative.events();
        return std::all_of(
            events.begin(), events.end(), [](const auto& e) { return e["forwarding"] == "registered"; });
    }));

    // The card comes from the root to the alternative SM-DS and from there to the SM-DP+. Which event came to
    // the root first is left to the pauses between attempts.
    std::map<std::string, std::string> found; // at the SM-DP+, by event id at the root
    std::istringstream at_root(card.ask(g, root));
    for (std::string entry; at_root >> entry;) {
        REQUIRE(entry.ends_with("@alt.halyard.test"));
        const std::string id = entry.substr(0, entry.find('@'));
        found[card.ask(g, alternative, id)] = id;
    }
    REQUIRE(found.size() == 2);
    REQUIRE(found.contains("EVENT-1@smdp.halyard.test"));
    CHECK(found.contains("EVENT-2@smdp.halyard.test"));
    const std::string id = found["EVENT-1@smdp.halyard.test"];
    CHECK(root.events()[0]["owner"] == "2.999.16");

    CHECK(drop(g, alternative, "EVENT-1", "d1") == "");
    REQUIRE(in_time([&] { return root.events().size() == 1; }));
    CHECK(card.ask(g, root).ends_with("@alt.halyard.test"));
    CHECK(card.ask(g, root, id) == "8.9.5/3.9");
}

TEST_CASE("when our client of ES12 registers and deletes, it hears what the SM-DS says") {
    const Ground g;
    Smds root(g, "smds.halyard.test", g.pki);
    root.start();
    Card card(g);
    const auto client = [&](const std::string& trusted) {
        net::HttpsClient::Options http;
        http.trust.anchors_pem = read_text(trusted + "/ci.pem");
        http.certificate_file = g.pki + "/smdp-tls.pem";
        http.key_file = g.pki + "/smdp-tls.key";
        http.connect_to[root.name] = root.es12();
        return must(app::Es12Client::open(std::move(http)));
    };
    auto ours = client(g.pki);
    const Eid eid = must(eid_from_text(g.eid));
    rsp::RegisterEventRequest request{{"2.999.10", "c1"}, eid, "smdp.halyard.test", "EVENT-1", false};
    CHECK(must(ours.register_event(root.name, request)).executed());
    CHECK(card.ask(g, root) == "EVENT-1@smdp.halyard.test");
    request.header.function_call_identifier = "c2";
    const auto twice = must(ours.register_event(root.name, request));
    REQUIRE(twice.code);
    CHECK(twice.code->is("8.9.5", "3.3"));
    CHECK(must(ours.delete_event(root.name, {{"2.999.10", "d1"}, eid, "EVENT-1"})).executed());
    CHECK(card.ask(g, root) == "");

    const std::string foreign = g.directory / "foreign";
    REQUIRE(cli({"pki", "init", "--dir", foreign, "--euiccs", "0"}).status == 0);
    CHECK(client(foreign).register_event(root.name, request).error().code == Errc::unverified);
    root.kill();
    CHECK(ours.register_event(root.name, request).error().code == Errc::unreachable);
    net::HttpsClient::Options nobody;
    nobody.trust.anchors_pem = read_text(g.pki + "/ci.pem");
    CHECK(app::Es12Client::open(std::move(nobody)).error().code == Errc::missing_field);
}

TEST_CASE("when smds-auth is no certificate of an SM-DS, the server does not start") {
    const Ground g;
    for (const char* kind : {".der", ".pem", ".key"})
        std::filesystem::copy_file(g.pki + "/smdp-auth" + kind,
                                   g.pki + "/smds-auth" + kind,
                                   std::filesystem::copy_options::overwrite_existing);
    const Ran ran = run(
        {program("halyard"), "smds", "serve", "--lab", "--state", g.directory / "s", "--pki", g.pki}, kLong);
    CHECK(ran.status == 1);
    CHECK(contains(ran.err, "certificate role"));
}

TEST_CASE(
    "when two SM-DS serve one PostgreSQL and one is killed, an event is there once and found at either") {
    auto* server = stores::PostgresServer::one();
    if (!server) return;
    const Ground g;
    Smds one(g, "smds.halyard.test", g.pki), other(g, "smds.halyard.test", g.pki);
    one.store = other.store = server->database();
    one.start();
    other.start();
    Card card(g);
    CHECK(add(g, one, "EVENT-1", "c1") == "");
    CHECK(add(g, other, "EVENT-1", "c1") == ""); // the answer was lost: the same call, at the other one
    CHECK(add(g, other, "EVENT-1", "c2") == "8.9.5/3.3");
    CHECK(add(g, other, "EVENT-2", "c3") == "");
    CHECK(card.ask(g, other, "EVENT-1") == "EVENT-1@smdp.halyard.test");
    one.kill();
    CHECK(drop(g, other, "EVENT-1", "d1") == "");
    one.start();
    CHECK(card.ask(g, one) == "EVENT-2@smdp.halyard.test");
    const Ran listed = cli({"smds", "events", "--store", one.store, "--json"});
    CHECK(json_lines(listed.out).size() == 1);
    CHECK_FALSE(std::filesystem::exists(one.state)); // nothing is kept beside the database
}
