// GetEimPackage: which operation a device gets. SGP.32 §3.1.1.1, §3.3.1
#include "base/log.h"
#include "eim/package.h"
#include "eim/server.h"
#include <algorithm>

namespace halyard::eim {
namespace {
using Error = rsp::GetEimPackageResponse::EimPackageError;

Result<OwnedBytes> no(Error code) {
    rsp::GetEimPackageResponse response;
    response.is = code;
    return asn1::encode(response);
}
bool is_out(const Operation& o) { return o.state == State::offered || o.state == State::executing; }
bool is_overdue(const Operation& o, Time now) { return o.expires.count() && now > o.expires; }
} // namespace

Result<OwnedBytes> Server::poll(Bytes message, Peer& peer, Time now) {
    const auto decoded = asn1::decode<rsp::GetEimPackageRequest>(message);
    if (!decoded) {
        // The two faults that have a code of their own. SGP.32 §5.14.5
        const Errc code = decoded.error().code;
        if (std::string_view(decoded.error().where) == "eidValue") {
            if (code == Errc::missing_field) return no(Error::missing_eid);
            if (code == Errc::bad_length || code == Errc::bad_value) return no(Error::invalid_eid);
        }
        return fail(code, decoded.error().where, decoded.error().detail, decoded.error().offset);
    }
    Eid eid{};
    std::copy(decoded->eid_value.begin(), decoded->eid_value.end(), eid.begin());
    auto device = TRY(sender(eid));
    if (!device) return no(valid_check_digits(eid) ? Error::eid_not_found : Error::invalid_eid);
    Turn turn{.device = std::move(*device), .now = now};
    recognise(turn, peer);
    for (Operation& o : TRY(store_.open_operations(eid))) add(turn, std::move(o));
    take_report(turn, *decoded);
    if (decoded->notify_state_change) {
        // Somebody else changed profiles or eIMs: what was proven is history. SGP.32 §3.1.1.1
        turn.device.profiles_known = false;
        turn.device_changed = true;
        (void)audit_profiles(turn, "the device reported a change of state");
        log(LogLevel::info,
            to_text(eid) + ": state change, cause " +
                std::to_string(static_cast<int>(
                    decoded->state_change_cause.value_or(rsp::StateChangeCause::undefined))));
    }
    if (Operation* chosen = TRY(choose(turn))) return offer(turn, *chosen);
    TRY(commit(turn));
    return no(Error::no_eim_package_available);
}

// What is out already goes out again; then what the eIM itself must know; then the queue in its order.
Result<Operation*> Server::choose(Turn& turn) {
    if (Operation* question = key_question(turn)) return question;
    if (Operation* again = outstanding(turn)) return again;
    if (turn.blocked) return static_cast<Operation*>(nullptr); // nothing overtakes what may still run
    // Without certificates no result can be verified; questions need none.
    const auto needs_them = [](const Operation& o) { return o.kind != Kind::data; };
    if (turn.device.identities.empty() &&
        std::any_of(turn.operations.begin(), turn.operations.end(), needs_them))
        return ask_for_certificates(turn);
    for (Operation& o : turn.operations)
        if (o.state == State::unknown && !o.held) return decide_first(turn, o);
    return next_in_queue(turn);
}

Operation* Server::outstanding(Turn& turn) {
    for (Operation& o : turn.operations) {
        if (!is_out(o)) continue;
        if (is_overdue(o, turn.now) && !o.automatic) {
            o.state = has_effect(o) ? State::unknown : State::expired;
            o.reason = "expired after it was handed out";
            o.changed = turn.now;
            continue;
        }
        if (!o.held) return &o;
        turn.blocked = true;
    }
    if (!turn.blocked) return nullptr;
    // A question to the device runs nothing on the eUICC: it may help to find out what is wrong.
    for (Operation& o : turn.operations)
        if (o.kind == Kind::data && o.state == State::queued && !o.held) return &o;
    return nullptr;
}

// A result under a CI whose certificate is not here proves nothing. So the question for it overtakes what is
// out, which would only be sent again.
Operation* Server::key_question(Turn& turn) {
    bool is_needed = false;
    for (Operation& o : turn.operations) {
        if (o.kind == Kind::data && o.automatic && !o.held && !is_final(o.state)) return &o;
        is_needed |= o.kind != Kind::data;
    }
    if (!is_needed || turn.device.identities.empty()) return nullptr;
    OwnedBytes ci = missing_ci(turn.device, config_.anchors, turn.now);
    if (ci.empty()) return nullptr;
    return ask_for_certificates(turn, "certificates under another CI of the eUICC", std::move(ci));
}

void Server::ask_for_other_keys(Turn& turn) {
    // One key under each CI, so there is another only where there is another CI.
    if (turn.device.identities.size() >= config_.anchors.size() || asked_lately(turn.device, {}, turn.now))
        return;
    remember_inquiry(turn.device, {}, turn.now);
    turn.device_changed = true;
    (void)ask_for_certificates(turn, "a result does not verify: the eUICC may have a key under another CI");
}

Operation* Server::ask_for_certificates(Turn& turn, std::string why, OwnedBytes ci) {
    for (Operation& o : turn.operations)
        if (o.kind == Kind::data && o.automatic && o.state == State::queued && same(o.ci, ci))
            return o.held ? nullptr : &o;
    Operation data = make(turn.device.eid, Kind::data, turn.now);
    // Info 2, token, certificates, capabilities, device: what every later step is checked with.
    data.tag_list = {0xBF, 0x22, 0x84, 0xA5, 0xA6, 0xA8, 0xA9};
    if (!ci.empty()) {
        data.tag_list = {0xA5, 0xA6};
        remember_inquiry(turn.device, ci, turn.now);
        turn.device_changed = true;
    }
    data.ci = std::move(ci);
    data.automatic = true;
    data.created_by = "eim";
    data.reason = std::move(why);
    return add(turn, std::move(data));
}

Operation* Server::decide_first(Turn& turn, Operation& undecided) {
    for (Operation& o : turn.operations)
        if (o.resolves == undecided.id && o.state == State::queued) return o.held ? nullptr : &o;
    const bool eims = undecided.kind == Kind::package && is_about_eims(undecided.package);
    Operation decide = audit(turn.device.eid,
                             eims ? eim_audit_package() : audit_package(turn.device.euicc_edition()),
                             "decides " + undecided.id,
                             turn.now);
    decide.resolves = undecided.id;
    return add(turn, std::move(decide));
}

// One that waits already serves as well.
Operation* Server::audit_profiles(Turn& turn, std::string why) {
    for (Operation& o : turn.operations)
        if (o.automatic && o.kind == Kind::package && o.state == State::queued && o.resolves.empty())
            return o.held ? nullptr : &o;
    return add(turn,
               audit(turn.device.eid, audit_package(turn.device.euicc_edition()), std::move(why), turn.now));
}

Result<Operation*> Server::next_in_queue(Turn& turn) {
    // While one change is undecided, no other is begun: what it would meet is not known.
    bool undecided = false;
    for (const Operation& o : turn.operations) undecided |= o.state == State::unknown;
    for (size_t i = 0; i < turn.operations.size(); ++i) {
        Operation& o = turn.operations[i];
        if (o.state != State::queued || o.held) continue;
        if (undecided && has_effect(o)) continue;
        if (is_overdue(o, turn.now)) {
            o.state = State::expired;
            o.reason = "expired before it was handed out";
            o.changed = turn.now;
            continue;
        }
        if (!TRY(is_ready(turn, o))) continue;
        if (const auto edition = turn.device.euicc_edition(); edition && o.kind == Kind::package)
            if (const auto ok = check_edition(o.package, *edition); !ok) {
                settle(turn, o, false, std::string(ok.error().where) + " is not supported");
                continue;
            }
        const bool judged = o.kind == Kind::package
                                ? changes_something(o.package) && !is_about_eims(o.package)
                                : o.kind == Kind::download && o.iccid && o.attempts == 0;
        if (!judged || o.force) return &o;
        if (!turn.device.profiles_known)
            return audit_profiles(turn, "profiles must be known before a change");
        std::string why;
        if (o.kind == Kind::download && turn.device.find(*o.iccid))
            why = "download: the profile is on the eUICC already";
        if (o.kind == Kind::package)
            if (const auto after = plan(turn.device.profiles, o.package); !after) why = after.error().where;
        if (why.empty()) return &o;
        settle(turn, o, false, "precondition: " + why); // RR-12
    }
    return static_cast<Operation*>(nullptr);
}

// False: it waits for the operation before it, or fell with it.
Result<bool> Server::is_ready(Turn& turn, Operation& o) {
    if (o.after.empty()) return true;
    const auto before = TRY(store_.operation(o.after));
    State state = before ? before->state : State::failed;
    for (const Operation& other : turn.operations) // what this turn has changed counts
        if (other.id == o.after) state = other.state;
    if (state == State::succeeded) return true;
    if (!is_final(state)) return false;
    o.state = State::cancelled;
    o.reason = "the operation before it did not succeed";
    o.changed = turn.now;
    return false;
}

} // namespace halyard::eim
