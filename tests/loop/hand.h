#pragma once
// The other sides of a card, played by hand: an eIM and an SM-DP+ whose messages are put together octet by
// octet from the tag tables of SGP.32 and SGP.22, so that anything in them can be wrong.
#include "rsp/bsp.h"
#include "tests/loop/world.h"

namespace halyard::loop {

/// Tag, DER length and the parts one behind the other.
OwnedBytes tlv(uint32_t tag, std::initializer_list<Bytes> parts = {});
OwnedBytes integer(uint32_t tag, int64_t value);
OwnedBytes joined(std::initializer_list<Bytes> parts);
/// The content of the `n`-th TLV inside `der`, which is one TLV; empty when there is none.
OwnedBytes part(Bytes der, size_t n);
/// The n-th TLV itself.
OwnedBytes whole_part(Bytes der, size_t n);

/// An eIM with a key of its own. SGP.32 §2.11.1
struct HandEim {
    std::string id = "e";
    crypto::PrivateKey key;
    std::optional<int64_t> token;
    uint64_t counter = 5;
    Eid eid{};

    /// EimConfigurationData: `more` stands behind the counter (84…) and `last` behind the public key.
    OwnedBytes configuration(Bytes more = {}, Bytes last = {}) const;
    /// `euiccPackageSigned` around `list` (A0… or A1…), with the next counter.
    OwnedBytes to_sign(Bytes list, std::optional<uint64_t> counter_value = {});
    /// BF51 around a signed part.
    OwnedBytes sign(Bytes tbs) const;
    OwnedBytes package(Bytes list) { return sign(to_sign(list)); }
};

OwnedBytes psmo(std::initializer_list<Bytes> operations);
OwnedBytes eco(std::initializer_list<Bytes> operations);
OwnedBytes enable(const Iccid&, bool rollback = false);
OwnedBytes disable(const Iccid&);
OwnedBytes remove(const Iccid&);
inline const OwnedBytes kListProfiles{0xBF, 0x2D, 0x00};

/// What a package came to. `tag`: A0 signed result, A1 signed error, A2 unsigned error, 0 no package result.
struct PackageAnswer {
    unsigned tag = 0;
    OwnedBytes der;                  // of the whole BF51
    OwnedBytes signed_part;          // 30… of A0 and A1
    OwnedBytes signature;            // r ‖ s
    std::string results;             // A0: content of euiccResult in hex
    unsigned code = 0;               // A1
    std::optional<int64_t> sequence; // A0
};
PackageAnswer read_answer(Bytes der);

/// A card with a bootstrap profile enabled, and one eIM that it knows.
struct Bench {
    explicit Bench(crypto::Curve curve = crypto::Curve::p256, Bytes configuration_more = {});
    /// Sends a package; a signed answer must verify with the card's certificate and the eIM's token.
    PackageAnswer send(Bytes package);
    PackageAnswer order(std::initializer_list<Bytes> operations) {
        return send(eim.package(psmo(operations)));
    }
    PackageAnswer configure(std::initializer_list<Bytes> operations) {
        return send(eim.package(eco(operations)));
    }
    /// Puts in a profile; `more` is appended to the metadata in its place (tags 95 and up).
    Iccid add_profile(unsigned n, Bytes more = {}, bool enabled = false);
    Iccid bootstrap() const { return iccid(iccid_text(900'001)); }
    const euicc::State& state() const { return card.card->isdr().state(); }
    /// The whole state as octets; equal before and after when a command changed nothing.
    OwnedBytes state_octets() const;
    crypto::PublicKey card_key() const;
    std::string enabled_iccid() const;
    OwnedBytes es10(Bytes command) { return link ? link(command) : card.es10(command); }

    /// The way to another card, instead of this bench's own.
    std::function<OwnedBytes(Bytes)> link;
    World world;
    Device& card;
    HandEim eim;
};

/// The events waiting for delivery, in their order: "enable 8910…".
std::vector<std::string> events(const Bench&);
/// Parts of metadata: a notification for enable, disable and delete; rules, permissions and marks.
inline const OwnedBytes kNotify{0xB6, 0x09, 0x30, 0x07, 0x80, 0x02, 0x04, 0x70, 0x81, 0x01, 0x6E};
inline const OwnedBytes kPpr1{0x99, 0x02, 0x06, 0x40}, kPpr2{0x99, 0x02, 0x05, 0x20};
inline const OwnedBytes kFallbackAllowed{0x9F, 0x67, 0x01, 0xFF}, kEmergency{0x9F, 0x7B, 0x01, 0xFF};
OwnedBytes set_fallback(const Iccid&);
inline const OwnedBytes kGetRat{0xA6, 0x00};

/// StoreMetadataRequest; `more` as above.
OwnedBytes metadata_of(const Iccid&, Bytes more = {});

/// A download session from the SM-DP+'s side. Every member may be changed before the step that uses it.
struct HandServer {
    HandServer(Bench& b);
    /// GetEUICCChallenge and AuthenticateServer; the answer.
    OwnedBytes authenticate();
    OwnedBytes prepare();
    /// Both, which must succeed.
    void open();
    /// The units of a bound package, as an LPA hands them over. SGP.22 §2.5.5
    std::vector<OwnedBytes> bind(Bytes package, Bytes metadata);
    OwnedBytes initialise_secure_channel(Bytes card_otpk);
    /// Hands over the units up to the first that is answered by more than nothing; that answer.
    OwnedBytes load(const std::vector<OwnedBytes>& units);

    Bench& bench;
    const pki::Credential *auth, *pb;
    OwnedBytes transaction_id, ci_key_id;
    std::string address = kSmdpAddress;
    std::optional<OwnedBytes> challenge;    // in place of the card's
    std::optional<OwnedBytes> offered_otpk; // bppEuiccOtpk
    bool damage_signature1 = false, damage_signature2 = false, damage_smdp_sign = false;
    OwnedBytes transaction_id2;                  // of smdpSigned2 and BF23; as transaction_id when empty
    uint8_t remote_operation = 1;                //
    OwnedBytes control_reference;                // content of A6
    OwnedBytes configure_isdp{0xBF, 0x24, 0x00}; // plaintext
    bool replace_keys = false;
    size_t segment_size = rsp::kMaxSegmentPlain;
    OwnedBytes euicc_signature1, card_otpk; // learnt
    OwnedBytes authenticate_command;        // as sent
    crypto::PrivateKey one_time;
};

/// What an installation came to.
struct Installation {
    bool present = false, success = false;
    int command = -1, reason = -1;
    std::optional<Iccid> iccid;
    OwnedBytes transaction_id, sima_response;
    uint64_t sequence = 0;
};
/// Reads a ProfileInstallationResult, whose signature must be the card's.
Installation read_installation(const Bench&, Bytes der);
/// The code of an AuthenticateServer or PrepareDownload error; -1 when the answer is none.
int session_error(Bytes answer);

/// A sample operational package for the n-th ICCID.
OwnedBytes sample(unsigned n, const char* imsi = "001010000000042");
/// What must be the same before and after a download that failed.
struct Memory {
    Bench& bench;
    uint64_t free = bench.card.card->isdr().free_memory();
    size_t profiles = bench.state().profiles.size();
    std::string enabled = bench.enabled_iccid();
    bool as_before() const;
};
/// A session that reuses the one-time keys of both sides, as an SM-DP+ does for a repeated attempt.
HandServer repeat(const HandServer& earlier);
/// A whole download of sample(n), which nothing disturbs.
Installation install(Bench&, unsigned n, Bytes metadata_more = {});
/// An APDU and its answer, in hex.
std::string apdu(Bench&, const char* command);
/// B6 { 30 { 80 install, 81 "n" } }: asks for a notification of the installation.
inline const OwnedBytes kNotifyInstall{0xB6, 0x09, 0x30, 0x07, 0x80, 0x02, 0x07, 0x80, 0x81, 0x01, 0x6E};

} // namespace halyard::loop
