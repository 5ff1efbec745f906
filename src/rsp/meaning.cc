#include "rsp/meaning.h"

namespace halyard::rsp {
namespace {

constexpr Signature kSignatures[] = {
    {"eimSignature",
     "eIM",
     "euiccPackageSigned",
     "euiccPackageSigned, then the association token (84 01 00 if none)"},
    {"euiccSignEPR",
     "eUICC",
     "euiccPackageResultDataSigned",
     "euiccPackageResultDataSigned, then the association token (84 01 00 if none)"},
    {"euiccSignEPE",
     "eUICC",
     "euiccPackageErrorDataSigned",
     "euiccPackageErrorDataSigned, then the association token (84 01 00 if none)"},
    {"serverSignature1", "SM-DP+ or SM-DS (auth key)", "serverSigned1", "serverSigned1"},
    {"euiccSignature1", "eUICC", nullptr, "euiccSigned1"},
    {"smdpSignature2",
     "SM-DP+ (binding key)",
     "smdpSigned2",
     "smdpSigned2, then euiccSignature1 with its header"},
    {"euiccSignature2", "eUICC", nullptr, "euiccSigned2, then smdpSignature2 with its header"},
    {"euiccSignPIR", "eUICC", nullptr, "profileInstallationResultData"},
    {"euiccNotificationSignature", "eUICC", "tbsOtherNotification", "tbsOtherNotification"},
    {"euiccCancelSessionSignature", "eUICC", nullptr, "euiccCancelSessionSigned"},
    {"smdpSign",
     "SM-DP+ (binding key)",
     nullptr,
     "remoteOpId, transactionId, controlRefTemplate, smdpOtpk, then the eUICC's one-time key"},
};

struct Rule {
    const char* section; // its beginning
    Route request, answer;
};
// The longest one that fits; a name with "Request" in it is a request. TransferEimPackage goes the other way
// round.
constexpr Rule kRules[] = {
    {"SGP.32 §5.14.4", {"ESipa", "eIM", "IPA"}, {"ESipa", "IPA", "eIM"}},
    {"SGP.32 §5.14", {"ESipa", "IPA", "eIM"}, {"ESipa", "eIM", "IPA"}},
    {"SGP.32 §2.11.1.1", {"ESep", "eIM", "eUICC"}, {"ESep", "eIM", "eUICC"}},
    {"SGP.32 §2.11.1", {"ESipa", "eIM", "IPA"}, {"ESipa", "eIM", "IPA"}},
    {"SGP.32 §2.11.2.1", {"ESep", "eUICC", "eIM"}, {"ESep", "eUICC", "eIM"}},
    {"SGP.32 §2.11.2", {"ESipa", "IPA", "eIM"}, {"ESipa", "IPA", "eIM"}},
    {"SGP.32 §5.9", {"ES10b", "IPA", "eUICC"}, {"ES10b", "eUICC", "IPA"}},
    {"SGP.22 §5.7", {"ES10", "IPA", "eUICC"}, {"ES10", "eUICC", "IPA"}},
    {"SGP.22 §5.6", {"ES9+", "IPA", "SM-DP+"}, {"ES9+", "SM-DP+", "IPA"}},
    {"SGP.22 §5.8", {"ES11", "IPA", "SM-DS"}, {"ES11", "SM-DS", "IPA"}},
    {"SGP.22 §5.5", {"ES8+", "SM-DP+", "eUICC"}, {"ES8+", "eUICC", "SM-DP+"}},
    {"SGP.22 §5.4", {"ES6", "operator", "eUICC"}, {"ES6", "eUICC", "operator"}},
};

struct Exception {
    const char* name;
    Route route;
};
constexpr Exception kExceptions[] = {
    {"HandleNotificationEsipa", {"ESipa", "IPA", "eIM"}},
    {"ProvideEimPackageResult", {"ESipa", "IPA", "eIM"}},
    {"HandleNotification", {"ES9+", "IPA", "SM-DP+"}},
    {"BoundProfilePackage", {"ES8+", "SM-DP+", "eUICC"}},
    {"ProfileInstallationResult", {"ES8+", "eUICC", "SM-DP+"}},
    {"ProfileInstallationResultData", {"ES8+", "eUICC", "SM-DP+"}},
};

struct Meaning {
    const char *name, *words;
};
constexpr Meaning kMeanings[] = {
    {"activationCode", "where and with which matching id to download"},
    {"associationToken", "ties eIM and eUICC together; part of what is signed, -1 asks for one"},
    {"authenticateServerResponse", "the eUICC's proof of who it is"},
    {"boundProfilePackage", "the profile, encrypted for this eUICC"},
    {"bppEuiccOtpk", "the eUICC's one-time key of an earlier attempt"},
    {"ccRequiredFlag", "must a confirmation code be given?"},
    {"contactDefaultSmdp", "ask the default SM-DP+"},
    {"contactSmds", "ask an SM-DS"},
    {"controlRefTemplate", "what session keys to derive"},
    {"counterValue", "must grow with every package: no replay"},
    {"ctxParams1", "what download is wanted, on what device"},
    {"defaultDpAddress", "SM-DP+ to ask when nothing else is said"},
    {"delete", "remove a profile"},
    {"deleteEim", "forget an eIM"},
    {"disable", "switch a profile off"},
    {"ecoList", "changes of the eIM configuration, in this order"},
    {"eidValue", "which eUICC"},
    {"eimAcknowledgements", "results and notifications that may be deleted"},
    {"eimFqdn", "where to reach the eIM"},
    {"eimId", "which eIM"},
    {"eimPackageError", "why there is no package"},
    {"eimPackageResult", "what became of a package"},
    {"eimPublicKeyData", "the key that the eIM signs with"},
    {"eimSupportedProtocol", "how the eIM can be reached"},
    {"eimTransactionId", "the eIM's own number of the operation"},
    {"enable", "switch a profile on"},
    {"errorReason", "why the installation failed"},
    {"eumCertificate", "of the eUICC's manufacturer, signed by the CI"},
    {"euiccCertificate", "of the eUICC, signed by its manufacturer"},
    {"euiccChallenge", "random, to be signed by the server"},
    {"euiccCiPKId", "the CI whose chain the eUICC uses for this eIM"},
    {"euiccCiPKIdListForSigning", "CIs under which the eUICC can sign"},
    {"euiccCiPKIdListForVerification", "CIs whose servers the eUICC believes"},
    {"euiccCiPKIdToBeUsed", "the CI whose chain the eUICC shall use"},
    {"euiccCiPKIdentifierToBeUsed", "the CI whose chain the eUICC shall use"},
    {"euiccInfo1", "what the eUICC supports, before it proves who it is"},
    {"euiccInfo2", "what the eUICC is and supports"},
    {"euiccOtpk", "the eUICC's one-time key"},
    {"euiccPackage", "the operations themselves"},
    {"euiccPackageErrorCode", "why the whole package was refused"},
    {"euiccPackageErrorUnsigned", "the eUICC could not tell who asked"},
    {"euiccResult", "one result for each operation, in their order"},
    {"extCardResource", "free memory"},
    {"fallbackAttribute", "the profile to fall back to"},
    {"finalResult", "installed, or why not"},
    {"firstSequenceOf87", "ConfigureISDP, encrypted"},
    {"hashCc", "of the confirmation code and the transaction id"},
    {"iccid", "which profile, digits swapped as in EF.ICCID"},
    {"indirectProfileDownload", "profiles come through this eIM"},
    {"initialiseSecureChannelRequest", "keys for this one delivery"},
    {"iotVersion", "editions of SGP.32 that the eUICC knows"},
    {"ipaCapabilities", "what the IPA can do"},
    {"isdpAid", "which profile, by its security domain"},
    {"listProfileInfo", "which profiles are there?"},
    {"matchingId", "which order at the SM-DP+"},
    {"notificationAddress", "who wants to know"},
    {"notificationList", "signed events that go with the result"},
    {"notifyStateChange", "something changed without this eIM"},
    {"ppVersion", "protection profile version"},
    {"profileClass", "test, provisioning or operational"},
    {"profileManagementOperation", "what happened to the profile"},
    {"profileMetaData", "what the profile is called, whose it is, what it may"},
    {"profileOwner", "the operator"},
    {"profilePolicyRules", "what must not be done to the profile"},
    {"psmoList", "operations on profiles, in this order"},
    {"rPLMN", "the network the device is registered in"},
    {"refreshFlag", "tell the device with REFRESH"},
    {"remoteOpId", "what the SM-DP+ is about to do"},
    {"resetOptions", "what to delete"},
    {"rollbackFlag", "go back if the new profile finds no network"},
    {"secondSequenceOf87", "profile protection keys, encrypted"},
    {"seqNumber", "the eUICC's number of this result or event"},
    {"sequenceOf86", "the profile itself, encrypted"},
    {"sequenceOf88", "StoreMetadata, in clear and with a MAC"},
    {"serverAddress", "whom the eUICC talks to"},
    {"serverCertificate", "of the key that signed serverSigned1"},
    {"serverChallenge", "random, to be signed by the eUICC"},
    {"simaResponse", "what the profile interpreter said"},
    {"smdpAddress", "the SM-DP+ that is asked"},
    {"smdpCertificate", "of the key that signed smdpSigned2"},
    {"smdpOid", "which SM-DP+, by its certificate"},
    {"smdpOtpk", "the SM-DP+'s one-time key"},
    {"stateChangeCause", "why a profile was switched"},
    {"svn", "edition of SGP.22"},
    {"tac", "model of the device"},
    {"tagList", "which data are wanted, tag behind tag"},
    {"transactionId", "the RSP server's number of this session"},
    {"trustedPublicKeyDataTls", "what the eIM's TLS certificate must lead to"},
};

// sgp32: tables of what stacks disagree about, and of what v1.1 changed on the wire.
constexpr Habit kHabits[] = {
    {"EuiccPackageResult",
     0x30,
     Errc::bad_tag,
     "alternative A0, A1 or A2 left out: some stacks put the bare SEQUENCE into BF51"},
    {"IpaEuiccDataResponse",
     0,
     Errc::bad_tag,
     "alternative A0 or A1 left out, or 81 with a number: an error as SGP.32 v1.0 writes it"},
    {"ProfileInfoListResponse", 0xE3, Errc::bad_tag, "alternative A0 left out: the bare list in BF2D"},
    {"AuthenticateServerResponse", 0x30, Errc::bad_tag, "alternative A0 left out: the bare SEQUENCE in BF38"},
    {"PrepareDownloadResponse", 0x30, Errc::bad_tag, "alternative A0 left out: the bare SEQUENCE in BF21"},
    {"CancelSessionResponse", 0x30, Errc::bad_tag, "alternative A0 left out: the bare SEQUENCE in BF41"},
    {"GetEimPackageRequest",
     0x81,
     Errc::bad_length,
     "81 with three octets is rPLMN as SGP.32 v1.0 writes it; since v1.1 it is 82"},
    {"GetEimPackageRequest",
     0x81,
     Errc::bad_value,
     "81 with three octets is rPLMN as SGP.32 v1.0 writes it; since v1.1 it is 82"},
    {"ProvideEimPackageResult", 0, Errc::missing_field, "in SGP.32 v1.0 this is a CHOICE without eidValue"},
    {"ProvideEimPackageResultResponse",
     0,
     Errc::truncated,
     "SGP.32 v1.0 writes an empty BF50 where v1.1 has 30 00"},
    {"HandleNotificationEsipa",
     0xA1,
     Errc::bad_tag,
     "A1 is provideEimPackageResult as SGP.32 v1.0 writes it; since v1.1 it is BF50"},
    {"HandleNotificationEsipa", 0xBF37, Errc::bad_tag, "pendingNotification without its A0: SGP.32 v1.0"},
    {"HandleNotificationEsipa", 0x30, Errc::bad_tag, "pendingNotification without its A0: SGP.32 v1.0"},
    {"ProfileDownloadError", 0x04, Errc::missing_field, "errorResponse without a reason: SGP.32 v1.0"},
    {"ImmediateEnableRequest", 0, Errc::missing_field, "in SGP.32 v1.0 the request is empty (EnableUsingDD)"},
    {"IpaEuiccData",
     0xBF2B,
     Errc::bad_tag,
     "notifications as SGP.32 v1.0 writes them; since v1.1 they are A0, first"},
    {"IpaEuiccData",
     0x80,
     Errc::bad_tag,
     "80 is defaultSmdpAddress as SGP.32 v1.0 writes it; since v1.1 it is 81"},
};

bool begins(std::string_view text, std::string_view with) { return text.starts_with(with); }

} // namespace

std::optional<Route> route_of(const Message& message) {
    const std::string_view name = message.name, section = message.section;
    for (const Exception& e : kExceptions)
        if (name == e.name) return e.route;
    const asn1::Tag tag = message.type->tag;
    if (tag <= 0xFF && tag != 0xE0 && tag != 0xE1) return std::nullopt;
    for (const Rule& rule : kRules) {
        if (!begins(section, rule.section)) continue;
        return name.find("Request") != std::string_view::npos ? rule.request : rule.answer;
    }
    return std::nullopt;
}

const Signature* signature_named(std::string_view member) {
    for (const Signature& s : kSignatures)
        if (member == s.name) return &s;
    return nullptr;
}

const Signature* signature_over(const asn1::Node& parent, const asn1::Node& child) {
    if (!parent.type || parent.type->kind != asn1::Kind::sequence || !child.field) return nullptr;
    for (const asn1::Node& other : parent.children) {
        if (!other.field || &other <= &child) continue; // a signature stands behind what it is over
        if (const Signature* s = signature_named(other.field->name))
            return !s->member || std::string_view(s->member) == child.field->name ? s : nullptr;
    }
    return nullptr;
}

const char* meaning_of(std::string_view member) {
    for (const Meaning& m : kMeanings)
        if (member == m.name) return m.words;
    return nullptr;
}

std::span<const Habit> habits() { return kHabits; }

} // namespace halyard::rsp
