#include "profile/flatten.h"
#include "profile/notation.h"
#include "profile/notation_types.h"

namespace halyard::profile {
namespace {
using namespace notation;
using asn1::Kind, asn1::Tlv, asn1::Type;

bool is_secret(std::string_view field) {
    static constexpr std::string_view kSecrets[] = {"pinValue",
                                                    "pukValue",
                                                    "key",
                                                    "opc",
                                                    "keyData",
                                                    "authenticationKey",
                                                    "ssd",
                                                    "hrpdAccessAuthenticationData",
                                                    "simpleIPAuthenticationData",
                                                    "mobileIPAuthenticationData"};
    return std::find(std::begin(kSecrets), std::end(kSecrets), field) != std::end(kSecrets);
}

class Flattener {
  public:
    explicit Flattener(std::vector<Leaf>& out) : out_(out) {}
    Ok value(const Type& type, const Tlv& tlv, bool tagged, const std::string& path, bool secret) {
        switch (type.kind) {
        case Kind::sequence: return sequence(type, tlv.content, path);
        case Kind::choice:
            return alternative(type, tagged ? TRY(asn1::read_tlv(tlv.content, type.name)) : tlv, path);
        case Kind::list:
        case Kind::view: return items(type, tlv.content, path);
        case Kind::exact: return value(*type.item, tlv, tagged, path, secret);
        default: break;
        }
        // Printed under the type's own tag, which the printer does not look at for leaves.
        out_.push_back({path, TRY(print_value(type, tlv.whole)), secret});
        return {};
    }

  private:
    static std::string joined(const std::string& path, const std::string& name) {
        return path.empty() ? name : path + "." + name;
    }
    Ok alternative(const Type& type, const Tlv& tlv, const std::string& path) {
        for (const asn1::Field& f : type.fields)
            if (selects(f, tlv.tag))
                return value(shape_of(f), tlv, tag_of(f) != 0, joined(path, f.name), is_secret(f.name));
        return unknown(tlv, path);
    }
    Ok unknown(const Tlv& tlv, const std::string& path) {
        out_.push_back({joined(path, "unknown"), '\'' + hex(tlv.whole) + "'H"});
        return {};
    }
    Ok by_default(const Type& owner, const asn1::Field& f, const std::string& path) {
        const char* const usual = default_of(owner, f);
        if (!usual) return {};
        const OwnedBytes content = *from_hex(usual);
        OwnedBytes whole = tlv_head(tag_of(f), content.size());
        append(whole, content);
        return value(shape_of(f), TRY(asn1::read_tlv(whole)), true, joined(path, f.name), is_secret(f.name));
    }
    Ok sequence(const Type& type, Bytes content, const std::string& path) {
        size_t next = 0;
        for (Bytes rest = content; !rest.empty();) {
            const Tlv tlv = TRY(asn1::read_tlv(rest, type.name));
            rest = tlv.rest;
            size_t i = next;
            while (i < type.fields.size() && !selects(type.fields[i], tlv.tag)) ++i;
            if (i == type.fields.size()) {
                TRY(unknown(tlv, path));
                continue;
            }
            for (; next < i; ++next) TRY(by_default(type, type.fields[next], path));
            const asn1::Field& f = type.fields[i];
            next = i + 1;
            TRY(value(shape_of(f), tlv, tag_of(f) != 0, joined(path, f.name), is_secret(f.name)));
        }
        for (; next < type.fields.size(); ++next) TRY(by_default(type, type.fields[next], path));
        return {};
    }
    // Items that carry a name of their own go by it, so that one more in front does not change all the
    // others.
    Ok items(const Type& type, Bytes content, const std::string& path) {
        size_t number = 0;
        for (Bytes rest = content; !rest.empty();) {
            const Tlv tlv = TRY(asn1::read_tlv(rest, type.name));
            rest = tlv.rest;
            if (is_services(type)) {
                TRY(alternative(*type.item, tlv, path));
                continue;
            }
            std::string label = std::to_string(++number);
            if (type.item->kind == Kind::sequence)
                for (const char* key : {"keyReference", "keyVersionNumber", "instanceAID"})
                    if (const std::string own = TRY(component(*type.item, tlv.content, key)); !own.empty())
                        label = own;
            TRY(value(*type.item, tlv, type.item->tag != 0, joined(path, label), false));
        }
        return {};
    }
    // The printed value of a component; of a key with its identifier.
    Result<std::string> component(const Type& type, Bytes content, std::string_view wanted) {
        std::string out, identifier;
        size_t next = 0;
        for (Bytes rest = content; !rest.empty() && next < type.fields.size();) {
            const Tlv tlv = TRY(asn1::read_tlv(rest, type.name));
            while (next < type.fields.size() && !selects(type.fields[next], tlv.tag)) ++next;
            if (next == type.fields.size()) break;
            const asn1::Field& f = type.fields[next++];
            if (f.name == wanted) out = TRY(print_value(*f.type, tlv.whole));
            if (std::string_view(f.name) == "keyIdentifier") identifier = "/" + hex(tlv.content);
            if (f.name == wanted && wanted == "keyVersionNumber") out = "key " + hex(tlv.content);
            rest = tlv.rest;
        }
        return out.empty() ? out : out + identifier;
    }

    std::vector<Leaf>& out_;
};
} // namespace

Result<std::vector<Leaf>> flatten(const Element& e) {
    std::vector<Leaf> out;
    const Tlv tlv = TRY(asn1::read_tlv(e.der, e.name));
    const ElementShape shape = element_shape(e.tag);
    if (template_of(e.tag)) {
        const TemplateElement parts = TRY(take_apart(e));
        out.push_back({"header.mandated", parts.header.mandated ? "NULL" : "absent"});
        out.push_back({"header.identification", std::to_string(parts.header.identification)});
        out.push_back({"templateID", parts.template_id.text()});
    } else if (e.tag == 0xA1) {
        const auto pe = TRY(asn1::decode<GenericFileManagement>(e.der));
        out.push_back({"header.mandated", pe.header.mandated ? "NULL" : "absent"});
        out.push_back({"header.identification", std::to_string(pe.header.identification)});
    } else if (shape.type) {
        TRY(Flattener(out).value(*shape.type, tlv, true, "", false));
    } else {
        out.push_back({"unknown", '\'' + hex(e.der) + "'H"});
    }
    return out;
}

} // namespace halyard::profile
