#include "apps/lab/lab.h"
#include "apps/common/files.h"
#include "apps/common/signals.h"
#include "apps/common/soft_card.h"
#include "apps/lab/run.h"
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

namespace halyard::lab {
namespace {
using Json = nlohmann::ordered_json;
constexpr size_t kDownload = 0, kEnable = 1, kAudit = 2, kDelete = 6, kLast = 7;

OwnedBytes read_card(app::SoftCard& card, std::initializer_list<const char*> selects, uint8_t size) {
    for (const char* select : selects) {
        const OwnedBytes r = card.transmit(*from_hex(select));
        if (r.size() < 2 || (r[r.size() - 2] != 0x90 && r[r.size() - 2] != 0x61)) return {};
    }
    const uint8_t read[] = {0x00, 0xB0, 0x00, 0x00, size};
    OwnedBytes r = card.transmit(read);
    if (r.size() != size + 2u) return {};
    r.resize(size);
    return r;
}
bool decided(const std::string& state) {
    return state == "succeeded" || state == "failed" || state == "cancelled" || state == "expired";
}

// Member "dialect" of a device, {"ipa":"v1.0","euicc":"v1.0"}; "" where the eIM does not know.
std::string seen_dialect(const Json& device, const char* side) {
    if (!device.contains("dialect") || !device["dialect"].is_object()) return {};
    const Json& dialect = device["dialect"];
    return dialect.contains(side) && dialect[side].is_string() ? dialect[side].get<std::string>() : "";
}

// The eUICC says its edition itself. An IPA is known by how it writes, which changed between v1.0 and v1.1
// only.
std::string not_recognised(const DeviceReport& r) {
    if (r.seen_euicc != r.dialect)
        return "the eIM took the eUICC of " + r.dialect + " for one of " + r.seen_euicc;
    if ((r.seen_ipa == "v1.0") != (r.dialect == "v1.0") || r.seen_ipa.empty())
        return "the eIM took the IPA of " + r.dialect + " for one of " + r.seen_ipa;
    return {};
}
} // namespace

void Run::say(const std::string& line) const { std::fprintf(stderr, "lab: %s\n", line.c_str()); }

Ok Run::read_operations() {
    Json query{{"limit", 1000}};
    std::map<std::string, std::pair<std::string, std::string>> states;
    for (;;) {
        const auto reply = TRY(client_->post("/v1/operations:search", query));
        if (!reply.ok()) return fail(Errc::rejected, "operations", static_cast<uint32_t>(reply.status));
        for (const auto& o : reply.body["items"])
            states[o.value("id", "")] = {o.value("held", false) ? "held" : o.value("state", ""),
                                         o.value("reason", "")};
        if (!reply.body.contains("cursor")) break;
        query["cursor"] = reply.body["cursor"];
    }
    for (auto& [eid, w] : watched_) {
        w.states.clear();
        w.reasons.clear();
        for (const std::string& id : w.operations) {
            w.states.push_back(states[id].first);
            w.reasons.push_back(states[id].second);
        }
    }
    return {};
}

bool Run::all_decided() const {
    for (const auto& [eid, w] : watched_) {
        bool broken = false; // what follows a held operation never comes
        for (const std::string& s : w.states) broken |= s == "held";
        if (broken) continue;
        for (const std::string& s : w.states)
            if (!decided(s)) return false;
        if (w.states.empty()) return false;
    }
    return true;
}

std::string Run::progress() const {
    const auto count = [&](size_t i) {
        size_t n = 0;
        for (const auto& [eid, w] : watched_) n += i < w.states.size() && w.states[i] == "succeeded";
        return std::to_string(n);
    };
    return "downloaded " + count(kDownload) + ", enabled " + count(kEnable) + ", audited " + count(kAudit) +
           ", spare removed " + count(kDelete) + ", finished " + count(kLast) + " of " +
           std::to_string(plan_.size());
}

Ok Run::watch() {
    const auto began = std::chrono::steady_clock::now();
    std::string shown;
    const bool terminal = ::isatty(STDERR_FILENO) != 0 && !options_.json;
    for (unsigned tick = 0;; ++tick) {
        TRY(supervisor_.watch());
        if (tick % 2 == 0) (void)read_operations(); // the eIM may be down at this moment
        const std::string now = progress();
        if (now != shown) {
            if (terminal)
                std::fprintf(stderr, "\r\033[Klab: %s", now.c_str());
            else
                say(now);
            shown = now;
        }
        if (all_decided()) break;
        if (std::chrono::steady_clock::now() - began > std::chrono::seconds(options_.timeout_seconds)) {
            say("time is up");
            break;
        }
        if (app::sleep_unless_stopped(std::chrono::milliseconds(250)))
            return fail(Errc::unreachable, "interrupted");
    }
    if (terminal) std::fprintf(stderr, "\n");
    return {};
}

Ok Run::judge(const DevicePlan& d, DeviceReport& r, const Json& orders) {
    const Watched& w = watched_[r.eid];
    const auto done = [&](size_t i) { return i < w.states.size() && w.states[i] == "succeeded"; };
    const auto at_smdp = [&](const std::string& iccid) { return orders.value(iccid, ""); };
    r.downloaded = at_smdp(d.iccid) == "downloaded" || at_smdp(d.iccid) == "installed";
    r.installed = done(kDownload) && at_smdp(d.iccid) == "installed";
    r.enabled = done(kEnable);
    r.cleaned = done(kDelete);
    // The last audit: a list signed by the eUICC, verified by the eIM.
    const Json found = TRY(send("/v1/euiccs:search", {{"eid", r.eid}}, {}));
    if (found["items"].empty()) return fail(Errc::not_found, "euiccs");
    r.seen_ipa = seen_dialect(found["items"][0], "ipa");
    r.seen_euicc = seen_dialect(found["items"][0], "euicc");
    std::map<std::string, std::string> proven;
    for (const auto& p : found["items"][0]["profiles"]) proven[p.value("iccid", "")] = p.value("state", "");
    const std::map<std::string, std::string> wanted{{d.bootstrap_iccid, "disabled"}, {d.iccid, "enabled"}};
    r.audited = done(kLast) && proven == wanted;

    auto card = TRY(app::SoftCard::open(device_dir(d) / "card"));
    const OwnedBytes iccid = read_card(*card, {"00A4000C023F00", "00A4000C022FE2"}, 10);
    if (iccid.size() == 10) {
        Iccid value{};
        std::copy(iccid.begin(), iccid.end(), value.begin());
        r.card_iccid = to_text(value);
    }
    const OwnedBytes imsi = read_card(*card, {"00A4040C07A0000000871002", "00A4000C026F07"}, 9);
    if (imsi.size() == 9) r.card_imsi = profile::imsi_from_ef(imsi);

    for (size_t i = 0; i < w.states.size() && r.failure.empty(); ++i)
        if (w.states[i] != "succeeded")
            r.failure = "operation " + std::to_string(i + 1) + " " + w.states[i] +
                        (w.reasons[i].empty() ? "" : ": " + w.reasons[i]);
    if (!r.failure.empty()) return {};
    if (w.states.size() != kLast + 1)
        r.failure = "operations were not accepted";
    else if (!r.installed)
        r.failure = "the SM-DP+ has no verified installation result";
    else if (!r.audited)
        r.failure = "the signed profile list is not as expected";
    else if (r.card_iccid != d.iccid)
        r.failure = "EF.ICCID of the card is " + r.card_iccid;
    else if (r.card_imsi != d.imsi)
        r.failure = "EF.IMSI of the card is " + r.card_imsi;
    else
        r.failure = not_recognised(r);
    return {};
}

Ok Run::collect() {
    // Notifications travel behind the results; the SM-DP+ is part of the proof, so they get some time.
    Json orders;
    for (int i = 0; i < 120; ++i) {
        orders = Json::object();
        const std::string text =
            TRY(run({"smdp", "show", "--state", (directory_ / "smdp").string(), "--json"}));
        bool all = true;
        for (size_t at = 0; at < text.size();) {
            const size_t end = std::min(text.find('\n', at), text.size());
            const auto one = Json::parse(text.substr(at, end - at), nullptr, false);
            if (one.is_object()) {
                orders[one.value("iccid", "")] = one.value("state", "");
                // No use waiting for devices that failed.
                const Watched& w = watched_[one.value("eid", "")];
                const bool hope = !w.states.empty() && w.states.back() == "succeeded";
                all &= !hope || one.value("state", "") == "installed";
            }
            at = end + 1;
        }
        TRY(supervisor_.watch());
        if (all || app::sleep_unless_stopped(std::chrono::milliseconds(250))) break;
    }
    (void)read_operations();
    supervisor_.stop("device-");
    for (const DevicePlan& d : plan_) {
        DeviceReport r{.eid = to_text(d.eid),
                       .mode = d.mode,
                       .esipa = d.esipa,
                       .dialect = d.dialect,
                       .iccid = d.iccid,
                       .imsi = d.imsi,
                       .spare_iccid = d.spare_iccid};
        if (const auto ok = judge(d, r, orders); !ok && r.failure.empty())
            r.failure = std::string(name(ok.error().code)) + " at " + ok.error().where;
        report_.devices.push_back(std::move(r));
    }
    report_.restarts = supervisor_.restarts();
    return {};
}

Ok Run::stay() {
    for (const DevicePlan& d : plan_) TRY(start_device(d));
    const std::string exe = app::own_program().string(), dir = directory_.string();
    const std::string client =
        " --ca " + dir + "/pki/ci.pem --token-file " + dir +
        "/token --resolve eim.halyard.test=" + api_url_.substr(api_url_.find("//") + 2);
    std::fprintf(stderr,
                 "\nEverything stays up until Ctrl-C. In another terminal:\n\n"
                 "  %s eim devices list%s\n"
                 "  %s eim operations create audit --eid %s --wait%s\n"
                 "  %s smdp show --state %s/smdp\n"
                 "  tail -f %s/log/eim.log %s/devices/device-0001/events.ndjson\n\n",
                 exe.c_str(),
                 client.c_str(),
                 exe.c_str(),
                 to_text(plan_.front().eid).c_str(),
                 client.c_str(),
                 exe.c_str(),
                 dir.c_str(),
                 dir.c_str(),
                 dir.c_str());
    while (!app::sleep_unless_stopped(std::chrono::milliseconds(300))) TRY(supervisor_.watch());
    return {};
}

namespace {
// A fresh directory: a lab never mixes with what somebody else left.
Result<std::filesystem::path> make_state(const std::filesystem::path& wanted) {
    std::error_code error;
    if (wanted.empty()) {
        const auto parent = std::filesystem::temp_directory_path(error);
        std::string pattern = (parent / "halyard-lab-XXXXXX").string();
        if (error || !::mkdtemp(pattern.data()))
            return fail(Errc::storage, "temporary directory", static_cast<uint32_t>(errno));
        return std::filesystem::path(pattern);
    }
    const auto status = std::filesystem::status(wanted, error);
    if (std::filesystem::exists(status)) {
        if (!std::filesystem::is_directory(status)) return fail(Errc::conflict, "state: no directory");
        const bool empty = std::filesystem::is_empty(wanted, error);
        if (error) return fail(Errc::storage, "state", static_cast<uint32_t>(error.value()));
        if (!empty) return fail(Errc::conflict, "state: directory is not empty");
    }
    const auto made = app::make_directory(wanted);
    if (!made) return fail(made.error().code, "state", made.error().detail);
    return std::filesystem::absolute(wanted, error);
}

int complain(const Options& options, const std::string& what, const Error& e) {
    if (options.json)
        std::printf("%s\n",
                    Json{{"error",
                          {{"what", "lab: " + what},
                           {"code", name(e.code)},
                           {"where", e.where},
                           {"detail", e.detail}}}}
                        .dump()
                        .c_str());
    std::fprintf(stderr, "lab: %s: %s at %s (%u)\n", what.c_str(), name(e.code), e.where, e.detail);
    return 1;
}
} // namespace

int run(const Options& options) {
    app::catch_signals();
    const auto began = std::chrono::steady_clock::now();
    const auto made = make_state(options.state);
    if (!made) return complain(options, options.state.string(), made.error());
    const std::filesystem::path& directory = *made;
    Run lab(options, directory);
    const std::pair<const char*, Ok (Run::*)()> steps[] = {{"minting", &Run::mint},
                                                           {"preparing", &Run::prepare},
                                                           {"starting", &Run::start},
                                                           {"placing", &Run::place},
                                                           {"ordering", &Run::order},
                                                           {"watching", &Run::watch},
                                                           {"collecting", &Run::collect}};
    for (const auto& [what, step] : steps)
        if (const auto ok = (lab.*step)(); !ok) {
            lab.stop();
            lab.say("what happened so far is in " + directory.string() + ", logs in its log folder");
            return complain(options, what, ok.error());
        }
    Report report = lab.report();
    report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    std::printf("%s\n", (options.json ? to_json(report) : to_text(report)).c_str());
    std::fflush(stdout);
    bool all = !report.devices.empty();
    for (const DeviceReport& d : report.devices) all &= d.confirmed();
    if (!options.once) {
        if (const auto ok = lab.stay(); !ok) complain(options, "staying", ok.error());
    }
    lab.stop();
    std::error_code ignored;
    if (options.state.empty() && all)
        std::filesystem::remove_all(directory, ignored);
    else if (!all)
        lab.say("logs and state are kept in " + directory.string());
    return all ? 0 : 1;
}

} // namespace halyard::lab
