// Value notation to DER, without values in between: the description says which tags, lengths and names there
// are.
#include "profile/notation.h"
#include "profile/notation_lexer.h"
#include "profile/notation_types.h"
#include <charconv>

namespace halyard::profile {
namespace {
using namespace notation;
using asn1::Kind, asn1::Tag, asn1::Type;

constexpr int kMaxDepth = 32; // of braces; what elements allow (SR-48) is checked when they are read
constexpr size_t kMaxElements = 1000;

bool within(size_t n, const asn1::Size& a, const asn1::Size& b) {
    return n >= a.min && n <= a.max && n >= b.min && n <= b.max;
}

std::string sizes(const asn1::Size& a, const asn1::Size& b) {
    const size_t least = std::max(a.min, b.min), most = std::min(a.max, b.max);
    if (least == most) return std::to_string(least) + " octets";
    if (most == 0xFFFFFFFF) return "at least " + std::to_string(least) + " octets";
    return std::to_string(least) + " to " + std::to_string(most) + " octets";
}

void append_tlv(SecretBytes& out, Tag tag, Bytes content) {
    out.append(tlv_head(tag, content.size()));
    out.append(content);
}

bool digit_of(char c, uint8_t& digit) {
    const size_t at = std::string_view("0123456789ABCDEFabcdef").find(c);
    digit = static_cast<uint8_t>(at < 16 ? at : at - 6);
    return at != std::string_view::npos;
}

class Parser {
  public:
    Parser(std::string_view text, const NotationOptions& options) : lexer_(text), options_(options) {
        if (text.size() > kMaxNotation) {
            refuse("a text of " + std::to_string(text.size()) + " octets",
                   "at most " + std::to_string(kMaxNotation));
            return;
        }
        take();
    }
    bool package(SecretBytes& out) {
        for (size_t n = 0; !error_ && now_.kind != Token::end; ++n) {
            if (n == kMaxElements) return refuse(describe(now_), "at most 1000 profile elements");
            if (!element(out)) return false;
            if (out.size() > kMaxPackage)
                return refuse(describe(now_),
                              "a package of at most " + std::to_string(kMaxPackage) + " octets");
        }
        return !error_;
    }
    bool one(const Type& type, SecretBytes& out) {
        if (error_ || !value(type, type.tag, {}, out)) return false;
        return now_.kind == Token::end || refuse(describe(now_), "the end of the text");
    }
    const NotationError& error() const { return *error_; }

  private:
    bool refuse(std::string found, std::string expected) {
        return refuse(now_, std::move(found), std::move(expected));
    }
    bool refuse(const Lexeme& at, std::string found, std::string expected) {
        if (!error_) error_ = NotationError{at.line, at.column, std::move(found), std::move(expected)};
        return false;
    }
    void take() { now_ = lexer_.next(); }
    bool is(std::string_view punctuation) const {
        return now_.kind == Token::punctuation && now_.text == punctuation;
    }
    bool expect(std::string_view punctuation) {
        if (!is(punctuation)) return refuse(describe(now_), '\'' + std::string(punctuation) + '\'');
        return take(), true;
    }

    // [name ProfileElement ::=] alternative : value
    bool element(SecretBytes& out) {
        Lexeme name = now_;
        if (name.kind != Token::name) return refuse(describe(now_), "a profile element");
        take();
        if (now_.kind == Token::name) {
            if (now_.text != "ProfileElement") return refuse(describe(now_), "'ProfileElement' or ':'");
            take();
            if (!expect("::=")) return false;
            name = now_;
            take();
        }
        const ElementShape shape =
            name.kind == Token::name ? element_shape(name.text) : ElementShape{"unknown", 0, nullptr};
        if (!shape.type && (name.kind != Token::name || name.text != "unknown"))
            return refuse(name, describe(name), "the name of a profile element: header, mf, usim …");
        if (!expect(":")) return false;
        SecretBytes der;
        if (!(shape.type ? value(*shape.type, shape.tag, {}, der) : unknown(der))) return false;
        // Depth, counts and numbers out of range show when it is read.
        const auto read = next_element(der.reveal(), 0);
        if (!read || !*read)
            return refuse(name,
                          std::string("an element that cannot be: ") +
                              (read ? "truncated" : halyard::name(read.error().code)) +
                              (read ? "" : std::string(" at ") + read.error().where),
                          "a profile element");
        out.append(der.reveal());
        return true;
    }

