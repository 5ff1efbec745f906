#pragma once
// What an eIM keeps: devices (eUICCs), operations, relayed download sessions, notifications to forward.
#include "base/octets.h"
#include "base/time.h"
#include "rsp/edition.h"
#include <optional>
#include <string>
#include <vector>

namespace halyard::eim {

/// A profile as signed evidence shows it.
struct KnownProfile {
    Iccid iccid{};
    bool enabled = false;
    bool fallback = false;
    std::string name, provider;
    bool operator==(const KnownProfile&) const = default;
};

/// A key of an eUICC and its certificates, under one CI. Their chain was verified. SGP.22 §4.5.2
struct Identity {
    OwnedBytes ci;                                 // SubjectKeyIdentifier; empty: not known (older databases)
    OwnedBytes euicc_certificate, eum_certificate; // DER
    OwnedBytes key;                                // SubjectPublicKeyInfo of the eUICC
    Time since{};                                  // when it was first seen
    bool operator==(const Identity&) const = default;
};

/// When the device was last asked for the certificates of a CI; empty `ci`: for whatever it has.
struct Inquiry {
    OwnedBytes ci;
    Time asked{};
    bool operator==(const Inquiry&) const = default;
};

/// One eUICC under this eIM.
struct Device {
    Eid eid{};
    std::string name;                        // free text of the owner
    uint64_t counter = 0;                    // the last one reserved for a package (RR-05)
    std::optional<int64_t> token;            // associationToken in force
    bool token_proven = false;               // the eUICC signed with it, or the owner told it
    int64_t number = -1;                     // highest sequence number of the eUICC seen under a signature
    std::vector<Identity> identities;        // one per CI, in the order in which they became known
    std::vector<Inquiry> inquiries;          // for certificates that did not come yet
    OwnedBytes euicc_info2;                  // BF22…, as the IPA reported it
    uint64_t ipa_features = 0;               // bits of IpaFeatures
    OwnedBytes device_info;                  // DeviceInfo 30…
    std::optional<rsp::Edition> ipa_edition; // by what it sends; absent: nothing has told yet
    bool profiles_known = false;             // `profiles` is proven and nothing changed it since
    std::vector<KnownProfile> profiles;
    Time profiles_as_of{};
    std::string profiles_evidence;       // id of the operation that proved it last
    std::optional<int64_t> state_change; // cause of the last one it reported
    Time state_changed{};
    std::optional<std::array<uint8_t, 3>> rplmn; // that it last named
    Time created{}, last_seen{};
    uint64_t version = 0; // compare-and-set (RR-07)
    /// What the eUICC follows, as `euicc_info2` says; absent: not known. SGP.32 §5.9.2
    std::optional<rsp::Edition> euicc_edition() const;
    const KnownProfile* find(const Iccid& iccid) const {
        for (const KnownProfile& p : profiles)
            if (p.iccid == iccid) return &p;
        return nullptr;
    }
};

enum class Kind : uint8_t {
    package,  // PSMOs or eCOs, signed
    download, // a profile by its activation code
    data,     // what IPA and eUICC say of themselves (unsigned)
};
const char* name(Kind);

/// Final: succeeded, failed, expired, cancelled. `unknown`: it was handed out and may or may not have run; a
/// signed audit resolves it. What the eUICC itself signs later about an operation (a rollback, a result after
/// an audit) is stronger than a final state that rests on less.
enum class State : uint8_t { queued, offered, executing, succeeded, failed, expired, cancelled, unknown };
const char* name(State);
std::optional<State> state_from(std::string_view);
constexpr bool is_final(State s) {
    return s == State::succeeded || s == State::failed || s == State::expired || s == State::cancelled;
}

struct Operation {
    std::string id;        // "op_" and 26 characters
    uint64_t sequence = 0; // order of acceptance; given by the store
    Eid eid{};
    Kind kind = Kind::package;
    State state = State::queued;
    OwnedBytes package;          // EuiccPackage, A0… or A1…
    std::string activation_code; // download; see parse_source()
    std::string event;           // download: the activation code that an SM-DS's event stands for
    OwnedBytes code;             // download: SHA-256 of the confirmation code, sealed; empty: none
    OwnedBytes tag_list;         // data: content of 5C
    OwnedBytes ci;               // data: CI whose certificates are asked for; else: the one `result` is under
    std::string after;           // id of an operation that must succeed before
    std::string resolves;        // id of an unknown operation that this audit decides
    bool automatic = false;      // the eIM's own doing
    bool force = false;          // preconditions are not judged (RR-12)
    bool held = false;           // not offered until a human decides (SR-18)
    bool cancel_requested = false;
    std::string created_by;
    Time created{}, changed{}, expires{0}; // expires 0: never
    OwnedBytes transaction_id;             // eimTransactionId, 16 octets; new for each attempt
    uint64_t counter = 0;                  // of the signed package
    OwnedBytes request;                    // what is handed out, octet for octet
    uint32_t offers = 0, attempts = 0, unsigned_errors = 0;
    OwnedBytes result;            // the verified object that ended it
    std::optional<Iccid> iccid;   // download: what was expected, then installed
    std::optional<int64_t> token; // associationToken that the package was signed with
    int64_t floor = -1; // device's `number` when this was first handed out: what is not newer is a replay
    std::string reason; // why it is where it is
    std::string idempotency_key; // of the API call, with its requester
    Sha256 request_hash{};       // of that call's body
    uint64_t version = 0;
    bool operator==(const Operation&) const = default;
};

/// A download relayed between ESipa and ES9+'.
struct RelaySession {
    OwnedBytes transaction_id; // of the SM-DP+
    std::string operation, address;
    Eid eid{};
    Time created{};
    // What compact forms leave out. SGP.32 §3.2.3.2
    OwnedBytes server_signed1;                // 30…, as the SM-DP+ sent it
    OwnedBytes smdp_oid;                      // content octets
    OwnedBytes ctx_params1;                   // A0…, when it was made here
    OwnedBytes smdp_signed2, smdp_signature2; // once the SM-DP+ has authenticated the eUICC
    OwnedBytes ci;                            // euiccCiPKIdToBeUsed, as the SM-DP+ sent it
    OwnedBytes euicc_key;                     // SubjectPublicKeyInfo that the eUICC uses in it, once known
    std::optional<Iccid> iccid;               // of the metadata
    OwnedBytes hash_cc;                       // sent along with them; empty: none
    bool at_smds = false;                     // it is one with an SM-DS
    bool ppr_refused = false;                 // the eIM refused the profile for its policy rules
};

/// A notification on its way to the SM-DP+ it names.
struct Forward {
    int64_t id = 0;
    Eid eid{};
    std::string address;
    uint64_t number = 0; // sequence number of the eUICC
    Sha256 digest{};     // of what the eUICC signed; with EID and address: the same notification again
    OwnedBytes message;  // HandleNotification BF3D…
    uint32_t attempts = 0;
    Time due{};
};

/// Something received that proves nothing (SR-18).
struct Evidence {
    std::string operation; // empty: belongs to none
    Eid eid{};
    Time received{};
    std::string what;
    OwnedBytes octets;
};

} // namespace halyard::eim
