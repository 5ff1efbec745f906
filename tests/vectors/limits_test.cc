// Sizes at their limits, and what a message may cost: depth, elements, octets. SR-48
#include "tests/vectors/heap.h"
#include "tests/vectors/load.h"
#include "tests/vectors/mutate.h"
#include "tests/vectors/reference.h"
#include <doctest/doctest.h>
#include <set>

using namespace halyard;
using namespace halyard::vectors;

namespace {
void ignore(void*, const void*) {}
Ok read(const Vector& v, Bytes in, asn1::DecodeOptions options = {}) {
    options.tally = false;
    return v.message()->read(in, options, nullptr, ignore);
}

/// The message with other octets in place of one value; the lengths around it are right.
OwnedBytes with_content(const Vector& v, Bytes old, const OwnedBytes& content) {
    const auto at = static_cast<size_t>(old.data() - v.der.data());
    const std::function<OwnedBytes(Bytes)> copy = [&](Bytes in) {
        OwnedBytes out;
        while (!in.empty()) {
            const auto t = asn1::read_tlv(in);
            HALYARD_ASSERT(t);
            const auto begin = static_cast<size_t>(t->content.data() - v.der.data());
            const bool here = begin == at && t->content.size() == old.size();
            const bool around = begin <= at && at + old.size() <= begin + t->content.size() && !here;
            const size_t tag_octets = (t->whole[0] & 0x1F) == 0x1F ? 2 : 1;
            const OwnedBytes inner = here                                     ? content
                                     : around && asn1::is_constructed(t->tag) ? copy(t->content)
                                                                              : owned(t->content);
            append(out, t->whole.first(tag_octets));
            append(out, right_length(inner.size()));
            append(out, inner);
            in = t->rest;
        }
        return out;
    };
    return copy(v.der);
}
std::vector<Found> values_of(const Vector& v, Walk& walk) {
    std::vector<Found> found;
    walk.found = &found;
    REQUIRE(is_strict_der(*v.message()->type, v.der, walk));
    walk.found = nullptr;
    return found;
}
constexpr asn1::Size kAny{};
} // namespace

TEST_CASE("every sized value is taken at its limits and refused by name one octet beyond them") {
    std::set<std::string> tried;
    for (const Vector* v : distinct_valid()) {
        Walk walk;
        for (const Found& f : values_of(*v, walk)) {
            const bool sized = f.type->kind == asn1::Kind::octets || f.type->kind == asn1::Kind::utf8;
            if (!sized || f.size.max == kAny.max) continue;
            CAPTURE(v->id);
            CAPTURE(f.name);
            // Where two values are empty at the same place, the first one would be changed.
            if (f.content.empty()) continue;
            tried.insert(v->type + "." + f.name);
            const auto attempt = [&](size_t n) {
                return read(*v, with_content(*v, f.content, OwnedBytes(n, 'a')), {.strict = true});
            };
            CHECK(attempt(f.size.min));
            CHECK(attempt(f.size.max));
            for (const size_t n : {f.size.max + size_t{1}, f.size.min - size_t{1}}) {
                if (f.size.min == 0 && n > f.size.max + size_t{1}) continue; // there is no size of -1
                const Ok refused = attempt(n);
                REQUIRE_FALSE(refused);
                CHECK(refused.error().code == Errc::bad_length);
                CHECK(std::string(refused.error().where) == f.name);
                CHECK(refused.error().detail == n);
            }
        }
    }
    CHECK(tried.size() > 100);
}

TEST_CASE("reading takes each TLV once: as many elements as there are, and not one fewer, and no deeper than "
          "they nest") {
    for (const Vector* v : distinct_valid()) {
        CAPTURE(v->id);
        Walk walk;
        REQUIRE(is_strict_der(*v->message()->type, v->der, walk));
        CHECK(read(*v, v->der, {.max_elements = walk.tlvs}));
        const Ok fewer = read(*v, v->der, {.max_elements = walk.tlvs - 1});
        REQUIRE_FALSE(fewer);
        CHECK(fewer.error().code == Errc::limit);
        CHECK(std::string(fewer.error().where) == "elements");
        const auto deepest = static_cast<uint8_t>(walk.depth);
        CHECK(deepest <= 16);
        CHECK(read(*v, v->der, {.max_depth = deepest}));
        if (deepest == 1) continue;
        const Ok flatter = read(*v, v->der, {.max_depth = static_cast<uint8_t>(deepest - 1)});
        REQUIRE_FALSE(flatter);
        CHECK(flatter.error().code == Errc::limit);
        CHECK(std::string(flatter.error().where) == "depth");
    }
}

