#include "apps/common/signals.h"
#include "apps/common/soft_card.h"
#include "apps/lab/run.h"
#include "profile/package.h"
#include <fstream>

namespace halyard::lab {
namespace {
std::string hex_key(Random& random) {
    const auto key = random.draw<16>();
    return key ? hex(*key) : std::string();
}
} // namespace

std::string endpoint(const std::string& url) { return url.substr(url.find("//") + 2); }

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
    // The operator's certificate for ES2+.
    (void)TRY(run({"pki",
                   "issue",
                   "dp-tls",
                   "--dir",
                   pki,
                   "--name",
                   "operator",
                   "--host",
                   "operator.halyard.test",
                   "--cn",
                   "operator",
                   "--oid",
                   "2.999.77.1"}));
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
        if (options_.smds) card.root_smds = kSmds;
        card.bootstrap = owned(TRY(profile::sample_bootstrap(p)).reveal());
        TRY(app::make_directory(device_dir(d)));
        TRY(app::SoftCard::create(device_dir(d) / "card", files, d.eid, card));
    }
    return {};
}

Ok Run::prepare() {
    say("putting two profiles per device in stock at the SM-DP+");
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
                                         {"type", spare ? "spare" : "operational"},
                                         {"operator", "lab"},
                                         {"name", spare ? "Spare" : "Operational"}};
            if (own) { // a given package keeps its own keys: it may be bound to a test network
                order["k"] = hex_key(random);
                order["opc"] = hex_key(random);
            }
            lines += order.dump() + "\n";
        }
    TRY(app::write_secret(directory_ / "stock.ndjson", bytes_of(lines)));
    const std::string state = (directory_ / "smdp").string();
    auto imported = run({"smdp",
                         "import",
                         "--stock",
                         "--state",
                         state,
                         "--address",
                         kSmdp,
                         "--lab",
                         (directory_ / "stock.ndjson").string()});
    std::error_code ignored;
    std::filesystem::remove(directory_ / "stock.ndjson", ignored); // it holds keys
    TRY(std::move(imported));
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
    if (options_.smds)
        command.insert(command.end(), {"--resolve", std::string(kSmds) + "=" + endpoint(smds_url_)});
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
        add(download_of(d.iccid));
        add({{"kind", "enable"}, {"iccid", d.iccid}});
        add({{"kind", "audit"}});
        add(download_of(d.spare_iccid));
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
