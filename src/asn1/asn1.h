#pragma once
// ASN.1 types as data. A message struct lists its fields once, in asn1(); DER, JSON and printing are each
// one ordinary, non-template interpreter over that list. See docs/adr/0002-asn1-as-data.md.
#include "base/octets.h"
#include "base/result.h"
#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

namespace halyard::asn1 {

using Tag = uint32_t; // as on the wire: 0x30, 0x5F37, 0xBF20
using Scratch = std::array<uint8_t, 9>;

enum class Kind : uint8_t {
    sequence,
    choice,
    list,  // SEQUENCE OF held as std::vector
    view,  // SEQUENCE OF held as List
    exact, // a value with the octets it came from
    any,   // one whole TLV kept as it is: an open type
    raw,   // the undecoded content of a SEQUENCE: a certificate, a public key
    integer,
    boolean,
    null,
    octets,
    utf8,
    bits,
    oid,
};

struct Type;
struct DecodeContext; // the interpreter's own state: options, counts, where the message begins
struct NamedValue {
    int64_t value;
    const char* name;
};
/// Allowed content size of a string or octets, in octets.
struct Size {
    uint16_t min = 0;
    uint32_t max = 0xFFFFFFFF; // the message's own cap is what bounds the rest
};

/// A member of a SEQUENCE or an alternative of a CHOICE. `make` and `find` hide whether the member is plain,
/// std::optional or inside a std::variant, so the interpreters never need to know.
struct Field {
    const char* name;
    Tag tag; // 0: the type's own tag
    bool required;
    const Type* type;
    void* (*make)(void* owner);             // engage the member and return it
    const void* (*find)(const void* owner); // nullptr when absent
    Size size{};
    Tag other_tag = 0; // also taken on input, as a deviation; never sent

