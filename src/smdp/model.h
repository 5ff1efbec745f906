#pragma once
// What an SM-DP+ keeps: orders with their profile packages, download sessions, notifications. SGP.22 §3.1
#include "base/octets.h"
#include "base/time.h"
#include <optional>
#include <string>
#include <vector>

namespace halyard::smdp {

/// SGP.22 §3.1.6, without the states of ES2+ ordering.
enum class OrderState : uint8_t { released, downloaded, installed, error, unavailable };
const char* name(OrderState);

/// One profile waiting for one download.
struct Order {
    std::string matching_id; // at least 128 random bits (SR-20), upper-case letters and digits
    Iccid iccid{};
    std::optional<Eid> eid; // who may have it; set by the first download otherwise
    OrderState state = OrderState::released;
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
    std::string matching_id; // from authenticateClient on
    Eid eid{};
    OwnedBytes euicc_key;       // SubjectPublicKeyInfo
    OwnedBytes smdp_signature2; // 64 octets
    OwnedBytes secure_channel;  // BF23 as delivered; the rest of the package is in the order's binding
    Sha256 request{};           // hash of the authenticateClient request answered by `answer`
    OwnedBytes answer;          // repeated for the same request
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

} // namespace halyard::smdp
