#pragma once
// An SM-DP+ and an SM-DS with their programs, a consumer's card, and `halyard lpa` between them.
#include "tests/e2e/run.h"

namespace halyard::e2e {

class Shop {
  public:
    /// A PKI with `cards` eUICCs and their cards, without any profile; `stock` profiles of type "data" in
    /// stock. Nothing runs yet.
    explicit Shop(unsigned stock, unsigned cards = 1);

    std::string path(const std::string& name) const { return directory_ / name; }
    /// The n-th ICCID in stock, from 0.
    const std::string& iccid(unsigned n) const { return iccids_[n]; }
    const std::string& eid(size_t card = 0) const { return eids_[card]; }

    void start_smdp(const Words& more = {});
    void kill_smdp();
    void start_smds();
    Json smdp_line; // what it printed when it began to listen

    /// A matching id for the n-th profile, released; `more` goes to `smdp confirm`.
    std::string order(unsigned n, const Words& more = {});
    Json show(unsigned n) const;
    std::string state(unsigned n) const { return show(n).value("state", ""); }

    /// `halyard lpa …` for a card; servers are where they are.
    Ran lpa(const Words& words, size_t card = 0) const;
    /// The command line of that, for a process that goes on beside the test.
    Words lpa_command(Words words, size_t card = 0) const;
    Json card(size_t card = 0) const;
    std::string smdp_endpoint() const { return "127.0.0.1:" + std::to_string(smdp_port_); }
    std::string es12_endpoint() const { return "127.0.0.1:" + std::to_string(es12_port_); }

  private:
    Directory directory_;
    std::vector<std::string> eids_, iccids_;
    app::Process smdp_, smds_;
    int smdp_port_ = 0, smds_port_ = 0, es12_port_ = 0;
};

} // namespace halyard::e2e
