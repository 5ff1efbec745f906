#pragma once
#include "ipa/apdu.h"
#include "ipa/procedure.h"

namespace halyard::ipa {

/// What the host has to do next.
struct Action {
    enum class Kind : uint8_t {
        send,       // carry `message` to `to`, bring the answer to reply()
        reset_card, // reset the card (it restarts with the profile now enabled), then reply with the ATR or
                    // nothing
        answer, // hand `message` to the eIM whose package was given to transfer(), then reply with nothing
        wait,   // call next() again at `until`, or earlier when something happened
    };
    Kind kind = Kind::wait;
    Peer to = Peer::card; // card: one APDU; eim: an ESipa message; smdp, smds: an ES9+ or ES11 message in its
                          // ASN.1 form
    std::string_view address{}; // "host[:port]" of eim, smdp and smds
    std::string_view eim_id{};
    Bytes message{};
    const char* step = "";
    Time until{0};
    bool idle = false; // waiting for nothing but the next poll
};

/// The IPA: decides what to do next and runs it, message by message. It does no I/O: bytes and time come in,
/// bytes and decisions go out. Everything it needs after a power cut is in the StateStore or on the card.
class Engine {
  public:
    Engine(const Config& config, StateStore& store, Listener& listener, Memory memory);
    /// Reads the saved state. Damage is reported and leaves an empty state: what the card keeps is read back.
    Ok load();
    /// What to do now. Asked again before a reply it gives the same again; its message may lie in inbox(),
    /// where the answer goes. `now` measures intervals only: any clock will do, best one that never jumps; it
    /// may start anew after a power cut.
    Action next(Time now);
    /// The answer to the last Action; HTTP answers without a body are empty, and any may lie in inbox().
    void reply(Bytes message, Time now);
    /// It failed: unreachable, a status that is no answer, no card.
    void reply(const Error& error, Time now);
    /// Where the host may put an HTTP answer to spare a copy; not a card's, whose command may be there.
    Buffer inbox() const { return context_.memory.in; }
    /// A TransferEimPackageRequest that an eIM sent to the device; its answer is an Action to come. Taken
    /// only between two procedures. Errors: conflict "busy": later; not_found "eimId": none of this eUICC's
    /// eIMs; no_space. SGP.32 §3.1.1.2
    Ok transfer(std::string_view eim_id, Bytes message, Time now);
    /// Poll every eIM at the next opportunity: the network or the device changed.
    void poll_now();
    const Context& context() const { return context_; }

  private:
    Action act();
    std::optional<Action> step_action();
    std::optional<Action> choose();
    void begin(Duty);
    void follow();
    void finish();
    void fail_step(const Error&);
    void card_failed(const Error&);
    void take(Bytes message);
    rsp::Edition edition_towards_eim() const;
    Ok begin_command(Buffer answer);
    Result<Bytes> written(Bytes message);
    Bytes read(Bytes answer);
    bool try_other_edition(const Error&);
    void tick(Time now);
    Peer peer() const;

    Context context_;
    CardChannel channel_;
    const Procedure* procedure_ = nullptr;
    size_t at_ = 0;
    uint8_t tries_ = 0;
    bool asked_ = false;                // message_ is made
    bool begun_ = false;                // and given to the channel
    std::optional<rsp::Edition> other_; // that the eIM did not refuse yet
    bool resetting_ = false;
    bool ticked_ = false;
    Due retry_;
    Bytes message_;
};

} // namespace halyard::ipa
