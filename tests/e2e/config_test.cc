// SM-DP+ and SM-DS told by files what to do.
#include "tests/e2e/run.h"
#include <csignal>

using namespace halyard;
using namespace halyard::e2e;

namespace {
constexpr auto kLong = std::chrono::seconds(30);

struct Ground {
    Directory d;
    Ground() {
        const Ran made = cli({"pki", "init", "--dir", d / "pki", "--euiccs", "0", "--json"});
        INFO(made);
        REQUIRE(made.status == 0);
    }
    std::string file(const std::string& name, const std::string& content) const {
        write_text(d / name, content);
        return d / name;
    }
};

// Starts it, and stops it after its first line, which is returned.
Json listening(const Words& arguments, const std::string& log) {
    Words command{program("halyard")};
    command.insert(command.end(), arguments.begin(), arguments.end());
    auto started = app::Process::start({command, log});
    REQUIRE(started);
    const auto line = started->line(kLong);
    INFO(read_text(log));
    REQUIRE(line);
    started->signal(SIGTERM);
    REQUIRE(started->wait(kLong));
    CHECK(started->status() == 0);
    return Json::parse(*line, nullptr, false);
}
} // namespace

TEST_CASE("when a file says where state and keys are, both servers start with it alone") {
    const Ground g;
    const auto smdp = g.file(
        "smdp.toml", "state = 'dp'\npki = 'pki'\nlab = true\naddress = 'dp.example.com'\n[es9]\nport = 0\n");
    const Ran right = cli({"smdp", "serve", "--config", smdp, "--check"});
    INFO(right);
    CHECK(right.status == 0);
    CHECK(right.json()["checked"] == true);
    CHECK(!std::filesystem::exists(g.d / "dp")); // looking makes nothing
    CHECK(listening({"smdp", "serve", "--config", smdp}, g.d / "log").contains("listening"));
    CHECK(read_text(g.d / "dp/smdp.json") == "{\"address\":\"dp.example.com\"}\n");
    // The command line wins.
    const Ran other = cli({"smdp", "serve", "--config", smdp, "--address", "other.example.com"});
    CHECK(contains(other.err, "conflict at address"));
    const auto smds = g.file("smds.toml", "state = 'ds'\npki = ['pki']\nlab = true\n");
    CHECK(cli({"smds", "serve", "--config", smds, "--check"}).status == 0);
    CHECK(listening({"smds", "serve", "--config", smds}, g.d / "log").contains("es12"));
}

TEST_CASE("when a file is wrong, every problem is told with file, line and key, and nothing starts") {
    const Ground g;
    const auto file = g.file("x.toml", "state = 'dp'\n\n[es2]\nport = 65536\nclient_cs = 'x'\n");
    for (const Words& more : {Words{}, Words{"--check"}}) {
        Words command{"smdp", "serve", "--config", file, "--port", "70000"};
        command.insert(command.end(), more.begin(), more.end());
        const Ran ran = cli(command);
        CHECK(ran.status == 2);
        CHECK(ran.out.empty());
        CHECK(ran.err == file + ":4: es2.port: must be 0 to 65535\n" + file +
                             ":5: es2.client_cs: no such key; is es2.client_ca meant?\n" +
                             "--port: must be 0 to 65535\npki: missing, as is --pki\n");
    }
    CHECK(!std::filesystem::exists(g.d / "dp"));
    const Ran none = cli({"smds", "serve", "--config", g.d / "none.toml"});
    CHECK(none.status == 2);
    CHECK(contains(none.err, "none.toml: cannot be read: not found"));
}

TEST_CASE("when the files that settings name are wrong, --check says so without starting") {
    const Ground g;
    g.file("operators.json", "[{}]");
    const auto file = g.file(
        "x.toml",
        "state = 'dp'\npki = ['pki', 'none']\nlab = true\n[es2]\nport = 0\noperators = 'operators.json'\n"
        "[crl]\nfiles = ['none.crl']\n");
    const Ran ran = cli({"smdp", "serve", "--config", file, "--check"});
    INFO(ran);
    CHECK(ran.status == 2);
    CHECK(contains(ran.err, g.d / "none: not found"));
    CHECK(contains(ran.err, g.d / "none.crl: not found at crl"));
    CHECK(contains(ran.err, g.d / "operators.json: missing field at id"));
    CHECK(contains(ran.err, "es2.client_ca: missing: es2.port is given"));
}
