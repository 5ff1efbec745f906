#pragma once
// What an SM-DS keeps: event records, sessions with eUICCs, what its parent must be told. SGP.22 §3.6
#include "base/octets.h"
#include "base/time.h"
#include <string>
#include <vector>

namespace halyard::smds {

/// One event record: at that server something waits for that eUICC. SGP.22 §3.6.1
struct Event {
    uint64_t number = 0; // of the record here; given by the store
    Eid eid{};
    std::string event_id;           // with the EID its key
    std::string rsp_server_address; // SM-DP+, or another SM-DS
    bool forwarding_indicator = false;
    std::string owner;        // OID of who registered it, dotted; nobody else may delete it
    std::string forwarded_id; // the event id that the parent knows it by; empty: not forwarded
    Time registered{};
    bool waits_for_parent = false; // the parent has not acknowledged it yet; filled in by the store
};

/// A function call of ES12 or ES15 that succeeded; the same call again is answered alike. RR-04
struct Call {
    std::string requester, id; // OID, functionCallIdentifier
    Sha256 request{};          // what was asked
    Time at{};
};

/// A message to the parent that it has not acknowledged. Those about one event go in the order of their
/// numbers. SGP.22 §5.10
struct Forward {
    uint64_t number = 0; // given by the store
    int64_t fence = 0;   // of the claim under which it was read; given by the store
    bool remove = false; // deleteEvent instead of registerEvent
    Eid eid{};
    std::string event_id, call_id;
    uint32_t tries = 0;
    Time due{};
};

enum class SessionState : uint8_t { initiated, answered, cancelled };

/// One session with an eUICC. SGP.22 §5.8
struct Session {
    std::array<uint8_t, 16> transaction_id{}, euicc_challenge{}, server_challenge{};
    SessionState state = SessionState::initiated;
    Time created{};
    OwnedBytes ci_key_id;
    Eid eid{};            // from authenticateClient on
    OwnedBytes euicc_key; // SubjectPublicKeyInfo
    Sha256 request{};     // hash of the authenticateClient request answered by `answer`
    OwnedBytes answer;    // repeated for the same request
    uint64_t version = 0; // compare-and-set (RR-07)
};

} // namespace halyard::smds
