#include "apps/smds/forwarder.h"
#include "apps/common/files.h"
#include "base/log.h"

namespace halyard::smds_app {
namespace {
constexpr size_t kBatch = 16;
// How long a claim lasts, and what one message may take of it (see serve.cc).
constexpr Time kLease{15'000}, kLongest{11'000};

// A conflict: the claim was over, and another process has the message now.
Ok unless_taken(const Ok& done) { return !done && done.error().code == Errc::conflict ? Ok{} : done; }
} // namespace

void Forwarder::start() {
    thread_ = std::thread([this] { run(); });
}
void Forwarder::wake() {
    {
        const std::lock_guard lock(mutex_);
        woken_ = true;
    }
    changed_.notify_one();
}
void Forwarder::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void Forwarder::run() {
    for (;;) {
        if (const auto done = round(Time(app::now_ms())); !done)
            log(LogLevel::error,
                std::string("outbox: ") + name(done.error().code) + " at " + done.error().where);
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, std::chrono::seconds(1), [&] { return woken_ || stopping_; });
        woken_ = false;
        if (stopping_) return;
    }
}

bool Forwarder::stopping() {
    const std::lock_guard lock(mutex_);
    return stopping_;
}

Result<rsp::ExecutionStatus> Forwarder::send(const smds::Forward& f) {
    if (f.remove) return client_.delete_event(parent_, smds::deletion(f, oid_));
    return client_.register_event(parent_, smds::registration(f, config_, oid_));
}

Result<size_t> Forwarder::round(Time now) {
    size_t settled = 0;
    const Time begun(app::now_ms());
    bool on = true;
    for (smds::Forward f : TRY(store_.claim(now, now + kLease, kBatch))) {
        // Only what can end while the claim lasts; a clock that was set back is no time left either.
        const Time taken = Time(app::now_ms()) - begun;
        on = on && !stopping() && taken >= Time(0) && taken + kLongest < kLease;
        if (!on) {
            TRY(unless_taken(store_.give_up(f)));
            continue;
        }
        const auto said = send(f);
        if (said && smds::settles(f, *said)) {
            TRY(unless_taken(store_.acknowledged(f)));
            ++settled;
            continue;
        }
        f.due = TRY(smds::next_try(f.tries, now, random_));
        ++f.tries;
        const std::string why =
            said ? "refused" : std::string(name(said.error().code)) + " at " + said.error().where;
        log(LogLevel::warning,
            std::string(f.remove ? "deleteEvent" : "registerEvent") + " at " + parent_ + ": " + why +
                ", try " + std::to_string(f.tries));
        TRY(unless_taken(store_.postpone(f)));
        if (!said && said.error().code == Errc::unreachable) on = false; // the others would fare no better
    }
    return settled;
}

} // namespace halyard::smds_app
