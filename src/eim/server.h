#pragma once
// The eIM itself: ESipa functions and operations over a store. No I/O, no clock. SGP.32 §2.11, §3, §5.14;
// docs/adr/0005-orders.md
#include "crypto/keys.h"
#include "eim/store.h"
#include "rsp/chain.h"
#include "rsp/esipa.h"
#include "rsp/status_code.h"
#include <deque>

namespace halyard::eim {

struct Config {
    std::string eim_id;                    // FQDN
    crypto::PrivateKey key;                // signs packages
    std::vector<rsp::TrustAnchor> anchors; // CIs that eUICC certificates may end in
    std::vector<std::string> forward_to;   // SM-DP+ addresses notifications may go to beside those of orders
    uint32_t hold_after = 5;               // unsigned errors until an operation waits for a human (SR-18)
    uint32_t download_attempts = 5;        // after verified failures that may pass
};

/// How the eIM reaches SM-DP+ for relayed downloads: ES9+' in its ASN.1 form.
struct SmdpLink {
    virtual ~SmdpLink() = default;
    virtual Result<rsp::Es9Answer> exchange(std::string_view address, Bytes message) = 0;
};

struct NewOperation {
    Eid eid{};
    Kind kind = Kind::package;
    OwnedBytes package;          // EuiccPackage, A0… or A1…
    std::string activation_code; // 1$address$matchingId…
    std::optional<Iccid> iccid;  // download: expected, so that an audit can decide
    OwnedBytes tag_list;
    std::string after;
    Time expires{0};
    bool force = false;
    std::string created_by, idempotency_key;
    Sha256 request_hash{};
};

class Server {
  public:
    /// `config` and `store` must outlive it.
    Server(const Config& config, Store& store, SmdpLink& smdp, Random& random)
        : config_(config), store_(store), smdp_(smdp), random_(random) {}

    /// One ESipa message in, its answer out (empty for functions without one). Errors: bad_tag, truncated …
    /// for what is no ESipa message; storage and conflict when nothing was done and the peer should repeat.
    Result<OwnedBytes> esipa(Bytes message, Time now);

    /// All or none. Errors: not_found "eid", "after"; conflict "idempotency-key" (another body under it) or
    /// "eid"; bad_value naming the field; rejected naming the precondition (RR-12). The same key and body
    /// again: the operations made the first time.
    Result<std::vector<Operation>> create(const std::vector<NewOperation>&, Time now);
    /// Queued: cancelled at once. Handed out: it may run, so an audit decides (state unknown). Final:
    /// conflict "state".
    Result<Operation> cancel(std::string_view id, Time now);
    /// A human looked at a held operation: it is offered again.
    Result<Operation> release(std::string_view id, Time now);
    /// New devices; those known already (same EID) are counted, not changed. Certificates are verified when
    /// given.
    Result<size_t> add_devices(std::vector<Device>, Time now);
    /// Expires what is overdue. Returns how many.
    Result<size_t> sweep(Time now);
    /// AddInitialEimRequest for new devices: key, TLS trust (DER certificate; empty: none), token wanted.
    Result<OwnedBytes> configuration(Bytes tls_certificate, bool with_token, bool indirect) const;

  private:
    using Answer = Result<OwnedBytes>;
    Answer poll(Bytes message, Time now);
    Answer provide(Bytes message, Time now);
    Answer notification(Bytes message, Time now);
    Answer relay_initiate(Bytes message, Time now);
    Answer relay_authenticate(Bytes message, Time now);
    Answer relay_package(Bytes message);
    Answer relay_cancel(Bytes message);
    Answer dispatch(Bytes message, Time now);

    /// One exchange with one device: what was read, what will be written, all in one commit.
    struct Turn {
        Device device;
        Time now{};
        bool device_changed = false;
        std::deque<Operation> operations; // touched; addresses stay
        std::vector<Forward> forwards;
        std::vector<Evidence> evidence;
        std::vector<uint64_t> acknowledged; // sequence numbers of the card
    };
    Ok commit(Turn&);
    Result<Operation*>
    find(Turn&, const std::optional<Bytes>& transaction_id, std::optional<uint64_t> counter);
    void note(Turn&, Operation*, std::string what, Bytes octets);
    void settle(Turn&, Operation&, bool success, std::string reason);
    Operation make(const Eid&, Kind, Time now);
    Result<Operation> audit(const Eid&, std::string why, Time now);

    Result<Operation*> choose(Turn&);
    Result<OwnedBytes> offer(Turn&, Operation&);
    Result<OwnedBytes> sign_package(const Operation&);

    Ok take(Turn&, const rsp::EimPackageResult&);
    Ok take_result(Turn&, Bytes der, const rsp::EuiccPackageResult&);
    Ok take_signed(Turn&, Bytes der, const rsp::EuiccPackageResultSigned&);
    Ok take_signed_error(Turn&, Bytes der, const rsp::EuiccPackageErrorSigned&);
    Ok take_data(Turn&, Bytes der, const rsp::IpaEuiccDataResponse&);
    Ok take_trigger(Turn&, const rsp::ProfileDownloadTriggerResult&);
    Ok take_notification(Turn&, const rsp::PendingNotification&);
    Ok take_certificates(Device&, Bytes euicc, Bytes eum, Time) const;
    Result<std::optional<Device>> device_of(const rsp::ProvideEimPackageResult&);

    const Config& config_;
    Store& store_;
    SmdpLink& smdp_;
    Random& random_;
};

} // namespace halyard::eim
