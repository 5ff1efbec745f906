#include "euicc/isdr.h"
#include <deque>

// ES10b.LoadEuiccPackage: the acceptance ladder, the operations, the signed result. SGP.32 §5.9.1, §3.3.1
namespace halyard::euicc {
namespace {
using rsp::EuiccPackageErrorCode, rsp::EuiccResultData;
using Terminated = rsp::EuiccResultData::ProcessingTerminated;

Result<crypto::PublicKey> key_of(const Eim& eim) {
    const auto data = TRY(asn1::decode<rsp::EimConfigurationData>(eim.configuration));
    if (!data.eim_public_key_data) return fail(Errc::missing_field, "eimPublicKeyData");
    const auto& is = data.eim_public_key_data->is;
    if (const auto* spki = std::get_if<0>(&is)) return crypto::public_key_from_spki(spki->der());
    const auto certificate = TRY(crypto::Certificate::parse(std::get<1>(is).der()));
    if (!certificate.public_key) return fail(Errc::unsupported, "eimCertificate");
    return *certificate.public_key;
}

Result<OwnedBytes>
unsigned_error(std::string_view eim_id, std::optional<Bytes> transaction_id, std::optional<int64_t> token) {
    rsp::EuiccPackageResult result;
    result.is = rsp::EuiccPackageErrorUnsigned{
        .eim_id = eim_id, .eim_transaction_id = transaction_id, .association_token = token};
    return asn1::encode(result);
}

// What can be said of a package that does not decode: the eimId, if it stands where it should.
Result<OwnedBytes> undecodable(Bytes command) {
    std::string_view id = "?";
    if (const auto outer = asn1::read_tlv(command))
        if (const auto tbs = asn1::read_tlv(outer->content); tbs && tbs->tag == 0x30)
            if (const auto first = asn1::read_tlv(tbs->content); first && first->tag == 0x80)
                if (!first->content.empty() && first->content.size() <= 128) id = text_of(first->content);
    return unsigned_error(id, std::nullopt, std::nullopt);
}
} // namespace

Result<OwnedBytes> Isdr::sign_result(const Eim& eim, const rsp::EuiccPackageResultDataSigned& data) {
    const KeySet* keys = signing_keys(eim);
    if (!keys) return fail(Errc::internal, "euiccCiPKId");
    const OwnedBytes tbs = TRY(asn1::encode(data));
    const auto signature = TRY(crypto::sign(keys->key, {tbs, token_tlv(eim.token)}));
    rsp::EuiccPackageResultSigned ok;
    ok.euicc_package_result_data_signed.der = tbs;
    ok.euicc_sign_epr = signature;
    rsp::EuiccPackageResult result;
    result.is = ok;
    return asn1::encode(result);
}

/// The execution of one accepted package. Operations change the state as they go; switching profiles and
/// updating eIMs waits for the end, so that the result is signed with what was in force.
struct PackageRun {
    Isdr& card;
    State& state;
    const rsp::EuiccPackageSigned& package;

    std::deque<OwnedBytes> kept; // encoded results that borrow
    OwnedBytes results;          // the EuiccResultData so far, encoded
    bool stopped = false;

    bool enabled = false, disabled = false, deleted = false;
    std::optional<Iccid> to_enable, to_disable;
    std::optional<Rollback> grant;
    std::vector<Eim> eims_after;
    bool eims_changed = false;

    Ok add(const EuiccResultData& result, bool success) {
        OwnedBytes der = TRY(asn1::encode(result));
        if (results.size() + der.size() > card.identity_->max_result)
            return terminate(Terminated::result_size_overflow);
        append(results, der);
        stopped |= !success;
        return {};
    }
    template <class Code> Ok add(Code code) {
        EuiccResultData result;
        result.is = code;
        return add(result, static_cast<unsigned>(code) == 0);
    }
    Ok terminate(Terminated why) {
        EuiccResultData result;
        result.is = why;
        append(results, TRY(asn1::encode(result)));
        stopped = true;
        return {};
    }

