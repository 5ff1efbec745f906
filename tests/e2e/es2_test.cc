// The whole life of a profile by the lines of docs/smdp.md: ordered by curl, downloaded with a confirmation
// code, told to the operator's listener; and what a kill -9 leaves to be told.
#include "tests/e2e/operator.h"
#include <csignal>

using namespace halyard;
using namespace halyard::e2e;

namespace {
constexpr const char* kIccid = "8900101000000000010";

struct Operator {
    Directory d;
    std::optional<Listener> listener;
    app::Process smdp;
    std::string es9;
    int es2 = 0;

    Operator() {
        REQUIRE(in_directory(documented("prepare")).status == 0);
        // Others under the same CA: one that nobody knows, and the listener's server.
        const std::string leaf =
            "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=";
        const std::string sign = "openssl x509 -req -days 30 -CA operators-ca.pem -CAkey operators-ca.key ";
        const Ran made = in_directory(leaf + "beta -keyout beta.key -out beta.csr\n" + sign +
                                      "-in beta.csr -out beta.pem\n" + leaf +
                                      "nobody -keyout nobody.key -out nobody.csr\n" + sign +
                                      "-in nobody.csr -out nobody.pem\n" + listener_certificate());
        INFO(made);
        REQUIRE(made.status == 0);
        Json operators = Json::parse(read_text(d / "operators.json"));
        operators.push_back(
            {{"id", "beta"}, {"functionRequesterIdentifier", "2.999.77.2"}, {"subject", "beta"}});
        write_text(d / "operators.json", operators.dump());
        listener.emplace(d);
    }
    Ran in_directory(const std::string& lines) {
        const std::string bin = std::filesystem::path(program("halyard")).parent_path().string();
        write_text(d / "lines.sh",
                   "set -e\ncd " + d.path() + "\nPATH=" + bin + ":$PATH\nES2_PORT=" + std::to_string(es2) +
                       "\n" + lines);
        return shell("sh " + (d / "lines.sh"));
    }
    void start() {
        auto started = app::Process::start({{program("halyard"),
                                             "smdp",
                                             "serve",
                                             "--lab",
                                             "--state",
                                             d / "smdp",
                                             "--pki",
                                             d / "pki",
                                             "--port",
                                             "0",
                                             "--es2-port",
                                             "0",
                                             "--es2-client-ca",
                                             d / "operators-ca.pem",
                                             "--operators",
                                             d / "operators.json",
                                             "--resolve",
                                             "operator.halyard.test:9443=" + listener->at()},
                                            d / "smdp.log"});
        REQUIRE(started);
        smdp = std::move(*started);
        const auto line = smdp.line(std::chrono::seconds(30));
        INFO(read_text(d / "smdp.log"));
        REQUIRE(line);
        const Json said = Json::parse(*line, nullptr, false);
        es9 = "127.0.0.1:" + std::to_string(port_of(said.value("listening", "")));
        es2 = port_of(said.value("es2", ""));
    }
    /// A call by curl with a certificate; HTTP status behind the body.
    Ran call(const std::string& who, const std::string& function, const Json& body) {
        write_text(d / "body", body.dump());
        return in_directory(
            "curl -sS --max-time 20 --cacert pki/ci.pem " +
            (who.empty() ? "" : "--cert " + who + ".pem --key " + who + ".key ") +
            "--connect-to smdp.halyard.test:443:127.0.0.1:" + std::to_string(es2) +
            " -H 'Content-Type: application/json' -w '\\n%{http_code}\\n' --data-binary @body "
            "https://smdp.halyard.test/gsma/rsp2/es2plus/" +
            function);
    }
    Json show() { return cli({"smdp", "show", kIccid, "--state", d / "smdp", "--json"}).json(); }
};

/// The eUICC and its LPA, over ES9+.
struct Phone : Handheld {
    Phone(const Operator& o, const app::PkiDirectory& pki, const Eid& eid) : Handheld(pki, {o.es9}, eid) {}
};
} // namespace

TEST_CASE("when the lines of docs/smdp.md are run, a device gets the profile and the operator hears of it") {
    Operator o;
    o.start();
    const Ran ordered = o.in_directory(documented("order"));
    INFO(ordered);
    REQUIRE(ordered.status == 0);
    const auto answers = json_lines(ordered.out);
    REQUIRE(answers.size() == 3);
    for (const Json& a : answers)
        CHECK(a["header"]["functionExecutionStatus"]["status"] == "Executed-Success");
    CHECK(answers[0]["iccid"] == kIccid);
    CHECK(answers[1]["matchingId"] == "FIRST-ONE");
    CHECK(answers[1]["smdpAddress"] == "smdp.halyard.test");
    CHECK(o.show()["state"] == "released");

    const app::PkiDirectory pki{o.d / "pki"};
    Phone phone(o, pki, pki.eids()->front());
    phone.hand.matching_id = "FIRST-ONE";
    REQUIRE(loop::codes(phone.hand.initiate()) == "");
    REQUIRE(loop::codes(phone.hand.authenticate()) == "");
    CHECK(phone.hand.code_required);
    phone.hand.confirmation_code = "00000000";
    CHECK(loop::codes(phone.hand.package()) == "8.2.7/3.8");
    phone.hand.confirmation_code = "27182818";
    REQUIRE(loop::codes(phone.hand.package()) == "");
    phone.hand.send(phone.hand.installation_message(1, kIccid));
    CHECK(o.show()["state"] == "installed");

    REQUIRE(o.listener->wait(4));
    std::string points;
    for (const Json& m : o.listener->messages()) {
        CHECK(m["iccid"] == kIccid);
        CHECK(m["profileType"] == "data");
        CHECK(m["eid"] == to_text(phone.hand.eid));
        points += std::to_string(m.value("notificationPointId", 0)) + " " +
                  m["notificationPointStatus"].value("status", "") + ", ";
        CHECK(m.contains("resultData") == (m["notificationPointId"] == 4));
    }
    CHECK(points == "1 Executed-Success, 2 Failed, 3 Executed-Success, 4 Executed-Success, ");
}

