#include "binding/esipa_json.h"
#include "base/tolerated.h"
#include "binding/json_members.h"

namespace halyard::binding {
namespace {
using F = EsipaFunction;

constexpr Member kTransactionId{"transactionId", 0x80, Form::transaction_id};
constexpr Member kTransactionIdMaybe{"transactionId", 0x80, Form::transaction_id, false};

constexpr Member kInitiateRequest[] = {{"euiccChallenge", 0x81, Form::octets},
                                       {"smdpAddress", 0x83, Form::text, false},
                                       {"euiccInfo1", 0xBF20, Form::tlv, false},
                                       {"eimTransactionId", 0x82, Form::transaction_id, false}};
constexpr Member kInitiateAnswer[] = {kTransactionIdMaybe,
                                      {"serverSigned1", 0x30, Form::tlv},
                                      {"serverSignature1", 0x5F37, Form::value, true, 64},
                                      {"euiccCiPKIdentifierToBeUsed", 0x04, Form::value, true, 20},
                                      {"serverCertificate", 0x30, Form::tlv},
                                      {"matchingId", 0x0C, Form::text, false},
                                      {"ctxParams1", 0xA2, Form::enclosed, false}};
constexpr Member kClientRequest[] = {kTransactionId, {"authenticateServerResponse", 0xBF38, Form::tlv}};
constexpr Member kClientAnswer[] = {kTransactionIdMaybe,
                                    {"profileMetadata", 0xBF25, Form::tlv, false},
                                    {"smdpSigned2", 0x30, Form::tlv},
                                    {"smdpSignature2", 0x5F37, Form::value, true, 64},
                                    {"smdpCertificate", 0x30, Form::tlv},
                                    {"hashCc", 0x04, Form::value, false, 32}};
constexpr Member kClientAnswerDs[] = {kTransactionId, {"profileDownloadTrigger", 0xBF54, Form::tlv, false}};
constexpr Member kPackageRequest[] = {kTransactionId, {"prepareDownloadResponse", 0xBF21, Form::tlv}};
constexpr Member kPackageAnswer[] = {kTransactionIdMaybe, {"boundProfilePackage", 0xBF36, Form::tlv}};
constexpr Member kCancelRequest[] = {kTransactionId, {"cancelSessionResponse", 0xA1, Form::cancellation}};
constexpr Member kNotificationRequest[] = {{"pendingNotification", 0xA0, Form::enclosed},
                                           {"provideEimPackageResult", 0xBF50, Form::tlv}};
// A missing eidValue has an error code of its own, so it is not refused here.
constexpr Member kPollRequest[] = {{"eidValue", 0x5A, Form::eid, false},
                                   {"notifyStateChange", 0x80, Form::flag, false},
                                   {"stateChangeCause", 0x81, Form::integer, false},
                                   {"rPlmn", 0x82, Form::octets, false}};
constexpr Member kPollAnswer[] = {{"euiccPackageRequest", 0xBF51, Form::tlv},
                                  {"ipaEuiccDataRequest", 0xBF52, Form::tlv},
                                  {"profileDownloadTriggerRequest", 0xBF54, Form::tlv},
                                  {"eimPackageError", 0x02, Form::integer}};
constexpr Member kProvideRequest[] = {{"eidValue", 0x5A, Form::eid, false},
                                      {"eimPackageResult", 0, Form::any}};
// The other way round: the eIM's request, the IPA's answer. SGP.32 §6.4.1
constexpr Member kTransferRequest[] = {{"euiccPackageRequest", 0xBF51, Form::tlv},
                                       {"ipaEuiccDataRequest", 0xBF52, Form::tlv},
                                       {"eimAcknowledgements", 0xBF53, Form::tlv},
                                       {"profileDownloadTriggerRequest", 0xBF54, Form::tlv}};
constexpr Member kBundleMembers[] = {{"euiccPackageResult", 0xBF51, Form::tlv},
                                     {"notificationList", 0xA0, Form::tlv}};
constexpr Member kTransferAnswer[] = {{"euiccPackageResult", 0xBF51, Form::tlv},
                                      {"ePRAndNotifications", 0x30, Form::object, true, 0, kBundleMembers, 2},
                                      {"ipaEuiccDataResponse", 0xBF52, Form::tlv},
                                      {"eimPackageReceived", 0x05, Form::flag},
                                      {"eimPackageError", 0x02, Form::integer}};
constexpr Member kProvideAnswer[] = {{"eimAcknowledgements", 0xBF53, Form::tlv, false}};

struct Row {
    F function;
    asn1::Tag tag;
    const char* path;
    std::span<const Member> request;
    bool request_is_choice;
    std::span<const Member> answer; // of the function's one successful alternative
    asn1::Tag error;                // tag of the error alternative
};
constexpr Row kRows[] = {
    {F::initiate_authentication,
     0xBF39,
     "/gsma/rsp2/esipa/initiateAuthentication",
     kInitiateRequest,
     false,
     kInitiateAnswer,
     0x81},
    {F::authenticate_client,
     0xBF3B,
     "/gsma/rsp2/esipa/authenticateClient",
     kClientRequest,
     false,
     kClientAnswer,
     0x82},
    {F::get_bound_profile_package,
     0xBF3A,
     "/gsma/rsp2/esipa/getBoundProfilePackage",
     kPackageRequest,
     false,
     kPackageAnswer,
     0x81},
    {F::cancel_session, 0xBF41, "/gsma/rsp2/esipa/cancelSession", kCancelRequest, false, {}, 0x81},
    {F::handle_notification,
     0xBF3D,
     "/gsma/rsp2/esipa/handleNotification",
     kNotificationRequest,
     true,
     {},
     0},
    {F::get_eim_package, 0xBF4F, "/gsma/rsp2/esipa/getEimPackage", kPollRequest, false, kPollAnswer, 0x02},
    {F::provide_eim_package_result,
     0xBF50,
     "/gsma/rsp2/esipa/provideEimPackageResult",
     kProvideRequest,
     false,
     kProvideAnswer,
     0x02},
    {F::transfer_eim_package,
     0xBF4E,
     "/gsma/rsp2/esipa/transferEimPackage",
     kTransferRequest,
     true,
     kTransferAnswer,
     0}, // its error is a member
};
const Row& row(F f) { return kRows[static_cast<size_t>(f)]; }

// What SGP.32 adds to the pairs of ES9+. §5.14, tables 9a to 21
struct Pair {
    F function;
    uint8_t code;
    const char *subject, *reason, *message;
};
constexpr Pair kPairs[] = {
    {F::initiate_authentication, 50, "8.8.1", "3.10", "smdpAddress is not the ordered one"},
    {F::initiate_authentication, 51, "8.8", "3.10", "OID of the SM-DP+ is not the ordered one"},
    {F::initiate_authentication, 52, "8.31.2", "3.10", "eimTransactionId unknown"},
    {F::authenticate_client, 50, "8.2.8", "1.2", "profile policy rules not allowed"},
    {F::get_bound_profile_package, 50, "8.2.9", "3.11", "metadata differ from those announced"},
    {F::get_eim_package, 1, "8.1.1", "3.7", "no eIM package available"},
    {F::get_eim_package, 2, "8.1.1", "3.9", "EID not found"},
    {F::get_eim_package, 3, "8.1.1", "2.1", "EID invalid"},
    {F::get_eim_package, 4, "8.1.1", "2.2", "EID missing"},
    {F::provide_eim_package_result, 2, "8.1.1", "3.9", "EID not found"},
    {F::provide_eim_package_result, 3, "8.1.1", "2.1", "EID invalid"},
    {F::provide_eim_package_result, 4, "8.1.1", "2.2", "EID missing"},
};
constexpr uint8_t kUndefined = 127;

std::optional<rsp::Es9Function> es9_of(F f) {
    if (f <= F::cancel_session) return static_cast<rsp::Es9Function>(f);
    return std::nullopt;
}
static_assert(static_cast<int>(rsp::Es9Function::cancel_session) == static_cast<int>(F::cancel_session));

rsp::StatusCode status_of(F f, uint8_t code) {
    for (const Pair& p : kPairs)
        if (p.function == f && p.code == code) return {p.subject, p.reason, p.message};
    if (const auto es9 = es9_of(f))
        if (auto status = rsp::status_of(*es9, code)) return *status;
    return {};
}
uint8_t code_of(F f, const rsp::StatusCode& status) {
    for (const Pair& p : kPairs)
        if (p.function == f && status.is(p.subject, p.reason)) return p.code;
    const auto es9 = es9_of(f);
    return es9 ? rsp::error_of(*es9, status) : kUndefined;
}

Result<asn1::Tlv> message_of(F f, Bytes der) {
    const asn1::Tlv t = TRY(asn1::read_tlv(der, "ESipa message"));
    if (t.tag != row(f).tag) return fail(Errc::bad_tag, "ESipa message", t.tag);
    if (!t.rest.empty()) return fail(Errc::bad_length, "ESipa message");
    return t;
}
// Where ePRAndNotifications is there, it is the answer.
Result<OwnedBytes> transfer_from_json(const Json& json) {
    for (const Member& m : kTransferAnswer)
        if (m.form == Form::object && json.contains(m.name)) return to_content({&m, 1}, json);
    return one_to_content(kTransferAnswer, json);
}
std::string failed(F f, uint8_t code) {
    const Json json{{"header", status_header(status_of(f, code))}};
    return json.dump();
}
Result<std::string> members_to_json(std::span<const Member> members, Bytes content, bool one) {
    Json json{{"header", status_header(std::nullopt)}};
    TRY(one ? one_from_content(members, content, json) : from_content(members, content, json));
    return json.dump();
}
} // namespace

namespace {
Result<std::optional<OwnedBytes>> bare_result(const Json& json) {
    const auto member = json.find("provideEimPackageResult");
    if (member == json.end() || !member->is_string() || json.contains("pendingNotification"))
        return std::optional<OwnedBytes>{};
    auto value = TRY(from_base64(member->get<std::string>(), "provideEimPackageResult"));
    switch (TRY(asn1::read_tlv(value, "provideEimPackageResult")).tag) {
    case 0xBF51:
    case 0x30:
    case 0xBF52:
    case 0xBF54:
    case 0x02: return std::optional<OwnedBytes>(std::move(value));
    default: return std::optional<OwnedBytes>{};
    }
}
} // namespace

std::span<const Member> members(EsipaFunction f, Body body) {
    if (body == Body::request) return row(f).request;
    if (body == Body::answer) return row(f).answer;
    return f == F::authenticate_client ? std::span<const Member>(kClientAnswerDs) : std::span<const Member>();
}

const char* path(EsipaFunction f) { return row(f).path; }

Result<EsipaFunction> esipa_function_of_path(std::string_view p) {
    for (const Row& r : kRows)
        if (p == r.path) return r.function;
    return fail(Errc::not_found, "path");
}

Result<EsipaFunction> esipa_function_of_message(Bytes der) {
    const asn1::Tlv t = TRY(asn1::read_tlv(der, "ESipa message"));
    for (const Row& r : kRows)
        if (t.tag == r.tag) return r.function;
    return fail(Errc::bad_tag, "ESipa message", t.tag);
}

Result<OwnedBytes> esipa_request_from_json(EsipaFunction f, std::string_view text) {
    const Json json = TRY(parse_object(text, 1u << 20));
    const Row& r = row(f);
    if (r.request_is_choice) {
        // In v1.0 a result is one of its alternatives, without the BF50 around it.
        const auto bare = TRY(bare_result(json));
        return tlv(r.tag, bare ? tlv(0xA1, *bare) : TRY(one_to_content(r.request, json)));
    }
    OwnedBytes content = TRY(to_content(r.request, json));
    if (f == F::provide_eim_package_result) {
        // Some peers put the whole BF50 where one of its alternatives belongs.
        const auto result = TRY(from_base64(json["eimPackageResult"].get<std::string>(), "eimPackageResult"));
        if (TRY(asn1::read_tlv(result, "eimPackageResult")).tag == r.tag) {
            TRY(tolerate("whole message in place of its part", "eimPackageResult"));
            return result;
        }
    }
    return tlv(r.tag, content);
}

Result<std::string> esipa_request_to_json(EsipaFunction f, Bytes der) {
    const asn1::Tlv t = TRY(message_of(f, der));
    Json json = Json::object();
    TRY(row(f).request_is_choice ? one_from_content(row(f).request, t.content, json)
                                 : from_content(row(f).request, t.content, json));
    return json.dump();
}

Result<std::string> esipa_answer_to_json(EsipaFunction f, Bytes der) {
    const Row& r = row(f);
    if (f == F::handle_notification) return std::string();
    const asn1::Tlv t = TRY(message_of(f, der));
    if (f == F::transfer_eim_package) return members_to_json(kTransferAnswer, t.content, true);
    // v1.0: nothing to acknowledge
    if (f == F::provide_eim_package_result && t.content.empty())
        return members_to_json(kProvideAnswer, {}, false);
    const asn1::Tlv first = TRY(asn1::read_tlv(t.content, "ESipa answer"));
    if (first.tag == r.error) {
        int64_t code = 0;
        if (!asn1::load_integer(code, first.content) || code < 0 || code > kUndefined)
            return fail(Errc::bad_value, "ESipa answer");
        // What peers do: an empty queue is a success that says so. SGP.32 §6.4.1.6
        if (f == F::get_eim_package && code == 1) return members_to_json(kPollAnswer, t.content, true);
        return failed(f, static_cast<uint8_t>(code));
    }
    switch (f) {
    case F::get_eim_package: return members_to_json(kPollAnswer, t.content, true);
    case F::provide_eim_package_result: // 30 00: nothing to acknowledge
        return members_to_json(kProvideAnswer, first.tag == 0x30 ? Bytes() : t.content, false);
    case F::authenticate_client:
        if (first.tag == 0xA1) return members_to_json(kClientAnswerDs, first.content, false);
        break;
    default: break;
    }
    if (first.tag != 0xA0) return fail(Errc::bad_tag, "ESipa answer", first.tag);
    return members_to_json(r.answer, first.content, false);
}

Result<OwnedBytes> esipa_answer_from_json(EsipaFunction f, std::string_view body) {
    const Row& r = row(f);
    if (f == F::handle_notification) return OwnedBytes{};
    const Json json = TRY(parse_object(body, 4u << 20));
    const Execution execution = TRY(execution_of(json));
    if (!execution.success) {
        const uint8_t code[] = {code_of(f, execution.code)};
        return tlv(r.tag, tlv(r.error ? r.error : 0x02, code));
    }
    if (f == F::transfer_eim_package) return tlv(r.tag, TRY(transfer_from_json(json)));
    switch (f) {
    case F::get_eim_package: return tlv(r.tag, TRY(one_to_content(r.answer, json)));
    case F::provide_eim_package_result: {
        const OwnedBytes content = TRY(to_content(r.answer, json));
        return tlv(r.tag, content.empty() ? tlv(0x30, {}) : content);
    }
    case F::authenticate_client:
        if (!json.contains("smdpSigned2"))
            return tlv(r.tag, tlv(0xA1, TRY(to_content(kClientAnswerDs, json))));
        break;
    default: break;
    }
    return tlv(r.tag, tlv(0xA0, TRY(to_content(r.answer, json))));
}

} // namespace halyard::binding
