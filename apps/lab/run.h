#pragma once
#include "apps/common/process.h"
#include "apps/eim/client.h"
#include "apps/lab/plan.h"
#include "apps/lab/supervisor.h"

namespace halyard::lab {

inline constexpr const char *kSmdp = "smdp.halyard.test", *kSmds = "smds.halyard.test",
                            *kEim = "eim.halyard.test";
/// "https://127.0.0.1:4711" → "127.0.0.1:4711"
std::string endpoint(const std::string& url);

/// One lab on its way: directory, plan, processes, what has been seen.
class Run {
  public:
    Run(Options options, std::filesystem::path directory)
        : options_(std::move(options)), directory_(std::move(directory)), supervisor_(directory_) {}

    Ok mint();    // PKI, cards with bootstrap profiles
    Ok prepare(); // profiles in stock at the SM-DP+, token and configuration of the eIM
    Ok start();   // SM-DS when there is one, SM-DP+, eIM
    Ok place();   // the operator's orders, over ES2+
    Ok order();   // operations through the REST API
    Ok watch();   // until everything is decided, or time is up, or a signal came
    Ok collect(); // what SM-DP+, eIM and the cards themselves say
    Ok stay();    // for exploring, until a signal comes
    void stop() { supervisor_.stop_all(); }
    Report report() const { return report_; }
    void say(const std::string& line) const;

  private:
    struct Watched {
        std::vector<std::string> operations; // ids, in order
        std::vector<std::string> states, reasons;
    };
    std::vector<std::string> self(std::vector<std::string> arguments) const;
    Result<std::string> run(std::vector<std::string> arguments) const;
    Result<nlohmann::ordered_json>
    send(const std::string& path, const nlohmann::ordered_json& body, const std::string& key);
    std::filesystem::path device_dir(const DevicePlan& d) const { return directory_ / "devices" / d.name; }
    Ok start_smds();
    Ok start_smdp();
    Ok start_eim();
    Ok wait_for_events();
    nlohmann::ordered_json download_of(const std::string& iccid) const;
    Ok start_device(const DevicePlan&);
    Ok read_operations();
    Ok judge(const DevicePlan&, DeviceReport&, const nlohmann::ordered_json& orders);
    bool all_decided() const;
    std::string progress() const;

    Options options_;
    std::filesystem::path directory_;
    Supervisor supervisor_;
    std::vector<DevicePlan> plan_;
    std::map<std::string, std::string> codes_; // ICCID → activation code
    std::map<std::string, Watched> watched_;   // EID → operations
    std::optional<eim_app::Client> client_;
    std::string smdp_url_, es2_url_, smds_url_, es12_url_, esipa_url_, api_url_;
    Report report_;
};

} // namespace halyard::lab
