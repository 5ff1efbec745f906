// Two processes of one SM-DP+ on one PostgreSQL: sessions begun at one and ended at the other, and what is
// left when they are killed. RR-01, RR-04, RR-07
#include "tests/e2e/operator.h"
#include "tests/stores/postgres_server.h"
#include <csignal>
#include <map>
#include <random>
#include <set>
#include <thread>

using namespace halyard;
using namespace halyard::e2e;

namespace {
constexpr const char* kOperators =
    R"([{"id":"alpha","functionRequesterIdentifier":"2.999.77.1","subject":"alpha",)"
    R"("callback":"https://operator.halyard.test:9443"}])";

struct Node {
    std::string state, log;
    app::Process process;
    int es9 = 0, es2 = 0; // kept over restarts
    std::string endpoint() const { return "127.0.0.1:" + std::to_string(es9); }
};

struct Cluster {
    Directory d;
    std::string store;
    std::optional<Listener> listener;
    Node nodes[2];
    app::PkiDirectory pki{d / "pki"};

    Cluster(stores::PostgresServer& server, unsigned profiles, unsigned devices) : store(server.database()) {
        write_text(d / "operators.json", kOperators);
        std::string stock;
        for (unsigned n = 1; n <= profiles; ++n)
            stock += Json{{"profile", "sample.der"},
                          {"iccid", loop::iccid_text(n)},
                          {"type", "data"},
                          {"operator", "alpha"}}
                         .dump() +
                     "\n";
        write_text(d / "stock.ndjson", stock);
        const Ran made = shell(
            "set -e; cd " + d.path() +
            "; PATH=" + std::filesystem::path(program("halyard")).parent_path().string() +
            ":$PATH\nhalyard pki init --dir pki --euiccs " + std::to_string(devices) +
            "\nopenssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj /CN=ca "
            "-keyout "
            "operators-ca.key -out operators-ca.pem\nopenssl req -new -newkey ec -pkeyopt "
            "ec_paramgen_curve:P-256 "
            "-nodes -subj /CN=alpha -keyout alpha.key -out alpha.csr\nopenssl x509 -req -days 365 -in "
            "alpha.csr -CA "
            "operators-ca.pem -CAkey operators-ca.key -CAcreateserial -out alpha.pem\n" +
            listener_certificate() +
            "halyard profile sample --iccid 8900101000000000010 --imsi 001010000000001 --out sample.der\n"
            "halyard smdp import --state node0 --store '" +
            store + "' --stock stock.ndjson\nmkdir -m 700 node1; cp -p node0/storage.key node1/\n");
        INFO(made);
        REQUIRE(made.status == 0);
        listener.emplace(d);
        for (int i = 0; i < 2; ++i) {
            nodes[i].state = d / ("node" + std::to_string(i));
            nodes[i].log = nodes[i].state + ".log";
            start(nodes[i]);
        }
    }
    void start(Node& n) {
        auto started = app::Process::start({{program("halyard"),
                                             "smdp",
                                             "serve",
                                             "--lab",
                                             "--state",
                                             n.state,
                                             "--store",
                                             store,
                                             "--pki",
                                             d / "pki",
                                             "--port",
                                             std::to_string(n.es9),
                                             "--es2-port",
                                             std::to_string(n.es2),
                                             "--es2-client-ca",
                                             d / "operators-ca.pem",
                                             "--operators",
                                             d / "operators.json",
                                             "--resolve",
                                             "operator.halyard.test:9443=" + listener->at()},
                                            n.log});
        REQUIRE(started);
        n.process = std::move(*started);
        const auto line = n.process.line(std::chrono::seconds(30));
        INFO(read_text(n.log));
        REQUIRE(line);
        const Json said = Json::parse(*line, nullptr, false);
        n.es9 = port_of(said.value("listening", ""));
        n.es2 = port_of(said.value("es2", ""));
    }
    void kill(Node& n) {
        n.process.signal(SIGKILL);
        REQUIRE(n.process.wait(std::chrono::seconds(10)));
    }
    /// A function of ES2+ by curl, at one node and, when that does not answer with 200, at the other one, for
    /// a minute: always the same call.
    Json es2(int at, const std::string& function, const std::string& id, Json body) {
        body["header"] = header("2.999.77.1", id);
        for (int i = 0; i < 600; ++i) {
            const Ran ran = run({"/usr/bin/env",
                                 "curl",
                                 "-sSf",
                                 "-w",
                                 "\\n",
                                 "--max-time",
                                 "20",
                                 "--cacert",
                                 d / "pki/ci.pem",
                                 "--cert",
                                 d / "alpha.pem",
                                 "--key",
                                 d / "alpha.key",
                                 "--connect-to",
                                 "smdp.halyard.test:443:127.0.0.1:" + std::to_string(nodes[(at + i) % 2].es2),
                                 "-H",
                                 "Content-Type: application/json",
                                 "--data-binary",
                                 body.dump(),
                                 "https://smdp.halyard.test/gsma/rsp2/es2plus/" + function});
            if (ran.status == 0) return ran.json();
            std::this_thread::sleep_for(milliseconds(100));
        }
        return {};
    }
    std::string status(const Json& answer) {
        return answer.is_object() ? answer["header"]["functionExecutionStatus"].value("status", "") : "";
    }
    /// One profile from stock to its device; its ICCID, "" when something was refused.
    std::string deliver(Handheld& phone, int at, const std::string& name) {
        const Json ordered = es2(
            at, "downloadOrder", name + "-d", {{"eid", to_text(phone.hand.eid)}, {"profileType", "data"}});
        INFO(ordered.dump());
        CHECK(status(ordered) == "Executed-Success");
        if (status(ordered) != "Executed-Success") return "";
        const std::string iccid = ordered.value("iccid", "");
        const Json confirmed =
            es2(at + 1, "confirmOrder", name + "-c", {{"iccid", iccid}, {"releaseFlag", true}});
        INFO(confirmed.dump());
        CHECK(status(confirmed) == "Executed-Success");
        if (status(confirmed) != "Executed-Success") return "";
        phone.hand.matching_id = confirmed.value("matchingId", "");
        if (!phone.hand.download()) return "";
        phone.hand.send(phone.hand.installation_message(std::stoul(name.substr(name.find('-') + 1)), iccid));
        return iccid;
    }
    std::vector<Json> orders(const Node& n) {
        const Ran ran = cli({"smdp", "show", "--state", n.state, "--store", store, "--json"});
        INFO(ran);
        REQUIRE(ran.status == 0);
        return json_lines(ran.out);
    }
};

// Which points of which profile were told under which calls.
std::map<std::string, std::map<int, std::set<std::string>>> told(const std::vector<Json>& messages) {
    std::map<std::string, std::map<int, std::set<std::string>>> out;
    for (const Json& m : messages)
        out[m.value("iccid", "")][m.value("notificationPointId", 0)].insert(
            m["header"].value("functionCallIdentifier", ""));
    return out;
}
} // namespace

