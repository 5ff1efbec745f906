// A lab run from outside: what it promises on stdout, in its exit status and in its directory.
#include "tests/e2e/background.h"
#include <csignal>
#include <set>
#include <sys/stat.h>
#include <thread>

using namespace halyard;
using namespace halyard::e2e;

namespace {
Ran lab(const Words& more) {
    Words arguments{"lab", "--once", "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return cli(arguments);
}

// Every promised key, every device through every stage, and the card itself saying what was ordered.
void check_confirmed(const Ran& ran, int devices) {
    INFO(ran);
    REQUIRE(ran.status == 0);
    const Json report = ran.json();
    REQUIRE(report.is_object());
    for (const std::string key : {"devices", "downloaded", "installed", "enabled", "confirmed"}) {
        CAPTURE(key);
        CHECK(report.value(key, -1) == devices);
    }
    CHECK(report.value("failed", -1) == 0);
    CHECK(report.value("seconds", -1.0) > 0);
    CHECK(report["per_device"].size() == static_cast<size_t>(devices));
    for (const Json& d : report["per_device"]) {
        CHECK(d["card_iccid"] == d["iccid"]);
        CHECK(d["card_imsi"] == d["imsi"]);
        CHECK(d["confirmed"] == true);
    }
}

std::set<std::string> modes(const Ran& ran) {
    std::set<std::string> out;
    const Json report = ran.json();
    for (const Json& d : report["per_device"]) out.insert(d.value("download", ""));
    return out;
}

} // namespace

TEST_CASE("when profiles come directly, every device ends confirmed and its card says so") {
    const Ran ran = lab({"--devices", "3", "--download", "direct"});
    check_confirmed(ran, 3);
    CHECK(modes(ran) == std::set<std::string>{"direct"});
}

TEST_CASE("when profiles come through the eIM, every device ends confirmed and its card says so") {
    const Ran ran = lab({"--devices", "2", "--download", "indirect"});
    check_confirmed(ran, 2);
    CHECK(modes(ran) == std::set<std::string>{"indirect"});
}

TEST_CASE("when devices find their profiles by the events of an SM-DS, every device ends confirmed") {
    const Directory d;
    const Ran ran = lab({"--devices", "4", "--download", "both", "--smds", "--state", d / "lab"});
    check_confirmed(ran, 4);
    for (const char* name : {"device-0001", "device-0002"}) {
        const std::string events = read_text(d / "lab/devices/" + name + "/events.ndjson");
        CHECK(events.find(name[10] == '1' ? "event found" : "download triggered") != std::string::npos);
    }
}

TEST_CASE("when devices speak ESipa in JSON and in ASN.1 to one eIM, every device ends confirmed") {
    const Ran ran = lab({"--devices", "4", "--download", "both", "--esipa", "both"});
    check_confirmed(ran, 4);
    std::set<std::string> kinds;
    const Json report = ran.json();
    for (const Json& d : report["per_device"])
        kinds.insert(d.value("download", "") + " " + d.value("esipa", ""));
    CHECK(kinds == std::set<std::string>{"direct asn1", "direct json", "indirect asn1", "indirect json"});
}

TEST_CASE("when devices send compact forms in both bindings, every device ends confirmed") {
    const Directory d;
    const Ran ran =
        lab({"--devices", "4", "--download", "both", "--esipa", "both", "--compact", "--state", d / "lab"});
    check_confirmed(ran, 4);
    for (const char* name : {"device-0002", "device-0004"}) { // the indirect ones, ASN.1 and JSON
        CAPTURE(name);
        const std::string events = read_text(d / "lab/devices/" + name + "/events.ndjson");
        size_t compact = 0;
        for (size_t at = 0; (at = events.find("\"sent compact\"", at)) != std::string::npos; ++at) ++compact;
        CHECK(compact >= 4); // two objects of two downloads
        CHECK(events.find("compact form refused") == std::string::npos);
    }
}

TEST_CASE("when devices and eIM speak ES9+ in ASN.1 or in both bindings, every device ends confirmed") {
    check_confirmed(lab({"--devices", "2", "--download", "both", "--es9", "asn1"}), 2);
    check_confirmed(lab({"--devices", "4", "--download", "both", "--esipa", "both", "--es9", "both"}), 4);
}

TEST_CASE("when both ways are mixed on the brainpool curve, every device ends confirmed") {
    const Ran ran = lab({"--devices", "2", "--download", "both", "--curve", "brainpool"});
    check_confirmed(ran, 2);
    CHECK(modes(ran) == std::set<std::string>{"direct", "indirect"});
}

TEST_CASE("when devices of all editions speak to one eIM, every device ends confirmed and recognised") {
    // 16 devices have every edition directly and indirectly, in ASN.1 and in JSON.
    const Ran ran = lab({"--devices", "16", "--dialect", "mixed", "--download", "both", "--esipa", "both"});
    check_confirmed(ran, 16);
    std::set<std::string> kinds;
    const Json report = ran.json();
    for (const Json& d : report["per_device"]) {
        const std::string dialect = d.value("dialect", "");
        kinds.insert(dialect + " " + d.value("download", "") + " " + d.value("esipa", ""));
        CHECK(d["recognised"].value("euicc", "") == dialect);
        CHECK((d["recognised"].value("ipa", "") == "v1.0") == (dialect == "v1.0"));
    }
    CHECK(kinds.size() == 16);
}

TEST_CASE("when an edition is named, all devices are of it; when several are, they take turns") {
    for (const std::string dialect : {"v1.0", "v1.1", "v1.3"}) {
        CAPTURE(dialect);
        const Ran ran = lab({"--devices", "2", "--dialect", dialect, "--download", "both"});
        check_confirmed(ran, 2);
        const Json report = ran.json();
        for (const Json& d : report["per_device"]) CHECK(d["dialect"] == dialect);
    }
    const Ran ran = lab({"--devices", "2", "--dialect", "v1.0", "--dialect", "v1.3"});
    check_confirmed(ran, 2);
    const Json report = ran.json();
    CHECK(report["per_device"][0]["dialect"] == "v1.0");
    CHECK(report["per_device"][1]["dialect"] == "v1.3");
    CHECK(lab({"--devices", "1", "--dialect", "v1.4"}).status == 2);
}

TEST_CASE("when the profile is GSMA TS.48, every device ends confirmed with its own IMSI") {
    const auto profile = shared_data("ts48-v7/NoBERTLV.der");
    if (!profile) return;
    check_confirmed(lab({"--devices", "2", "--download", "both", "--profile", *profile}), 2);
}

TEST_CASE("when a seed is given, identities follow from it and keys do not") {
    const Directory d;
    const Ran first = lab({"--devices", "1", "--seed", "41", "--state", d / "a"});
    const Ran again = lab({"--devices", "1", "--seed", "41", "--state", d / "b"});
    const Ran other = lab({"--devices", "1", "--seed", "42", "--state", d / "c"});
    check_confirmed(first, 1);
    check_confirmed(again, 1);
    check_confirmed(other, 1);
    const auto device = [](const Ran& ran, const char* key) {
        const Json report = ran.json();
        return report["per_device"][0].value(key, "");
    };
    for (const char* key : {"eid", "iccid", "imsi"}) {
        CHECK(device(first, key) == device(again, key));
        CHECK(device(first, key) != device(other, key));
    }
    for (const char* key : {"ci.key", "eim-sign.key", "smdp-auth.key"}) {
        REQUIRE(!read_text(d / "a/pki/" + key).empty());
        CHECK(read_text(d / "a/pki/" + key) != read_text(d / "b/pki/" + key));
    }
    CHECK(read_text(d / "a/token") != read_text(d / "b/token"));
}

TEST_CASE("when a lab leaves its directory, nothing secret in it is open to others") {
    const Directory d;
    check_confirmed(lab({"--devices", "1", "--state", d / "lab"}), 1);
    struct stat info {};
    REQUIRE(::stat((d / "lab").c_str(), &info) == 0);
    CHECK((info.st_mode & 077) == 0);
    size_t keys = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(d / "lab")) {
        const auto name = entry.path().filename().string();
        const bool secret = entry.path().extension() == ".key" || name == "token" || name == "template.der" ||
                            name == "ipa.state" || name == "state" || name == "eims.der";
        if (!secret || !entry.is_regular_file()) continue;
        ++keys;
        CAPTURE(entry.path());
        REQUIRE(::stat(entry.path().c_str(), &info) == 0);
        CHECK((info.st_mode & 077) == 0);
    }
    CHECK(keys > 8);
    CHECK(!std::filesystem::exists(d / "lab/orders.ndjson")); // K and OPc of every subscriber
}

