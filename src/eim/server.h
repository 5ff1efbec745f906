#pragma once
// The eIM itself: ESipa functions and operations over a store. No I/O, no clock. SGP.32 §2.11, §3, §5.14;
// docs/adr/0005-orders-and-exactly-once.md
#include "crypto/keys.h"
#include "eim/identity.h"
#include "eim/store.h"
#include "rsp/chain.h"
#include "rsp/dialect.h"
#include "rsp/esipa.h"
#include "rsp/status_code.h"
#include <deque>
#include <memory>

namespace halyard::eim {

struct Config {
    std::string eim_id;                    // FQDN
    crypto::PrivateKey key;                // signs packages
    std::vector<rsp::TrustAnchor> anchors; // CIs that eUICC certificates may end in
    rsp::Revocation revocation;            // lists for EUM and eUICC certificates
    std::vector<std::string> forward_to;   // SM-DP+ addresses notifications may go to beside those of orders
    std::vector<std::string> smds;         // SM-DS that devices may be relayed to; the first: their root
    Secret<32> storage_key;                // seals confirmation codes at rest
    uint32_t hold_after = 5;               // unsigned errors until an operation waits for a human (SR-18)
    uint32_t download_attempts = 5;        // after verified failures that may pass
};

struct Outcome;

/// How the eIM reaches SM-DP+ and SM-DS for relayed downloads: ES9+' and ES11' in their ASN.1 form. `es11` is
/// said as well where an event leads, until its certificate tells that it is an SM-DP+.
struct SmdpLink {
    virtual ~SmdpLink() = default;
    virtual Result<rsp::Es9Answer> exchange(std::string_view address, Bytes message, rsp::Interface) = 0;
};

struct NewOperation {
    Eid eid{};
    Kind kind = Kind::package;
    OwnedBytes package;          // EuiccPackage, A0… or A1…
    std::string activation_code; // 1$address$matchingId…, or what parse_source() knows beside it
    std::shared_ptr<const SecretBytes> confirmation_code; // of a download; null: none
    std::optional<Iccid> iccid;                           // download: expected, so that an audit can decide
    OwnedBytes tag_list;
    OwnedBytes ci; // data: CI whose certificates are wanted (SubjectKeyIdentifier); empty: the card's first
    std::string after;
    Time expires{0};
    bool force = false;
    std::string created_by, idempotency_key;
    Sha256 request_hash{};
};

/// What a device answered to a package that was sent to it.
struct Transferred {
    enum class End : uint8_t { done, later, refused }; // later: its result comes with a message of its own
    End end = End::done;
    int code = 0;                       // refused: eimPackageError
    std::vector<uint64_t> acknowledged; // what was taken over
    OwnedBytes acknowledgement;         // the same as a TransferEimPackageRequest to send; empty: nothing
};

class Server {
  public:
    /// `config` and `store` must outlive it.
    Server(const Config& config, Store& store, SmdpLink& smdp, Random& random)
        : config_(config), store_(store), smdp_(smdp), random_(random) {}

    /// One ESipa message in, its answer out (empty for functions without one). Errors: bad_tag, truncated …
    /// for what is no ESipa message; storage and conflict when nothing was done and the peer should repeat;
    /// unsupported naming what the peer's edition cannot be told. Messages of every edition are taken and
    /// answered in kind; `hint`: the one the transport names, which counts only where the form tells nothing
    /// (v1.3).
    Result<OwnedBytes> esipa(Bytes message, Time now, std::optional<rsp::Edition> hint = {});

    /// TransferEimPackageRequest (BF4E) with what the device would get if it polled now: chosen, stored and
    /// counted alike, and sent again with the same octets. None: nothing is waiting. not_found "eid";
    /// unsupported for an IPA of v1.0. SGP.32 §5.14.4
    Result<std::optional<OwnedBytes>> transfer_request(const Eid&, Time now);
    /// Its answer, judged as if the device had brought it. Errors: those of decoding; storage and conflict
    /// when nothing was done.
    Result<Transferred> transfer_answer(const Eid&, Bytes request, Bytes answer, Time now);

