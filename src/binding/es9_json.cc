#include "binding/es9_json.h"
#include "base/tolerated.h"
#include "rsp/es9p.h"
#include <nlohmann/json.hpp>

namespace halyard::binding {
namespace {
using Json = nlohmann::ordered_json;

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

// A member of the JSON object and the object of the ASN.1 form it stands for.
enum class Form : uint8_t {
    tlv,            // base64 of the whole TLV, tag included
    octets,         // base64 of the content octets
    text,           // a string
    transaction_id, // hex
    ci_key_id,      // base64 of 04 14 …; bare 20 octets are tolerated
    wrapped,        // base64 of the TLV that the tag encloses
};
struct Member {
    const char* name;
    asn1::Tag tag;
    Form form;
    bool required = true;
};
struct Shape {
    std::span<const Member> request, answer;
};

constexpr Member kInitiateRequest[] = {{"euiccChallenge", 0x81, Form::octets},
                                       {"smdpAddress", 0x83, Form::text},
                                       {"euiccInfo1", 0xBF20, Form::tlv}};
constexpr Member kInitiateAnswer[] = {{"transactionId", 0x80, Form::transaction_id},
                                      {"serverSigned1", 0x30, Form::tlv},
                                      {"serverSignature1", 0x5F37, Form::tlv},
                                      {"euiccCiPKIdToBeUsed", 0x04, Form::ci_key_id},
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
                                     {"cancelSessionResponse", 0xBF41, Form::wrapped}};
constexpr Member kNotificationRequest[] = {{"pendingNotification", 0xA0, Form::wrapped}};

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

OwnedBytes tlv(asn1::Tag tag, Bytes content) {
    OwnedBytes out = asn1::Raw{content}.der();
    out.erase(out.begin());
    OwnedBytes head;
    for (int shift = 24; shift >= 0; shift -= 8)
        if (tag >> shift) head.push_back(static_cast<uint8_t>(tag >> shift));
    head.insert(head.end(), out.begin(), out.end());
    return head;
}

Result<Json> parse(std::string_view text, size_t limit) {
    if (text.size() > limit) return fail(Errc::limit, "body", static_cast<uint32_t>(text.size()));
    int depth = 0; // before the parser recurses (SR-48)
    bool in_string = false;
    for (size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string) {
            if (c == '\\') ++i;
            in_string = c != '"';
            continue;
        }
        in_string = c == '"';
        depth += (c == '{' || c == '[') - (c == '}' || c == ']');
        if (depth > 32) return fail(Errc::limit, "depth", 32, static_cast<uint32_t>(i));
    }
    Json json = Json::parse(text, nullptr, false);
    if (!json.is_object()) return fail(Errc::bad_value, "body");
    return json;
}

Result<OwnedBytes> to_tlv(const Member& m, const Json& json) {
    const auto it = json.find(m.name);
    if (it == json.end()) return fail(Errc::missing_field, m.name);
    if (!it->is_string()) return fail(Errc::bad_value, m.name);
    const std::string& text = it->get_ref<const std::string&>();
    switch (m.form) {
    case Form::text: return tlv(m.tag, bytes_of(text));
    case Form::transaction_id: {
        const OwnedBytes id = TRY(from_hex(text, m.name));
        if (id.empty() || id.size() > 16)
            return fail(Errc::bad_length, m.name, static_cast<uint32_t>(id.size()));
        return tlv(m.tag, id);
    }
    default: break;
    }
    const OwnedBytes octets = TRY(from_base64(text, m.name));
    if (m.form == Form::octets) return tlv(m.tag, octets);
    if (m.form == Form::ci_key_id && octets.size() == 20) {
        tolerate("key identifier without its header", m.name);
        return tlv(m.tag, octets);
    }
    const asn1::Tlv inner = TRY(asn1::read_tlv(octets, m.name));
    if (!inner.rest.empty()) return fail(Errc::bad_length, m.name);
    if (m.form == Form::wrapped) {
        // cancelSessionResponse: BF41 inside, A1 outside; pendingNotification: whatever it is, A0 outside.
        if (m.tag == 0xBF41) {
            if (inner.tag != 0xBF41) return fail(Errc::bad_tag, m.name, inner.tag);
            return tlv(0xA1, inner.content);
        }
        return tlv(m.tag, octets);
    }
    if (inner.tag != m.tag) return fail(Errc::bad_tag, m.name, inner.tag);
    return octets;
}

// The members' TLVs, one after the other.
Result<OwnedBytes> to_content(std::span<const Member> members, const Json& json) {
    OwnedBytes content;
    for (const Member& m : members) append(content, TRY(to_tlv(m, json)));
    return content;
}

// A peer's octets must not make dump() throw.
bool is_utf8(Bytes text) {
    Json probe = std::string(text_of(text));
    return probe.dump(-1, ' ', false, Json::error_handler_t::ignore) ==
           probe.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Ok from_content(std::span<const Member> members, Bytes content, Json& json) {
    for (const Member& m : members) {
        const asn1::Tlv t = TRY(asn1::read_tlv(content, m.name));
        const asn1::Tag expected = m.form == Form::wrapped && m.tag == 0xBF41 ? 0xA1 : m.tag;
        if (t.tag != expected) return fail(Errc::bad_tag, m.name, t.tag);
        switch (m.form) {
        case Form::text:
            if (!is_utf8(t.content)) return fail(Errc::bad_value, m.name);
            json[m.name] = std::string(text_of(t.content));
            break;
        case Form::transaction_id: json[m.name] = hex(t.content); break;
        case Form::octets: json[m.name] = base64(t.content); break;
        case Form::ci_key_id:
        case Form::tlv: json[m.name] = base64(t.whole); break;
        case Form::wrapped:
            json[m.name] = m.tag == 0xBF41 ? base64(tlv(0xBF41, t.content)) : base64(t.content);
            break;
        }
        content = t.rest;
    }
    return {};
}

Json header(const std::optional<StatusCode>& failed) {
    Json status;
    status["status"] = failed ? "Failed" : "Executed-Success";
    if (failed) {
        status["statusCodeData"] = {{"subjectCode", failed->subject}, {"reasonCode", failed->reason}};
        if (!failed->message.empty()) status["statusCodeData"]["message"] = failed->message;
    }
    return Json{{"functionExecutionStatus", status}};
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
    const Json json = TRY(parse(text, 1u << 20));
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
    Json json{{"header", header(answer.failed)}};
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
    const Json json = TRY(parse(body, 4u << 20));
    const auto head = json.find("header");
    if (head == json.end() || !head->is_object()) return fail(Errc::missing_field, "header");
    const auto execution = head->find("functionExecutionStatus");
    if (execution == head->end() || !execution->is_object())
        return fail(Errc::missing_field, "functionExecutionStatus");
    const std::string status = execution->value("status", Json()).is_string() ? execution->at("status") : "";
    if (status == "Executed-Success" || status == "Executed-WithWarning") {
        if (shape(f).answer.empty()) return Es9Answer{tlv(row(f).tag, tlv(0xA0, {})), std::nullopt};
        return Es9Answer{tlv(row(f).tag, tlv(0xA0, TRY(to_content(shape(f).answer, json)))), std::nullopt};
    }
    StatusCode failed;
    const auto data = execution->find("statusCodeData");
    if (data != execution->end() && data->is_object()) {
        const auto text = [&](const char* name) {
            const auto it = data->find(name);
            return it != data->end() && it->is_string() ? it->get<std::string>() : std::string();
        };
        failed = {text("subjectCode"), text("reasonCode"), text("message")};
    }
    return Es9Answer{error_der(f, rsp::error_of(f, failed)), failed};
}

} // namespace halyard::binding
