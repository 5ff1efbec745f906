#include "binding/esipa_json.h"
#include "asn1/walk.h"
#include "base/tolerated.h"
#include "binding/json_members.h"
#include "rsp/esipa.h"
#include "rsp/v1_0.h"
#include <algorithm>

namespace halyard::binding {
namespace {
using F = EsipaFunction;

struct Row {
    const char* path;
    const asn1::Type& request;
    const asn1::Type* answer;
};
template <class T> constexpr const asn1::Type* kType = &asn1::Map<T>::type;
const Row kRows[] = {
    {"/gsma/rsp2/esipa/initiateAuthentication",
     *kType<rsp::InitiateAuthenticationRequestEsipa>,
     kType<rsp::InitiateAuthenticationResponseEsipa>},
    {"/gsma/rsp2/esipa/authenticateClient",
     *kType<rsp::AuthenticateClientRequestEsipa>,
     kType<rsp::AuthenticateClientResponseEsipa>},
    {"/gsma/rsp2/esipa/getBoundProfilePackage",
     *kType<rsp::GetBoundProfilePackageRequestEsipa>,
     kType<rsp::GetBoundProfilePackageResponseEsipa>},
    {"/gsma/rsp2/esipa/cancelSession",
     *kType<rsp::CancelSessionRequestEsipa>,
     kType<rsp::CancelSessionResponseEsipa>},
    {"/gsma/rsp2/esipa/handleNotification", *kType<rsp::HandleNotificationEsipa>, nullptr},
    {"/gsma/rsp2/esipa/getEimPackage", *kType<rsp::GetEimPackageRequest>, kType<rsp::GetEimPackageResponse>},
    {"/gsma/rsp2/esipa/provideEimPackageResult",
     *kType<rsp::ProvideEimPackageResult>,
     kType<rsp::ProvideEimPackageResultResponse>},
    {"/gsma/rsp2/esipa/transferEimPackage", // the other way round: the eIM's request, the IPA's answer
     *kType<rsp::TransferEimPackageRequest>,
     kType<rsp::TransferEimPackageResponse>},
};
constexpr F kAll[] = {F::initiate_authentication,
                      F::authenticate_client,
                      F::get_bound_profile_package,
                      F::cancel_session,
                      F::handle_notification,
                      F::get_eim_package,
                      F::provide_eim_package_result,
                      F::transfer_eim_package};
static_assert(std::size(kAll) == std::size(kRows));
} // namespace

const Bodies& bodies(F f) {
    static const auto all = [] {
        std::array<Bodies, std::size(kRows)> out;
        for (size_t i = 0; i < out.size(); ++i) out[i] = bodies_of(kRows[i].request, kRows[i].answer);
        return out;
    }();
    return all[static_cast<size_t>(f)];
}

namespace {
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
constexpr asn1::Tag kNothing = asn1::Map<rsp::EmptyResponse>::type.tag; // to acknowledge

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
    if (t.tag != bodies(f).request_tag) return fail(Errc::bad_tag, "ESipa message", t.tag);
    if (!t.rest.empty()) return fail(Errc::bad_length, "ESipa message");
    return t;
}
// Where ePRAndNotifications is there, it is the answer.
Ok put_transfer_answer(JsonView json, OwnedBytes& out) {
    const Members& members = bodies(F::transfer_eim_package).answer;
    for (const Member& m : members)
        if (m.form == Form::object && json.find(m.name)) return put_members({&m, 1}, json, out);
    return put_one(members, json, out);
}
std::string failed(F f, uint8_t code) {
    const Json json{{"header", status_header(status_of(f, code))}};
    return written(json);
}
Result<std::string> members_to_json(std::span<const Member> members, Bytes content, bool one) {
    Json json{{"header", status_header(std::nullopt)}};
    TRY(one ? one_from_content(members, content, json) : from_content(members, content, json));
    return written(json);
}

// In v1.0 a result that is sent as a notification is one of its alternatives, without the BF50 around it.
Result<std::optional<OwnedBytes>> bare_result(JsonView json) {
    const Members& members = bodies(F::handle_notification).request;
    const asn1::Field& old = asn1::Map<rsp::v1_0::HandleNotificationEsipa>::type.fields[1];
    const char* name = old.name;
    const auto value = json.find(name);
    for (const Member& m : members)
        if (m.name != std::string_view(name) && json.find(m.name)) return std::optional<OwnedBytes>{};
    if (!value || !value->is_string()) return std::optional<OwnedBytes>{};
    std::string room;
    OwnedBytes result = TRY(from_base64(value->string(room), name));
    const asn1::Tag tag = TRY(asn1::read_tlv(result, name)).tag;
    for (const asn1::Field& alternative : old.type->fields)
        if (asn1::tag_of(alternative) == tag) {
            enclose(old.tag, result);
            return std::optional<OwnedBytes>(std::move(result));
        }
    return std::optional<OwnedBytes>{};
}

// Some peers put the whole BF50 where one of its alternatives belongs.
Result<std::optional<OwnedBytes>> whole_result(JsonView json) {
    const Bodies& b = bodies(F::provide_eim_package_result);
    for (const Member& m : b.request) {
        if (m.form != Form::any) continue;
        std::string room;
        OwnedBytes result = TRY(from_base64(json.find(m.name)->string(room), m.name));
        if (TRY(asn1::read_tlv(result, m.name)).tag != b.request_tag) break;
        TRY(tolerate("whole message in place of its part", m.name));
        return std::optional<OwnedBytes>(std::move(result));
    }
    return std::optional<OwnedBytes>{};
}

// An SM-DP+ answers with what it signed; an SM-DS has nothing of the kind.
bool is_of_smds(const Bodies& b, JsonView json) {
    if (!b.smds) return false;
    const auto signed_data = std::ranges::find_if(b.answer, &Member::required);
    return signed_data != b.answer.end() && !json.find(signed_data->name);
}
} // namespace