    /// All or none. Errors: not_found "eid", "after"; conflict "idempotency-key" (another body under it);
    /// bad_value, limit, unsupported naming the field. The same key and body again: the operations made the
    /// first time. Preconditions (RR-12) are judged when the operation's turn comes, on what is proven then.
    Result<std::vector<Operation>> create(const std::vector<NewOperation>&, Time now);
    /// Not handed out, or without effect: cancelled at once. Handed out: it may run, so an audit decides
    /// (state unknown). Unknown and held, because no audit could tell: given up. Cancelled already: nothing
    /// more. Otherwise final: conflict "state".
    Result<Operation> cancel(std::string_view id, Time now);
    /// A human looked at a held operation: it is offered, or audited, again. Not held: nothing more. Final:
    /// conflict "state".
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
    /// Who speaks in one exchange: what transport and form tell, and how it is answered.
    struct Peer {
        std::optional<rsp::Edition> hint, seen, edition;
    };
    Answer dispatch(Bytes message, Peer, Time now);
    Answer in_v12(asn1::Tag, Bytes message, Peer&, Time now);
    Answer poll(Bytes message, Peer&, Time now);
    Answer provide(Bytes message, Peer&, Time now);
    Answer notification(Bytes message, Peer&, Time now);
    Answer relay_initiate(Bytes message, Time now);
    Ok begin_old_session(const rsp::AuthenticateClientRequestEsipa&, Time now);
    Answer relay_authenticate(Bytes message, Time now);
    Answer relay_package(Bytes message, Time now);
    Answer relay_cancel(Bytes message, Time now);

    /// One exchange with one device: what was read, what will be written, all in one commit.
    struct Turn {
        Device device;
        Time now{};
        bool device_changed = false;
        bool blocked = false; // something that may still run waits for a human
        std::optional<RelaySession> session;
        std::deque<Operation> operations; // looked at; addresses stay
        std::deque<Operation> read;       // the same as they were; what differs is written
        std::vector<Forward> forwards;
        std::vector<Evidence> evidence;
        std::vector<uint64_t> acknowledged; // sequence numbers of the card
    };
    /// The device a message comes from, or says it comes from; deviations met in it are that peer's.
    Result<std::optional<Device>> sender(const Eid&);
    Ok commit(Turn&);
    /// What this exchange tells of the IPA's edition goes into the device, and into the peer how to answer
    /// it.
    static void recognise(Turn&, Peer&);
    Result<Operation*> by_transaction(Turn&, const std::optional<Bytes>& transaction_id);
    Result<Operation*> by_counter(Turn&, uint64_t counter);
    Result<Operation*> by_id(Turn&, std::string_view id);
    Operation* keep(Turn&, std::optional<Operation>);
    static Operation* add(Turn&, Operation);
    void note(Turn&, Operation*, std::string what, Bytes octets);
    void settle(Turn&, Operation&, bool success, std::string reason);
    void queue_again(Turn&, Operation&, std::string reason);
    /// Marks a number of the card as seen under a signature.
    void acknowledge(Turn&, uint64_t number);
    Operation make(const Eid&, Kind, Time now);
    Operation audit(const Eid&, OwnedBytes package, std::string why, Time now);
    Result<Operation> prepare(const NewOperation&, const std::vector<Operation>& batch, Time now);
    Result<std::vector<Operation>> made_before(const std::vector<NewOperation>&);

    static void take_report(Turn&, const rsp::GetEimPackageRequest&);
    Result<Operation*> choose(Turn&);
    Operation* outstanding(Turn&);
    Operation* ask_for_certificates(Turn&,
                                    std::string why = "certificates are needed to verify results",
                                    OwnedBytes ci = {});
    Operation* key_question(Turn&);
    /// A result did not verify: perhaps its key is under a CI that nobody has told of yet.
    void ask_for_other_keys(Turn&);
    /// What came before its key was known, and was kept as evidence.
    Ok judge_again(Turn&);
    Ok judge_again(Turn&, Operation&, Bytes octets);
    Operation* decide_first(Turn&, Operation& undecided);
    Operation* audit_profiles(Turn&, std::string why);
    Result<Operation*> next_in_queue(Turn&);
    Result<bool> is_ready(Turn&, Operation&);
    Answer offer(Turn&, Operation&);
    Answer offer_package(Turn&, Operation&);
    Answer unsigned_request(const Turn&, const Operation&) const;
    Answer sign_package(const Operation&) const;

