#include "tests/e2e/site.h"
#include <algorithm>
#include <cstdio>

namespace halyard::e2e {
namespace {
constexpr auto kStart = std::chrono::seconds(30);

std::string number(size_t n) {
    char text[16];
    std::snprintf(text, sizeof text, "%04zu", n + 1);
    return text;
}
// 18 digits and the Luhn digit of ITU-T E.118.
std::string iccid(const std::string& kind, size_t n) {
    const std::string digits = "890010" + kind + number(n) + "000000";
    int sum = 0;
    for (size_t i = 0; i < digits.size(); ++i) {
        int d = digits[digits.size() - 1 - i] - '0';
        if (i % 2 == 0) d = d > 4 ? d * 2 - 9 : d * 2;
        sum += d;
    }
    return digits + static_cast<char>('0' + (10 - sum % 10) % 10);
}
void must(const Ran& ran) {
    INFO(ran);
    REQUIRE(ran.status == 0);
}
int port_of(const Json& line, const char* key) {
    const std::string url = line.value(key, "");
    return std::atoi(url.substr(url.rfind(':') + 1).c_str());
}
Json start(app::Process& process, const Words& command, const std::string& log) {
    auto started = app::Process::start({command, log});
    REQUIRE(started);
    process = std::move(*started);
    const auto line = process.line(kStart);
    INFO(read_text(log));
    REQUIRE(line);
    return Json::parse(*line, nullptr, false);
}
std::vector<std::string> eids_of(const std::string& pki) {
    std::vector<std::string> out;
    for (const auto& entry : std::filesystem::directory_iterator(pki + "/euicc"))
        if (entry.path().extension() == ".der") out.push_back(entry.path().stem().string());
    std::sort(out.begin(), out.end());
    return out;
}
} // namespace

Site::Site(unsigned devices, const Words& pki_options) {
    own_.emplace();
    root_ = own_->path();
    Words init{"pki", "init", "--dir", path("pki"), "--euiccs", std::to_string(devices)};
    init.insert(init.end(), pki_options.begin(), pki_options.end());
    must(cli(init));
    eids_ = eids_of(path("pki"));
    std::filesystem::create_directory(path("devices"));
    for (size_t i = 0; i < eids_.size(); ++i) {
        std::filesystem::create_directory(device_path(i, ""));
        const std::string boot = device_path(i, "bootstrap.der"), profile = device_path(i, "profile.der");
        must(cli({"profile", "sample", "--kind", "bootstrap", "--iccid", iccid("19", i), "--out", boot}));
        must(cli({"profile", "sample", "--iccid", iccid("11", i), "--out", profile}));
        must(cli({"euicc",
                  "create",
                  device_path(i, "card"),
                  "--pki",
                  path("pki"),
                  "--eid",
                  eids_[i],
                  "--bootstrap",
                  boot}));
        const Ran placed = cli(
            {"smdp", "order", "--profile", profile, "--eid", eids_[i], "--state", path("smdp"), "--json"});
        must(placed);
        codes_.push_back(placed.json().value("activation_code", ""));
    }
    must(cli({"eim", "token", "create", "--state", path("eim"), "--name", "test", "--out", path("token")}));
    must(cli({"eim", "config", "export", "--pki", path("pki"), "--out", path("eim-configuration.der")}));
}

Site::Site(std::string existing_lab) : root_(std::move(existing_lab)), eids_(eids_of(path("pki"))) {}

std::string Site::device_path(size_t device, const std::string& name) const {
    return root_ + "/devices/device-" + number(device) + "/" + name;
}

std::string Site::second_pki(const std::string& name, const Words& options) {
    Words init{"pki", "init", "--dir", path(name), "--euiccs", "0"};
    init.insert(init.end(), options.begin(), options.end());
    must(cli(init));
    return path(name);
}

void Site::put(const std::string& name, const std::string& from_directory, const std::string& from) {
    for (const char* kind : {".der", ".pem", ".key"})
        std::filesystem::copy_file(from_directory + "/" + (from.empty() ? name : from) + kind,
                                   pki(name + kind),
                                   std::filesystem::copy_options::overwrite_existing);
}

Words Site::smdp_command() const {
    return {program("halyard"),
            "smdp",
            "serve",
            "--lab",
            "--state",
            path("smdp"),
            "--pki",
            smdp_pki.empty() ? path("pki") : smdp_pki,
            "--port",
            std::to_string(smdp_port_)};
}

Words Site::eim_command() const {
    Words command{program("halyard"),
                  "eim",
                  "serve",
                  "--state",
                  path("eim"),
                  "--pki",
                  path("pki"),
                  "--port",
                  std::to_string(esipa_port_),
                  "--api-port",
                  std::to_string(api_port_),
                  "--resolve",
                  "smdp.halyard.test=" + smdp_endpoint()};
    command.insert(command.end(), eim_options.begin(), eim_options.end());
    return command;
}

void Site::start_smdp() {
    const Json line = start(smdp_, smdp_command(), path("smdp.log"));
    smdp_port_ = port_of(line, "listening");
}

void Site::start_eim() {
    const Json line = start(eim_, eim_command(), path("eim.log"));
    esipa_port_ = port_of(line, "esipa");
    api_port_ = port_of(line, "api");
}

Ran Site::smdp_refusing() { return run(smdp_command(), std::chrono::seconds(20)); }
Ran Site::eim_refusing() { return run(eim_command(), std::chrono::seconds(20)); }

Ran Site::eim(Words arguments) const {
    arguments.insert(arguments.begin(), "eim");
    const Words connection{"--ca",
                           pki("ci.pem"),
                           "--token-file",
                           path("token"),
                           "--resolve",
                           "eim.halyard.test=" + api_endpoint(),
                           "--json"};
    arguments.insert(arguments.end(), connection.begin(), connection.end());
    return cli(arguments);
}

void Site::import_devices() {
    std::string lines;
    for (const std::string& eid : eids_) lines += eid + "\n";
    write_text(path("eids"), lines);
    must(eim({"devices", "import", path("eids")}));
}

std::string Site::order_download(size_t device) {
    write_text(path("code"), codes_[device] + "\n");
    const Ran ran = eim({"operations",
                         "create",
                         "download",
                         "--eid",
                         eids_[device],
                         "--activation-code-file",
                         path("code"),
                         "--iccid",
                         iccid("11", device)});
    must(ran);
    return ran.json().value("id", "");
}

Json Site::operation(const std::string& id) const {
    const Ran ran = eim({"operations", "show", id});
    must(ran);
    return ran.json();
}

Words Site::ipad_command(size_t device) const {
    return {program("halyard-ipad"),
            "--state",
            device_path(device, "ipa"),
            "--card",
            card_seam.empty() ? "sim:" + device_path(device, "card") : card_seam,
            "--initial-eim",
            path("eim-configuration.der"),
            "--resolve",
            "smdp.halyard.test=" + smdp_endpoint(),
            "--resolve",
            "eim.halyard.test=" + esipa_endpoint(),
            "--trust",
            pki("ci.pem"),
            "--events",
            device_path(device, "events.ndjson"),
            "--retry-seconds",
            "0.1"};
}

Ran Site::ipad(size_t device, const Words& more) const {
    Words command = ipad_command(device);
    const Words once{"--poll-interval", "0.5", "--max-idle", "1", "--once"};
    command.insert(command.end(), once.begin(), once.end());
    command.insert(command.end(), more.begin(), more.end());
    return run(command, std::chrono::seconds(60));
}

app::Process Site::ipad_daemon(size_t device, const Words& more) const {
    Words command = ipad_command(device);
    command.insert(command.end(), more.begin(), more.end());
    auto started = app::Process::start({command, device_path(device, "ipad.log")});
    REQUIRE(started);
    return std::move(*started);
}

std::vector<Json> Site::events(size_t device) const {
    return json_lines(read_text(device_path(device, "events.ndjson")));
}

Json Site::card(size_t device) const {
    const Ran ran = cli({"euicc", "show", device_path(device, "card"), "--json"});
    must(ran);
    return ran.json();
}

std::string Site::token() const {
    std::string text = read_text(path("token"));
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

bool refused_for(const std::vector<Json>& events, const std::string& rule) {
    return std::any_of(events.begin(), events.end(), [&](const Json& e) {
        return e.contains("error") && e["error"].value("where", "") == rule;
    });
}

} // namespace halyard::e2e
