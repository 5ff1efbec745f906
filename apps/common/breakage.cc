#include "apps/common/explain.h"
#include "binding/json_members.h"
#include "binding/message_json.h"
#include "rsp/meaning.h"
#include <algorithm>
#include <cstdio>

namespace halyard::app {
namespace {
using asn1::Node, asn1::Walk;

std::string octets_text(size_t n) { return std::to_string(n) + (n == 1 ? " octet" : " octets"); }

// The chain of TLVs that were begun and not finished.
std::vector<const Node*> path_of(const Walk& walk) {
    std::vector<const Node*> out;
    for (const Node* node = &walk.root; node && !node->complete && !node->whole.empty();
         node = node->children.empty() ? nullptr : &node->children.back())
        out.push_back(node);
    return out;
}

std::string expected_of(const Walk& walk) {
    std::string out;
    for (const asn1::Expected& e : walk.expected) {
        if (!out.empty()) out += ", or ";
        out += binding::describe(e.name, e.tag, *e.type, e.size);
        if (!e.required) out += " (may be absent)";
    }
    if (!out.empty() || !walk.type) return out;
    if (walk.error->code == Errc::bad_length)
        return binding::describe(walk.error->where, 0, *walk.type, walk.size);
    if (walk.type->kind == asn1::Kind::integer) {
        const asn1::Range range = asn1::range_of(*walk.type);
        out = "a number from " + std::to_string(range.min) + " to " + std::to_string(range.max);
        for (const asn1::NamedValue& n : walk.type->names)
            out += std::string(&n == &walk.type->names.front() ? ": " : ", ") + n.name + " " +
                   std::to_string(n.value);
        return out;
    }
    switch (walk.type->kind) {
    case asn1::Kind::boolean: return "one octet";
    case asn1::Kind::null: return "no octet";
    case asn1::Kind::bits: return "unused bits (0 to 7), then the bits, none set beyond bit 63";
    case asn1::Kind::oid: return "an OBJECT IDENTIFIER";
    default: return "";
    }
}

std::string got_of(Bytes message, const Error& error) {
    const size_t at = std::min<size_t>(error.offset, message.size());
    if (error.code == Errc::missing_field && error.detail == 0) return "the end of what encloses it";
    if (error.code == Errc::bad_length && error.where && at < message.size()) {
        const auto tlv = asn1::read_tlv(message.subspan(at));
        if (tlv && tlv->content.size() == error.detail)
            return tag_text(tlv->tag) + " with " + octets_text(tlv->content.size());
    }
    const auto tlv = asn1::read_tlv(message.subspan(at));
    if (tlv)
        return tag_text(tlv->tag) + " with " + octets_text(tlv->content.size()) + ": " +
               hex(tlv->content.first(std::min<size_t>(tlv->content.size(), 16)));
    if (at < message.size()) return "no whole TLV: " + octets_text(message.size() - at);
    return "the end";
}

// Of a TLV that ends too early: what its length says, and what is there.
std::string cut_text(Bytes message) {
    const auto head = asn1::read_tlv(message);
    if (head || message.size() < 3) return "";
    // tag and length by hand: read_tlv refuses what is not whole
    size_t at = (message[0] & 0x1F) == 0x1F ? 2 : 1;
    while (at > 1 && at < message.size() && (message[at - 1] & 0x80)) ++at;
    if (at >= message.size()) return "";
    size_t length = message[at++];
    if (length == 0x80) return "indefinite length: BER has it, DER has not";
    if (length > 0x84) return "";
    if (length > 0x80)
        for (size_t n = length & 0x7F, i = length = 0; i < n && at < message.size(); ++i)
            length = length << 8 | message[at++];
    const size_t there = message.size() - at;
    if (there >= length) return "";
    return "cut short: " + std::to_string(there) + " of the " + octets_text(length) + " that its length says";
}

// Messages with the tag of one that is not whole.
std::string begins_like(Bytes message) {
    std::string out;
    for (const rsp::Message& m : rsp::messages()) {
        const std::string tag = tag_text(m.type->tag);
        if (tag.size() > 2 && hex(message.first(std::min<size_t>(message.size(), tag.size() / 2))) == tag)
            out += (out.empty() ? "the beginning of " : " or ") + std::string(m.name);
    }
    return out;
}

bool reads(const rsp::Message& m, Bytes der) {
    return m.read(der, {.tally = false}, nullptr, [](void*, const void*) {}).has_value();
}

// Known mistakes undone, and kept as a cause only where the message can be read then.
void repaired(Bytes message, std::vector<std::string>& causes) {
    const auto head = asn1::read_tlv(message);
    if (!head) return;
    for (const rsp::Message& m : rsp::messages()) {
        if (m.type->tag != head->tag || m.type->kind != asn1::Kind::choice) continue;
        for (const asn1::Field& f : m.type->fields) {
            const asn1::Tag tag = asn1::tag_of(f);
            if (!asn1::is_constructed(tag) || tag > 0xFF) continue;
            const auto inner = asn1::read_tlv(head->content);
            const bool bare = inner && inner->tag == 0x30 && inner->rest.empty();
            const Bytes content = bare ? inner->content : head->content;
            if (reads(m, binding::tlv(head->tag, binding::tlv(tag, content))))
                return causes.push_back(std::string("alternative left out: it reads as ") + m.name +
                                        " once " + tag_text(tag) + " (" + f.name +
                                        ") is put around its content");
        }
    }
    if (head->tag == 0xA2)
        if (const auto inner = rsp::recognise(head->content); inner.message)
            causes.push_back(
                std::string("A2 is RemoteProfileProvisioning, the ASN.1 binding of ES9+: inside is ") +
                inner.message->name);
}

// What stands in the place of the error, or before it without being known, when some edition or stack writes
// it so.
void known_habits(const std::vector<const Node*>& path,
                  const Error& error,
                  Bytes message,
                  std::vector<std::string>& causes) {
    const auto tlv = asn1::read_tlv(message.subspan(std::min<size_t>(error.offset, message.size())));
    const asn1::Tag tag = tlv ? tlv->tag : 0;
    const auto applies = [&](const rsp::Habit& h) {
        return std::ranges::any_of(path, [&](const Node* n) {
            if (!n->type || std::string_view(n->type->name) != h.type) return false;
            if (h.code == error.code && (!h.tag || h.tag == tag)) return true;
            return std::ranges::any_of(n->children,
                                       [&](const Node& c) { return !c.type && h.tag && c.tag == h.tag; });
        });
    };
    for (const rsp::Habit& h : rsp::habits())
        if (applies(h) && std::ranges::find(causes, h.cause) == causes.end()) causes.emplace_back(h.cause);
}

} // namespace

Breakage breakage(Bytes message, const Error& error, const rsp::Message* as) {
    Breakage out{.offset = error.offset};
    out.what = std::string(name(error.code)) + " at " + error.where;
    if (as) out.what += std::string(" of ") + as->name;
    out.got = got_of(message, error);
    if (!as) {
        if (error.code == Errc::bad_tag || error.code == Errc::conflict)
            out.expected = "the tag of a message: see `asn1 types`, or give --type";
        if (const std::string like = begins_like(message); !like.empty()) out.got = like;
        if (const std::string cut = cut_text(message); !cut.empty()) out.causes.push_back(cut);
        repaired(message, out.causes);
        return out;
    }
    const auto head = asn1::read_tlv(message);
    const Walk walk = asn1::walk(*as->type, head ? head->whole : message);
    if (!walk.error) return out; // only strict readers refuse it
    const auto path = path_of(walk);
    for (const Node* node : path)
        if (node->own)
            out.within.push_back(std::string(node->field ? node->field->name : node->type->name) + " " +
                                 tag_text(node->tag) + " at " + std::to_string(node->offset) + ", " +
                                 octets_text(node->content.size()));
    out.expected = expected_of(walk);
    if (error.code == Errc::truncated) {
        const std::string cut = out.within.empty()
                                    ? cut_text(message)
                                    : "a length inside " + out.within.back() + " reaches beyond its end";
        if (!cut.empty()) out.causes.push_back(cut);
    }
    repaired(head ? head->whole : message, out.causes);
    known_habits(path, error, message, out.causes);
    return out;
}

std::string hex_window(Bytes octets, size_t at) {
    std::string out;
    const size_t row = at / 16, first = row ? row - 1 : 0;
    for (size_t r = first; r <= row + 1; ++r) {
        if (r * 16 >= octets.size() && r != row) break;
        char head[16];
        (void)std::snprintf(head, sizeof head, "  %06zX  ", r * 16);
        out += head;
        for (size_t i = r * 16; i < std::min(r * 16 + 16, octets.size()); ++i)
            out += (i % 16 ? " " : "") + hex(octets.subspan(i, 1));
        out += '\n';
        if (r == row) out += std::string(10 + at % 16 * 3, ' ') + "^^\n";
    }
    return out;
}

} // namespace halyard::app
