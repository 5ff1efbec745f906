// GetEimPackage: which operation a device gets, and the octets it gets. SGP.32 §3.1.1.1, §3.3.1
#include "base/log.h"
#include "eim/package.h"
#include "eim/server.h"
#include "rsp/token.h"

namespace halyard::eim {
namespace {
using Error = rsp::GetEimPackageResponse::EimPackageError;
constexpr uint64_t kMaxCounter = 8'388'607; // SGP.32 §2.11.1.1

Result<OwnedBytes> no(Error code) {
    rsp::GetEimPackageResponse response;
    response.is = code;
    return asn1::encode(response);
}
// BF4F around the request as stored.
OwnedBytes hand_out(Bytes request) {
    OwnedBytes out{0xBF, 0x4F};
    const size_t n = request.size();
    if (n > 0xFF) {
        out.push_back(0x82);
        out.push_back(static_cast<uint8_t>(n >> 8));
    } else if (n > 0x7F) {
        out.push_back(0x81);
    }
    out.push_back(static_cast<uint8_t>(n));
    append(out, request);
    return out;
}
bool waits_for_other(const std::optional<Operation>& before) { return before && !is_final(before->state); }
} // namespace

Result<OwnedBytes> Server::poll(Bytes message, Time now) {
    const auto decoded = asn1::decode<rsp::GetEimPackageRequest>(message);
    if (!decoded) {
        // The two faults that have a code of their own. SGP.32 §5.14.5
        const std::string_view where = decoded.error().where;
        if (where == "eidValue")
            return no(decoded.error().code == Errc::missing_field ? Error::missing_eid : Error::invalid_eid);
        return fail(
            decoded.error().code, decoded.error().where, decoded.error().detail, decoded.error().offset);
    }
    Eid eid{};
    std::copy(decoded->eid_value.begin(), decoded->eid_value.end(), eid.begin());
    auto device = TRY(store_.device(eid));
    if (!device) return no(Error::eid_not_found);
    Turn turn{.device = std::move(*device), .now = now};
    if (decoded->notify_state_change) {
        // Somebody else changed profiles or eIMs: what was proven is history.
        turn.device.profiles_known = false;
        turn.device_changed = true;
        log(LogLevel::info,
            to_text(eid) + ": state change, cause " +
                std::to_string(static_cast<int>(
                    decoded->state_change_cause.value_or(rsp::StateChangeCause::undefined))));
    }
    Operation* chosen = TRY(choose(turn));
    if (!chosen && decoded->notify_state_change) {
        turn.operations.push_back(TRY(audit(eid, "the device reported a change of state", now)));
        chosen = &turn.operations.back();
    }
    if (!chosen) {
        TRY(commit(turn));
        return no(Error::no_eim_package_available);
    }
    return offer(turn, *chosen);
}

// What is out already goes out again; then what the eIM itself must know; then the queue in its order.
Result<Operation*> Server::choose(Turn& turn) {
    auto open = TRY(store_.open_operations(turn.device.eid));
    for (Operation& o : open) turn.operations.push_back(std::move(o));
    auto& operations = turn.operations;
    Operation* undecided = nullptr;
    bool held = false;
    for (Operation& o : operations) {
        const bool out = o.state == State::offered || o.state == State::executing;
        if (out && o.expires.count() && turn.now > o.expires && !o.automatic) {
            o.state = o.kind == Kind::data ? State::expired : State::unknown;
            o.reason = "expired after it was handed out";
            o.changed = turn.now;
        }
        if (out && o.state != State::unknown && o.state != State::expired) {
            if (!o.held) return &o;
            held = true;
        }
        if (o.state == State::unknown && !undecided) undecided = &o;
    }
    if (held) return static_cast<Operation*>(nullptr); // nothing overtakes what may still run
    if (turn.device.euicc_key.empty()) {
        for (Operation& o : operations)
            if (o.kind == Kind::data && o.state == State::queued) return &o;
        bool wanted = false;
        for (const Operation& o : operations) wanted |= o.kind != Kind::data;
        if (!wanted) return static_cast<Operation*>(nullptr);
        Operation data = make(turn.device.eid, Kind::data, turn.now);
        // Info 2, token, certificates, capabilities, device: what every later step is checked with.
        data.tag_list = {0xBF, 0x22, 0x84, 0xA5, 0xA6, 0xA8, 0xA9};
        data.automatic = true;
        data.created_by = "eim";
        data.reason = "certificates are needed to verify results";
        operations.push_back(std::move(data));
        return &operations.back();
    }
    if (undecided) {
        for (Operation& o : operations)
            if (o.resolves == undecided->id && o.state == State::queued) return &o;
        Operation decide = TRY(audit(turn.device.eid, "decides " + undecided->id, turn.now));
        decide.resolves = undecided->id;
        operations.push_back(std::move(decide));
        return &operations.back();
    }
    for (size_t i = 0; i < operations.size(); ++i) {
        Operation& o = operations[i];
        if (o.state != State::queued || o.held) continue;
        if (o.expires.count() && turn.now > o.expires) {
            o.state = State::expired;
            o.changed = turn.now;
            continue;
        }
        if (!o.after.empty()) {
            const auto before = TRY(store_.operation(o.after));
            if (waits_for_other(before)) continue;
            if (!before || before->state != State::succeeded) {
                o.state = State::cancelled;
                o.reason = "the operation before it did not succeed";
                o.changed = turn.now;
                continue;
            }
        }
        if (o.kind == Kind::package && changes_something(o.package) && !o.force) {
            if (!turn.device.profiles_known) {
                operations.push_back(
                    TRY(audit(turn.device.eid, "profiles must be known before a change", turn.now)));
                return &operations.back();
            }
            if (const auto after = plan(turn.device.profiles, o.package); !after) {
                settle(turn, o, false, std::string("precondition: ") + after.error().where);
                continue;
            }
        }
        return &o;
    }
    return static_cast<Operation*>(nullptr);
}

Result<OwnedBytes> Server::sign_package(const Operation& o) {
    rsp::EuiccPackageSigned to_sign{
        .eim_id = config_.eim_id, .counter_value = o.counter, .eim_transaction_id = Bytes(o.transaction_id)};
    std::copy(o.eid.begin(), o.eid.end(), to_sign.eid_value.begin());
    to_sign.euicc_package = TRY(asn1::decode<rsp::EuiccPackage>(o.package));
    rsp::EuiccPackageRequest request;
    const OwnedBytes tbs = TRY(asn1::encode(to_sign));
    const auto device = TRY(store_.device(o.eid));
    const auto signature =
        TRY(crypto::sign(config_.key, {tbs, rsp::token_tlv(device ? device->token : std::nullopt)}));
    request.euicc_package_signed.der = tbs;
    request.eim_signature = signature;
    return asn1::encode(request);
}

Result<OwnedBytes> Server::offer(Turn& turn, Operation& o) {
    if (!o.request.empty()) { // verbatim (RR-06)
        ++o.offers;
        o.changed = turn.now;
        turn.device.last_seen = turn.now;
        turn.device_changed = true;
        TRY(commit(turn));
        return hand_out(o.request);
    }
    turn.device.last_seen = turn.now;
    turn.device_changed = true;
    if (o.kind == Kind::package) {
        if (turn.device.counter >= kMaxCounter) {
            note(turn, &o, "the counter is used up; the eIM must be added anew", {});
            o.held = true;
            TRY(commit(turn));
            return no(Error::no_eim_package_available);
        }
        // The number is on disk before anything is signed with it (RR-05).
        o.counter = ++turn.device.counter;
        o.changed = turn.now;
        TRY(commit(turn));
        auto reserved = TRY(store_.operation(o.id));
        auto device = TRY(store_.device(o.eid));
        if (!reserved || !device) return fail(Errc::storage, "operation");
        const uint64_t counter = o.counter;
        turn = Turn{.device = std::move(*device), .now = turn.now};
        turn.operations.push_back(std::move(*reserved));
        Operation& again = turn.operations.back();
        if (again.counter != counter || again.state != State::queued)
            return fail(Errc::conflict, "operation");
        again.request = TRY(sign_package(again));
        again.state = State::offered;
        again.offers = 1;
        again.attempts = 1;
        again.changed = turn.now;
        TRY(commit(turn));
        return hand_out(again.request);
    }
    if (o.kind == Kind::data) {
        o.request = TRY(asn1::encode(
            rsp::IpaEuiccDataRequest{.tag_list = o.tag_list, .eim_transaction_id = Bytes(o.transaction_id)}));
    } else {
        using Features = rsp::IpaCapabilities::IpaFeatures;
        const bool eim_handles =
            turn.device.ipa_features >> static_cast<unsigned>(Features::eim_download_data_handling) & 1;
        rsp::ProfileDownloadTriggerRequest trigger{.eim_transaction_id = Bytes(o.transaction_id)};
        if (!eim_handles) {
            rsp::ProfileDownloadData data;
            data.is = std::string_view(o.activation_code);
            trigger.profile_download_data = data;
        }
        o.request = TRY(asn1::encode(trigger));
    }
    o.state = State::offered;
    o.offers = 1;
    ++o.attempts;
    o.changed = turn.now;
    TRY(commit(turn));
    return hand_out(o.request);
}

} // namespace halyard::eim
