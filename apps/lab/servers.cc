// The servers of a lab, and the operator who orders over ES2+.
#include "apps/common/es2_client.h"
#include "apps/common/files.h"
#include "apps/common/signals.h"
#include "apps/lab/run.h"
#include <algorithm>

namespace halyard::lab {
namespace {
constexpr const char* kOperator = "2.999.77.1"; // functionRequesterIdentifier
std::string member(const std::string& listening, const char* name) {
    return nlohmann::json::parse(listening, nullptr, false).value(name, "");
}
// The same call again while the SM-DP+ is away or coming back: its identifier makes it the same order.
template <class Call> auto until_answered(Supervisor& supervisor, Call call) -> decltype(call()) {
    for (int i = 0; i < 300; ++i) {
        auto answer = call();
        if (answer || answer.error().code != Errc::unreachable) return answer;
        TRY(supervisor.watch());
        if (app::sleep_unless_stopped(std::chrono::milliseconds(100)))
            return fail(Errc::unreachable, "interrupted");
    }
    return fail(Errc::unreachable, "ES2+");
}
} // namespace

Ok Run::start() {
    if (options_.smds) TRY(start_smds());
    TRY(start_smdp());
    TRY(start_eim());
    say("SM-DP+ at " + smdp_url_ + ", its ES2+ at " + es2_url_ +
        (options_.smds ? ", SM-DS at " + smds_url_ : "") + ", eIM at " + esipa_url_ + ", its API at " +
        api_url_);
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

Ok Run::start_smds() {
    TRY(supervisor_.start({.name = "smds",
                           .command = self({"--log-level=info",
                                            "smds",
                                            "serve",
                                            "--lab",
                                            "--state",
                                            (directory_ / "smds").string(),
                                            "--pki",
                                            (directory_ / "pki").string(),
                                            "--port",
                                            "{listening}",
                                            "--es12-port",
                                            "{es12}"}),
                           .log = directory_ / "log" / "smds.log",
                           .server = true}));
    smds_url_ = member(supervisor_.listening("smds"), "listening");
    es12_url_ = member(supervisor_.listening("smds"), "es12");
    return {};
}

Ok Run::start_smdp() {
    const std::string pki = (directory_ / "pki").string();
    const nlohmann::json operators{
        {{"id", "lab"}, {"functionRequesterIdentifier", kOperator}, {"subject", "operator"}}};
    TRY(app::write_file(directory_ / "operators.json", bytes_of(operators.dump(2) + "\n")));
    std::vector<std::string> command{"--log-level=info",
                                     "smdp",
                                     "serve",
                                     "--lab",
                                     "--state",
                                     (directory_ / "smdp").string(),
                                     "--pki",
                                     pki,
                                     "--port",
                                     "{listening}",
                                     "--es2-port",
                                     "{es2}",
                                     "--es2-client-ca",
                                     pki + "/ci.pem",
                                     "--operators",
                                     (directory_ / "operators.json").string()};
    if (options_.smds)
        command.insert(command.end(),
                       {"--root-smds", kSmds, "--resolve", std::string(kSmds) + "=" + endpoint(es12_url_)});
    TRY(supervisor_.start({.name = "smdp",
                           .command = self(std::move(command)),
                           .log = directory_ / "log" / "smdp.log",
                           .server = true}));
    smdp_url_ = member(supervisor_.listening("smdp"), "listening");
    es2_url_ = member(supervisor_.listening("smdp"), "es2");
    return {};
}

Ok Run::start_eim() {
    std::vector<std::string> command{"--log-level=info",
                                     "eim",
                                     "serve",
                                     "--state",
                                     (directory_ / "eim").string(),
                                     "--pki",
                                     (directory_ / "pki").string(),
                                     "--port",
                                     "{esipa}",
                                     "--api-port",
                                     "{api}",
                                     "--es9",
                                     options_.es9 == "json" ? "json" : "asn1",
                                     "--resolve",
                                     std::string(kSmdp) + "=" + endpoint(smdp_url_)};
    if (options_.smds)
        command.insert(command.end(),
                       {"--smds", kSmds, "--resolve", std::string(kSmds) + "=" + endpoint(smds_url_)});
    TRY(supervisor_.start({.name = "eim",
                           .command = self(std::move(command)),
                           .log = directory_ / "log" / "eim.log",
                           .server = true}));
    esipa_url_ = member(supervisor_.listening("eim"), "esipa");
    api_url_ = member(supervisor_.listening("eim"), "api");
    return {};
}

Ok Run::place() {
    say("ordering them over ES2+, as an operator does");
    net::HttpsClient::Options http;
    const std::string pki = (directory_ / "pki").string();
    http.trust.anchors_pem = text_of(TRY(app::read_file(pki + "/ci.pem")));
    http.certificate_file = pki + "/operator.pem";
    http.key_file = pki + "/operator.key";
    http.connect_to[kSmdp] = endpoint(es2_url_);
    auto es2 = TRY(app::Es2Client::open(std::move(http), kSmdp));
    for (const DevicePlan& d : plan_)
        for (const std::string& number : {d.iccid, d.spare_iccid}) {
            const Iccid iccid = TRY(iccid_from_text(number));
            const rsp::DownloadOrderRequest order{
                .header = {kOperator, "order-" + number}, .eid = d.eid, .iccid = iccid};
            const auto ordered = TRY(until_answered(supervisor_, [&] { return es2.download_order(order); }));
            if (!ordered.status.executed()) return fail(Errc::rejected, "downloadOrder");
            rsp::ConfirmOrderRequest confirm{
                .header = {kOperator, "confirm-" + number}, .iccid = iccid, .eid = d.eid};
            if (options_.smds) confirm.smds_address = kSmds;
            confirm.release_flag = true;
            const auto confirmed =
                TRY(until_answered(supervisor_, [&] { return es2.confirm_order(confirm); }));
            if (!confirmed.status.executed()) return fail(Errc::rejected, "confirmOrder");
            codes_[number] = std::string("1$") + kSmdp + "$" + confirmed.matching_id.value_or("");
        }
    return options_.smds ? wait_for_events() : Ok{};
}

// The SM-DP+ registers them by itself, after its answer.
Ok Run::wait_for_events() {
    const auto wanted = static_cast<std::ptrdiff_t>(2 * plan_.size());
    for (int i = 0; i < 300; ++i) {
        const std::string known =
            TRY(run({"smds", "events", "--json", "--state", (directory_ / "smds").string()}));
        if (std::count(known.begin(), known.end(), '\n') >= wanted) return {};
        TRY(supervisor_.watch());
        if (app::sleep_unless_stopped(std::chrono::milliseconds(200)))
            return fail(Errc::unreachable, "interrupted");
    }
    return fail(Errc::unreachable, "events at the SM-DS");
}

nlohmann::ordered_json Run::download_of(const std::string& iccid) const {
    nlohmann::ordered_json out{{"kind", "download"}, {"iccid", iccid}};
    if (options_.smds)
        out["smds"] = ""; // the root that the eUICC knows
    else
        out["activation_code"] = codes_.at(iccid);
    return out;
}

} // namespace halyard::lab
