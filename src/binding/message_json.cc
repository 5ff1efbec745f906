#include "binding/message_json.h"
#include "binding/json_members.h"
#include "binding/type_encoder.h"
#include <nlohmann/json.hpp>
#include <numeric>

namespace halyard::binding {
namespace {
using asn1::Kind, asn1::Node, asn1::Type;

constexpr size_t kLargest = 16u << 20;
constexpr int kDeepest = 64;

Json bits_of(const Type& type, Bytes content) {
    Json out = Json::array();
    uint64_t mask = 0;
    (void)asn1::load_bits(mask, content);
    for (unsigned n = 0; n < 64; ++n)
        if (mask >> n & 1) out.push_back(bit_name(type, n));
    return out;
}

// Dotted where that can be read back: hex of the content for arcs that are too large.
std::string oid_text(Bytes content) {
    std::string text = asn1::Oid{content}.text();
    const auto back = asn1::oid_from_text(text);
    return back && same(*back, content) ? text : hex(content);
}

Json leaf(const Node& node) {
    switch (node.type->kind) {
    case Kind::integer: {
        int64_t value = 0;
        (void)asn1::load_integer(value, node.content);
        return value;
    }
    case Kind::boolean: return node.content[0] != 0;
    case Kind::null: return nullptr;
    case Kind::utf8: {
        std::string text(text_of(node.content));
        if (is_utf8(text)) return text;
        return {{"hex", hex(node.content)}};
    }
    case Kind::oid: return oid_text(node.content);
    case Kind::bits: return bits_of(*node.type, node.content);
    case Kind::raw: return hex(asn1::Raw{node.content}.der());
    case Kind::any: return hex(node.whole);
    default: return hex(node.content);
    }
}

Json value(const Node& node) {
    switch (node.type->kind) {
    case Kind::sequence:
    case Kind::choice: {
        Json out = Json::object();
        for (const Node& child : node.children) {
            if (child.field)
                out[child.field->name] = value(child);
            else
                out[kUnknown].push_back(hex(child.whole));
        }
        return out;
    }
    case Kind::list:
    case Kind::view: {
        Json out = Json::array();
        for (const Node& child : node.children) out.push_back(value(child));
        return out;
    }
    default: return leaf(node);
    }
}

// Why a text is no JSON that can be taken.
JsonFault fault_of(const Error& error, JsonView twice) {
    const std::string_view where = error.where;
    if (where == "duplicate member") return {twice.string(), "member given twice", "each member once"};
    if (where == "depth") return {"", "more than 64 levels", "the form that decode --json prints"};
    if (error.code == Errc::limit) return {"", "more than 16 MiB", "one message or a few"};
    return {"", "no JSON from octet " + std::to_string(error.offset), "a JSON value"};
}

// Reads a message for its deviations, which are counted first so that their list takes no more than it needs.
Ok note(Bytes der, const rsp::Message& message, asn1::Deviations& seen, std::vector<asn1::Noted>& noted) {
    const auto nothing = [](void*, const void*) {};
    TRY(message.read(der, {.seen = &seen, .tally = false}, nullptr, nothing));
    noted.reserve(std::accumulate(seen.counts.begin(), seen.counts.end(), size_t{0}));
    return message.read(der, {.noted = &noted, .tally = false}, nullptr, nothing);
}

class Reader {
  public:
    explicit Reader(MessagesFromJson& out) : out_(out) {}

    void one(const rsp::Message& message, JsonView json, const std::string& path) {
        TypeEncoder encoder(path);
        OwnedBytes der = encoder.encode(*message.type, json);
        if (encoder.fault) return refuse(std::move(*encoder.fault));
        FromJson made{&message, std::move(der), {}};
        // What could not be checked value by value: it has to be read as what it was written as.
        asn1::Deviations seen;
        if (const Ok read = note(made.der, message, seen, made.deviations); !read)
            return refuse({path + (path.empty() ? "" : ".") + read.error().where,
                           std::string("what comes out is no ") + message.name + ": " +
                               name(read.error().code) + " at octet " + std::to_string(read.error().offset),
                           "other values, or other components in \"...\""});
        for (const asn1::Noted& d : made.deviations)
            if (d.what == asn1::Deviation::kept_header || d.what == asn1::Deviation::other_tag ||
                d.what == asn1::Deviation::repeated_tag)
                return refuse(
                    {path,
                     std::string("would be read otherwise: ") + asn1::name(d.what) + " at " + d.where,
                     "what cannot be mistaken"});
        if (seen.counts[static_cast<size_t>(asn1::Deviation::unknown_field)] != encoder.unknowns)
            return refuse(
                {path, "would be read otherwise: a component in \"...\" is a member", "other components"});
        out_.messages.push_back(std::move(made));
    }

    void named(JsonView json, const rsp::Message* type, const std::string& path) {
        const auto at = [&](const char* member) { return path.empty() ? member : path + "." + member; };
        if (!json.is_object()) return refuse({path, "no JSON object", "an object with type and value"});
        const auto wanted = json.find("type"), value = json.find("value");
        if (!wanted || !wanted->is_string())
            return refuse({at("type"), "missing, or no string", "the name of a message: see `asn1 types`"});
        const std::string called = wanted->string();
        const rsp::Message* message = rsp::message_named(called);
        if (!message)
            return refuse({at("type"), "no message is called " + called, "a name that `asn1 types` lists"});
        if (type && type != message)
            return refuse({at("type"), std::string("is ") + message->name, type->name});
        if (!value) return refuse({at("value"), "missing", "the value of the message"});
        one(*message, *value, at("value"));
    }

    void all(JsonView json, JsonView messages, const rsp::Message* type) {
        if (json.find("error"))
            return refuse({"error", "decoding had stopped with an error", "messages that were all read"});
        size_t count = 0;
        for (JsonItems in(messages); in.next();) ++count;
        if (!count) return refuse({"messages", "no message", "at least one"});
        out_.messages.reserve(count);
        count = 0;
        for (JsonItems in(messages); !out_.fault && in.next(); ++count)
            named(in.item.value, type, "messages[" + std::to_string(count) + "]");
    }

    void refuse(JsonFault fault) { out_.fault = std::move(fault); }

  private:
    MessagesFromJson& out_;
};

} // namespace

std::string json_of(const Node& node) {
    return value(node).dump(-1, ' ', false, Json::error_handler_t::replace);
}

MessagesFromJson messages_from_json(std::string_view text, const rsp::Message* type) {
    MessagesFromJson out;
    Reader reader(out);
    JsonView twice;
    const auto json = read_value(text, {.octets = kLargest, .levels = kDeepest}, &twice);
    if (!json) {
        reader.refuse(fault_of(json.error(), twice));
        return out;
    }
    // No type has a member of these names.
    const auto member = [&](const char* name) { return json->is_object() ? json->find(name) : std::nullopt; };
    if (const auto messages = member("messages"); messages && messages->is_array())
        reader.all(*json, *messages, type);
    else if (member("type") && member("value"))
        reader.named(*json, type, "");
    else if (type)
        reader.one(*type, *json, "");
    else
        reader.refuse({"", "the value of which message?", "--type, or {\"type\":…,\"value\":…}"});
    return out;
}

} // namespace halyard::binding
