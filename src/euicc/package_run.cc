#include "euicc/package_run.h"

namespace halyard::euicc {
using rsp::EuiccResultData;
using Terminated = rsp::EuiccResultData::ProcessingTerminated;

PackageRun::PackageRun(Isdr& card, const PackageHead& package)
    : card_(card), state_(card.state_), package_(package) {
    if (package.eco_list) eims_ = state_.eims;
}

Ok PackageRun::add(OwnedBytes result, bool success) {
    if (results_.size() + result.size() > card_.identity_->max_result)
        return terminate(Terminated::result_size_overflow);
    append(results_, result);
    stopped_ |= !success;
    return {};
}
Ok PackageRun::add(const EuiccResultData& result, bool success) {
    return add(TRY(asn1::encode(result)), success);
}
Ok PackageRun::terminate(Terminated why) {
    EuiccResultData result;
    result.is = why;
    append(results_, TRY(asn1::encode(result)));
    stopped_ = true;
    return {};
}

bool PackageRun::will_be_deleted(const Iccid& iccid) const {
    return std::find(to_delete_.begin(), to_delete_.end(), iccid) != to_delete_.end();
}
StoredProfile* PackageRun::known(const Iccid& iccid) {
    return will_be_deleted(iccid) ? nullptr : state_.find(iccid);
}
bool PackageRun::will_be_enabled(const StoredProfile& p) const {
    if (to_enable_) return p.iccid == *to_enable_;
    return p.enabled && to_disable_ != p.iccid;
}

rsp::EnableProfileResult PackageRun::enable(const rsp::Enable& op) {
    using Code = rsp::EnableProfileResult;
    if (to_enable_) return Code::undefined_error; // one enable a package. SGP.32 §3.4.1
    const StoredProfile* target = known(op.iccid);
    if (!target) return Code::iccid_or_aid_not_found;
    if (will_be_enabled(*target)) return Code::profile_not_in_disabled_state;
    if (card_.is_emergency(*target)) return Code::disallowed_by_policy;
    const StoredProfile* now = state_.enabled();
    // "None" is no place to return to; a profile this package disables still is, one it deletes is not.
    if (op.rollback_flag && (!now || now == target || will_be_deleted(now->iccid)))
        return Code::rollback_not_available;
    if (now && card_.policy_forbids(*now, rsp::PprIds::ppr1)) return Code::disallowed_by_policy;
    if (card_.cat_busy_) return Code::cat_busy;
    to_enable_ = op.iccid;
    if (op.rollback_flag)
        grant_ = Rollback{now->iccid,
                          std::string(package_.eim_id),
                          package_.counter_value,
                          package_.eim_transaction_id ? owned(*package_.eim_transaction_id) : OwnedBytes{}};
    return Code::ok;
}

rsp::DisableProfileResult PackageRun::disable(const rsp::Disable& op) {
    using Code = rsp::DisableProfileResult;
    if (to_enable_ || to_disable_) return Code::undefined_error;
    const StoredProfile* target = known(op.iccid);
    if (!target) return Code::iccid_or_aid_not_found;
    if (!target->enabled) return Code::profile_not_in_enabled_state;
    if (card_.policy_forbids(*target, rsp::PprIds::ppr1)) return Code::disallowed_by_policy;
    if (card_.cat_busy_) return Code::cat_busy;
    to_disable_ = op.iccid;
    return Code::ok;
}

rsp::DeleteProfileResult PackageRun::remove(const rsp::Delete& op) {
    using Code = rsp::DeleteProfileResult;
    const StoredProfile* target = known(op.iccid);
    if (!target) return Code::iccid_or_aid_not_found;
    if (will_be_enabled(*target)) return Code::profile_not_in_disabled_state;
    if (card_.policy_forbids(*target, rsp::PprIds::ppr2)) return Code::disallowed_by_policy;
    if (grant_ && grant_->back_to == op.iccid) return Code::rollback_not_available;
    const bool in_fallback = std::any_of(state_.profiles.begin(), state_.profiles.end(), [&](const auto& p) {
        return p.fallback && will_be_enabled(p);
    });
    // An enable has already forgotten where the fallback came from.
    if (in_fallback && !to_enable_ && state_.return_from_fallback == op.iccid)
        return Code::return_fallback_profile;
    to_delete_.push_back(op.iccid);
    return Code::ok;
}

// The list cannot show what is only marked. SGP.32 §3.3.1
Ok PackageRun::list(const rsp::ProfileInfoListRequest& request) {
    rsp::ProfileInfoListError error{};
    if (to_enable_ || to_disable_ || !to_delete_.empty()) {
        rsp::ProfileInfoListResponse response;
        response.is = rsp::ProfileInfoListError::profile_change_ongoing;
        return add(TRY(asn1::encode(response)), false);
    }
    OwnedBytes result = TRY(card_.encode_list(request, &error));
    return add(std::move(result), error == rsp::ProfileInfoListError{});
}

rsp::SetFallbackAttributeResult PackageRun::set_fallback(const Iccid& iccid) {
    using Code = rsp::SetFallbackAttributeResult;
    StoredProfile* target = known(iccid);
    if (!target) return Code::iccid_or_aid_not_found;
    if (target->fallback) return Code::ok;
    const auto meta = asn1::decode<rsp::StoreMetadataRequest>(target->metadata);
    if (!meta || !meta->fallback_allowed.value_or(false) || card_.is_emergency(*target))
        return Code::fallback_not_allowed; // the emergency profile serves one purpose only
    for (const StoredProfile& p : state_.profiles)
        if (p.fallback && will_be_enabled(p)) return Code::fallback_profile_enabled;
    for (StoredProfile& p : state_.profiles) p.fallback = p.iccid == iccid;
    return Code::ok;
}

rsp::UnsetFallbackAttributeResult PackageRun::unset_fallback() {
    using Code = rsp::UnsetFallbackAttributeResult;
    for (StoredProfile& p : state_.profiles) {
        if (!p.fallback || will_be_deleted(p.iccid)) continue;
        if (will_be_enabled(p)) return Code::fallback_profile_enabled;
        p.fallback = false;
        return Code::ok;
    }
    return Code::no_fallback_attribute;
}

Ok PackageRun::operation(const rsp::Psmo& op) {
    if (const auto* e = std::get_if<rsp::Enable>(&op.is)) return add(enable(*e));
    if (const auto* d = std::get_if<rsp::Disable>(&op.is)) return add(disable(*d));
    if (const auto* d = std::get_if<rsp::Delete>(&op.is)) return add(remove(*d));
    if (const auto* l = std::get_if<rsp::ProfileInfoListRequest>(&op.is)) return list(*l);
    EuiccResultData result;
    if (std::holds_alternative<rsp::GetRAT>(op.is)) {
        rsp::GetRatResponse table;
        if (!card_.identity().rat.empty())
            table = TRY(asn1::decode<rsp::GetRatResponse>(card_.identity().rat));
        result.is = table.rat;
        return add(result, true);
    }
    if (const auto* c = std::get_if<rsp::ConfigureImmediateEnable>(&op.is)) {
        if (c->default_smdp_address.value_or("").size() > kMaxAddress)
            return add(rsp::ConfigureImmediateEnableResult::insufficient_memory);
        state_.immediate_enable.set(
            c->immediate_enable_flag.has_value(), c->default_smdp_oid, c->default_smdp_address);
        return add(rsp::ConfigureImmediateEnableResult::ok);
    }
    const auto* set = std::get_if<rsp::SetFallbackAttribute>(&op.is);
    if (set || std::holds_alternative<rsp::UnsetFallbackAttribute>(op.is)) {
        if (!card_.identity_->has_fallback()) return terminate(Terminated::unknown_or_damaged_command);
        return set ? add(set_fallback(set->iccid)) : add(unset_fallback());
    }
    if (card_.identity_->is_v1_0()) return terminate(Terminated::unknown_or_damaged_command);
    const auto& address = std::get<rsp::SetDefaultDpAddressRequest>(op.is).default_dp_address;
    using Stored = rsp::SetDefaultDpAddressResponse::SetDefaultDpAddressResult;
    const bool fits = address.size() <= kMaxAddress;
    if (fits) state_.default_smdp = std::string(address);
    result.is = rsp::SetDefaultDpAddressResponse{fits ? Stored::ok : Stored::undefined_error};
    return add(result, fits);
}

Ok PackageRun::add_eim(const rsp::EimConfigurationData& data) {
    using Code = rsp::AddEimResult::AddEimResultCode;
    EuiccResultData result;
    auto answer = card_.add_eim(data, *eims_);
    auto* code = std::get_if<1>(&answer.is);
    if (code && *code == Code::associated_eim_already_exists && card_.identity_->is_v1_0())
        *code = Code::undefined_error;
    result.is = answer;
    return add(result, !code || *code == Code::ok);
}

Ok PackageRun::delete_eim(const rsp::DeleteEim& op) {
    if (std::erase_if(*eims_, [&](const Eim& e) { return e.id == op.eim_id; }) == 0)
        return add(rsp::DeleteEimResult::eim_not_found);
    EuiccResultData result;
    // lastEimDeleted tells of a success. SGP.32 §3.5.1
    result.is = eims_->empty() ? rsp::DeleteEimResult::last_eim_deleted : rsp::DeleteEimResult::ok;
    return add(result, true);
}

namespace {
// EimIdInfo as it was in v1.0.
struct EimIdInfoV10 {
    std::string_view eim_id{};
    std::optional<rsp::EimIdType> eim_id_type{};
    template <int = 0> static constexpr auto asn1() {
        using T = EimIdInfoV10;
        return sequence(
            "EimIdInfo", 0x30, field<&T::eim_id>("eimId", 0x80), field<&T::eim_id_type>("eimIdType", 0x84));
    }
};
} // namespace

Ok PackageRun::list_eims() {
    OwnedBytes infos;
    for (const Eim& e : *eims_) {
        const auto data = TRY(asn1::decode<rsp::EimConfigurationData>(e.configuration));
        rsp::EimIdInfo info{.eim_id = e.id};
        if (data.eim_id_type && *data.eim_id_type != rsp::EimIdType::eim_id_type_proprietary)
            info.eim_id_type = data.eim_id_type;
        append(infos,
               TRY(card_.identity_->is_v1_0()
                       ? asn1::encode(EimIdInfoV10{.eim_id = info.eim_id, .eim_id_type = info.eim_id_type})
                       : asn1::encode(info)));
    }
    rsp::ListEimResult list;
    list.is = asn1::List<rsp::EimIdInfo>{.content = infos};
    EuiccResultData result;
    result.is = list;
    return add(result, true);
}

Ok PackageRun::operation(const rsp::Eco& op) {
    if (const auto* data = std::get_if<0>(&op.is)) return add_eim(*data);
    if (const auto* d = std::get_if<rsp::DeleteEim>(&op.is)) return delete_eim(*d);
    if (const auto* data = std::get_if<2>(&op.is)) return add(card_.update_eim(*data, *eims_));
    return list_eims();
}

// A command whose content does not decode: commandError where it has that code. SGP.32 §3.4, §3.5
template <> Ok PackageRun::damaged<rsp::Psmo>(asn1::Tag tag) {
    switch (tag) {
    case 0xBF2D: {
        rsp::ProfileInfoListResponse response;
        response.is = rsp::ProfileInfoListError::incorrect_input_values;
        return add(TRY(asn1::encode(response)), false);
    }
    case 0xA7: return add(rsp::ConfigureImmediateEnableResult::command_error);
    case 0xA9:
        if (card_.identity_->has_fallback()) return add(rsp::UnsetFallbackAttributeResult::command_error);
        break;
    default: break;
    }
    return terminate(Terminated::unknown_or_damaged_command);
}
template <> Ok PackageRun::damaged<rsp::Eco>(asn1::Tag tag) {
    EuiccResultData result;
    switch (tag) {
    case 0xA8:
        result.is = rsp::AddEimResult{rsp::AddEimResult::AddEimResultCode::command_error};
        return add(result, false);
    case 0xA9: return add(rsp::DeleteEimResult::command_error);
    case 0xAA: return add(rsp::UpdateEimResult::command_error);
    default: return terminate(Terminated::unknown_or_damaged_command);
    }
}

// One by one over the encoded list: a command that does not decode ends the package, those before it stand.
template <class Operation> Ok PackageRun::each(Bytes list) {
    while (!list.empty() && !stopped_) {
        const auto tlv = asn1::read_tlv(list);
        if (!tlv) return terminate(Terminated::unknown_or_damaged_command);
        const auto op = asn1::decode<Operation>(tlv->whole);
        if (!op) return damaged<Operation>(tlv->tag);
        TRY(operation(*op));
        list = tlv->rest;
    }
    return {};
}

Ok PackageRun::run() {
    if (package_.psmo_list) return each<rsp::Psmo>(*package_.psmo_list);
    return each<rsp::Eco>(*package_.eco_list);
}

Ok PackageRun::finish(uint64_t seq) {
    if (eims_) state_.eims = std::move(*eims_);
    if (to_enable_) {
        state_.return_from_fallback.reset();
        TRY(card_.switch_to(&*to_enable_));
        state_.rollback = std::move(grant_);
        if (state_.rollback) {
            state_.rollback->granted_seq = seq;
            state_.rollback->last_seq = state_.next_seq - 1;
        }
    } else if (to_disable_) {
        TRY(card_.switch_to(nullptr));
    }
    for (const Iccid& iccid : to_delete_) TRY(card_.erase(iccid));
    return {};
}

} // namespace halyard::euicc