    /// For a field that known stacks send under another tag than the specification's.
    constexpr Field or_tag(Tag also) const {
        Field f = *this;
        f.other_tag = also;
        return f;
    }
};

struct Type {
    Kind kind;
    Tag tag;
    const char* name;
    std::span<const Field> fields{};                  // sequence, choice
    std::span<const NamedValue> names{};              // integer, bits
    Size size{};                                      // leaves
    const Type* item = nullptr;                       // list, view, exact
    size_t (*count)(const void*) = nullptr;           // list, view: items held as C++ values
    const void* (*at)(const void*, size_t) = nullptr; // list, view, exact
    void* (*grow)(void*) = nullptr;                   // list, exact: where the next item goes
    bool (*load)(void*, Bytes) = nullptr;             // leaves, any, view, exact: from content octets
    Bytes (*save)(const void*, Scratch&) = nullptr;   // leaves, any, view, exact: to content octets
    void (*each)(const void*, void*, void (*)(void*, const void*)) = nullptr; // view: items still encoded
    Ok (*check)(Bytes content, DecodeContext&, int depth) = nullptr; // view: are all items well-formed?
};

// ---- What a message struct writes ---------------------------------------------------------------------
// In `template <int = 0> static constexpr auto asn1()`: a template only so that a file compiles the
// descriptions it uses, not all that it includes.

template <size_t N> struct Spec {
    Kind kind;
    const char* name;
    Tag tag;
    std::array<Field, N> fields;
};
template <class... F> constexpr auto sequence(const char* name, Tag tag, F... f) {
    return Spec<sizeof...(F)>{Kind::sequence, name, tag, {f...}};
}
template <class... F> constexpr auto choice(const char* name, Tag tag, F... f) {
    return Spec<sizeof...(F)>{Kind::choice, name, tag, {f...}};
}

struct Null {
    bool operator==(const Null&) const = default;
};

/// OBJECT IDENTIFIER as content octets; borrowed. Text is the dotted form, or hex when an arc exceeds 64
/// bits.
struct Oid {
    Bytes der;
    std::string text() const;
};
/// Content octets of a dotted OID; bad_value when it is none.
Result<OwnedBytes> oid_from_text(std::string_view dotted, const char* where = "oid");

/// BIT STRING with named bits: bit n of the ASN.1 is 1 << n here. Up to 64 bits; more are kept only by Exact.
struct Bits {
    uint64_t mask = 0;
    constexpr bool has(unsigned n) const { return mask >> n & 1; }
    bool operator==(const Bits&) const = default;
};
constexpr Bits bit(unsigned n) { return Bits{uint64_t{1} << n}; }
/// A BIT STRING with names: `names()` returns them; E is an enum whose values are bit numbers.
template <class E> struct BitSet : Bits {
    constexpr BitSet() = default;
    constexpr BitSet(std::initializer_list<E> set) {
        for (E e : set) mask |= uint64_t{1} << static_cast<unsigned>(e);
    }
    constexpr bool has(E e) const { return Bits::has(static_cast<unsigned>(e)); }
};

/// One whole TLV, tag included, kept as it came: open types, parts that are forwarded untouched.
struct Any {
    Bytes der;
};

/// A SEQUENCE that others decode (X.509 certificate, SubjectPublicKeyInfo): its content octets. Implicit tags
/// replace the 30 on the wire, so the value is kept without header and der() puts 30 and the length back.
struct Raw {
    Bytes content;
    bool empty() const { return content.empty(); }
    OwnedBytes der() const;
    /// From a complete `30 …` TLV; borrows. bad_tag when it is none, bad_length when something follows it.
    static Result<Raw> from(Bytes der, const char* where = "SEQUENCE");
};

/// SEQUENCE OF without copies or heap: received items stay encoded in the message and are decoded while
/// iterating; items to be sent stay wherever the sender keeps them.
template <class T> struct List {
    Bytes content{};
    std::span<const T> items{};
    bool empty() const { return content.empty() && items.empty(); }
    /// f(const T&) for each; f may return void, or Ok to stop at the first error.
    template <class F> Ok for_each(F&& f) const;
    Result<size_t> count() const;
};

/// A value with the exact octets it arrived in (tag and length included), for whoever has to check a
/// signature over them. When `der` is set it is what gets encoded, whatever `value` says.
template <class T> struct Exact {
    Bytes der{};
    T value{};
};

// ---- C++ type -> Type: specialise Map to teach a new leaf ----------------------------------------------

template <class T> struct Map;

template <class T>
concept Described = requires {
    T::asn1();
};
/// An enum opts in to names by a `constexpr std::array<NamedValue, N> asn1_names(E)` found by its argument.
template <class E>
concept Named = requires(E e) {
    asn1_names(e);
};

template <Described T> struct Map<T> {
    static constexpr auto spec = T::asn1();
    static constexpr Type type{.kind = spec.kind, .tag = spec.tag, .name = spec.name, .fields = spec.fields};
};

Bytes save_integer(int64_t value, Scratch&);
bool load_integer(int64_t& value, Bytes content);
bool load_bits(uint64_t& mask, Bytes content);
Bytes save_bits(uint64_t mask, Scratch&);

template <class T> struct NamesOf { static constexpr std::array<NamedValue, 0> value{}; };
template <Named T> struct NamesOf<T> { static constexpr auto value = asn1_names(T{}); };

template <class T>
requires(std::is_integral_v<T> || std::is_enum_v<T>) struct Map<T> {
    static bool load(void* p, Bytes b) {
        int64_t v = 0;
        if (!load_integer(v, b)) return false;
        if constexpr (std::is_enum_v<T>) {
            using U = std::underlying_type_t<T>;
            if (static_cast<int64_t>(static_cast<U>(v)) != v) return false;
        } else {
            if (static_cast<int64_t>(static_cast<T>(v)) != v) return false;
            if constexpr (std::is_unsigned_v<T>)
                if (v < 0) return false;
        }
        *static_cast<T*>(p) = static_cast<T>(v);
        return true;
    }
    static Bytes save(const void* p, Scratch& s) {
        return save_integer(static_cast<int64_t>(*static_cast<const T*>(p)), s);
    }
    static constexpr Type type{.kind = Kind::integer,
                               .tag = 0x02,
                               .name = "INTEGER",
                               .names = NamesOf<T>::value,
                               .load = load,
                               .save = save};
};
template <> struct Map<bool> {
    static bool load(void* p, Bytes b) {
        if (b.size() == 1) *static_cast<bool*>(p) = b[0] != 0;
        return b.size() == 1;
    }
    static Bytes save(const void* p, Scratch& s) {
        s[0] = *static_cast<const bool*>(p) ? 0xFF : 0;
        return Bytes(s).first(1);
    }
    static constexpr Type type{
        .kind = Kind::boolean, .tag = 0x01, .name = "BOOLEAN", .load = load, .save = save};
};
template <> struct Map<Null> {
    static bool load(void*, Bytes b) { return b.empty(); }
    static Bytes save(const void*, Scratch&) { return {}; }
    static constexpr Type type{.kind = Kind::null, .tag = 0x05, .name = "NULL", .load = load, .save = save};
};
template <> struct Map<Bytes> {
    static bool load(void* p, Bytes b) { return *static_cast<Bytes*>(p) = b, true; }
    static Bytes save(const void* p, Scratch&) { return *static_cast<const Bytes*>(p); }
    static constexpr Type type{
        .kind = Kind::octets, .tag = 0x04, .name = "OCTET STRING", .load = load, .save = save};
};
template <size_t N> struct Map<std::array<uint8_t, N>> {
    using A = std::array<uint8_t, N>;
    static bool load(void* p, Bytes b) {
        if (b.size() == N) std::copy(b.begin(), b.end(), static_cast<A*>(p)->begin());
        return b.size() == N;
    }
    static Bytes save(const void* p, Scratch&) { return Bytes(*static_cast<const A*>(p)); }
    static constexpr Type type{.kind = Kind::octets,
                               .tag = 0x04,
                               .name = "OCTET STRING",
                               .size = {N, N},
                               .load = load,
                               .save = save};
};
template <size_t N, class Name> struct Map<Octets<N, Name>> : Map<std::array<uint8_t, N>> {};
template <> struct Map<std::string_view> {
    static bool load(void* p, Bytes b) { return *static_cast<std::string_view*>(p) = text_of(b), true; }
    static Bytes save(const void* p, Scratch&) { return bytes_of(*static_cast<const std::string_view*>(p)); }
    static constexpr Type type{
        .kind = Kind::utf8, .tag = 0x0C, .name = "UTF8String", .load = load, .save = save};
};
/// The owning counterparts, for state that outlives messages.
template <> struct Map<OwnedBytes> {
    static bool load(void* p, Bytes b) { return *static_cast<OwnedBytes*>(p) = owned(b), true; }
    static Bytes save(const void* p, Scratch&) { return *static_cast<const OwnedBytes*>(p); }
    static constexpr Type type{
        .kind = Kind::octets, .tag = 0x04, .name = "OCTET STRING", .load = load, .save = save};
};
template <> struct Map<std::string> {
    static bool load(void* p, Bytes b) {
        return *static_cast<std::string*>(p) = std::string(text_of(b)), true;
    }
    static Bytes save(const void* p, Scratch&) { return bytes_of(*static_cast<const std::string*>(p)); }
    static constexpr Type type{
        .kind = Kind::utf8, .tag = 0x0C, .name = "UTF8String", .load = load, .save = save};
};
template <> struct Map<Oid> {
    static bool load(void* p, Bytes b); // refuses what is no OID
    static Bytes save(const void* p, Scratch&) { return static_cast<const Oid*>(p)->der; }
    static constexpr Type type{
        .kind = Kind::oid, .tag = 0x06, .name = "OBJECT IDENTIFIER", .load = load, .save = save};
};
template <> struct Map<Bits> {
    static bool load(void* p, Bytes b) { return load_bits(static_cast<Bits*>(p)->mask, b); }
    static Bytes save(const void* p, Scratch& s) { return save_bits(static_cast<const Bits*>(p)->mask, s); }
    static constexpr Type type{
        .kind = Kind::bits, .tag = 0x03, .name = "BIT STRING", .load = load, .save = save};
};
template <class E> struct Map<BitSet<E>> {
    static bool load(void* p, Bytes b) { return load_bits(static_cast<BitSet<E>*>(p)->mask, b); }
    static Bytes save(const void* p, Scratch& s) {
        return save_bits(static_cast<const BitSet<E>*>(p)->mask, s);
    }
    static constexpr Type type{.kind = Kind::bits,
                               .tag = 0x03,
                               .name = "BIT STRING",
                               .names = NamesOf<E>::value,
                               .load = load,
                               .save = save};
};
template <> struct Map<Any> {
    static bool load(void* p, Bytes b) { return static_cast<Any*>(p)->der = b, true; }
    static Bytes save(const void* p, Scratch&) { return static_cast<const Any*>(p)->der; }
    static constexpr Type type{.kind = Kind::any, .tag = 0, .name = "ANY", .load = load, .save = save};
};
template <> struct Map<Raw> {
    static bool load(void* p, Bytes b) { return static_cast<Raw*>(p)->content = b, true; }
    static Bytes save(const void* p, Scratch&) { return static_cast<const Raw*>(p)->content; }
    static constexpr Type type{
        .kind = Kind::raw, .tag = 0x30, .name = "SEQUENCE", .load = load, .save = save};
};
template <class T> struct Map<std::vector<T>> {
    using V = std::vector<T>;
    static size_t count(const void* p) { return static_cast<const V*>(p)->size(); }
    static const void* at(const void* p, size_t i) { return &(*static_cast<const V*>(p))[i]; }
    static void* grow(void* p) { return &static_cast<V*>(p)->emplace_back(); }
    static constexpr Type type{.kind = Kind::list,
                               .tag = 0x30,
                               .name = "SEQUENCE OF",
                               .item = &Map<T>::type,
                               .count = count,
                               .at = at,
                               .grow = grow};
};
template <class T> struct Map<List<T>> {
    using L = List<T>;
    static size_t count(const void* p) { return static_cast<const L*>(p)->items.size(); }
    static const void* at(const void* p, size_t i) { return &static_cast<const L*>(p)->items[i]; }
    static bool load(void* p, Bytes b) { return static_cast<L*>(p)->content = b, true; }
    static Bytes save(const void* p, Scratch&) { return static_cast<const L*>(p)->content; }
    static void each(const void* p, void* context, void (*visit)(void*, const void*));
    static Ok check(Bytes content, DecodeContext& context, int depth);
    static constexpr Type type{.kind = Kind::view,
                               .tag = 0x30,
                               .name = "SEQUENCE OF",
                               .item = &Map<T>::type,
                               .count = count,
                               .at = at,
                               .load = load,
                               .save = save,
                               .each = each,
                               .check = check};
};
template <class T> struct Map<Exact<T>> {
    using E = Exact<T>;
    static bool load(void* p, Bytes b) { return static_cast<E*>(p)->der = b, true; }
    static Bytes save(const void* p, Scratch&) { return static_cast<const E*>(p)->der; }
    static void* grow(void* p) { return &static_cast<E*>(p)->value; }
    static const void* at(const void* p, size_t) { return &static_cast<const E*>(p)->value; }
    static constexpr Type type{.kind = Kind::exact,
                               .tag = Map<T>::type.tag,
                               .name = Map<T>::type.name,
                               .item = &Map<T>::type,
                               .at = at,
                               .grow = grow,
                               .load = load,
                               .save = save};
};
/// An element of a SEQUENCE OF that carries a tag of its own: `each 80 SequenceNumber`.
template <class T, Tag kTag> struct Tagged {
    T value{};
    operator const T&() const { return value; }
};
template <class T, Tag kTag> struct Map<Tagged<T, kTag>> {
    // value is the only member, so the pointers are interconvertible
    static constexpr Type type = [] {
        Type t = Map<T>::type;
        t.tag = kTag;
        return t;
    }();
};

// ---- Members --------------------------------------------------------------------------------------------

template <class M> struct Member;
template <class S, class T> struct Member<T S::*> {
    using Owner = S;
    using Value = T;
};
template <class T> struct Inner {
    using Type = T;
    static constexpr bool optional = false;
};
template <class T> struct Inner<std::optional<T>> {
    using Type = T;
    static constexpr bool optional = true;
};

template <auto M> constexpr Field field(const char* name, Tag tag = 0, Size size = {}) {
    using S = typename Member<decltype(M)>::Owner;
    using I = Inner<typename Member<decltype(M)>::Value>;
    return {name,
            tag,
            !I::optional,
            &Map<typename I::Type>::type,
            [](void* s) -> void* {
                if constexpr (I::optional)
                    return &(static_cast<S*>(s)->*M).emplace();
                else
                    return &(static_cast<S*>(s)->*M);
            },
            [](const void* s) -> const void* {
                auto& m = static_cast<const S*>(s)->*M;
                if constexpr (I::optional)
                    return m ? &*m : nullptr;
                else
                    return &m;
            },
            size};
}
/// A member with DEFAULT: may be absent on input, where it keeps the C++ default member initialiser; left out
/// on output when equal to `kDefault` (X.690 §11.5).
template <auto M, auto kDefault> constexpr Field field_default(const char* name, Tag tag = 0) {
    using S = typename Member<decltype(M)>::Owner;
    using V = typename Member<decltype(M)>::Value;
    return {name,
            tag,
            false,
            &Map<V>::type,
            [](void* s) -> void* { return &(static_cast<S*>(s)->*M); },
            [](const void* s) -> const void* {
                const V& m = static_cast<const S*>(s)->*M;
                return m == kDefault ? nullptr : &m;
            }};
}
template <auto M, size_t I> constexpr Field alternative(const char* name, Tag tag = 0, Size size = {}) {
    using S = typename Member<decltype(M)>::Owner;
    using V = typename Member<decltype(M)>::Value;
    return {name,
            tag,
            true,
            &Map<std::variant_alternative_t<I, V>>::type,
            [](void* s) -> void* { return &(static_cast<S*>(s)->*M).template emplace<I>(); },
            [](const void* s) -> const void* { return std::get_if<I>(&(static_cast<const S*>(s)->*M)); },
            size};
}

// ---- Decoding -------------------------------------------------------------------------------------------

/// What is not DER but can be understood without doubt. Counted, named, never silently accepted.
enum class Deviation : uint8_t {
    long_length,   // a length in more octets than needed
    long_integer,  // an INTEGER with a superfluous leading octet
    boolean_value, // TRUE as another octet than FF
    long_bits,     // a BIT STRING with trailing zero bits or dirty padding
    unknown_field, // a trailing component this edition does not know (allowed by EXTENSIBILITY IMPLIED)
    default_value, // a DEFAULT written out
    other_tag,     // a field under the tag that some stacks give it: Field::or_tag
    repeated_tag,  // a tagged CHOICE that carries its own tag twice
    kept_header,   // a certificate or key whose 30 was kept inside an implicit tag
    count_,
};
const char* name(Deviation);

/// Collects the deviations tolerated while decoding one message.
struct Deviations {
    std::array<uint32_t, static_cast<size_t>(Deviation::count_)> counts{};
    const char* last_where = ""; // field of the most recent one
    uint32_t last_offset = 0;
    bool any() const {
        return std::any_of(counts.begin(), counts.end(), [](uint32_t n) { return n; });
    }
};

/// One tolerated deviation, for whoever wants each of them.
struct Noted {
    Deviation what;
    const char* where; // field, or type for unknown components
    uint32_t offset;
};

struct DecodeOptions {
    bool strict = false;                 // refuse every deviation but unknown_field
    Deviations* seen = nullptr;          // counted here too
    std::vector<Noted>* noted = nullptr; // and listed here
    bool tally = true; // count in the process's own tally (base/tolerated.h), which logs the first of a kind
    uint8_t max_depth = 16;        // nested TLVs (SR-48)
    uint32_t max_elements = 10000; // TLVs in all
    uint32_t max_size = 4u << 20;  // octets of the message
};

/// A TLV as found: for walking unknown or foreign structures.
struct Tlv {
    Tag tag = 0;
    Bytes content;
    Bytes whole;
    Bytes rest;
    bool long_length = false;
};
/// The first TLV of `in`. Tags up to 3 octets, lengths up to 4; indefinite length is refused. Errors:
/// truncated, bad_tag, bad_length.
Result<Tlv> read_tlv(Bytes in, const char* where = "TLV");
/// True when the tag's first octet has the constructed bit.
constexpr bool is_constructed(Tag tag) {
    while (tag > 0xFF) tag >>= 8;
    return tag & 0x20;
}

Ok decode(const Type&, void* out, Bytes der, const DecodeOptions& = {});
Result<Bytes> encode(const Type&, const void* in, Buffer buffer); // the used tail of buffer
Result<OwnedBytes> encode_owned(const Type&, const void* in);
void to_json(const Type&, const void* in, std::string& out);
/// Several indented lines: "name: value", for people.
void print(const Type&, const void* in, std::string& out, int indent = 0);
/// Decode one item, move rest past it.
Ok take_item(const Type& item, void* out, Bytes& rest);
Ok take_item(const Type& item, void* out, Bytes& rest, DecodeContext&, int depth);

/// The value of exactly one TLV that fills `der`. Borrows from it.
template <class T> Result<T> decode(Bytes der, const DecodeOptions& options = {}) {
    T t{};
    TRY(decode(Map<T>::type, &t, der, options));
    return t;
}
template <class T> Result<T> decode(OwnedBytes&& der) = delete; // would borrow from a temporary
/// Writes to the end of `buffer`; the result is that used tail. Errors: no_space, and bad_length with the
/// field's name when a value is outside its size.
template <class T> Result<Bytes> encode(const T& t, Buffer buffer) {
    return encode(Map<T>::type, &t, buffer);
}
/// The same into memory of its own, for servers and tests.
template <class T> Result<OwnedBytes> encode(const T& t) { return encode_owned(Map<T>::type, &t); }
template <class T> std::string to_json(const T& t) {
    std::string s;
    to_json(Map<T>::type, &t, s);
    return s;
}
template <class T> std::string print(const T& t) {
    std::string s;
    print(Map<T>::type, &t, s);
    return s;
}

template <class T> template <class F> Ok List<T>::for_each(F&& f) const {
    const auto call = [&](const T& item) -> Ok {
        if constexpr (std::is_same_v<decltype(f(item)), Ok>)
            return f(item);
        else {
            f(item);
            return {};
        }
    };
    for (Bytes rest = content; !rest.empty();) {
        T item{};
        TRY(take_item(Map<T>::type, &item, rest));
        TRY(call(item));
    }
    for (const T& item : items) TRY(call(item));
    return {};
}
template <class T> Result<size_t> List<T>::count() const {
    size_t n = 0;
    TRY(for_each([&](const T&) { ++n; }));
    return n;
}
template <class T> void Map<List<T>>::each(const void* p, void* context, void (*visit)(void*, const void*)) {
    (void)static_cast<const L*>(p)->for_each([&](const T& item) { visit(context, &item); });
}

template <class T> Ok Map<List<T>>::check(Bytes content, DecodeContext& context, int depth) {
    while (!content.empty()) {
        T item{};
        TRY(take_item(Map<T>::type, &item, content, context, depth));
    }
    return {};
}

} // namespace halyard::asn1
