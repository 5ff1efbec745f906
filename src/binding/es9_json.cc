#include "binding/es9_json.h"
#include "binding/json_members.h"
#include "rsp/es9p.h"

namespace halyard::binding {
namespace {
struct FunctionRow {
    Es9Function function;
    asn1::Tag tag;
    const char *path, *name;
};
constexpr FunctionRow kFunctions[] = {
    {Es9Function::initiate_authentication,
     0xBF39,
     "/gsma/rsp2/es9plus/initiateAuthentication",
     "initiateAuthentication"},
    {Es9Function::authenticate_client, 0xBF3B, "/gsma/rsp2/es9plus/authenticateClient", "authenticateClient"},
    {Es9Function::get_bound_profile_package,
     0xBF3A,
     "/gsma/rsp2/es9plus/getBoundProfilePackage",
     "getBoundProfilePackage"},
    {Es9Function::cancel_session, 0xBF41, "/gsma/rsp2/es9plus/cancelSession", "cancelSession"},
    {Es9Function::handle_notification, 0xBF3D, "/gsma/rsp2/es9plus/handleNotification", "handleNotification"},
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
                                      {"serverSignature1", 0x5F37, Form::value, true, 64},
                                      {"euiccCiPKIdToBeUsed", 0x04, Form::value, true, 20},
                                      {"serverCertificate", 0x30, Form::tlv}};
constexpr Member kClientRequest[] = {{"transactionId", 0x80, Form::transaction_id},
                                     {"authenticateServerResponse", 0xBF38, Form::tlv}};
constexpr Member kClientAnswer[] = {{"transactionId", 0x80, Form::transaction_id},
                                    {"profileMetadata", 0xBF25, Form::tlv},
                                    {"smdpSigned2", 0x30, Form::tlv},
                                    {"smdpSignature2", 0x5F37, Form::value, true, 64},
                                    {"smdpCertificate", 0x30, Form::tlv}};
constexpr Member kEvent[] = {{"eventId", 0x80, Form::text}, {"rspServerAddress", 0x81, Form::text}};
constexpr Member kClientAnswerEs11[] = {{"transactionId", 0x80, Form::transaction_id},
                                        {"eventEntries", 0xA1, Form::list, true, 0, kEvent, 2}};
constexpr Member kPackageRequest[] = {{"transactionId", 0x80, Form::transaction_id},
                                      {"prepareDownloadResponse", 0xBF21, Form::tlv}};
constexpr Member kPackageAnswer[] = {{"transactionId", 0x80, Form::transaction_id},
                                     {"boundProfilePackage", 0xBF36, Form::tlv}};
constexpr Member kCancelRequest[] = {{"transactionId", 0x80, Form::transaction_id},
                                     {"cancelSessionResponse", 0xA1, Form::cancellation}};
constexpr Member kNotificationRequest[] = {{"pendingNotification", 0xA0, Form::enclosed}};

Shape shape(Es9Function f, Interface on = Interface::es9p) {
    switch (f) {
    case Es9Function::initiate_authentication: return {kInitiateRequest, kInitiateAnswer};
    case Es9Function::authenticate_client:
        if (on == Interface::es11) return {kClientRequest, kClientAnswerEs11};
        return {kClientRequest, kClientAnswer};
    case Es9Function::get_bound_profile_package: return {kPackageRequest, kPackageAnswer};
    case Es9Function::cancel_session: return {kCancelRequest, {}};
    case Es9Function::handle_notification: return {kNotificationRequest, {}};
    }
    return {};
}

} // namespace

std::span<const Member> members(Es9Function f, Body body) {
    if (body == Body::request) return shape(f).request;
    return shape(f, body == Body::answer ? Interface::es9p : Interface::es11).answer;
}

const char* path(Es9Function f) { return row(f).path; }
const char* name(Es9Function f) { return row(f).name; }

bool has(Interface on, Es9Function f) {
    return on == Interface::es9p ||
           (f != Es9Function::get_bound_profile_package && f != Es9Function::handle_notification);
}

asn1::Tag answer_tag(Es9Function f, Interface on) {
    return on == Interface::es11 && f == Es9Function::authenticate_client ? 0xBF40 : row(f).tag;
}

OwnedBytes error_answer(Es9Function f, const StatusCode& status, Interface on) {
    const uint8_t code[] = {0x81, 0x01, rsp::error_of(f, status, on)};
    return tlv(answer_tag(f, on), code);
}

Result<Es9Function> function_of_path(std::string_view p, Interface on) {
    for (const FunctionRow& r : kFunctions)
        if (p == r.path && has(on, r.function)) return r.function;
    return fail(Errc::not_found, "path");
}

Result<Es9Function> function_of_message(Bytes der, Interface on) {
    const asn1::Tlv t = TRY(asn1::read_tlv(der, "ES9+ message"));
    for (const FunctionRow& r : kFunctions)
        if (t.tag == r.tag && has(on, r.function)) return r.function;
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

Result<std::string> answer_to_json(Es9Function f, const Es9Answer& answer, Interface on) {
    if (!has(on, f)) return fail(Errc::unsupported, "function");
    Json json{{"header", status_header(answer.failed)}};
    // Where an answer has no members, it may be left out; what is given must not be an error.
    const auto members = shape(f, on).answer;
    if (!answer.failed && (!members.empty() || !answer.der.empty())) {
        // BFxx { A0 { members } }
        const asn1::Tlv t = TRY(asn1::read_tlv(answer.der, "ES9+ answer"));
        const asn1::Tlv ok = TRY(asn1::read_tlv(t.content, "ES9+ answer"));
        if (t.tag != answer_tag(f, on) || ok.tag != 0xA0) return fail(Errc::bad_tag, "ES9+ answer", ok.tag);
        TRY(from_content(members, ok.content, json));
    }
    return json.dump(-1, ' ', false, Json::error_handler_t::replace); // the message may be anything
}

Result<Es9Answer> answer_from_json(Es9Function f, int http_status, std::string_view body, Interface on) {
    if (!has(on, f)) return fail(Errc::unsupported, "function");
    if (f == Es9Function::handle_notification && (http_status == 204 || http_status == 200))
        return Es9Answer{};
    if (http_status != 200) return fail(Errc::rejected, "http status", static_cast<uint32_t>(http_status));
    const Json json = TRY(parse_object(body, 4u << 20));
    const Execution execution = TRY(execution_of(json));
    if (!execution.success) return Es9Answer{error_answer(f, execution.code, on), execution.code};
    const OwnedBytes members = TRY(to_content(shape(f, on).answer, json));
    return Es9Answer{tlv(answer_tag(f, on), tlv(0xA0, members)), std::nullopt};
}

} // namespace halyard::binding