    bool value(const Type& type, Tag tag, const asn1::Size& size, SecretBytes& out) {
        if (type.kind == Kind::exact) return value(*type.item, tag, size, out);
        if (type.kind == Kind::any || type.kind == Kind::raw) return unknown(out);
        if (type.kind == Kind::choice && !tag) return alternative(type, out);
        SecretBytes content;
        bool good = false;
        switch (type.kind) {
        case Kind::sequence: good = sequence(type, content); break;
        case Kind::choice: good = alternative(type, content); break;
        case Kind::list:
        case Kind::view: good = items(type, content); break;
        default: good = leaf(type, size, content); break;
        }
        if (!good) return false;
        append_tlv(out, tag, content.reveal());
        return true;
    }
    bool enter() {
        if (!is("{")) return refuse(describe(now_), "'{'");
        if (++depth_ > kMaxDepth) return refuse("more than 32 braces within each other", "at most 32");
        take();
        return true;
    }
    bool leave() {
        --depth_;
        return expect("}");
    }
    // A comma, unless the brace closes.
    bool more() {
        if (is("}")) return true;
        if (!is(",")) return refuse(describe(now_), "',' or '}'");
        take();
        return !is("}") || refuse(describe(now_), "another component behind ','");
    }

    bool sequence(const Type& type, SecretBytes& out) {
        if (!enter()) return false;
        size_t next = 0;
        bool strange = false; // with unknown components the order may be, too; reading the element will tell
        while (!is("}")) {
            if (now_.kind == Token::name && now_.text == "unknown") {
                strange = true;
                if (!alternative(type, out) || !more()) return false;
                continue;
            }
            size_t i = next;
            const auto here = [&] { return now_.kind == Token::name && called(type.fields[i], now_.text); };
            while (i < type.fields.size() && !here() && (strange || !type.fields[i].required)) ++i;
            if (i == type.fields.size() || !here()) return misplaced(type, next);
            const asn1::Field& f = type.fields[i];
            next = i + 1;
            take();
            if (!component(type, f, out) || !more()) return false;
        }
        for (; next < type.fields.size() && !strange; ++next)
            if (type.fields[next].required)
                return refuse(describe(now_), std::string("the component ") + type.fields[next].name);
        return leave();
    }
    // What was written is no component that may come here; says which may.
    bool misplaced(const Type& type, size_t next) {
        std::string expected;
        for (size_t i = next; i < type.fields.size(); ++i) {
            if (i - next < 12) expected += (expected.empty() ? "" : ", ") + std::string(type.fields[i].name);
            if (type.fields[i].required) break;
            if (i + 1 == type.fields.size()) expected += " or '}'";
        }
        if (expected.empty()) expected = "'}'";
        std::string found = describe(now_);
        for (size_t i = 0; i < next && now_.kind == Token::name; ++i)
            if (called(type.fields[i], now_.text)) found += ", twice or out of order,";
        return refuse(found, expected + " (in " + type.name + ")");
    }
    // A component with a DEFAULT is left out when it says nothing else. X.690 §11.5
    bool component(const Type& owner, const asn1::Field& f, SecretBytes& out) {
        const char* const usual = options_.keep_defaults ? nullptr : default_of(owner, f);
        if (!usual) return value(shape_of(f), tag_of(f), f.size, out);
        SecretBytes written;
        if (!value(shape_of(f), tag_of(f), f.size, written)) return false;
        const auto tlv = asn1::read_tlv(written.reveal());
        if (!tlv || !same(tlv->content, *from_hex(usual))) out.append(written.reveal());
        return true;
    }
    bool alternative(const Type& type, SecretBytes& out, bool colon = true) {
        if (now_.kind == Token::name && now_.text == "unknown") {
            take();
            return unknown(out);
        }
        if (now_.kind == Token::name)
            for (const asn1::Field& f : type.fields) {
                if (!called(f, now_.text)) continue;
                take();
                if (colon && !expect(":")) return false;
                return value(shape_of(f), tag_of(f), f.size, out);
            }
        std::string expected;
        for (size_t i = 0; i < type.fields.size() && i < 12; ++i)
            expected += (i ? ", " : "") + std::string(type.fields[i].name);
        return refuse(describe(now_), "one of " + expected + " (in " + type.name + ")");
    }
    bool items(const Type& type, SecretBytes& out) {
        if (!enter()) return false;
        while (!is("}")) {
            const bool good = is_services(type) ? alternative(*type.item, out, false)
                                                : value(*type.item, type.item->tag, type.item->size, out);
            if (!good || !more()) return false;
        }
        return leave();
    }

