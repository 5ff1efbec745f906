// What IPA and eUICC tell of themselves: hints, but for what is signed in it. SGP.32 §2.11.1.2
#include "eim/server.h"
#include <algorithm>

namespace halyard::eim {
namespace {
bool asked_for(const Operation& o, uint8_t tag) {
    return std::find(o.tag_list.begin(), o.tag_list.end(), tag) != o.tag_list.end();
}
} // namespace

Ok Server::take_certificates(Device& device, Bytes euicc_der, Bytes eum_der, Time now) const {
    const auto euicc = TRY(crypto::Certificate::parse(euicc_der, "euiccCertificate"));
    const auto eum = TRY(crypto::Certificate::parse(eum_der, "eumCertificate"));
    if (TRY(rsp::check_euicc_chain(euicc, eum, config_.anchors, now, &config_.revocation)) != device.eid)
        return fail(Errc::unverified, "euiccCertificate: another EID");
    // A key once proven is not replaced by what an IPA sends unsigned. SR-22
    if (!device.euicc_key.empty() && !same(device.euicc_key, euicc.spki))
        return fail(Errc::conflict, "euiccCertificate: another key");
    device.euicc_certificate = euicc.der;
    device.eum_certificate = eum.der;
    device.euicc_key = euicc.spki;
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
        note(turn,
             TRY(data_request_of(turn, error->eim_transaction_id)),
             "data request refused by the IPA, code " +
                 std::to_string(static_cast<int>(error->ipa_euicc_data_error_code)),
             der);
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
    if (data.euicc_certificate && data.eum_certificate) {
        const auto ok =
            take_certificates(device, data.euicc_certificate->der(), data.eum_certificate->der(), turn.now);
        if (!ok) {
            note(turn, o, std::string("eUICC certificate refused: ") + ok.error().where, der);
            return {};
        }
    } else if (device.euicc_key.empty() && o->automatic) {
        note(turn, o, "the answer lacks the certificates asked for", der);
        return {};
    }
    take_token(turn, *o, data.association_token, data.eim_transaction_id.has_value());
    if (data.euicc_info2) device.euicc_info2 = owned(data.euicc_info2->der);
    if (data.ipa_capabilities) device.ipa_features = data.ipa_capabilities->ipa_features.mask;
    if (data.device_info) device.device_info = TRY(asn1::encode(*data.device_info));
    o->result = owned(der);
    settle(turn, *o, true, "as the device reports; unsigned");
    return {};
}

} // namespace halyard::eim
