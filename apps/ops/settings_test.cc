#include "apps/ops/settings.h"
#include <cstdlib>
#include <doctest/doctest.h>

using namespace halyard::ops;

namespace {
struct Sample {
    std::string state, name, format = "text";
    std::vector<std::string> lists;
    uint16_t port = 1;
    std::optional<uint16_t> other;
    bool strict = false;
    std::chrono::milliseconds drain{1000};
    Settings settings;
    Sample() {
        settings.path("state", "--state", state, "").required = true;
        settings.text("name", "--name", name, "");
        settings.paths("crl.files", "--crl", lists, "");
        settings.port("es2.port", "--es2-port", other, "");
        settings.port("es9.port", "--port", port, "");
        settings.flag("strict", "--strict", strict, "");
        settings.seconds("drain.seconds", "", drain, 0, 600, "");
        settings.choice("log.format", "--log", format, {"text", "json"}, "");
    }
    std::vector<std::string> problems(const std::string& file) {
        std::vector<std::string> out;
        for (const Problem& p : settings.apply_file(file, "/etc/halyard/x.toml"))
            out.push_back(std::to_string(p.line) + ": " + p.key + ": " + p.what);
        return out;
    }
};
} // namespace

TEST_CASE("when a file sets every kind of value, each arrives; its paths are relative to the file") {
    Sample s;
    CHECK(
        s.problems(
             "state = 'var' # a comment\nname = \"x\"\nstrict = true\n[es2]\nport = 0\n[es9]\nport = 65535\n"
             "[crl]\nfiles = ['a.crl', '/b.crl']\n[drain]\nseconds = 5\n[log]\nformat = 'json'\n")
            .empty());
    CHECK(s.state == "/etc/halyard/var");
    CHECK(s.name == "x");
    CHECK(s.strict);
    CHECK(s.other == 0);
    CHECK(s.port == 65535);
    CHECK(s.lists == std::vector<std::string>{"/etc/halyard/a.crl", "/b.crl"});
    CHECK(s.drain == std::chrono::seconds(5));
    CHECK(s.format == "json");
    CHECK(s.settings.missing().empty());
}

TEST_CASE("when a file is wrong in many places, all are told with line and key, in the order of lines") {
    Sample s;
    CHECK(s.problems(
              "state = 7\nnamr = 'x'\nport = 1\nstrict = 'yes'\n[es2]\nport = 65536\n[es9]\nport = "
              "'8443'\n[log]\n"
              "format = 'xml'\n[crl]\nfiles = [1]\n[drain]\nseconds = -1\n[a]\nb = 1.5\nc = 2020-01-01\n") ==
          std::vector<std::string>{"1: state: must be a string",
                                   "2: namr: no such key; is name meant?",
                                   "3: port: no such key; is es2.port meant?",
                                   "4: strict: must be true or false",
                                   "6: es2.port: must be 0 to 65535",
                                   "8: es9.port: must be a whole number",
                                   "10: log.format: must be text or json",
                                   "12: crl.files: a list must be of strings",
                                   "14: drain.seconds: must be 0 to 600",
                                   "16: a.b: no setting has a value of this kind",
                                   "17: a.c: no setting has a value of this kind"});
    CHECK(s.settings.missing().empty()); // "state" is wrong, not missing
    CHECK(s.port == 1);
}

TEST_CASE("when a file is no TOML, the line says where") {
    Sample s;
    const auto said = s.problems("state = 'a'\nname = \n");
    REQUIRE(said.size() == 1);
    CHECK(said[0].starts_with("2: : "));
    CHECK(s.problems("state = 'a'\nstate = 'b'\n").size() == 1); // a key twice
    const auto missing = Sample().settings.missing();
    REQUIRE(missing.size() == 1);
    CHECK(missing[0].key == "state");
    CHECK(missing[0].what == "missing, as is --state");
}

TEST_CASE("when the command line gives an option too, it overrides the file, lists as a whole") {
    Sample s;
    CHECK(s.problems("state = 'a'\n[es9]\nport = 2\n[crl]\nfiles = ['a']\n").empty());
    CHECK(s.settings.apply_option("--port", {"3"}).empty());
    CHECK(s.settings.apply_option("--crl", {"c", "d"}).empty());
    CHECK(s.port == 3);
    CHECK(s.lists == std::vector<std::string>{"c", "d"}); // relative to where the command runs
    const auto wrong = s.settings.apply_option("--port", {"70000"});
    REQUIRE(wrong.size() == 1);
    CHECK(wrong[0].key == "--port");
    CHECK(wrong[0].what == "must be 0 to 65535");
}

TEST_CASE("when a path names a credential of the service, its directory comes from the environment") {
    Sample s;
    unsetenv("CREDENTIALS_DIRECTORY");
    const auto said = s.problems("state = '$CREDENTIALS_DIRECTORY/x'\n");
    REQUIRE(said.size() == 1);
    CHECK(said[0] == "1: state: $CREDENTIALS_DIRECTORY is not set (LoadCredential= of systemd)");
    setenv("CREDENTIALS_DIRECTORY", "/run/credentials/halyard", 1);
    CHECK(s.problems("state = '$CREDENTIALS_DIRECTORY/x'\n").empty());
    CHECK(s.state == "/run/credentials/halyard/x");
    for (const std::string other : {"pkcs11:token=a/b", "credential:storage-key"}) {
        CHECK(s.problems("state = '" + other + "'\n").empty());
        CHECK(s.state == other);
    }
    CHECK(s.problems("state = 'a/b:c'\n").empty());
    CHECK(s.state == "/etc/halyard/a/b:c");
    unsetenv("CREDENTIALS_DIRECTORY");
}

TEST_CASE("when numbers and hosts are no such thing, they are refused") {
    int64_t n = 0;
    for (const char* text : {"", "x", "1x", " 1", "11", "-1", "99999999999999999999"})
        CHECK(number_from_text(text, 0, 10, n) == "must be 0 to 10");
    CHECK(!number_from_text("10", 0, 10, n));
    CHECK(n == 10);
    std::map<std::string, std::string> hosts{{"kept", "x"}};
    for (const char* text : {"", "=a", "a=", "a"}) CHECK(parse_resolve({text}, hosts));
    CHECK(hosts.contains("kept"));
    CHECK(!parse_resolve({"a=b:1", "c:2=d:3"}, hosts));
    CHECK(hosts.at("c:2") == "d:3");
}
