#pragma once
// All that a card remembers without power but the profiles' files, as one described structure. docs/euicc.md
#include "crypto/certificate.h"
#include "profile/image.h"
#include "rsp/edition.h"
#include "rsp/es10b_iot.h"
#include <map>

namespace halyard::euicc {

/// Keys and certificates of one CI under which the card can prove itself.
struct KeySet {
    OwnedBytes ci_key_id;
    crypto::PublicKey ci_key;
    crypto::PrivateKey key;                        // SK.EUICC.ECDSA
    OwnedBytes euicc_certificate, eum_certificate; // DER
};

/// What the manufacturer put in; never changes.
struct Identity {
    Eid eid{};
    rsp::Edition edition = rsp::Edition::v1_2; // of SGP.32, that the card was built to
    std::vector<KeySet> keys;                  // in order of preference
    uint32_t memory = 1024 * 1024;             // octets for profiles
    bool fallback_supported = true, emergency_supported = true;
    uint32_t max_eims = 8;
    uint32_t max_package = 16 * 1024; // octets of an eUICC package that are accepted
    uint32_t max_result = 16 * 1024;  // octets of listing results in one package result
    uint64_t max_counter = 8388607;   // SGP.32 §2.11.1.1
    std::string root_smds = "lpa.ds.gsma.com";
    OwnedBytes
        rat; // GetRatResponse, BF43: which policy rules which operators' profiles may have; empty: none
    bool is_v1_0() const { return edition == rsp::Edition::v1_0; }
    bool has_fallback() const { return fallback_supported && !is_v1_0(); }
    bool has_emergency() const { return emergency_supported && !is_v1_0(); }
    const KeySet* find(Bytes ci_key_id) const {
        for (const KeySet& k : keys)
            if (same(k.ci_key_id, ci_key_id)) return &k;
        return nullptr;
    }
};

using asn1::field, asn1::sequence;

/// An associated eIM. Counter and token are kept apart from what GetEimConfigurationData may show.
struct Eim {
    std::string id;
    uint64_t counter = 0;
    std::optional<int64_t> token;
    OwnedBytes configuration; // EimConfigurationData without counterValue and associationToken
    template <int = 0> static constexpr auto asn1() {
        using T = Eim;
        return sequence("Eim",
                        0x30,
                        field<&T::id>("id", 0x80),
                        field<&T::counter>("counter", 0x81),
                        field<&T::token>("token", 0x82),
                        field<&T::configuration>("configuration", 0x83));
    }
};

struct StoredProfile {
    Iccid iccid{};
    uint16_t number = 0; // of the ISD-P AID
    bool enabled = false;
    OwnedBytes metadata; // StoreMetadataRequest, BF25
    OwnedBytes dp_oid;   // from ConfigureISDP, content octets; empty: none
    std::string nickname;
    bool fallback = false;
    uint64_t memory = 0;
    std::optional<OwnedBytes> image; // of format 1 only, where it lay in the state
    OwnedBytes ci_key_id;            // which keys sign its notifications
    bool preloaded = false;          // put in at manufacture, not downloaded
    template <int = 0> static constexpr auto asn1() {
        using T = StoredProfile;
        return sequence("Profile",
                        0x30,
                        field<&T::iccid>("iccid", 0x80),
                        field<&T::number>("number", 0x81),
                        field<&T::enabled>("enabled", 0x82),
                        field<&T::metadata>("metadata", 0x83),
                        field<&T::dp_oid>("dpOid", 0x84),
                        field<&T::nickname>("nickname", 0x85),
                        field<&T::fallback>("fallback", 0x86),
                        field<&T::memory>("memory", 0x87),
                        field<&T::image>("image", 0x88),
                        field<&T::ci_key_id>("ciPKId", 0x89),
                        asn1::field_default<&T::preloaded, false>("preloaded", 0x8A));
    }
};

/// A notification not yet delivered, exactly as it was signed.
struct StoredNotification {
    uint64_t seq = 0;
    uint64_t operation = 0; // NotificationEvent bits
    std::string address;
    std::optional<Iccid> iccid;
    OwnedBytes der; // BF37… or 30…
    template <int = 0> static constexpr auto asn1() {
        using T = StoredNotification;
        return sequence("Notification",
                        0x30,
                        field<&T::seq>("seq", 0x80),
                        field<&T::operation>("operation", 0x81),
                        field<&T::address>("address", 0x82),
                        field<&T::iccid>("iccid", 0x83),
                        field<&T::der>("der", 0x84));
    }
};

/// An eUICC package result not yet acknowledged, exactly as it was signed.
struct StoredResult {
    uint64_t seq = 0;
    OwnedBytes der; // BF51…
    template <int = 0> static constexpr auto asn1() {
        using T = StoredResult;
        return sequence("Result", 0x30, field<&T::seq>("seq", 0x80), field<&T::der>("der", 0x81));
    }
};

/// The right to undo one enable. SGP.32 §3.3.2
struct Rollback {
    Iccid back_to{};
    std::string eim_id;
    uint64_t counter = 0;
    OwnedBytes transaction_id;               // empty: none
    uint64_t granted_seq = 0;                // the result of the package that granted it
    uint64_t last_seq = 0;                   // the last notification of the switch it ordered
    std::optional<OwnedBytes> eim_signature; // of that package; a v1.0 card signs the undoing with it
    template <int = 0> static constexpr auto asn1() {
        using T = Rollback;
        return sequence("Rollback",
                        0x30,
                        field<&T::back_to>("backTo", 0x80),
                        field<&T::eim_id>("eimId", 0x81),
                        field<&T::counter>("counter", 0x82),
                        field<&T::transaction_id>("transactionId", 0x83),
                        field<&T::granted_seq>("grantedSeq", 0x84),
                        field<&T::last_seq>("lastSeq", 0x85),
                        field<&T::eim_signature>("eimSignature", 0x86));
    }
};

struct ImmediateEnableConfiguration {
    bool flag = false;
    OwnedBytes smdp_oid;
    std::string smdp_address;
    /// Off forgets OID and address; on keeps what is not given anew. SGP.32 §3.4.4
    void set(bool on, const std::optional<asn1::Oid>& oid, const std::optional<std::string_view>& address) {
        if (!on) *this = {};
        flag = on;
        if (on && oid) smdp_oid = owned(oid->der);
        if (on && address) smdp_address = std::string(*address);
    }
    template <int = 0> static constexpr auto asn1() {
        using T = ImmediateEnableConfiguration;
        return sequence("ImmediateEnable",
                        0x30,
                        field<&T::flag>("flag", 0x80),
                        field<&T::smdp_oid>("smdpOid", 0x81),
                        field<&T::smdp_address>("smdpAddress", 0x82));
    }
};

/// A download whose metadata are known and that has no result yet: a card that wakes up with it was
/// interrupted. SGP.22 §5.7.6
struct Installing {
    OwnedBytes transaction_id, smdp_oid; // content octets
    std::string address;
    std::optional<Iccid> iccid;
    OwnedBytes ci_key_id;
    template <int = 0> static constexpr auto asn1() {
        using T = Installing;
        return sequence("Installing",
                        0x30,
                        field<&T::transaction_id>("transactionId", 0x80),
                        field<&T::smdp_oid>("smdpOid", 0x81),
                        field<&T::address>("address", 0x82),
                        field<&T::iccid>("iccid", 0x83),
                        field<&T::ci_key_id>("ciPKId", 0x84));
    }
};

/// A revocation list of a CI, whole or one part of it, as LoadCRL brought it. SGP.22 §5.7.12
struct StoredCrl {
    OwnedBytes ci_key_id;
    OwnedBytes number; // cRLNumber, content octets
    uint32_t part = 0; // of a partial list; 0: a whole one
    OwnedBytes der;    // 30…
    template <int = 0> static constexpr auto asn1() {
        using T = StoredCrl;
        return sequence("Crl",
                        0x30,
                        field<&T::ci_key_id>("ciPKId", 0x80),
                        field<&T::number>("number", 0x81),
                        field<&T::part>("part", 0x82),
                        field<&T::der>("der", 0x83));
    }
};

struct State {
    static constexpr uint64_t kFormat = 2; // 1: images were in the state
    uint64_t format = kFormat;
    uint64_t next_seq = 0;        // shared by notifications and results; never goes back
    int64_t next_token = 1;       // association tokens; never goes back
    uint16_t next_profile = 0x10; // ISD-P numbers
    std::vector<Eim> eims;
    std::vector<StoredProfile> profiles;
    std::vector<StoredNotification> notifications;
    std::vector<StoredResult> results;
    std::optional<Rollback> rollback;
    std::optional<Iccid> return_from_fallback;
    std::optional<Iccid> return_from_emergency;
    bool emergency_active = false;
    ImmediateEnableConfiguration immediate_enable;
    std::string default_smdp;
    std::optional<Installing> installing;
    std::optional<std::vector<StoredCrl>> crls; // since the first was loaded