TEST_CASE("when somebody else calls, profiles of an operator are not there, and strangers are turned away") {
    Operator o;
    o.start();
    const auto order = [](const char* oid, const char* id) {
        return Json{{"header", header(oid, id)}, {"iccid", kIccid}};
    };
    CHECK(status(o.call("beta", "downloadOrder", order("2.999.77.2", "b1"))) == "Failed 8.2.1/3.9");
    CHECK(status(o.call("beta", "downloadOrder", order("2.999.77.1", "b2"))) == "Failed 1.1/1.2");
    CHECK(o.call("nobody", "downloadOrder", order("2.999.77.1", "n1")).out.ends_with("\n403\n"));
    CHECK(o.call("", "downloadOrder", order("2.999.77.1", "n2")).status != 0); // TLS ends it
    CHECK(o.show()["state"] == "available");
    CHECK(status(o.call("alpha", "downloadOrder", order("2.999.77.1", "a1"))) == "Executed-Success");
    for (const char* function : {"confirmOrder", "cancelOrder", "releaseProfile"}) {
        Json body{{"header", header("2.999.77.2", std::string("b-") + function)}, {"iccid", kIccid}};
        if (std::string(function) == "confirmOrder") body["releaseFlag"] = true;
        if (std::string(function) == "cancelOrder") body["finalProfileStatusIndicator"] = "Unavailable";
        CHECK(status(o.call("beta", function, body)) == "Failed 8.2.1/3.9");
    }
    CHECK(o.show()["state"] == "allocated");
    CHECK(status(o.call("alpha", "downloadOrder", Json{{"iccid", kIccid}})) == "Failed 1.6/2.2");
    CHECK(o.call("alpha", "downloadOrder", Json::array({1})).out.ends_with("\n400\n"));
    CHECK(o.call("alpha", "noSuchFunction", Json::object()).out.ends_with("\n404\n"));
}

TEST_CASE("when the server is killed before its callbacks are acknowledged, the next one delivers them all") {
    Operator o;
    o.listener->up(false);
    o.start();
    REQUIRE(o.in_directory(documented("order")).status == 0);
    const app::PkiDirectory pki{o.d / "pki"};
    Phone phone(o, pki, pki.eids()->front());
    phone.hand.matching_id = "FIRST-ONE";
    phone.hand.confirmation_code = "27182818";
    REQUIRE(phone.hand.download());
    phone.hand.send(phone.hand.installation_message(1, kIccid));
    REQUIRE(o.listener->wait(0, 1)); // it was tried
    o.smdp.signal(SIGKILL);
    REQUIRE(o.smdp.wait(std::chrono::seconds(10)));
    o.listener->up(true);
    o.start();
    REQUIRE(o.listener->wait(3));
    std::string points;
    for (const Json& m : o.listener->messages())
        points += std::to_string(m.value("notificationPointId", 0)) + " ";
    CHECK(points == "1 3 4 ");
    // Tried before the end and after it: one call, so that the operator can tell.
    CHECK(o.listener->turned_away()[0]["header"] == o.listener->messages()[0]["header"]);
}

TEST_CASE("when an operator takes handleNotification, it hears of the download and of what came after it") {
    Operator o;
    const std::string file = o.d / "operators.json";
    Json operators = Json::parse(read_text(file));
    operators[0]["callbackFunction"] = "handleSomething";
    write_text(file, operators.dump());
    const Ran refused = run({program("halyard"),
                             "smdp",
                             "serve",
                             "--lab",
                             "--state",
                             o.d / "smdp",
                             "--pki",
                             o.d / "pki",
                             "--operators",
                             file,
                             "--lab",
                             "--callback-ca",
                             o.d / "operators-ca.pem"});
    CHECK(refused.status == 1);
    CHECK(contains(refused.err, "callbackFunction"));
    operators[0]["callbackFunction"] = "handleNotification";
    write_text(file, operators.dump());
    o.listener->function = "handleNotification";
    o.start();
    REQUIRE(o.in_directory(documented("order")).status == 0);
    const app::PkiDirectory pki{o.d / "pki"};
    Phone phone(o, pki, pki.eids()->front());
    phone.hand.matching_id = "FIRST-ONE";
    phone.hand.confirmation_code = "27182818";
    REQUIRE(phone.hand.download());
    phone.hand.send(phone.hand.installation_message(1, kIccid));
    using Event = rsp::NotificationEvent;
    phone.hand.send(phone.hand.notification_message(2, kIccid, Event::notification_enable));
    phone.hand.send(phone.hand.notification_message(3, kIccid, Event::notification_delete));
    REQUIRE(o.listener->wait(5));
    std::string heard;
    for (const Json& m : o.listener->messages()) {
        CHECK(m["iccid"] == kIccid);
        CHECK(m["notificationPointStatus"]["status"] == "Executed-Success");
        heard += std::to_string(m.value("notificationPointId", 0)) + m.value("notificationEvent", "") +
                 m.value("notificationIdentifier", "") + " ";
        const bool of_card = m.value("notificationPointId", 0) >= 4;
        CHECK(m.contains("resultData") == of_card);
        CHECK(m.value("notificationReceiverIdentifier", "") == (of_card ? "smdp.halyard.test" : ""));
    }
    CHECK(heard == "1 3 4install1 101enable2 103delete3 ");
}
