#include "euicc/isdr.h"

namespace halyard::euicc {
namespace {
using rsp::ProfileInfoListError;

// Tags given when the request names none; the last three are of v1.1. SGP.32 §2.11.1.1.3
constexpr uint8_t kDefaultTags[] = {
    0x5A, 0x4F, 0x9F, 0x70, 0x91, 0x92, 0x95, 0x9F, 0x7B, 0x9F, 0x26, 0x9F, 0x67};
constexpr uint32_t kTagsOfV11[] = {0x9F7B, 0x9F26, 0x9F67};

// Tags one behind the other; false in `good` when the last one is cut short.
struct TagList {
    std::vector<uint32_t> tags;
    bool good = true;
    explicit TagList(Bytes list) {
        for (size_t i = 0; i < list.size();) {
            uint32_t tag = list[i++];
            bool more = (tag & 0x1F) == 0x1F;
            for (; more && i < list.size(); ++i) {
                more = list[i] & 0x80;
                tag = tag << 8 | list[i];
            }
            good &= !more;
            tags.push_back(tag);
        }
    }
    bool has(uint32_t tag) const { return std::find(tags.begin(), tags.end(), tag) != tags.end(); }
    void drop(std::span<const uint32_t> unknown) {
        std::erase_if(tags, [&](uint32_t tag) {
            return std::find(unknown.begin(), unknown.end(), tag) != unknown.end();
        });
    }
};

bool matches(const rsp::ProfileInfoListRequest& request,
             const StoredProfile& p,
             rsp::ProfileClass profile_class) {
    if (!request.search_criteria) return true;
    const auto& is = request.search_criteria->is;
    if (const auto* aid = std::get_if<0>(&is)) return same(*aid, isdp_aid(p.number));
    if (const auto* iccid = std::get_if<1>(&is)) return *iccid == p.iccid;
    return std::get<2>(is) == profile_class;
}
} // namespace

Result<OwnedBytes> Isdr::encode_list(const rsp::ProfileInfoListRequest& request,
                                     ProfileInfoListError* error) {
    TagList tags(request.tag_list ? *request.tag_list : Bytes(kDefaultTags));
    if (identity_->is_v1_0()) tags.drop(kTagsOfV11);
    rsp::ProfileInfoListResponse response;
    if (!tags.good) {
        if (error) *error = ProfileInfoListError::incorrect_input_values;
        response.is = ProfileInfoListError::incorrect_input_values;
        return asn1::encode(response);
    }
    std::vector<std::array<uint8_t, 16>> aids(state_.profiles.size());
    std::vector<rsp::ProfileInfo> found;
    for (size_t i = 0; i < state_.profiles.size(); ++i) {
        const StoredProfile& p = state_.profiles[i];
        const auto meta = TRY(asn1::decode<rsp::StoreMetadataRequest>(p.metadata));
        if (!matches(request, p, meta.profile_class)) continue;
        aids[i] = isdp_aid(p.number);
        rsp::ProfileInfo info;
        if (tags.has(0x5A)) info.iccid = p.iccid;
        if (tags.has(0x4F)) info.isdp_aid = aids[i];
        if (tags.has(0x9F70))
            info.profile_state = p.enabled ? rsp::ProfileState::enabled : rsp::ProfileState::disabled;
        if (tags.has(0x90) && !p.nickname.empty()) info.profile_nickname = p.nickname;
        if (tags.has(0x91)) info.service_provider_name = meta.service_provider_name;
        if (tags.has(0x92)) info.profile_name = meta.profile_name;
        if (tags.has(0x93)) info.icon_type = meta.icon_type;
        if (tags.has(0x94)) info.icon = meta.icon;
        if (tags.has(0x95)) info.profile_class = meta.profile_class;
        if (tags.has(0xB6)) info.notification_configuration_info = meta.notification_configuration_info;
        if (tags.has(0xB7)) info.profile_owner = meta.profile_owner;
        if (tags.has(0xB8) && !p.dp_oid.empty())
            info.dp_proprietary_data = rsp::DpProprietaryData{.dp_oid = {p.dp_oid}};
        if (tags.has(0x99)) info.profile_policy_rules = meta.profile_policy_rules;
        if (tags.has(0xBF22))
            info.service_specific_data_stored_in_euicc = meta.service_specific_data_stored_in_euicc;
        if (tags.has(0x9F7B)) info.ecall_indication = meta.ecall_indication;
        if (tags.has(0x9F26)) info.fallback_attribute = p.fallback;
        if (tags.has(0x9F67)) info.fallback_allowed = meta.fallback_allowed;
        found.push_back(info);
    }
    response.is = asn1::List<rsp::ProfileInfo>{.items = found};
    return asn1::encode(response);
}

Result<OwnedBytes> Isdr::profile_list(Bytes command) {
    if (const auto request = asn1::decode<rsp::ProfileInfoListRequest>(command))
        return encode_list(*request, nullptr);
    rsp::ProfileInfoListResponse response;
    response.is = ProfileInfoListError::incorrect_input_values;
    return asn1::encode(response);
}

bool Isdr::policy_forbids(const StoredProfile& p, rsp::PprIds rule) const {
    const auto meta = asn1::decode<rsp::StoreMetadataRequest>(p.metadata);
    return !meta || (meta->profile_policy_rules && meta->profile_policy_rules->has(rule));
}

// The files a terminal sees change at its next reset; what the card knows changes here, within the command's
// one commit.
Ok Isdr::switch_to(const Iccid* target, bool notifications) {
    StoredProfile* const from = state_.enabled();
    StoredProfile* const to = target ? state_.find(*target) : nullptr;
    if (from == to) return {};
    dirty_ = switched_ = true;
    const uint64_t first_seq = state_.next_seq;
    if (from) from->enabled = false;
    if (to) to->enabled = true;
    if (from && notifications) TRY(notify(*from, rsp::NotificationEvent::notification_disable));
    if (to && notifications) TRY(notify(*to, rsp::NotificationEvent::notification_enable));
    remember_switch(first_seq);
    return {};
}

Ok Isdr::erase(const Iccid& iccid) {
    const auto at = std::find_if(state_.profiles.begin(), state_.profiles.end(), [&](const StoredProfile& p) {
        return p.iccid == iccid;
    });
    if (at == state_.profiles.end()) return fail(Errc::not_found, "iccid");
    TRY(notify(*at, rsp::NotificationEvent::notification_delete));
    images_[at->number] = {}; // erased with the next commit
    state_.profiles.erase(at);
    if (state_.rollback && state_.rollback->back_to == iccid) state_.rollback.reset();
    if (state_.return_from_fallback == iccid) state_.return_from_fallback.reset();
    dirty_ = true;
    return {};
}

// While an eIM is associated, only its packages switch and delete profiles: whoever reaches the ISD-R is not
// thereby allowed to. SGP.32 §5.10
bool Isdr::only_by_package() const { return !state_.eims.empty(); }

namespace {
// Both ES10c requests name a profile by AID or ICCID.
template <class Identifier> StoredProfile* profile_of(State& state, const Identifier& id) {
    if (const auto* iccid = std::get_if<1>(&id)) return state.find(*iccid);
    for (StoredProfile& p : state.profiles)
        if (same(isdp_aid(p.number), std::get<0>(id))) return &p;
    return nullptr;
}
} // namespace

Result<OwnedBytes> Isdr::enable(Bytes command) {
    using Answer = rsp::EnableProfileResponse::EnableResult;
    const auto request = TRY(asn1::decode<rsp::EnableProfileRequest>(command));
    const auto answer = [](Answer a) { return asn1::encode(rsp::EnableProfileResponse{.enable_result = a}); };
    if (only_by_package()) return answer(Answer::disallowed_by_policy);
    StoredProfile* target = profile_of(state_, request.profile_identifier.is);
    if (!target) return answer(Answer::iccid_or_aid_not_found);
    if (target->enabled) return answer(Answer::profile_not_in_disabled_state);
    const StoredProfile* now = state_.enabled();
    if (state_.emergency_active || is_emergency(*target) || (now && policy_forbids(*now, rsp::PprIds::ppr1)))
        return answer(Answer::disallowed_by_policy);
    silent_ = !request.refresh_flag;
    if (cat_busy_ && !silent_) return answer(Answer::cat_busy);
    state_.rollback.reset();
    state_.return_from_fallback.reset();
    const Iccid iccid = target->iccid;
    TRY(switch_to(&iccid));
    return answer(Answer::ok);
}

Result<OwnedBytes> Isdr::disable(Bytes command) {
    using Answer = rsp::DisableProfileResponse::DisableResult;
    const auto request = TRY(asn1::decode<rsp::DisableProfileRequest>(command));
    const auto answer = [](Answer a) {
        return asn1::encode(rsp::DisableProfileResponse{.disable_result = a});
    };
    if (only_by_package()) return answer(Answer::disallowed_by_policy);
    const StoredProfile* target = profile_of(state_, request.profile_identifier.is);
    if (!target) return answer(Answer::iccid_or_aid_not_found);
    if (!target->enabled) return answer(Answer::profile_not_in_enabled_state);
    if (state_.emergency_active || policy_forbids(*target, rsp::PprIds::ppr1))
        return answer(Answer::disallowed_by_policy);
    silent_ = !request.refresh_flag;
    if (cat_busy_ && !silent_) return answer(Answer::cat_busy);
    state_.rollback.reset();
    TRY(switch_to(nullptr));
    return answer(Answer::ok);
}

Result<OwnedBytes> Isdr::delete_profile(Bytes command) {
    using Answer = rsp::DeleteProfileResponse::DeleteResult;
    const auto request = TRY(asn1::decode<rsp::DeleteProfileRequest>(command));
    const auto answer = [](Answer a) { return asn1::encode(rsp::DeleteProfileResponse{.delete_result = a}); };
    if (only_by_package()) return answer(Answer::disallowed_by_policy);
    const StoredProfile* target = profile_of(state_, request.is);
    if (!target) return answer(Answer::iccid_or_aid_not_found);
    if (target->enabled) return answer(Answer::profile_not_in_disabled_state);
    // The emergency profile gives way to the one that it took the place of.
    const bool is_waiting = state_.emergency_active && state_.return_from_emergency == target->iccid;
    if (is_waiting || policy_forbids(*target, rsp::PprIds::ppr2)) return answer(Answer::disallowed_by_policy);
    const Iccid iccid = target->iccid;
    TRY(erase(iccid));
    return answer(Answer::ok);
}

Result<OwnedBytes> Isdr::nickname(Bytes command) {
    using Answer = rsp::SetNicknameResponse::SetNicknameResult;
    const auto request = TRY(asn1::decode<rsp::SetNicknameRequest>(command));
    StoredProfile* target = state_.find(request.iccid);
    if (!target)
        return asn1::encode(rsp::SetNicknameResponse{.set_nickname_result = Answer::iccid_not_found});
    target->nickname = std::string(request.profile_nickname);
    dirty_ = true;
    return asn1::encode(rsp::SetNicknameResponse{.set_nickname_result = Answer::ok});
}

} // namespace halyard::euicc
