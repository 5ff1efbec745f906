// Lists that change while a server runs: who is denied, and revocation lists out of files and from URLs, made
// by `halyard pki` and by openssl.
#include "net/plain_server.h"
#include "net/tcp_connect.h"
#include "tests/e2e/service.h"
#include <csignal>
#include <mutex>
#include <netinet/in.h>
#include <sstream>
#include <sys/socket.h>
#include <thread>

using namespace halyard;
using namespace halyard::e2e;

namespace {
/// What authenticateClient says to this phone in a new session.
std::string answer(ServicePhone& phone) {
    REQUIRE(loop::codes(phone.hand.initiate()) == "");
    return loop::codes(phone.hand.send(phone.hand.client_message()));
}
/// True when it says so within five seconds (SR-23).
bool becomes(ServicePhone& phone, const std::string& codes) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    std::string said;
    while (std::chrono::steady_clock::now() < end) {
        if (said = answer(phone); said == codes) return true;
        std::this_thread::sleep_for(milliseconds(100));
    }
    MESSAGE(said);
    return false;
}

void make(const Service& s, Words words) {
    words.insert(words.begin(), "pki");
    words.insert(words.end(), {"--dir", s.d / "pki"});
    const Ran ran = cli(words);
    INFO(ran);
    REQUIRE(ran.status == 0);
}

std::string key_id(const Service& s, const std::string& name) {
    return hex(*app::PkiDirectory{s.d / "pki"}.certificate(name)->subject_key_id);
}

/// Takes connections and never says a word.
class Silence {
  public:
    Silence() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
        socklen_t size = sizeof address;
        auto* generic = reinterpret_cast<sockaddr*>(&address);
        REQUIRE(::bind(socket_.get(), generic, size) == 0);
        REQUIRE(::listen(socket_.get(), 8) == 0);
        REQUIRE(::getsockname(socket_.get(), generic, &size) == 0);
        port_ = ntohs(address.sin_port);
    }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/x"; }

  private:
    net::Socket socket_;
    uint16_t port_ = 0;
};

/// Where lists are fetched from; what it gives may change.
class ListServer {
  public:
    ListServer() {
        REQUIRE(http_.start({}, [this](const net::Request& r) {
            const std::lock_guard lock(mutex_);
            ++asked_;
            if (r.path() != "/list.crl" || list_.empty()) return net::plain(404);
            return net::Response{.content_type = "application/pkix-crl", .body = owned(bytes_of(list_))};
        }));
    }
    void give(std::string list) {
        const std::lock_guard lock(mutex_);
        list_ = std::move(list);
    }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(http_.port()) + "/list.crl"; }

  private:
    std::mutex mutex_;
    std::string list_;
    int asked_ = 0;
    net::PlainServer http_;
};
} // namespace

TEST_CASE("when EIDs, EUMs and certificates are denied, SM-DP+ and SM-DS know within five seconds; a bad "
          "file changes nothing") {
    for (const std::string kind : {"smdp", "smds"}) {
        Service s(kind);
        const std::string served = kind == "smdp" ? "8.1.1/3.8" : ""; // no order, an empty list of events
        write_text(s.d / "deny", "# nobody\n");
        const Silence silence; // a list that does not come holds up no other
        s.start("[deny]\nfile = 'deny'\n[crl]\nallow_private = true\nurls = ['" + silence.url() + "']\n");
        ServicePhone phone(s), other(s, 1);
        CHECK(answer(phone) == served);
        const std::string eid = to_text(phone.hand.eid);
        write_text(s.d / "deny", "eid " + eid + "\n");
        CHECK(becomes(phone, "8.1.3/6.1"));
        CHECK(answer(other) == served);
        CHECK(s.metric("halyard_denied_total{kind=\"eid\"}").value_or(0) >= 1);
        CHECK(s.metric("halyard_deny_list_entries") == 1);
        CHECK(contains(s.log(), "denied: kind=eid who=" + eid.substr(0, 6) + "****"));
        CHECK(!contains(s.log(), eid));
        write_text(s.d / "deny", "oid 2.999.1\neid 12\n");
        CHECK(s.log_says("list: file=" + (s.d / "deny") + " result=bad value at EID (2); the old one stays"));
        CHECK(s.metric("halyard_list_failures_total") == 1);
        CHECK(answer(phone) == "8.1.3/6.1");
        write_text(s.d / "deny", "eum " + key_id(s, "eum") + "\n");
        CHECK(becomes(phone, "8.1.2/6.1"));
        write_text(s.d / "deny",
                   "certificate " + key_id(s, "eum") + " " +
                       hex(app::PkiDirectory{s.d / "pki"}.certificate("euicc/" + eid)->serial) + "\n");
        CHECK(becomes(phone, "8.1.3/6.1"));
        CHECK(answer(other) == served);
        std::filesystem::remove(s.d / "deny");
        CHECK(s.log_says("result=not found at deny"));
        CHECK(answer(phone) == "8.1.3/6.1");
        write_text(s.d / "deny", "");
        CHECK(becomes(phone, served));
        s.stop();
    }
}

