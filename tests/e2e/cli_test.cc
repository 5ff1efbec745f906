// The command line as people and scripts meet it: help, exit statuses, errors that name field and reason.
#include "tests/e2e/site.h"
#include <sstream>

using namespace halyard;
using namespace halyard::e2e;

namespace {
// Names under "Subcommands:" of a help text.
Words subcommands(const std::string& help) {
    Words out;
    const size_t at = help.find("Subcommands:\n");
    if (at == std::string::npos) return out;
    std::istringstream lines(help.substr(at + 13));
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with("  ") && line.size() > 2 && line[2] != ' ')
            out.push_back(line.substr(2, line.find(' ', 2) - 2));
    return out;
}

// Every command below `words`, leaves and groups.
void walk(const Words& words, std::vector<Words>& all) {
    all.push_back(words);
    Words help = words;
    help.push_back("--help");
    const Ran ran = run(help);
    INFO(ran);
    CHECK(ran.status == 0);
    CHECK(ran.err.empty());
    CHECK(contains(ran.out, "Options:"));
    for (const std::string& name : subcommands(ran.out)) {
        Words below = words;
        below.push_back(name);
        walk(below, all);
    }
}

struct Wrong {
    Words arguments;
    std::string code, where; // of the JSON error
};

void check_refused(const std::vector<Wrong>& all) {
    for (const Wrong& w : all) {
        std::string line;
        for (const std::string& word : w.arguments) line += word + " ";
        CAPTURE(line);
        const Ran people = cli(w.arguments);
        INFO(people);
        CHECK(people.status == 1);
        CHECK(people.out.empty());
        CHECK(contains(people.err, w.code + " at " + w.where));
        Words with_json = w.arguments;
        with_json.push_back("--json");
        const Ran machine = cli(with_json);
        INFO(machine);
        CHECK(machine.status == 1);
        const Json answer = machine.json();
        REQUIRE(answer.is_object());
        CHECK(answer["error"].value("code", "") == w.code);
        CHECK(answer["error"].value("where", "") == w.where);
    }
}
} // namespace

TEST_CASE("when any command is asked for help, it gives it with status 0; a wrong option is status 2") {
    std::vector<Words> all;
    walk({program("halyard")}, all);
    CHECK(all.size() > 35);
    walk({program("halyard-ipad")}, all);
    for (Words command : all) {
        command.push_back("--no-such-option");
        std::string line;
        for (const std::string& word : command) line += word + " ";
        CAPTURE(line);
        const Ran ran = run(command, std::chrono::seconds(20));
        INFO(ran);
        CHECK(ran.status == 2);
        CHECK(ran.out.empty());
        CHECK(!ran.err.empty());
    }
}

TEST_CASE("when the command line is wrong otherwise, the status is 2 and the message names the option") {
    const std::pair<Words, std::string> all[] = {
        {{}, "subcommand is required"},
        {{"explode"}, "explode"},
        {{"pki"}, "subcommand is required"},
        {{"pki", "init"}, "--dir"},
        {{"pki", "init", "--dir", "/tmp/x", "--curve", "p512"}, "--curve"},
        {{"lab", "--devices", "0"}, "--devices"},
        {{"lab", "--devices", "many"}, "--devices"},
        {{"lab", "--download", "sideways"}, "--download"},
        {{"lab", "--profile", "/no/such/file"}, "--profile"},
        {{"smdp", "serve"}, "--state"},
        {{"smdp", "serve", "--state", "/tmp/x", "--pki", "/tmp/x", "--port", "70000"}, "--port"},
        {{"eim", "operations", "create", "explode", "--eid", "1", "--ca", "x"}, "kind"},
        {{"eim", "devices", "list"}, "--ca"},
        {{"--log-level", "loud", "pki", "show", "x"}, "--log-level"},
    };
    for (const auto& one : all) {
        const auto& [arguments, option] = one;
        CAPTURE(one.second);
        const Ran ran = cli(arguments);
        INFO(ran);
        CHECK(ran.status == 2);
        CHECK(contains(ran.err, option));
    }
    for (const Words& arguments : {Words{},
                                   Words{"--state", "/tmp/x"},
                                   Words{"--card", "sim:/tmp/x"},
                                   Words{"status"},
                                   Words{"--state", "/tmp/x", "--card", "sim:x", "--download", "sideways"}}) {
        Words command{program("halyard-ipad")};
        command.insert(command.end(), arguments.begin(), arguments.end());
        CHECK(run(command).status == 2);
    }
}

