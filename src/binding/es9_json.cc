#include "binding/es9_json.h"
#include "binding/json_members.h"
#include "rsp/es9p.h"

namespace halyard::binding {
namespace {
struct FunctionRow {
    Es9Function function;
    asn1::Tag tag;
    const char* path;
};
constexpr FunctionRow kFunctions[] = {
    {Es9Function::initiate_authentication, 0xBF39, "/gsma/rsp2/es9plus/initiateAuthentication"},
    {Es9Function::authenticate_client, 0xBF3B, "/gsma/rsp2/es9plus/authenticateClient"},
    {Es9Function::get_bound_profile_package, 0xBF3A, "/gsma/rsp2/es9plus/getBoundProfilePackage"},
    {Es9Function::cancel_session, 0xBF41, "/gsma/rsp2/es9plus/cancelSession"},
    {Es9Function::handle_notification, 0xBF3D, "/gsma/rsp2/es9plus/handleNotification"},
};
const FunctionRow& row(Es9Function f) { return kFunctions[static_cast<size_t>(f)]; }

struct Shape {
    std::span<const Member> request, answer;
};

constexpr Member kInitiateRequest[] = {{"euiccChallenge", 0x81, Form::octets},
                                       {"smdpAddress", 0x83, Form::text},
                                       {"euiccInfo1", 0xBF20, Form::tlv}};
constexpr Member kInitiateAnswer[] = {{"transactionId", 0x80, Form::transaction_id},
                                      {"serverSigned1", 0x30, Form::tlv},
                                      {"serverSignature1", 0x5F37, Form::tlv},
                                      {"euiccCiPKIdToBeUsed", 0x04, Form::value, true, 20},
                                      {"serverCertificate", 0x30, Form::tlv}};
constexpr Member kClientRequest[] = {{"transactionId", 0x80, Form::transaction_id},
                                     {"authenticateServerResponse", 0xBF38, Form::tlv}};
constexpr Member kClientAnswer[] = {{"transactionId", 0x80, Form::transaction_id},
                                    {"profileMetadata", 0xBF25, Form::tlv},
                                    {"smdpSigned2", 0x30, Form::tlv},
                                    {"smdpSignature2", 0x5F37, Form::tlv},
                                    {"smdpCertificate", 0x30, Form::tlv}};
constexpr Member kPackageRequest[] = {{"transactionId", 0x80, Form::transaction_id},
                                      {"prepareDownloadResponse", 0xBF21, Form::tlv}};
constexpr Member kPackageAnswer[] = {{"transactionId", 0x80, Form::transaction_id},
                                     {"boundProfilePackage", 0xBF36, Form::tlv}};
constexpr Member kCancelRequest[] = {{"transactionId", 0x80, Form::transaction_id},
                                     {"cancelSessionResponse", 0xA1, Form::cancellation}};
constexpr Member kNotificationRequest[] = {{"pendingNotification", 0xA0, Form::enclosed}};

Shape shape(Es9Function f) {
    switch (f) {
    case Es9Function::initiate_authentication: return {kInitiateRequest, kInitiateAnswer};
    case Es9Function::authenticate_client: return {kClientRequest, kClientAnswer};
    case Es9Function::get_bound_profile_package: return {kPackageRequest, kPackageAnswer};
    case Es9Function::cancel_session: return {kCancelRequest, {}};
    case Es9Function::handle_notification: return {kNotificationRequest, {}};
    }
    return {};
}

// The error alternative: 81 code.
OwnedBytes error_der(Es9Function f, uint8_t error) {
    const uint8_t code[] = {0x81, 0x01, error};
    return tlv(row(f).tag, code);
}
} // namespace

const char* path(Es9Function f) { return row(f).path; }

Result<Es9Function> function_of_path(std::string_view p) {
    for (const FunctionRow& r : kFunctions)
        if (p == r.path) return r.function;
    return fail(Errc::not_found, "path");
}

Result<Es9Function> function_of_message(Bytes der) {
    const asn1::Tlv t = TRY(asn1::read_tlv(der, "ES9+ message"));
    for (const FunctionRow& r : kFunctions)
        if (t.tag == r.tag) return r.function;
    return fail(Errc::bad_tag, "ES9+ message", t.tag);
}

Result<OwnedBytes> request_from_json(Es9Function f, std::string_view text) {
    const Json json = TRY(parse_object(text, 1u << 20));
    return tlv(row(f).tag, TRY(to_content(shape(f).request, json)));
}

Result<std::string> request_to_json(Es9Function f, Bytes der) {
    const asn1::Tlv t = TRY(asn1::read_tlv(der, "ES9+ message"));
    if (t.tag != row(f).tag) return fail(Errc::bad_tag, "ES9+ message", t.tag);
    Json json = Json::object();
    TRY(from_content(shape(f).request, t.content, json));
    return json.dump();
}

Result<std::string> answer_to_json(Es9Function f, const Es9Answer& answer) {
    Json json{{"header", status_header(answer.failed)}};
    // Where an answer has no members, it may be left out; what is given must not be an error.
    if (!answer.failed && (!shape(f).answer.empty() || !answer.der.empty())) {
        // BFxx { A0 { members } }
        const asn1::Tlv t = TRY(asn1::read_tlv(answer.der, "ES9+ answer"));
        const asn1::Tlv ok = TRY(asn1::read_tlv(t.content, "ES9+ answer"));
        if (t.tag != row(f).tag || ok.tag != 0xA0) return fail(Errc::bad_tag, "ES9+ answer", ok.tag);
        TRY(from_content(shape(f).answer, ok.content, json));
    }
    return json.dump(-1, ' ', false, Json::error_handler_t::replace); // the message may be anything
}

Result<Es9Answer> answer_from_json(Es9Function f, int http_status, std::string_view body) {
    if (f == Es9Function::handle_notification) {
        if (http_status == 204 || http_status == 200) return Es9Answer{};
        return fail(Errc::rejected, "http status", static_cast<uint32_t>(http_status));
    }
    if (http_status != 200) return fail(Errc::rejected, "http status", static_cast<uint32_t>(http_status));
    const Json json = TRY(parse_object(body, 4u << 20));
    const Execution execution = TRY(execution_of(json));
    if (execution.success) {
        if (shape(f).answer.empty()) return Es9Answer{tlv(row(f).tag, tlv(0xA0, {})), std::nullopt};
        return Es9Answer{tlv(row(f).tag, tlv(0xA0, TRY(to_content(shape(f).answer, json)))), std::nullopt};
    }
    return Es9Answer{error_der(f, rsp::error_of(f, execution.code)), execution.code};
}

} // namespace halyard::binding