    struct Provided {
        std::optional<rsp::ProvideEimPackageResultResponse::ProvideEimPackageResultError> refused;
        std::vector<uint64_t> acknowledged;
    };
    Result<Provided> take_provided(Bytes message, Peer&, Time now);
    Result<std::optional<Device>> device_of(const rsp::ProvideEimPackageResult&);
    Ok take(Turn&, const rsp::EimPackageResult&);
    Ok take_result(Turn&, Bytes der, const rsp::EuiccPackageResult&);
    Ok take_signed(Turn&, Bytes der, const rsp::EuiccPackageResultSigned&);
    Ok take_signed_error(Turn&, Bytes der, const rsp::EuiccPackageErrorSigned&);
    /// Who signed a package result, and with what.
    struct Signer {
        const Identity* identity = nullptr; // nullptr: no key that is known
        bool was_der = false;
        bool proves_token = false; // it is over the token on file
    };
    Signer signer_of_result(const Turn&, const Operation*, Bytes data, Bytes signature) const;
    const Identity* verify_package_result(Turn&, Operation*, Bytes data, Bytes signature, Bytes der);
    Result<Operation*> data_request_of(Turn&, const std::optional<Bytes>& transaction_id);
    Ok decide(Turn&, const Operation& audit, const Outcome&);
    Ok take_trigger(Turn&, const rsp::ProfileDownloadTriggerResult&);
    Ok take_installation(Turn&, Operation*, const rsp::ProfileInstallationResult&);
    Ok take_data(Turn&, Bytes der, const rsp::IpaEuiccDataResponse&);
    /// `tied`: the answer named the transaction of the question.
    void take_token(Turn&, const Operation&, std::optional<int64_t> token, bool tied);
    /// Of another eUICC or key, or one that does not verify: refused. True: new.
    Result<bool> take_certificates(Device&, Bytes euicc, Bytes eum, Time) const;
    bool give_up_question(Turn&, Operation*, std::string why);
    /// False: not taken over, so not to be acknowledged.
    Result<bool> take_notification(Turn&, const rsp::PendingNotification&);
    /// The same, or the full form of a compact one, whose octets go to `keep`; none: it cannot be put
    /// together.
    Result<std::optional<rsp::PendingNotification>>
    in_full(Turn&, const rsp::PendingNotification&, OwnedBytes& keep);
    Ok verify_notification(Turn&, const rsp::PendingNotification&) const;

    struct Relay {
        RelaySession session;
        Operation operation;
        Device device;
    };
    Result<std::optional<Relay>> relay_of(Bytes transaction_id);
    /// The SM-DS's answer in a relayed session: its event becomes the operation's target.
    Answer relay_events(Relay, Bytes answer, Time now);
    /// The order of a relayed session has come to its end.
    Ok fail_order(Relay&, std::string why, Time now);
    Ok forget_event(Relay&, Time now);
    /// The attempt has; the next one may fare better.
    Ok postpone_order(Relay&, std::string why, Time now);
    /// hashCc of the operation's confirmation code; none: it has none. SGP.22 §4.7
    Result<std::optional<Sha256>> hash_of_code(const Operation&, Bytes transaction_id) const;
    /// The key that the eUICC shows in this session is kept, on disk if it was not known.
    Ok learn_key(Relay&, Bytes authenticate_server_response, Time now);
    /// A compact object that cannot be put together, or does not verify then, is never relayed: noted, and
    /// the device is asked for what it may have changed.
    Ok refuse_compact(const Device&, const Error&, Bytes object, Time now);

    const Config& config_;
    Store& store_;
    SmdpLink& smdp_;
    Random& random_;
};

} // namespace halyard::eim