const char* path(EsipaFunction f) { return kRows[static_cast<size_t>(f)].path; }

Result<EsipaFunction> esipa_function_of_path(std::string_view p) {
    for (const F f : kAll)
        if (p == path(f)) return f;
    return fail(Errc::not_found, "path");
}

Result<EsipaFunction> esipa_function_of_message(Bytes der) {
    const asn1::Tlv t = TRY(asn1::read_tlv(der, "ESipa message"));
    for (const F f : kAll)
        if (t.tag == bodies(f).request_tag) return f;
    return fail(Errc::bad_tag, "ESipa message", t.tag);
}

Result<OwnedBytes> esipa_request_from_json(EsipaFunction f, std::string_view text) {
    const JsonView json = TRY(read_object(text, 1u << 20));
    const Bodies& b = bodies(f);
    OwnedBytes out = room_for(text);
    if (f == F::handle_notification) {
        if (const auto bare = TRY(bare_result(json)))
            append(out, *bare);
        else
            TRY(put_one(b.request, json, out));
    } else {
        TRY(b.one_of ? put_one(b.request, json, out) : put_members(b.request, json, out));
    }
    if (f == F::provide_eim_package_result)
        if (auto whole = TRY(whole_result(json))) return std::move(*whole);
    enclose(b.request_tag, out);
    return fitted(std::move(out));
}

Result<std::string> esipa_request_to_json(EsipaFunction f, Bytes der) {
    const asn1::Tlv t = TRY(message_of(f, der));
    const Bodies& b = bodies(f);
    Json json = Json::object();
    TRY(b.one_of ? one_from_content(b.request, t.content, json) : from_content(b.request, t.content, json));
    return written(json);
}

Result<std::string> esipa_answer_to_json(EsipaFunction f, Bytes der) {
    const Bodies& b = bodies(f);
    if (f == F::handle_notification) return std::string();
    const asn1::Tlv t = TRY(message_of(f, der));
    if (f == F::transfer_eim_package) return members_to_json(b.answer, t.content, true);
    // v1.0: nothing to acknowledge
    if (f == F::provide_eim_package_result && t.content.empty()) return members_to_json(b.answer, {}, false);
    const asn1::Tlv first = TRY(asn1::read_tlv(t.content, "ESipa answer"));
    if (first.tag == b.error) {
        int64_t code = 0;
        if (!asn1::load_integer(code, first.content) || code < 0 || code > kUndefined)
            return fail(Errc::bad_value, "ESipa answer");
        // What peers do: an empty queue is a success that says so. SGP.32 §6.4.1.6
        if (f == F::get_eim_package && code == 1) return members_to_json(b.answer, t.content, true);
        return failed(f, static_cast<uint8_t>(code));
    }
    if (f == F::get_eim_package) return members_to_json(b.answer, t.content, true);
    if (f == F::provide_eim_package_result)
        return members_to_json(b.answer, first.tag == kNothing ? Bytes() : t.content, false);
    if (b.smds && first.tag == b.smds) return members_to_json(b.answer_of_smds, first.content, false);
    if (first.tag != b.ok) return fail(Errc::bad_tag, "ESipa answer", first.tag);
    return members_to_json(b.answer, first.content, false);
}

Result<OwnedBytes> esipa_answer_from_json(EsipaFunction f, std::string_view body) {
    const Bodies& b = bodies(f);
    if (f == F::handle_notification) return OwnedBytes{};
    const JsonView json = TRY(read_object(body, 4u << 20));
    const Execution execution = TRY(execution_of(json));
    if (!execution.success) {
        const uint8_t code[] = {code_of(f, execution.code)};
        return tlv(b.answer_tag, tlv(b.error, code));
    }
    OwnedBytes out = room_for(body);
    if (f == F::transfer_eim_package) {
        TRY(put_transfer_answer(json, out));
    } else if (f == F::get_eim_package) {
        TRY(put_one(b.answer, json, out));
    } else {
        const bool smds = is_of_smds(b, json);
        TRY(put_members(smds ? b.answer_of_smds : b.answer, json, out));
        if (f == F::provide_eim_package_result && out.empty()) enclose(kNothing, out);
        if (b.ok) enclose(smds ? b.smds : b.ok, out);
    }
    enclose(b.answer_tag, out);
    return fitted(std::move(out));
}

} // namespace halyard::binding
