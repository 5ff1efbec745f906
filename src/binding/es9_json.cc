#include "binding/es9_json.h"
#include "binding/json_members.h"
#include "rsp/es9p.h"
#include <cstring>

namespace halyard::binding {
namespace {
struct FunctionRow {
    const char* path;
    const asn1::Type& request;
    const asn1::Type* answer;
    const asn1::Type* answer_of_smds; // nullptr: ES11 does not have the function
};
template <class T> constexpr const asn1::Type* kType = &asn1::Map<T>::type;
const FunctionRow kFunctions[] = {
    {"/gsma/rsp2/es9plus/initiateAuthentication",
     *kType<rsp::InitiateAuthenticationRequest>,
     kType<rsp::InitiateAuthenticationResponse>,
     kType<rsp::InitiateAuthenticationResponse>},
    {"/gsma/rsp2/es9plus/authenticateClient",
     *kType<rsp::AuthenticateClientRequest>,
     kType<rsp::AuthenticateClientResponseEs9>,
     kType<rsp::AuthenticateClientResponseEs11>},
    {"/gsma/rsp2/es9plus/getBoundProfilePackage",
     *kType<rsp::GetBoundProfilePackageRequest>,
     kType<rsp::GetBoundProfilePackageResponse>,
     nullptr},
    {"/gsma/rsp2/es9plus/cancelSession",
     *kType<rsp::CancelSessionRequestEs9>,
     kType<rsp::CancelSessionResponseEs9>,
     kType<rsp::CancelSessionResponseEs9>},
    {"/gsma/rsp2/es9plus/handleNotification", *kType<rsp::HandleNotification>, nullptr, nullptr},
};
constexpr Es9Function kAll[] = {Es9Function::initiate_authentication,
                                Es9Function::authenticate_client,
                                Es9Function::get_bound_profile_package,
                                Es9Function::cancel_session,
                                Es9Function::handle_notification};
const FunctionRow& row(Es9Function f) { return kFunctions[static_cast<size_t>(f)]; }
} // namespace

const Bodies& bodies(Es9Function f, Interface on) {
    static const auto all = [] {
        std::array<std::array<Bodies, std::size(kFunctions)>, 2> out;
        for (size_t i = 0; i < std::size(kFunctions); ++i) {
            const FunctionRow& r = kFunctions[i];
            out[0][i] = bodies_of(r.request, r.answer);
            out[1][i] = bodies_of(r.request, r.answer_of_smds);
        }
        return out;
    }();
    return all[on == Interface::es11][static_cast<size_t>(f)];
}

const char* path(Es9Function f) { return row(f).path; }
const char* name(Es9Function f) { return std::strrchr(row(f).path, '/') + 1; }

bool has(Interface on, Es9Function f) { return on == Interface::es9p || row(f).answer_of_smds; }

asn1::Tag answer_tag(Es9Function f, Interface on) {
    const Bodies& b = bodies(f, on);
    return b.answer_tag ? b.answer_tag : b.request_tag;
}

OwnedBytes error_answer(Es9Function f, const StatusCode& status, Interface on) {
    HALYARD_ASSERT(bodies(f, on).error);
    const uint8_t code[] = {rsp::error_of(f, status, on)};
    return tlv(answer_tag(f, on), tlv(bodies(f, on).error, code));
}

Result<Es9Function> function_of_path(std::string_view p, Interface on) {
    for (const Es9Function f : kAll)
        if (p == path(f) && has(on, f)) return f;
    return fail(Errc::not_found, "path");
}

Result<Es9Function> function_of_message(Bytes der, Interface on) {
    const asn1::Tlv t = TRY(asn1::read_tlv(der, "ES9+ message"));
    for (const Es9Function f : kAll)
        if (t.tag == bodies(f).request_tag && has(on, f)) return f;
    return fail(Errc::bad_tag, "ES9+ message", t.tag);
}

Result<OwnedBytes> request_from_json(Es9Function f, std::string_view text) {
    const JsonView json = TRY(read_object(text, 1u << 20));
    OwnedBytes out = room_for(text);
    TRY(put_members(bodies(f).request, json, out));
    enclose(bodies(f).request_tag, out);
    return fitted(std::move(out));
}

Result<std::string> request_to_json(Es9Function f, Bytes der) {
    const asn1::Tlv t = TRY(asn1::read_tlv(der, "ES9+ message"));
    if (t.tag != bodies(f).request_tag) return fail(Errc::bad_tag, "ES9+ message", t.tag);
    Json json = Json::object();
    TRY(from_content(bodies(f).request, t.content, json));
    return written(json);
}

Result<std::string> answer_to_json(Es9Function f, const Es9Answer& answer, Interface on) {
    if (!has(on, f)) return fail(Errc::unsupported, "function");
    Json json{{"header", status_header(answer.failed)}};
    // Where an answer has no members, it may be left out; what is given must not be an error.
    const Bodies& b = bodies(f, on);
    if (!answer.failed && (!b.answer.empty() || !answer.der.empty())) {
        // BFxx { A0 { members } }
        const asn1::Tlv t = TRY(asn1::read_tlv(answer.der, "ES9+ answer"));
        const asn1::Tlv ok = TRY(asn1::read_tlv(t.content, "ES9+ answer"));
        if (t.tag != answer_tag(f, on) || ok.tag != b.ok) return fail(Errc::bad_tag, "ES9+ answer", ok.tag);
        TRY(from_content(b.answer, ok.content, json));
    }
    return written(json);
}

Result<Es9Answer> answer_from_json(Es9Function f, int http_status, std::string_view body, Interface on) {
    if (!has(on, f)) return fail(Errc::unsupported, "function");
    if (f == Es9Function::handle_notification && (http_status == 204 || http_status == 200))
        return Es9Answer{};
    if (http_status != 200) return fail(Errc::rejected, "http status", static_cast<uint32_t>(http_status));
    const JsonView json = TRY(read_object(body, 4u << 20));
    Execution execution = TRY(execution_of(json));
    if (!execution.success) {
        OwnedBytes error = error_answer(f, execution.code, on);
        return Es9Answer{std::move(error), std::move(execution.code)};
    }
    const Bodies& b = bodies(f, on);
    OwnedBytes out = room_for(body);
    TRY(put_members(b.answer, json, out));
    enclose(b.ok, out);
    enclose(b.answer_tag, out);
    return Es9Answer{fitted(std::move(out)), std::nullopt};
}

} // namespace halyard::binding