    Ok run();
    Ok operation(const rsp::Psmo&);
    Ok operation(const rsp::Eco&);
    rsp::EnableProfileResult enable(const rsp::Enable&);
    rsp::DisableProfileResult disable(const rsp::Disable&);
    Result<rsp::DeleteProfileResult> remove(const rsp::Delete&);
    Ok list(const rsp::ProfileInfoListRequest&);
    rsp::SetFallbackAttributeResult set_fallback(const Iccid&);
    rsp::UnsetFallbackAttributeResult unset_fallback();
    Ok list_eims();
};

rsp::EnableProfileResult PackageRun::enable(const rsp::Enable& op) {
    using Code = rsp::EnableProfileResult;
    if (enabled) return Code::undefined_error; // one enable a package. SGP.32 §3.4.1
    const StoredProfile* target = state.find(op.iccid);
    if (!target) return Code::iccid_or_aid_not_found;
    if (target->enabled) return Code::profile_not_in_disabled_state;
    const auto meta = asn1::decode<rsp::StoreMetadataRequest>(target->metadata);
    if (!meta || meta->ecall_indication.value_or(false)) return Code::disallowed_by_policy;
    const StoredProfile* now = state.enabled();
    // "None" is no place to return to; a profile this package disabled still is.
    if (op.rollback_flag && !now) return Code::rollback_not_available;
    if (now && card.policy_forbids(*now, rsp::PprIds::ppr1)) return Code::disallowed_by_policy;
    enabled = true;
    to_enable = op.iccid;
    if (op.rollback_flag)
        grant = Rollback{now->iccid,
                         std::string(package.eim_id),
                         package.counter_value,
                         package.eim_transaction_id ? owned(*package.eim_transaction_id) : OwnedBytes{}};
    return Code::ok;
}

rsp::DisableProfileResult PackageRun::disable(const rsp::Disable& op) {
    using Code = rsp::DisableProfileResult;
    if (enabled || disabled) return Code::undefined_error;
    const StoredProfile* target = state.find(op.iccid);
    if (!target) return Code::iccid_or_aid_not_found;
    if (!target->enabled) return Code::profile_not_in_enabled_state;
    if (card.policy_forbids(*target, rsp::PprIds::ppr1)) return Code::disallowed_by_policy;
    disabled = true;
    to_disable = op.iccid;
    return Code::ok;
}

Result<rsp::DeleteProfileResult> PackageRun::remove(const rsp::Delete& op) {
    using Code = rsp::DeleteProfileResult;
    const StoredProfile* target = state.find(op.iccid);
    if (!target) return Code::iccid_or_aid_not_found;
    // What this package switches counts as what it will be; what leaves service now is still needed to the
    // end.
    if (target->enabled || to_enable == op.iccid) return Code::profile_not_in_disabled_state;
    if (card.policy_forbids(*target, rsp::PprIds::ppr2)) return Code::disallowed_by_policy;
    if (grant && grant->back_to == op.iccid) return Code::rollback_not_available;
    if (state.return_from_fallback == op.iccid) return Code::return_fallback_profile;
    TRY(card.erase(op.iccid));
    deleted = true;
    return Code::ok;
}

Ok PackageRun::list(const rsp::ProfileInfoListRequest& request) {
    EuiccResultData result;
    rsp::ProfileInfoListResponse response;
    if (enabled || disabled || deleted) {
        response.is = rsp::ProfileInfoListError::profile_change_ongoing;
        result.is = response;
        return add(result, false);
    }
    std::optional<rsp::ProfileInfoListError> error;
    rsp::ProfileInfoListError code{};
    kept.push_back(TRY(card.encode_list(request, &code)));
    if (code != rsp::ProfileInfoListError{}) error = code;
    result.is = TRY(asn1::decode<rsp::ProfileInfoListResponse>(kept.back()));
    return add(result, !error);
}

rsp::SetFallbackAttributeResult PackageRun::set_fallback(const Iccid& iccid) {
    using Code = rsp::SetFallbackAttributeResult;
    StoredProfile* target = state.find(iccid);
    if (!target) return Code::iccid_or_aid_not_found;
    if (target->fallback) return Code::ok;
    const auto meta = asn1::decode<rsp::StoreMetadataRequest>(target->metadata);
    if (!meta || !meta->fallback_allowed.value_or(false)) return Code::fallback_not_allowed;
    for (const StoredProfile& p : state.profiles)
        if (p.fallback && p.enabled) return Code::fallback_profile_enabled;
    for (StoredProfile& p : state.profiles) p.fallback = p.iccid == iccid;
    return Code::ok;
}

rsp::UnsetFallbackAttributeResult PackageRun::unset_fallback() {
    using Code = rsp::UnsetFallbackAttributeResult;
    for (StoredProfile& p : state.profiles) {
        if (!p.fallback) continue;
        if (p.enabled) return Code::fallback_profile_enabled;
        p.fallback = false;
        return Code::ok;
    }
    return Code::no_fallback_attribute;
}

Ok PackageRun::operation(const rsp::Psmo& op) {
    if (const auto* e = std::get_if<rsp::Enable>(&op.is)) return add(enable(*e));
    if (const auto* d = std::get_if<rsp::Disable>(&op.is)) return add(disable(*d));
    if (const auto* d = std::get_if<rsp::Delete>(&op.is)) return add(TRY(remove(*d)));
    if (const auto* l = std::get_if<rsp::ProfileInfoListRequest>(&op.is)) return list(*l);
    if (std::holds_alternative<rsp::GetRAT>(op.is)) {
        EuiccResultData result;
        result.is = asn1::List<rsp::ProfilePolicyAuthorisationRule>{};
        return add(result, true);
    }
    if (const auto* c = std::get_if<rsp::ConfigureImmediateEnable>(&op.is)) {
        auto& config = state.immediate_enable;
        config.flag = c->immediate_enable_flag.has_value();
        if (!config.flag) config = {};
        if (config.flag && c->default_smdp_oid) config.smdp_oid = owned(c->default_smdp_oid->der);
        if (config.flag && c->default_smdp_address)
            config.smdp_address = std::string(*c->default_smdp_address);
        return add(rsp::ConfigureImmediateEnableResult::ok);
    }
    const bool fallback = std::holds_alternative<rsp::SetFallbackAttribute>(op.is) ||
                          std::holds_alternative<rsp::UnsetFallbackAttribute>(op.is);
    if (fallback && !card.identity_->fallback_supported)
        return terminate(Terminated::unknown_or_damaged_command);
    if (const auto* s = std::get_if<rsp::SetFallbackAttribute>(&op.is)) return add(set_fallback(s->iccid));
    if (std::holds_alternative<rsp::UnsetFallbackAttribute>(op.is)) return add(unset_fallback());
    const auto& address = std::get<rsp::SetDefaultDpAddressRequest>(op.is).default_dp_address;
    state.default_smdp = std::string(address);
    EuiccResultData result;
    result.is = rsp::SetDefaultDpAddressResponse{};
    return add(result, true);
}

Ok PackageRun::list_eims() {
    std::vector<rsp::EimIdInfo> infos;
    for (const Eim& e : eims_after) {
        const auto data = TRY(asn1::decode<rsp::EimConfigurationData>(e.configuration));
        rsp::EimIdInfo info{.eim_id = e.id};
        if (data.eim_id_type && *data.eim_id_type != rsp::EimIdType::eim_id_type_proprietary)
            info.eim_id_type = data.eim_id_type;
        infos.push_back(info);
    }
    rsp::ListEimResult list;
    list.is = asn1::List<rsp::EimIdInfo>{.items = infos};
    EuiccResultData result;
    result.is = list;
    return add(result, true);
}

Ok PackageRun::operation(const rsp::Eco& op) {
    eims_changed = true;
    if (const auto* data = std::get_if<0>(&op.is)) { // addEim
        // The card's own list is what add_eim looks at; swap the future one in for it.
        std::swap(state.eims, eims_after);
        EuiccResultData result;
        const auto answer = card.add_eim(*data);
        std::swap(state.eims, eims_after);
        result.is = answer;
        const auto* code = std::get_if<1>(&answer.is);
        return add(result, !code || *code == rsp::AddEimResult::AddEimResultCode::ok);
    }
    if (const auto* d = std::get_if<rsp::DeleteEim>(&op.is)) {
        const auto before = eims_after.size();
        std::erase_if(eims_after, [&](const Eim& e) { return e.id == d->eim_id; });
        if (eims_after.size() == before) return add(rsp::DeleteEimResult::eim_not_found);
        EuiccResultData result;
        result.is = eims_after.empty() ? rsp::DeleteEimResult::last_eim_deleted : rsp::DeleteEimResult::ok;
        return add(result, true);
    }
    if (const auto* data = std::get_if<2>(&op.is)) return add(card.update_eim(*data, eims_after));
    return list_eims();
}

Ok PackageRun::run() {
    const auto each = [&](const auto& list) -> Ok {
        using Op = std::decay_t<decltype(list)>;
        // One by one over the encoded list: a command that does not decode ends the package, those before it
        // stand.
        for (Bytes rest = list.content; !rest.empty() && !stopped;) {
            const auto tlv = asn1::read_tlv(rest);
            if (!tlv) return terminate(Terminated::unknown_or_damaged_command);
            using Item = std::conditional_t<std::is_same_v<Op, asn1::List<rsp::Psmo>>, rsp::Psmo, rsp::Eco>;
            const auto op = asn1::decode<Item>(tlv->whole);
            if (!op) return terminate(Terminated::unknown_or_damaged_command);
            TRY(operation(*op));
            rest = tlv->rest;
        }
        return {};
    };
    if (const auto* psmo = std::get_if<0>(&package.euicc_package.is)) return each(*psmo);
    return each(std::get<1>(package.euicc_package.is));
}

namespace {
// The signed part, tolerant of operations this card does not know: they end the execution, not the
// acceptance.
Result<rsp::EuiccPackageSigned> signed_part(Bytes tbs) {
    const asn1::Tlv outer = TRY(asn1::read_tlv(tbs, "euiccPackageSigned"));
    rsp::EuiccPackageSigned out;
    // The list of operations is put in undecoded; everything in front of it must be well-formed.
    Bytes rest = outer.content;
    OwnedBytes front;
    while (!rest.empty()) {
        const asn1::Tlv tlv = TRY(asn1::read_tlv(rest, "euiccPackageSigned"));
        if (tlv.tag == 0x80) {
            if (tlv.content.empty() || tlv.content.size() > 128) return fail(Errc::bad_length, "eimId");
            out.eim_id = text_of(tlv.content);
        } else if (tlv.tag == 0x5A) {
            if (tlv.content.size() != out.eid_value.size()) return fail(Errc::bad_length, "eidValue");
            std::copy(tlv.content.begin(), tlv.content.end(), out.eid_value.begin());
        } else if (tlv.tag == 0x81) {
            int64_t counter = 0;
            if (!asn1::load_integer(counter, tlv.content) || counter < 0)
                return fail(Errc::bad_value, "counterValue");
            out.counter_value = static_cast<uint64_t>(counter);
        } else if (tlv.tag == 0x82) {
            if (tlv.content.empty() || tlv.content.size() > 16)
                return fail(Errc::bad_length, "eimTransactionId");
            out.eim_transaction_id = tlv.content;
        } else if (tlv.tag == 0xA0) {
            out.euicc_package.is = asn1::List<rsp::Psmo>{.content = tlv.content};
        } else if (tlv.tag == 0xA1) {
            out.euicc_package.is = asn1::List<rsp::Eco>{.content = tlv.content};
        }
        rest = tlv.rest;
    }
    return out;
}

struct Received {
    Bytes tbs, signature;
    rsp::EuiccPackageSigned value;
};
Result<Received> receive(Bytes command) {
    // The whole must decode, but for the operations themselves.
    const asn1::Tlv outer = TRY(asn1::read_tlv(command, "EuiccPackageRequest"));
    const asn1::Tlv tbs = TRY(asn1::read_tlv(outer.content, "euiccPackageSigned"));
    if (tbs.tag != 0x30) return fail(Errc::bad_tag, "euiccPackageSigned", tbs.tag);
    const asn1::Tlv signature = TRY(asn1::read_tlv(tbs.rest, "eimSignature"));
    if (signature.tag != 0x5F37) return fail(Errc::bad_tag, "eimSignature", signature.tag);
    if (!signature.rest.empty()) return fail(Errc::bad_length, "eimSignature");
    // Order and presence, judged with the list emptied: 80, 5A, 81, [82], A0 or A1.
    int stage = 0;
    for (Bytes rest = tbs.content; !rest.empty();) {
        const asn1::Tlv t = TRY(asn1::read_tlv(rest, "euiccPackageSigned"));
        const int at = t.tag == 0x80                      ? 1
                       : t.tag == 0x5A                    ? 2
                       : t.tag == 0x81                    ? 3
                       : t.tag == 0x82                    ? 4
                       : (t.tag == 0xA0 || t.tag == 0xA1) ? 5
                                                          : 6;
        if (at <= stage && at != 6) return fail(Errc::bad_tag, "euiccPackageSigned", t.tag);
        const bool skipped = at - stage > 1 && !(stage == 3 && at == 5) && at != 6;
        if (skipped || (at == 6 && stage < 5)) return fail(Errc::missing_field, "euiccPackageSigned", t.tag);
        stage = at == 6 ? stage : at;
        rest = t.rest;
    }
    if (stage != 5) return fail(Errc::missing_field, "euiccPackage");
    return Received{tbs.whole, signature.content, TRY(signed_part(tbs.whole))};
}
} // namespace

Result<OwnedBytes> Isdr::load_package(Bytes command) {
    // 1. It decodes, as far as the ladder needs it.
    const auto received = receive(command);
    if (!received) return undecodable(command);
    const rsp::EuiccPackageSigned& package = received->value;
    // 2. From an associated eIM.
    Eim* const eim = state_.find_eim(package.eim_id);
    if (!eim) return unsigned_error(package.eim_id, package.eim_transaction_id, std::nullopt);
    // 3. Its signature, over the octets received.
    const auto key = key_of(*eim);
    if (!key || !crypto::verify(*key, {received->tbs, token_tlv(eim->token)}, received->signature))
        return unsigned_error(package.eim_id, package.eim_transaction_id, eim->token);

    const auto refuse = [&](EuiccPackageErrorCode code) -> Result<OwnedBytes> {
        const KeySet* keys = signing_keys(*eim);
        if (!keys) return fail(Errc::internal, "euiccCiPKId");
        rsp::EuiccPackageErrorDataSigned data{.eim_id = package.eim_id,
                                              .counter_value = package.counter_value,
                                              .eim_transaction_id = package.eim_transaction_id,
                                              .euicc_package_error_code = code};
        const OwnedBytes tbs = TRY(asn1::encode(data));
        const auto signature = TRY(crypto::sign(keys->key, {tbs, token_tlv(eim->token)}));
        rsp::EuiccPackageErrorSigned error;
        error.euicc_package_error_data_signed.der = tbs;
        error.euicc_sign_epe = signature;
        rsp::EuiccPackageResult result;
        result.is = error;
        return asn1::encode(result);
    };
    // 4. to 7.
    if (package.eid_value != identity_->eid) return refuse(EuiccPackageErrorCode::invalid_eid);
    if (package.counter_value > identity_->max_counter)
        return refuse(EuiccPackageErrorCode::counter_value_out_of_range);
    if (package.counter_value <= eim->counter) return refuse(EuiccPackageErrorCode::replay_error);
    if (command.size() > identity_->max_package) return refuse(EuiccPackageErrorCode::size_overflow);
    if (state_.emergency_active) return refuse(EuiccPackageErrorCode::ecall_active);

    // Accepted. From here to save() nothing leaves the card, so that counter, effects and result are one
    // transaction.
    dirty_ = true;
    eim->counter = package.counter_value;
    const Eim signer = *eim; // a package may delete or update the eIM that sent it
    PackageRun run{.card = *this, .state = state_, .package = package, .eims_after = state_.eims};
    state_.rollback.reset(); // a right an earlier package gave ends here
    TRY(run.run());
    const uint64_t seq = state_.next_seq++;
    rsp::EuiccPackageResultDataSigned data{.eim_id = package.eim_id,
                                           .counter_value = package.counter_value,
                                           .eim_transaction_id = package.eim_transaction_id,
                                           .seq_number = seq};
    data.euicc_result.content = run.results;
    OwnedBytes result = TRY(sign_result(signer, data));
    constexpr size_t kKeptResults = 64; // then the oldest is dropped. SGP.32 §2.11.2
    if (state_.results.size() >= kKeptResults) state_.results.erase(state_.results.begin());
    state_.results.push_back({seq, result});
    if (run.eims_changed) state_.eims = std::move(run.eims_after);
    if (run.to_enable) {
        state_.return_from_fallback.reset();
        TRY(switch_to(&*run.to_enable));
        state_.rollback = run.grant;
        if (state_.rollback) {
            state_.rollback->granted_seq = seq;
            state_.rollback->last_seq = state_.next_seq - 1;
        }
    } else if (run.to_disable) {
        TRY(switch_to(nullptr));
    }
    return result;
}

// SGP.32 §5.9.16: back to the profile before the last enable, with a new result in place of the old one.
Result<OwnedBytes> Isdr::rollback(Bytes command) {
    using Answer = rsp::ProfileRollbackResponse::CmdResult;
    rsp::ProfileRollbackResponse response;
    const auto request = asn1::decode<rsp::ProfileRollbackRequest>(command);
    if (!request) {
        response.cmd_result = Answer::command_error;
        return asn1::encode(response);
    }
    Eim* const eim = state_.rollback ? state_.find_eim(state_.rollback->eim_id) : nullptr;
    if (!eim || !state_.find(state_.rollback->back_to)) {
        response.cmd_result = Answer::rollback_not_allowed;
        return asn1::encode(response);
    }
    const Rollback undo = *state_.rollback;
    dirty_ = true;
    // The result and the notifications of the undone enable are as if they had never been.
    std::erase_if(state_.results, [&](const StoredResult& r) { return r.seq == undo.granted_seq; });
    std::erase_if(state_.notifications, [&](const StoredNotification& n) {
        return n.seq > undo.granted_seq && n.seq <= undo.last_seq;
    });
    rsp::EuiccResultData rolled_back;
    rolled_back.is = rsp::RollbackProfileResult::ok;
    const rsp::EuiccResultData results[] = {rolled_back};
    const uint64_t seq = state_.next_seq++;
    rsp::EuiccPackageResultDataSigned data{
        .eim_id = undo.eim_id, .counter_value = undo.counter, .seq_number = seq};
    if (!undo.transaction_id.empty()) data.eim_transaction_id = Bytes(undo.transaction_id);
    data.euicc_result.items = results;
    const OwnedBytes result = TRY(sign_result(*eim, data));
    state_.results.push_back({seq, result});
    TRY(switch_to(&undo.back_to, false));
    state_.rollback.reset();
    response.cmd_result = Answer::ok;
    response.euicc_package_result.emplace();
    response.euicc_package_result->der = result;
    return asn1::encode(response);
}

} // namespace halyard::euicc
