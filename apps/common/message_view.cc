#include "apps/common/message_view.h"
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace halyard::app {
namespace {
using nlohmann::ordered_json;

bool is_space(uint8_t c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_hex(uint8_t c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':';
}

// The lines between BEGIN and END; everything when there are none.
std::string without_armour(std::string_view text) {
    std::string out;
    for (size_t at = 0; at < text.size();) {
        const size_t end = std::min(text.find('\n', at), text.size());
        const std::string_view line = text.substr(at, end - at);
        if (!line.starts_with("-----")) out.append(line).push_back('\n');
        at = end + 1;
    }
    return out;
}

std::string hex_of(uint32_t number) {
    char text[16];
    (void)std::snprintf(text, sizeof text, "%02X", number);
    return text;
}

std::string names_of(const std::vector<const rsp::Message*>& messages) {
    std::string out;
    for (const rsp::Message* m : messages) out += (out.empty() ? "" : ", ") + std::string(m->name);
    return out;
}

struct Rendering {
    const asn1::Type& type;
    MessageView& view;
};

// PE-Header: A0 with majorVersion and minorVersion first. No message of RSP begins so.
bool is_profile_package(Bytes der) {
    const auto head = asn1::read_tlv(der);
    return head && head->tag == 0xA0 && head->content.size() > 6 && head->content[0] == 0x80 &&
           head->content[1] == 1 && head->content[3] == 0x81;
}

Ok render(MessageView& view, Bytes tlv, bool strict) {
    asn1::DecodeOptions options{.strict = strict, .noted = &view.deviations, .tally = false};
    Rendering rendering{*view.message->type, view};
    TRY(view.message->read(tlv, options, &rendering, [](void* context, const void* value) {
        auto& r = *static_cast<Rendering*>(context);
        asn1::print(r.type, value, r.view.text, 1);
        asn1::to_json(r.type, value, r.view.json);
    }));
    if (!view.text.empty() && view.text.back() != '\n') view.text += '\n'; // a leaf or list by itself
    for (asn1::Noted& d : view.deviations) d.offset += static_cast<uint32_t>(view.offset);
    return {};
}

} // namespace

Result<OwnedBytes> der_of(Bytes content, const char* where) {
    if (std::ranges::all_of(content, is_space)) return fail(Errc::truncated, where);
    // Octets of a message are never all printable: its tags or lengths are not.
    if (!std::ranges::all_of(content, [](uint8_t c) { return is_space(c) || (c > 0x20 && c < 0x7F); }))
        return owned(content);
    if (std::ranges::all_of(content, [](uint8_t c) { return is_space(c) || is_hex(c); }))
        return from_hex(text_of(content), where);
    return from_base64(without_armour(text_of(content)), where);
}

MessageViews view_messages(Bytes der, const rsp::Message* type, bool strict) {
    MessageViews out;
    for (Bytes rest = der; !rest.empty() || out.messages.empty();) {
        const auto offset = static_cast<size_t>(rest.data() - der.data());
        const auto refuse = [&](Error error) {
            error.offset += static_cast<uint32_t>(offset);
            out.error = error;
            return out;
        };
        if (!type && is_profile_package(rest)) return refuse({Errc::unsupported, "profile package"});
        const auto tlv = asn1::read_tlv(rest, type ? type->name : "message");
        if (!tlv) return refuse(tlv.error());
        MessageView view{.message = type, .tag = tlv->tag, .offset = offset, .octets = tlv->whole.size()};
        if (!type) {
            rsp::Recognition found = rsp::recognise(tlv->whole, {.strict = strict});
            out.as = found.nearest;
            if (found.error) {
                out.could_be = std::move(found.others);
                return refuse(*found.error);
            }
            view.message = found.message;
            view.others = std::move(found.others);
        }
        out.as = view.message;
        if (const auto ok = render(view, tlv->whole, strict); !ok) return refuse(ok.error());
        out.messages.push_back(std::move(view));
        rest = tlv->rest;
    }
    return out;
}

std::string to_text(const MessageViews& views) {
    std::string out;
    for (const MessageView& v : views.messages) {
        out += std::string(v.message->name) + " (" + hex_of(v.tag) + ", " + v.message->section + "), octet " +
               std::to_string(v.offset) + ", " + std::to_string(v.octets) + " octets\n" + v.text;
        for (const asn1::Noted& d : v.deviations)
            out += std::string("  tolerated: ") + asn1::name(d.what) + " at " + d.where + ", octet " +
                   std::to_string(d.offset) + '\n';
        if (!v.others.empty()) out += "  can also be read as: " + names_of(v.others) + '\n';
    }
    return out;
}

std::string to_json(const MessageViews& views) {
    ordered_json out;
    auto& list = out["messages"] = ordered_json::array();
    for (const MessageView& v : views.messages) {
        ordered_json one{{"type", v.message->name},
                         {"tag", hex_of(v.tag)},
                         {"section", v.message->section},
                         {"offset", v.offset},
                         {"octets", v.octets},
                         {"value", ordered_json::parse(v.json, nullptr, false)}};
        auto& deviations = one["deviations"] = ordered_json::array();
        for (const asn1::Noted& d : v.deviations)
            deviations.push_back({{"what", asn1::name(d.what)}, {"where", d.where}, {"offset", d.offset}});
        auto& others = one["others"] = ordered_json::array();
        for (const rsp::Message* m : v.others) others.push_back(m->name);
        list.push_back(std::move(one));
    }
    if (const auto& e = views.error) {
        out["error"] = {
            {"code", name(e->code)}, {"where", e->where}, {"detail", e->detail}, {"offset", e->offset}};
        if (views.as) out["error"]["as"] = views.as->name;
        for (const rsp::Message* m : views.could_be) out["error"]["could_be"].push_back(m->name);
    }
    return out.dump();
}

std::string describe_error(const MessageViews& views) {
    const Error& e = *views.error;
    std::string out = std::string(name(e.code)) + " at " + e.where;
    if (e.detail) out += " (" + std::to_string(e.detail) + ", 0x" + hex_of(e.detail) + ")";
    if (views.as) out += std::string(" of ") + views.as->name;
    out += ", octet " + std::to_string(e.offset);
    if (e.code == Errc::unsupported) out += "; `halyard profile show` reads these";
    if (e.code == Errc::conflict)
        out += "; several types begin so, choose one with --type: " + names_of(views.could_be);
    if (e.code == Errc::bad_tag && !views.as) out += "; no message begins so, but --type names a component";
    return out;
}

} // namespace halyard::app
