#pragma once
// The SM-DP+ itself: ES9+ functions over stored orders and sessions. No I/O, no clock. SGP.22 §3.1, §5.6
#include "rsp/chain.h"
#include "rsp/deny_list.h"
#include "rsp/es9p.h"
#include "rsp/status_code.h"
#include "smdp/bind.h"
#include "smdp/outbox.h"
#include "smdp/store.h"
#include "smdp/vault.h"

namespace halyard::smdp {

/// Who this SM-DP+ is under one CI.
struct Credentials {
    rsp::TrustAnchor ci;
    crypto::PrivateKey auth, pb;
    OwnedBytes auth_certificate, pb_certificate; // DER
};

struct Config {
    std::string address; // smdpAddress, "host[:port]", compared without regard to case
    std::string oid;     // dotted; both certificates carry it
    OwnedBytes oid_der;  // its content octets
    std::vector<Credentials> credentials;
    rsp::Revocation revocation;         // lists for EUM and eUICC certificates
    rsp::LiveLists* lists = nullptr;    // in its place, and who is denied; must outlive the server
    Secret<32> storage_key;             // wraps the keys that seal what is at rest (SR-42)
    KeyKeeper* keeper = nullptr;        // opens those keys instead; must outlive the server
    bool own_keys = false;              // PPK with ReplaceSessionKeys instead of session keys
    bool rebind = true;                 // a retry with another otPK.EUICC is bound anew, else 8.2/3.7
    uint32_t attempts = 20;             // per order (SGP.22 §3.1.3); then it is in error
    uint32_t code_tries = 3;            // wrong confirmation codes per order (SR-21); then it is in error
    Time session_life{3'600'000};       // until a session without a delivered package is forgotten
    std::vector<std::string> callbacks; // operators that are told how downloads go
    std::vector<std::string> followers; // those of them that also hear what became of profiles (SGP.22 v3)
    std::vector<std::string> smds;      // SM-DS that events may be registered at
};

/// The hash of a confirmation code at rest: guessing eight digits takes no time, so it is sealed (SR-42).
Result<OwnedBytes> seal_code(Vault&, const Order&, std::string_view code);
/// What Order::code holds, and back.
Sealed sealed_code(const Order&);
OwnedBytes stored_code(const Sealed&);
/// SHA-256(code).
Result<SecretBytes> open_code(Vault&, const Order&);

/// Whether an order may be placed as asked.
struct NewOrder {
    OwnedBytes package;  // personalised, unprotected
    OwnedBytes metadata; // StoreMetadataRequest
    std::string name;
    std::optional<Eid> eid;
    std::string matching_id; // empty: 128 random bits
    Time expires{0};
    std::string operator_id = kDefaultOperator;
    std::string type;   // ES2+ profileType
    bool stock = false; // not ordered yet: available, without matching id and EID
};

class Server {
  public:
    /// `config` and `store` must outlive it.
    Server(const Config& config, Store& store, Random& random)
        : config_(config), store_(store), random_(random),
          vault_(config.storage_key, store, random, config.keeper) {}

    /// Errors: conflict "iccid" or "matchingId" when there is one with it; bad_value naming the field.
    Result<Order> place(const NewOrder&, Time now);
    /// An order nobody downloaded yet becomes unavailable. Errors: not_found, conflict "state".
    Result<Order> cancel(std::string_view matching_id, Time now);

    /// One ES9+ message in its ASN.1 form. A function that fails is an answer; errors are for what is no
    /// message at all, and for a store that failed (nothing is lost then: the caller repeats).
    Result<rsp::Es9Answer> handle(rsp::Es9Function, Bytes der, Time now);

  private:
    using Answer = Result<rsp::Es9Answer>;
    Answer initiate(Bytes der, Time now);
    Answer authenticate(Bytes der, Time now);
    Answer package(Bytes der, Time now);
    Answer cancel_session(Bytes der, Time now);
    Answer notification(Bytes der, Time now);
    Answer once(rsp::Es9Function, Bytes der, Time now);

    Ok installation_result(Bytes der, const rsp::ProfileInstallationResult&, Time now);
    Ok other_notification(Bytes der, const rsp::OtherSignedNotification&, Time now);
    const Credentials* credentials(Bytes ci_key_id) const;
    Result<std::optional<Session>> live_session(Bytes transaction_id, Time now);
    Result<std::optional<Order>> order_of(const Session&);
    Ok tell(Change&, const Order&, Point, std::optional<rsp::StatusCode> failed, Time now, Bytes result = {});
    /// The last step of authenticateClient: the order is offered to the session's eUICC.
    Answer offer(const Credentials&, Order&, Session&, Bytes euicc_signature1, Time now);
    /// The last step of getBoundProfilePackage: binds, or finds what was bound for the same one-time key.
    Answer deliver(const Credentials&, Order&, Session&, const crypto::PublicKey& otpk, Time now);
    Answer
    judge_code(const Order&, const Session&, const rsp::EuiccSigned2&, const Sha256& request, Time now);

    const Config& config_;
    Store& store_;
    Random& random_;
    Vault vault_;
};

} // namespace halyard::smdp
