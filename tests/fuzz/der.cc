// DER of every message we describe: whatever decodes is understood the same way after it was encoded again.
#include "rsp/registry.h"
#include "tests/fuzz/scene.h"
#include "tests/vectors/load.h"
#include <nlohmann/json.hpp>

namespace halyard::fuzz {
namespace {
using namespace rsp;
using asn1::Deviation, asn1::Deviations;

uint32_t departures(const Deviations& seen) { // without what EXTENSIBILITY IMPLIED allows
    uint32_t n = 0;
    for (size_t i = 0; i < seen.counts.size(); ++i)
        if (static_cast<Deviation>(i) != Deviation::unknown_field) n += seen.counts[i];
    return n;
}

// What a value looks like and how it is written.
struct Shown {
    const asn1::Type* type;
    std::string json;
    OwnedBytes der;
};
void show(void* context, const void* value) {
    auto& shown = *static_cast<Shown*>(context);
    asn1::to_json(*shown.type, value, shown.json);
    std::string text;
    asn1::print(*shown.type, value, text);
    auto der = asn1::encode_owned(*shown.type, value);
    HALYARD_ASSERT(der);
    shown.der = std::move(*der);
}
void ignore(void*, const void*) {}

void read(const Message& message, Bytes in) {
    Deviations seen;
    Shown first{message.type, {}, {}}, second = first;
    const Ok value = message.read(in, {.seen = &seen}, &first, show);
    const Ok strict = message.read(in, {.strict = true}, nullptr, ignore);
    HALYARD_ASSERT(strict.has_value() == (value.has_value() && departures(seen) == 0));
    if (!value) {
        HALYARD_ASSERT(value.error().offset <= in.size());
        return;
    }
    HALYARD_ASSERT(nlohmann::json::accept(first.json));
    // Nothing changes without having been counted.
    if (!seen.any()) HALYARD_ASSERT(same(first.der, in));
    HALYARD_ASSERT(message.read(first.der, {}, &second, show));
    HALYARD_ASSERT(second.json == first.json);
    HALYARD_ASSERT(second.der == first.der);
}

void run(Bytes in) {
    const auto first = asn1::read_tlv(in);
    for (const Message& message : messages())
        if (!first || !message.type->tag || message.type->tag == first->tag) read(message, in);
}

std::vector<OwnedBytes> seeds() {
    std::vector<OwnedBytes> out = scene().messages;
    out.insert(out.end(), scene().commands.begin(), scene().commands.end());
    for (const vectors::Vector& v : vectors::all_vectors()) out.push_back(v.der);
    std::erase_if(out, [](const OwnedBytes& m) { return m.size() > kDer.max_size; });
    // Their parts stand for the types that are no messages of their own.
    for (size_t i = 0; i < out.size() && out.size() < 3000; ++i) {
        const auto outer = asn1::read_tlv(out[i]);
        if (!outer || !asn1::is_constructed(outer->tag)) continue;
        std::vector<OwnedBytes> parts;
        for (Bytes rest = outer->content; !rest.empty();) {
            const auto part = asn1::read_tlv(rest);
            if (!part) break;
            if (part->content.size() > 2) parts.push_back(owned(part->whole));
            rest = part->rest;
        }
        out.insert(out.end(), parts.begin(), parts.end());
    }
    return out;
}
} // namespace

const Target kDer{"der", run, seeds, 4096};

} // namespace halyard::fuzz
