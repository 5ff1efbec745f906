// ProvideEimPackageResult: only what verifies under the eUICC's own key decides anything. SGP.32 §3.3.1,
// §5.14.6
#include "base/log.h"
#include "crypto/hash.h"
#include "eim/describe.h"
#include "eim/package.h"
#include "eim/server.h"
#include "rsp/token.h"

namespace halyard::eim {
namespace {
using rsp::EimPackageResult;
using ProvideError = rsp::ProvideEimPackageResultResponse::ProvideEimPackageResultError;

Result<OwnedBytes> refuse(ProvideError code) {
    rsp::ProvideEimPackageResultResponse response;
    response.is = code;
    return asn1::encode(response);
}
Result<OwnedBytes> acknowledge(const std::vector<uint64_t>& numbers) {
    rsp::ProvideEimPackageResultResponse response;
    if (numbers.empty()) {
        response.is = rsp::EmptyResponse{};
        return asn1::encode(response);
    }
    std::vector<asn1::Tagged<uint64_t, 0x80>> items;
    for (uint64_t n : numbers) items.push_back({n});
    response.is = asn1::List<asn1::Tagged<uint64_t, 0x80>>{.items = items};
    return asn1::encode(response);
}
std::optional<Bytes> transaction_of(const EimPackageResult& r) {
    const auto of_result = [](const rsp::EuiccPackageResult& e) -> std::optional<Bytes> {
        if (const auto* s = std::get_if<0>(&e.is))
            return s->euicc_package_result_data_signed.value.eim_transaction_id;
        if (const auto* s = std::get_if<1>(&e.is))
            return s->euicc_package_error_data_signed.value.eim_transaction_id;
        return std::get<2>(e.is).eim_transaction_id;
    };
    if (const auto* e = std::get_if<0>(&r.is)) return of_result(e->value);
    if (const auto* e = std::get_if<1>(&r.is)) return of_result(e->euicc_package_result.value);
    if (const auto* d = std::get_if<2>(&r.is)) {
        if (const auto* ok = std::get_if<0>(&d->value.is)) return ok->eim_transaction_id;
        return std::get<1>(d->value.is).eim_transaction_id;
    }
    if (const auto* t = std::get_if<3>(&r.is)) return t->eim_transaction_id;
    return std::get<4>(r.is).eim_transaction_id;
}
} // namespace

Result<std::optional<Device>> Server::device_of(const rsp::ProvideEimPackageResult& provided) {
    Eid eid{};
    if (provided.eid_value) {
        std::copy(provided.eid_value->begin(), provided.eid_value->end(), eid.begin());
        return store_.device(eid);
    }
    // EIDs are left out by some: the transaction is ours and tells. SGP.32 §5.14.6
    const auto transaction = transaction_of(provided.eim_package_result);
    if (!transaction) return std::optional<Device>{};
    const auto o = TRY(store_.by_transaction(*transaction));
    return o ? store_.device(o->eid) : Result<std::optional<Device>>(std::nullopt);
}

Result<OwnedBytes> Server::provide(Bytes message, Time now) {
    const auto provided = TRY(asn1::decode<rsp::ProvideEimPackageResult>(message));
    auto device = TRY(device_of(provided));
    if (!device) return refuse(provided.eid_value ? ProvideError::eid_not_found : ProvideError::missing_eid);
    Turn turn{.device = std::move(*device), .now = now};
    turn.device.last_seen = now;
    turn.device_changed = true;
    TRY(take(turn, provided.eim_package_result));
    const std::vector<uint64_t> numbers = turn.acknowledged;
    TRY(commit(turn)); // acknowledged means on disk (RR-15)
    return acknowledge(numbers);
}

Ok Server::take(Turn& turn, const EimPackageResult& result) {
    if (const auto* e = std::get_if<0>(&result.is)) return take_result(turn, e->der, e->value);
    if (const auto* e = std::get_if<1>(&result.is)) {
        TRY(take_result(turn, e->euicc_package_result.der, e->euicc_package_result.value));
        return e->notification_list.for_each(
            [&](const rsp::PendingNotification& n) -> Ok { return take_notification(turn, n); });
    }
    if (const auto* d = std::get_if<2>(&result.is)) return take_data(turn, d->der, d->value);
    if (const auto* t = std::get_if<3>(&result.is)) return take_trigger(turn, *t);
    const auto& e = std::get<4>(result.is);
    Operation* o = TRY(find(turn, e.eim_transaction_id, std::nullopt));
    note(turn,
         o,
         "the IPA refused the package, code " +
             std::to_string(static_cast<int>(e.eim_package_result_error_code)),
         e.eim_transaction_id.value_or(Bytes()));
    return {};
}

Ok Server::take_result(Turn& turn, Bytes der, const rsp::EuiccPackageResult& result) {
    if (const auto* s = std::get_if<0>(&result.is)) return take_signed(turn, der, *s);
    if (const auto* s = std::get_if<1>(&result.is)) return take_signed_error(turn, der, *s);
    const auto& e = std::get<2>(result.is);
    Operation* o = TRY(find(turn, e.eim_transaction_id, std::nullopt));
    note(turn, o, "unsigned error of the eUICC: unknown eIM, wrong signature or damaged package", der);
    return {};
}

Ok Server::take_signed(Turn& turn, Bytes der, const rsp::EuiccPackageResultSigned& result) {
    const auto& data = result.euicc_package_result_data_signed.value;
    if (data.eim_id != config_.eim_id) return {}; // another eIM's: not ours to acknowledge
    Operation* o = TRY(find(turn, data.eim_transaction_id, data.counter_value));
    const auto key = crypto::public_key_from_spki(turn.device.euicc_key);
    if (!key) {
        note(turn, o, "result before the eUICC's certificate is known", der);
        return {};
    }
    bool was_der = false;
    if (!crypto::verify_tolerant(
            *key,
            {result.euicc_package_result_data_signed.der, rsp::token_tlv(turn.device.token)},
            result.euicc_sign_epr,
            &was_der)) {
        note(turn, o, "result whose signature does not verify", der);
        return {};
    }
    if (was_der) log(LogLevel::warning, to_text(turn.device.eid) + ": signature in DER form tolerated");
    // Genuine from here on; the card may forget it, whatever it means.
    turn.acknowledged.push_back(data.seq_number);
    if (!o || o->kind != Kind::package || (o->counter != data.counter_value)) {
        note(turn, nullptr, "genuine result for no operation of ours", der);
        turn.device.profiles_known = false;
        return {};
    }
    if (same(o->result, der)) return {}; // delivered before
    const Outcome outcome = TRY(judge(o->package, data));
    // A rollback speaks later than the result it replaces. SGP.32 §3.4.4
    if (is_final(o->state) && !outcome.rolled_back) {
        if (o->state == State::cancelled || o->state == State::expired) {
            note(turn, nullptr, "genuine result after " + std::string(name(o->state)) + " of " + o->id, der);
            turn.device.profiles_known = false;
        }
        return {};
    }
    o->result = owned(der);
    if (outcome.rolled_back) {
        turn.device.profiles_known = false;
    } else if (outcome.listed) {
        turn.device.profiles = *outcome.listed;
        turn.device.profiles_known = true;
        turn.device.profiles_as_of = turn.now;
        turn.device.profiles_evidence = o->id;
    } else if (turn.device.profiles_known && outcome.done) {
        turn.device.profiles = carry_out(std::move(turn.device.profiles), o->package, outcome.done);
        turn.device.profiles_as_of = turn.now;
        turn.device.profiles_evidence = o->id;
    }
    settle(turn, *o, outcome.success, outcome.reason);
    if (o->resolves.empty() || !outcome.listed) return {};
    auto undecided = TRY(store_.operation(o->resolves));
    if (!undecided || undecided->state != State::unknown) return {};
    turn.operations.push_back(std::move(*undecided));
    Operation& decided = turn.operations.back();
    if (decided.kind == Kind::download) {
        // Its package was no command of ours, so only the profile itself tells.
        const bool there = decided.iccid && turn.device.find(*decided.iccid);
        settle(turn, decided, there, "decided by audit " + o->id);
    } else if (const auto yes = came_true(turn.device.profiles, decided.package)) {
        settle(turn, decided, *yes, "decided by audit " + o->id);
    } else {
        settle(turn, decided, false, "outcome cannot be known; look at the eUICC's eIMs");
    }
    if (decided.state == State::failed && decided.cancel_requested) decided.state = State::cancelled;
    return {};
}

Ok Server::take_signed_error(Turn& turn, Bytes der, const rsp::EuiccPackageErrorSigned& result) {
    const auto& data = result.euicc_package_error_data_signed.value;
    if (data.eim_id != config_.eim_id) return {};
    Operation* o = TRY(find(turn, data.eim_transaction_id, data.counter_value));
    const auto key = crypto::public_key_from_spki(turn.device.euicc_key);
    if (!key || !crypto::verify_tolerant(
                    *key,
                    {result.euicc_package_error_data_signed.der, rsp::token_tlv(turn.device.token)},
                    result.euicc_sign_epe,
                    nullptr)) {
        note(turn, o, "signed error whose signature does not verify", der);
        return {};
    }
    if (!o || o->counter != data.counter_value || is_final(o->state) || o->state == State::queued) return {};
    using Code = rsp::EuiccPackageErrorCode;
    std::string reason =
        "refused by the eUICC, code " + std::to_string(static_cast<int>(data.euicc_package_error_code));
    if (data.euicc_package_error_code == Code::ecall_active) {
        o->reason = "an emergency call is active; offered again later"; // nothing stored, the same package
                                                                        // may come again
        o->changed = turn.now;
        return {};
    }
    if (data.euicc_package_error_code == Code::replay_error) {
        // Either it ran before and its result was lost, or the card has seen higher numbers than we know of.
        if (o->resolves.empty() && changes_something(o->package)) {
            o->state = State::unknown;
            o->reason = "the eUICC has executed this or a later package; an audit decides";
            o->changed = turn.now;
        } else {
            // An audit may be repeated freely, further ahead.
            o->state = State::queued;
            o->request.clear();
            o->transaction_id = make(o->eid, o->kind, turn.now).transaction_id;
            o->changed = turn.now;
        }
        turn.device.counter += 16;
        turn.device.profiles_known = false;
        return {};
    }
    o->result = owned(der);
    settle(turn, *o, false, std::move(reason));
    return {};
}

Ok Server::take_trigger(Turn& turn, const rsp::ProfileDownloadTriggerResult& result) {
    Operation* o = TRY(find(turn, result.eim_transaction_id, std::nullopt));
    if (o && o->kind != Kind::download) o = nullptr;
    const auto& is = result.profile_download_trigger_result_data.is;
    if (const auto* error = std::get_if<rsp::ProfileDownloadError>(&is)) {
        // Unsigned: evidence, and the same trigger goes out again (SR-18).
        std::string what = "download failed on the device, reason " +
                           std::to_string(static_cast<int>(error->profile_download_error_reason));
        if (error->error_response) what += describe_failure(*error->error_response);
        note(turn, o, std::move(what), error->error_response.value_or(Bytes()));
        return {};
    }
    const auto& pir = std::get<rsp::ProfileInstallationResult>(is);
    const auto& data = pir.profile_installation_result_data;
    const OwnedBytes der = TRY(asn1::encode(pir)); // Exact inside: the octets signed are those received
    const auto key = crypto::public_key_from_spki(turn.device.euicc_key);
    if (!key || !crypto::verify_tolerant(*key, {data.der}, pir.euicc_sign_pir, nullptr)) {
        note(turn, o, "installation result whose signature does not verify", der);
        return {};
    }
    if (!o) {
        note(turn, nullptr, "genuine installation result for no operation of ours", der);
        turn.device.profiles_known = false;
        return {};
    }
    if (is_final(o->state) || same(o->result, der)) return {};
    const auto& meta = data.value.notification_metadata;
    o->result = der;
    if (meta.iccid) o->iccid = meta.iccid;
    if (const auto* failed = std::get_if<rsp::ErrorResult>(&data.value.final_result.is)) {
        std::string reason = "installation failed: " + reason_name(failed->error_reason);
        const bool again = failed->error_reason == rsp::ErrorReason::install_failed_due_to_interruption ||
                           failed->error_reason == rsp::ErrorReason::scp03t_security_error ||
                           failed->error_reason == rsp::ErrorReason::scp03t_structure_error;
        if (again && o->attempts < config_.download_attempts) {
            o->state = State::queued;
            o->request.clear();
            o->transaction_id = make(o->eid, o->kind, turn.now).transaction_id;
            o->reason = std::move(reason);
            o->changed = turn.now;
            return {};
        }
        settle(turn, *o, false, std::move(reason));
        return {};
    }
    if (turn.device.profiles_known && meta.iccid && !turn.device.find(*meta.iccid)) {
        turn.device.profiles.push_back({.iccid = *meta.iccid});
        turn.device.profiles_as_of = turn.now;
        turn.device.profiles_evidence = o->id;
    }
    settle(turn, *o, true, {});
    return {};
}

} // namespace halyard::eim