TEST_CASE("when input of a local command is bad, the status is 1 and the error names field and reason") {
    const Directory d;
    REQUIRE(cli({"pki", "init", "--dir", d / "pki"}).status == 0);
    REQUIRE(cli({"profile", "sample", "--iccid", "8900101100010000015", "--out", d / "good.der"}).status ==
            0);
    write_text(d / "garbage", "no certificate, no profile, nothing");
    write_text(d / "secrets", R"({"k":"00","pin":"1234"})");
    write_text(d / "unknown", R"({"colour":"red"})");
    const std::string none = d / "none", eid = "89049032000000000000000000000163";
    check_refused({
        {{"pki", "show", none}, "not found", "file"},
        {{"pki", "verify", none}, "not found", "file"},
        {{"pki", "init", "--dir", d / "pki"}, "conflict", "dir"},
        {{"pki", "init", "--dir", d / "x", "--not-before", "tomorrow"}, "bad value", "not-before"},
        {{"pki", "init", "--dir", d / "x", "--not-after", "2026-13-01"}, "bad value", "not-after"},
        {{"pki", "init", "--dir", d / "x", "--not-after", "1999-01-01"}, "bad value", "not-after"},
        {{"pki", "verify", d / "pki", "--at", "noon"}, "bad value", "at"},
        {{"profile", "show", none}, "not found", "file"},
        {{"profile", "personalize", d / "good.der", "--out", none, "--iccid", "12"}, "bad length", "iccid"},
        {{"profile", "personalize", d / "good.der", "--out", none, "--secrets", none + "2"},
         "not found",
         "secrets"},
        {{"profile", "personalize", d / "good.der", "--out", none, "--secrets", d / "garbage"},
         "bad value",
         "secrets"},
        {{"profile", "personalize", d / "good.der", "--out", none, "--secrets", d / "secrets"},
         "bad length",
         "k"},
        {{"profile", "personalize", d / "good.der", "--out", none, "--secrets", d / "unknown"},
         "unsupported",
         "secrets: unknown member"},
        {{"euicc", "show", none}, "not found", "file"},
        {{"euicc", "apdu", none, "00A40000"}, "not found", "file"},
        {{"euicc", "create", d / "card", "--pki", d / "pki", "--eid", "12"}, "bad length", "eid"},
        {{"euicc", "create", d / "card", "--pki", d / "pki", "--eid", eid + "00"}, "bad length", "eid"},
        {{"profile", "sample", "--iccid", "12", "--out", none}, "bad length", "iccid"},
        {{"eim", "token", "create", "--state", d / "eim", "--name", std::string(65, 'x')},
         "bad length",
         "name"},
        {{"smdp", "order", "--state", d / "smdp", "--profile", none}, "not found", "profile"},
        {{"smdp", "order", "--state", d / "smdp", "--profile", d / "good.der", "--iccid", "89x"},
         "bad length",
         "iccid"},
        {{"smdp", "order", "--state", d / "smdp", "--profile", d / "good.der", "--eid", "8904"},
         "bad length",
         "eid"},
        {{"smdp", "order", "--state", d / "smdp", "--profile", d / "good.der", "--expires", "soon"},
         "bad value",
         "expires"},
        {{"smdp", "show", "NOBODY", "--state", d / "smdp"}, "not found", "matching id"},
        {{"smdp", "cancel", "NOBODY", "--state", d / "smdp"}, "not found", "matchingId"},
        {{"smdp", "show", "--state", d / "smdp", "--address", "other.test"}, "conflict", "address"},
    });
    CHECK(!std::filesystem::exists(none));
    CHECK(!std::filesystem::exists(d / "x"));
    for (const Words& wrong :
         {Words{"profile", "show", d / "garbage"},
          Words{"euicc", "create", d / "card", "--pki", none, "--eid", eid},
          Words{"eim", "config", "export", "--pki", none},
          Words{"smdp", "serve", "--state", d / "smdp", "--pki", none},
          Words{"eim", "serve", "--state", d / "eim", "--pki", none},
          Words{"eim", "serve", "--state", d / "eim", "--pki", d / "pki", "--resolve", "x"}}) {
        const Ran ran = cli(wrong, std::chrono::seconds(20));
        INFO(ran);
        CHECK(ran.status == 1);
        CHECK(contains(ran.err, " at "));
    }
    CHECK(!std::filesystem::exists(d / "card/card.txt"));
}