TEST_CASE("when each message of a download goes to another node on PostgreSQL, the profile arrives and is "
          "told once") {
    auto* server = stores::PostgresServer::one();
    if (!server) return;
    Cluster c(*server, 3, 1);
    Handheld phone(c.pki, {c.nodes[0].endpoint(), c.nodes[1].endpoint()}, c.pki.eids()->front());
    for (int i = 1; i <= 3; ++i) CHECK(c.deliver(phone, i, "1-" + std::to_string(i)) != "");
    CHECK(phone.turn == 12); // four messages each, none of them twice
    for (const Node& n : c.nodes)
        for (const Json& o : c.orders(n)) CHECK(o["state"] == "installed");
    REQUIRE(c.listener->wait(9));
    // Nothing else comes: what was told is gone from the outbox.
    CHECK(c.listener->wait_until([&](const std::vector<Json>&) {
        return server->sql(c.store, "SELECT count(*) FROM halyard_smdp.outbox") == "0";
    }));
    const auto all = c.listener->messages();
    CHECK(all.size() == 9);
    for (const auto& [iccid, points] : told(all)) CHECK(points.size() == 3);
    // A fourth is not in stock, at either node.
    for (int at = 0; at < 2; ++at)
        CHECK(c.status(c.es2(at, "downloadOrder", "none" + std::to_string(at), {{"profileType", "data"}})) ==
              "Failed");
}

