#include "apps/common/explain.h"
#include "binding/message_json.h"
#include "rsp/meaning.h"
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace halyard::app {
namespace {
using asn1::Deviation, asn1::Kind, asn1::Node;
using nlohmann::ordered_json;

// Why a deviation does not stop us.
const char* rule(Deviation d) {
    switch (d) {
    case Deviation::long_length: return "X.690 §10.1 wants the shortest length; BER allows this one";
    case Deviation::long_integer: return "X.690 §8.3.2 wants the fewest octets; the number is clear";
    case Deviation::boolean_value: return "X.690 §11.1 wants FF; BER takes every octet but 00 for TRUE";
    case Deviation::long_bits: return "X.690 §11.2 wants no trailing zero bits; the set is the same";
    case Deviation::unknown_field: return "EXTENSIBILITY IMPLIED: a later edition may add components";
    case Deviation::default_value: return "X.690 §11.5 leaves a DEFAULT out; it means the same written out";
    case Deviation::other_tag: return "known stacks send this member under this tag; docs/wire.md";
    case Deviation::repeated_tag:
        return "one ASN.1 compiler writes the tag of a tagged CHOICE twice; docs/wire.md";
    case Deviation::kept_header:
        return "an implicit tag replaces the 30; some stacks keep it inside; docs/wire.md";
    case Deviation::count_: break;
    }
    return "";
}

const char* value_name(const Node& node) {
    int64_t value = 0;
    if (node.type->kind != Kind::integer || !asn1::load_integer(value, node.content)) return nullptr;
    for (const asn1::NamedValue& n : node.type->names)
        if (n.value == value) return n.name;
    return nullptr;
}

bool is_leaf(const Node& node) {
    return node.type && node.type->kind != Kind::sequence && node.type->kind != Kind::choice &&
           node.type->kind != Kind::list && node.type->kind != Kind::view;
}

std::string value_text(const Node& node) {
    if (!node.type) return hex(node.whole);
    std::string text = binding::json_of(node);
    if (text.size() > 70 && node.type->kind != Kind::bits) {
        size_t end = 66;
        while ((text[end] & 0xC0) == 0x80) --end; // not inside a character
        text = text.substr(0, end) + "…\"";
    }
    if (const char* named = value_name(node)) text += std::string(" (") + named + ')';
    return text;
}

std::string remark(const Node& node, const Node* parent) {
    if (!node.type) {
        for (const rsp::Habit& h : rsp::habits())
            if (parent && std::string_view(parent->type->name) == h.type && node.tag == h.tag)
                return std::string("unknown to SGP.32 v1.2: ") + h.cause;
        return "unknown to SGP.32 v1.2";
    }
    if (!node.field) return "";
    if (const auto* s = rsp::signature_named(node.field->name)) {
        std::string out = std::string(s->signer) + " signs " + s->covered;
        if (node.content.size() != 64 && !node.content.empty())
            out += node.content[0] == 0x30 ? "; in DER form, r and s apart: taken when verifying"
                                           : "; not 64 octets: no r and s of a 256-bit curve";
        return out;
    }
    std::string out;
    if (const char* words = rsp::meaning_of(node.field->name)) out = words;
    const rsp::Signature* s = parent ? rsp::signature_over(*parent, node) : nullptr;
    if (s && s->member) out += (out.empty() ? "signed: " : "; signed: ") + std::string(s->name);
    return out;
}

class Table {
  public:
    Table(std::string& text, ordered_json& rows, size_t base) : text_(text), rows_(rows), base_(base) {}

    void add(const Node& node, const Node* parent, const std::string& path, int depth) {
        const std::string name = !node.type ? "..." : node.field ? node.field->name : node.type->name;
        const std::string below = path.empty() ? name : path + "." + name;
        if (node.own) row(node, parent, name, below, depth);
        for (const Node& child : node.children) add(child, &node, below, depth + (node.own ? 1 : 0));
    }

  private:
    void
    row(const Node& node, const Node* parent, const std::string& name, const std::string& path, int depth) {
        char head[64];
        (void)std::snprintf(head,
                            sizeof head,
                            "%8zu  %-6s %6zu  ",
                            base_ + node.offset,
                            tag_text(node.tag).c_str(),
                            node.content.size());
        const std::string words = remark(node, parent);
        const bool value = is_leaf(node) || !node.type;
        text_ += head + std::string(static_cast<size_t>(depth) * 2, ' ') + name;
        if (value) text_ += ": " + value_text(node);
        if (!words.empty()) text_ += "  # " + words;
        text_ += '\n';
        ordered_json one{{"path", path},
                         {"offset", base_ + node.offset},
                         {"tag", tag_text(node.tag)},
                         {"length", node.content.size()}};
        if (node.type) one["type"] = node.type->name;
        if (value)
            one["value"] =
                node.type ? ordered_json::parse(binding::json_of(node)) : ordered_json(hex(node.whole));
        if (node.type && value_name(node)) one["name"] = value_name(node);
        if (!words.empty()) one["meaning"] = words;
        rows_.push_back(std::move(one));
    }

    std::string& text_;
    ordered_json& rows_;
    size_t base_;
};

// What it is, and who says it to whom.
void head(const rsp::Message& message, std::string& text, ordered_json& out) {
    out["type"] = message.name;
    out["tag"] = tag_text(message.type->tag);
    out["section"] = message.section;
    text += std::string(message.name) + ": " + (message.type->tag ? tag_text(message.type->tag) + ", " : "") +
            message.section + '\n';
    const auto route = rsp::route_of(message);
    if (!route) return;
    text += std::string("  ") + route->interface + ": " + route->from + " -> " + route->to + '\n';
    out["interface"] = route->interface;
    out["from"] = route->from;
    out["to"] = route->to;
}

void explain_one(const MessageView& v, Bytes message, std::string& text, ordered_json& out) {
    head(*v.message, text, out);
    text += "  offset  tag    length\n";
    out["fields"] = ordered_json::array();
    const asn1::Walk walk = asn1::walk(*v.message->type, message);
    Table(text, out["fields"], v.offset).add(walk.root, nullptr, "", 0);
    out["tolerated"] = ordered_json::array();
    for (const asn1::Noted& d : v.deviations) {
        text += std::string("  tolerated: ") + asn1::name(d.what) + " at " + d.where + ", octet " +
                std::to_string(d.offset) + "\n    " + rule(d.what) + '\n';
        out["tolerated"].push_back(
            {{"what", asn1::name(d.what)}, {"where", d.where}, {"offset", d.offset}, {"rule", rule(d.what)}});
    }
    out["others"] = ordered_json::array();
    std::string others;
    for (const rsp::Message* m : v.others) {
        others += (others.empty() ? "" : ", ") + std::string(m->name);
        out["others"].push_back(m->name);
    }
    if (!others.empty()) text += "  can also be read as: " + others + '\n';
}

void explain_broken(Bytes der, size_t base, const MessageViews& views, std::string& text, ordered_json& out) {
    Error error = *views.error;
    error.offset -= static_cast<uint32_t>(base);
    const Bytes message = der.subspan(base);
    const Breakage b = breakage(message, error, views.as);
    if (views.as) head(*views.as, text, out);
    text += "broken: " + b.what + ", octet " + std::to_string(base + b.offset) + '\n';
    out["what"] = b.what;
    out["code"] = name(error.code);
    out["where"] = error.where;
    out["offset"] = base + b.offset;
    if (!b.expected.empty()) text += "  expected: " + b.expected + '\n';
    text += "  got: " + b.got + '\n';
    out["expected"] = b.expected;
    out["got"] = b.got;
    out["within"] = b.within;
    out["causes"] = b.causes;
    for (const std::string& w : b.within) text += "  within: " + w + '\n';
    text += hex_window(der, base + b.offset);
    for (const std::string& cause : b.causes) text += "  probably: " + cause + '\n';
    if (!views.could_be.empty()) {
        text += "  can be:";
        for (const rsp::Message* m : views.could_be) {
            text += std::string(" ") + m->name;
            out["could_be"].push_back(m->name);
        }
        text += "; choose with --type\n";
    }
}

} // namespace

Explained explain(Bytes der, const rsp::Message* type) {
    Explained out;
    const MessageViews views = view_messages(der, type);
    ordered_json json{{"messages", ordered_json::array()}};
    size_t base = 0;
    for (const MessageView& v : views.messages) {
        explain_one(v, der.subspan(v.offset, v.octets), out.text, json["messages"].emplace_back());
        base = v.offset + v.octets;
    }
    out.good = !views.error;
    if (views.error) explain_broken(der, base, views, out.text, json["broken"]);
    out.json = json.dump();
    return out;
}

} // namespace halyard::app
