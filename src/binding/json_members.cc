#include "binding/json_members.h"
#include "asn1/tlv.h"
#include "base/tolerated.h"
#include <algorithm>
#include <utility>

namespace halyard::binding {

OwnedBytes tlv(asn1::Tag tag, Bytes content) { return asn1::tlv(tag, content); }

void enclose(asn1::Tag tag, OwnedBytes& out, size_t start) {
    const OwnedBytes head = asn1::tlv_head(tag, out.size() - start);
    out.insert(out.begin() + static_cast<ptrdiff_t>(start), head.begin(), head.end());
}

OwnedBytes room_for(std::string_view text) {
    OwnedBytes out;
    out.reserve(text.size()); // every member is shorter as a TLV than with its name in JSON
    return out;
}
OwnedBytes fitted(OwnedBytes&& message) {
    if (message.capacity() / 2 > message.size()) message.shrink_to_fit();
    return std::move(message);
}

namespace {
Ok put_tlv(asn1::Tag tag, Bytes content, OwnedBytes& out) {
    const size_t start = out.size();
    append(out, content);
    enclose(tag, out, start);
    return {};
}

Ok put_integer(const Member& m, JsonView value, OwnedBytes& out) {
    const auto number = value.integer();
    if (!number) return fail(Errc::bad_value, m.name);
    asn1::Scratch scratch;
    return put_tlv(m.tag, asn1::save_integer(*number, scratch), out);
}

Ok put_base64(const Member& m, JsonView value, OwnedBytes& out) {
    std::string room;
    const OwnedBytes octets = TRY(from_base64(value.string(room), m.name));
    if (m.form == Form::octets) return put_tlv(m.tag, octets, out);
    if (m.bare && octets.size() == m.bare) {
        TRY(tolerate("value without its header", m.name));
        return put_tlv(m.tag, octets, out);
    }
    const asn1::Tlv inner = TRY(asn1::read_tlv(octets, m.name));
    if (!inner.rest.empty()) return fail(Errc::bad_length, m.name);
    const asn1::Tag expected = m.form == Form::enclosed ? m.own : m.form == Form::any ? 0 : m.tag;
    if (expected && inner.tag != expected) return fail(Errc::bad_tag, m.name, inner.tag);
    if (m.form == Form::enclosed) return put_tlv(m.tag, m.own ? inner.content : octets, out);
    append(out, octets);
    return {};
}

Ok put_list(const Member& m, JsonView value, OwnedBytes& out) {
    if (!value.is_array()) return fail(Errc::bad_value, m.name);
    const size_t start = out.size();
    for (JsonItems in(value); in.next();) {
        if (!in.item.value.is_object()) return fail(Errc::bad_value, m.name);
        const size_t one = out.size();
        TRY(put_members(m.items, in.item.value, out));
        enclose(m.own, out, one);
    }
    enclose(m.tag, out, start);
    return {};
}

Ok put_object(const Member& m, JsonView value, OwnedBytes& out) {
    if (!value.is_object()) return fail(Errc::bad_value, m.name);
    const size_t start = out.size();
    TRY(put_members(m.items, value, out));
    enclose(m.tag, out, start);
    return {};
}

Ok put(const Member& m, JsonView value, OwnedBytes& out) {
    if (m.form == Form::integer) return put_integer(m, value, out);
    if (m.form == Form::list) return put_list(m, value, out);
    if (m.form == Form::object) return put_object(m, value, out);
    if (m.form == Form::flag) {
        if (!value.is_boolean()) return fail(Errc::bad_value, m.name);
        return value.is_true() ? put_tlv(m.tag, {}, out) : Ok{};
    }
    if (!value.is_string()) return fail(Errc::bad_value, m.name);
    std::string room;
    switch (m.form) {
    case Form::text: return put_tlv(m.tag, bytes_of(value.string(room)), out);
    case Form::eid: {
        // Text that is no EID becomes an empty one, which has an error code of its own where it is judged.
        const auto eid = eid_from_text(value.string(room), m.name);
        return put_tlv(m.tag, eid ? Bytes(*eid) : Bytes(), out);
    }
    case Form::transaction_id: {
        const OwnedBytes id = TRY(from_hex(value.string(room), m.name));
        if (id.empty() || id.size() > 16)
            return fail(Errc::bad_length, m.name, static_cast<uint32_t>(id.size()));
        return put_tlv(m.tag, id, out);
    }
    default: return put_base64(m, value, out);
    }
}

Result<Json> list_to_json(const Member& m, Bytes content) {
    Json array = Json::array();
    while (!content.empty()) {
        const asn1::Tlv one = TRY(asn1::read_tlv(content, m.name));
        if (one.tag != m.own) return fail(Errc::bad_tag, m.name, one.tag);
        Json object = Json::object();
        TRY(from_content(m.items, one.content, object));
        array.push_back(std::move(object));
        content = one.rest;
    }
    return array;
}

Result<Json> to_json(const Member& m, const asn1::Tlv& t) {
    switch (m.form) {
    case Form::text: // a peer's octets must not make dump() throw
        if (!is_utf8(text_of(t.content))) return fail(Errc::bad_value, m.name);
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
        TRY(from_content(m.items, t.content, object));
        return object;
    }
    case Form::octets: return Json(base64(t.content));
    case Form::enclosed: return Json(m.own ? base64(tlv(m.own, t.content)) : base64(t.content));
    case Form::tlv:
    case Form::any: break;
    }
    return Json(base64(t.whole));
}
bool stands_for(const Member& m, asn1::Tag tag) { return m.form == Form::any || m.tag == tag; }
} // namespace

