#include "apps/common/signals.h"
#include "apps/common/soft_card.h"
#include "apps/lab/run.h"
#include "profile/package.h"
#include <fstream>

namespace halyard::lab {
namespace {
constexpr const char* kSmdp = "smdp.halyard.test";
constexpr const char* kEim = "eim.halyard.test";
// "https://127.0.0.1:4711" → "127.0.0.1:4711"
std::string endpoint(const std::string& url) { return url.substr(url.find("//") + 2); }
std::string hex_key(Random& random) {
    const auto key = random.draw<16>();
    return key ? hex(*key) : std::string();
}
} // namespace

std::vector<std::string> Run::self(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), app::own_program().string());
    return arguments;
}
Result<std::string> Run::run(std::vector<std::string> arguments) const {
    return app::run(self(std::move(arguments)), directory_ / "log" / "prepare.log");
}

Ok Run::mint() {
    TRY(app::make_directory(directory_ / "log"));
    say("minting a test PKI with " + std::to_string(options_.devices) + " eUICC identities");
    const std::string pki = (directory_ / "pki").string();
    (void)TRY(run({"pki",
                   "init",
                   "--dir",
                   pki,
                   "--curve",
                   options_.curve,
                   "--euiccs",
                   std::to_string(options_.devices),
                   "--first-euicc",
                   std::to_string(first_euicc(options_.seed)),
                   "--smdp-host",
                   kSmdp,
                   "--eim-host",
                   kEim}));
    const app::PkiDirectory files{pki};
    plan_ = make_plan(options_, TRY(files.eids()));
    say("making eUICCs that ship with a bootstrap profile");
    crypto::SystemRandom random;
    for (const DevicePlan& d : plan_) {
        profile::SampleParameters p{.iccid = TRY(iccid_from_text(d.bootstrap_iccid)),
                                    .imsi = d.bootstrap_imsi};
        p.type = "Halyard bootstrap";
        TRY(profile::draw_secrets(p, random));
        app::SoftCardOptions card{.edition = TRY(rsp::edition_from(d.dialect))};
        card.bootstrap = owned(TRY(profile::sample_bootstrap(p)).reveal());
        TRY(app::make_directory(device_dir(d)));
        TRY(app::SoftCard::create(device_dir(d) / "card", files, d.eid, card));
    }
    return {};
}

Ok Run::prepare() {
    say("ordering two profiles per device at the SM-DP+");
    std::filesystem::path profile =
        options_.profile.empty() ? std::filesystem::path() : std::filesystem::absolute(options_.profile);
    const bool own = profile.empty();
    crypto::SystemRandom random;
    if (own) {
        profile::SampleParameters p{.iccid = TRY(iccid_from_text("8900101000000000000"))};
        TRY(profile::draw_secrets(p, random));
        profile = directory_ / "template.der";
        TRY(app::write_secret(profile, TRY(profile::sample_operational(p)).reveal()));
    }
    std::string lines;
    for (const DevicePlan& d : plan_)
        for (const bool spare : {false, true}) {
            nlohmann::ordered_json order{{"profile", profile.string()},
                                         {"iccid", spare ? d.spare_iccid : d.iccid},
                                         {"imsi", spare ? d.spare_imsi : d.imsi},
                                         {"eid", to_text(d.eid)},
                                         {"name", spare ? "Spare" : "Operational"}};
            if (own) { // a given package keeps its own keys: it may be bound to a test network
                order["k"] = hex_key(random);
                order["opc"] = hex_key(random);
            }
            lines += order.dump() + "\n";
        }
    TRY(app::write_secret(directory_ / "orders.ndjson", bytes_of(lines)));
    const std::string state = (directory_ / "smdp").string();
    auto imported = run({"smdp",
                         "import",
                         "--state",
                         state,
                         "--address",
                         kSmdp,
                         "--lab",
                         "--json",
                         (directory_ / "orders.ndjson").string()});
    std::error_code ignored;
    std::filesystem::remove(directory_ / "orders.ndjson", ignored); // it holds keys
    const std::string placed = TRY(std::move(imported));
    for (size_t at = 0; at < placed.size();) {
        const size_t end = std::min(placed.find('\n', at), placed.size());
        const auto one = nlohmann::json::parse(placed.substr(at, end - at), nullptr, false);
        if (one.is_object()) codes_[one.value("iccid", "")] = one.value("activation_code", "");
        at = end + 1;
    }
    const std::string pki = (directory_ / "pki").string();
    (void)TRY(run({"eim",
                   "token",
                   "create",
                   "--state",
                   (directory_ / "eim").string(),
                   "--name",
                   "lab",
                   "--out",
                   (directory_ / "token").string()}));
    (void)TRY(run(
        {"eim", "config", "export", "--pki", pki, "--out", (directory_ / "eim-configuration.der").string()}));
    return {};
}

