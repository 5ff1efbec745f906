#pragma once
#include "ipa/bpp_segments.h"
#include "ipa/config.h"
#include "ipa/state.h"

namespace halyard::ipa {

/// `server` is the SM-DP+ or SM-DS in a direct download and the eIM in an indirect one. What `smds` names may
/// be either, since an event leads to both, until its certificate tells. SGP.22 §3.6.2
enum class Peer : uint8_t { card, eim, smdp, smds, server };
const char* name(Peer);

/// What the engine can be busy with: one table of steps each.
enum class Duty : uint8_t {
    none,
    start,
    look,
    poll,
    package,
    data,
    deliver,
    acknowledge,
    report,
    notify,
    download,
    cancel,
    rollback
};

/// The caller's memory, used for everything that is not of fixed size. `in` must hold the largest answer (the
/// bound profile package), `out` the largest message sent, `keep` what is held between steps.
struct Memory {
    Buffer in;
    Buffer out;
    Buffer keep;
};

/// Something that happened, for logs, tests and people; views live during the call only.
struct Event {
    const char* name;
    std::string_view eim{};
    std::string_view text{};
    uint64_t number = 0;
    std::optional<Iccid> iccid{};
    const Error* error = nullptr;
};

/// What the engine tells its host beside its messages.
struct Listener {
    virtual ~Listener() = default;
    virtual void event(const Event&) {}
    /// The eIMs of this eUICC, a GetEimConfigurationDataResponse (BF55): the host takes addresses and TLS
    /// trust from it. SGP.32 §5.9.18. `owed`: the eIM whose package was the last one; it may not be in the
    /// list any more, since it removed itself, and still gets its result. Empty: none.
    virtual void eim_configuration(Bytes, std::string_view owed) { (void)owed; }
};

constexpr size_t kMaxEims = 8;
struct Eim {
    EimId id;
    Address address;
    bool indirect = false;  // relays profile downloads
    bool listed = false;    // in the latest list of the card
    bool ghost = false;     // deleted itself: is owed a result, not polled
    bool told = false;      // of the pending state change
    bool results = false;   // the card keeps results for it
    bool caught_up = false; // it said last that nothing is waiting
    uint32_t failures = 0;  // in a row: cannot be reached
    uint32_t unacknowledged = 0;
    uint32_t bad_packages = 0;
    uint32_t failed_downloads = 0; // in a row
    Due blocked;                   // no message before
    Due deliver;                   // results it did not acknowledge: not again before
    Due poll;
};

/// Caller-owned octets handed out front to back; cleared between procedures.
class Arena {
  public:
    explicit Arena(Buffer buffer) : buffer_(buffer) {}
    void clear() { used_ = 0; }
    Buffer rest() const { return buffer_.subspan(used_); }
    Result<Bytes> copy(Bytes, const char* where);

