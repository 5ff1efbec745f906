#pragma once
#include "base/time.h"
#include "rsp/edition.h"
#include "rsp/esipa.h"

namespace halyard::ipa {

/// When to give up on a freshly enabled profile: only after at least so many failed attempts to reach the eIM
/// and at least so long (RR-11). SGP.32 §3.3.2
struct RollbackPolicy {
    uint32_t attempts = 3;
    Time over{420'000};
    bool gives_up(uint32_t failed, Time elapsed) const { return failed >= attempts && elapsed >= over; }
    /// Time between two attempts while the decision is open.
    Time interval() const {
        return std::clamp(over / std::max<int64_t>(attempts, 1), Time{100}, Time{60'000});
    }
};

/// The owner's confirmation code, which the core never sees. SGP.22 §4.7
struct ConfirmationCode {
    virtual ~ConfirmationCode() = default;
    /// SHA-256(SHA-256(code) | transactionId): hashCc. Empty: there is no code.
    virtual std::optional<Sha256> hash(Bytes transaction_id) = 0;
};

/// What the device says about itself and how it behaves. Spans and views must outlive the engine.
struct Config {
    /// Of SGP.32, that the device was built to: what it writes to an eIM of which nothing else is known.
    rsp::Edition edition = rsp::Edition::v1_2;
    enum class Download : uint8_t { direct, indirect };
    Download download = Download::direct;
    /// AddInitialEimRequest (BF57) to use while no eIM is associated; empty: none. Used once (SR-26).
    Bytes initial_eim;
    /// Allows initial_eim again although it was used before: a deliberate act of somebody local.
    bool reopen_initial_eim = false;
    rsp::IpaCapabilities capabilities{};
    rsp::DeviceInfo device{};
    std::optional<std::array<uint8_t, 3>> rplmn{};
    RollbackPolicy rollback{};
    Time poll_interval{3'600'000};
    Time retry_first{30'000}; // then 4, 20, 120 times that
    Time step_retry{2'000};   // between repetitions of a message inside a download
    bool immediate_enable = true;
    bool ppr_consent = false;                      // the owner consents beforehand to rules that need consent
    ConfirmationCode* confirmation_code = nullptr; // for orders that ask for one; none: such are cancelled
    uint8_t apdu_block = 255;

    bool has(rsp::IpaCapabilities::IpaFeatures feature) const {
        return capabilities.ipa_features.has(feature);
    }
};

/// A moment to wait for that survives a clock set back: due also when now lies before the waiting began.
struct Due {
    Time from{0};
    Time delay{0};
    void after(Time now, Time wait) { *this = {now, wait}; }
    bool is_due(Time now) const { return now < from || now - from >= delay; }
    Time at() const { return from + delay; }
};

} // namespace halyard::ipa
