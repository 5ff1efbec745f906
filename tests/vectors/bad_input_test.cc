// What a liar could make of every valid vector: cut, lengths, tags, parts and values changed one at a time.
// Whatever comes out is either refused by name at an octet of the message, or DER by the judgement of a
// second reader, or a counted deviation.
#include "tests/vectors/heap.h"
#include "tests/vectors/load.h"
#include "tests/vectors/mutate.h"
#include "tests/vectors/reference.h"
#include <doctest/doctest.h>

using namespace halyard;
using namespace halyard::vectors;

namespace {
void ignore(void*, const void*) {}

bool is_named(Errc code) {
    return code == Errc::truncated || code == Errc::bad_tag || code == Errc::bad_length ||
           code == Errc::bad_value || code == Errc::missing_field || code == Errc::limit;
}

uint32_t departures(const asn1::Deviations& seen) { // without what EXTENSIBILITY IMPLIED allows
    uint32_t n = 0;
    for (size_t i = 0; i < seen.counts.size(); ++i)
        if (static_cast<asn1::Deviation>(i) != asn1::Deviation::unknown_field) n += seen.counts[i];
    return n;
}

/// Counts what became of the inputs, so that a test that refuses or takes everything does not go unnoticed.
struct Tally {
    size_t refused = 0, tolerated = 0, taken = 0;
};

const char* wrong_error(const Error& e, size_t size) {
    if (!is_named(e.code)) return "refused for a reason that is none of a message";
    if (e.offset > size) return "refused at an octet behind the message";
    return e.where && *e.where ? nullptr : "refused without a name";
}

const char* wrong_value(const rsp::Message& m, Bytes in, const asn1::Deviations& seen) {
    Shown first{m.type, {}};
    if (!m.read(in, {.tally = false}, &first, show)) return "read once, but not twice";
    if (!nlohmann::json::accept(first.json)) return "its JSON is none";
    if (!first.der) return "what was read cannot be written";
    if (!seen.any() && !same(*first.der, in))
        return "written otherwise than it came, and nothing was counted";
    Shown second{m.type, {}};
    if (!m.read(*first.der, {.tally = false}, &second, show)) return "what was written cannot be read";
    return second.json == first.json ? nullptr : "means something else once it was written again";
}

/// nullptr when everything holds for `in` read as `m`.
const char* judge(const rsp::Message& m, Bytes in, Tally& tally) {
    asn1::Deviations seen;
    const size_t before = allocated();
    const Ok read = m.read(in, {.seen = &seen, .tally = false}, nullptr, ignore);
    const Ok strict = m.read(in, {.strict = true, .tally = false}, nullptr, ignore);
    if (allocated() != before) return "decoding took from the heap";
    Walk walk;
    if (strict.has_value() != is_strict_der(*m.type, in, walk))
        return strict ? "taken as DER, which a second reader denies"
                      : "refused, though a second reader finds it DER";
    if (!strict)
        if (const char* wrong = wrong_error(strict.error(), in.size())) return wrong;
    if (!read) {
        ++tally.refused;
        if (strict) return "strict reading takes what tolerant reading refuses";
        return wrong_error(read.error(), in.size());
    }
    if (strict.has_value() != (departures(seen) == 0)) return "a deviation was not counted";
    ++(strict ? tally.taken : tally.tolerated);
    return wrong_value(m, in, seen);
}

struct Judged {
    const Vector* v;
    Tally& tally;
    void operator()(const OwnedBytes& in) const {
        if (const char* wrong = judge(*v->message(), in, tally))
            FAIL_CHECK(wrong << ": " << v->id << " " << v->type << " " << hex(in));
    }
};

/// `change` gets every piece of every vector; what it makes of the message is judged.
template <class F> Tally for_each_change(F&& change) {
    Tally tally;
    for (const Vector* v : distinct_valid()) {
        if (v->der.size() > 900) continue; // the longest ones are mostly octets of an icon
        Piece root = take_apart(v->der);
        const Judged judged{v, tally};
        for_each_piece(root, [&](Piece& around, size_t i) { change(root, around, i, judged); });
    }
    return tally;
}

uint32_t number_of(const OwnedBytes& tag) { return tag.back(); }
} // namespace

