#pragma once
// What an SM-DP+ keeps: orders with their profile packages, download sessions, notifications. SGP.22 §3.1
#include "base/octets.h"
#include "base/time.h"
#include "rsp/status_code.h"
#include <optional>
#include <string>
#include <vector>

namespace halyard::smdp {

/// SGP.22 §3.1.6. The numbers are those on disk.
enum class OrderState : uint8_t {
    released,
    downloaded,
    installed,
    error,
    unavailable,
    available,
    allocated,
    linked,
    confirmed,
};
inline constexpr size_t kOrderStates = 9;
const char* name(OrderState);

/// Whether an SM-DS holds an event for the order: no, ordered from it, confirmed by it, refused by it.
enum class EventState : uint8_t { none, wanted, registered, refused };

inline constexpr const char* kDefaultOperator = "default";

/// One profile, from the day it is in stock; its key is the ICCID.
struct Order {
    std::string matching_id; // empty: none yet, or found by EID alone. Unique (SR-20)
    Iccid iccid{};
    std::optional<Eid> eid; // who may have it; set by the first download otherwise
    OrderState state = OrderState::released;
    std::string operator_id = kDefaultOperator; // whose it is
    std::string type;                           // ES2+ profileType; the pool it is taken from
    bool eid_ordered = false;                   // the operator named the EID, no download did
    bool default_dp = false;                    // found by EID, with no matching id
    OwnedBytes code;                            // SHA-256 of the confirmation code, sealed; empty: none
    uint32_t code_tries = 0;                    // wrong ones (SR-21)
    std::string smds, event_id;                 // SM-DS that shall hold an event; empty: none
    EventState event = EventState::none;
    std::string name;      // of the profile, for people
    uint32_t attempts = 0; // authenticated attempts
    Time created{}, changed{};
    Time expires{0};        // 0: never
    std::string reason;     // why it is in error
    std::string last_event; // of the profile's life: installed, enabled, disabled, deleted
    OwnedBytes metadata;    // StoreMetadataRequest, BF25…
    uint64_t version = 0;   // compare-and-set (RR-07)
};

/// May still be downloaded.
inline bool is_open(const Order& o) {
    return o.state == OrderState::released || o.state == OrderState::downloaded;
}

/// What was bound for an eUICC's one-time key: the same octets are sent again for the same key. SGP.22 §3.1.3
struct Binding {
    OwnedBytes euicc_otpk; // 65 octets
    OwnedBytes smdp_otpk;  // 65 octets; its private half is gone
    OwnedBytes tail;       // A0 … A3 of the bound profile package
};

enum class SessionState : uint8_t { initiated, authenticated, delivered, finished, cancelled };

/// One RSP session. SGP.22 §3.1.2, §3.1.3
struct Session {
    std::array<uint8_t, 16> transaction_id{}, euicc_challenge{}, server_challenge{};
    SessionState state = SessionState::initiated;
    Time created{};
    OwnedBytes ci_key_id;
    std::optional<Iccid> iccid; // of the order, from authenticateClient on
    std::string matching_id;    // the order's then
    Eid eid{};
    OwnedBytes euicc_key;       // SubjectPublicKeyInfo
    OwnedBytes smdp_signature2; // 64 octets
    OwnedBytes secure_channel;  // BF23 as delivered; the rest of the package is in the order's binding
    Sha256 request{};           // hash of the authenticateClient request answered by `answer`
    OwnedBytes answer;          // repeated for the same request
    Sha256 wrong_code{};        // hash of the getBoundProfilePackage whose code was counted as wrong
    uint64_t version = 0;
};

/// A notification that verified.
struct Notification {
    Eid eid{};
    uint64_t sequence = 0;
    std::string event; // install, enable, disable, delete
    std::optional<Iccid> iccid;
    bool success = true;
    Time received{};
    OwnedBytes der; // evidence, as received
};

/// What somebody must be told: stored with the change it tells of, kept until it is acknowledged (RR-01).
struct Outgoing {
    enum class Kind : uint8_t { progress, register_event, delete_event };
    int64_t id = 0;    // given by the store
    int64_t fence = 0; // of the claim under which it was read; given by the store
    Kind kind = Kind::progress;
    std::string target;  // operator, or address of the SM-DS
    std::string call_id; // functionCallIdentifier, the same at every attempt
    Iccid iccid{};
    std::optional<Eid> eid;
    std::string type, event_id;
    uint32_t point = 0; // notificationPointId
    std::optional<rsp::StatusCode> failed;
    Time created{}, next{}; // next attempt
    uint32_t tries = 0;
    OwnedBytes result; // ProfileInstallationResult; empty: none
};

/// What an ES2+ function is answered with; members that its answer lacks are empty. SGP.22 §5.3
struct Es2Answer {
    std::optional<rsp::StatusCode> failed;
    std::optional<Iccid> iccid;
    std::optional<Eid> eid;
    std::string matching_id;
};
/// An ES2+ call that was answered, by operator and functionCallIdentifier.
struct Call {
    std::string operator_id, call_id;
    Sha256 request{}; // keyed hash: the request may hold a confirmation code
    Es2Answer answer;
    Time created{};
};

} // namespace halyard::smdp