TEST_CASE("when an eUICC is denied in the middle of a download, it does not get the package") {
    Service s("smdp");
    REQUIRE(cli({"profile",
                 "sample",
                 "--iccid",
                 "8900101000000000010",
                 "--imsi",
                 "001010000000001",
                 "--out",
                 s.d / "a"})
                .status == 0);
    const Ran placed = cli({"smdp",
                            "order",
                            "--lab",
                            "--state",
                            s.d / "state",
                            "--profile",
                            s.d / "a",
                            "--matching-id",
                            "M",
                            "--json"});
    REQUIRE(placed.status == 0);
    write_text(s.d / "deny", "");
    s.start("[deny]\nfile = 'deny'\n");
    ServicePhone phone(s), other(s, 1);
    phone.hand.matching_id = "M";
    REQUIRE(loop::codes(phone.hand.initiate()) == "");
    REQUIRE(loop::codes(phone.hand.authenticate()) == "");
    write_text(s.d / "deny", "eid " + to_text(phone.hand.eid) + "\n");
    CHECK(s.reaches("halyard_deny_list_entries", 1));
    CHECK(loop::codes(phone.hand.package()) == "8.1/6.1");
    write_text(s.d / "deny", "");
    CHECK(s.reaches("halyard_deny_list_entries", 0));
    CHECK(loop::codes(phone.hand.package()) == "");
    s.stop();
}

TEST_CASE("when an SM-DP+ is denied by its OID, it cannot register events, and is told nothing more than a "
          "stranger") {
    Service s("smds");
    const std::string oid = *rsp::server_oid(*app::PkiDirectory{s.d / "pki"}.certificate("smdp-tls"));
    write_text(s.d / "deny", "");
    s.start("[deny]\nfile = 'deny'\n");
    const auto call = [&](const std::string& id) {
        const Ran ran =
            shell("curl -sS --max-time 20 --cacert " + (s.d / "pki/ci.pem") + " --cert " +
                  (s.d / "pki/smdp-tls.pem") + " --key " + (s.d / "pki/smdp-tls.key") +
                  " --connect-to smds.halyard.test:443:" + s.at("es12") +
                  " -H 'Content-Type: application/json' -H 'X-Admin-Protocol: gsma/rsp/v2.5.0' -w '\\n' "
                  "https://smds.halyard.test/gsma/rsp2/es12/registerEvent -d "
                  "'{\"header\":{\"functionRequesterIdentifier\":\"" +
                  oid + "\",\"functionCallIdentifier\":\"" + id +
                  "\"},\"eid\":\"89049032000000000000000000000112\","
                  "\"rspServerAddress\":\"smdp.halyard.test\",\"eventId\":\"" +
                  id + "\",\"forwardingIndicator\":false}'");
        INFO(ran);
        REQUIRE(ran.status == 0);
        const Json status = Json::parse(ran.out)["header"]["functionExecutionStatus"];
        if (!status.contains("statusCodeData")) return status.value("status", "");
        return status["statusCodeData"].value("subjectCode", "") + "/" +
               status["statusCodeData"].value("reasonCode", "");
    };
    CHECK(call("one") == "Executed-Success");
    write_text(s.d / "deny", "oid " + oid + "\n");
    CHECK(s.reaches("halyard_deny_list_entries", 1));
    CHECK(call("two") == "1.1/1.2");
    CHECK(contains(s.log(), "denied: kind=oid who=" + oid));
    s.stop();
}

