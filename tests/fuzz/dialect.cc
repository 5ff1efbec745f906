// Messages of any edition to v1.2 and back: what may be lost is lost once, and nothing else changes.
// docs/adr/0007-dialects.md
#include "rsp/dialect.h"
#include "rsp/esipa.h"
#include "rsp/registry.h"
#include "tests/fuzz/scene.h"
#include "tests/vectors/load.h"
#include <algorithm>

namespace halyard::fuzz {
namespace {
using namespace rsp;

constexpr Path kPaths[] = {Path::esipa_request, Path::esipa_answer, Path::es10_command, Path::es10_answer};

// Exactly as many octets as are promised to suffice, on the heap, so that one more would be seen.
OwnedBytes room(Bytes message) { return OwnedBytes(room_for(message.size())); }

// Every signature of a message: what a translation may leave out but never change.
void collect_signatures(Bytes content, std::vector<OwnedBytes>& out, int depth = 0) {
    while (!content.empty() && depth < 16) {
        const auto t = asn1::read_tlv(content);
        if (!t) return;
        if (t->tag == 0x5F37) out.push_back(owned(t->whole));
        if (asn1::is_constructed(t->tag)) collect_signatures(t->content, out, depth + 1);
        content = t->rest;
    }
}
void signatures_survive(Bytes before, Bytes after) {
    std::vector<OwnedBytes> was, is;
    collect_signatures(before, was);
    collect_signatures(after, is);
    std::ranges::sort(was); // lists may change places
    std::ranges::sort(is);
    HALYARD_ASSERT(std::ranges::includes(was, is));
}

// The same octets with a buffer that is too small: refused as that, or not needed.
void little_room(Path path, Bytes in, std::optional<Edition> known, size_t size, const Reading& reading) {
    OwnedBytes little(size);
    const auto read = to_v12(path, in, known, little);
    HALYARD_ASSERT(read ? same(read->message, reading.message) : read.error().code == Errc::no_space);
}

// A message that may travel there, in the eyes of a strict reader of v1.2.
bool well_formed(Path path, Bytes message) {
    const asn1::DecodeOptions strict{.strict = true};
    switch (path) {
    case Path::esipa_request: return asn1::decode<EsipaMessageFromIpaToEim>(message, strict).has_value();
    case Path::esipa_answer: return asn1::decode<EsipaMessageFromEimToIpa>(message, strict).has_value();
    case Path::es10_command:
    case Path::es10_answer: break;
    }
    // The card has one tag for a command and its answer, and only one of them goes each way.
    const auto seen = recognise(message, {.strict = true});
    return seen.message &&
           std::string_view(seen.message->type->name).ends_with("Request") == (path == Path::es10_command);
}
// The same, and it is no older form.
bool travels(Path path, Bytes message) {
    OwnedBytes buffer = room(message);
    const auto own = to_v12(path, message, Edition::v1_2, buffer);
    return own && same(own->message, message) && well_formed(path, message);
}

// What is v1.2, as that edition writes it, read again, written again.
void there_and_back(Path path, Bytes message, Edition edition) {
    OwnedBytes buffer = room(message);
    const auto theirs = from_v12(path, message, edition, buffer);
    if (!theirs) {
        HALYARD_ASSERT(theirs.error().code != Errc::no_space);
        return;
    }
    signatures_survive(message, *theirs);
    OwnedBytes again_buffer = room(*theirs);
    const auto again = to_v12(path, *theirs, edition, again_buffer);
    // In v1.0 BF34 is the memory reset of SGP.32, so that of SGP.22 cannot travel there.
    const bool other_reset =
        edition == Edition::v1_0 && message.size() > 1 && message[0] == 0xBF && message[1] == 0x34;
    if (other_reset || !travels(path, message)) return; // nobody promised to read that again
    HALYARD_ASSERT(again);
    signatures_survive(*theirs, again->message);
    OwnedBytes last_buffer = room(again->message);
    const auto last = from_v12(path, again->message, edition, last_buffer);
    HALYARD_ASSERT(last && same(*last, *theirs));
}

// [path and edition known][size of the little buffer] message
void run(Bytes input) {
    Reader in(input);
    const uint8_t choice = in.octet();
    const uint8_t little = in.octet();
    const Bytes message = in.rest();
    const Path path = kPaths[choice & 3];
    std::optional<Edition> known;
    if (choice & 0x10) known = static_cast<Edition>(choice >> 2 & 3);
    OwnedBytes buffer = room(message);
    const auto read = to_v12(path, message, known, buffer);
    if (!read) {
        HALYARD_ASSERT(read.error().code != Errc::no_space && *read.error().where);
    } else {
        signatures_survive(message, read->message);
        little_room(path, message, known, little, *read);
        // In its v1.2 form nothing differs any more.
        const OwnedBytes plain = owned(read->message);
        OwnedBytes more = room(plain);
        const auto twice = to_v12(path, plain, Edition::v1_2, more);
        if (well_formed(path, plain)) HALYARD_ASSERT(twice && same(twice->message, plain));
        for (const Edition e : {Edition::v1_0, Edition::v1_1, Edition::v1_2, Edition::v1_3})
            there_and_back(path, plain, e);
    }
    there_and_back(path, message, static_cast<Edition>(choice >> 2 & 3));
}

std::vector<OwnedBytes> seeds() {
    std::vector<OwnedBytes> out;
    const auto add = [&](Bytes message) {
        if (message.size() + 2 > kDialect.max_size) return;
        for (uint8_t choice : std::array<uint8_t, 6>{0x00, 0x01, 0x02, 0x03, 0x10, 0x12}) {
            OwnedBytes seed{choice, static_cast<uint8_t>(out.size())};
            append(seed, message);
            out.push_back(std::move(seed));
        }
    };
    for (const OwnedBytes& m : scene().messages) add(m);
    for (const OwnedBytes& m : scene().commands) add(m);
    for (const vectors::Vector& v : vectors::all_vectors()) add(v.der);
    return out;
}
} // namespace

const Target kDialect{"dialect", run, seeds, 2048};

} // namespace halyard::fuzz
