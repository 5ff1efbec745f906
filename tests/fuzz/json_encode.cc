// What `halyard asn1` does with JSON, DER and traces of strangers: three interpreters of the same
// descriptions.
#include "binding/card_trace.h"
#include "binding/message_json.h"
#include "tests/fuzz/scene.h"
#include <nlohmann/json.hpp>

namespace halyard::fuzz {
namespace {
using rsp::Message;

const Message& type(unsigned number) { return rsp::messages()[number % rsp::messages().size()]; }

size_t unknowns(const asn1::Node& node) {
    size_t n = node.type ? 0 : 1;
    for (const asn1::Node& child : node.children) n += unknowns(child);
    return n;
}

// DER -> JSON -> DER. walk() says what decode() says, and JSON forgets nothing that is DER.
void der(const Message& message, Bytes in) {
    asn1::Deviations seen;
    const Ok value = message.read(in, {.seen = &seen, .tally = false}, nullptr, [](void*, const void*) {});
    const asn1::Walk walk = asn1::walk(*message.type, in);
    HALYARD_ASSERT(value.has_value() == !walk.error.has_value());
    if (!value) {
        HALYARD_ASSERT(walk.error->code == value.error().code && walk.error->offset == value.error().offset);
        return;
    }
    const auto unknown = static_cast<size_t>(asn1::Deviation::unknown_field);
    HALYARD_ASSERT(unknowns(walk.root) == seen.counts[unknown]); // what messages_from_json rests on
    const std::string json = binding::json_of(walk.root);
    const auto made = binding::messages_from_json(json, &message);
    const auto written = static_cast<size_t>(asn1::Deviation::default_value);
    bool as_it_was = true;
    for (size_t i = 0; i < seen.counts.size(); ++i)
        as_it_was &= i == unknown || i == written || !seen.counts[i];
    if (as_it_was) HALYARD_ASSERT(made.messages.size() == 1 && made.messages[0].der == owned(in));
}

// JSON -> DER -> JSON -> DER.
void json(const Message& message, std::string_view text) {
    const auto made = binding::messages_from_json(text, &message);
    HALYARD_ASSERT(made.fault || !made.messages.empty());
    for (const binding::FromJson& m : made.messages) {
        const asn1::Walk walk = asn1::walk(*m.message->type, m.der);
        HALYARD_ASSERT(!walk.error);
        const auto again = binding::messages_from_json(binding::json_of(walk.root), m.message);
        HALYARD_ASSERT(again.messages.size() == 1 && again.messages[0].der == m.der);
    }
}

void trace(std::string_view text) {
    const auto lines = static_cast<uint32_t>(std::ranges::count(text, '\n') + 1);
    const binding::TraceText read = binding::read_trace(text);
    size_t octets = 0;
    for (const binding::TraceApdu& a : read.apdus) {
        HALYARD_ASSERT(a.first >= 1 && a.first <= a.last && a.last <= lines && !a.octets.empty());
        octets += a.octets.size();
    }
    const binding::CardTrace card = binding::reassemble(read.apdus);
    size_t used = 0;
    for (const binding::CardExchange& e : card.exchanges) used += e.command.size() + e.answer.size();
    HALYARD_ASSERT(used <= octets); // every octet at most once
    for (const binding::TraceFault& f : card.faults) HALYARD_ASSERT(f.line <= lines);
}

void run(Bytes input) {
    Reader in(input);
    const uint8_t choice = in.octet();
    const Message& message = type(in.number());
    if (choice % 3 == 0) return der(message, in.rest());
    if (choice % 3 == 1) return json(message, text_of(in.rest()));
    trace(text_of(in.rest()));
}

std::vector<OwnedBytes> seeds() {
    std::vector<OwnedBytes> out;
    const auto add = [&](uint8_t choice, size_t number, Bytes rest) {
        OwnedBytes seed{choice, static_cast<uint8_t>(number >> 8), static_cast<uint8_t>(number)};
        append(seed, rest);
        if (seed.size() <= kJsonEncode.max_size) out.push_back(std::move(seed));
    };
    std::vector<OwnedBytes> all = scene().messages;
    all.insert(all.end(), scene().commands.begin(), scene().commands.end());
    for (const OwnedBytes& m : all) {
        const auto found = rsp::recognise(m);
        if (!found.message) continue;
        const auto number = static_cast<size_t>(found.message - rsp::messages().data());
        add(0, number, m);
        add(1, number, bytes_of(binding::json_of(asn1::walk(*found.message->type, m).root)));
    }
    for (const auto& session : scene().sessions) {
        std::string text;
        for (const OwnedBytes& apdu : session)
            if (text.size() + 2 * apdu.size() + 16 < kJsonEncode.max_size)
                text += "> " + hex(apdu) + "\n< 9000\n";
        add(2, 0, bytes_of(text));
    }
    add(2, 0, bytes_of(std::string_view("Outgoing APDU (5 bytes):\n00 C0 00 00 15 .....\n")));
    add(2,
        0,
        bytes_of(
            std::string_view(R"({"type":"apdu","payload":{"func":"transmit","param":"80E2910003BF2E00"}})")));
    return out;
}
} // namespace

const Target kJsonEncode{"json_encode", run, seeds, 8192};

} // namespace halyard::fuzz