Ok Run::start() {
    const std::string pki = (directory_ / "pki").string();
    const std::string level = "--log-level=info";
    TRY(supervisor_.start({.name = "smdp",
                           .command = self({level,
                                            "smdp",
                                            "serve",
                                            "--state",
                                            (directory_ / "smdp").string(),
                                            "--lab",
                                            "--pki",
                                            pki,
                                            "--port",
                                            "{listening}"}),
                           .log = directory_ / "log" / "smdp.log",
                           .server = true}));
    smdp_url_ = nlohmann::json::parse(supervisor_.listening("smdp"), nullptr, false).value("listening", "");
    TRY(supervisor_.start({.name = "eim",
                           .command = self({level,
                                            "eim",
                                            "serve",
                                            "--state",
                                            (directory_ / "eim").string(),
                                            "--pki",
                                            pki,
                                            "--port",
                                            "{esipa}",
                                            "--api-port",
                                            "{api}",
                                            "--es9",
                                            options_.es9 == "json" ? "json" : "asn1",
                                            "--resolve",
                                            std::string(kSmdp) + "=" + endpoint(smdp_url_)}),
                           .log = directory_ / "log" / "eim.log",
                           .server = true}));
    const auto urls = nlohmann::json::parse(supervisor_.listening("eim"), nullptr, false);
    esipa_url_ = urls.value("esipa", "");
    api_url_ = urls.value("api", "");
    say("SM-DP+ at " + smdp_url_ + ", eIM at " + esipa_url_ + ", its API at " + api_url_);

    eim_app::ClientOptions client;
    client.url = std::string("https://") + kEim;
    client.ca = directory_ / "pki" / "ci.pem";
    client.token_file = directory_ / "token";
    client.resolve[kEim] = endpoint(api_url_);
    client_.emplace(TRY(eim_app::Client::open(client)));
    auto devices = nlohmann::ordered_json::array();
    for (const DevicePlan& d : plan_) devices.push_back({{"eid", to_text(d.eid)}, {"name", d.name}});
    (void)TRY(send("/v1/euiccs:import", {{"euiccs", devices}}, {}));
    return {};
}

// Repeated while the eIM is away or coming back; it knows a repetition by the devices, or by `key`.
Result<nlohmann::ordered_json>
Run::send(const std::string& path, const nlohmann::ordered_json& body, const std::string& key) {
    for (int i = 0; i < 300; ++i) {
        const auto reply = client_->post(path, body, key);
        if (reply && reply->ok()) return reply->body;
        if (reply && reply->status < 500) {
            say(reply->problem());
            return fail(Errc::rejected, "eIM API", static_cast<uint32_t>(reply->status));
        }
        TRY(supervisor_.watch());
        if (app::sleep_unless_stopped(std::chrono::milliseconds(100)))
            return fail(Errc::unreachable, "interrupted");
    }
    return fail(Errc::unreachable, "eIM API");
}

Ok Run::start_device(const DevicePlan& d) {
    const std::string ipad = (app::own_program().parent_path() / "halyard-ipad").string();
    const std::string dir = device_dir(d).string();
    std::vector<std::string> command = {ipad,
                                        "--state",
                                        dir + "/ipa",
                                        "--card",
                                        "sim:" + dir + "/card",
                                        "--download",
                                        d.mode,
                                        "--esipa",
                                        d.esipa,
                                        "--es9",
                                        d.es9,
                                        "--dialect",
                                        d.dialect,
                                        "--initial-eim",
                                        (directory_ / "eim-configuration.der").string(),
                                        "--resolve",
                                        std::string(kSmdp) + "=" + endpoint(smdp_url_),
                                        "--resolve",
                                        std::string(kEim) + "=" + endpoint(esipa_url_),
                                        "--trust",
                                        (directory_ / "pki" / "ci.pem").string(),
                                        "--poll-interval",
                                        "5",
                                        "--retry-seconds",
                                        "0.5",
                                        "--events",
                                        dir + "/events.ndjson",
                                        "--log-level",
                                        "warn"};
    if (options_.compact) command.insert(command.end(), {"--feature", "minimizeEsipaBytes"});
    return supervisor_.start(
        {.name = d.name, .command = std::move(command), .log = directory_ / "log" / (d.name + ".log")});
}

Ok Run::order() {
    say("ordering through the REST API: download, enable, audit, a spare profile in and out again");
    for (const DevicePlan& d : plan_) {
        const std::string eid = to_text(d.eid);
        using Json = nlohmann::ordered_json;
        const Json back = Json::array({Json{{"disable", {{"iccid", d.spare_iccid}}}},
                                       Json{{"enable", {{"iccid", d.iccid}, {"rollback", true}}}}});
        Json batch = Json::array();
        const auto add = [&](Json o) {
            o["eid"] = eid;
            if (!batch.empty()) o["after"] = "@" + std::to_string(batch.size() - 1);
            batch.push_back(std::move(o));
        };
        add({{"kind", "download"}, {"activation_code", codes_[d.iccid]}, {"iccid", d.iccid}});
        add({{"kind", "enable"}, {"iccid", d.iccid}});
        add({{"kind", "audit"}});
        add({{"kind", "download"}, {"activation_code", codes_[d.spare_iccid]}, {"iccid", d.spare_iccid}});
        add({{"kind", "enable"}, {"iccid", d.spare_iccid}});
        add({{"kind", "package"}, {"commands", back}});
        add({{"kind", "delete"}, {"iccid", d.spare_iccid}});
        add({{"kind", "audit"}});
        // The key makes a repetition after a lost answer the same order.
        const auto made = TRY(send("/v1/operations", {{"operations", batch}}, "lab-" + d.name));
        for (const auto& o : made["operations"]) watched_[eid].operations.push_back(o.value("id", ""));
    }
    for (const DevicePlan& d : plan_) TRY(start_device(d));
    return {};
}

} // namespace halyard::lab
