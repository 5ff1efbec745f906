#include "binding/server_json.h"
#include "base/tolerated.h"
#include "binding/json_members.h"
#include <algorithm>

namespace halyard::binding {
namespace {
using rsp::ExecutionStatus, rsp::Need, rsp::RequestHeader, rsp::ServerField, rsp::ServerFormat;
constexpr size_t kLimit = 1u << 20, kText = 255;

constexpr const char* kRequester = "functionRequesterIdentifier";
constexpr const char* kCall = "functionCallIdentifier";
constexpr const char* kExecution = "functionExecutionStatus";
constexpr const char* kStatuses[] = {"Executed-Success", "Executed-WithWarning", "Failed", "Expired"};
constexpr const char* kFinal[] = {"Available", "Unavailable"};

enum class Direction : uint8_t { in, out };

// ---- Rules that hold in both directions. What is only tolerated is counted when it comes in. ----

Ok check_text(const char* name, std::string_view text, size_t least = 1) {
    if (text.size() < least || text.size() > kText)
        return fail(Errc::bad_length, name, static_cast<uint32_t>(text.size()));
    return {};
}

Ok check_matching_id(const char* name, std::string_view text, Direction way) {
    TRY(check_text(name, text, 0));
    bool underscore = false;
    for (size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        underscore |= c == '_';
        if ((c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_')
            return fail(Errc::bad_value, name, 0, static_cast<uint32_t>(i));
    }
    if (underscore && way == Direction::in) TRY(tolerate("underscore in a matching id", name));
    return {};
}

Ok check_address(const char* name, std::string_view text, Direction way) {
    TRY(check_text(name, text));
    for (const char c : text)
        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
              std::string_view("-._:[]").find(c) != std::string_view::npos))
            return fail(Errc::bad_value, name);
    if (way == Direction::in && text.find(':') != std::string_view::npos)
        TRY(tolerate("port in an address", name));
    return {};
}

Ok check_requester(std::string_view text) {
    TRY(check_text(kRequester, text));
    (void)TRY(asn1::oid_from_text(text, kRequester));
    return {};
}

// "8.2.6", "3.10": numbers with dots between them.
Ok check_code(const char* name, std::string_view text) {
    const bool digits = text.find_first_not_of("0123456789.") == std::string_view::npos;
    if (text.empty() || text.size() > 32 || !digits || text.front() == '.' || text.back() == '.' ||
        text.find("..") != std::string_view::npos)
        return fail(Errc::bad_value, name);
    return {};
}

Ok check_string(const ServerField& f, std::string_view text, Direction way) {
    if (f.format == ServerFormat::matching_id) return check_matching_id(f.name, text, way);
    if (f.format == ServerFormat::address) return check_address(f.name, text, way);
    if (f.format == ServerFormat::event && text != "install" && text != "enable" && text != "disable" &&
        text != "delete")
        return fail(Errc::bad_value, f.name);
    return check_text(f.name, text);
}

Ok check_point(const char* name, uint64_t id, Direction way) {
    if (id == 0 || id > 0x7FFFFFFF) return fail(Errc::bad_value, name);
    if (id <= 4 || id >= 100) return {};
    if (way == Direction::out) return fail(Errc::bad_value, name);
    TRY(tolerate("notification point of another edition", name));
    return {};
}

// `any`: of the profile's later life (30) too, besides the installation's result.
Ok check_result(const char* name, Bytes der, bool any) {
    const asn1::Tlv t = TRY(asn1::read_tlv(der, name));
    if (t.tag != 0xBF37 && !(any && t.tag == 0x30)) return fail(Errc::bad_tag, name, t.tag);
    if (!t.rest.empty()) return fail(Errc::bad_length, name);
    return {};
}

// ---- Reading ----

// nullopt for a member that is absent, or null, which some stacks write instead.
Result<std::optional<JsonView>> find(JsonView in, const char* name) {
    auto value = in.find(name);
    if (value && value->is_null()) {
        TRY(tolerate("null for an absent member", name));
        value.reset();
    }
    return value;
}
Result<JsonView> required(JsonView in, const char* name) {
    const auto value = TRY(find(in, name));
    if (!value) return fail(Errc::missing_field, name);
    return *value;
}
Result<std::string> string_of(JsonView value, const char* name) {
    if (!value.is_string()) return fail(Errc::bad_value, name);
    return value.string();
}
Result<std::string> required_string(JsonView in, const char* name) {
    return string_of(TRY(required(in, name)), name);
}

template <size_t N>
Result<uint8_t> index_of(const char* const (&names)[N], std::string_view text, const char* where) {
    for (size_t i = 0; i < N; ++i)
        if (text == names[i]) return static_cast<uint8_t>(i);
    return fail(Errc::bad_value, where);
}

Ok read_header(const char* name, JsonView in, RequestHeader& out) {
    if (!in.is_object()) return fail(Errc::bad_value, name);
    out.function_requester_identifier = TRY(required_string(in, kRequester));
    TRY(check_requester(out.function_requester_identifier));
    out.function_call_identifier = TRY(required_string(in, kCall));
    return check_text(kCall, out.function_call_identifier);
}

Ok read_execution(const char* name, JsonView in, ExecutionStatus& out) {
    if (!in.is_object()) return fail(Errc::bad_value, name);
    const std::string status = TRY(required_string(in, "status"));
    out.status = static_cast<ExecutionStatus::Status>(TRY(index_of(kStatuses, status, "status")));
    const auto data = TRY(find(in, "statusCodeData"));
    if (!data) return {};
    if (!data->is_object()) return fail(Errc::bad_value, "statusCodeData");
    rsp::StatusCode code;
    code.subject = TRY(required_string(*data, "subjectCode"));
    code.reason = TRY(required_string(*data, "reasonCode"));
    TRY(check_code("subjectCode", code.subject));
    TRY(check_code("reasonCode", code.reason));
    if (const auto v = TRY(find(*data, "message"))) code.message = TRY(string_of(*v, "message"));
    if (const auto v = TRY(find(*data, "subjectIdentifier")))
        out.subject_identifier = TRY(string_of(*v, "subjectIdentifier"));
    out.code = std::move(code);
    return {};
}

Result<Iccid> read_iccid(const char* name, std::string_view text) {
    const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const std::string_view behind = text.substr(digits);
    if (text.size() < 18 || text.size() > 20)
        return fail(Errc::bad_length, name, static_cast<uint32_t>(text.size()));
    if (behind == "f") TRY(tolerate("filler in lower case", name));
    if (digits < 18 || (!behind.empty() && behind != "F" && behind != "f"))
        return fail(Errc::bad_value, name, 0, static_cast<uint32_t>(digits));
    return iccid_from_text(text, name);
}

Ok read_string_value(const ServerField& f, const std::string& text, void* message) {
    switch (f.format) {
    case ServerFormat::eid: *static_cast<Eid*>(f.make(message)) = TRY(eid_from_text(text, f.name)); return {};
    case ServerFormat::iccid:
        *static_cast<Iccid*>(f.make(message)) = TRY(read_iccid(f.name, text));
        return {};
    case ServerFormat::final_status:
        *static_cast<rsp::FinalProfileStatus*>(f.make(message)) =
            static_cast<rsp::FinalProfileStatus>(TRY(index_of(kFinal, text, f.name)));
        return {};
    case ServerFormat::timestamp:
        *static_cast<Time*>(f.make(message)) = TRY(time_from_text(text, f.name));
        return {};
    case ServerFormat::result:
    case ServerFormat::notification: {
        OwnedBytes der = TRY(from_base64(text, f.name));
        TRY(check_result(f.name, der, f.format == ServerFormat::notification));
        *static_cast<OwnedBytes*>(f.make(message)) = std::move(der);
        return {};
    }
    default: break;
    }
    TRY(check_string(f, text, Direction::in));
    *static_cast<std::string*>(f.make(message)) = text;
    return {};
}

Ok read_value(const ServerField& f, JsonView value, void* message) {
    switch (f.format) {
    case ServerFormat::request_header:
        return read_header(f.name, value, *static_cast<RequestHeader*>(f.make(message)));
    case ServerFormat::execution_status:
        return read_execution(f.name, value, *static_cast<ExecutionStatus*>(f.make(message)));
    case ServerFormat::response_header:
        if (!value.is_object()) return fail(Errc::bad_value, f.name);
        return read_execution(
            kExecution, TRY(required(value, kExecution)), *static_cast<ExecutionStatus*>(f.make(message)));
    case ServerFormat::flag:
        if (!value.is_boolean()) return fail(Errc::bad_value, f.name);
        *static_cast<bool*>(f.make(message)) = value.is_true();
        return {};
    case ServerFormat::point_id: {
        const auto id = value.natural();
        if (!id) return fail(Errc::bad_value, f.name);
        TRY(check_point(f.name, *id, Direction::in));
        *static_cast<uint32_t*>(f.make(message)) = static_cast<uint32_t>(*id);
        return {};
    }
    default: break;
    }
    return read_string_value(f, TRY(string_of(value, f.name)), message);
}

// Whether a member must be there: always, or in an answer that tells of success.
bool needed(const rsp::ServerMessage& type, const ServerField& f, const void* message) {
    if (f.need != Need::on_success) return f.need == Need::mandatory;
    return static_cast<const ExecutionStatus*>(type.fields.front().find(message))->executed();
}

Ok check_conditions(const rsp::ServerMessage& type, const void* message) {
    for (const rsp::Condition& c : type.conditions)
        if (c.broken(message)) return fail(Errc::missing_field, c.name);
    return {};
}

// The name of a member that stands twice, if it is one that we read.
const char* known_name(const rsp::ServerMessage& type, JsonView name) {
    for (const ServerField& f : type.fields)
        if (name.says(f.name)) return f.name;
    for (const char* inner : {kRequester,
                              kCall,
                              kExecution,
                              "status",
                              "statusCodeData",
                              "subjectCode",
                              "reasonCode",
                              "subjectIdentifier",
                              "message"})
        if (name.says(inner)) return inner;
    return "duplicate member";
}

// ---- Writing ----

Result<Json> header_to_json(const RequestHeader& h) {
    TRY(check_requester(h.function_requester_identifier));
    TRY(check_text(kCall, h.function_call_identifier));
    return Json{{kRequester, h.function_requester_identifier}, {kCall, h.function_call_identifier}};
}

Result<Json> execution_to_json(const ExecutionStatus& e) {
    const auto index = static_cast<size_t>(e.status);
    if (index >= std::size(kStatuses)) return fail(Errc::bad_value, "status");
    Json out{{"status", kStatuses[index]}};
    if (!e.code && !e.subject_identifier.empty()) return fail(Errc::missing_field, "subjectCode");
    if (!e.code) return out;
    if (e.status == ExecutionStatus::Status::executed_success) return fail(Errc::bad_value, "statusCodeData");
    TRY(check_code("subjectCode", e.code->subject));
    TRY(check_code("reasonCode", e.code->reason));
    Json& data = out["statusCodeData"] = {{"subjectCode", e.code->subject}, {"reasonCode", e.code->reason}};
    if (!e.subject_identifier.empty()) data["subjectIdentifier"] = e.subject_identifier;
    if (!e.code->message.empty()) data["message"] = e.code->message;
    return out;
}

Result<Json> value_to_json(const ServerField& f, const void* value) {
    switch (f.format) {
    case ServerFormat::request_header: return header_to_json(*static_cast<const RequestHeader*>(value));
    case ServerFormat::execution_status:
        return execution_to_json(*static_cast<const ExecutionStatus*>(value));
    case ServerFormat::response_header: {
        Json header = Json::object(); // a TRY inside the braces of a list would leak what stands before it
        header[kExecution] = TRY(execution_to_json(*static_cast<const ExecutionStatus*>(value)));
        return header;
    }
    case ServerFormat::eid: { // only digits stand for an EID
        std::string text = to_text(*static_cast<const Eid*>(value));
        (void)TRY(eid_from_text(text, f.name));
        return Json(std::move(text));
    }
    case ServerFormat::iccid: {
        std::string text = to_text(*static_cast<const Iccid*>(value));
        (void)TRY(read_iccid(f.name, text));
        return Json(std::move(text));
    }
    case ServerFormat::flag: return Json(*static_cast<const bool*>(value));
    case ServerFormat::final_status: {
        const auto index = static_cast<size_t>(*static_cast<const rsp::FinalProfileStatus*>(value));
        if (index >= std::size(kFinal)) return fail(Errc::bad_value, f.name);
        return Json(kFinal[index]);
    }
    case ServerFormat::timestamp: return Json(TRY(text_from_time(*static_cast<const Time*>(value), f.name)));
    case ServerFormat::point_id: {
        const uint32_t id = *static_cast<const uint32_t*>(value);
        TRY(check_point(f.name, id, Direction::out));
        return Json(id);
    }
    case ServerFormat::result:
    case ServerFormat::notification: {
        const OwnedBytes& der = *static_cast<const OwnedBytes*>(value);
        TRY(check_result(f.name, der, f.format == ServerFormat::notification));
        return Json(base64(der));
    }
    default: break;
    }
    const std::string& text = *static_cast<const std::string*>(value);
    TRY(check_string(f, text, Direction::out));
    return Json(text);
}
} // namespace

Ok read_message(const rsp::ServerMessage& type, std::string_view text, void* out) {
    JsonView twice;
    const auto json = read_object(text, kLimit, &twice);
    if (!json && twice.is_string()) return fail(Errc::bad_value, known_name(type, twice));
    if (!json) return tl::unexpected<Error>(json.error());
    for (const ServerField& f : type.fields) {
        const auto value = TRY(find(*json, f.name));
        if (value)
            TRY(read_value(f, *value, out));
        else if (needed(type, f, out))
            return fail(Errc::missing_field, f.name);
    }
    return check_conditions(type, out);
}

Result<std::string> write_message(const rsp::ServerMessage& type, const void* in) {
    Json json = Json::object();
    for (const ServerField& f : type.fields) {
        const void* value = f.find(in);
        if (value)
            json[f.name] = TRY(value_to_json(f, value));
        else if (needed(type, f, in))
            return fail(Errc::missing_field, f.name);
    }
    TRY(check_conditions(type, in));
    return written(json);
}

std::optional<rsp::StatusCode> refusal(const rsp::ServerMessage& request, const Error& e) {
    const std::string_view where = e.where;
    if (where == "body" || where == "depth") return std::nullopt;
    const std::string why = std::string(where) + ": " + name(e.code);
    if (e.code != Errc::missing_field) return rsp::StatusCode{"1.6", "2.1", why};
    for (const rsp::Condition& c : request.conditions)
        if (where == c.name)
            for (const ServerField& f : request.fields)
                if (where == f.name && f.need == Need::optional)
                    return rsp::StatusCode{c.subject, c.reason, why};
    return rsp::StatusCode{"1.6", "2.2", why};
}

Ok read_answer(rsp::ServerFunction f, int http_status, std::string_view body, void* out) {
    const rsp::ServerFunctionRow& r = rsp::row(f);
    if (r.notification && (http_status == 204 || http_status == 200)) {
        if (!body.empty()) TRY(tolerate("body where none belongs", r.name));
        return {}; // what `out` is to begin with: plain success
    }
    if (http_status != 200) return fail(Errc::rejected, "http status", static_cast<uint32_t>(http_status));
    return read_message(*r.answer, body, out);
}

} // namespace halyard::binding
