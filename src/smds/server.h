#pragma once
// The SM-DS itself, root or alternative: ES11 for eUICCs, ES12 for SM-DP+, ES15 for other SM-DS. No I/O, no
// clock. SGP.22 §3.6, §5.8 to §5.10
#include "rsp/deny_list.h"
#include "rsp/es2p.h"
#include "rsp/mutual_authentication.h"
#include "smds/store.h"

namespace halyard::smds {

/// Who this SM-DS is under one CI.
struct Credentials {
    rsp::TrustAnchor ci;
    crypto::PrivateKey auth;
    OwnedBytes auth_certificate; // CERT.DSauth, DER
};

struct Config {
    std::string address; // "host[:port]", what devices and the parent are told
    OwnedBytes oid_der;  // content octets of the OID in its certificates
    std::vector<Credentials> credentials;
    rsp::Revocation revocation;      // lists for EUM and eUICC certificates
    rsp::LiveLists* lists = nullptr; // in its place, and who is denied; must outlive the server
    bool has_parent = false;         // an alternative SM-DS: events that ask for it go on to the root
    size_t events_per_eid = 100;     // what one answer of ES11 has to hold
    Time session_life{3'600'000};    // until a session is forgotten
    Time call_life{7 * 86'400'000};  // until a function call is (RR-04: at least 24 hours)
};

/// Who calls ES12 or ES15, by the client certificate of its TLS session.
struct Caller {
    std::string oid; // registeredID, dotted; empty: none
    std::optional<rsp::Role> role;
};
/// Errors: those of the certificate's form.
Result<Caller> caller_of(Bytes client_certificate);

class Server {
  public:
    /// `config` and `store` must outlive it.
    Server(const Config& config, Store& store, Random& random)
        : config_(config), store_(store), random_(random) {}

    /// One ES11 message in its ASN.1 form. A function that fails is an answer; errors are for what is no
    /// message at all, and for a store that failed (nothing is lost then: the caller repeats).
    Result<rsp::Es9Answer> handle(rsp::Es9Function, Bytes der, Time now);

    /// ES12 or, with the functions for that, ES15. What was answered is on disk. Errors: storage.
    Result<rsp::ExecutionStatus>
    register_event(rsp::ServerFunction, const Caller&, const rsp::RegisterEventRequest&, Time now);
    Result<rsp::ExecutionStatus>
    delete_event(rsp::ServerFunction, const Caller&, const rsp::DeleteEventRequest&, Time now);
    /// The same by who runs this SM-DS, whoever registered it. Error: not_found "event".
    Ok withdraw(const Eid&, std::string_view event_id, Time now);

  private:
    using Answer = Result<rsp::Es9Answer>;
    Answer once(rsp::Es9Function, Bytes der, Time now);
    Answer initiate(Bytes der, Time now);
    Answer authenticate(Bytes der, Time now);
    Answer cancel_session(Bytes der, Time now);
    Result<std::optional<Session>> live_session(Bytes transaction_id, Time now);
    Result<std::optional<Event>> find(const Eid&, std::string_view event_id);
    Result<rsp::ExecutionStatus>
    register_once(rsp::ServerFunction, const Caller&, const rsp::RegisterEventRequest&, Time now);
    Result<rsp::ExecutionStatus>
    delete_once(rsp::ServerFunction, const Caller&, const rsp::DeleteEventRequest&, Time now);
    Ok remove(const Event&, const Call*, Time now);

    const Config& config_;
    Store& store_;
    Random& random_;
};

/// What the parent is told about an event: of an alternative SM-DS its own address under a fresh event id.
/// SGP.22 §3.6.1, §5.10
rsp::RegisterEventRequest registration(const Forward&, const Config&, const std::string& oid);
rsp::DeleteEventRequest deletion(const Forward&, const std::string& oid);
/// Whether the parent's answer settles a message: done, or done before.
bool settles(const Forward&, const rsp::ExecutionStatus&);
/// When a message that was not taken goes out again: at random in the later half of a wait that doubles with
/// each try, from one second to five minutes.
Result<Time> next_try(uint32_t tries, Time now, Random&);

} // namespace halyard::smds
