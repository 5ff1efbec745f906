#pragma once
#include "base/octets.h"
#include "base/time.h"
#include "rsp/edition.h"
#include <optional>

namespace halyard::ipa {

constexpr size_t kMaxOutbox = 4;
constexpr size_t kMaxDialects = 8;
constexpr size_t kMaxStateBlob = 5120;
using EimId = Kept<128>;
using Address = Kept<255>;
using ShortId = Kept<16>; // TransactionId

/// A package of an eIM that is being, or has been, given to the card; its result is read back from the card.
struct PackageDuty {
    bool active = false;
    EimId eim_id;
    Address address; // an eIM that deletes itself still gets its result
    bool rollback = false;
    bool ecos = false;
    uint64_t counter = 0; // counterValue
};

/// A profile was enabled with rollbackFlag and the eIM has not been heard since. SGP.32 §3.3.2
struct RollbackDuty {
    enum class Phase : uint8_t { none, armed, executing };
    Phase phase = Phase::none;
    EimId eim_id;
    uint32_t attempts = 0;
    int64_t elapsed_ms = 0; // counted, not a date: clocks jump and power goes
};

/// A profile download that an eIM asked for and that has no result yet. SGP.32 §3.2.3
struct DownloadDuty {
    enum class Phase : uint8_t { none, triggered, loading };
    /// event: an activation code made of what an SM-DS told; its server may be a further SM-DS.
    enum class Source : uint8_t { activation_code, default_smdp, smds, eim, event };
    Phase phase = Phase::none;
    Source source = Source::activation_code;
    EimId eim_id;
    ShortId eim_transaction_id;
    ShortId transaction_id; // of the RSP session, once loading
    Address text;           // activation code or SM-DS address
    uint32_t restarts = 0;
};

/// A result that an eIM has not answered yet and that the card does not keep.
struct OutboxItem {
    EimId eim_id;
    ShortId eim_transaction_id;
    ShortId pir_transaction_id; // set: BF54 with the installation result of that session, read from the card
    bool pir_delivered = false; // the SM-DP+ has it already; remove it once the eIM has it too
    Kept<384> result;           // else: the complete EimPackageResult alternative
};

struct StateChange {
    bool active = false;
    uint8_t cause = 127;
    EimId except; // the eIM that caused it has its own result
};

/// What an eIM has been told of this eUICC, as hashes: it can put that back into compact forms. SGP.32
/// §3.2.3.2
struct Told {
    uint64_t eim = 0;       // of its eimId; 0: a free place
    bool announced = false; // that we may send compact forms
    uint64_t info2 = 0;     // 0: not told
    uint64_t certificates = 0;
};

/// The profiles as they were left, so that a change by somebody else is noticed. Hashes of ICCIDs.
struct Seen {
    enum class Role : uint8_t { other, fallback, emergency };
    bool valid = false; // else whatever is there next is what is expected
    uint64_t count = 0;
    uint64_t profiles = 0;
    uint64_t enabled = 0;
    Role role = Role::other; // of the enabled one
    bool operator==(const Seen&) const = default;
};

/// An eIM that speaks another edition of SGP.32 than the device would by itself.
struct PeerDialect {
    EimId eim_id;
    rsp::Edition edition = rsp::Edition::v1_2;
};

/// Everything that must survive a power cut and cannot be read back from the card (RR-10).
struct State {
    bool initial_eim_done = false;
    PackageDuty package;
    RollbackDuty rollback;
    DownloadDuty download;
    StateChange change;
    std::array<OutboxItem, kMaxOutbox> outbox{};
    size_t outbox_count = 0;
    std::array<PeerDialect, kMaxDialects> dialects{};
    size_t dialect_count = 0;
    std::array<Told, 8> told{};
    Seen seen;
    uint64_t device = 0; // hash of TAC and IMEI; 0: not known yet

    const PeerDialect* dialect_of(Bytes eim_id) const;
    /// An edition that is the device's `own` needs no entry; the oldest entry gives way when all are taken.
    void set_dialect(const EimId&, rsp::Edition, rsp::Edition own);
};

/// The blob: DER, first component its version. no_space when the buffer is too small.
Result<Bytes> encode_state(const State&, Buffer);
/// unsupported "state version" for a later version; decoding errors for damage.
Result<State> decode_state(Bytes);

/// Where the blob lives. The caller's adapter must make save() durable before it returns.
struct StateStore {
    virtual ~StateStore() = default;
    /// Empty when nothing was ever saved. The octets need only live until the next call.
    virtual Result<Bytes> load() = 0;
    virtual Ok save(Bytes blob) = 0;
};

} // namespace halyard::ipa
