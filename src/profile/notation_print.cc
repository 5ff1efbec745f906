// DER to value notation. The octets have been decoded before: what is read here is well-formed.
#include "profile/notation.h"
#include "profile/notation_types.h"

namespace halyard::profile {
namespace {
using namespace notation;
using asn1::Kind, asn1::Tlv, asn1::Type;

class Printer {
  public:
    explicit Printer(std::string& out) : out_(out) {}
    /// `tlv` is the value's own; `tagged` tells whether a CHOICE has a tag around it.
    Ok value(const Type& type, const Tlv& tlv, bool tagged) {
        switch (type.kind) {
        case Kind::sequence: return sequence(type, tlv.content);
        case Kind::choice: return tagged ? inner(type, tlv) : alternative(type, tlv, " : ");
        case Kind::list:
        case Kind::view: return items(type, tlv.content);
        case Kind::exact: return value(*type.item, tlv, tagged);
        default: return leaf(type, tlv);
        }
    }

  private:
    Ok inner(const Type& type, const Tlv& tlv) {
        return alternative(type, TRY(asn1::read_tlv(tlv.content, type.name)), " : ");
    }
    Ok alternative(const Type& type, const Tlv& tlv, const char* between) {
        for (const asn1::Field& f : type.fields) {
            if (!selects(f, tlv.tag)) continue;
            if (f.type->kind == Kind::null && !tlv.content.empty()) break; // a service kept as any TLV
            out_ += f.name;
            out_ += between;
            return value(shape_of(f), tlv, tag_of(f) != 0);
        }
        unknown(tlv);
        return {};
    }
    Ok sequence(const Type& type, Bytes content) {
        size_t next = 0;
        open();
        for (Bytes rest = content; !rest.empty();) {
            const Tlv tlv = TRY(asn1::read_tlv(rest, type.name));
            rest = tlv.rest;
            line();
            size_t i = next;
            while (i < type.fields.size() && !selects(type.fields[i], tlv.tag) && !type.fields[i].required)
                ++i;
            if (i == type.fields.size() || !selects(type.fields[i], tlv.tag)) {
                unknown(tlv);
                continue;
            }
            const asn1::Field& f = type.fields[i];
            next = i + 1;
            out_ += f.name;
            out_ += ' ';
            TRY(value(shape_of(f), tlv, tag_of(f) != 0));
        }
        close();
        return {};
    }
    Ok items(const Type& type, Bytes content) {
        open();
        for (Bytes rest = content; !rest.empty();) {
            const Tlv tlv = TRY(asn1::read_tlv(rest, type.name));
            rest = tlv.rest;
            line();
            if (is_services(type))
                TRY(alternative(*type.item, tlv, " "));
            else
                TRY(value(*type.item, tlv, type.item->tag != 0));
        }
        close();
        return {};
    }
    Ok leaf(const Type& type, const Tlv& tlv) {
        const Bytes b = tlv.content;
        switch (type.kind) {
        case Kind::integer: {
            int64_t number = 0;
            if (!asn1::load_integer(number, b)) return fail(Errc::bad_value, type.name);
            for (const asn1::NamedValue& n : type.names)
                if (n.value == number) return out_ += n.name, Ok{};
            out_ += std::to_string(number);
            return {};
        }
        case Kind::boolean: out_ += !b.empty() && b[0] ? "TRUE" : "FALSE"; return {};
        case Kind::null: out_ += "NULL"; return {};
        case Kind::utf8: text(b); return {};
        case Kind::oid: oid(b); return {};
        case Kind::bits: return bits(type, b);
        case Kind::any:
        case Kind::raw: octets(tlv.whole); return {};
        default: octets(b); return {};
        }
    }
    void octets(Bytes b) { out_ += '\'' + hex(b) + "'H"; }
    void unknown(const Tlv& tlv) {
        out_ += "unknown ";
        octets(tlv.whole);
    }
    // What a terminal or another reader could trip over goes out as octets.
    void text(Bytes b) {
        const bool plain = std::all_of(b.begin(), b.end(), [](uint8_t c) { return c >= 0x20 && c < 0x7F; });
        if (!plain) return octets(b);
        out_ += '"';
        for (uint8_t c : b) {
            if (c == '"') out_ += '"';
            out_ += static_cast<char>(c);
        }
        out_ += '"';
    }
    void oid(Bytes b) {
        std::string dotted = Oid{b}.text();
        const auto again = asn1::oid_from_text(dotted);
        if (!again || !same(*again, b)) return octets(b); // an arc beyond what we count in
        std::replace(dotted.begin(), dotted.end(), '.', ' ');
        out_ += "{ " + dotted + " }";
    }
    Ok bits(const Type& type, Bytes b) {
        if (b.empty() || b[0] > 7 || (b.size() == 1 && b[0])) return fail(Errc::bad_value, type.name);
        const size_t count = (b.size() - 1) * 8 - b[0];
        const auto set = [&](size_t n) { return b[1 + n / 8] >> (7 - n % 8) & 1; };
        std::string names, digits;
        bool all_named = !type.names.empty();
        for (size_t n = 0; n < count; ++n) {
            digits += set(n) ? '1' : '0';
            if (!set(n)) continue;
            const auto known = std::find_if(type.names.begin(), type.names.end(), [&](const auto& one) {
                return one.value == static_cast<int64_t>(n);
            });
            all_named &= known != type.names.end();
            if (known != type.names.end()) names += (names.empty() ? " " : ", ") + std::string(known->name);
        }
        out_ += all_named ? "{" + names + " }" : '\'' + digits + "'B";
        return {};
    }
    void open() {
        out_ += '{';
        ++indent_;
        first_ = true;
    }
    void line() {
        out_ += first_ ? "\n" : ",\n";
        out_.append(2 * indent_, ' ');
        first_ = false;
    }
    void close() {
        --indent_;
        if (first_) { // nothing inside
            out_ += " }";
        } else {
            out_ += '\n';
            out_.append(2 * indent_, ' ');
            out_ += '}';
        }
        first_ = false;
    }

    std::string& out_;
    size_t indent_ = 0;
    bool first_ = false;
};

} // namespace

std::string NotationError::text() const {
    return std::to_string(line) + ":" + std::to_string(column) + ": found " + found + ", expected " +
           expected;
}

Result<std::string> print_value(const Type& type, Bytes der) {
    std::string out;
    TRY(Printer(out).value(type, TRY(asn1::read_tlv(der, type.name)), type.tag != 0));
    return out;
}

Result<std::string> to_notation(Bytes package) {
    if (package.size() > kMaxPackage) return fail(Errc::limit, "package", kMaxPackage);
    std::string out;
    size_t number = 0;
    for (const Element& e : TRY(parse(package))) {
        const ElementShape shape = element_shape(e.tag);
        out += "value" + std::to_string(++number) + " ProfileElement ::= " + shape.name + " : ";
        if (shape.type)
            TRY(Printer(out).value(*shape.type, TRY(asn1::read_tlv(e.der, e.name)), true));
        else
            out += '\'' + hex(e.der) + "'H";
        out += '\n';
    }
    return out;
}

} // namespace halyard::profile