TEST_CASE("when a revocation list in a file is replaced, by halyard or by openssl, the server goes by the "
          "new one") {
    Service s("smds");
    make(s, {"crl", "--issuer", "ci"});
    // An EUM's list by openssl, of nobody so far.
    const Ran made = shell(
        "cd " + s.d.path() +
        " && touch index && echo 01 > number && openssl x509 -inform DER -in pki/eum.der -out eum.pem && "
        "printf '[ca]\\ndefault_ca=c\\n[c]\\ndatabase=index\\ncrlnumber=number\\ndefault_md=sha256\\n"
        "default_crl_days=30\\ncrl_extensions=e\\n[e]\\nauthorityKeyIdentifier=keyid\\n' > ca.cnf && "
        "openssl ca -config ca.cnf -gencrl -cert eum.pem -keyfile pki/eum.key -out eum.crl");
    INFO(made);
    REQUIRE(made.status == 0);
    s.start("[crl]\nfiles = ['pki/ci.crl', 'eum.crl']\nrequired = true\n");
    ServicePhone phone(s), other(s, 1);
    CHECK(answer(phone) == "");
    CHECK(s.metric("halyard_crl_entries{source=\"" + (s.d / "eum.crl") + "\"}") == 0);
    const auto certificate = app::PkiDirectory{s.d / "pki"}.certificate("euicc/" + to_text(phone.hand.eid));
    write_text(s.d / "index",
               "R\t391231235959Z\t260101000000Z\t" + hex(certificate->serial) + "\tunknown\t/CN=x\n");
    REQUIRE(shell("cd " + s.d.path() +
                  " && openssl ca -config ca.cnf -gencrl -cert eum.pem -keyfile pki/eum.key -out new.crl && "
                  "mv new.crl eum.crl")
                .status == 0);
    CHECK(becomes(phone, "8.1.3/6.1"));
    CHECK(answer(other) == "");
    CHECK(s.metric("halyard_crl_entries{source=\"" + (s.d / "eum.crl") + "\"}") == 1);
    write_text(s.d / "eum.crl", "nothing");
    CHECK(s.log_says("eum.crl result="));
    CHECK(answer(phone) == "8.1.3/6.1"); // the old one stays
    CHECK(answer(other) == "");
    make(s, {"revoke", "eum"});
    CHECK(becomes(other, "8.1.2/6.1"));
    CHECK(s.becomes(200, "revocation lists: ok"));
    s.stop();
}

