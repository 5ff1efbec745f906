#include "apps/common/message_view.h"
#include "binding/message_json.h"
#include <cstdio>
#include <nlohmann/json.hpp>

namespace halyard::app {
namespace {
using nlohmann::ordered_json;

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
    }));
    const asn1::Walk walk = asn1::walk(*view.message->type, tlv);
    if (walk.error) return tl::unexpected<Error>(*walk.error);
    view.json = binding::json_of(walk.root);
    if (!view.text.empty() && view.text.back() != '\n') view.text += '\n'; // a leaf or list by itself
    for (asn1::Noted& d : view.deviations) d.offset += static_cast<uint32_t>(view.offset);
    return {};
}

} // namespace

std::string tag_text(asn1::Tag tag) {
    char text[16];
    (void)std::snprintf(text, sizeof text, "%02X", tag);
    return text;
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
        out += std::string(v.message->name) + " (" + tag_text(v.tag) + ", " + v.message->section +
               "), octet " + std::to_string(v.offset) + ", " + std::to_string(v.octets) + " octets\n" +
               v.text;
        for (const asn1::Noted& d : v.deviations)
            out += std::string("  tolerated: ") + asn1::name(d.what) + " at " + d.where + ", octet " +
                   std::to_string(d.offset) + '\n';
        if (!v.others.empty()) out += "  can also be read as: " + names_of(v.others) + '\n';
    }
    return out;
}

ordered_json json_of(const MessageView& v) {
    ordered_json out{{"type", v.message->name},
                     {"tag", tag_text(v.tag)},
                     {"section", v.message->section},
                     {"offset", v.offset},
                     {"octets", v.octets},
                     {"value", ordered_json::parse(v.json, nullptr, false)}};
    auto& deviations = out["deviations"] = ordered_json::array();
    for (const asn1::Noted& d : v.deviations)
        deviations.push_back({{"what", asn1::name(d.what)}, {"where", d.where}, {"offset", d.offset}});
    auto& others = out["others"] = ordered_json::array();
    for (const rsp::Message* m : v.others) others.push_back(m->name);
    return out;
}

std::string to_json(const MessageViews& views) {
    ordered_json out;
    auto& list = out["messages"] = ordered_json::array();
    for (const MessageView& v : views.messages) list.push_back(json_of(v));
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
    if (e.detail) out += " (" + std::to_string(e.detail) + ", 0x" + tag_text(e.detail) + ")";
    if (views.as) out += std::string(" of ") + views.as->name;
    out += ", octet " + std::to_string(e.offset);
    if (e.code == Errc::unsupported) out += "; `halyard profile show` reads these";
    if (e.code == Errc::conflict)
        out += "; several types begin so, choose one with --type: " + names_of(views.could_be);
    if (e.code == Errc::bad_tag && !views.as) out += "; no message begins so, but --type names a component";
    return out;
}

} // namespace halyard::app