TEST_CASE("a card is made to an edition of SGP.32; one of before there were editions opens as v1.2") {
    const Directory d;
    REQUIRE(cli({"pki", "init", "--dir", d / "pki", "--euiccs", "1"}).status == 0);
    std::string eid;
    for (const auto& entry : std::filesystem::directory_iterator(d / "pki/euicc"))
        if (entry.path().extension() == ".der") eid = entry.path().stem().string();
    const auto dialect = [&](const std::string& card) {
        const Ran ran = cli({"euicc", "show", card, "--json"});
        INFO(ran);
        CHECK(ran.status == 0);
        return ran.json().value("dialect", "");
    };
    const auto create = [&](const std::string& card, const Words& more) {
        Words command{"euicc", "create", card, "--pki", d / "pki", "--eid", eid};
        command.insert(command.end(), more.begin(), more.end());
        return cli(command).status;
    };
    REQUIRE(create(d / "old", {"--dialect", "v1.0"}) == 0);
    CHECK(dialect(d / "old") == "v1.0");
    // SELECT of the ISD-R, then GetConnectivityParameters, which came with v1.1
    const char* const select = "00A4040010A0000005591010FFFFFFFF8900000100";
    CHECK(contains(cli({"euicc", "apdu", d / "old", select, "80E2910003BF5F00"}).out, "< 6A88"));
    CHECK(create(d / "none", {"--dialect", "v2"}) == 2);

    REQUIRE(create(d / "card", {}) == 0);
    CHECK(dialect(d / "card") == "v1.2");
    write_text(d / "card/card.txt", eid + "\n1048576\n"); // as it was written before
    CHECK(dialect(d / "card") == "v1.2");
    write_text(d / "card/card.txt", eid + "\n1048576\nv1.9\n");
    const Ran unknown = cli({"euicc", "show", d / "card", "--json"});
    CHECK(unknown.status == 1);
    CHECK(contains(unknown.out + unknown.err, "dialect"));
}

TEST_CASE("a card is made for as many eIMs as one wants, and refuses one more with insufficientMemory") {
    const Directory d;
    REQUIRE(cli({"pki", "init", "--dir", d / "pki", "--euiccs", "1"}).status == 0);
    std::string eid;
    for (const auto& entry : std::filesystem::directory_iterator(d / "pki/euicc"))
        if (entry.path().extension() == ".der") eid = entry.path().stem().string();
    const Words create{"euicc", "create", d / "card", "--pki", d / "pki", "--eid", eid, "--max-eims"};
    const auto with = [&](const char* n) {
        Words command = create;
        command.push_back(n);
        return cli(command).status;
    };
    CHECK(with("0") == 2);
    CHECK(with("many") == 2);
    REQUIRE(with("2") == 0);
    // AddInitialEim of some EimConfigurationData: eimId, counter, public key (the point of RFC 6979 §A.2.5)
    const auto one = [](const std::string& id) {
        return "3063 8001" + id + "830100 A55BA059301306072A8648CE3D020106082A8648CE3D03010703420004" +
               "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6" +
               "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299";
    };
    const auto add = [&](const std::string& command) {
        return cli({"euicc", "apdu", d / "card", "es10 " + command}).out;
    };
    const auto eims = [&] { return cli({"euicc", "show", d / "card", "--json"}).json()["eims"].size(); };
    CHECK(contains(add("BF57820133 A082012F" + one("41") + one("42") + one("43")), "BF5703810101"));
    CHECK(eims() == 0);
    CHECK(contains(add("BF5781CD A081CA" + one("41") + one("42")), "BF5706A00405000500"));
    CHECK(eims() == 2);
    CHECK(cli({"euicc", "show", d / "card", "--json"}).json()["max_eims"] == 2);
}

TEST_CASE("when orders are imported from a file, each bad line is named and the good ones are placed once") {
    const Directory d;
    REQUIRE(cli({"profile", "sample", "--iccid", "8900101100010000015", "--out", d / "p.der"}).status == 0);
    write_text(d / "orders",
               "{\"profile\":\"p.der\",\"iccid\":\"8900101100010000015\"}\n"
               "{\"profile\":\"p.der\",\"iccid\":\"12\"}\n"
               "{\"profile\":\"p.der\",\"colour\":\"red\"}\n"
               "no json\n"
               "{\"profile\":\"p.der\",\"iccid\":\"8900101100010000023\",\"k\":7}\n");
    const Words command{"smdp", "import", "--state", d / "smdp", d / "orders"};
    const Ran ran = cli(command);
    INFO(ran);
    CHECK(ran.status == 1);
    CHECK(contains(ran.err, "line 2: bad length at iccid"));
    CHECK(contains(ran.err, "line 3: unsupported at unknown member"));
    CHECK(contains(ran.err, "line 4: bad value at line"));
    CHECK(contains(ran.err, "line 5: bad value at k"));
    CHECK(contains(ran.err, "1 orders placed, 0 there before, 4 refused"));
    CHECK(contains(cli(command).err, "0 orders placed, 1 there before, 4 refused"));
}

