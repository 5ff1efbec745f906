#include "apps/ipad/daemon.h"
#include "apps/common/files.h"
#include "apps/common/peer_ledger.h"
#include "store/ipa_file.h"
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace halyard::ipad {
namespace {
/// Counts through suspend and never jumps; the core needs intervals only (RR-22).
Time monotonic() {
    timespec now{};
    clock_gettime(CLOCK_BOOTTIME, &now);
    return Time{now.tv_sec * 1000 + now.tv_nsec / 1'000'000};
}

/// Ends a wait: something came in by the door.
constexpr int kWake = SIGUSR2;

/// SIGTERM and SIGINT end the daemon after the step under way, SIGUSR1 polls at once. They stay blocked, so
/// that no exchange is torn; waits look for them.
class Signals {
  public:
    Signals() {
        sigemptyset(&set_);
        for (const int number : {SIGTERM, SIGINT, SIGUSR1, kWake}) sigaddset(&set_, number);
        pthread_sigmask(SIG_BLOCK, &set_, nullptr);
        std::signal(SIGPIPE, SIG_IGN);
    }
    /// The signal that came within `timeout`, or 0.
    int wait(Time timeout) const {
        const auto ms = std::max<int64_t>(timeout.count(), 0);
        const timespec limit{ms / 1000, static_cast<long>(ms % 1000 * 1'000'000)};
        const int number = sigtimedwait(&set_, nullptr, &limit);
        return number > 0 ? number : 0;
    }

  private:
    sigset_t set_{};
};

/// One daemon per state folder.
class Lock {
  public:
    static Result<Lock> take(const std::string& folder) {
        const int fd = ::open((folder + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0) return fail(Errc::storage, "state folder", static_cast<uint32_t>(errno));
        Lock lock(fd);
        if (::flock(fd, LOCK_EX | LOCK_NB) != 0) return fail(Errc::conflict, "state folder");
        return lock;
    }
    Lock(Lock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Lock& operator=(Lock&&) = delete;
    ~Lock() {
        if (fd_ >= 0) ::close(fd_);
    }

  private:
    explicit Lock(int fd) : fd_(fd) {}
    int fd_;
};

constexpr int kIdleTooLong = 3; // 1: refused or failed, 2: wrong command line

/// What an IPA of that edition writes into X-Admin-Protocol. SGP.32 §6.1.1
const char* protocol_of(rsp::Edition edition) {
    return edition == rsp::Edition::v1_3 ? "gsma/rsp/v1.3.0" : "gsma/rsp/v2.1.0";
}

class Daemon final : ipa::Listener {
  public:
    Daemon(const Options& options, EventLog log, std::unique_ptr<CardLink> card)
        : options_(options), log_(std::move(log)), card_(std::move(card)),
          store_(options.state + "/ipa.state"), book_(options.state + "/eims.der"),
          links_({{.anchors = options.trust, .anchors_pem = options.trust_pem},
                  options.resolve,
                  options.esipa_json ? Binding::json : Binding::asn1,
                  options.es9_asn1 ? binding::Es9Form::asn1 : binding::Es9Form::json,
                  protocol_of(options.ipa.edition)},
                 book_),
          engine_(options.ipa, store_, *this, {in_, out_, keep_}) {}

    Result<int> run() {
        if (auto loaded = book_.load(); !loaded) report("eims damaged", loaded.error());
        if (auto loaded = engine_.load(); !loaded) { // set aside: what the card keeps is read back
            report("state damaged", loaded.error());
            TRY(engine_.load());
        }
        if (!options_.inject.listen.empty()) {
            TRY(door_.open(options_.inject, [] { ::kill(::getpid(), kWake); }));
            log_.write({.name = "inject door open", .number = door_.port()});
        }
        look_at_network();
        last_answer_ = std::chrono::steady_clock::now();
        for (;;) {
            if (const int number = signals_.wait(Time{0}); number == SIGUSR1)
                engine_.poll_now();
            else if (number && number != kWake)
                return 0;
            (void)look_at_door();
            const auto action = engine_.next(monotonic());
            if (action.kind == ipa::Action::Kind::wait) {
                // Its signal is used up, if the engine was busy when it came.
                if (look_at_door()) continue;
                if (const auto status = rest(action)) return *status;
            } else
                carry_out(action);
        }
    }

  private:
    void event(const ipa::Event& event) override { log_.write(event); }
    void eim_configuration(Bytes response, std::string_view owed) override {
        if (auto merged = book_.merge(response, owed); !merged) report("eims not saved", merged.error());
    }
    void report(const char* name, const Error& error) { log_.write({.name = name, .error = &error}); }

    std::optional<int> rest(const ipa::Action& action) {
        if (options_.once && action.idle) return 0;
        const auto silent = std::chrono::steady_clock::now() - last_answer_;
        if (options_.max_idle && silent >= std::chrono::seconds(options_.max_idle)) return kIdleTooLong;
        Time pause = std::clamp(action.until - monotonic(), Time{1}, Time{60'000});
        if (options_.max_idle) pause = std::min(pause, Time{1000});
        const int number = signals_.wait(pause);
        if (number == SIGUSR1) engine_.poll_now();
        if (number && number != SIGUSR1 && number != kWake) return 0;
        return std::nullopt;
    }

    /// What came in is taken between two procedures of the engine.
    /// True: taken.
    bool look_at_door() {
        if (injected_) return false;
        auto waiting = door_.take();
        if (!waiting) return false;
        const std::string eim = eim_of(waiting->names, engine_.context());
        const auto taken = engine_.transfer(eim, waiting->message, monotonic());
        // Nobody is known before the card has told who they are.
        const bool busy = !engine_.context().started || (!taken && taken.error().code == Errc::conflict);
        if (taken)
            injected_ = std::move(waiting);
        else if (busy)
            door_.give_back(std::move(waiting));
        else
            waiting->reply(fail(taken.error().code, taken.error().where));
        return taken.has_value();
    }

    void carry_out(const ipa::Action& action) {
        const PeerScope scope(options_.strict);
        const std::string peer = action.to == ipa::Peer::card  ? "eUICC"
                                 : action.to == ipa::Peer::eim ? "eIM " + std::string(action.eim_id)
                                                               : "SM-DP+ " + std::string(action.address);
        Result<OwnedBytes> answer = OwnedBytes{};
        if (action.kind == ipa::Action::Kind::reset_card) {
            links_.drop_connections();
            answer = card_->reset();
            if (answer) look_at_network();
        } else if (action.kind == ipa::Action::Kind::answer) {
            if (injected_) injected_->reply(owned(action.message));
            injected_.reset();
        } else if (action.to == ipa::Peer::card)
            answer = card_->transmit(action.message);
        else if (network_down_)
            answer = fail(Errc::unreachable, "lab: network down");
        else {
            answer = links_.exchange(action);
            if (answer) last_answer_ = std::chrono::steady_clock::now();
        }
        if (answer)
            engine_.reply(Bytes(*answer), monotonic());
        else
            engine_.reply(answer.error(), monotonic());
        peers_.add(scope, peer, Time(app::now_ms()));
    }

    void look_at_network() {
        network_down_ = false;
        if (options_.lab_network_down.empty()) return;
        const auto enabled = enabled_profile(*card_);
        if (!enabled) return report("enabled profile not read", enabled.error());
        network_down_ = *enabled && to_text(**enabled) == options_.lab_network_down;
        if (network_down_) log_.write({.name = "lab: network down", .iccid = **enabled});
    }

    const Options& options_;
    Signals signals_;
    EventLog log_;
    std::unique_ptr<CardLink> card_;
    store::IpaFile store_;
    EimBook book_;
    Links links_;
    app::PeerLedger peers_;
    OwnedBytes in_ = OwnedBytes(4u << 20); // the largest answer: SR-48
    OwnedBytes out_ = OwnedBytes(128u << 10);
    OwnedBytes keep_ = OwnedBytes(256u << 10);
    ipa::Engine engine_;
    bool network_down_ = false;
    InjectDoor door_;
    std::unique_ptr<InjectDoor::Waiting> injected_; // its answer is being made
    std::chrono::steady_clock::time_point last_answer_;
};
} // namespace

Result<int> run(const Options& options) {
    if (const auto made = app::make_directory(options.state); !made)
        return fail(made.error().code, "state folder", made.error().detail);
    const auto lock = TRY(Lock::take(options.state));
    auto log = TRY(EventLog::open(options.events));
    auto card = TRY(open_card(options.card));
    Daemon daemon(options, std::move(log), std::move(card));
    return daemon.run();
}

} // namespace halyard::ipad