TEST_CASE("a message cut at any octet is truncated, and so is one whose outer length was cut with it") {
    Tally tally;
    for (const Vector* v : distinct_valid()) {
        const Judged judged{v, tally};
        const auto outer = asn1::read_tlv(v->der);
        REQUIRE(outer);
        for (size_t n = 0; n < v->der.size(); ++n) {
            const Bytes cut = Bytes(v->der).first(n);
            const Ok read = v->message()->read(cut, {.tally = false}, nullptr, ignore);
            if (read || read.error().code != Errc::truncated || read.error().offset > n)
                FAIL_CHECK("cut at " << n << ": " << v->id);
        }
        if (!asn1::is_constructed(outer->tag) || v->der.size() > 900) continue;
        for (size_t n = 0; n < outer->content.size(); ++n) { // the length says so: a part is missing or cut
            OwnedBytes in(v->der.begin(), v->der.begin() + (outer->tag > 0xFF ? 2 : 1));
            append(in, right_length(n));
            append(in, outer->content.first(n));
            judged(in);
        }
    }
    CHECK(tally.refused > 5000);
    CHECK(tally.taken > 100); // cut behind an optional component
}

TEST_CASE("a length in every other form is refused, or read as the same and counted") {
    const Tally tally = for_each_change([](Piece& root, Piece& around, size_t i, const Judged& judged) {
        Piece& p = around.pieces[i];
        Piece whole = p;
        whole.tag.clear();
        const size_t n = put_together(whole).size();
        std::vector<OwnedBytes> lengths{{0x80},
                                        {0x00},
                                        {0xFF},
                                        {0x85},
                                        {0x84},
                                        {0x84, 0xFF, 0xFF, 0xFF, 0xFF},
                                        {0x84, 0x7F, 0xFF, 0xFF, 0xFF},
                                        {0x83, 0xFF, 0xFF, 0xFF},
                                        {0x82, 0xFF, 0xFF},
                                        {0x88, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF},
                                        right_length(n + 1),
                                        right_length(n + 2)};
        if (n) lengths.push_back(right_length(n - 1));
        for (uint8_t octets = 1; octets <= 8; ++octets) {
            OwnedBytes length{static_cast<uint8_t>(0x80 | octets)};
            for (int k = octets - 1; k >= 0; --k)
                length.push_back(k < 4 ? static_cast<uint8_t>(n >> (8 * k)) : uint8_t{0});
            lengths.push_back(length);
        }
        for (const OwnedBytes& length : lengths) {
            p.length = length;
            judged(put_together(root));
        }
        p.length.clear();
    });
    CHECK(tally.refused > 10000);
    CHECK(tally.tolerated > 1000);
}

TEST_CASE("a tag that is another is refused, or read as what it then is") {
    const Tally tally = for_each_change([](Piece& root, Piece& around, size_t i, const Judged& judged) {
        Piece& p = around.pieces[i];
        const OwnedBytes own = p.tag;
        const auto with_first = [&](unsigned flip) {
            OwnedBytes tag = own;
            tag[0] = static_cast<uint8_t>(tag[0] ^ flip);
            return tag;
        };
        const auto with_last = [&](int step) {
            OwnedBytes tag = own;
            tag.back() = static_cast<uint8_t>(tag.back() + step);
            return tag;
        };
        const auto class_bits = static_cast<uint8_t>(own[0] & 0xE0);
        std::vector<OwnedBytes> tags{with_first(0x40),
                                     with_first(0x80),
                                     with_first(0xC0),
                                     with_first(0x20),
                                     with_last(1),
                                     with_last(-1),
                                     {0x00},
                                     {0x1F},
                                     {0xFF},
                                     {0xBF, 0x80, 0x01},
                                     {0xBF, 0xFF, 0xFF, 0x7F},
                                     {0x9F, 0x7E},
                                     {0x30},
                                     {0x05}};
        if (own.size() == 1)
            tags.push_back(
                {static_cast<uint8_t>(class_bits | 0x1F), static_cast<uint8_t>(number_of(own) & 0x1F)});
        for (const OwnedBytes& tag : tags) {
            p.tag = tag;
            judged(put_together(root));
        }
        p.tag = own;
    });
    CHECK(tally.refused > 10000);
    CHECK(tally.taken > 100);
}

