#include "asn1/asn1.h"

namespace halyard::asn1 {
namespace {

void quote(std::string_view text, std::string& out) {
    out += '"';
    for (char c : text) {
        const auto u = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (u < 0x20 || u == 0x7F) {
            out += "\\u00";
            out += "0123456789ABCDEF"[u >> 4];
            out += "0123456789ABCDEF"[u & 15];
        } else {
            out += c;
        }
    }
    out += '"';
}

const char* name_of(const Type& type, int64_t value) {
    for (const NamedValue& n : type.names)
        if (n.value == value) return n.name;
    return nullptr;
}

// Octets that are text in an unknown encoding must not reach a terminal or a JSON parser as they are.
bool is_utf8(Bytes b) {
    for (size_t i = 0; i < b.size();) {
        const uint8_t c = b[i];
        const size_t more = c < 0x80 ? 0 : c >= 0xF0 && c < 0xF5 ? 3 : c >= 0xE0 ? 2 : c >= 0xC2 ? 1 : 9;
        if (more == 9 || c >= 0xF5 || i + more >= b.size()) return false;
        // Overlong forms, surrogates and what lies beyond 10FFFF show in the second octet. RFC 3629 §4
        const uint8_t second = more > 1 ? b[i + 1] : 0x80;
        if ((c == 0xE0 && second < 0xA0) || (c == 0xED && second > 0x9F) || (c == 0xF0 && second < 0x90) ||
            (c == 0xF4 && second > 0x8F))
            return false;
        for (size_t k = 1; k <= more; ++k)
            if ((b[i + k] & 0xC0) != 0x80) return false;
        i += more + 1;
    }
    return true;
}

void leaf(const Type& type, const void* in, std::string& out, bool names) {
    Scratch scratch;
    const Bytes b = type.save(in, scratch);
    switch (type.kind) {
    case Kind::integer: {
        int64_t v = 0;
        (void)load_integer(v, b);
        out += std::to_string(v);
        if (const char* n = names ? name_of(type, v) : nullptr) out += std::string(" (") + n + ")";
        return;
    }
    case Kind::boolean: out += b[0] ? "true" : "false"; return;
    case Kind::null: out += "null"; return;
    case Kind::utf8: quote(is_utf8(b) ? std::string(text_of(b)) : hex(b), out); return;
    case Kind::oid: quote(Oid{b}.text(), out); return;
    case Kind::bits: {
        uint64_t mask = 0;
        (void)load_bits(mask, b);
        out += '[';
        const char* sep = "";
        for (unsigned n = 0; n < 64; ++n) {
            if (!(mask >> n & 1)) continue;
            out += std::exchange(sep, names ? ", " : ",");
            const char* known = name_of(type, n);
            quote(known ? std::string(known) : "bit" + std::to_string(n), out);
        }
        out += ']';
        return;
    }
    case Kind::raw: quote(hex(Raw{b}.der()), out); return;
    default: quote(hex(b), out); return;
    }
}

struct ListContext {
    const Type& item;
    std::string& out;
    const char* sep;
    int indent;
};

} // namespace

void to_json(const Type& type, const void* in, std::string& out) {
    switch (type.kind) {
    case Kind::sequence:
    case Kind::choice: {
        const char* sep = "{";
        for (const Field& f : type.fields) {
            const void* member = f.find(in);
            if (!member) continue;
            out += std::exchange(sep, ",");
            quote(f.name, out);
            out += ':';
            to_json(*f.type, member, out);
        }
        out += sep[0] == '{' ? "{}" : "}";
        return;
    }
    case Kind::list:
        out += '[';
        for (size_t i = 0; i < type.count(in); ++i) {
            if (i) out += ',';
            to_json(*type.item, type.at(in, i), out);
        }
        out += ']';
        return;
    case Kind::view: {
        ListContext context{*type.item, out, "", 0};
        out += '[';
        type.each(in, &context, [](void* p, const void* item) {
            auto& c = *static_cast<ListContext*>(p);
            c.out += std::exchange(c.sep, ",");
            to_json(c.item, item, c.out);
        });
        out += ']';
        return;
    }
    case Kind::exact: return to_json(*type.item, type.at(in, 0), out);
    default: return leaf(type, in, out, false);
    }
}

void print(const Type& type, const void* in, std::string& out, int indent) {
    const std::string pad(static_cast<size_t>(indent) * 2, ' ');
    switch (type.kind) {
    case Kind::sequence:
    case Kind::choice:
        for (const Field& f : type.fields) {
            const void* member = f.find(in);
            if (!member) continue;
            const Type* t = f.type;
            while (t->kind == Kind::exact) t = t->item;
            const bool nested = t->kind == Kind::sequence || t->kind == Kind::choice ||
                                t->kind == Kind::list || t->kind == Kind::view;
            out += pad + f.name + ':';
            out += nested ? '\n' : ' ';
            print(*f.type, member, out, indent + 1);
            if (!nested) out += '\n';
        }
        return;
    case Kind::list:
        for (size_t i = 0; i < type.count(in); ++i) {
            out += pad + "- " + type.item->name + '\n';
            print(*type.item, type.at(in, i), out, indent + 1);
            if (out.back() != '\n') out += '\n';
        }
        return;
    case Kind::view: {
        ListContext context{*type.item, out, "", indent};
        type.each(in, &context, [](void* p, const void* item) {
            auto& c = *static_cast<ListContext*>(p);
            c.out += std::string(static_cast<size_t>(c.indent) * 2, ' ') + "- " + c.item.name + '\n';
            print(c.item, item, c.out, c.indent + 1);
            if (c.out.back() != '\n') c.out += '\n';
        });
        return;
    }
    case Kind::exact: return print(*type.item, type.at(in, 0), out, indent);
    default: return leaf(type, in, out, true);
    }
}

} // namespace halyard::asn1
