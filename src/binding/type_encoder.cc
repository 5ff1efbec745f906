#include "binding/type_encoder.h"
#include "binding/json_members.h"

namespace halyard::binding {
using asn1::Field, asn1::Kind, asn1::Type;

namespace {
std::string hex_of(asn1::Tag tag) {
    OwnedBytes octets;
    for (int shift = 24; shift >= 0; shift -= 8)
        if (tag >> shift) octets.push_back(static_cast<uint8_t>(tag >> shift));
    return hex(octets);
}

std::string count(size_t n, const char* of) { return std::to_string(n) + " " + of + (n == 1 ? "" : "s"); }

const char* kind_of(JsonView json) {
    if (json.is_object()) return "an object";
    if (json.is_array()) return "an array";
    if (json.is_string()) return "a string";
    if (json.is_boolean()) return "true or false";
    if (json.is_null()) return "null";
    return json.text().find_first_of(".eE") == std::string_view::npos ? "a number"
                                                                      : "a number with a fraction";
}
size_t count_of(JsonView json) {
    size_t n = 0;
    for (JsonItems in(json); in.next();) ++n;
    return n;
}

std::string names_of(const Type& type) {
    std::string out;
    for (const Field& f : type.fields) out += (out.empty() ? "" : ", ") + std::string(f.name);
    return out.empty() ? "no member" : out;
}
std::string values_of(const Type& type) {
    std::string out;
    for (const asn1::NamedValue& n : type.names)
        out += (out.empty() ? "" : ", ") + std::string(n.name) + " (" + std::to_string(n.value) + ")";
    return out;
}

std::string size_text(const Type& type, asn1::Size size) {
    const size_t min = std::max(size.min, type.size.min);
    const size_t max = std::min(size.max, type.size.max);
    if (max == 0xFFFFFFFF) return min ? " of at least " + std::to_string(min) + " octets" : "";
    if (min == max) return " of " + count(min, "octet");
    return " of " + std::to_string(min) + " to " + std::to_string(max) + " octets";
}

std::string integer_text(const Type& type) {
    const asn1::Range range = asn1::range_of(type);
    std::string out = "a number from " + std::to_string(range.min) + " to " + std::to_string(range.max);
    if (!type.names.empty()) out += ", or a name: " + values_of(type);
    return out;
}

// What JSON a type takes.
std::string json_form(const Type& type, asn1::Size size) {
    switch (type.kind) {
    case Kind::sequence: return "an object with " + names_of(type);
    case Kind::choice: return "an object with one of " + names_of(type);
    case Kind::list:
    case Kind::view: return std::string("an array of ") + type.item->name;
    case Kind::exact: return json_form(*type.item, size);
    case Kind::any: return "hex of one TLV";
    case Kind::raw: return "hex of a whole SEQUENCE, 30 included";
    case Kind::integer: return integer_text(type);
    case Kind::boolean: return "true or false";
    case Kind::null: return "null";
    case Kind::octets: return "hex" + size_text(type, size);
    case Kind::utf8: return "a string" + size_text(type, size);
    case Kind::bits:
        return "an array of names" + (type.names.empty() ? std::string(", bit0 to bit63")
                                                         : ": " + values_of(type) + "; bit0 to bit63");
    case Kind::oid: return "an OBJECT IDENTIFIER such as \"2.999.1\"";
    }
    return "";
}
} // namespace

std::string describe(const char* name, asn1::Tag tag, const Type& type, asn1::Size size) {
    const Type* t = &type;
    while (t->kind == Kind::exact) t = t->item;
    std::string out = name;
    if (tag) out += " [" + hex_of(tag) + "]";
    out += std::string(" ") + t->name;
    if (t->kind == Kind::list || t->kind == Kind::view) out += std::string(" ") + t->item->name;
    if (t->kind == Kind::octets || t->kind == Kind::utf8) out += size_text(*t, size);
    return out;
}

std::string bit_name(const Type& type, unsigned n) {
    for (const asn1::NamedValue& known : type.names)
        if (known.value == n) return known.name;
    return "bit" + std::to_string(n);
}

void TypeEncoder::refuse(std::string reason, std::string expected) {
    if (fault) return;
    std::string path = path_; // names come from the input, and this goes to a terminal
    std::ranges::replace_if(
        path, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, '?');
    fault = JsonFault{std::move(path), std::move(reason), std::move(expected)};
}

OwnedBytes TypeEncoder::encode(const Type& type, JsonView json) {
    OwnedBytes out;
    put(type, {type.name, type.tag, {}}, json, out);
    if (fault) out.clear();
    return out;
}

void TypeEncoder::step_to(std::string_view name) { (path_ += path_.empty() ? "" : ".") += name; }

void TypeEncoder::member(const Field& f, JsonView json, OwnedBytes& out) {
    const size_t before = path_.size();
    step_to(f.name);
    put(*f.type, {f.name, asn1::tag_of(f), f.size}, json, out);
    path_.resize(before);
}

void TypeEncoder::put(const Type& type, const Place& place, JsonView json, OwnedBytes& out) {
    if (fault) return;
    if (type.kind == Kind::exact) return put(*type.item, place, json, out);
    if (type.kind == Kind::any) return any(type, place, json, out);
    const size_t start = out.size();
    switch (type.kind) {
    case Kind::sequence: sequence(type, json, out); break;
    case Kind::choice: choice(type, json, out); break;
    case Kind::list:
    case Kind::view: list(type, json, out); break;
    default: leaf(type, place, json, out);
    }
    if (!fault && place.tag) enclose(place.tag, out, start);
}

void TypeEncoder::sequence(const Type& type, JsonView json, OwnedBytes& out) {
    if (!json.is_object()) return refuse(std::string("is ") + kind_of(json), json_form(type, {}));
    std::vector<std::optional<JsonView>> given(type.fields.size()); // so that it is walked through once
    std::optional<JsonView> others;
    for (JsonItems in(json); in.next();) {
        const auto known =
            std::ranges::find_if(type.fields, [&](const Field& f) { return in.item.name.says(f.name); });
        if (known != type.fields.end()) {
            given[static_cast<size_t>(known - type.fields.begin())] = in.item.value;
        } else if (in.item.name.says(kUnknown)) {
            others = in.item.value;
        } else {
            step_to(in.item.name.string());
            return refuse(std::string("unknown member of ") + type.name, names_of(type));
        }
    }
    for (size_t i = 0; i < given.size(); ++i) {
        const Field& f = type.fields[i];
        if (given[i]) {
            member(f, *given[i], out);
        } else if (f.required) {
            step_to(f.name);
            return refuse(std::string("missing in ") + type.name, json_form(*f.type, f.size));
        }
    }
    if (others) unknown(type, *others, out);
}

void TypeEncoder::unknown(const Type& type, JsonView json, OwnedBytes& out) {
    const std::string expected = "an array of TLVs in hex, none of them a member";
    const size_t before = path_.size();
    step_to(kUnknown);
    if (!json.is_array()) return refuse(std::string("is ") + kind_of(json), expected);
    for (JsonItems in(json); in.next();) {
        const auto bytes = octets(in.item.value, expected);
        if (!bytes) return;
        const auto head = asn1::read_tlv(*bytes);
        if (!head || !head->rest.empty()) return refuse("is not one TLV: " + hex(*bytes), expected);
        // Universal tags may come again behind the members; the caller counts what is read as unknown then.
        const bool universal = !((*bytes)[0] & 0xC0);
        for (const Field& f : type.fields)
            if (!universal && asn1::tag_of(f) == head->tag)
                return refuse(hex_of(head->tag) + " is " + f.name, expected);
        ++unknowns;
        append(out, *bytes);
    }
    path_.resize(before);
}

void TypeEncoder::choice(const Type& type, JsonView json, OwnedBytes& out) {
    if (!json.is_object()) return refuse(std::string("is ") + kind_of(json), json_form(type, {}));
    JsonItems in(json);
    if (!in.next()) return refuse("has 0 members", json_form(type, {}));
    const JsonItem first = in.item;
    if (in.next()) return refuse("has " + count(count_of(json), "member"), json_form(type, {}));
    for (const Field& f : type.fields)
        if (first.name.says(f.name)) return member(f, first.value, out);
    step_to(first.name.string());
    refuse(std::string("unknown alternative of ") + type.name, "one of " + names_of(type));
}

void TypeEncoder::list(const Type& type, JsonView json, OwnedBytes& out) {
    if (!json.is_array()) return refuse(std::string("is ") + kind_of(json), json_form(type, {}));
    const size_t before = path_.size();
    size_t i = 0;
    for (JsonItems in(json); !fault && in.next(); ++i) {
        path_ += "[" + std::to_string(i) + "]";
        put(*type.item, {type.item->name, type.item->tag, {}}, in.item.value, out);
        path_.resize(before);
    }
}

std::optional<OwnedBytes> TypeEncoder::octets(JsonView json, const std::string& expected) {
    if (!json.is_string()) {
        refuse(std::string("is ") + kind_of(json), expected);
        return std::nullopt;
    }
    std::string room;
    auto bytes = from_hex(json.string(room));
    if (bytes) return std::move(*bytes);
    refuse(bytes.error().code == Errc::truncated
               ? "an odd number of hex digits"
               : "no hex digit at character " + std::to_string(bytes.error().offset),
           expected);
    return std::nullopt;
}

void TypeEncoder::any(const Type& type, const Place& place, JsonView json, OwnedBytes& out) {
    const auto bytes = octets(json, json_form(type, {}));
    if (!bytes) return;
    const auto head = asn1::read_tlv(*bytes);
    if (!head || !head->rest.empty()) return refuse("is not one TLV", json_form(type, {}));
    if (place.tag && head->tag != place.tag)
        return refuse("has tag " + hex_of(head->tag), "one TLV with tag " + hex_of(place.tag));
    append(out, *bytes);
}

void TypeEncoder::leaf(const Type& type, const Place& place, JsonView json, OwnedBytes& out) {
    switch (type.kind) {
    case Kind::integer: return integer(type, place, json, out);
    case Kind::bits: return bits(type, place, json, out);
    case Kind::utf8: return text(type, place, json, out);
    case Kind::oid: return oid(type, place, json, out);
    case Kind::raw: return raw(type, place, json, out);
    case Kind::boolean:
        if (!json.is_boolean()) return refuse(std::string("is ") + kind_of(json), json_form(type, {}));
        return out.push_back(json.is_true() ? 0xFF : 0);
    case Kind::null:
        if (!json.is_null()) return refuse(std::string("is ") + kind_of(json), json_form(type, {}));
        return;
    default: break;
    }
    const auto bytes = octets(json, json_form(type, place.size));
    if (!bytes) return;
    const size_t n = bytes->size();
    if (n < place.size.min || n > place.size.max || n < type.size.min || n > type.size.max)
        return refuse("has " + count(n, "octet"), json_form(type, place.size));
    append(out, *bytes);
}

void TypeEncoder::integer(const Type& type, const Place&, JsonView json, OwnedBytes& out) {
    const auto shown = [&] { return std::string(json.text()); };
    std::optional<int64_t> value = json.integer();
    if (json.is_string()) {
        const auto known =
            std::ranges::find_if(type.names, [&](const asn1::NamedValue& n) { return json.says(n.name); });
        if (known == type.names.end()) return refuse("no value is called " + shown(), integer_text(type));
        value = known->value;
    } else if (!json.is_number() || json.text().find_first_of(".eE") != std::string_view::npos) {
        return refuse(std::string("is ") + kind_of(json), integer_text(type));
    }
    asn1::Scratch scratch;
    const Bytes content = asn1::save_integer(value.value_or(0), scratch);
    if (!value || !asn1::loads(type, content)) return refuse("is " + shown(), integer_text(type));
    append(out, content);
}

void TypeEncoder::bits(const Type& type, const Place&, JsonView json, OwnedBytes& out) {
    if (!json.is_array()) return refuse(std::string("is ") + kind_of(json), json_form(type, {}));
    uint64_t mask = 0;
    for (JsonItems in(json); in.next();) {
        const JsonView one = in.item.value;
        if (!one.is_string()) return refuse(std::string("holds ") + kind_of(one), json_form(type, {}));
        unsigned bit = 0;
        while (bit < 64 && !one.says(bit_name(type, bit)) && !one.says("bit" + std::to_string(bit))) ++bit;
        if (bit == 64) return refuse("no bit is called " + std::string(one.text()), json_form(type, {}));
        if (mask >> bit & 1)
            return refuse("bit given twice: " + std::string(one.text()), json_form(type, {}));
        mask |= uint64_t{1} << bit;
    }
    asn1::Scratch scratch;
    append(out, asn1::save_bits(mask, scratch));
}

void TypeEncoder::text(const Type& type, const Place& place, JsonView json, OwnedBytes& out) {
    OwnedBytes decoded;
    std::string room;
    Bytes said;
    const auto coded = json.is_object() ? json.find("hex") : std::nullopt;
    if (coded && count_of(json) == 1) {
        auto given = octets(*coded, "hex of the text's octets");
        if (!given) return;
        decoded = std::move(*given);
        said = decoded;
    } else if (json.is_string()) {
        said = bytes_of(json.string(room));
    } else {
        return refuse(std::string("is ") + kind_of(json), json_form(type, place.size));
    }
    const size_t n = said.size();
    if (n < place.size.min || n > place.size.max || n < type.size.min || n > type.size.max)
        return refuse("has " + count(n, "octet"), json_form(type, place.size));
    append(out, said);
}

void TypeEncoder::oid(const Type& type, const Place&, JsonView json, OwnedBytes& out) {
    if (!json.is_string()) return refuse(std::string("is ") + kind_of(json), json_form(type, {}));
    std::string room;
    const std::string_view dotted = json.string(room);
    // An arc of more than 56 bits is printed, and taken, as hex of the content.
    const bool dots = dotted.find('.') != std::string_view::npos;
    const auto content = dots ? asn1::oid_from_text(dotted) : from_hex(dotted);
    if (!content || !asn1::loads(type, *content))
        return refuse("is " + std::string(json.text()), json_form(type, {}));
    append(out, *content);
}

void TypeEncoder::raw(const Type& type, const Place&, JsonView json, OwnedBytes& out) {
    const auto bytes = octets(json, json_form(type, {}));
    if (!bytes) return;
    const auto value = asn1::Raw::from(*bytes);
    if (!value)
        return refuse("is no SEQUENCE: " + std::string(name(value.error().code)), json_form(type, {}));
    append(out, value->content);
}

} // namespace halyard::binding