    template <int = 0> static constexpr auto asn1() {
        using T = State;
        return sequence("CardState",
                        0x30,
                        field<&T::format>("format", 0x80),
                        field<&T::next_seq>("nextSeq", 0x81),
                        field<&T::next_token>("nextToken", 0x82),
                        field<&T::next_profile>("nextProfile", 0x83),
                        field<&T::eims>("eims", 0xA4),
                        field<&T::profiles>("profiles", 0xA5),
                        field<&T::notifications>("notifications", 0xA6),
                        field<&T::results>("results", 0xA7),
                        field<&T::rollback>("rollback", 0xA8),
                        field<&T::return_from_fallback>("returnFromFallback", 0x89),
                        field<&T::return_from_emergency>("returnFromEmergency", 0x8A),
                        field<&T::emergency_active>("emergencyActive", 0x8B),
                        field<&T::immediate_enable>("immediateEnable", 0xAC),
                        field<&T::default_smdp>("defaultSmdp", 0x8D),
                        field<&T::installing>("installing", 0xAE),
                        field<&T::crls>("crls", 0xAF));
    }

    StoredProfile* find(const Iccid&);
    const StoredProfile* find(const Iccid&) const;
    StoredProfile* enabled();
    const StoredProfile* enabled() const;
    Eim* find_eim(std::string_view id);
    uint64_t used_memory() const;
};

/// What only ever grows in a card that behaves.
struct Counters {
    uint64_t next_seq = 0;
    std::map<std::string, uint64_t> eims; // by eimId
};

Result<OwnedBytes> encode_state(const State&);
/// Takes format 1 too: the caller has to store its images. Errors: unsupported "format" for a state of a
/// later version, and the decoder's.
Result<State> decode_state(Bytes);
/// A0000005591010FFFFFFFF8900 nnnn 00
std::array<uint8_t, 16> isdp_aid(uint16_t number);

} // namespace halyard::euicc
