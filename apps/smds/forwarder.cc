#include "apps/smds/forwarder.h"
#include "apps/common/files.h"
#include "base/log.h"

namespace halyard::smds_app {

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

Result<rsp::ExecutionStatus> Forwarder::send(const smds::Forward& f) {
    if (f.remove) return client_.delete_event(parent_, smds::deletion(f, oid_));
    return client_.register_event(parent_, smds::registration(f, config_, oid_));
}

Result<size_t> Forwarder::round(Time now) {
    size_t settled = 0;
    for (smds::Forward f : TRY(store_.due(now, 100))) {
        {
            const std::lock_guard lock(mutex_);
            if (stopping_) return settled;
        }
        const auto said = send(f);
        if (said && smds::settles(f, *said)) {
            TRY(store_.acknowledged(f.number));
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
        TRY(store_.postpone(f));
        if (!said && said.error().code == Errc::unreachable)
            return settled; // the others would fare no better
    }
    return settled;
}

} // namespace halyard::smds_app