TEST_CASE("when nodes on PostgreSQL are killed again and again, nothing is lost and nothing happens twice") {
    auto* server = stores::PostgresServer::one();
    if (!server) return;
    constexpr unsigned kDevices = 3, kEach = 5;
    Cluster c(*server, kDevices * kEach, kDevices);
    const auto eids = *c.pki.eids();
    std::mutex mutex;
    std::multiset<std::string> delivered;
    std::atomic<unsigned> running{kDevices};
    std::vector<std::thread> devices;
    for (unsigned t = 0; t < kDevices; ++t)
        devices.emplace_back([&, t] {
            Handheld phone(c.pki, {c.nodes[0].endpoint(), c.nodes[1].endpoint()}, eids[t]);
            phone.turn = t;
            for (unsigned i = 1; i <= kEach; ++i) {
                const std::string iccid =
                    c.deliver(phone, static_cast<int>(t), std::to_string(t) + "-" + std::to_string(i));
                const std::lock_guard lock(mutex);
                delivered.insert(iccid);
            }
            --running;
        });
    std::mt19937 random(7);
    unsigned kills = 0;
    while (running) {
        std::this_thread::sleep_for(milliseconds(random() % 400));
        Node& victim = c.nodes[kills++ % 2];
        c.kill(victim);
        c.start(victim);
    }
    for (std::thread& t : devices) t.join();
    CHECK(kills >= 3);
    CHECK(delivered.size() == kDevices * kEach);
    CHECK(std::set<std::string>(delivered.begin(), delivered.end()).size() == kDevices * kEach);
    CHECK_FALSE(delivered.contains(""));
    for (const Json& o : c.orders(c.nodes[1])) {
        CHECK(o["state"] == "installed");
        CHECK(delivered.contains(o.value("iccid", "")));
    }
    // What a killed node had claimed comes back; a message may come again, but as the same call.
    CHECK(c.listener->wait_until([&](const std::vector<Json>& all) {
        size_t points = 0;
        for (const auto& [iccid, of] : told(all)) points += of.size();
        return points == 3 * kDevices * kEach;
    }));
    const auto heard = told(c.listener->messages());
    for (const auto& [iccid, points] : heard)
        for (const auto& [point, calls] : points) {
            CAPTURE(iccid);
            CAPTURE(point);
            CHECK(calls.size() == 1);
        }
    MESSAGE(kills << " kills, " << c.listener->messages().size() << " callbacks for " << heard.size()
                  << " profiles");
}

TEST_CASE(
    "when a node on PostgreSQL has another storage key, or none, or another address, it does not start") {
    auto* server = stores::PostgresServer::one();
    if (!server) return;
    const Directory d;
    const std::string store = server->database();
    const auto show = [&](const std::string& state, const Words& more = {}) {
        Words command{"smdp", "pool", "--state", d / state, "--store", store};
        command.insert(command.end(), more.begin(), more.end());
        return cli(command);
    };
    CHECK(show("a", {"--address", "smdp.example.com"}).status == 0);
    const Ran none = show("b");
    CHECK(none.status == 1);
    CHECK(contains(none.err, "storage.key: the database has one"));
    CHECK_FALSE(
        std::filesystem::exists(d / "b/storage.key")); // nothing that would be in the way of the right one
    write_text(d / "b/storage.key", std::string(32, 'x'));
    std::filesystem::permissions(d / "b/storage.key", std::filesystem::perms(0600));
    CHECK(contains(show("b").err, "conflict at storage key: the database has another one"));
    std::filesystem::copy_file(
        d / "a/storage.key", d / "b/storage.key", std::filesystem::copy_options::overwrite_existing);
    CHECK(show("b").status == 0);
    CHECK(contains(show("b", {"--address", "other.example.com"}).err, "conflict at address"));
    CHECK(show("b", {"--address", "smdp.example.com"}).status == 0);
    // SR-43: what everybody on the machine can read.
    const Ran password =
        cli({"smdp", "pool", "--state", d / "a", "--store", "postgresql://halyard:geheim@localhost/db"});
    CHECK(password.status == 1);
    CHECK(contains(password.err, "no password here; PGPASSFILE"));
    CHECK_FALSE(contains(password.all(), "geheim"));
}
