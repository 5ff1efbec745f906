// RegisterEvent and DeleteEvent by an SM-DP+ (ES12) or another SM-DS (ES15), and what goes on to the parent.
// SGP.22 §3.6.1, §3.6.3, §5.9, §5.10
#include "crypto/hash.h"
#include "smds/server.h"
#include <algorithm>

namespace halyard::smds {
namespace {
using rsp::ExecutionStatus, rsp::ServerFunction;

ExecutionStatus failure(ServerFunction f, const char* subject, const char* reason) {
    return ExecutionStatus::failure(rsp::code_for(f, subject, reason));
}

// The requester is who its certificate says: of an SM-DP+ on ES12, of an SM-DS on ES15 (SR-02).
std::optional<ExecutionStatus>
judge(ServerFunction f, const Caller& caller, const rsp::RequestHeader& header, rsp::LiveLists* lists) {
    if (caller.oid.empty()) return failure(f, "1.1", "1.1");
    const bool es15 =
        f == ServerFunction::register_event_at_root || f == ServerFunction::delete_event_at_root;
    if (caller.role != (es15 ? rsp::Role::ds_tls : rsp::Role::dp_tls) ||
        caller.oid != header.function_requester_identifier)
        return failure(f, "1.1", "1.2");
    if (rsp::is_denied(lists, caller.oid)) return failure(f, "1.1", "1.2");
    return std::nullopt;
}

// All that a call says beside its identifier.
Call call_of(const Caller& caller,
             const rsp::RequestHeader& header,
             std::initializer_list<Bytes> says,
             Time now) {
    OwnedBytes all;
    for (const Bytes part : says) append(all, crypto::sha256({part})); // no part runs into the next one
    return {caller.oid, header.function_call_identifier, crypto::sha256({Bytes(all)}), now};
}

// Nothing for a new call; success for one that was answered; a refusal when it asks for something else now.
Result<std::optional<ExecutionStatus>> earlier(Store& store, ServerFunction f, const Call& call) {
    using Said = std::optional<ExecutionStatus>;
    const auto before = TRY(store.call(call.requester, call.id));
    if (!before) return Said{};
    if (before->request == call.request) return Said{ExecutionStatus{}};
    ExecutionStatus other = failure(f, "1.6", "2.1");
    other.code->message = "functionCallIdentifier was used for another call";
    return Said{std::move(other)};
}

template <class Once> Result<ExecutionStatus> until_settled(Once&& once) {
    for (int i = 0;; ++i) {
        auto done = once();
        if (done || done.error().code != Errc::conflict || i == 5) return done;
    }
}
} // namespace

Result<Caller> caller_of(Bytes client_certificate) {
    const auto certificate = TRY(crypto::Certificate::parse(client_certificate));
    Caller out;
    if (const auto oid = rsp::server_oid(certificate)) out.oid = *oid;
    if (const auto role = rsp::recognise(certificate)) out.role = role->role;
    return out;
}

Result<std::optional<Event>> Server::find(const Eid& eid, std::string_view event_id) {
    for (Event& e : TRY(store_.events(eid)))
        if (e.event_id == event_id) return std::optional<Event>(std::move(e));
    return std::optional<Event>();
}

Result<ExecutionStatus>
Server::register_event(ServerFunction f, const Caller& caller, const rsp::RegisterEventRequest& r, Time now) {
    return until_settled([&] { return register_once(f, caller, r, now); });
}

Result<ExecutionStatus>
Server::register_once(ServerFunction f, const Caller& caller, const rsp::RegisterEventRequest& r, Time now) {
    if (auto no = judge(f, caller, r.header, config_.lists)) return std::move(*no);
    const uint8_t forwarding = r.forwarding_indicator;
    const Call call = call_of(caller,
                              r.header,
                              {bytes_of("registerEvent"),
                               r.eid,
                               bytes_of(r.event_id),
                               bytes_of(r.rsp_server_address),
                               {&forwarding, 1}},
                              now);
    if (auto said = TRY(earlier(store_, f, call))) return std::move(*said);
    const auto events = TRY(store_.events(r.eid));
    for (const Event& e : events)
        if (e.event_id == r.event_id || e.forwarded_id == r.event_id) return failure(f, "8.9.5", "3.3");
    if (events.size() >= config_.events_per_eid) {
        ExecutionStatus full = failure(f, "1.2", "4.2");
        full.code->message = "too many events of this EID";
        return full;
    }
    Event event{.eid = r.eid,
                .event_id = r.event_id,
                .rsp_server_address = r.rsp_server_address,
                .forwarding_indicator = r.forwarding_indicator,
                .owner = caller.oid,
                .registered = now};
    Forward forward{.eid = r.eid, .due = now};
    Change change{.insert_event = &event, .call = &call};
    if (config_.has_parent && r.forwarding_indicator) {
        event.forwarded_id = forward.event_id = hex(TRY(random_.draw<16>()));
        forward.call_id = hex(TRY(random_.draw<16>()));
        change.insert_forward = &forward;
    }
    TRY(store_.commit(change));
    return ExecutionStatus{};
}

Result<ExecutionStatus>
Server::delete_event(ServerFunction f, const Caller& caller, const rsp::DeleteEventRequest& r, Time now) {
    return until_settled([&] { return delete_once(f, caller, r, now); });
}

Result<ExecutionStatus>
Server::delete_once(ServerFunction f, const Caller& caller, const rsp::DeleteEventRequest& r, Time now) {
    if (auto no = judge(f, caller, r.header, config_.lists)) return std::move(*no);
    const Call call = call_of(caller, r.header, {bytes_of("deleteEvent"), r.eid, bytes_of(r.event_id)}, now);
    if (auto said = TRY(earlier(store_, f, call))) return std::move(*said);
    const auto event = TRY(find(r.eid, r.event_id));
    // Of somebody else's event nobody learns that it is there.
    if (!event || event->owner != caller.oid) return failure(f, "8.9.5", "3.9");
    TRY(remove(*event, &call, now));
    return ExecutionStatus{};
}

Ok Server::withdraw(const Eid& eid, std::string_view event_id, Time now) {
    const auto event = TRY(find(eid, event_id));
    if (!event) return fail(Errc::not_found, "event");
    return remove(*event, nullptr, now);
}

Ok Server::remove(const Event& event, const Call* call, Time now) {
    Forward forward{.remove = true, .eid = event.eid, .event_id = event.forwarded_id, .due = now};
    Change change{.remove_event = &event, .call = call};
    if (!event.forwarded_id.empty()) {
        forward.call_id = hex(TRY(random_.draw<16>()));
        change.insert_forward = &forward;
    }
    return store_.commit(change);
}

rsp::RegisterEventRequest registration(const Forward& f, const Config& config, const std::string& oid) {
    return {.header = {oid, f.call_id},
            .eid = f.eid,
            .rsp_server_address = config.address,
            .event_id = f.event_id,
            .forwarding_indicator = false};
}
rsp::DeleteEventRequest deletion(const Forward& f, const std::string& oid) {
    return {.header = {oid, f.call_id}, .eid = f.eid, .event_id = f.event_id};
}

bool settles(const Forward& f, const ExecutionStatus& said) {
    if (said.executed()) return true;
    // The id is ours and random: where it is in use, or unknown, the message has arrived before.
    return said.code && said.code->is("8.9.5", f.remove ? "3.9" : "3.3");
}

Result<Time> next_try(uint32_t tries, Time now, Random& random) {
    constexpr int64_t kLimit = 300'000;
    const int64_t most = std::min<int64_t>(kLimit, int64_t{1000} << std::min(tries, 20u));
    const auto dice = TRY(random.draw<4>());
    const int64_t drawn = int64_t{dice[0]} << 24 | dice[1] << 16 | dice[2] << 8 | dice[3];
    return now + Time(most / 2 + drawn % (most / 2 + 1));
}

} // namespace halyard::smds