  private:
    Buffer buffer_;
    size_t used_ = 0;
};

/// Sequence numbers offered to a peer: only these may be removed on its word (INV-9).
struct Offered {
    std::array<uint64_t, 32> numbers{};
    size_t count = 0;
    bool add(uint64_t number);
    bool has(uint64_t number) const;
};

/// An activation code or what stands for it. SGP.22 §4.1
struct ActivationCode {
    std::string_view address;
    std::string_view matching_id;
    std::string_view oid; // dotted
    bool confirmation_code = false;
};

struct DownloadRun {
    bool indirect = false;
    bool session = false;   // the eUICC has one: CancelSession makes sense
    bool cancelled = false; // and it has been ended
    bool installed = false;
    ActivationCode code; // views into `text` or State::download
    Address text;
    std::array<uint8_t, 16> challenge{};
    Bytes info1;
    rsp::InitiateAuthenticationOkEsipa server{};
    Bytes ctx_params1; // made by the eIM: its octets
    ShortId transaction;
    Address server_address; // this and the next ones: what is left out of compact forms
    std::array<uint8_t, 16> server_challenge{};
    Kept<32> smdp_oid;
    Kept<65> offered_otpk;
    std::optional<Iccid> iccid;
    std::optional<rsp::CancelSessionReason> eim_refused; // the eIM's own refusal is why we cancel
    bool compacted = false;                              // the message under way holds a compact form
    bool in_full = false;                                // the eIM refused one in this session
    Bytes metadata;                                      // BF25 as announced
    Bytes prepare;                                       // the PrepareDownload command
    BppSegments segments;
    Bytes cancel_response;
    rsp::CancelSessionReason reason = rsp::CancelSessionReason::undefined_reason;
    Kept<64> error_response;
};

struct DataRun {
    rsp::IpaEuiccDataRequest request{};
    uint32_t wanted = 0; // bits: see data.cc
    rsp::IpaEuiccData data{};
    ShortId eim_transaction_id;
};

struct NotifyRun {
    Bytes notification;
    uint64_t number = 0;
    ShortId transaction; // of a PIR
    Address address;
    std::array<uint32_t, 8> failed{}; // hashes of addresses that wait for the next round
    size_t failed_count = 0;
    bool through_eim = false;
    std::optional<uint64_t> refused; // the eIM does not take this number: it goes directly
    std::optional<uint64_t> in_full; // or not in compact form
    bool compacted = false;          // the one under way
};

/// A TransferEimPackageRequest between its arrival and its answer. SGP.32 §5.14.4
struct TransferRun {
    bool active = false;
    bool ready = false; // `answer` is for the host to take
    asn1::Tag tag = 0;  // of the package in it
    Bytes answer;       // BF4E…
    std::array<uint8_t, 6> short_answer{};
    std::optional<rsp::EimPackageResultErrorCode> error;
    // What the last answer brought along; acknowledgements for it come with a message of their own.
    Offered offered;
    EimId offered_to;
};

/// Everything the steps know. Owned by the engine.
struct Context {
    Context(const Config& c, StateStore& s, Listener& l, Memory m)
        : config(c), store(s), listener(l), memory(m), keep(m.keep) {}

    const Config& config;
    StateStore& store;
    Listener& listener;
    Memory memory;
    Arena keep;
    State state;
    Time now{0};

    Eid eid{};
    rsp::Edition card_edition = rsp::Edition::v1_2; // as its EUICCInfo2 says
    bool info2_refused = false;                     // the start goes on without it
    std::array<Eim, kMaxEims> eims{};
    size_t eim_count = 0;
    size_t eim = 0; // the one being served
    Address smdp{}; // where Peer::smdp or Peer::smds is
    Peer server = Peer::smdp;

    bool started = false;
    bool looked = false; // at the profiles and the device, since somebody may have changed them
    bool reset_card = false;
    bool notifications_pending = false; // on the card
    Due card_blocked;
    uint32_t card_failures = 0;
    Due notify;
    uint32_t notify_failures = 0;
    Due rollback;
    Duty follow = Duty::none; // runs next, with memory as it is

    Bytes result; // EPR being delivered
    uint64_t result_number = 0;
    Bytes notifications; // bundled with it
    Offered offered;
    Bytes acknowledgements; // content of BF53, still to be removed
    bool answered = false;  // the eIM took what it was offered
    bool acknowledged = false;
    bool had_no_eim = false;
    DownloadRun download;
    DataRun data;
    NotifyRun notification;
    TransferRun transfer;
    std::array<uint8_t, kMaxStateBlob> blob{};

    Eim& serving() { return eims[eim]; }
    bool serve(Bytes eim_id); // false: not one of ours
    bool results_pending() const;
    Ok save();
    void note(const char* event, uint64_t number = 0, std::string_view text = {});
    void note_error(const char* event, const char* step, const Error&);
    Time backoff(uint32_t failures) const;
    /// The eIM being served answered something readable: connectivity is proven, a pending rollback is off.
    void eim_heard();
    /// It could not be reached, or answered nothing readable.
    void eim_failed(const char* step, const Error&);
    Ok post(const OutboxItem&);
    /// Every eIM is to be told, at once. SGP.32 §3.1.1.1
    Ok state_changed(rsp::StateChangeCause);
    /// Queue an EimPackageResultResponseError (SGP.32 §6.3.2.7) for the eIM being served.
    Ok post_package_error(rsp::EimPackageResultErrorCode, Bytes eim_transaction_id);
};

inline bool is(const Kept<128>& kept, Bytes other) { return same(kept.bytes(), other); }

} // namespace halyard::ipa
