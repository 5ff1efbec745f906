#include "euicc/isdr.h"

// Switches that no package orders: immediate enabling, fallback, emergency profile. SGP.32 §5.9.15 to §5.9.23
namespace halyard::euicc {
namespace {
// FQDNs, without regard to case.
bool same_name(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return std::equal(
        a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}
} // namespace

// v1.0 has no such mark: what stands there is of an edition it does not know.
bool Isdr::is_emergency(const StoredProfile& p) const {
    const auto meta = asn1::decode<rsp::StoreMetadataRequest>(p.metadata);
    return meta && meta->ecall_indication.value_or(false) && !identity_->is_v1_0();
}

const StoredProfile* Isdr::emergency_profile() const {
    for (const StoredProfile& p : state_.profiles)
        if (is_emergency(p)) return &p;
    return nullptr;
}

Result<OwnedBytes> Isdr::configure_immediate(Bytes command) {
    using Answer = rsp::ConfigureImmediateProfileEnablingResponse::ConfigImmediateEnableResult;
    const auto request = TRY(asn1::decode<rsp::ConfigureImmediateProfileEnablingRequest>(command));
    const auto answer = [](Answer a) {
        return asn1::encode(
            rsp::ConfigureImmediateProfileEnablingResponse{.config_immediate_enable_result = a});
    };
    if (!state_.eims.empty()) return answer(Answer::associated_eim_already_exists);
    if (request.default_smdp_address.value_or("").size() > kMaxAddress)
        return answer(Answer::insufficient_memory);
    state_.immediate_enable.set(
        request.immediate_enable_flag.has_value(), request.default_smdp_oid, request.default_smdp_address);
    dirty_ = true;
    return answer(Answer::ok);
}

Result<OwnedBytes> Isdr::immediate_enable(Bytes command) {
    using Answer = rsp::ImmediateEnableResponse::ImmediateEnableResult;
    silent_ = !TRY(asn1::decode<rsp::ImmediateEnableRequest>(command)).refresh_flag;
    const auto answer = [](Answer a) {
        return asn1::encode(rsp::ImmediateEnableResponse{.immediate_enable_result = a});
    };
    const auto& config = state_.immediate_enable;
    if (!config.flag) return answer(Answer::immediate_enable_not_available);
    const StoredProfile* installed = just_installed_ ? state_.find(just_installed_->iccid) : nullptr;
    if (!installed) return answer(Answer::no_session_context);
    // Only profiles of the SM-DP+ that was named, if one was.
    if ((!config.smdp_oid.empty() && config.smdp_oid != just_installed_->smdp_oid) ||
        (!config.smdp_address.empty() && !same_name(config.smdp_address, just_installed_->smdp_address)))
        return answer(Answer::immediate_enable_not_available);
    const StoredProfile* now = state_.enabled();
    if (state_.emergency_active || is_emergency(*installed) ||
        (now && policy_forbids(*now, rsp::PprIds::ppr1)))
        return answer(Answer::undefined_error);
    if (cat_busy_ && !silent_) return answer(Answer::cat_busy);
    const Iccid target = just_installed_->iccid;
    just_installed_.reset();
    state_.rollback.reset();
    state_.return_from_fallback.reset();
    TRY(switch_to(&target));
    dirty_ = true;
    return answer(Answer::ok);
}

Result<OwnedBytes> Isdr::execute_fallback(Bytes command) {
    using Answer = rsp::ExecuteFallbackMechanismResponse::ExecuteFallbackMechanismResult;
    const auto answer = [](Answer a) {
        return asn1::encode(rsp::ExecuteFallbackMechanismResponse{.execute_fallback_mechanism_result = a});
    };
    const auto request = asn1::decode<rsp::ExecuteFallbackMechanismRequest>(command);
    if (!request) return answer(Answer::command_error);
    silent_ = !request->refresh_flag;
    const StoredProfile* now = state_.enabled();
    if (!now) return answer(Answer::command_error);
    const auto fallback = std::find_if(
        state_.profiles.begin(), state_.profiles.end(), [](const StoredProfile& p) { return p.fallback; });
    if (!identity_->has_fallback() || fallback == state_.profiles.end())
        return answer(Answer::fallback_not_available);
    if (state_.emergency_active) return answer(Answer::ecall_active);
    if (fallback->enabled) return answer(Answer::profile_not_in_disabled_state);
    if (cat_busy_ && !silent_) return answer(Answer::cat_busy);
    state_.rollback.reset();
    state_.return_from_fallback = now->iccid;
    const Iccid target = fallback->iccid;
    TRY(switch_to(&target));
    return answer(Answer::ok);
}

Result<OwnedBytes> Isdr::return_from_fallback(Bytes command) {
    using Answer = rsp::ReturnFromFallbackResponse::ReturnFromFallbackResult;
    const auto answer = [](Answer a) {
        return asn1::encode(rsp::ReturnFromFallbackResponse{.return_from_fallback_result = a});
    };
    const auto request = asn1::decode<rsp::ReturnFromFallbackRequest>(command);
    if (!request) return answer(Answer::command_error);
    silent_ = !request->refresh_flag;
    const StoredProfile* now = state_.enabled();
    if (!now || !now->fallback || !state_.return_from_fallback || !state_.find(*state_.return_from_fallback))
        return answer(Answer::fallback_not_available);
    if (cat_busy_ && !silent_) return answer(Answer::cat_busy);
    state_.rollback.reset();
    const Iccid target = *state_.return_from_fallback;
    state_.return_from_fallback.reset();
    TRY(switch_to(&target));
    return answer(Answer::ok);
}

// No notifications: whoever answers an emergency call must not wait for a radio. SGP.32 §5.9.22
Result<OwnedBytes> Isdr::enable_emergency(Bytes command) {
    using Answer = rsp::EnableEmergencyProfileResponse::EnableEmergencyProfileResult;
    silent_ = !TRY(asn1::decode<rsp::EnableEmergencyProfileRequest>(command)).refresh_flag;
    const auto answer = [](Answer a) {
        return asn1::encode(rsp::EnableEmergencyProfileResponse{.enable_emergency_profile_result = a});
    };
    const StoredProfile* const emergency = emergency_profile();
    if (!identity_->has_emergency() || !emergency) return answer(Answer::ecall_not_available);
    if (emergency->enabled) return answer(Answer::profile_not_in_disabled_state);
    if (cat_busy_ && !silent_) return answer(Answer::cat_busy);
    const StoredProfile* now = state_.enabled();
    state_.return_from_emergency.reset();
    if (now) state_.return_from_emergency = now->iccid;
    state_.rollback.reset();
    const Iccid target = emergency->iccid;
    TRY(switch_to(&target, false));
    state_.emergency_active = true;
    return answer(Answer::ok);
}

Result<OwnedBytes> Isdr::disable_emergency(Bytes command) {
    using Answer = rsp::DisableEmergencyProfileResponse::DisableEmergencyProfileResult;
    silent_ = !TRY(asn1::decode<rsp::DisableEmergencyProfileRequest>(command)).refresh_flag;
    const auto answer = [](Answer a) {
        return asn1::encode(rsp::DisableEmergencyProfileResponse{.disable_emergency_profile_result = a});
    };
    if (!state_.emergency_active) {
        const bool none = !identity_->has_emergency() || !emergency_profile();
        const bool can_say_so = identity_->edition == rsp::Edition::v1_3;
        return answer(none && can_say_so ? Answer::ecall_not_available
                                         : Answer::profile_not_in_enabled_state);
    }
    if (cat_busy_ && !silent_) return answer(Answer::cat_busy);
    state_.emergency_active = false;
    dirty_ = true;
    const std::optional<Iccid> back = std::exchange(state_.return_from_emergency, std::nullopt);
    TRY(switch_to(back && state_.find(*back) ? &*back : nullptr, false));
    return answer(Answer::ok);
}

} // namespace halyard::euicc
