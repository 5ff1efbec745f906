// DER of every message we describe: whatever decodes is understood the same way after it was encoded again.
#include "rsp/es8p.h"
#include "rsp/esipa.h"
#include "tests/fuzz/scene.h"
#include <nlohmann/json.hpp>

namespace halyard::fuzz {
namespace {
using namespace rsp;
using asn1::Deviation, asn1::Deviations;

uint32_t departures(const Deviations& seen) { // without what EXTENSIBILITY IMPLIED allows
    uint32_t n = 0;
    for (size_t i = 0; i < seen.counts.size(); ++i)
        if (static_cast<Deviation>(i) != Deviation::unknown_field) n += seen.counts[i];
    return n;
}

template <class T> void read(Bytes in) {
    Deviations seen;
    const auto value = asn1::decode<T>(in, {.seen = &seen});
    const auto strict = asn1::decode<T>(in, {.strict = true});
    HALYARD_ASSERT(strict.has_value() == (value.has_value() && departures(seen) == 0));
    if (!value) {
        HALYARD_ASSERT(value.error().offset <= in.size());
        return;
    }
    const std::string json = asn1::to_json(*value);
    HALYARD_ASSERT(nlohmann::json::accept(json));
    (void)asn1::print(*value);
    const auto out = asn1::encode(*value);
    HALYARD_ASSERT(out);
    // Nothing changes without having been counted.
    if (!seen.any()) HALYARD_ASSERT(same(*out, in));
    Deviations left;
    const auto again = asn1::decode<T>(Bytes(*out), {.seen = &left});
    HALYARD_ASSERT(again);
    HALYARD_ASSERT(asn1::to_json(*again) == json);
    const auto twice = asn1::encode(*again);
    HALYARD_ASSERT(twice && *twice == *out);
}

struct One {
    asn1::Tag tag; // 0: a CHOICE without one of its own
    void (*read)(Bytes);
};
template <class T> constexpr One one() { return {asn1::Map<T>::type.tag, read<T>}; }
constexpr One kAll[] = {
    one<EuiccInfo1>(),
    one<CertificationDataObject>(),
    one<IotSpecificInfo>(),
    one<EuiccInfo2>(),
    one<DeviceAdditionalFeatureSupport>(),
    one<DeviceCapabilities>(),
    one<DeviceInfo>(),
    one<OperatorId>(),
    one<NotificationConfigurationInformation>(),
    one<DpProprietaryData>(),
    one<VendorSpecificData>(),
    one<ProfileInfo>(),
    one<StoreMetadataRequest>(),
    one<SmdpSigned2>(),
    one<EuiccSigned2>(),
    one<ServerSigned1>(),
    one<CtxParamsForCommonAuthentication>(),
    one<CtxParams1>(),
    one<EuiccSigned1>(),
    one<SuccessResult>(),
    one<ErrorResult>(),
    one<NotificationMetadata>(),
    one<FinalResult>(),
    one<ProfileInstallationResultData>(),
    one<ProfileInstallationResult>(),
    one<OtherSignedNotification>(),
    one<CompactSuccessResult>(),
    one<CompactFinalResult>(),
    one<CompactProfileInstallationResultData>(),
    one<CompactProfileInstallationResult>(),
    one<CompactOtherSignedNotification>(),
    one<PendingNotification>(),
    one<ProfilePolicyAuthorisationRule>(),
    one<ProfileInfoListRequestSearchCriteria>(),
    one<ProfileInfoListRequest>(),
    one<ProfileInfoListResponse>(),
    one<SetDefaultDpAddressRequest>(),
    one<SetDefaultDpAddressResponse>(),
    one<EimPublicKeyData>(),
    one<TrustedPublicKeyDataTls>(),
    one<EimConfigurationData>(),
    one<DeleteEim>(),
    one<ListEim>(),
    one<Eco>(),
    one<Enable>(),
    one<Disable>(),
    one<Delete>(),
    one<GetRAT>(),
    one<ConfigureImmediateEnable>(),
    one<SetFallbackAttribute>(),
    one<UnsetFallbackAttribute>(),
    one<Psmo>(),
    one<EuiccPackage>(),
    one<EuiccPackageSigned>(),
    one<EuiccPackageRequest>(),
    one<SearchCriteriaNotification>(),
    one<SearchCriteriaEuiccPackageResult>(),
    one<IpaEuiccDataRequest>(),
    one<ContactSmds>(),
    one<ProfileDownloadData>(),
    one<ProfileDownloadTriggerRequest>(),
    one<AddEimResult>(),
    one<EimIdInfo>(),
    one<ListEimResult>(),
    one<EuiccResultData>(),
    one<EuiccPackageResultDataSigned>(),
    one<EuiccPackageResultSigned>(),
    one<EuiccPackageErrorDataSigned>(),
    one<EuiccPackageErrorSigned>(),
    one<EuiccPackageErrorUnsigned>(),
    one<EuiccPackageResult>(),
    one<IpaEuiccDataResponseError>(),
    one<IpaCapabilities>(),
    one<IpaEuiccData>(),
    one<IpaEuiccDataResponse>(),
    one<ProfileDownloadError>(),
    one<ProfileDownloadTriggerResultData>(),
    one<ProfileDownloadTriggerResult>(),
    one<GetEuiccInfo1Request>(),
    one<GetEuiccInfo2Request>(),
    one<UpdateMetadataRequest>(),
    one<PrepareDownloadRequest>(),
    one<PrepareDownloadResponseOk>(),
    one<PrepareDownloadResponseError>(),
    one<CompactEuiccSigned2>(),
    one<CompactPrepareDownloadResponseOk>(),
    one<PrepareDownloadResponse>(),
    one<AuthenticateServerRequest>(),
    one<AuthenticateResponseOk>(),
    one<AuthenticateResponseError>(),
    one<CompactEuiccSigned1>(),
    one<SignedData>(),
    one<CompactAuthenticateResponseOk>(),
    one<AuthenticateServerResponse>(),
    one<CancelSessionRequest>(),
    one<EuiccCancelSessionSigned>(),
    one<CancelSessionResponseOk>(),
    one<CompactEuiccCancelSessionSigned>(),
    one<CompactCancelSessionResponseOk>(),
    one<CancelSessionResponse>(),
    one<GetEuiccChallengeRequest>(),
    one<GetEuiccChallengeResponse>(),
    one<ListNotificationRequest>(),
    one<ListNotificationResponse>(),
    one<SetNicknameRequest>(),
    one<SetNicknameResponse>(),
    one<NotificationSentRequest>(),
    one<NotificationSentResponse>(),
    one<EnableProfileRequestProfileIdentifier>(),
    one<EnableProfileRequest>(),
    one<EnableProfileResponse>(),
    one<DisableProfileRequestProfileIdentifier>(),
    one<DisableProfileRequest>(),
    one<DisableProfileResponse>(),
    one<DeleteProfileRequest>(),
    one<DeleteProfileResponse>(),
    one<EuiccMemoryResetRequest>(),
    one<EuiccMemoryResetResponse>(),
    one<GetEuiccDataRequest>(),
    one<GetEuiccDataResponse>(),
    one<GetRatRequest>(),
    one<GetRatResponse>(),
    one<LoadCrlRequest>(),
    one<LoadCrlResponseOk>(),
    one<LoadCrlResponse>(),
    one<EuiccConfiguredAddressesRequest>(),
    one<EuiccConfiguredAddressesResponse>(),
    one<IsdrProprietaryApplicationTemplate>(),
    one<LpaeActivationRequest>(),
    one<LpaeActivationResponse>(),
    one<RetrieveNotificationsListRequestSearchCriteria>(),
    one<RetrieveNotificationsListRequest>(),
    one<RetrieveNotificationsListResponse>(),
    one<IsdrProprietaryApplicationTemplateIot>(),
    one<IpaeActivationRequest>(),
    one<IpaeActivationResponse>(),
    one<AddInitialEimRequest>(),
    one<AddInitialEimItem>(),
    one<AddInitialEimResponse>(),
    one<GetCertsRequest>(),
    one<Certs>(),
    one<GetCertsResponse>(),
    one<ImmediateEnableRequest>(),
    one<ImmediateEnableResponse>(),
    one<ProfileRollbackRequest>(),
    one<ProfileRollbackResponse>(),
    one<ConfigureImmediateProfileEnablingRequest>(),
    one<ConfigureImmediateProfileEnablingResponse>(),
    one<GetEimConfigurationDataRequestSearchCriteria>(),
    one<GetEimConfigurationDataRequest>(),
    one<GetEimConfigurationDataResponse>(),
    one<ExecuteFallbackMechanismRequest>(),
    one<ExecuteFallbackMechanismResponse>(),
    one<ReturnFromFallbackRequest>(),
    one<ReturnFromFallbackResponse>(),
    one<EnableEmergencyProfileRequest>(),
    one<EnableEmergencyProfileResponse>(),
    one<DisableEmergencyProfileRequest>(),
    one<DisableEmergencyProfileResponse>(),
    one<GetConnectivityParametersRequest>(),
    one<ConnectivityParameters>(),
    one<GetConnectivityParametersResponse>(),
    one<ControlRefTemplate>(),
    one<InitialiseSecureChannelRequest>(),
    one<BoundProfilePackage>(),
    one<ConfigureISDPRequest>(),
    one<ReplaceSessionKeysRequest>(),
    one<InitiateAuthenticationRequest>(),
    one<InitiateAuthenticationOkEs9>(),
    one<InitiateAuthenticationResponse>(),
    one<AuthenticateClientRequest>(),
    one<AuthenticateClientOk>(),
    one<AuthenticateClientResponseEs9>(),
    one<GetBoundProfilePackageRequest>(),
    one<GetBoundProfilePackageOk>(),
    one<GetBoundProfilePackageResponse>(),
    one<HandleNotification>(),
    one<CancelSessionRequestEs9>(),
    one<CancelSessionOk>(),
    one<CancelSessionResponseEs9>(),
    one<EventEntries>(),
    one<AuthenticateClientOkEs11>(),
    one<AuthenticateClientResponseEs11>(),
    one<InitiateAuthenticationRequestEsipa>(),
    one<AuthenticateClientRequestEsipa>(),
    one<GetBoundProfilePackageRequestEsipa>(),
    one<EimPackageResultResponseError>(),
    one<EprAndNotifications>(),
    one<EimPackageResult>(),
    one<ProvideEimPackageResult>(),
    one<HandleNotificationEsipa>(),
    one<CancelSessionRequestEsipa>(),
    one<GetEimPackageRequest>(),
    one<TransferEimPackageResponse>(),
    one<EsipaMessageFromIpaToEim>(),
    one<InitiateAuthenticationOkEsipa>(),
    one<InitiateAuthenticationResponseEsipa>(),
    one<AuthenticateClientOkDPEsipa>(),
    one<AuthenticateClientOkDSEsipa>(),
    one<AuthenticateClientResponseEsipa>(),
    one<GetBoundProfilePackageOkEsipa>(),
    one<GetBoundProfilePackageResponseEsipa>(),
    one<CancelSessionResponseEsipa>(),
    one<GetEimPackageResponse>(),
    one<EmptyResponse>(),
    one<ProvideEimPackageResultResponse>(),
    one<TransferEimPackageRequest>(),
    one<EsipaMessageFromEimToIpa>(),
};

void run(Bytes in) {
    const auto first = asn1::read_tlv(in);
    for (const One& type : kAll)
        if (!first || !type.tag || type.tag == first->tag) type.read(in);
}

std::vector<OwnedBytes> seeds() {
    std::vector<OwnedBytes> out = scene().messages;
    out.insert(out.end(), scene().commands.begin(), scene().commands.end());
    std::erase_if(out, [](const OwnedBytes& m) { return m.size() > kDer.max_size; });
    // Their parts stand for the types that are no messages of their own.
    for (size_t i = 0; i < out.size() && out.size() < 1500; ++i) {
        const auto outer = asn1::read_tlv(out[i]);
        if (!outer || !asn1::is_constructed(outer->tag)) continue;
        std::vector<OwnedBytes> parts;
        for (Bytes rest = outer->content; !rest.empty();) {
            const auto part = asn1::read_tlv(rest);
            if (!part) break;
            if (part->content.size() > 2) parts.push_back(owned(part->whole));
            rest = part->rest;
        }
        out.insert(out.end(), parts.begin(), parts.end());
    }
    return out;
}
} // namespace

const Target kDer{"der", run, seeds, 4096};

} // namespace halyard::fuzz