TEST_CASE("a part that comes twice, not at all or out of order is refused, or leaves a message that is whole "
          "without it") {
    const Tally tally = for_each_change([](Piece& root, Piece& around, size_t i, const Judged& judged) {
        auto& pieces = around.pieces;
        const auto here = [&](size_t at) { return pieces.begin() + static_cast<std::ptrdiff_t>(at); };
        const Piece own = pieces[i];
        pieces.insert(here(i), own);
        judged(put_together(root));
        pieces.erase(here(i));
        pieces.push_back(own); // once more behind all others
        judged(put_together(root));
        pieces.pop_back();
        pieces.erase(here(i));
        judged(put_together(root));
        pieces.insert(here(i), own);
        if (i + 1 < pieces.size()) {
            std::swap(pieces[i], pieces[i + 1]);
            judged(put_together(root));
            std::swap(pieces[i], pieces[i + 1]);
        }
        Piece wrapped{.tag = own.tag, .pieces = {own}}; // inside itself
        wrapped.tag[0] = static_cast<uint8_t>(wrapped.tag[0] | 0x20);
        std::swap(pieces[i], wrapped);
        judged(put_together(root));
        pieces[i] = own;
        pieces.insert(here(i), Piece{.tag = {0x9F, 0x7E}}); // something unknown in front
        judged(put_together(root));
        pieces.erase(here(i));
    });
    CHECK(tally.refused > 3000);
    CHECK(tally.taken > 500);
}

TEST_CASE("a value of every awkward form is refused, or read as what it says") {
    const char* const contents[] = {"",
                                    "00",
                                    "01",
                                    "7F",
                                    "80",
                                    "FF",
                                    "0080",
                                    "007F",
                                    "FF7F",
                                    "FF80",
                                    "00FF",
                                    "FFFF",
                                    "0100",
                                    "7FFFFFFFFFFFFFFF",
                                    "8000000000000000",
                                    "00FFFFFFFFFFFFFFFF",
                                    "007FFFFFFFFFFFFFFF",
                                    "FF8000000000000000",
                                    "010000000000000000",
                                    "000000000000000000000001",
                                    "0780",
                                    "0640",
                                    "0181",
                                    "0780FF",
                                    "0400",
                                    "0880",
                                    "FF80",
                                    "0700",
                                    "00800000",
                                    "0000000000000000000001",
                                    "07000000000000000080",
                                    "07000000000000000000000080",
                                    "2A8001",
                                    "882A",
                                    "8000",
                                    "C080",
                                    "EDA080",
                                    "F4908080"};
    std::vector<OwnedBytes> all;
    for (const char* c : contents) all.push_back(*from_hex(c));
    const Tally tally = for_each_change([&](Piece& root, Piece& around, size_t i, const Judged& judged) {
        Piece& p = around.pieces[i];
        if (p.constructed()) return;
        const OwnedBytes own = p.content;
        for (const OwnedBytes& content : all) {
            p.content = content;
            judged(put_together(root));
        }
        p.content = own;
    });
    CHECK(tally.refused > 5000);
    CHECK(tally.tolerated > 100);
    CHECK(tally.taken > 5000);
}
