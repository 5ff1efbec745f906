// The card as a reader sees it: any sequence of APDUs, among them whole ES10 commands in STORE DATA blocks.
#include "tests/fuzz/scene.h"

namespace halyard::fuzz {
namespace {

enum Step : uint8_t { plain, store_data, reset, steps };
constexpr size_t kMaxSteps = 64;

OwnedBytes transmit(TestCard& c, Bytes apdu) {
    OwnedBytes reply = c.card.transmit(apdu);
    HALYARD_ASSERT(reply.size() >= 2);
    const uint8_t sw1 = reply[reply.size() - 2];
    HALYARD_ASSERT((sw1 & 0xF0) == 0x60 || (sw1 & 0xF0) == 0x90);
    HALYARD_ASSERT(reply.size() <= 258);
    return reply;
}

// One command in blocks of 255, on a channel of its own choice, and everything it answers.
void es10(TestCard& c, unsigned channel, Bytes command) {
    const auto cla = static_cast<uint8_t>(0x80 | (channel & 3));
    OwnedBytes reply;
    for (size_t at = 0, block = 0; at < command.size(); ++block) {
        const size_t n = std::min<size_t>(255, command.size() - at);
        const bool last = at + n == command.size();
        OwnedBytes apdu{cla, 0xE2, static_cast<uint8_t>(last ? 0x91 : 0x11), static_cast<uint8_t>(block)};
        apdu.push_back(static_cast<uint8_t>(n));
        append(apdu, command.subspan(at, n));
        reply = transmit(c, apdu);
        at += n;
    }
    for (int i = 0; reply.size() >= 2 && reply[reply.size() - 2] == 0x61; ++i) {
        HALYARD_ASSERT(i < 4096); // an answer has an end
        reply = transmit(c, std::array<uint8_t, 5>{cla, 0xC0, 0, 0, 0});
    }
}

void run(Bytes input) {
    TestCard c;
    Reader in(input);
    for (size_t i = 0; i < kMaxSteps && !in.empty(); ++i) {
        const uint8_t kind = in.octet();
        switch (static_cast<Step>(kind % steps)) {
        case plain: (void)transmit(c, in.take(in.octet())); break;
        case store_data: es10(c, kind >> 6, in.take(in.number())); break;
        default: HALYARD_ASSERT(c.card.reset()); break;
        }
    }
    // Whatever happened, after a reset it answers as a new one.
    HALYARD_ASSERT(c.card.reset());
    c.check();
    const OwnedBytes select = transmit(c, *from_hex("00A4040010A0000005591010FFFFFFFF8900000100"));
    HALYARD_ASSERT(select[select.size() - 2] == 0x61);
    const OwnedBytes challenge = transmit(c, *from_hex("80E2910003BF2E00"));
    HALYARD_ASSERT(challenge[challenge.size() - 2] == 0x61);
}

OwnedBytes plain_step(Bytes apdu) {
    OwnedBytes out{plain, static_cast<uint8_t>(apdu.size())};
    append(out, apdu);
    return out;
}

std::vector<OwnedBytes> seeds() {
    std::vector<OwnedBytes> out;
    const OwnedBytes select = plain_step(*from_hex("00A4040010A0000005591010FFFFFFFF8900000100"));
    for (const OwnedBytes& c : scene().commands) {
        if (c.size() > 2500) continue;
        OwnedBytes seed = select;
        seed.insert(seed.end(),
                    {store_data, static_cast<uint8_t>(c.size() >> 8), static_cast<uint8_t>(c.size())});
        append(seed, c);
        out.push_back(std::move(seed));
    }
    for (const auto& session : scene().sessions) {
        OwnedBytes seed;
        for (const OwnedBytes& apdu : session) {
            if (apdu.size() > 255 || seed.size() + apdu.size() + 2 > kApdu.max_size) break;
            append(seed, plain_step(apdu));
        }
        out.push_back(std::move(seed));
    }
    OwnedBytes files;
    for (const char* apdu : {"00A4000C023F00",
                             "80F2000000",
                             "00A4000C022FE2",
                             "00B000000A",
                             "00A4000002 2F00",
                             "00B2010426",
                             "00A4040007A0000000871002",
                             "00A4080C047FFF6F07",
                             "00B0000009",
                             "00B0870009",
                             "00A4000C026F3A",
                             "00B2010400",
                             "0070000001",
                             "01A4000C023F00",
                             "00708001",
                             "0070000501",
                             "00CA005A00",
                             "80E2910003BF2D00",
                             "00C0000000"})
        append(files, plain_step(*from_hex(apdu)));
    out.push_back(files);
    // Writing, PINs and the toolkit's transport
    OwnedBytes uicc;
    for (const char* apdu : {"8010000003FFFFFF",
                             "00A4040407A000000087100200",
                             "00A4000C026F7E",
                             "00D600000411223344",
                             "00A20104022F00",
                             "0020000100",
                             "002800010830303030FFFFFFFF",
                             "002000010830303030FFFFFFFF",
                             "002400011030303030FFFFFFFF31313131FFFFFFFF",
                             "002C000110313131313131313134343434FFFFFFFF",
                             "002600010834343434FFFFFFFF",
                             "00040000026F07",
                             "00440000026F07",
                             "00DC010404AABBCCDD",
                             "803200000101",
                             "80CB00800180",
                             "80DB008003800111",
                             "0084000008",
                             "80C2000003D10100",
                             "801200000B",
                             "801400000C810301010482028281830100",
                             "80F2000100",
                             "00A4044C07A0000000871002"})
        append(uicc, plain_step(*from_hex(apdu)));
    out.push_back(uicc);
    out.push_back({reset, reset});
    return out;
}
} // namespace

const Target kApdu{"apdu", run, seeds, 4096};

} // namespace halyard::fuzz
