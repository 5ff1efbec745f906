// Our reader against OpenSSL's: what either takes as well-formed, the other takes with the same tags, lengths
// and places, and integers, bit strings, object identifiers, booleans and NULL mean the same. What differs on
// purpose is listed here.
#include "tests/fuzz/target.h"
#include "tests/vectors/load.h"
#include <memory>
#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/objects.h>

namespace halyard::fuzz {
namespace {
using asn1::Tlv;

template <auto Free> struct Deleter {
    template <class T> void operator()(T* p) const { Free(p); }
};
template <class T, auto Free> using Owned = std::unique_ptr<T, Deleter<Free>>;

// ---- Headers ----

struct Header {
    int tag = 0, klass = 0;
    bool constructed = false, indefinite = false;
    size_t begin = 0, length = 0; // of the content
};
std::optional<Header> openssl_header(Bytes in) {
    const uint8_t* p = in.data();
    long length = 0;
    Header h;
    const int got = ASN1_get_object(&p, &length, &h.tag, &h.klass, static_cast<long>(in.size()));
    if (got & 0x80) return std::nullopt;
    h.constructed = got & V_ASN1_CONSTRUCTED;
    h.indefinite = got & 1;
    h.begin = static_cast<size_t>(p - in.data());
    h.length = static_cast<size_t>(length);
    return h;
}

// Tags of more than three octets, lengths of more than four, and indefinite lengths: refused here, not there.
bool refused_on_purpose(Bytes in) {
    size_t tag = 1;
    if ((in[0] & 0x1F) == 0x1F)
        while (in[tag++] & 0x80) {
        }
    return tag > 3 || in[tag] == 0x80 || in[tag] > 0x84;
}

unsigned number_of(asn1::Tag tag) {
    if (tag <= 0xFF) return tag & 0x1F;
    if (tag <= 0xFFFF) return tag & 0x7F;
    return (tag >> 8 & 0x7F) << 7 | (tag & 0x7F);
}
int class_of(asn1::Tag tag) {
    while (tag > 0xFF) tag >>= 8;
    return static_cast<int>(tag & 0xC0);
}

// ---- Values ----

void integer(Bytes whole) {
    const uint8_t* p = whole.data();
    const Owned<ASN1_INTEGER, ASN1_INTEGER_free> theirs(
        d2i_ASN1_INTEGER(nullptr, &p, static_cast<long>(whole.size())));
    const auto ours = asn1::decode<int64_t>(whole, {.strict = true, .tally = false});
    int64_t value = 0;
    const bool fits = theirs && ASN1_INTEGER_get_int64(&value, theirs.get()) == 1;
    HALYARD_ASSERT(ours.has_value() == fits);
    if (!ours) return;
    HALYARD_ASSERT(*ours == value);
    asn1::Scratch scratch;
    HALYARD_ASSERT(same(asn1::save_integer(value, scratch), asn1::read_tlv(whole)->content));
}

void bits(const Tlv& t) {
    const uint8_t* p = t.whole.data();
    const Owned<ASN1_BIT_STRING, ASN1_BIT_STRING_free> theirs(
        d2i_ASN1_BIT_STRING(nullptr, &p, static_cast<long>(t.whole.size())));
    uint64_t mask = 0;
    const bool ours = asn1::load_bits(mask, t.content);
    // On purpose: unused bits of no octet are refused, and so are bits beyond 64.
    bool beyond = t.content.size() == 1 && t.content[0] != 0;
    for (int n = 64; theirs && n < ASN1_STRING_length(theirs.get()) * 8; ++n)
        beyond |= ASN1_BIT_STRING_get_bit(theirs.get(), n) == 1;
    if (beyond) {
        HALYARD_ASSERT(!ours);
        return;
    }
    HALYARD_ASSERT(ours == (theirs != nullptr));
    for (int n = 0; ours && n < 64; ++n)
        HALYARD_ASSERT((mask >> n & 1) == static_cast<uint64_t>(ASN1_BIT_STRING_get_bit(theirs.get(), n)));
}

void object(Bytes whole) {
    const uint8_t* p = whole.data();
    const Owned<ASN1_OBJECT, ASN1_OBJECT_free> theirs(
        d2i_ASN1_OBJECT(nullptr, &p, static_cast<long>(whole.size())));
    const auto ours = asn1::decode<asn1::Oid>(whole, {.tally = false});
    HALYARD_ASSERT(ours.has_value() == (theirs != nullptr));
    if (!ours) return;
    const std::string text = ours->text();
    if (text.find('.') == std::string::npos) return; // an arc too large for us: shown as hex
    std::string dotted(4096, '\0');
    const int size = OBJ_obj2txt(dotted.data(), static_cast<int>(dotted.size()), theirs.get(), 1);
    if (size < 0 || size >= static_cast<int>(dotted.size())) return;
    dotted.resize(static_cast<size_t>(size));
    HALYARD_ASSERT(text == dotted);
    // Back again, unless an arc is beyond what is written.
    if (const auto again = asn1::oid_from_text(text))
        HALYARD_ASSERT(same(*again, asn1::read_tlv(whole)->content));
}

void small(const Tlv& t) { // BOOLEAN and NULL
    const uint8_t* p = t.whole.data();
    const Owned<ASN1_TYPE, ASN1_TYPE_free> theirs(
        d2i_ASN1_TYPE(nullptr, &p, static_cast<long>(t.whole.size())));
    if (t.tag == 0x05) {
        const auto ours = asn1::decode<asn1::Null>(t.whole, {.tally = false});
        HALYARD_ASSERT(ours.has_value() == (theirs != nullptr));
        return;
    }
    const auto ours = asn1::decode<bool>(t.whole, {.tally = false});
    HALYARD_ASSERT(ours.has_value() == (theirs != nullptr));
    if (ours) HALYARD_ASSERT(*ours == (theirs->value.boolean != 0));
}

void value(const Tlv& t) {
    if (t.long_length) return; // strict reading refuses the length, OpenSSL does not
    switch (t.tag) {
    case 0x02: return integer(t.whole);
    case 0x03: return bits(t);
    case 0x06: return object(t.whole);
    case 0x01:
    case 0x05: return small(t);
    default: return;
    }
}

// Everything up to the first thing that either refuses.
void compare(Bytes in, int depth) {
    while (!in.empty()) {
        const auto ours = asn1::read_tlv(in);
        const auto theirs = openssl_header(in);
        if (!ours) {
            HALYARD_ASSERT(ours.error().offset <= in.size());
            HALYARD_ASSERT(!theirs || refused_on_purpose(in));
            return;
        }
        // OpenSSL wants an octet behind a length of the long form, even behind one that says none.
        if (!theirs && ours->long_length && ours->content.empty() && ours->rest.empty()) return;
        HALYARD_ASSERT(theirs && !theirs->indefinite);
        HALYARD_ASSERT(static_cast<unsigned>(theirs->tag) == number_of(ours->tag));
        HALYARD_ASSERT(theirs->klass == class_of(ours->tag));
        HALYARD_ASSERT(theirs->constructed == asn1::is_constructed(ours->tag));
        HALYARD_ASSERT(ours->content.data() == in.data() + theirs->begin);
        HALYARD_ASSERT(ours->content.size() == theirs->length);
        HALYARD_ASSERT(ours->whole.size() + ours->rest.size() == in.size());
        value(*ours);
        if (asn1::is_constructed(ours->tag) && depth < 64) compare(ours->content, depth + 1);
        in = ours->rest;
    }
}

void run(Bytes in) {
    compare(in, 0);
    // Any octets as the content of each type, so that values are tried without a lucky header.
    if (in.size() < 128)
        for (const asn1::Tag tag : {0x01u, 0x02u, 0x03u, 0x05u, 0x06u}) compare(tlv(tag, {in}), 0);
    ERR_clear_error();
}

std::vector<OwnedBytes> seeds() {
    std::vector<OwnedBytes> out;
    for (const vectors::Vector& v : vectors::all_vectors())
        if (v.der.size() <= kDerOpenssl.max_size) out.push_back(v.der);
    for (const char* text : {"0500",
                             "0101FF",
                             "020100",
                             "02020080",
                             "0203FFFF7F",
                             "030100",
                             "0304 07 FFFF80",
                             "0603883701",
                             "060A2B8FFFFFFFFFFFFFFF7F",
                             "06022AFF",
                             "1F8101 00",
                             "BF8F7F 00",
                             "3080 0500 0000",
                             "24800401000000",
                             "0A8100",
                             "04820001 00",
                             "9F1F0100",
                             "0380",
                             "FFFFFFFF7F00"})
        out.push_back(*from_hex(text));
    return out;
}
} // namespace

const Target kDerOpenssl{"der_openssl", run, seeds, 1024};

} // namespace halyard::fuzz