    bool leaf(const Type& type, const asn1::Size& size, SecretBytes& out) {
        switch (type.kind) {
        case Kind::integer: return integer(type, out);
        case Kind::boolean: {
            const bool yes = now_.text == "TRUE";
            if (now_.kind != Token::name || (!yes && now_.text != "FALSE"))
                return refuse(describe(now_), "TRUE or FALSE");
            const uint8_t octet = yes ? 0xFF : 0;
            out.append(Bytes(&octet, 1));
            break;
        }
        case Kind::null:
            if (now_.kind != Token::name || now_.text != "NULL") return refuse(describe(now_), "NULL");
            break;
        case Kind::utf8: return string(type, size, out);
        case Kind::oid: return oid(out);
        case Kind::bits: return bits(type, out);
        default: {
            const Lexeme at = now_;
            if (!octets(out)) return false;
            return within(out.size(), size, type.size) ||
                   refuse(at, std::to_string(out.size()) + " octets", sizes(size, type.size));
        }
        }
        take();
        return true;
    }
    bool integer(const Type& type, SecretBytes& out) {
        int64_t number = 0;
        bool good = false;
        if (now_.kind == Token::number) {
            const auto [end, error] =
                std::from_chars(now_.text.data(), now_.text.data() + now_.text.size(), number);
            good = error == std::errc{};
        } else if (now_.kind == Token::name) {
            for (const asn1::NamedValue& n : type.names)
                if (n.name == now_.text) {
                    number = n.value;
                    good = true;
                }
        }
        asn1::Scratch scratch;
        const Bytes content = asn1::save_integer(number, scratch);
        alignas(int64_t) std::array<uint8_t, 8> room{}; // as large as any integer member
        if (!good || !type.load(room.data(), content)) {
            std::string names;
            for (const asn1::NamedValue& n : type.names) names += std::string(", ") + n.name;
            return refuse(describe(now_), "a number within the component's range" + names);
        }
        out.append(content);
        take();
        return true;
    }
    // 'AB'H, or '01'B with a multiple of eight digits. White space between digits is allowed.
    bool octets(SecretBytes& out) {
        if (now_.kind != Token::hex && now_.kind != Token::bits)
            return refuse(describe(now_), "a hex string 'AB'H");
        const unsigned per_octet = now_.kind == Token::hex ? 2 : 8, shift = 8 / per_octet;
        SecretBytes all((now_.text.size() + per_octet - 1) / per_octet);
        size_t digits = 0;
        for (char c : now_.text) {
            uint8_t digit = 0;
            if (c == ' ' || (c >= '\t' && c <= '\r')) continue;
            if (!digit_of(c, digit) || digit >= 1 << shift)
                return refuse("a string with something else than digits",
                              per_octet == 2 ? "0 to 9 and A to F" : "0 and 1");
            uint8_t& octet = all.writable()[digits++ / per_octet];
            octet = static_cast<uint8_t>(octet << shift | digit);
        }
        if (digits % per_octet) return refuse(std::to_string(digits) + " digits", "whole octets");
        out.append(all.reveal().first(digits / per_octet));
        take();
        return true;
    }
    // The complete TLV of a component or element that we do not know.
    bool unknown(SecretBytes& out) {
        const Lexeme at = now_;
        SecretBytes all;
        if (!octets(all)) return false;
        const auto tlv = asn1::read_tlv(all.reveal());
        if (!tlv || !tlv->rest.empty()) return refuse(at, "octets that are no TLV", "one complete TLV");
        out.append(all.reveal());
        return true;
    }
    bool string(const Type& type, const asn1::Size& size, SecretBytes& out) {
        const Lexeme at = now_;
        if (now_.kind == Token::text) {
            for (size_t i = 0; i < now_.text.size(); ++i) {
                out.append(bytes_of(now_.text.substr(i, 1)));
                if (now_.text[i] == '"') ++i; // doubled
            }
            take();
        } else if (now_.kind == Token::hex) {
            if (!octets(out)) return false;
        } else {
            return refuse(describe(now_), "a character string in \"\"");
        }
        return within(out.size(), size, type.size) ||
               refuse(at, "a string of " + std::to_string(out.size()) + " octets", sizes(size, type.size));
    }
    bool oid(SecretBytes& out) {
        const Lexeme at = now_;
        if (now_.kind == Token::hex) return octets(out);
        if (!enter()) return false;
        std::string dotted;
        while (!is("}")) {
            const bool named = now_.kind == Token::name; // joint-iso-itu-t(2)
            if (named) {
                take();
                if (!expect("(")) return false;
            }
            if (now_.kind != Token::number) return refuse(describe(now_), "a number of an object identifier");
            dotted += (dotted.empty() ? "" : ".") + std::string(now_.text);
            take();
            if (named && !expect(")")) return false;
        }
        const auto content = asn1::oid_from_text(dotted);
        if (!content) return refuse(at, '\'' + dotted + '\'', "an object identifier { 2 23 143 … }");
        out.append(*content);
        return leave();
    }
    bool bits(const Type& type, SecretBytes& out) {
        std::vector<bool> set;
        if (is("{")) {
            if (!enter()) return false;
            while (!is("}")) {
                const auto known = std::find_if(type.names.begin(), type.names.end(), [&](const auto& n) {
                    return now_.kind == Token::name && now_.text == n.name;
                });
                if (known == type.names.end())
                    return refuse(describe(now_), std::string("the name of a bit of ") + type.name);
                const auto bit = static_cast<size_t>(known->value);
                if (set.size() <= bit) set.resize(bit + 1);
                set[bit] = true;
                take();
                if (!more()) return false;
            }
            if (!leave()) return false;
        } else if (now_.kind == Token::bits) {
            for (char c : now_.text) {
                if (c != '0' && c != '1') return refuse(describe(now_), "0 and 1");
                set.push_back(c == '1');
            }
            take();
        } else {
            return refuse(describe(now_), "'01'B or names of bits in braces");
        }
        OwnedBytes content(1 + (set.size() + 7) / 8);
        content[0] = static_cast<uint8_t>((content.size() - 1) * 8 - set.size());
        for (size_t n = 0; n < set.size(); ++n)
            if (set[n]) content[1 + n / 8] = static_cast<uint8_t>(content[1 + n / 8] | 0x80 >> n % 8);
        out.append(content);
        return true;
    }

    Lexer lexer_;
    NotationOptions options_;
    Lexeme now_;
    int depth_ = 0;
    std::optional<NotationError> error_;
};

} // namespace

Notated<SecretBytes> from_notation(std::string_view text, const NotationOptions& options) {
    Parser parser(text, options);
    SecretBytes out;
    if (!parser.package(out)) return tl::unexpected<NotationError>(parser.error());
    return out;
}

Notated<SecretBytes> parse_value(const Type& type, std::string_view text, const NotationOptions& options) {
    Parser parser(text, options);
    SecretBytes out;
    if (!parser.one(type, out)) return tl::unexpected<NotationError>(parser.error());
    return out;
}

} // namespace halyard::profile
