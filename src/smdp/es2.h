#pragma once
// The operator's side of the SM-DP+: downloadOrder, confirmOrder, cancelOrder, releaseProfile. No I/O, no
// clock. SGP.22 §5.3
#include "rsp/es2p.h"
#include "smdp/server.h"

namespace halyard::smdp {

/// Who calls, as TLS and the configuration say.
struct Caller {
    std::string operator_id;
    std::vector<std::string> types; // profile types it may ask for; empty: all of its operator's
};

class Es2 {
  public:
    /// All must outlive it.
    Es2(const Config& config, Store& store, Random& random)
        : config_(config), store_(store), random_(random),
          vault_(config.storage_key, store, random, config.keeper) {}

    /// One call. A function that fails is an answer; errors are for a store that failed: nothing is changed
    /// then, and the caller repeats. The same functionCallIdentifier with the same `body` gets the same
    /// answer for 24 hours; with another one 1.6/2.1. Profiles of other operators are unknown (8.2.1/3.9).
    Result<Es2Answer> download_order(const Caller&, const rsp::DownloadOrderRequest&, Bytes body, Time now);
    Result<Es2Answer> confirm_order(const Caller&, const rsp::ConfirmOrderRequest&, Bytes body, Time now);
    Result<Es2Answer> cancel_order(const Caller&, const rsp::CancelOrderRequest&, Bytes body, Time now);
    Result<Es2Answer> release_profile(const Caller&, const rsp::ReleaseProfileRequest&, Bytes body, Time now);

  private:
    struct Step; // what a call comes to: an answer, and the order with what goes out
    Result<Step> download(const Caller&, const rsp::DownloadOrderRequest&, Time now);
    Result<Step> confirm(const Caller&, const rsp::ConfirmOrderRequest&, Time now);
    Result<Step> cancel(const Caller&, const rsp::CancelOrderRequest&, Time now);
    Result<Step> release(const Caller&, const rsp::ReleaseProfileRequest&, Time now);
    template <class Request, class Function>
    Result<Es2Answer>
    once(rsp::ServerFunction, Function, const Caller&, const Request&, Bytes body, Time now);
    Result<std::optional<Order>> own(const Caller&, const Iccid&);
    bool knows_smds(std::string_view address) const;
    Result<bool> same_confirmation(const Order&, const rsp::ConfirmOrderRequest&);

    const Config& config_;
    Store& store_;
    Random& random_;
    Vault vault_;
};

} // namespace halyard::smdp