TEST_CASE("when a list is fetched, only its issuer's signature and a newer date put it in place, and it "
          "survives the server") {
    Service s("smdp");
    ListServer web;
    const std::string config = "[crl]\nurls = ['" + web.url() + "']\nallow_private = true\nrequired = true\n";
    const auto list = [&](const Words& options) {
        Words words{"crl", "--issuer", "ci"};
        words.insert(words.end(), options.begin(), options.end());
        make(s, words);
        return read_text(s.d / "pki/ci.crl");
    };
    const std::string old = list({"--this-update", "2026-01-01", "--next-update", "2036-01-01"});
    const std::string newer = list({"--this-update", "2026-02-01", "--next-update", "2036-01-01"});
    s.start(config);
    ServicePhone phone(s);
    CHECK(answer(phone) == "8.1.2/6.1"); // required, and there is none
    CHECK(s.becomes(503, "revocation lists: required, and there is none"));
    const auto results = [&] {
        std::vector<std::string> out;
        std::istringstream lines(s.log());
        const std::string start = "list: url=" + web.url() + " result=";
        for (std::string line; std::getline(lines, line);)
            if (const size_t at = line.find(start); at != line.npos)
                out.push_back(line.substr(at + start.size()));
        return out;
    };
    const auto fetch = [&](const std::string& content, const std::string& said) {
        web.give(content);
        const size_t before = results().size();
        s.process.signal(SIGHUP);
        for (int i = 0; i < 300 && results().size() == before; ++i)
            std::this_thread::sleep_for(milliseconds(100));
        REQUIRE(results().size() > before);
        CHECK(results().back().substr(0, said.size()) == said);
    };
    fetch(newer, "fetched");
    CHECK(becomes(phone, "8.1.3/6.1")); // the CI has one, the EUM has none yet
    CHECK(s.becomes(200, "revocation lists: ok"));
    CHECK(s.metric("halyard_crl_entries{source=\"" + web.url() + "\"}") == 0);
    fetch(old, "conflict at older than the one held");
    Service stranger("smds");
    make(stranger, {"crl", "--issuer", "ci"});
    fetch(read_text(stranger.d / "pki/ci.crl"), "unverified at CRL issuer");
    std::string forged = newer;
    forged[forged.size() - 10] = static_cast<char>(forged[forged.size() - 10] ^ 1);
    fetch(forged, "unverified at CRL issuer");
    fetch("no list", "truncated");
    fetch(std::string(12u << 20, 'x'), "limit exceeded");
    CHECK(s.becomes(200, "revocation lists: ok"));
    s.stop();
    web.give("");
    s.start(config); // what was fetched is on disk
    CHECK(s.becomes(200, "revocation lists: ok"));
    const Ran shown = cli({"smdp", "crl", "--config", s.d / "config.toml", "--json"});
    INFO(shown);
    CHECK(shown.json()["state"] == "ok");
    CHECK(shown.json()["this_update"] == "2026-02-01T00:00:00Z");
    s.stop();
    s.start("[crl]\nurls = ['" + web.url() + "']\n");
    CHECK(s.log_says("result=rejected at private address"));
    s.stop();
}

TEST_CASE("when a list is past its nextUpdate, it counts for the days of grace and not longer") {
    Service s("smds");
    make(s, {"crl", "--issuer", "ci", "--this-update", "2026-01-01", "--next-update", "2026-01-02"});
    s.start("[crl]\nfiles = ['pki/ci.crl']\ngrace_days = 3650\n");
    ServicePhone phone(s);
    CHECK(answer(phone) == "");
    CHECK(s.becomes(200, "revocation lists: ok"));
    const Ran late = cli({"smds", "crl", "--config", s.d / "config.toml"});
    CHECK(late.out.starts_with("late "));
    s.stop();
    s.start("[crl]\nfiles = ['pki/ci.crl']\n");
    ServicePhone again(s);
    CHECK(answer(again) == "8.1.2/6.1");
    CHECK(s.becomes(503, "ci.crl out of date since 2026-01-02T00:00:00Z"));
    s.stop();
}

TEST_CASE("when TLS certificates are replaced, SIGHUP makes the server use them, and the end of the new one "
          "is told") {
    Service s("smdp");
    s.start();
    const auto serial = [&] {
        return shell("echo | openssl s_client -connect " + s.at("listening") +
                     " 2>/dev/null | openssl x509 -noout -serial")
            .out;
    };
    const std::string before = serial();
    const Ran renewed = cli({"pki",
                             "init",
                             "--dir",
                             s.d / "pki2",
                             "--euiccs",
                             "0",
                             "--ci-key",
                             s.d / "pki/ci.key",
                             "--ci-cert",
                             s.d / "pki/ci.pem"});
    INFO(renewed);
    REQUIRE(renewed.status == 0);
    for (const std::string end : {".pem", ".key", ".der"})
        std::filesystem::copy_file(s.d / ("pki2/smdp-tls" + end),
                                   s.d / ("pki/smdp-tls" + end),
                                   std::filesystem::copy_options::overwrite_existing);
    CHECK(serial() == before);
    s.process.signal(SIGHUP);
    CHECK(s.log_says("reload: what=TLS of ES9+ result=loaded"));
    CHECK(serial() != before);
    write_text(s.d / "pki/smdp-tls.pem", "nothing");
    s.process.signal(SIGHUP);
    CHECK(s.log_says("reload: what=TLS of ES9+ result=bad value at certificate_file"));
    CHECK(serial() != before);
    CHECK(serial().starts_with("serial="));
    s.stop();
}
