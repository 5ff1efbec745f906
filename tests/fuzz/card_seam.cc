// What programs send to a served card: messages of a virtual reader in any pieces, lines of lpac, fault
// plans, recordings.
#include "binding/card_trace.h"
#include "reader/faulty_card.h"
#include "reader/framing.h"
#include "reader/lpac.h"
#include "reader/session.h"
#include "reader/testing.h"
#include "reader/trace.h"
#include "tests/fuzz/scene.h"

namespace halyard::fuzz {
namespace {

// What a card was told by a client whose octets came in pieces of this size, and what the client got.
std::string told(Bytes stream, size_t piece) {
    reader::ToldCard card;
    std::string got;
    {
        reader::CardSession session(card);
        reader::FrameReader frames;
        bool open = true;
        for (size_t at = 0; at < stream.size() && open; at += piece) {
            frames.feed(stream.subspan(at, std::min(piece, stream.size() - at)));
            while (open) {
                const auto message = frames.next();
                if (!message) break;
                const auto reply = session.message(*message);
                HALYARD_ASSERT(!reply.close || !reply.message);
                open = !reply.close;
                got += reply.message ? hex(*reply.message) + ";" : reply.close ? reply.close : "-";
            }
        }
    }
    HALYARD_ASSERT(card.told.empty() || card.told.back() == "off"); // however the client left
    return card.all() + "|" + got;
}

void lines(std::string_view text) {
    reader::ToldCard card;
    reader::LpacSession session(card);
    for (size_t at = 0; at <= text.size();) {
        const size_t end = std::min(text.find('\n', at), text.size());
        const auto reply = session.line(text.substr(at, end - at));
        HALYARD_ASSERT(reply.line.empty() || reply.line.starts_with("{\"type\":\""));
        HALYARD_ASSERT(reply.line.find('\n') == std::string::npos);
        at = end + 1;
    }
}

// A plan that is taken gives the same faults twice.
void plan(std::string_view text) {
    const reader::PlanText read = reader::read_fault_plan(text);
    for (const auto& f : read.faults) HALYARD_ASSERT(f.line > 0 && !f.what.empty());
    if (!read.faults.empty()) return;
    reader::FaultClock one(read.plan), two(read.plan);
    const auto apdu = *from_hex("80E2910003BF2D00");
    for (int i = 0; i < 32; ++i) {
        const auto a = one.command(apdu), b = two.command(apdu);
        HALYARD_ASSERT((a.rule ? a.rule->line : 0) == (b.rule ? b.rule->line : 0) && a.each == b.each);
    }
}

// What is recorded of a recording that is played is a recording of the same commands.
void recording(std::string_view text) {
    const reader::Recording first = reader::read_recording(text);
    reader::ToldCard card;
    std::string written;
    reader::TracedCard traced(
        card,
        [&](std::string_view line) { written += line; },
        [] { return std::chrono::microseconds(1); },
        "fuzz",
        false);
    const auto played = reader::replay(first, traced);
    HALYARD_ASSERT(played);
    const reader::Recording second = reader::read_recording(written);
    HALYARD_ASSERT(second.faults.empty());
    std::vector<OwnedBytes> a, b;
    for (const auto& s : first.steps)
        if (!s.power) a.push_back(s.command);
    for (const auto& s : second.steps)
        if (!s.power) b.push_back(s.command);
    HALYARD_ASSERT(a == b);
    for (const OwnedBytes& command : a) HALYARD_ASSERT(!binding::describe_command(command).empty());
}

void run(Bytes input) {
    Reader in(input);
    const unsigned kind = in.octet();
    const size_t piece = 1 + in.octet() % 7;
    const Bytes rest = in.take(input.size());
    switch (kind % 4) {
    case 0: {
        const bool alike = told(rest, piece) == told(rest, rest.size() + 1);
        HALYARD_ASSERT(alike);
        return;
    }
    case 1: return lines(text_of(rest));
    case 2: return plan(text_of(rest));
    default: return recording(text_of(rest));
    }
}

std::vector<OwnedBytes> seeds() {
    const auto with = [](uint8_t kind, Bytes rest) {
        OwnedBytes out{kind, 2};
        append(out, rest);
        return out;
    };
    return {
        with(0, *from_hex("000104 000101 000580F2000C00 0000")),
        with(0, *from_hex("000102 0009 80E2910003BF2D0000 0001FF 00A4")),
        with(
            1,
            bytes_of(
                "{\"type\":\"apdu\",\"payload\":{\"func\":\"connect\",\"param\":null}}\n"
                "{\"type\":\"apdu\",\"payload\":{\"func\":\"logic_channel_open\",\"param\":\"A000000559\"}}\n"
                "{\"type\":\"apdu\",\"payload\":{\"func\":\"transmit\",\"param\":\"80F2000C\"}}\n")),
        with(2,
             bytes_of(
                 "seed 3\napdu 3..4: cut after\nins E2 #2: status 6A84\nrandom 1/3: lose\nalways: slow 2us "
                 "1.5us/octet\ncommit 1: fail\n")),
        with(3,
             bytes_of("    0.000100 * on 3B00\n    0.000200 > 80F2000C # STATUS\n    0.000300 < 9000\n"
                      "    0.000400 * reset 3B00\n    0.000500 > 80E2910003BF2E00\n    0.000600 * lost power "
                      "cut\n"))};
}
} // namespace

const Target kCardSeam{"card_seam", run, seeds, 4096};

} // namespace halyard::fuzz