TEST_CASE("when the state directory is not empty, no directory or cannot be written, the lab refuses it") {
    const Directory d;
    write_text(d / "file", "here first");
    const auto refused = [&](const std::string& state) {
        const Ran ran = lab({"--devices", "1", "--state", state});
        INFO(ran);
        CHECK(ran.status == 1);
        CHECK(contains(ran.err, state));
        const Json answer = ran.json();
        REQUIRE(answer.is_object());
        return answer["error"].value("code", "") + " " + answer["error"].value("where", "");
    };
    CHECK(refused(d.path()) == "conflict state: directory is not empty");
    CHECK(refused(d / "file") == "conflict state: no directory");
    CHECK(refused(d / "file/below") == "storage state");
    CHECK(refused("/proc/no-such-place") == "storage state");
    CHECK(read_text(d / "file") == "here first");
}

TEST_CASE("when the profile is none, the lab says which order failed and keeps its logs") {
    const Directory d;
    write_text(d / "bad.der", "not a profile package");
    const Ran ran = lab({"--devices", "1", "--profile", d / "bad.der", "--state", d / "lab"});
    INFO(ran);
    CHECK(ran.status == 1);
    CHECK(ran.json()["error"].value("what", "") == "lab: preparing");
    CHECK(contains(ran.err, d / "lab"));
    CHECK(!std::filesystem::exists(d / "lab/orders.ndjson"));
}

