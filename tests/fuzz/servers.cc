// What servers say to each other (ES2+, ES12, ES15), and the bindings of ES9+ and ES11 that the JSON target
// does not reach: the A2 of the ASN.1 binding, event records, answers in whatever form.
#include "binding/es9_asn1.h"
#include "binding/server_json.h"
#include "tests/fuzz/scene.h"
#include <nlohmann/json.hpp>

namespace halyard::fuzz {
namespace {
using binding::Es9Form, binding::Interface;

// What was read and can be written says the same a second time.
template <class T> void server_message(std::string_view text) {
    const auto read = binding::server_from_json<T>(text);
    if (!read) {
        (void)binding::refusal(rsp::kServerMessage<T>, read.error());
        return;
    }
    const auto written = binding::server_to_json(*read);
    if (!written) return; // what is read with tolerance need not be sent
    HALYARD_ASSERT(nlohmann::json::accept(*written));
    const auto again = binding::server_from_json<T>(*written);
    HALYARD_ASSERT(again && binding::server_to_json(*again) && *binding::server_to_json(*again) == *written);
}
constexpr void (*kMessages[])(std::string_view) = {server_message<rsp::DownloadOrderRequest>,
                                                   server_message<rsp::DownloadOrderAnswer>,
                                                   server_message<rsp::ConfirmOrderRequest>,
                                                   server_message<rsp::ConfirmOrderAnswer>,
                                                   server_message<rsp::CancelOrderRequest>,
                                                   server_message<rsp::ReleaseProfileRequest>,
                                                   server_message<rsp::HandleDownloadProgressInfoRequest>,
                                                   server_message<rsp::HandleNotificationRequest>,
                                                   server_message<rsp::RegisterEventRequest>,
                                                   server_message<rsp::DeleteEventRequest>,
                                                   server_message<rsp::HeaderAnswer>};
constexpr uint8_t kCount = std::size(kMessages);

void asn1_request(Interface on, Bytes body) {
    const auto request = binding::request_from_asn1(body, on);
    if (!request) return;
    const OwnedBytes wrapped = binding::request_to_asn1(request->message);
    const auto again = binding::request_from_asn1(wrapped, on);
    HALYARD_ASSERT(again && again->function == request->function && same(again->message, request->message));
}

void any_answer(rsp::Es9Function f, Es9Form asked, Interface on, Bytes body) {
    const auto answer = binding::answer_from_body(f, 200, body, asked, on);
    if (!answer) return;
    const auto wrapped = binding::answer_to_asn1(f, *answer, on);
    HALYARD_ASSERT(wrapped); // whatever was taken can be handed on
    const auto again = binding::answer_from_asn1(f, wrapped->empty() ? 204 : 200, *wrapped, on);
    HALYARD_ASSERT(again && again->der == answer->der &&
                   again->failed.has_value() == answer->failed.has_value());
    const auto text = binding::answer_to_json(f, *answer, on);
    if (!text) return; // parts are carried, not looked into
    HALYARD_ASSERT(nlohmann::json::accept(*text));
    const auto back = binding::answer_from_json(f, 200, *text, on);
    HALYARD_ASSERT(!back || *binding::answer_to_json(f, *back, on) == *text);
}

enum Kind : uint8_t { message, request, answer, kinds };

void servers(Bytes input) {
    Reader in(input);
    const uint8_t kind = in.octet() % kinds, choice = in.octet();
    const Bytes body = in.rest();
    const Interface on = choice & 0x80 ? Interface::es11 : Interface::es9p;
    const Es9Form form = choice & 0x40 ? Es9Form::asn1 : Es9Form::json;
    switch (kind) {
    case message: return kMessages[choice % kCount](text_of(body));
    case request: return asn1_request(on, body);
    default: return any_answer(static_cast<rsp::Es9Function>(choice % 0x40 % 5), form, on, body);
    }
}

#define REQUEST R"({"header":{"functionRequesterIdentifier":"1.3.6.1","functionCallIdentifier":"x"},)"
#define EID R"("eid":"89049032123451234512345678901235",)"
#define ICCID R"("iccid":"8900012345678901234")"
#define DONE R"({"header":{"functionExecutionStatus":{"status":"Executed-Success"}})"
#define FAILED                                                                                               \
    R"({"header":{"functionExecutionStatus":{"status":"Failed","statusCodeData":{"subjectCode":"8.2.6",)"    \
    R"("reasonCode":"3.8","subjectIdentifier":"y","message":"z"}}}})"
constexpr std::string_view kBodies[kCount] = {
    REQUEST EID ICCID R"(,"profileType":"p"})",
    DONE "," ICCID "}",
    REQUEST EID ICCID
    R"(,"matchingId":"A_1","confirmationCode":"1","smdsAddress":"ds:1","releaseFlag":true})",
    DONE "," EID R"("matchingId":"A","smdpAddress":"dp"})",
    REQUEST ICCID R"(,"finalProfileStatusIndicator":"Unavailable"})",
    REQUEST ICCID "}",
    REQUEST ICCID R"(,"profileType":"p","timestamp":"2026-11-26T03:04:05.1+01:30","notificationPointId":100,)"
                  R"("notificationPointStatus":{"status":"Expired"},"resultData":"vzcCBQA="})",
    REQUEST ICCID
    R"(,"profileType":"p","timestamp":"2026-11-26T03:04:05Z","notificationPointId":101,)"
    R"("notificationPointStatus":{"status":"Executed-Success"},"notificationEvent":"enable",)"
    R"("notificationReceiverIdentifier":"dp","notificationIdentifier":"7","resultData":"MAIFAA=="})",
    REQUEST EID R"("rspServerAddress":"dp","eventId":"e","forwardingIndicator":true})",
    REQUEST EID R"("eventId":"e"})",
    FAILED};

std::vector<OwnedBytes> server_seeds() {
    std::vector<OwnedBytes> out;
    const auto add = [&](uint8_t kind, uint8_t choice, Bytes body) {
        OwnedBytes seed{kind, choice};
        append(seed, body);
        out.push_back(std::move(seed));
    };
    for (uint8_t i = 0; i < kCount; ++i) add(message, i, bytes_of(kBodies[i]));
    const std::string_view events =
        DONE R"(,"transactionId":"01","eventEntries":[{"eventId":"e","rspServerAddress":"dp"}]})";
    add(answer, 0x81, bytes_of(events));
    for (const uint8_t choice : std::initializer_list<uint8_t>{0x01, 0x41, 0x81, 0xC1})
        add(answer, choice, bytes_of(std::string_view(FAILED)));
    const auto es11 =
        binding::answer_from_json(rsp::Es9Function::authenticate_client, 200, events, Interface::es11);
    add(answer, 0xC1, binding::request_to_asn1(es11->der)); // the same A2
    for (const OwnedBytes& m : scene().messages) {
        const auto function = binding::function_of_message(m);
        if (!function || m.size() > kEs2Json.max_size / 2) continue;
        const auto number = static_cast<uint8_t>(*function);
        add(request, number, binding::request_to_asn1(m));
        add(request, number, m);
        add(answer, static_cast<uint8_t>(number | 0x40), binding::request_to_asn1(m));
        if (const auto text = binding::answer_to_json(*function, {.der = m}))
            add(answer, number, bytes_of(*text));
    }
    return out;
}
} // namespace

const Target kEs2Json{"es2_json", servers, server_seeds, 8192};

} // namespace halyard::fuzz