Ok put_members(std::span<const Member> members, JsonView object, OwnedBytes& out) {
    for (const Member& m : members) {
        const auto value = object.find(m.name);
        if (value)
            TRY(put(m, *value, out));
        else if (m.required)
            return fail(Errc::missing_field, m.name);
    }
    return {};
}

Ok put_one(std::span<const Member> members, JsonView object, OwnedBytes& out) {
    const size_t start = out.size();
    for (const Member& m : members) {
        const auto value = object.find(m.name);
        // An error code of 0 or null beside a package means none; seen in the field.
        if (!value) continue;
        if (value->is_null() || (m.form == Form::integer && value->is_zero())) {
            TRY(tolerate("error code that is none", m.name));
            continue;
        }
        if (out.size() != start) return fail(Errc::bad_value, m.name);
        TRY(put(m, *value, out));
    }
    if (out.size() == start)
        return fail(Errc::missing_field, members.empty() ? "body" : members.front().name);
    return {};
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

namespace {
// Letters, digits and the signs of base64: nothing to escape and nothing to check.
bool is_plain(std::string_view text) {
    return std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '/' && c <= '9') || c == '+' ||
               c == '=';
    });
}
size_t room_of(const Json& json) {
    if (json.is_string()) return json.get_ref<const std::string&>().size() + 2;
    size_t room = 24; // a number, at most
    if (json.is_object())
        for (const auto& [name, value] : json.items()) room += name.size() + 4 + room_of(value);
    return room;
}
void write(const Json& json, std::string& out) {
    if (json.is_object()) {
        char before = '{';
        for (const auto& [name, value] : json.items()) {
            out += std::exchange(before, ',');
            ((out += '"') += name) += "\":"; // the names are ours
            write(value, out);
        }
        out += json.empty() ? "{}" : "}";
    } else if (json.is_string() && is_plain(json.get_ref<const std::string&>())) {
        ((out += '"') += json.get_ref<const std::string&>()) += '"';
    } else {
        out += json.dump(-1, ' ', false, Json::error_handler_t::replace);
    }
}
} // namespace

std::string written(const Json& object) {
    std::string out;
    out.reserve(room_of(object));
    write(object, out);
    return out;
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

Result<Execution> execution_of(JsonView answer) {
    const auto head = answer.find("header");
    if (!head || !head->is_object()) return fail(Errc::missing_field, "header");
    const auto execution = head->find("functionExecutionStatus");
    if (!execution || !execution->is_object()) return fail(Errc::missing_field, "functionExecutionStatus");
    const auto text = [](JsonView in, const char* name) {
        const auto value = in.find(name);
        return value && value->is_string() ? value->string() : std::string();
    };
    const std::string status = text(*execution, "status");
    Execution out{.success = status == "Executed-Success" || status == "Executed-WithWarning", .code = {}};
    const auto data = execution->find("statusCodeData");
    if (data && data->is_object())
        out.code = {text(*data, "subjectCode"), text(*data, "reasonCode"), text(*data, "message")};
    return out;
}

} // namespace halyard::binding
