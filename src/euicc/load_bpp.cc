#include "crypto/hash.h"
#include "euicc/isdr.h"

// ES10b.LoadBoundProfilePackage: segments in, an installation result at the end or at the first error. SGP.22
// §5.7.6, §2.5.5
namespace halyard::euicc {
namespace {
using rsp::BppCommandId, rsp::ErrorReason;

struct Head {
    asn1::Tag tag = 0;
    uint64_t length = 0;
    Bytes rest;
};
// Tag and length of a constructed object whose content comes in later segments.
Result<Head> head_of(Bytes in) {
    Head h;
    size_t i = 0;
    const auto next = [&]() -> Result<uint8_t> {
        if (i >= in.size()) return fail(Errc::truncated, "segment");
        return in[i++];
    };
    h.tag = TRY(next());
    if ((h.tag & 0x1F) == 0x1F) h.tag = h.tag << 8 | TRY(next());
    h.length = TRY(next());
    if (h.length >= 0x80) {
        if (h.length < 0x81 || h.length > 0x84) return fail(Errc::bad_length, "segment");
        const size_t n = h.length & 0x7F;
        h.length = 0;
        for (size_t k = 0; k < n; ++k) h.length = h.length << 8 | TRY(next());
    }
    h.rest = in.subspan(i);
    return h;
}

// Why a segment did not open, in the standard's terms.
ErrorReason reason_of(const Error& e) {
    return e.code == Errc::unverified ? ErrorReason::scp03t_security_error
                                      : ErrorReason::scp03t_structure_error;
}
} // namespace

Result<OwnedBytes> Isdr::load_segment(Bytes command) {
    if (!session_ || !session_->prepared) return fail(Errc::rejected, "conditions");
    if (command[0] == 0xBF) {
        if (loading_) return fail(Errc::rejected, "conditions");
        return initialise(command);
    }
    if (!loading_) return fail(Errc::rejected, "conditions");
    return segment(command);
}

Result<OwnedBytes> Isdr::initialise(Bytes command) {
    loading_.emplace();
    Session& s = *session_;
    const auto refuse = [&](ErrorReason reason) { return finish_load(reason, {}); };
    const auto head = head_of(command);
    if (!head || head->tag != 0xBF36 || head->length > (2u << 20))
        return refuse(ErrorReason::scp03t_structure_error);
    const auto request = asn1::decode<rsp::InitialiseSecureChannelRequest>(head->rest);
    if (!request) return refuse(ErrorReason::incorrect_input_values);
    if (request->remote_op_id != rsp::RemoteOpId::install_bound_profile_package)
        return refuse(ErrorReason::unsupported_remote_operation_type);
    if (!same(request->transaction_id, s.transaction_id)) return refuse(ErrorReason::invalid_transaction_id);
    const auto& crt = request->control_ref_template;
    if (crt.key_type[0] != rsp::kKeyType || crt.key_len[0] != rsp::kKeyLength)
        return refuse(ErrorReason::unsupported_crt_values);

    // Signed: the four objects as they stand inside BF23, and our own one-time key. SGP.22 §5.5.1
    const crypto::PrivateKey& own = one_time_keys_.back().key;
    const Bytes inside = TRY(asn1::read_tlv(head->rest)).content;
    const OwnedBytes signature = signature_tlv(request->smdp_sign);
    if (inside.size() < signature.size()) return refuse(ErrorReason::incorrect_input_values);
    OwnedBytes otpk{0x5F, 0x49, 0x41};
    append(otpk, own.public_key().point);
    if (!crypto::verify(*s.binding->public_key,
                        {inside.first(inside.size() - signature.size()), otpk},
                        request->smdp_sign))
        return refuse(ErrorReason::invalid_signature);
    const auto peer = crypto::public_key_from_point(own.curve(), request->smdp_otpk);
    if (!peer) return refuse(ErrorReason::incorrect_input_values);
    auto bsp = rsp::Bsp::derive(own, *peer, crt.host_id, identity_->eid);
    if (!bsp) return refuse(ErrorReason::unsupported_crt_values);
    loading_->bsp = std::move(*bsp);
    loading_->command = BppCommandId::configure_isdp;
    return OwnedBytes{};
}

Result<OwnedBytes> Isdr::segment(Bytes command) {
    using Phase = Loading::Phase;
    Loading& l = *loading_;
    const auto refuse = [&](ErrorReason reason) { return finish_load(reason, {}); };
    const auto structure = [&] { return refuse(ErrorReason::scp03t_structure_error); };
    const auto head = head_of(command);
    if (!head) return structure();
    Bytes body = command;
    switch (l.phase) {
    case Phase::configure:
        // A0 with its 87 inside, or its header and the 87 in one unit.
        if (head->tag != 0xA0 || head->rest.size() != head->length) return structure();
        (void)TRY(configure(head->rest));
        if (!loading_) return state_.notifications.back().der;
        l.phase = Phase::metadata_header;
        return OwnedBytes{};
    case Phase::metadata_header:
        if (head->tag != 0xA1 || head->length == 0) return structure();
        l.metadata_left = head->length;
        l.phase = Phase::metadata;
        l.command = BppCommandId::store_metadata;
        if (head->rest.empty()) return OwnedBytes{};
        body = head->rest;
        [[fallthrough]];
    case Phase::metadata:
        if (body.size() > l.metadata_left || body[0] != 0x88) return structure();
        l.metadata_left -= body.size();
        (void)TRY(store_metadata(body));
        if (!loading_) return state_.notifications.back().der;
        if (l.metadata_left == 0) l.phase = Phase::keys_or_elements;
        return OwnedBytes{};
    case Phase::keys_or_elements:
        if (head->tag == 0xA2) {
            l.command = BppCommandId::replace_session_keys;
            if (head->rest.size() != head->length) return structure();
            const auto plain = l.bsp.unprotect(0x87, head->rest);
            if (!plain) return refuse(reason_of(plain.error()));
            const auto keys = asn1::decode<rsp::ReplaceSessionKeysRequest>(plain->reveal());
            if (!keys) return refuse(ErrorReason::incorrect_input_values);
            auto bsp = rsp::Bsp::from_keys(keys->initial_mac_chaining_value, keys->ppk_enc, keys->ppk_cmac);
            if (!bsp) return refuse(ErrorReason::incorrect_input_values);
            l.bsp = std::move(*bsp);
            l.phase = Phase::elements;
            l.command = BppCommandId::load_profile_elements;
            return OwnedBytes{};
        }
        l.phase = Phase::elements;
        l.command = BppCommandId::load_profile_elements;
        [[fallthrough]];
    case Phase::elements:
        if (l.elements_left == 0 && !l.installer) {
            if (head->tag != 0xA3 || head->length == 0) return structure();
            l.elements_left = head->length;
            profile::Platform platform;
            platform.memory = free_memory();
            l.installer.emplace(std::move(platform));
            if (head->rest.empty()) return OwnedBytes{};
            body = head->rest;
        }
        if (body.size() > l.elements_left || body[0] != 0x86) return structure();
        l.elements_left -= body.size();
        (void)TRY(elements(body));
        if (!loading_) return state_.notifications.back().der;
        return OwnedBytes{};
    case Phase::done: break;
    }
    return structure();
}

// The three below return true to go on; when they end the installation, loading_ is gone and its result
// stored.
Result<bool> Isdr::configure(Bytes body) {
    const auto end = [&](ErrorReason reason) -> Result<bool> {
        TRY(finish_load(reason, {}));
        return true;
    };
    const auto plain = loading_->bsp.unprotect(0x87, body);
    if (!plain) return end(reason_of(plain.error()));
    const auto request = asn1::decode<rsp::ConfigureISDPRequest>(plain->reveal());
    if (!request) return end(ErrorReason::incorrect_input_values);
    if (request->dp_proprietary_data) {
        // The owner of the ISD-P is the SM-DP+ itself or an identity below its own.
        const Bytes oid = request->dp_proprietary_data->dp_oid.der;
        const OwnedBytes& own = session_->smdp_oid;
        if (oid.size() < own.size() || !same(oid.first(own.size()), own))
            return end(ErrorReason::incorrect_input_values);
        loading_->dp_oid = owned(oid);
    }
    return true;
}

Result<bool> Isdr::store_metadata(Bytes body) {
    Loading& l = *loading_;
    const auto end = [&](ErrorReason reason) -> Result<bool> {
        TRY(finish_load(reason, {}));
        return true;
    };
    const auto data = l.bsp.check(0x88, body);
    if (!data) return end(reason_of(data.error()));
    append(l.metadata, *data);
    if (l.metadata_left) return true;
    const auto metadata = asn1::decode<rsp::StoreMetadataRequest>(l.metadata);
    if (!metadata) return end(ErrorReason::incorrect_input_values);
    l.iccid = metadata->iccid;
    if (state_.find(metadata->iccid))
        return end(ErrorReason::install_failed_due_to_iccid_already_exists_on_euicc);
    // No entry of the rules authorisation table allows any policy rule. SGP.22 §2.9.3
    if (metadata->profile_policy_rules && (metadata->profile_policy_rules->has(rsp::PprIds::ppr1) ||
                                           metadata->profile_policy_rules->has(rsp::PprIds::ppr2)))
        return end(ErrorReason::ppr_not_allowed);
    return true;
}

Result<bool> Isdr::elements(Bytes body) {
    Loading& l = *loading_;
    const auto plain = l.bsp.unprotect(0x86, body);
    if (!plain) {
        TRY(finish_load(reason_of(plain.error()), {}));
        return true;
    }
    const bool accepted = l.installer->feed(plain->reveal());
    const auto respond = [&](std::optional<ErrorReason> reason) -> Result<bool> {
        const OwnedBytes response = TRY(l.installer->response());
        TRY(finish_load(reason, response));
        return true;
    };
    if (!accepted) {
        const bool memory = l.installer->statuses().back().status == profile::PeStatusCode::not_enough_memory;
        return respond(memory ? ErrorReason::install_failed_due_to_insufficient_memory_for_profile
                              : ErrorReason::install_failed_due_to_pe_processing_error);
    }
    if (l.elements_left) return true;
    if (!l.installer->complete()) return respond(ErrorReason::install_failed_due_to_pe_processing_error);
    if (l.installer->image().iccid != *l.iccid)
        return respond(ErrorReason::install_failed_due_to_data_mismatch);
    return respond(std::nullopt);
}

// The profile, its installation result and the notifications become durable in one commit, or nothing does
// (RR-13).
Result<OwnedBytes> Isdr::finish_load(std::optional<ErrorReason> reason, Bytes sima_response) {
    Loading l = std::move(*loading_);
    loading_.reset();
    Session s = std::move(*session_);
    session_.reset();
    rsp::ProfileInstallationResultData data{.transaction_id = s.transaction_id, .smdp_oid = {s.smdp_oid}};
    data.notification_metadata = {
        .seq_number = state_.next_seq,
        .profile_management_operation = {rsp::NotificationEvent::notification_install},
        .notification_address = s.server_address,
        .iccid = l.iccid};
    const auto aid = isdp_aid(state_.next_profile);
    if (reason) {
        rsp::ErrorResult error{.bpp_command_id = l.command, .error_reason = *reason};
        if (!sima_response.empty()) error.sima_response = sima_response;
        data.final_result.is = error;
    } else {
        data.final_result.is = rsp::SuccessResult{.aid = aid, .sima_response = sima_response};
    }
    const OwnedBytes tbs = TRY(asn1::encode(data));
    const auto signature = TRY(crypto::sign(s.keys->key, {tbs}));
    rsp::ProfileInstallationResult result;
    result.profile_installation_result_data.der = tbs;
    result.euicc_sign_pir = signature;
    const OwnedBytes der = TRY(asn1::encode(result));

    dirty_ = true;
    state_.notifications.push_back({state_.next_seq++, uint64_t{1}, s.server_address, l.iccid, der});
    if (reason) return der;
    StoredProfile p{.iccid = *l.iccid, .number = state_.next_profile++};
    const profile::Image image = l.installer->take();
    p.metadata = std::move(l.metadata);
    p.dp_oid = std::move(l.dp_oid);
    p.memory = image.memory();
    p.image = TRY(encode_image(image));
    p.ci_key_id = s.keys->ci_key_id;
    state_.profiles.push_back(std::move(p));
    TRY(notify(state_.profiles.back(), rsp::NotificationEvent::notification_install));
    one_time_keys_.pop_back(); // used
    just_installed_ = l.iccid;
    just_installed_oid_ = s.smdp_oid;
    // The result stays the last one, so that callers find it there.
    const auto at = std::find_if(state_.notifications.begin(),
                                 state_.notifications.end(),
                                 [&](const auto& n) { return n.der == der; });
    std::rotate(at, at + 1, state_.notifications.end());
    return der;
}

} // namespace halyard::euicc