TEST_CASE("every list is read with ten thousand elements in all and refused with one more, without heap") {
    size_t lists = 0;
    for (const Vector* v : distinct_valid()) {
        Walk walk;
        for (const Found& f : values_of(*v, walk)) {
            if (f.type->kind != asn1::Kind::view || f.content.empty()) continue;
            CAPTURE(v->id);
            CAPTURE(f.name);
            const auto first = asn1::read_tlv(f.content);
            REQUIRE(first);
            const auto cost_with = [&](size_t copies) {
                OwnedBytes content = owned(f.content);
                for (size_t n = 0; n < copies; ++n) append(content, first->whole);
                const OwnedBytes der = with_content(*v, f.content, content);
                Walk more;
                REQUIRE(is_strict_der(*v->message()->type, der, more));
                return more.tlvs;
            };
            const uint32_t each = cost_with(1) - walk.tlvs;
            const size_t copies = (10000 - walk.tlvs) / each;
            OwnedBytes content = owned(f.content);
            for (size_t n = 0; n < copies; ++n) append(content, first->whole);
            const OwnedBytes most = with_content(*v, f.content, content);
            append(content, first->whole);
            const OwnedBytes too_many = with_content(*v, f.content, content);
            const size_t before = allocated();
            const Ok taken = read(*v, most);
            const Ok refused = read(*v, too_many);
            CHECK(allocated() == before);
            CHECK(taken);
            REQUIRE_FALSE(refused);
            CHECK(refused.error().code == Errc::limit);
            CHECK(std::string(refused.error().where) == "elements");
            CHECK(refused.error().detail == 10000);
            ++lists;
        }
    }
    CHECK(lists > 40);
}

TEST_CASE(
    "nesting of 16, 17 and 1000 levels under any message's tag ends at once, whatever it is nested in") {
    for (const rsp::Message& m : rsp::messages()) {
        const asn1::Tag own = m.type->tag ? m.type->tag : 0xA0;
        for (const asn1::Tag inner : {own, asn1::Tag{0x30}, asn1::Tag{0xA0}, asn1::Tag{0xBF51}})
            for (const int levels : {16, 17, 1000}) {
                OwnedBytes der;
                for (int n = 0; n < levels; ++n) { // from inside to outside
                    const asn1::Tag tag = n + 1 == levels ? own : inner;
                    OwnedBytes next;
                    if (tag > 0xFF) next.push_back(static_cast<uint8_t>(tag >> 8));
                    next.push_back(static_cast<uint8_t>(tag));
                    append(next, right_length(der.size()));
                    append(next, der);
                    der = std::move(next);
                }
                const size_t before = allocated();
                const Ok strict =
                    m.read(der, {.strict = true, .tally = false, .max_elements = 32}, nullptr, ignore);
                const Ok tolerant = m.read(der, {.tally = false, .max_elements = 32}, nullptr, ignore);
                CHECK(allocated() == before);
                Walk walk;
                if (strict.has_value() != is_strict_der(*m.type, der, walk))
                    FAIL_CHECK(std::string(m.name) << " " << levels);
                // 32 elements are enough: what is unknown is passed over, not descended into.
                if (!tolerant && std::string_view(tolerant.error().where) == "elements")
                    FAIL_CHECK(std::string(m.name) << " went deep");
            }
    }
}

TEST_CASE("a message of 4 MiB is read, one octet more is refused before anything is looked at") {
    constexpr size_t kMost = 4u << 20;
    OwnedBytes filling(kMost, 0);
    std::set<std::string> tried;
    for (const Vector* v : distinct_valid()) {
        const auto outer = asn1::read_tlv(v->der);
        if (v->message()->type->kind != asn1::Kind::sequence || !tried.insert(v->type).second) continue;
        CAPTURE(v->id);
        for (const size_t size : {kMost, kMost + 1}) {
            // Tag, 83 and three octets, the content, and 9F7E 83 and three octets: an unknown component fills
            // the rest.
            const size_t tag_octets = outer->tag > 0xFF ? 2 : 1;
            const size_t inside = size - tag_octets - 4, rest = inside - outer->content.size() - 6;
            const auto three = [](size_t n) {
                return OwnedBytes{0x83,
                                  static_cast<uint8_t>(n >> 16),
                                  static_cast<uint8_t>(n >> 8),
                                  static_cast<uint8_t>(n)};
            };
            OwnedBytes der = owned(Bytes(v->der).first(tag_octets));
            der.reserve(size);
            append(der, three(inside));
            append(der, outer->content);
            append(der, OwnedBytes{0x9F, 0x7E});
            append(der, three(rest));
            append(der, Bytes(filling).first(rest));
            REQUIRE(der.size() == size);
            const Ok taken = read(*v, der, {.strict = true});
            CHECK(taken.has_value() == (size == kMost));
            if (taken) continue;
            CHECK(taken.error().code == Errc::limit);
            CHECK(std::string(taken.error().where) == v->message()->type->name);
            CHECK(taken.error().detail == size);
        }
        if (tried.size() == 40) break; // each takes four times 4 MiB
    }
    CHECK(tried.size() == 40);
}
