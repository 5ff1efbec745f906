// What IPA and eUICC tell of themselves: hints, but for what is signed in it. SGP.32 §2.11.1.2
#include "base/log.h"
#include "eim/server.h"
#include <algorithm>

namespace halyard::eim {
namespace {
bool asked_for(const Operation& o, uint8_t tag) {
    return std::find(o.tag_list.begin(), o.tag_list.end(), tag) != o.tag_list.end();
}
} // namespace

Result<bool> Server::take_certificates(Device& device, Bytes euicc, Bytes eum, Time now) const {
    const bool is_new = TRY(learn(device, euicc, eum, config_.anchors, config_.revocation, now));
    if (is_new)
        log(LogLevel::info,
            to_text(device.eid) + ": certificates under " + std::to_string(device.identities.size()) +
                (device.identities.size() == 1 ? " CI" : " CIs") + " known");
    return is_new;
}

// The eIM's own question for one CI: whoever cannot answer it must not be kept from everything else by it.
bool Server::give_up_question(Turn& turn, Operation* o, std::string why) {
    if (!o || o->kind != Kind::data || !o->automatic || o->ci.empty() || is_final(o->state)) return false;
    settle(turn, *o, false, std::move(why));
    return true;
}

Ok Server::judge_again(Turn& turn, Operation& o, Bytes octets) {
    if (const auto pir = asn1::decode<rsp::ProfileInstallationResult>(octets, {.tally = false})) {
        const auto& data = pir->profile_installation_result_data;
        if (o.kind == Kind::download && signer_of(turn.device, {data.der}, pir->euicc_sign_pir))
            return take_installation(turn, &o, *pir);
        return {};
    }
    const auto result = asn1::decode<rsp::EuiccPackageResult>(octets, {.tally = false});
    if (!result) return {};
    Bytes data, signature;
    if (const auto* done = std::get_if<0>(&result->is)) {
        data = done->euicc_package_result_data_signed.der;
        signature = done->euicc_sign_epr;
    } else if (const auto* error = std::get_if<1>(&result->is)) {
        data = error->euicc_package_error_data_signed.der;
        signature = error->euicc_sign_epe;
    }
    if (signature.empty() || !signer_of_result(turn, &o, data, signature).identity) return {};
    return take_result(turn, octets, *result);
}

// A result may come before the certificate under whose CI it was signed: a download brings none along.
Ok Server::judge_again(Turn& turn) {
    for (Operation& found : TRY(store_.open_operations(turn.device.eid))) {
        Operation* o = keep(turn, std::move(found));
        if (!o || o->kind == Kind::data || !o->unsigned_errors) continue;
        for (const Evidence& e : TRY(store_.evidence(o->id)))
            if (!is_final(o->state)) TRY(judge_again(turn, *o, e.octets));
    }
    return {};
}

// A wrong token makes every package fail, and whoever knows an EID can send one. So one that a signature has
// proven gives way only where the owner asked for the data.
void Server::take_token(Turn& turn, const Operation& o, std::optional<int64_t> token, bool tied) {
    Device& device = turn.device;
    const bool believed_less = o.automatic || !tied;
    if (!asked_for(o, 0x84) || token == device.token) return;
    if (device.token_proven && believed_less) {
        note(turn, nullptr, "the IPA reports another association token; not believed", o.transaction_id);
        return;
    }
    device.token = token;
    device.token_proven = false;
}

// By its transaction; an IPA of v1.0 names none, so its answer is to the question that is out.
Result<Operation*> Server::data_request_of(Turn& turn, const std::optional<Bytes>& transaction_id) {
    Operation* found = TRY(by_transaction(turn, transaction_id));
    if (transaction_id || turn.device.ipa_edition != rsp::Edition::v1_0) return found;
    for (Operation& o : TRY(store_.open_operations(turn.device.eid)))
        if (o.kind == Kind::data && o.state == State::offered && !o.held) return keep(turn, std::move(o));
    return found;
}

Ok Server::take_data(Turn& turn, Bytes der, const rsp::IpaEuiccDataResponse& response) {
    if (const auto* error = std::get_if<rsp::IpaEuiccDataResponseError>(&response.is)) {
        Operation* refused = TRY(data_request_of(turn, error->eim_transaction_id));
        std::string why = "data request refused by the IPA, code " +
                          std::to_string(static_cast<int>(error->ipa_euicc_data_error_code));
        if (!give_up_question(turn, refused, why)) note(turn, refused, std::move(why), der);
        return {};
    }
    const auto& data = std::get<rsp::IpaEuiccData>(response.is);
    // Signed things speak for themselves, asked for or not.
    if (data.euicc_package_result_list)
        TRY(data.euicc_package_result_list->for_each([&](const rsp::EuiccPackageResult& r) -> Ok {
            return take_result(turn, TRY(asn1::encode(r)), r);
        }));
    if (data.notifications_list)
        TRY(data.notifications_list->for_each([&](const rsp::PendingNotification& n) -> Ok {
            (void)TRY(take_notification(turn, n));
            return {};
        }));
    Operation* o = TRY(data_request_of(turn, data.eim_transaction_id));
    if (!o || o->kind != Kind::data) {
        note(turn, nullptr, "data that nobody asked for", der);
        return {};
    }
    if (is_final(o->state)) return {};
    Device& device = turn.device;
    turn.device_changed = true;
    bool is_new = false;
    if (data.euicc_certificate && data.eum_certificate) {
        const auto taken =
            take_certificates(device, data.euicc_certificate->der(), data.eum_certificate->der(), turn.now);
        if (!taken) {
            std::string why = std::string("eUICC certificate refused: ") + taken.error().where;
            if (!give_up_question(turn, o, why)) note(turn, o, std::move(why), der);
            return {};
        }
        is_new = *taken;
    } else if (device.identities.empty() && o->automatic) {
        note(turn, o, "the answer lacks the certificates asked for", der);
        return {};
    }
    take_token(turn, *o, data.association_token, data.eim_transaction_id.has_value());
    if (data.euicc_info2 && !same(device.euicc_info2, data.euicc_info2->der)) {
        device.euicc_info2 = owned(data.euicc_info2->der);
        device.inquiries.clear(); // its list of CIs may be another one now
    }
    if (data.ipa_capabilities) device.ipa_features = data.ipa_capabilities->ipa_features.mask;
    if (data.device_info) device.device_info = TRY(asn1::encode(*data.device_info));
    o->result = owned(der);
    settle(turn, *o, true, "as the device reports; unsigned");
    return is_new ? judge_again(turn) : Ok{};
}

} // namespace halyard::eim
