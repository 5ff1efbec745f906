#include "euicc/install_checks.h"
#include "euicc/isdr.h"

// ES10b.LoadBoundProfilePackage: segments in, an installation result at the end or at the first error. SGP.22
// §5.7.6, §2.5.5
namespace halyard::euicc {
namespace {
using rsp::BppCommandId, rsp::ErrorReason;
constexpr uint64_t kMaxPackage = 2u << 20; // SR-48

using Head = Loading::Head;
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
// A fault that may be gone at the next attempt: the one-time key is kept for it, so that the same package can
// be sent again. SGP.22 §3.1.3.2
bool may_be_repeated(ErrorReason reason) {
    return reason == ErrorReason::install_failed_due_to_interruption ||
           reason == ErrorReason::install_failed_due_to_insufficient_memory_for_profile;
}
} // namespace

Result<OwnedBytes> Isdr::load_segment(Bytes command) {
    if (!session_ || !session_->prepared) return fail(Errc::rejected, "conditions");
    if ((command[0] == 0xBF) == loading_.has_value()) return fail(Errc::rejected, "conditions");
    return loading_ ? segment(command) : initialise(command);
}

Result<OwnedBytes> Isdr::initialise(Bytes command) {
    loading_.emplace();
    Session& s = *session_;
    const auto refuse = [&](ErrorReason reason) { return fail_load(reason); };
    const auto head = head_of(command);
    if (!head || head->tag != 0xBF36 || head->length > kMaxPackage || head->length <= head->rest.size())
        return refuse(ErrorReason::scp03t_structure_error);
    loading_->package_left = head->length - head->rest.size();
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

// One unit: a complete TLV, or the header of A1 or A3, alone or with the first TLV behind it.
Result<OwnedBytes> Isdr::segment(Bytes unit) {
    using Phase = Loading::Phase;
    Loading& l = *loading_;
    const auto head = head_of(unit);
    if (!head || unit.size() > l.package_left) return fail_load(ErrorReason::scp03t_structure_error);
    l.package_left -= unit.size();
    switch (l.phase) {
    case Phase::configure: return configure(*head);
    case Phase::metadata_header: return begin_metadata(*head);
    case Phase::metadata: return store_metadata(unit);
    case Phase::keys_or_elements: return head->tag == 0xA2 ? replace_keys(*head) : begin_elements(*head);
    case Phase::elements_header: return begin_elements(*head);
    case Phase::elements: return elements(unit);
    }
    return fail_load(ErrorReason::scp03t_structure_error);
}

// The handlers answer nothing to go on, or the installation result that ended it.
Result<OwnedBytes> Isdr::configure(const Loading::Head& head) {
    Loading& l = *loading_;
    if (head.tag != 0xA0 || head.rest.size() != head.length)
        return fail_load(ErrorReason::scp03t_structure_error);
    const auto plain = l.bsp.unprotect(0x87, head.rest);
    if (!plain) return fail_load(reason_of(plain.error()));
    const auto request = asn1::decode<rsp::ConfigureISDPRequest>(plain->reveal());
    if (!request) return fail_load(ErrorReason::incorrect_input_values);
    if (request->dp_proprietary_data) {
        // The owner of the ISD-P is the SM-DP+ itself or an identity below its own.
        const Bytes oid = request->dp_proprietary_data->dp_oid.der;
        const OwnedBytes& own = session_->smdp_oid;
        if (oid.size() < own.size() || !same(oid.first(own.size()), own))
            return fail_load(ErrorReason::incorrect_input_values);
        l.dp_oid = owned(oid);
    }
    l.phase = Loading::Phase::metadata_header;
    return OwnedBytes{};
}

Result<OwnedBytes> Isdr::begin_metadata(const Loading::Head& head) {
    Loading& l = *loading_;
    if (head.tag != 0xA1 || head.length == 0 || head.rest.size() > head.length ||
        head.length - head.rest.size() > l.package_left)
        return fail_load(ErrorReason::scp03t_structure_error);
    l.part_left = head.length;
    l.phase = Loading::Phase::metadata;
    l.command = BppCommandId::store_metadata;
    return head.rest.empty() ? OwnedBytes{} : store_metadata(head.rest);
}

// By the rules authorisation table; and PPR1 only on a card that has no operational profile yet, for it would
// tie the device to this one. SGP.22 §2.9.2, §5.5.3
bool Isdr::rules_are_allowed(const rsp::StoreMetadataRequest& metadata) const {
    if (!policy_is_authorised(identity_->rat, metadata)) return false;
    if (!metadata.profile_policy_rules || !metadata.profile_policy_rules->has(rsp::PprIds::ppr1)) return true;
    return std::ranges::none_of(state_.profiles, [](const StoredProfile& p) {
        const auto other = asn1::decode<rsp::StoreMetadataRequest>(p.metadata);
        return !other || other->profile_class == rsp::ProfileClass::operational;
    });
}

Result<OwnedBytes> Isdr::store_metadata(Bytes unit) {
    Loading& l = *loading_;
    if (unit.size() > l.part_left || unit[0] != 0x88) return fail_load(ErrorReason::scp03t_structure_error);
    l.part_left -= unit.size();
    const auto data = l.bsp.check(0x88, unit);
    if (!data) return fail_load(reason_of(data.error()));
    append(l.metadata, *data);
    if (l.part_left) return OwnedBytes{};
    const auto metadata = asn1::decode<rsp::StoreMetadataRequest>(l.metadata);
    if (!metadata) return fail_load(ErrorReason::incorrect_input_values);
    l.iccid = metadata->iccid;
    if (metadata->profile_class > rsp::ProfileClass::operational)
        return fail_load(ErrorReason::unsupported_profile_class);
    if (metadata->icon && !metadata->icon_type) return fail_load(ErrorReason::incorrect_input_values);
    if (state_.find(metadata->iccid))
        return fail_load(ErrorReason::install_failed_due_to_iccid_already_exists_on_euicc);
    if (!rules_are_allowed(*metadata)) return fail_load(ErrorReason::ppr_not_allowed);
    l.phase = Loading::Phase::keys_or_elements;
    // From here a loss of power leaves a result.
    state_.installing = Installing{session_->transaction_id,
                                   session_->smdp_oid,
                                   session_->server_address,
                                   metadata->iccid,
                                   session_->keys->ci_key_id};
    dirty_ = true;
    return OwnedBytes{};
}

Result<OwnedBytes> Isdr::replace_keys(const Loading::Head& head) {
    Loading& l = *loading_;
    l.command = BppCommandId::replace_session_keys;
    if (head.rest.size() != head.length) return fail_load(ErrorReason::scp03t_structure_error);
    const auto plain = l.bsp.unprotect(0x87, head.rest);
    if (!plain) return fail_load(reason_of(plain.error()));
    const auto keys = asn1::decode<rsp::ReplaceSessionKeysRequest>(plain->reveal());
    if (!keys) return fail_load(ErrorReason::incorrect_input_values);
    auto bsp = rsp::Bsp::from_keys(keys->initial_mac_chaining_value, keys->ppk_enc, keys->ppk_cmac);
    if (!bsp) return fail_load(ErrorReason::incorrect_input_values);
    l.bsp = std::move(*bsp);
    l.phase = Loading::Phase::elements_header;
    return OwnedBytes{};
}

Result<OwnedBytes> Isdr::begin_elements(const Loading::Head& head) {
    Loading& l = *loading_;
    l.command = BppCommandId::load_profile_elements;
    // A3 is the last part: it ends where the package ends.
    if (head.tag != 0xA3 || head.length == 0 || head.rest.size() > head.length ||
        head.length - head.rest.size() != l.package_left)
        return fail_load(ErrorReason::scp03t_structure_error);
    l.part_left = head.length;
    profile::Platform platform;
    platform.memory = free_memory();
    l.installer.emplace(std::move(platform));
    l.phase = Loading::Phase::elements;
    return head.rest.empty() ? OwnedBytes{} : elements(head.rest);
}

Result<OwnedBytes> Isdr::elements(Bytes unit) {
    Loading& l = *loading_;
    if (unit.size() > l.part_left || unit[0] != 0x86) return fail_load(ErrorReason::scp03t_structure_error);
    l.part_left -= unit.size();
    const auto plain = l.bsp.unprotect(0x86, unit);
    if (!plain) return fail_load(reason_of(plain.error()));
    if (!l.installer->feed(plain->reveal())) {
        const bool memory = l.installer->statuses().back().status == profile::PeStatusCode::not_enough_memory;
        return fail_load(memory ? ErrorReason::install_failed_due_to_insufficient_memory_for_profile
                                : ErrorReason::install_failed_due_to_pe_processing_error);
    }
    if (l.part_left) return OwnedBytes{};
    if (!l.installer->complete()) return fail_load(ErrorReason::install_failed_due_to_pe_processing_error);
    const auto metadata = TRY(asn1::decode<rsp::StoreMetadataRequest>(l.metadata));
    const profile::Image& image = l.installer->image();
    if (image.iccid != *l.iccid || (metadata.profile_owner && !owner_matches(*metadata.profile_owner, image)))
        return fail_load(ErrorReason::install_failed_due_to_data_mismatch);
    if (metadata.profile_class == rsp::ProfileClass::test && !has_test_keys_only(image))
        return fail_load(ErrorReason::test_profile_install_failed_due_to_invalid_naa_key);
    return install();
}

// The installation result, signed and kept as a notification.
Result<OwnedBytes> Isdr::installation_result(const Installing& of, const rsp::FinalResult& result) {
    const KeySet* keys = identity_->find(of.ci_key_id);
    if (!keys) return fail(Errc::internal, "euiccCiPKId");
    rsp::ProfileInstallationResultData data{.transaction_id = of.transaction_id, .smdp_oid = {of.smdp_oid}};
    data.notification_metadata = {
        .seq_number = state_.next_seq,
        .profile_management_operation = {rsp::NotificationEvent::notification_install},
        .notification_address = of.address,
        .iccid = of.iccid};
    data.final_result = result;
    const OwnedBytes tbs = TRY(asn1::encode(data));
    const auto signature = TRY(crypto::sign(keys->key, {tbs}));
    rsp::ProfileInstallationResult pir;
    pir.profile_installation_result_data.der = tbs;
    pir.euicc_sign_pir = signature;
    OwnedBytes der = TRY(asn1::encode(pir));
    state_.installing.reset();
    keep_notification({state_.next_seq++,
                       data.notification_metadata.profile_management_operation.mask,
                       of.address,
                       of.iccid,
                       der});
    dirty_ = true;
    return der;
}

Installing Isdr::session_installing() const {
    return {session_->transaction_id,
            session_->smdp_oid,
            session_->server_address,
            loading_->iccid,
            session_->keys->ci_key_id};
}

Result<OwnedBytes> Isdr::fail_load(ErrorReason reason) {
    rsp::ErrorResult error{.bpp_command_id = loading_->command, .error_reason = reason};
    OwnedBytes response;
    if (loading_->installer && loading_->installer->refused())
        response = TRY(loading_->installer->response());
    if (!response.empty()) error.sima_response = response;
    rsp::FinalResult result;
    result.is = error;
    const Installing of = session_installing();
    key_spent_ = !may_be_repeated(reason);
    loading_.reset();
    session_.reset();
    return installation_result(of, result);
}

// The profile, its installation result and the notifications become durable in one commit, or nothing does
// (RR-13).
Result<OwnedBytes> Isdr::install() {
    const Installing of = session_installing();
    Loading l = std::move(*loading_);
    loading_.reset();
    session_.reset();
    const OwnedBytes response = TRY(l.installer->response());
    StoredProfile p{.iccid = *l.iccid, .number = state_.next_profile++};
    const auto aid = isdp_aid(p.number);
    rsp::FinalResult result;
    result.is = rsp::SuccessResult{.aid = aid, .sima_response = response};
    OwnedBytes der = TRY(installation_result(of, result));
    const profile::Image image = l.installer->take();
    p.metadata = std::move(l.metadata);
    p.dp_oid = std::move(l.dp_oid);
    p.memory = image.memory();
    TRY(put_image(p, image));
    p.ci_key_id = of.ci_key_id;
    state_.profiles.push_back(std::move(p));
    TRY(notify(state_.profiles.back(), rsp::NotificationEvent::notification_install));
    key_spent_ = true;
    just_installed_ = JustInstalled{*l.iccid, of.smdp_oid, of.address};
    return der;
}

} // namespace halyard::euicc
