#include "euicc/isdr.h"
#include "profile/capability.h"

namespace halyard::euicc {
namespace {
constexpr std::array<uint8_t, 3> kSvn = {2, 5, 0};     // SGP.22 v2.5
constexpr std::array<uint8_t, 3> kProfile = {3, 3, 1}; // interoperable profile format
constexpr std::array<uint8_t, 3> kFirmware = {0, 1, 0};
constexpr std::array<uint8_t, 3> kIotSvn[] = {{1, 0, 1}, {1, 1, 0}, {1, 2, 0}, {1, 3, 0}}; // by Edition
} // namespace

// extCardResource: 81 installed applications, 82 free non-volatile, 83 free volatile memory. SGP.22 §5.7.8
static OwnedBytes card_resource(uint64_t installed, uint64_t free) {
    OwnedBytes out{0x81, 0x01, static_cast<uint8_t>(installed)};
    for (const uint8_t tag : {uint8_t{0x82}, uint8_t{0x83}}) {
        out.push_back(tag);
        out.push_back(0x04);
        for (int shift = 24; shift >= 0; shift -= 8)
            out.push_back(static_cast<uint8_t>((tag == 0x82 ? free : 32768) >> shift));
    }
    return out;
}

Result<OwnedBytes> Isdr::euicc_info1() {
    std::vector<Bytes> ids;
    for (const KeySet& k : identity_->keys) ids.emplace_back(k.ci_key_id);
    rsp::EuiccInfo1 info{.svn = kSvn};
    info.euicc_ci_pk_id_list_for_verification.items = ids;
    info.euicc_ci_pk_id_list_for_signing.items = ids;
    return asn1::encode(info);
}

Result<OwnedBytes> Isdr::encode_info2() {
    std::vector<Bytes> ids;
    for (const KeySet& k : identity_->keys) ids.emplace_back(k.ci_key_id);
    const OwnedBytes resource = card_resource(state_.profiles.size(), free_memory());
    const std::array<uint8_t, 3> iot_versions[] = {kIotSvn[static_cast<size_t>(identity_->edition)]};
    rsp::EuiccInfo2 info{.profile_version = kProfile,
                         .svn = kSvn,
                         .euicc_firmware_ver = kFirmware,
                         .ext_card_resource = resource,
                         .uicc_capability = {profile::capabilities(profile::Platform{}.services)},
                         .pp_version = kFirmware,
                         .sas_acreditation_number = "HALYARD-TEST-0000"};
    using Capability = rsp::RspCapability;
    info.rsp_capability = {Capability::additional_profile,
                           Capability::crl_support,
                           Capability::test_profile_support,
                           Capability::device_info_extensibility_support, // ctxParams1 is copied, not read
                           Capability::service_specific_data_support};
    info.euicc_ci_pk_id_list_for_verification.items = ids;
    info.euicc_ci_pk_id_list_for_signing.items = ids;
    info.euicc_category = rsp::EuiccInfo2::EuiccCategory::medium_euicc;
    info.ipa_mode = rsp::IpaMode::ipad;
    rsp::IotSpecificInfo iot;
    iot.iot_version.items = iot_versions;
    if (identity_->has_emergency()) iot.ecall_supported = asn1::Null{};
    if (identity_->has_fallback()) iot.fallback_supported = asn1::Null{};
    info.iot_specific_info = iot;
    return asn1::encode(info);
}

Result<OwnedBytes> Isdr::euicc_info2() { return encode_info2(); }

Result<OwnedBytes> Isdr::euicc_data(Bytes command) {
    const auto request = TRY(asn1::decode<rsp::GetEuiccDataRequest>(command));
    if (request.tag_list[0] != 0x5A) return fail(Errc::bad_value, "tagList", request.tag_list[0]);
    return asn1::encode(rsp::GetEuiccDataResponse{.eid_value = identity_->eid});
}

Result<OwnedBytes> Isdr::configured_addresses() {
    rsp::EuiccConfiguredAddressesResponse response{.root_ds_address = identity_->root_smds};
    if (!state_.default_smdp.empty()) response.default_dp_address = state_.default_smdp;
    return asn1::encode(response);
}

Result<OwnedBytes> Isdr::rat() {
    if (identity_->rat.empty()) return asn1::encode(rsp::GetRatResponse{});
    return identity_->rat;
}

Result<OwnedBytes> Isdr::certs(Bytes command) {
    const auto request = TRY(asn1::decode<rsp::GetCertsRequest>(command));
    const KeySet* keys = request.euicc_ci_pk_id    ? identity_->find(*request.euicc_ci_pk_id)
                         : identity_->keys.empty() ? nullptr
                                                   : &identity_->keys.front();
    rsp::GetCertsResponse response;
    if (!keys) {
        response.is = rsp::GetCertsResponse::GetCertsError::invalid_ci_pk_id;
        return asn1::encode(response);
    }
    rsp::Certs certs{.eum_certificate = TRY(asn1::Raw::from(keys->eum_certificate)),
                     .euicc_certificate = TRY(asn1::Raw::from(keys->euicc_certificate))};
    response.is = certs;
    return asn1::encode(response);
}

// This card leaves the work to an IPA in the device. SGP.32 §3.8
Result<OwnedBytes> Isdr::activate_ipae(Bytes command) {
    using Answer = rsp::IpaeActivationResponse::IpaeActivationResult;
    TRY(asn1::decode<rsp::IpaeActivationRequest>(command));
    return asn1::encode(rsp::IpaeActivationResponse{.ipae_activation_result = Answer::not_supported});
}

Result<OwnedBytes> Isdr::set_default_smdp(Bytes command, bool iot) {
    using Answer = rsp::SetDefaultDpAddressResponse::SetDefaultDpAddressResult;
    // Both editions carry the same content under different tags.
    std::string_view address;
    asn1::Tagged<rsp::SetDefaultDpAddressRequest, 0xBF3F> old;
    rsp::SetDefaultDpAddressRequest request;
    if (iot) {
        request = TRY(asn1::decode<rsp::SetDefaultDpAddressRequest>(command));
        address = request.default_dp_address;
    } else {
        old = TRY(asn1::decode<asn1::Tagged<rsp::SetDefaultDpAddressRequest, 0xBF3F>>(command));
        address = old.value.default_dp_address;
    }
    const bool fits = address.size() <= kMaxAddress;
    if (fits) {
        state_.default_smdp = std::string(address);
        dirty_ = true;
    }
    rsp::SetDefaultDpAddressResponse response{fits ? Answer::ok : Answer::undefined_error};
    if (iot) return asn1::encode(response);
    return asn1::encode(asn1::Tagged<rsp::SetDefaultDpAddressResponse, 0xBF3F>{response});
}

// httpParams of the enabled profile's header. SGP.32 §5.9.24
Result<OwnedBytes> Isdr::connectivity() {
    rsp::GetConnectivityParametersResponse response;
    response.is = rsp::ConnectivityParametersError::parameters_not_available;
    profile::Image image;
    if (const StoredProfile* p = state_.enabled()) {
        image = TRY(this->image(p->number));
        if (!image.connectivity.empty())
            response.is = rsp::ConnectivityParameters{.http_params = Bytes(image.connectivity)};
    }
    return asn1::encode(response);
}

} // namespace halyard::euicc