TEST_CASE("when the eIM is not there or does not know who asks, its commands say so") {
    Site site;
    const auto list = [&](const Words& more) {
        Words all{"eim", "devices", "list"};
        all.insert(all.end(), more.begin(), more.end());
        return all;
    };
    const std::string ca = site.pki("ci.pem"), token = site.path("token");
    check_refused({
        {list({"--ca", ca}), "missing field", "token"},
        {list({"--ca", site.path("none"), "--token-file", token}), "not found", "ca"},
        {list({"--ca", ca, "--token-file", site.path("none")}), "not found", "token-file"},
        {list({"--ca", ca, "--token-file", token, "--resolve", "nonsense"}), "bad value", "resolve"},
        {list({"--ca", ca, "--token-file", token, "--api", "http://eim.halyard.test"}), "bad value", "api"},
        {list({"--ca", ca, "--token-file", token, "--resolve", "eim.halyard.test=127.0.0.1:1"}),
         "unreachable",
         "connect"},
    });

    site.start_eim();
    write_text(site.path("wrong"), "hly_" + std::string(64, '0') + "\n");
    const Words at{"--ca",
                   ca,
                   "--resolve",
                   "eim.halyard.test=" + site.api_endpoint(),
                   "--token-file",
                   site.path("wrong")};
    const Ran unknown = cli(list(at));
    INFO(unknown);
    CHECK(unknown.status == 1);
    CHECK(contains(unknown.err, "Unauthorized"));
}

TEST_CASE("when an order is bad, the eIM refuses it, naming field and reason, and keeps nothing of it") {
    Site site;
    site.start_eim();
    site.import_devices();
    const std::string eid = site.eids()[0];
    const std::pair<Words, std::string> all[] = {
        {{"devices", "show", "8904"}, "eid"},
        {{"devices", "show", "89049032000000000000000000999999"}, "eid"},
        {{"operations", "show", "op_nobody"}, "no such operation"},
        {{"operations", "cancel", "op_nobody"}, "no such"},
        {{"operations", "release", "op_nobody"}, "no such"},
        {{"operations", "list", "--state", "lost"}, "state"},
        {{"operations", "list", "--eid", "8904"}, "eid"},
        {{"operations", "create", "audit", "--eid", "8904"}, "eid"},
        {{"operations", "create", "audit", "--eid", "89049032000000000000000000999999"}, "eid"},
        {{"operations", "create", "enable", "--eid", eid}, "iccid"},
        {{"operations", "create", "enable", "--eid", eid, "--iccid", "12"}, "iccid"},
        {{"operations", "create", "download", "--eid", eid}, "activation_code"},
        {{"operations", "create", "download", "--eid", eid, "--activation-code", "LPA:2$x"}, "activation"},
        {{"operations",
          "create",
          "download",
          "--eid",
          eid,
          "--activation-code",
          "1$smdp.halyard.test$A",
          "--iccid",
          "1"},
         "iccid"},
        {{"operations", "create", "audit", "--eid", eid, "--after", "op_nobody"}, "after"},
        {{"operations", "create", "audit", "--eid", eid, "--expires", "soon"}, "expires"},
        {{"operations", "create", "package", "--eid", eid, "--commands", "{"}, "commands"},
        {{"operations", "create", "package", "--eid", eid, "--commands", "[{\"explode\":{}}]"}, "commands"},
    };
    for (const auto& one : all) {
        const auto& [arguments, field] = one;
        CAPTURE(one.second);
        const Ran ran = site.eim(arguments);
        INFO(ran);
        CHECK(ran.status == 1);
        CHECK(contains(ran.out, field));
        CHECK(ran.json().is_object());
    }
    CHECK(site.eim({"operations", "list"}).out.empty());
}

TEST_CASE("when halyard-ipad is given something bad, it says which option and touches nothing") {
    Site site;
    const std::string card = "sim:" + site.path("devices/device-0001/card");
    const std::pair<Words, std::string> all[] = {
        {{"--card", "sim:" + site.path("none")}, "file"},
        {{"--card", "usb:1"}, "card"},
        {{"--card", card, "--tac", "12"}, "tac"},
        {{"--card", card, "--resolve", "nonsense"}, "resolve"},
        {{"--card", card, "--trust", site.path("none")}, "trust"},
        {{"--card", card, "--initial-eim", site.path("none")}, "initial-eim"},
        {{"--card", card, "--initial-eim", site.pki("ci.pem")}, "initial-eim"},
        {{"--card", card, "--feature", "flying"}, "feature"},
    };
    for (const auto& one : all) {
        const auto& [arguments, field] = one;
        CAPTURE(one.second);
        Words command{program("halyard-ipad"), "--state", site.path("ipa"), "--once"};
        command.insert(command.end(), arguments.begin(), arguments.end());
        const Ran ran = run(command, std::chrono::seconds(20));
        INFO(ran);
        CHECK(ran.status == 1);
        CHECK(contains(ran.err, field));
    }
    const Ran missing = run({program("halyard-ipad"), "status", "--state", site.path("none")});
    CHECK(missing.status == 1);
    CHECK(contains(missing.err, "state folder"));
    CHECK(site.card(0)["profiles"].size() == 1);
}
