#include "euicc/isdr.h"

// eUICCMemoryReset in both its forms: that of SGP.32 §5.9.5, and that of SGP.22 §5.7.19, which knows the
// first three bits. PPRs do not protect against a reset.
namespace halyard::euicc {
namespace {
using Response = rsp::EuiccMemoryResetResponse;
using Option = rsp::EuiccMemoryResetRequest::ResetOptions;
using Options = asn1::BitSet<Option>;
constexpr auto kFirstThree = asn1::BitSet<Option>{Option::delete_operational_profiles,
                                                  Option::delete_field_loaded_test_profiles,
                                                  Option::reset_default_smdp_address};

// Field-loaded means downloaded, pre-loaded put in at manufacture.
bool is_meant(Options options, rsp::ProfileClass profile_class, bool preloaded) {
    switch (profile_class) {
    case rsp::ProfileClass::operational: return options.has(Option::delete_operational_profiles);
    case rsp::ProfileClass::provisioning: return options.has(Option::delete_provisioning_profiles);
    case rsp::ProfileClass::test:
        return options.has(preloaded ? Option::delete_pre_loaded_test_profiles
                                     : Option::delete_field_loaded_test_profiles);
    }
    return false;
}
} // namespace

Result<OwnedBytes> Isdr::memory_reset(Bytes command, bool iot) {
    using Code = Response::ResetResult;
    Options options;
    if (iot) {
        options = TRY(asn1::decode<rsp::EuiccMemoryResetRequest>(command)).reset_options;
    } else {
        using Old = asn1::Tagged<rsp::EuiccMemoryResetRequest, 0xBF34>;
        options = TRY(asn1::decode<Old>(command)).value.reset_options;
        options.mask &= kFirstThree.mask;
    }
    Response response;
    const auto answer = [&] {
        return iot ? asn1::encode(response) : asn1::encode(asn1::Tagged<Response, 0xBF34>{response});
    };
    if (state_.emergency_active) {
        response.reset_result = iot ? Code::ecall_active : Code::undefined_error;
        return answer();
    }
    std::vector<Iccid> doomed;
    for (const StoredProfile& p : state_.profiles) {
        const auto meta = TRY(asn1::decode<rsp::StoreMetadataRequest>(p.metadata));
        if (is_meant(options, meta.profile_class, p.preloaded)) doomed.push_back(p.iccid);
    }
    const StoredProfile* const now = state_.enabled();
    const bool switches = now && std::ranges::find(doomed, now->iccid) != doomed.end();
    if (cat_busy_ && switches) {
        response.reset_result = Code::cat_busy;
        return answer();
    }
    dirty_ = true;
    state_.rollback.reset(); // SGP.32 §3.3.2
    if (switches) TRY(switch_to(nullptr));
    for (const Iccid& iccid : doomed) TRY(erase(iccid));
    bool anything = !doomed.empty();
    if (options.has(Option::reset_default_smdp_address)) {
        anything |= !state_.default_smdp.empty();
        state_.default_smdp.clear();
    }
    response.reset_result = anything ? Code::ok : Code::nothing_to_delete;
    if (options.has(Option::reset_eim_config_data)) {
        using Eims = Response::ResetEimResult;
        response.reset_eim_result = state_.eims.empty() ? Eims::nothing_to_delete : Eims::ok;
        state_.eims.clear();
        state_.results.clear();
    }
    if (options.has(Option::reset_immediate_enable_config)) {
        state_.immediate_enable = {};
        response.reset_immediate_enable_config_result = Response::ResetImmediateEnableConfigResult::ok;
    }
    return answer();
}

} // namespace halyard::euicc
