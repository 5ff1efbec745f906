// Outcome of a profile download: the eUICC's installation result, or an IPA's word that proves nothing.
// SGP.32 §3.2.3
#include "eim/describe.h"
#include "eim/server.h"

namespace halyard::eim {
namespace {
// What may go better the next time; everything else would end the same.
bool may_pass(rsp::ErrorReason reason) {
    return reason == rsp::ErrorReason::install_failed_due_to_interruption ||
           reason == rsp::ErrorReason::scp03t_security_error ||
           reason == rsp::ErrorReason::scp03t_structure_error;
}
} // namespace

Ok Server::take_trigger(Turn& turn, const rsp::ProfileDownloadTriggerResult& result) {
    Operation* o = TRY(by_transaction(turn, result.eim_transaction_id));
    if (o && o->kind != Kind::download) o = nullptr;
    const auto& is = result.profile_download_trigger_result_data.is;
    if (const auto* pir = std::get_if<rsp::ProfileInstallationResult>(&is))
        return take_installation(turn, o, *pir);
    const auto& error = std::get<rsp::ProfileDownloadError>(is);
    // Unsigned: evidence, and the same trigger goes out again (SR-18).
    std::string what = "download failed on the device, reason " +
                       std::to_string(static_cast<int>(error.profile_download_error_reason));
    if (error.error_response) what += describe_failure(*error.error_response);
    note(turn, o, std::move(what), error.error_response.value_or(Bytes()));
    return {};
}

// Not acknowledged: the card keeps it until the SM-DP+ has it. SGP.32 §3.2.3.1
Ok Server::take_installation(Turn& turn, Operation* o, const rsp::ProfileInstallationResult& pir) {
    const auto& data = pir.profile_installation_result_data;
    const OwnedBytes der = TRY(asn1::encode(pir)); // Exact inside: the octets signed are those received
    const auto session = TRY(store_.session(data.value.transaction_id));
    // With the key of the CI that the session was under. SGP.22 §5.6.1
    const Identity* signer =
        signer_of(turn.device, {data.der}, pir.euicc_sign_pir, nullptr, session ? session->ci : OwnedBytes{});
    if (!signer) {
        note(turn, o, "installation result whose signature does not verify", der);
        ask_for_other_keys(turn);
        return {};
    }
    if (o && same(o->result, der)) return {};
    const auto& meta = data.value.notification_metadata;
    const auto number = static_cast<int64_t>(meta.seq_number);
    // The transaction id around it is not signed. What ties the two together: it is newer than the order, and
    // its session is one of the order's if we relayed it.
    if (!o || number <= o->floor || (session && session->operation != o->id)) {
        note(turn, nullptr, "genuine installation result that belongs to no open order", der);
        turn.device.profiles_known = false;
        turn.device.number = std::max(turn.device.number, number);
        turn.device_changed = true;
        return {};
    }
    turn.device.number = std::max(turn.device.number, number);
    turn.device_changed = true;
    if (is_final(o->state) && !o->result.empty()) return {};
    const bool late = is_final(o->state);
    const bool expected = !o->iccid || !meta.iccid || *o->iccid == *meta.iccid;
    o->result = der;
    o->ci = signer->ci;
    if (meta.iccid) o->iccid = meta.iccid;
    if (const auto* failed = std::get_if<rsp::ErrorResult>(&data.value.final_result.is)) {
        std::string reason = "installation failed: " + reason_name(failed->error_reason);
        // There already, and this trigger was out more than once: an earlier run may have put it there.
        const bool by_us =
            failed->error_reason == rsp::ErrorReason::install_failed_due_to_iccid_already_exists_on_euicc &&
            o->offers > 1;
        if (by_us && !late) {
            o->state = State::unknown;
            o->reason = std::move(reason);
            o->changed = turn.now;
        } else if (!late && may_pass(failed->error_reason) && o->attempts < config_.download_attempts) {
            queue_again(turn, *o, std::move(reason));
        } else {
            settle(turn, *o, false, std::move(reason));
        }
        return {};
    }
    if (late) turn.device.profiles_known = false;
    if (turn.device.profiles_known && meta.iccid && !turn.device.find(*meta.iccid)) {
        turn.device.profiles.push_back({.iccid = *meta.iccid});
        turn.device.profiles_as_of = turn.now;
        turn.device.profiles_evidence = o->id;
    }
    settle(turn, *o, expected, expected ? "" : "another profile than the expected one was installed");
    return {};
}

} // namespace halyard::eim
