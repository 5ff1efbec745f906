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

std::string type_of(const Outgoing& o) {
    return o.type.empty() ? "-" : o.type; // mandatory, and stock may have none
}
rsp::RequestHeader header_of(const smdp::Config& config, const Outgoing& o) {
    return {.function_requester_identifier = config.oid, .function_call_identifier = o.call_id};
}

Result<std::string> progress_message(const smdp::Config& config, const Outgoing& o) {
    rsp::HandleDownloadProgressInfoRequest r{.header = header_of(config, o),
                                             .eid = o.eid,
                                             .iccid = o.iccid,
                                             .profile_type = type_of(o),
                                             .timestamp = o.created,
                                             .notification_point_id = o.point};
    if (o.failed) r.notification_point_status = rsp::ExecutionStatus::failure(*o.failed);
    if (!o.result.empty()) r.result_data = o.result;
    return binding::server_to_json(r);
}

const char* event_of(uint32_t point) {
    switch (static_cast<smdp::Point>(point)) {
    case smdp::Point::enabled: return "enable";
    case smdp::Point::disabled: return "disable";
    case smdp::Point::deleted: return "delete";
    default: return "install";
    }
}

// What the eUICC's own notification says of itself, beside the message around it.
Ok describe_notification(rsp::HandleNotificationRequest& r, Bytes der) {
    rsp::NotificationMetadata said;
    if (TRY(asn1::read_tlv(der)).tag == 0xBF37)
        said = TRY(asn1::decode<rsp::ProfileInstallationResult>(der))
                   .profile_installation_result_data.value.notification_metadata;
    else
        said = TRY(asn1::decode<rsp::OtherSignedNotification>(der)).tbs_other_notification.value;
    r.notification_event = event_of(r.notification_point_id);
    // What a card wrote there must not keep the message from being written.
    if (said.notification_address.size() <= 255 && net::parse_address(said.notification_address, "address"))
        r.notification_receiver_identifier = std::string(said.notification_address);
    r.notification_identifier = std::to_string(said.seq_number);
    r.result_data = owned(der);
    return {};
}

Result<std::string> notification_message(const smdp::Config& config, const Outgoing& o) {
    rsp::HandleNotificationRequest r{.header = header_of(config, o),
                                     .eid = o.eid,
                                     .iccid = o.iccid,
                                     .profile_type = type_of(o),
                                     .timestamp = o.created,
                                     .notification_point_id = o.point};
    if (o.failed) r.notification_point_status = rsp::ExecutionStatus::failure(*o.failed);
    if (!o.result.empty()) TRY(describe_notification(r, o.result));
    return binding::server_to_json(r);
}

Ok post_progress(const smdp::Config& config, net::HttpsClient& http, const Requester& to, const Outgoing& o) {
    // Stored while the operator took version 3's function: version 2's has no place for it.
    if (!to.v3 && smdp::is_later_life(o.point)) return {};
    net::Url url = *to.callback;
    using F = rsp::ServerFunction;
    url.path = rsp::row(to.v3 ? F::handle_notification : F::handle_download_progress_info).path;
    net::Request request;
    request.headers.add("Content-Type", binding::kJsonType);
    request.headers.add("X-Admin-Protocol", binding::to_text(binding::kEs9Protocol));
    request.body =
        owned(bytes_of(TRY(to.v3 ? notification_message(config, o) : progress_message(config, o))));
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
            const auto sent = post_progress(config_, *http_, r, o);
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
