#pragma once
// A small world made only with the commands an operator has: PKI, cards, one SM-DP+, one eIM.
#include "tests/e2e/run.h"

namespace halyard::e2e {

class Site {
  public:
    /// A PKI with `devices` eUICCs, their cards with a bootstrap profile enabled, one profile each ordered
    /// at the SM-DP+, an API token, the eIM's configuration. Nothing runs yet.
    explicit Site(unsigned devices = 1, const Words& pki_options = {});
    /// Over directories that are there already, laid out as `halyard lab --state` lays them out.
    explicit Site(std::string existing_lab);

    std::string path(const std::string& name) const { return root_ + "/" + name; }
    std::string pki(const std::string& name) const { return root_ + "/pki/" + name; }
    const std::vector<std::string>& eids() const { return eids_; }
    const std::string& activation_code(size_t device = 0) const { return codes_[device]; }
    /// Another PKI under the same CI, with these options of `pki init`; its directory.
    std::string second_pki(const std::string& name, const Words& options);
    /// Puts FROM.der, .pem and .key of another directory in place of our NAME; FROM is NAME when empty.
    void put(const std::string& name, const std::string& from_directory, const std::string& from = {});

    void start_smdp();
    void start_eim();
    void stop_smdp() { smdp_.stop(std::chrono::seconds(5)); }
    void stop_eim() { eim_.stop(std::chrono::seconds(5)); }
    /// Runs a server that ought to refuse to start.
    Ran smdp_refusing();
    Ran eim_refusing();

    /// `halyard eim …` against this eIM's API, as JSON.
    Ran eim(Words arguments) const;
    void import_devices();
    /// A download of the ordered profile; the operation's id.
    std::string order_download(size_t device = 0);
    Json operation(const std::string& id) const;
    /// Polls until nothing is left to do; `more` goes to halyard-ipad. Events are in events(device).
    Ran ipad(size_t device, const Words& more = {}) const;
    /// The same, but it stays.
    app::Process ipad_daemon(size_t device, const Words& more) const;
    std::vector<Json> events(size_t device) const;
    Json card(size_t device) const;

    std::string esipa_endpoint() const { return "127.0.0.1:" + std::to_string(esipa_port_); }
    std::string api_endpoint() const { return "127.0.0.1:" + std::to_string(api_port_); }
    std::string smdp_endpoint() const { return "127.0.0.1:" + std::to_string(smdp_port_); }
    std::string token() const;
    Words eim_options;     // more for start_eim()
    std::string smdp_pki;  // instead of this site's; empty: that one
    std::string card_seam; // where halyard-ipad finds its card; empty: in its directory

  private:
    std::string device_path(size_t device, const std::string& name) const;
    Words smdp_command() const;
    Words eim_command() const;
    Words ipad_command(size_t device) const;

    std::optional<Directory> own_;
    std::string root_;
    std::vector<std::string> eids_, codes_;
    app::Process smdp_, eim_;
    int smdp_port_ = 0, esipa_port_ = 0, api_port_ = 0;
};

/// Every "where" of an event's error.
bool refused_for(const std::vector<Json>& events, const std::string& rule);

} // namespace halyard::e2e
