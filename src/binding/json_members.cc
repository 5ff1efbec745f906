#include "binding/json_members.h"
#include "asn1/tlv.h"
#include "base/tolerated.h"
#include <set>

namespace halyard::binding {

OwnedBytes tlv(asn1::Tag tag, Bytes content) { return asn1::tlv(tag, content); }

Result<Json> parse_object(std::string_view text, size_t limit, std::string* twice) {
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
    std::vector<std::set<std::string>> open; // the names so far of each object that is not closed yet
    std::optional<std::string> again;
    const auto look = [&](int, Json::parse_event_t event, Json& name) {
        if (event == Json::parse_event_t::object_start) open.emplace_back();
        if (event == Json::parse_event_t::object_end) open.pop_back();
        if (event == Json::parse_event_t::key && !open.back().insert(name.get<std::string>()).second &&
            !again)
            again = name.get<std::string>();
        return true;
    };
    Json json = Json::parse(text, look, false);
    if (!json.is_object()) return fail(Errc::bad_value, "body");
    if (again && twice) *twice = *again;
    if (again) return fail(Errc::bad_value, "duplicate member");
    return json;
}

namespace {
Result<OwnedBytes> integer_tlv(const Member& m, const Json& value) {
    if (!value.is_number_integer()) return fail(Errc::bad_value, m.name);
    if (value.is_number_unsigned() && value.get<uint64_t>() > INT64_MAX) return fail(Errc::bad_value, m.name);
    asn1::Scratch scratch;
    return tlv(m.tag, asn1::save_integer(value.get<int64_t>(), scratch));
}

Result<OwnedBytes> base64_tlv(const Member& m, const std::string& text) {
    const OwnedBytes octets = TRY(from_base64(text, m.name));
    if (m.form == Form::octets) return tlv(m.tag, octets);
    if (m.form == Form::value && octets.size() == m.bare) {
        TRY(tolerate("value without its header", m.name));
        return tlv(m.tag, octets);
    }
    const asn1::Tlv inner = TRY(asn1::read_tlv(octets, m.name));
    if (!inner.rest.empty()) return fail(Errc::bad_length, m.name);
    if (m.form == Form::any) return octets;
    if (m.form == Form::enclosed) return tlv(m.tag, octets);
    const asn1::Tag expected = m.form == Form::cancellation ? 0xBF41 : m.tag;
    if (inner.tag != expected) return fail(Errc::bad_tag, m.name, inner.tag);
    return m.form == Form::cancellation ? tlv(m.tag, inner.content) : octets;
}

Result<OwnedBytes> list_tlv(const Member& m, const Json& value) {
    if (!value.is_array()) return fail(Errc::bad_value, m.name);
    OwnedBytes content;
    for (const Json& one : value) {
        if (!one.is_object()) return fail(Errc::bad_value, m.name);
        append(content, tlv(0x30, TRY(to_content({m.item, m.items}, one))));
    }
    return tlv(m.tag, content);
}

Result<Json> list_to_json(const Member& m, Bytes content) {
    Json array = Json::array();
    while (!content.empty()) {
        const asn1::Tlv one = TRY(asn1::read_tlv(content, m.name));
        if (one.tag != 0x30) return fail(Errc::bad_tag, m.name, one.tag);
        Json object = Json::object();
        TRY(from_content({m.item, m.items}, one.content, object));
        array.push_back(std::move(object));
        content = one.rest;
    }
    return array;
}

Result<OwnedBytes> to_tlv(const Member& m, const Json& value) {
    if (m.form == Form::integer) return integer_tlv(m, value);
    if (m.form == Form::object) {
        if (!value.is_object()) return fail(Errc::bad_value, m.name);
        return tlv(m.tag, TRY(to_content({m.item, m.items}, value)));
    }
    if (m.form == Form::list) return list_tlv(m, value);
    if (m.form == Form::flag) {
        if (!value.is_boolean()) return fail(Errc::bad_value, m.name);
        return value.get<bool>() ? tlv(m.tag, {}) : OwnedBytes{};
    }
    if (!value.is_string()) return fail(Errc::bad_value, m.name);
    const std::string& text = value.get_ref<const std::string&>();
    switch (m.form) {
    case Form::text: return tlv(m.tag, bytes_of(text));
    case Form::eid: {
        // Text that is no EID becomes an empty one, which has an error code of its own where it is judged.
        const auto eid = eid_from_text(text, m.name);
        return tlv(m.tag, eid ? Bytes(*eid) : Bytes());
    }
    case Form::transaction_id: {
        const OwnedBytes id = TRY(from_hex(text, m.name));
        if (id.empty() || id.size() > 16)
            return fail(Errc::bad_length, m.name, static_cast<uint32_t>(id.size()));
        return tlv(m.tag, id);
    }
    default: return base64_tlv(m, text);
    }
}

// A peer's octets must not make dump() throw.
bool is_utf8(Bytes text) {
    Json probe = std::string(text_of(text));
    return probe.dump(-1, ' ', false, Json::error_handler_t::ignore) ==
           probe.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Json> to_json(const Member& m, const asn1::Tlv& t) {
    switch (m.form) {
    case Form::text:
        if (!is_utf8(t.content)) return fail(Errc::bad_value, m.name);
        return Json(std::string(text_of(t.content)));
    case Form::transaction_id: return Json(hex(t.content));
    case Form::eid: {
        Eid eid{};
        if (t.content.size() != eid.size()) return fail(Errc::bad_length, m.name);
        std::copy(t.content.begin(), t.content.end(), eid.begin());
        return Json(to_text(eid));
    }
    case Form::integer: {
        int64_t value = 0;
        if (!asn1::load_integer(value, t.content)) return fail(Errc::bad_value, m.name);
        return Json(value);
    }
    case Form::flag: return Json(true);
    case Form::list: return list_to_json(m, t.content);
    case Form::object: {
        Json object = Json::object();
        TRY(from_content({m.item, m.items}, t.content, object));
        return object;
    }
    case Form::octets:
    case Form::enclosed: return Json(base64(t.content));
    case Form::cancellation: return Json(base64(tlv(0xBF41, t.content)));
    case Form::tlv:
    case Form::value:
    case Form::any: break;
    }
    return Json(base64(t.whole));
}
bool stands_for(const Member& m, asn1::Tag tag) { return m.form == Form::any || m.tag == tag; }
} // namespace

Result<OwnedBytes> to_content(std::span<const Member> members, const Json& json) {
    OwnedBytes content;
    for (const Member& m : members) {
        const auto it = json.find(m.name);
        if (it != json.end())
            append(content, TRY(to_tlv(m, *it)));
        else if (m.required)
            return fail(Errc::missing_field, m.name);
    }
    return content;
}

Result<OwnedBytes> one_to_content(std::span<const Member> members, const Json& json) {
    OwnedBytes content;
    for (const Member& m : members) {
        const auto it = json.find(m.name);
        // An error code of 0 or null beside a package means none; seen in the field.
        if (it == json.end()) continue;
        if (it->is_null() || (m.form == Form::integer && *it == 0)) {
            TRY(tolerate("error code that is none", m.name));
            continue;
        }
        if (!content.empty()) return fail(Errc::bad_value, m.name);
        content = TRY(to_tlv(m, *it));
    }
    if (content.empty()) return fail(Errc::missing_field, members.empty() ? "body" : members.front().name);
    return content;
}

Ok from_content(std::span<const Member> members, Bytes content, Json& json) {
    for (const Member& m : members) {
        if (content.empty() && !m.required) continue;
        const asn1::Tlv t = TRY(asn1::read_tlv(content, m.name));
        if (!stands_for(m, t.tag)) {
            if (m.required) return fail(Errc::bad_tag, m.name, t.tag);
            continue;
        }
        json[m.name] = TRY(to_json(m, t));
        content = t.rest;
    }
    return {};
}

Ok one_from_content(std::span<const Member> members, Bytes content, Json& json) {
    const asn1::Tlv t = TRY(asn1::read_tlv(content, "message"));
    for (const Member& m : members)
        if (stands_for(m, t.tag)) {
            json[m.name] = TRY(to_json(m, t));
            return {};
        }
    return fail(Errc::bad_tag, "message", t.tag);
}

Json status_header(const std::optional<rsp::StatusCode>& failed) {
    Json status;
    status["status"] = failed ? "Failed" : "Executed-Success";
    if (failed && !failed->subject.empty()) {
        status["statusCodeData"] = {{"subjectCode", failed->subject}, {"reasonCode", failed->reason}};
        if (!failed->message.empty()) status["statusCodeData"]["message"] = failed->message;
    }
    return Json{{"functionExecutionStatus", status}};
}

Result<Execution> execution_of(const Json& answer) {
    const auto head = answer.find("header");
    if (head == answer.end() || !head->is_object()) return fail(Errc::missing_field, "header");
    const auto execution = head->find("functionExecutionStatus");
    if (execution == head->end() || !execution->is_object())
        return fail(Errc::missing_field, "functionExecutionStatus");
    const auto text = [](const Json& in, const char* name) {
        const auto it = in.find(name);
        return it != in.end() && it->is_string() ? it->get<std::string>() : std::string();
    };
    const std::string status = text(*execution, "status");
    Execution out{.success = status == "Executed-Success" || status == "Executed-WithWarning"};
    const auto data = execution->find("statusCodeData");
    if (data != execution->end() && data->is_object())
        out.code = {text(*data, "subjectCode"), text(*data, "reasonCode"), text(*data, "message")};
    return out;
}

} // namespace halyard::binding
