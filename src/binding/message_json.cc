#include "binding/message_json.h"
#include "binding/json_members.h"
#include "binding/type_encoder.h"
#include <nlohmann/json.hpp>
#include <set>

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

// A parser that refuses members given twice and says where it stopped.
class Strict {
  public:
    Json parse(std::string_view text) {
        if (text.size() > kLargest) {
            fault = {"", "more than 16 MiB", "one message or a few"};
            return {};
        }
        try {
            return Json::parse(text, [this](int depth, Json::parse_event_t event, Json& parsed) {
                look(static_cast<size_t>(depth), event, parsed);
                return !fault;
            });
        } catch (const Json::parse_error& e) {
            if (!fault) fault = {"", "no JSON from octet " + std::to_string(e.byte), "a JSON value"};
        } catch (const Json::out_of_range&) { // 1E999
            if (!fault) fault = {"", "a number beyond what can be held", "numbers below 1.8E308"};
        }
        return {};
    }
    std::optional<JsonFault> fault;

  private:
    void look(size_t depth, Json::parse_event_t event, const Json& parsed) {
        if (fault) return;
        if (depth > kDeepest) fault = {"", "more than 64 levels", "the form that decode --json prints"};
        if (event == Json::parse_event_t::object_start) {
            names_.resize(depth + 1);
            names_[depth].clear();
        }
        if (event != Json::parse_event_t::key) return;
        const auto& name = parsed.get_ref<const std::string&>();
        // the depth of a key is one more than that of its object
        if (depth && depth <= names_.size() && !names_[depth - 1].insert(name).second)
            fault = {name, "member given twice", "each member once"};
    }
    std::vector<std::set<std::string>> names_;
};

Ok note(Bytes der, const rsp::Message& message, std::vector<asn1::Noted>& noted) {
    return message.read(der, {.noted = &noted, .tally = false}, nullptr, [](void*, const void*) {});
}

size_t unknowns(const Node& node) {
    size_t n = node.type ? 0 : 1;
    for (const Node& child : node.children) n += unknowns(child);
    return n;
}

class Reader {
  public:
    explicit Reader(MessagesFromJson& out) : out_(out) {}

    void one(const rsp::Message& message, const Json& json, const std::string& path) {
        TypeEncoder encoder(path);
        OwnedBytes der = encoder.encode(*message.type, json);
        if (encoder.fault) return refuse(std::move(*encoder.fault));
        FromJson made{&message, std::move(der), {}};
        // What could not be checked value by value: it has to be read as what it was written as.
        if (const Ok read = note(made.der, message, made.deviations); !read)
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
        if (unknowns(asn1::walk(*message.type, made.der).root) != encoder.unknowns)
            return refuse(
                {path, "would be read otherwise: a component in \"...\" is a member", "other components"});
        out_.messages.push_back(std::move(made));
    }

    void named(const Json& json, const rsp::Message* type, const std::string& path) {
        const auto at = [&](const char* member) { return path.empty() ? member : path + "." + member; };
        if (!json.is_object()) return refuse({path, "no JSON object", "an object with type and value"});
        const auto wanted = json.find("type");
        const auto value = json.find("value");
        if (wanted == json.end() || !wanted->is_string())
            return refuse({at("type"), "missing, or no string", "the name of a message: see `asn1 types`"});
        const rsp::Message* message = rsp::message_named(wanted->get<std::string>());
        if (!message)
            return refuse({at("type"),
                           "no message is called " + wanted->get<std::string>(),
                           "a name that `asn1 types` lists"});
        if (type && type != message)
            return refuse({at("type"), std::string("is ") + message->name, type->name});
        if (value == json.end()) return refuse({at("value"), "missing", "the value of the message"});
        one(*message, *value, at("value"));
    }

    void all(const Json& json, const rsp::Message* type) {
        if (json.contains("error"))
            return refuse({"error", "decoding had stopped with an error", "messages that were all read"});
        const Json& messages = json["messages"];
        if (messages.empty()) return refuse({"messages", "no message", "at least one"});
        for (size_t i = 0; i < messages.size() && !out_.fault; ++i)
            named(messages[i], type, "messages[" + std::to_string(i) + "]");
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
    Strict parser;
    const Json json = parser.parse(text);
    Reader reader(out);
    if (parser.fault) {
        reader.refuse(std::move(*parser.fault));
        return out;
    }
    // No type has a member of these names.
    if (json.is_object() && json.contains("messages") && json["messages"].is_array())
        reader.all(json, type);
    else if (json.is_object() && json.contains("type") && json.contains("value"))
        reader.named(json, type, "");
    else if (type)
        reader.one(*type, json, "");
    else
        reader.refuse({"", "the value of which message?", "--type, or {\"type\":…,\"value\":…}"});
    return out;
}

} // namespace halyard::binding
