#pragma once
// A PKI with one card, and SM-DS as programs.
#include "tests/e2e/run.h"
#include <csignal>

namespace halyard::e2e {
inline constexpr auto kLong = std::chrono::seconds(30);

// One PKI for all; the alternative SM-DS has names of its own under the same CI.
struct Ground {
    Directory directory;
    std::string pki = directory / "pki", alternative = directory / "alternative", eid;
    Ground() {
        const Ran made = cli({"pki", "init", "--dir", pki, "--euiccs", "2", "--json"});
        INFO(made);
        REQUIRE(made.status == 0);
        eid = made.json()["eids"][0];
        const Ran second = cli({"pki",
                                "init",
                                "--dir",
                                alternative,
                                "--euiccs",
                                "0",
                                "--ci-key",
                                pki + "/ci.key",
                                "--ci-cert",
                                pki + "/ci.pem",
                                "--smds-host",
                                "alt.halyard.test",
                                "--smds-oid",
                                "2.999.16"});
        INFO(second);
        REQUIRE(second.status == 0);
        const Ran card = cli({"euicc", "create", directory / "card", "--pki", pki, "--eid", eid});
        INFO(card);
        REQUIRE(card.status == 0);
    }
};

struct Smds {
    std::string name, state, pki, log;
    std::string store; // PostgreSQL; empty: SQLite in `state`
    Words more;
    app::Process process;
    int port = 0, es12_port = 0;

    Smds(const Ground& g, std::string host, const std::string& with, Words options = {})
        : name(std::move(host)), state(g.directory / (name + ".state")), pki(with),
          log(g.directory / (name + ".log")), more(std::move(options)) {}
    void start() {
        Words command{program("halyard"),
                      "smds",
                      "serve",
                      "--lab",
                      store.empty() ? "--state" : "--store",
                      store.empty() ? state : store,
                      "--pki",
                      pki,
                      "--port",
                      std::to_string(port),
                      "--es12-port",
                      std::to_string(es12_port)};
        command.insert(command.end(), more.begin(), more.end());
        auto started = app::Process::start({command, log});
        REQUIRE(started);
        process = std::move(*started);
        const auto line = process.line(kLong);
        INFO(read_text(log));
        REQUIRE(line);
        const Json said = Json::parse(*line, nullptr, false);
        const auto port_of = [&](const char* key) {
            const std::string url = said.value(key, "");
            return std::atoi(url.substr(url.rfind(':') + 1).c_str());
        };
        port = port_of("listening");
        es12_port = port_of("es12");
    }
    void kill() {
        process.signal(SIGKILL);
        REQUIRE(process.wait(kLong));
    }
    std::string endpoint() const { return "127.0.0.1:" + std::to_string(port); }
    std::string es12() const { return "127.0.0.1:" + std::to_string(es12_port); }
    std::vector<Json> events() const {
        return json_lines(cli({"smds", "events", "--state", state, "--json"}).out);
    }
};

} // namespace halyard::e2e
