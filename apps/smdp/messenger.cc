#include "apps/smdp/messenger.h"
#include "apps/common/files.h"
#include "base/log.h"
#include "binding/admin_protocol.h"
#include "binding/http_habits.h"
#include "binding/server_json.h"

namespace halyard::smdp_app {
namespace {
using smdp::Outgoing, smdp::Taken;
constexpr size_t kBatch = 16;
// How long a claim lasts, and what one message may take of it (see serve.cc): a process that was killed holds
// others up for no longer, and one that sends keeps its claim till the answer.
constexpr Time kLease{15'000}, kLongest{11'000};

Result<std::string> progress_message(const smdp::Config& config, const Outgoing& o) {
    rsp::HandleDownloadProgressInfoRequest r{
        .header = {.function_requester_identifier = config.oid, .function_call_identifier = o.call_id},
        .eid = o.eid,
        .iccid = o.iccid,
        .profile_type = o.type.empty() ? "-" : o.type, // mandatory, and stock may have none
        .timestamp = o.created,
        .notification_point_id = o.point};
    if (o.failed) r.notification_point_status = rsp::ExecutionStatus::failure(*o.failed);
    if (!o.result.empty()) r.result_data = o.result;
    return binding::server_to_json(r);
}

Ok post_progress(const smdp::Config& config,
                 net::HttpsClient& http,
                 const net::Url& base,
                 const Outgoing& o) {
    net::Url url = base;
    url.path = rsp::row(rsp::ServerFunction::handle_download_progress_info).path;
    net::Request request;
    request.headers.add("Content-Type", binding::kJsonType);
    request.headers.add("X-Admin-Protocol", binding::to_text(binding::kEs9Protocol));
    request.body = owned(bytes_of(TRY(progress_message(config, o))));
    const auto response = TRY(http.exchange(url, request));
    if (response.status != 204 && response.status != 200)
        return fail(Errc::rejected, "http status", static_cast<uint32_t>(response.status));
    return {};
}
} // namespace

Messenger::Messenger(const smdp::Config& config,
                     smdp::Store& store,
                     Random& random,
                     net::HttpsClient* http,
                     const std::vector<Requester>& operators,
                     smdp::EventSender events)
    : config_(config), store_(store), random_(random), http_(http), events_(std::move(events)) {
    for (const Requester& r : operators)
        if (http_ && r.callback) threads_.emplace_back([this, &r] { operator_loop(r); });
    if (events_) threads_.emplace_back([this] { event_loop(); });
}

Messenger::~Messenger() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    wake_.notify_all();
    for (std::thread& t : threads_) t.join();
}

// True when it is time to end.
bool Messenger::pause() {
    std::unique_lock lock(mutex_);
    return wake_.wait_for(lock, std::chrono::milliseconds(200), [&] { return stop_; });
}

void Messenger::keep(Outgoing o) {
    const auto next = smdp::next_attempt(Time(app::now_ms()), o.tries, random_);
    if (!next) return; // due at once, then
    o.next = *next;
    ++o.tries;
    (void)store_.postpone(o);
}

bool Messenger::stopping() {
    const std::lock_guard lock(mutex_);
    return stop_;
}

void Messenger::round(const std::string& target, const std::function<bool(const Outgoing&)>& send) {
    const Time begun(app::now_ms());
    const auto claimed = store_.claim(target, begun, begun + kLease, kBatch);
    if (!claimed) return; // the server sees that the database broke
    bool on = true;
    for (const Outgoing& o : *claimed) {
        const Time now(app::now_ms());
        // A clock that was set back is no time left either.
        on = on && !stopping() && now >= begun && now + kLongest < begun + kLease;
        if (!on)
            (void)store_.give_up(o);
        else
            on = send(o);
    }
}

void Messenger::operator_loop(const Requester& r) {
    while (!pause())
        round(r.caller.operator_id, [&](const Outgoing& o) {
            const auto sent = post_progress(config_, *http_, *r.callback, o);
            if (sent) {
                (void)store_.delivered(o); // a conflict: the claim was over, and somebody else has it
                return true;
            }
            log(LogLevel::warning,
                "callback to " + r.caller.operator_id + ": " + name(sent.error().code) + " at " +
                    sent.error().where);
            keep(o);
            return false;
        });
}

void Messenger::event_loop() {
    while (!pause()) {
        const auto targets = store_.event_targets();
        if (!targets) continue;
        for (const std::string& target : *targets)
            round(target, [&](const Outgoing& o) {
                const Taken taken = events_(o);
                if (taken == Taken::not_now) {
                    keep(o);
                    return false;
                }
                std::optional<smdp::EventState> event;
                if (o.kind == Outgoing::Kind::register_event)
                    event = taken == Taken::yes ? smdp::EventState::registered : smdp::EventState::refused;
                (void)store_.delivered(o, event);
                return true;
            });
    }
}

} // namespace halyard::smdp_app