TEST_CASE(
    "when a lab is interrupted on its way, it ends within seconds, takes its children along, says where") {
    for (const int number : {SIGINT, SIGTERM}) {
        Background lab({"--devices", "4", "--once", "--timeout", "60"});
        REQUIRE(lab.wait_for("ordering through the REST API"));
        const Json pids = lab.pids();
        REQUIRE(pids.contains("eim"));
        REQUIRE(pids.contains("smdp"));
        lab.process.signal(number);
        CHECK(lab.process.wait(std::chrono::seconds(15)));
        CHECK(lab.process.status() == 1);
        CHECK(contains(lab.said(), lab.state));
        for (const auto& one : pids.items()) {
            CAPTURE(one.key());
            CHECK_FALSE(alive(one.value().get<int>()));
        }
    }
}

TEST_CASE("when a lab is interrupted while it mints, it ends within seconds") {
    Background lab({"--devices", "400", "--once"});
    REQUIRE(lab.wait_for("minting"));
    lab.process.signal(SIGTERM);
    CHECK(lab.process.wait(std::chrono::seconds(15)));
    CHECK(lab.process.status() == 1);
    CHECK(contains(lab.said(), "interrupted"));
}

TEST_CASE("when a lab stays up, the commands it prints work, and Ctrl-C ends it with success") {
    Background lab({"--devices", "2"});
    REQUIRE(lab.wait_for("Everything stays up"));
    const std::string said = lab.said();
    std::vector<std::string> commands;
    std::istringstream lines(said.substr(said.find("Everything stays up")));
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with("  /")) commands.push_back(line);
    REQUIRE(commands.size() == 3);

    const Ran devices = shell(commands[0]);
    INFO(devices);
    CHECK(devices.status == 0);
    CHECK(contains(devices.out, "8904903200000000"));
    const Ran audit = shell(commands[1] + " --timeout 30");
    INFO(audit);
    CHECK(audit.status == 0);
    CHECK(contains(audit.out, "succeeded"));
    const Ran orders = shell(commands[2]);
    CHECK(orders.status == 0);
    CHECK(contains(orders.out, "1$smdp.halyard.test$"));

    // SR-43: what everybody may read of a process tells nobody a secret.
    const std::string token = read_text(lab.state + "/token");
    REQUIRE(token.size() > 64);
    const auto placed = json_lines(cli({"smdp", "show", "--state", lab.state + "/smdp", "--json"}).out);
    REQUIRE(placed.size() == 4);
    const Json pids = lab.pids();
    for (const auto& [name, pid] : pids.items())
        for (const char* file : {"cmdline", "environ"}) {
            const std::string seen = read_text("/proc/" + std::to_string(pid.get<int>()) + "/" + file);
            CHECK(!contains(seen, token.substr(4, 64)));
            for (const Json& order : placed) CHECK(!contains(seen, order.value("matching_id", "?")));
        }

    lab.process.signal(SIGINT);
    CHECK(lab.process.wait(std::chrono::seconds(15)));
    CHECK(lab.process.status() == 0);
}

TEST_CASE("when the lab itself is killed, none of its children lives on") {
    Background lab({"--devices", "2"});
    REQUIRE(lab.wait_for("Everything stays up"));
    const Json pids = lab.pids();
    REQUIRE(pids.size() == 4);
    lab.process.signal(SIGKILL);
    REQUIRE(lab.process.wait(std::chrono::seconds(5)));
    bool gone = false;
    for (int i = 0; i < 100 && !gone; ++i) {
        gone = true;
        for (const auto& [name, pid] : pids.items()) gone &= !alive(pid.get<int>());
        if (!gone) std::this_thread::sleep_for(milliseconds(50));
    }
    CHECK(gone);
}
